//! Light, dark, or as the device says.
//!
//! The choice stands in `localStorage`; a script in the page's head applies it before the first paint, so that a dark
//! room never sees a white flash.

use leptos::prelude::*;

/// Runs in the head, before the first paint.
pub const EARLY_SCRIPT: &str = "try{const t=localStorage.getItem('ms5-theme');if(t==='light'||t==='dark')document.documentElement.dataset.theme=t}catch{}";

/// What the person chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// As the device says.
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// In the order of the switch.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    /// The word on the switch.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// The three-way switch.
#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let theme = RwSignal::new(Theme::Auto);
    #[cfg(feature = "hydrate")]
    Effect::new(move || theme.set(stored()));
    let choose = move |chosen: Theme| {
        theme.set(chosen);
        #[cfg(feature = "hydrate")]
        apply(chosen);
    };
    let option = move |each: Theme| {
        view! {
            <label class="switch-option">
                <input
                    type="radio"
                    name="theme"
                    value=each.word()
                    checked=each == Theme::Auto
                    prop:checked=move || theme.get() == each
                    on:change=move |_| choose(each)
                />
                <span>{each.word()}</span>
            </label>
        }
    };
    view! {
        <fieldset class="switch needs-script">
            <legend class="unseen">"Colours"</legend>
            {Theme::ALL.map(option).to_vec()}
        </fieldset>
    }
    .into_any()
}

#[cfg(feature = "hydrate")]
const KEY: &str = "ms5-theme";

#[cfg(feature = "hydrate")]
fn stored() -> Theme {
    let word = window()
        .local_storage()
        .ok()
        .flatten()
        .and_then(|s| s.get_item(KEY).ok().flatten());
    Theme::ALL
        .into_iter()
        .find(|t| Some(t.word()) == word.as_deref())
        .unwrap_or(Theme::Auto)
}

#[cfg(feature = "hydrate")]
fn apply(theme: Theme) {
    let storage = window().local_storage().ok().flatten();
    let root = document().document_element();
    // A browser that keeps nothing still changes its colours for this visit.
    if theme == Theme::Auto {
        let _ = storage.map(|s| s.remove_item(KEY));
        let _ = root.map(|r| r.remove_attribute("data-theme"));
    } else {
        let _ = storage.map(|s| s.set_item(KEY, theme.word()));
        let _ = root.map(|r| r.set_attribute("data-theme", theme.word()));
    }
}
