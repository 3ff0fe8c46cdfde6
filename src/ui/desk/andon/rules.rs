//! The rules of who is called when, and what holds for all calls.

use super::auto::{AutoForm, autos};
use crate::domain::andon::CallKind;
use crate::ui::desk::choose::said;
use crate::ui::desk::field::{Text, Wrong};
use crate::ui::desk::list::{Act, Cell, Entry, List};
use leptos::prelude::*;

/// A rule, in words.
#[derive(Clone, Debug, Default)]
pub struct RuleLine {
    /// Its number.
    pub id: i64,
    /// As seen by whoever asks.
    pub version: i64,
    /// For which calls it holds.
    pub holds_for: String,
    /// Its steps: when, and whom by what.
    pub steps: Vec<(String, String)>,
}

/// The steps of a priority where no rule holds.
#[derive(Clone, Debug, Default)]
pub struct DefaultLine {
    /// The priority's name in addresses.
    pub name: &'static str,
    /// The priority.
    pub words: &'static str,
    /// Its steps: when and for which kinds of calls, and whom by what.
    pub steps: Vec<(String, String)>,
}

/// What holds for all calls, as a form holds it.
#[derive(Clone, Debug, Default)]
pub struct GeneralForm {
    /// As seen by whoever asks.
    pub version: i64,
    /// For how many hours a call may be reopened.
    pub reopen: String,
    /// How often one person may be told.
    pub calls: String,
    /// In how many minutes.
    pub within: String,
}

/// What the page shows.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The rules, in the order in which they are looked at.
    pub rules: Vec<RuleLine>,
    /// What holds where none of them does.
    pub defaults: Vec<DefaultLine>,
    /// By what machines call, each with its words.
    pub autos: Vec<(AutoForm, &'static str)>,
    /// Where such a rule may hold: values and words.
    pub places: Vec<(String, String)>,
    /// What holds for all calls.
    pub general: GeneralForm,
    /// How many lines of gaps the roster has.
    pub gaps: usize,
}

/// The page.
#[must_use]
pub fn rules(page: Page, wrong: &Wrong, done: Option<&str>) -> AnyView {
    let Page {
        rules,
        defaults,
        autos: forms,
        places,
        general,
        gaps,
    } = page;
    let gaps = (gaps > 0).then(|| {
        let words = if gaps == 1 {
            "A duty that a rule calls has nobody in the weeks ahead."
        } else {
            "Some duties that rules call have nobody in the weeks ahead."
        };
        view! {
            <p class="caution">
                {words} " "
                <a class="way inline" href="/admin/roster#gaps">
                    "See which"
                </a>
            </p>
        }
    });
    view! {
        {said(done)} {wrong.summary()}
        <div class="acts">
            <a class="button primary" href="/admin/andon/rules/new">
                "Add a rule"
            </a>
            <a class="button" href="/admin/andon/rehearse">
                "Who would be called?"
            </a>
        </div>
        {gaps}
        {list(rules)}
        {by_default(defaults)}
        {general_form(&general, wrong)}
        {autos(&forms, &places, wrong)}
    }
    .into_any()
}

fn list(rules: Vec<RuleLine>) -> AnyView {
    let entry = |rule: RuleLine| {
        let href = format!("/admin/andon/rules/{}", rule.id);
        let (when, whom): (Vec<String>, Vec<String>) = rule.steps.into_iter().unzip();
        let lines = when
            .into_iter()
            .zip(whom)
            .map(|(w, who)| format!("{w} → {who}"));
        Entry {
            name: rule.holds_for,
            beneath: format!("Rule {}", rule.id),
            cells: vec![Cell::lines(lines.collect())],
            acts: vec![Act {
                action: format!("{href}/remove"),
                words: "Remove",
                carries: Some(("version", rule.version.to_string())),
                sure: "Calls that are open keep their steps. New ones follow the next rule that holds for them.",
            }],
            href: Some(href),
            ..Entry::default()
        }
    };
    let several = rules.len() > 1;
    let list = List {
        caption: "Rules".to_owned(),
        columns: vec!["Calls", "Who is called when"],
        rows: rules.into_iter().map(entry).collect(),
        empty: "None yet. What is below holds for every call.",
    };
    let note = several.then(|| {
        view! {
            <p class="panel-note">
                "Of the rules that hold for a call the first in this list is used: a line says more than a shift, a shift more than a kind, a kind more than a priority."
            </p>
        }
    });
    view! { <div class="rule-list">{list.draw()}</div> {note} }.into_any()
}

fn by_default(defaults: Vec<DefaultLine>) -> AnyView {
    let card = |one: DefaultLine| {
        let step = |(when, whom): (String, String)| {
            view! {
                <li>
                    <b>{when}</b>
                    <span class="beneath">{whom}</span>
                </li>
            }
        };
        let steps: Vec<_> = one.steps.into_iter().map(step).collect();
        view! {
            <section class="panel card">
                <h3>{one.words}</h3>
                <ol class="chain-lines">{steps}</ol>
                <p class="panel-note">"Make a rule of it for calls of the kind " {of_kinds(one.name)}</p>
            </section>
        }
    };
    let cards: Vec<_> = defaults.into_iter().map(card).collect();
    view! {
        <section class="desk-part">
            <h2>"Where no rule holds"</h2>
            <div class="desk-cards">{cards}</div>
        </section>
    }
    .into_any()
}

/// A way to a new rule for each kind of calls of a priority: whom it calls at first is another one for each.
fn of_kinds(priority: &str) -> Vec<AnyView> {
    let way = |kind: CallKind| {
        let href = format!(
            "/admin/andon/rules/new?kind={}&priority={priority}",
            kind.name()
        );
        view! {
            <a class="way" href=href>
                {kind.words()}
            </a>
            " "
        }
        .into_any()
    };
    CallKind::ALL.map(way).into()
}

fn general_form(general: &GeneralForm, wrong: &Wrong) -> AnyView {
    let text = |name, label, value, hint| {
        Text {
            name,
            label,
            value,
            hint,
            kind: "number",
            autocomplete: "off",
            required: true,
            ..Text::default()
        }
        .draw(wrong)
    };
    view! {
        <form class="panel form" method="post" action="/admin/andon" id="general">
            <h2>"For all calls"</h2>
            <input type="hidden" name="version" value=general.version.to_string() />
            <div class="fields">
                {text("calls", "One person is told at most", &general.calls, "times …")}
                {text("within", "… in so many minutes", &general.within, "What is more waits and comes as one summary. Critical and safety calls never wait.")}
                {text("reopen", "A call may be reopened for, hours", &general.reopen, "What comes back later is a new call.")}
            </div>
            <button class="button primary" type="submit">
                "Save"
            </button>
        </form>
    }
    .into_any()
}
