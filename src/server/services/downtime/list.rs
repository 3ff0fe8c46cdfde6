//! Lists of stops. A list walks back in time, stretch by stretch, and stops when its page is full: the first page of a year
//! reads a few days.

use super::calls::tell_calls;
use super::within::Within;
use super::{Scope, Showing, no_stop, place, range, schedule_over, unknown};
use crate::api::downtime::{
    DowntimeDetail, DowntimeEvent, DowntimeFilter, DowntimePage, GivenPart, SaidView,
};
use crate::domain::classification::Classification;
use crate::domain::downtime::Stop;
use crate::domain::machine_state::TimeBucket;
use crate::domain::part::Given;
use crate::domain::reckon::is_lost;
use crate::domain::time::{DAY_MS, DurMs, Span, TsMs};
use crate::server::auth::Ctx;
use crate::server::plant::{Plant, Site};
use crate::server::services::error::{ServiceError, invalid, not_found};
use crate::server::services::window::read_time;
use crate::server::state::App;
use std::cmp::Reverse;

/// The stretch read first; each next one is twice as long, up to the longest.
const FIRST: DurMs = DurMs(DAY_MS);
const LONGEST: DurMs = DurMs(32 * DAY_MS);
/// One page looks back no further than this: a filter that nothing passes must not read five years at once.
const FURTHEST: DurMs = DurMs(128 * DAY_MS);

/// A filter that was looked at.
struct Wanted<'a> {
    scope: Scope<'a>,
    window: Span,
    within: Within<'a>,
    category: Option<TimeBucket>,
    cursor: Option<Cursor>,
    limit: usize,
    rest: &'a DowntimeFilter,
}

/// The place in the list after a stop: newest first, then by machine.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cursor {
    start: TsMs,
    machine: String,
}

impl Cursor {
    fn read(text: &str) -> Option<Self> {
        let (start, machine) = text.split_once(':')?;
        let start: i64 = start.parse().ok()?;
        Some(Self {
            start: (-1..i64::MAX).contains(&start).then_some(TsMs(start))?,
            machine: machine.to_owned(),
        })
    }

    fn text(&self) -> String {
        format!("{}:{}", self.start.0, self.machine)
    }

    fn after(event: &DowntimeEvent) -> Self {
        Self {
            start: event.from,
            machine: event.machine.clone(),
        }
    }

    /// Before every stop that began before `at`, after all others.
    fn before(at: TsMs) -> Self {
        Self {
            start: at - DurMs(1),
            machine: String::new(),
        }
    }

    fn is_before(&self, event: &DowntimeEvent) -> bool {
        (Reverse(self.start), &self.machine) < (Reverse(event.from), &event.machine)
    }
}

impl<'a> Wanted<'a> {
    fn of(
        ctx: &Ctx,
        plant: &'a Plant,
        rest: &'a DowntimeFilter,
        now: TsMs,
    ) -> Result<Self, ServiceError> {
        let scope = Scope::of(ctx, plant, rest.line.as_deref(), rest.machine.as_deref())?;
        let window = range(rest.from, rest.to, now)?;
        if let Some(code) = &rest.reason
            && plant.reasons.by_code(code).is_none()
        {
            return Err(unknown("reason", code));
        }
        let losses = TimeBucket::LOSSES;
        let category = rest.category.as_ref().map(|name| {
            let bucket = losses.into_iter().find(|b| b.name() == name);
            bucket.ok_or_else(|| {
                let names = losses.map(TimeBucket::name).join(", ");
                invalid("category", format!("must be one of {names}"))
            })
        });
        if rest.min_s.is_some_and(|s| s < 0) {
            return Err(invalid("min_s", "must not be negative"));
        }
        let limit = rest.limit.unwrap_or(50);
        if !(1..=500).contains(&limit) {
            return Err(invalid("limit", "must be 1 to 500"));
        }
        let cursor = rest.cursor.as_ref().map(|text| {
            let wrong = || invalid("cursor", "is none that a page gave");
            Cursor::read(text).ok_or_else(wrong)
        });
        let window = Span::clamped(window.from().min(now), window.to().min(now));
        Ok(Self {
            scope,
            window,
            within: Within::of(plant, rest, window)?,
            category: category.transpose()?,
            cursor: cursor.transpose()?,
            limit: usize::try_from(limit).unwrap_or(1),
            rest,
        })
    }

