//! What is done now and then: uses of keys and sessions and the number of refusals are written down; sessions and tries whose
//! time is over are forgotten, and so is by which ways people were told of calls that were over long ago. Calls, what happened
//! to them and the audit trail stay.

use super::merged;
use crate::domain::time::{DAY_MS, DurMs, TsMs};
use crate::server::db::andon::{links, timers, told};
use crate::server::db::{attempts, deliveries, sessions};
use crate::server::state::App;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often uses are written down.
const EVERY: Duration = Duration::from_secs(10);
/// How often old rows are looked for.
const SWEEP_EVERY: DurMs = DurMs(60 * 60_000);
/// Wrong tries are forgotten after so long.
const TRIES_FOR: DurMs = DurMs(DAY_MS);
/// Messages that are sent or given up, and timers of calls that are over and whom they told, are forgotten after so long.
pub const TOLD_FOR: DurMs = DurMs(90 * DAY_MS);

/// Does it until `stop`, and once more then.
pub async fn run(app: App, stop: CancellationToken) {
    let mut swept = TsMs(0);
    loop {
        let last = tokio::select! {
            () = stop.cancelled() => true,
            () = tokio::time::sleep(EVERY) => false,
        };
        if let Err(error) = app.uses.write(&app.db).await {
            tracing::warn!(%error, "uses of keys and sessions could not be written down yet");
        }
        // At the end also those whose minute is not over.
        let until = if last {
            TsMs(i64::MAX)
        } else {
            app.clock.now()
        };
        if let Err(error) = merged::write_due(&app, until).await {
            tracing::warn!(%error, "refusals could not be counted on the trail yet");
        }
        if last {
            return;
        }
        let now = app.clock.now();
        if now - swept >= SWEEP_EVERY {
            swept = now;
            if let Err(error) = sweep(&app, now).await {
                tracing::warn!(%error, "old sessions could not be forgotten yet");
            }
        }
    }
}

/// Forgets sessions, links, tries and messages whose time is over.
///
/// # Errors
/// The engine's.
pub async fn sweep(app: &App, now: TsMs) -> sqlx::Result<()> {
    sessions::forget_old(&app.db, now).await?;
    links::forget_old(&app.db, now).await?;
    attempts::forget_old(&app.db, now - TRIES_FOR).await?;
    let long_ago = now - TOLD_FOR;
    deliveries::forget_old(&app.db, long_ago).await?;
    told::forget_old(&app.db, long_ago).await?;
    timers::forget_old(&app.db, long_ago).await
}
