//! Properties of whole days and weeks of the simulated plant.

use super::model::LINES;
use super::plant::each_machine;
use super::truth::{Cause, DayTruth};
use super::*;
use crate::api::ingest::{At, ItemKind};
use crate::domain::account::{Account, MadeIn, MinuteCount};
use crate::domain::fact::{Channel, Counts};
use crate::domain::ids::ProductId;
use crate::domain::machine_state::MachineState;
use crate::domain::part::{LossRules, parts};
use crate::domain::rate::IdealRate;
use crate::domain::reckon::{MachineWindow, account};
use crate::domain::shift::Schedule;
use crate::domain::time::{DurMs, HOUR_MS};
use crate::domain::timeline::Interval;
use jiff::civil::date;
use std::collections::{BTreeMap, HashMap, HashSet};

const SEED: u64 = 20_260_301;

/// A Monday.
fn monday() -> Day {
    Day::new(date(2026, 3, 9))
}

fn ms(item: &Item) -> i64 {
    match item.at {
        At::Ms(at) => at.0,
        At::Text(_) => panic!("the simulator sends milliseconds"),
    }
}

fn whole(run: &DayRun, sampling: Sampling) -> Vec<Item> {
    run.items(run.span.from(), run.span.to(), sampling)
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_does_not() {
    let text = |seed| {
        serde_json::to_string(&whole(&day(seed, monday()), Sampling::History)).expect("json")
    };
    assert_eq!(text(SEED), text(SEED));
    assert_ne!(text(SEED), text(SEED + 1));
}

#[test]
fn items_are_in_order_with_ids_of_their_own_and_well_formed() {
    for sampling in [Sampling::History, Sampling::Live] {
        let items = whole(&day(SEED, monday()), sampling);
        assert!(items.len() > 10_000);
        assert!(items.windows(2).all(|w| ms(&w[0]) <= ms(&w[1])));
        let ids: HashSet<_> = items.iter().map(|i| &i.id).collect();
        assert_eq!(ids.len(), items.len());
        assert!(items.iter().all(|i| i.id.len() <= 100));
    }
}

#[test]
fn every_code_machine_and_product_sent_is_in_the_plant() {
    let plant = plant();
    let machines: HashSet<_> = plant.machines.iter().map(|m| m.code.clone()).collect();
    let faults: HashSet<_> = plant
        .faults
        .iter()
        .map(|f| (f.machine.clone(), f.code.clone()))
        .collect();
    let rates: HashSet<_> = plant
        .rates
        .iter()
        .map(|r| (r.machine.clone(), r.product.clone()))
        .collect();
    for n in 0..7 {
        for item in whole(&day(SEED, monday().plus(n)), Sampling::History) {
            assert!(machines.contains(&item.machine));
            for code in item.fault.iter().chain(&item.code) {
                assert!(
                    faults.contains(&(item.machine.clone(), code.clone())),
                    "{item:?}"
                );
            }
            if let Some(product) = &item.product {
                assert!(
                    rates.contains(&(item.machine.clone(), product.clone())),
                    "{item:?}"
                );
            }
        }
    }
}

/// What the items of a machine say, put together in the plainest way.
#[derive(Default)]
struct Replay {
    states: Vec<(i64, MachineState, Option<String>)>,
    active: HashMap<String, i64>,
    readings: HashMap<Channel, f64>,
    product: Option<String>,
    minutes: BTreeMap<(i64, String), (u32, u32)>,
    heard: i64,
    longest_silence_ms: i64,
}

fn replay(items: &[Item], from: i64) -> HashMap<String, Replay> {
    let mut out: HashMap<String, Replay> = HashMap::new();
    for item in items {
        let r = out.entry(item.machine.clone()).or_insert_with(|| Replay {
            heard: from,
            ..Replay::default()
        });
        r.longest_silence_ms = r.longest_silence_ms.max(ms(item) - r.heard);
        r.heard = ms(item);
        match item.kind {
            ItemKind::State => {
                let next = (item.state.expect("a state"), item.fault.clone());
                if r.states
                    .last()
                    .is_none_or(|(_, s, f)| (*s, f.clone()) != next)
                {
                    r.states.push((ms(item), next.0, next.1));
                }
            }
            ItemKind::Product => r.product.clone_from(&item.product),
            ItemKind::Fault => {
                let code = item.code.clone().expect("a code");
                if item.active == Some(true) {
                    assert_eq!(r.active.insert(code, ms(item)), None, "set twice: {item:?}");
                } else {
                    assert!(
                        r.active.remove(&code).is_some(),
                        "cleared but not set: {item:?}"
                    );
                }
            }
            ItemKind::Counter => {
                let (channel, value) = (
                    item.channel.expect("a channel"),
                    item.value.expect("a value"),
                );
                let made =
                    (value - r.readings.insert(channel, value).unwrap_or(0.0)).max(0.0) as u32;
                if made > 0 {
                    let off = r.states.last().is_some_and(|s| s.1.is_off());
                    assert!(!off, "pieces told while the machine is off: {item:?}");
                    let product = r.product.clone().expect("a product");
                    let minute = r
                        .minutes
                        .entry((TsMs(ms(item)).minute().0, product))
                        .or_default();
                    if channel == Channel::Good {
                        minute.0 += made;
                    } else {
                        minute.1 += made;
                    }
                }
            }
            ItemKind::Count | ItemKind::Measurement => {}
        }
    }
    out
}

fn said(truth: &DayTruth, items: &[Item]) {
    let replayed = replay(items, truth.from.0);
    for machine in &truth.machines {
        let r = &replayed[machine.machine];
        let mut states: Vec<(i64, MachineState, Option<String>)> = Vec::new();
        for s in &machine.states {
            let next = (s.state, s.fault.map(str::to_owned));
            if states
                .last()
                .is_none_or(|(_, a, b)| (*a, b.clone()) != next)
            {
                states.push((s.from.0, next.0, next.1));
            }
        }
        assert_eq!(r.states, states, "{}", machine.machine);
        let minutes: BTreeMap<_, _> = machine
            .minutes
            .iter()
            .map(|m| ((m.minute.0, m.product.to_owned()), (m.good, m.scrap)))
            .collect();
        assert_eq!(r.minutes, minutes, "{}", machine.machine);
        assert!(
            r.active.is_empty(),
            "{}: still set at the end of the day: {:?}",
            machine.machine,
            r.active
        );
    }
}

#[test]
fn the_items_tell_the_truth_in_both_samplings_also_when_the_clocks_change() {
    for d in [
        monday(),
        monday().plus(4),
        Day::new(date(2026, 3, 28)),
        Day::new(date(2026, 10, 24)),
    ] {
        let run = day(SEED, d);
        for sampling in [Sampling::History, Sampling::Live] {
            said(&run.truth(), &whole(&run, sampling));
        }
    }
}

#[test]
fn live_tells_all_that_history_tells() {
    let run = day(SEED, monday());
    let live: HashMap<_, _> = whole(&run, Sampling::Live)
        .into_iter()
        .map(|i| (i.id.clone(), i))
        .collect();
    let mut heartbeats = 0;
    for item in whole(&run, Sampling::History) {
        match live.get(&item.id) {
            Some(same) => assert_eq!(*same, item),
            None if item.kind == ItemKind::State => heartbeats += 1,
            None => panic!("live does not tell {item:?}"),
        }
    }
    assert!(
        heartbeats < 2_000,
        "only repeated states may stand at other instants: {heartbeats}"
    );
}

#[test]
fn any_way_to_cut_a_stretch_gives_the_same_items() {
    let mut plant = Simulator::new(SEED);
    let from = TsMs(monday().plus(1).span().from().0 - HOUR_MS / 2);
    let to = TsMs(from.0 + HOUR_MS);
    for sampling in [Sampling::Live, Sampling::History] {
        let at_once: Vec<_> = items(SEED, from, to, sampling).collect();
        let mut pieces = Vec::new();
        let mut at = from;
        while at < to {
            let next = TsMs((at.0 + 7_300).min(to.0));
            if sampling == Sampling::Live || at == from {
                let next = if sampling == Sampling::Live { next } else { to };
                pieces.extend(plant.items(at, next, sampling));
            }
            at = next;
        }
        assert_eq!(at_once, pieces);
    }
}

#[test]
fn no_machine_is_silent_for_longer_than_it_may() {
    // From Friday to Monday, and in live operation the change from Friday to Saturday.
    let from = monday().plus(4).span().from();
    for (sampling, hours) in [(Sampling::History, 4 * 24), (Sampling::Live, 28)] {
        let to = TsMs(from.0 + hours * HOUR_MS);
        let all: Vec<_> = items(SEED, from, to, sampling).collect();
        let heard = replay_silence(&all, from.0);
        for machine in plant().machines {
            let Some(may) = machine.silence_s else {
                continue;
            };
            assert!(
                heard[&machine.code] <= may * 1000,
                "{}: {} ms",
                machine.code,
                heard[&machine.code]
            );
        }
    }
}

fn replay_silence(items: &[Item], from: i64) -> HashMap<String, i64> {
    let mut out: HashMap<String, (i64, i64)> = HashMap::new();
    for item in items {
        let (last, longest) = out.entry(item.machine.clone()).or_insert((from, 0));
        *longest = (*longest).max(ms(item) - *last);
        *last = ms(item);
    }
    out.into_iter()
        .map(|(machine, (_, longest))| (machine, longest))
        .collect()
}

#[test]
fn a_snapshot_tells_the_state_that_the_items_lead_to() {
    let mut plant = Simulator::new(SEED);
    let day = monday();
    let at = TsMs(day.span().from().0 + 9 * HOUR_MS + 123_456);
    let before = replay(
        &plant.items(day.span().from(), at, Sampling::Live),
        day.span().from().0,
    );
    let snapshot = plant.snapshot(at);
    for (machine, r) in &before {
        let of: Vec<_> = snapshot.iter().filter(|i| i.machine == *machine).collect();
        let state = of
            .iter()
            .find_map(|i| i.state.map(|s| (s, i.fault.clone())))
            .expect("a state");
        assert_eq!(
            r.states.last().map(|(_, s, f)| (*s, f.clone())),
            Some(state)
        );
        let product = of.iter().find_map(|i| i.product.clone());
        assert_eq!(r.product, product);
        let active: HashSet<_> = of.iter().filter_map(|i| i.code.as_ref()).collect();
        assert_eq!(r.active.keys().collect::<HashSet<_>>(), active);
    }
}

#[test]
fn buffers_stay_within_their_size_and_pieces_are_neither_lost_nor_made() {
    for n in 0..14 {
        let run = day(SEED, monday().plus(n));
        let truth = run.truth();
        for line in ["L-BAG1", "L-BOT1"] {
            let machines: Vec<_> = truth.machines.iter().filter(|m| m.line == line).collect();
            for pair in machines.windows(2) {
                let (least, most, size) = pair[0].buffer;
                assert!(
                    least <= most && most <= size,
                    "{}: {:?}",
                    pair[0].machine,
                    pair[0].buffer
                );
                let put: u32 = pair[0].minutes.iter().map(|m| m.good).sum();
                let taken: u32 = pair[1].minutes.iter().map(|m| m.good + m.scrap).sum();
                assert_eq!(
                    put,
                    taken + pair[0].left,
                    "{} on {}",
                    pair[0].machine,
                    truth.day
                );
            }
        }
    }
}

#[test]
fn trouble_travels_along_the_bottling_line() {
    let mut waits: HashMap<(&str, MachineState), i64> = HashMap::new();
    let mut blamed = HashSet::new();
    for n in 0..5 {
        for machine in day(SEED, monday().plus(n))
            .truth()
            .machines
            .iter()
            .filter(|m| m.line == "L-BOT1")
        {
            for state in machine.states.iter().filter(|s| s.cause == Cause::Waiting) {
                *waits.entry((machine.machine, state.state)).or_default() +=
                    (state.to - state.from).0;
                blamed.insert(state.waits_for.expect("someone is waited for"));
                assert_ne!(state.waits_for, Some(machine.machine));
            }
        }
    }
    for machine in ["FILL1", "CAP1", "LABEL1", "PACK1"] {
        assert!(
            waits
                .get(&(machine, MachineState::Starved))
                .is_some_and(|ms| *ms > 60_000),
            "{machine}: {waits:?}"
        );
    }
    for machine in ["DEPAL1", "FILL1", "CAP1", "LABEL1"] {
        assert!(
            waits
                .get(&(machine, MachineState::Blocked))
                .is_some_and(|ms| *ms > 60_000),
            "{machine}: {waits:?}"
        );
    }
    assert!(blamed.len() >= 4, "{blamed:?}");
}

#[test]
fn the_bearing_warms_up_and_fails_about_every_three_weeks() {
    let mut failures = Vec::new();
    let mut hottest = 0.0_f32;
    for n in 0..84 {
        let (_, runs) = line_day(SEED, 3, monday().plus(n));
        let (filler, of) = (&runs[1], &LINES[3].machines[1]);
        hottest = filler.temperature.iter().copied().fold(hottest, f32::max);
        failures.extend(
            filler
                .struck
                .iter()
                .filter(|s| of.modes[s.life.mode].code == Some("L01"))
                .copied(),
        );
    }
    assert!((2..=4).contains(&failures.len()), "{failures:?}");
    assert!(hottest > 75.0 && hottest < 95.0, "{hottest}");
    let hours = |f: &record::Struck| ((f.life.to - f.life.from) / 3600.0, (f.until - f.at) / 3600);
    assert!(
        failures
            .iter()
            .all(|f| hours(f).0 > 120.0 && hours(f).1 >= 1),
        "{failures:?}"
    );
}

#[test]
fn some_machines_run_slower_between_two_maintenances() {
    let levels = |n| -> Vec<f64> {
        day(SEED, monday().plus(n))
            .truth()
            .machines
            .iter()
            .map(|m| m.level)
            .collect()
    };
    let (now, later) = (levels(1), levels(29));
    assert!(
        now.iter()
            .chain(&later)
            .all(|level| (0.94..=1.0).contains(level))
    );
    assert_ne!(now, later, "levels shift from block to block");
    assert!(now.iter().chain(&later).any(|level| *level == 1.0));
}

/// The accounts of every machine over days, from the truth, by the arithmetic of the product.
fn accounts(seed: u64, first: Day, days: i64) -> Vec<(&'static str, Account)> {
    let mut out: Vec<(&'static str, Account)> = each_machine()
        .map(|(_, m)| (m.code, Account::default()))
        .collect();
    for n in 0..days {
        let run = day(seed, first.plus(n));
        let truth = run.truth();
        for (i, ((line, machine), told)) in each_machine().zip(&truth.machines).enumerate() {
            let place = LINES
                .iter()
                .position(|l| l.code == line.code)
                .expect("a line");
            let schedule = Schedule::Calendar(run.schedules[place].shifts.clone());
            let product = |code: &str| {
                let at = line
                    .products
                    .iter()
                    .position(|p| p.code == code)
                    .expect("a product");
                Some(ProductId(at as i64))
            };
            let intervals: Vec<_> = told
                .states
                .iter()
                .map(|s| Interval {
                    span: Span::clamped(s.from, s.to),
                    state: s.state,
                    fault: None,
                    product: None,
                    open: false,
                })
                .collect();
            let minutes: Vec<_> = told
                .minutes
                .iter()
                .map(|m| MinuteCount {
                    minute: m.minute,
                    product: product(m.product),
                    made_in: MadeIn::KnownTime,
                    counts: Counts {
                        good: i64::from(m.good),
                        scrap: i64::from(m.scrap),
                        ..Counts::default()
                    },
                })
                .collect();
            let rules = LossRules::minor(DurMs(line.minor_stop_s * 1000));
            let window = MachineWindow {
                parts: &parts(&intervals, &[], rules, |_| None),
                minutes: &minutes,
                schedule: &schedule,
                rules,
                first_fact: None,
                there: Span::EVER,
                counted_elsewhere: false,
            };
            out[i].1 += account(run.span, &window, |p, _| {
                let product = &line.products[usize::try_from(p?.0).ok()?];
                IdealRate::new(i64::from(model::units_per_min(machine, product)), 60_000)
            });
        }
    }
    out
}

fn known(figure: crate::domain::figure::Figure) -> f64 {
    match figure {
        crate::domain::figure::Figure::Known(value) => value,
        crate::domain::figure::Figure::Unknown(why) => panic!("{why:?}"),
    }
}

#[test]
fn figures_are_those_of_a_real_plant() {
    for (machine, account) in accounts(SEED, monday(), 28) {
        let [a, p, q, oee] = [
            account.availability(),
            account.performance(),
            account.quality(),
            account.oee(),
        ]
        .map(known);
        // The pacing and the independent machines; the others of a line are faster than they can ever be used.
        if each_machine().any(|(line, m)| {
            m.code == machine && (m.pacing || line.machines.len() == 2 && line.code != "L-BAG1")
        }) {
            assert!((0.55..0.88).contains(&oee), "{machine}: OEE {oee}");
        }
        assert!(
            (0.6..0.99).contains(&a) && p < 1.0 && q > 0.94,
            "{machine}: A {a} P {p} Q {q}"
        );
    }
}
