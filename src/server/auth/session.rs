//! Sessions of browsers, kept in our own tables. The cookie holds a random id; the database holds its hash.

use super::oidc::Begun;
use super::secret;
use super::uses::Uses;
use crate::domain::ids::{DeviceId, PersonId};
use crate::domain::time::{DAY_MS, DurMs, HOUR_MS, MINUTE_MS, TsMs};
use crate::server::clock::Clock;
use crate::server::db::Db;
use crate::server::db::failure::Carried;
use crate::server::db::sessions::{self, SessionRow};
use crate::server::state::App;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
use tower_sessions::cookie::SameSite;
use tower_sessions::cookie::time::{Duration, OffsetDateTime};
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};
use tower_sessions::{Expiry, Session, SessionManagerLayer, SessionStore};

/// A person who does nothing for so long is signed out.
pub const IDLE: DurMs = DurMs(8 * HOUR_MS);
/// The same on a tablet that is shared.
pub const IDLE_SHARED: DurMs = DurMs(10 * MINUTE_MS);
/// A person is signed out after so long, whatever they do.
pub const LONGEST: DurMs = DurMs(24 * HOUR_MS);
/// An enrolled device stays enrolled for so long without being used.
const DEVICE: DurMs = DurMs(400 * DAY_MS);
/// What was under way when a session got a new id, because of what its person may, still carries the old one: that holds for
/// so much longer, for the same person in the same session. Whoever signs in, or changes how they get in, leaves no such id.
const OLD_ID_HOLDS: DurMs = DurMs(10_000);
/// Under which name a session that came by its old id keeps the hash of its present one.
const NOW: &str = "now";
/// Under which name the session keeps what it knows.
const HELD: &str = "held";
/// Under which name it keeps the id to which it was moved, until the store has seen it.
const MOVED: &str = "moved";

/// What a session knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Who signed in.
    pub person: Option<PersonId>,
    /// When.
    pub since: TsMs,
    /// What they may do, as counted then: the id of the session changes when it does.
    pub version: i64,
    /// On which enrolled device.
    pub device: Option<DeviceId>,
    /// From where.
    pub address: String,
    /// With which program.
    pub agent: String,
    /// What a sign-in that goes through somebody else needs to know when it comes back.
    pub waiting: Option<Waiting>,
}

/// A sign-in that is half done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Waiting {
    /// The password was right; the second factor is missing.
    Code {
        /// Of whom.
        person: PersonId,
        /// What they were then: with another password since, the first half is worth nothing. Sessions of older programs
        /// know none.
        #[serde(default)]
        version: i64,
        /// Since when.
        since: TsMs,
        /// Where they want to go.
        next: String,
    },
    /// A second factor that is shown and not confirmed yet.
    Factor {
        /// Its secret, base32.
        secret: String,
        /// Since when.
        since: TsMs,
    },
    /// They were sent to the provider.
    Provider {
        /// What the answer must fit.
        begun: Begun,
        /// Since when.
        since: TsMs,
        /// Where they want to go.
        next: String,
    },
}

impl Held {
    /// What is left of it after `idle` time without use: people are signed out, devices stay.
    #[must_use]
    fn at(mut self, seen: TsMs, now: TsMs) -> Option<Self> {
        let idle = if self.device.is_some() {
            IDLE_SHARED
        } else {
            IDLE
        };
        if self.person.is_some() && (now - seen >= idle || now - self.since >= LONGEST) {
            self.person = None;
        }
        let waits = self.waiting.is_some() && now - seen < IDLE_SHARED;
        let lives =
            self.person.is_some() || waits || (self.device.is_some() && now - seen < DEVICE);
        lives.then_some(self)
    }
}

/// What a stored session knows now, and when it was last used; `None` when it is over, or cannot be read.
#[must_use]
pub fn lives(row: &SessionRow, uses: &Uses, now: TsMs) -> Option<(Held, TsMs)> {
    let written = TsMs(row.seen_ms);
    let seen = uses
        .session_used(&row.id_hash)
        .map_or(written, |u| u.max(written));
    let mut held: Held = serde_json::from_str(&row.facts).ok()?;
    // Somebody may have been signed out from elsewhere.
    held.person = held.person.filter(|p| row.person_id == Some(p.0));
    let held = held.at(seen, now).filter(|_| now.0 < row.expires_ms)?;
    Some((held, seen))
}

