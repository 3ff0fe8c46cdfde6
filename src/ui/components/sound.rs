//! The sound that repeats while a call waits for somebody to take it, once a person has switched it on in this tab:
//! browsers play nothing before. `public/call.wav` is two short tones and silence, two seconds in all, and repeats itself.

use super::words::words;
use crate::ui::live::Live;
use leptos::prelude::*;

/// What the button says.
const OFF: &str = "Sound off";
const ON: &str = "Sound on";
/// The element that plays.
const PLAYER: &str = "call-sound";

/// Whether the tab calls by a sound, and by which calls.
#[derive(Clone, Copy)]
pub struct Sound {
    says: RwSignal<&'static str>,
    /// So many views are open on which every call sounds, not only those for the reader.
    of_all: RwSignal<i32>,
}

impl Sound {
    /// A tab in which nobody has switched it on.
    pub fn new() -> Self {
        Self {
            says: RwSignal::new(OFF),
            of_all: RwSignal::new(0),
        }
    }

    /// Whether somebody switched it on and the browser lets it be heard.
    pub fn is_on(self) -> bool {
        self.says.get() == ON
    }

    /// The same, for what does not follow it.
    #[cfg(feature = "hydrate")]
    pub fn is_on_untracked(self) -> bool {
        self.says.try_get_untracked() == Some(ON)
    }

    /// Whether every call sounds.
    pub fn is_of_all(self) -> bool {
        self.of_all.get() > 0
    }

    /// Every call sounds until the calling view goes away.
    pub fn for_all(self) {
        self.of_all.update(|views| *views += 1);
        on_cleanup(move || {
            let _ = self.of_all.try_update(|views| *views -= 1);
        });
    }
}

impl Default for Sound {
    fn default() -> Self {
        Self::new()
    }
}

/// The switch.
#[component]
pub fn SoundSwitch() -> impl IntoView {
    let live = expect_context::<Live>();
    let says = live.sound.says;
    let switch = move |_| {
        let on = says.get_untracked() != ON;
        says.set(if on { ON } else { OFF });
        #[cfg(feature = "hydrate")]
        player::switched(live, on);
    };
    view! {
        <button class="button sound needs-script" type="button" on:click=switch>
            {words("", move || says.get().to_owned())}
        </button>
    }
    .into_any()
}

/// The sound itself, once for all pages of a tab.
#[component]
pub fn SoundPlayer() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    player::keep_playing(expect_context::<Live>());
    view! { <audio id=PLAYER src="/call.wav" preload="none" loop></audio> }.into_any()
}

#[cfg(feature = "hydrate")]
mod player {
    use super::{Live, ON, PLAYER};
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
    pub(super) fn keep_playing(live: Live) {
        Effect::new(move || {
            if matches!(storage().map(|s| s.get_item(KEY)), Some(Ok(Some(_)))) {
                live.sound.says.set(ON);
            }
        });
        Effect::new(move || {
            if live.sounds.get() {
                play(live.sound.says);
            } else {
                pause();
            }
        });
    }

    /// A tap: the tones say that they can be heard, and the browser remembers that somebody wanted them.
    pub(super) fn switched(live: Live, on: bool) {
        let storage = storage();
        if on {
            // A browser that keeps nothing plays all the same.
            let _ = storage.map(|s| s.set_item(KEY, ON));
            play(live.sound.says);
            let enough = move || {
                if live.sounds.try_get_untracked() == Some(false) {
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

    fn play(says: RwSignal<&'static str>) {
        let Some(Ok(playing)) = audio().map(|a| a.play()) else {
            return;
        };
        // Other refusals are ours: a pause before the first tone was loaded.
        let refused = Closure::once(move |why: JsValue| {
            let name = js_sys::Reflect::get(&why, &"name".into());
            let is_on = says.try_with_untracked(|says| *says == ON) == Some(true);
            if is_on && name.is_ok_and(|name| name == "NotAllowedError") {
                let _ = says.try_set(BLOCKED);
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
