//! Steps of a ladder in words, and as fields of a form.

use crate::domain::andon::{Channel, Trigger};
use crate::domain::time::{DurMs, HOUR_MS, MINUTE_MS};
use crate::ui::desk::field::Wrong;
use leptos::prelude::*;

/// Empty places for recipients behind those that a step has.
const EMPTY_PLACES: usize = 2;

/// What a step waits for, in words: "Nobody took it for 5 min".
#[must_use]
pub fn waits_for(trigger: Trigger, after: DurMs) -> String {
    let time = length(after);
    match trigger {
        Trigger::Raised if after == DurMs::ZERO => "At once".to_owned(),
        Trigger::Raised => format!("{time} after the call"),
        Trigger::NotAcknowledged => format!("Nobody took it for {time}"),
        Trigger::NotArrived => format!("Taken, and nobody there {time} later or after their ETA"),
        Trigger::NotResolved => format!("Not resolved for {time}"),
    }
}

/// A length of time as somebody would say it: `5 min`, `2 h`, `1 min 30 s`.
fn length(time: DurMs) -> String {
    let ms = time.0;
    let parts = [
        (ms / HOUR_MS, "h"),
        (ms % HOUR_MS / MINUTE_MS, "min"),
        (ms % MINUTE_MS / 1_000, "s"),
    ];
    let some = parts.iter().filter(|(n, _)| *n != 0);
    let words: Vec<String> = some.map(|(n, unit)| format!("{n} {unit}")).collect();
    if words.is_empty() {
        "0 min".to_owned()
    } else {
        words.join(" ")
    }
}

/// A length of time as a form holds it: minutes, with as many decimals as they have.
#[must_use]
pub fn minutes(time: DurMs) -> String {
    let text = format!("{:.3}", time.0 as f64 / MINUTE_MS as f64);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A step as a form holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepFields {
    /// Name of what it waits for; empty: the step is none.
    pub trigger: String,
    /// For how many minutes.
    pub after: String,
    /// How far up it goes.
    pub level: String,
    /// Whom it calls: `role:CODE`, `duty:NAME`, `person:NUMBER`.
    pub to: Vec<String>,
    /// Names of channels.
    pub via: Vec<String>,
}

/// Whom a step may call: what is sent, and its words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Callable {
    /// Roles.
    pub roles: Vec<(String, String)>,
    /// Duties.
    pub duties: Vec<(String, String)>,
    /// People.
    pub people: Vec<(String, String)>,
}

impl StepFields {
    /// The fields of step `n`, from 0. What is wrong stands under the names of the domain: `steps[0].after`.
    #[must_use]
    pub fn draw(&self, n: usize, callable: &Callable, wrong: &Wrong) -> AnyView {
        let name = |field: &str| format!("steps[{n}].{field}");
        let whole = wrong.of(&format!("steps[{n}]"));
        let trigger = |trigger: Trigger| {
            let chosen = trigger.name() == self.trigger;
            view! {
                <option value=trigger.name() selected=chosen>
                    {trigger.words()}
                </option>
            }
        };
        let triggers: Vec<_> = Trigger::ALL.into_iter().map(trigger).collect();
        let number = |field: &str, label: &'static str, value: &str, most: &'static str| {
            let name = name(field);
            let problem = wrong.of(&name);
            let invalid = problem.is_some();
            let said = format!("said-{name}");
            view! {
                <div class="field" class:field-wrong=invalid>
                    <label for=name.clone()>{label}</label>
                    <input
                        id=name.clone()
                        name=name
                        type="number"
                        min="0"
                        max=most
                        step="any"
                        value=value.to_owned()
                        aria-invalid=invalid.then_some("true")
                        aria-describedby=invalid.then(|| said.clone())
                    />
                    <p class="field-said" id=said>
                        {problem}
                    </p>
                </div>
            }
            .into_any()
        };
        let nobody = std::iter::repeat_n("", EMPTY_PLACES);
        let places = self.to.iter().map(String::as_str).chain(nobody);
        let places: Vec<_> = places
            .enumerate()
            .map(|(place, chosen)| recipient(&name("to"), (n, place), callable, chosen))
            .collect();
        let channel = |channel: Channel| {
            let ticked = self.via.iter().any(|v| v == channel.name());
            crate::ui::desk::choose::tick(&name("via"), channel.name(), channel.words(), ticked)
        };
        let channels: Vec<_> = Channel::ALL.into_iter().map(channel).collect();
        let told = |field: &str| {
            let problem = wrong.of(&name(field));
            problem.map(|words| view! { <p class="step-wrong">{words}</p> })
        };
        let waits = name("trigger");
        view! {
            <fieldset class="step">
                <legend>{format!("Step {}", n + 1)}</legend>
                {whole.map(|words| view! { <p class="step-wrong">{words}</p> })}
                <div class="step-when">
                    <div class="field">
                        <label for=waits.clone()>"Waits for"</label>
                        <select id=waits.clone() name=waits>
                            <option value="">"No step"</option>
                            {triggers}
                        </select>
                    </div>
                    {number("after", "Minutes", &self.after, "10080")} {number("level", "Level", &self.level, "9")}
                </div>
                <div class="step-whom" role="group" aria-label=format!("Whom step {} calls", n + 1)>
                    <span class="step-label">"Calls"</span>
                    {places}
                </div>
                {told("to")}
                <div class="ticks" role="group" aria-label=format!("By what step {} calls", n + 1)>
                    <span class="step-label">"By"</span>
                    {channels}
                </div>
                {told("via")}
            </fieldset>
        }
        .into_any()
    }
}

