//! From a request to whoever sent it: a key in the header, or the session of a browser.

use super::caller::{Caller, Device, Who};
use super::rights::{self, Known};
use super::secret;
use super::session::{self, Held, into_sqlx};
use super::walls::Wall;
use crate::domain::ids::{DeviceId, PersonId};
use crate::domain::rights::{Grant, Reach, Rights, sets};
use crate::domain::time::TsMs;
use crate::server::db::devices::DeviceRow;
use crate::server::db::keys::KeyRow;
use crate::server::db::{devices, keys, sessions};
use crate::server::plant::Plant;
use crate::server::services::keys::grants;
use crate::server::state::App;
use axum::http::{HeaderMap, header};
use std::time::Duration;
use tower_sessions::Session;

/// From where a request came.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// Network address.
    pub address: String,
    /// The request, as in the log.
    pub request: String,
    /// The demonstration's people may be here: simulated plant, this machine only.
    pub demonstration: bool,
    /// A whole page is asked for: the session may get a new id, since nothing else of the page is under way.
    pub navigates: bool,
}

/// Who sent a request with these headers in this session.
///
/// # Errors
/// The engine's.
pub async fn identify(
    app: &App,
    headers: &HeaderMap,
    session: Option<&Session>,
    origin: Origin,
) -> sqlx::Result<Caller> {
    let nobody = Caller::nobody(origin.address.clone(), origin.request.clone());
    if let Some(key) = bearer(headers) {
        return Ok(by_key(app, key, nobody)
            .await?
            .unwrap_or_else(|nobody| nobody));
    }
    let Some(session) = session else {
        return Ok(nobody);
    };
    let held = session::held(session).await.map_err(into_sqlx)?;
    match held {
        Some(held) => by_session(app, session, held, &origin, nobody).await,
        None => Ok(nobody),
    }
}

/// The key in the header; who sends one is known by it and by nothing else.
#[must_use]
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let header = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
}

/// A key with where it holds.
#[derive(Clone, Debug)]
pub struct KnownKey {
    row: KeyRow,
    rights: Rights,
}

async fn by_key(app: &App, key: &str, mut caller: Caller) -> sqlx::Result<Result<Caller, Caller>> {
    let now = app.clock.now();
    let hash = secret::hash(key);
    let known = match app.keys.recall(&hash, now) {
        Some(known) => known,
        None => {
            let Some(row) = keys::by_hash(&app.db, &hash).await? else {
                // What is no key of ours may be another secret in the wrong place: it is not written down.
                caller.bad_key = Some("unknown key".to_owned());
                return Ok(Err(caller));
            };
            let lines = keys::lines(&app.db, row.key()).await?;
            let rights = Rights(grants(&row.permissions, lines));
            let known = KnownKey { row, rights };
            app.keys.remember(hash, known.clone(), now);
            known
        }
    };
    if !known.row.holds(now) {
        caller.bad_key = Some(format!("key:{}", known.row.prefix));
        return Ok(Err(caller));
    }
    app.uses.key(known.row.key(), now);
    caller.who = Who::Key {
        id: known.row.key(),
        source: known.row.sender(),
        name: known.row.source,
    };
    caller.rights = known.rights;
    Ok(Ok(caller))
}

async fn by_session(
    app: &App,
    session: &Session,
    held: Held,
    origin: &Origin,
    mut caller: Caller,
) -> sqlx::Result<Caller> {
    let (stored_as, by_old_id) = session::stored_as(session).await.map_err(into_sqlx)?;
    caller.session = stored_as;
    if let Some(id) = held.device {
        match devices::by_id(&app.db, id).await? {
            Some(row) if row.revoked_ms.is_none() => {
                at_device(app, &mut caller, &row);
                // Nobody signs on to a wall: it changes nothing, whoever stands in front of it.
                if row.is_wall() {
                    return Ok(caller);
                }
            }
            // Revoked: nothing that was done on it opens anything any more.
            _ => {
                return Ok(Caller::nobody(
                    origin.address.clone(),
                    origin.request.clone(),
                ));
            }
        }
    }
    let Some(id) = held.person else {
        return Ok(caller);
    };
    let Some(known) = person(app, id).await? else {
        return Ok(caller);
    };
    if known.row.disabled != 0 || (known.row.demo != 0 && !origin.demonstration) {
        return Ok(caller);
    }
    if origin.navigates && known.row.version != held.version && !by_old_id {
        // What they may do has changed: the session goes on under a new id, unless it was ended in this moment.
        let anew = Held {
            version: known.row.version,
            ..held
        };
        let goes_on = session::go_on_in_all_tabs(app, session, &anew).await;
        caller.session = if goes_on.map_err(into_sqlx)? {
            session.id().map(session::id_hash)
        } else {
            session::went_on(app, session, id).await?
        };
        if caller.session.is_none() {
            return Ok(Caller::nobody(
                origin.address.clone(),
                origin.request.clone(),
            ));
        }
    }
    caller.who = Who::Person {
        id,
        login: known.row.login.clone(),
        name: known.row.name.clone(),
    };
    caller.must_change = known.row.must_change != 0;
    caller.rights = rights_at(caller.device.as_ref(), known.rights);
    caller.first_page = rights::landing(&known.first_page, &caller.rights, &app.plant.get());
    Ok(caller)
}

