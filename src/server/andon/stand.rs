//! Whether a machine stands at a moment, since when, and why.

use crate::domain::andon::Stand;
use crate::domain::downtime::stops;
use crate::domain::machine_state::TimeBucket;
use crate::domain::part::Part;
use crate::domain::shift::{Planned, Schedule};
use crate::domain::time::{DurMs, Span, TsMs};
use crate::server::calendar;
use crate::server::plant::{Line, Machine, Site};
use crate::server::services::window::MachineData;

/// A stop that lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// When the stop began.
    pub stop: TsMs,
    /// What machines that call by themselves are judged by: since when production that was planned has been lost without a
    /// break.
    pub stand: Stand,
}

impl Standing {
    /// Whether production is lost that was planned, and nobody changes the product over.
    #[must_use]
    pub fn is_unplanned(&self) -> bool {
        self.stand.bucket.may_be_minor()
    }
}

/// The stop that a machine is in at `now`, which the data reach.
#[must_use]
pub fn standing(
    site: &Site,
    line: &Line,
    machine: &Machine,
    data: &MachineData,
    now: TsMs,
) -> Option<Standing> {
    let stops = stops(&data.parts);
    let stop = stops.last().filter(|stop| stop.run.open)?;
    let last = stop.parts.last()?;
    let from = stop.run.span.from();
    let schedule = calendar::schedule(site, line, Span::clamped(from.min(now), now + DurMs(1)));
    Some(Standing {
        stop: from,
        stand: Stand {
            since: last.since.max(produces_since(&schedule, from, now)),
            bucket: bucket(last, schedule.at(now)),
            origin: last
                .fault
                .as_ref()
                .and_then(|fault| machine.rules.origins.get(fault).copied()),
            fault: last.fault.clone(),
        },
    })
}

/// Where the time of a part goes under what is planned.
fn bucket(part: &Part, planned: Planned) -> TimeBucket {
    match planned {
        Planned::Production => part.bucket,
        Planned::Off => TimeBucket::NotScheduled,
        Planned::Break => TimeBucket::Planned,
        Planned::Stop { since } => {
            // Who broke down before a planned stop is still broken.
            if part.bucket == TimeBucket::Unplanned && part.since < since {
                part.bucket
            } else {
                TimeBucket::Planned
            }
        }
    }
}

/// Since when production has been planned without a break, not before `from`.
fn produces_since(schedule: &Schedule, from: TsMs, now: TsMs) -> TsMs {
    let cut = schedule.cut(Span::clamped(from.min(now), now + DurMs(1)));
    let pauses = cut.into_iter().rev();
    let last = pauses
        .skip_while(|(_, what)| *what != Planned::Production)
        .find(|(_, what)| *what != Planned::Production);
    last.map_or(from, |(pause, _)| pause.to())
}
