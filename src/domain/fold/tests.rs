//! What the fold makes of a few facts, told by hand.

use super::*;
use crate::domain::ids::{MachineId, SourceId};
use MachineState::{
    Blocked, Changeover, Idle, NoData, NotScheduled, PlannedStop, Running, Stopped,
};

/// Facts at these seconds, in order.
fn at(list: &[(i64, FactKind)]) -> Vec<Fact> {
    let fact = |(n, (second, kind)): (usize, &(i64, FactKind))| Fact {
        source: SourceId(1),
        item: format!("{n:03}"),
        machine: MachineId(1),
        at: TsMs(second * 1000),
        kind: kind.clone(),
    };
    list.iter().enumerate().map(fact).collect()
}

fn state(state: MachineState) -> FactKind {
    FactKind::State { state, fault: None }
}

fn fault(code: &str, active: bool) -> FactKind {
    FactKind::Fault {
        code: code.to_owned(),
        active,
    }
}

fn product(id: i64) -> FactKind {
    FactKind::Product {
        product: Some(ProductId(id)),
        job: None,
    }
}

fn reading(value: i64) -> FactKind {
    FactKind::Counter {
        channel: Channel::Good,
        value,
    }
}

type Row = (i64, MachineState, Option<&'static str>, Option<i64>);

fn rows(facts: &[Fact], rules: &FoldRules) -> Vec<Row> {
    let known = ["F1", "F2", "Q9"];
    let (_, folded) = fold(facts, rules);
    let row = |t: Transition| {
        let fault = t.fault.and_then(|f| known.into_iter().find(|k| *k == f));
        (t.from.0 / 1000, t.state, fault, t.product.map(|p| p.0))
    };
    folded.transitions.into_values().map(row).collect()
}

fn made(readings: &[i64], counter_max: Option<i64>) -> i64 {
    let facts: Vec<_> = (0..).zip(readings.iter().map(|r| reading(*r))).collect();
    let rules = FoldRules {
        counter_max,
        ..FoldRules::default()
    };
    let (_, folded) = fold(&at(&facts), &rules);
    folded.minutes.values().map(|c| c.good).sum()
}

#[test]
fn a_fault_shortly_after_an_unexplained_stop_is_its_cause_a_later_one_is_not() {
    let rules = FoldRules::default();
    let explained = |second, code| {
        let facts = [
            (0, state(Running)),
            (100, state(Stopped)),
            (second, fault(code, true)),
        ];
        rows(&at(&facts), &rules)[1]
    };
    assert_eq!(explained(100, "F1"), (100, Stopped, Some("F1"), None));
    assert_eq!(explained(160, "F1"), (100, Stopped, Some("F1"), None));
    assert_eq!(explained(161, "F1"), (100, Stopped, None, None));
}

#[test]
fn the_first_active_fault_is_the_cause_and_a_prompt_never_is() {
    let rules = FoldRules {
        not_causes: BTreeSet::from(["Q9".to_owned()]),
        ..FoldRules::default()
    };
    let facts = [
        (0, state(Running)),
        (10, fault("Q9", true)),
        (20, fault("F2", true)),
        (30, fault("F1", true)),
        (40, state(Stopped)),
        (50, state(Running)),
        (60, fault("F2", false)),
        (70, state(Idle)),
        (80, state(Blocked)),
        (90, state(Changeover)),
        (95, fault("F1", false)),
        (100, state(Stopped)),
        (110, fault("Q9", true)),
    ];
    let wanted = [
        (0, Running, None, None),
        (40, Stopped, Some("F2"), None),
        (50, Running, None, None),
        (70, Idle, Some("F1"), None),
        (80, Blocked, None, None),
        (90, Changeover, None, None),
        (100, Stopped, None, None),
    ];
    assert_eq!(rows(&at(&facts), &rules), wanted);
}

#[test]
fn saying_the_same_again_begins_nothing_but_another_cause_does() {
    let stop = |fault: &str| FactKind::State {
        state: Stopped,
        fault: Some(fault.to_owned()),
    };
    let facts = [
        (0, state(Running)),
        (5, state(Running)),
        (10, state(Stopped)),
        (500, stop("F1")),
        (510, stop("F1")),
        (520, state(Stopped)),
        (530, stop("F2")),
    ];
    let wanted = [
        (0, Running, None, None),
        (10, Stopped, Some("F1"), None),
        (530, Stopped, Some("F2"), None),
    ];
    assert_eq!(rows(&at(&facts), &FoldRules::default()), wanted);
}

#[test]
fn a_change_of_product_splits_the_interval_the_same_product_again_does_not() {
    let facts = [
        (0, product(1)),
        (0, state(Running)),
        (10, product(1)),
        (20, product(2)),
    ];
    let wanted = [(0, Running, None, Some(1)), (20, Running, None, Some(2))];
    assert_eq!(rows(&at(&facts), &FoldRules::default()), wanted);
}

#[test]
fn silence_is_no_data_from_the_last_word_on_and_then_the_old_state_goes_on() {
    let rules = FoldRules {
        max_silence: Some(DurMs(60_000)),
        ..FoldRules::default()
    };
    let sign = FactKind::Measurement {
        name: "t".to_owned(),
        value: 1.0,
        unit: None,
    };
    let facts = [
        (0, state(Running)),
        (60, sign.clone()),
        (121, sign.clone()),
        (130, state(Stopped)),
        (191, state(Running)),
    ];
    let wanted = [
        (0, Running, None, None),
        (60, NoData, None, None),
        (121, Running, None, None),
        (130, NoData, None, None),
        (191, Running, None, None),
    ];
    assert_eq!(rows(&at(&facts), &rules), wanted);
    assert_eq!(rows(&at(&facts[..2]), &rules).len(), 1, "just not too long");
}

#[test]
fn a_counter_that_falls_was_reset_or_rolled_over() {
    assert_eq!(
        made(&[10], None),
        0,
        "the first reading is where counting starts"
    );
    assert_eq!(made(&[10, 10, 25], None), 15);
    assert_eq!(made(&[10, 25, 4], None), 19, "reset, and 4 made since");
    assert_eq!(
        made(&[990, 1000, 5], Some(1000)),
        16,
        "over the top: 1000 to 0 is one piece"
    );
    assert_eq!(
        made(&[100, 5], Some(1000)),
        5,
        "from the lower half it is a reset"
    );
    assert_eq!(made(&[990, 600], Some(1000)), 600, "to the upper half too");
    assert_eq!(
        made(&[2000, 5], Some(1000)),
        5,
        "a reading beyond the range says nothing of a roll-over"
    );
}

#[test]
fn counts_belong_to_their_minute_their_product_and_to_off_time() {
    let count = |n| FactKind::Count {
        counts: Counts::of(Channel::Good, n),
        product: None,
    };
    let facts = [
        (0, product(1)),
        (0, state(Running)),
        (30, count(1)),
        (59, count(2)),
        (60, count(4)),
        (61, state(NotScheduled)),
        (61, count(8)),
        (62, product(2)),
        (62, count(16)),
    ];
    let (_, folded) = fold(&at(&facts), &FoldRules::default());
    let rows = folded.minutes.into_iter();
    let got: Vec<_> = rows
        .map(|((minute, product, made_in), c)| {
            (minute.0 / 1000, product.map(|p| p.0), made_in, c.good)
        })
        .collect();
    let wanted = [
        (0, Some(1), MadeIn::KnownTime, 3),
        (60, Some(1), MadeIn::KnownTime, 4),
        (60, Some(1), MadeIn::OffTime, 8),
        (60, Some(2), MadeIn::OffTime, 16),
    ];
    assert_eq!(got, wanted);
}

#[test]
fn what_was_made_in_a_silence_is_booked_to_no_known_minute() {
    let rules = FoldRules {
        max_silence: Some(DurMs(60_000)),
        ..FoldRules::default()
    };
    let scrap = |value| FactKind::Counter {
        channel: Channel::Scrap,
        value,
    };
    let piece = FactKind::Count {
        counts: Counts::of(Channel::Good, 1),
        product: None,
    };
    let facts = [
        (0, state(Running)),
        (10, reading(100)),
        (10, scrap(10)),
        (50, reading(110)),
        // Nothing for an hour; the first word is a state, the counters follow, one of them later than the other.
        (3650, state(Running)),
        (3650, piece.clone()),
        (3655, reading(610)),
        (3656, piece),
        (3660, reading(612)),
        (3670, scrap(13)),
        (3680, scrap(14)),
    ];
    let got = |facts: &[(i64, FactKind)]| -> Vec<_> {
        let (_, folded) = fold(&at(facts), &rules);
        let rows = folded.minutes.into_iter();
        rows.map(|((minute, _, made_in), c)| (minute.0 / 60_000, made_in, c.good, c.scrap))
            .collect()
    };
    let wanted = [
        (0, MadeIn::KnownTime, 10, 0),
        (60, MadeIn::KnownTime, 1, 0),
        (60, MadeIn::UnknownTime, 501, 0),
        (61, MadeIn::KnownTime, 2, 1),
        (61, MadeIn::UnknownTime, 0, 3),
    ];
    assert_eq!(got(&facts), wanted);
}

#[test]
fn a_head_remembers_in_what_time_its_pieces_were_made_and_reads_what_was_stored_before() {
    let off = r#"{"minute":0,"product":null,"off":true,"counts":{"good":1}}"#;
    let read: MinuteCount = serde_json::from_str(off).expect("a minute");
    assert_eq!(read.made_in, MadeIn::OffTime);
    for made_in in MadeIn::ALL {
        let count = MinuteCount { made_in, ..read };
        let text = serde_json::to_string(&count).expect("text");
        assert_eq!(
            serde_json::from_str::<MinuteCount>(&text).expect("a minute"),
            count
        );
        assert_eq!(MadeIn::from_code(made_in.code()), made_in);
    }
}

#[test]
fn a_machines_own_fault_is_the_cause_before_those_of_others_then_the_earliest_then_by_code() {
    let origins = [
        ("F1", FaultOrigin::Downstream),
        ("F2", FaultOrigin::Upstream),
    ];
    let rules = FoldRules {
        origins: origins
            .map(|(code, origin)| (code.to_owned(), origin))
            .into(),
        ..FoldRules::default()
    };
    let cause = |list: &[(i64, FactKind)]| {
        let mut facts = vec![(0, state(Running))];
        facts.extend_from_slice(list);
        rows(&at(&facts), &rules).last().and_then(|r| r.2)
    };
    let stop = (100, state(Stopped));
    let set = |second, code| (second, fault(code, true));
    assert_eq!(
        cause(&[set(10, "F1"), set(20, "F2"), set(30, "Q9"), stop.clone()]),
        Some("Q9")
    );
    assert_eq!(
        cause(&[set(10, "F1"), set(20, "F2"), stop.clone()]),
        Some("F2")
    );
    // What comes shortly after the stop replaces a guess of lower rank, and no other.
    assert_eq!(
        cause(&[set(10, "F1"), stop.clone(), set(130, "F2")]),
        Some("F2")
    );
    assert_eq!(
        cause(&[set(10, "F1"), stop.clone(), set(161, "F2")]),
        Some("F1"),
        "too late"
    );
    assert_eq!(
        cause(&[set(10, "F2"), stop.clone(), set(130, "F1")]),
        Some("F2")
    );
    let told = FactKind::State {
        state: Stopped,
        fault: Some("F1".to_owned()),
    };
    assert_eq!(
        cause(&[(100, told), set(130, "Q9")]),
        Some("F1"),
        "what the machine names is no guess"
    );
    let plain = FoldRules::default();
    let together = [(0, state(Running)), stop, set(100, "F2"), set(100, "F1")];
    assert_eq!(
        rows(&at(&together), &plain)[1].2,
        Some("F1"),
        "at one instant, by code"
    );
}

#[test]
fn a_planned_stop_waits_for_the_end_of_the_fault_that_came_first() {
    let planned = |second| (second, state(PlannedStop));
    let stopped = |more: &[(i64, FactKind)]| {
        let mut facts = vec![
            (0, state(Running)),
            (10, fault("F1", true)),
            (10, state(Stopped)),
        ];
        facts.extend_from_slice(more);
        let got = rows(&at(&facts), &FoldRules::default());
        got[1..].to_vec()
    };
    let stop = (10, Stopped, Some("F1"), None);
    assert_eq!(stopped(&[planned(20)]), [stop]);
    assert_eq!(
        stopped(&[planned(20), (30, fault("F1", false)), (40, state(Running))]),
        [
            stop,
            (30, PlannedStop, None, None),
            (40, Running, None, None)
        ]
    );
    assert_eq!(
        stopped(&[planned(20), (25, state(Running)), (30, fault("F1", false))]),
        [stop, (25, Running, None, None)],
        "it ran again before the fault was over"
    );
    assert_eq!(
        stopped(&[planned(20), (25, state(Stopped)), (30, fault("F1", false))]),
        [stop],
        "it is not planned any more"
    );
    assert_eq!(
        stopped(&[(15, fault("F1", false)), planned(20)]),
        [stop, (20, PlannedStop, None, None)],
        "the fault is over"
    );
    let unexplained = [
        (0, state(Running)),
        (10, state(Stopped)),
        planned(20),
        (25, fault("F1", true)),
    ];
    assert_eq!(
        rows(&at(&unexplained), &FoldRules::default())[2],
        (20, PlannedStop, None, None),
        "nothing came first"
    );
}

#[test]
fn counting_is_running_and_a_told_state_holds_against_it() {
    let rules = FoldRules {
        cycle_gap: Some(DurMs(60_000)),
        ..FoldRules::default()
    };
    let count = |second, good| {
        let counts = Counts::of(Channel::Good, good);
        (
            second,
            FactKind::Count {
                counts,
                product: None,
            },
        )
    };
    let facts = [
        (0, fault("F2", true)),
        count(10, 1),
        count(70, 1),
        (100, fault("F1", true)),
        count(140, 0),
        count(150, 1),
        (160, state(Stopped)),
        count(170, 1),
    ];
    let wanted = [
        (0, NoData, None, None),
        (10, Running, None, None),
        (70, Idle, Some("F2"), None),
        (150, Running, None, None),
        (160, Stopped, Some("F2"), None),
    ];
    assert_eq!(rows(&at(&facts), &rules), wanted);
    assert_eq!(
        rows(&at(&facts[1..3]), &FoldRules::default()),
        [(10, NoData, None, None)],
        "without a gap to judge by, counts say nothing of the state"
    );
}
