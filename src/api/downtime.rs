//! Stops with their reasons: lists, figures, what stands now, and what people say about them.

use super::error::ApiError;
use super::json::Json;
use crate::domain::andon::{CallKind, Status};
use crate::domain::machine_state::{MachineState, TimeBucket};
use crate::domain::reason::Category;
use crate::domain::reckon::Lost;
use crate::domain::reliability::Reliability;
use crate::domain::time::{DurMs, Span, TsMs};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;

/// A reason for stops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ReasonView {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The code of the group above it.
    pub parent: Option<String>,
    /// What it means for the loss model.
    pub category: Category,
    /// How many groups stand above it.
    pub depth: usize,
    /// It is no group, and active: it may be given to a stop.
    pub choosable: bool,
}

/// The reasons that can be given on a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ReasonsView {
    /// At most 25 of them: those given most often on the line in the last 30 days, then in the order of the tree.
    pub shown: Vec<ReasonView>,
    /// How many of those shown were given there.
    pub favourites: usize,
    /// The whole tree, each group before what it holds.
    pub tree: Vec<ReasonView>,
}

/// A reason as a stop names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ReasonName {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What it means for the loss model.
    pub category: Category,
}

/// A stretch of a stop in one state, with one product and one cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DowntimePart {
    /// When it began.
    pub from: TsMs,
    /// When it ended; absent while it lasts.
    pub to: Option<TsMs>,
    /// What the machine told.
    pub state: MachineState,
    /// Where its time goes.
    pub bucket: TimeBucket,
    /// The fault held to be its cause, in the machine's own code.
    pub fault: Option<String>,
    /// The same in words.
    pub fault_text: Option<String>,
    /// Why it stood.
    pub reason: Option<ReasonName>,
    /// Somebody gave the reason; it is not a guess from the fault.
    pub given: bool,
    /// The product on the machine, by code.
    pub product: Option<String>,
}

/// From which product to which a changeover led.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ProductChange {
    /// The product before it, by code.
    pub from: Option<String>,
    /// The product after it; while it lasts, the one on the machine.
    pub to: Option<String>,
    /// How long it should take, where a target is on file.
    pub target: Option<DurMs>,
}

/// A call for help about a stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct CallOfStop {
    /// Its number.
    pub id: i64,
    /// What for.
    pub kind: CallKind,
    /// How far it is.
    pub status: Status,
}

/// A whole stop, wait or changeover of a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DowntimeEvent {
    /// The machine's code, `-`, and the start in epoch milliseconds.
    pub id: String,
    /// The line's code.
    pub line: String,
    /// The machine's code.
    pub machine: String,
    /// The machine's name.
    pub machine_name: String,
    /// When it began.
    pub from: TsMs,
    /// When it ended; absent while it lasts.
    pub to: Option<TsMs>,
    /// How long it lasted, so far.
    pub length: DurMs,
    /// How much of that is lost: what lies in planned production.
    pub lost: DurMs,
    /// The loss that it is counted under.
    pub bucket: TimeBucket,
    /// It is shorter than the line's threshold, so far.
    pub minor: bool,
    /// It began in planned production, so it is counted as a stop.
    pub counted: bool,
    /// Its parts, in order.
    pub parts: Vec<DowntimePart>,
    /// Of a changeover: between which products.
    pub change: Option<ProductChange>,
    /// Somebody said that its reasons are right.
    pub confirmed: bool,
    /// What was said about it in words; empty: nothing.
    pub comment: String,
    /// The number of the last thing said about it, 0 when nothing was. Whoever says something sends the number that they saw.
    pub version: i64,
    /// Who said that.
    pub author: Option<String>,
    /// When.
    pub said: Option<TsMs>,
    /// The calls for help about it, by number; empty also for whoever may not read calls there.
    pub calls: Vec<CallOfStop>,
}

/// One thing that somebody said about a stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SaidView {
    /// Its number.
    pub version: i64,
    /// Who.
    pub author: String,
    /// When.
    pub at: TsMs,
    /// Whether the reasons were held to be right.
    pub confirmed: bool,
    /// In words.
    pub comment: String,
    /// The reasons that were given to parts of the stop. Without an end: to the stop's.
    pub reasons: Vec<GivenPart>,
}

