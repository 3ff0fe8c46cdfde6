//! A second opinion: 500 random plants, computed here from states, shifts and counts by the minute, and by the Python
//! package `oee` from nothing but their sums. Both come to the same, by product, by machine and for the plant.
//!
//! `cargo xtask test` provides the interpreter with the package; `second_opinion.txt` pins it.

use crate::chance::chance;
use ms5_floor::domain::account::{Account, MinuteCount};
use ms5_floor::domain::fact::Counts;
use ms5_floor::domain::figure::Figure;
use ms5_floor::domain::ids::ProductId;
use ms5_floor::domain::loss::{Loss, LossTree};
use ms5_floor::domain::machine_state::MachineState::{self, Changeover, Idle, Running, Stopped};
use ms5_floor::domain::part::{LossRules, parts};
use ms5_floor::domain::rate::IdealRate;
use ms5_floor::domain::reckon::{MachineWindow, Reckoning, reckon};
use ms5_floor::domain::reliability::{MeanTime, Reliability};
use ms5_floor::domain::shift::{Schedule, ShiftInstance};
use ms5_floor::domain::time::{DurMs, MINUTE_MS, Span, TsMs};
use ms5_floor::domain::timeline::Interval;
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::process::Command;

const PYTHON: &str = "MS5_TEST_PYTHON";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/second_opinion.py");
const PINNED: &str = include_str!("second_opinion.txt");
const PLANTS: usize = 500;
const WITHIN: f64 = 1e-9;
const MINOR_STOP: i64 = 300_000;

/// What a stretch of a machine's time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Run,
    Minor,
    Stop,
    SetUp,
    Break,
    Off,
}

#[derive(Clone, Copy, Debug)]
struct Block {
    kind: Kind,
    state: MachineState,
    span: Span,
}

/// A product on a machine.
#[derive(Debug)]
struct Stretch {
    blocks: Vec<Block>,
    cycle: (i64, i64),
    made: Vec<(TsMs, Counts)>,
}

#[derive(Debug)]
struct Machine {
    stretches: Vec<Stretch>,
    start_up: DurMs,
}

impl Stretch {
    fn time(&self, kinds: &[Kind]) -> i64 {
        let of = self.blocks.iter().filter(|b| kinds.contains(&b.kind));
        of.map(|b| b.span.len().0).sum()
    }

    fn pieces(&self, of: impl Fn(Counts) -> i64) -> i64 {
        self.made.iter().map(|(_, counts)| of(*counts)).sum()
    }
}

/// Runs with something between them, so that no two stops touch.
fn blocks(rng: &mut ChaCha8Rng, at: &mut TsMs) -> Vec<Block> {
    let mut out = Vec::new();
    let mut push = |kind, state, length| {
        let span = Span::clamped(*at, *at + DurMs(length));
        *at = span.to();
        out.push(Block { kind, state, span });
    };
    for _ in 0..rng.random_range(0..6) {
        push(Kind::Run, Running, rng.random_range(120_000..7_200_000));
        let kinds = [Kind::Minor, Kind::Stop, Kind::SetUp, Kind::Break, Kind::Off];
        let kind = *kinds.choose(rng).expect("a kind");
        let (states, length): (&[MachineState], _) = match kind {
            Kind::Run | Kind::Minor => (&[Stopped, Idle], rng.random_range(1..MINOR_STOP)),
            Kind::Stop => (&[Stopped, Idle], rng.random_range(MINOR_STOP..3_600_000)),
            Kind::SetUp => (&[Changeover], rng.random_range(1..3_600_000)),
            Kind::Break => (&MachineState::ALL, rng.random_range(1..2_400_000)),
            Kind::Off => (&MachineState::ALL, rng.random_range(1..36_000_000)),
        };
        push(kind, *states.choose(rng).expect("a state"), length);
    }
    push(Kind::Run, Running, rng.random_range(120_000..7_200_000));
    out
}

