//! Two periods, and what makes them different, loss by loss.

use super::Drawn;
use super::figure::{Which, explained};
use super::frame::pick;
use super::table::{caution, chart, note, number, panel, table, words};
use crate::domain::difference::Difference;
use crate::ui::charts::difference::difference_svg;
use crate::ui::format;
use leptos::prelude::*;

/// The view.
pub fn view(drawn: &Drawn<'_>) -> AnyView {
    let analysis = drawn.analysis;
    let mut inside = vec![than(drawn), figures(drawn)];
    match &analysis.difference {
        Ok(difference) => inside.extend(told(difference)),
        Err(why) => {
            let known = |account: &crate::domain::account::Account| account.oee().why();
            for (label, account) in [
                (&analysis.label, &analysis.account),
                (&analysis.before_label, &analysis.before),
            ] {
                if let Some(why) = known(account) {
                    inside.push(caution(format!(
                        "{label} has no OEE: {}.",
                        explained(why, account)
                    )));
                }
            }
            inside.push(note(format!(
                "So the difference cannot be told ({}). Compare with another period.",
                why.words()
            )));
        }
    }
    panel("What made the difference".to_owned(), inside)
}

/// What it may be compared with.
fn than(drawn: &Drawn<'_>) -> AnyView {
    let (address, analysis) = (drawn.address, drawn.analysis);
    let base = address
        .without(&["than_from", "than_to"])
        .with("view", "compare");
    let chosen = address.get("than_from").is_some();
    let mut picks = vec![pick("the one before", base.href(), !chosen)];
    for earlier in &analysis.earlier {
        let minute = |ms: i64| ms - ms.rem_euclid(60_000);
        let than = earlier.window;
        let (from, to) = (minute(than.from().0), minute(than.to().0));
        let current = address.get("than_from") == Some(from.to_string().as_str());
        let to = base.with("than_from", from).with("than_to", to);
        picks.push(pick(&earlier.words, to.href(), current));
    }
    view! {
        <p class="picks" role="group" aria-label="Compared with">
            {picks}
        </p>
        <p class="panel-note">
            <b>{analysis.label.clone()}</b>
            " compared with "
            <b>{analysis.before_label.clone()}</b>
        </p>
    }
    .into_any()
}

/// The four figures of both.
fn figures(drawn: &Drawn<'_>) -> AnyView {
    let (before, after) = (&drawn.analysis.before, &drawn.analysis.account);
    let rows = Which::ALL
        .into_iter()
        .map(|which| {
            let (b, a) = (which.of(before), which.of(after));
            let change = b.value().zip(a.value()).map(|(b, a)| a - b);
            vec![
                words(which.name()),
                number(b.percent()).beneath(b.why().map(|w| w.words().to_owned())),
                number(a.percent()).beneath(a.why().map(|w| w.words().to_owned())),
                number(change.map_or_else(|| "–".to_owned(), format::points)),
            ]
        })
        .collect();
    table(
        "Figures of both",
        &["Figure", "#Before", "#Now", "#Points"],
        rows,
        vec![],
    )
}

fn told(difference: &Difference) -> Vec<AnyView> {
    let percent = |share: f64| format!("{:.2} %", share * 100.0);
    let rows = difference
        .losses
        .iter()
        .map(|c| {
            vec![
                words(c.loss.words()),
                number(percent(c.before)),
                number(percent(c.after)),
                number(format::points(c.effect)).class("number part"),
            ]
        })
        .collect();
    let foot = vec![
        words("OEE"),
        number(""),
        number(""),
        number(format::points(difference.delta)).class("number whole"),
    ];
    let verdict = if difference.delta < 0.0 {
        "lower"
    } else {
        "higher"
    };
    let mut out = vec![
        note(format!(
            "OEE is {} points {verdict}. Each bar is what one loss contributes; together they are the difference, exactly.",
            format::points(difference.delta).trim_start_matches(['+', '−'])
        )),
        chart(
            "Chart of the contributions",
            difference_svg(&difference.losses),
        ),
        table(
            "Contribution of every loss, in points of OEE",
            &["Loss", "#Share before", "#Share now", "#Points of OEE"],
            rows,
            vec![foot],
        ),
    ];
    if let Some([a, p, q]) = difference.factors {
        out.push(note(format!(
            "By factor: availability {}, performance {}, quality {} points (Shapley; they add up, too).",
            format::points(a),
            format::points(p),
            format::points(q)
        )));
    }
    out
}
