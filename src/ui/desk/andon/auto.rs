//! What machines call for by themselves: one form a rule, and a page for a new one.

use crate::domain::andon::{AutoRule, CallKind, Evidence, Priority};
use crate::domain::plant::FaultOrigin;
use crate::ui::desk::choose::{select, tick};
use crate::ui::desk::field::{Text, Wrong};
use crate::ui::desk::list::Act;
use leptos::prelude::*;

/// A rule by which machines call, as a form holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AutoForm {
    /// Its number; 0: it is to be added.
    pub id: i64,
    /// As seen by whoever asks.
    pub version: i64,
    /// It is in use.
    pub on: bool,
    /// The name of what it looks at.
    pub when: String,
    /// Where it holds: `line:` or `machine:` and a code; empty: everywhere.
    pub place: String,
    /// Thresholds by the names of their fields.
    pub given: Vec<(&'static str, String)>,
    /// For what it calls.
    pub kind: String,
    /// How urgently.
    pub priority: String,
}

/// What a rule looks at, in words.
#[must_use]
pub const fn words(evidence: &Evidence) -> (&'static str, &'static str) {
    match evidence {
        Evidence::FaultClass { .. } => FAULT_CLASS,
        Evidence::StopLonger { .. } => STOP_LONGER,
        Evidence::QualityUnder { .. } => QUALITY_UNDER,
        Evidence::CountBehind { .. } => COUNT_BEHIND,
    }
}

/// All that a rule can look at: name and words.
pub const LOOKS_AT: [(&str, &str); 4] = [FAULT_CLASS, STOP_LONGER, QUALITY_UNDER, COUNT_BEHIND];

const FAULT_CLASS: (&str, &str) = ("fault_class", "A machine stands by a fault of a class");
const STOP_LONGER: (&str, &str) = ("stop_longer", "A machine stands unplanned for longer");
const QUALITY_UNDER: (&str, &str) = ("quality_under", "Too few of the pieces are good");
const COUNT_BEHIND: (&str, &str) = ("count_behind", "A machine is behind its target");

impl AutoForm {
    /// The form of a rule as it is, which holds at a place.
    #[must_use]
    pub fn of((id, version): (i64, i64), place: String, rule: &AutoRule) -> Self {
        let given = match &rule.evidence {
            Evidence::FaultClass { prefixes, origin } => vec![
                ("prefixes", prefixes.join(", ")),
                ("origin", origin.map_or("", FaultOrigin::name).to_owned()),
            ],
            Evidence::StopLonger { than } => vec![("minutes", super::steps::minutes(*than))],
            Evidence::QualityUnder { share, min_pieces } => {
                let percent = format!("{:.2}", share * 100.0);
                let percent = percent.trim_end_matches('0').trim_end_matches('.');
                vec![
                    ("percent", percent.to_owned()),
                    ("min_pieces", min_pieces.to_string()),
                ]
            }
            Evidence::CountBehind { pieces } => vec![("pieces", pieces.to_string())],
        };
        Self {
            id,
            version,
            on: rule.on,
            when: words(&rule.evidence).0.to_owned(),
            place,
            given,
            kind: rule.kind.name().to_owned(),
            priority: rule.priority.name().to_owned(),
        }
    }

    fn value(&self, name: &str) -> &str {
        let found = self.given.iter().find(|(n, _)| *n == name);
        found.map_or("", |(_, value)| value)
    }

    fn fields(&self, wrong: &Wrong) -> AnyView {
        let text = |name: &'static str, label: &'static str, hint: &'static str| {
            // Ids are of one page, on which each rule has its form.
            let numbered = format!("{name}-{}", self.id);
            Text {
                name: &numbered,
                label,
                value: self.value(name),
                hint,
                autocomplete: "off",
                ..Text::default()
            }
            .draw(wrong)
        };
        match self.when.as_str() {
            "fault_class" => {
                let origins = FaultOrigin::ALL.map(|o| (o.name().to_owned(), o.words().to_owned()));
                let none = (String::new(), "–".to_owned());
                let origins: Vec<_> = std::iter::once(none).chain(origins).collect();
                let name = format!("origin-{}", self.id);
                view! {
                    {text("prefixes", "Codes that begin with", "Several with commas between them: F4, E1")}
                    {select(&name, "Or any fault of this place", &origins, self.value("origin"))}
                }
                .into_any()
            }
            "stop_longer" => text("minutes", "Longer than, minutes", ""),
            "quality_under" => view! {
                {text("percent", "Less good than, %", "")}
                {text("min_pieces", "From so many judged pieces on", "")}
            }
            .into_any(),
            _ => text("pieces", "So many pieces behind", ""),
        }
    }
}

