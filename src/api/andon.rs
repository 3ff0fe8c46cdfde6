//! Calls for help as screens and programs see them.
//!
//! A board is read whole once; after that each call that changed comes whole on the live stream. Of two views of one
//! call the one with the higher `version` is the newer, of two with the same the one that came later.

pub mod roster;
pub mod rules;
pub mod statistics;
pub mod stop;

use super::board::SiteView;
use super::error::ApiError;
use super::json::Json;
use crate::domain::andon::{Call, CallKind, Cause, Channel, Priority, Status, Waiting};
use crate::domain::time::{DurMs, TsMs};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use stop::StopOfCall;

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
    /// The number of the person on whose screens it stands, by which a screen knows its reader; left out of everybody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<i64>,
    /// By what.
    pub via: Channel,
    /// What became of it.
    pub outcome: Outcome,
    /// Why they could not be told, in words; left out when nothing was in the way, and of messages that were tried: what their
    /// receivers said is told with the channels.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// What became of telling somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It stands on their screens. Nobody knows whether they look.
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
    /// What whoever resolved it, cancelled it or gave it back said last.
    pub note: String,
    /// The number of the person who raised it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raised_person: Option<i64>,
    /// The number of the shared tablet that raised it while nobody was signed on there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raised_device: Option<i64>,
    /// The number of the person who took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_person: Option<i64>,
    /// How often somebody called for the same while it was open, the first time included.
    pub raises: i64,
    /// The start of the stop that it is about.
    pub stop: Option<TsMs>,
    /// When the machine ran again since it was raised or reopened.
    pub restarted: Option<TsMs>,
    /// Until when it can be reopened; `None` while it is open, and when it was cancelled.
    pub reopen_until: Option<TsMs>,
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
    /// The stop that it is about; `None`: of none, of one that is gone, or whoever asks may not see stops there.
    pub stop: Option<StopOfCall>,
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

/// Everything that a board shows.
#[server(prefix = "/api", endpoint = "andon_board", input = GetUrl, output = Json)]
pub async fn get_andon_dashboard_data() -> Result<AndonBoard, ApiError> {
    let ctx = crate::server::auth::guard::here::<GetAndonDashboardData>()?;
    crate::server::services::andon::get_andon_dashboard_data(&ctx)
        .await
        .map_err(ApiError::from)
}

/// Calls that are open, or resolved and not closed.
#[server(prefix = "/api", endpoint = "andon_active", input = GetUrl, output = Json)]
pub async fn get_active_andon_events(line: Option<String>) -> Result<Vec<CallView>, ApiError> {
    let ctx = crate::server::auth::guard::here::<GetActiveAndonEvents>()?;
    crate::server::services::andon::get_active_andon_events(&ctx, line.as_deref())
        .await
        .map_err(ApiError::from)
}

/// A call with everything that happened to it.
#[server(prefix = "/api", endpoint = "andon_event", input = GetUrl, output = Json)]
pub async fn get_andon_event(id: i64) -> Result<CallDetail, ApiError> {
    let ctx = crate::server::auth::guard::here::<GetAndonEvent>()?;
    crate::server::services::andon::get_andon_event(&ctx, id)
        .await
        .map_err(ApiError::from)
}

/// Calls of the past and of now, newest first.
#[server(prefix = "/api", endpoint = "andon", input = GetUrl, output = Json)]
pub async fn get_andon_event_history(
    // A filter that wants everything leaves nothing to send.
    #[server(default)] filter: CallFilter,
) -> Result<CallPage, ApiError> {
    let ctx = crate::server::auth::guard::here::<GetAndonEventHistory>()?;
    crate::server::services::andon::get_andon_event_history(&ctx, &filter)
        .await
        .map_err(ApiError::from)
}

/// Calls for help, or joins the call that is open for the same.
#[server(prefix = "/api", endpoint = "andon_create", input = Json, output = Json)]
pub async fn create_andon_event(call: NewCall) -> Result<Raised, ApiError> {
    let ctx = crate::server::auth::guard::here::<CreateAndonEvent>()?;
    crate::server::services::andon::create_andon_event(&ctx, &call)
        .await
        .map_err(ApiError::from)
}

