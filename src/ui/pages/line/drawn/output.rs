//! Output by hour against target: the chart, and the same as a table.

use super::Figures;
use crate::api::board::HourBar;
use crate::ui::charts::output::{bars, name, output_svg};
use crate::ui::components::hatch;
use crate::ui::format;
use leptos::prelude::*;

/// The bars that are shown, and whether each is a day.
fn shown(of: &Figures<'_>) -> (Vec<HourBar>, bool) {
    let shown = bars(of.hours, of.clock);
    let by_day = shown.len() < of.hours.len();
    (shown, by_day)
}

/// What they are counted by, and what they mean.
pub fn head(of: &Figures<'_>) -> AnyView {
    let unit = if shown(of).1 { "day" } else { "hour" };
    view! {
        <h2>{format!("Output by {unit}")}</h2>
        <p class="legend">
            <span class="legend-item"><svg class="key" aria-hidden="true"><rect class="hour" width="100%" height="100%"></rect></svg>"made"</span>
            <span class="legend-item"><svg class="key" aria-hidden="true"><rect class="hour missed" fill=hatch::MISSED width="100%" height="100%"></rect></svg>"more than 10 % short"</span>
            <span class="legend-item"><svg class="key" aria-hidden="true"><rect class="hour running" width="100%" height="100%"></rect></svg>"running"</span>
            <span class="legend-item"><svg class="key" aria-hidden="true"><line class="target" x1="0" x2="100%" y1="50%" y2="50%"></line></svg>"target"</span>
        </p>
    }
    .into_any()
}

/// The chart, as SVG.
pub fn chart(of: &Figures<'_>) -> String {
    let (shown, by_day) = shown(of);
    output_svg(&shown, by_day, of.clock)
}

/// The bars as a table.
pub fn table(of: &Figures<'_>) -> AnyView {
    let (shown, by_day) = shown(of);
    let mut ahead = Some(0);
    let row = |(i, bar): (usize, &HourBar)| {
        let distance = bar.actual.zip(bar.target);
        let distance = distance.map(|(made, target)| made - format::whole(target));
        // What has not begun adds nothing; what is not known ends the sum.
        if bar.actual.is_some() {
            ahead = ahead.zip(distance).map(|(sum, d)| sum + d);
        }
        let sum = ahead.filter(|_| bar.actual.is_some());
        let missed = if bar.missed() {
            "number missed-by"
        } else {
            "number"
        };
        let dash = || "–".to_owned();
        view! {
            <tr>
                <th scope="row">{name(bar, by_day, of.clock)} {bar.running.then_some(" so far")}</th>
                <td class="number">{bar.target.map_or_else(dash, format::pieces)}</td>
                <td class="number">{bar.actual.map_or_else(dash, format::count)}</td>
                <td class=missed>{distance.map_or_else(dash, format::count)}</td>
                <td class="number">{sum.map_or_else(dash, format::count)}</td>
                <td class="words">{of.losses.get(i).cloned().flatten()}</td>
            </tr>
        }
    };
    let rows: Vec<_> = shown.iter().enumerate().map(row).collect();
    view! {
        <table class="table hour-board">
            <caption class="unseen">"Hour by hour"</caption>
            <thead>
                <tr>
                    <th scope="col">"From"</th>
                    <th scope="col" class="number">"Target"</th>
                    <th scope="col" class="number">"Actual"</th>
                    <th scope="col" class="number">"Difference"</th>
                    <th scope="col" class="number">"Cumulative"</th>
                    <th scope="col">"Largest loss"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}
