//! People: the list, and the page of each.

use super::choose::{said, select, tick};
use super::field::{Text, Wrong, whose, why};
use super::list::{Cell, Entry, List};
use leptos::prelude::*;

/// A person in the list.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Address of their page.
    pub href: String,
    /// What they type to sign in.
    pub login: String,
    /// Full name.
    pub name: String,
    /// Their roles with where.
    pub roles: Vec<String>,
    /// By what they get in.
    pub ways_in: String,
    /// When they last signed in.
    pub seen: String,
    /// `disabled`, `demonstration`, or nothing.
    pub state: &'static str,
}

/// The list.
#[must_use]
pub fn list(rows: Vec<Row>, find: &str, may_add: bool, done: Option<&str>) -> AnyView {
    let entry = |row: Row| Entry {
        name: row.name,
        href: Some(row.href),
        beneath: row.login,
        cells: vec![
            Cell::lines(row.roles),
            Cell::words(row.ways_in),
            Cell::time(row.seen),
        ],
        state: row.state,
        ..Entry::default()
    };
    let list = List {
        caption: match rows.len() {
            1 => "1 person".to_owned(),
            n => format!("{n} people"),
        },
        columns: vec!["Name and login", "Roles", "Gets in by", "Last sign-in"],
        rows: rows.into_iter().map(entry).collect(),
        empty: "Nobody is called that, and no role. Try a part of a name.",
    };
    let add = may_add.then(|| {
        view! {
            <a class="button primary" href="/admin/people/new">
                "Add a person"
            </a>
        }
    });
    view! {
        {said(done)}
        <div class="desk-tools">
            <form class="choice" method="get" action="/admin/people" role="search">
                {Text { name: "find", label: "Name, login or role", kind: "search", value: find, ..Text::default() }
                    .draw(&Wrong::default())} <button class="button" type="submit">
                    "Find"
                </button>
            </form>
            {add}
        </div>
        {list.draw()}
    }
    .into_any()
}

/// Names and roles as a form holds them.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// What they type to sign in.
    pub login: String,
    /// Full name.
    pub name: String,
    /// Address for mail.
    pub email: String,
    /// It is that of whoever looks, who changes it where the password is asked.
    pub is_own: bool,
    /// Role and place of each that they have.
    pub given: Vec<(String, String)>,
    /// The roles there are: number and name.
    pub roles: Vec<(String, String)>,
    /// The places there are: value and name.
    pub places: Vec<(String, String)>,
}

impl Names {
    /// A pair of choices for each role, and two more to give others.
    fn pairs(&self) -> AnyView {
        let none = (String::new(), "no role".to_owned());
        let roles: Vec<_> = std::iter::once(none)
            .chain(self.roles.iter().cloned())
            .collect();
        let empty = [
            (String::new(), String::new()),
            (String::new(), String::new()),
        ];
        let pair = |(role, place): &(String, String)| {
            view! {
                <div class="pair">
                    {select("role", "Role", &roles, role)} {select("where", "Where", &self.places, place)}
                </div>
            }
        };
        let pairs: Vec<_> = self.given.iter().chain(&empty).map(pair).collect();
        view! {
            <fieldset class="pairs">
                <legend>"Roles"</legend>
                <p class="panel-note">
                    "What roles allow adds up. Choose 'no role' to take one away; two more can be given at a time."
                </p>
                {pairs}
            </fieldset>
        }
        .into_any()
    }

    /// One's own is shown, and changed where the password is asked.
    fn address(&self, wrong: &Wrong) -> AnyView {
        if self.is_own {
            let email = if self.email.is_empty() {
                "none"
            } else {
                self.email.as_str()
            };
            return view! {
                <div class="field">
                    <input type="hidden" name="email" value=self.email.clone() />
                    <p>{format!("Address for mail: {email}")}</p>
                    <p class="field-said">
                        "This is you: your password is asked when you change it. "
                        <a href="/account/reached">"Change your address"</a>
                    </p>
                </div>
            }
            .into_any();
        }
        Text {
            name: "email",
            label: "Address for mail",
            kind: "email",
            value: &self.email,
            autocomplete: "off",
            hint: "May stay empty.",
            ..Text::default()
        }
        .draw(wrong)
    }

