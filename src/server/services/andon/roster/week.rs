//! Who is on duty on a line, by day and shift of one week.

use super::named;
use crate::api::andon::roster::{WeekCell, WeekRow, WeekView};
use crate::domain::andon::{OnDuty, Rule, Slot};
use crate::domain::day::LocalDay;
use crate::domain::time::Span;
use crate::server::andon::slot::slots;
use crate::server::andon::whom::Directory;
use crate::server::auth::Ctx;
use crate::server::calendar;
use crate::server::db::andon::rules;
use crate::server::services::error::{ServiceError, invalid, not_found};
use std::collections::BTreeSet;

/// The week of a day, of all duties that somebody has or a rule calls.
///
/// # Errors
/// An unknown line, a day that no calendar has, the engine's.
pub async fn week(ctx: &Ctx, code: &str, day: LocalDay) -> Result<WeekView, ServiceError> {
    let plant = ctx.app().plant.get();
    let line = plant.line(code).ok_or_else(|| not_found("line", code))?;
    let site = plant.site.as_ref().ok_or_else(|| not_found("site", ""))?;
    let monday = day.monday();
    let midnight = |day: LocalDay| calendar::day_start(&site.zone, day);
    let bounds = midnight(monday).zip(midnight(monday.plus(7)));
    let (from, to) = bounds.ok_or_else(|| invalid("on", "is not in the calendar"))?;
    let mut tx = ctx.app().db.snapshot().await?;
    let directory = Directory::load(&mut tx).await?;
    let rules = rules::all_in(&mut tx).await?;
    let slots: Vec<Slot> = slots(site, line, Span::clamped(from, to));
    let shifts: Vec<Option<String>> = slots.iter().fold(vec![], |mut all, slot| {
        if !all.contains(&slot.shift) {
            all.push(slot.shift.clone());
        }
        all
    });
    let calls = |rule: &Rule, shift: &Option<String>| {
        rule.line.is_none_or(|id| id == line.id) && (rule.shift.is_none() || rule.shift == *shift)
    };
    let duties = &directory.roster().duties;
    let mut names: BTreeSet<&str> = duties
        .iter()
        .filter(|d| d.line.is_none_or(|id| id == line.id))
        .map(|d| d.name.as_str())
        .collect();
    let on_line = rules
        .iter()
        .filter(|r| r.line.is_none_or(|id| id == line.id));
    names.extend(on_line.flat_map(|rule| rule.ladder.duties()));
    let words = |on: OnDuty| match on.instead_of {
        None => directory.name(on.person),
        Some(away) => format!(
            "{} for {}",
            directory.name(on.person),
            directory.name(away)
        ),
    };
    let mut rows = Vec::new();
    for name in names {
        for shift in &shifts {
            let needed = rules
                .iter()
                .any(|rule| calls(rule, shift) && rule.ladder.duties().contains(name));
            let cell = |n: i64| {
                let mut of_day = slots
                    .iter()
                    .filter(|s| s.shift == *shift && s.day == monday.plus(n));
                let Some(slot) = of_day.next() else {
                    return WeekCell::default();
                };
                let on = directory.roster().on_duty(name, slot);
                WeekCell {
                    takes_place: true,
                    holiday: slot.holiday,
                    needed,
                    who: on.into_iter().map(words).collect(),
                }
            };
            rows.push(WeekRow {
                duty: name.to_owned(),
                shift: shift.clone(),
                days: (0..7).map(cell).collect(),
            });
        }
    }
    // A shift in which nobody is on a duty that no rule calls then says nothing.
    rows.retain(|row| row.days.iter().any(|c| c.needed || !c.who.is_empty()));
    Ok(WeekView {
        line: named(&plant, line.id).ok_or_else(|| not_found("line", code))?,
        monday,
        rows,
    })
}
