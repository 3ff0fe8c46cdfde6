//! Local shift rules become instants here. Daylight saving makes a shift an hour shorter or longer, and that is right.

use super::plant::{Line, ShiftPattern, Site};
use crate::domain::local_time::LocalTime;
use crate::domain::shift::{Schedule, ShiftInstance};
use crate::domain::time::{DAY_MS, DurMs, Span, TsMs};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// When the line is planned to produce in `window`: its shifts that overlap it, in order.
#[must_use]
pub fn schedule(site: &Site, line: &Line, window: Span) -> Schedule {
    if line.shifts.is_empty() {
        Schedule::BySignal
    } else {
        Schedule::Calendar(shifts(site, line, window))
    }
}

/// The shifts that overlap `window`, in order of their start.
#[must_use]
pub fn shifts(site: &Site, line: &Line, window: Span) -> Vec<ShiftInstance> {
    // A shift is at most a day long, so one that overlaps the window started at most a day before it.
    let Some(mut day) = local_date(&site.zone, window.from() - DurMs(DAY_MS)) else {
        return vec![];
    };
    let Some(last) = local_date(&site.zone, window.to()) else {
        return vec![];
    };
    let mut out = Vec::new();
    while day <= last {
        let starts_today =
            |p: &&ShiftPattern| p.days >> day.weekday().to_monday_zero_offset() & 1 == 1;
        let today = line
            .shifts
            .iter()
            .filter(starts_today)
            .filter_map(|p| instance(&site.zone, day, p));
        out.extend(today.filter(|s| s.span.intersect(window).is_some()));
        let Ok(next) = day.checked_add(1.day()) else {
            break;
        };
        day = next;
    }
    out.sort_by_key(|s| s.span.from());
    out
}

/// The shift that runs at `at`.
#[must_use]
pub fn shift_at(site: &Site, line: &Line, at: TsMs) -> Option<ShiftInstance> {
    shifts(site, line, Span::clamped(at, at + DurMs(1)))
        .into_iter()
        .find(|s| s.span.contains(at))
}

fn local_date(zone: &TimeZone, at: TsMs) -> Option<Date> {
    Some(
        Timestamp::from_millisecond(at.0)
            .ok()?
            .to_zoned(zone.clone())
            .date(),
    )
}

/// The instant of a local time given in minutes after the midnight of `day`; 1440 and more is on the next day. A time
/// that daylight saving skips is taken an hour later, one that it repeats is taken at its first passing.
fn instant(zone: &TimeZone, day: Date, minutes: i64) -> Option<TsMs> {
    let day = if minutes >= 1440 {
        day.checked_add(1.day()).ok()?
    } else {
        day
    };
    let minutes = minutes.rem_euclid(1440);
    let time = Time::new(
        i8::try_from(minutes / 60).ok()?,
        i8::try_from(minutes % 60).ok()?,
        0,
        0,
    )
    .ok()?;
    let zoned = zone
        .to_ambiguous_zoned(day.to_datetime(time))
        .compatible()
        .ok()?;
    Some(TsMs(zoned.timestamp().as_millisecond()))
}

fn instance(zone: &TimeZone, day: Date, pattern: &ShiftPattern) -> Option<ShiftInstance> {
    let after = |minutes: i64, than: i64| {
        if minutes <= than {
            minutes + 1440
        } else {
            minutes
        }
    };
    let (from, to) = (
        instant(zone, day, pattern.start_min)?,
        instant(zone, day, after(pattern.end_min, pattern.start_min))?,
    );
    let span = Span::new(from, to)?;
    let pause = |(start, end): &(i64, i64)| {
        let past_midnight = if *start < pattern.start_min { 1440 } else { 0 };
        let (start, end) = (start + past_midnight, after(*end, *start) + past_midnight);
        Span::new(instant(zone, day, start)?, instant(zone, day, end)?)?.intersect(span)
    };
    let mut breaks: Vec<Span> = pattern.breaks.iter().filter_map(pause).collect();
    breaks.sort_by_key(|b| b.from());
    Some(ShiftInstance {
        name: pattern.name.clone(),
        day: day.to_string(),
        span,
        breaks,
        ..ShiftInstance::default()
    })
}

