//! Words that change, in an element of their own.

use leptos::prelude::*;
use std::sync::Arc;

/// What says the words.
type Say = Arc<dyn Fn() -> String + Send + Sync>;

/// Words that follow what they are about. No words leave the element empty, so that the style sheet can take it away.
pub fn words(class: &'static str, say: impl Fn() -> String + Send + Sync + 'static) -> AnyView {
    span(class, Arc::new(say))
}

/// Once for all of them: every closure of its own would be code of its own.
fn span(class: &'static str, say: Say) -> AnyView {
    view! { <span class=class>{move || Some(say()).filter(|words| !words.is_empty())}</span> }
        .into_any()
}

/// Says what is missing where scripts are off. Plain words: where they are on, browsers read no elements within.
pub fn without_scripts() -> AnyView {
    view! {
        <noscript class="caution">
            "Scripts are off in this browser: calling for help and answering calls need them. A call can be taken without by the link in its message."
        </noscript>
    }
    .into_any()
}
