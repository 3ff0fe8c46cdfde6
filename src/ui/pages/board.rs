//! `/`: the plant at a glance, a tile a line.

mod empty;
mod header;
mod model;
mod tile;

use crate::api::board::{BoardView, board};
use crate::ui::arrival::announce_arrival;
use crate::ui::components::footer::Footer;
use crate::ui::components::places::{Place, places};
use crate::ui::loaded::{Asked, Shown, Wanted, loaded};
use empty::EmptyPlant;
use header::BoardHeader;
use leptos::prelude::*;
use leptos_meta::Title;
use model::{BoardModel, Slot};
use tile::TileCard;

/// The plant board.
#[component]
pub fn BoardPage() -> impl IntoView {
    let wanted = Memo::new(|_| Wanted::default());
    let draw = |shown| match shown {
        Shown::Board(view) => view! { <Board view=view /> }.into_any(),
        _ => waiting(),
    };
    view! {
        <Title text="Plant board" />
        {loaded(wanted, ask, waiting, draw)}
    }
    .into_any()
}

fn ask(_: Wanted) -> Asked {
    Box::pin(async { board().await.map(Shown::Board) })
}

/// The board's frame while its numbers are on the way: the same boxes, so that nothing jumps.
fn waiting() -> AnyView {
    view! {
        <div class="board" aria-busy="true">
            <header class="page-head">
                <h1>"Plant board"</h1>
            </header>
            <main class="tiles" id="main" tabindex="-1" data-tiles="8">
                <p class="unseen">"Loading"</p>
                {std::iter::repeat_with(|| view! { <div class="tile waiting"></div> }).take(8).collect_view()}
            </main>
        </div>
    }
    .into_any()
}

/// The board with its numbers.
#[component]
fn Board(view: BoardView) -> impl IntoView {
    announce_arrival();
    let model = BoardModel::new(view);
    model.keep_current();
    let as_of = Signal::derive(move || {
        let now = model.read_at.get();
        model.site.with(|s| {
            s.as_ref()
                .map_or_else(String::new, |s| format!("as of {}", s.clock.clock(now)))
        })
    });
    let empty =
        Memo::new(move |_| model.site.with(Option::is_none) || model.tiles.with(Vec::is_empty));
    let count = Memo::new(move |_| model.tiles.with(Vec::len));
    let tiles = move || {
        let place = |Slot { code, tile }| {
            Place::new(code, move || view! { <TileCard tile=tile /> }.into_any())
        };
        model.tiles.get().into_iter().map(place).collect()
    };

    view! {
        <div class="board">
            <BoardHeader model=model />
            <Show
                when=move || !empty.get()
                fallback=|| view! { <EmptyPlant /> }
            >
                <main class="tiles" id="main" tabindex="-1" data-tiles=move || count.get()>
                    {places(tiles)}
                </main>
            </Show>
            <Footer as_of=as_of />
        </div>
    }
    .into_any()
}
