//! Nothing is set up yet: say how to start.

use leptos::prelude::*;

/// How to fill an empty plant.
#[component]
pub fn EmptyPlant() -> impl IntoView {
    view! {
        <main class="notice" id="main" tabindex="-1">
            <h2>"No plant is set up yet"</h2>
            <p>"To look around, start with a simulated plant:"</p>
            <pre>"cargo xtask run"</pre>
            <p>"To show your own, describe its lines, machines and products once, then send what happens:"</p>
            <pre>"PUT  /api/v1/plant\nPOST /api/v1/ingest"</pre>
            <p>"This page fills by itself as soon as there is a line."</p>
        </main>
    }
    .into_any()
}
