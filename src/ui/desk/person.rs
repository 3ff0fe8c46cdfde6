//! Who is signed in, at the foot of the live pages: their name, their pages, the way out. Drawn by the server below the
//! part of the page that the browser takes over.

use super::Signed;
use leptos::prelude::*;

/// What the document says about whoever looks at it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reader {
    /// The person who signed in.
    pub signed: Option<Signed>,
    /// The enrolled device on which the page is shown.
    pub device: Option<String>,
    /// Somebody can sign on to it.
    pub shared: bool,
    /// Names of what they may do anywhere, separated by spaces: what needs more is not shown.
    pub may: String,
    /// By what calls know them, as who raised, took or is called, separated by a space: `p` and the number of the person, `d` and that of the device.
    pub is: String,
}

/// The strip. Its links are external to the pages that the browser took over: their router has no such routes.
#[must_use]
pub fn strip(reader: Reader) -> Option<AnyView> {
    let Reader {
        signed,
        device,
        shared,
        ..
    } = reader;
    if signed.is_none() && !shared {
        return None;
    }
    let device = device.map(|name| view! { <span class="muted">{name}</span> });
    let sign_on = shared.then(|| {
        let words = if signed.is_some() {
            "Change person"
        } else {
            "Sign on"
        };
        view! {
            <a class="button" href="/sign-on" rel="external">
                {words}
            </a>
        }
    });
    let person = signed.map(|signed| {
        let way = |(href, words): (&'static str, &'static str)| {
            view! {
                <a href=href rel="external">
                    {words}
                </a>
            }
        };
        let ways: Vec<_> = signed.ways.into_iter().map(way).collect();
        view! {
            <nav class="person-ways" aria-label="Your pages">
                <a href="/account" rel="external">
                    {signed.name}
                </a>
                {ways}
            </nav>
            <form method="post" action="/sign-out">
                <button class="button" type="submit">
                    "Sign out"
                </button>
            </form>
        }
    });
    Some(
        view! { <aside class="person" aria-label="Signed in">{device} {person} {sign_on}</aside> }
            .into_any(),
    )
}
