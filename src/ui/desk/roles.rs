//! Roles: the matrix, and the page of each.

use super::choose::{problem as told, said, select, tick};
use super::field::{Text, Wrong, why};
use super::list::Act;
use crate::domain::rights::{Permission, PermissionSet};
use leptos::prelude::*;

/// A column of the matrix.
#[derive(Clone, Debug, Default)]
pub struct Column {
    /// The role's number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// As seen by whoever asks.
    pub version: i64,
    /// What it allows by itself.
    pub own: PermissionSet,
    /// What it allows with what it includes.
    pub whole: PermissionSet,
    /// It stays as it is.
    pub fixed: bool,
}

/// The matrix.
#[must_use]
pub fn matrix(
    columns: &[Column],
    may_change: bool,
    problem: Option<String>,
    done: Option<&str>,
) -> AnyView {
    let head = |column: &Column| {
        view! {
            <th scope="col">
                <a class="way" href=format!("/admin/roles/{}", column.id)>
                    {column.name.clone()}
                </a>
            </th>
        }
    };
    let heads: Vec<_> = columns.iter().map(head).collect();
    let span = columns.len() + 1;
    let mut area = "";
    let mut rows = Vec::new();
    for permission in Permission::ALL.iter().copied() {
        if permission.area() != area {
            area = permission.area();
            rows.push(
                view! {
                    <tr class="matrix-area">
                        <th scope="colgroup" colspan=span.to_string()>
                            <span>{area}</span>
                        </th>
                    </tr>
                }
                .into_any(),
            );
        }
        let cells: Vec<_> = columns
            .iter()
            .map(|c| cell(c, permission, may_change))
            .collect();
        rows.push(
            view! {
                <tr>
                    <th scope="row">
                        {permission.words()} <code class="beneath">{permission.name()}</code>
                    </th>
                    {cells}
                </tr>
            }
            .into_any(),
        );
    }
    let seen = |column: &Column| {
        view! { <input type="hidden" name="version" value=format!("{}:{}", column.id, column.version) /> }
    };
    let seen: Vec<_> = columns.iter().filter(|c| !c.fixed).map(seen).collect();
    let save = may_change.then(|| {
        view! {
            {why()}
            <p class="matrix-save">
                <button class="button primary" type="submit">
                    "Save what roles allow"
                </button>
            </p>
        }
    });
    view! {
        {said(done)} {told(problem)}
        <p class="panel-note">
            "What roles allow adds up; nothing takes anything away. '+' is held through a role that this one includes."
        </p>
        <form method="post" action="/admin/roles">
            {seen}
            <div class="matrix-box" tabindex="0" role="region" aria-label="What roles allow">
                <table class="matrix">
                    <thead>
                        <tr>
                            <th scope="col">"May"</th>
                            {heads}
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            {save}
        </form>
    }
    .into_any()
}

fn cell(column: &Column, permission: Permission, may_change: bool) -> AnyView {
    let own = column.own.has(permission);
    let through = column.whole.has(permission) && !own;
    let label = format!("{}: {}", column.name, permission.name());
    let fixed = column.fixed || !may_change;
    view! {
        <td>
            <label class="matrix-cell">
                <input
                    type="checkbox"
                    name="may"
                    value=format!("{}:{}", column.id, permission.name())
                    checked=own
                    disabled=fixed
                    aria-label=label
                />
                {through.then(|| view! { <span title="through a role that it includes">"+"</span> })}
            </label>
        </td>
    }
    .into_any()
}

/// A role to be added, as a form holds it.
#[derive(Clone, Debug, Default)]
pub struct New {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// It starts like this one.
    pub like: String,
    /// The roles there are.
    pub roles: Vec<(String, String)>,
}

/// The form that adds a role.
#[must_use]
pub fn new(new: &New, wrong: &Wrong) -> AnyView {
    let nothing = (String::new(), "nothing".to_owned());
    let roles: Vec<_> = std::iter::once(nothing)
        .chain(new.roles.iter().cloned())
        .collect();
    view! {
        <form class="panel form" method="post" action="/admin/roles/new">
            <h2>"Add a role"</h2>
            {wrong.summary()}
            <div class="fields">
            {Text { name: "name", label: "Name", value: &new.name, autocomplete: "off", required: true, ..Text::default() }
                .draw(wrong)}
            {Text {
                name: "code",
                label: "Code",
                value: &new.code,
                autocomplete: "off",
                hint: "Letters a to z, digits, and _",
                required: true,
                ..Text::default()
            }
                .draw(wrong)} {select("like", "It starts with what is allowed to", &roles, &new.like)}
            </div>
            {why()}
            <button class="button" type="submit">
                "Add"
            </button>
        </form>
    }
    .into_any()
}

/// What the page of a role shows.
#[derive(Clone, Debug, Default)]
pub struct Role {
    /// Address of its page.
    pub href: String,
    /// As seen by whoever asks.
    pub version: i64,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Which page its people see first.
    pub first_page: String,
    /// Other roles: number, name, whether it includes them.
    pub others: Vec<(String, String, bool)>,
    /// How often it is in use.
    pub used: i64,
    /// It stays as it is.
    pub fixed: bool,
    /// Every plant starts with it.
    pub seeded: bool,
    /// Whether who looks may change it.
    pub may_change: bool,
}

/// The page of a role.
#[must_use]
pub fn role(role: &Role, wrong: &Wrong, done: Option<&str>) -> AnyView {
    let version = role.version.to_string();
    let part = |(id, name, included): &(String, String, bool)| tick("part", id, name, *included);
    let parts: Vec<_> = role.others.iter().map(part).collect();
    let change = (role.may_change && !role.fixed).then(|| {
        view! {
            <form class="panel form" method="post" action=role.href.clone()>
                <input type="hidden" name="version" value=version.clone() />
                <div class="fields">
                {Text { name: "name", label: "Name", value: &role.name, autocomplete: "off", required: true, ..Text::default() }
                    .draw(wrong)}
                {Text {
                    name: "first_page",
                    label: "First page",
                    value: &role.first_page,
                    autocomplete: "off",
                    hint: "Where people with this role land: a path such as /lines/L1, or /lines/{line} for the one line they work on",
                    required: true,
                    ..Text::default()
                }
                    .draw(wrong)}
                </div>
                <fieldset class="ticks">
                    <legend>"Includes all that these allow"</legend>
                    {parts}
                </fieldset>
                {why()}
                <button class="button primary" type="submit">
                    "Save"
                </button>
            </form>
        }
    });
    let words = match (role.fixed, role.used) {
        (true, _) => "It holds everything and stays as it is: somebody always can.".to_owned(),
        (_, 0) => "It is not in use.".to_owned(),
        (_, 1) => "It is in use once.".to_owned(),
        (_, n) => format!("It is in use {n} times."),
    };
    let remove = (role.may_change && !role.seeded && role.used == 0).then(|| {
        view! {
            {Act {
                action: format!("{}/remove", role.href),
                words: "Delete this role",
                carries: Some(("version", version)),
                sure: "What it allowed is gone; nobody has it now.",
            }
                .draw()}
        }
    });
    view! {
        {said(done)} {wrong.summary()}
        <p class="desk-about">
            <code>{role.code.clone()}</code>
            <span>{words}</span>
            <a class="way" href="/admin/roles">
                "What it allows"
            </a>
        </p>
        {change}
        {remove}
    }
    .into_any()
}
