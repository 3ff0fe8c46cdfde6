//! People: adding them, their roles, and by what they get in.
//!
//! **Invariant.** Nobody gives more than they hold, and nobody changes somebody who may more than they do: whoever can set
//! another's password can be that other. The last administrator stays one.

mod change;
mod put_out;
mod ways_in;

pub use change::{Change, Made, NewPerson, add, change, set_disabled};
pub use put_out::end_sessions;
pub(super) use put_out::{Waiting, put_out};
pub use ways_in::{clear_code, reset_password, set_badge, set_pin, set_provider};

use super::error::{ServiceError, field, invalid, not_found};
use crate::domain::ids::PersonId;
use crate::domain::plant::FieldError;
use crate::domain::rights::{Permission, Reach};
use crate::domain::time::{DurMs, MINUTE_MS, TsMs};
use crate::server::auth::Ctx;
use crate::server::auth::rights::{Roles, reach};
use crate::server::db::people::{self, GivenRow, PersonRow};
use crate::server::db::{Tx, roles};
use crate::server::plant::Plant;
use crate::server::state::App;
use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A person with their roles.
#[derive(Clone, Debug)]
pub struct Person {
    /// Who.
    pub row: PersonRow,
    /// What they were given.
    pub given: Vec<GivenRow>,
}

/// Everybody whose name, login, address or roles hold `find`; empty: everybody.
///
/// # Errors
/// The engine's.
pub async fn list(ctx: &Ctx, find: &str) -> Result<(Vec<Person>, Roles), ServiceError> {
    let app = ctx.app();
    let (rows, given) = (people::all(&app.db).await?, people::given(&app.db).await?);
    let (roles, plant) = (Roles::load(&app.db).await?, app.plant.get());
    let find = find.trim().to_lowercase();
    let with_roles = |row: PersonRow| {
        let given = given.iter().copied().filter(|g| g.person_id == row.id);
        let given = given.collect();
        Person { row, given }
    };
    let found = |person: &Person| {
        let roles = person.given.iter().map(|g| describe(&plant, &roles, g));
        let own = [&person.row.name, &person.row.login, &person.row.email].map(String::clone);
        roles
            .chain(own)
            .any(|text| text.to_lowercase().contains(&find))
    };
    let people = rows.into_iter().map(with_roles).filter(found).collect();
    Ok((people, roles))
}

/// One person.
///
/// # Errors
/// There is none of this number; the engine's.
pub async fn one(ctx: &Ctx, id: PersonId) -> Result<(Person, Roles), ServiceError> {
    let db = &ctx.app().db;
    let row = people::by_id(db, id).await?;
    let row = row.ok_or_else(|| not_found("person", &id.0.to_string()))?;
    let given = people::given_to(db, id).await?;
    Ok((Person { row, given }, Roles::load(db).await?))
}

/// A role with where it was given, in words: `Operator, Hall 1`.
#[must_use]
pub fn describe(plant: &Plant, roles: &Roles, given: &GivenRow) -> String {
    let role = roles.by_id(given.role_id).map_or("?", |r| r.name.as_str());
    let place = match reach(given.area_id, given.line_id) {
        Reach::Site => return role.to_owned(),
        Reach::Area(id) => plant
            .lines
            .iter()
            .find(|l| l.area_id == id)
            .map(|l| &l.area),
        Reach::Line(id) => plant.lines.iter().find(|l| l.id == id).map(|l| &l.name),
    };
    format!("{role}, {}", place.map_or("?", String::as_str))
}

/// A person who is being changed.
struct Changing {
    tx: Tx,
    row: PersonRow,
    given: Vec<GivenRow>,
    roles: Roles,
}

impl Changing {
    /// Begins, if the caller may change this person.
    async fn begin(ctx: &Ctx, id: PersonId) -> Result<Self, ServiceError> {
        let mut tx = people::begin(&ctx.app().db).await?;
        let row = people::by_id_in(&mut tx, id).await?;
        let row = row.ok_or_else(|| not_found("person", &id.0.to_string()))?;
        if row.demo != 0 {
            return Err(invalid(
                "person",
                "belongs to the demonstration and stays as it is",
            ));
        }
        let given = people::given_in(&mut tx, id).await?;
        let (rows, parts) = roles::all_in(&mut tx).await?;
        let roles = Roles::new(rows, parts);
        may_give(ctx, &roles, &given)?;
        Ok(Self {
            tx,
            row,
            given,
            roles,
        })
    }

