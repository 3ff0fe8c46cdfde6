//! The hatchings that drawings refer to: missed hours and unknown time.

use leptos::prelude::*;

/// Fill of what is missed.
pub const MISSED: &str = "url(#hatch-missed)";
/// Fill of what is unknown.
pub const UNKNOWN: &str = "url(#hatch-unknown)";

/// Defines the hatchings, once a page.
#[component]
pub fn Hatchings() -> impl IntoView {
    view! {
        <svg class="hatchings" width="0" height="0" aria-hidden="true" focusable="false">
            <defs>
                <pattern id="hatch-missed" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                    <rect class="hatch-missed-ground" width="5" height="5" />
                    <rect class="hatch-missed-line" width="3" height="5" />
                </pattern>
                <pattern id="hatch-unknown" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                    <rect class="hatch-unknown-ground" width="7" height="7" />
                    <rect class="hatch-unknown-line" width="2.5" height="7" />
                </pattern>
            </defs>
        </svg>
    }
    .into_any()
}
