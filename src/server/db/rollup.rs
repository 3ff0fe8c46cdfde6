//! Roll-ups as they are stored: accounts by cell, and time lost by reason. What is still to be made is in `due`.

mod due;
mod make;
mod read;

pub use due::{Changed, Due, State, ask, ask_for_machines, forget, set_made, settle, state};
pub use make::{clear, put_hours, sum_up};
pub use read::{LossesOf, Ranges, cells, total};

use crate::domain::account::Account;
use crate::domain::ids::{MachineId, ProductId, ReasonId};
use crate::domain::machine_state::TimeBucket;
use crate::domain::reckon::{LossKey, Lost};
use crate::domain::time::{DurMs, TsMs};
use sqlx::{FromRow, Row};

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
