//! What stands around a view: which line, which view, which stretch of time, and whose.

use super::Drawn;
use super::address::Address;
use crate::api::analysis::Named;
use crate::ui::components::views::{View, views};
use leptos::prelude::*;

const PERIODS: [(&str, &str); 4] = [
    ("shift", "Shift"),
    ("day", "Day"),
    ("week", "Week"),
    ("month", "Month"),
];

/// The head, the ways to other stretches of time, the choice, and the view itself.
pub fn around(view: View, drawn: &Drawn<'_>, inside: AnyView) -> AnyView {
    let simulated = drawn
        .site
        .simulated
        .then(|| view! { " " <span class="tag">"simulated plant"</span> });
    let chosen = drawn.address.only(&super::CHOSEN);
    let tabs = views(view, |to| match to {
        View::Now => Address::parse(chosen.code(), "").href(),
        to => chosen.with("view", to.name()).href(),
    });
    let site = drawn.site.name.clone();
    view! {
        <header class="page-head line-head">
            <a class="button back" href="/">
                <span aria-hidden="true">"‹"</span>
                "Board"
            </a>
            <div class="line-title">
                <h1 tabindex="-1">{drawn.line.to_owned()}</h1>
                <p class="muted">{site} {simulated}</p>
            </div>
            {tabs}
        </header>
        {time_nav(drawn)}
        <main id="main" tabindex="-1" class="line-main">
            {whose_nav(view, drawn)}
            {inside}
        </main>
    }
    .into_any()
}

/// A link that looks like a button; the chosen one is marked.
pub fn pick(text: &str, href: String, chosen: bool) -> AnyView {
    let current = chosen.then_some("true");
    view! { <a class="pick" href=href aria-current=current data-noscroll="">{text.to_owned()}</a> }
        .into_any()
}

/// The production day that a change of period keeps in view.
fn day_shown(drawn: &Drawn<'_>) -> Option<String> {
    let on = drawn.address.get("on").map(str::to_owned);
    on.or_else(|| {
        let from = drawn.address.get("from")?;
        let from = from.parse().ok()?;
        Some(drawn.site.clock.date(crate::domain::time::TsMs(from)))
    })
}

/// Earlier and later, the length of the stretch, a day to go to.
fn time_nav(drawn: &Drawn<'_>) -> AnyView {
    let address = drawn.address;
    let analysis = drawn.analysis;
    // Where machines say when they are scheduled there is no shift to go to.
    let has_shifts = !analysis.by_signal || address.get("period") == Some("shift");
    let period = if address.get("from").is_some() {
        ""
    } else {
        address
            .get("period")
            .unwrap_or(if address.get("on").is_some() {
                "day"
            } else if has_shifts {
                "shift"
            } else {
                ""
            })
    };
    let free = address.without(&[
        "from",
        "to",
        "than_from",
        "than_to",
        "stop",
        "said",
        "cursor",
    ]);
    let day = day_shown(drawn);
    let periods: Vec<AnyView> = PERIODS
        .into_iter()
        .filter(|(name, _)| *name != "shift" || has_shifts)
        .map(|(name, word)| {
            let mut to = free.with("period", name);
            if let Some(day) = &day {
                to = to.with("on", day);
            }
            // The shift's name belongs to the period "shift"; elsewhere it is a filter.
            if name == "shift" || period == "shift" {
                to = to.without(&["shift"]);
            }
            pick(word, to.href(), name == period)
        })
        .collect();
    let step = |on: &str| {
        let to = free.with("period", if period.is_empty() { "day" } else { period });
        to.with("on", on)
    };
    let shift_name = analysis
        .label
        .split_once(',')
        .map(|(name, _)| name.to_owned())
        .filter(|_| period == "shift");
    let arrow = |on: &str, earlier: bool| {
        let mut to = step(on);
        if let Some(name) = &shift_name {
            to = to.with("shift", name);
        }
        let href = to.href();
        if earlier {
            view! {
                <a class="button" href=href>
                    <span aria-hidden="true">"‹"</span>
                    "Earlier"
                </a>
            }
            .into_any()
        } else {
            view! {
                <a class="button" href=href>
                    "Later"
                    <span aria-hidden="true">"›"</span>
                </a>
            }
            .into_any()
        }
    };
    let earlier = analysis.neighbours.as_ref().map(|(on, _)| arrow(on, true));
    let over = analysis.horizon.to() <= analysis.now;
    let later = analysis.neighbours.as_ref().filter(|_| over);
    let later = later.map(|(_, on)| arrow(on, false));
    let today = (address.get("on").is_some() || address.get("from").is_some()).then(|| {
        let href = free.without(&["on", "period", "shift"]).href();
        view! {
            <a class="button" href=href>
                "Now"
            </a>
        }
    });
    let clock = &drawn.site.clock;
    let bounds = format!(
        "{} {} – {} {}",
        clock.date(analysis.horizon.from()),
        clock.clock(analysis.horizon.from()),
        clock.date(analysis.horizon.to()),
        clock.clock(analysis.horizon.to())
    );
    view! {
        <nav class="window-nav" aria-label="Stretch of time">
            {earlier}
            <span class="window-now">
                <strong class="window-words">{analysis.label.clone()}</strong>
                <small class="beneath">{bounds}</small>
            </span>
            {later}
            {today}
            <span class="picks">{periods}</span>
        </nav>
    }
    .into_any()
}

