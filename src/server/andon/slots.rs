//! The shifts of the days to come and the time between them, as rosters know them.

use super::directory::slot;
use crate::domain::andon::Slot;
use crate::domain::time::Span;
use crate::server::calendar;
use crate::server::plant::{Line, Site};

/// The shifts of a line that start in `window`, and the time of `window` outside every shift, day by day: a call comes then,
/// too. In order.
#[must_use]
pub fn slots(site: &Site, line: &Line, window: Span) -> Vec<Slot> {
    let mut out = Vec::new();
    let mut from = window.from();
    for shift in calendar::shifts(site, line, window) {
        let span = shift.span;
        outside(site, line, Span::clamped(from, span.from()), &mut out);
        if window.contains(span.from()) {
            out.push(slot(site, line, span.from()));
        }
        from = from.max(span.to());
    }
    outside(site, line, Span::clamped(from, window.to()), &mut out);
    out
}

/// Cuts a stretch without shifts at each midnight: who has a duty is asked for each day by itself.
fn outside(site: &Site, line: &Line, stretch: Span, out: &mut Vec<Slot>) {
    let mut from = stretch.from();
    while from < stretch.to() {
        let day = calendar::local_day(&site.zone, from);
        let midnight = day.and_then(|day| calendar::day_start(&site.zone, day.plus(1)));
        // Where the calendar of the zone ends there is no next day.
        let ahead = midnight.filter(|midnight| *midnight > from);
        let to = ahead.map_or(stretch.to(), |midnight| midnight.min(stretch.to()));
        out.push(Slot {
            span: Span::clamped(from, to),
            ..slot(site, line, from)
        });
        from = to;
    }
}
