//! Keys of connectors: shown once, kept as a hash, tied to a sender, to permissions, and perhaps to lines.

use super::error::{ServiceError, field, not_found};
use crate::domain::ids::{KeyId, LineId, SourceId};
use crate::domain::rights::{Grant, Permission, PermissionSet, Reach, Rights, sets};
use crate::domain::time::{DAY_MS, DurMs, TsMs};
use crate::server::auth::{Ctx, secret};
use crate::server::db::audit::{self, AuditRow};
use crate::server::db::keys::{self, KeyRow};
use crate::server::db::{Db, Tx};
use crate::server::state::App;
use serde_json::json;

/// What every key begins with, so that a leaked one can be recognised.
const PREFIX: &str = "ms5_";
/// So many letters of a key are shown again.
const SHOWN: usize = 10;

/// A key to be made.
#[derive(Clone, Debug)]
pub struct NewKey<'a> {
    /// The sender's name.
    pub name: &'a str,
    /// What it may do.
    pub may: PermissionSet,
    /// Only on these lines; none: on all of them.
    pub lines: &'a [LineId],
    /// When it ends by itself.
    pub expires: Option<TsMs>,
    /// The sender's other keys end.
    pub replaces: bool,
}

/// A key that was made.
#[derive(Clone, Debug)]
pub struct MadeKey {
    /// Its number.
    pub id: KeyId,
    /// Its sender.
    pub source: SourceId,
    /// The key itself, never to be seen again.
    pub key: String,
}

/// Makes a key of 256 random bits; `row` is who does it, for the record.
///
/// # Errors
/// The engine's, or the operating system's when it gives no random bits.
pub async fn create(db: &Db, wanted: &NewKey<'_>, row: AuditRow) -> sqlx::Result<MadeKey> {
    let mut tx = db.begin().await?;
    let made = create_in(&mut tx, wanted, row).await?;
    tx.commit().await?;
    Ok(made)
}

async fn create_in(tx: &mut Tx, wanted: &NewKey<'_>, mut row: AuditRow) -> sqlx::Result<MadeKey> {
    let now = TsMs(row.at_ms);
    let key = format!("{PREFIX}{}", secret::random()?);
    let source = keys::sender(tx, wanted.name, now).await?;
    let replaced = match wanted.replaces {
        true => keys::revoke_of(tx, source, now).await?,
        false => vec![],
    };
    let new = KeyRow {
        id: 0,
        source_id: source.0,
        source: wanted.name.to_owned(),
        prefix: key.chars().take(SHOWN).collect(),
        permissions: wanted.may.names(),
        made_by: row.actor.clone(),
        created_ms: now.0,
        expires_ms: wanted.expires.map(|at| at.0),
        revoked_ms: None,
        used_ms: None,
    };
    let id = keys::add(tx, &new, &secret::hash(&key), wanted.lines).await?;
    "key.add".clone_into(&mut row.action);
    row.target = format!("key:{}", new.prefix);
    row.became = json!({
        "sender": new.source,
        "permissions": new.permissions,
        "lines": wanted.lines.iter().map(|l| l.0).collect::<Vec<_>>(),
        "expires_ms": new.expires_ms,
        "replaces_others": wanted.replaces,
        "revoked": replaced.iter().map(|prefix| format!("key:{prefix}")).collect::<Vec<_>>(),
    })
    .to_string();
    audit::add(tx, &row).await?;
    Ok(MadeKey { id, source, key })
}

/// The first of these permissions that no key may hold.
#[must_use]
pub fn not_by_key(may: PermissionSet) -> Option<&'static str> {
    may.in_both(sets::NOT_BY_KEY)
        .iter()
        .next()
        .map(Permission::name)
}

/// Permissions that connectors usually need together: what a form sends, its words, and the set.
pub const USUAL: [(&str, &str, PermissionSet); 4] = [
    ("send", "Send facts: a gateway or connector", sets::SEND),
    (
        "send-old",
        "Send facts of any age: filling in the past",
        sets::SEND_OLD,
    ),
    (
        "watch",
        "See what is on the floor: another screen or program",
        sets::WATCH,
    ),
    (
        "set-up",
        "Set up the plant: lines, machines, products, shifts",
        sets::SET_UP_PLANT,
    ),
];

/// The longest that a key may hold by itself, in days: three years.
pub const LONGEST_DAYS: i64 = 3 * 365;
/// How long it holds unless somebody says otherwise, in days.
pub const USUAL_DAYS: i64 = 365;

/// A key to be made, as it was typed.
#[derive(Clone, Debug, Default)]
pub struct TypedKey {
    /// The sender.
    pub sender: String,
    /// Names of the usual sets.
    pub usual: Vec<String>,
    /// Names of single permissions.
    pub may: Vec<String>,
    /// Codes of lines; none: all of them.
    pub lines: Vec<String>,
    /// After how many days it ends; empty: never, of a key that only sends.
    pub days: String,
    /// The sender's other keys end.
    pub replaces: bool,
}

/// A key with where it holds.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The key.
    pub row: KeyRow,
    /// Its lines; none: all of them.
    pub lines: Vec<LineId>,
    /// When it was last used.
    pub used: Option<TsMs>,
}

/// All keys.
///
/// # Errors
/// The engine's.
pub async fn list(ctx: &Ctx) -> Result<Vec<Listed>, ServiceError> {
    let app = ctx.app();
    let (rows, lines) = (keys::all(&app.db).await?, keys::all_lines(&app.db).await?);
    let listed = rows.into_iter().map(|row| Listed {
        lines: lines
            .iter()
            .filter(|l| l.0 == row.id)
            .map(|l| LineId(l.1))
            .collect(),
        used: row.used_ms.map(TsMs).max(app.uses.key_used(row.key())),
        row,
    });
    Ok(listed.collect())
}

