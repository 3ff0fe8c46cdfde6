//! What the calls of a stretch of time add up to: the manager's view.

mod load;
mod times;

use crate::api::andon::statistics::{AndonStatistics, LongOpen, PlaceView, SummaryRow};
use crate::domain::andon::Share;
use crate::domain::local_time::LocalTime;
use crate::domain::time::TsMs;
use crate::ui::components::hatch::Hatchings;
use crate::ui::desk::current::{PART, current};
use crate::ui::format;
use crate::ui::sheets::address::Address;
use crate::ui::sheets::frame::pick;
use crate::ui::sheets::table::{Cell, note, number, panel, table, words};
use crate::ui::sheets::waiting;
use leptos::prelude::*;

/// Where the page is.
pub const HERE: &str = "/andon/statistics";
/// Where the calls behind it are listed.
pub const CALLS: &str = "/andon/history";

/// What the page is drawn from.
#[derive(Clone, Debug)]
pub struct Page {
    /// What is chosen: the fields of its address.
    pub address: Address,
    /// The stretch of time in words, and its bounds.
    pub label: (String, String),
    /// The length of the stretch, by its name in addresses; empty: free bounds.
    pub period: String,
    /// The days by which the stretches before and after can be asked for; none after the present one.
    pub neighbours: (Option<String>, Option<String>),
    /// The days of the stretch, the first and the last, for the list of calls.
    pub days: (String, String),
    /// The lines that there are: code and name.
    pub lines: Vec<(String, String)>,
    /// The kinds that there are: name and words.
    pub kinds: Vec<(String, String)>,
    /// The clock of the site.
    pub clock: LocalTime,
    /// When it was read.
    pub now: TsMs,
    /// The figures.
    pub found: AndonStatistics,
}

impl Page {
    fn to(&self, address: &Address) -> String {
        format!("{HERE}{}", address.query())
    }

    /// The calls behind a figure: of the same time and choice, and of `field` this value.
    fn calls(&self, more: &[(&str, &str)]) -> String {
        let mut to = self.address.only(&["line", "kind"]);
        to = to.with("from", &self.days.0).with("to", &self.days.1);
        for (field, value) in more {
            to = to.with(field, value);
        }
        format!("{CALLS}{}", to.query())
    }

    fn when(&self, at: TsMs) -> String {
        format!("{} {}", self.clock.date(at), self.clock.clock(at))
    }

    fn time(&self, at: TsMs) -> String {
        let second = at.0.div_euclid(1000).rem_euclid(60);
        format!("{}:{second:02}", self.clock.clock(at))
    }
}

/// A place in words.
#[must_use]
pub fn place(place: &PlaceView) -> String {
    match &place.machine {
        Some(machine) => format!("{}, {}", machine.name, place.line.name),
        None => place.line.name.clone(),
    }
}

/// A share in percent, with what it is of; or why there is none.
fn share(share: Share) -> (String, String) {
    let of = format!(
        "{} of {}",
        format::count(share.part),
        format::count(share.whole)
    );
    match share.value() {
        Some(value) => (format!("{:.1} %", value * 100.0), of),
        None => ("–".to_owned(), "no calls".to_owned()),
    }
}

fn share_cell(of: Share) -> Cell {
    let (value, beneath) = share(of);
    number(value).beneath(Some(beneath))
}

/// The page.
#[must_use]
pub fn statistics(page: &Page) -> AnyView {
    let found = &page.found;
    let inside = if found.all.calls == 0 && found.load.raises == 0 && found.lost.calls == 0 {
        panel(
            "No calls".to_owned(),
            vec![note(
                "Nobody called in this stretch of time. Choose a longer or an earlier one.",
            )],
        )
    } else {
        view! {
            {times::key_figures(page)}
            {lost(page)}
            {times::cut("By kind", "Kind", "kind", &found.by_kind, page)}
            {times::cut("By line", "Line", "line", &found.by_line, page)}
            {times::cut("By shift", "Shift", "", &found.by_shift, page)}
            <details class="panel more hours">
                <summary>"By hour of the day"</summary>
                {times::rows("Hour", "", &found.by_hour, page)}
            </details>
            {load::load(page)}
        }
        .into_any()
    };
    view! {
        <Hatchings />
        {current(&page.time(page.now))}
        <div class="sheet andon-sheet" id=PART>
            {nav(page)}
            {choice(page)}
            {inside}
            {longest(page)}
        </div>
    }
    .into_any()
}

