//! By what people are told: what is set up, what of it works, and a test.

use crate::domain::andon::Channel;
use crate::ui::desk::choose::problem;
use leptos::prelude::*;

/// An attempt that did not go well.
#[derive(Clone, Debug, Default)]
pub struct FailureLine {
    /// When.
    pub at: String,
    /// Who was to be told, or where.
    pub whom: String,
    /// Of which message.
    pub title: String,
    /// What was wrong.
    pub why: String,
    /// What became of the message, in a word.
    pub state: &'static str,
}

/// The last test to a receiver.
#[derive(Clone, Debug, Default)]
pub struct TestLine {
    /// When.
    pub at: String,
    /// What became of it.
    pub what: String,
    /// Who had it sent.
    pub by: String,
}

/// A channel, in words.
#[derive(Clone, Debug)]
pub struct ChannelCard {
    /// Which.
    pub channel: Channel,
    /// It is set up.
    pub is_set_up: bool,
    /// What there is to know: name and value.
    pub facts: Vec<(&'static str, String)>,
    /// A test failed, and nothing has been sent that way since.
    pub is_broken: bool,
    /// The last tests.
    pub tests: Vec<TestLine>,
    /// Since when messages are late, in words.
    pub late: Option<String>,
    /// Whether a test can be sent; if not, why not.
    pub test: Result<(), String>,
    /// What did not go well lately.
    pub failures: Vec<FailureLine>,
    /// What became of a test that was just sent: where to, and what was said.
    pub tested: Vec<Result<String, String>>,
}

/// That a message is gone, before where to. Of mail it is only known that the plant's own server has it.
#[must_use]
pub const fn gone(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "Handed to the mail server for",
        _ => "Sent to",
    }
}

/// What is to be written into the settings file for a channel.
const fn settings(channel: Channel) -> &'static str {
    match channel {
        Channel::Screen => "",
        Channel::Email => {
            "[delivery.email]\nserver = \"mail.plant.example\"\nfrom = \"MS5 Floor <floor@plant.example>\""
        }
        Channel::Push => "[delivery.push]\ncontact = \"mailto:floor@plant.example\"",
        Channel::Webhook => {
            "[delivery.webhook.NAME]\nurl = \"https://hooks.example/floor\"\nsecret_file = \"/etc/ms5-floor/hook.secret\""
        }
        Channel::Sms => {
            "[delivery.sms]\nurl = \"https://gateway.example/messages\"\nsecret_file = \"/etc/ms5-floor/sms.secret\""
        }
        Channel::Voice => {
            "[delivery.voice]\nurl = \"https://gateway.example/calls\"\nsecret_file = \"/etc/ms5-floor/voice.secret\""
        }
    }
}

const fn about(channel: Channel) -> &'static str {
    match channel {
        Channel::Screen => "On every screen where they are signed in.",
        Channel::Email => {
            "By the plant's own mail server, to the address on file. It is known whether that server took a message, and not whether it arrived: what bounces later goes to the mailbox of the sender, so somebody should read that."
        }
        Channel::Push => "To tablets and phones on which somebody allowed it.",
        Channel::Webhook => "To other programs, signed.",
        Channel::Sms => "Text messages by a gateway, to the number on file.",
        Channel::Voice => "Calls that are read aloud by a gateway, to the number on file.",
    }
}

/// The page.
#[must_use]
pub fn channels(cards: Vec<ChannelCard>, refused: Option<String>) -> AnyView {
    let (up, missing): (Vec<_>, Vec<_>) = cards.into_iter().partition(|c| c.is_set_up);
    let none = up.is_empty().then(|| {
        view! {
            <p class="caution">
                "Calls are told on screens only: whoever looks at none is not reached. Set up a channel below."
            </p>
        }
    });
    let screen = view! {
        <section class="panel channel">
            <h2>"Screen" <span class="channel-state on">"always there"</span></h2>
            <p class="panel-note">{about(Channel::Screen)}</p>
        </section>
    };
    let up: Vec<_> = up.into_iter().map(card).collect();
    let missing: Vec<_> = missing.into_iter().map(card).collect();
    view! {
        {problem(refused)} {none}
        <div class="channels">{screen} {up} {missing}</div>
    }
    .into_any()
}