/// What is left of somebody's rights where they are.
pub(in crate::server) fn rights_at(device: Option<&Device>, rights: Rights) -> Rights {
    match device {
        Some(_) => rights.without(sets::NOT_BY_BADGE),
        None => rights,
    }
}

/// What is known of a person, at most a moment old.
async fn person(app: &App, id: PersonId) -> sqlx::Result<Option<Known>> {
    let now = app.clock.now();
    if let Some(known) = app.people.recall(&id, now) {
        return Ok(Some(known));
    }
    let known = rights::known(&app.db, id).await?;
    if let Some(known) = &known {
        app.people.remember(id, known.clone(), now);
    }
    Ok(known)
}

/// A device shows what is on the floor where it stands, and changes nothing; a shared tablet calls for help there.
fn at_device(app: &App, caller: &mut Caller, row: &DeviceRow) {
    caller.who = Who::Device;
    caller.device = Some(Device {
        id: DeviceId(row.id),
        name: row.name.clone(),
        bound_to: row.is_wall().then(|| row.page.clone()),
    });
    caller.rights = if row.is_wall() {
        of_wall(&app.plant.get(), row)
    } else {
        Rights(vec![Grant {
            set: sets::SHARED_TABLET,
            reach: rights::reach(row.area_id, row.line_id),
        }])
    };
    caller.first_page.clone_from(&row.page);
}

/// A wall may what its page needs, and where: one that shows a line reads nothing of the others, wherever it hangs.
fn of_wall(plant: &Plant, row: &DeviceRow) -> Rights {
    let place = rights::reach(row.area_id, row.line_id);
    let reach = match devices::line_of_page(&row.page) {
        None => Some(place),
        Some(code) => {
            let line = plant.line(code).filter(|line| place.covers(line.place()));
            line.map(|line| Reach::Line(line.id))
        }
    };
    let set = Wall::of(&row.page).map(Wall::set);
    let grant = set.zip(reach).map(|(set, reach)| Grant { set, reach });
    Rights(grant.into_iter().collect())
}

/// How long the database may take to say whether somebody still may.
const STILL_WITHIN: Duration = Duration::from_secs(1);

/// What has become of a caller who was let in a while ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Still {
    /// They would be let in now with the same rights.
    Same,
    /// They would be let in with other rights, or somebody else is there.
    Other,
    /// It is not known any more who they are.
    Out,
}

impl Still {
    fn out_unless(holds: bool) -> Self {
        if holds { Self::Same } else { Self::Out }
    }
}

/// What has become of a caller who was let in a while ago; `None` while the database does not say.
pub async fn still(app: &App, caller: &Caller) -> Option<Still> {
    let asked = tokio::time::timeout(STILL_WITHIN, still_the_same(app, caller));
    asked.await.ok()?.ok()
}

async fn still_the_same(app: &App, caller: &Caller) -> sqlx::Result<Still> {
    let now = app.clock.now();
    if let Who::Key { id, .. } = caller.who {
        let row = keys::by_id(&app.db, id).await?;
        return Ok(Still::out_unless(row.is_some_and(|row| row.holds(now))));
    }
    if let Some(device) = &caller.device {
        let row = devices::by_id(&app.db, device.id).await?;
        if row.is_none_or(|row| row.revoked_ms.is_some()) {
            return Ok(Still::Out);
        }
    }
    let Some(hash) = &caller.session else {
        return Ok(Still::Same);
    };
    let row = match sessions::get(&app.db, hash).await? {
        Some(row) => Some(row),
        // Its session has got another id since: that of another tab of the same browser.
        None => sessions::moved(&app.db, hash, TsMs(i64::MIN)).await?,
    };
    // A stream that is open is no use of its session: whoever leaves a screen alone is signed out there, too.
    let Some((held, _)) = row.and_then(|row| session::lives(&row, &app.uses, now)) else {
        return Ok(Still::Out);
    };
    let Some(id) = caller.person() else {
        return Ok(match held.person {
            None => Still::Same,
            Some(_) => Still::Other,
        });
    };
    let known = person(app, id).await?.filter(|_| held.person == Some(id));
    let plant = app.plant.get();
    let simulated = plant.site.as_ref().is_some_and(|s| s.simulated);
    let known = known.filter(|k| k.row.disabled == 0 && (k.row.demo == 0 || simulated));
    let Some(known) = known else {
        return Ok(Still::Out);
    };
    let rights = rights_at(caller.device.as_ref(), known.rights);
    Ok(if rights == caller.rights {
        Still::Same
    } else {
        Still::Other
    })
}