/// Pieces by minutes of run time, as many as `speed` times the ideal allows.
fn made(
    rng: &mut ChaCha8Rng,
    blocks: &[Block],
    run: i64,
    cycle: (i64, i64),
    speed: f64,
) -> Vec<(TsMs, Counts)> {
    let ideal = run as f64 * cycle.0 as f64 / cycle.1 as f64;
    let total = if speed > 1.0 {
        (speed * ideal).ceil()
    } else {
        (speed * ideal).floor().max(1.0)
    } as i64;
    let mut left = Counts {
        good: rng.random_range(0..=total),
        ..Counts::default()
    };
    left.scrap = rng.random_range(0..=total - left.good);
    left.rework = total - left.good - left.scrap;
    let running: Vec<&Block> = blocks.iter().filter(|b| b.kind == Kind::Run).collect();
    let mut out = Vec::new();
    for block in &running {
        let minutes = (block.span.from().0 + MINUTE_MS - 1) / MINUTE_MS
            ..(block.span.to().0 + MINUTE_MS - 1) / MINUTE_MS;
        let mut take = |n: &mut i64| {
            let taken = rng.random_range(0..=*n);
            *n -= taken;
            taken
        };
        let counts = Counts {
            good: take(&mut left.good),
            scrap: take(&mut left.scrap),
            rework: take(&mut left.rework),
            ungraded: 0,
        };
        out.push((TsMs(rng.random_range(minutes) * MINUTE_MS), counts));
    }
    if let Some((_, last)) = out.last_mut() {
        *last += left;
    }
    out
}

fn machine(rng: &mut ChaCha8Rng, fast: bool) -> Machine {
    let mut at = TsMs(0);
    let mut stretch = || {
        let blocks = blocks(rng, &mut at);
        let cycle = (rng.random_range(1..=60), rng.random_range(1_000..=60_000));
        let speed = if fast {
            rng.random_range(1.05..1.4)
        } else {
            rng.random_range(0.4..1.0)
        };
        let mut out = Stretch {
            blocks,
            cycle,
            made: vec![],
        };
        let run = out.time(&[Kind::Run, Kind::Minor]);
        out.made = made(rng, &out.blocks, run, cycle, speed);
        out
    };
    let stretches = (0..3).map(|_| stretch()).collect::<Vec<_>>();
    let start_up = DurMs(*[0, 600_000, 3_600_000].choose(rng).expect("a length"));
    let count = rng.random_range(1..=stretches.len());
    Machine {
        stretches: stretches.into_iter().take(count).collect(),
        start_up,
    }
}