/// The fields of a rule, and the button that sends them.
fn form(
    form: &AutoForm,
    places: &[(String, String)],
    save: &'static str,
    wrong: &Wrong,
) -> AnyView {
    let pair = |name: &str, words: &str| (name.to_owned(), words.to_owned());
    let kinds = CallKind::ALL.map(|k| pair(k.name(), k.words()));
    let priorities = Priority::ALL.map(|p| pair(p.name(), p.words()));
    let numbered = |name: &str| format!("{name}-{}", form.id);
    let mut offered = vec![pair("", "At every machine")];
    offered.extend(places.iter().cloned());
    // What is gone from the plant is not turned into everywhere by saving something else.
    if offered.iter().all(|(value, _)| *value != form.place) {
        offered.push(pair(&form.place, &form.place));
    }
    let action = match form.id {
        0 => "/admin/andon/auto".to_owned(),
        id => format!("/admin/andon/auto/{id}"),
    };
    view! {
        <form class="form" method="post" action=action>
            <input type="hidden" name="version" value=form.version.to_string() />
            <input type="hidden" name="when" value=form.when.clone() />
            {tick(&numbered("on"), "yes", "In use", form.on)} {form.fields(wrong)}
            {select(&numbered("place"), "Where", &offered, &form.place)}
            <div class="fields pair-fields">
                {select(&numbered("kind"), "Calls for", &kinds, &form.kind)}
                {select(&numbered("priority"), "Priority", &priorities, &form.priority)}
            </div>
            <button class="button" type="submit">
                {save}
            </button>
        </form>
    }
    .into_any()
}

/// The page of a rule to be; `name`: what it looks at, in words.
#[must_use]
pub fn new(
    of: &AutoForm,
    name: &'static str,
    places: &[(String, String)],
    wrong: &Wrong,
) -> AnyView {
    view! {
        {wrong.summary()}
        <section class="panel card">
            <h2>{name}</h2>
            {form(of, places, "Add the rule", wrong)}
        </section>
        <div class="acts">
            <a class="button" href="/admin/andon#auto">
                "Back"
            </a>
        </div>
    }
    .into_any()
}

/// The forms, each with what its rule looks at in words.
#[must_use]
pub fn autos(
    forms: &[(AutoForm, &'static str)],
    places: &[(String, String)],
    wrong: &Wrong,
) -> AnyView {
    let card = |(of, words): &(AutoForm, &'static str)| {
        let remove = Act {
            action: format!("/admin/andon/auto/{}/remove", of.id),
            words: "Remove",
            carries: Some(("version", of.version.to_string())),
            sure: "Machines call by it no more. Calls that it raised stay.",
        };
        view! {
            <section class="panel card">
                <h3>{format!("No. {}: {words}", of.id)}</h3>
                {form(of, places, "Save", wrong)}
                {remove.draw()}
            </section>
        }
    };
    let cards: Vec<_> = forms.iter().map(card).collect();
    let way = |(when, words): (&'static str, &'static str)| {
        view! {
            <a class="way" href=format!("/admin/andon/auto/new?when={when}")>
                {words}
            </a>
            " "
        }
        .into_any()
    };
    let ways: Vec<_> = LOOKS_AT.into_iter().map(way).collect();
    view! {
        <section class="desk-part" id="auto">
            <h2>"What machines call for by themselves"</h2>
            <p class="panel-note">"Once a stop, each under its number. Pieces are counted from the start of the shift, and after a call anew from when it was over. A planned stop and the time outside shifts call nobody."</p>
            <p class="panel-note">"Add one: " {ways}</p>
            <div class="desk-cards">{cards}</div>
        </section>
    }
    .into_any()
}
