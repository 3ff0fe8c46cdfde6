//! Calls for help as they are stored.
//!
//! **Invariant.** Calls change only in a transaction begun by [`Db::begin_append`](super::Db::begin_append): their versions are
//! then in commit order, and no two changes of a call see the same one before them.

/// Reads rows of some calls, whose numbers are bound to `$1`: as JSON on SQLite, as a list on PostgreSQL.
macro_rules! of_calls {
    ($tx:expr, $calls:expr, $sqlite:expr, $postgres:expr) => {{
        let ids: Vec<i64> = $calls
            .iter()
            .map(|id: &$crate::domain::ids::CallId| id.0)
            .collect();
        match $tx {
            $crate::server::db::Tx::Sqlite(tx) => {
                let ids =
                    serde_json::to_string(&ids).map_err(|e| sqlx::Error::Encode(Box::new(e)))?;
                sqlx::query_as($sqlite).bind(ids).fetch_all(&mut **tx).await
            }
            $crate::server::db::Tx::Postgres(tx) => {
                sqlx::query_as($postgres)
                    .bind(ids)
                    .fetch_all(&mut **tx)
                    .await
            }
        }
    }};
}

pub mod autos;
pub mod calls;
pub mod ended;
pub mod events;
pub mod links;
pub mod roster;
pub mod rounds;
pub mod rules;
pub mod stops;
pub mod timers;
pub mod told;

/// A stored number that stands for nothing.
fn unknown(what: &str, code: i64) -> sqlx::Error {
    sqlx::Error::Decode(format!("{what} {code} is not known").into())
}