    fn fields(&self, wrong: &Wrong) -> AnyView {
        view! {
            <div class="fields">
            {Text { name: "name", label: "Name", value: &self.name, autocomplete: "off", required: true, ..Text::default() }
                .draw(wrong)}
            {self.address(wrong)}
            </div>
            {self.pairs()}
        }
        .into_any()
    }
}

/// The page that adds somebody.
#[must_use]
pub fn new(names: &Names, with_password: bool, wrong: &Wrong) -> AnyView {
    view! {
        {wrong.summary()}
        <form class="panel form" method="post" action="/admin/people">
            {Text {
                name: "login",
                label: "Login",
                value: &names.login,
                autocomplete: "off",
                hint: "Letters a to z, digits, and . - _ @",
                required: true,
                ..Text::default()
            }
                .draw(wrong)} {names.fields(wrong)}
            {tick("with_password", "yes", "Make a first password, to be changed at the first sign-in", with_password)}
            <p class="panel-note">
                "Without a password they get in by badge and PIN on shared tablets, or through your sign-in provider: set that on their page."
            </p> {why()} <button class="button primary" type="submit">
                "Add"
            </button>
        </form>
    }
    .into_any()
}

/// What the page of a person shows.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// Address of their page.
    pub href: String,
    /// As seen by whoever asks.
    pub version: i64,
    /// Names and roles.
    pub names: Names,
    /// May not sign in.
    pub disabled: bool,
    /// Belongs to the demonstration.
    pub demo: bool,
    /// Whether there is a password, a PIN, a badge, a second factor.
    pub has_password: bool,
    /// Whether a PIN is on file.
    pub has_pin: bool,
    /// Whether a badge is on file.
    pub has_badge: bool,
    /// Whether a second factor is on file.
    pub has_code: bool,
    /// Who vouches for them.
    pub issuer: String,
    /// Their name there.
    pub subject: String,
    /// Their link was taken away, and their address links them no more.
    pub not_by_address: bool,
    /// They are the one who looks.
    pub is_reader: bool,
    /// Whether who looks may change them.
    pub may_change: bool,
    /// Whether who looks may disable them.
    pub may_disable: bool,
}

/// The page of a person.
#[must_use]
pub fn person(person: &Person, wrong: &Wrong, done: Option<&str>) -> AnyView {
    let names = &person.names;
    let head = view! {
        <p class="desk-about">
            {format!("Login {}", names.login)} {person.disabled.then(|| view! { <span class="tag">"disabled"</span> })}
            {person.demo.then(|| view! { <span class="tag">"demonstration"</span> })}
        </p>
        {person
            .demo
            .then(|| {
                view! {
                    <p class="panel">
                        "This person belongs to the demonstration and stays as it is. On a real plant there is none of them."
                    </p>
                }
            })}
    };
    let change = (person.may_change && !person.demo).then(|| {
        view! {
            <form class="panel form" method="post" action=person.href.clone()>
                <input type="hidden" name="version" value=person.version.to_string() /> {names.fields(wrong)} {why()}
                <button class="button primary" type="submit">
                    "Save"
                </button>
            </form>
            {ways_in(person, wrong)}
        }
    });
    let disable = (person.may_disable && !person.demo).then(|| disable(person));
    let ends = person.may_disable && !person.demo && !person.is_reader;
    let sign_out = ends.then(|| sign_out(person));
    view! { {said(done)} {wrong.summary()} {head} {change} {sign_out} {disable} }.into_any()
}

/// Of somebody else: one's own sessions end where one sees them.
fn sign_out(person: &Person) -> AnyView {
    view! {
        <form class="panel form card" method="post" action=format!("{}/sessions/end", person.href)>
            <h2>"Sessions"</h2>
            <p class="panel-note">
                "All their sessions end, and none of their devices takes messages any more. Shared tablets stay enrolled, and they may sign in again."
            </p>
            {why()}
            <button class="button" type="submit">
                "Sign out everywhere"
            </button>
        </form>
    }
    .into_any()
}