    fn takes(&self, event: &DowntimeEvent) -> bool {
        let rest = self.rest;
        let is = |wanted: Option<bool>, is: bool| wanted.is_none_or(|w| w == is);
        let has = |code: &String| {
            let mut reasons = event.parts.iter().filter_map(|p| p.reason.as_ref());
            reasons.any(|r| r.code == *code)
        };
        (event.counted || event.lost > DurMs::ZERO)
            && rest.reason.as_ref().is_none_or(has)
            && self.category.is_none_or(|b| b == event.bucket)
            && rest.min_s.is_none_or(|s| event.length.0 / 1000 >= s)
            && is(rest.minor, event.minor)
            && is(rest.confirmed, event.confirmed)
            && is(rest.open, event.to.is_none())
            && self.cursor.as_ref().is_none_or(|c| c.is_before(event))
    }
}

fn site(plant: &Plant) -> Result<&Site, ServiceError> {
    plant.site.as_ref().ok_or_else(|| not_found("site", ""))
}

/// The stops that touch a window, newest first, page by page.
///
/// # Errors
/// A filter that cannot be, or the database's.
pub async fn get_downtime_events(
    ctx: &Ctx,
    filter: &DowntimeFilter,
) -> Result<DowntimePage, ServiceError> {
    let app = ctx.app();
    let (plant, now) = (app.plant.get(), app.clock.now());
    let wanted = Wanted::of(ctx, &plant, filter, now)?;
    let mut page = page(app, &plant, &wanted, now).await?;
    tell_calls(ctx, &plant, &mut page.events).await?;
    Ok(page)
}

/// A page of the wanted stops.
async fn page(
    app: &App,
    plant: &Plant,
    wanted: &Wanted<'_>,
    now: TsMs,
) -> Result<DowntimePage, ServiceError> {
    let window = wanted.window;
    let mut page = DowntimePage {
        window,
        events: vec![],
        next: None,
    };
    let at_cursor = wanted.cursor.as_ref().map(|c| c.start + DurMs(1));
    let begun = at_cursor.map_or(window.to(), |at| at.min(window.to()));
    let (mut end, mut length) = (begun.max(window.from()), FIRST);
    loop {
        let start = (end - length).max(window.from());
        let mut found = stretch(app, plant, wanted, Span::clamped(start, end), now).await?;
        found.sort_by(|a, b| (Reverse(a.from), &a.machine).cmp(&(Reverse(b.from), &b.machine)));
        let room = wanted.limit - page.events.len();
        let more = found.len() > room;
        page.events.extend(found.into_iter().take(room));
        let is_last = start == window.from();
        if more || (page.events.len() == wanted.limit && !is_last) {
            page.next = page.events.last().map(|e| Cursor::after(e).text());
            return Ok(page);
        }
        if is_last {
            return Ok(page);
        }
        if begun - start >= FURTHEST {
            page.next = Some(Cursor::before(start).text());
            return Ok(page);
        }
        end = start;
        length = DurMs((length.0 * 2).min(LONGEST.0));
    }
}

/// The wanted stops that began in a stretch; in the first one of the window, also those that reach into it from before.
async fn stretch(
    app: &App,
    plant: &Plant,
    wanted: &Wanted<'_>,
    stretch: Span,
    now: TsMs,
) -> Result<Vec<DowntimeEvent>, ServiceError> {
    let site = site(plant)?;
    let reaches_in = stretch.from() == wanted.window.from();
    let begins = |stop: &Stop<'_>| {
        let run = stop.run.span;
        stretch.contains(run.from())
            || reaches_in && run.from() < stretch.from() && run.to() > stretch.from()
    };
    let mut out = Vec::new();
    for line in &wanted.scope.lines {
        let data = read_time(
            &mut app.db.snapshot().await?,
            site,
            line,
            wanted.scope.machine,
            stretch,
            now,
        )
        .await?;
        let schedule = schedule_over(site, line, &data);
        let showing = Showing {
            plant,
            line,
            schedule: &schedule,
        };
        let is_in = |stop: &Stop<'_>| begins(stop) && wanted.within.takes(stop, &schedule);
        for machine in &data.machines {
            out.extend(showing.events(machine, is_in));
        }
    }
    out.retain(|event| wanted.takes(event));
    Ok(out)
}

