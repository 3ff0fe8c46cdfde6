//! The fold depends on the set of facts and on nothing else: not on their order, not on repetitions, not on where it was
//! interrupted. What it makes tiles time, and counters only ever add.

use ms5_floor::domain::fact::{Channel, Counts, Fact, FactKind};
use ms5_floor::domain::fold::{FoldRules, Folded, Head, fold};
use ms5_floor::domain::ids::{MachineId, ProductId, SourceId};
use ms5_floor::domain::machine_state::MachineState;
use ms5_floor::domain::plant::FaultOrigin;
use ms5_floor::domain::time::{DurMs, HOUR_MS, Span, TsMs};
use ms5_floor::domain::timeline::{Hearing, intervals};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::collections::BTreeSet;

const FROM: i64 = 1_783_288_800_000;
const HOURS: i64 = 5;

fn instant() -> impl Strategy<Value = TsMs> {
    let minute = select(vec![0, 1, 2, 29, 30, 59]);
    let ms = select(vec![0, 0, 1, 30_000, 59_999]);
    (0..HOURS, minute, ms)
        .prop_map(|(hour, minute, ms)| TsMs(FROM + hour * HOUR_MS + minute * 60_000 + ms))
}

fn fault() -> impl Strategy<Value = String> {
    select(vec!["F1", "F2", "Q9"]).prop_map(str::to_owned)
}

fn product() -> impl Strategy<Value = Option<ProductId>> {
    select(vec![None, Some(ProductId(1)), Some(ProductId(2))])
}

fn kind() -> impl Strategy<Value = FactKind> {
    let states = vec![
        MachineState::Running,
        MachineState::Stopped,
        MachineState::Idle,
        MachineState::PlannedStop,
        MachineState::NotScheduled,
    ];
    let counts = (0..3_i64, 0..2_i64, 0..2_i64, 0..2_i64);
    let counts = counts.prop_map(|(good, scrap, rework, ungraded)| Counts {
        good,
        scrap,
        rework,
        ungraded,
    });
    let channel = select(vec![Channel::Good, Channel::Scrap]);
    prop_oneof![
        4 => (select(states), proptest::option::of(fault())).prop_map(|(state, fault)| FactKind::State { state, fault }),
        2 => (fault(), any::<bool>()).prop_map(|(code, active)| FactKind::Fault { code, active }),
        1 => (product(), proptest::option::of(select(vec!["J1", "J2"])))
            .prop_map(|(product, job)| FactKind::Product { product, job: job.map(str::to_owned) }),
        2 => (counts, product()).prop_map(|(counts, product)| FactKind::Count { counts, product }),
        2 => (channel, select(vec![0, 3, 5, 499, 501, 990, 1000]))
            .prop_map(|(channel, value)| FactKind::Counter { channel, value }),
        1 => Just(FactKind::Measurement { name: "t".to_owned(), value: 1.5, unit: None }),
    ]
}

prop_compose! {
    fn facts()(list in prop::collection::vec((instant(), kind(), 1..3_i64), 1..40)) -> Vec<Fact> {
        let fact = |(n, (at, kind, source)): (usize, (TsMs, FactKind, i64))| {
            // Ids that do not follow the order in which they were made.
            let item = format!("{:02}", (n * 37) % 41);
            Fact { source: SourceId(source), item, machine: MachineId(1), at, kind }
        };
        list.into_iter().enumerate().map(fact).collect()
    }
}

prop_compose! {
    fn rules()(silence in select(vec![None, Some(1), Some(60_000), Some(1_800_000)]),
               counter_max in select(vec![None, Some(1000)]),
               gap in select(vec![None, None, Some(1), Some(60_000), Some(1_800_000)]),
               origins in prop::collection::btree_map(fault(), select(vec![FaultOrigin::Upstream, FaultOrigin::Downstream]), 0..2)) -> FoldRules {
        FoldRules {
            origins,
            cycle_gap: gap.map(DurMs),
            max_silence: silence.map(DurMs),
            counter_max,
            not_causes: BTreeSet::from(["Q9".to_owned()]),
        }
    }
}

/// The plainest reading of a counter: what it showed, one reading after the other.
fn made(readings: &[i64], max: Option<i64>) -> i64 {
    let mut total = 0;
    for pair in readings.windows(2) {
        total += match (pair[1] - pair[0], max) {
            (up, _) if up >= 0 => up,
            (_, Some(max)) if pair[0] > max / 2 && pair[0] <= max && pair[1] < max / 2 => {
                max + 1 - pair[0] + pair[1]
            }
            _ => pair[1],
        };
    }
    total
}

