//! What people do with a call: take it, give it back, be there, resolve it, close it, reopen it, cancel it, have it go up now. Which of the
//! buttons can be used follows from the call's status, from whether somebody raised or took it, and from what they may do; the
//! style sheet hides the others.

use super::words::words;
use crate::api::andon::{
    AcknowledgeAndonEvent, ArriveAndonEvent, CallView, CancelAndonEvent, CloseAndonEvent,
    EscalateAndonEvent, HandBackAndonEvent, ReopenAndonEvent, ResolveAndonEvent,
};
use crate::api::error::ApiError;
use crate::api::post::post;
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
    /// "I cannot come."
    HandBack,
    /// "I am there."
    Arrive,
    /// The trouble is over.
    Resolve(Cause),
    /// Nothing is left to do.
    Close,
    /// It was not over.
    Reopen,
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
    is_busy: RwSignal<bool>,
}

impl Doing {
    /// A finger that taps twice means it once.
    fn start(self, deed: Deed) {
        if self.is_busy.get_untracked() {
            return;
        }
        self.is_busy.set(true);
        leptos::task::spawn_local(async move {
            let done = perform(self.id, deed, self.note.get_untracked()).await;
            // The card may be gone by now.
            let _ = self.is_busy.try_set(false);
            let refused = match &done {
                Ok(_) => String::new(),
                Err(error) => format!("Not done: {error}"),
            };
            let _ = self.refused.try_set(refused);
            if let Ok(view) = done {
                let _ = self.note.try_set(String::new());
                self.calls.put(&view);
            }
        });
    }
}

async fn perform(id: i64, deed: Deed, note: String) -> Result<CallView, ApiError> {
    match deed {
        Deed::Come(minutes) => {
            let eta_min = Some(minutes);
            post(AcknowledgeAndonEvent { id, eta_min }).await
        }
        Deed::HandBack => post(HandBackAndonEvent { id, note }).await,
        Deed::Arrive => post(ArriveAndonEvent { id }).await,
        Deed::Resolve(cause) => post(ResolveAndonEvent { id, cause, note }).await,
        Deed::Close => post(CloseAndonEvent { id }).await,
        Deed::Reopen => post(ReopenAndonEvent { id, note }).await,
        Deed::Cancel => post(CancelAndonEvent { id, note }).await,
        Deed::Escalate => post(EscalateAndonEvent { id }).await,
    }
}

/// A button.
fn act(
    doing: Doing,
    name: String,
    (class, needs): (&'static str, &'static str),
    deed: Deed,
) -> AnyView {
    view! {
        <button
            class=class
            type="button"
            data-needs=needs
            disabled=move || doing.is_busy.get()
            on:click=move |_| doing.start(deed)
        >
            {name}
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
        is_busy: RwSignal::new(false),
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
    let named = |name: &str| name.to_owned();
    view! {
        <div class="call-acts needs-script">
            <p class="acts-refused" role="alert">
                {words("", move || doing.refused.get())}
            </p>
            <div class="acts acts-come" role="group" aria-label="I am coming, in" data-needs="andon:acknowledge">
                <span class="acts-name">"I am coming, in"</span>
                {come}
            </div>
            <div class="acts acts-arrive">
                {act(doing, named("I am there"), answer, Deed::Arrive)}
                {act(doing, named("I cannot come"), ("button act-back", "andon:acknowledge"), Deed::HandBack)}
            </div>
            <label class="field acts-note" data-needs="andon:create">
                "What it was, or why not"
                <textarea rows="2" maxlength=LONGEST_NOTE prop:value=doing.note on:input:target=move |e| doing.note.set(e.target().value()) />
            </label>
            <div class="acts acts-resolve" role="group" aria-label="Resolved; it came from" data-needs="andon:resolve">
                <span class="acts-name">"Resolved; it came from"</span>
                {resolve}
            </div>
            <div class="acts acts-close">
                {act(doing, named("Close it"), ("button big", "andon:resolve"), Deed::Close)}
                {act(doing, named("Reopen it"), ("button big act-reopen", "andon:resolve"), Deed::Reopen)}
            </div>
            <div class="acts acts-else">
                {act(doing, named("Call the next level now"), ("button", "andon:create"), Deed::Escalate)}
                <details class="acts-cancel" data-needs="andon:create">
                    <summary class="button risky">"Cancel the call"</summary>
                    {act(doing, named("It was not needed"), ("button risky", "andon:create"), Deed::Cancel)}
                </details>
            </div>
        </div>
    }
    .into_any()
}