impl Machine {
    fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.stretches.iter().flat_map(|s| &s.blocks)
    }

    /// Whether rejects of this minute are start-up rejects: soon after the start of a shift, a set-up, a time off.
    fn starting_up(&self, minute: TsMs) -> bool {
        let after = |b: &&Block| match b.kind {
            Kind::SetUp | Kind::Off => true,
            Kind::Break => b.state == Changeover || b.state.is_off(),
            Kind::Run | Kind::Minor | Kind::Stop => false,
        };
        let mut ends = self
            .blocks()
            .filter(after)
            .map(|b| b.span.to())
            .chain([TsMs(0)]);
        ends.any(|end| end <= minute && minute < end + self.start_up)
    }

    /// The sums that the other side computes from, in minutes.
    fn told(&self) -> Value {
        let minutes = |ms: i64| ms as f64 / MINUTE_MS as f64;
        let of = |s: &Stretch| {
            let scrapped = s
                .made
                .iter()
                .filter(|(minute, _)| self.starting_up(*minute));
            json!({
                "planned": minutes(s.time(&[Kind::Run, Kind::Minor, Kind::Stop, Kind::SetUp])),
                "down": minutes(s.time(&[Kind::Stop, Kind::SetUp])),
                "set_up": minutes(s.time(&[Kind::SetUp])),
                "breaks": minutes(s.time(&[Kind::Break])),
                "calendar": minutes(s.blocks.iter().map(|b| b.span.len().0).sum()),
                "cycle": minutes(1) * s.cycle.1 as f64 / s.cycle.0 as f64,
                "total": s.pieces(Counts::total),
                "good": s.pieces(|c| c.good),
                "start_up": scrapped.map(|(_, counts)| counts.scrap).sum::<i64>(),
            })
        };
        let stops = self.blocks().filter(|b| b.kind == Kind::Stop);
        let operating = self
            .stretches
            .iter()
            .map(|s| s.time(&[Kind::Run, Kind::Minor, Kind::SetUp]))
            .sum();
        json!({
            "stretches": self.stretches.iter().map(of).collect::<Vec<_>>(),
            "operating": minutes(operating),
            "repairs": stops.map(|b| minutes(b.span.len().0)).collect::<Vec<_>>(),
        })
    }

    /// What the product makes of the same machine, from its states and minutes.
    fn reckon(&self) -> Reckoning {
        let mut intervals = Vec::new();
        let mut minutes = Vec::new();
        for (stretch, product) in self.stretches.iter().zip(1..) {
            let product = Some(ProductId(product));
            intervals.extend(stretch.blocks.iter().map(|b| Interval {
                span: b.span,
                state: b.state,
                fault: None,
                product,
                open: false,
            }));
            minutes.extend(stretch.made.iter().map(|(minute, counts)| MinuteCount {
                minute: *minute,
                product,
                off: false,
                counts: *counts,
            }));
        }
        minutes.sort_by_key(|m| m.minute);
        let rules = LossRules {
            minor_stop: DurMs(MINOR_STOP),
            debounce: DurMs::ZERO,
            start_up: self.start_up,
        };
        let window = Span::clamped(TsMs(0), intervals.last().map_or(TsMs(0), |i| i.span.to()));
        let machine = MachineWindow {
            parts: &parts(&intervals, &[], rules, |_| None),
            minutes: &minutes,
            schedule: &self.schedule(window),
            rules,
            first_fact: None,
        };
        let rate = |product: Option<ProductId>, _| {
            let place = usize::try_from(product?.0 - 1).ok()?;
            let (units, per_ms) = self.stretches.get(place)?.cycle;
            IdealRate::new(units, per_ms)
        };
        reckon(window, &machine, rate)
    }

    /// Shifts between the times off, with their breaks.
    fn schedule(&self, window: Span) -> Schedule {
        let mut shifts = vec![ShiftInstance {
            span: window,
            ..ShiftInstance::default()
        }];
        for block in self.blocks() {
            let shift = shifts.last_mut().expect("a shift");
            match block.kind {
                Kind::Break => shift.breaks.push(block.span),
                Kind::Off => {
                    shift.span = Span::clamped(shift.span.from(), block.span.from());
                    shifts.push(ShiftInstance {
                        span: Span::clamped(block.span.to(), window.to()),
                        ..ShiftInstance::default()
                    });
                }
                _ => {}
            }
        }
        Schedule::Calendar(shifts)
    }
}

/// Asks the other side.
fn ask(plants: &Value) -> Value {
    let python = std::env::var_os(PYTHON).unwrap_or_else(|| {
        let venv = "target/second-opinion";
        panic!(
            "{PYTHON} is not set; run `cargo xtask test`, or type: python3 -m venv {venv} && \
             {venv}/bin/pip install -r src/tests/second_opinion.txt && export {PYTHON}=$PWD/{venv}/bin/python"
        )
    });
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let file = folder.path().join("plants.json");
    std::fs::write(&file, plants.to_string()).expect("the plants");
    let output = Command::new(&python).arg(SCRIPT).arg(&file).output();
    let output = output.unwrap_or_else(|e| panic!("{}: {e}", python.display()));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {errors}", python.display());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {errors}"))
}

fn number(of: &Value, name: &str) -> f64 {
    of[name].as_f64().unwrap_or_else(|| panic!("{name}: {of}"))
}

fn same(what: &str, name: &str, ours: f64, theirs: f64) {
    let scale = theirs.abs().max(1.0);
    assert!(
        (ours - theirs).abs() <= WITHIN * scale,
        "{what}, {name}: {ours} here, {theirs} there"
    );
}

