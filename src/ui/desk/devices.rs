//! Shared tablets and wall screens, as somebody enrols them.

use super::field::{Choice, Text, Wrong, why};
use super::list::{Act, Cell, Entry, List};
use leptos::prelude::*;

/// A device, in words.
#[derive(Clone, Debug, Default)]
pub struct DeviceLine {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Tablet or wall.
    pub kind: &'static str,
    /// Its page.
    pub page: String,
    /// Where it stands.
    pub place: String,
    /// When it was enrolled.
    pub made: String,
    /// By whom.
    pub made_by: String,
    /// When it last came.
    pub used: String,
    /// It was revoked.
    pub revoked: bool,
}

/// What was typed.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    /// `tablet` or `wall`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its page.
    pub page: String,
    /// Where it stands.
    pub place: String,
}

/// The page of a link: it asks whether this browser is the device.
#[must_use]
pub fn come(name: &str, is_wall: bool, action: String) -> AnyView {
    let becomes = if is_wall {
        "It will show one page and nothing else, to everybody who stands before it."
    } else {
        "Whoever signed in here is signed out. It shows its place and calls for help there; for anything else people sign on to it with a badge or a PIN."
    };
    view! {
        <form class="panel form" method="post" action=action>
            <p class="said-what">"Make this browser " <b>{name.to_owned()}</b> "?"</p>
            <p>{becomes}</p>
            <button class="button primary wide" type="submit">
                "Make it so"
            </button>
        </form>
    }
    .into_any()
}

/// The page: the form, and what is enrolled.
#[must_use]
pub fn devices(
    lines: Vec<DeviceLine>,
    places: Vec<(String, String)>,
    typed: &Typed,
    wrong: &Wrong,
) -> AnyView {
    let kinds = vec![
        (
            "tablet".to_owned(),
            "Shared tablet: calls for help, people sign on to it".to_owned(),
        ),
        (
            "wall".to_owned(),
            "Wall screen: shows one page, changes nothing".to_owned(),
        ),
    ];
    view! {
        {wrong.summary()} <a class="button jump" href="#new">
            "Enrol a device"
        </a>
        <div class="desk-beside">
        {list(lines)}
        <form id="new" class="panel form" method="post" action="/admin/devices">
            <h2>"Enrol a device"</h2>
            {Choice {
                name: "kind",
                label: "What it is",
                options: kinds,
                chosen: &typed.kind,
            }
                .draw(wrong)}
            {Text {
                name: "name",
                label: "Name",
                value: &typed.name,
                hint: "As the record calls it, such as Tablet at the filler",
                autocomplete: "off",
                required: true,
                ..Text::default()
            }
                .draw(wrong)}
            {Text {
                name: "page",
                label: "Page",
                value: &typed.page,
                hint: "The board is /, a line is /lines/CODE",
                autocomplete: "off",
                required: true,
                ..Text::default()
            }
                .draw(wrong)}
            {Choice {
                name: "place",
                label: "What it may see",
                options: places,
                chosen: &typed.place,
            }
                .draw(wrong)} {why()} <button class="button primary wide" type="submit">
                "Enrol"
            </button>
        </form>
        </div>
    }
    .into_any()
}

fn list(lines: Vec<DeviceLine>) -> AnyView {
    let entry = |line: DeviceLine| {
        let act = |what: &'static str, words: &'static str, sure: &'static str| Act {
            action: format!("/admin/devices/{}/{what}", line.id),
            words,
            sure,
            ..Act::default()
        };
        let acts = vec![
            act(
                "link",
                "New link",
                "The device that came with the old link is out until it opens the new one.",
            ),
            act(
                "revoke",
                "Revoke",
                "The device is out at once, for good. Its name stays on record.",
            ),
        ];
        Entry {
            name: line.name,
            beneath: line.kind.to_owned(),
            cells: vec![
                Cell::words(line.page),
                Cell::words(line.place),
                Cell::time(line.made).beneath(format!("by {}", line.made_by)),
                Cell::time(line.used),
            ],
            state: if line.revoked { "revoked" } else { "" },
            acts: if line.revoked { vec![] } else { acts },
            ..Entry::default()
        }
    };
    List {
        caption: "Enrolled devices".to_owned(),
        columns: vec!["Name", "Page", "May see", "Enrolled", "Last came"],
        rows: lines.into_iter().map(entry).collect(),
        empty: "None yet. Enrol a tablet where people work together, or a wall screen that shows a page.",
    }
    .draw()
}
