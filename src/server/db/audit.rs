//! The audit trail: rows are added, never changed, and each row's hash covers the hash before it.

use super::{Db, Tx, reading, settings, writing};
use crate::domain::time::TsMs;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// A row of the trail.
#[derive(Clone, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct AuditRow {
    /// Its place in the chain, from 1, without gaps.
    pub seq: i64,
    /// When, epoch milliseconds.
    pub at_ms: i64,
    /// What acted: `person`, `key`, `wall`, `program`, `nobody`.
    pub actor_kind: String,
    /// Its number among its kind.
    pub actor_id: Option<i64>,
    /// Its name at that time.
    pub actor: String,
    /// The shared tablet that it acted on; empty: none.
    pub device: String,
    /// From which network address; empty: from inside.
    pub address: String,
    /// What was done: `role.change`.
    pub action: String,
    /// To what: `role:operator`.
    pub target: String,
    /// What it was before, JSON or empty.
    pub was: String,
    /// What it became, JSON or empty.
    pub became: String,
    /// Why, where somebody said so.
    pub why: String,
    /// The request, as in the log.
    pub request: String,
    /// SHA-256 over the hash before and everything above.
    pub hash: Vec<u8>,
}

/// What the first row's hash covers instead of a hash.
pub const GENESIS: [u8; 32] = [0; 32];

/// Where the number and the hash of the last row are kept once more, so that it is seen when rows at the end are gone.
const LAST: &str = "audit_last";

/// Identifies "the transaction that adds to the trail" among PostgreSQL's advisory locks.
const CHAIN_LOCK: i64 = 0x4d53_3561_7564_6974;

impl AuditRow {
    /// The hash that the row must have after `previous`. Each field is preceded by its length, so that no two rows look
    /// alike: `SHA-256(previous, seq, at, (length, bytes) of each text)`.
    #[must_use]
    pub fn chained(&self, previous: &[u8]) -> Vec<u8> {
        let mut hash = Sha256::new();
        hash.update(previous);
        hash.update(self.seq.to_be_bytes());
        hash.update(self.at_ms.to_be_bytes());
        let id = self.actor_id.map_or_else(String::new, |id| id.to_string());
        for text in [
            &self.actor_kind,
            &id,
            &self.actor,
            &self.device,
            &self.address,
            &self.action,
            &self.target,
            &self.was,
            &self.became,
            &self.why,
            &self.request,
        ] {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        }
        hash.finalize().to_vec()
    }
}

/// Adds a row at the end of the chain; `seq` and `hash` of `row` are not looked at. On PostgreSQL one transaction at a time
/// does so, from here to its end: call it last.
///
/// # Errors
/// The engine's.
pub async fn add(tx: &mut Tx, row: &AuditRow) -> sqlx::Result<()> {
    const END: &str = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1";
    const ADD: &str = "INSERT INTO audit (seq, at_ms, actor_kind, actor_id, actor, device, address, action, target, was,
            became, why, request, hash, actor_folded, target_folded)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    if let Tx::Postgres(tx) = tx {
        sqlx::query("SELECT pg_advisory_xact_lock($1)")
            .bind(CHAIN_LOCK)
            .execute(&mut **tx)
            .await?;
    }
    let mut row = row.clone();
    let (actor, target) = (folded(&row.actor), folded(&row.target));
    let last = writing!(tx, |conn| {
        let last: Option<(i64, Vec<u8>)> = sqlx::query_as(END).fetch_optional(&mut *conn).await?;
        let (seq, previous) = last.unwrap_or_else(|| (0, GENESIS.to_vec()));
        row.seq = seq + 1;
        row.hash = row.chained(&previous);
        let last = mark(row.seq, &row.hash);
        sqlx::query(ADD)
            .bind(row.seq)
            .bind(row.at_ms)
            .bind(row.actor_kind)
            .bind(row.actor_id)
            .bind(row.actor)
            .bind(row.device)
            .bind(row.address)
            .bind(row.action)
            .bind(row.target)
            .bind(row.was)
            .bind(row.became)
            .bind(row.why)
            .bind(row.request)
            .bind(row.hash)
            .bind(actor)
            .bind(target)
            .execute(conn)
            .await?;
        last
    });
    settings::put(tx, LAST, &last).await
}

