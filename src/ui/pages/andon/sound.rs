//! The sound that repeats while a call waits for somebody to take it, once a person has switched it on in this tab:
//! browsers play nothing before. `public/call.wav` is two short tones and silence, two seconds in all, and repeats itself.

use super::header::waiting;
use crate::ui::calls::Calls;
use crate::ui::components::words::words;
use leptos::prelude::*;

/// What the button says.
const OFF: &str = "Sound off";
const ON: &str = "Sound on";
/// The element that plays.
const PLAYER: &str = "call-sound";

/// The switch, and the sound itself.
#[component]
pub fn Sound(calls: Calls) -> impl IntoView {
    let says = RwSignal::new(OFF.to_owned());
    let is_wanted = Memo::new(move |_| says.with(|says| says == ON) && waiting(calls) > 0);
    #[cfg(feature = "hydrate")]
    player::keep_playing(says, is_wanted);
    let switch = move |_| {
        let on = says.with_untracked(|says| says != ON);
        says.set(if on { ON } else { OFF }.to_owned());
        #[cfg(feature = "hydrate")]
        player::switched(says, is_wanted, on);
    };
    #[cfg(not(feature = "hydrate"))]
    let _ = is_wanted;
    view! {
        <button class="button sound needs-script" type="button" on:click=switch>
            {words("", move || says.get())}
        </button>
        <audio id=PLAYER src="/call.wav" preload="auto" loop></audio>
    }
    .into_any()
}

#[cfg(feature = "hydrate")]
mod player {
    use super::{ON, PLAYER};
    use leptos::prelude::*;
    use leptos::web_sys::{HtmlAudioElement, Storage};
    use std::time::Duration;
    use wasm_bindgen::closure::Closure;
    use wasm_bindgen::{JsCast, JsValue};

    const BLOCKED: &str = "Sound blocked: tap here";
    /// Where the tab keeps that the sound was switched on.
    const KEY: &str = "ms5-sound";
    /// How long the tones last that answer the switch.
    const TONES: Duration = Duration::from_millis(700);

    /// Plays while it is wanted. A tab that was loaded again goes on as it was, if the browser lets it.
    pub(super) fn keep_playing(says: RwSignal<String>, is_wanted: Memo<bool>) {
        Effect::new(move || {
            if matches!(storage().map(|s| s.get_item(KEY)), Some(Ok(Some(_)))) {
                says.set(ON.to_owned());
            }
        });
        Effect::new(move || {
            if is_wanted.get() {
                play(says);
            } else {
                pause();
            }
        });
    }

    /// A tap: the tones say that they can be heard, and the browser remembers that somebody wanted them.
    pub(super) fn switched(says: RwSignal<String>, is_wanted: Memo<bool>, on: bool) {
        let storage = storage();
        if on {
            // A browser that keeps nothing plays all the same.
            let _ = storage.map(|s| s.set_item(KEY, ON));
            play(says);
            let enough = move || {
                if is_wanted.try_get_untracked() == Some(false) {
                    pause();
                }
            };
            set_timeout(enough, TONES);
        } else {
            let _ = storage.map(|s| s.remove_item(KEY));
            pause();
        }
    }

    fn storage() -> Option<Storage> {
        window().session_storage().ok().flatten()
    }

    fn audio() -> Option<HtmlAudioElement> {
        document().get_element_by_id(PLAYER)?.dyn_into().ok()
    }

    fn play(says: RwSignal<String>) {
        let Some(Ok(playing)) = audio().map(|a| a.play()) else {
            return;
        };
        // Other refusals are ours: a pause before the first tone was loaded.
        let refused = Closure::once(move |why: JsValue| {
            let name = js_sys::Reflect::get(&why, &"name".into());
            let is_on = says.try_with_untracked(|says| says == ON) == Some(true);
            if is_on && name.is_ok_and(|name| name == "NotAllowedError") {
                let _ = says.try_set(BLOCKED.to_owned());
            }
        });
        let _ = playing.catch(&refused);
        // It is called once, at some time, and goes then.
        refused.forget();
    }

    fn pause() {
        if let Some(audio) = audio() {
            // What does not play is paused already.
            let _ = audio.pause();
            audio.set_current_time(0.0);
        }
    }
}
