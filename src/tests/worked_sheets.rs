//! Published and hand-computed sheets, and the edges where a ratio has no value: each says why instead of showing 0.

use ms5_floor::domain::account::{Account, MinuteCount, add_counts};
use ms5_floor::domain::fact::Counts;
use ms5_floor::domain::figure::{Figure, Why};
use ms5_floor::domain::machine_state::MachineState::{self, NoData, Running, Starved, Stopped};
use ms5_floor::domain::part::{LossRules, parts};
use ms5_floor::domain::rate::IdealRate;
use ms5_floor::domain::reckon::{MachineWindow, account};
use ms5_floor::domain::shift::{Schedule, ShiftInstance};
use ms5_floor::domain::time::{DurMs, MINUTE_MS, Span, TsMs};
use ms5_floor::domain::timeline::Interval;

fn minutes(n: i64) -> DurMs {
    DurMs(n * MINUTE_MS)
}

fn span(from: i64, to: i64) -> Span {
    Span::clamped(TsMs(from * MINUTE_MS), TsMs(to * MINUTE_MS))
}

fn pieces(good: i64, scrap: i64) -> Counts {
    Counts {
        good,
        scrap,
        ..Counts::default()
    }
}

fn rate(units: i64) -> Option<IdealRate> {
    IdealRate::new(units, MINUTE_MS)
}

fn to_four_digits(figure: Figure) -> String {
    figure
        .value()
        .map_or_else(|| format!("{figure:?}"), |v| format!("{v:.4}"))
}

fn all(a: &Account) -> [String; 4] {
    [a.availability(), a.performance(), a.quality(), a.oee()].map(to_four_digits)
}

/// A shift with breaks and these states, one after the other in minutes.
fn shift(
    length: i64,
    breaks: &[(i64, i64)],
    states: &[(i64, MachineState)],
    made: &[(i64, Counts)],
    units: i64,
) -> Account {
    let mut at = 0;
    let interval = |(len, state): &(i64, MachineState)| {
        let span = span(at, at + len);
        at += len;
        Interval {
            span,
            state: *state,
            fault: None,
            product: None,
            open: false,
        }
    };
    let intervals: Vec<Interval> = states.iter().map(interval).collect();
    let breaks = breaks.iter().map(|(from, to)| span(*from, *to)).collect();
    let instance = ShiftInstance {
        name: "S".to_owned(),
        day: "d".to_owned(),
        span: span(0, length),
        breaks,
        ..ShiftInstance::default()
    };
    let count = |(minute, counts): &(i64, Counts)| MinuteCount {
        minute: TsMs(minute * MINUTE_MS),
        product: None,
        off: false,
        counts: *counts,
    };
    let counted: Vec<MinuteCount> = made.iter().map(count).collect();
    let rules = LossRules::minor(minutes(5));
    let machine = MachineWindow {
        parts: &parts(&intervals, &[], rules, |_| None),
        minutes: &counted,
        schedule: &Schedule::Calendar(vec![instance]),
        rules,
        first_fact: None,
    };
    account(span(0, length), &machine, |_, _| rate(units))
}

/// The example of vorne.com/learn/tools/oee-calculator: 480 min, 60 min of breaks, 47 min down, 60 pieces a minute,
/// 19,271 pieces, 423 of them rejected.
#[test]
fn the_sheet_of_a_well_known_vendor() {
    let made = [
        (100, pieces(10_000, 423)),
        (400, pieces(19_271 - 10_423, 0)),
    ];
    let states = [(200, Running), (47, Stopped), (233, Running)];
    let sheet = shift(480, &[(120, 150), (300, 330)], &states, &made, 60);
    assert_eq!(sheet.planned_production(), minutes(420));
    assert_eq!(sheet.run_time(), minutes(373));
    assert_eq!(all(&sheet), ["0.8881", "0.8611", "0.9780", "0.7479"]);
    let product = [sheet.availability(), sheet.performance(), sheet.quality()]
        .into_iter()
        .filter_map(Figure::value)
        .product::<f64>();
    assert!(
        (product - sheet.oee().value().expect("OEE")).abs() < 1e-12,
        "OEE = A x P x Q"
    );
}

#[test]
fn a_second_sheet() {
    let mut sheet = Account {
        run: minutes(405),
        unplanned: minutes(30),
        ..Account::default()
    };
    add_counts(&mut sheet, pieces(675, 25), rate(2), false);
    assert_eq!(all(&sheet), ["0.9310", "0.8642", "0.9643", "0.7759"]);
}

#[test]
fn without_planned_time_nothing_can_be_told() {
    let why = Figure::Unknown(Why::NotScheduled);
    let mut sheet = Account {
        planned: minutes(60),
        not_scheduled: minutes(420),
        ..Account::default()
    };
    assert_eq!(
        [
            sheet.availability(),
            sheet.performance(),
            sheet.oee(),
            sheet.coverage(),
            sheet.availability_performance()
        ],
        [why; 5]
    );
    sheet.unknown = minutes(60);
    assert_eq!(sheet.oee(), Figure::Unknown(Why::NoData));
    assert_eq!(sheet.availability(), Figure::Unknown(Why::NoData));
    assert_eq!(sheet.coverage(), Figure::Known(0.0));
}