fn ways_in(person: &Person, wrong: &Wrong) -> AnyView {
    let to = |what: &str| format!("{}/{what}", person.href);
    let password = password(person, to("password"), on_file(person.has_password));
    let provider = provider(person, to("provider"), wrong);
    let code = person.has_code.then(|| {
        view! {
            <form class="panel form" method="post" action=to("code")>
                <h2>"Second factor"</h2>
                <p class="panel-note">"Only for somebody who lost it: until they set up a new one, the password is enough."</p>
                {why()}
                <button class="button" type="submit">
                    "Remove the second factor"
                </button>
            </form>
        }
    });
    view! {
        <div class="desk-cards">
            {password}
            <form class="panel form card" method="post" action=to("badge")>
                <h2>"Badge" {on_file(person.has_badge)}</h2>
                {Text { name: "badge", label: "Number, as the reader types it", autocomplete: "off", ..Text::default() }
                    .draw(wrong)}
                {why()}
                {acts(person.has_badge)}
            </form>
            <form class="panel form card" method="post" action=to("pin")>
                {whose(&person.names.login)}
                <h2>"PIN" {on_file(person.has_pin)}</h2>
                {Text {
                    name: "pin",
                    label: "4 to 8 digits",
                    kind: "password",
                    autocomplete: "new-password",
                    inputmode: "numeric",
                    ..Text::default()
                }
                    .draw(wrong)}
                {why()}
                {acts(person.has_pin)}
            </form>
            {code}
            {provider}
        </div>
    }
    .into_any()
}

/// One's own is linked by somebody else.
fn provider(person: &Person, action: String, wrong: &Wrong) -> AnyView {
    let is_linked = !person.subject.is_empty();
    if person.is_reader {
        return view! {
            <section class="panel form card">
                <h2>"Sign-in provider" {on_file(is_linked)}</h2>
                <p class="panel-note">
                    "This is you: ask another administrator to change who vouches for you."
                </p>
            </section>
        }
        .into_any();
    }
    let by_hand = (person.not_by_address && !is_linked).then(|| {
        view! {
            <p class="panel-note">
                "Their link was removed: the address alone does not link them again, only what is set here."
            </p>
        }
    });
    view! {
        <form class="panel form card" method="post" action=action>
            <h2>"Sign-in provider" {on_file(is_linked)}</h2>
            {by_hand}
            {Text {
                name: "issuer",
                label: "Issuer",
                value: &person.issuer,
                autocomplete: "off",
                hint: "Its address, as it calls itself.",
                ..Text::default()
            }
                .draw(wrong)}
            {Text {
                name: "subject",
                label: "Subject",
                value: &person.subject,
                autocomplete: "off",
                hint: "What it calls this person.",
                ..Text::default()
            }
                .draw(wrong)}
            {why()}
            {acts(is_linked)}
        </form>
    }
    .into_any()
}

/// Whether something is there.
fn on_file(is: bool) -> AnyView {
    let words = if is { "on file" } else { "none" };
    view! { <span class="tag">{words}</span> }.into_any()
}

/// The buttons that set, and take away what is there.
fn acts(is: bool) -> AnyView {
    let remove = is.then(|| {
        view! {
            <button class="button" type="submit" name="clear" value="yes" formnovalidate>
                "Remove"
            </button>
        }
    });
    view! {
        <div class="acts">
            <button class="button" type="submit">
                "Set"
            </button>
            {remove}
        </div>
    }
    .into_any()
}

/// One's own is changed where the old one is asked.
fn password(person: &Person, action: String, has: AnyView) -> AnyView {
    if person.is_reader {
        return view! {
            <section class="panel form card">
                <h2>"Password" {has}</h2>
                <p class="panel-note">"This is you: the old one is asked when you change it."</p>
                <a class="button" href="/account/password">
                    "Change your password"
                </a>
            </section>
        }
        .into_any();
    }
    let words = if person.has_password {
        "Make a new password"
    } else {
        "Make a password"
    };
    view! {
        <form class="panel form card" method="post" action=action>
            <h2>"Password" {has}</h2>
            <p class="panel-note">
                "It is shown once. The old one holds no more, and all their sessions end."
            </p>
            {why()}
            <button class="button" type="submit">
                {words}
            </button>
        </form>
    }
    .into_any()
}

fn disable(person: &Person) -> AnyView {
    let (value, words, note) = if person.disabled {
        ("no", "Let in again", "They may not sign in.")
    } else {
        (
            "yes",
            "Disable",
            "They are signed out everywhere at once. What they did stays on record under their name.",
        )
    };
    view! {
        <form class="panel form card" method="post" action=format!("{}/disabled", person.href)>
            <h2>"Access"</h2>
            <p class="panel-note">{note}</p>
            {why()}
            <button class="button" class:risky=!person.disabled type="submit" name="disabled" value=value>
                {words}
            </button>
        </form>
    }
    .into_any()
}
