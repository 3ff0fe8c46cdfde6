//! One's own account: who one is, password, second factor, sessions.

use super::choose::said;
use super::field::{Text, Wrong, whose};
use super::list::{Act, Cell, Entry, List};
use super::program;
use leptos::prelude::*;

/// What the first page shows.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// What was just done.
    pub said: Option<&'static str>,
    /// Full name.
    pub name: String,
    /// Login.
    pub login: String,
    /// Roles in words.
    pub roles: Vec<String>,
    /// There is a password to change.
    pub has_password: bool,
    /// There is a PIN.
    pub has_pin: bool,
    /// The second factor is on.
    pub code_is_on: bool,
    /// By what they are reached when somebody calls for help, in words; nothing: by screens only.
    pub reached: Vec<String>,
    /// Sessions.
    pub sessions: Vec<SessionLine>,
}

/// A session, in words.
#[derive(Clone, Debug, Default)]
pub struct SessionLine {
    /// Names it in the form.
    pub mark: String,
    /// From where.
    pub address: String,
    /// The browser, or the shared tablet.
    pub program: String,
    /// Since when.
    pub since: String,
    /// Last used.
    pub seen: String,
    /// It is this one.
    pub this: bool,
}

/// The page.
#[must_use]
pub fn account(page: Account) -> AnyView {
    let roles: Vec<_> = page
        .roles
        .into_iter()
        .map(|r| view! { <li>{r}</li> })
        .collect();
    let none = roles
        .is_empty()
        .then(|| view! { <p class="panel-note">"No role yet: ask an administrator."</p> });
    let password = page.has_password.then(|| {
        view! {
            <p>
                <a class="button" href="/account/password">
                    "Change password"
                </a>
            </p>
        }
    });
    let pin = if page.has_pin {
        "Change PIN"
    } else {
        "Set a PIN"
    };
    let pin = (page.has_pin || page.has_password).then(|| {
        view! {
            <p>
                <a class="button" href="/account/pin">
                    {pin}
                </a>
            </p>
        }
    });
    let reached = if page.reached.is_empty() {
        "Screens only: whoever looks at none is not reached.".to_owned()
    } else {
        format!("Screens, {}.", page.reached.join(", "))
    };
    let (code, change) = if page.code_is_on {
        ("on", "Change the second factor")
    } else {
        ("off", "Set up a second factor")
    };
    view! {
        {said(page.said)}
        <div class="desk-cards">
            <section class="panel card">
                <h2>{page.name}</h2>
                <p class="panel-note">"Login " {page.login}</p>
                <ul class="plain">{roles}</ul>
                {none}
                {password}
                {pin}
            </section>
            <section class="panel card">
                <h2>"Second factor" <span class="tag">{code}</span></h2>
                <p class="panel-note">
                    "With it, your password alone opens nothing: you also type a code that your phone shows."
                </p>
                <p>
                    <a class="button" href="/account/code">
                        {change}
                    </a>
                </p>
            </section>
            <section class="panel card">
                <h2>"When somebody calls for help"</h2>
                <p class="panel-note">{reached}</p>
                <p>
                    <a class="button" href="/account/reached">
                        "How you are reached"
                    </a>
                </p>
            </section>
        </div>
        {sessions(page.sessions)}
    }
    .into_any()
}

fn sessions(lines: Vec<SessionLine>) -> AnyView {
    let entry = |line: SessionLine| {
        let end = Act {
            action: "/account/sessions/end".to_owned(),
            words: "End",
            carries: Some(("session", line.mark)),
            ..Act::default()
        };
        Entry {
            name: program::in_words(&line.program),
            beneath: if line.this { "this browser" } else { "" }.to_owned(),
            cells: vec![
                Cell::words(line.address),
                Cell::time(line.since),
                Cell::time(line.seen),
            ],
            acts: if line.this { vec![] } else { vec![end] },
            ..Entry::default()
        }
    };
    let list = List {
        caption: "Where you are signed in".to_owned(),
        columns: vec!["Program", "Address", "Since", "Last used"],
        rows: lines.into_iter().map(entry).collect(),
        empty: "Nowhere.",
    };
    let everywhere = Act {
        action: "/account/sessions/end-all".to_owned(),
        words: "Sign out everywhere",
        ..Act::default()
    };
    view! {
        {list.draw()}
        <p class="panel-note">
            "To sign out everywhere also ends messages to all your devices, until you turn them on again."
        </p>
        {everywhere.draw()}
    }
    .into_any()
}

