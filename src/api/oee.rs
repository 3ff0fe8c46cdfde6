//! OEE over any window: figures with the time behind them, history and trends.
//!
//! Windows are epoch milliseconds, on full minutes. Accounts carry the exact times; every figure follows from one.

mod rows;

pub use rows::{By, Direction, History, HistoryRow, Trends};

use super::error::ApiError;
use super::json::Json;
use crate::domain::account::Account;
use crate::domain::condition::Condition;
use crate::domain::figure::Figure;
use crate::domain::loss::{IsoElements, Loss, LossTree, SixBigLosses};
use crate::domain::machine_state::TimeBucket;
use crate::domain::reckon::Lost;
use crate::domain::time::{DurMs, Span, TsMs};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;

/// Whose figures these are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// Line OEE: the pacing machine's time, the good pieces that left the line, at the pacing machine's ideal rate.
    Line,
    /// Asset OEE: the sum over the machines.
    Assets,
    /// One machine.
    Machine,
}

/// A leaf of the loss tree in whole milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Leaf {
    /// Which.
    pub loss: Loss,
    /// How long.
    pub time: DurMs,
}

/// An account with the figures that follow from it. Ratios are 1.0 for 100 %.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Reckoned {
    /// The code of the line or machine.
    pub code: String,
    /// Whose figures these are.
    pub whose: Whose,
    /// Planned production time, seconds.
    pub planned_s: f64,
    /// Run time, seconds.
    pub run_s: f64,
    /// Ideal time of all output, seconds.
    pub ideal_s: f64,
    /// Ideal time of good output, seconds.
    pub ideal_good_s: f64,
    /// A.
    pub availability: Figure,
    /// P; above 1 when the machine was faster than its ideal rate.
    pub performance: Figure,
    /// Q, weighted by ideal time.
    pub quality: Figure,
    /// OEE over known time.
    pub oee: Figure,
    /// The OEE that is certain whatever happened in time without data.
    pub oee_at_least: Figure,
    /// A times P: OEE as far as it is known without quality.
    pub availability_performance: Figure,
    /// OOE: planned stops are part of the denominator.
    pub ooe: Figure,
    /// TEEP: all known time is the denominator.
    pub teep: Figure,
    /// NEE index of ISO 22400-2: set-up is not a loss.
    pub nee: Figure,
    /// Planned production of all known time.
    pub utilisation: Figure,
    /// Good at first pass of all pieces.
    pub first_pass_yield: Figure,
    /// Pieces in an hour of run time.
    pub throughput_per_h: Figure,
    /// Known over planned production time.
    pub coverage: Figure,
    /// Pieces with a known ideal rate over all pieces.
    pub rate_coverage: Figure,
    /// The loss tree; its leaves add up to the calendar time.
    pub losses: Vec<Leaf>,
    /// The six big losses.
    pub six_big_losses: SixBigLosses,
    /// Elements of ISO 22400-2.
    pub iso: IsoElements,
    /// Where the time went.
    pub account: Account,
}

impl Reckoned {
    /// The figures of an account.
    #[must_use]
    pub fn new(code: &str, whose: Whose, account: Account) -> Self {
        let tree = LossTree::of(&account);
        let leaves = tree.leaves().into_iter();
        Self {
            code: code.to_owned(),
            whose,
            planned_s: account.planned_production().secs(),
            run_s: account.run_time().secs(),
            ideal_s: account.ideal_total.secs(),
            ideal_good_s: account.ideal_good.secs(),
            availability: account.availability(),
            performance: account.performance(),
            quality: account.quality(),
            oee: account.oee(),
            oee_at_least: account.oee_at_least(),
            availability_performance: account.availability_performance(),
            ooe: account.ooe(),
            teep: account.teep(),
            nee: account.nee(),
            utilisation: account.utilisation(),
            first_pass_yield: account.first_pass_yield(),
            throughput_per_h: account.throughput(),
            coverage: account.coverage(),
            rate_coverage: account.rate_coverage(),
            losses: leaves.map(|(loss, time)| Leaf { loss, time }).collect(),
            six_big_losses: SixBigLosses::of(&tree),
            iso: IsoElements::of(&account),
            account,
        }
    }
}

/// Time lost to one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ReasonLoss {
    /// The loss that holds the time.
    pub bucket: TimeBucket,
    /// Minor stops.
    pub minor: bool,
    /// The reason's code; `None`: nobody gave one and no fault points to one.
    pub code: Option<String>,
    /// In words.
    pub name: String,
    /// How much, and how many stops.
    pub lost: Lost,
}

/// A product's ideal rate in use on a machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct RateUsed {
    /// Behind which figures it stands: the line's own, or its machine's (and so the sum of all machines).
    pub whose: Whose,
    /// The machine's name.
    pub machine: String,
    /// The product's name.
    pub product: String,
    /// Pieces a minute; `None`: no rate is on file.
    pub per_minute: Option<f64>,
    /// Where it comes from: nameplate, time study, best demonstrated.
    pub source: String,
    /// Since when it holds; `None`: since ever.
    pub valid_from: Option<TsMs>,
    /// Pieces of the product in the window: those that left the line, or those of the machine.
    pub pieces: i64,
}