/// What the browser's session knows.
///
/// # Errors
/// The store's.
pub async fn held(
    session: &Session,
) -> std::result::Result<Option<Held>, tower_sessions::session::Error> {
    session.get::<Held>(HELD).await
}

/// The hash under which the session is stored, and whether the browser came with the id before.
///
/// # Errors
/// The store's.
pub async fn stored_as(
    session: &Session,
) -> std::result::Result<(Option<Vec<u8>>, bool), tower_sessions::session::Error> {
    Ok(match session.get::<Vec<u8>>(NOW).await? {
        Some(hash) => (Some(hash), true),
        None => (session.id().map(id_hash), false),
    })
}

/// Lets the session know something else, under a new id: whoever knew the old one has nothing. Where a device is enrolled it
/// goes on in one step, so that one which was ended meanwhile stays ended: `false` then, and nothing has changed.
///
/// # Errors
/// The store's.
pub async fn hold(
    app: &App,
    session: &Session,
    known: &Held,
) -> std::result::Result<bool, tower_sessions::session::Error> {
    let there = held(session).await?.and_then(|there| there.device);
    if there.is_some() && there == known.device {
        return renew_of_device(app, session, known).await;
    }
    begin(app, session, known).await?;
    Ok(true)
}

/// Begins a session anew with what it is to know, such as that of a device which came with its link; the one that was there
/// ends.
///
/// # Errors
/// The store's.
pub async fn begin(
    app: &App,
    session: &Session,
    held: &Held,
) -> std::result::Result<(), tower_sessions::session::Error> {
    end_present(app, session).await?;
    session.insert(HELD, held).await?;
    session.cycle_id().await?;
    session.save().await
}

/// Ends the session, also when the browser came with the id before.
///
/// # Errors
/// The store's.
pub async fn end(
    app: &App,
    session: &Session,
) -> std::result::Result<(), tower_sessions::session::Error> {
    end_present(app, session).await?;
    session.flush().await
}

/// Ends the session under its present id, when the browser came with the one before: tower-sessions knows that one only.
async fn end_present(
    app: &App,
    session: &Session,
) -> std::result::Result<(), tower_sessions::session::Error> {
    if let (Some(hash), true) = stored_as(session).await? {
        sessions::end(&app.db, &hash).await.map_err(backend)?;
    }
    Ok(())
}

/// Where a session of this person went on that had got another id before `go_on` could give it one: another tab of the same
/// browser was faster, and its answer brings the cookie.
///
/// # Errors
/// The engine's.
pub async fn went_on(
    app: &App,
    session: &Session,
    person: PersonId,
) -> sqlx::Result<Option<Vec<u8>>> {
    let (Some(id), now) = (session.id(), app.clock.now()) else {
        return Ok(None);
    };
    let row = sessions::moved(&app.db, &id_hash(id), now - OLD_ID_HOLDS).await?;
    let lives = row.and_then(|row| Some((lives(&row, &app.uses, now)?.0, row.id_hash)));
    Ok(lives.and_then(|(held, hash)| (held.person == Some(person)).then_some(hash)))
}

/// Lets a session in which somebody is signed in go on under a new id: in one step, so that one which was ended meanwhile
/// stays ended. `false` then, and when the browser came with the id before; nothing has changed.
///
/// # Errors
/// The store's.
pub async fn go_on(
    app: &App,
    session: &Session,
    held: &Held,
) -> std::result::Result<bool, tower_sessions::session::Error> {
    renew(app, session, held, false).await
}

/// The same; what is under way in other tabs of the browser goes on, too. Not for whoever changes how they get in: a stolen id
/// is to open nothing then.
///
/// # Errors
/// The store's.
pub async fn go_on_in_all_tabs(
    app: &App,
    session: &Session,
    held: &Held,
) -> std::result::Result<bool, tower_sessions::session::Error> {
    renew(app, session, held, true).await
}

