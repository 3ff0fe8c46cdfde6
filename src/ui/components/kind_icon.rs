//! One picture for each kind of call, beside its word.

use crate::domain::andon::CallKind;
use leptos::prelude::*;

/// What is drawn, in a box of 16 by 16; where areas overlap there is a hole.
const fn path(kind: CallKind) -> &'static str {
    match kind {
        // A sign at a road: no way through.
        CallKind::Stop => "M5 1h6l4 4v6l-4 4H5l-4-4V5zM4 6.8v2.4h8V6.8z",
        // A spanner.
        CallKind::Maintenance => {
            "M14.6 4.4a4.2 4.2 0 0 1-5.5 5.3L4.6 14.2a1.9 1.9 0 0 1-2.8-2.8l4.5-4.5a4.2 4.2 0 0 1 5.3-5.5L9 4l.5 2.5L12 7z"
        }
        // A box with its tape.
        CallKind::Material => "M1 2h14v4H1zM2 7h12v8H2zM6 9v2h4V9z",
        // A glass that looks closely.
        CallKind::Quality => {
            "M6.7 1a5.7 5.7 0 0 1 4.6 9L15 13.4 13.4 15 10 11.3A5.7 5.7 0 1 1 6.7 1zM6.7 3.2a3.5 3.5 0 1 0 0 7a3.5 3.5 0 1 0 0-7z"
        }
        // Danger.
        CallKind::Safety => "M8 1l7.6 14H.4zM7 6v4.4h2V6zM7 11.6v1.8h2v-1.8z",
    }
}

/// The picture of a kind. Decoration beside the word, so it is hidden from readers.
pub fn kind_icon(kind: CallKind) -> AnyView {
    view! {
        <svg class="shape filled kind-icon" viewBox="0 0 16 16" aria-hidden="true">
            <path d=path(kind) fill-rule="evenodd" />
        </svg>
    }
    .into_any()
}
