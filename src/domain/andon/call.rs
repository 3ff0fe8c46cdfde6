//! A call for help and what people do with it.

use super::kind::{CallKind, Cause, Priority, Status};
use super::waiting::Waiting;
use crate::domain::time::{DAY_MS, DurMs, HOUR_MS, TsMs};
use serde::{Deserialize, Serialize};

/// Nobody is on the way for longer than this: an ETA beyond it is a slip.
pub const LONGEST_ETA: DurMs = DurMs(DAY_MS);

/// When something was done, and by whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Stamp {
    /// When.
    pub at: TsMs,
    /// The name of whoever did it: a person, a rule, a key.
    pub by: String,
}

/// A call: what it is for, and a stamp for each thing that happened to it.
///
/// A call goes through rounds: the first starts when it is raised, another each time that it is reopened. Stamps after
/// `raised` and `reopened_last` are of the present round, but for the two that begin with `first`; the time of the rounds
/// before it is in `before`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Call {
    /// What for.
    pub kind: CallKind,
    /// How urgent.
    pub priority: Priority,
    /// The line stands because of it.
    pub line_stopped: bool,
    /// Who called.
    pub raised: Stamp,
    /// How often it was reopened: the number of the present round, from 0.
    pub reopened: i64,
    /// Who reopened it last.
    pub reopened_last: Option<Stamp>,
    /// Who took it in the present round and gave it back, the last one: from then on it waits for somebody to take it.
    pub handed_back: Option<Stamp>,
    /// Who took it.
    pub acknowledged: Option<Stamp>,
    /// When somebody took it for the first time, in whatever round.
    pub first_acknowledged: Option<TsMs>,
    /// When they said they would be there.
    pub eta: Option<TsMs>,
    /// Who was there first.
    pub arrived: Option<Stamp>,
    /// When somebody was there for the first time, in whatever round.
    pub first_arrived: Option<TsMs>,
    /// Who resolved it.
    pub resolved: Option<Stamp>,
    /// Where the trouble came from.
    pub cause: Option<Cause>,
    /// Who closed it.
    pub closed: Option<Stamp>,
    /// Who cancelled it.
    pub cancelled: Option<Stamp>,
    /// The time of the rounds before this one.
    pub before: Waiting,
}

/// What somebody does with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "act")]
pub enum Act {
    /// "I am coming." Whoever took it says by the same act that they will be there at another time.
    Acknowledge {
        /// When they will be there.
        eta: Option<TsMs>,
    },
    /// "I cannot come", by whoever took it: somebody else has to take it.
    HandBack,
    /// "I am there." Takes it as well when nobody had.
    Arrive,
    /// The trouble is over.
    Resolve {
        /// Where it came from.
        cause: Cause,
    },
    /// Nothing is left to do.
    Close,
    /// It was not needed.
    Cancel,
    /// It was not over: a new round, which somebody has to take again.
    Reopen {
        /// When the machine ran again after it was resolved, as far as anybody knows: the round before ends there.
        restarted: Option<TsMs>,
    },
    /// "Call the next level now." Changes nothing in the call.
    Escalate,
}

impl Act {
    /// Its name on the wire and in the audit trail.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Acknowledge { .. } => "acknowledge",
            Self::HandBack => "hand_back",
            Self::Arrive => "arrive",
            Self::Resolve { .. } => "resolve",
            Self::Close => "close",
            Self::Cancel => "cancel",
            Self::Reopen { .. } => "reopen",
            Self::Escalate => "escalate",
        }
    }

    /// The status that it leads to; `None`: it stays as it is.
    #[must_use]
    pub const fn leads_to(self) -> Option<Status> {
        match self {
            Self::Acknowledge { .. } => Some(Status::Acknowledged),
            Self::Arrive => Some(Status::Arrived),
            Self::Resolve { .. } => Some(Status::Resolved),
            Self::Close => Some(Status::Closed),
            Self::Cancel => Some(Status::Cancelled),
            Self::Reopen { .. } | Self::HandBack => Some(Status::Raised),
            Self::Escalate => None,
        }
    }

    /// Whether it may follow `status`.
    #[must_use]
    pub const fn may_follow(self, status: Status) -> bool {
        match self {
            Self::Acknowledge { .. } => matches!(status, Status::Raised),
            Self::HandBack => matches!(status, Status::Acknowledged),
            Self::Arrive => matches!(status, Status::Raised | Status::Acknowledged),
            Self::Resolve { .. } => matches!(status, Status::Acknowledged | Status::Arrived),
            Self::Close => matches!(status, Status::Resolved),
            Self::Cancel | Self::Escalate => status.is_open(),
            Self::Reopen { .. } => matches!(status, Status::Resolved | Status::Closed),
        }
    }
}