    /// How the record calls them.
    fn target(&self) -> String {
        format!("person:{}", self.row.login)
    }

    /// Whether they are the one who asks.
    fn is_oneself(&self, ctx: &Ctx) -> bool {
        ctx.caller().person() == Some(self.row.person())
    }
}

/// Checks that the caller holds all of what these roles allow, wherever they allow it.
fn may_give(ctx: &Ctx, roles: &Roles, given: &[GivenRow]) -> Result<(), ServiceError> {
    for grant in roles.rights(given).0 {
        if !ctx.caller().rights.covers(grant) {
            // What is not covered there is not held on the whole site either: this names the first of it.
            grant.set.iter().try_for_each(|p| ctx.also_on_site(p))?;
        }
    }
    Ok(())
}

/// Roles as the record tells them.
fn recorded(plant: &Plant, roles: &Roles, given: &[GivenRow]) -> Value {
    let one = |row: &GivenRow| {
        let role = roles.by_id(row.role_id).map(|r| r.code.as_str());
        let place = match reach(row.area_id, row.line_id) {
            Reach::Site => json!("site"),
            Reach::Area(id) => {
                let line = plant.lines.iter().find(|l| l.area_id == id);
                json!({"area": line.map(|l| l.area.as_str()), "id": id.0})
            }
            Reach::Line(id) => {
                let line = plant.lines.iter().find(|l| l.id == id);
                json!({"line": line.map(|l| l.code.as_str()), "id": id.0})
            }
        };
        json!({"role": role, "where": place})
    };
    given.iter().map(one).collect()
}

/// Who gives out roles, as it was a moment ago, for those who cannot wait for an answer.
#[derive(Debug, Default)]
pub struct Givers(Mutex<Option<(TsMs, Vec<String>)>>);

/// For so long it holds.
const GIVERS_HOLD: DurMs = DurMs(MINUTE_MS);

impl Givers {
    fn lock(&self) -> MutexGuard<'_, Option<(TsMs, Vec<String>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Their names.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.lock()
            .as_ref()
            .map_or_else(Vec::new, |(_, names)| names.clone())
    }

    /// Reads them again when that was a while ago.
    ///
    /// # Errors
    /// The engine's.
    pub async fn renew(app: &App) -> sqlx::Result<()> {
        let now = app.clock.now();
        let holds = |asked: TsMs| (DurMs::ZERO..GIVERS_HOLD).contains(&(now - asked));
        if app.givers.lock().as_ref().is_some_and(|(at, _)| holds(*at)) {
            return Ok(());
        }
        let names = who_give_roles(app).await?;
        *app.givers.lock() = Some((now, names));
        Ok(())
    }
}

/// The names of people who give out roles on the whole site: whom to ask for more.
///
/// # Errors
/// The engine's.
pub async fn who_give_roles(app: &App) -> sqlx::Result<Vec<String>> {
    let roles = Roles::load(&app.db).await?;
    let (all, given) = (people::all(&app.db).await?, people::given(&app.db).await?);
    let may = |id: i64| {
        let of: Vec<_> = given
            .iter()
            .copied()
            .filter(|g| g.person_id == id)
            .collect();
        roles.rights(&of).on_site(Permission::UserWrite)
    };
    let found = all
        .into_iter()
        .filter(|p| p.disabled == 0 && p.demo == 0 && may(p.id));
    Ok(found.map(|p| p.name).take(5).collect())
}

/// What is wrong with login, name and mail address.
#[must_use]
pub fn wrong_names(login: &str, name: &str, email: &str) -> Vec<FieldError> {
    let mut out = Vec::new();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_@".contains(c);
    if login.is_empty() || login.chars().count() > 60 || !login.chars().all(plain) {
        let problem = "must be 1 to 60 of the letters a to z, digits, and . - _ @";
        out.push(field("login", problem));
    }
    if login.starts_with("demo.") {
        out.push(field(
            "login",
            "must not begin like those of the demonstration",
        ));
    }
    let length = name.chars().count();
    if length == 0 || length > 100 || name.chars().any(char::is_control) {
        out.push(field("name", "must be 1 to 100 characters"));
    }
    let at = email.split_once('@');
    let sound = at.is_some_and(|(who, host)| {
        !who.is_empty() && host.contains('.') && !email.contains(char::is_whitespace)
    });
    if !email.is_empty() && (!sound || email.len() > 200) {
        out.push(field("email", "is not an address such as name@example.org"));
    }
    out
}