fn card(card: ChannelCard) -> AnyView {
    let channel = card.channel;
    let (state, class) = match (card.is_set_up, card.is_broken, &card.late) {
        (false, _, _) => ("not set up", "channel-state off"),
        (true, true, _) => ("its test failed", "channel-state broken"),
        (true, false, Some(_)) => ("behind", "channel-state late"),
        (true, false, None) => ("set up", "channel-state on"),
    };
    let tests = card.tests.into_iter().map(|test| {
        view! {
            <li>
                <b>{test.what}</b>
                <span class="beneath">{format!("{} · by {}", test.at, test.by)}</span>
            </li>
        }
    });
    let tests: Vec<_> = tests.collect();
    let tests = (card.is_set_up && !tests.is_empty())
        .then(|| view! { <ul class="failures plain" aria-label="Last tests">{tests}</ul> });
    let fact = |(name, value): (&'static str, String)| {
        view! {
            <div class="fact">
                <dt>{name}</dt>
                <dd>{value}</dd>
            </div>
        }
    };
    let facts: Vec<_> = card.facts.into_iter().map(fact).collect();
    let facts = (!facts.is_empty()).then(|| view! { <dl class="facts">{facts}</dl> });
    let how = (!card.is_set_up).then(|| {
        view! {
            <details class="more">
                <summary>"What is missing"</summary>
                <p class="panel-note">
                    "A table in the settings file, beside [delivery] with the address of this site; then start the program anew:"
                </p>
                <pre class="settings"><code>{settings(channel)}</code></pre>
            </details>
        }
    });
    let told = card.tested.into_iter().map(|outcome| match outcome {
        Ok(words) => view! { <p class="stored" role="status">{words}</p> }.into_any(),
        Err(words) => problem(Some(words)).into_any(),
    });
    let told: Vec<_> = told.collect();
    let test = card.is_set_up.then(|| match card.test {
        Ok(()) => {
            let words = if channel == Channel::Webhook {
                "Send a test to each receiver"
            } else {
                "Send a test to myself"
            };
            view! {
                <form method="post" action=format!("/admin/channels/{}/test", channel.name())>
                    <button class="button" type="submit">
                        {words}
                    </button>
                </form>
            }
            .into_any()
        }
        Err(why) => {
            view! { <p class="panel-note">{format!("No test to you: {why}.")}</p> }.into_any()
        }
    });
    let late = card.late.map(|since| {
        view! { <p class="caution">{format!("Messages wait since {since}.")}</p> }
    });
    view! {
        <section class="panel channel" class:channel-off=!card.is_set_up id=channel.name()>
            <h2>
                {channel.words()} <span class=class>{state}</span>
            </h2>
            <p class="panel-note">{about(channel)}</p>
            {late} {facts} {how} {told} {test} {tests}
            {failures(card.is_set_up && !card.is_broken, card.failures)}
        </section>
    }
    .into_any()
}

fn failures(may_be_well: bool, lines: Vec<FailureLine>) -> Option<AnyView> {
    if lines.is_empty() {
        return may_be_well.then(|| {
            view! { <p class="panel-note">"Nothing failed in the last day."</p> }.into_any()
        });
    }
    let line = |f: FailureLine| {
        view! {
            <li>
                <b>{f.why}</b>
                <span class="beneath">{format!("{} · {} · {} · {}", f.at, f.whom, f.title, f.state)}</span>
            </li>
        }
    };
    let count = lines.len();
    let lines: Vec<_> = lines.into_iter().map(line).collect();
    let words = if count == 1 {
        "1 failure in the last day".to_owned()
    } else {
        format!("{count} failures in the last day")
    };
    Some(
        view! {
            <details class="more" open=count <= 5>
                <summary>{words}</summary>
                <ul class="failures plain">{lines}</ul>
            </details>
        }
        .into_any(),
    )
}
