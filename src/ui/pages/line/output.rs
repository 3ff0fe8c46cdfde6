//! Output by hour against target.

use super::model::LineModel;
use crate::ui::charts::output::{bars, name};
use crate::ui::format;
use leptos::prelude::*;

/// The chart, and the same as a table.
#[component]
pub fn Output(model: LineModel) -> impl IntoView {
    let hours = model.part(|v| v.hours.clone());
    let shown = Memo::new(move |_| hours.with(|h| model.clock.with(|c| bars(h, c))));
    let by_day = Memo::new(move |_| shown.with(Vec::len) < hours.with(Vec::len));
    let drawn = model.part(|v| v.hours_svg.clone());
    let svg = move || drawn.get();
    let unit = move || if by_day.get() { "day" } else { "hour" };
    let losses = model.part(|v| v.hour_losses.clone());
    let rows = move || {
        let mut ahead = Some(0);
        let losses = losses.get();
        shown.with(|bars| {
            bars.iter()
                .enumerate()
                .map(|(i, bar)| {
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
                            <th scope="row">
                                {model.clock.with(|c| name(bar, by_day.get(), c))}
                                {bar.running.then_some(" so far")}
                            </th>
                            <td class="number">{bar.target.map_or_else(dash, format::pieces)}</td>
                            <td class="number">{bar.actual.map_or_else(dash, format::count)}</td>
                            <td class=missed>{distance.map_or_else(dash, format::count)}</td>
                            <td class="number">{sum.map_or_else(dash, format::count)}</td>
                            <td class="words">{losses.get(i).cloned().flatten()}</td>
                        </tr>
                    }
                    .into_any()
                })
                .collect::<Vec<_>>()
        })
    };
    view! {
        <section class="panel">
            <h2>{move || format!("Output by {}", unit())}</h2>
            <p class="legend">
                <span class="legend-item"><svg class="key" aria-hidden="true"><rect class="hour" width="100%" height="100%"></rect></svg>"made"</span>
                <span class="legend-item"><svg class="key" aria-hidden="true"><rect class="hour missed" fill=crate::ui::components::hatch::MISSED width="100%" height="100%"></rect></svg>"more than 10 % short"</span>
                <span class="legend-item"><svg class="key" aria-hidden="true"><rect class="hour running" width="100%" height="100%"></rect></svg>"running"</span>
                <span class="legend-item"><svg class="key" aria-hidden="true"><line class="target" x1="0" x2="100%" y1="50%" y2="50%"></line></svg>"target"</span>
            </p>
            <div class="chart-box" tabindex="0" role="region" aria-label="Chart of the output" inner_html=svg></div>
            <div class="table-box" tabindex="0" role="region" aria-label="Hour by hour">
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
            </div>
        </section>
    }
    .into_any()
}
