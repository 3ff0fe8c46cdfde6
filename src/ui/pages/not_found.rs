//! There is no such page.

use leptos::prelude::*;
use leptos_meta::Title;

/// There is no such page.
#[component]
pub fn NotFound() -> impl IntoView {
    view! {
        <Title text="Not found" />
        <main class="notice" id="main" tabindex="-1">
            <h1 tabindex="-1">"There is no such page"</h1>
            <p>"The address may be old or mistyped."</p>
            <p class="notice-actions">
                <a class="button" href="/">
                    "To the board"
                </a>
            </p>
        </main>
    }
    .into_any()
}
