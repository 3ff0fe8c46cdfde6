//! Help for the line: two taps call for it; from then on the card says who was told, who comes, and when it goes up.

use super::model::LineModel;
use crate::api::andon::{CreateAndonEvent, NewCall, Raised};
use crate::api::line::LineView;
use crate::api::post::post;
use crate::domain::andon::{CallKind, Priority};
use crate::domain::condition::Tone;
use crate::ui::calls::{Calls, of_line};
use crate::ui::components::call_acts::LONGEST_NOTE;
use crate::ui::components::call_card::{cards, resolved};
use crate::ui::components::kind_icon::kind_icon;
use crate::ui::components::places::places;
use crate::ui::components::shape::condition_of;
use crate::ui::components::words::{without_scripts, words};
use crate::ui::live::Live;
use leptos::prelude::*;

/// The sheet on which a kind is chosen.
const SHEET: &str = "help-kinds";

/// The machine that most likely needs help: the first that stands.
fn standing(view: &LineView) -> String {
    let stands = |tone| tone == Tone::Down;
    let mut machines = view.machines.iter();
    machines
        .find(|m| stands(condition_of(m.state).tone()))
        .map_or_else(String::new, |m| m.code.clone())
}

/// The button, the sheet behind it, and the line's open calls.
#[component]
pub fn Help(model: LineModel) -> impl IntoView {
    let calls = expect_context::<Live>().calls;
    let code = model.view.with_untracked(|v| v.tile.code.clone());
    let of = code.clone();
    let said = RwSignal::new(String::new());
    // What somebody chose. Before that: the machine that stands, and whether the line does.
    let wish = RwSignal::new(NewCall {
        line: Some(code.clone()),
        ..NewCall::default()
    });
    let stands = model.part(standing);
    let is_down = model.part(|v| v.tile.condition.tone() == Tone::Down);
    let about = move || {
        wish.with(|w| w.machine.clone())
            .unwrap_or_else(|| stands.get())
    };
    let is_stopped = move || {
        wish.with(|w| w.line_stopped)
            .unwrap_or_else(|| is_down.get())
    };
    let raise = move |kind: CallKind| {
        let call = NewCall {
            machine: Some(about()).filter(|code| !code.is_empty()),
            line_stopped: Some(is_stopped()),
            kind: Some(kind),
            ..wish.get_untracked()
        };
        leptos::task::spawn_local(sent(call, calls, said, wish));
    };
    let kinds: Vec<AnyView> = CallKind::ALL
        .map(|kind| {
            view! {
                <button
                    class="button kind"
                    type="button"
                    popovertarget=SHEET
                    popovertargetaction="hide"
                    on:click=move |_| raise(kind)
                >
                    {kind_icon(kind)}
                    {kind.words()}
                </button>
            }
            .into_any()
        })
        .into();
    let choice = |code: String, name: String| {
        let value = code.clone();
        view! {
            <option value=code prop:selected=move || about() == value>
                {name}
            </option>
        }
        .into_any()
    };
    let mut places_of_help = vec![choice(String::new(), "The whole line".to_owned())];
    model.view.with_untracked(|v| {
        let machines = v.machines.iter();
        places_of_help.extend(machines.map(|m| choice(m.code.clone(), m.name.clone())));
    });
    let urgency = |value: &'static str, name: &'static str| {
        let chosen = move || wish.with(|w| w.priority.map_or("", Priority::name)) == value;
        view! {
            <option value=value prop:selected=chosen>
                {name}
            </option>
        }
        .into_any()
    };
    let mut urgencies = vec![urgency("", "As usual for what you need")];
    urgencies.extend(Priority::ALL.map(|p| urgency(p.name(), p.words())));
    view! {
        <section class="help-panel" aria-label="Help" data-needs="andon:read">
            <button
                class="button help-button needs-script"
                type="button"
                popovertarget=SHEET
                data-needs="andon:create"
            >
                "Help"
            </button>
            {without_scripts()}
            <div class="help-sheet" id=SHEET popover="auto">
                <h2>"What do you need?"</h2>
                <div class="kinds">{kinds}</div>
                <div class="fields">
                    <label class="field">
                        "Where"
                        <select on:change:target=move |e| wish.update(|w| w.machine = Some(e.target().value()))>
                            {places_of_help}
                        </select>
                    </label>
                    <label class="field">
                        "How urgent"
                        <select on:change:target=move |e| {
                            let priority = Priority::from_name(&e.target().value());
                            wish.update(|w| w.priority = priority);
                        }>
                            {urgencies}
                        </select>
                    </label>
                    <label class="field">
                        "More words, if you like"
                        <input
                            type="text"
                            maxlength=LONGEST_NOTE
                            prop:value=move || wish.with(|w| w.text.clone())
                            on:change:target=move |e| wish.update(|w| w.text = e.target().value())
                        />
                    </label>
                    <label class="tick">
                        <input
                            type="checkbox"
                            prop:checked=is_stopped
                            on:change:target=move |e| wish.update(|w| w.line_stopped = Some(e.target().checked()))
                        />
                        "The line stands because of it"
                    </label>
                </div>
                <button class="button wide" type="button" popovertarget=SHEET popovertargetaction="hide">
                    "Close"
                </button>
            </div>
            <div class="help-calls">
                <p class="help-said" role="alert">
                    {words("", move || said.get())}
                </p>
                <ul class="calls">
                    {places(move || cards(calls, of_line(calls.open, &code)))}
                </ul>
                // Shown while there are none.
                <p class="help-none">"Nobody has called for help here."</p>
                {resolved(calls, move || of_line(calls.resolved, &of))}
            </div>
            <a class="button help-all" href="/andon">
                "All open calls"
            </a>
        </section>
    }
    .into_any()
}

/// Raises the call, and says what became of it where the card does not.
async fn sent(call: NewCall, calls: Calls, said: RwSignal<String>, wish: RwSignal<NewCall>) {
    let line = call.line.clone();
    let words = match post::<_, Raised>(CreateAndonEvent { call }).await {
        Ok(raised) => {
            calls.put(&raised.call);
            let _ = wish.try_set(NewCall {
                line,
                ..NewCall::default()
            });
            if raised.joined {
                "Somebody had called for that already: your call joined theirs.".to_owned()
            } else {
                String::new()
            }
        }
        Err(error) => format!("Nobody was called: {error}"),
    };
    let _ = said.try_set(words);
}