/// Makes a key as somebody typed it; nobody gives a key more than they hold.
///
/// # Errors
/// Wrong fields; a permission that is not held where the key would hold it; the engine's.
pub async fn make(ctx: &Ctx, typed: &TypedKey) -> Result<MadeKey, ServiceError> {
    let (app, plant) = (ctx.app(), ctx.app().plant.get());
    let (name, mut wrong) = (typed.sender.trim(), Vec::new());
    let length = name.chars().count();
    if length == 0 || length > 100 || name.chars().any(char::is_control) {
        wrong.push(field("sender", "must be 1 to 100 characters"));
    }
    let mut may = PermissionSet::NONE;
    for code in &typed.usual {
        match USUAL.iter().find(|u| u.0 == code) {
            Some((_, _, set)) => may = may.and(*set),
            None => wrong.push(field("usual", format!("'{code}' is not one of them"))),
        }
    }
    for name in &typed.may {
        match PermissionSet::from_names(name) {
            Ok(set) => may = may.and(set),
            Err(name) => wrong.push(field("may", format!("'{name}' is no permission"))),
        }
    }
    if let Some(name) = not_by_key(may) {
        let words = format!("'{name}' is for people who sign in: no key holds it");
        wrong.push(field("may", words));
    }
    if may.is_empty() && wrong.is_empty() {
        wrong.push(field(
            "usual",
            "must be at least one, or one permission below",
        ));
    }
    let mut lines = Vec::new();
    for code in &typed.lines {
        match plant.line(code) {
            Some(line) => lines.push(line),
            None => wrong.push(field("lines", format!("line '{code}' does not exist"))),
        }
    }
    let days = typed.days.trim();
    let expires = match days.parse::<i64>() {
        _ if days.is_empty() && sets::WITHOUT_END.covers(may) => None,
        Ok(n) if (1..=LONGEST_DAYS).contains(&n) => Some(ctx.now() + DurMs(n * DAY_MS)),
        _ => {
            wrong.push(field(
                "days",
                format!(
                    "must be 1 to {LONGEST_DAYS}; empty only where a key does nothing but send facts"
                ),
            ));
            None
        }
    };
    if !wrong.is_empty() {
        return Err(ServiceError::Invalid(wrong));
    }
    for permission in may.iter() {
        if lines.is_empty() {
            ctx.also_on_site(permission)?;
        }
        for line in &lines {
            ctx.also(permission, line)?;
        }
    }
    let lines: Vec<LineId> = lines.iter().map(|l| l.id).collect();
    let wanted = NewKey {
        name,
        may,
        lines: &lines,
        expires,
        replaces: typed.replaces,
    };
    let made = create(&app.db, &wanted, ctx.entry("", "")).await?;
    app.keys.forget();
    Ok(made)
}

/// Where a sender may send: what its keys that hold allow together, or the last one that it had.
///
/// # Errors
/// The engine's.
pub async fn scope_of(app: &App, sender: SourceId) -> sqlx::Result<Rights> {
    let (rows, lines) = (keys::all(&app.db).await?, keys::all_lines(&app.db).await?);
    let now = app.clock.now();
    let mut own: Vec<KeyRow> = rows.into_iter().filter(|r| r.sender() == sender).collect();
    if own.iter().any(|row| row.holds(now)) {
        own.retain(|row| row.holds(now));
    } else {
        own.sort_by_key(|row| std::cmp::Reverse(row.id));
        own.truncate(1);
    }
    let of = |row: &KeyRow| {
        let on = lines.iter().filter(|l| l.0 == row.id);
        let on: Vec<LineId> = on.map(|l| LineId(l.1)).collect();
        grants(&row.permissions, on)
    };
    Ok(Rights(own.iter().flat_map(of).collect()))
}

/// What a key of these permissions may on these lines; none: on all of them. One of an older program may have been given
/// more than keys hold.
#[must_use]
pub fn grants(permissions: &str, lines: Vec<LineId>) -> Vec<Grant> {
    let set = PermissionSet::from_names(permissions).unwrap_or_default();
    let set = set.in_both(sets::BY_KEY);
    let reaches: Vec<Reach> = if lines.is_empty() {
        vec![Reach::Site]
    } else {
        lines.into_iter().map(Reach::Line).collect()
    };
    let grant = |reach| Grant { set, reach };
    reaches.into_iter().map(grant).collect()
}

/// A key holds no longer, from now on.
///
/// # Errors
/// No such key, or one that was revoked; the engine's.
pub async fn revoke(ctx: &Ctx, id: KeyId) -> Result<(), ServiceError> {
    let app = ctx.app();
    let row = keys::by_id(&app.db, id)
        .await?
        .filter(|r| r.revoked_ms.is_none());
    let row = row.ok_or_else(|| not_found("key", &id.0.to_string()))?;
    let mut tx = app.db.begin().await?;
    keys::revoke(&mut tx, id, ctx.now()).await?;
    let mut line = ctx.entry("key.revoke", format!("key:{}", row.prefix));
    line.was = json!({"sender": row.source, "permissions": row.permissions}).to_string();
    audit::add(&mut tx, &line).await?;
    tx.commit().await?;
    app.keys.forget();
    Ok(())
}
