//! Everybody who may come to the door: nobody, each role with and without bounds, keys, shared tablets, walls.

use crate::harness::Server;
use axum::http::{HeaderMap, HeaderValue, header};
use ms5_floor::domain::ids::{AreaId, DeviceId, LineId, PersonId};
use ms5_floor::domain::rights::{DEFAULT_ROLES, Grant, PermissionSet, Reach, Rights, sets};
use ms5_floor::domain::time::DAY_MS;
use ms5_floor::server::auth::rights::Roles;
use ms5_floor::server::auth::session::{Held, cookie_name, id_hash};
use ms5_floor::server::auth::walls::Wall;
use ms5_floor::server::db::devices::{self, DeviceRow};
use ms5_floor::server::db::people::{self, GivenRow};
use ms5_floor::server::db::sessions::{self, SessionRow};
use ms5_floor::server::services::keys::{NewKey, create};
use tower_sessions::session::Id;

/// How an actor shows who it is.
#[derive(Clone, Debug)]
enum Proof {
    Nothing,
    Bearer(String),
    Person(PersonId, i64),
    Tablet(DeviceId),
    PersonAt(PersonId, i64, DeviceId),
    Wall(DeviceId, String),
}

/// Somebody who asks, and what the matrix gives them.
#[derive(Clone, Debug)]
pub struct Actor {
    /// For messages.
    pub name: String,
    /// What they may do, where.
    pub rights: Rights,
    proof: Proof,
}

impl Actor {
    /// It is not known who they are.
    pub fn nobody() -> Self {
        Self {
            name: "nobody".to_owned(),
            rights: Rights::default(),
            proof: Proof::Nothing,
        }
    }

    /// A person with one of the default roles, everywhere or on one line.
    pub async fn person(server: &Server, role: &str, on: Option<LineId>) -> Self {
        let name = match on {
            Some(line) => format!("{role} on line {}", line.0),
            None => format!("{role} everywhere"),
        };
        Self::person_at(server, role, on.map_or(Reach::Site, Reach::Line), name).await
    }

    /// The same in one area.
    pub async fn person_in(server: &Server, role: &str, area: AreaId) -> Self {
        let name = format!("{role} in area {}", area.0);
        Self::person_at(server, role, Reach::Area(area), name).await
    }

    async fn person_at(server: &Server, role: &str, reach: Reach, name: String) -> Self {
        let app = &server.app;
        let default = DEFAULT_ROLES
            .iter()
            .find(|r| r.code == role)
            .expect("a default role");
        let roles = Roles::load(&app.db).await.expect("roles");
        let (area_id, line_id) = match reach {
            Reach::Site => (None, None),
            Reach::Area(area) => (Some(area.0), None),
            Reach::Line(line) => (None, Some(line.0)),
        };
        let login = name.replace(' ', ".");
        let mut tx = app.db.begin().await.expect("a transaction");
        let added = people::add(&mut tx, (&login, &name, ""), false, app.clock.now()).await;
        let id = added.expect("a person");
        let given = GivenRow {
            person_id: id.0,
            role_id: roles.by_code(role).expect("a role").id,
            area_id,
            line_id,
        };
        people::give_role(&mut tx, given)
            .await
            .expect("a role given");
        tx.commit().await.expect("a commit");
        let row = people::by_id(&app.db, id)
            .await
            .expect("a row")
            .expect("the person");
        Self {
            name,
            rights: Rights(vec![Grant {
                set: default.set(),
                reach,
            }]),
            proof: Proof::Person(id, row.version),
        }
    }

    /// A program with a key.
    pub async fn key(server: &Server, name: &str, may: PermissionSet, on: Option<LineId>) -> Self {
        let lines: Vec<LineId> = on.into_iter().collect();
        let wanted = NewKey {
            name,
            may,
            lines: &lines,
            expires: None,
            replaces: true,
        };
        let row = crate::harness::by_the_program(&server.app).entry("", "");
        let made = create(&server.app.db, &wanted, row).await.expect("a key");
        Self {
            name: format!("key {name}"),
            rights: rights(may.in_both(sets::BY_KEY), on),
            proof: Proof::Bearer(made.key),
        }
    }

    /// A screen on the wall of a line, or of the site, which shows a page.
    pub async fn wall(server: &Server, page: &str, on: Option<LineId>) -> Self {
        let name = format!("Wall of {page}");
        let id = device(server, ("wall", &name), page, on).await;
        Self {
            name,
            rights: rights(Wall::of(page).expect("a page of walls").set(), on),
            proof: Proof::Wall(id, page.to_owned()),
        }
    }

