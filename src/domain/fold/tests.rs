//! What the fold makes of a few facts, told by hand.

use super::*;
use crate::domain::ids::{MachineId, SourceId};
use MachineState::{Blocked, Changeover, Idle, NoData, NotScheduled, Running, Stopped};

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
        .map(|((minute, product, off), c)| (minute.0 / 1000, product.map(|p| p.0), off, c.good))
        .collect();
    let wanted = [
        (0, Some(1), false, 3),
        (60, Some(1), false, 4),
        (60, Some(1), true, 8),
        (60, Some(2), true, 16),
    ];
    assert_eq!(got, wanted);
}
