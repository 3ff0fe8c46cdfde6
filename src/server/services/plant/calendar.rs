//! Writes the calendar of a definition.

use super::{Moments, known};
use crate::domain::calendar::{ShiftPattern, ShiftRule};
use crate::domain::dated::Dated;
use crate::domain::day::LocalDay;
use crate::domain::ids::LineId;
use crate::domain::plant::{LineDef, PlantDef, ShiftDef};
use crate::domain::time::Span;
use crate::server::db::Tx;
use crate::server::db::calendar::{self as rows, RuleRow};
use crate::server::plant::Plant;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;

/// Writes shifts, the shifts of lines, holidays, exceptions and planned stops.
pub(super) async fn write(
    tx: &mut Tx,
    def: &PlantDef,
    before: &Plant,
    lines: &HashMap<&str, LineId>,
    at: &Moments,
) -> sqlx::Result<()> {
    let mut shifts = HashMap::new();
    for shift in &def.shifts {
        shifts.insert(shift.name.as_str(), put_shift(tx, shift, before, at).await?);
    }
    for line in &def.lines {
        put_list(tx, line, known(lines, &line.code)?, before, at).await?;
    }
    for holiday in &def.holidays {
        let day = day(&holiday.day)?;
        if holiday.withdrawn {
            rows::withdraw_holiday(tx, day, &holiday.name).await?;
            continue;
        }
        let resting = holiday.lines.iter().map(|l| Ok(known(lines, l)?.0));
        let resting: Vec<i64> = resting.collect::<sqlx::Result<_>>()?;
        rows::put_holiday(tx, day, &holiday.name, &json(&resting)?).await?;
    }
    for exception in &def.exceptions {
        let (line, day) = (known(lines, &exception.line)?, day(&exception.day)?);
        if exception.withdrawn {
            rows::withdraw_exception(tx, line, day).await?;
            continue;
        }
        let named = exception.shifts.iter().map(|s| known(&shifts, s));
        let named: Vec<i64> = named.collect::<sqlx::Result<_>>()?;
        rows::put_exception(tx, line, day, &json(&named)?, &exception.name).await?;
    }
    for stop in &def.planned_stops {
        let line = known(lines, &stop.line)?;
        let span = Span::clamped(at.instant(&stop.from)?, at.instant(&stop.to)?);
        if stop.withdrawn {
            rows::withdraw_stop(tx, line, span.from()).await?;
        } else {
            rows::put_stop(tx, line, span, &stop.name).await?;
        }
    }
    Ok(())
}

/// A day that the definition was checked to hold.
fn day(text: &str) -> sqlx::Result<LocalDay> {
    LocalDay::parse(text).ok_or(sqlx::Error::RowNotFound)
}

async fn put_shift(
    tx: &mut Tx,
    shift: &ShiftDef,
    before: &Plant,
    at: &Moments,
) -> sqlx::Result<i64> {
    let id = rows::put_pattern(tx, &shift.name).await?;
    let old = before.pattern(&shift.name);
    let old = old.map(|p| p.rules.clone()).unwrap_or_default();
    let given = vec![(shift.from_day(), shift.rule())];
    let new = old.revised(given, LocalDay::SINCE_EVER, at.tomorrow, PartialEq::eq);
    if new != old {
        rows::clear_rules(tx, id).await?;
        for (from, rule) in new.entries() {
            rows::put_rule(tx, &row(id, *from, rule)?).await?;
        }
    }
    Ok(id)
}

fn row(shift_id: i64, from: LocalDay, rule: &ShiftRule) -> sqlx::Result<RuleRow> {
    Ok(RuleRow {
        shift_id,
        valid_from: from.0,
        days: rule.days,
        start_min: rule.start_min,
        end_min: rule.end_min,
        breaks: json(&rule.breaks)?,
        until: rule.until.map(|d| d.0),
        anchor: rule.anchor.map(|d| d.0),
        cycle_weeks: rule.cycle_weeks,
        weeks: json(&rule.weeks)?,
        crews: json(&rule.crews)?,
    })
}

async fn put_list(
    tx: &mut Tx,
    line: &LineDef,
    id: LineId,
    before: &Plant,
    at: &Moments,
) -> sqlx::Result<()> {
    let names = |patterns: &[Arc<ShiftPattern>]| {
        let mut names: Vec<String> = patterns.iter().map(|p| p.name.clone()).collect();
        names.sort();
        names
    };
    let lists = before
        .lines
        .iter()
        .find(|l| l.id == id)
        .map(|l| &l.calendar.lists);
    let lists = lists.map(|l| l.entries()).unwrap_or_default();
    let old = Dated::new(
        lists
            .iter()
            .map(|(from, list)| (*from, names(list)))
            .collect(),
    );
    let mut wanted = line.shifts.clone();
    wanted.sort();
    let from = line.shifts_from.as_deref().map(day).transpose()?;
    let new = old.revised(
        vec![(from, wanted)],
        LocalDay::SINCE_EVER,
        at.tomorrow,
        PartialEq::eq,
    );
    if new != old {
        rows::clear_lists(tx, id).await?;
        for (from, list) in new.entries() {
            let mut ids = Vec::with_capacity(list.len());
            for name in list {
                ids.push(rows::put_pattern(tx, name).await?);
            }
            rows::put_list(tx, id, *from, &json(&ids)?).await?;
        }
    }
    Ok(())
}

fn json<T: Serialize>(value: &T) -> sqlx::Result<String> {
    serde_json::to_string(value).map_err(|e| sqlx::Error::Encode(Box::new(e)))
}
