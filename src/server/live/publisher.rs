//! Turns changes into events: the first change of a line goes out at once, the next ones at most a few times a second.
//! Figures also change by the passing of time (targets grow, silence becomes "no data"), so every line goes out again
//! every few seconds. While nobody listens nothing is computed.

use super::hub::{Event, Hub};
use crate::domain::ids::{MachineId, Seq};
use crate::server::db::failure::Failure;
use crate::server::plant::Plant;
use crate::server::services::error::ServiceError;
use crate::server::services::{board, line};
use crate::server::state::App;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The shortest time between two tiles of a line.
const TILE_EVERY: Duration = Duration::from_millis(250);
/// The shortest time between two pages of a line: they are larger and cost more.
const PAGE_EVERY: Duration = Duration::from_secs(1);
/// After this time a line goes out again although no fact came.
const REFRESH_EVERY: Duration = Duration::from_secs(5);

#[derive(Default)]
struct Pending {
    /// Lines with changes that have not gone out, for tiles and for pages.
    tiles: HashSet<String>,
    pages: HashSet<String>,
    last_tile: HashMap<String, Instant>,
    last_page: HashMap<String, Instant>,
}

/// Publishes until `stop`.
pub async fn run(app: App, stop: CancellationToken) {
    let mut pending = Pending::default();
    loop {
        let wait = pending.next_due(Instant::now());
        tokio::select! {
            () = stop.cancelled() => return,
            () = app.hub.changed() => {}
            () = tokio::time::sleep(wait) => {}
        }
        let plant = app.plant.get();
        let changes = app.hub.take_changes();
        if app.hub.listeners() == 0 {
            pending = Pending::default();
            continue;
        }
        if changes.everything {
            app.hub.publish(Event {
                name: "reset",
                seq: Some(app.hub.seq()),
                about: None,
                page: false,
                needs: None,
                data: "{}".into(),
                plain: None,
            });
        }
        pending.add(&plant, &changes.machines, Instant::now());
        pending.send(&app, &plant).await;
    }
}

impl Pending {
    fn add(&mut self, plant: &Plant, machines: &HashSet<MachineId>, now: Instant) {
        for line in &plant.lines {
            let changed = line.machines.iter().any(|m| machines.contains(&m.id));
            let due = |last: &HashMap<String, Instant>| {
                last.get(&line.code)
                    .is_none_or(|at| now.duration_since(*at) >= REFRESH_EVERY)
            };
            if changed || due(&self.last_tile) {
                self.tiles.insert(line.code.clone());
            }
            if changed || due(&self.last_page) {
                self.pages.insert(line.code.clone());
            }
        }
    }

    /// How long to sleep when nothing changes.
    fn next_due(&self, now: Instant) -> Duration {
        let rest = |set: &HashSet<String>, last: &HashMap<String, Instant>, every: Duration| {
            let lines = set.iter();
            lines
                .map(|l| {
                    last.get(l)
                        .map_or(Duration::ZERO, |at| (*at + every).duration_since(now))
                })
                .min()
        };
        let tile = rest(&self.tiles, &self.last_tile, TILE_EVERY);
        let page = rest(&self.pages, &self.last_page, PAGE_EVERY);
        [tile, page]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(Duration::from_secs(1))
            .min(Duration::from_secs(1))
    }

    async fn send(&mut self, app: &App, plant: &Plant) {
        let now = Instant::now();
        let ready = |last: &HashMap<String, Instant>, line: &String, every: Duration| {
            last.get(line)
                .is_none_or(|at| now.duration_since(*at) >= every)
        };
        let tiles: Vec<String> = self
            .tiles
            .iter()
            .filter(|l| ready(&self.last_tile, l, TILE_EVERY))
            .cloned()
            .collect();
        for code in tiles {
            self.tiles.remove(&code);
            self.last_tile.insert(code.clone(), now);
            tile(app, plant, &code).await;
        }
        let looked_at = app.hub.looked_at();
        self.pages.retain(|code| looked_at.contains(code));
        let pages: Vec<String> = self
            .pages
            .iter()
            .filter(|l| ready(&self.last_page, l, PAGE_EVERY))
            .cloned()
            .collect();
        for code in pages {
            self.pages.remove(&code);
            self.last_page.insert(code.clone(), now);
            page(app, &code).await;
        }
    }
}

async fn tile(app: &App, plant: &Plant, code: &str) {
    // The number is read before the figures: they may hold more than it says, never less.
    let seq = app.hub.seq();
    let Some(line) = plant.line(code) else { return };
    match board::tile(&app.db, plant, line, seq, app.clock.now()).await {
        Ok(tile) => send(&app.hub, "tile", (code, false), seq, || {
            Ok((serde_json::to_string(&tile.tile)?.into(), None))
        }),
        Err(error) => tell(&error, code, "a tile could not be computed"),
    }
}

async fn page(app: &App, code: &str) {
    let seq = app.hub.seq();
    match line::page(app, code, None).await {
        Ok(page) => send(&app.hub, "line", (code, true), seq, || {
            let whole = serde_json::to_string(&page.view)?;
            let plain = serde_json::to_string(&page.without_stops())?;
            Ok((whole.into(), Some(plain.into())))
        }),
        Err(error) => tell(&error, code, "a line's page could not be computed"),
    }
}

/// While the database is away that has been said once; it is not said again for every line.
fn tell(error: &ServiceError, line: &str, what: &'static str) {
    let is_away =
        matches!(error, ServiceError::Database(e) if Failure::of(e) == Failure::Unreachable);
    if is_away {
        tracing::debug!(%error, line, "{what}");
    } else {
        tracing::error!(%error, line, "{what}");
    }
}

/// What an event says, and what it says to those who may not see all of it.
type Said = (Arc<str>, Option<Arc<str>>);

fn send(
    hub: &Hub,
    name: &'static str,
    (line, page): (&str, bool),
    seq: Seq,
    say: impl FnOnce() -> serde_json::Result<Said>,
) {
    match say() {
        Ok((data, plain)) => hub.publish(Event {
            name,
            seq: Some(seq),
            about: Some(line.into()),
            page,
            needs: None,
            data,
            plain,
        }),
        Err(error) => tracing::error!(%error, "an event could not be written as JSON"),
    }
}
