//! Looks at the machines now and then, for what they do to calls. It has a task of its own: reading a plant of many lines takes
//! its time, and no step waits for it.

use super::machines::{self, Depth};
use crate::server::http::limit::Ticks;
use crate::server::live::calls as live;
use crate::server::services::error::ServiceError;
use crate::server::state::App;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often machines are looked at: whether they stand.
const EVERY: Duration = Duration::from_secs(2);
/// How often their pieces are: that takes longer, and changes slowly.
const PIECES_EVERY: Duration = Duration::from_secs(10);

/// Looks at machines until `stop`.
pub async fn run(app: App, stop: CancellationToken) {
    let mut watcher = Watcher::new(app, Ticks::machine());
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut is_lost = false;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        match watcher.look().await {
            Ok(_) => is_lost = false,
            Err(error) if is_lost => tracing::debug!(%error, "still no look at all machines"),
            Err(error) => {
                is_lost = true;
                tracing::warn!(%error, "cannot see what all machines do to calls; looking on until that works");
            }
        }
    }
}

/// Looks what machines do to calls.
#[derive(Debug)]
pub struct Watcher {
    app: App,
    ticks: Ticks,
    /// How long the program had run when pieces were last looked at.
    pieces: Option<Duration>,
}

impl Watcher {
    /// One for a server; `ticks` tells how long it runs.
    #[must_use]
    pub const fn new(app: App, ticks: Ticks) -> Self {
        Self {
            app,
            ticks,
            pieces: None,
        }
    }

    /// Looks once; how many calls changed.
    ///
    /// # Errors
    /// The database's. What was not done is done the next time; lines that could be read are done.
    pub async fn look(&mut self) -> Result<usize, ServiceError> {
        let ran = self.ticks.passed();
        let depth = if self.pieces.is_none_or(|at| ran >= at + PIECES_EVERY) {
            // Also when that fails: what takes long is not tried at every look.
            self.pieces = Some(ran);
            Depth::Pieces
        } else {
            Depth::Stops
        };
        let looked = machines::look(&self.app, depth).await?;
        if looked.changed > 0 {
            live::tell(&self.app).await;
        }
        looked.failed.map_or(Ok(looked.changed), Err)
    }
}
