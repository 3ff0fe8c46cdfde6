//! The shifts of the days to come, as rosters know them.

use super::directory::slot;
use crate::domain::andon::Slot;
use crate::domain::day::LocalDay;
use crate::domain::time::Span;
use crate::server::calendar;
use crate::server::plant::{Line, Site};

/// The shifts of a line that start in `window`, in order; of a day on which its machines say themselves when they are
/// scheduled, the whole day.
#[must_use]
pub fn slots(site: &Site, line: &Line, window: Span) -> Vec<Slot> {
    let shifts = calendar::shifts(site, line, window).into_iter();
    let mut out: Vec<Slot> = shifts.map(|s| slot(site, line, s.span.from())).collect();
    let midnight = |day: LocalDay| calendar::day_start(&site.zone, day);
    let whole = |day: LocalDay| {
        let (from, to) = (midnight(day)?, midnight(day.plus(1))?);
        let slot = Slot {
            span: Span::clamped(from, to),
            ..slot(site, line, from)
        };
        // A night shift of the day before may reach into it.
        Some(slot).filter(|slot| slot.shift.is_none())
    };
    let first = calendar::local_day(&site.zone, window.from());
    let last = calendar::local_day(&site.zone, window.to());
    if let (Some(first), Some(last)) = (first, last) {
        let days = (first.0..=last.0).map(LocalDay);
        let by_signal = days.filter(|day| line.calendar.is_by_signal(*day));
        out.extend(by_signal.filter_map(whole));
    }
    out.retain(|slot| window.contains(slot.span.from()));
    out.sort_by_key(|slot| slot.span.from());
    out
}
