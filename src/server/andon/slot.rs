//! Shifts of a line as rosters know them.

use crate::domain::andon::Slot;
use crate::domain::day::LocalDay;
use crate::domain::shift::ShiftInstance;
use crate::domain::time::{DurMs, Span, TsMs};
use crate::server::calendar;
use crate::server::plant::{Line, Site};

/// The shift that runs on a line at `at`, or the time outside every shift. A shift belongs to the day on which it starts:
/// on Sunday at 02:10 that is the night shift of Saturday.
#[must_use]
pub fn slot_at(site: &Site, line: &Line, at: TsMs) -> Slot {
    if let Some(slot) = calendar::shift_at(site, line, at).and_then(|s| of_shift(line, &s)) {
        return slot;
    }
    let day = calendar::local_day(&site.zone, at).unwrap_or_default();
    let midnight = |day: LocalDay| calendar::day_start(&site.zone, day);
    let span = midnight(day).zip(midnight(day.plus(1)));
    Slot {
        line: line.id,
        shift: None,
        day,
        holiday: line.calendar.holidays.contains(&day),
        span: span.map_or_else(
            || Span::clamped(at, at + DurMs(1)),
            |(from, to)| Span::clamped(from, to),
        ),
    }
}

/// The shifts of a line that start in `window`; of days on which its machines say themselves when they are scheduled, the
/// whole day.
#[must_use]
pub fn slots(site: &Site, line: &Line, window: Span) -> Vec<Slot> {
    let starts = |span: Span| window.contains(span.from());
    let shifts = calendar::shifts(site, line, window);
    let shifts = shifts.iter().filter_map(|shift| of_shift(line, shift));
    let mut out: Vec<Slot> = shifts.filter(|slot| starts(slot.span)).collect();
    let first = calendar::local_day(&site.zone, window.from());
    let last = calendar::local_day(&site.zone, window.to());
    if let (Some(first), Some(last)) = (first, last) {
        let days = (first.0..=last.0).map(LocalDay);
        let whole = days
            .filter(|day| line.calendar.is_by_signal(*day))
            .filter_map(|day| Some(slot_at(site, line, calendar::day_start(&site.zone, day)?)));
        out.extend(whole.filter(|slot| slot.shift.is_none() && starts(slot.span)));
    }
    out.sort_by_key(|slot| slot.span.from());
    out
}

fn of_shift(line: &Line, shift: &ShiftInstance) -> Option<Slot> {
    let day = LocalDay::parse(&shift.day)?;
    Some(Slot {
        line: line.id,
        shift: Some(shift.name.clone()),
        day,
        holiday: line.calendar.holidays.contains(&day),
        span: shift.span,
    })
}
