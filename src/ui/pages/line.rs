//! stub
use leptos::prelude::*;
/// The page of a line.
#[component]
pub fn LinePage() -> impl IntoView {
    view! { <h1>"Line"</h1> }
}
