//! The sound that repeats while a call waits for somebody to take it, once a person has switched it on in this tab:
//! browsers play nothing before. `public/call.wav` is two short tones and silence, two seconds in all, and repeats itself.

use super::header::waiting;
use crate::ui::calls::Calls;
use leptos::html::Audio;
use leptos::prelude::*;

/// What the button says.
const OFF: &str = "Sound off";
const ON: &str = "Sound on";
const BLOCKED: &str = "Sound blocked: tap here";

/// The switch, and the sound itself.
#[component]
pub fn Sound(calls: Calls) -> impl IntoView {
    let says = RwSignal::new(OFF);
    let audio = NodeRef::<Audio>::new();
    let is_wanted = Memo::new(move |_| says.get() == ON && waiting(calls) > 0);
    #[cfg(feature = "hydrate")]
    player::keep_playing(says, audio, is_wanted);
    let switch = move |_| {
        let on = says.get_untracked() != ON;
        says.set(if on { ON } else { OFF });
        #[cfg(feature = "hydrate")]
        player::switched(says, audio, is_wanted, on);
    };
    #[cfg(not(feature = "hydrate"))]
    let _ = (is_wanted, BLOCKED);
    view! {
        <button
            class="button sound needs-script"
            type="button"
            aria-pressed=move || (says.get() == ON).to_string()
            class:primary=move || says.get() == BLOCKED
            on:click=switch
        >
            {move || says.get()}
        </button>
        <audio node_ref=audio src="/call.wav" preload="auto" loop></audio>
    }
    .into_any()
}

#[cfg(feature = "hydrate")]
mod player {
    use super::{Audio, BLOCKED, NodeRef, OFF, ON};
    use leptos::prelude::*;
    use std::time::Duration;
    use wasm_bindgen::JsValue;
    use wasm_bindgen::closure::Closure;

    /// Where the tab keeps that the sound was switched on.
    const KEY: &str = "ms5-sound";
    /// How long the tones last that answer the switch.
    const TONES: Duration = Duration::from_millis(700);

    /// Plays while it is wanted. A tab that was loaded again goes on as it was, if the browser lets it.
    pub(super) fn keep_playing(
        says: RwSignal<&'static str>,
        audio: NodeRef<Audio>,
        is_wanted: Memo<bool>,
    ) {
        Effect::new(move || {
            if matches!(storage().map(|s| s.get_item(KEY)), Some(Ok(Some(_)))) {
                says.set(ON);
            }
        });
        Effect::new(move || {
            if is_wanted.get() {
                play(says, audio);
            } else {
                pause(audio);
            }
        });
    }

    /// A tap: the tones say that they can be heard, and the browser remembers that somebody wanted them.
    pub(super) fn switched(
        says: RwSignal<&'static str>,
        audio: NodeRef<Audio>,
        is_wanted: Memo<bool>,
        on: bool,
    ) {
        let storage = storage();
        if on {
            // A browser that keeps nothing plays all the same.
            let _ = storage.map(|s| s.set_item(KEY, ON));
            play(says, audio);
            set_timeout(
                move || {
                    if is_wanted.try_get_untracked() == Some(false) {
                        pause(audio);
                    }
                },
                TONES,
            );
        } else {
            let _ = storage.map(|s| s.remove_item(KEY));
            pause(audio);
        }
    }

    fn storage() -> Option<leptos::web_sys::Storage> {
        window().session_storage().ok().flatten()
    }

    fn play(says: RwSignal<&'static str>, audio: NodeRef<Audio>) {
        let Some(Ok(playing)) = audio.get_untracked().map(|a| a.play()) else {
            return;
        };
        // Other refusals are ours: a pause before the first tone was loaded.
        let refused = Closure::once(move |why: JsValue| {
            let name = js_sys::Reflect::get(&why, &"name".into());
            if name.is_ok_and(|name| name == "NotAllowedError") && says.try_get_untracked() != Some(OFF) {
                let _ = says.try_set(BLOCKED);
            }
        });
        let _ = playing.catch(&refused);
        // It is called once, at some time, and goes then.
        refused.forget();
    }

    fn pause(audio: NodeRef<Audio>) {
        if let Some(audio) = audio.try_get_untracked().flatten() {
            // What does not play is paused already.
            let _ = audio.pause();
            audio.set_current_time(0.0);
        }
    }
}
