//! Where a time axis has its marks, and what they say, in the site's clock.

use crate::domain::local_time::LocalTime;
use crate::domain::time::{DAY_MS, DurMs, HOUR_MS, MINUTE_MS, Span, TsMs};

/// A mark on a time axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tick {
    /// Where.
    pub at: TsMs,
    /// `07:00`, or `22 Sep` where a day begins.
    pub label: String,
}

/// Distances between marks that people count in.
const STEPS: [i64; 17] = [
    MINUTE_MS,
    5 * MINUTE_MS,
    10 * MINUTE_MS,
    15 * MINUTE_MS,
    30 * MINUTE_MS,
    HOUR_MS,
    2 * HOUR_MS,
    3 * HOUR_MS,
    6 * HOUR_MS,
    12 * HOUR_MS,
    DAY_MS,
    2 * DAY_MS,
    7 * DAY_MS,
    14 * DAY_MS,
    28 * DAY_MS,
    91 * DAY_MS,
    364 * DAY_MS,
];

/// At most `most` marks over `span`, at round local times.
#[must_use]
pub fn ticks(span: Span, clock: &LocalTime, most: i64) -> Vec<Tick> {
    let enough = |step: &i64| span.len().0 / step < most;
    let Some(step) = STEPS.into_iter().find(enough) else {
        return vec![];
    };
    let mut out = Vec::new();
    let mut local = (span.from() + clock.offset_at(span.from()))
        .0
        .div_euclid(step)
        * step;
    loop {
        let at = TsMs(local) - clock.offset_at(TsMs(local) - clock.offset_at(span.from()));
        if at > span.to() {
            return out;
        }
        if at >= span.from() {
            out.push(Tick {
                at,
                label: label(at, span, clock),
            });
        }
        local += step;
    }
}

fn label(at: TsMs, span: Span, clock: &LocalTime) -> String {
    let midnight = clock.day(at).from() == at;
    if midnight && span.len() > DurMs(DAY_MS) {
        day(&clock.date(at))
    } else {
        clock.clock(at)
    }
}

/// `22 Sep` for `2022-09-22`.
fn day(date: &str) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let mut parts = date.rsplit('-');
    let (Some(day), Some(month)) = (parts.next(), parts.next()) else {
        return date.to_owned();
    };
    let name = month
        .parse()
        .ok()
        .and_then(|m: usize| MONTHS.get(m.wrapping_sub(1)));
    name.map_or_else(
        || date.to_owned(),
        |name| format!("{} {name}", day.trim_start_matches('0')),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(from: i64, to: i64, clock: &LocalTime, most: i64) -> Vec<String> {
        let span = Span::clamped(TsMs(from), TsMs(to));
        ticks(span, clock, most)
            .into_iter()
            .map(|t| t.label)
            .collect()
    }

    #[test]
    fn a_shift_is_marked_by_local_hours() {
        // Half an hour off UTC: marks stand on local hours all the same.
        let clock = LocalTime {
            steps: vec![(TsMs(0), 5 * HOUR_MS + 30 * MINUTE_MS)],
        };
        let got = labels(30 * MINUTE_MS, 8 * HOUR_MS + 30 * MINUTE_MS, &clock, 9);
        assert_eq!(got.first().map(String::as_str), Some("06:00"));
        assert_eq!(got.last().map(String::as_str), Some("14:00"));
        assert_eq!(got.len(), 9);
    }

    #[test]
    fn days_are_named_where_they_begin() {
        let clock = LocalTime::default();
        assert_eq!(
            labels(0, 2 * DAY_MS, &clock, 6),
            ["1 Jan", "12:00", "2 Jan", "12:00", "3 Jan"]
        );
        assert_eq!(
            labels(0, 40 * 366 * DAY_MS, &clock, 6),
            Vec::<String>::new()
        );
    }
}
