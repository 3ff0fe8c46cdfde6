//! How one is reached when somebody calls for help: phone, mail, push messages on one's devices; and a test of each.

use super::choose::{problem, said};
use super::field::{Text, Wrong, whose};
use super::list::{Act, Cell, Entry, List};
use leptos::prelude::*;

/// The script that asks a browser for leave to show messages.
pub const SCRIPT: &str = "/push.js";

/// A test that can be asked for.
#[derive(Clone, Debug)]
pub struct Test {
    /// The channel's name.
    pub name: &'static str,
    /// Its words.
    pub words: &'static str,
    /// Why it would reach nobody.
    pub cannot: Option<String>,
}

/// A device that takes push messages.
#[derive(Clone, Debug, Default)]
pub struct DeviceLine {
    /// Its number.
    pub id: i64,
    /// What the person calls it.
    pub label: String,
    /// Since when.
    pub since: String,
    /// When it last took a message.
    pub used: String,
}

/// What the page shows.
#[derive(Clone, Debug, Default)]
pub struct Reached {
    /// What was just done.
    pub said: Option<&'static str>,
    /// What became of a test that was just sent.
    pub tested: Vec<Result<String, String>>,
    /// The number as it stands in the form.
    pub phone: String,
    /// What they type to sign in.
    pub login: String,
    /// The address for mail as it stands in the form.
    pub email: String,
    /// They have a password, which changing the address takes.
    pub has_password: bool,
    /// They have a second factor, whose code it takes, too.
    pub has_code: bool,
    /// The site's public key; `None`: push is not set up.
    pub push_key: Option<String>,
    /// What the device is called, as it stands in the form.
    pub label: String,
    /// Several people share this tablet.
    pub is_shared: bool,
    /// The devices.
    pub devices: Vec<DeviceLine>,
    /// The channels that are set up.
    pub tests: Vec<Test>,
}

/// The page.
#[must_use]
pub fn reached(page: Reached, wrong: &Wrong) -> AnyView {
    let email = email(&page, wrong);
    let told = page.tested.into_iter().map(|outcome| match outcome {
        Ok(words) => said(Some(&words)),
        Err(words) => problem(Some(words)),
    });
    let told: Vec<_> = told.collect();
    let none = page.tests.is_empty().then(|| {
        view! {
            <p class="caution">
                "No channel is set up on this server: calls are told on screens only."
            </p>
        }
    });
    view! {
        {wrong.summary()}
        {said(page.said)}
        {told}
        {none}
        <div class="desk-cards">
            <form class="panel form card" method="post" action="/account/reached/phone">
                <h2>"Phone"</h2>
                {Text {
                    name: "phone",
                    label: "Number for text messages and calls",
                    kind: "tel",
                    value: &page.phone,
                    autocomplete: "tel",
                    hint: "With its country code, such as +39 0471 000000. Empty: none.",
                    ..Text::default()
                }
                    .draw(wrong)}
                <button class="button primary" type="submit">
                    "Save the number"
                </button>
            </form>
            {email}
            {push(page.push_key, &page.label, page.is_shared, wrong)}
            {tests(page.tests)}
        </div>
        {devices(page.devices)}
    }
    .into_any()
}

/// The address is changed by whoever has the password: a provider that has checked it lets its owner in.
fn email(page: &Reached, wrong: &Wrong) -> AnyView {
    if page.is_shared || !page.has_password {
        let email = if page.email.is_empty() {
            "No address is on file: an administrator can add one.".to_owned()
        } else {
            page.email.clone()
        };
        return view! {
            <section class="panel card">
                <h2>"E-mail"</h2>
                <p class="line-of">{email}</p>
            </section>
        }
        .into_any();
    }
    let code = page.has_code.then(|| {
        Text {
            name: "code",
            label: "Code of your second factor",
            autocomplete: "one-time-code",
            inputmode: "numeric",
            required: true,
            ..Text::default()
        }
        .draw(wrong)
    });
    view! {
        <form class="panel form card" method="post" action="/account/reached/email">
            {whose(&page.login)}
            <h2>"E-mail"</h2>
            {Text {
                name: "email",
                label: "Address for mail",
                kind: "email",
                value: &page.email,
                autocomplete: "email",
                hint: "Empty: none.",
                ..Text::default()
            }
                .draw(wrong)}
            {Text {
                name: "password",
                label: "Your password",
                kind: "password",
                autocomplete: "current-password",
                required: true,
                ..Text::default()
            }
                .draw(wrong)}
            {code}
            <button class="button" type="submit">
                "Save the address"
            </button>
        </form>
    }
    .into_any()
}

/// Without the script nothing is offered, as no browser can be asked without.
fn push(key: Option<String>, label: &str, is_shared: bool, wrong: &Wrong) -> AnyView {
    let inside = match key {
        None => view! { <p class="panel-note">"Push messages are not set up on this server."</p> }.into_any(),
        Some(_) if is_shared => view! {
            <p class="panel-note">
                "This tablet is shared: messages for one person do not belong on it."
            </p>
        }
        .into_any(),
        Some(key) => view! {
            <p class="panel-note">"Messages also come while no page of this site is open."</p>
            // The script takes the words away.
            <p class="caution" id="push-said" role="alert">
                "Turning it on needs scripts."
            </p>
            <form class="form" id="push-on" method="post" action="/account/reached/devices" data-key=key hidden>
                <input type="hidden" name="endpoint" />
                <input type="hidden" name="p256dh" />
                <input type="hidden" name="auth" />
                {Text {
                    name: "label",
                    label: "What you call this device",
                    value: label,
                    autocomplete: "off",
                    hint: "Such as: my phone.",
                    required: true,
                    ..Text::default()
                }
                    .draw(wrong)}
                <button class="button primary" type="submit">
                    "Turn on push on this device"
                </button>
            </form>
        }
        .into_any(),
    };
    view! {
        <section class="panel card">
            <h2>"Push on this device"</h2>
            {inside}
        </section>
    }
    .into_any()
}

fn tests(tests: Vec<Test>) -> Option<AnyView> {
    if tests.is_empty() {
        return None;
    }
    let one = |test: Test| match test.cannot {
        Some(why) => {
            view! { <p class="panel-note">{format!("{}: {why}.", test.words)}</p> }.into_any()
        }
        None => view! {
            <form method="post" action=format!("/account/reached/test/{}", test.name)>
                <button class="button" type="submit">
                    {format!("Send me a test: {}", test.words)}
                </button>
            </form>
        }
        .into_any(),
    };
    let tests: Vec<_> = tests.into_iter().map(one).collect();
    Some(
        view! {
            <section class="panel card">
                <h2>"Does it reach you?"</h2>
                {tests}
            </section>
        }
        .into_any(),
    )
}

fn devices(lines: Vec<DeviceLine>) -> AnyView {
    let entry = |line: DeviceLine| Entry {
        name: line.label,
        cells: vec![Cell::time(line.since), Cell::time(line.used)],
        acts: vec![Act {
            action: "/account/reached/devices/remove".to_owned(),
            words: "Remove",
            carries: Some(("device", line.id.to_string())),
            ..Act::default()
        }],
        ..Entry::default()
    };
    List {
        caption: "Your devices that take push messages".to_owned(),
        columns: vec!["Device", "Since", "Last message"],
        rows: lines.into_iter().map(entry).collect(),
        empty: "None.",
    }
    .draw()
}
