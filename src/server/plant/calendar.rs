//! Calendars of lines from their rows.

use crate::domain::calendar::{LineCalendar, ShiftPattern, ShiftRule, merged};
use crate::domain::dated::Dated;
use crate::domain::day::LocalDay;
use crate::domain::ids::LineId;
use crate::domain::shift::PlannedStop;
use crate::domain::time::{Span, TsMs};
use crate::server::db::calendar::{CalendarRows, RuleRow, StopRow};
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::sync::Arc;

/// The calendars of a plant.
#[derive(Clone, Debug, Default)]
pub struct Calendars {
    /// Shifts by their numbers.
    pub patterns: HashMap<i64, Arc<ShiftPattern>>,
    /// Lines that have one.
    pub lines: HashMap<LineId, LineCalendar>,
}

impl Calendars {
    /// Reads the rows; a list that names a shift that is not there is an error.
    pub(super) fn from_rows(rows: &CalendarRows, lines: &[LineId]) -> sqlx::Result<Self> {
        let mut rules: HashMap<i64, Vec<(LocalDay, ShiftRule)>> = HashMap::new();
        for row in &rows.rules {
            let from = LocalDay(row.valid_from);
            rules
                .entry(row.shift_id)
                .or_default()
                .push((from, rule(row)?));
        }
        let mut out = Self::default();
        for row in &rows.patterns {
            let pattern = ShiftPattern {
                name: row.name.clone(),
                rules: Dated::new(rules.remove(&row.id).unwrap_or_default()),
            };
            out.patterns.insert(row.id, Arc::new(pattern));
        }
        for line in lines {
            let calendar = out.line(rows, *line)?;
            out.lines.insert(*line, calendar);
        }
        Ok(out)
    }

    fn line(&self, rows: &CalendarRows, line: LineId) -> sqlx::Result<LineCalendar> {
        let mut lists = Vec::new();
        for row in rows.lists.iter().filter(|r| r.line_id == line.0) {
            lists.push((LocalDay(row.valid_from), self.named(&row.shifts)?));
        }
        let mut calendar = LineCalendar {
            lists: Dated::new(lists),
            ..LineCalendar::default()
        };
        for row in &rows.holidays {
            let lines: Vec<i64> = json(&row.lines)?;
            if lines.is_empty() || lines.contains(&line.0) {
                calendar.holidays.insert(LocalDay(row.day));
            }
        }
        for row in rows.exceptions.iter().filter(|r| r.line_id == line.0) {
            let named = self.named(&row.shifts)?;
            calendar.exceptions.insert(LocalDay(row.day), named);
        }
        let stops = rows.stops.iter().filter(|r| r.line_id == line.0);
        let stop = |row: &StopRow| PlannedStop {
            span: Span::clamped(TsMs(row.from_ms), TsMs(row.to_ms)),
            name: row.name.clone(),
        };
        calendar.stops = merged(stops.map(stop).collect());
        Ok(calendar)
    }

    fn named(&self, ids: &str) -> sqlx::Result<Vec<Arc<ShiftPattern>>> {
        let ids: Vec<i64> = json(ids)?;
        let pattern = |id| {
            self.patterns
                .get(id)
                .cloned()
                .ok_or(sqlx::Error::RowNotFound)
        };
        ids.iter().map(pattern).collect()
    }
}

fn rule(row: &RuleRow) -> sqlx::Result<ShiftRule> {
    Ok(ShiftRule {
        days: row.days,
        start_min: row.start_min,
        end_min: row.end_min,
        breaks: json(&row.breaks)?,
        until: row.until.map(LocalDay),
        anchor: row.anchor.map(LocalDay),
        cycle_weeks: row.cycle_weeks,
        weeks: json(&row.weeks)?,
        crews: json(&row.crews)?,
    })
}

fn json<T: DeserializeOwned>(text: &str) -> sqlx::Result<T> {
    serde_json::from_str(text).map_err(|e| sqlx::Error::Decode(Box::new(e)))
}
