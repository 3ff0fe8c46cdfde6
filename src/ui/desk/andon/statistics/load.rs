//! How much the site is called: by ten minutes, floods by name, who calls most.

use super::{Page, place, share};
use crate::api::andon::statistics::TalkerView;
use crate::domain::andon::load::{Flood, MOST_IN_TEN_MINUTES};
use crate::ui::charts::load::{bar_length, load_svg};
use crate::ui::format;
use crate::ui::sheets::table::{Fact, chart, facts, note, number, panel, table, words};
use leptos::prelude::*;

/// The load of the window.
pub fn load(page: &Page) -> AnyView {
    let load = &page.found.load;
    let windows = load.per_ten_minutes.len();
    let bar = format!(
        "Each bar is the most in any ten minutes of {}. Every raise counts, also one that joined a call. More than {MOST_IN_TEN_MINUTES} in ten minutes are more than one person can attend to.",
        format::duration(bar_length(windows))
    );
    let (too_many, of) = share(load.too_many);
    let (of_top, top_of) = share(load.of_top);
    let figures = vec![
        Fact {
            name: "Raises",
            value: format::count(load.raises),
            note: "those that joined a call included".to_owned(),
        },
        Fact {
            name: "Ten minutes with more than 10",
            value: too_many,
            note: format!("{of}; aim at less than 1 %"),
        },
        Fact {
            name: "Most in ten minutes",
            value: format::count(load.peak),
            note: "aim at 10 or less".to_owned(),
        },
        Fact {
            name: "Floods",
            value: format::count(i64::try_from(load.floods.len()).unwrap_or(i64::MAX)),
            note: "begin above 10 in ten minutes, end below 5".to_owned(),
        },
        Fact {
            name: "From the ten that call most",
            value: of_top,
            note: top_of,
        },
        Fact {
            name: "Chatter",
            value: format::count(load.chatter),
            note: "raises that were three of the same within a minute".to_owned(),
        },
    ];
    let mut inside = vec![facts(figures)];
    inside.push(chart(
        "Chart of the load",
        load_svg(page.found.window, &load.per_ten_minutes, &page.clock),
    ));
    inside.push(note(bar));
    inside.push(floods(page, &load.floods));
    view! { {panel("How much the site was called".to_owned(), inside)} {talkers(&load.top)} }
        .into_any()
}

fn floods(page: &Page, floods: &[Flood]) -> AnyView {
    if floods.is_empty() {
        return note("There was no flood.");
    }
    let row = |(n, flood): (usize, &Flood)| {
        let until = if flood.open {
            "goes on".to_owned()
        } else {
            page.when(flood.span.to())
        };
        vec![
            words(format!("Flood {}", n + 1)),
            number(page.when(flood.span.from())),
            number(until),
            number(format::duration(flood.duration())).ms(flood.duration().0),
            number(format::count(flood.calls)),
            number(format::count(flood.peak)),
        ]
    };
    let rows = floods.iter().enumerate().map(row).collect();
    table(
        "Floods",
        &[
            "Flood",
            "#From",
            "#To",
            "#Lasted",
            "#Calls",
            "#Most in ten minutes",
        ],
        rows,
        vec![],
    )
}

fn talkers(top: &[TalkerView]) -> Option<AnyView> {
    if top.is_empty() {
        return None;
    }
    let row = |one: &TalkerView| {
        let (value, of) = share(one.share);
        let chatter = (one.chatter > 0).then(|| {
            format!(
                "{} of them within a minute of others",
                format::count(one.chatter)
            )
        });
        vec![
            words(place(&one.place)),
            words(one.kind.words()),
            number(format::count(one.share.part)).beneath(chatter),
            number(value).beneath(Some(of)),
        ]
    };
    let rows = top.iter().map(row).collect();
    let table = table(
        "The ten that call most",
        &["Where", "Kind", "#Raises", "#Of all"],
        rows,
        vec![],
    );
    Some(panel("Who calls most".to_owned(), vec![table]))
}
