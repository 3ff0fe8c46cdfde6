//! Facts as they are stored.

use super::bulk::Bulk;
use super::{Db, Tx, reading, writing};
use crate::domain::fact::{Fact, FactKind};
use crate::domain::ids::{MachineId, Seq, SourceId};
use crate::domain::time::TsMs;
use std::sync::LazyLock;

/// A fact with its body as stored text.
#[derive(Clone, Debug, PartialEq)]
pub struct NewFact {
    /// The fact.
    pub fact: Fact,
    /// [`FactKind`] as JSON.
    pub body: String,
}

/// What is stored under a sender's item id.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct StoredIdentity {
    /// Its place in the order of commit.
    pub seq: i64,
    /// The sender's id.
    pub item_id: String,
    /// Where.
    pub machine_id: i64,
    /// When.
    pub at_ms: i64,
    /// What.
    pub body: String,
}

/// A stored fact, as the fold reads it.
#[derive(Clone, Debug, sqlx::FromRow)]
struct FactRow {
    source_id: i64,
    item_id: String,
    machine_id: i64,
    at_ms: i64,
    body: String,
}

impl FactRow {
    fn into_fact(self) -> sqlx::Result<Fact> {
        let kind: FactKind =
            serde_json::from_str(&self.body).map_err(|e| sqlx::Error::Decode(Box::new(e)))?;
        let (source, machine) = (SourceId(self.source_id), MachineId(self.machine_id));
        Ok(Fact {
            source,
            item: self.item_id,
            machine,
            at: TsMs(self.at_ms),
            kind,
        })
    }
}

static APPEND: LazyLock<Bulk> = LazyLock::new(|| {
    let head = "INSERT INTO fact (source_id, item_id, machine_id, at_ms, body, received_ms)";
    Bulk::new(head, 6, "ON CONFLICT (source_id, item_id) DO NOTHING")
});

/// Appends facts; those whose identity is stored already are left out. Returns how many were new.
///
/// # Errors
/// The engine's.
pub async fn append(tx: &mut Tx, facts: &[&NewFact], received: TsMs) -> sqlx::Result<usize> {
    let mut new = 0;
    for (sql, piece) in APPEND.pieces(tx, facts) {
        new += writing!(tx, |conn| {
            let mut query = sqlx::query(sql);
            for NewFact { fact, body } in piece {
                query = query
                    .bind(fact.source.0)
                    .bind(&fact.item)
                    .bind(fact.machine.0);
                query = query.bind(fact.at.0).bind(body).bind(received.0);
            }
            query.execute(conn).await?.rows_affected()
        });
    }
    Ok(usize::try_from(new).unwrap_or(usize::MAX))
}

/// What is stored under these ids of one sender.
///
/// # Errors
/// The engine's.
pub async fn find(
    tx: &mut Tx,
    source: SourceId,
    items: &[&str],
) -> sqlx::Result<Vec<StoredIdentity>> {
    const SQLITE: &str = "SELECT seq, item_id, machine_id, at_ms, body FROM fact
        WHERE source_id = $1 AND item_id IN (SELECT value FROM json_each($2))";
    const POSTGRES: &str = "SELECT seq, item_id, machine_id, at_ms, body FROM fact
        WHERE source_id = $1 AND item_id = ANY($2)";
    match tx {
        Tx::Sqlite(tx) => {
            let list =
                serde_json::to_string(items).map_err(|e| sqlx::Error::Encode(Box::new(e)))?;
            sqlx::query_as(SQLITE)
                .bind(source.0)
                .bind(list)
                .fetch_all(&mut **tx)
                .await
        }
        Tx::Postgres(tx) => {
            sqlx::query_as(POSTGRES)
                .bind(source.0)
                .bind(items)
                .fetch_all(&mut **tx)
                .await
        }
    }
}

/// The last number given, inside a transaction.
///
/// # Errors
/// The engine's.
pub async fn last_seq_in(tx: &mut Tx) -> sqlx::Result<Seq> {
    const SQL: &str = "SELECT COALESCE(MAX(seq), 0) FROM fact";
    let seq: i64 = writing!(tx, |conn| sqlx::query_scalar(SQL).fetch_one(conn).await?);
    Ok(Seq(seq))
}

/// The last number given, when `added` facts were just appended to those up to `before`.
///
/// # Errors
/// The engine's.
pub async fn last_seq_after(tx: &mut Tx, before: Seq, added: usize) -> sqlx::Result<Seq> {
    match tx {
        // It counts on without gaps, as long as facts are never removed.
        Tx::Sqlite(_) => Ok(Seq(before.0 + i64::try_from(added).unwrap_or(i64::MAX))),
        // It spends numbers on repetitions too.
        Tx::Postgres(_) => last_seq_in(tx).await,
    }
}

/// The last number committed.
///
/// # Errors
/// The engine's.
pub async fn last_seq(db: &Db) -> sqlx::Result<Seq> {
    let seq: i64 = reading!(db, |pool| {
        sqlx::query_scalar("SELECT COALESCE(MAX(seq), 0) FROM fact")
            .fetch_one(pool)
            .await?
    });
    Ok(Seq(seq))
}

/// A machine's facts in `[from, to)`, in no particular order.
///
/// # Errors
/// The engine's, or a stored body that cannot be read.
pub async fn between(
    tx: &mut Tx,
    machine: MachineId,
    from: TsMs,
    to: TsMs,
) -> sqlx::Result<Vec<Fact>> {
    const SQL: &str = "SELECT source_id, item_id, machine_id, at_ms, body FROM fact
        WHERE machine_id = $1 AND at_ms >= $2 AND at_ms < $3";
    let rows: Vec<FactRow> = writing!(tx, |conn| {
        sqlx::query_as(SQL)
            .bind(machine.0)
            .bind(from.0)
            .bind(to.0)
            .fetch_all(conn)
            .await?
    });
    rows.into_iter().map(FactRow::into_fact).collect()
}

/// The machines that have facts after `seq`, for a node that catches up.
///
/// # Errors
/// The engine's.
pub async fn machines_since(db: &Db, seq: Seq) -> sqlx::Result<Vec<MachineId>> {
    let ids: Vec<i64> = reading!(db, |pool| {
        sqlx::query_scalar("SELECT DISTINCT machine_id FROM fact WHERE seq > $1")
            .bind(seq.0)
            .fetch_all(pool)
            .await?
    });
    Ok(ids.into_iter().map(MachineId).collect())
}
