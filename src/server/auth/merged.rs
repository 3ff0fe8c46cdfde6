//! Refusals on the audit trail: the first of its kind at once, those that follow within a minute as one row with their
//! number, so that a flood of them costs a row a minute.

use crate::domain::time::{DurMs, MINUTE_MS, TsMs};
use crate::server::db::audit::{self, AuditRow};
use crate::server::state::App;
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What follows within this time is counted.
const TOGETHER: DurMs = DurMs(MINUTE_MS);

/// So many kinds are told apart at once; who comes beyond is counted with others, from wherever they come. Whoever has many
/// addresses costs no more rows than these, and no more memory.
const MOST: usize = 256;
/// From where those beyond come, as the record says it.
const OTHERS: &str = "others";

/// What is told apart: who was refused what, and from where. With which request tells the row of the last one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kind {
    actor: (String, Option<i64>),
    device: String,
    address: String,
    action: String,
    target: String,
    was: String,
    why: String,
}

impl Kind {
    fn of(row: &AuditRow) -> Self {
        Self {
            actor: (row.actor_kind.clone(), row.actor_id),
            device: row.device.clone(),
            address: row.address.clone(),
            action: row.action.clone(),
            target: row.target.clone(),
            was: row.was.clone(),
            why: row.why.clone(),
        }
    }

    /// The kind of a row among those that are held: where there is no room for one more, that of others.
    fn among(held: &HashMap<Self, Held>, row: &AuditRow) -> Self {
        let kind = Self::of(row);
        if held.len() < MOST || held.contains_key(&kind) {
            return kind;
        }
        Self {
            device: String::new(),
            address: OTHERS.to_owned(),
            ..kind
        }
    }

    /// The row as it is told of this kind.
    fn told(&self, row: AuditRow) -> AuditRow {
        AuditRow {
            device: self.device.clone(),
            address: self.address.clone(),
            ..row
        }
    }
}

#[derive(Debug)]
struct Held {
    since: TsMs,
    more: u32,
    last: AuditRow,
}

impl Held {
    fn is_over(&self, now: TsMs) -> bool {
        // Also a clock that was set back ends it.
        !(DurMs::ZERO..TOGETHER).contains(&(now - self.since))
    }
}

/// Refusals of the last minute.
#[derive(Debug, Default)]
pub struct Merged(Mutex<HashMap<Kind, Held>>);

impl Merged {
    fn lock(&self) -> MutexGuard<'_, HashMap<Kind, Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The row to be written now; `None`: it is counted.
    fn add(&self, row: AuditRow) -> Option<AuditRow> {
        let now = TsMs(row.at_ms);
        let mut held = self.lock();
        let kind = Kind::among(&held, &row);
        let row = kind.told(row);
        if let Some(known) = held.get_mut(&kind).filter(|known| !known.is_over(now)) {
            known.more = known.more.saturating_add(1);
            known.last = row;
            return None;
        }
        let first = Held {
            since: now,
            more: 0,
            last: row.clone(),
        };
        let counted = held.insert(kind, first).map_or(0, |before| before.more);
        Some(with_number(row, counted.saturating_add(1)))
    }

    /// The rows that are counted and whose minute is over; the others of that time are forgotten.
    fn take_due(&self, now: TsMs) -> Vec<(AuditRow, u32)> {
        let mut held = self.lock();
        let over = held.extract_if(|_, held| held.is_over(now));
        let counted = over.filter(|(_, held)| held.more > 0);
        counted.map(|(_, held)| (held.last, held.more)).collect()
    }

    /// They could not be written: they are counted on.
    fn put_back(&self, rows: Vec<(AuditRow, u32)>) {
        let mut held = self.lock();
        for (row, more) in rows {
            let since = TsMs(row.at_ms);
            let known = held.entry(Kind::of(&row)).or_insert(Held {
                since,
                more: 0,
                last: row,
            });
            known.more = known.more.saturating_add(more);
        }
    }

    /// It could not be written: the next one of its kind is the first again.
    fn forget(&self, row: &AuditRow) {
        self.lock().remove(&Kind::of(row));
    }
}

fn with_number(mut row: AuditRow, times: u32) -> AuditRow {
    if times > 1 {
        row.became = json!({ "times": times }).to_string();
    }
    row
}