fn nav(page: &Page) -> AnyView {
    let free = page.address.without(&["from", "to"]);
    let step = |day: &String, words: &'static str| {
        let period = if page.period.is_empty() {
            "day"
        } else {
            &page.period
        };
        let to = free.with("period", period).with("on", day);
        view! {
            <a class="button" href=page.to(&to)>
                {words}
            </a>
        }
    };
    let earlier = page.neighbours.0.as_ref().map(|day| step(day, "‹ Earlier"));
    let later = page.neighbours.1.as_ref().map(|day| step(day, "Later ›"));
    let is_now = page.address.get("on").is_none() && page.address.get("from").is_none();
    let now = (!is_now).then(|| {
        let to = free.without(&["on", "period"]);
        view! {
            <a class="button" href=page.to(&to)>
                "This week"
            </a>
        }
    });
    let periods = ["day", "week", "month"].map(|name| {
        let mut to = free.with("period", name);
        if to.get("on").is_none() && !is_now {
            to = to.with("on", &page.days.0);
        }
        let words = match name {
            "day" => "Day",
            "week" => "Week",
            _ => "Month",
        };
        pick(words, page.to(&to), name == page.period)
    });
    view! {
        <nav class="window-nav" aria-label="Stretch of time">
            {earlier}
            <span class="window-now">
                <strong class="window-words">{page.label.0.clone()}</strong>
                <small class="beneath">{page.label.1.clone()}</small>
            </span>
            {later}
            {now}
            <span class="picks">{Vec::from(periods)}</span>
        </nav>
    }
    .into_any()
}

fn choice(page: &Page) -> AnyView {
    let select =
        |field: &'static str, label: &'static str, all: &'static str, list: &[(String, String)]| {
            let chosen = page.address.get(field);
            let option = |(value, words): &(String, String)| {
                let selected = chosen == Some(value.as_str());
                view! {
                    <option value=value.clone() selected=selected>
                        {words.clone()}
                    </option>
                }
            };
            let options: Vec<_> = list.iter().map(option).collect();
            view! {
                <label class="field">
                    <span>{label}</span>
                    <select name=field>
                        <option value="">{all}</option>
                        {options}
                    </select>
                </label>
            }
            .into_any()
        };
    let kept = page.address.without(&["line", "kind"]);
    let kept: Vec<_> = kept
        .fields()
        .map(|(name, value)| {
            view! { <input type="hidden" name=name.to_owned() value=value.to_owned() /> }
        })
        .collect();
    view! {
        <form class="panel choice" method="get" action=HERE>
            {kept}
            {select("line", "Line", "All lines", &page.lines)}
            {select("kind", "Kind", "All kinds", &page.kinds)}
            <button class="button" type="submit">
                "Show"
            </button>
            <a class="button" href=page.calls(&[])>
                "The calls behind it"
            </a>
        </form>
    }
    .into_any()
}

/// What waiting cost: a bar beside a table of the same.
fn lost(page: &Page) -> Option<AnyView> {
    let lost = page.found.lost;
    if lost.calls == 0 {
        return None;
    }
    let mut list = waiting::both(lost).to_vec();
    let of = |of: &SummaryRow| {
        let lost = of.lost?;
        Some(waiting::row(
            of.name.clone(),
            waiting::calls(lost.calls),
            lost.all,
        ))
    };
    list.extend(page.found.by_kind.iter().filter_map(of));
    Some(
        view! {
            <section class="panel">
                <h2>"What waiting cost, in minutes of planned production"</h2>
                <div class="beside">
                    <div>
                        {waiting::bars(lost)}
                        {note(
                            "Only time of this stretch counts in which the line was planned to produce, also of calls that were raised before. All calls: those at the same time each for themselves. Line stopped: the time of a line once, that of the call that was raised first. It is part of the planned production of that line's losses.",
                        )}
                    </div>
                    {waiting::rows(list)}
                </div>
            </section>
        }
        .into_any(),
    )
}

fn longest(page: &Page) -> AnyView {
    let row = |one: &LongOpen| {
        let href = format!("{CALLS}?call={}", one.id);
        let stale = one.stale.then(|| "for more than a day".to_owned());
        vec![
            words(format!(
                "{}, {}",
                one.kind.words(),
                one.priority.words().to_lowercase()
            ))
            .opens(href),
            words(place(&one.place)),
            words(one.status.words()),
            number(page.when(one.since)),
            number(format::duration(one.age))
                .ms(one.age.0)
                .beneath(stale),
        ]
    };
    let rows: Vec<_> = page.found.longest_open.iter().map(row).collect();
    let inside = if rows.is_empty() {
        note("No call is open.")
    } else {
        table(
            "Calls that are open now, the longest first",
            &["Call", "Where", "How far", "#Since", "#Open for"],
            rows,
            vec![],
        )
    };
    panel("Open now".to_owned(), vec![inside])
}
