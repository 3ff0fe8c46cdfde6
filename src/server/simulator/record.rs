//! What one machine did in one day, in whole seconds after the day's start: the truth from which items are made.

use super::wear::Life;
use crate::domain::machine_state::MachineState;
use serde::Serialize;

/// Why a machine is in its state. The items tell less: this is what analyses are judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// It produces.
    Producing,
    /// Outside the shifts.
    NotScheduled,
    /// A break.
    Break,
    /// The clean at the end of the day.
    Clean,
    /// Planned maintenance.
    Maintenance,
    /// Getting going after a planned stop.
    Startup,
    /// Another product is being set up, or the line runs empty for it.
    Changeover,
    /// A failure mode struck.
    Breakdown,
    /// A minor stop.
    MinorStop,
    /// Waiting for a machine of the same line.
    Waiting,
}

/// The start of a stretch in one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub at: i64,
    pub state: MachineState,
    pub fault: Option<&'static str>,
    pub cause: Cause,
    /// The place in the chain of the machine that it waits for.
    pub waits_for: Option<usize>,
}

/// A fault bit that was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FaultSpan {
    pub code: &'static str,
    pub from: i64,
    pub to: i64,
}

/// Readings of the absolute counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    pub good: u32,
    pub scrap: u32,
}

/// A failure that struck.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Struck {
    pub at: i64,
    pub until: i64,
    pub life: Life,
}

/// The day of one machine.
#[derive(Clone, Debug, Default)]
pub(super) struct Run {
    /// States in order of time; the first is at 0.
    pub changes: Vec<Change>,
    /// Fault bits, per code in order and without overlap.
    pub faults: Vec<FaultSpan>,
    /// Products and jobs: second, index of the product in the line's list, job.
    pub products: Vec<(i64, usize, String)>,
    /// `counts[s]`: the counters before second `s`; one more than the day has seconds.
    pub counts: Vec<Reading>,
    /// Speed at each full minute, pieces a minute.
    pub speed: Vec<f32>,
    /// Temperature at each full minute, °C; empty without a sensor.
    pub temperature: Vec<f32>,
    /// How worn the drifting part is at each full minute; empty without one.
    pub worn: Vec<f32>,
    /// Factor on the machine's usual pace.
    pub level: f64,
    /// Failures that struck.
    pub struck: Vec<Struck>,
    /// The fewest and the most pieces in the buffer behind it.
    pub buffer: (u32, u32),
    /// Pieces that were still in the buffer behind it when the day's clean ended; thrown away, counted nowhere.
    pub left: u32,
}

impl Run {
    /// Goes into a state. A change at the same second replaces; the same state again is no change.
    pub(super) fn enter(&mut self, change: Change) {
        if self.changes.last().is_some_and(|last| last.at == change.at) {
            self.changes.pop();
        }
        let same = self.changes.last().is_some_and(|last| {
            (last.state, last.fault, last.cause, last.waits_for)
                == (change.state, change.fault, change.cause, change.waits_for)
        });
        if !same {
            self.changes.push(change);
        }
    }

    /// The state at a second.
    pub(super) fn at(&self, second: i64) -> Option<&Change> {
        let after = self.changes.partition_point(|c| c.at <= second);
        after.checked_sub(1).map(|i| &self.changes[i])
    }

    /// The product and job at a second.
    pub(super) fn product_at(&self, second: i64) -> Option<&(i64, usize, String)> {
        self.products.iter().rev().find(|(at, ..)| *at <= second)
    }

    /// The stretches from each change to the next, the last one to `end`.
    pub(super) fn stretches(&self, end: i64) -> impl Iterator<Item = (&Change, i64)> {
        let ends = self
            .changes
            .iter()
            .skip(1)
            .map(|c| c.at)
            .chain(std::iter::once(end));
        self.changes.iter().zip(ends)
    }

    /// Brings the fault bits into order: a bit that was set again while it was on just stays on.
    pub(super) fn settle_faults(&mut self) {
        self.faults.retain(|f| f.from < f.to);
        self.faults.sort_unstable();
        let mut out: Vec<FaultSpan> = Vec::with_capacity(self.faults.len());
        for span in self.faults.drain(..) {
            match out.last_mut() {
                Some(last) if last.code == span.code && span.from <= last.to => {
                    last.to = last.to.max(span.to);
                }
                _ => out.push(span),
            }
        }
        self.faults = out;
    }
}
