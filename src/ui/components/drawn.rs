//! What the server has drawn, among what the browser draws.

use leptos::prelude::*;

/// The drawing, as if it stood here itself. One for all of them: each closure of its own would be code of its own.
pub fn drawn(html: Memo<String>) -> AnyView {
    view! { <div class="drawn" inner_html=move || html.get()></div> }.into_any()
}