async fn renew(
    app: &App,
    session: &Session,
    held: &Held,
    keeps_old: bool,
) -> std::result::Result<bool, tower_sessions::session::Error> {
    // Under the id before, a browser ends what it began and no more: a stolen one must not take the session over.
    let (Some(old), false) = stored_as(session).await? else {
        return Ok(false);
    };
    let store = Store::new(app.db.clone(), app.clock.clone(), Arc::clone(&app.uses));
    let id = Id::default();
    let row = store.row_of(id, held)?;
    let moved = sessions::renew(&app.db, &old, &row, keeps_old).await;
    if !moved.map_err(backend)? {
        return Ok(false);
    }
    has_moved(session, id, held).await?;
    Ok(true)
}

async fn renew_of_device(
    app: &App,
    session: &Session,
    held: &Held,
) -> std::result::Result<bool, tower_sessions::session::Error> {
    let (Some(old), _) = stored_as(session).await? else {
        return Ok(false);
    };
    let store = Store::new(app.db.clone(), app.clock.clone(), Arc::clone(&app.uses));
    let id = Id::default();
    let row = store.row_of(id, held)?;
    let moved = sessions::renew_of_device(&app.db, &old, &row).await;
    if !moved.map_err(backend)? {
        return Ok(false);
    }
    // From here on the browser comes with the present one.
    session.remove_value(NOW).await?;
    has_moved(session, id, held).await?;
    Ok(true)
}

/// The browser is told the id under which its session is stored already.
async fn has_moved(
    session: &Session,
    id: Id,
    held: &Held,
) -> std::result::Result<(), tower_sessions::session::Error> {
    session.insert(HELD, held).await?;
    session.insert(MOVED, id.to_string()).await?;
    session.cycle_id().await?;
    session.save().await
}

/// What is stored of a session's id.
#[must_use]
pub fn id_hash(id: Id) -> Vec<u8> {
    secret::hash(&id.to_string())
}

/// Our tables as a store of sessions.
#[derive(Clone, Debug)]
pub struct Store {
    db: Db,
    clock: Clock,
    uses: Arc<Uses>,
}

impl Store {
    /// The sessions of a database.
    #[must_use]
    pub const fn new(db: Db, clock: Clock, uses: Arc<Uses>) -> Self {
        Self { db, clock, uses }
    }

    fn row(&self, record: &Record) -> Result<SessionRow> {
        let held: Held = match record.data.get(HELD) {
            Some(value) => {
                serde_json::from_value(value.clone()).map_err(|e| Error::Encode(e.to_string()))?
            }
            None => Held::default(),
        };
        self.row_of(record.id, &held)
    }

