//! Cells as they are read: one by one, or summed over a stretch of time.

use super::{AccountRow, Level, LossRow, list};
use crate::domain::ids::LineId;
use crate::domain::time::Span;
use crate::server::db::{Tx, writing};
use std::sync::LazyLock;

/// The cells that make up a stretch of time: of each level a stretch on the left and one on the right; either may be empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ranges {
    /// Of hours, shifts, days and months.
    pub sides: [[Span; 2]; 4],
    /// Of quarters.
    pub quarters: Span,
}

/// Whose losses by reason are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossesOf {
    /// The line's own and those of each of its machines.
    All,
    /// Only the line's own: of a year they are a few rows instead of hundreds.
    TheLine,
}

/// The sum over all cells of `ranges`, by machine and product, and the same by loss.
///
/// # Errors
/// The engine's.
pub async fn total(
    tx: &mut Tx,
    line: LineId,
    ranges: &Ranges,
    losses_of: LossesOf,
) -> sqlx::Result<(Vec<AccountRow>, Vec<LossRow>)> {
    static ACCOUNTS: LazyLock<String> = LazyLock::new(|| {
        format!(
            "SELECT MIN(from_ms), machine_id, product_id, {} FROM ({}) AS cells GROUP BY machine_id, product_id",
            list(|c| format!("CAST(SUM({c}) AS BIGINT)")),
            in_ranges("rollup", "")
        )
    });
    static LOSSES: LazyLock<[String; 2]> = LazyLock::new(|| {
        ["", "AND machine_id = 0"].map(|whose| format!(
            "SELECT MIN(from_ms), machine_id, bucket, minor, reason_id, CAST(SUM(time_ms) AS BIGINT),
                CAST(SUM(stops) AS BIGINT) FROM ({}) AS cells GROUP BY machine_id, bucket, minor, reason_id",
            in_ranges("rollup_loss", whose)
        ))
    });
    let [all, the_line] = &*LOSSES;
    let losses = match losses_of {
        LossesOf::All => all,
        LossesOf::TheLine => the_line,
    };
    let bounds = ranges.sides.iter().flatten().chain([&ranges.quarters]);
    let bounds: Vec<i64> = bounds.flat_map(|s| [s.from().0, s.to().0]).collect();
    Ok((
        writing!(tx, |conn| {
            let mut query = sqlx::query_as(ACCOUNTS.as_str()).bind(line.0);
            for bound in &bounds {
                query = query.bind(bound);
            }
            query.fetch_all(conn).await?
        }),
        writing!(tx, |conn| {
            let mut query = sqlx::query_as(losses.as_str()).bind(line.0);
            for bound in &bounds {
                query = query.bind(bound);
            }
            query.fetch_all(conn).await?
        }),
    ))
}

/// The rows of a table in the stretches of [`Ranges`], as far as `whose` says.
fn in_ranges(table: &str, whose: &str) -> String {
    let [sides @ .., quarter] = Level::ALL;
    let levels = sides.into_iter().flat_map(|side| [side, side]);
    let one = |(place, level): (usize, Level)| {
        let (from, to) = (2 * place + 2, 2 * place + 3);
        format!(
            "SELECT * FROM {table} WHERE line_id = $1 AND level = {} AND from_ms >= ${from} AND from_ms < ${to} {whose}",
            level.code()
        )
    };
    let all: Vec<String> = levels.chain([quarter]).enumerate().map(one).collect();
    all.join(" UNION ALL ")
}

/// The cells of one level that start in `span`, in order of time.
///
/// # Errors
/// The engine's.
pub async fn cells(
    tx: &mut Tx,
    line: LineId,
    level: Level,
    span: Span,
) -> sqlx::Result<(Vec<AccountRow>, Vec<LossRow>)> {
    static ACCOUNTS: LazyLock<String> = LazyLock::new(|| {
        format!(
            "SELECT from_ms, machine_id, product_id, {} FROM rollup
            WHERE line_id = $1 AND level = $2 AND from_ms >= $3 AND from_ms < $4 ORDER BY from_ms",
            list(str::to_owned)
        )
    });
    const LOSSES: &str =
        "SELECT from_ms, machine_id, bucket, minor, reason_id, time_ms, stops FROM rollup_loss
        WHERE line_id = $1 AND level = $2 AND from_ms >= $3 AND from_ms < $4 ORDER BY from_ms";
    Ok((
        writing!(tx, |conn| {
            let query = sqlx::query_as(ACCOUNTS.as_str())
                .bind(line.0)
                .bind(level.code());
            query
                .bind(span.from().0)
                .bind(span.to().0)
                .fetch_all(conn)
                .await?
        }),
        writing!(tx, |conn| {
            let query = sqlx::query_as(LOSSES).bind(line.0).bind(level.code());
            query
                .bind(span.from().0)
                .bind(span.to().0)
                .fetch_all(conn)
                .await?
        }),
    ))
}