/// Why an act was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "why")]
pub enum Refused {
    /// The status of the call forbids it: somebody was faster, or something must come before it.
    #[error("{} by {}: {hint}", .status.words().to_lowercase(), .made.by)]
    Status {
        /// The status.
        status: Status,
        /// Who brought it there, and when.
        made: Stamp,
        /// What can be done instead.
        hint: String,
    },
    /// It was resolved too long ago to be reopened.
    #[error("resolved too long ago: raise a new call")]
    TooLate {
        /// Until when it could have been reopened.
        until: TsMs,
    },
    /// The ETA is not in the future, or more than [`LONGEST_ETA`] away.
    #[error("the time of arrival must lie within the next 24 hours")]
    Eta,
}

impl Refused {
    /// Whether the call is in the way, and not what was asked: a conflict, not a wrong value.
    #[must_use]
    pub const fn is_conflict(&self) -> bool {
        !matches!(self, Self::Eta)
    }
}

/// For how long after it was resolved a call may be reopened, closed meanwhile or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct ReopenWithin(pub DurMs);

impl Default for ReopenWithin {
    /// A shift: what comes back later is a new call, and counts as a repeat.
    fn default() -> Self {
        Self(DurMs(8 * HOUR_MS))
    }
}

impl Call {
    /// A new call.
    #[must_use]
    pub fn raise(kind: CallKind, priority: Priority, line_stopped: bool, raised: Stamp) -> Self {
        Self {
            kind,
            priority,
            line_stopped,
            raised,
            reopened: 0,
            reopened_last: None,
            handed_back: None,
            acknowledged: None,
            first_acknowledged: None,
            eta: None,
            arrived: None,
            first_arrived: None,
            resolved: None,
            cause: None,
            closed: None,
            cancelled: None,
            before: Waiting::default(),
        }
    }

    /// The call after somebody called for the same once more: as urgent as the more urgent of both. Where that changes
    /// its priority, another ladder may hold from now on.
    #[must_use]
    pub fn joined(mut self, priority: Priority, line_stopped: bool) -> Self {
        self.priority = self.priority.max(priority);
        self.line_stopped |= line_stopped;
        self
    }

    /// How far it is.
    #[must_use]
    pub fn status(&self) -> Status {
        self.now_at().0
    }

    /// The stamp that made its status.
    #[must_use]
    pub fn made(&self) -> &Stamp {
        self.now_at().1
    }

    fn now_at(&self) -> (Status, &Stamp) {
        let stamps = [
            (Status::Cancelled, &self.cancelled),
            (Status::Closed, &self.closed),
            (Status::Resolved, &self.resolved),
            (Status::Arrived, &self.arrived),
            (Status::Acknowledged, &self.acknowledged),
            (Status::Raised, &self.handed_back),
            (Status::Raised, &self.reopened_last),
        ];
        stamps
            .into_iter()
            .find_map(|(status, stamp)| Some((status, stamp.as_ref()?)))
            .unwrap_or((Status::Raised, &self.raised))
    }

    /// When the present round began: its timers run from here.
    #[must_use]
    pub fn since(&self) -> TsMs {
        self.reopened_last.as_ref().unwrap_or(&self.raised).at
    }

    /// Since when somebody has to take it: since the round began, or since whoever took it gave it back.
    #[must_use]
    pub fn untaken_since(&self) -> TsMs {
        let back = self.handed_back.as_ref();
        back.map_or_else(|| self.since(), |stamp| stamp.at)
    }