/// OEE of a line over a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct LineOee {
    /// The window in epoch milliseconds, cut at now.
    pub window: Span,
    /// Line OEE. Absent for machines side by side.
    pub line: Option<Reckoned>,
    /// Asset OEE.
    pub assets: Reckoned,
    /// Machine by machine.
    pub machines: Vec<Reckoned>,
    /// Time lost by reason, of the line (of all machines where it has no OEE of its own), longest first.
    pub reasons: Vec<ReasonLoss>,
    /// The ideal rates behind it: of the line's own figures, then of each machine's.
    pub rates: Vec<RateUsed>,
}

/// A line as it is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct RealTimeOee {
    /// When it was computed.
    pub now: TsMs,
    /// The running shift's name.
    pub shift: Option<String>,
    /// What the line is doing.
    pub condition: Condition,
    /// Since when.
    pub since: Option<TsMs>,
    /// Why, in words.
    pub detail: Option<String>,
    /// Good pieces so far (all, when quality is not reported).
    pub made: Option<i64>,
    /// Pieces that should have been made by now.
    pub target: Option<f64>,
    /// OEE of the running shift so far.
    pub oee: LineOee,
}

/// A line in the overview of the plant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct LineSummary {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its area's name.
    pub area: String,
    /// The target of OEE.
    pub target_oee: f64,
    /// Line OEE. Absent for machines side by side.
    pub line: Option<HistoryRow>,
    /// Asset OEE.
    pub assets: HistoryRow,
}

/// The plant over a window, rolled up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Dashboard {
    /// The window, cut at now.
    pub window: Span,
    /// Asset OEE of the site.
    pub site: Option<HistoryRow>,
    /// Asset OEE by area.
    pub areas: Vec<HistoryRow>,
    /// The lines, in their fixed order.
    pub lines: Vec<LineSummary>,
    /// Time lost by reason over all machines, longest first.
    pub reasons: Vec<ReasonLoss>,
}

/// OEE of a line over `[from, to)`.
#[server(prefix = "/api", endpoint = "calculate_oee", input = GetUrl, output = Json)]
pub async fn calculate_oee(line: String, from: i64, to: i64) -> Result<LineOee, ApiError> {
    let ctx = crate::server::auth::guard::here::<CalculateOee>()?;
    let found = crate::server::services::oee::calculate_oee(&ctx, &line, from, to).await;
    found.map_err(ApiError::from)
}

/// A line as it is now.
#[server(prefix = "/api", endpoint = "calculate_real_time_oee", input = GetUrl, output = Json)]
pub async fn calculate_real_time_oee(line: String) -> Result<RealTimeOee, ApiError> {
    let ctx = crate::server::auth::guard::here::<CalculateRealTimeOee>()?;
    let found = crate::server::services::oee::calculate_real_time_oee(&ctx, &line).await;
    found.map_err(ApiError::from)
}

/// Figures of a line, or of one of its machines, row by row.
#[server(prefix = "/api", endpoint = "get_oee_history", input = GetUrl, output = Json)]
pub async fn get_oee_history(
    line: String,
    machine: Option<String>,
    from: i64,
    to: i64,
    by: By,
) -> Result<History, ApiError> {
    let ctx = crate::server::auth::guard::here::<GetOeeHistory>()?;
    let found = crate::server::services::oee::get_oee_history(
        &ctx,
        &line,
        machine.as_deref(),
        (from, to),
        by,
    )
    .await;
    found.map_err(ApiError::from)
}

/// Figures row by row, and where they are going.
#[server(prefix = "/api", endpoint = "get_oee_trends", input = GetUrl, output = Json)]
pub async fn get_oee_trends(
    line: String,
    machine: Option<String>,
    from: i64,
    to: i64,
    by: By,
) -> Result<Trends, ApiError> {
    let ctx = crate::server::auth::guard::here::<GetOeeTrends>()?;
    let found = crate::server::services::oee::get_oee_trends(
        &ctx,
        &line,
        machine.as_deref(),
        (from, to),
        by,
    )
    .await;
    found.map_err(ApiError::from)
}

/// The plant over `[from, to)`, rolled up by line, area and site.
#[server(prefix = "/api", endpoint = "get_oee_dashboard_data", input = GetUrl, output = Json)]
pub async fn get_oee_dashboard_data(from: i64, to: i64) -> Result<Dashboard, ApiError> {
    let ctx = crate::server::auth::guard::here::<GetOeeDashboardData>()?;
    let found = crate::server::services::oee::get_oee_dashboard_data(&ctx, (from, to)).await;
    found.map_err(ApiError::from)
}
