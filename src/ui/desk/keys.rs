//! Keys of connectors, as somebody makes and revokes them.

use super::choose::tick;
use super::field::{Text, Wrong, why};
use super::list::{Act, Cell, Entry, List};
use leptos::prelude::*;

/// A key, in words.
#[derive(Clone, Debug, Default)]
pub struct KeyLine {
    /// Its number.
    pub id: i64,
    /// Whose it is.
    pub sender: String,
    /// Its first letters.
    pub prefix: String,
    /// What it may do.
    pub permissions: Vec<String>,
    /// Where.
    pub lines: String,
    /// When it was made.
    pub made: String,
    /// By whom.
    pub made_by: String,
    /// When it ends.
    pub expires: String,
    /// When it was last used.
    pub used: String,
    /// It holds no longer, in words; empty: it holds.
    pub over: &'static str,
}

/// A box to tick.
#[derive(Clone, Debug, Default)]
pub struct Tick {
    /// What is sent.
    pub value: String,
    /// Its words.
    pub words: String,
    /// It is ticked.
    pub on: bool,
}

/// The form, with what was typed before.
#[derive(Clone, Debug, Default)]
pub struct KeyForm {
    /// The sender.
    pub sender: String,
    /// Sets that go together.
    pub usual: Vec<Tick>,
    /// Single permissions.
    pub may: Vec<Tick>,
    /// Lines.
    pub lines: Vec<Tick>,
    /// Days.
    pub days: String,
    /// The sender's other keys end.
    pub replaces: bool,
}

/// The page.
#[must_use]
pub fn keys(lines: Vec<KeyLine>, form: KeyForm, wrong: &Wrong) -> AnyView {
    view! {
        {wrong.summary()} <a class="button jump" href="#new">
            "Make a key"
        </a>
        <div class="desk-beside">
        {list(lines)}
        <form id="new" class="panel form" method="post" action="/admin/keys">
            <h2>"Make a key"</h2>
            {Text {
                name: "sender",
                label: "Sender",
                value: &form.sender,
                hint: "The gateway or program that will use it",
                autocomplete: "off",
                required: true,
                ..Text::default()
            }
                .draw(wrong)}
            {ticks("usual", "What it may do", form.usual)}
            <details class="more">
                <summary>"Single permissions"</summary>
                {ticks("may", "Also", form.may)}
            </details>
            {ticks("lines", "Only on these lines; none ticked: on all of them", form.lines)}
            {Text {
                name: "days",
                label: "Ends after days",
                value: &form.days,
                hint: "At most 1095. Empty, where it does nothing but send facts: until somebody revokes it",
                autocomplete: "off",
                inputmode: "numeric",
                ..Text::default()
            }
                .draw(wrong)}
            {ticks(
                "replaces",
                "Other keys of the sender",
                vec![
                    Tick {
                        value: "1".to_owned(),
                        words: "end at once".to_owned(),
                        on: form.replaces,
                    },
                ],
            )} {why()} <button class="button primary wide" type="submit">
                "Make key"
            </button>
        </form>
        </div>
    }
    .into_any()
}

fn ticks(name: &'static str, words: &'static str, ticks: Vec<Tick>) -> Option<AnyView> {
    if ticks.is_empty() {
        return None;
    }
    let tick = |t: Tick| tick(name, &t.value, &t.words, t.on);
    let ticks: Vec<_> = ticks.into_iter().map(tick).collect();
    Some(
        view! {
            <fieldset class="ticks">
                <legend>{words}</legend>
                {ticks}
            </fieldset>
        }
        .into_any(),
    )
}

fn list(lines: Vec<KeyLine>) -> AnyView {
    let entry = |line: KeyLine| {
        let revoke = Act {
            action: format!("/admin/keys/{}/revoke", line.id),
            words: "Revoke",
            sure: "Whatever sends with this key is refused at once, for good.",
            ..Act::default()
        };
        Entry {
            name: line.sender,
            beneath: format!("{}…", line.prefix),
            cells: vec![
                Cell::lines(line.permissions),
                Cell::words(line.lines),
                Cell::time(line.made).beneath(format!("by {}", line.made_by)),
                Cell::time(line.expires),
                Cell::time(line.used),
            ],
            state: line.over,
            acts: if line.over.is_empty() {
                vec![revoke]
            } else {
                vec![]
            },
            ..Entry::default()
        }
    };
    List {
        caption: "Keys that were made".to_owned(),
        columns: vec!["Sender", "May", "Lines", "Made", "Ends", "Last used"],
        rows: lines.into_iter().map(entry).collect(),
        empty: "None yet. Each gateway or program that sends or reads gets a key of its own.",
    }
    .draw()
}
