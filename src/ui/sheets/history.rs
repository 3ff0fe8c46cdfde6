//! OEE row by row: by time, product, crew or machine.

use super::Drawn;
use super::figure::{Which, unknown};
use super::frame::pick;
use super::losses::as_table;
use super::table::{chart, note, number, panel, table, words};
use crate::api::oee::{By, HistoryRow};
use crate::domain::figure::Figure;
use crate::domain::time::DurMs;
use crate::ui::charts::history::history_svg;
use crate::ui::format;
use leptos::prelude::*;

/// The view.
pub fn view(drawn: &Drawn<'_>) -> AnyView {
    let history = &drawn.analysis.history;
    let picks: Vec<AnyView> = By::ALL
        .into_iter()
        .map(|by| {
            let to = drawn.address.with("by", by.name()).with("view", "history");
            pick(by.name(), to.href(), by == history.by)
        })
        .collect();
    let title = format!("OEE by {}", history.by.name());
    let mut inside = vec![
        view! {
            <p class="picks" role="group" aria-label="Cut by">
                {picks}
            </p>
        }
        .into_any(),
    ];
    if history.rows.is_empty() {
        inside.push(note(nothing(drawn)));
        return panel(title, inside);
    }
    let rows: Vec<_> = history.rows.iter().map(|r| cells(drawn, r)).collect();
    let table = table(
        "History",
        &[
            "Row",
            "#OEE",
            "#A",
            "#P",
            "#Q",
            "#Planned time",
            "#Good",
            "#All pieces",
        ],
        rows,
        vec![],
    );
    inside.push(chart(
        "Chart of the history",
        history_svg(&history.rows, drawn.analysis.targets[3]),
    ));
    inside.push(legend());
    inside.push(if history.rows.len() > 60 {
        as_table(table)
    } else {
        table
    });
    panel(title, inside)
}

/// Why there is no row.
fn nothing(drawn: &Drawn<'_>) -> &'static str {
    let named = |field: &str| drawn.address.get(field).is_some();
    let chosen = named("crew") || named("shift") && drawn.address.get("period") != Some("shift");
    match (chosen, drawn.analysis.by_signal) {
        (true, true) => {
            "In this stretch of time the line has no shift calendar: its machines say when they are scheduled, so nothing \
             belongs to a shift or a crew. Choose all shifts and crews."
        }
        (true, false) => {
            "No such shift worked in this stretch of time. Choose a longer one, or another shift or crew."
        }
        (false, true) => {
            "In this stretch of time the machines did not say that they were scheduled. Choose a longer one."
        }
        (false, false) => {
            "There is no planned production in this stretch of time. Choose a longer one."
        }
    }
}

fn legend() -> AnyView {
    let item = |class: &'static str, fill: Option<&'static str>, text: &'static str| {
        let mark = if class.starts_with("line") || class == "target" {
            view! { <line class=class x1="0" x2="100%" y1="50%" y2="50%"></line> }.into_any()
        } else {
            view! { <rect class=class fill=fill width="100%" height="100%"></rect> }.into_any()
        };
        view! {
            <span class="legend-item">
                <svg class="key" aria-hidden="true">
                    {mark}
                </svg>
                {text}
            </span>
        }
        .into_any()
    };
    view! {
        <p class="legend">
            {item("hour", None, "OEE")} {item("target", None, "target")}
            {item("line-a", None, "availability")} {item("line-p", None, "performance")}
            {item("line-q", None, "quality")}
            {item("unknown", Some(crate::ui::components::hatch::UNKNOWN), "not known")}
        </p>
    }
    .into_any()
}

fn figure(value: Figure) -> super::table::Cell {
    number(value.percent()).beneath(value.why().map(|why| why.words().to_owned()))
}

fn cells(drawn: &Drawn<'_>, row: &HistoryRow) -> Vec<super::table::Cell> {
    let known = row.account.coverage().value().unwrap_or(1.0);
    let little = known < 0.95 && row.account.planned_production() > DurMs::ZERO;
    let beneath = [
        row.cut.then(|| "a part of it".to_owned()),
        little.then(|| format!("known for {}", format::whole_percent(known))),
    ];
    let beneath: Vec<String> = beneath.into_iter().flatten().collect();
    let beneath = (!beneath.is_empty()).then(|| beneath.join(", "));
    let mut name = words(row.name.clone()).beneath(beneath);
    if let Some(span) = row.span {
        // An hour that is cut at now ends within a minute; addresses hold full minutes.
        let minute = |ms: i64| ms - ms.rem_euclid(60_000);
        let (from, to) = (minute(span.from().0), minute(span.to().0));
        if from < to {
            let kept = drawn.address.only(&["machine", "product"]);
            let to = kept
                .with("view", "losses")
                .with("from", from)
                .with("to", to);
            name = name.opens(to.href());
        }
    }
    vec![
        name,
        number(row.oee.percent()).beneath(unknown(Which::Oee, &row.account)),
        figure(row.availability),
        figure(row.performance),
        figure(row.quality),
        number(format::duration(row.account.planned_production()))
            .ms(row.account.planned_production().0),
        number(format::count(
            row.account.counts.good + row.account.in_unknown.good,
        )),
        number(format::count(row.account.pieces())),
    ]
}