    /// The call after `act` of `by` at `now`. Whoever does once more what they just did changes nothing, but for another ETA.
    /// A stamp is never before the one before it, also when the clock was set back.
    ///
    /// # Errors
    /// The status forbids it, the ETA is impossible, somebody else took what is to be given back, or it is too late to reopen.
    pub fn after(
        self,
        act: Act,
        by: &str,
        now: TsMs,
        reopen: ReopenWithin,
    ) -> Result<Self, Refused> {
        let (status, made) = self.now_at();
        let theirs = made.by == by;
        if theirs && self.is_done_by(act) {
            return Ok(self);
        }
        if let (true, Status::Acknowledged, Act::Acknowledge { eta }) = (theirs, status, act) {
            let eta = possible(eta, now)?;
            return Ok(Self { eta, ..self });
        }
        if !act.may_follow(status) || (act == Act::HandBack && !theirs) {
            return Err(self.refused(act));
        }
        let at = now.max(made.at);
        let stamp = Some(Stamp {
            at,
            by: by.to_owned(),
        });
        let mut next = self;
        match act {
            Act::Acknowledge { eta } => {
                (next.acknowledged, next.eta) = (stamp, possible(eta, now)?);
                next.first_acknowledged = next.first_acknowledged.or(Some(at));
            }
            Act::HandBack => {
                (next.acknowledged, next.eta, next.handed_back) = (None, None, stamp);
            }
            Act::Arrive => {
                next.acknowledged = next.acknowledged.or_else(|| stamp.clone());
                next.first_acknowledged = next.first_acknowledged.or(Some(at));
                next.arrived = stamp;
                next.first_arrived = next.first_arrived.or(Some(at));
            }
            Act::Resolve { cause } => (next.resolved, next.cause) = (stamp, Some(cause)),
            Act::Close => next.closed = stamp,
            Act::Cancel => next.cancelled = stamp,
            Act::Reopen { restarted } => return next.reopen(stamp, restarted, now, reopen),
            Act::Escalate => {}
        }
        Ok(next)
    }

    /// Whether the call is already as `act` would leave it.
    fn is_done_by(&self, act: Act) -> bool {
        act.leads_to() == Some(self.status())
            && match act {
                Act::Acknowledge { eta } => eta.is_none() || eta == self.eta,
                Act::Resolve { cause } => self.cause == Some(cause),
                // A call that was only raised was never reopened, and each reopening is a round of its own.
                Act::Reopen { .. } => false,
                Act::HandBack => self.handed_back.is_some(),
                Act::Arrive | Act::Close | Act::Cancel | Act::Escalate => true,
            }
    }

    /// Until when it can be reopened; `None` when it cannot be, because it is open or was cancelled.
    #[must_use]
    pub fn reopen_until(&self, ReopenWithin(within): ReopenWithin) -> Option<TsMs> {
        let act = Act::Reopen { restarted: None };
        let resolved = self.resolved.as_ref()?;
        act.may_follow(self.status()).then(|| resolved.at + within)
    }

    fn reopen(
        self,
        stamp: Option<Stamp>,
        restarted: Option<TsMs>,
        now: TsMs,
        within: ReopenWithin,
    ) -> Result<Self, Refused> {
        if let Some(until) = self.reopen_until(within).filter(|until| now > *until) {
            return Err(Refused::TooLate { until });
        }
        let at = stamp.as_ref().map_or(now, |s| s.at);
        // A line that stood, and of which nobody knows that it ran again, stood until now: the trouble was not over.
        let ended = restarted.map(|restarted| restarted.min(at));
        let before = Waiting::of(&self, at, ended.or(self.line_stopped.then_some(at)));
        Ok(Self {
            reopened: self.reopened + 1,
            reopened_last: stamp,
            before,
            first_acknowledged: self.first_acknowledged,
            first_arrived: self.first_arrived,
            ..Self::raise(self.kind, self.priority, self.line_stopped, self.raised)
        })
    }

    fn refused(&self, act: Act) -> Refused {
        let (status, made) = self.now_at();
        let hint = match (status, act) {
            (Status::Raised, Act::Resolve { .. }) => "acknowledge it first",
            (Status::Acknowledged, Act::HandBack) => "only whoever took it gives it back",
            (Status::Raised, Act::HandBack) => "nobody took it",
            (_, Act::Close) if status.is_open() => "resolve it first",
            (_, Act::Reopen { .. }) if status.is_open() => "it is still open",
            (Status::Resolved, Act::Cancel) => "close it instead",
            (
                Status::Resolved | Status::Closed,
                Act::Escalate | Act::Acknowledge { .. } | Act::Arrive,
            ) => "reopen it first",
            (Status::Cancelled, _) => "raise a new call",
            _ => "nothing was changed",
        };
        Refused::Status {
            status,
            made: made.clone(),
            hint: hint.to_owned(),
        }
    }
}

/// An ETA that can be.
fn possible(eta: Option<TsMs>, now: TsMs) -> Result<Option<TsMs>, Refused> {
    match eta {
        Some(eta) if eta <= now || eta > now + LONGEST_ETA => Err(Refused::Eta),
        eta => Ok(eta),
    }
}
