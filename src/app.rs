//! The frame of every page, and the table of routes.

use crate::ui::clock::Clock;
use crate::ui::components::called_bar::CalledBar;
use crate::ui::components::footer::StaleBanner;
use crate::ui::components::hatch::Hatchings;
use crate::ui::live::Live;
use crate::ui::pages::andon::AndonPage;
use crate::ui::pages::board::BoardPage;
use crate::ui::pages::line::LinePage;
use crate::ui::pages::not_found::NotFound;
use crate::ui::retry::Attempts;
use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::{SsrMode, path};

/// Everything that a person can look at.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let clock = Clock::provide();
    let live = Live::provide(clock);
    Attempts::provide();
    let connection = Memo::new(move |_| live.connection());

    // Tests, and people who look for the cause of something, can see that the page has come to life.
    #[cfg(feature = "hydrate")]
    Effect::new(|| {
        if let Some(body) = document().body() {
            let _ = body.set_attribute("data-hydrated", "");
        }
    });

    view! {
        <Title formatter=|page: String| format!("{page} · MS5 Floor") />
        // External: the router would scroll there without taking the focus along.
        <a class="skip" href="#main" rel="external">
            "Skip to the content"
        </a>
        <Hatchings />
        <StaleBanner />
        <CalledBar />
        <div class="frame" class:is-stale=move || connection.get().is_old()>
            <Router>
                // Pages come whole, with their numbers in the HTML.
                <FlatRoutes fallback=NotFound>
                    <Route path=path!("/") view=BoardPage ssr=SsrMode::Async />
                    <Route path=path!("/andon") view=AndonPage ssr=SsrMode::Async />
                    <Route path=path!("/lines/:code") view=LinePage ssr=SsrMode::Async />
                </FlatRoutes>
            </Router>
        </div>
    }
}

/// The names of the browser's files, and of the build they belong to.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShellOptions {
    /// Path of the script module.
    pub js: String,
    /// Path of the WASM module.
    pub wasm: String,
    /// Path of the style sheet.
    pub css: String,
    /// The build.
    pub build: String,
    /// They are served in clear.
    pub plain_http: bool,
    /// Who looks at it.
    pub reader: crate::ui::desk::person::Reader,
}

/// The document around the app.
#[cfg(feature = "ssr")]
#[must_use]
pub fn shell(options: ShellOptions) -> impl IntoView {
    use crate::ui::desk::person::strip;
    use leptos::nonce::use_nonce;
    use leptos_meta::MetaTags;

    let nonce = use_nonce();
    let ShellOptions {
        js,
        wasm,
        css,
        build,
        plain_http,
        reader,
    } = options;
    let (may, is) = (reader.may.clone(), reader.is.clone());
    provide_context(crate::ui::loaded::May(may.clone()));
    provide_context(crate::ui::components::call_card::Is(is.clone()));
    // The debug text of a path is a JavaScript string.
    let start = format!(
        "import init, {{ hydrate }} from {js:?};\ninit({{ module_or_path: {wasm:?} }}).then(hydrate);"
    );
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta
                    name="viewport"
                    content="width=device-width, initial-scale=1, viewport-fit=cover"
                />
                <meta name="color-scheme" content="light dark" />
                <meta name="theme-color" media="(prefers-color-scheme: light)" content="#e8eaed" />
                <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#111418" />
                <meta name="ms5-build" content=build />
                <script nonce=nonce.clone()>{crate::ui::theme::EARLY_SCRIPT}</script>
                <link rel="stylesheet" href=css />
                <link rel="modulepreload" href=js nonce=nonce.clone() />
                <link
                    rel="preload"
                    href=wasm
                    r#as="fetch"
                    r#type="application/wasm"
                    crossorigin="anonymous"
                />
                <link rel="icon" type="image/svg+xml" href="/favicon.svg" />
                <link rel="manifest" href="/manifest.webmanifest" />
                <script type="module" nonce=nonce>
                    {start}
                </script>
                <MetaTags />
            </head>
            <body class:plain-http=plain_http data-may=may data-is=is>
                <App />
                {strip(reader)}
            </body>
        </html>
    }
}