/// How the end of a timeline is judged.
fn hearing(head: &Head, rules: &FoldRules, now: TsMs) -> Hearing {
    Hearing {
        last: head.last.as_ref().map(|l| l.at),
        max_silence: rules.max_silence,
        counted: head.counted,
        cycle_gap: rules.cycle_gap,
        now,
    }
}

/// What is seen of a timeline up to an instant: states and when they began, joined where a cut means nothing.
fn seen(folded: &Folded, hearing: Hearing) -> Vec<(TsMs, MachineState)> {
    let transitions: Vec<_> = folded.transitions.values().cloned().collect();
    let window = Span::clamped(TsMs(FROM), hearing.now);
    let tiles = intervals(&transitions, window, hearing);
    let mut out: Vec<_> = tiles
        .into_iter()
        .map(|t| (t.span.from(), t.state))
        .collect();
    out.dedup_by(|b, a| a.1 == b.1);
    out
}

/// The plainest reading of counts and their absence: of a machine that tells no states, when it ran and when it stood.
fn counting(facts: &[Fact], gap: DurMs, now: TsMs) -> Vec<(TsMs, MachineState)> {
    let mut at: Vec<TsMs> = facts.iter().map(|f| f.at).collect();
    at.sort();
    at.dedup();
    let mut out = vec![(at[0], MachineState::Running)];
    for (i, last) in at.iter().enumerate() {
        let next = at.get(i + 1).copied();
        if next.unwrap_or(now) - *last > gap {
            out.push((*last, MachineState::Idle));
            out.extend(next.map(|next| (next, MachineState::Running)));
        }
    }
    // A state that another one replaces at once was none.
    let replaced = |i: usize| out.get(i + 1).is_some_and(|next| next.0 == out[i].0);
    let mut left: Vec<_> = (0..out.len())
        .filter(|i| !replaced(*i))
        .map(|i| out[i])
        .collect();
    left.dedup_by(|b, a| a.1 == b.1);
    left
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_and_any_repetition_give_the_same(
        (ordered, mixed) in facts().prop_flat_map(|f| (Just(f.clone()), Just(f).prop_shuffle())),
        again in prop::collection::vec(any::<Index>(), 0..10),
        rules in rules(),
    ) {
        let mut mixed = mixed;
        for index in again {
            let repeated = index.get(&ordered).clone();
            let place = index.index(mixed.len() + 1);
            mixed.insert(place, repeated);
        }
        prop_assert_eq!(fold(&ordered, &rules), fold(&mixed, &rules));
    }

    #[test]
    fn a_head_is_all_that_has_to_be_remembered(facts in facts(), rules in rules(), cut in any::<Index>()) {
        let (head, whole) = fold(&facts, &rules);
        let mut sorted = facts;
        sorted.sort_by_key(Fact::key);
        let (first, second) = sorted.split_at(cut.index(sorted.len() + 1));
        let (remembered, mut joined) = fold(first, &rules);
        // Checkpoints keep heads as JSON.
        let text = serde_json::to_string(&remembered).expect("json");
        let mut resumed: Head = serde_json::from_str(&text).expect("a head");
        prop_assert_eq!(&resumed, &remembered);
        let mut rest = Folded::default();
        for fact in second {
            prop_assert!(resumed.is_before(&fact.key()));
            resumed.apply(fact, &rules, &mut rest);
        }
        joined.transitions.extend(rest.transitions);
        joined.minutes.extend(rest.minutes);
        joined.checkpoints.extend(rest.checkpoints);
        prop_assert_eq!(joined, whole);
        prop_assert_eq!(resumed, head);
    }

    #[test]
    fn a_checkpoint_is_the_head_of_everything_before_its_hour(facts in facts(), rules in rules()) {
        let (_, whole) = fold(&facts, &rules);
        let hours: BTreeSet<TsMs> = facts.iter().map(|f| f.at.hour()).collect();
        // The first hour has nothing before it.
        prop_assert_eq!(whole.checkpoints.iter().map(|(at, _)| *at).collect::<Vec<_>>(), hours.into_iter().skip(1).collect::<Vec<_>>());
        for (at, head) in whole.checkpoints {
            let before: Vec<Fact> = facts.iter().filter(|f| f.at < at).cloned().collect();
            prop_assert_eq!(head, fold(&before, &rules).0);
        }
    }

    #[test]
    fn intervals_tile_any_window_and_read_alike_in_any_other(
        facts in facts(), rules in rules(), from in -2..(HOURS * 60), len in 0..(HOURS * 60), inner in (0..100_i64, 0..100_i64), now in 0..(HOURS * 60 * 2),
    ) {
        let (head, folded) = fold(&facts, &rules);
        let transitions: Vec<_> = folded.transitions.into_values().collect();
        let minute = |n: i64| TsMs(FROM + n * 60_000);
        let hearing = hearing(&head, &rules, minute(now));
        let window = Span::clamped(minute(from), minute(from + len));
        let tiles = intervals(&transitions, window, hearing);
        let mut at = window.from();
        for tile in &tiles {
            prop_assert_eq!(tile.span.from(), at, "no gap and no overlap");
            prop_assert!(!tile.span.is_empty());
            at = tile.span.to();
        }
        let end = window.to().min(hearing.now).max(window.from());
        prop_assert_eq!(at, end, "up to now, and not further");
        let part = |share: i64| TsMs(window.from().0 + window.len().0 * share / 100);
        let smaller = Span::clamped(part(inner.0.min(inner.1)), part(inner.0.max(inner.1)));
        let cut: Vec<_> = tiles.iter().filter_map(|t| Some((t.span.intersect(smaller)?, t.state, t.fault.clone(), t.product))).collect();
        let read: Vec<_> = intervals(&transitions, smaller, hearing).into_iter().map(|t| (t.span, t.state, t.fault, t.product)).collect();
        prop_assert_eq!(read, cut, "a smaller window shows the same");
    }

    #[test]
    fn what_is_shown_now_is_what_the_next_fact_will_make_of_it(facts in facts(), rules in rules(), later in 0..(HOURS * 60)) {
        let (head, folded) = fold(&facts, &rules);
        let last = facts.iter().map(|f| f.at).max().unwrap_or_default();
        let now = TsMs(last.0 + later * 60_000 + 1);
        let mut with_next = facts;
        let kind = FactKind::Measurement { name: "t".to_owned(), value: 1.0, unit: None };
        with_next.push(Fact { source: SourceId(9), item: "next".to_owned(), machine: MachineId(1), at: now, kind });
        let (next_head, next) = fold(&with_next, &rules);
        prop_assert_eq!(seen(&folded, hearing(&head, &rules, now)), seen(&next, hearing(&next_head, &rules, now)));
    }

    #[test]
    fn a_machine_that_only_counts_runs_while_it_counts(
        (ordered, mixed) in prop::collection::vec(instant(), 1..20).prop_map(|list| {
            let fact = |(n, at): (usize, TsMs)| {
                let kind = FactKind::Count { counts: Counts::of(Channel::Good, 1), product: None };
                Fact { source: SourceId(1), item: format!("{n}"), machine: MachineId(1), at, kind }
            };
            list.into_iter().enumerate().map(fact).collect::<Vec<_>>()
        }).prop_flat_map(|f| (Just(f.clone()), Just(f).prop_shuffle())),
        gap in select(vec![1, 60_000, 1_800_000]), later in 0..(HOURS * 60),
    ) {
        let rules = FoldRules { cycle_gap: Some(DurMs(gap)), ..FoldRules::default() };
        let now = TsMs(ordered.iter().map(|f| f.at.0).max().unwrap_or_default() + later * 60_000 + 1);
        let (head, folded) = fold(&mixed, &rules);
        let first = ordered.iter().map(|f| f.at).min().unwrap_or_default();
        let got: Vec<_> = seen(&folded, hearing(&head, &rules, now)).into_iter()
            .filter(|(at, _)| *at >= first).collect();
        prop_assert_eq!(got, counting(&ordered, DurMs(gap), now));
    }

    #[test]
    fn counters_add_up_over_resets_and_never_lower_a_total(facts in facts(), rules in rules()) {
        let (_, folded) = fold(&facts, &rules);
        let mut sorted = facts;
        sorted.sort_by_key(Fact::key);
        let mut wanted = Counts::default();
        for channel in [Channel::Good, Channel::Scrap] {
            let readings: Vec<i64> = sorted.iter().filter_map(|f| match &f.kind {
                FactKind::Counter { channel: c, value } if *c == channel => Some(*value),
                _ => None,
            }).collect();
            wanted += Counts::of(channel, made(&readings, rules.counter_max));
        }
        for fact in &sorted {
            if let FactKind::Count { counts, .. } = &fact.kind {
                wanted += *counts;
            }
        }
        let mut total = Counts::default();
        for counts in folded.minutes.values() {
            prop_assert!([counts.good, counts.scrap, counts.rework, counts.ungraded].iter().all(|n| *n >= 0));
            total += *counts;
        }
        prop_assert_eq!(total, wanted);
        // Taking the facts in one after the other, no total ever falls.
        let (mut head, mut out, mut before) = (Head::default(), Folded::default(), 0);
        for fact in &sorted {
            head.apply(fact, &rules, &mut out);
            let now = out.minutes.values().map(|c| c.total()).sum();
            prop_assert!(now >= before);
            before = now;
        }
    }
}
