//! A line over a chosen stretch of time: where the time went, why, and what was different before.

use super::error::ApiError;
use super::json::Json;
use super::oee::{History, RateUsed, ReasonLoss, Whose};
use crate::domain::account::Account;
use crate::domain::difference::Difference;
use crate::domain::figure::Why;
use crate::domain::time::{Span, TsMs};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;

/// Something that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Its code, for addresses.
    pub code: String,
    /// Its name.
    pub name: String,
}

/// What the address of a line's analysis says. Absent: the running shift, the line itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// "shift", "day", "week", "month"; with `on`, the one that holds that production day.
    pub period: Option<String>,
    /// A local day, `YYYY-MM-DD`; absent: today.
    pub on: Option<String>,
    /// The first bound of a freely chosen window; wins over `period`.
    pub from: Option<i64>,
    /// The second.
    pub to: Option<i64>,
    /// Only shifts of this name.
    pub shift: Option<String>,
    /// Only shifts of this crew.
    pub crew: Option<String>,
    /// Only this product, by code.
    pub product: Option<String>,
    /// This machine instead of the line, by code; "assets": the sum of all.
    pub machine: Option<String>,
    /// How the history is cut ([`By::name`](super::oee::By::name)).
    pub by: Option<String>,
    /// What to compare with: the bounds of another window; absent: the same length of time before.
    pub than_from: Option<i64>,
    /// The second bound.
    pub than_to: Option<i64>,
}

/// Another stretch of time to compare with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// In words: "a week earlier".
    pub words: String,
    /// The same times of the local clock on earlier days.
    pub window: Span,
}

/// Everything that a line's analysis shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// When it was computed.
    pub now: TsMs,
    /// The stretch, not cut at now.
    pub horizon: Span,
    /// The same cut at now.
    pub window: Span,
    /// In words: "Week of 16 November".
    pub label: String,
    /// The local day to ask for to see the period before and the one after, where the period has a name.
    pub neighbours: Option<(String, String)>,
    /// Whose account it is.
    pub whose: Whose,
    /// Where the time went.
    pub account: Account,
    /// Asset OEE of the same choice, where `account` is the line's.
    pub assets: Account,
    /// Time lost by reason, longest first.
    pub reasons: Vec<ReasonLoss>,
    /// The ideal rates behind it.
    pub rates: Vec<RateUsed>,
    /// Targets of A, P, Q and OEE at the end of the window.
    pub targets: [f64; 4],
    /// The stretch that it is compared with.
    pub before_window: Span,
    /// In words.
    pub before_label: String,
    /// Its account.
    pub before: Account,
    /// What else it may be compared with.
    pub earlier: Vec<Earlier>,
    /// What makes the two different, or why it cannot be told.
    pub difference: Result<Difference, Why>,
    /// The history.
    pub history: History,
    /// In all of the window the line has no shift calendar: its machines say when they are scheduled.
    pub by_signal: bool,
    /// What there is to choose from.
    pub shifts: Vec<String>,
    /// Crews.
    pub crews: Vec<String>,
    /// Products made on the line in the window.
    pub products: Vec<Named>,
    /// Its machines.
    pub machines: Vec<Named>,
}

/// A line's analysis.
#[server(AnalysisOfLine, prefix = "/api", endpoint = "analysis", input = GetUrl, output = Json)]
pub async fn analysis(
    code: String,
    // The running shift, the line itself: nothing to send.
    #[server(default)] choice: Choice,
) -> Result<Analysis, ApiError> {
    let ctx = crate::server::auth::guard::here::<AnalysisOfLine>()?;
    let found = crate::server::services::analysis::analysis(&ctx, &code, &choice).await;
    found.map_err(ApiError::from)
}
