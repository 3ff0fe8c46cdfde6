//! One stop: what is known about it, and forms to say more. They work without scripts, and carry the version of the stop
//! that the person sees, so that nobody overwrites what they have not read.

use super::Drawn;
use super::stops::{Opened, calls, reason_words, told, when};
use super::table::{caution, note, number, table, words};
use crate::api::downtime::{DowntimeDetail, ReasonView};
use crate::ui::format;
use leptos::prelude::*;

/// What became of what was said, as the address has it after a form was sent.
fn outcome(detail: &DowntimeDetail, drawn: &Drawn<'_>) -> Option<AnyView> {
    let event = &detail.event;
    let by = event.author.clone().zip(event.said).map_or_else(
        || "somebody".to_owned(),
        |(author, at)| format!("{author} at {}", when(drawn, at)),
    );
    Some(match drawn.address.get("said")? {
        "ok" => view! { <p class="stored" role="status">"Stored."</p> }.into_any(),
        "stale" => caution(format!(
            "Not stored: the stop was changed meanwhile, by {by}. This is how it is now; say it again if it still holds."
        )),
        "forbidden" => {
            caution("Not stored: you may not do this. Whoever gives out roles can let you.")
        }
        "split" => caution("Not stored: the time to split at lies outside the stop."),
        "moved" => caution("The stop has changed since; this is how it is now."),
        _ => caution("Not stored: something in it cannot be."),
    })
}

/// The fields that every form carries.
fn kept(drawn: &Drawn<'_>, detail: &DowntimeDetail) -> AnyView {
    let event = &detail.event;
    let back = drawn.address.without(&["said", "stop"]).href();
    let back = back.split_once('?').map_or("", |(_, q)| q).to_owned();
    view! {
        <input type="hidden" name="back" value=back />
        <input type="hidden" name="machine" value=event.machine.clone() />
        <input type="hidden" name="start" value=event.from.0.to_string() />
        <input type="hidden" name="version" value=event.version.to_string() />
    }
    .into_any()
}

fn reason_button(reason: &ReasonView) -> AnyView {
    view! {
        <button class="button reason" type="submit" name="reason" value=reason.code.clone()>
            {reason.name.clone()}
        </button>
    }
    .into_any()
}

fn tree_options(tree: &[ReasonView]) -> Vec<AnyView> {
    tree.iter()
        .map(|reason| {
            let name = format!("{}{}", "\u{2003}".repeat(reason.depth), reason.name);
            view! {
                <option value=reason.code.clone() disabled=!reason.choosable>
                    {name}
                </option>
            }
            .into_any()
        })
        .collect()
}

fn choose(label: &'static str, name: &'static str, tree: &[ReasonView]) -> AnyView {
    view! {
        <label class="field">
            <span>{label}</span>
            <select name=name required=true>
                <option value="">"Choose…"</option>
                {tree_options(tree)}
            </select>
        </label>
    }
    .into_any()
}

/// The stop, and what can be said about it.
pub fn say(drawn: &Drawn<'_>, opened: &Opened) -> AnyView {
    let (detail, reasons) = (&opened.detail, &opened.reasons);
    let event = &detail.event;
    let action = format!(
        "{}/stops",
        super::address::Address::parse(drawn.address.code(), "").href()
    );
    let (state, fault) = told(event);
    let (reason, how) = reason_words(event);
    let until = event
        .to
        .map_or_else(|| "still standing".to_owned(), |to| when(drawn, to));
    let title = format!(
        "{}: {state}, {} – {until}",
        event.machine_name,
        when(drawn, event.from)
    );
    let close = drawn.address.without(&["stop", "said"]).href();
    let guessed = event.parts.iter().any(|p| p.reason.is_some()) && !event.confirmed;
    let confirm = guessed.then(|| {
        view! {
            <button class="button" data-needs="downtime:confirm" type="submit" name="confirm" value="true">
                {format!("Yes, {reason}")}
            </button>
        }
    });
    let buttons: Vec<AnyView> = reasons.shown.iter().map(reason_button).collect();
    let whole_minutes = event.length.0 / 60_000;
    let call = |(text, href): (String, String)| {
        view! {
            <a class="button" href=href>
                {text}
            </a>
        }
    };
    let called: Vec<_> = calls(event).into_iter().map(call).collect();
    let called = (!called.is_empty()).then(|| view! { <p class="acts">{called}</p> });
    view! {
        <section class="panel stop-open" id="stop">
            <div class="stop-head">
                <h2>{title}</h2>
                <a class="button" href=close data-noscroll="">
                    "Close"
                </a>
            </div>
            {outcome(detail, drawn)}
            <p class="stop-now">
                <b>{reason.clone()}</b>
                {format!(" ({how}) · {} · {}", format::stop_length(event.length), fault.unwrap_or_else(|| "no fault told".to_owned()))}
            </p>
            {(!event.comment.is_empty()).then(|| note(format!("“{}”", event.comment)))}
            {called}
            <form class="say" data-needs="downtime:write" method="post" action=action.clone()>
                {kept(drawn, detail)}
                <h3>"Why did it stand?"</h3>
                <div class="reasons">{confirm}{buttons}</div>
            </form>
            <details class="as-table">
                <summary>"All reasons, split, comment"</summary>
                <form class="choice" data-needs="downtime:write" method="post" action=action.clone()>
                    {kept(drawn, detail)}
                    {choose("Another reason", "reason", &reasons.tree)}
                    <button class="button" type="submit">
                        "Give this reason"
                    </button>
                </form>
                <form class="choice" data-needs="downtime:write" method="post" action=action.clone()>
                    {kept(drawn, detail)}
                    {choose("First", "reason", &reasons.tree)}
                    <label class="field">
                        <span>"until, minutes from its start"</span>
                        <input
                            type="number"
                            name="after_min"
                            min="0"
                            max=whole_minutes.to_string()
                            step="any"
                            required=true
                        />
                    </label>
                    {choose("then", "then", &reasons.tree)}
                    <button class="button" type="submit">
                        "Split"
                    </button>
                </form>
                <form class="choice" data-needs="downtime:write" method="post" action=action>
                    {kept(drawn, detail)}
                    <label class="field wide">
                        <span>"Comment"</span>
                        <input type="text" name="comment" maxlength="2000" value=event.comment.clone() />
                    </label>
                    <button class="button" type="submit">
                        "Store the comment"
                    </button>
                </form>
            </details>
            {said(drawn, detail, &reasons.tree)}
        </section>
    }
    .into_any()
}

/// All that was said, the newest first: nothing is lost.
fn said(drawn: &Drawn<'_>, detail: &DowntimeDetail, tree: &[ReasonView]) -> Option<AnyView> {
    if detail.said.is_empty() {
        return None;
    }
    let name = |code: &str| {
        let found = tree.iter().find(|r| r.code == code);
        found.map_or_else(|| code.to_owned(), |r| r.name.clone())
    };
    let rows = detail
        .said
        .iter()
        .map(|said| {
            let given: Vec<String> = said.reasons.iter().map(|r| name(&r.reason)).collect();
            let mark = if said.confirmed { "right" } else { "" };
            vec![
                words(when(drawn, said.at)),
                words(said.author.clone()),
                words(given.join(", then ")).beneath(Some(mark.to_owned())),
                words(said.comment.clone()),
                number(said.version.to_string()),
            ]
        })
        .collect();
    Some(table(
        "What was said about it",
        &["When", "Who", "Reasons", "Comment", "#Version"],
        rows,
        vec![],
    ))
}