/// A stop with everything that was said about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DowntimeDetail {
    /// The stop as it is now.
    pub event: DowntimeEvent,
    /// What was said, the newest first.
    pub said: Vec<SaidView>,
}

/// Which stops.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DowntimeFilter {
    /// Of this line.
    pub line: Option<String>,
    /// Of this machine.
    pub machine: Option<String>,
    /// That touch the time from here on, epoch milliseconds; absent: 30 days before `to`.
    pub from: Option<i64>,
    /// And up to here; absent: now.
    pub to: Option<i64>,
    /// In shifts of this name.
    pub shift: Option<String>,
    /// In shifts of this crew.
    pub crew: Option<String>,
    /// With this product on the machine, by code.
    pub product: Option<String>,
    /// With this reason in any of their parts.
    pub reason: Option<String>,
    /// Counted under this loss: `unplanned`, `changeover`, `starved`, `blocked`.
    pub category: Option<String>,
    /// At least this long, in seconds.
    pub min_s: Option<i64>,
    /// Only minor ones, or only others.
    pub minor: Option<bool>,
    /// Only confirmed ones, or only others.
    pub confirmed: Option<bool>,
    /// Only those that last, or only others.
    pub open: Option<bool>,
    /// Go on after the page that gave this as its `next`.
    pub cursor: Option<String>,
    /// At most this many: 1 to 500, usually 50.
    pub limit: Option<i64>,
}

/// Stops, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DowntimePage {
    /// The time that was asked for.
    pub window: Span,
    /// The stops. A page may hold fewer than its limit and still not be the last one.
    pub events: Vec<DowntimeEvent>,
    /// Where the next page goes on; absent on the last one.
    pub next: Option<String>,
}

/// How many stops, and how long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DowntimeSums {
    /// Time lost in the window, and stops that began in it.
    pub lost: Lost,
    /// Mean length of those that ended, milliseconds.
    pub mean_ms: Option<f64>,
    /// Median length of those that ended, milliseconds.
    pub median_ms: Option<f64>,
}

/// What is lost under one loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DowntimeOfCategory {
    /// The loss.
    pub bucket: TimeBucket,
    /// Shorter than the line's threshold: lost speed, not lost availability.
    pub minor: bool,
    /// Its sums.
    pub sums: DowntimeSums,
}

/// A bar of a Pareto chart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DowntimeOfReason {
    /// The reason; absent: none was given, and no fault points to one.
    pub reason: Option<ReasonName>,
    /// What is lost to it.
    pub lost: Lost,
    /// Its share of the whole, 0 to 1.
    pub share: f64,
    /// The share of it and of all before it.
    pub cumulative: f64,
}

/// What a machine lost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DowntimeOfMachine {
    /// The line's code.
    pub line: String,
    /// The machine's code.
    pub machine: String,
    /// Its name.
    pub name: String,
    /// Its sums.
    pub sums: DowntimeSums,
    /// How often it fails and how long it takes to mend.
    pub reliability: Reliability,
}

/// What is lost in a shift, over all its days; or in the time in which machines say when they are scheduled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DowntimeOfShift {
    /// Its name; absent: in time without a shift calendar.
    pub shift: Option<String>,
    /// What is lost in it.
    pub lost: Lost,
}

/// Figures of the stops in a window. Of several machines, sums over them: when one stands and another waits for it, both do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DowntimeStatistics {
    /// The window, cut at now.
    pub window: Span,
    /// Everything.
    pub all: DowntimeSums,
    /// By loss.
    pub by_category: Vec<DowntimeOfCategory>,
    /// By reason, most time first.
    pub by_time: Vec<DowntimeOfReason>,
    /// By reason, most stops first.
    pub by_count: Vec<DowntimeOfReason>,
    /// By machine, in the order of the plant.
    pub by_machine: Vec<DowntimeOfMachine>,
    /// By shift, with a row for the time without a shift calendar.
    pub by_shift: Vec<DowntimeOfShift>,
    /// By hour of the day, 24 of them, site's time.
    pub by_hour: Vec<Lost>,
    /// How often the machines fail and how long it takes to mend them.
    pub reliability: Reliability,
}

