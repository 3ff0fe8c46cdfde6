//! A page of the desk whose content goes on: it says of when it is, and a script of the site fetches it again when calls change.

use leptos::prelude::*;

/// The script.
pub const SCRIPT: &str = "/current.js";

/// The element whose content the script takes over.
pub const PART: &str = "current";

/// Of when the page is, in the site's clock, and whether it still follows. What it shows stands in an element of the id [`PART`].
#[must_use]
pub fn current(as_of: &str) -> AnyView {
    view! {
        <p class="current-said">
            <span id="current-as-of">{format!("As of {as_of}")}</span>
            <strong id="current-said" role="status"></strong>
            <noscript>"Scripts are off: load the page again to see what is new."</noscript>
        </p>
    }
    .into_any()
}
