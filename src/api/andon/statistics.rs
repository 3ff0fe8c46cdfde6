//! What the calls of a stretch of time add up to, with names instead of numbers.

use super::{EscalationTree, Named};
use crate::api::error::ApiError;
use crate::domain::andon::load::Flood;
use crate::domain::andon::{CallKind, Lost, Priority, Share, Status, Summary};
use crate::domain::time::{DurMs, Span, TsMs};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::{GetUrl, Json};

/// A place: a machine, or a line as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = AndonPlace))]
pub struct PlaceView {
    /// The line.
    pub line: Named,
    /// The machine; `None`: the line as a whole.
    pub machine: Option<Named>,
}

/// The calls of one kind, line, shift or hour of the day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = AndonSummaryRow))]
pub struct SummaryRow {
    /// Its name in addresses: of a kind, the code of a line, the name of a shift, the hour; empty: outside every shift.
    pub code: String,
    /// In words.
    pub name: String,
    /// What they add up to.
    pub summary: Summary,
    /// What calls cost that waited in the window; `None`: none did, or it is not cut this way.
    pub lost: Option<Lost>,
}

/// A place and kind with how often it called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = AndonTalkerView))]
pub struct TalkerView {
    /// Where.
    pub place: PlaceView,
    /// What for.
    pub kind: CallKind,
    /// How often, of all.
    pub share: Share,
    /// How many of those were three of the same within a minute.
    pub chatter: i64,
}

/// A call that has been open for long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = AndonLongOpen))]
pub struct LongOpen {
    /// Its number.
    pub id: i64,
    /// Where.
    pub place: PlaceView,
    /// What for.
    pub kind: CallKind,
    /// How urgent.
    pub priority: Priority,
    /// How far it is.
    pub status: Status,
    /// Since when.
    pub since: TsMs,
    /// For how long.
    pub age: DurMs,
    /// For more than 24 hours: nobody looks after it.
    pub stale: bool,
}

/// How much the site is called (ISA-18.2, EEMUA 191): raises by ten minutes, those that joined a call included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = AndonLoadView))]
pub struct LoadView {
    /// How many raises.
    pub raises: i64,
    /// By ten minutes, from the start of the window on; the last may be shorter.
    pub per_ten_minutes: Vec<i64>,
    /// Ten minutes with more than ten, of all.
    pub too_many: Share,
    /// The most in ten minutes.
    pub peak: i64,
    /// Floods, in order.
    pub floods: Vec<Flood>,
    /// How much of all came from the ten that call most.
    pub of_top: Share,
    /// The ten that call most.
    pub top: Vec<TalkerView>,
    /// Raises that were part of chatter.
    pub chatter: i64,
}

/// What the calls of a stretch of time add up to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct AndonStatistics {
    /// The stretch; calls that were raised in it are counted.
    pub window: Span,
    /// When it was read.
    pub now: TsMs,
    /// All calls.
    pub all: Summary,
    /// The planned production that went by while calls waited in the window, whenever they were raised.
    pub lost: Lost,
    /// By what they were for.
    pub by_kind: Vec<SummaryRow>,
    /// By line.
    pub by_line: Vec<SummaryRow>,
    /// By shift.
    pub by_shift: Vec<SummaryRow>,
    /// By the hour of the site's clock.
    pub by_hour: Vec<SummaryRow>,
    /// The load.
    pub load: LoadView,
    /// What is open at this moment, the longest first, at most ten.
    pub longest_open: Vec<LongOpen>,
}

/// What the calls of a stretch of time add up to: of a line or of all, perhaps of one kind; bounds in epoch milliseconds.
#[server(prefix = "/api", endpoint = "andon_statistics", input = GetUrl, output = Json)]
pub async fn get_andon_statistics(
    line: Option<String>,
    kind: Option<CallKind>,
    from: Option<i64>,
    to: Option<i64>,
) -> Result<AndonStatistics, ApiError> {
    let ctx = crate::server::auth::guard::here::<GetAndonStatistics>()?;
    let of = crate::server::services::andon::statistics::Of {
        line: line.as_deref(),
        kind,
        from,
        to,
    };
    crate::server::services::andon::get_andon_statistics(&ctx, of)
        .await
        .map_err(ApiError::from)
}

/// Who would be called for a call on a line; `at` in epoch milliseconds, usually now.
#[server(prefix = "/api", endpoint = "andon_escalation", input = GetUrl, output = Json)]
pub async fn get_escalation_tree(
    line: String,
    kind: CallKind,
    priority: Priority,
    at: Option<i64>,
) -> Result<EscalationTree, ApiError> {
    let ctx = crate::server::auth::guard::here::<GetEscalationTree>()?;
    let call = crate::server::services::andon::Rehearsal {
        line: &line,
        at: at.map_or(ctx.now(), TsMs),
        kind,
        priority,
    };
    crate::server::services::andon::get_escalation_tree(&ctx, call)
        .await
        .map_err(ApiError::from)
}
