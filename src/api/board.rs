//! The plant board: a tile a line.

use super::error::ApiError;
use super::json::Json;
use crate::domain::condition::Condition;
use crate::domain::figure::Figure;
use crate::domain::ids::Seq;
use crate::domain::local_time::LocalTime;
use crate::domain::time::{DurMs, Span, TsMs};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;

/// The site as every page shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SiteView {
    /// Full name.
    pub name: String,
    /// Its data come from the simulator.
    pub simulated: bool,
    /// Clock times of the site around now.
    pub clock: LocalTime,
}

/// A shift as a tile or header shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShiftView {
    /// Its name.
    pub name: String,
    /// From start to end.
    pub span: Span,
}

/// What was made against what should have been made.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Good pieces, or all pieces when quality is not reported.
    pub actual: i64,
    /// What should have been made at the view's time; `None` when no ideal rate is known.
    pub target: Option<f64>,
    /// By how much the target grows per hour from the view's time on, while planned time lasts.
    pub target_per_h: f64,
    /// Until when it grows at that rate: the next break or the end of the shift.
    pub grows_until: TsMs,
}

impl Progress {
    /// The target at `now`: the one at `at`, grown at its rate.
    #[must_use]
    pub fn target_at(&self, at: TsMs, now: TsMs) -> Option<f64> {
        let grown = now.min(self.grows_until) - at;
        self.target
            .map(|t| t + self.target_per_h * grown.0.max(0) as f64 / 3_600_000.0)
    }
}

/// One clock hour of the shift. It travels drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HourBar {
    /// The hour, cut to the shift.
    pub span: Span,
    /// Pieces made; `None` for an hour that has not begun.
    pub actual: Option<i64>,
    /// Pieces that should be made in it; in the running hour, by the view's time.
    pub target: Option<f64>,
    /// It holds the view's time.
    pub running: bool,
}

impl HourBar {
    /// A finished hour that fell clearly short of its target.
    #[must_use]
    pub fn missed(&self) -> bool {
        !self.running
            && matches!((self.actual, self.target), (Some(a), Some(t)) if (a as f64) < t * 0.9)
    }
}

/// A line at a glance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tile {
    /// The line's code, for its address.
    pub code: String,
    /// The line's name.
    pub name: String,
    /// The area's name.
    pub area: String,
    /// When the figures were computed.
    pub at: TsMs,
    /// The last fact they hold.
    pub seq: Seq,
    /// What it is doing.
    pub condition: Condition,
    /// Since when; `None` when nothing was ever heard.
    pub since: Option<TsMs>,
    /// Why, in words: the fault, "filler at 81 % of rate".
    pub detail: Option<String>,
    /// The product on the line.
    pub product: Option<String>,
    /// The running shift.
    pub shift: Option<ShiftView>,
    /// Made against target; `None` outside planned time.
    pub progress: Option<Progress>,
    /// The hours of the shift as bars, drawn: SVG.
    pub hours: String,
    /// OEE of the shift so far.
    pub oee: Figure,
    /// Unplanned stops, changeover and waiting of the shift so far; `None` for those who may not see OEE.
    pub down: Option<DurMs>,
    /// When its machines were last heard.
    pub heard: Option<TsMs>,
}

/// The board.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BoardView {
    /// When it was computed.
    pub now: TsMs,
    /// The last fact it holds; the live stream goes on from here.
    pub seq: Seq,
    /// The site; `None` before a plant is set up.
    pub site: Option<SiteView>,
    /// OEE over all machines whose OEE the reader may see, for the shifts that run now.
    pub oee: Figure,
    /// One for each line, in their fixed places.
    pub tiles: Vec<Tile>,
}

/// The plant board as it is now.
#[server(prefix = "/api", endpoint = "board", input = GetUrl, output = Json)]
pub async fn board() -> Result<BoardView, ApiError> {
    let ctx = crate::server::auth::guard::here::<Board>()?;
    let board = crate::server::services::board::board(&ctx).await;
    board.map(|board| (*board).clone()).map_err(ApiError::from)
}
