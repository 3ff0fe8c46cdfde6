//! "Who would be called?": a form, and the chain that answers it.

use crate::domain::andon::{CallKind, Channel, Priority};
use crate::ui::desk::field::{Choice, Text, Wrong};
use leptos::prelude::*;

/// What is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// On which line: its code.
    pub line: String,
    /// When, by the clock of the site.
    pub at: String,
    /// For what, by name.
    pub kind: String,
    /// How urgent, by name.
    pub priority: String,
}

/// Somebody on a rung.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whom {
    /// Who.
    pub who: String,
    /// Nobody would be reached.
    pub nobody: bool,
    /// By what they would be told.
    pub via: Vec<Channel>,
    /// By what they cannot be told, and why.
    pub cannot: Vec<(Channel, String)>,
}

/// A rung of the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rung {
    /// When, by the clock of the site; empty: only once somebody took the call.
    pub at: String,
    /// What it waits for, in words.
    pub waits_for: String,
    /// How far up it goes.
    pub level: u8,
    /// Whom it calls.
    pub calls: Vec<Whom>,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// For which call, in words.
    pub about: String,
    /// The rule, in words; with its page where it has one.
    pub rule: (String, Option<String>),
    /// The shift, in words.
    pub shift: String,
    /// The chain.
    pub rungs: Vec<Rung>,
}

/// The page.
#[must_use]
pub fn rehearse(
    asked: &Asked,
    lines: Vec<(String, String)>,
    wrong: &Wrong,
    answer: Option<Answer>,
) -> AnyView {
    let pair = |name: &str, words: &str| (name.to_owned(), words.to_owned());
    let choice = |name, label, options, chosen| {
        Choice {
            name,
            label,
            options,
            chosen,
        }
        .draw(wrong)
    };
    let kinds = CallKind::ALL.map(|k| pair(k.name(), k.words())).to_vec();
    let priorities = Priority::ALL.map(|p| pair(p.name(), p.words())).to_vec();
    view! {
        {wrong.summary()}
        <form class="panel search" method="get" action="/admin/andon/rehearse">
            <div class="fields">
                {choice("line", "Line", lines, &asked.line)}
                {Text {
                    name: "at",
                    label: "Day and time on the site",
                    kind: "datetime-local",
                    value: &asked.at,
                    required: true,
                    ..Text::default()
                }
                    .draw(wrong)}
                {choice("kind", "Kind", kinds, &asked.kind)} {choice("priority", "Priority", priorities, &asked.priority)}
            </div>
            <div class="acts">
                <button class="button primary" type="submit">
                    "Who would be called?"
                </button>
                <a class="button" href="/admin/andon">
                    "Rules"
                </a>
            </div>
        </form>
        {answer.map(chain)}
    }
    .into_any()
}

fn chain(answer: Answer) -> AnyView {
    let unreached: Vec<&Rung> = answer
        .rungs
        .iter()
        .filter(|rung| rung.calls.iter().all(|call| call.nobody))
        .collect();
    let warning = (!unreached.is_empty()).then(|| {
        let when: Vec<String> = unreached
            .iter()
            .map(|rung| rung.waits_for.clone())
            .collect();
        view! {
            <p class="form-problem" role="alert">
                {format!("Nobody would be reached by: {}.", when.join("; "))}
            </p>
        }
    });
    let rule = match answer.rule {
        (words, Some(href)) => view! {
            <a class="way inline" href=href>
                {words}
            </a>
        }
        .into_any(),
        (words, None) => words.into_any(),
    };
    let rungs: Vec<_> = answer.rungs.into_iter().map(rung).collect();
    view! {
        {warning}
        <section class="panel chain" aria-label="The chain">
            <h2>{answer.about}</h2>
            <p class="panel-note">{answer.shift} " · " {rule}</p>
            <ol class="rungs">{rungs}</ol>
            <p class="panel-note">
                "If nobody does anything. Whoever takes the call stops “nobody took it”; whoever resolves it stops everything."
            </p>
        </section>
    }
    .into_any()
}

fn rung(rung: Rung) -> AnyView {
    let at = if rung.at.is_empty() {
        "once taken".to_owned()
    } else {
        rung.at
    };
    let calls: Vec<_> = rung.calls.into_iter().map(whom).collect();
    view! {
        <li class="rung">
            <div class="rung-when">
                <b class="rung-at">{at}</b>
                <span>{rung.waits_for}</span>
                <span class="tag">{format!("level {}", rung.level)}</span>
            </div>
            <ul class="rung-whom plain">{calls}</ul>
        </li>
    }
    .into_any()
}

fn whom(whom: Whom) -> AnyView {
    let chip = |channel: Channel| view! { <span class="tag">{channel.words()}</span> };
    let chips: Vec<_> = whom.via.into_iter().map(chip).collect();
    let nothing = whom.nobody && whom.cannot.is_empty();
    let cannot = by_reason(whom.cannot).into_iter().map(|(channels, why)| {
        view! { <li>{format!("Not by {}: {why}", channels.join(", "))}</li> }
    });
    let cannot: Vec<_> = cannot.collect();
    let cannot = (!cannot.is_empty()).then(|| view! { <ul class="cannot plain">{cannot}</ul> });
    view! {
        <li class="whom" class:reaches-nobody=whom.nobody>
            <b>{whom.who}</b>
            {nothing.then(|| view! { <span class="cannot">"nobody has it then"</span> })}
            <span class="chips">{chips}</span>
            {cannot}
        </li>
    }
    .into_any()
}

/// The channels that fail for the same reason, together.
fn by_reason(cannot: Vec<(Channel, String)>) -> Vec<(Vec<&'static str>, String)> {
    let mut out: Vec<(Vec<&'static str>, String)> = Vec::new();
    for (channel, why) in cannot {
        match out.iter_mut().find(|(_, known)| *known == why) {
            Some((channels, _)) => channels.push(channel.words()),
            None => out.push((vec![channel.words()], why)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_for_the_same_reason_is_told_once() {
        let cannot = |channel, why: &str| (channel, why.to_owned());
        let told = by_reason(vec![
            cannot(Channel::Email, "it is not set up"),
            cannot(Channel::Sms, "no phone number is on file"),
            cannot(Channel::Voice, "it is not set up"),
        ]);
        let expected = [
            (vec!["E-mail", "Telephone"], "it is not set up".to_owned()),
            (vec!["SMS"], "no phone number is on file".to_owned()),
        ];
        assert_eq!(told, expected);
    }
}
