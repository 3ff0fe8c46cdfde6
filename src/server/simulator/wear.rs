//! What breaks when: lives and repairs of every failure mode, drawn for whole blocks of 28 days.
//!
//! A block starts on a Monday with planned maintenance that makes the machine as good as new. Ages run in seconds
//! of planned production since then, which the calendar alone tells; so the failures of any day follow from
//! (seed, block, machine, mode) and no other day has to be simulated first. A life that the next maintenance cuts
//! short is censored there.

use super::calendar::{Day, DaySchedule};
use super::chance::{Purpose, lognormal, stream, weibull};
use super::model::{Line, Machine};
use rand::Rng;

/// Days between two planned maintenances.
const BLOCK_DAYS: i64 = 28;
/// A new part lasts at least this many seconds of planned production.
const LEAST_LIFE_S: f64 = 900.0;

/// Lines are maintained in different weeks.
fn block_start(line: usize, day: Day) -> i64 {
    // Day 4 (1970-01-05) was a Monday.
    let offset = 4 + 7 * i64::try_from(line % 4).unwrap_or(0);
    (day.number() - offset).div_euclid(BLOCK_DAYS) * BLOCK_DAYS + offset
}

/// Whether the line's planned maintenance is on this day.
pub(super) fn starts_block(line: usize, day: Day) -> bool {
    block_start(line, day) == day.number()
}

/// A life of a part that ends in a failure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Life {
    /// The index of the failure mode.
    pub mode: usize,
    /// Age of the block in seconds of planned production when the life began.
    pub from: f64,
    /// The same when it ends.
    pub to: f64,
    /// How long the repair takes, in seconds.
    pub repair_s: f64,
}

/// The wear of one machine on one day.
#[derive(Clone, Debug)]
pub(super) struct Wear {
    /// Age of the block at the day's start, in seconds of planned production.
    pub age: i64,
    /// Failures due today: the second of the day and the life that ends.
    pub due: Vec<(i64, Life)>,
    /// All lives of the drifting part in this block.
    pub drifting: Vec<Life>,
    /// Factor on the machine's usual pace in this block: 1, or less after a maintenance that was done badly.
    pub level: f64,
}

/// Age of the line's block at the start of the day, in seconds of planned production.
pub(super) fn age(line: &Line, line_index: usize, day: Day) -> i64 {
    let past = day.number() - block_start(line_index, day);
    (1..=past)
        .map(|back| DaySchedule::new(line, line_index, day.plus(-back)).work_s())
        .sum()
}

impl Wear {
    /// The wear of the machine that is `index`-th in the plant, on the day of `plan`.
    pub(super) fn new(
        seed: u64,
        machine: &Machine,
        index: usize,
        line: usize,
        plan: &DaySchedule,
        age: i64,
    ) -> Self {
        let block = block_start(line, plan.day);
        let mut out = Self {
            age,
            due: Vec::new(),
            drifting: Vec::new(),
            level: level(seed, machine, index, block),
        };
        for mode in 0..machine.modes.len() {
            let lives = lives(seed, machine, index, mode, block);
            let today = lives.iter().filter_map(|life| {
                let after = life.to as i64 - age;
                (after >= 0)
                    .then(|| plan.second_after(after))
                    .flatten()
                    .map(|at| (at, *life))
            });
            out.due.extend(today);
            if machine.drift.as_ref().is_some_and(|d| d.mode == mode) {
                out.drifting = lives;
            }
        }
        out.due.sort_by_key(|(at, life)| (*at, life.mode));
        out
    }

    /// How far the drifting part is through its life, 0 to 1, when the block is this old.
    pub(super) fn worn(&self, age: f64) -> f64 {
        let life = self.drifting.iter().find(|life| age < life.to);
        life.map_or(0.0, |life| {
            ((age - life.from) / (life.to - life.from)).clamp(0.0, 1.0)
        })
    }
}

/// Share of blocks in which a machine stays slower than it should be.
const SLOW_BLOCKS: f64 = 0.3;

/// A level shift that lasts from one planned maintenance to the next. A machine with a drifting part has none, so
/// that its loss of speed has one cause.
fn level(seed: u64, machine: &Machine, index: usize, block: i64) -> f64 {
    let mut rng = stream(seed, Purpose::Level, block, index as u64);
    let (slow, loss) = (
        rng.random::<f64>() < SLOW_BLOCKS,
        0.03 + 0.03 * rng.random::<f64>(),
    );
    if slow && machine.drift.is_none() {
        1.0 - loss
    } else {
        1.0
    }
}

/// The lives of one part in a block, one after the other; the last one outlives the block.
fn lives(seed: u64, machine: &Machine, index: usize, mode: usize, block: i64) -> Vec<Life> {
    let what = &machine.modes[mode];
    let mut rng = stream(seed, Purpose::Wear, block, (index * 64 + mode) as u64);
    let block_s = (BLOCK_DAYS * 24 * 3600) as f64;
    let mut out = Vec::new();
    let mut from = 0.0;
    while from < block_s {
        let to = from + weibull(&mut rng, what.shape, what.scale_h * 3600.0).max(LEAST_LIFE_S);
        let repair_s = lognormal(&mut rng, what.repair_min * 60.0, what.sigma).max(60.0);
        out.push(Life {
            mode,
            from,
            to,
            repair_s,
        });
        from = to + repair_s;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::simulator::model::LINES;
    use jiff::civil::date;

    #[test]
    fn blocks_start_on_a_monday_every_28_days() {
        for line in 0..LINES.len() {
            let starts: Vec<_> = (0..200)
                .map(|n| Day::new(date(2026, 1, 1)).plus(n))
                .filter(|d| starts_block(line, *d))
                .collect();
            assert!(starts.len() >= 7);
            assert!(starts.iter().all(|d| (d.number() - 4) % 7 == 0));
            assert!(
                starts
                    .windows(2)
                    .all(|w| w[1].number() - w[0].number() == 28)
            );
        }
    }

    #[test]
    fn failures_of_the_days_of_a_block_are_those_of_the_block() {
        let (line, index) = (LINES[3], 3);
        let machine = &line.machines[1];
        let start = (0..28)
            .map(|n| Day::new(date(2026, 6, 1)).plus(n))
            .find(|d| starts_block(index, *d))
            .expect("one");
        let mut seen = 0;
        let mut last_age = 0;
        for day in (0..28).map(|n| start.plus(n)) {
            let plan = DaySchedule::new(line, index, day);
            let age = age(line, index, day);
            assert!(age >= last_age);
            let wear = Wear::new(5, machine, 8, index, &plan, age);
            for (at, life) in &wear.due {
                assert!(plan.work().any(|(from, to)| (from..to).contains(at)));
                assert!((life.to as i64) >= age && (life.to as i64) < age + plan.work_s());
                assert!((wear.worn(life.to - 1.0) > 0.9) || life.mode != 0);
            }
            seen += wear.due.len();
            last_age = age + plan.work_s();
        }
        let expected: usize = (0..machine.modes.len())
            .map(|mode| {
                lives(5, machine, 8, mode, start.number())
                    .iter()
                    .filter(|l| (l.to as i64) < last_age)
                    .count()
            })
            .sum();
        assert_eq!(seen, expected);
    }
}
