//! The stops behind the figures, as a list; the one that the address opens stands above it.

use super::Drawn;
use super::say::say;
use super::table::{Cell, note, number, panel, table, words};
use crate::api::downtime::{CallOfStop, DowntimeDetail, DowntimeEvent, DowntimePage, ReasonsView};
use crate::domain::machine_state::TimeBucket;
use crate::domain::time::TsMs;
use crate::ui::format;
use crate::ui::sheets::address::Address;
use leptos::prelude::*;

/// In addresses: stops without a reason.
pub const NO_REASON: &str = "none";

/// Where a call for help is opened.
const CALLS: &str = "/andon/history";

/// A stop that is opened.
pub struct Opened {
    /// It, with all that was said about it.
    pub detail: DowntimeDetail,
    /// The reasons that can be given.
    pub reasons: ReasonsView,
}

/// The stops of an address.
pub struct Stops {
    /// Those of the list.
    pub page: DowntimePage,
    /// The one that is opened.
    pub opened: Option<Opened>,
}

/// The view.
pub fn view(drawn: &Drawn<'_>, stops: &Stops) -> AnyView {
    let opened = stops.opened.as_ref().map(|opened| say(drawn, opened));
    view! {
        {opened}
        {list(drawn, &stops.page)}
    }
    .into_any()
}

/// `23 Nov 14:07:12`, without the day when all of the window is one.
pub fn when(drawn: &Drawn<'_>, at: TsMs) -> String {
    let clock = &drawn.site.clock;
    let second = at.0.div_euclid(1000).rem_euclid(60);
    let time = format!("{}:{second:02}", clock.clock(at));
    if clock.date(drawn.analysis.horizon.from()) == clock.date(at) {
        time
    } else {
        format!("{} {time}", clock.date(at))
    }
}

/// What is known about why it stood, and how.
pub fn reason_words(event: &DowntimeEvent) -> (String, &'static str) {
    let mut names: Vec<&str> = vec![];
    for part in &event.parts {
        let name = part
            .reason
            .as_ref()
            .map_or("no reason", |r| r.name.as_str());
        if names.last() != Some(&name) {
            names.push(name);
        }
    }
    let known = event.parts.iter().any(|p| p.reason.is_some());
    let given = event.parts.iter().any(|p| p.given);
    let how = match (known, given, event.confirmed) {
        (false, _, _) => "nobody gave one",
        (true, _, true) => "confirmed",
        (true, true, false) => "given",
        (true, false, false) => "a guess from the fault",
    };
    match event.bucket {
        _ if known => (names.join(", then "), how),
        TimeBucket::Unplanned => ("No reason yet".to_owned(), how),
        // Waiting and changeovers speak for themselves.
        bucket => (bucket.words().to_owned(), "as the machine told"),
    }
}

/// What the machine told.
pub fn told(event: &DowntimeEvent) -> (String, Option<String>) {
    let first = event.parts.first();
    let state = first.map_or_else(String::new, |p| p.state.word().to_owned());
    let fault = event
        .parts
        .iter()
        .find_map(|p| p.fault_text.clone().or_else(|| p.fault.clone()));
    (state, fault)
}

/// The calls for help about a stop: what each is, and its address.
pub fn calls(event: &DowntimeEvent) -> Vec<(String, String)> {
    let one = |call: &CallOfStop| {
        let (kind, status) = (call.kind.words(), call.status.words().to_lowercase());
        let to = Address::default().with("call", call.id);
        (
            format!("Call {}: {kind}, {status}", call.id),
            format!("{CALLS}{}#call", to.query()),
        )
    };
    event.calls.iter().map(one).collect()
}

fn row(drawn: &Drawn<'_>, event: &DowntimeEvent, with_calls: bool) -> Vec<Cell> {
    let href = drawn
        .address
        .without(&["said"])
        .with("view", "stops")
        .with("stop", &event.id)
        .href();
    let (state, fault) = told(event);
    let (reason, how) = reason_words(event);
    let length = if event.to.is_some() {
        format::stop_length(event.length)
    } else {
        format!("{} so far", format::stop_length(event.length))
    };
    let kind = match (event.counted, event.minor) {
        (false, _) => Some("outside planned time".to_owned()),
        (true, true) => Some("minor".to_owned()),
        (true, false) => None,
    };
    let class = if how == "nobody gave one" {
        "words why"
    } else {
        "words"
    };
    let mut cells = vec![
        words(when(drawn, event.from)).class("").opens(href.clone()),
        number(length).ms(event.length.0).beneath(kind),
        words(event.machine_name.clone()),
        words(state).beneath(fault),
        words(reason)
            .class(class)
            .beneath(Some(how.to_owned()))
            .opens(href),
        words(event.comment.clone()),
    ];
    if with_calls {
        cells.push(words("").links(calls(event)));
    }
    cells
}

fn list(drawn: &Drawn<'_>, page: &DowntimePage) -> AnyView {
    let address = drawn.address;
    let mut inside = vec![];
    let narrowed = ["reason", "loss", "minor"];
    if narrowed.iter().any(|name| address.get(name).is_some()) {
        let all = address
            .without(&narrowed)
            .without(&["cursor", "stop"])
            .href();
        let of = [address.get("loss"), address.get("reason")];
        let of: Vec<&str> = of
            .into_iter()
            .flatten()
            .map(|text| if text == NO_REASON { "no reason" } else { text })
            .collect();
        inside.push(
            view! {
                <p class="panel-note">
                    {format!("Only: {}. ", of.join(", "))}
                    <a class="button" href=all data-noscroll="">
                        "All stops"
                    </a>
                </p>
            }
            .into_any(),
        );
    }
    if page.events.is_empty() {
        inside.push(note("No such stop in this stretch of time."));
    } else {
        let mut head = vec![
            "From",
            "#Length",
            "Machine",
            "What it told",
            "Reason",
            "Comment",
        ];
        let with_calls = page.events.iter().any(|event| !event.calls.is_empty());
        if with_calls {
            head.push("Calls for help");
        }
        let rows = page.events.iter();
        let rows = rows.map(|event| row(drawn, event, with_calls)).collect();
        inside.push(table("Stops, newest first", &head, rows, vec![]));
    }
    if let Some(next) = &page.next {
        let href = address.without(&["stop"]).with("cursor", next).href();
        inside.push(
            view! {
                <p>
                    <a class="button" href=href>
                        "Older stops"
                    </a>
                </p>
            }
            .into_any(),
        );
    }
    panel("Stops".to_owned(), inside)
}
