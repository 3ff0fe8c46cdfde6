//! A call that somebody was sent a link to, with the button that takes it.

use super::choose::notice;
use leptos::prelude::*;

/// What is offered.
#[derive(Clone, Debug, Default)]
pub struct Offer {
    /// What for, and where.
    pub title: String,
    /// What whoever called said.
    pub text: String,
    /// Who called.
    pub called_by: String,
    /// Who took it already.
    pub taken_by: Option<String>,
    /// It is not over.
    pub is_open: bool,
}

/// The page.
#[must_use]
pub fn offer(offer: Offer) -> AnyView {
    let state = match (&offer.taken_by, offer.is_open) {
        (_, false) => Some("It is over.".to_owned()),
        (Some(by), true) => Some(format!("{by} took it.")),
        (None, true) => None,
    };
    let form = state.is_none().then(|| {
        view! {
            <form class="form" method="post">
                <label class="field">
                    <span>"In how many minutes, if you know?"</span>
                    <input name="minutes" inputmode="numeric" autocomplete="off" />
                </label>
                <button class="button primary" type="submit">
                    "I am coming"
                </button>
            </form>
        }
    });
    let note = view! {
        <p class="panel-note">{format!("Called by {}.", offer.called_by)}</p>
        <p>{offer.text}</p>
        <p>{state}</p>
        {form}
        <p>
            <a class="button" href="/andon">
                "To the calls"
            </a>
        </p>
    };
    notice(offer.title, note.into_any(), &[])
}
