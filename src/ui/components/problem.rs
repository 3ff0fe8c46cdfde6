//! What a person sees when something did not work: what, why, and what to do now.

use crate::api::error::ApiError;
use crate::ui::retry::Attempts;
use crate::ui::way_in::way_in;
use leptos::prelude::*;

/// An error in place of the page, with a way to try again.
#[component]
pub fn Problem(error: ApiError, #[prop(into)] retry: Callback<()>) -> impl IntoView {
    let what_happened = error.to_string();
    let may_pass = error.may_pass();
    if may_pass {
        expect_context::<Attempts>().keep_trying(retry);
    }
    let signed_out = error == ApiError::Unauthenticated;
    let ask = match &error {
        ApiError::Forbidden { ask, .. } if !ask.is_empty() => {
            Some(format!("Ask {}.", ask.join(" or ")))
        }
        _ => None,
    };
    let (title, advice) = match error {
        ApiError::NotFound { what, .. } => (
            format!("No such {what}"),
            "It may have been renamed. The board shows every line there is.",
        ),
        ApiError::Invalid { .. } => (
            "The address is not right".to_owned(),
            "Go back to the board and open the page from there.",
        ),
        ApiError::Conflict { .. } => (
            "Somebody else was faster".to_owned(),
            "Look at what changed, then try again.",
        ),
        ApiError::Unauthenticated => (
            "You are signed out".to_owned(),
            "Sign in, and you come back to this page.",
        ),
        ApiError::Forbidden { .. } => (
            "Not for you".to_owned(),
            "Somebody who gives out roles can give you this permission.",
        ),
        ApiError::Offline => (
            "The server cannot be reached".to_owned(),
            "Check the network of this device. Nothing that the machines report is lost meanwhile.",
        ),
        ApiError::Unavailable { .. } => (
            "The database cannot be reached".to_owned(),
            "Nothing that was stored is lost.",
        ),
        ApiError::Internal { .. } => (
            "Something went wrong".to_owned(),
            "The details are in the server's log. Trying again often helps.",
        ),
    };
    view! {
        <main class="notice" id="main" tabindex="-1">
            <h1 tabindex="-1">{title}</h1>
            <p class="notice-what">{what_happened}</p>
            <p>{advice} " " {ask}</p>
            {may_pass
                .then(|| {
                    view! {
                        <p class="needs-script">
                            "This page keeps trying by itself and shows its figures as soon as they can be read again."
                        </p>
                    }
                })}
            <p class="notice-actions">
                {signed_out
                    .then(|| {
                        // External: the router knows no such page.
                        view! {
                            <a class="button primary" href=way_in() rel="external">
                                "Sign in"
                            </a>
                        }
                    })}
                <button class="button needs-script" type="button" on:click=move |_| retry.run(())>
                    "Try again"
                </button>
                <a class="button" href="/">
                    "To the board"
                </a>
            </p>
        </main>
    }
    .into_any()
}
