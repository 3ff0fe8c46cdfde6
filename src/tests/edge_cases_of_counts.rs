//! The edges of counts, one test a rule: no piece is lost or told twice, and each is judged by the ideal rate of its own
//! product at its own time.

use crate::hand_made::{Floor, minutes, pieces, rate, span};
use ms5_floor::domain::account::{MadeIn, MinuteCount};
use ms5_floor::domain::fact::{Channel, Counts, Fact, FactKind};
use ms5_floor::domain::figure::{Figure, Why};
use ms5_floor::domain::fold::{FoldRules, fold};
use ms5_floor::domain::ids::{MachineId, ProductId, SourceId};
use ms5_floor::domain::loss::{Loss, LossTree};
use ms5_floor::domain::machine_state::MachineState::{self, NoData, PlannedStop, Running};
use ms5_floor::domain::part::{LossRules, parts};
use ms5_floor::domain::reckon::{MachineWindow, account};
use ms5_floor::domain::shift::Schedule;
use ms5_floor::domain::time::{HOUR_MS, MINUTE_MS, Span, TsMs};
use ms5_floor::domain::timeline::Interval;

#[test]
fn a_changed_ideal_rate_does_not_restate_the_past() {
    let made = |minute: i64| MinuteCount {
        minute: TsMs(minute * MINUTE_MS),
        product: Some(ProductId(1)),
        made_in: MadeIn::KnownTime,
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
        schedule: &Schedule::BySignal,
        rules,
        first_fact: Some(TsMs(0)),
        there: Span::EVER,
        counted_elsewhere: false,
    };
    // One a minute in the first hour, two a minute from then on.
    let dated = |_, at: TsMs| rate(if at < TsMs(HOUR_MS) { 1 } else { 2 });
    assert_eq!(
        account(span(0, 60), &machine, dated).performance(),
        Figure::Known(0.5)
    );
    assert_eq!(
        account(span(60, 120), &machine, dated).performance(),
        Figure::Known(0.25)
    );
    assert_eq!(
        account(span(0, 120), &machine, dated).performance(),
        Figure::Known(0.375)
    );
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
        [
            Figure::Known(50.0 / 60.0),
            Figure::Known(0.9),
            Figure::Known(0.75)
        ]
    );
    assert_eq!(
        [of(2).performance(), of(2).quality(), of(2).oee()],
        [Figure::Known(0.5), Figure::Known(1.0), Figure::Known(0.5)]
    );
    assert_eq!(
        [of(3).performance(), of(3).quality(), of(3).oee()],
        [Figure::Unknown(Why::NoIdealRate); 3]
    );
    assert_eq!(of(3).availability(), Figure::Known(1.0));
    let a = reckoning.account();
    assert_eq!(
        [a.performance(), a.oee()],
        [Figure::Unknown(Why::NoIdealRate); 2]
    );
    assert_eq!(
        (a.rate_coverage(), of(3).rate_coverage()),
        (Figure::Known(130.0 / 200.0), Figure::Known(0.0))
    );
    assert_eq!(
        LossTree::of(&a).exact(Loss::Speed).0,
        0,
        "its speed is not told either"
    );
}

#[test]
fn one_piece_without_a_rate_or_a_grade_leaves_a_lower_bound() {
    let floor = Floor::new(&[(100, Running)])
        .shift(0, 100, &[])
        .product(0, 1)
        .product(90, 2)
        .product_rated(1, 1)
        .made(0, pieces(60, 5));
    let told = floor.account(0, 100);
    assert_eq!(
        (told.oee(), told.oee_at_least()),
        (Figure::Known(0.6), Figure::Known(0.6))
    );
    let unrated = floor.clone().made(95, pieces(1, 0)).account(0, 100);
    assert_eq!(
        (unrated.oee(), unrated.oee_at_least()),
        (Figure::Unknown(Why::NoIdealRate), Figure::Known(0.6))
    );
    let ungraded = Counts::of(Channel::Ungraded, 1);
    let ungraded = floor.clone().made(10, ungraded).account(0, 100);
    assert_eq!(
        (ungraded.oee(), ungraded.oee_at_least()),
        (Figure::Unknown(Why::QualityNotReported), Figure::Known(0.6))
    );
    // Time without data is time in which nothing more is certain.
    let late = floor.made(95, pieces(1, 0)).shift(100, 150, &[]);
    assert_eq!(late.account(0, 150).oee_at_least(), Figure::Known(0.4));
    let nothing = Floor::new(&[]).shift(0, 60, &[]).account(0, 60);
    assert_eq!(nothing.oee_at_least(), Figure::Unknown(Why::NoData));
}

