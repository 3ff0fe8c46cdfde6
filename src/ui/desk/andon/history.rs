//! The calls of the past and of now: a list with filters, and one call opened above it with everything that happened to it.

use crate::api::andon::stop::StopOfCall;
use crate::api::andon::{CallDetail, CallPage, CallView, HistoryLine, Outcome, Told};
use crate::domain::andon::{CallKind, Channel, Priority, Stamp, Status};
use crate::domain::local_time::LocalTime;
use crate::domain::time::{DurMs, HOUR_MS, TsMs};
use crate::ui::charts::waiting::{minutes, waiting_svg};
use crate::ui::desk::current::{PART, current};
use crate::ui::desk::field::{Choice, Text, Wrong};
use crate::ui::format;
use crate::ui::sheets::address::Address;
use crate::ui::sheets::table::{Cell, Fact, chart, facts, note, number, panel, table, words};
use leptos::prelude::*;

/// Where the page is.
pub const HERE: &str = "/andon/history";

/// What the page is drawn from.
#[derive(Clone, Debug)]
pub struct Page {
    /// What is chosen: the fields of its address.
    pub address: Address,
    /// The lines that there are: code and name.
    pub lines: Vec<(String, String)>,
    /// The days that are looked at, the first and the last.
    pub days: (String, String),
    /// The clock of the site.
    pub clock: LocalTime,
    /// When it was read.
    pub now: TsMs,
    /// The calls; none: what is asked for cannot be.
    pub calls: Option<CallPage>,
    /// The call that is opened.
    pub opened: Option<CallDetail>,
}

impl Page {
    fn to(&self, address: &Address) -> String {
        format!("{HERE}{}", address.query())
    }

    fn when(&self, at: TsMs) -> String {
        format!("{} {}", self.clock.date(at), self.clock.clock(at))
    }

    fn second(&self, at: TsMs) -> String {
        format!("{} {}", self.clock.date(at), self.time(at))
    }

    fn time(&self, at: TsMs) -> String {
        let second = at.0.div_euclid(1000).rem_euclid(60);
        format!("{}:{second:02}", self.clock.clock(at))
    }
}

/// The page.
#[must_use]
pub fn history(page: &Page, wrong: &Wrong) -> AnyView {
    let opened = page.opened.as_ref().map(|call| self::opened(page, call));
    let list = page.calls.as_ref().map(|calls| list(page, calls));
    view! {
        {wrong.summary()}
        {current(&page.time(page.now))}
        <div class="sheet andon-sheet" id=PART>{opened} {filters(page, wrong)} {list}</div>
    }
    .into_any()
}

fn filters(page: &Page, wrong: &Wrong) -> AnyView {
    let get = |name: &str| page.address.get(name).unwrap_or_default();
    let choice = |name, label, all: &str, list: Vec<(String, String)>| {
        let none = (String::new(), all.to_owned());
        Choice {
            name,
            label,
            options: std::iter::once(none).chain(list).collect(),
            chosen: get(name),
        }
        .draw(wrong)
    };
    let pair = |name: &str, words: &str| (name.to_owned(), words.to_owned());
    let day = |name, label, value| {
        Text {
            name,
            label,
            value,
            kind: "date",
            ..Text::default()
        }
        .draw(wrong)
    };
    let kinds = CallKind::ALL.map(|k| pair(k.name(), k.words())).to_vec();
    let priorities = Priority::ALL.map(|p| pair(p.name(), p.words())).to_vec();
    let statuses = Status::ALL.map(|s| pair(s.name(), s.words())).to_vec();
    let went_up = vec![pair("true", "Went up"), pair("false", "Did not go up")];
    view! {
        <form class="panel search call-search" method="get" action=HERE role="search">
            <div class="fields">
                {day("from", "Raised from", &page.days.0)} {day("to", "Up to and with", &page.days.1)}
                {choice("line", "Line", "All lines", page.lines.clone())} {choice("kind", "Kind", "All kinds", kinds)}
                {choice("priority", "Priority", "All priorities", priorities)}
                {choice("status", "How far", "However far", statuses)}
                {choice("escalated", "Levels", "Whether it went up or not", went_up)}
            </div>
            <div class="acts">
                <button class="button primary" type="submit">
                    "Find"
                </button>
                <a class="button" href=HERE>
                    "The last 30 days"
                </a>
            </div>
        </form>
    }
    .into_any()
}

