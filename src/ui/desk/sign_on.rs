//! Signing on to a shared tablet.

use super::choose::problem;
use super::field::{Text, Wrong};
use leptos::prelude::*;

/// What the page shows.
#[derive(Clone, Debug, Default)]
pub struct SignOn {
    /// Where they go on.
    pub next: String,
    /// Who is signed on now.
    pub now: Option<String>,
    /// What did not go well.
    pub problem: Option<String>,
    /// Name tiles: address of the page that asks for the PIN, and name.
    pub tiles: Vec<(String, String)>,
    /// Whose PIN is asked for: number and name.
    pub who: Option<(i64, String)>,
    /// The page to go to without signing on.
    pub back: String,
}

/// The page.
#[must_use]
pub fn sign_on(page: SignOn) -> AnyView {
    let next = page.next.clone();
    let inside = match page.who {
        Some((id, name)) => view! {
            <form class="panel form pin" method="post" action="/sign-on">
                <h2>{name}</h2>
                <input type="hidden" name="next" value=next.clone() />
                <input type="hidden" name="person" value=id.to_string() />
                {Text {
                    name: "pin",
                    label: "PIN",
                    kind: "password",
                    inputmode: "numeric",
                    autocomplete: "off",
                    required: true,
                    focus: true,
                    ..Text::default()
                }
                    .draw(&Wrong::default())}
                <button class="button primary wide" type="submit">
                    "Sign on"
                </button>
                <a class="button wide" href=format!("/sign-on{}", query(&next))>
                    "Somebody else"
                </a>
            </form>
        }
        .into_any(),
        None => {
            let tile = |(href, name): (String, String)| {
                view! {
                    <a class="button name-tile" href=href>
                        {name}
                    </a>
                }
            };
            let tiles: Vec<_> = page.tiles.into_iter().map(tile).collect();
            let none = tiles.is_empty().then(|| {
                view! {
                    <p class="panel-note">
                        "Nobody with a PIN works here yet. Whoever runs the place gives PINs and badges."
                    </p>
                }
            });
            view! {
                <form class="panel form badge" method="post" action="/sign-on">
                    <input type="hidden" name="next" value=next.clone() />
                    {Text {
                        name: "badge",
                        label: "Badge",
                        kind: "password",
                        hint: "Hold your badge to the reader, or tap your name.",
                        autocomplete: "off",
                        required: true,
                        focus: true,
                        ..Text::default()
                    }
                        .draw(&Wrong::default())}
                    <button class="button primary wide" type="submit">
                        "Sign on"
                    </button>
                </form>
                <nav class="name-tiles" aria-label="Names">
                    {tiles}
                </nav>
                {none}
            }
            .into_any()
        }
    };
    let now = page.now.map(|name| view! { <p class="sign-on-now">{format!("{name} is signed on. Whoever signs on now takes over.")}</p> });
    view! {
        {problem(page.problem)}
        {now}
        {inside}
        <p>
            <a class="button" href=page.back>
                "Back without signing on"
            </a>
        </p>
    }
    .into_any()
}

/// Where to go on, as a query.
#[must_use]
pub fn query(next: &str) -> String {
    if next.is_empty() {
        return String::new();
    }
    format!("?next={}", crate::ui::sheets::address::encoded(next))
}
