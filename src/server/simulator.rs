//! A simulated plant: the same seed always gives the same plant history, to the byte.
//!
//! **Invariants.** No clock, no I/O, no chance but the seed. A production day (local 06:00 to 06:00) is a pure
//! function of (seed, date): buffers are emptied and counters reset at its end, and what wears out over weeks is
//! drawn for whole blocks of 28 days ([`wear`]). So any day can be made alone, and live operation can begin at any
//! moment without a starting point.
//!
//! | file | what it holds |
//! |---|---|
//! | [`model`] | machines, products, failure modes: the numbers |
//! | [`plant`] | the plant as others see it |
//! | [`calendar`] | production days and shifts as instants |
//! | [`plan`] | which product when |
//! | [`wear`] | what breaks when; drift |
//! | [`chain`], [`unit`] | the second-by-second physics of coupled machines and of one machine |
//! | [`record`] | what a machine did in a day |
//! | [`feed`] | a day's record as ingest items |
//! | [`truth`] | a day's record as the truth that analyses are judged by |

mod calendar;
mod chain;
mod chance;
mod feed;
mod model;
mod plan;
pub mod plant;
mod record;
pub mod truth;
mod unit;
mod wear;

#[cfg(test)]
mod tests;

pub use calendar::{Day, DaySchedule};
pub use plant::plant;

use crate::api::ingest::Item;
use crate::domain::time::{Span, TsMs};
use chain::Place;
use model::LINES;
use record::Run;
use std::collections::VecDeque;
use std::sync::Arc;

/// How finely the machines report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampling {
    /// Counters every minute, measurements every ten: for filling weeks of history.
    History,
    /// Counters every two seconds, measurements and a sign of life every minute. Contains everything that
    /// [`Sampling::History`] reports about states, faults, products and counters, with the same ids.
    Live,
}

/// What every machine did in one production day.
#[derive(Clone, Debug)]
pub struct DayRun {
    /// The production day.
    pub day: Day,
    /// From its start to its end.
    pub span: Span,
    /// The plan of each line, in the order of the plant.
    pub schedules: Vec<DaySchedule>,
    /// Each machine, in the order of the plant.
    runs: Vec<Run>,
}

/// Simulates one production day of the whole plant.
#[must_use]
pub fn day(seed: u64, day: Day) -> DayRun {
    let (schedules, runs): (Vec<_>, Vec<_>) = (0..LINES.len())
        .map(|line| line_day(seed, line, day))
        .unzip();
    DayRun {
        day,
        span: day.span(),
        schedules,
        runs: runs.concat(),
    }
}

/// One production day of the line at this place in the plant.
fn line_day(seed: u64, line_index: usize, day: Day) -> (DaySchedule, Vec<Run>) {
    let line = LINES[line_index];
    let plan = DaySchedule::new(line, line_index, day);
    let age = wear::age(line, line_index, day);
    let mut first = LINES[..line_index].iter().map(|l| l.machines.len()).sum();
    let mut runs = Vec::new();
    for machines in line.chains() {
        runs.extend(chain::run(Place {
            seed,
            line,
            line_index,
            machines,
            first,
            plan: &plan,
            age,
        }));
        first += machines.len();
    }
    (plan, runs)
}

/// Everything that the plant's machines report in `[from, to)`, in order of time, made day by day as it is asked for.
pub fn items(seed: u64, from: TsMs, to: TsMs, sampling: Sampling) -> impl Iterator<Item = Item> {
    days(from, to).flat_map(move |d| day(seed, d).items(from, to, sampling))
}

/// The production days that `[from, to)` touches.
pub fn days(from: TsMs, to: TsMs) -> impl Iterator<Item = Day> {
    std::iter::successors(Some(Day::of(from)), |day| Some(day.plus(1)))
        .take_while(move |day| day.span().from() < to)
}

/// A plant in operation: remembers the days that it made last, so that asking every second is cheap.
#[derive(Clone, Debug)]
pub struct Simulator {
    seed: u64,
    made: VecDeque<Arc<DayRun>>,
}

impl Simulator {
    /// A plant with this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            made: VecDeque::new(),
        }
    }

    /// One production day.
    pub fn day(&mut self, wanted: Day) -> Arc<DayRun> {
        if let Some(run) = self.made.iter().find(|run| run.day == wanted) {
            return Arc::clone(run);
        }
        let run = Arc::new(day(self.seed, wanted));
        // Two days: around 06:00 a window may touch both.
        self.made.truncate(1);
        self.made.push_front(Arc::clone(&run));
        run
    }

    /// Everything that the machines report in `[from, to)`, in order of time.
    pub fn items(&mut self, from: TsMs, to: TsMs, sampling: Sampling) -> Vec<Item> {
        days(from, to)
            .flat_map(|wanted| self.day(wanted).items(from, to, sampling))
            .collect()
    }

    /// What has to be said at `at` to someone who knows nothing of the past: state, product, active faults and
    /// counters of every machine.
    pub fn snapshot(&mut self, at: TsMs) -> Vec<Item> {
        self.day(Day::of(at)).snapshot(at)
    }
}
