//! Roll-ups as they are stored: accounts by cell, time lost by reason, and what is still to be made.

use super::bulk::Bulk;
use super::{Tx, writing};
use crate::domain::account::Account;
use crate::domain::ids::{LineId, MachineId, ProductId, ReasonId};
use crate::domain::machine_state::TimeBucket;
use crate::domain::reckon::{LossKey, Lost};
use crate::domain::time::{DurMs, Span, TsMs};
use sqlx::{FromRow, Row};
use std::sync::LazyLock;

/// How coarse a cell is. The number is what the database stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i64)]
pub enum Level {
    /// A local hour, cut at the edges of shifts.
    Hour = 1,
    /// A shift, or the time between two shifts of one day.
    Shift = 2,
    /// A production day.
    Day = 3,
    /// The production days of a month.
    Month = 4,
    /// Those of three months: what a year is mostly made of.
    Quarter = 5,
}

impl Level {
    /// From the finest to the coarsest; each is the sum of the one before it.
    pub const ALL: [Self; 5] = [
        Self::Hour,
        Self::Shift,
        Self::Day,
        Self::Month,
        Self::Quarter,
    ];

    /// The number that the database stores.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }
}

/// The numbers of an account, column by column.
type Column = (&'static str, fn(&mut Account) -> &mut i64);
const COLUMNS: [Column; 38] = [
    ("not_scheduled_ms", |a| &mut a.not_scheduled.0),
    ("planned_ms", |a| &mut a.planned.0),
    ("run_ms", |a| &mut a.run.0),
    ("minor_ms", |a| &mut a.minor.0),
    ("unplanned_ms", |a| &mut a.unplanned.0),
    ("changeover_ms", |a| &mut a.changeover.0),
    ("starved_ms", |a| &mut a.starved.0),
    ("blocked_ms", |a| &mut a.blocked.0),
    ("unknown_ms", |a| &mut a.unknown.0),
    ("good", |a| &mut a.counts.good),
    ("scrap", |a| &mut a.counts.scrap),
    ("rework", |a| &mut a.counts.rework),
    ("ungraded", |a| &mut a.counts.ungraded),
    ("start_up", |a| &mut a.start_up),
    ("off_good", |a| &mut a.unscheduled.good),
    ("off_scrap", |a| &mut a.unscheduled.scrap),
    ("off_rework", |a| &mut a.unscheduled.rework),
    ("off_ungraded", |a| &mut a.unscheduled.ungraded),
    ("unknown_good", |a| &mut a.in_unknown.good),
    ("unknown_scrap", |a| &mut a.in_unknown.scrap),
    ("unknown_rework", |a| &mut a.in_unknown.rework),
    ("unknown_ungraded", |a| &mut a.in_unknown.ungraded),
    ("ideal_total_ns", |a| &mut a.ideal_total.0),
    ("ideal_good_ns", |a| &mut a.ideal_good.0),
    ("ideal_rework_ns", |a| &mut a.ideal_rework.0),
    ("ideal_start_up_ns", |a| &mut a.ideal_start_up.0),
    ("ideal_ungraded_ns", |a| &mut a.ideal_ungraded.0),
    ("ideal_planned_ns", |a| &mut a.ideal_planned.0),
    ("ideal_off_ns", |a| &mut a.ideal_off.0),
    ("ideal_unknown_ns", |a| &mut a.ideal_in_unknown.0),
    ("unrated", |a| &mut a.unrated),
    ("unrated_off", |a| &mut a.unrated_off),
    ("failures", |a| &mut a.failures),
    ("repairs", |a| &mut a.repairs),
    ("repair_ms", |a| &mut a.repair.0),
    ("minor_stops", |a| &mut a.minor_stops),
    ("waits", |a| &mut a.waits),
    ("changeovers", |a| &mut a.changeovers),
];

/// Writes `column`s, comma by comma.
fn list(column: impl Fn(&str) -> String) -> String {
    let columns: Vec<String> = COLUMNS.iter().map(|(name, _)| column(name)).collect();
    columns.join(", ")
}

/// Whose account: a machine's, or the line's own.
pub type Whose = Option<MachineId>;

/// An account of one product in one cell, or summed over several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// The cell's start; of a sum, the earliest.
    pub from: TsMs,
    /// Whose.
    pub whose: Whose,
    /// The product, if known.
    pub product: Option<ProductId>,
    /// The account.
    pub account: Account,
}

impl<'r, R: Row> FromRow<'r, R> for AccountRow
where
    i64: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    usize: sqlx::ColumnIndex<R>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        let mut account = Account::default();
        for (place, (_, field)) in COLUMNS.iter().enumerate() {
            *field(&mut account) = row.try_get(place + 3)?;
        }
        let (machine, product): (i64, i64) = (row.try_get(1)?, row.try_get(2)?);
        Ok(Self {
            from: TsMs(row.try_get(0)?),
            whose: (machine != 0).then_some(MachineId(machine)),
            product: (product != 0).then_some(ProductId(product)),
            account,
        })
    }
}

