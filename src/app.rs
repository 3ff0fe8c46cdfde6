use leptos::prelude::*;
#[component]
pub fn App() -> impl IntoView {
    view! { <h1>"MS5 Floor"</h1> }
}
