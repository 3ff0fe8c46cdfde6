//! Statements that read stretches of many machines at once. Each statement is a walk to the engine and back: a line's
//! window is read in a few of them, however many machines and edges it has.

use super::Tx;
use crate::domain::ids::MachineId;
use crate::domain::time::Span;
use sqlx::FromRow;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;

/// What is asked for: a machine, and when.
pub type Stretch = (MachineId, Span);

/// A statement over any number of stretches.
pub struct Stretches {
    sqlite: String,
    postgres: String,
}

/// The stretches as a table; `place` counts from zero. The text must not depend on how many there are: one engine takes
/// lists, the other reads JSON.
const ASKED: [&str; 2] = [
    "WITH asked (place, machine_id, from_ms, to_ms) AS (
        SELECT key, value ->> 0, value ->> 1, value ->> 2 FROM json_each($1))",
    "WITH asked (place, machine_id, from_ms, to_ms) AS (
        SELECT n - 1, machine_id, from_ms, to_ms FROM unnest($1::BIGINT[], $2::BIGINT[], $3::BIGINT[])
            WITH ORDINALITY AS list (machine_id, from_ms, to_ms, n))",
];

impl Stretches {
    /// Reads `columns` of the rows of `tables` that fulfil `condition`, after the column `place`. The condition may speak
    /// of `asked.machine_id`, `asked.from_ms` and `asked.to_ms`.
    #[must_use]
    pub fn new(columns: &str, tables: &str, condition: &str) -> Self {
        let [sqlite, postgres] = ASKED;
        Self {
            // A cross join keeps the order of the loops: each stretch is looked up in the index.
            sqlite: format!(
                "{sqlite} SELECT asked.place, {columns} FROM asked CROSS JOIN {tables} WHERE {condition}"
            ),
            // The same. Without OFFSET 0 the planner could join whole tables: it cannot know how short stretches are.
            postgres: format!(
                "{postgres} SELECT asked.place, found.* FROM asked
                CROSS JOIN LATERAL (SELECT {columns} FROM {tables} WHERE {condition} OFFSET 0) AS found"
            ),
        }
    }

    /// Reads one row of `columns` for each stretch, after the column `place`.
    #[must_use]
    pub fn one_each(columns: &str) -> Self {
        Self {
            sqlite: format!("{} SELECT place, {columns} FROM asked", ASKED[0]),
            postgres: format!("{} SELECT place, {columns} FROM asked", ASKED[1]),
        }
    }

    /// What `each` makes of the rows and their places, by stretch; within a stretch in no particular order.
    ///
    /// # Errors
    /// The engine's, or that of `each`.
    pub async fn read<R, T>(
        &'static self,
        tx: &mut Tx,
        asked: &[Stretch],
        each: impl Fn(R) -> sqlx::Result<(i64, T)>,
    ) -> sqlx::Result<Vec<Vec<T>>>
    where
        R: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let mut out: Vec<Vec<T>> = asked.iter().map(|_| Vec::new()).collect();
        if asked.is_empty() {
            return Ok(out);
        }
        for row in self.rows(tx, asked).await? {
            let (place, found) = each(row)?;
            let place = usize::try_from(place).ok();
            let stretch = place.and_then(|place| out.get_mut(place));
            stretch
                .ok_or_else(|| sqlx::Error::Decode("a row of no stretch".into()))?
                .push(found);
        }
        Ok(out)
    }

    async fn rows<R>(&'static self, tx: &mut Tx, asked: &[Stretch]) -> sqlx::Result<Vec<R>>
    where
        R: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let asked = asked
            .iter()
            .map(|(m, span)| (m.0, span.from().0, span.to().0));
        match tx {
            Tx::Sqlite(tx) => {
                let list = serde_json::to_string(&asked.collect::<Vec<_>>())
                    .map_err(|e| sqlx::Error::Encode(Box::new(e)))?;
                let query = sqlx::query_as(self.sqlite.as_str()).bind(list);
                query.fetch_all(&mut **tx).await
            }
            Tx::Postgres(tx) => {
                let (machines, (from, to)): (Vec<i64>, (Vec<i64>, Vec<i64>)) = asked
                    .map(|(machine, from, to)| (machine, (from, to)))
                    .unzip();
                let query = sqlx::query_as(self.postgres.as_str()).bind(machines);
                query.bind(from).bind(to).fetch_all(&mut **tx).await
            }
        }
    }
}
