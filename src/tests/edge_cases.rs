//! The edges of OEE, one test a rule: where a figure has no value it says why, and no minute and no piece is lost or told
//! twice. Some rules are held more widely elsewhere, with random machines or over HTTP; here they stand in small numbers.

use crate::hand_made::{Floor, minutes, pieces, rate, span};
use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::small_plant;
use ms5_floor::domain::account::{Account, MinuteCount, add_counts};
use ms5_floor::domain::fact::{Channel, Counts, Fact, FactKind};
use ms5_floor::domain::figure::{Figure, Why};
use ms5_floor::domain::fold::{FoldRules, fold};
use ms5_floor::domain::ids::{MachineId, ProductId, ReasonId, SourceId};
use ms5_floor::domain::loss::{Loss, LossTree};
use ms5_floor::domain::machine_state::MachineState::{
    self, NotScheduled, PlannedStop, Running, Starved, Stopped,
};
use ms5_floor::domain::machine_state::TimeBucket;
use ms5_floor::domain::part::{LossRules, parts};
use ms5_floor::domain::rate::IdealRate;
use ms5_floor::domain::reason::Category::{Blocked, Unplanned};
use ms5_floor::domain::reckon::{LossKey, Lost, MachineWindow, account};
use ms5_floor::domain::reliability::{MeanTime, Reliability};
use ms5_floor::domain::time::{DurMs, HOUR_MS, MINUTE_MS, TsMs};
use ms5_floor::domain::timeline::{Hearing, Interval, Transition, intervals};
use ms5_floor::server::calendar;
use serde_json::json;

fn known(value: f64) -> Figure {
    Figure::Known(value)
}

fn unknown(why: Why) -> Figure {
    Figure::Unknown(why)
}

#[test]
fn no_planned_time_has_no_figures_and_no_weight() {
    let off = Account {
        planned: minutes(60),
        not_scheduled: minutes(420),
        ..Account::default()
    };
    let told = |a: &Account| {
        [
            a.availability(),
            a.performance(),
            a.oee(),
            a.nee(),
            a.coverage(),
            a.availability_performance(),
        ]
    };
    assert_eq!(told(&off), [unknown(Why::NotScheduled); 6]);
    let mut worked = Account {
        run: minutes(80),
        unplanned: minutes(20),
        ..Account::default()
    };
    add_counts(&mut worked, pieces(40, 0), rate(1), false);
    assert_eq!(
        [off, worked].into_iter().sum::<Account>().oee(),
        worked.oee(),
        "it drops out of sums by weight"
    );
    let silent = Account {
        unknown: minutes(60),
        ..off
    };
    assert_eq!(
        [
            silent.oee(),
            silent.availability(),
            silent.ooe(),
            silent.teep()
        ],
        [unknown(Why::NoData); 4]
    );
    assert_eq!(silent.coverage(), known(0.0));
}

#[test]
fn planned_time_without_run_time_has_availability_and_oee_0_and_stays_in_sums() {
    let stood = Floor::new(&[(480, Stopped)])
        .shift(0, 480, &[])
        .account(0, 480);
    assert_eq!(
        [stood.availability(), stood.oee(), stood.nee()],
        [known(0.0); 3]
    );
    assert_eq!(
        [stood.performance(), stood.throughput()],
        [unknown(Why::NoRunTime); 2]
    );
    assert_eq!(stood.quality(), unknown(Why::NoOutput));
    let worked = Floor::new(&[(480, Running)])
        .shift(0, 480, &[])
        .made(0, pieces(480, 0))
        .account(0, 480);
    assert_eq!(
        [stood, worked].into_iter().sum::<Account>().oee(),
        known(0.5)
    );
}

#[test]
fn run_time_without_output_has_performance_0_and_no_quality() {
    let idle = Floor::new(&[(480, Running)])
        .shift(0, 480, &[])
        .account(0, 480);
    assert_eq!([idle.performance(), idle.oee()], [known(0.0); 2]);
    assert_eq!(
        [idle.quality(), idle.rate_coverage()],
        [unknown(Why::NoOutput); 2]
    );
    let scrap_only = Floor::new(&[(480, Running)])
        .shift(0, 480, &[])
        .made(9, pieces(0, 9))
        .account(0, 480);
    assert_eq!([scrap_only.quality(), scrap_only.oee()], [known(0.0); 2]);
}

