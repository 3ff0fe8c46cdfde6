//! How long people waited: the key figures, and the same cut by kind, line, shift, hour.

use super::{Page, share, share_cell};
use crate::api::andon::statistics::SummaryRow;
use crate::domain::andon::{Spread, Summary};
use crate::domain::time::DurMs;
use crate::ui::format;
use crate::ui::sheets::table::{Cell, Fact, facts, note, number, panel, table, words};
use leptos::prelude::*;

/// A length of time, to the second while it is short.
fn time(length: DurMs) -> String {
    format::stop_length(length)
}

fn spread(spread: Spread) -> (String, String) {
    match spread {
        Spread::Known {
            n,
            mean,
            median,
            p90,
        } => (
            time(mean),
            format!(
                "median {} · 90 % within {} · n {}",
                time(median),
                time(p90),
                format::count(n)
            ),
        ),
        Spread::Unknown(why) => ("–".to_owned(), why.words().to_owned()),
    }
}

/// The figures of all calls.
pub fn key_figures(page: &Page) -> AnyView {
    let all = &page.found.all;
    let spread_of = |name, of| {
        let (value, note) = spread(of);
        Fact { name, value, note }
    };
    let share_of = |name, of, what: &str| {
        let (value, note) = share(of);
        Fact {
            name,
            value,
            note: format!("{note}{what}"),
        }
    };
    let open = match all.open {
        0 => "none of them is open".to_owned(),
        1 => "1 of them is still open".to_owned(),
        n => format!("{} of them are still open", format::count(n)),
    };
    let list = vec![
        Fact {
            name: "Calls",
            value: format::count(all.calls),
            note: open,
        },
        spread_of(
            "Until somebody took it, the first time (MTTA)",
            all.acknowledge,
        ),
        spread_of("Until somebody was there, the first time", all.arrive),
        spread_of("Until it was resolved (MTTR)", all.resolve),
        share_of("Went up a level", all.escalated, ""),
        share_of("Came back within 8 hours", all.repeats, ""),
        share_of("Reopened", all.reopened, ""),
        share_of("Cancelled", all.cancelled, ""),
    ];
    panel("How long people waited".to_owned(), vec![facts(list)])
}

fn spread_cell(of: Spread) -> Cell {
    match of {
        Spread::Known {
            n,
            mean,
            median,
            p90,
        } => number(time(mean)).ms(mean.0).beneath(Some(format!(
            "{} · {} · n {}",
            time(median),
            time(p90),
            format::count(n)
        ))),
        Spread::Unknown(why) => number("–").beneath(Some(why.words().to_owned())),
    }
}

fn cells(name: Cell, summary: &Summary) -> Vec<Cell> {
    vec![
        name,
        number(format::count(summary.calls)),
        spread_cell(summary.acknowledge),
        spread_cell(summary.arrive),
        spread_cell(summary.resolve),
        share_cell(summary.escalated),
        share_cell(summary.repeats),
    ]
}

/// The calls cut one way, on a surface of their own.
pub fn cut(title: &str, of: &str, field: &str, list: &[SummaryRow], page: &Page) -> AnyView {
    panel(title.to_owned(), vec![rows(of, field, list, page)])
}

/// The calls cut one way; `field` is the filter of the list of calls that shows those of a row, empty: there is none.
pub fn rows(of: &str, field: &str, list: &[SummaryRow], page: &Page) -> AnyView {
    if list.is_empty() {
        return note("No calls.");
    }
    let row = |row: &SummaryRow| {
        let mut name = words(row.name.clone());
        if !field.is_empty() {
            name = name.opens(page.calls(&[(field, row.code.as_str())]));
        }
        cells(name, &row.summary)
    };
    let head = [
        of,
        "#Calls",
        "#Until taken",
        "#Until there",
        "#Until resolved",
        "#Went up",
        "#Came back",
    ];
    let rows: Vec<_> = list.iter().map(row).collect();
    let caption = format!("{of}: mean, and beneath it median · 90 % within · how many");
    table(&caption, &head, rows, vec![])
}
