//! Keys of connectors: shown once, kept as a hash, tied to a sender, to permissions, and perhaps to lines.

use crate::domain::ids::{KeyId, LineId, SourceId};
use crate::domain::rights::PermissionSet;
use crate::domain::time::TsMs;
use crate::server::auth::secret;
use crate::server::db::audit::{self, AuditRow};
use crate::server::db::keys::{self, KeyRow};
use crate::server::db::{Db, Tx};
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
    if wanted.replaces {
        keys::revoke_of(tx, source, now).await?;
    }
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
    })
    .to_string();
    audit::add(tx, &row).await?;
    Ok(MadeKey { id, source, key })
}