#[test]
fn output_outside_planned_time_is_in_no_ratio_but_ooe_and_teep() {
    // A break from 60 to 80, a planned stop from 80 to 100, the shift ends at 120.
    let floor = Floor::new(&[(240, Running)])
        .shift(0, 120, &[(60, 80)])
        .planned_stop(80, 100);
    let inside = floor.made(10, pieces(40, 0));
    let a = inside.account(0, 240);
    assert_eq!(
        [a.oee(), a.ooe(), a.teep()],
        [known(0.5), known(40.0 / 120.0), known(40.0 / 240.0)]
    );
    let b = inside
        .clone()
        .made(65, pieces(5, 1))
        .made(85, pieces(7, 0))
        .account(0, 240);
    assert_eq!((b.counts, b.unscheduled), (pieces(40, 0), pieces(12, 1)));
    assert_eq!(
        [b.availability(), b.performance(), b.quality(), b.oee()],
        [a.availability(), a.performance(), a.quality(), a.oee()]
    );
    assert_eq!(
        [b.ooe(), b.teep()],
        [known(52.0 / 120.0), known(52.0 / 240.0)]
    );
    let c = inside.clone().made(200, pieces(20, 0)).account(0, 240);
    assert_eq!(
        [c.oee(), c.ooe(), c.teep()],
        [a.oee(), a.ooe(), known(60.0 / 240.0)]
    );
    // The machine itself may say that it is off.
    let said = Floor::new(&[(60, Running), (60, PlannedStop)])
        .made(0, pieces(30, 0))
        .made(70, pieces(6, 0))
        .account(0, 120);
    assert_eq!([said.oee(), said.ooe()], [known(0.5), known(36.0 / 120.0)]);
}

#[test]
fn output_outside_planned_time_without_an_ideal_rate_leaves_ooe_and_teep_unknown() {
    let floor = Floor::new(&[(240, Running)])
        .shift(0, 120, &[])
        .made(10, pieces(60, 0))
        .product(120, 7);
    let a = floor.clone().made(200, pieces(20, 0)).account(0, 240);
    assert_eq!((a.oee(), a.unrated, a.unrated_off), (known(0.5), 0, 20));
    assert_eq!(
        [a.ooe(), a.teep()],
        [unknown(Why::NoIdealRate); 2],
        "never as if they had not been made"
    );
    let b = floor
        .product_rated(7, 2)
        .made(200, pieces(20, 0))
        .account(0, 240);
    assert_eq!(b.teep(), known(70.0 / 240.0));
}

#[test]
fn performance_above_100_percent_is_kept_and_flagged_by_a_negative_speed_loss() {
    let mut fast = Account {
        run: minutes(10),
        ..Account::default()
    };
    add_counts(&mut fast, pieces(30, 0), rate(2), false);
    assert_eq!([fast.performance(), fast.oee()], [known(1.5); 2]);
    assert_eq!(LossTree::of(&fast).exact(Loss::Speed).secs(), -300.0);
    let mut slow = Account {
        run: minutes(10),
        ..Account::default()
    };
    add_counts(&mut slow, pieces(10, 0), rate(2), false);
    assert_eq!(
        [fast, slow].into_iter().sum::<Account>().performance(),
        known(1.0),
        "not clamped in sums either"
    );
}

#[test]
fn a_changed_ideal_rate_does_not_restate_the_past() {
    let made = |minute: i64| MinuteCount {
        minute: TsMs(minute * MINUTE_MS),
        product: Some(ProductId(1)),
        off: false,
        counts: pieces(30, 0),
    };
    let counted = [made(10), made(70)];
    let rules = LossRules::minor(minutes(5));
    let running = [Interval {
        span: span(0, 120),
        state: Running,
        fault: None,
        product: Some(ProductId(1)),
        open: false,
    }];
    let machine = MachineWindow {
        parts: &parts(&running, &[], rules, |_| None),
        minutes: &counted,
        schedule: &ms5_floor::domain::shift::Schedule::BySignal,
        rules,
        first_fact: Some(TsMs(0)),
    };
    // One a minute in the first hour, two a minute from then on.
    let dated = |_, at: TsMs| rate(if at < TsMs(HOUR_MS) { 1 } else { 2 });
    assert_eq!(
        account(span(0, 60), &machine, dated).performance(),
        known(0.5)
    );
    assert_eq!(
        account(span(60, 120), &machine, dated).performance(),
        known(0.25)
    );
    assert_eq!(
        account(span(0, 120), &machine, dated).performance(),
        known(0.375)
    );
}

