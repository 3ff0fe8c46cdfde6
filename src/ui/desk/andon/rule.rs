//! One rule: for which calls it holds, and its steps.

use super::steps::{Callable, StepFields};
use crate::domain::andon::{CallKind, Priority};
use crate::ui::desk::choose::said;
use crate::ui::desk::field::{Choice, Wrong};
use crate::ui::desk::list::Act;
use leptos::prelude::*;

/// A rule as a form holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleForm {
    /// Where it is sent.
    pub action: String,
    /// As seen by whoever asks; none for a new one.
    pub version: Option<i64>,
    /// Only calls of this kind, by name; empty: all.
    pub kind: String,
    /// Only calls of this priority, by name; empty: all.
    pub priority: String,
    /// Only calls on this line, by code; empty: all.
    pub line: String,
    /// Only calls in shifts of this name; empty: all.
    pub shift: String,
    /// Its steps.
    pub steps: Vec<StepFields>,
    /// The lines that there are.
    pub lines: Vec<(String, String)>,
    /// The names of the shifts that there are.
    pub shifts: Vec<(String, String)>,
    /// Whom steps may call.
    pub callable: Callable,
}

fn all_or(all: &str, list: impl IntoIterator<Item = (String, String)>) -> Vec<(String, String)> {
    std::iter::once((String::new(), all.to_owned()))
        .chain(list)
        .collect()
}

/// The page of a rule.
#[must_use]
pub fn rule(form: &RuleForm, wrong: &Wrong, done: Option<&str>) -> AnyView {
    let pair = |name: &str, words: &str| (name.to_owned(), words.to_owned());
    let kinds = CallKind::ALL.map(|k| pair(k.name(), k.words()));
    let priorities = Priority::ALL.map(|p| pair(p.name(), p.words()));
    let choice = |name, label, options, chosen| {
        Choice {
            name,
            label,
            options,
            chosen,
        }
        .draw(wrong)
    };
    let steps: Vec<_> = form
        .steps
        .iter()
        .enumerate()
        .map(|(n, step)| step.draw(n, &form.callable, wrong))
        .collect();
    let version = form.version.map(|version| {
        view! { <input type="hidden" name="version" value=version.to_string() /> }
    });
    let (save, remove) = match form.version {
        None => ("Add the rule", None),
        Some(version) => (
            "Save",
            Some(Act {
                action: format!("{}/remove", form.action),
                words: "Remove",
                carries: Some(("version", version.to_string())),
                sure: "Calls that are open keep their steps. New ones follow the next rule that holds for them.",
            }),
        ),
    };
    let at = form.action.clone();
    view! {
        {said(done)} {wrong.summary()}
        <form class="rule-form" method="post" action=at>
            {version}
            <section class="panel">
                <h2>"For which calls"</h2>
                <div class="fields">
                    {choice("kind", "Kind", all_or("Every kind", kinds), &form.kind)}
                    {choice("priority", "Priority", all_or("Every priority", priorities), &form.priority)}
                    {choice("line", "Line", all_or("Every line", form.lines.clone()), &form.line)}
                    {choice("shift", "Shift", all_or("Every shift", form.shifts.clone()), &form.shift)}
                </div>
            </section>
            <section class="panel">
                <h2>"Who is called when"</h2>
                <p class="panel-note">
                    "Level 0 is who is called first. “Not acknowledged” and “not resolved” count from the call, “nobody there” from when somebody took it. Duties are named in the "
                    <a class="way inline" href="/admin/roster">
                        "roster"
                    </a> "."
                </p>
                <div class="steps">{steps}</div>
                <button class="button" type="submit" name="then" value="step" formnovalidate>
                    "One more step"
                </button>
            </section>
            <div class="acts">
                <button class="button primary" type="submit">
                    {save}
                </button>
                <a class="button" href="/admin/andon">
                    "Back"
                </a>
            </div>
        </form>
        {remove.map(Act::draw)}
    }
    .into_any()
}
