//! Output by hour, or by day in a long window, against what should have been made.

use crate::api::board::HourBar;
use crate::domain::local_time::LocalTime;
use crate::domain::time::Span;

mod drawn;
pub use drawn::output_svg;

/// More bars than this become days.
const MOST_HOURS: usize = 50;

/// The bars to show: the hours, or their sums by local day.
#[must_use]
pub fn bars(hours: &[HourBar], clock: &LocalTime) -> Vec<HourBar> {
    if hours.len() <= MOST_HOURS {
        return hours.to_vec();
    }
    let mut days: Vec<HourBar> = Vec::new();
    for hour in hours {
        match days.last_mut() {
            Some(day) if clock.day(day.span.from()) == clock.day(hour.span.from()) => {
                day.span = Span::clamped(day.span.from(), hour.span.to());
                day.actual = sum(day.actual, hour.actual, |a, b| a + b);
                day.target = sum(day.target, hour.target, |a, b| a + b);
                day.running |= hour.running;
            }
            _ => days.push(*hour),
        }
    }
    days
}

/// The sum of what is known.
fn sum<T>(a: Option<T>, b: Option<T>, add: impl Fn(T, T) -> T) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(add(a, b)),
        (a, b) => a.or(b),
    }
}

/// When a bar begins: `07:00`, or the day.
#[must_use]
pub fn name(bar: &HourBar, by_day: bool, clock: &LocalTime) -> String {
    if by_day {
        clock.date(bar.span.from())
    } else {
        clock.clock(bar.span.from())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{HOUR_MS, TsMs};

    fn hour(i: i64, actual: Option<i64>) -> HourBar {
        HourBar {
            span: Span::clamped(TsMs(i * HOUR_MS), TsMs((i + 1) * HOUR_MS)),
            actual,
            target: Some(100.0),
            running: false,
        }
    }

    #[test]
    fn a_long_window_is_summed_by_day_and_loses_nothing() {
        let hours: Vec<_> = (0..72).map(|i| hour(i, (i < 60).then_some(i))).collect();
        let days = bars(&hours, &LocalTime::default());
        assert_eq!(days.len(), 3);
        assert_eq!(
            days.iter().filter_map(|d| d.actual).sum::<i64>(),
            (0..60).sum::<i64>()
        );
        assert_eq!(days[0].target, Some(2_400.0));
        assert_eq!(
            bars(&hours[..24], &LocalTime::default()).len(),
            24,
            "a day stays in hours"
        );
    }
}
