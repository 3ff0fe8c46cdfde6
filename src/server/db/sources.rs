//! Senders of facts.

use super::{Db, reading};
use crate::domain::ids::SourceId;

/// A sender.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SourceRow {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
}

impl SourceRow {
    /// Its id.
    #[must_use]
    pub const fn source(&self) -> SourceId {
        SourceId(self.id)
    }
}

/// The sender of this name.
///
/// # Errors
/// The engine's.
pub async fn by_name(db: &Db, name: &str) -> sqlx::Result<Option<SourceRow>> {
    reading!(db, |pool| sqlx::query_as(
        "SELECT id, name FROM source WHERE name = $1"
    )
    .bind(name)
    .fetch_optional(pool)
    .await)
}
