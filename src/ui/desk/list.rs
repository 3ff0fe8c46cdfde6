//! A list of things and what can be done to each: a table where there is room, a card for each thing where there is not.

use super::field::why;
use leptos::prelude::*;

/// The list.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// What is listed.
    pub caption: String,
    /// Words above the columns; the first is above the names.
    pub columns: Vec<&'static str>,
    /// The things.
    pub rows: Vec<Entry>,
    /// What to say when there is nothing.
    pub empty: &'static str,
}

/// A thing.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Address of its page.
    pub href: Option<String>,
    /// More about what it is.
    pub beneath: String,
    /// What stands in the columns after the name.
    pub cells: Vec<Cell>,
    /// What is the matter with it, in a word; empty: nothing.
    pub state: &'static str,
    /// What can be done to it.
    pub acts: Vec<Act>,
}

/// What stands in a column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    lines: Vec<String>,
    beneath: String,
    whole: bool,
}

impl Cell {
    /// Several lines of words.
    #[must_use]
    pub fn lines(lines: Vec<String>) -> Self {
        Self {
            lines,
            ..Self::default()
        }
    }

    /// Words.
    #[must_use]
    pub fn words(words: impl Into<String>) -> Self {
        Self::lines(vec![words.into()])
    }

    /// A day and time, which is not broken over two lines.
    #[must_use]
    pub fn time(at: impl Into<String>) -> Self {
        Self {
            whole: true,
            ..Self::words(at)
        }
    }

    /// With more about it in small.
    #[must_use]
    pub fn beneath(mut self, words: impl Into<String>) -> Self {
        self.beneath = words.into();
        self
    }
}

/// Something that can be done, by a form of its own.
#[derive(Clone, Debug, Default)]
pub struct Act {
    /// Where the form is sent.
    pub action: String,
    /// The words on its button.
    pub words: &'static str,
    /// What it carries.
    pub carries: Option<(&'static str, String)>,
    /// What it leads to, shown before it is done, when it cannot be undone; why it is done can be said there.
    pub sure: &'static str,
}

impl Act {
    /// The button; with a second one behind it when the first asks whether one is sure.
    #[must_use]
    pub fn draw(self) -> AnyView {
        let Self {
            action,
            words,
            carries,
            sure,
        } = self;
        let carries =
            carries.map(|(name, value)| view! { <input type="hidden" name=name value=value /> });
        if sure.is_empty() {
            return view! {
                <form method="post" action=action>
                    {carries}
                    <button class="button" type="submit">
                        {words}
                    </button>
                </form>
            }
            .into_any();
        }
        view! {
            <details class="ask">
                <summary class="button">{words}</summary>
                <form class="ask-sure" method="post" action=action>
                    {carries}
                    <p>{sure}</p>
                    {why()}
                    <button class="button risky" type="submit">
                        {format!("{words} now")}
                    </button>
                </form>
            </details>
        }
        .into_any()
    }
}

impl List {
    /// The panel with the list.
    #[must_use]
    pub fn draw(self) -> AnyView {
        let Self {
            caption,
            columns,
            rows,
            empty,
        } = self;
        if rows.is_empty() {
            return view! {
                <section class="panel list">
                    <h2>{caption}</h2>
                    <p class="list-empty">{empty}</p>
                </section>
            }
            .into_any();
        }
        let acts = rows
            .iter()
            .any(|row| !row.acts.is_empty() || !row.state.is_empty());
        let heads: Vec<_> = columns
            .iter()
            .map(|words| view! { <th scope="col">{*words}</th> })
            .collect();
        let last = acts.then(|| {
            view! {
                <th scope="col">
                    <span class="unseen">"What can be done"</span>
                </th>
            }
        });
        let row = |entry| row(entry, &columns, acts);
        let rows: Vec<_> = rows.into_iter().map(row).collect();
        view! {
            <section class="panel list">
                <table class="table">
                    <caption>{caption}</caption>
                    <thead>
                        <tr>{heads} {last}</tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </section>
        }
        .into_any()
    }
}

fn row(entry: Entry, columns: &[&'static str], acts: bool) -> AnyView {
    let over = !entry.state.is_empty();
    let name = match entry.href {
        Some(href) => view! {
            <a class="way" href=href>
                {entry.name}
            </a>
        }
        .into_any(),
        None => view! { <span class="list-name">{entry.name}</span> }.into_any(),
    };
    let cell = |(column, cell): (&&'static str, Cell)| {
        let line = |line: String| view! { <span class="line-of">{line}</span> };
        let lines: Vec<_> = cell.lines.into_iter().map(line).collect();
        view! {
            <td data-label=*column class:whole=cell.whole>
                {lines}
                {beneath(cell.beneath)}
            </td>
        }
    };
    let cells: Vec<_> = columns.iter().skip(1).zip(entry.cells).map(cell).collect();
    let state = over.then(|| view! { <span class="tag">{entry.state}</span> });
    let last = acts.then(|| {
        let acts: Vec<_> = entry.acts.into_iter().map(Act::draw).collect();
        view! { <td class="acts-cell"><div class="acts">{state} {acts}</div></td> }
    });
    view! {
        <tr class:over=over>
            <th scope="row">{name} {beneath(entry.beneath)}</th>
            {cells}
            {last}
        </tr>
    }
    .into_any()
}

fn beneath(words: String) -> Option<AnyView> {
    (!words.is_empty()).then(|| view! { <span class="beneath">{words}</span> }.into_any())
}
