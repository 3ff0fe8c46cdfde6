//! A list whose entries stay the same elements while they are in it: what somebody types or watches there is not lost when
//! others come and go. One for all lists: the code of a list for each kind of entry is what a screen would have to load.

use leptos::prelude::*;
use std::sync::Arc;

/// An entry.
#[derive(Clone)]
pub struct Place {
    key: String,
    draw: Arc<dyn Fn() -> AnyView + Send + Sync>,
}

impl Place {
    /// The entry of this key. It is drawn once for as long as the key is in the list.
    pub fn new(key: String, draw: impl Fn() -> AnyView + Send + Sync + 'static) -> Self {
        Self {
            key,
            draw: Arc::new(draw),
        }
    }
}

/// The entries, in their order.
pub fn places(entries: impl Fn() -> Vec<Place> + Send + Sync + 'static) -> AnyView {
    drawn(Arc::new(entries))
}

/// Once for all lists.
fn drawn(entries: Arc<dyn Fn() -> Vec<Place> + Send + Sync>) -> AnyView {
    view! {
        <For each=move || entries() key=|entry| entry.key.clone() let:entry>
            {(entry.draw)()}
        </For>
    }
    .into_any()
}
