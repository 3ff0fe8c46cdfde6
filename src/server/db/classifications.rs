//! What people said about stops. Rows are added, never changed.

use super::stretches::{Stretch, Stretches};
use super::{Tx, writing};
use crate::domain::classification::Classification;
use crate::domain::ids::{MachineId, ReasonId};
use crate::domain::part::Given;
use crate::domain::reason::{Category, Cause};
use crate::domain::time::TsMs;
use std::sync::LazyLock;

/// A classification with one of its reasons, or without any.
#[derive(sqlx::FromRow)]
struct Row {
    place: i64,
    id: i64,
    from_ms: i64,
    to_ms: Option<i64>,
    confirmed: i64,
    comment: String,
    author: String,
    made_ms: i64,
    part_from: Option<i64>,
    part_to: Option<i64>,
    reason_id: Option<i64>,
    category: Option<String>,
}

impl Row {
    fn given(&self) -> sqlx::Result<Option<Given>> {
        let (Some(from), Some(reason), Some(category)) =
            (self.part_from, self.reason_id, &self.category)
        else {
            return Ok(None);
        };
        let category = Category::from_name(category).ok_or_else(|| {
            sqlx::Error::Decode(format!("category '{category}' is not known").into())
        })?;
        Ok(Some(Given {
            from: TsMs(from),
            to: self.part_to.map(TsMs),
            cause: Cause {
                reason: ReasonId(reason),
                category,
            },
        }))
    }
}

fn gather(mut rows: Vec<Row>) -> sqlx::Result<Vec<Classification>> {
    rows.sort_unstable_by_key(|row| (row.id, row.part_from));
    let mut out: Vec<Classification> = Vec::new();
    for row in rows {
        let given = row.given()?;
        match out.last_mut() {
            Some(last) if last.id == row.id => last.reasons.extend(given),
            _ => out.push(Classification {
                id: row.id,
                from: TsMs(row.from_ms),
                to: row.to_ms.map(TsMs),
                reasons: given.into_iter().collect(),
                confirmed: row.confirmed != 0,
                comment: row.comment,
                author: row.author,
                made: TsMs(row.made_ms),
            }),
        }
    }
    Ok(out)
}

static ABOUT: LazyLock<Stretches> = LazyLock::new(|| {
    Stretches::new(
        "c.id, c.from_ms, c.to_ms, c.confirmed, c.comment, c.author, c.made_ms,
            g.from_ms AS part_from, g.to_ms AS part_to, g.reason_id, r.category",
        "classification c LEFT JOIN given_reason g ON g.classification_id = c.id LEFT JOIN reason r ON r.id = g.reason_id",
        "c.machine_id = asked.machine_id AND c.known_ms > asked.from_ms AND c.from_ms < asked.to_ms",
    )
});

/// What was said about any of each stretch, which must hold whole stops; in the order of the numbers.
///
/// # Errors
/// The engine's, or a stored category that is not known.
pub async fn about(tx: &mut Tx, asked: &[Stretch]) -> sqlx::Result<Vec<Vec<Classification>>> {
    let found = ABOUT.read(tx, asked, |row: Row| Ok((row.place, row)));
    found.await?.into_iter().map(gather).collect()
}

/// Adds one and returns its number; the `id` that it carries is not looked at.
///
/// # Errors
/// The engine's.
pub async fn add(tx: &mut Tx, machine: MachineId, said: &Classification) -> sqlx::Result<i64> {
    const SAY: &str = "INSERT INTO classification
            (machine_id, from_ms, to_ms, known_ms, confirmed, comment, author, made_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id";
    const GIVE: &str = "INSERT INTO given_reason (classification_id, from_ms, to_ms, reason_id)
        VALUES ($1, $2, $3, $4)";
    let id: i64 = writing!(&mut *tx, |conn| {
        let query = sqlx::query_scalar(SAY)
            .bind(machine.0)
            .bind(said.from.0)
            .bind(said.to.map(|t| t.0))
            .bind(said.to.unwrap_or(said.made).0);
        query
            .bind(i64::from(said.confirmed))
            .bind(&said.comment)
            .bind(&said.author)
            .bind(said.made.0)
            .fetch_one(conn)
            .await?
    });
    for given in &said.reasons {
        writing!(&mut *tx, |conn| {
            let query = sqlx::query(GIVE).bind(id).bind(given.from.0);
            query
                .bind(given.to.map(|t| t.0))
                .bind(given.cause.reason.0)
                .execute(conn)
                .await?;
        });
    }
    Ok(id)
}
