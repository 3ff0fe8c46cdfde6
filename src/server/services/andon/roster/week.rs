//! Who is on duty on a line, by day and shift of one week.

use super::named;
use crate::api::andon::roster::{WeekCell, WeekRow, WeekView};
use crate::domain::andon::{Recipient, Rule, Slot};
use crate::domain::day::LocalDay;
use crate::domain::time::Span;
use crate::server::andon::Directory;
use crate::server::andon::slots::slots;
use crate::server::auth::Ctx;
use crate::server::calendar;
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
    let people = Directory::load(&ctx.app().db).await?;
    let rules = people.rules();
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
    let roster = people.roster();
    let mut names: BTreeSet<&str> = roster
        .duties
        .iter()
        .filter(|d| d.line.is_none_or(|id| id == line.id))
        .map(|d| d.name.as_str())
        .collect();
    let on_line = rules
        .iter()
        .filter(|r| r.line.is_none_or(|id| id == line.id));
    names.extend(on_line.flat_map(|rule| rule.ladder.duties()));
    let who = |name: &str, slot: &Slot| -> Vec<String> {
        let duty = [Recipient::Duty(name.to_owned())];
        let called = people.called(site, line, &duty, slot.span.from());
        let there = called.into_iter().filter(|c| c.person.is_some());
        there.map(|c| c.who).collect()
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
                WeekCell {
                    takes_place: true,
                    holiday: slot.holiday,
                    needed,
                    who: who(name, slot),
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