/// Time lost by one reason in one cell, or summed over several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LossRow {
    /// The cell's start; of a sum, the earliest.
    pub from: TsMs,
    /// Whose.
    pub whose: Whose,
    /// Which loss, and why.
    pub key: LossKey,
    /// How much.
    pub lost: Lost,
}

impl<'r, R: Row> FromRow<'r, R> for LossRow
where
    i64: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    usize: sqlx::ColumnIndex<R>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        let (machine, code, reason): (i64, i64, i64) =
            (row.try_get(1)?, row.try_get(2)?, row.try_get(4)?);
        let bucket = TimeBucket::from_code(code)
            .ok_or_else(|| sqlx::Error::Decode(format!("bucket {code} is not known").into()))?;
        Ok(Self {
            from: TsMs(row.try_get(0)?),
            whose: (machine != 0).then_some(MachineId(machine)),
            key: LossKey {
                bucket,
                minor: row.try_get::<i64, _>(3)? != 0,
                reason: (reason != 0).then_some(ReasonId(reason)),
            },
            lost: Lost {
                time: DurMs(row.try_get(5)?),
                stops: row.try_get(6)?,
            },
        })
    }
}

static ACCOUNTS: LazyLock<Bulk> = LazyLock::new(|| {
    let head = format!(
        "INSERT INTO rollup (line_id, level, from_ms, machine_id, product_id, {})",
        list(str::to_owned)
    );
    Bulk::new(&head, 5 + COLUMNS.len(), "")
});

static LOSSES: LazyLock<Bulk> = LazyLock::new(|| {
    let head = "INSERT INTO rollup_loss (line_id, level, from_ms, machine_id, bucket, minor, reason_id, time_ms, stops)";
    Bulk::new(head, 9, "")
});

/// Writes the cells of level 1 of a line.
///
/// # Errors
/// The engine's; also when a cell is there already.
pub async fn put_hours(
    tx: &mut Tx,
    line: LineId,
    accounts: &[AccountRow],
    losses: &[LossRow],
) -> sqlx::Result<()> {
    for (sql, piece) in ACCOUNTS.pieces(tx, accounts) {
        writing!(tx, |conn| {
            let mut query = sqlx::query(sql);
            for row in piece {
                query = query.bind(line.0).bind(Level::Hour.code()).bind(row.from.0);
                query = query
                    .bind(row.whose.map_or(0, |m| m.0))
                    .bind(row.product.map_or(0, |p| p.0));
                let mut account = row.account;
                for (_, field) in COLUMNS {
                    query = query.bind(*field(&mut account));
                }
            }
            query.execute(conn).await?;
        });
    }
    for (sql, piece) in LOSSES.pieces(tx, losses) {
        writing!(tx, |conn| {
            let mut query = sqlx::query(sql);
            for row in piece {
                query = query.bind(line.0).bind(Level::Hour.code()).bind(row.from.0);
                query = query
                    .bind(row.whose.map_or(0, |m| m.0))
                    .bind(row.key.bucket.code());
                query = query
                    .bind(i64::from(row.key.minor))
                    .bind(row.key.reason.map_or(0, |r| r.0));
                query = query.bind(row.lost.time.0).bind(row.lost.stops);
            }
            query.execute(conn).await?;
        });
    }
    Ok(())
}

/// Removes the cells of one level that start in `span`.
///
/// # Errors
/// The engine's.
pub async fn clear(tx: &mut Tx, line: LineId, level: Level, span: Span) -> sqlx::Result<()> {
    const SQL: [&str; 2] = [
        "DELETE FROM rollup WHERE line_id = $1 AND level = $2 AND from_ms >= $3 AND from_ms < $4",
        "DELETE FROM rollup_loss WHERE line_id = $1 AND level = $2 AND from_ms >= $3 AND from_ms < $4",
    ];
    for sql in SQL {
        writing!(tx, |conn| {
            let query = sqlx::query(sql).bind(line.0).bind(level.code());
            query
                .bind(span.from().0)
                .bind(span.to().0)
                .execute(conn)
                .await?;
        });
    }
    Ok(())
}