    fn row_of(&self, id: Id, held: &Held) -> Result<SessionRow> {
        let now = self.clock.now();
        let life = if held.device.is_some() {
            DEVICE
        } else {
            LONGEST
        };
        Ok(SessionRow {
            id_hash: id_hash(id),
            person_id: held.person.map(|p| p.0),
            device_id: held.device.map(|d| d.0),
            facts: serde_json::to_string(held).map_err(|e| Error::Encode(e.to_string()))?,
            created_ms: now.0,
            seen_ms: now.0,
            expires_ms: (now + life).0,
        })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn backend(error: sqlx::Error) -> Error {
    Error::Backend(Carried::of(&error).to_string())
}

/// What the store's failure was to the database: of the same kind, so that a fault of ours is not told as one that passes.
#[must_use]
pub fn into_sqlx(error: tower_sessions::session::Error) -> sqlx::Error {
    match error {
        tower_sessions::session::Error::Store(Error::Backend(text)) => {
            Carried::read(&text).into_sqlx()
        }
        other => sqlx::Error::Protocol(other.to_string()),
    }
}

#[async_trait]
impl SessionStore for Store {
    async fn create(&self, record: &mut Record) -> Result<()> {
        if let Some(id) = record.data.remove(MOVED) {
            // Its row has this id already.
            let id = id.as_str().and_then(|id| id.parse().ok());
            record.id = id.ok_or_else(|| Error::Decode("an id of a session".to_owned()))?;
            return Ok(());
        }
        loop {
            if sessions::add(&self.db, &self.row(record)?)
                .await
                .map_err(backend)?
            {
                return Ok(());
            }
            record.id = Id::default();
        }
    }

    async fn save(&self, record: &Record) -> Result<()> {
        sessions::save(&self.db, &self.row(record)?)
            .await
            .map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let (asked, now) = (id_hash(*id), self.clock.now());
        let row = match sessions::get(&self.db, &asked).await.map_err(backend)? {
            Some(row) => Some(row),
            None => sessions::moved(&self.db, &asked, now - OLD_ID_HOLDS)
                .await
                .map_err(backend)?,
        };
        let Some(row) = row else {
            return Ok(None);
        };
        let Some((held, _)) = lives(&row, &self.uses, now) else {
            return Ok(None);
        };
        if row.person_id.is_some() && held.person.is_none() {
            // For good: whoever touches the tablet next would otherwise bring them back.
            sessions::sign_off(&self.db, &row.id_hash, TsMs(row.seen_ms))
                .await
                .map_err(backend)?;
        }
        let json = |value: serde_json::Result<_>| value.map_err(|e| Error::Decode(e.to_string()));
        let mut data = HashMap::from([(HELD.to_owned(), json(serde_json::to_value(held))?)]);
        if row.id_hash != asked {
            data.insert(NOW.to_owned(), json(serde_json::to_value(row.id_hash))?);
        }
        Ok(Some(Record {
            id: *id,
            data,
            // How long it lives is decided above, by the server's own clock.
            expiry_date: OffsetDateTime::now_utc() + Duration::days(400),
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        sessions::end(&self.db, &id_hash(*id))
            .await
            .map_err(backend)
    }
}

/// The layer that reads and writes the cookie. `Lax`, so that a link in a message opens signed in; what changes something
/// is not a GET and is guarded against other sites by its own layer.
pub fn layer(app: &App, secure: bool) -> SessionManagerLayer<Store> {
    let store = Store::new(app.db.clone(), app.clock.clone(), Arc::clone(&app.uses));
    SessionManagerLayer::new(store)
        .with_name(cookie_name(secure))
        .with_secure(secure)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(Duration::days(400)))
}

/// A browser takes `__Host-` only over TLS, from this host, for every path.
#[must_use]
pub const fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-ms5" } else { "ms5" }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: TsMs = TsMs(1_795_428_000_000);

    fn signed_in(device: Option<i64>) -> Held {
        Held {
            person: Some(PersonId(7)),
            since: START,
            device: device.map(DeviceId),
            ..Held::default()
        }
    }

    #[test]
    fn people_are_signed_out_when_idle_and_after_a_day() {
        let person = |held: Held, seen: DurMs, now: DurMs| {
            held.at(START + seen, START + now).and_then(|h| h.person)
        };
        let minute = DurMs(MINUTE_MS);
        assert!(person(signed_in(None), DurMs(0), IDLE - minute).is_some());
        assert!(person(signed_in(None), DurMs(0), IDLE).is_none());
        assert!(person(signed_in(None), LONGEST - minute, LONGEST - DurMs(1)).is_some());
        assert!(person(signed_in(None), LONGEST - minute, LONGEST).is_none());
        assert!(person(signed_in(Some(1)), DurMs(0), IDLE_SHARED).is_none());
    }

    #[test]
    fn a_device_stays_enrolled_when_its_person_is_signed_out() {
        let later = signed_in(Some(3))
            .at(START, START + DurMs(30 * DAY_MS))
            .expect("enrolled");
        assert_eq!((later.person, later.device), (None, Some(DeviceId(3))));
        assert_eq!(signed_in(Some(3)).at(START, START + DEVICE), None);
        assert_eq!(signed_in(None).at(START, START + DurMs(30 * DAY_MS)), None);
    }
}