#[test]
fn what_was_made_while_nothing_was_heard_is_in_the_total_and_in_no_ratio() {
    let floor = Floor::new(&[(60, Running), (60, NoData), (60, Running)])
        .shift(0, 180, &[])
        .made(10, pieces(30, 0));
    let (told, silent) = (
        floor.account(0, 180),
        floor.made(70, pieces(50, 10)).account(0, 180),
    );
    assert_eq!((told.pieces(), silent.pieces()), (30, 90));
    assert_eq!(silent.in_unknown, pieces(50, 10));
    assert_eq!(silent.ideal_in_unknown.0, 60 * MINUTE_MS * 1_000_000);
    let ratios = |a: &ms5_floor::domain::account::Account| {
        [
            a.oee(),
            a.oee_at_least(),
            a.performance(),
            a.quality(),
            a.ooe(),
            a.teep(),
            a.nee(),
            a.throughput(),
            a.first_pass_yield(),
        ]
    };
    assert_eq!(ratios(&silent), ratios(&told));
    assert_eq!(silent.oee(), Figure::Known(0.25));
    let only = Floor::new(&[(10, NoData), (50, Running)])
        .shift(0, 60, &[])
        .made(5, pieces(5, 0))
        .account(0, 60);
    assert_eq!(
        only.quality(),
        Figure::Unknown(Why::NoData),
        "not: nothing made"
    );
}

#[test]
fn what_leaves_the_line_is_set_against_the_time_of_the_machine_that_sets_the_pace() {
    // The pacing machine's hours: running, stopped on purpose, running, silent. The last machine never stands.
    let states = [Running, PlannedStop, Running, NoData].map(|state| (60, state));
    let of_line = |made_in| {
        let mut at = 0;
        let interval = |(length, state): (i64, MachineState)| {
            at += length;
            Interval {
                span: span(at - length, at),
                state,
                fault: None,
                product: None,
                open: false,
            }
        };
        let rules = LossRules::minor(minutes(5));
        let counted: Vec<MinuteCount> = (0..240)
            .map(|minute| MinuteCount {
                minute: TsMs(minute * MINUTE_MS),
                product: None,
                made_in,
                counts: pieces(1, 0),
            })
            .collect();
        let line = MachineWindow {
            parts: &parts(&states.map(interval), &[], rules, |_| None),
            minutes: &counted,
            schedule: &Schedule::BySignal,
            rules,
            first_fact: Some(TsMs(0)),
            there: Span::EVER,
            counted_elsewhere: true,
        };
        account(span(0, 240), &line, |_, _| rate(2))
    };
    // Whether the last machine said that it was off is nothing to the line.
    for made_in in [MadeIn::KnownTime, MadeIn::OffTime] {
        let a = of_line(made_in);
        assert_eq!(
            (a.counts, a.unscheduled, a.in_unknown),
            (pieces(120, 0), pieces(60, 0), pieces(60, 0))
        );
        assert_eq!(
            (a.run, a.planned, a.unknown),
            (minutes(120), minutes(60), minutes(60))
        );
        assert_eq!(
            (a.oee(), a.performance()),
            (Figure::Known(0.5), Figure::Known(0.5))
        );
    }
    let hidden = of_line(MadeIn::UnknownTime);
    assert_eq!(
        (hidden.counts, hidden.in_unknown),
        (pieces(0, 0), pieces(240, 0))
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
        [Figure::Known(0.6); 2]
    );
    // Pieces that pass at the second try are new good pieces of the minute in which they pass.
    let later = floor.made(10, pieces(3, 0));
    assert_eq!(later.account(0, 10).quality(), Figure::Known(0.6));
    assert_eq!(later.account(10, 20).quality(), Figure::Known(1.0));
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
