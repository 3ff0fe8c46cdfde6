//! Shared tablets and wall screens, as somebody enrols them.

use super::field::{Choice, Text, Wrong};
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
    /// Who enrolled it, and when.
    pub made: String,
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
            "Shared tablet: people sign on to it".to_owned(),
        ),
        (
            "wall".to_owned(),
            "Wall screen: shows one page, changes nothing".to_owned(),
        ),
    ];
    view! {
        {wrong.summary()}
        <form class="panel form" method="post" action="/admin/devices">
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
                .draw(wrong)} <button class="button primary wide" type="submit">
                "Enrol"
            </button>
        </form>
        {table(lines)}
    }
    .into_any()
}

fn table(lines: Vec<DeviceLine>) -> AnyView {
    let row = |line: DeviceLine| {
        let act = |what: &'static str, words: &'static str| {
            view! {
                <form method="post" action=format!("/admin/devices/{}/{what}", line.id)>
                    <button class="button" type="submit">
                        {words}
                    </button>
                </form>
            }
        };
        let acts = if line.revoked {
            view! { "revoked" }.into_any()
        } else {
            view! { <div class="acts">{act("link", "New link")} {act("revoke", "Revoke")}</div> }
                .into_any()
        };
        view! {
            <tr>
                <th scope="row" class="words">
                    {line.name}
                    <span class="beneath">{line.kind}</span>
                </th>
                <td>{line.page}</td>
                <td>{line.place}</td>
                <td>{line.made}</td>
                <td>{line.used}</td>
                <td>{acts}</td>
            </tr>
        }
    };
    let rows: Vec<_> = lines.into_iter().map(row).collect();
    view! {
        <section class="panel">
            <div class="table-box">
                <table class="table">
                    <caption>"Devices"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Name"</th>
                            <th scope="col">"Page"</th>
                            <th scope="col">"May see"</th>
                            <th scope="col">"Enrolled"</th>
                            <th scope="col">"Last came"</th>
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

/// Something that is shown this once: a link or a key.
#[must_use]
pub fn once(secret: String, words: &'static str, back: &'static str) -> AnyView {
    view! {
        <div class="panel form">
            <p>{words}</p>
            <p>
                <code class="secret">{secret}</code>
            </p>
            <p class="caution">"It is shown this once. Here only a hash of it is kept."</p>
            <p>
                <a class="button" href=back>
                    "Done"
                </a>
            </p>
        </div>
    }
    .into_any()
}
