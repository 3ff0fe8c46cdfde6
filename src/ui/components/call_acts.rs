//! What people do with a call: take it, be there, resolve it, cancel it, have it go up now. Which of the buttons can be
//! used follows from the call's status and from what somebody may do; the style sheet hides the others.

use crate::api::andon::{
    CallView, acknowledge_andon_event, arrive_andon_event, cancel_andon_event,
    escalate_andon_event, resolve_andon_event,
};
use crate::api::error::ApiError;
use crate::domain::andon::Cause;
use crate::ui::calls::Calls;
use leptos::prelude::*;

/// The choices of an ETA, in minutes: one tap takes the call.
const ETA_MIN: [i64; 4] = [2, 5, 10, 20];
/// The longest note, in characters.
pub const LONGEST_NOTE: i64 = 2_000;

/// What is done.
#[derive(Clone, Copy)]
enum Deed {
    /// "I am coming", in so many minutes.
    Come(i64),
    /// "I am there."
    Arrive,
    /// The trouble is over.
    Resolve(Cause),
    /// It was not needed.
    Cancel,
    /// The next level is to be called now.
    Escalate,
}

/// What somebody is about to do with a call.
#[derive(Clone, Copy)]
struct Doing {
    calls: Calls,
    id: i64,
    note: RwSignal<String>,
    /// Why the last deed was refused; empty: it was not.
    refused: RwSignal<String>,
    is_busy: StoredValue<bool>,
}

impl Doing {
    /// A finger that taps twice means it once.
    fn start(self, deed: Deed) {
        if self.is_busy.get_value() {
            return;
        }
        self.is_busy.set_value(true);
        leptos::task::spawn_local(async move {
            let note = self.note.get_untracked();
            let done = perform(self.id, deed, note).await;
            // The card may be gone by now.
            let _ = self.is_busy.try_set_value(false);
            match done {
                Ok(view) => {
                    let _ = self.refused.try_set(String::new());
                    let _ = self.note.try_set(String::new());
                    self.calls.put(view);
                }
                Err(error) => {
                    let _ = self.refused.try_set(format!("Not done: {error}"));
                }
            }
        });
    }
}

async fn perform(id: i64, deed: Deed, note: String) -> Result<CallView, ApiError> {
    match deed {
        Deed::Come(minutes) => acknowledge_andon_event(id, Some(minutes)).await,
        Deed::Arrive => arrive_andon_event(id).await,
        Deed::Resolve(cause) => resolve_andon_event(id, cause, note).await,
        Deed::Cancel => cancel_andon_event(id, note).await,
        Deed::Escalate => escalate_andon_event(id).await,
    }
}

/// A button; it closes the sheet that it stands on, if it stands on one.
fn act(doing: Doing, words: String, (class, needs): (&'static str, &'static str), deed: Deed) -> AnyView {
    view! {
        <button
            class=class
            type="button"
            data-needs=needs
            on:click=move |_| doing.start(deed)
        >
            {words}
        </button>
    }
    .into_any()
}

/// Everything that can be done with the call.
pub fn call_acts(calls: Calls, id: i64) -> AnyView {
    let doing = Doing {
        calls,
        id,
        note: RwSignal::new(String::new()),
        refused: RwSignal::new(String::new()),
        is_busy: StoredValue::new(false),
    };
    let answer = ("button big", "andon:acknowledge");
    let come: Vec<AnyView> = ETA_MIN
        .map(|minutes| act(doing, format!("{minutes} min"), answer, Deed::Come(minutes)))
        .into();
    let resolve: Vec<AnyView> = Cause::ALL
        .map(|cause| {
            let class = ("button big", "andon:resolve");
            act(doing, cause.words().to_owned(), class, Deed::Resolve(cause))
        })
        .into();
    let words = |words: &str| words.to_owned();
    view! {
        <div class="call-acts needs-script">
            <p class="acts-refused" role="alert">
                {move || doing.refused.get()}
            </p>
            <div class="acts acts-come" role="group" aria-label="I am coming, in" data-needs="andon:acknowledge">
                <span class="acts-name">"I am coming, in"</span>
                {come}
            </div>
            <div class="acts acts-arrive">{act(doing, words("I am there"), answer, Deed::Arrive)}</div>
            <label class="field acts-note" data-needs="andon:resolve">
                "What it was, or why it is cancelled"
                <textarea rows="2" maxlength=LONGEST_NOTE prop:value=doing.note on:input:target=move |e| doing.note.set(e.target().value()) />
            </label>
            <div class="acts acts-resolve" role="group" aria-label="Resolved; it came from" data-needs="andon:resolve">
                <span class="acts-name">"Resolved; it came from"</span>
                {resolve}
            </div>
            <div class="acts acts-else">
                {act(doing, words("Call the next level now"), ("button", "andon:create"), Deed::Escalate)}
                {act(doing, words("Cancel the call"), ("button risky", "andon:resolve"), Deed::Cancel)}
            </div>
        </div>
    }
    .into_any()
}
