//! The foot of every page: is what I see true now?

use super::words::words;
use crate::ui::format;
use crate::ui::live::{Connection, Live};
use crate::ui::theme::ThemeSwitch;
use crate::ui::way_in::way_in;
use leptos::prelude::*;

/// Connection, age of the data, and the colours.
#[component]
pub fn Footer(
    /// When the page was computed, in the site's clock: all there is to say without scripts.
    #[prop(into)]
    as_of: Signal<String>,
) -> impl IntoView {
    let live = expect_context::<Live>();
    let connection = Memo::new(move |_| live.connection());
    let shown = move || connection.try_get().unwrap_or(Connection::Snapshot);
    let age = move || match live.age() {
        // The stream may be let go of while this foot makes way for that of another page.
        None => as_of.try_get().unwrap_or_default(),
        Some(age) if age.0 < 1_000 => "updated just now".to_owned(),
        Some(age) => format!("updated {} ago", format::duration(age)),
    };
    view! {
        <footer class="page-foot">
            // The document says whether that is so; the server alone knows it.
            <span class="in-clear">"Not encrypted"</span>
            <ThemeSwitch />
            <span class="freshness">
                // Only the word is announced; the seconds would never let a reader finish.
                <span role="status" class=move || format!("connection {}", shown().class())>
                    {words("", move || shown().word().to_owned())}
                </span>
                {words("age", age)}
            </span>
        </footer>
    }
    .into_any()
}

/// Lies over the foot of the page while the screen cannot be trusted.
#[component]
pub fn StaleBanner() -> impl IntoView {
    let live = expect_context::<Live>();
    let connection = Memo::new(move |_| live.connection());
    let old = move || connection.get().is_old();
    let signed_out = move || connection.get() == Connection::SignedOut;
    let lost = move || {
        let words = match connection.get() {
            Connection::NoDatabase => "The server's database cannot be reached.",
            Connection::SignedOut => "You are signed out.",
            _ => "Not live.",
        };
        words.to_owned()
    };
    let way_in = move || {
        if signed_out() {
            way_in()
        } else {
            "/sign-in".to_owned()
        }
    };
    let age = move || live.age().map(format::duration);
    view! {
        <div class="stale-banner" hidden=move || !old()>
            <strong>{words("", lost)}</strong>
            " Last update "
            {words("", move || age().unwrap_or_default())}
            " ago. "
            <span hidden=signed_out>"Trying again by itself…"</span>
            // External: the router knows no such page.
            <a href=way_in hidden=move || !signed_out() rel="external">
                "Sign in"
            </a>
        </div>
    }
    .into_any()
}
