//! One line: its figures with the time behind them, its ribbons, hours, machines and stops. What does not change by the
//! second travels drawn.

use super::board::{SiteView, Tile};
use super::error::ApiError;
use super::json::Json;
use crate::domain::figure::Figure;
use crate::domain::ids::Seq;
use crate::domain::machine_state::MachineState;
use crate::domain::time::{Span, TsMs};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;

/// Which stretch of time the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WindowKind {
    /// The running shift of this name, so far.
    Shift(String),
    /// The last 24 hours: the line has no shift calendar or no shift runs.
    LastDay,
    /// Chosen in the address.
    Chosen,
}

/// One machine of the line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MachineRow {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What it is doing now.
    pub state: MachineState,
    /// Since when.
    pub since: Option<TsMs>,
    /// Why, in words.
    pub cause: Option<String>,
    /// The product on it.
    pub product: Option<String>,
    /// Pieces a minute over the last ten minutes, and the ideal.
    pub per_minute: Option<f64>,
    /// Ideal pieces a minute for the product.
    pub ideal_per_minute: Option<f64>,
    /// OEE, availability, performance and quality over the window.
    pub figures: Vec<Figure>,
    /// When it was last heard.
    pub heard: Option<TsMs>,
    /// It sets the pace of the line.
    pub pacing: bool,
}

/// A stop of a machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StopRow {
    /// The machine's name.
    pub machine: String,
    /// When it began.
    pub from: TsMs,
    /// When it ended; `None` while it lasts.
    pub to: Option<TsMs>,
    /// What kind of stop.
    pub state: MachineState,
    /// Its cause in words.
    pub cause: Option<String>,
    /// Shorter than the line's threshold so far; such a stop is listed only while it lasts.
    pub minor: bool,
}

/// A part of the page that the server draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// OEE with its target and the time behind it.
    Oee,
    /// The same of availability.
    Availability,
    /// Of performance.
    Performance,
    /// Of quality.
    Quality,
    /// What one must know of the four.
    Notes,
    /// Where data are, when there are none in the window.
    Elsewhere,
    /// What the machines did, as ribbons; with causes for those only who may see stops.
    Ribbons,
    /// The same as a table.
    States,
    /// What the output is counted by, and what its bars mean.
    OutputHead,
    /// The output as a chart, SVG.
    OutputChart,
    /// The output as a table.
    Output,
    /// Where the planned time went.
    Time,
}

impl Part {
    /// All of them, in the order in which they travel.
    pub const ALL: [Self; 12] = [
        Self::Oee,
        Self::Availability,
        Self::Performance,
        Self::Quality,
        Self::Notes,
        Self::Elsewhere,
        Self::Ribbons,
        Self::States,
        Self::OutputHead,
        Self::OutputChart,
        Self::Output,
        Self::Time,
    ];
}

/// The line's page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LineView {
    /// When it was computed.
    pub now: TsMs,
    /// The last fact it holds.
    pub seq: Seq,
    /// The site.
    pub site: SiteView,
    /// The line at a glance, as on the board.
    pub tile: Tile,
    /// Which stretch of time the rest shows.
    pub window: Span,
    /// How it was chosen.
    pub kind: WindowKind,
    /// The whole window when it reaches past now: the shift's span.
    pub horizon: Span,
    /// Stops shorter than this many seconds are minor.
    pub minor_stop_s: i64,
    /// What changes with the figures and not by the second, as HTML: the [`Part`]s, in the order of [`Part::ALL`].
    pub drawn: Vec<String>,
    /// The machines, in the order of flow.
    pub machines: Vec<MachineRow>,
    /// The latest stops, newest first, at most 20.
    pub stops: Vec<StopRow>,
    /// Stops in the window that are not minor; `None` for those who may not see stops.
    pub stop_count: Option<u32>,
    /// Minor stops in the window.
    pub minor_count: u32,
    /// When the line was last heard.
    pub heard: Option<TsMs>,
}

/// A line over its running shift, or over the window `[from, to)` in epoch milliseconds when both are given.
#[server(prefix = "/api", endpoint = "line", input = GetUrl, output = Json)]
pub async fn line(code: String, from: Option<i64>, to: Option<i64>) -> Result<LineView, ApiError> {
    let ctx = crate::server::auth::guard::here::<Line>()?;
    crate::server::services::line::line(&ctx, &code, from.zip(to))
        .await
        .map_err(ApiError::from)
}
