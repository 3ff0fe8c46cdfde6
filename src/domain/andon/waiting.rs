//! Where the time of a call went: until somebody took it, until they were there, until it was mended, until it ran.

use super::call::Call;
use crate::domain::time::{DurMs, Span, TsMs};
use serde::{Deserialize, Serialize};
use std::ops::{Add, Sub};

/// The four parts of the time of a call, in milliseconds. Its parts are never negative, and sum up to the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Waiting {
    /// From the call until somebody took it.
    pub acknowledge: DurMs,
    /// From then until they were there.
    pub travel: DurMs,
    /// From then until it was resolved.
    pub repair: DurMs,
    /// From then until the machine ran again.
    pub restart: DurMs,
}

/// A round of a call where it lies in time: its parts follow each other without a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// When it began.
    pub from: TsMs,
    /// Its time.
    pub waiting: Waiting,
}

impl Round {
    /// The present round of a call, as [`Waiting::of_stop`] sees it.
    #[must_use]
    pub fn present(call: &Call, now: TsMs, stop: Option<TsMs>, restarted: Option<TsMs>) -> Self {
        let resolved = call.resolved.as_ref().map(|s| s.at);
        let ended = restarted.or(resolved.filter(|_| stop.is_none()));
        Self {
            from: call.since(),
            waiting: Waiting::of_round(call, now, ended),
        }
    }

    /// The round that ended when `before` was reopened, which made `after` of it.
    #[must_use]
    pub fn ended(before: &Call, after: &Call) -> Self {
        Self {
            from: before.since(),
            waiting: after.before - before.before,
        }
    }

    /// All of it.
    #[must_use]
    pub fn span(self) -> Span {
        Span::clamped(self.from, self.from + self.waiting.total())
    }

    /// When its four parts are, in their order.
    #[must_use]
    pub fn spans(self) -> [Span; 4] {
        let mut from = self.from;
        self.waiting.parts().map(|(_, time)| {
            let span = Span::clamped(from, from + time);
            from = span.to();
            span
        })
    }

    /// How much of each part `each` makes of its stretch of time.
    pub(super) fn measured(self, each: impl FnMut(Span) -> DurMs) -> Waiting {
        let [acknowledge, travel, repair, restart] = self.spans().map(each);
        Waiting {
            acknowledge,
            travel,
            repair,
            restart,
        }
    }
}

impl Waiting {
    /// The time of a call as seen at `now`, with all its rounds. `restarted` is when the machine ran again since the call
    /// was raised or last reopened: there the round ends, whatever is stamped later.
    ///
    /// Without a restart a call of a line that stands lasts until it is closed, and one of a line that runs until it is
    /// resolved; a cancelled one until then; all others until `now`. Who resolved without ever arriving is held to have
    /// mended it from where they were: that time is repair.
    #[must_use]
    pub fn of(call: &Call, now: TsMs, restarted: Option<TsMs>) -> Self {
        call.before + Self::of_round(call, now, restarted)
    }

    /// The same of a call of which it is known whether it is about a stop, and since when that lasts. Where there is none,
    /// no machine can run again: nothing is waited for once it is resolved, whenever it is closed.
    #[must_use]
    pub fn of_stop(call: &Call, now: TsMs, stop: Option<TsMs>, restarted: Option<TsMs>) -> Self {
        call.before + Round::present(call, now, stop, restarted).waiting
    }

    fn of_round(call: &Call, now: TsMs, restarted: Option<TsMs>) -> Self {
        let from = call.since();
        let end = restarted.or(over(call)).unwrap_or(now).max(from);
        let at =
            |stamp: &Option<super::Stamp>| stamp.as_ref().map_or(end, |s| s.at).clamp(from, end);
        let resolved = at(&call.resolved);
        let acknowledged = at(&call.acknowledged).min(resolved);
        let arrived = match (&call.arrived, &call.resolved) {
            (None, Some(_)) => acknowledged,
            _ => at(&call.arrived).clamp(acknowledged, resolved),
        };
        Self {
            acknowledge: acknowledged - from,
            travel: arrived - acknowledged,
            repair: resolved - arrived,
            restart: end - resolved,
        }
    }

    /// The whole.
    #[must_use]
    pub fn total(self) -> DurMs {
        self.acknowledge + self.travel + self.repair + self.restart
    }

    /// Its parts in their order, each with its name.
    #[must_use]
    pub const fn parts(self) -> [(&'static str, DurMs); 4] {
        [
            ("Acknowledge", self.acknowledge),
            ("Travel", self.travel),
            ("Repair", self.repair),
            ("Restart", self.restart),
        ]
    }

    /// Until it was resolved: the whole less the restart.
    #[must_use]
    pub fn until_resolved(self) -> DurMs {
        self.acknowledge + self.travel + self.repair
    }
}

impl Add for Waiting {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        Self {
            acknowledge: self.acknowledge + o.acknowledge,
            travel: self.travel + o.travel,
            repair: self.repair + o.repair,
            restart: self.restart + o.restart,
        }
    }
}

impl Sub for Waiting {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        Self {
            acknowledge: self.acknowledge - o.acknowledge,
            travel: self.travel - o.travel,
            repair: self.repair - o.repair,
            restart: self.restart - o.restart,
        }
    }
}

/// When a call was over, as far as its stamps tell.
fn over(call: &Call) -> Option<TsMs> {
    let last = if call.line_stopped {
        &call.closed
    } else {
        &call.resolved
    };
    call.cancelled.as_ref().or(last.as_ref()).map(|s| s.at)
}
