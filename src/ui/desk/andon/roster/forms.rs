//! Forms of rosters: a duty, somebody who stands in.

use super::DAYS;
use crate::ui::desk::choose::tick;
use crate::ui::desk::field::{Choice, Text, Wrong};
use leptos::prelude::*;

/// A duty, as a form holds it.
#[derive(Clone, Debug, Default)]
pub struct DutyForm {
    /// Where it is sent.
    pub action: String,
    /// As seen by whoever asks; none for a new one.
    pub version: Option<i64>,
    /// Its name.
    pub name: String,
    /// The number of who has it.
    pub person: String,
    /// Only on this line, by code.
    pub line: String,
    /// Only in shifts of this name.
    pub shift: String,
    /// On which weekdays: 0 Monday to 6 Sunday.
    pub days: Vec<String>,
    /// From which day on.
    pub from: String,
    /// Up to which day.
    pub until: String,
    /// On holidays as well.
    pub holidays: bool,
}

/// Somebody stands in, as a form holds it.
#[derive(Clone, Debug, Default)]
pub struct SubstituteForm {
    /// Where it is sent.
    pub action: String,
    /// As seen by whoever asks; none for a new one.
    pub version: Option<i64>,
    /// The number of who is away.
    pub person: String,
    /// The number of who stands in.
    pub by: String,
    /// The first day.
    pub from: String,
    /// The last day.
    pub until: String,
}

/// What forms offer: what is sent, and its words.
#[derive(Clone, Debug, Default)]
pub struct Offers {
    /// People.
    pub people: Vec<(String, String)>,
    /// Lines.
    pub lines: Vec<(String, String)>,
    /// Shifts.
    pub shifts: Vec<(String, String)>,
    /// Names of duties that there are, or that rules call.
    pub duties: Vec<String>,
}

fn with_none(words: &str, list: &[(String, String)]) -> Vec<(String, String)> {
    let none = (String::new(), words.to_owned());
    std::iter::once(none).chain(list.iter().cloned()).collect()
}

fn day<'a>(name: &'a str, label: &'a str, value: &'a str, required: bool) -> Text<'a> {
    Text {
        name,
        label,
        value,
        required,
        kind: "date",
        ..Text::default()
    }
}

/// The form of a duty.
#[must_use]
pub fn duty_form(form: &DutyForm, offers: &Offers, wrong: &Wrong) -> AnyView {
    let choice = |name, label, options, chosen| {
        Choice {
            name,
            label,
            options,
            chosen,
        }
        .draw(wrong)
    };
    let names = offers
        .duties
        .iter()
        .map(|name| view! { <option value=name.clone() /> });
    let names: Vec<_> = names.collect();
    let problem = wrong.of("name");
    let invalid = problem.is_some();
    let ticks = (0..).zip(DAYS).map(|(n, words): (i64, _)| {
        let value = n.to_string();
        let ticked = form.days.contains(&value);
        tick("days", &value, words, ticked)
    });
    let ticks: Vec<_> = ticks.collect();
    let (title, save) = match form.version {
        None => ("Give a duty", "Give it"),
        Some(_) => ("The duty", "Save"),
    };
    let version = form.version.map(|version| {
        view! { <input type="hidden" name="version" value=version.to_string() /> }
    });
    let wrong_days = wrong
        .of("days")
        .map(|words| view! { <p class="step-wrong">{words}</p> });
    view! {
        <form class="panel form" method="post" action=form.action.clone()>
            <h2>{title}</h2>
            {version}
            <div class="field" class:field-wrong=invalid>
                <label for="field-name">"Duty"</label>
                <input
                    id="field-name"
                    name="name"
                    value=form.name.clone()
                    list="duty-names"
                    autocomplete="off"
                    required=true
                    maxlength="100"
                    aria-describedby="field-name-said"
                />
                <datalist id="duty-names">{names}</datalist>
                <p class="field-said" id="field-name-said">
                    {problem.unwrap_or_else(|| "As rules call it, such as maintenance".to_owned())}
                </p>
            </div>
            {choice("person", "Who", with_none("Choose…", &offers.people), &form.person)}
            {choice("line", "Line", with_none("Every line", &offers.lines), &form.line)}
            {choice("shift", "Shift", with_none("Every shift", &offers.shifts), &form.shift)}
            <fieldset class="ticks weekdays">
                <legend>"Shifts that start on"</legend>
                {ticks}
            </fieldset>
            {wrong_days} {tick("holidays", "yes", "On holidays as well", form.holidays)}
            <div class="fields">
                {day("from", "From", &form.from, false).draw(wrong)}
                {day("until", "Up to and with", &form.until, false).draw(wrong)}
            </div>
            <button class="button primary" type="submit">
                {save}
            </button>
        </form>
    }
    .into_any()
}

/// The form of somebody who stands in. Its fields have ids of their own: it stands beside that of a duty.
#[must_use]
pub fn substitute_form(form: &SubstituteForm, offers: &Offers, wrong: &Wrong) -> AnyView {
    let person = |name, label, chosen| {
        Choice {
            name,
            label,
            options: with_none("Choose…", &offers.people),
            chosen,
        }
        .draw_in("away", wrong)
    };
    let day = |name, label, value| day(name, label, value, true).draw_in("away", wrong);
    let version = form.version.map(|version| {
        view! { <input type="hidden" name="version" value=version.to_string() /> }
    });
    let (title, save) = match form.version {
        None => ("Somebody is away", "Add"),
        Some(_) => ("Away", "Save"),
    };
    view! {
        <form class="panel form" method="post" action=form.action.clone()>
            <h2>{title}</h2>
            {version} {person("person", "Who is away", &form.person)} {person("by", "Who stands in", &form.by)}
            <div class="fields">
                {day("from", "From", &form.from)} {day("until", "Up to and with", &form.until)}
            </div>
            <button class="button primary" type="submit">
                {save}
            </button>
        </form>
    }
    .into_any()
}
