//! How nodes on one PostgreSQL hint to each other that there are new facts.

use super::{Db, Tx};
use crate::domain::ids::Seq;
use sqlx::postgres::PgListener;

const CHANNEL: &str = "ms5_facts";

/// Tells the other nodes, once a transaction and only when it commits: a notification holds a lock over the whole
/// database while it commits.
///
/// # Errors
/// The engine's.
pub async fn hint(tx: &mut Tx, seq: Seq) -> sqlx::Result<()> {
    if let Tx::Postgres(tx) = tx {
        let query = sqlx::query("SELECT pg_notify($1, $2)")
            .bind(CHANNEL)
            .bind(seq.0.to_string());
        query.execute(&mut **tx).await?;
    }
    Ok(())
}

/// Tells the other nodes that calls changed, once a transaction and only when it commits.
///
/// # Errors
/// The engine's.
pub async fn calls(tx: &mut Tx, version: i64) -> sqlx::Result<()> {
    if let Tx::Postgres(tx) = tx {
        let query = sqlx::query("SELECT pg_notify($1, $2)")
            .bind(CHANNEL)
            .bind(format!("call {version}"));
        query.execute(&mut **tx).await?;
    }
    Ok(())
}

/// Hears the hints of other nodes.
pub struct Hints(PgListener);

impl Hints {
    /// Starts to listen; `None` on a database of one node.
    ///
    /// # Errors
    /// The engine's.
    pub async fn listen(db: &Db) -> sqlx::Result<Option<Self>> {
        let Db::Postgres(pool) = db else {
            return Ok(None);
        };
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        Ok(Some(Self(listener)))
    }

    /// Waits for the next hint.
    ///
    /// # Errors
    /// The engine's.
    pub async fn next(&mut self) -> sqlx::Result<()> {
        self.0.recv().await.map(drop)
    }
}
