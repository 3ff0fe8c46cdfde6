//! The document around a page of the desk.

use leptos::prelude::*;

/// Who looks at the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Their name.
    pub name: String,
    /// Their pages: address and words.
    pub ways: Vec<(&'static str, &'static str)>,
}

/// A page of the desk.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// Its title.
    pub title: String,
    /// Its own address, to mark the way that leads to it.
    pub path: String,
    /// Path of the style sheet.
    pub css: String,
    /// Marks the script that the server itself wrote.
    pub nonce: String,
    /// Who looks at it.
    pub signed: Option<Signed>,
    /// The look and words of a page with one thing on it, such as signing in.
    pub single: bool,
    /// The address of a script of the site that the page needs.
    pub script: Option<&'static str>,
}

impl Document {
    /// The page around `inside`.
    #[must_use]
    pub fn html(self, inside: AnyView) -> String {
        let Self {
            title,
            path,
            css,
            nonce,
            signed,
            single,
            script,
        } = self;
        let heading = title.clone();
        let main = if single { "desk-single" } else { "desk-main" };
        let script = script.map(|src| {
            view! { <script type="module" src=src nonce=nonce.clone()></script> }
        });
        let page = view! {
            <html lang="en">
                <head>
                    <meta charset="utf-8" />
                    <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
                    <meta name="color-scheme" content="light dark" />
                    <title>{format!("{title} · MS5 Floor")}</title>
                    {script}
                    <script nonce=nonce>{crate::ui::theme::EARLY_SCRIPT}</script>
                    <link rel="stylesheet" href=css />
                    <link rel="icon" type="image/svg+xml" href="/favicon.svg" />
                    <link rel="manifest" href="/manifest.webmanifest" />
                </head>
                <body class="desk">
                    <a class="skip" href="#main">
                        "Skip to the content"
                    </a>
                    <div class="frame">
                        {head(signed, &path)} <main id="main" tabindex="-1" class=main>
                            {single.then(|| view! { <p class="maker">"MS5 Floor"</p> })} <h1>{heading}</h1>
                            {inside}
                        </main>
                    </div>
                </body>
            </html>
        };
        format!("<!DOCTYPE html>{}", page.to_html())
    }
}

/// Where somebody can go, and the way out.
fn head(signed: Option<Signed>, path: &str) -> Option<AnyView> {
    let signed = signed?;
    let way = |(href, words): (&'static str, &'static str)| {
        let current = (href == path).then_some("page");
        view! {
            <a class="view-link" href=href aria-current=current>
                {words}
            </a>
        }
    };
    let ways: Vec<_> = signed.ways.iter().copied().map(way).collect();
    Some(
        view! {
            <header class="page-head desk-head">
                <nav class="views" aria-label="Pages">
                    <a class="view-link" href="/">
                        "Board"
                    </a>
                    {ways}
                </nav>
                <form class="desk-person" method="post" action="/sign-out">
                    <a class="way" href="/account">
                        {signed.name}
                    </a>
                    <button class="button" type="submit">
                        "Sign out"
                    </button>
                </form>
            </header>
        }
        .into_any(),
    )
}
