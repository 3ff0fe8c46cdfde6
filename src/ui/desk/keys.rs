//! Keys of connectors, as somebody makes and revokes them.

use super::field::{Text, Wrong};
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
    pub permissions: String,
    /// Where.
    pub lines: String,
    /// Who made it, and when.
    pub made: String,
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
        {wrong.summary()}
        <form class="panel form" method="post" action="/admin/keys">
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
            <details>
                <summary>"Single permissions"</summary>
                {ticks("may", "Also", form.may)}
            </details>
            {ticks("lines", "Only on these lines; none ticked: on all of them", form.lines)}
            {Text {
                name: "days",
                label: "Ends after days",
                value: &form.days,
                hint: "Empty: it holds until somebody revokes it",
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
            )} <button class="button primary wide" type="submit">
                "Make key"
            </button>
        </form>
        {table(lines)}
    }
    .into_any()
}

fn ticks(name: &'static str, words: &'static str, ticks: Vec<Tick>) -> Option<AnyView> {
    if ticks.is_empty() {
        return None;
    }
    let tick = |tick: Tick| {
        view! {
            <label class="tick">
                <input type="checkbox" name=name value=tick.value checked=tick.on />
                <span>{tick.words}</span>
            </label>
        }
    };
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

fn table(lines: Vec<KeyLine>) -> AnyView {
    let row = |line: KeyLine| {
        let act = if line.over.is_empty() {
            view! {
                <form method="post" action=format!("/admin/keys/{}/revoke", line.id)>
                    <button class="button" type="submit">
                        "Revoke"
                    </button>
                </form>
            }
            .into_any()
        } else {
            view! { {line.over} }.into_any()
        };
        view! {
            <tr>
                <th scope="row" class="words">
                    {line.sender}
                    <span class="beneath">
                        <code>{line.prefix} "…"</code>
                    </span>
                </th>
                <td class="words">{line.permissions}</td>
                <td class="words">{line.lines}</td>
                <td>{line.made}</td>
                <td>{line.expires}</td>
                <td>{line.used}</td>
                <td>{act}</td>
            </tr>
        }
    };
    let rows: Vec<_> = lines.into_iter().map(row).collect();
    view! {
        <section class="panel">
            <div class="table-box">
                <table class="table">
                    <caption>"Keys"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Sender"</th>
                            <th scope="col">"May"</th>
                            <th scope="col">"Lines"</th>
                            <th scope="col">"Made"</th>
                            <th scope="col">"Ends"</th>
                            <th scope="col">"Last used"</th>
                            <th scope="col">"Change"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}
