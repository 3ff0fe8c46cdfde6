use super::*;
use crate::domain::calendar::LineCalendar;
use crate::domain::dated::Dated;
use crate::domain::ids::{AreaId, LineId};
use crate::domain::part::LossRules;
use crate::domain::plant::Coupling;
use crate::domain::shift::Planned;
use crate::domain::time::HOUR_MS;
use proptest::prelude::*;
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
        area_id: AreaId(1),
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

fn zoned(name: &str) -> Site {
    Site {
        zone: TimeZone::get(name).expect("zone"),
        ..site()
    }
}

fn hours(from: i64, to: i64, breaks: &[(i64, i64)]) -> ShiftRule {
    ShiftRule {
        days: 0b111_1111,
        start_min: from,
        end_min: to,
        breaks: breaks.to_vec(),
        cycle_weeks: 1,
        ..ShiftRule::default()
    }
}

fn span(from: &str, to: &str) -> Span {
    Span::clamped(at(from), at(to))
}

#[test]
fn a_break_in_the_hour_that_is_skipped_or_repeated_is_as_long_as_written() {
    // In Rome 02:00 to 03:00 is skipped on 2026-03-29 and comes twice on 2026-10-25.
    let night = with(vec![("Night", hours(22 * 60, 6 * 60, &[(135, 165)]))]);
    for (inside, wanted) in [
        (
            "2026-03-29T00:30:00Z",
            span("2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"),
        ),
        (
            "2026-10-25T00:30:00Z",
            span("2026-10-25T00:15:00Z", "2026-10-25T00:45:00Z"),
        ),
        (
            "2026-07-02T00:00:00Z",
            span("2026-07-02T00:15:00Z", "2026-07-02T00:45:00Z"),
        ),
    ] {
        let shift = shift_at(&site(), &night, at(inside)).expect("a shift runs");
        assert_eq!(shift.breaks, [wanted], "{inside}");
    }
}

#[test]
fn shifts_that_meet_in_the_skipped_hour_meet_where_the_clocks_change() {
    let line = with(vec![
        ("Night", hours(22 * 60, 150, &[])),
        ("Early", hours(150, 10 * 60, &[])),
        ("Skipped", hours(130, 140, &[])),
    ]);
    let window = span("2026-03-28T22:00:00Z", "2026-03-29T06:00:00Z");
    let found: Vec<_> = shifts(&site(), &line, window)
        .into_iter()
        .map(|s| (s.name, s.span))
        .collect();
    let change = "2026-03-29T01:00:00Z";
    assert_eq!(
        found[..2],
        [
            ("Night".to_owned(), span("2026-03-28T21:00:00Z", change)),
            ("Early".to_owned(), span(change, "2026-03-29T08:00:00Z")),
        ],
        "{found:?}"
    );
    assert_eq!(found.len(), 2, "a shift of no time is none");
}

#[test]
fn a_rule_that_changes_while_a_night_runs_lets_the_night_end() {
    let mut line = with(vec![
        ("Night", hours(22 * 60, 6 * 60, &[])),
        ("Early", hours(6 * 60, 14 * 60, &[(330, 345), (600, 630)])),
    ]);
    let day = LocalDay::parse("2026-07-07").expect("a day");
    let later = |pattern: &ShiftPattern, rule: ShiftRule| {
        let old = pattern.rules.at(LocalDay::SINCE_EVER).expect("a rule");
        let rules = vec![(LocalDay::SINCE_EVER, old.clone()), (day, rule)];
        Arc::new(ShiftPattern {
            name: pattern.name.clone(),
            rules: Dated::new(rules),
        })
    };
    let list = line.calendar.lists.at(day).expect("a list").clone();
    let list = vec![
        later(&list[0], hours(21 * 60, 5 * 60, &[])),
        later(&list[1], hours(5 * 60, 13 * 60, &[(330, 345), (600, 630)])),
    ];
    line.calendar.lists = Dated::new(vec![(LocalDay::SINCE_EVER, list)]);
    let found = shifts(
        &site(),
        &line,
        span("2026-07-06T20:00:00Z", "2026-07-07T20:00:00Z"),
    );
    let told: Vec<_> = found.iter().map(|s| (s.name.as_str(), s.span)).collect();
    assert_eq!(
        told,
        [
            (
                "Night",
                span("2026-07-06T20:00:00Z", "2026-07-07T04:00:00Z")
            ),
            (
                "Early",
                span("2026-07-07T04:00:00Z", "2026-07-07T11:00:00Z")
            ),
            (
                "Night",
                span("2026-07-07T19:00:00Z", "2026-07-08T03:00:00Z")
            ),
        ]
    );
    assert_eq!(
        found[1].breaks.len(),
        1,
        "the break before it began is over"
    );
    assert_eq!(
        shift_at(&site(), &line, at("2026-07-07T04:00:00Z")).map(|s| s.span),
        Some(found[1].span),
        "the same in any window"
    );
}

#[test]
fn a_shift_keeps_the_whole_of_its_planned_stops() {
    let mut line = with(vec![("Early", hours(6 * 60, 14 * 60, &[]))]);
    let stop = |span, name: &str| PlannedStop {
        span,
        name: name.to_owned(),
    };
    let long = stop(
        span("2026-07-05T20:00:00Z", "2026-07-06T05:00:00Z"),
        "Maintenance",
    );
    let short = stop(
        span("2026-07-06T08:00:00Z", "2026-07-06T08:30:00Z"),
        "Meeting",
    );
    let other = stop(
        span("2026-07-06T12:00:00Z", "2026-07-06T13:00:00Z"),
        "After the shift",
    );
    line.calendar.stops = vec![long.clone(), short.clone(), other];
    let shift = shift_at(&site(), &line, at("2026-07-06T06:00:00Z")).expect("a shift runs");
    assert_eq!(shift.stops, [long.clone(), short]);
    let schedule = schedule(&site(), &line, shift.span);
    let since = long.span.from();
    assert_eq!(
        schedule.at(at("2026-07-06T04:30:00Z")),
        Planned::Stop { since }
    );
    assert_eq!(schedule.at(at("2026-07-06T05:00:00Z")), Planned::Production);
}