#[test]
fn the_threshold_of_minor_stops_moves_time_from_availability_to_performance_and_not_oee() {
    let floor = Floor::new(&[
        (40, Running),
        (4, Stopped),
        (36, Running),
        (10, Starved),
        (10, Running),
    ])
    .shift(0, 100, &[])
    .made(0, pieces(43, 0));
    let under = |n| floor.clone().minor_under(n).account(0, 100);
    assert_eq!(
        [under(0), under(5), under(11)].map(|a| a.oee()),
        [known(0.43); 3]
    );
    assert_eq!(
        [under(0), under(5), under(11)].map(|a| a.availability()),
        [known(0.86), known(0.9), known(1.0)]
    );
    assert_eq!(
        [under(0), under(5), under(11)].map(|a| a.minor.0 / MINUTE_MS),
        [0, 4, 14]
    );
}

#[test]
fn a_stop_of_exactly_the_threshold_is_not_minor_and_adjacent_stops_are_one() {
    let of = |states: &[(i64, MachineState)]| {
        let sheet = Floor::new(states).shift(0, 100, &[]).account(0, 100);
        let losses = [sheet.minor, sheet.unplanned, sheet.waiting()].map(|t| t.0 / MINUTE_MS);
        (losses, [sheet.minor_stops, sheet.failures, sheet.waits])
    };
    assert_eq!(
        of(&[(40, Running), (4, Stopped), (56, Running)]),
        ([4, 0, 0], [1, 0, 0])
    );
    assert_eq!(
        of(&[(40, Running), (5, Stopped), (55, Running)]),
        ([0, 5, 0], [0, 1, 0])
    );
    assert_eq!(
        of(&[(40, Running), (3, Stopped), (3, Starved), (54, Running)]),
        ([0, 3, 3], [0, 1, 0])
    );
    assert_eq!(
        of(&[
            (40, Running),
            (3, Stopped),
            (1, Running),
            (3, Starved),
            (53, Running)
        ]),
        ([6, 0, 0], [2, 0, 0])
    );
}

#[test]
fn overlapping_reasons_share_a_stop_without_telling_a_minute_twice() {
    let floor = Floor::new(&[(10, Running), (30, Stopped), (20, Running)])
        .shift(0, 60, &[])
        .reason(10, 25, 1, Unplanned)
        .reason(20, 35, 2, Blocked);
    let reckoning = floor.reckon(0, 60);
    let lost = |bucket, reason: Option<i64>| {
        let key = LossKey {
            bucket,
            minor: false,
            reason: reason.map(ReasonId),
        };
        reckoning.losses.get(&key).copied().unwrap_or_default()
    };
    let of = |n, stops| Lost {
        time: minutes(n),
        stops,
    };
    assert_eq!(
        lost(TimeBucket::Unplanned, Some(1)),
        of(15, 1),
        "the earlier one keeps what they share"
    );
    assert_eq!(lost(TimeBucket::Blocked, Some(2)), of(10, 0));
    assert_eq!(
        lost(TimeBucket::Unplanned, None),
        of(5, 0),
        "and what nobody explained stays so"
    );
    let a = reckoning.account();
    assert_eq!(
        (a.unplanned + a.blocked, a.availability()),
        (minutes(30), known(0.5))
    );
    assert_eq!(
        (a.failures, a.repairs, a.repair),
        (1, 1, minutes(30)),
        "one stop, mended once"
    );
}

#[test]
fn a_planned_stop_beats_a_stop_only_when_it_was_planned_to_begin_before_it() {
    let of = |states: &[(i64, MachineState)]| {
        let a = Floor::new(states)
            .shift(0, 120, &[])
            .planned_stop(60, 90)
            .account(0, 120);
        [a.planned, a.unplanned, a.run].map(|t| t.0 / MINUTE_MS)
    };
    assert_eq!(
        of(&[(65, Running), (20, Stopped), (35, Running)]),
        [30, 0, 90]
    );
    assert_eq!(
        of(&[(60, Running), (25, Stopped), (35, Running)]),
        [30, 0, 90],
        "both at once: as planned"
    );
    assert_eq!(
        of(&[(50, Running), (30, Stopped), (40, Running)]),
        [10, 30, 80],
        "it stood already"
    );
    assert_eq!(
        of(&[(65, Running), (35, Stopped), (20, Running)]),
        [30, 10, 80],
        "longer than planned"
    );
}