fn place(call: &CallView) -> (String, Option<String>) {
    match &call.machine {
        Some(machine) => (machine.name.clone(), Some(call.line.name.clone())),
        None => (call.line.name.clone(), None),
    }
}

fn kind(call: &CallView) -> String {
    let (kind, priority) = (call.call.kind, call.call.priority);
    format!("{}, {}", kind.words(), priority.words().to_lowercase())
}

/// From the call to a stamp, and by whom.
fn after(call: &CallView, stamp: Option<&Stamp>) -> Cell {
    match stamp {
        Some(stamp) => {
            let length = stamp.at - call.call.since();
            number(format::stop_length(length))
                .ms(length.0)
                .beneath(Some(stamp.by.clone()))
        }
        None => number("–"),
    }
}

/// The address of the stop that a call is about, among the stops around it.
fn stop_href(call: &CallView, stop: &StopOfCall) -> String {
    let around = DurMs(HOUR_MS);
    let end = stop.from + stop.length;
    let to = Address::parse(&call.line.code, "")
        .with("view", "stops")
        .with("from", (stop.from - around).minute().0)
        .with("to", (end + around).minute().0)
        .with("stop", &stop.id);
    format!("{}#stop", to.href())
}

/// How long a stop lasted, and why.
fn stop_words(stop: &StopOfCall) -> (String, String) {
    let length = format::stop_length(stop.length);
    let length = match stop.to {
        Some(_) => length,
        None => format!("{length} so far"),
    };
    let why = if stop.reasons.is_empty() {
        "no reason yet".to_owned()
    } else {
        stop.reasons.join(", then ")
    };
    (length, why)
}

fn stop_cell(detail: &CallDetail) -> Cell {
    let Some(stop) = &detail.stop else {
        return number("–");
    };
    let (length, why) = stop_words(stop);
    number(length)
        .ms(stop.length.0)
        .opens(stop_href(&detail.call, stop))
        .beneath(Some(why))
}

fn list(page: &Page, calls: &CallPage) -> AnyView {
    let row = |detail: &CallDetail| {
        let call = &detail.call;
        let to = page.address.with("call", call.id);
        let (place, line) = place(call);
        let level = (call.level > 0).then(|| format!("level {}", call.level));
        let raises = (call.raises > 1).then(|| format!("raised {} times", call.raises));
        vec![
            words(page.when(call.call.raised.at))
                .class("")
                .opens(format!("{}#call", page.to(&to)))
                .beneath(Some(call.call.raised.by.clone())),
            words(kind(call)).beneath(raises),
            words(place).beneath(line),
            words(call.status.words()).beneath(level),
            after(call, call.call.acknowledged.as_ref()),
            after(call, call.call.arrived.as_ref()),
            after(call, call.call.resolved.as_ref()),
            words(call.call.cause.map_or("", |cause| cause.words())),
            stop_cell(detail),
        ]
    };
    let mut inside = Vec::new();
    if calls.calls.is_empty() {
        inside.push(note("No such call. Choose a longer time or less."));
    } else {
        let rows = calls.calls.iter().map(row).collect();
        inside.push(table(
            "Calls, newest first",
            &[
                "Raised",
                "For",
                "Where",
                "How far",
                "#Taken after",
                "#There after",
                "#Resolved after",
                "Cause",
                "#Stop",
            ],
            rows,
            vec![],
        ));
    }
    let older = calls.next.as_ref().map(|next| {
        let to = page.address.without(&["call"]).with("cursor", next);
        view! {
            <a class="button" href=page.to(&to)>
                "Older calls"
            </a>
        }
    });
    let newest = page.address.get("cursor").map(|_| {
        let to = page.address.without(&["call", "cursor"]);
        view! {
            <a class="button" href=page.to(&to)>
                "Newest"
            </a>
        }
    });
    inside.push(view! { <p class="acts">{newest} {older}</p> }.into_any());
    panel("Calls".to_owned(), inside)
}