/// Makes the cell of `level` that is `span` anew, as the sum of the cells of the finer level inside it.
///
/// # Errors
/// The engine's.
pub async fn sum_up(
    tx: &mut Tx,
    line: LineId,
    level: Level,
    finer: Level,
    span: Span,
) -> sqlx::Result<()> {
    static ACCOUNTS: LazyLock<String> = LazyLock::new(|| {
        format!(
            "INSERT INTO rollup (line_id, level, from_ms, machine_id, product_id, {})
            SELECT line_id, $2, $4, machine_id, product_id, {} FROM rollup
            WHERE line_id = $1 AND level = $3 AND from_ms >= $4 AND from_ms < $5
            GROUP BY line_id, machine_id, product_id",
            list(str::to_owned),
            list(|c| format!("CAST(SUM({c}) AS BIGINT)"))
        )
    });
    const LOSSES: &str = "INSERT INTO rollup_loss (line_id, level, from_ms, machine_id, bucket, minor, reason_id, time_ms, stops)
        SELECT line_id, $2, $4, machine_id, bucket, minor, reason_id, CAST(SUM(time_ms) AS BIGINT), CAST(SUM(stops) AS BIGINT)
        FROM rollup_loss WHERE line_id = $1 AND level = $3 AND from_ms >= $4 AND from_ms < $5
        GROUP BY line_id, machine_id, bucket, minor, reason_id";
    clear(tx, line, level, span).await?;
    for sql in [ACCOUNTS.as_str(), LOSSES] {
        writing!(tx, |conn| {
            let query = sqlx::query(sql)
                .bind(line.0)
                .bind(level.code())
                .bind(finer.code());
            query
                .bind(span.from().0)
                .bind(span.to().0)
                .execute(conn)
                .await?;
        });
    }
    Ok(())
}

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

/// A stretch whose cells must be made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Which line.
    pub line: LineId,
    /// When.
    pub span: Span,
    /// The calendar changed: cells may have other edges.
    pub anew: bool,
}

/// Which of a line's cells are made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// All cells inside this are made; `None`: none are.
    pub made: Option<Span>,
    /// What must be made again, in order of time.
    pub due: Vec<Due>,
}

impl State {
    /// The stretch whose cells can be relied on.
    #[must_use]
    pub fn valid(&self) -> Option<Span> {
        let made = self.made?;
        let due = self.due.first().map_or(made.to(), |due| due.span.from());
        Some(Span::clamped(
            made.from(),
            due.min(made.to()).max(made.from()),
        ))
    }
}

/// Which of a line's cells are made.
///
/// # Errors
/// The engine's.
pub async fn state(tx: &mut Tx, line: LineId) -> sqlx::Result<State> {
    const MADE: &str = "SELECT made_from, made_to FROM rollup_state WHERE line_id = $1";
    const DUE: &str =
        "SELECT from_ms, to_ms, anew FROM rollup_due WHERE line_id = $1 ORDER BY from_ms, to_ms";
    let span = |from, to| Span::clamped(TsMs(from), TsMs(to));
    let made: Option<(i64, i64)> = writing!(tx, |conn| sqlx::query_as(MADE)
        .bind(line.0)
        .fetch_optional(conn)
        .await?);
    let due: Vec<(i64, i64, i64)> = writing!(tx, |conn| sqlx::query_as(DUE)
        .bind(line.0)
        .fetch_all(conn)
        .await?);
    let due = due.into_iter().map(|(from, to, anew)| Due {
        line,
        span: span(from, to),
        anew: anew != 0,
    });
    Ok(State {
        made: made.map(|(from, to)| span(from, to)),
        due: due.collect(),
    })
}

/// The cells of a line inside `made` are made.
///
/// # Errors
/// The engine's.
pub async fn set_made(tx: &mut Tx, line: LineId, made: Span) -> sqlx::Result<()> {
    const SQL: &str = "INSERT INTO rollup_state (line_id, made_from, made_to) VALUES ($1, $2, $3)
        ON CONFLICT (line_id) DO UPDATE SET made_from = excluded.made_from, made_to = excluded.made_to";
    writing!(tx, |conn| {
        let query = sqlx::query(SQL).bind(line.0);
        query
            .bind(made.from().0)
            .bind(made.to().0)
            .execute(conn)
            .await
            .map(drop)
    })
}

/// Asks for cells to be made again, as far as they are made. Whoever changes the past of a line asks in the same
/// transaction.
///
/// # Errors
/// The engine's.
pub async fn ask(tx: &mut Tx, due: Due) -> sqlx::Result<()> {
    const SQL: &str = "INSERT INTO rollup_due (line_id, from_ms, to_ms, anew)
        SELECT line_id, $2, CASE WHEN made_to < $3 THEN made_to ELSE $3 END, $4 FROM rollup_state
        WHERE line_id = $1 AND made_to > $2 ON CONFLICT DO NOTHING";
    writing!(tx, |conn| {
        let query = sqlx::query(SQL).bind(due.line.0).bind(due.span.from().0);
        query
            .bind(due.span.to().0)
            .bind(i64::from(due.anew))
            .execute(conn)
            .await
            .map(drop)
    })
}