/// The stop of a machine that began at `start` in epoch milliseconds, with everything that was said about it.
///
/// # Errors
/// No such machine or stop, or the database's.
pub async fn get_downtime_event(
    ctx: &Ctx,
    (code, start): (&str, i64),
) -> Result<DowntimeDetail, ServiceError> {
    let app = ctx.app();
    let (plant, now) = (app.plant.get(), app.clock.now());
    let (line, machine, start) = place(&plant, (code, start), now)?;
    ctx.reach(line)?;
    let site = site(&plant)?;
    let at = Span::clamped(start, start + DurMs(1));
    let data = read_time(
        &mut app.db.snapshot().await?,
        site,
        line,
        Some(machine.id),
        at,
        now,
    )
    .await?;
    let schedule = schedule_over(site, line, &data);
    let showing = Showing {
        plant: &plant,
        line,
        schedule: &schedule,
    };
    let found = data.machines.iter().find_map(|machine| {
        let is_it = |stop: &Stop<'_>| stop.run.span.from() == start;
        let event = showing.events(machine, is_it).pop()?;
        let span = Span::clamped(start, start + event.length);
        let about = machine.said.iter().rev();
        let about = about.filter(|c| c.cover(&machine.intervals).intersect(span).is_some());
        Some(DowntimeDetail {
            event,
            said: about.map(|c| said_view(&plant, c)).collect(),
        })
    });
    let mut found = found.ok_or_else(|| no_stop(code, start.0))?;
    tell_calls(ctx, &plant, std::slice::from_mut(&mut found.event)).await?;
    Ok(found)
}

fn said_view(plant: &Plant, said: &Classification) -> SaidView {
    let given = |given: &Given| {
        let reason = plant.reasons.get(given.cause.reason)?;
        Some(GivenPart {
            from: Some(given.from),
            to: given.to,
            reason: reason.code.clone(),
        })
    };
    SaidView {
        version: said.id,
        author: said.author.clone(),
        at: said.made,
        confirmed: said.confirmed,
        comment: said.comment.clone(),
        reasons: said.reasons.iter().filter_map(given).collect(),
    }
}

/// What stands now in planned production, longest first.
///
/// # Errors
/// An unknown line, or the database's.
pub async fn get_active_downtime(
    ctx: &Ctx,
    line: Option<&str>,
) -> Result<Vec<DowntimeEvent>, ServiceError> {
    let app = ctx.app();
    let (plant, now) = (app.plant.get(), app.clock.now());
    let scope = Scope::of(ctx, &plant, line, None)?;
    let site = site(&plant)?;
    let mut out = Vec::new();
    for line in scope.lines {
        let window = Span::clamped(now - DurMs(1), now);
        let data = read_time(&mut app.db.snapshot().await?, site, line, None, window, now).await?;
        let schedule = schedule_over(site, line, &data);
        let showing = Showing {
            plant: &plant,
            line,
            schedule: &schedule,
        };
        let stands = |stop: &Stop<'_>| {
            let last = stop.parts.last();
            stop.run.open && last.is_some_and(|part| is_lost(part, schedule.at(now)))
        };
        for machine in &data.machines {
            out.extend(showing.events(machine, stands));
        }
    }
    out.sort_by(|a, b| (a.from, &a.machine).cmp(&(b.from, &b.machine)));
    tell_calls(ctx, &plant, &mut out).await?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_stands_between_the_stops_before_and_after_it() {
        let cursor = Cursor {
            start: TsMs(50),
            machine: "M:2".into(),
        };
        assert_eq!(Cursor::read(&cursor.text()), Some(cursor));
        assert_eq!(Cursor::read("nonsense"), None);
        assert_eq!(Cursor::read("x:M1"), None);
    }
}