/// A row's number and hash as people write them down: `12:9f86d0…`.
#[must_use]
pub fn mark(seq: i64, hash: &[u8]) -> String {
    hash.iter().fold(format!("{seq}:"), |mut out, byte| {
        // Writing to a text cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The mark of the last row, as it is kept beside the trail.
///
/// # Errors
/// The engine's.
pub async fn last_mark(db: &Db) -> sqlx::Result<Option<String>> {
    settings::get(db, LAST).await
}

/// What to look for. Empty texts look for everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// From here on, epoch milliseconds.
    pub from: Option<i64>,
    /// Up to here.
    pub to: Option<i64>,
    /// Part of the actor's name, in any case.
    pub actor: String,
    /// The beginning of the action, in any case: `role` or `role.change`.
    pub action: String,
    /// Part of the target, in any case.
    pub target: String,
    /// Only rows before this one.
    pub before: Option<i64>,
}

/// The newest rows of those wanted.
///
/// # Errors
/// The engine's.
pub async fn find(db: &Db, wanted: &Wanted, limit: i64) -> sqlx::Result<Vec<AuditRow>> {
    const SQL: &str = "SELECT seq, at_ms, actor_kind, actor_id, actor, device, address, action, target, was, became, why,
            request, hash
        FROM audit
        WHERE at_ms >= $1 AND at_ms < $2 AND seq < $3
            AND ($4 = '' OR COALESCE(actor_folded, LOWER(actor)) LIKE $4 ESCAPE '!')
            AND ($5 = '' OR action LIKE $5 ESCAPE '!')
            AND ($6 = '' OR COALESCE(target_folded, LOWER(target)) LIKE $6 ESCAPE '!')
        ORDER BY seq DESC LIMIT $7";
    reading!(db, |pool| sqlx::query_as(SQL)
        .bind(wanted.from.unwrap_or(i64::MIN))
        .bind(wanted.to.unwrap_or(i64::MAX))
        .bind(wanted.before.unwrap_or(i64::MAX))
        .bind(containing(&wanted.actor))
        .bind(beginning(&wanted.action))
        .bind(containing(&wanted.target))
        .bind(limit)
        .fetch_all(pool)
        .await)
}

/// How many rows tell since then that this was done to that, as a transaction sees them. After [`add`] nobody else adds one
/// before the transaction ends: of many who do something at once each counts another number.
///
/// # Errors
/// The engine's.
pub async fn count_in(
    tx: &mut Tx,
    (action, target): (&str, &str),
    since: TsMs,
) -> sqlx::Result<i64> {
    const SQL: &str =
        "SELECT COUNT(*) FROM audit WHERE at_ms >= $1 AND action = $2 AND target = $3";
    writing!(tx, |conn| sqlx::query_scalar(SQL)
        .bind(since.0)
        .bind(action)
        .bind(target)
        .fetch_one(conn)
        .await)
}

/// Rows in the order of the chain, after `seq`.
///
/// # Errors
/// The engine's.
pub async fn after(db: &Db, seq: i64, limit: i64) -> sqlx::Result<Vec<AuditRow>> {
    const SQL: &str = "SELECT seq, at_ms, actor_kind, actor_id, actor, device, address, action, target, was, became, why,
            request, hash
        FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2";
    reading!(db, |pool| sqlx::query_as(SQL)
        .bind(seq)
        .bind(limit)
        .fetch_all(pool)
        .await)
}

/// A text as it is searched, the same for each way to write it in capital and small letters: `Straße` and `STRASSE`, also where
/// the form of a letter depends on where it stands.
fn folded(text: &str) -> String {
    let capitals = text.chars().flat_map(char::to_uppercase);
    capitals.flat_map(char::to_lowercase).collect()
}

/// Fills in how rows of older programs are searched. Nothing else of a row ever changes.
///
/// # Errors
/// The engine's.
pub async fn fold_old(db: &Db) -> sqlx::Result<()> {
    const OLD: &str =
        "SELECT seq, actor, target FROM audit WHERE actor_folded IS NULL ORDER BY seq LIMIT 500";
    const FOLD: &str = "UPDATE audit SET actor_folded = $2, target_folded = $3 WHERE seq = $1";
    loop {
        let rows: Vec<(i64, String, String)> =
            reading!(db, |pool| sqlx::query_as(OLD).fetch_all(pool).await?);
        if rows.is_empty() {
            return Ok(());
        }
        let mut tx = db.begin().await?;
        for (seq, actor, target) in rows {
            writing!(&mut tx, |conn| sqlx::query(FOLD)
                .bind(seq)
                .bind(folded(&actor))
                .bind(folded(&target))
                .execute(conn)
                .await
                .map(drop))?;
        }
        tx.commit().await?;
    }
}

/// The first row after one number, up to another, that is searched as something else than what it says: somebody hides it from
/// those who look for it. Rows that are not filled in yet say nothing else.
///
/// # Errors
/// The engine's.
pub async fn hidden(db: &Db, after: i64, up_to: i64) -> sqlx::Result<Option<i64>> {
    const SQL: &str = "SELECT seq, actor, target, actor_folded, target_folded FROM audit
        WHERE seq > $1 AND seq <= $2 ORDER BY seq";
    type Row = (i64, String, String, Option<String>, Option<String>);
    let rows: Vec<Row> = reading!(db, |pool| sqlx::query_as(SQL)
        .bind(after)
        .bind(up_to)
        .fetch_all(pool)
        .await?);
    let differs =
        |text: &str, kept: Option<&String>| kept.is_some_and(|kept| *kept != folded(text));
    let found = rows.iter().find(|(_, actor, target, of_actor, of_target)| {
        differs(actor, of_actor.as_ref()) || differs(target, of_target.as_ref())
    });
    Ok(found.map(|row| row.0))
}

fn containing(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!("%{}%", literal(&folded(text)))
    }
}

fn beginning(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        // Actions are written in small letters of ASCII.
        format!("{}%", literal(&text.to_lowercase()))
    }
}

/// What stands for itself in a pattern.
fn literal(text: &str) -> String {
    text.replace('!', "!!")
        .replace('%', "!%")
        .replace('_', "!_")
}
