//! The pieces behind a figure, and the ideal rates that they are weighed with.

use crate::api::oee::RateUsed;
use crate::domain::account::Account;
use crate::domain::figure::{Figure, Why};
use crate::ui::format;
use crate::ui::sheets::Drawn;
use crate::ui::sheets::table::{Cell, note, number, table, words};
use leptos::prelude::*;

pub(super) fn pieces_table(a: &Account) -> AnyView {
    let c = a.counts;
    let kinds = [
        ("Good", c.good),
        ("Scrap", c.scrap),
        ("Rework", c.rework),
        ("Quality not reported", c.ungraded),
        ("Made while nothing was heard", a.in_unknown.total()),
    ];
    let all = a.pieces();
    let share = |n: i64| Figure::ratio(n, all, Why::NoOutput).percent();
    let rows = kinds
        .into_iter()
        .filter(|(_, n)| *n != 0)
        .map(|(name, n)| vec![words(name), number(format::count(n)), number(share(n))]);
    let foot = vec![
        words("All pieces"),
        number(format::count(all)),
        number(share(all)),
    ];
    table(
        "Pieces in planned production time",
        &["Kind", "#Pieces", "#Share"],
        rows.collect(),
        vec![foot],
    )
}

fn rate_cells(drawn: &Drawn<'_>, rate: &RateUsed) -> Vec<Cell> {
    let speed = rate.per_minute.map_or_else(
        || "none on file".to_owned(),
        |n| format!("{} a minute", format::per_minute(n)),
    );
    let since = rate.valid_from.map_or_else(
        || "since ever".to_owned(),
        |at| format!("since {}", drawn.site.clock.date(at)),
    );
    let source = if rate.source.is_empty() {
        "source not named".to_owned()
    } else {
        rate.source.replace('_', " ")
    };
    vec![
        words(rate.product.clone()).beneath(Some(rate.machine.clone())),
        number(speed),
        words(source).beneath(Some(since)),
        number(format::count(rate.pieces)),
    ]
}

pub(super) fn rates_table(drawn: &Drawn<'_>) -> AnyView {
    let rates = &drawn.analysis.rates;
    if rates.is_empty() {
        return note("Nothing was made, so no ideal rate was used.");
    }
    let rows = rates.iter().map(|r| rate_cells(drawn, r)).collect();
    table(
        "Ideal rates used",
        &["Product", "#Ideal rate", "Where it comes from", "#Pieces"],
        rows,
        vec![],
    )
}
