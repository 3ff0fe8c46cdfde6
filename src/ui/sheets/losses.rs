//! Where the planned time went: the four figures, the way from planned time down to good output, what
//! waiting for help was part of it, the reasons.

use super::Drawn;
use super::figure::{Which, figure_panel};
use super::table::{Fact, chart, facts, note, number, panel, table, words};
use super::waiting::waited;
use crate::api::oee::ReasonLoss;
use crate::domain::account::Account;
use crate::domain::figure::{Figure, Why};
use crate::domain::loss::{LossTree, SixBigLosses};
use crate::domain::machine_state::TimeBucket;
use crate::domain::time::DurMs;
use crate::ui::charts::pareto::{Bar, pareto_svg};
use crate::ui::charts::waterfall::{steps, waterfall_svg};
use crate::ui::format;
use crate::ui::sheets::frame::pick;
use leptos::prelude::*;

/// The most bars of the chart; the table has them all.
const MOST_BARS: usize = 12;

/// The view.
pub fn view(drawn: &Drawn<'_>) -> AnyView {
    let account = &drawn.analysis.account;
    let figures: Vec<AnyView> = Which::ALL
        .into_iter()
        .map(|which| figure_panel(which, drawn))
        .collect();
    let below = if account.planned_production() == DurMs::ZERO {
        nothing_planned(account)
    } else {
        view! {
            {waterfall(account)}
            {waited(drawn)}
            {pareto(drawn)}
            {six(account)}
        }
        .into_any()
    };
    view! {
        <div class="figures">{figures}</div>
        {below}
    }
    .into_any()
}

fn nothing_planned(account: &Account) -> AnyView {
    panel(
        "No production was planned".to_owned(),
        vec![note(format!(
            "In this stretch of time there are {} of planned stops and {} outside every shift. Choose an earlier one, or \
             another shift or crew.",
            format::duration(account.planned),
            format::duration(account.not_scheduled)
        ))],
    )
}

fn waterfall(account: &Account) -> AnyView {
    let steps = steps(account);
    let whole = account.planned_production();
    let share = |t: DurMs| Figure::ratio(t.0, whole.0, Why::NotScheduled).percent();
    let rows = steps
        .iter()
        .map(|step| {
            let name = words(step.name).class(if step.loss.is_none() { "sum" } else { "" });
            let minutes = format!("{:.1}", step.time.0 as f64 / 60_000.0);
            let signed = if step
                .loss
                .is_some_and(|l| l != crate::domain::loss::Loss::Good)
            {
                format!("−{minutes}").replace("−-", "+")
            } else {
                minutes
            };
            vec![
                name,
                number(signed).ms(step.time.0),
                number(share(step.time)),
            ]
        })
        .collect();
    panel(
        "From planned time to good output".to_owned(),
        vec![
            chart("Chart of the losses", waterfall_svg(&steps)),
            as_table(table(
                "Planned time, loss by loss",
                &["Step", "#Minutes", "#Of planned time"],
                rows,
                vec![],
            )),
            note(format!(
                "Besides: planned stops {}, not scheduled {}.",
                format::duration(account.planned),
                format::duration(account.not_scheduled)
            )),
        ],
    )
}

/// A table that is there for those who want it.
pub fn as_table(table: AnyView) -> AnyView {
    view! {
        <details class="as-table">
            <summary>"The same as a table"</summary>
            {table}
        </details>
    }
    .into_any()
}

/// The address of the stops behind a bar.
fn stops_behind(drawn: &Drawn<'_>, reason: &ReasonLoss) -> String {
    let mut to = drawn.address.only(&super::CHOSEN).with("view", "stops");
    if let (crate::api::oee::Whose::Line, Some(pacing)) = (drawn.analysis.whose, drawn.pacing) {
        to = to.with("machine", pacing);
    }
    to = to
        .with("loss", bucket_name(reason.bucket))
        .with("minor", reason.minor);
    to.with("reason", reason.code.as_deref().unwrap_or("none"))
        .href()
}

/// The name of a bucket as JSON has it.
pub fn bucket_name(bucket: TimeBucket) -> String {
    bucket.words().to_lowercase().replace(" stop", "")
}

