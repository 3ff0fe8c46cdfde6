//! Over every page that follows the floor: the reader is called. A rule that calls somebody by their screen reaches them
//! wherever in the site they are.

use super::sound::{SoundPlayer, SoundSwitch};
use super::words::words;
use crate::ui::calls::length;
use crate::ui::clock::Clock;
use crate::ui::live::Live;
use leptos::prelude::*;

/// The bar, and the sound of the tab. Empty until the page has been taken over.
#[component]
pub fn CalledBar() -> impl IntoView {
    let (live, clock) = (expect_context::<Live>(), expect_context::<Clock>());
    let own = live.own;
    let says = move || {
        own.with(|own| {
            own.as_ref()
                .map_or_else(String::new, |own| own.words.clone())
        })
    };
    let timer = move || {
        own.with(|own| {
            own.as_ref()
                .map_or_else(String::new, |own| length(clock.or(own.since) - own.since))
        })
    };
    view! {
        <section class="called-bar" aria-label="You are called" hidden=move || own.with(Option::is_none)>
            // Announced once: the seconds stand beside it.
            <p class="called-words" role="alert">
                {words("", says)}
            </p>
            {words("called-timer", timer)}
            // On the board of calls both stand on the page itself.
            <span class="called-acts">
                <a class="button" href="/andon">
                    "To the call"
                </a>
                <SoundSwitch />
            </span>
        </section>
        <SoundPlayer />
    }
    .into_any()
}