    /// A shared tablet of a line on which nobody signed on.
    pub async fn tablet(server: &Server, name: &str, on: LineId) -> Self {
        let id = device(server, ("tablet", name), "/lines/L1", Some(on)).await;
        Self {
            name: name.to_owned(),
            rights: rights(sets::SHARED_TABLET, Some(on)),
            proof: Proof::Tablet(id),
        }
    }

    /// Somebody with one of the default roles everywhere, who signed on to this tablet.
    pub async fn with(&self, server: &Server, role: &str) -> Self {
        let Proof::Tablet(tablet) = self.proof else {
            panic!("{} is no tablet", self.name);
        };
        let name = format!("{role} at the tablet");
        let person = Self::person_at(server, role, Reach::Site, name).await;
        let Proof::Person(id, version) = person.proof else {
            panic!("{} is no person", person.name);
        };
        Self {
            name: person.name,
            rights: person.rights.without(sets::NOT_BY_BADGE),
            proof: Proof::PersonAt(id, version, tablet),
        }
    }

    /// It is known who they are.
    pub fn is_somebody(&self) -> bool {
        !matches!(self.proof, Proof::Nothing)
    }

    /// The key that they send.
    pub fn key_sent(&self) -> Option<&str> {
        match &self.proof {
            Proof::Bearer(key) => Some(key),
            _ => None,
        }
    }

    /// They are a program.
    pub fn is_key(&self) -> bool {
        matches!(self.proof, Proof::Bearer(_))
    }

    /// The page to which they are bound, when they are a wall.
    pub fn bound_to(&self) -> Option<&str> {
        match &self.proof {
            Proof::Wall(_, page) => Some(page),
            _ => None,
        }
    }

    /// They are a person.
    pub fn is_person(&self) -> bool {
        matches!(self.proof, Proof::Person(..) | Proof::PersonAt(..))
    }

    /// What their next request carries. A session of its own each time: what one request does to its session does not
    /// touch the next.
    pub async fn show(&self, server: &Server, headers: &mut HeaderMap) {
        let mut held = Held {
            since: server.app.clock.now(),
            ..Held::default()
        };
        match &self.proof {
            Proof::Nothing => return,
            Proof::Bearer(key) => {
                let bearer = HeaderValue::from_str(&format!("Bearer {key}")).expect("a header");
                headers.insert(header::AUTHORIZATION, bearer);
                return;
            }
            Proof::Person(id, version) => (held.person, held.version) = (Some(*id), *version),
            Proof::PersonAt(id, version, tablet) => {
                (held.person, held.version) = (Some(*id), *version);
                held.device = Some(*tablet);
            }
            Proof::Tablet(id) | Proof::Wall(id, _) => held.device = Some(*id),
        }
        let id = Id::default();
        let now = server.app.clock.now().0;
        let row = SessionRow {
            id_hash: id_hash(id),
            person_id: held.person.map(|p| p.0),
            device_id: held.device.map(|d| d.0),
            facts: serde_json::to_string(&held).expect("json"),
            created_ms: now,
            seen_ms: now,
            expires_ms: now + DAY_MS,
        };
        assert!(
            sessions::add(&server.app.db, &row)
                .await
                .expect("a session")
        );
        let cookie = HeaderValue::from_str(&format!("{}={id}", cookie_name(false)));
        headers.insert(header::COOKIE, cookie.expect("a header"));
    }
}

fn rights(set: PermissionSet, on: Option<LineId>) -> Rights {
    let reach = on.map_or(Reach::Site, Reach::Line);
    Rights(vec![Grant { set, reach }])
}

/// Enrols a device on a line, or on the site.
async fn device(
    server: &Server,
    (kind, name): (&str, &str),
    page: &str,
    on: Option<LineId>,
) -> DeviceId {
    let app = &server.app;
    let row = DeviceRow {
        id: 0,
        kind: kind.to_owned(),
        name: name.to_owned(),
        page: page.to_owned(),
        area_id: None,
        line_id: on.map(|line| line.0),
        made_by: "test".to_owned(),
        created_ms: app.clock.now().0,
        used_ms: None,
        revoked_ms: None,
    };
    let mut tx = app.db.begin().await.expect("a transaction");
    let id = devices::add(&mut tx, &row, name.as_bytes()).await;
    tx.commit().await.expect("a commit");
    id.expect("a device")
}