fn pareto(drawn: &Drawn<'_>) -> AnyView {
    let by_count = drawn.address.get("rank") == Some("count");
    let mut reasons: Vec<&ReasonLoss> = drawn.analysis.reasons.iter().collect();
    if reasons.is_empty() {
        let text = if drawn.address.get("product").is_some() {
            "Reasons are kept by machine, not by product: choose all products to see them."
        } else {
            "No time was lost to stops in this stretch of time."
        };
        return panel("Why it stood".to_owned(), vec![note(text)]);
    }
    if by_count {
        reasons.sort_by_key(|r| std::cmp::Reverse((r.lost.stops, r.lost.time)));
    }
    let weight = |r: &ReasonLoss| {
        if by_count {
            r.lost.stops
        } else {
            r.lost.time.0
        }
    };
    let whole: i64 = reasons.iter().map(|r| weight(r)).sum();
    let mut sum = 0;
    let mut rows = vec![];
    let mut bars = vec![];
    for (i, reason) in reasons.iter().enumerate() {
        sum += weight(reason);
        let cumulative = Figure::ratio(sum, whole, Why::NoData);
        let href = stops_behind(drawn, reason);
        let kind = if reason.minor {
            format!("{}, minor", reason.bucket.words())
        } else {
            reason.bucket.words().to_owned()
        };
        if bars.len() < MOST_BARS {
            bars.push(Bar {
                weight: if by_count {
                    reason.lost.stops as f64
                } else {
                    reason.lost.time.0 as f64 / 60_000.0
                },
                cumulative: cumulative.value().unwrap_or(0.0),
                title: format!(
                    "{}: {}, {}",
                    reason.name,
                    format::duration(reason.lost.time),
                    stops_words(reason.lost.stops)
                ),
                href: href.clone(),
                given: reason.code.is_some() || reason.bucket != TimeBucket::Unplanned,
            });
        }
        rows.push(vec![
            words(format!("{}. {}", i + 1, reason.name))
                .beneath(Some(kind))
                .opens(href),
            number(format!("{:.1}", reason.lost.time.0 as f64 / 60_000.0)).ms(reason.lost.time.0),
            number(format::count(reason.lost.stops)),
            number(cumulative.percent()),
        ]);
    }
    let choose = |count: bool, text: &str| {
        let base = drawn.address.with("view", "losses");
        let to = if count {
            base.with("rank", "count")
        } else {
            base.without(&["rank"])
        };
        pick(text, to.href(), count == by_count)
    };
    let unit = if by_count { "stops" } else { "minutes" };
    let picks = view! {
        <p class="picks" role="group" aria-label="Ranked by">
            {choose(false, "by minutes")} {choose(true, "by count")}
        </p>
    }
    .into_any();
    panel(
        "Why it stood".to_owned(),
        vec![
            picks,
            view! {
                <div class="beside">
                    {chart("Pareto chart of the reasons", pareto_svg(&bars, unit))}
                    {table(
                        "Reasons; each opens its stops",
                        &["Reason", "#Minutes", "#Stops", "#Cumulative"],
                        rows,
                        vec![],
                    )}
                </div>
            }
            .into_any(),
        ],
    )
}

fn stops_words(n: i64) -> String {
    if n == 1 {
        "1 stop".to_owned()
    } else {
        format!("{} stops", format::count(n))
    }
}

fn six(account: &Account) -> AnyView {
    let six = SixBigLosses::of(&LossTree::of(account));
    let whole = account.planned_production();
    let one = |name, time: DurMs, note: &str| Fact {
        name,
        value: format::duration(time),
        note: format!(
            "{note}; {} of planned time",
            Figure::ratio(time.0, whole.0, Why::NotScheduled).percent()
        ),
    };
    panel(
        "The six big losses".to_owned(),
        vec![facts(vec![
            one("1 Breakdowns", six.breakdowns, "unplanned stops"),
            one("2 Set-up", six.set_up, "changeover and adjustment"),
            one(
                "3 Idling and minor stops",
                six.idling_and_minor_stops,
                "waiting counts as idling",
            ),
            one("4 Reduced speed", six.reduced_speed, "slower than ideal"),
            one("5 Process defects", six.process_defects, "scrap and rework"),
            one(
                "6 Reduced yield",
                six.reduced_yield,
                "rejects while starting up",
            ),
        ])],
    )
}