#[test]
fn a_stop_over_a_break_counts_only_beside_it() {
    let a = Floor::new(&[(50, Running), (30, Stopped), (40, Running)])
        .shift(0, 120, &[(60, 75)])
        .account(0, 120);
    assert_eq!(
        (a.planned, a.unplanned, a.run),
        (minutes(15), minutes(15), minutes(90))
    );
    assert_eq!(
        (a.failures, a.repairs, a.repair),
        (1, 1, minutes(30)),
        "and is one stop of its whole length"
    );
}

#[test]
fn a_stop_across_shifts_is_counted_once_at_its_start_and_mended_unclipped() {
    // 20 minutes of the first shift, 40 of the second.
    let floor = Floor::new(&[(100, Running), (60, Stopped), (80, Running)])
        .shift(0, 120, &[])
        .shift(120, 240, &[]);
    let stops = |a: &Account| (a.failures, a.repairs, a.repair, a.unplanned);
    let (first, second) = (floor.account(0, 120), floor.account(120, 240));
    assert_eq!(stops(&first), (1, 0, DurMs::ZERO, minutes(20)));
    assert_eq!(stops(&second), (0, 1, minutes(60), minutes(40)));
    assert_eq!(
        stops(&floor.account(0, 240)),
        (1, 1, minutes(60), minutes(60))
    );
    let mttr = Reliability::of(&second).mttr.mean_ms();
    assert_eq!(mttr, Some(minutes(60).0 as f64));
    // An end at the boundary belongs to the window that it ends, and to no other.
    let exact = Floor::new(&[(100, Running), (20, Stopped), (120, Running)]).shift(0, 240, &[]);
    assert_eq!(
        stops(&exact.account(0, 120)),
        (1, 1, minutes(20), minutes(20))
    );
    assert_eq!(
        stops(&exact.account(120, 240)),
        (0, 0, DurMs::ZERO, DurMs::ZERO)
    );
    // A stop that begins at the boundary belongs to the window that it begins.
    assert_eq!(
        stops(&exact.account(40, 100)),
        (0, 0, DurMs::ZERO, DurMs::ZERO)
    );
    assert_eq!(
        stops(&exact.account(100, 110)),
        (1, 0, DurMs::ZERO, minutes(10))
    );
}

#[test]
fn a_stop_that_begins_outside_planned_time_is_no_failure_and_its_time_inside_is_lost() {
    let a = Floor::new(&[(30, NotScheduled), (60, Stopped), (90, Running)])
        .shift(60, 180, &[])
        .account(0, 180);
    assert_eq!(
        (a.failures, a.repairs, a.repair, a.unplanned),
        (0, 0, DurMs::ZERO, minutes(30))
    );
}

#[test]
fn an_open_stop_is_lost_time_until_now_and_not_yet_mended() {
    let now = TsMs(90 * MINUTE_MS);
    let transitions = [(0, Running), (60, Stopped)].map(|(minute, state)| Transition {
        from: TsMs(minute * MINUTE_MS),
        state,
        fault: None,
        product: None,
    });
    let hearing = Hearing {
        last: Some(TsMs(60 * MINUTE_MS)),
        max_silence: None,
        now,
    };
    let floor = Floor::new(&[])
        .intervals(intervals(&transitions, span(0, 480), hearing))
        .shift(0, 480, &[]);
    let a = floor.account(0, 90);
    assert_eq!(
        (a.failures, a.repairs, a.repair, a.unplanned),
        (1, 0, DurMs::ZERO, minutes(30))
    );
    assert_eq!(Reliability::of(&a).mttr, MeanTime::None);
    let ahead = floor.account(0, 480);
    assert_eq!(
        (ahead.unplanned, ahead.unknown),
        (minutes(30), minutes(390)),
        "nothing is said about later"
    );
    let ended = Floor::new(&[(60, Running), (30, Stopped)]).shift(0, 480, &[]);
    assert_eq!(
        (
            ended.account(0, 90).repairs,
            ended.open().account(0, 90).repairs
        ),
        (1, 0)
    );
}