fn recipient(
    name: &str,
    (step, place): (usize, usize),
    callable: &Callable,
    chosen: &str,
) -> AnyView {
    let option = |(value, words): &(String, String)| {
        view! {
            <option value=value.clone() selected=value == chosen>
                {words.clone()}
            </option>
        }
    };
    let group = |label: &'static str, list: &[(String, String)]| {
        let options: Vec<_> = list.iter().map(option).collect();
        (!list.is_empty()).then(|| view! { <optgroup label=label>{options}</optgroup> })
    };
    let lists = [&callable.roles, &callable.duties, &callable.people];
    let known = lists
        .iter()
        .any(|l| l.iter().any(|(value, _)| value == chosen));
    // What is gone meanwhile stays in the form, so that nobody loses it by saving something else.
    let gone = (!known && !chosen.is_empty()).then(|| {
        let words = format!(
            "{} (gone)",
            chosen.split_once(':').map_or(chosen, |(_, n)| n)
        );
        view! {
            <option value=chosen.to_owned() selected=true>
                {words}
            </option>
        }
    });
    let label = format!("Step {}, calls, place {}", step + 1, place + 1);
    view! {
        <select name=name.to_owned() aria-label=label>
            <option value="">"–"</option>
            {gone}
            {group("Roles", &callable.roles)}
            {group("Duties", &callable.duties)}
            {group("People", &callable.people)}
        </select>
    }
    .into_any()
}

/// A step in words, for lists: when, how far up, whom, by what.
#[must_use]
pub fn line(
    trigger: Trigger,
    after: DurMs,
    level: u8,
    whom: &[String],
    via: &[Channel],
) -> (String, String) {
    let when = waits_for(trigger, after);
    let when = if level == 0 {
        when
    } else {
        format!("{when}: level {level}")
    };
    let by: Vec<&str> = via.iter().map(|v| v.words()).collect();
    (when, format!("{} · {}", whom.join(", "), by.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_shown_as_they_were_typed() {
        for (ms, text) in [
            (0, "0"),
            (30_000, "0.5"),
            (120_000, "2"),
            (600_000, "10"),
            (20_000, "0.333"),
        ] {
            assert_eq!(minutes(DurMs(ms)), text);
        }
    }

    #[test]
    fn a_step_is_told_in_words() {
        let five = DurMs(5 * MINUTE_MS);
        assert_eq!(waits_for(Trigger::Raised, DurMs::ZERO), "At once");
        let odd = DurMs(90 * MINUTE_MS + 30_000);
        let words = waits_for(Trigger::NotResolved, odd);
        assert_eq!(words, "Not resolved for 1 h 30 min 30 s");
        let (when, whom) = line(
            Trigger::NotAcknowledged,
            five,
            1,
            &["Engineer".to_owned(), "duty maintenance".to_owned()],
            &[Channel::Screen, Channel::Sms],
        );
        assert_eq!(when, "Nobody took it for 5 min: level 1");
        assert_eq!(whom, "Engineer, duty maintenance · Screen, SMS");
    }
}
