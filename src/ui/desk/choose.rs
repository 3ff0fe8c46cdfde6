//! Choices in forms.

use leptos::prelude::*;

/// One of several: value and words of each, and the value that is chosen.
#[must_use]
pub fn select(name: &str, label: &str, options: &[(String, String)], chosen: &str) -> AnyView {
    let option = |(value, words): &(String, String)| {
        view! {
            <option value=value.clone() selected=value == chosen>
                {words.clone()}
            </option>
        }
    };
    let options: Vec<_> = options.iter().map(option).collect();
    view! {
        <label class="field">
            <span>{label.to_owned()}</span>
            <select name=name.to_owned()>{options}</select>
        </label>
    }
    .into_any()
}

/// Yes or no.
#[must_use]
pub fn tick(name: &str, value: &str, words: &str, ticked: bool) -> AnyView {
    view! {
        <label class="tick">
            <input type="checkbox" name=name.to_owned() value=value.to_owned() checked=ticked />
            <span>{words.to_owned()}</span>
        </label>
    }
    .into_any()
}

/// What became of the form before this page.
#[must_use]
pub fn said(words: Option<&str>) -> Option<AnyView> {
    words.map(|words| {
        view! {
            <p class="panel form-done" role="status">
                {words.to_owned()}
            </p>
        }
        .into_any()
    })
}

/// A secret that is shown this once.
#[must_use]
pub fn shown_once(words: &str, secret: &str, on: &str) -> AnyView {
    view! {
        <div class="panel form-done" role="status">
            <p>{words.to_owned()}</p>
            <p>
                <code class="shown-once">{secret.to_owned()}</code>
            </p>
            <p class="panel-note">"It is shown only now. Whoever signs in with it chooses a password of their own."</p>
            <p>
                <a class="button" href=on.to_owned()>
                    "Go on"
                </a>
            </p>
        </div>
    }
    .into_any()
}