/// Puts a refusal on record, or counts it.
///
/// # Errors
/// The engine's.
pub async fn on_record(app: &App, row: AuditRow) -> sqlx::Result<()> {
    let Some(row) = app.merged.add(row) else {
        return Ok(());
    };
    let written = write(app, std::slice::from_ref(&row)).await;
    if written.is_err() {
        app.merged.forget(&row);
    }
    written
}

/// Writes down what was counted and whose minute is over.
///
/// # Errors
/// The engine's; what was not written is counted on.
pub async fn write_due(app: &App, now: TsMs) -> sqlx::Result<()> {
    let due = app.merged.take_due(now);
    let rows = due.iter().cloned();
    let rows: Vec<AuditRow> = rows.map(|(row, times)| with_number(row, times)).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let written = write(app, &rows).await;
    if written.is_err() {
        app.merged.put_back(due);
    }
    written
}

async fn write(app: &App, rows: &[AuditRow]) -> sqlx::Result<()> {
    let mut tx = app.db.begin().await?;
    for row in rows {
        audit::add(&mut tx, row).await?;
    }
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(at: i64, target: &str) -> AuditRow {
        AuditRow {
            at_ms: at,
            action: "denied".to_owned(),
            target: target.to_owned(),
            ..AuditRow::default()
        }
    }

    #[test]
    fn the_first_is_told_at_once_and_the_others_of_its_minute_by_their_number() {
        let merged = Merged::default();
        assert_eq!(merged.add(row(0, "a")), Some(row(0, "a")));
        assert_eq!(merged.add(row(1, "b")), Some(row(1, "b")), "another kind");
        for at in 10..15 {
            assert_eq!(merged.add(row(at, "a")), None);
        }
        let next = merged.add(row(MINUTE_MS, "a")).expect("a row");
        assert_eq!(
            (next.at_ms, next.became.as_str()),
            (MINUTE_MS, r#"{"times":6}"#)
        );
        assert_eq!(merged.add(row(MINUTE_MS + 1, "a")), None);
        assert!(
            merged.take_due(TsMs(MINUTE_MS + 2)).is_empty(),
            "its minute goes on"
        );
        let due = merged.take_due(TsMs(2 * MINUTE_MS));
        assert_eq!(due, [(row(MINUTE_MS + 1, "a"), 1)]);
        assert!(merged.lock().is_empty(), "nothing is remembered for good");
        merged.put_back(due.clone());
        assert_eq!(merged.take_due(TsMs(3 * MINUTE_MS)), due);
    }

    #[test]
    fn one_place_is_told_from_another_as_long_as_there_is_room() {
        let from = |address: String| AuditRow {
            address,
            ..row(0, "a")
        };
        let merged = Merged::default();
        let many = (0..1_000).map(|n| from(format!("10.0.{}.{}", n / 250, n % 250)));
        let told: Vec<AuditRow> = many.clone().filter_map(|row| merged.add(row)).collect();
        assert_eq!(told.len(), MOST + 1);
        assert_eq!(told[MOST], from(OTHERS.to_owned()));
        assert!(many.clone().all(|row| merged.add(row).is_none()));
        assert_eq!(merged.lock().len(), MOST + 1);
        let due = merged.take_due(TsMs(2 * MINUTE_MS));
        let times = |address: &str| {
            let of = due.iter().filter(|(row, _)| row.address == address);
            of.map(|(_, more)| *more).collect::<Vec<u32>>()
        };
        assert_eq!(times("10.0.0.7"), [1]);
        let beyond = 2 * (1_000 - 256) - 1;
        assert_eq!(times(OTHERS), [beyond]);
        merged.put_back(due.clone());
        assert_eq!(merged.lock().len(), due.len());
        merged.take_due(TsMs(3 * MINUTE_MS));
        assert!(merged.add(from("10.9.9.9".to_owned())).is_some());
    }

    #[test]
    fn what_could_not_be_written_is_no_first_one() {
        let merged = Merged::default();
        merged.add(row(0, "a"));
        merged.forget(&row(0, "a"));
        assert!(merged.add(row(1, "a")).is_some());
    }
}
