//! The audit trail.

use super::choose::{problem, said};
use super::field::{Text, Wrong};
use leptos::prelude::*;

/// A row of the trail in words.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Its number.
    pub seq: i64,
    /// When, by the clock of the site.
    pub at: String,
    /// Who, and on which shared tablet.
    pub who: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub target: String,
    /// Its other sides: name and text of those that there are.
    pub sides: Vec<(&'static str, String)>,
}

/// What is looked for, as it was typed.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// From when.
    pub from: String,
    /// Up to when.
    pub to: String,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// To what.
    pub target: String,
}

/// What the page shows.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    /// What is looked for.
    pub asked: Asked,
    /// What is wrong with it.
    pub wrong: Wrong,
    /// The rows, newest first.
    pub rows: Vec<Row>,
    /// Address of older rows.
    pub older: Option<String>,
    /// Address of the same as a file.
    pub file: String,
    /// What following the chain found.
    pub verdict: Option<Result<String, String>>,
}

/// The page.
#[must_use]
pub fn trail(page: Trail) -> AnyView {
    let Trail {
        asked,
        wrong,
        rows,
        older,
        file,
        verdict,
    } = page;
    let verdict = verdict.map(|verdict| match verdict {
        Ok(words) => said(Some(&words)).into_any(),
        Err(words) => problem(Some(words)).into_any(),
    });
    let none = rows
        .is_empty()
        .then(|| view! { <p class="list-empty">"Nothing is on record that fits. Ask for less, or for a longer time."</p> });
    let rows: Vec<_> = rows.into_iter().map(row).collect();
    let older = older.map(|href| {
        view! {
            <a class="button" href=href>
                "Older"
            </a>
        }
    });
    let text = |name, label, value| Text {
        name,
        label,
        value,
        autocomplete: "off",
        ..Text::default()
    };
    let time = |name, label, value| Text {
        kind: "datetime-local",
        ..text(name, label, value)
    };
    view! {
        {verdict} {wrong.summary()}
        <form class="panel search" method="get" action="/admin/audit" role="search">
            <div class="fields">
            {time("from", "From", asked.from.as_str()).draw(&wrong)} {time("to", "To", asked.to.as_str()).draw(&wrong)}
            {text("actor", "Who", asked.actor.as_str()).draw(&wrong)}
            {text("action", "Action", asked.action.as_str()).draw(&wrong)}
            {text("target", "Target", asked.target.as_str()).draw(&wrong)}
            </div>
            <div class="acts">
            <button class="button primary" type="submit">
                "Find"
            </button>
            <button class="button" type="submit" name="verify" value="yes">
                "Check the chain"
            </button>
            <a class="button" href=file download="audit.csv">
                "Save as CSV"
            </a>
            </div>
        </form>
        <section class="panel trail" aria-label="Records">{none} {rows}</section>
        {older}
    }
    .into_any()
}

fn row(row: Row) -> AnyView {
    let side = |(name, text): (&'static str, String)| {
        view! {
            <dt>{name}</dt>
            <dd>
                <code class="trail-text">{text}</code>
            </dd>
        }
    };
    let sides: Vec<_> = row.sides.into_iter().map(side).collect();
    let refused = row.action == "denied" || row.action.ends_with(".wrong");
    view! {
        <details class="trail-row" class:refused=refused>
            <summary>
                <span class="trail-seq">{row.seq}</span>
                <time>{row.at}</time>
                <strong class="trail-action">{row.action}</strong>
                <span class="trail-who">{row.who}</span>
                <span class="trail-target">{row.target}</span>
            </summary>
            <dl>{sides}</dl>
        </details>
    }
    .into_any()
}
