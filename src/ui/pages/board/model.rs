//! The board in the browser: one signal a tile, so that news about one line redraw one tile.

use crate::api::board::{BoardView, SiteView, Tile};
use crate::domain::condition::Condition;
use crate::domain::figure::Figure;
use crate::domain::time::TsMs;
use leptos::prelude::*;

/// A line's fixed place on the board.
#[derive(Clone)]
pub struct Slot {
    /// The line's code.
    pub code: String,
    /// What it shows.
    pub tile: RwSignal<Tile>,
}

/// The board.
#[derive(Clone, Copy)]
pub struct BoardModel {
    /// The site.
    pub site: RwSignal<Option<SiteView>>,
    /// OEE over all machines.
    pub oee: RwSignal<Figure>,
    /// When the snapshot was computed.
    pub read_at: RwSignal<TsMs>,
    /// The lines, in their places.
    pub tiles: RwSignal<Vec<Slot>>,
    #[cfg(feature = "hydrate")]
    since: crate::domain::ids::Seq,
}

impl BoardModel {
    /// The board as a snapshot has it.
    pub fn new(view: BoardView) -> Self {
        Self {
            site: RwSignal::new(view.site),
            oee: RwSignal::new(view.oee),
            read_at: RwSignal::new(view.now),
            tiles: RwSignal::new(view.tiles.into_iter().map(slot).collect()),
            #[cfg(feature = "hydrate")]
            since: view.seq,
        }
    }

    /// How many lines run.
    pub fn running(self) -> usize {
        let runs = |slot: &Slot| {
            slot.tile
                .with(|t| matches!(t.condition, Condition::Running | Condition::Slow))
        };
        self.tiles
            .with(|tiles| tiles.iter().filter(|slot| runs(slot)).count())
    }

    /// Follows the live stream, once the page has been taken over.
    #[cfg_attr(
        not(feature = "hydrate"),
        expect(clippy::unused_self, reason = "the server's board stands still")
    )]
    pub fn keep_current(self) {
        #[cfg(feature = "hydrate")]
        follow::start(self, self.since);
    }
}

fn slot(tile: Tile) -> Slot {
    Slot {
        code: tile.code.clone(),
        tile: RwSignal::new(tile),
    }
}

#[cfg(feature = "hydrate")]
mod follow {
    use super::{BoardModel, slot};
    use crate::api::board::{BoardView, Tile, board};
    use crate::domain::ids::Seq;
    use crate::ui::live::{Live, News};
    use futures::future::{AbortHandle, Abortable};
    use gloo_timers::future::TimeoutFuture;
    use leptos::prelude::*;

    /// The plant's OEE and the shifts come with the snapshot only, so it is read again now and then.
    const READ_AGAIN_MS: u32 = 20_000;

    pub(super) fn start(model: BoardModel, since: Seq) {
        let live = expect_context::<Live>();
        Effect::new(move || {
            live.snapshot(model.read_at.get_untracked());
            live.follow(since, None, move |news| match news {
                News::Tile(tile) => put(model, *tile),
                News::Missed => leptos::task::spawn_local(read_again(model, live)),
                News::Line(_) => {}
            });
            let (handle, registration) = AbortHandle::new_pair();
            on_cleanup(move || handle.abort());
            leptos::task::spawn_local(async move {
                let now_and_then = async {
                    loop {
                        TimeoutFuture::new(READ_AGAIN_MS).await;
                        read_again(model, live).await;
                    }
                };
                let _ = Abortable::new(now_and_then, registration).await;
            });
        });
    }

    /// When the server is away the stream says so; there is nothing to add here.
    async fn read_again(model: BoardModel, live: Live) {
        if let Ok(view) = board().await {
            live.snapshot(view.now);
            replace(model, view);
        }
    }

    /// Tiles are whole, and the newest wins.
    fn put(model: BoardModel, tile: Tile) {
        let known = model.tiles.try_with_untracked(|slots| {
            slots
                .iter()
                .find(|slot| slot.code == tile.code)
                .map(|slot| slot.tile)
        });
        let Some(Some(signal)) = known else { return };
        if signal.try_with_untracked(|old| tile.at >= old.at && *old != tile) == Some(true) {
            let _ = signal.try_set(tile);
        }
    }

    fn replace(model: BoardModel, view: BoardView) {
        let BoardView {
            now,
            site,
            oee,
            tiles,
            ..
        } = view;
        let same = model.tiles.try_with_untracked(|slots| {
            slots.len() == tiles.len()
                && slots
                    .iter()
                    .zip(&tiles)
                    .all(|(slot, tile)| slot.code == tile.code)
        });
        match same {
            None => return, // the page is gone
            Some(true) => tiles.into_iter().for_each(|tile| put(model, tile)),
            Some(false) => model.tiles.set(tiles.into_iter().map(slot).collect()),
        }
        model.read_at.set(now);
        if model.oee.get_untracked() != oee {
            model.oee.set(oee);
        }
        if model.site.with_untracked(|old| *old != site) {
            model.site.set(site);
        }
    }
}