fn compare(what: &str, a: &Account, theirs: &Value) {
    let figures: [(&str, Figure); 6] = [
        ("availability", a.availability()),
        ("performance", a.performance()),
        ("quality", a.quality()),
        ("oee", a.oee()),
        ("ooe", a.ooe()),
        ("teep", a.teep()),
    ];
    for (name, figure) in figures {
        let ours = figure
            .value()
            .unwrap_or_else(|| panic!("{what}, {name}: {figure:?}"));
        same(what, name, ours, number(theirs, name));
    }
    let tree = LossTree::of(a);
    let minutes =
        |losses: &[Loss]| losses.iter().map(|l| tree.exact(*l).secs()).sum::<f64>() / 60.0;
    for (name, losses) in [
        ("breakdowns", &[Loss::Unplanned][..]),
        ("setup_and_adjustments", &[Loss::Changeover]),
        (
            "minor_stops_and_reduced_speed",
            &[Loss::MinorStops, Loss::Speed],
        ),
        ("process_defects", &[Loss::Scrap, Loss::Rework]),
        ("reduced_yield", &[Loss::StartUp]),
    ] {
        same(what, name, minutes(losses), number(&theirs["losses"], name));
    }
}

fn compare_mean(what: &str, ours: MeanTime, theirs: &Value) {
    match (ours.mean_ms(), theirs.as_f64()) {
        (Some(ms), Some(minutes)) => same(what, "mean time", ms / MINUTE_MS as f64, minutes),
        (None, None) => {}
        different => panic!("{what}: {different:?}"),
    }
}

#[test]
fn five_hundred_plants_come_to_what_an_independent_package_makes_of_them() {
    let mut rng = chance(2_026);
    // One plant in ten is faster than its ideal rates.
    let plants: Vec<(bool, Vec<Machine>)> = (0..PLANTS)
        .map(|i| {
            (
                i % 10 == 9,
                (0..rng.random_range(1..=3))
                    .map(|_| machine(&mut rng, i % 10 == 9))
                    .collect(),
            )
        })
        .collect();
    let told: Vec<Vec<Value>> = plants
        .iter()
        .map(|(_, machines)| machines.iter().map(Machine::told).collect())
        .collect();
    let answer = ask(&json!(told));
    let version = answer["version"].as_str().expect("a version");
    assert!(
        PINNED.starts_with(&format!("oee=={version} ")),
        "version {version} is not the pinned one: {PINNED}"
    );
    let answers = answer["plants"].as_array().expect("plants");
    assert_eq!(answers.len(), PLANTS);
    for (number_of_plant, ((fast, machines), theirs)) in plants.iter().zip(answers).enumerate() {
        let mut plant = Account::default();
        for (place, machine) in machines.iter().enumerate() {
            let what = format!("plant {number_of_plant}, machine {place}");
            let (reckoning, theirs) = (machine.reckon(), &theirs["machines"][place]);
            for (product, theirs) in (1..).zip(theirs["stretches"].as_array().expect("stretches")) {
                let what = format!("{what}, product {product}");
                let ours = &reckoning.products[&Some(ProductId(product))];
                if *fast {
                    compare_fast(&what, ours, theirs);
                } else {
                    compare(&what, ours, theirs);
                }
            }
            let whole = reckoning.account();
            if !fast {
                compare(&what, &whole, &theirs["whole"]);
            }
            let mean = Reliability::of(&whole);
            compare_mean(&what, mean.mtbf, &theirs["mtbf"]);
            compare_mean(&what, mean.mttr, &theirs["mttr"]);
            plant += whole;
        }
        if !fast {
            compare(
                &format!("plant {number_of_plant}"),
                &plant,
                &theirs["whole"],
            );
        }
    }
}

/// The package holds performance at 100 % and keeps what it was; here it stays what it is.
fn compare_fast(what: &str, ours: &Account, theirs: &Value) {
    let value = |figure: Figure| {
        figure
            .value()
            .unwrap_or_else(|| panic!("{what}: {figure:?}"))
    };
    same(
        what,
        "availability",
        value(ours.availability()),
        number(theirs, "availability"),
    );
    same(
        what,
        "performance",
        value(ours.performance()),
        number(theirs, "performance_raw"),
    );
    same(
        what,
        "quality",
        value(ours.quality()),
        number(theirs, "quality"),
    );
    assert!(
        value(ours.performance()) > 1.0 && number(theirs, "performance") == 1.0,
        "{what}"
    );
    same(
        what,
        "oee",
        value(ours.oee()),
        number(theirs, "oee") * number(theirs, "performance_raw"),
    );
}
