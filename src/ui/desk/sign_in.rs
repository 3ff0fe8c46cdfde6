//! Getting in.

use super::choose::{notice, problem};
use super::field::{Text, Wrong};
use leptos::prelude::*;

/// What the sign-in page shows.
#[derive(Clone, Debug, Default)]
pub struct SignIn {
    /// Where they want to go.
    pub next: String,
    /// What was typed before.
    pub login: String,
    /// What did not go well.
    pub problem: Option<String>,
    /// The roles of the demonstration: code and name.
    pub demonstration: Vec<(&'static str, &'static str)>,
    /// The name of the provider that vouches for people.
    pub provider: Option<String>,
    /// Nobody can sign in yet: the program's first words on the console hold a link.
    pub not_set_up: bool,
}

/// The page.
#[must_use]
pub fn sign_in(page: SignIn) -> AnyView {
    let next = page.next.clone();
    let role = |(code, name): &(&'static str, &'static str)| {
        view! {
            <button class="button demo-role" type="submit" name="role" value=*code>
                {*name}
            </button>
        }
    };
    let roles: Vec<_> = page.demonstration.iter().map(role).collect();
    let demonstration = (!roles.is_empty()).then(|| {
        view! {
            <form class="panel demo" method="post" action="/sign-in/demonstration">
                <h2>"Demonstration"</h2>
                <p class="panel-note">
                    "The plant is simulated and only this machine is served, so one tap is enough. On a real plant nobody gets in like this."
                </p>
                <input type="hidden" name="next" value=next.clone() />
                <div class="demo-roles">{roles}</div>
            </form>
        }
    });
    let provider = page.provider.map(|name| {
        let next = page.next.clone();
        view! {
            <form method="post" action="/sign-in/provider">
                <input type="hidden" name="next" value=next />
                <button class="button wide" type="submit">
                    {format!("Sign in with {name}")}
                </button>
            </form>
        }
    });
    let not_set_up = page.not_set_up.then(|| {
        view! {
            <p class="panel-note">
                "Nobody can sign in yet. The program wrote a one-time link to its console when it started: open it to add the first person."
            </p>
        }
    });
    let wrong = Wrong::default();
    view! {
        {problem(page.problem)}
        {demonstration}
        <form class="panel form" method="post" action="/sign-in">
            {not_set_up} <input type="hidden" name="next" value=page.next />
            {Text {
                name: "login",
                label: "Login",
                value: &page.login,
                autocomplete: "username",
                required: true,
                ..Text::default()
            }
                .draw(&wrong)}
            {Text {
                name: "password",
                label: "Password",
                kind: "password",
                autocomplete: "current-password",
                required: true,
                ..Text::default()
            }
                .draw(&wrong)} <button class="button primary wide" type="submit">
                "Sign in"
            </button>
        </form>
        {provider}
    }
    .into_any()
}

/// The page that asks for the second factor.
#[must_use]
pub fn code(said: Option<String>) -> AnyView {
    view! {
        {problem(said)}
        <form class="panel form" method="post" action="/sign-in/code">
            {Text {
                name: "code",
                label: "Code from your authenticator",
                autocomplete: "one-time-code",
                inputmode: "numeric",
                required: true,
                ..Text::default()
            }
                .draw(&Wrong::default())} <button class="button primary wide" type="submit">
                "Go on"
            </button>
        </form>
    }
    .into_any()
}

/// The page of the first start.
#[must_use]
pub fn set_up(action: String, login: &str, name: &str, wrong: &Wrong) -> AnyView {
    view! {
        {wrong.summary()}
        <form class="panel form" method="post" action=action>
            <p class="panel-note">
                "You will be able to do everything, and to add the others."
            </p>
            {Text {
                name: "name",
                label: "Your name",
                value: name,
                autocomplete: "name",
                required: true,
                ..Text::default()
            }
                .draw(wrong)}
            {Text {
                name: "login",
                label: "Login",
                value: login,
                autocomplete: "username",
                required: true,
                ..Text::default()
            }
                .draw(wrong)}
            {Text {
                name: "password",
                label: "Password",
                kind: "password",
                autocomplete: "new-password",
                hint: "At least 10 characters. A short sentence is easiest to remember.",
                required: true,
                ..Text::default()
            }
                .draw(wrong)} <button class="button primary wide" type="submit">
                "Begin"
            </button>
        </form>
    }
    .into_any()
}

/// Leads to the provider; browsers that do not follow by themselves have the button.
#[must_use]
pub fn go_there(name: &str, url: &str) -> AnyView {
    view! {
        <div class="panel form">
            <p>{format!("{name} asks who you are.")}</p>
            <a class="button primary wide" href=url.to_owned()>
                {format!("Go on to {name}")}
            </a>
        </div>
    }
    .into_any()
}

/// As whom somebody came whom we do not know.
#[derive(Clone, Debug)]
pub struct Came {
    /// What they know of themselves: their address, if the provider told one.
    pub known_as: String,
    /// The provider, as it calls itself.
    pub issuer: String,
    /// What it calls them.
    pub subject: String,
}

/// The provider knows somebody whom we do not. Issuer and subject are what an administrator needs to link them by hand.
#[must_use]
pub fn not_known(words: &str, came: &Came, ask: &[String]) -> AnyView {
    view! {
        <div class="panel form">
            <p>{words.to_owned()}</p>
            <p class="panel-note">"You came as " <code>{came.known_as.clone()}</code> ". " {whom(ask)}</p>
            <p class="panel-note">
                "To link you by hand it takes the issuer " <code>{came.issuer.clone()}</code> " and the subject "
                <code>{came.subject.clone()}</code> "."
            </p>
            <a class="button wide" href="/sign-in">
                "Sign in another way"
            </a>
        </div>
    }
    .into_any()
}

/// Whom to ask.
fn whom(ask: &[String]) -> String {
    if ask.is_empty() {
        "Ask an administrator.".to_owned()
    } else {
        format!("Ask {}.", ask.join(", "))
    }
}

/// What did not go well, where there is no form to show again, and where to go on.
#[must_use]
pub fn again(said: String, to: String) -> AnyView {
    view! {
        {problem(Some(said))}
        <p>
            <a class="button wide" href=to>
                "Try again"
            </a>
        </p>
    }
    .into_any()
}

/// What nobody may do on a shared tablet, and where to go instead.
#[must_use]
pub fn not_on_tablets(words: &str, permission: &str) -> AnyView {
    let note = view! {
        <p>"A badge or a PIN does not open this. If your role allows it, sign in with your password in a browser of your own."</p>
        <p class="panel-note">
            "What is missing here is called " <code>{permission.to_owned()}</code> "."
        </p>
    };
    notice(
        format!("On a shared tablet nobody may {words}."),
        note.into_any(),
        &[("/", "To the board"), ("/account", "Your account")],
    )
}

/// What somebody may not see, and whom to ask.
#[must_use]
pub fn forbidden(words: &str, permission: &str, ask: &[String]) -> AnyView {
    let note = view! {
        <p>{whom(ask)}</p>
        <p class="panel-note">
            "What is missing is called " <code>{permission.to_owned()}</code> "."
        </p>
    };
    notice(
        format!("You may not {words}."),
        note.into_any(),
        &[("/", "To the board"), ("/account", "Your account")],
    )
}
