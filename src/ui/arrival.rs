//! Where the reader is after a link was followed within the site: at the page's heading, as after a page load.

use crate::ui::clock::Clock;
use crate::ui::retry::Attempts;
use leptos::prelude::*;

/// Moves the focus to the heading of a page that replaces another one. The page that came from the server keeps the
/// focus where the browser put it.
pub fn announce_arrival() {
    let clock = expect_context::<Clock>();
    expect_context::<Attempts>().succeeded();
    let arrived_by_link = clock.runs();
    Effect::new(move || {
        if arrived_by_link {
            // By the next frame the new heading stands where the old one was.
            request_animation_frame(focus_heading);
        }
    });
}

#[cfg(feature = "hydrate")]
fn focus_heading() {
    use wasm_bindgen::JsCast;
    let heading = document().query_selector("h1").ok().flatten();
    if let Some(heading) = heading.and_then(|h| h.dyn_into::<leptos::web_sys::HtmlElement>().ok()) {
        // A page without a heading would be a mistake, but not one to stop for.
        let _ = heading.focus();
    }
}

#[cfg(not(feature = "hydrate"))]
fn focus_heading() {}
