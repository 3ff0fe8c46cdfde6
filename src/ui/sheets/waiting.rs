//! What calls for help cost a line while they waited, beside its other losses.

use super::Drawn;
use super::table::{Cell, chart, note, number, panel, table, words};
use crate::domain::andon::{Lost, Waiting};
use crate::domain::time::{DurMs, MINUTE_MS};
use crate::ui::charts::waiting::{minutes, waiting_svg};
use crate::ui::format;
use crate::ui::sheets::address::Address;
use leptos::prelude::*;

/// Where more is told of it.
const STATISTICS: &str = "/andon/statistics";

/// What is known of the calls of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calls {
    /// Nothing is shown of them: the view has no room for it, or whoever asks may not read calls.
    Hidden,
    /// The stretch of time is longer than calls are counted over.
    TooLong,
    /// What they cost.
    Known(Lost),
}

/// The parts of the time of some calls in minutes, and their sum.
pub fn row(name: impl Into<String>, under: String, waiting: Waiting) -> Vec<Cell> {
    let part = |(_, time): (&'static str, DurMs)| number(minutes(time)).ms(time.0);
    let total = waiting.total();
    let mut cells = vec![words(name).beneath(Some(under))];
    cells.extend(waiting.parts().map(part));
    cells.push(number(minutes(total)).ms(total.0).class("number sum"));
    cells
}

/// A table of such rows.
pub fn rows(rows: Vec<Vec<Cell>>) -> AnyView {
    let head = [
        "Of",
        "#Acknowledge",
        "#Travel",
        "#Repair",
        "#Restart",
        "#Together",
    ];
    table("Minutes", &head, rows, vec![])
}

/// So many calls.
#[must_use]
pub fn calls(n: i64) -> String {
    match n {
        1 => "1 call".to_owned(),
        n => format!("{} calls", format::count(n)),
    }
}

/// A bar for each of both, with what its pieces mean.
pub fn bars(lost: Lost) -> AnyView {
    let bars = [("All calls", lost.all), ("Line stopped", lost.stopped)];
    let key = |class: &'static str, text: &'static str| {
        view! {
            <span class="legend-item">
                <svg class="key" aria-hidden="true">
                    <rect class=class width="100%" height="100%"></rect>
                </svg>
                {text}
            </span>
        }
    };
    view! {
        {chart("Chart of the waiting", waiting_svg(&bars))}
        <p class="legend">
            {key("part-down", "until somebody took it")} {key("part-slow", "until they were there")}
            {key("part-planned", "until it was resolved")} {key("part-run", "until it ran")}
        </p>
    }
    .into_any()
}

/// The rows of calls that stopped their line and of all.
#[must_use]
pub fn both(lost: Lost) -> [Vec<Cell>; 2] {
    [
        row("All calls", calls(lost.calls), lost.all),
        row("Line stopped", calls(lost.stopping), lost.stopped),
    ]
}

/// The panel of a line's losses; `None`: nothing is shown of calls.
pub fn waited(drawn: &Drawn<'_>) -> Option<AnyView> {
    const TITLE: &str = "Waiting for help, in minutes of planned production";
    let span = drawn.analysis.horizon;
    let to = Address::default()
        .with("line", drawn.address.code())
        .with("from", span.from().minute().0)
        .with("to", (span.to() + DurMs(MINUTE_MS - 1)).minute().0);
    let to = format!("{STATISTICS}{}", to.query());
    let lost = match drawn.calls {
        Calls::Hidden => return None,
        Calls::TooLong => {
            let text =
                "Calls are counted over up to three months: choose a shorter stretch of time.";
            return Some(panel(TITLE.to_owned(), vec![note(text)]));
        }
        Calls::Known(lost) => lost,
    };
    let link = view! {
        <p>
            <a class="button" href=to>
                "How calls of this line are answered"
            </a>
        </p>
    }
    .into_any();
    if lost.calls == 0 {
        let text = "No call waited in planned production of this stretch of time.";
        return Some(panel(TITLE.to_owned(), vec![note(text), link]));
    }
    let narrowed = ["machine", "product"]
        .iter()
        .any(|name| drawn.address.get(name).is_some());
    let whose = if narrowed {
        "Of the whole line, whatever machine or product is chosen. "
    } else {
        ""
    };
    let inside = view! {
        <div class="beside">
            <div>
                {bars(lost)}
                {note(
                    format!(
                        "{whose}Line stopped: planned production that went by while a call waited that stopped the line, each minute once, that of the call that was raised first. All calls: each for itself, also while the line ran.",
                    ),
                )}
            </div>
            {rows(both(lost).to_vec())}
        </div>
    }
    .into_any();
    Some(panel(TITLE.to_owned(), vec![inside, link]))
}