/// "I am coming", perhaps with in how many minutes: the clock of a phone may be wrong.
#[server(prefix = "/api", endpoint = "andon_acknowledge", input = Json, output = Json)]
pub async fn acknowledge_andon_event(id: i64, eta_min: Option<i64>) -> Result<CallView, ApiError> {
    let ctx = crate::server::auth::guard::here::<AcknowledgeAndonEvent>()?;
    let minute = crate::domain::time::MINUTE_MS;
    let eta = eta_min.map(|n| ctx.now() + DurMs(n.clamp(0, 3 * 24 * 60) * minute));
    crate::server::services::andon::acknowledge_andon_event(&ctx, id, eta)
        .await
        .map_err(ApiError::from)
}

/// "I cannot come", by whoever took it, perhaps with why.
#[server(prefix = "/api", endpoint = "andon_hand_back", input = Json, output = Json)]
pub async fn hand_back_andon_event(id: i64, note: String) -> Result<CallView, ApiError> {
    let ctx = crate::server::auth::guard::here::<HandBackAndonEvent>()?;
    crate::server::services::andon::hand_back_andon_event(&ctx, id, &note)
        .await
        .map_err(ApiError::from)
}

/// "I am there."
#[server(prefix = "/api", endpoint = "andon_arrive", input = Json, output = Json)]
pub async fn arrive_andon_event(id: i64) -> Result<CallView, ApiError> {
    let ctx = crate::server::auth::guard::here::<ArriveAndonEvent>()?;
    crate::server::services::andon::arrive_andon_event(&ctx, id)
        .await
        .map_err(ApiError::from)
}

/// The trouble is over: where it came from, and what was done.
#[server(prefix = "/api", endpoint = "andon_resolve", input = Json, output = Json)]
pub async fn resolve_andon_event(
    id: i64,
    cause: Cause,
    note: String,
) -> Result<CallView, ApiError> {
    let ctx = crate::server::auth::guard::here::<ResolveAndonEvent>()?;
    crate::server::services::andon::resolve_andon_event(&ctx, id, cause, &note)
        .await
        .map_err(ApiError::from)
}

/// Nothing is left to do.
#[server(prefix = "/api", endpoint = "andon_close", input = Json, output = Json)]
pub async fn close_andon_event(id: i64) -> Result<CallView, ApiError> {
    let ctx = crate::server::auth::guard::here::<CloseAndonEvent>()?;
    crate::server::services::andon::close_andon_event(&ctx, id)
        .await
        .map_err(ApiError::from)
}

/// It was not needed; the note says why. By whoever may resolve calls, or raised it while nobody has taken it.
#[server(prefix = "/api", endpoint = "andon_cancel", input = Json, output = Json)]
pub async fn cancel_andon_event(id: i64, note: String) -> Result<CallView, ApiError> {
    let ctx = crate::server::auth::guard::here::<CancelAndonEvent>()?;
    crate::server::services::andon::cancel_andon_event(&ctx, id, &note)
        .await
        .map_err(ApiError::from)
}

/// It was not over.
#[server(prefix = "/api", endpoint = "andon_reopen", input = Json, output = Json)]
pub async fn reopen_andon_event(id: i64, note: String) -> Result<CallView, ApiError> {
    let ctx = crate::server::auth::guard::here::<ReopenAndonEvent>()?;
    crate::server::services::andon::reopen_andon_event(&ctx, id, &note)
        .await
        .map_err(ApiError::from)
}

/// "Call the next level now."
#[server(prefix = "/api", endpoint = "andon_escalate", input = Json, output = Json)]
pub async fn escalate_andon_event(id: i64) -> Result<CallView, ApiError> {
    let ctx = crate::server::auth::guard::here::<EscalateAndonEvent>()?;
    crate::server::services::andon::escalate_andon_event(&ctx, id)
        .await
        .map_err(ApiError::from)
}
