//! What machines call for by themselves: one form a rule.

use crate::domain::andon::{AutoRule, CallKind, Evidence, Priority};
use crate::domain::plant::FaultOrigin;
use crate::ui::desk::choose::{select, tick};
use crate::ui::desk::field::{Text, Wrong};
use leptos::prelude::*;

/// A rule by which machines call, as a form holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AutoForm {
    /// Its number.
    pub id: i64,
    /// As seen by whoever asks.
    pub version: i64,
    /// It is in use.
    pub on: bool,
    /// The name of what it looks at.
    pub when: String,
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
        Evidence::FaultClass { .. } => ("fault_class", "A machine stands by a fault of a class"),
        Evidence::StopLonger { .. } => ("stop_longer", "A machine stands unplanned for longer"),
        Evidence::QualityUnder { .. } => ("quality_under", "Too few of the pieces are good"),
        Evidence::CountBehind { .. } => ("count_behind", "A machine is behind its target"),
    }
}

impl AutoForm {
    /// The form of a rule as it is.
    #[must_use]
    pub fn of(id: i64, version: i64, rule: &AutoRule) -> Self {
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

/// The forms.
#[must_use]
pub fn autos(forms: &[AutoForm], names: &[&'static str], wrong: &Wrong) -> AnyView {
    let pair = |name: &str, words: &str| (name.to_owned(), words.to_owned());
    let kinds = CallKind::ALL.map(|k| pair(k.name(), k.words()));
    let priorities = Priority::ALL.map(|p| pair(p.name(), p.words()));
    let form = |(form, words): (&AutoForm, &&'static str)| {
        let numbered = |name: &str| format!("{name}-{}", form.id);
        view! {
            <form class="panel form card" method="post" action=format!("/admin/andon/auto/{}", form.id)>
                <h3>{format!("No. {}: {words}", form.id)}</h3>
                <input type="hidden" name="version" value=form.version.to_string() />
                {tick(&numbered("on"), "yes", "In use", form.on)} {form.fields(wrong)}
                <div class="fields pair-fields">
                    {select(&numbered("kind"), "Calls for", &kinds, &form.kind)}
                    {select(&numbered("priority"), "Priority", &priorities, &form.priority)}
                </div>
                <button class="button" type="submit">
                    "Save"
                </button>
            </form>
        }
    };
    let forms: Vec<_> = forms.iter().zip(names).map(form).collect();
    view! {
        <section class="desk-part" id="auto">
            <h2>"What machines call for by themselves"</h2>
            <p class="panel-note">"Once a stop, each under its number. Pieces are counted from the start of the shift, and after a call anew from when it was over. A planned stop and the time outside shifts call nobody."</p>
            <div class="desk-cards">{forms}</div>
        </section>
    }
    .into_any()
}
