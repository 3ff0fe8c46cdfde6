//! `/andon`: the open calls, for a wall that is read from across the hall and for whoever answers them on a telephone.

mod header;
mod sound;

use crate::api::andon::AndonBoard;
use crate::ui::arrival::announce_arrival;
use crate::ui::calls::{last_over, read_board};
use crate::ui::clock::Clock;
use crate::ui::components::call_card::cards;
use crate::ui::components::footer::Footer;
use crate::ui::components::places::places;
use crate::ui::components::problem::Problem;
use crate::ui::components::words::words;
use crate::ui::live::Live;
use header::AndonHeader;
use leptos::prelude::*;
use leptos_meta::Title;

/// The Andon board.
#[component]
pub fn AndonPage() -> impl IntoView {
    let snapshot = read_board();
    view! {
        <Title text="Andon" />
        <Transition fallback=|| {
            view! { <h1 class="unseen">"Andon"</h1> }
        }>
            {move || Suspend::new(async move {
                match snapshot.await {
                    Ok(board) => view! { <Board board=board /> }.into_any(),
                    Err(error) => {
                        let retry = Callback::new(move |()| snapshot.refetch());
                        view! { <Problem error=error retry=retry /> }.into_any()
                    }
                }
            })}
        </Transition>
    }
    .into_any()
}

/// In so many columns that calls can be read from as far as possible: a wall does not scroll up to twenty of them.
const fn columns(calls: usize) -> &'static str {
    match calls {
        0..=3 => "1",
        4..=6 => "2",
        7..=12 => "3",
        13..=20 => "4",
        _ => "5",
    }
}

/// The board with its calls.
#[component]
fn Board(board: AndonBoard) -> impl IntoView {
    announce_arrival();
    let (live, clock) = (expect_context::<Live>(), expect_context::<Clock>());
    let calls = live.calls;
    calls.show(board);
    #[cfg(feature = "hydrate")]
    follow::start(live);
    let as_of = Signal::derive(move || {
        calls.board.with(|b| {
            b.site
                .as_ref()
                .map_or_else(String::new, |s| format!("as of {}", s.clock.clock(b.now)))
        })
    });
    let last = move || {
        calls.board.with(|b| {
            b.last_over.zip(b.site.as_ref()).map_or_else(
                || "Nobody has called yet".to_owned(),
                |(at, site)| last_over(at, clock.or(b.now), &site.clock),
            )
        })
    };
    view! {
        <div class="andon">
            <AndonHeader calls=calls />
            <main id="main" tabindex="-1" class="andon-main">
                <ul class="calls" data-columns=move || columns(calls.open.with(Vec::len))>
                    {places(move || cards(calls, calls.open.get()))}
                </ul>
                <div class="calm" hidden=move || calls.open.with(|open| !open.is_empty())>
                    <p class="calm-words">"No open calls"</p>
                    {words("calm-last", last)}
                </div>
            </main>
            <Footer as_of=as_of />
        </div>
    }
    .into_any()
}

#[cfg(feature = "hydrate")]
mod follow {
    use crate::api::andon::get_active_andon_events;
    use crate::domain::ids::Seq;
    use crate::domain::time::{DurMs, TsMs};
    use crate::ui::clock::Clock;
    use crate::ui::live::{Live, News};
    use leptos::prelude::*;

    /// After a call began or ended, what the board says of the last ten minutes is read again, at most this often.
    const READ_AGAIN: DurMs = DurMs(15_000);

    pub(super) fn start(live: Live) {
        let calls = live.calls;
        let clock = expect_context::<Clock>();
        Effect::new(move || {
            live.snapshot(calls.board.with_untracked(|b| b.now));
            // Lines are not shown here: nothing that happened to them is to be caught up with.
            live.follow(Seq(i64::MAX), None, move |news| {
                if matches!(news, News::Missed) {
                    calls.is_behind.set_value(true);
                }
            });
        });
        let last = StoredValue::new(TsMs(0));
        Effect::new(move || {
            let now = clock.now().unwrap_or_default();
            let is_old = calls.is_behind.get_value() || calls.board.with_untracked(|b| b.flood);
            if is_old && now - last.get_value() >= READ_AGAIN {
                last.set_value(now);
                leptos::task::spawn_local(async move {
                    // When the server is away the stream says so.
                    if let Ok(board) = get_active_andon_events().await {
                        calls.show(board);
                    }
                });
            }
        });
    }
}