/// The form for a new password; `must` when nothing else can be done before.
#[must_use]
pub fn password(login: &str, must: bool, wrong: &Wrong) -> AnyView {
    let must = must.then_some(
        "Your password was given to you by somebody else. Choose one of your own, then you can go on.",
    );
    view! {
        {wrong.summary()}
        <form class="panel form narrow" method="post" action="/account/password">
            {whose(login)}
            {must.map(|words| view! { <p class="panel-note">{words}</p> })}
            {Text {
                name: "old",
                label: "Old password",
                kind: "password",
                autocomplete: "current-password",
                required: true,
                focus: true,
                ..Text::default()
            }
                .draw(wrong)}
            {Text {
                name: "password",
                label: "New password",
                kind: "password",
                autocomplete: "new-password",
                hint: "At least 10 characters. A short sentence is easiest to remember.",
                required: true,
                ..Text::default()
            }
                .draw(wrong)}
            {Text {
                name: "again",
                label: "New password again",
                kind: "password",
                autocomplete: "new-password",
                required: true,
                ..Text::default()
            }
                .draw(wrong)} <p class="panel-note">"You will be signed out everywhere else."</p>
            <button class="button primary wide" type="submit">
                "Change password"
            </button>
        </form>
    }
    .into_any()
}

/// The form for a new PIN; the password shows who asks, or the PIN that holds now where there is none.
#[must_use]
pub fn pin(login: &str, has_password: bool, wrong: &Wrong) -> AnyView {
    let (proof, inputmode) = if has_password {
        ("Password", "")
    } else {
        ("PIN that holds now", "numeric")
    };
    view! {
        {wrong.summary()}
        <form class="panel form narrow" method="post" action="/account/pin">
            {whose(login)}
            <p class="panel-note">
                "With your name and this PIN you sign on to shared tablets. Choose one that nobody gave you: what is done with it is on record under your name."
            </p>
            {Text {
                name: "proof",
                label: proof,
                kind: "password",
                autocomplete: "current-password",
                inputmode,
                required: true,
                focus: true,
                ..Text::default()
            }
                .draw(wrong)}
            {Text {
                name: "pin",
                label: "New PIN",
                kind: "password",
                autocomplete: "new-password",
                inputmode: "numeric",
                hint: "4 to 8 digits.",
                required: true,
                ..Text::default()
            }
                .draw(wrong)}
            {Text {
                name: "again",
                label: "New PIN again",
                kind: "password",
                autocomplete: "new-password",
                inputmode: "numeric",
                required: true,
                ..Text::default()
            }
                .draw(wrong)} <p class="panel-note">"You will be signed off other shared tablets."</p>
            <button class="button primary wide" type="submit">
                "Set the PIN"
            </button>
        </form>
    }
    .into_any()
}

/// Where the second factor stands.
#[derive(Clone, Debug)]
pub enum Factor {
    /// Off; it can be begun.
    Off,
    /// Begun: the secret, and its picture as a PNG in base64.
    Begun {
        /// Whose it is to be.
        login: String,
        /// Base32.
        secret: String,
        /// PNG, base64.
        picture: String,
    },
    /// On; who has this login can turn it off.
    On(String),
}

/// The page of the second factor.
#[must_use]
pub fn factor(at: Factor, wrong: &Wrong) -> AnyView {
    let inside = match at {
        Factor::Off => view! {
            <form class="panel form narrow" method="post" action="/account/code/begin">
                <p>
                    "With a second factor, your password alone opens nothing: you also type a code of six digits that an authenticator on your phone shows."
                </p>
                <button class="button primary wide" type="submit">
                    "Begin"
                </button>
            </form>
        }
        .into_any(),
        Factor::Begun {
            login,
            secret,
            picture,
        } => {
            let picture = format!("data:image/png;base64,{picture}");
            view! {
                <form class="panel form narrow" method="post" action="/account/code/on">
                    {whose(&login)}
                    <p>"Scan this with your authenticator, or type the letters into it."</p>
                    <img class="qr" src=picture alt="The secret as a QR code" width="240" height="240" />
                    <p class="once-box">
                        <code class="once-secret">{secret}</code>
                    </p>
                    {Text {
                        name: "code",
                        label: "Code that it shows now",
                        autocomplete: "one-time-code",
                        inputmode: "numeric",
                        required: true,
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
                    <button class="button primary wide" type="submit">
                        "Turn on"
                    </button>
                </form>
            }
            .into_any()
        }
        Factor::On(login) => view! {
            <form class="panel form narrow" method="post" action="/account/code/off">
                {whose(&login)}
                <p>"The second factor is on. To turn it off, type your password and a code. Whoever lost the authenticator asks an administrator."</p>
                {Text {
                    name: "password",
                    label: "Password",
                    kind: "password",
                    autocomplete: "current-password",
                    required: true,
                    ..Text::default()
                }
                    .draw(wrong)}
                {Text {
                    name: "code",
                    label: "Code that your authenticator shows now",
                    autocomplete: "one-time-code",
                    inputmode: "numeric",
                    required: true,
                    ..Text::default()
                }
                    .draw(wrong)}
                <button class="button wide" type="submit">
                    "Turn off"
                </button>
            </form>
        }
        .into_any(),
    };
    view! {
        {wrong.summary()}
        {inside}
    }
    .into_any()
}