#[test]
fn a_machine_that_never_ran_has_availability_and_oee_0_and_no_performance() {
    let sheet = Account {
        unplanned: minutes(480),
        ..Account::default()
    };
    assert_eq!(sheet.availability(), Figure::Known(0.0));
    assert_eq!(sheet.performance(), Figure::Unknown(Why::NoRunTime));
    assert_eq!(sheet.quality(), Figure::Unknown(Why::NoOutput));
    assert_eq!(sheet.oee(), Figure::Known(0.0));
}

#[test]
fn a_machine_that_ran_for_nothing_has_performance_0_and_no_quality() {
    let sheet = Account {
        run: minutes(480),
        ..Account::default()
    };
    assert_eq!(sheet.performance(), Figure::Known(0.0));
    assert_eq!(sheet.quality(), Figure::Unknown(Why::NoOutput));
    assert_eq!(sheet.oee(), Figure::Known(0.0));
    let mut scrap_only = sheet;
    add_counts(&mut scrap_only, pieces(0, 9), rate(60), false);
    assert_eq!(scrap_only.quality(), Figure::Known(0.0));
}

#[test]
fn performance_above_100_percent_is_shown_as_it_is() {
    let mut sheet = Account {
        run: minutes(10),
        ..Account::default()
    };
    add_counts(&mut sheet, pieces(30, 0), rate(2), false);
    assert_eq!(sheet.performance(), Figure::Known(1.5));
    assert_eq!(sheet.oee(), Figure::Known(1.5));
}

#[test]
fn pieces_of_unknown_quality_make_quality_and_oee_unknown_but_not_a_times_p() {
    let mut sheet = Account {
        run: minutes(10),
        unplanned: minutes(10),
        ..Account::default()
    };
    add_counts(&mut sheet, pieces(10, 0), rate(2), false);
    add_counts(
        &mut sheet,
        Counts {
            ungraded: 1,
            ..Counts::default()
        },
        rate(2),
        false,
    );
    let why = Figure::Unknown(Why::QualityNotReported);
    assert_eq!([sheet.quality(), sheet.oee()], [why; 2]);
    assert_eq!(sheet.availability_performance(), Figure::Known(0.275));
}

#[test]
fn pieces_without_an_ideal_rate_are_no_loss_of_speed_but_unknown() {
    let mut sheet = Account {
        run: minutes(10),
        ..Account::default()
    };
    add_counts(&mut sheet, pieces(10, 1), None, false);
    let why = Figure::Unknown(Why::NoIdealRate);
    assert_eq!(
        [
            sheet.performance(),
            sheet.quality(),
            sheet.oee(),
            sheet.availability_performance()
        ],
        [why; 4]
    );
    assert_eq!(sheet.availability(), Figure::Known(1.0));
}

#[test]
fn rework_is_not_good_at_first_pass() {
    let mut sheet = Account {
        run: minutes(10),
        ..Account::default()
    };
    add_counts(
        &mut sheet,
        Counts {
            good: 6,
            scrap: 1,
            rework: 3,
            ungraded: 0,
        },
        rate(1),
        false,
    );
    assert_eq!(sheet.quality(), Figure::Known(0.6));
}

#[test]
fn time_without_data_is_neither_run_nor_loss() {
    let made = [(10, pieces(60, 0))];
    let states = [(60, Running), (60, NoData), (60, Stopped)];
    let sheet = shift(180, &[], &states, &made, 1);
    assert_eq!((sheet.unknown, sheet.known()), (minutes(60), minutes(120)));
    assert_eq!(to_four_digits(sheet.coverage()), "0.6667");
    assert_eq!(all(&sheet), ["0.5000", "1.0000", "1.0000", "0.5000"]);
}

#[test]
fn a_stop_over_a_break_counts_only_beside_it() {
    let states = [(50, Running), (30, Stopped), (40, Running)];
    let sheet = shift(120, &[(60, 75)], &states, &[], 1);
    assert_eq!(
        (sheet.planned, sheet.unplanned, sheet.run),
        (minutes(15), minutes(15), minutes(90))
    );
}

#[test]
fn a_stop_of_exactly_the_threshold_is_not_minor_and_adjacent_stops_are_one() {
    let of = |states: &[(i64, MachineState)]| {
        let sheet = shift(100, &[], states, &[], 1);
        (
            sheet.minor.0 / MINUTE_MS,
            sheet.unplanned.0 / MINUTE_MS,
            sheet.waiting().0 / MINUTE_MS,
        )
    };
    assert_eq!(of(&[(40, Running), (4, Stopped), (56, Running)]), (4, 0, 0));
    assert_eq!(of(&[(40, Running), (5, Stopped), (55, Running)]), (0, 5, 0));
    assert_eq!(
        of(&[(40, Running), (3, Stopped), (3, Starved), (54, Running)]),
        (0, 3, 3)
    );
    assert_eq!(
        of(&[
            (40, Running),
            (3, Stopped),
            (1, Running),
            (3, Starved),
            (53, Running)
        ]),
        (6, 0, 0)
    );
}

#[test]
fn pieces_made_in_a_break_or_while_off_are_told_apart_and_in_no_ratio() {
    let made = [(10, pieces(5, 0)), (65, pieces(7, 1))];
    let sheet = shift(120, &[(60, 75)], &[(120, Running)], &made, 1);
    assert_eq!(
        (sheet.counts, sheet.unscheduled),
        (pieces(5, 0), pieces(7, 1))
    );
    assert_eq!(sheet.ideal_total.secs(), 300.0);
}
