use super::*;
use crate::domain::calendar::LineCalendar;
use crate::domain::dated::Dated;
use crate::domain::ids::LineId;
use crate::domain::part::LossRules;
use crate::domain::plant::Coupling;
use crate::domain::time::HOUR_MS;
use std::sync::Arc;

fn site() -> Site {
    let zone = TimeZone::get("Europe/Rome").expect("zone");
    Site {
        name: "s".into(),
        zone,
        simulated: false,
    }
}

fn line(start_min: i64, end_min: i64, breaks: Vec<(i64, i64)>) -> Line {
    let rule = ShiftRule {
        days: 0b111_1111,
        start_min,
        end_min,
        breaks,
        cycle_weeks: 1,
        ..ShiftRule::default()
    };
    with(vec![("Night", rule)])
}

/// A line with these shifts since ever.
fn with(rules: Vec<(&str, ShiftRule)>) -> Line {
    let pattern = |(name, rule): (&str, ShiftRule)| {
        Arc::new(ShiftPattern {
            name: name.to_owned(),
            rules: Dated::new(vec![(LocalDay::SINCE_EVER, rule)]),
        })
    };
    let list = rules.into_iter().map(pattern).collect();
    Line {
        id: LineId(1),
        code: "L".into(),
        name: "L".into(),
        area: "A".into(),
        coupling: Coupling::Serial,
        targets: Dated::default(),
        rules: LossRules::minor(DurMs(300_000)),
        calendar: LineCalendar {
            lists: Dated::new(vec![(LocalDay::SINCE_EVER, list)]),
            ..LineCalendar::default()
        },
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