/// 22:00 to 06:00 in Rome, over the changes of the clocks: the machine runs all the time.
#[tokio::test]
async fn a_night_is_7_or_9_hours_when_the_clocks_change_and_belongs_to_the_day_of_its_start() {
    let mut plant = small_plant();
    plant["shift"] =
        json!([{"name": "Night", "days": [1, 2, 3, 4, 5, 6, 7], "start": "22:00", "end": "06:00"}]);
    plant["line"][0]["shifts"] = json!(["Night"]);
    let server = Server::with(
        &Place::sqlite(),
        Hands::at(at("2026-01-01T00:00:00Z")).clock(),
        plant,
    )
    .await;
    let plant = server.app.plant.get();
    let (site, (line, _)) = (
        plant.site.as_ref().expect("a site"),
        plant.machine(server.machine("M1")).expect("the machine"),
    );
    for (day, noon, hours) in [
        ("2026-03-27", "2026-03-27T12:00:00+01:00", 8),
        ("2026-03-28", "2026-03-28T12:00:00+01:00", 7),
        ("2026-10-24", "2026-10-24T12:00:00+02:00", 9),
        ("2026-10-25", "2026-10-25T12:00:00+01:00", 8),
    ] {
        // From noon to the noon after.
        let from = at(noon);
        let window =
            ms5_floor::domain::time::Span::clamped(from, from + DurMs((16 + hours) * HOUR_MS));
        let shifts = calendar::shifts(site, line, window);
        assert_eq!(
            shifts.iter().map(|s| s.day.as_str()).collect::<Vec<_>>(),
            [day]
        );
        let running = [Interval {
            span: window,
            state: Running,
            fault: None,
            product: None,
            open: false,
        }];
        let machine = MachineWindow {
            parts: &parts(&running, &[], line.rules, |_| None),
            minutes: &[],
            schedule: &calendar::schedule(site, line, window),
            rules: line.rules,
            first_fact: None,
        };
        let a = account(window, &machine, |_, _| None::<IdealRate>);
        assert_eq!(
            (a.run, a.not_scheduled),
            (DurMs(hours * HOUR_MS), DurMs(16 * HOUR_MS)),
            "{day}"
        );
    }
}

#[test]
fn each_product_has_its_own_ideal_rate_and_an_unknown_one_leaves_only_its_share_unknown() {
    let floor = Floor::new(&[(180, Running)])
        .shift(0, 180, &[])
        .product(0, 1)
        .product(60, 2)
        .product(120, 3);
    let floor = floor
        .product_rated(1, 2)
        .product_rated(2, 1)
        .made(0, pieces(90, 10))
        .made(60, pieces(30, 0))
        .made(120, pieces(70, 0));
    let reckoning = floor.reckon(0, 180);
    let of = |id: i64| &reckoning.products[&Some(ProductId(id))];
    assert_eq!(
        [of(1).performance(), of(1).quality(), of(1).oee()],
        [known(50.0 / 60.0), known(0.9), known(0.75)]
    );
    assert_eq!(
        [of(2).performance(), of(2).quality(), of(2).oee()],
        [known(0.5), known(1.0), known(0.5)]
    );
    assert_eq!(
        [of(3).performance(), of(3).quality(), of(3).oee()],
        [unknown(Why::NoIdealRate); 3]
    );
    assert_eq!(of(3).availability(), known(1.0));
    let a = reckoning.account();
    assert_eq!([a.performance(), a.oee()], [unknown(Why::NoIdealRate); 2]);
    assert_eq!(
        (a.rate_coverage(), of(3).rate_coverage()),
        (known(130.0 / 200.0), known(0.0))
    );
    assert_eq!(
        LossTree::of(&a).exact(Loss::Speed).0,
        0,
        "its speed is not told either"
    );
}

#[test]
fn rework_is_not_good_at_first_pass_and_is_not_restated_later() {
    let rework = Counts {
        good: 6,
        scrap: 1,
        rework: 3,
        ungraded: 0,
    };
    let floor = Floor::new(&[(20, Running)])
        .shift(0, 20, &[])
        .made(0, rework);
    assert_eq!(
        [
            floor.account(0, 20).quality(),
            floor.account(0, 20).first_pass_yield()
        ],
        [known(0.6); 2]
    );
    // Pieces that pass at the second try are new good pieces of the minute in which they pass.
    let later = floor.made(10, pieces(3, 0));
    assert_eq!(later.account(0, 10).quality(), known(0.6));
    assert_eq!(later.account(10, 20).quality(), known(1.0));
}

