//! The head of the Andon board: how many calls, whether they come in a flood, the sound, the time.

use crate::ui::calls::Calls;
use crate::ui::clock::Clock;
use crate::ui::components::sound::SoundSwitch;
use crate::ui::components::words::{without_scripts, words};
use crate::ui::live::Live;
use leptos::prelude::*;

/// The head of the board.
#[component]
pub fn AndonHeader(calls: Calls) -> impl IntoView {
    let clock = expect_context::<Clock>();
    expect_context::<Live>().sound.for_all();
    let flood = move || {
        let (flood, lately) = calls.board.with(|b| (b.flood, b.raised_lately));
        if flood {
            format!("Flood: {lately} calls in 10 minutes")
        } else {
            String::new()
        }
    };
    let site = calls.board.with_untracked(|b| b.site.clone());
    let simulated = site.as_ref().is_some_and(|s| s.simulated);
    let simulated = simulated.then(|| view! { <span class="tag">"simulated plant"</span> });
    let time = move || {
        calls.board.with(|b| {
            let now = clock.or(b.now);
            b.site
                .as_ref()
                .map_or_else(String::new, |s| s.clock.clock(now))
        })
    };
    view! {
        <header class="page-head andon-head">
            <a class="button back" href="/">
                <span aria-hidden="true">"‹"</span>
                "Board"
            </a>
            <h1 tabindex="-1">"Andon"</h1>
            <span class="muted">{site.map(|s| s.name)}</span>
            {simulated}
            {words("flood", flood)}
            {without_scripts()}
            <div class="key-figures">
                // Announced, where a voice reads the screen: something new is there.
                <span class="key-figure" aria-live="polite">
                    "open calls " <b>{words("", move || calls.open.with(Vec::len).to_string())}</b>
                    ", nobody comes to " <b>{words("", move || calls.waiting().to_string())}</b>
                </span>
                <SoundSwitch />
                <span class="key-figure clock"><b>{words("", time)}</b></span>
            </div>
        </header>
    }
    .into_any()
}