/// The zone's offsets over `window`, for showing clock times.
#[must_use]
pub fn local_time(zone: &TimeZone, window: Span) -> LocalTime {
    let offset = |at: TsMs| {
        Timestamp::from_millisecond(at.0)
            .map_or(0, |t| i64::from(zone.to_offset(t).seconds()) * 1000)
    };
    let mut steps = vec![(window.from(), offset(window.from()))];
    if let Ok(start) = Timestamp::from_millisecond(window.from().0) {
        for change in zone.following(start) {
            let at = TsMs(change.timestamp().as_millisecond());
            if at >= window.to() {
                break;
            }
            steps.push((at, i64::from(change.offset().seconds()) * 1000));
        }
    }
    LocalTime { steps }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::LineId;
    use crate::domain::part::LossRules;
    use crate::domain::plant::Coupling;
    use crate::domain::time::HOUR_MS;

    fn site() -> Site {
        let zone = TimeZone::get("Europe/Rome").expect("zone");
        Site {
            name: "s".into(),
            zone,
            simulated: false,
        }
    }

    fn line(start_min: i64, end_min: i64, breaks: Vec<(i64, i64)>) -> Line {
        let shifts = vec![ShiftPattern {
            name: "Night".into(),
            days: 0b111_1111,
            start_min,
            end_min,
            breaks,
        }];
        Line {
            id: LineId(1),
            code: "L".into(),
            name: "L".into(),
            area: "A".into(),
            coupling: Coupling::Serial,
            target_oee: 0.85,
            rules: LossRules::minor(DurMs(300_000)),
            shifts,
            machines: vec![],
        }
    }

    fn at(text: &str) -> TsMs {
        TsMs(text.parse::<Timestamp>().expect("time").as_millisecond())
    }

    #[test]
    fn a_night_belongs_to_the_day_it_starts_and_is_7_or_9_hours_when_the_clocks_change() {
        let night = line(22 * 60, 6 * 60, vec![(60, 90), (23 * 60, 23 * 60 + 10)]);
        for (inside, day, hours) in [
            ("2026-03-28T23:00:00Z", "2026-03-28", 7),
            ("2026-10-24T23:00:00Z", "2026-10-24", 9),
            ("2026-07-01T21:00:00Z", "2026-07-01", 8),
        ] {
            let shift = shift_at(&site(), &night, at(inside)).expect("a shift runs");
            assert_eq!(
                (shift.day.as_str(), shift.span.len().0),
                (day, hours * HOUR_MS)
            );
            assert_eq!(
                shift.breaks.len(),
                2,
                "both breaks, before and after midnight"
            );
            assert_eq!(shift.breaks[0].len().0, 10 * 60_000);
            assert_eq!(shift.breaks[1].len().0, 30 * 60_000);
        }
        assert_eq!(shift_at(&site(), &night, at("2026-07-01T12:00:00Z")), None);
    }

    #[test]
    fn two_days_hold_their_shifts_in_order() {
        let day = line(6 * 60, 14 * 60, vec![]);
        let window = Span::clamped(at("2026-07-01T00:00:00Z"), at("2026-07-03T00:00:00Z"));
        let days: Vec<String> = shifts(&site(), &day, window)
            .into_iter()
            .map(|s| s.day)
            .collect();
        assert_eq!(days, ["2026-07-01", "2026-07-02"]);
    }

    #[test]
    fn offsets_step_where_the_clocks_change() {
        let window = Span::clamped(at("2026-03-28T00:00:00Z"), at("2026-03-30T00:00:00Z"));
        let clock = local_time(&site().zone, window);
        assert_eq!(
            clock.steps,
            vec![
                (window.from(), 3_600_000),
                (at("2026-03-29T01:00:00Z"), 7_200_000)
            ]
        );
    }
}