#[test]
fn counters_survive_resets_roll_over_repetition_and_late_data() {
    let reading = |minute: i64, value: i64| Fact {
        source: SourceId(1),
        item: format!("i{minute}"),
        machine: MachineId(1),
        at: TsMs(minute * MINUTE_MS),
        kind: FactKind::Counter {
            channel: Channel::Good,
            value,
        },
    };
    let made = |facts: &[Fact]| {
        let rules = FoldRules {
            counter_max: Some(999),
            ..FoldRules::default()
        };
        let (_, folded) = fold(facts, &rules);
        folded
            .minutes
            .into_iter()
            .map(|((minute, ..), counts)| (minute.0 / MINUTE_MS, counts.good))
            .collect::<Vec<_>>()
    };
    let day = [
        reading(0, 100),
        reading(1, 160),
        reading(2, 20),
        reading(3, 900),
        reading(4, 30),
        reading(5, 30),
    ];
    // 60 made; reset, 20 since; 880 made; past 999 to 30; none.
    let wanted = vec![(1, 60), (2, 20), (3, 880), (4, 130)];
    assert_eq!(made(&day), wanted);
    let mut twice_and_late = [day.as_slice(), &day[1..4]].concat();
    twice_and_late.reverse();
    assert_eq!(made(&twice_and_late), wanted);
    assert_eq!(made(&day[..1]), vec![], "the first reading tells no pieces");
}

#[test]
fn short_windows_are_told_to_hold_few_pieces() {
    let floor = Floor::new(&[(480, Running)])
        .shift(0, 480, &[])
        .rated(2)
        .made(0, pieces(5, 0))
        .made(20, pieces(10, 2));
    let expected = |from, to| floor.account(from, to).expected_pieces();
    assert_eq!(
        (expected(0, 14), expected(0, 15), expected(0, 480)),
        (Some(28.0), Some(30.0), Some(960.0))
    );
    let few = |from, to| floor.account(from, to).few_pieces();
    assert_eq!(
        (few(0, 14), few(0, 15), few(0, 480)),
        (true, false, false),
        "30 are enough, made or not"
    );
    assert_eq!(
        (expected(30, 480), few(30, 480)),
        (None, true),
        "without a piece nobody knows how long one takes"
    );
    // Different products: by the mean ideal cycle time of what was made.
    let mixed = Floor::new(&[(60, Running)])
        .shift(0, 60, &[])
        .product(0, 1)
        .product(30, 2)
        .product_rated(1, 2)
        .product_rated(2, 1);
    let mixed = mixed
        .made(0, pieces(10, 0))
        .made(30, pieces(10, 0))
        .account(0, 60);
    assert_eq!(
        mixed.expected_pieces(),
        Some(80.0),
        "20 pieces take 15 minutes at best, an hour has room for 80"
    );
    // Pieces without a rate say nothing about it.
    let unrated = Floor::new(&[(60, Running)])
        .shift(0, 60, &[])
        .made(0, pieces(20, 0))
        .product(30, 9)
        .made(30, pieces(500, 0));
    assert_eq!(unrated.account(0, 60).expected_pieces(), Some(60.0));
}

#[test]
fn without_a_failure_mtbf_is_at_least_a_third_of_the_time_and_few_failures_have_wide_bounds() {
    let none = Floor::new(&[(600, Running)])
        .shift(0, 600, &[])
        .account(0, 600);
    let MeanTime::AtLeast { low_ms } = Reliability::of(&none).mtbf else {
        panic!("no mean without a failure");
    };
    let t = minutes(600).0 as f64;
    assert!((t / low_ms - 2.9957).abs() < 1e-4, "T / 2.996: {low_ms}");
    assert_eq!(Reliability::of(&none).mttr, MeanTime::None);
    let two = Floor::new(&[
        (300, Running),
        (10, Stopped),
        (200, Running),
        (20, Stopped),
        (100, Running),
    ])
    .shift(0, 630, &[])
    .account(0, 630);
    let MeanTime::Mean {
        mean_ms,
        low_ms,
        high_ms,
        n,
    } = Reliability::of(&two).mtbf
    else {
        panic!("two failures have a mean");
    };
    assert_eq!((mean_ms, n), (t / 2.0, 2));
    // Garwood for 2: 0.2422 to 7.2247 events in the time.
    assert!(
        (t / high_ms - 0.2422).abs() < 1e-4 && (t / low_ms - 7.2247).abs() < 1e-4,
        "{low_ms} to {high_ms}"
    );
}