/// A reason for a part of a stop.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GivenPart {
    /// The part's start, epoch milliseconds; of the first part it may be left out: the stop's start.
    #[serde(default)]
    pub from: Option<TsMs>,
    /// Its end; left out: the start of the next part, or the stop's end, also of one that still lasts.
    #[serde(default)]
    pub to: Option<TsMs>,
    /// The reason's code.
    pub reason: String,
}

/// What somebody says about a stop.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// The version of the stop that was seen.
    pub version: i64,
    /// The reasons of its parts, in order; left out: as they are. Empty: none, back to the guess.
    #[serde(default)]
    pub reasons: Option<Vec<GivenPart>>,
    /// A comment of at most 2000 characters; left out: as it is.
    #[serde(default)]
    pub comment: Option<String>,
    /// Whether the reasons are right. Left out: yes when reasons are given, else as it is. Yes without reasons accepts the
    /// guess.
    #[serde(default)]
    pub confirm: Option<bool>,
}

/// Stops, newest first.
#[server(prefix = "/api", endpoint = "downtime", input = GetUrl, output = Json)]
pub async fn get_downtime_events(
    // A filter that wants everything leaves nothing to send.
    #[server(default)] filter: DowntimeFilter,
) -> Result<DowntimePage, ApiError> {
    let ctx = crate::server::auth::guard::here::<GetDowntimeEvents>()?;
    crate::server::services::downtime::get_downtime_events(&ctx, &filter)
        .await
        .map_err(ApiError::from)
}

/// The stop of a machine that began at `start`, epoch milliseconds, with everything that was said about it.
#[server(prefix = "/api", endpoint = "downtime_event", input = GetUrl, output = Json)]
pub async fn get_downtime_event(machine: String, start: i64) -> Result<DowntimeDetail, ApiError> {
    let ctx = crate::server::auth::guard::here::<GetDowntimeEvent>()?;
    crate::server::services::downtime::get_downtime_event(&ctx, (&machine, start))
        .await
        .map_err(ApiError::from)
}

/// Figures of the stops in `[from, to)` in epoch milliseconds, at most 93 days; absent: the last 30 days.
#[server(prefix = "/api", endpoint = "downtime_statistics", input = GetUrl, output = Json)]
pub async fn get_downtime_statistics(
    line: Option<String>,
    machine: Option<String>,
    from: Option<i64>,
    to: Option<i64>,
) -> Result<DowntimeStatistics, ApiError> {
    let ctx = crate::server::auth::guard::here::<GetDowntimeStatistics>()?;
    let of = (line.as_deref(), machine.as_deref());
    crate::server::services::downtime::get_downtime_statistics(&ctx, of, (from, to))
        .await
        .map_err(ApiError::from)
}

/// What stands now, longest first.
#[server(prefix = "/api", endpoint = "downtime_active", input = GetUrl, output = Json)]
pub async fn get_active_downtime(line: Option<String>) -> Result<Vec<DowntimeEvent>, ApiError> {
    let ctx = crate::server::auth::guard::here::<GetActiveDowntime>()?;
    crate::server::services::downtime::get_active_downtime(&ctx, line.as_deref())
        .await
        .map_err(ApiError::from)
}

/// The reasons that can be given on a line.
#[server(prefix = "/api", endpoint = "downtime_reasons", input = GetUrl, output = Json)]
pub async fn reasons_for_line(line: String) -> Result<ReasonsView, ApiError> {
    let ctx = crate::server::auth::guard::here::<ReasonsForLine>()?;
    crate::server::services::downtime::reasons_for_line(&ctx, &line)
        .await
        .map_err(ApiError::from)
}

/// Says something about the stop of a machine that began at `start`, epoch milliseconds. To confirm reasons takes a permission of its own.
#[server(prefix = "/api", endpoint = "downtime_confirm", input = Json, output = Json)]
pub async fn confirm_downtime(
    machine: String,
    start: i64,
    said: Confirmation,
) -> Result<DowntimeEvent, ApiError> {
    let ctx = crate::server::auth::guard::here::<ConfirmDowntime>()?;
    crate::server::services::downtime::confirm_downtime(&ctx, (&machine, start), &said)
        .await
        .map_err(ApiError::from)
}