/// A stretch in which the timeline of one machine changed.
#[derive(Clone, Copy, Debug)]
pub struct Changed {
    /// Whose line.
    pub line: LineId,
    /// Which machine.
    pub machine: MachineId,
    /// Which stretch.
    pub span: Span,
    /// How long a start-up lasts on the line.
    pub start_up: DurMs,
    /// How long a stop must be to be no minor one and no flicker: what lies further back in a stop is settled.
    pub settled: DurMs,
}

// Each stretch is widened to the whole stops at its edges, because a stop is judged by its whole length. States 2 to 6
// are stops, waits and changeovers. A changed end of a time off moves the start-up that follows it.
static ASK: LazyLock<Bulk> = LazyLock::new(|| {
    let head = "WITH changed (line_id, machine_id, from_ms, to_ms, start_up_ms, settled_ms) AS (";
    let tail = "), wide (line_id, from_ms, to_ms) AS MATERIALIZED (SELECT c.line_id,
            COALESCE((SELECT MIN(t.from_ms) FROM transition t WHERE t.machine_id = c.machine_id
                AND t.from_ms < c.from_ms AND t.from_ms >= c.from_ms - c.settled_ms AND t.from_ms > COALESCE((SELECT MAX(r.from_ms) FROM transition r
                    WHERE r.machine_id = c.machine_id AND r.from_ms < c.from_ms AND r.state NOT BETWEEN 2 AND 6),
                    -9223372036854775807)), c.from_ms),
            COALESCE((SELECT MIN(t.from_ms) FROM transition t WHERE t.machine_id = c.machine_id
                AND t.from_ms >= c.to_ms AND t.state NOT BETWEEN 2 AND 6) + c.start_up_ms, 9223372036854775807)
            FROM changed c)
        INSERT INTO rollup_due (line_id, from_ms, to_ms, anew)
        SELECT s.line_id, w.from_ms, CASE WHEN s.made_to < w.to_ms THEN s.made_to ELSE w.to_ms END, 0
        FROM wide w JOIN rollup_state s ON s.line_id = w.line_id WHERE s.made_to > w.from_ms ON CONFLICT DO NOTHING";
    Bulk::new(head, 6, tail)
});

/// The same for stretches in which the timeline of a machine changed, each widened to the whole stops at its edges.
///
/// # Errors
/// The engine's.
pub async fn ask_for_machines(tx: &mut Tx, changed: &[Changed]) -> sqlx::Result<()> {
    // Most of the time all that changed is newer than every cell.
    const MADE: &str = "SELECT COALESCE(MAX(made_to), -9223372036854775807) FROM rollup_state";
    let Some(first) = changed.iter().map(|c| c.span.from() - c.settled).min() else {
        return Ok(());
    };
    let made: i64 = writing!(&mut *tx, |conn| sqlx::query_scalar(MADE)
        .fetch_one(conn)
        .await?);
    if made <= first.0 {
        return Ok(());
    }
    for (sql, piece) in ASK.pieces(tx, changed) {
        writing!(tx, |conn| {
            let mut query = sqlx::query(sql);
            for c in piece {
                query = query.bind(c.line.0).bind(c.machine.0);
                query = query.bind(c.span.from().0).bind(c.span.to().0);
                query = query.bind(c.start_up.0).bind(c.settled.0);
            }
            query.execute(conn).await?;
        });
    }
    Ok(())
}

/// None of a line's cells are made.
///
/// # Errors
/// The engine's.
pub async fn forget(tx: &mut Tx, line: LineId) -> sqlx::Result<()> {
    const SQL: &str = "DELETE FROM rollup_state WHERE line_id = $1";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(line.0)
        .execute(conn)
        .await
        .map(drop))
}

/// Forgets what was asked of a line: it is made.
///
/// # Errors
/// The engine's.
pub async fn settle(tx: &mut Tx, line: LineId) -> sqlx::Result<()> {
    const SQL: &str = "DELETE FROM rollup_due WHERE line_id = $1";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(line.0)
        .execute(conn)
        .await
        .map(drop))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All numbers in a JSON value.
    fn numbers(value: &serde_json::Value) -> usize {
        match value {
            serde_json::Value::Object(map) => map.values().map(numbers).sum(),
            _ => 1,
        }
    }

    #[test]
    fn every_number_of_an_account_has_a_column_of_its_own() {
        let json = serde_json::to_value(Account::default()).expect("JSON");
        assert_eq!(numbers(&json), COLUMNS.len());
        let mut account = Account::default();
        for (place, (_, field)) in (1..).zip(COLUMNS) {
            assert_eq!(
                *field(&mut account),
                0,
                "no other column is the same number"
            );
            *field(&mut account) = place;
        }
    }
}
