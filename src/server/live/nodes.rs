//! Follows what other nodes on the same database commit. A notification is only a hint: a node that missed one looks
//! at the sequence number every second all the same, and its streams look every few seconds whether they still may go on.

use super::calls;
use crate::server::db::failure::Failure;
use crate::server::db::notify::{self, Heard, Hints};
use crate::server::db::{facts, refold};
use crate::server::plant::{Plant, stored_version};
use crate::server::state::App;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Publishes other nodes' changes until `stop`, and reads the plant again when it changed.
pub async fn follow(app: App, stop: CancellationToken) {
    let mut hints = None;
    let node = Uuid::now_v7().to_string();
    let (mut people, mut keys) = (app.people.watch_here(), app.keys.watch_here());
    loop {
        if hints.is_none() && app.db.is_shared() {
            hints = Hints::listen(&app.db).await.unwrap_or_else(|error| {
                tracing::debug!(%error, "cannot listen for other nodes; looking every second instead");
                None
            });
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
            _ = people.changed() => {
                app.calls.may_say_otherwise();
                tell(&app, &node).await;
            }
            _ = keys.changed() => tell(&app, &node).await,
            heard = next(hints.as_mut()) => match heard {
                Ok(Heard::Facts) => {}
                Ok(Heard::People(of)) if of == node => {}
                Ok(Heard::People(_)) => {
                    app.calls.may_say_otherwise();
                    app.people.forget_as_told();
                    app.keys.forget_as_told();
                }
                Err(_) => hints = None,
            },
        }
        notice(&app, catch_up(&app).await);
    }
}

/// Tells the other nodes that what somebody may has changed here.
async fn tell(app: &App, node: &str) {
    if let Err(error) = notify::people_changed(&app.db, node).await {
        tracing::debug!(%error, "other nodes could not be told; their streams look by themselves");
    }
}

async fn next(hints: Option<&mut Hints>) -> sqlx::Result<Heard> {
    match hints {
        Some(hints) => hints.next().await,
        None => std::future::pending().await,
    }
}

/// Tells the log and every screen when the database is lost and when it is back, each once.
fn notice(app: &App, caught_up: sqlx::Result<()>) {
    let now = app.clock.now();
    match caught_up {
        Ok(()) => {
            if app.hub.database(false, now) {
                tracing::info!("the database is back");
                app.hub.everything_changed();
            }
        }
        Err(error) => match Failure::of(&error) {
            Failure::Unreachable => {
                if app.hub.database(true, now) {
                    tracing::error!(%error, "the database cannot be reached; looking every second until it is back");
                }
            }
            Failure::Locked | Failure::Inside => {
                tracing::warn!(%error, "cannot see what other nodes wrote");
            }
        },
    }
}

/// A second program may also change the plant of a SQLite file (`simulate history`), so both engines are looked at.
async fn catch_up(app: &App) -> sqlx::Result<()> {
    if stored_version(&app.db).await? != app.plant.get().version {
        app.plant.set(Plant::load(&app.db).await?);
        // Folding takes its time, and no call waits for it.
        calls::catch_up(app).await?;
        // Whoever changed it may have ended before it folded anew what that asks for.
        if refold::is_due(&app.db).await? && app.writer.fold_anew().await.is_err() {
            tracing::warn!(
                "a timeline could not be folded anew yet; that is done with the next facts"
            );
        }
        app.board.forget().await;
        app.hub.everything_changed();
        app.calls.may_say_otherwise();
    }
    let seen = app.hub.seq();
    let last = facts::last_seq(&app.db).await?;
    if last > seen {
        let machines = facts::machines_since(&app.db, seen).await?;
        app.hub.committed(last, &machines);
    }
    calls::catch_up(app).await?;
    calls::look_again(app).await
}
