//! Calls for help as screens and programs see them.
//!
//! A board is read whole once; after that each call that changed comes whole on the live stream. Of two views of one
//! call the one with the higher `version` is the newer.

pub mod roster;
pub mod rules;

use super::board::SiteView;
use crate::domain::andon::{Call, CallKind, Channel, Priority, Status, Waiting};
use crate::domain::time::{DurMs, TsMs};
use serde::{Deserialize, Serialize};

/// Something with a code and a name: a line, a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Named {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
}

/// Somebody who was told, or will be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Told {
    /// When.
    pub at: TsMs,
    /// The level of the step that told them, 0 is who is called first.
    pub level: u8,
    /// Who.
    pub who: String,
    /// By what.
    pub via: Channel,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of telling somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It stands on their screens.
    Shown,
    /// It is on its way, or being tried again.
    Waiting,
    /// It was handed over to whoever delivers it.
    Sent,
    /// It could not be delivered.
    Failed,
    /// It was held back, and comes with others as one summary.
    Merged,
}

/// What happens next when nobody does anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NextStep {
    /// When.
    pub at: TsMs,
    /// How far up it goes.
    pub level: u8,
    /// Who is called then, in words: names of people, or of roles and duties that nobody has.
    pub who: Vec<String>,
}

/// A call as everybody who may see it sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct CallView {
    /// Its number.
    pub id: i64,
    /// Grows with each change of any call.
    pub version: i64,
    /// The line.
    pub line: Named,
    /// The machine, when it is about one.
    pub machine: Option<Named>,
    /// How far it is.
    pub status: Status,
    /// The call with its stamps.
    pub call: Call,
    /// What whoever called said.
    pub text: String,
    /// What whoever resolved or cancelled it said.
    pub note: String,
    /// How often somebody called for the same while it was open, the first time included.
    pub raises: i64,
    /// The start of the stop that it is about.
    pub stop: Option<TsMs>,
    /// When the machine ran again since it was raised or reopened.
    pub restarted: Option<TsMs>,
    /// How far up it went.
    pub level: u8,
    /// Who was told, the last first.
    pub told: Vec<Told>,
    /// What happens next when nobody does anything; `None`: nothing more.
    pub next: Option<NextStep>,
}

/// Everything that is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AndonBoard {
    /// When it was read.
    pub now: TsMs,
    /// The last change that it holds.
    pub version: i64,
    /// The site; `None` before a plant is set up.
    #[cfg_attr(feature = "ssr", schema(value_type = Option<Object>))]
    pub site: Option<SiteView>,
    /// Open calls and those resolved and not closed, the most urgent first, of the same urgency the oldest first.
    pub calls: Vec<CallView>,
    /// How many calls were raised in the last ten minutes.
    pub raised_lately: i64,
    /// More than ten in ten minutes.
    pub flood: bool,
    /// When the last call that is over was resolved or cancelled, for a board that is empty.
    pub last_over: Option<TsMs>,
}

/// A call to be raised.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewCall {
    /// The line's code. May be left out when a machine is named.
    #[serde(default)]
    pub line: Option<String>,
    /// The machine's code.
    #[serde(default)]
    pub machine: Option<String>,
    /// What for.
    pub kind: Option<CallKind>,
    /// How urgent; left out: medium, and critical when somebody is in danger.
    #[serde(default)]
    pub priority: Option<Priority>,
    /// The line stands because of it; left out: as its machines say.
    #[serde(default)]
    pub line_stopped: Option<bool>,
    /// More words, at most 2,000 characters.
    #[serde(default)]
    pub text: String,
}

/// A call after something was done with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Raised {
    /// The call.
    pub call: CallView,
    /// It was open already: this raise joined it.
    pub joined: bool,
}

/// One thing that happened to a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct HistoryLine {
    /// When.
    pub at: TsMs,
    /// What: `raise`, `join`, an act's name, or `step` for a step of the ladder.
    pub what: String,
    /// Who did it.
    pub by: String,
    /// More: the note, the ETA, who was told, how late the step was.
    pub detail: String,
}

/// A call with everything that happened to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct CallDetail {
    /// The call.
    pub call: CallView,
    /// Where its time went, until now or until it was over.
    pub waiting: Waiting,
    /// What happened, the first first.
    pub history: Vec<HistoryLine>,
}

/// Which calls of the past.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallFilter {
    /// Of this line.
    pub line: Option<String>,
    /// Of this machine.
    pub machine: Option<String>,
    /// For this.
    pub kind: Option<CallKind>,
    /// Of this priority.
    pub priority: Option<Priority>,
    /// In this status.
    pub status: Option<Status>,
    /// Raised from here on, epoch milliseconds; usually 30 days before `to`.
    pub from: Option<i64>,
    /// And before here; usually now.
    pub to: Option<i64>,
    /// Only those that went up a level.
    pub escalated: Option<bool>,
    /// Go on after the page that gave this as its `next`.
    pub cursor: Option<String>,
    /// At most this many: 1 to 500, usually 50.
    pub limit: Option<i64>,
}

/// A page of calls, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct CallPage {
    /// The calls.
    pub calls: Vec<CallDetail>,
    /// The cursor of the next page; `None`: this is the last.
    pub next: Option<String>,
}

/// A step of the chain of who would be called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Rung {
    /// When, if nobody does anything; `None`: only once somebody took the call.
    pub at: Option<TsMs>,
    /// How long after the call, or after whoever takes it should be there.
    pub after: DurMs,
    /// What it waits for, in words.
    pub waits_for: String,
    /// How far up it goes.
    pub level: u8,
    /// Who, by what.
    pub calls: Vec<RungCall>,
}

/// Somebody on a rung.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct RungCall {
    /// Who, in words: a name, perhaps for whom they stand in; or the role or duty that nobody has then.
    pub who: String,
    /// Nobody would be reached.
    pub nobody: bool,
    /// By what they would be told.
    pub via: Vec<Channel>,
    /// By what they cannot be told, though the rule says so.
    pub cannot: Vec<Cannot>,
}

/// By what somebody cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Cannot {
    /// By what.
    pub via: Channel,
    /// Why not, in words.
    pub why: String,
}

/// Who would be called: the answer to a rehearsal, and what runs for a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct EscalationTree {
    /// At which time.
    pub at: TsMs,
    /// In which shift; `None`: outside every shift.
    pub shift: Option<String>,
    /// The number of the rule; `None`: the default of the priority.
    pub rule: Option<i64>,
    /// Its steps, by when they come.
    pub rungs: Vec<Rung>,
}
