//! `/andon`: the open calls, for a wall that is read from across the hall and for whoever answers them on a telephone.

mod header;

use crate::ui::arrival::announce_arrival;
use crate::ui::calls::last_over;
use crate::ui::clock::Clock;
use crate::ui::components::call_card::{cards, resolved};
use crate::ui::components::footer::Footer;
use crate::ui::components::places::places;
use crate::ui::components::words::words;
use crate::ui::live::Live;
use crate::ui::loaded::{Asked, Shown, Wanted, loaded};
use header::AndonHeader;
use leptos::prelude::*;
use leptos_meta::Title;

/// So many open calls are drawn, the most urgent: nobody reads more from afar, and hundreds of cards that count seconds are
/// too much for the small computer behind a wall.
const MOST: usize = 60;

/// The Andon board.
#[component]
pub fn AndonPage() -> impl IntoView {
    let wanted = Memo::new(|_| Wanted::default());
    view! {
        <Title text="Andon" />
        {loaded(wanted, ask, waiting, |_| view! { <Board /> }.into_any())}
    }
    .into_any()
}

fn ask(_: Wanted) -> Asked {
    Box::pin(async { Ok(Shown::Andon) })
}

fn waiting() -> AnyView {
    view! { <h1 class="unseen">"Andon"</h1> }.into_any()
}

/// The board with its calls.
#[component]
fn Board() -> impl IntoView {
    announce_arrival();
    let (live, clock) = (expect_context::<Live>(), expect_context::<Clock>());
    let calls = live.calls;
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
    let rest = move || match calls.open.with(Vec::len).saturating_sub(MOST) {
        0 => String::new(),
        1 => "One more call is open".to_owned(),
        more => format!("{more} more calls are open"),
    };
    view! {
        <div class="andon">
            <AndonHeader calls=calls />
            <main id="main" tabindex="-1" class="andon-page">
                <div class="andon-main">
                    <ul class="calls">
                        {places(move || {
                            let mut open = calls.open.get();
                            open.truncate(MOST);
                            cards(calls, open)
                        })}
                    </ul>
                    // Shown while there are none.
                    <div class="no-calls">
                        <p class="no-calls-words">"No open calls"</p>
                        {words("no-calls-last", last)}
                    </div>
                    {words("calls-rest", rest)}
                </div>
                {resolved(calls, move || calls.resolved.get())}
            </main>
            <Footer as_of=as_of />
        </div>
    }
    .into_any()
}

#[cfg(feature = "hydrate")]
mod follow {
    use crate::api::andon::get_andon_dashboard_data;
    use crate::domain::ids::Seq;
    use crate::domain::time::DurMs;
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
                    calls.is_behind.set(true);
                }
            });
        });
        Effect::new(move || {
            let now = clock.now().unwrap_or_default();
            let (read, flood) = calls.board.with_untracked(|b| (b.now, b.flood));
            if (flood || calls.is_behind.get_untracked()) && now - read >= READ_AGAIN {
                // Once for all until the answer is there.
                calls.board.update_untracked(|b| b.now = now);
                leptos::task::spawn_local(async move {
                    // When the server is away the stream says so.
                    if let Ok(board) = get_andon_dashboard_data().await {
                        calls.show(board);
                    }
                });
            }
        });
    }
}