#[test]
fn a_line_may_go_over_to_a_calendar_and_back() {
    let mut line = with(vec![("Night", hours(22 * 60, 6 * 60, &[]))]);
    let list = line.calendar.lists.entries()[0].1.clone();
    let day = |text| LocalDay::parse(text).expect("a day");
    line.calendar.lists = Dated::new(vec![(day("2026-07-06"), list), (day("2026-07-08"), vec![])]);
    let window = span("2026-07-05T00:00:00Z", "2026-07-10T00:00:00Z");
    let schedule = schedule(&site(), &line, window);
    let spans: Vec<_> = schedule
        .pieces(window)
        .into_iter()
        .map(|(span, kind)| (span, matches!(kind, Schedule::BySignal)))
        .collect();
    assert_eq!(
        spans,
        [
            (span("2026-07-05T00:00:00Z", "2026-07-05T22:00:00Z"), true),
            (span("2026-07-05T22:00:00Z", "2026-07-08T04:00:00Z"), false),
            (span("2026-07-08T04:00:00Z", "2026-07-10T00:00:00Z"), true),
        ],
        "the last night ends before the signal counts"
    );
    for (at_text, planned) in [
        ("2026-07-05T12:00:00Z", Planned::Production),
        ("2026-07-06T12:00:00Z", Planned::Off),
        ("2026-07-06T21:00:00Z", Planned::Production),
        ("2026-07-08T03:00:00Z", Planned::Production),
        ("2026-07-09T12:00:00Z", Planned::Production),
    ] {
        assert_eq!(schedule.at(at(at_text)), planned, "{at_text}");
    }
    let total: i64 = schedule
        .cut(window)
        .iter()
        .map(|(span, _)| span.len().0)
        .sum();
    assert_eq!(total, window.len().0);
}

/// Zones with an hour, half an hour, a midnight and a whole day skipped or repeated, and around when.
const CHANGES: [(&str, &str); 8] = [
    ("Europe/Rome", "2026-03-29T01:00:00Z"),
    ("Europe/Rome", "2026-10-25T01:00:00Z"),
    ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
    ("America/St_Johns", "2010-11-07T02:31:00Z"),
    ("America/Sao_Paulo", "2018-11-04T03:00:00Z"),
    ("Pacific/Apia", "2011-12-30T10:00:00Z"),
    ("Asia/Kolkata", "2026-07-06T00:00:00Z"),
];

/// Any shifts, also such as a definition would refuse: rules of different times may meet.
fn any_rule() -> impl Strategy<Value = ShiftRule> {
    let day = LocalDay::parse("2026-01-05").expect("a Monday");
    let breaks = prop::collection::vec((0..1440_i64, 0..1440_i64), 0..3);
    (
        0..128_i64,
        0..96_i64,
        0..96_i64,
        breaks,
        1..4_i64,
        0..3_usize,
    )
        .prop_map(
            move |(days, start, end, breaks, cycle_weeks, crews)| ShiftRule {
                days,
                start_min: start * 15,
                end_min: end * 15,
                breaks,
                anchor: Some(day),
                cycle_weeks,
                weeks: if cycle_weeks > 1 { vec![1] } else { vec![] },
                crews: ["A", "B"]
                    .iter()
                    .take(crews)
                    .map(|c| (*c).to_owned())
                    .collect(),
                until: None,
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn shifts_never_overlap_and_days_follow_each_other(
        place in 0..CHANGES.len(),
        rules in prop::collection::vec(any_rule(), 1..4),
        cut_h in -60..60_i64,
    ) {
        let (zone, change) = CHANGES[place];
        let (site, change) = (zoned(zone), at(change));
        let names = ["a", "b", "c"];
        let line = with(names.into_iter().zip(rules).collect());
        let window = Span::clamped(change - DurMs(4 * 24 * HOUR_MS), change + DurMs(4 * 24 * HOUR_MS));
        let found = shifts(&site, &line, window);
        for pair in found.windows(2) {
            prop_assert!(pair[0].span.to() <= pair[1].span.from(), "{pair:?}");
            prop_assert!(pair[0].day <= pair[1].day, "{pair:?}");
        }
        for shift in &found {
            let mut ended = shift.span.from();
            for pause in &shift.breaks {
                prop_assert!(ended <= pause.from() && pause.to() <= shift.span.to(), "{shift:?}");
                ended = pause.to();
            }
        }
        // A window shows the same shifts as a longer one.
        let part = Span::clamped(change + DurMs(cut_h * HOUR_MS), change + DurMs((cut_h + 30) * HOUR_MS));
        let inside: Vec<_> = found.iter().filter(|s| s.span.intersect(part).is_some()).cloned().collect();
        prop_assert_eq!(shifts(&site, &line, part), inside);
        let mut last = String::new();
        for step in 0..(8 * 24 * 4) {
            let now = window.from() + DurMs(step * HOUR_MS / 4);
            let day = production_day(&site, &line, now);
            prop_assert!(last <= day, "{last} before {day} at {now:?}");
            let runs = found.iter().filter(|s| s.span.contains(now)).count();
            prop_assert!(runs <= 1);
            last = day;
        }
    }
}