fn opened(page: &Page, detail: &CallDetail) -> AnyView {
    let call = &detail.call;
    let (place, line) = place(call);
    let place = line.map_or_else(|| place.clone(), |line| format!("{place}, {line}"));
    let title = format!("{} at {place}", kind(call));
    let close = page.to(&page.address.without(&["call"]));
    let stamps = [
        ("Raised", Some(&call.call.raised)),
        ("Reopened", call.call.reopened_last.as_ref()),
        ("Given back", call.call.handed_back.as_ref()),
        ("Acknowledged", call.call.acknowledged.as_ref()),
        ("On site", call.call.arrived.as_ref()),
        ("Resolved", call.call.resolved.as_ref()),
        ("Closed", call.call.closed.as_ref()),
        ("Cancelled", call.call.cancelled.as_ref()),
    ];
    let fact = |(name, stamp): (&'static str, Option<&Stamp>)| {
        let stamp = stamp?;
        Some(Fact {
            name,
            value: page.second(stamp.at),
            note: format!("by {}", stamp.by),
        })
    };
    let stamps: Vec<Fact> = stamps.into_iter().filter_map(fact).collect();
    let quoted = |text: &str| (!text.is_empty()).then(|| note(format!("“{text}”")));
    let parts = detail.waiting.parts();
    let parts = parts.map(|(name, time)| vec![words(name), number(minutes(time)).ms(time.0)]);
    let total = detail.waiting.total();
    let sum = vec![words("Together"), number(minutes(total)).ms(total.0)];
    let stands = call
        .call
        .line_stopped
        .then(|| view! { <span class="tag">"line stopped"</span> });
    let times = match call.raises {
        1 => None,
        n => Some(view! { <span class="tag">{format!("raised {n} times")}</span> }),
    };
    let level = (call.level > 0)
        .then(|| view! { <span class="tag">{format!("went up to level {}", call.level)}</span> });
    let about = detail.stop.as_ref().map(|stop| {
        let (length, why) = stop_words(stop);
        let since = page.second(stop.from);
        let text = format!("Stop of {} at {since}, {length}: {why}", stop.machine);
        view! {
            <p class="acts">
                <a class="button" href=stop_href(call, stop)>
                    {text}
                </a>
            </p>
        }
    });
    view! {
        <section class="panel stop-open" id="call">
            <div class="stop-head">
                <h2>{title}</h2>
                <a class="button" href=close>
                    "Close"
                </a>
            </div>
            <p class="stop-now">
                <b>{call.status.words()}</b>
                {format!(" · call {} ", call.id)}
                {call.call.cause.map(|cause| format!("· cause: {} ", cause.words().to_lowercase()))}
                {stands} {level} {times}
            </p>
            {quoted(&call.text)} {quoted(&call.note)} {about}
            {facts(stamps)}
            <div class="beside">
                <div>{chart("Chart of where the time went", waiting_svg(&[("This call", detail.waiting)]))}</div>
                {table("Where the time went", &["Part", "#Minutes"], parts.to_vec(), vec![sum])}
            </div>
            {happened(page, &detail.history)}
            {told(page, &call.told)}
        </section>
    }
    .into_any()
}

fn happened(page: &Page, lines: &[HistoryLine]) -> AnyView {
    let name = |what: &str| {
        match what {
            "raise" => "Raised",
            "join" => "Raised once more",
            "step" => "Step",
            "restart" => "Machine ran again",
            "stand" => "Machine stands again",
            "acknowledge" => "Acknowledged",
            "hand_back" => "Given back",
            "arrive" => "On site",
            "resolve" => "Resolved",
            "close" => "Closed",
            "cancel" => "Cancelled",
            "reopen" => "Reopened",
            "escalate" => "Sent up by hand",
            other => other,
        }
        .to_owned()
    };
    let row = |line: &HistoryLine| {
        vec![
            words(page.second(line.at)).class(""),
            words(name(&line.what)),
            words(line.by.clone()),
            words(line.detail.clone()),
        ]
    };
    let rows = lines.iter().map(row).collect();
    table(
        "What happened",
        &["When", "What", "Who", "More"],
        rows,
        vec![],
    )
}

const fn outcome(told: &Told) -> &'static str {
    match told.outcome {
        Outcome::Shown => "on their screens, if they look",
        Outcome::Waiting => "on its way",
        Outcome::Sent if matches!(told.via, Channel::Email) => "handed to the mail server",
        Outcome::Sent => "sent",
        Outcome::Failed => "not reached",
        Outcome::Merged => "in a summary",
    }
}

fn told(page: &Page, told: &[Told]) -> AnyView {
    if told.is_empty() {
        return note("Nobody was told.");
    }
    let row = |one: &Told| {
        vec![
            words(one.who.clone()),
            words(one.via.words()),
            number(one.level.to_string()),
            words(page.second(one.at)).class(""),
            words(outcome(one)).beneath((!one.why.is_empty()).then(|| one.why.clone())),
        ]
    };
    let rows = told.iter().map(row).collect();
    table(
        "Who was told",
        &["Who", "By", "#Level", "When", "What became of it"],
        rows,
        vec![],
    )
}
