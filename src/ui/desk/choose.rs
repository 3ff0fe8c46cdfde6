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
            <p class="form-done" role="status">
                {words.to_owned()}
            </p>
        }
        .into_any()
    })
}

/// What did not go well, as a whole.
#[must_use]
pub fn problem(words: Option<String>) -> Option<AnyView> {
    words.map(|words| {
        view! {
            <p class="form-problem" role="alert">
                {words}
            </p>
        }
        .into_any()
    })
}

/// A page that has only something to say: what is the matter, what is known about it, what to do.
#[must_use]
pub fn notice(words: String, note: AnyView, ways: &[(&'static str, &'static str)]) -> AnyView {
    let way = |(href, words): &(&'static str, &'static str)| {
        view! {
            <a class="button" href=*href>
                {*words}
            </a>
        }
    };
    let ways: Vec<_> = ways.iter().map(way).collect();
    view! {
        <section class="panel said">
            <p class="said-what">{words}</p>
            {note}
            <p class="acts">{ways}</p>
        </section>
    }
    .into_any()
}
