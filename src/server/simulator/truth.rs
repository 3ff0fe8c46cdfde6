//! What really happened: the states with their causes, the pieces, the failures. Analyses are judged by it; nothing
//! of it is sent with the items.

use super::DayRun;
use super::model::{Line, Machine};
use super::plant::each_machine;
use super::record::{Cause as CauseOf, Run};
use crate::domain::machine_state::MachineState;
use crate::domain::time::{MINUTE_MS, TsMs};
use serde::Serialize;

pub use super::record::Cause;

/// The truth about one production day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DayTruth {
    /// The production day, `YYYY-MM-DD`.
    pub day: String,
    /// Its start.
    pub from: TsMs,
    /// Its end.
    pub to: TsMs,
    /// Machine by machine, in the order of the plant.
    pub machines: Vec<MachineTruth>,
}

/// The truth about one machine in one day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MachineTruth {
    /// The machine's code.
    pub machine: &'static str,
    /// The line's code.
    pub line: &'static str,
    /// Its states; they tile the day.
    pub states: Vec<TrueState>,
    /// Pieces by minute; minutes without any are left out.
    pub minutes: Vec<TrueMinute>,
    /// Failures that struck.
    pub failures: Vec<TrueFailure>,
    /// Factor on the machine's usual speed, the same from one planned maintenance to the next: below 1 is an injected
    /// level shift.
    pub level: f64,
    /// How worn its drifting part was at each full hour, 0 new to 1 failing; empty for most machines.
    pub worn: Vec<f32>,
    /// The fewest and the most pieces in the buffer behind it, and its size.
    pub buffer: (u32, u32, u32),
    /// Pieces thrown away from that buffer at the end of the day.
    pub left: u32,
}

/// A stretch in one state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrueState {
    /// Start.
    pub from: TsMs,
    /// End.
    pub to: TsMs,
    /// The state.
    pub state: MachineState,
    /// The fault that the machine named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<&'static str>,
    /// Why it was in it.
    pub cause: CauseOf,
    /// The machine that it waited for, as seen when the wait began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<&'static str>,
}

/// Pieces made in a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TrueMinute {
    /// Its start.
    pub minute: TsMs,
    /// The product.
    pub product: &'static str,
    /// Good pieces.
    pub good: u32,
    /// Scrap.
    pub scrap: u32,
}

/// A failure of a part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrueFailure {
    /// When it struck.
    pub at: TsMs,
    /// When the repair was done; cut at the end of the last shift.
    pub until: TsMs,
    /// The fault bit; `None`: the machine did not say.
    pub code: Option<&'static str>,
    /// How long the part lasted, in hours of planned production since its last repair or planned maintenance.
    pub life_h: f64,
    /// Characteristic life of its Weibull distribution, hours.
    pub scale_h: f64,
    /// Shape of its Weibull distribution.
    pub shape: f64,
}

impl DayRun {
    /// The truth about this day.
    #[must_use]
    pub fn truth(&self) -> DayTruth {
        let machines = each_machine()
            .zip(&self.runs)
            .map(|((line, machine), run)| self.of(line, machine, run));
        DayTruth {
            day: self.day.to_string(),
            from: self.span.from(),
            to: self.span.to(),
            machines: machines.collect(),
        }
    }

    fn of(&self, line: &'static Line, machine: &'static Machine, run: &Run) -> MachineTruth {
        let start = self.span.from().0;
        let at = |second: i64| TsMs(start + second * 1000);
        let states = run
            .stretches(self.span.len().0 / 1000)
            .map(|(change, to)| TrueState {
                from: at(change.at),
                to: at(to),
                state: change.state,
                fault: change.fault,
                cause: change.cause,
                // Only machines of serial lines wait for each other; there the chain is the line.
                waits_for: change.waits_for.map(|i| line.machines[i].code),
            });
        let failure = |s: &super::record::Struck| {
            let mode = &machine.modes[s.life.mode];
            TrueFailure {
                at: at(s.at),
                until: at(s.until),
                code: mode.code,
                life_h: (s.life.to - s.life.from) / 3600.0,
                scale_h: mode.scale_h,
                shape: mode.shape,
            }
        };
        MachineTruth {
            machine: machine.code,
            line: line.code,
            states: states.collect(),
            minutes: self.minutes(line, run),
            failures: run.struck.iter().map(failure).collect(),
            level: run.level,
            worn: run.worn.iter().step_by(60).copied().collect(),
            buffer: (run.buffer.0, run.buffer.1, machine.buffer),
            left: run.left,
        }
    }

    fn minutes(&self, line: &'static Line, run: &Run) -> Vec<TrueMinute> {
        let edges = run.counts.iter().step_by(60);
        let pairs = edges.clone().zip(edges.skip(1)).zip(0_i64..);
        let made = pairs.filter(|((before, after), _)| before != after);
        made.filter_map(|((before, after), n)| {
            // Products change only while the machine stands.
            let (_, product, _) = run.product_at(n * 60 + 59)?;
            Some(TrueMinute {
                minute: TsMs(self.span.from().0 + n * MINUTE_MS),
                product: line.products[*product].code,
                good: after.good - before.good,
                scrap: after.scrap - before.scrap,
            })
        })
        .collect()
    }
}
