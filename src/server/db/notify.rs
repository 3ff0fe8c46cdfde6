//! How nodes on one PostgreSQL hint to each other that there are new facts or calls, and that what somebody may has changed.

use super::{Db, Tx};
use crate::domain::ids::Seq;
use sqlx::postgres::PgListener;

const CHANNEL: &str = "ms5_facts";
const PEOPLE: &str = "ms5_people";

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

/// Tells the other nodes that people, their sessions, devices or keys have changed. It comes after the commit and may be lost:
/// streams look by themselves, too.
///
/// # Errors
/// The engine's.
pub async fn people_changed(db: &Db, node: &str) -> sqlx::Result<()> {
    if let Db::Postgres(pool) = db {
        let query = sqlx::query("SELECT pg_notify($1, $2)")
            .bind(PEOPLE)
            .bind(node);
        query.execute(pool).await?;
    }
    Ok(())
}

/// What a node heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// There are new facts or calls.
    Facts,
    /// What somebody may has changed; told by this node.
    People(String),
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
        listener.listen_all([CHANNEL, PEOPLE]).await?;
        Ok(Some(Self(listener)))
    }

    /// Waits for the next hint.
    ///
    /// # Errors
    /// The engine's.
    pub async fn next(&mut self) -> sqlx::Result<Heard> {
        let told = self.0.recv().await?;
        Ok(match told.channel() {
            PEOPLE => Heard::People(told.payload().to_owned()),
            _ => Heard::Facts,
        })
    }
}
