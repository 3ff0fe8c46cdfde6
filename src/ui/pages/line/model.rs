//! The line in the browser.

use crate::api::line::{LineView, Part};
use crate::api::sheet::Sheet;
use crate::domain::local_time::LocalTime;
use crate::ui::loaded::Wanted;
use leptos::prelude::*;

/// The accounts behind the four figures, as the server drew them last.
#[derive(Clone, Copy)]
pub struct Accounts {
    parts: RwSignal<Vec<String>>,
    #[cfg(feature = "hydrate")]
    wanted: StoredValue<Wanted>,
}

impl Accounts {
    /// Those that came with the page.
    pub fn new(sheet: Sheet, wanted: Wanted) -> Self {
        #[cfg(not(feature = "hydrate"))]
        drop(wanted);
        Self {
            parts: RwSignal::new(sheet.parts),
            #[cfg(feature = "hydrate")]
            wanted: StoredValue::new(wanted),
        }
    }

    /// The account in this place.
    pub fn part(self, place: usize) -> String {
        self.parts
            .with(|parts| parts.get(place).cloned().unwrap_or_default())
    }

    /// Somebody opens one: the figures have moved on since the page came.
    pub fn renew(self) {
        #[cfg(feature = "hydrate")]
        leptos::task::spawn_local(async move {
            let Some(wanted) = self.wanted.try_get_value() else {
                return;
            };
            // When the server is away the stream says so, and the account says of when it is.
            if let Ok(sheet) = crate::api::sheet::sheet(wanted.code, wanted.query).await {
                let _ = self.parts.try_set(sheet.parts);
            }
        });
    }
}

/// The page's data. Each part of the page memoises its own slice, so that news redraw only what they change.
#[derive(Clone, Copy)]
pub struct LineModel {
    /// All of it.
    pub view: RwSignal<LineView>,
    /// The site's clock.
    pub clock: Memo<LocalTime>,
}

impl LineModel {
    /// The line as a snapshot has it.
    pub fn new(view: LineView) -> Self {
        let view = RwSignal::new(view);
        let clock = Memo::new(move |_| view.with(|v| v.site.clock.clone()));
        Self { view, clock }
    }

    /// A slice of the data that changes only when it does.
    pub fn part<T: PartialEq + Send + Sync + 'static>(
        self,
        of: impl Fn(&LineView) -> T + Send + Sync + 'static,
    ) -> Memo<T> {
        Memo::new(move |_| self.view.with(&of))
    }

    /// A part that the server draws.
    pub fn drawn(self, part: Part) -> Memo<String> {
        self.part(move |v| v.drawn.get(part as usize).cloned().unwrap_or_default())
    }

    /// Follows the live stream, once the page has been taken over.
    pub fn keep_current(self, wanted: Wanted) {
        #[cfg(feature = "hydrate")]
        follow::start(self, wanted);
        #[cfg(not(feature = "hydrate"))]
        drop(wanted);
    }
}

#[cfg(feature = "hydrate")]
mod follow {
    use super::{LineModel, Wanted};
    use crate::api::line::{LineView, WindowKind, line};
    use crate::ui::live::{Live, News};
    use leptos::prelude::*;

    pub(super) fn start(model: LineModel, wanted: Wanted) {
        let live = expect_context::<Live>();
        Effect::new(move || {
            let (now, since, chosen) = model
                .view
                .with_untracked(|v| (v.now, v.seq, v.kind == WindowKind::Chosen));
            live.snapshot(now);
            // Of a chosen window only the line's present state moves.
            let followed = (!chosen).then(|| wanted.code.clone());
            let wanted = wanted.clone();
            live.follow(since, followed, move |news| match news {
                News::Line(view) => put(model, *view),
                News::Tile(tile) => {
                    let fresh = model.view.try_with_untracked(|v| {
                        v.tile.code == tile.code && v.tile.at <= tile.at && v.tile != *tile
                    });
                    if fresh == Some(true) {
                        let _ = model.view.try_update(|v| v.tile = *tile);
                    }
                }
                News::Missed => {
                    let wanted = wanted.clone();
                    leptos::task::spawn_local(async move {
                        // When the server is away the stream says so.
                        if let Ok(view) = line(wanted.code, wanted.from, wanted.to).await {
                            live.snapshot(view.now);
                            put(model, view);
                        }
                    });
                }
            });
        });
    }

    fn put(model: LineModel, view: LineView) {
        let fresh = model
            .view
            .try_with_untracked(|old| old.tile.code == view.tile.code && view.now >= old.now);
        if fresh == Some(true) {
            let _ = model.view.try_set(view);
        }
    }
}
