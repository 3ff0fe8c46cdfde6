//! The tree of reasons as it is stored.

use super::{Db, Tx, reading, writing};
use crate::domain::ids::{LineId, ReasonId};
use crate::domain::plant::ReasonDef;
use crate::domain::reason::{DEFAULT_REASONS, DefaultReason};
use crate::domain::time::TsMs;

/// A reason.
#[derive(Clone, Debug, serde::Serialize, sqlx::FromRow)]
pub struct ReasonRow {
    pub id: i64,
    pub code: String,
    pub name: String,
    pub parent_id: Option<i64>,
    pub category: String,
    pub active: i64,
}

/// Adds the reasons that every plant starts with, as far as they are missing. Known ones stay as the plant has them.
///
/// # Errors
/// The engine's.
pub async fn seed(db: &Db) -> sqlx::Result<()> {
    let stored: Vec<String> = reading!(db, |pool| sqlx::query_scalar("SELECT code FROM reason")
        .fetch_all(pool)
        .await?);
    let is_missing = |r: &&DefaultReason| !stored.iter().any(|code| code == r.code);
    let missing: Vec<_> = DEFAULT_REASONS.iter().filter(is_missing).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    // Groups stand before what they hold.
    for reason in missing {
        const SQL: &str = "INSERT INTO reason (code, name, parent_id, category, active, position)
            VALUES ($1, $2, (SELECT id FROM reason WHERE code = $3), $4, 1,
                (SELECT COALESCE(MAX(position), -1) + 1 FROM reason))
            ON CONFLICT (code) DO NOTHING";
        writing!(&mut tx, |conn| {
            let query = sqlx::query(SQL)
                .bind(reason.code)
                .bind(reason.name)
                .bind(reason.parent);
            let query = query.bind(reason.category.name());
            query.execute(conn).await?;
        });
    }
    tx.commit().await
}

/// Writes the reasons of a definition: new codes are added behind the known ones, known ones changed.
///
/// # Errors
/// The engine's.
pub async fn put(tx: &mut Tx, reasons: &[ReasonDef]) -> sqlx::Result<()> {
    const PUT: &str = "INSERT INTO reason (code, name, category, active, position)
        VALUES ($1, $2, $3, $4, (SELECT COALESCE(MAX(position), -1) + 1 FROM reason))
        ON CONFLICT (code) DO UPDATE SET name = excluded.name, category = excluded.category, active = excluded.active";
    // A parent may stand behind what it holds, so the tree is tied together last.
    const TIE: &str =
        "UPDATE reason SET parent_id = (SELECT id FROM reason WHERE code = $2) WHERE code = $1";
    for reason in reasons {
        writing!(&mut *tx, |conn| {
            let query = sqlx::query(PUT).bind(&reason.code).bind(&reason.name);
            let query = query.bind(reason.category.name());
            query.bind(i64::from(reason.active)).execute(conn).await?;
        });
    }
    for reason in reasons {
        writing!(&mut *tx, |conn| {
            let query = sqlx::query(TIE).bind(&reason.code).bind(&reason.parent);
            query.execute(conn).await?;
        });
    }
    Ok(())
}

/// The reasons given on a line since an instant, most often first. Of what was said about one stop, only the last counts.
///
/// # Errors
/// The engine's.
pub async fn most_given(db: &Db, line: LineId, since: TsMs) -> sqlx::Result<Vec<ReasonId>> {
    const SQL: &str = "SELECT g.reason_id FROM classification c
        JOIN machine m ON m.id = c.machine_id
        JOIN given_reason g ON g.classification_id = c.id
        WHERE m.line_id = $1 AND c.made_ms >= $2
            AND NOT EXISTS (SELECT 1 FROM classification l WHERE l.machine_id = c.machine_id
                AND l.known_ms > c.from_ms AND l.from_ms = c.from_ms AND l.id > c.id)
        GROUP BY g.reason_id ORDER BY COUNT(*) DESC, g.reason_id";
    let ids: Vec<i64> = reading!(db, |pool| sqlx::query_scalar(SQL)
        .bind(line.0)
        .bind(since.0)
        .fetch_all(pool)
        .await?);
    Ok(ids.into_iter().map(ReasonId).collect())
}
