//! Random machines, made of blocks whose sums are known, so that they can be told without the arithmetic under test.

use ms5_floor::domain::account::{MadeIn, MinuteCount};
use ms5_floor::domain::fact::Counts;
use ms5_floor::domain::ids::ProductId;
use ms5_floor::domain::machine_state::MachineState::{self, Changeover, Idle, Running, Stopped};
use ms5_floor::domain::part::{LossRules, parts};
use ms5_floor::domain::rate::IdealRate;
use ms5_floor::domain::reckon::{MachineWindow, Reckoning, reckon};
use ms5_floor::domain::shift::{Schedule, ShiftInstance};
use ms5_floor::domain::time::{DurMs, MINUTE_MS, Span, TsMs};
use ms5_floor::domain::timeline::Interval;
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

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

/// A machine with one product after the other.
#[derive(Debug)]
pub struct Machine {
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

impl Machine {
    /// A machine that stays below its ideal rates, or one that is faster.
    pub fn random(rng: &mut ChaCha8Rng, fast: bool) -> Self {
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
        Self {
            stretches: stretches.into_iter().take(count).collect(),
            start_up,
        }
    }

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
    pub fn told(&self) -> Value {
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
    pub fn reckon(&self) -> Reckoning {
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
                made_in: MadeIn::KnownTime,
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
            there: Span::EVER,
            counted_elsewhere: false,
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
