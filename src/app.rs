use leptos::prelude::*;
#[component]
pub fn App() -> impl IntoView {
    view! { <h1>"MS5 Floor"</h1> }
}
pub struct ShellOptions {
    pub js: String,
    pub wasm: String,
    pub css: String,
    pub build: String,
}
pub fn shell(_o: ShellOptions) -> impl IntoView {
    view! {<App/>}
}