fn options(list: &[Named], chosen: Option<&str>) -> Vec<AnyView> {
    list.iter()
        .map(|named| {
            let selected = chosen == Some(named.code.as_str());
            view! {
                <option value=named.code.clone() selected=selected>
                    {named.name.clone()}
                </option>
            }
            .into_any()
        })
        .collect()
}

fn select(
    label: &str,
    field: &str,
    all: &str,
    list: &[Named],
    chosen: Option<&str>,
) -> Option<AnyView> {
    if list.is_empty() && chosen.is_none() {
        return None;
    }
    Some(
        view! {
            <label class="field">
                <span>{label.to_owned()}</span>
                <select name=field.to_owned()>
                    <option value="">{all.to_owned()}</option>
                    {options(list, chosen)}
                </select>
            </label>
        }
        .into_any(),
    )
}

fn plain(names: &[String]) -> Vec<Named> {
    let named = |name: &String| Named {
        code: name.clone(),
        name: name.clone(),
    };
    names.iter().map(named).collect()
}

/// Whose figures: a form that only reads, so it needs no script.
fn whose_nav(view: View, drawn: &Drawn<'_>) -> AnyView {
    let (address, analysis) = (drawn.address, drawn.analysis);
    let mut machines = analysis.machines.clone();
    machines.insert(
        0,
        Named {
            code: "assets".to_owned(),
            name: "All machines, summed".to_owned(),
        },
    );
    let by_shift = address.get("period") == Some("shift");
    let fields = [
        select(
            "Of",
            "machine",
            "The line",
            &machines,
            address.get("machine"),
        ),
        select(
            "Product",
            "product",
            "All products",
            &analysis.products,
            address.get("product"),
        ),
        select(
            "Shift",
            "shift",
            if by_shift {
                "The running one"
            } else {
                "All shifts"
            },
            &plain(&analysis.shifts),
            address.get("shift"),
        ),
        select(
            "Crew",
            "crew",
            "All crews",
            &plain(&analysis.crews),
            address.get("crew"),
        ),
    ];
    let kept = address
        .without(&[
            "machine", "product", "shift", "crew", "view", "on", "stop", "cursor",
        ])
        .with("view", view.name());
    let kept: Vec<AnyView> = kept
        .fields()
        .map(|(name, value)| {
            view! { <input type="hidden" name=name.to_owned() value=value.to_owned() /> }.into_any()
        })
        .collect();
    let day = day_shown(drawn);
    let free = address.get("from").is_some();
    let on = (!free).then(|| {
        view! {
            <label class="field">
                <span>"Day"</span>
                <input type="date" name="on" value=day />
            </label>
        }
    });
    let fields: Vec<AnyView> = fields.into_iter().flatten().collect();
    view! {
        <form class="panel choice" method="get" action=Address::parse(address.code(), "").href()>
            {kept}
            {on}
            {fields}
            <button class="button" type="submit">
                "Show"
            </button>
        </form>
    }
    .into_any()
}
