//! Help for the line: two taps call for it; from then on the card says who was told, who comes, and when it goes up.

use super::model::LineModel;
use crate::api::andon::{NewCall, create_andon_event};
use crate::api::line::LineView;
use crate::domain::andon::CallKind;
use crate::domain::condition::Tone;
use crate::ui::components::call_acts::LONGEST_NOTE;
use crate::ui::components::call_card::cards;
use crate::ui::components::kind_icon::kind_icon;
use crate::ui::components::places::places;
use crate::ui::components::shape::condition_of;
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
    let of_line = code.clone();
    let open = Memo::new(move |_| calls.of_line(&of_line).len());
    let said = RwSignal::new(String::new());
    // What somebody chose; before that, as the line is.
    let machine = RwSignal::new(None::<String>);
    let stopped = RwSignal::new(None::<bool>);
    let text = RwSignal::new(String::new());
    let stands = model.part(standing);
    let is_down = model.part(|v| v.tile.condition.tone() == Tone::Down);
    let about = move || machine.get().unwrap_or_else(|| stands.get());
    let is_stopped = move || stopped.get().unwrap_or_else(|| is_down.get());
    let line = code.clone();
    let raise = move |kind: CallKind| {
        let machine_code = Some(about()).filter(|code| !code.is_empty());
        let call = NewCall {
            line: Some(line.clone()),
            machine: machine_code,
            kind: Some(kind),
            priority: None,
            line_stopped: Some(is_stopped()),
            text: text.get_untracked(),
        };
        leptos::task::spawn_local(async move {
            let words = match create_andon_event(call).await {
                Ok(raised) => {
                    calls.put(raised.call);
                    let _ = (machine.try_set(None), stopped.try_set(None));
                    let _ = text.try_set(String::new());
                    if raised.joined {
                        "Somebody had called for that already: your call joined theirs."
                    } else {
                        ""
                    }
                    .to_owned()
                }
                Err(error) => format!("Nobody was called: {error}"),
            };
            let _ = said.try_set(words);
        });
    };
    let kinds: Vec<AnyView> = CallKind::ALL
        .map(|kind| {
            let raise = raise.clone();
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
            <div class="help-sheet" id=SHEET popover="auto">
                <h2>"What do you need?"</h2>
                <div class="kinds">{kinds}</div>
                <div class="fields">
                    <label class="field">
                        "Where"
                        <select on:change:target=move |e| machine.set(Some(e.target().value()))>
                            {places_of_help}
                        </select>
                    </label>
                    <label class="field">
                        "More words, if you like"
                        <input
                            type="text"
                            maxlength=LONGEST_NOTE
                            prop:value=text
                            on:input:target=move |e| text.set(e.target().value())
                        />
                    </label>
                    <label class="tick">
                        <input
                            type="checkbox"
                            prop:checked=is_stopped
                            on:change:target=move |e| stopped.set(Some(e.target().checked()))
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
                    {move || said.get()}
                </p>
                <ul class="calls" data-columns=move || open.get().to_string()>
                    {places(move || cards(calls, calls.of_line(&code)))}
                </ul>
                <p class="help-none" hidden=move || (open.get() > 0)>
                    "Nobody has called for help here. "
                    <a href="/andon">"All open calls"</a>
                </p>
            </div>
        </section>
    }
    .into_any()
}
