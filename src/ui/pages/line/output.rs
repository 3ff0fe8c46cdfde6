//! Output by hour against target.

use super::model::LineModel;
use crate::ui::charts::output::{bars, name, output_svg};
use crate::ui::format;
use leptos::prelude::*;

/// The chart, and the same as a table.
#[component]
pub fn Output(model: LineModel) -> impl IntoView {
    let hours = model.part(|v| v.hours.clone());
    let shown = Memo::new(move |_| hours.with(|h| model.clock.with(|c| bars(h, c))));
    let by_day = Memo::new(move |_| shown.with(Vec::len) < hours.with(Vec::len));
    let svg = move || shown.with(|bars| model.clock.with(|c| output_svg(bars, by_day.get(), c)));
    let unit = move || if by_day.get() { "day" } else { "hour" };
    let rows = move || {
        shown.with(|bars| {
            bars.iter()
                .map(|bar| {
                    let distance = bar.actual.zip(bar.target);
                    let distance = distance.map(|(made, target)| made - format::whole(target));
                    view! {
                        <tr>
                            <th scope="row">
                                {model.clock.with(|c| name(bar, by_day.get(), c))}
                                {bar.running.then_some(" (running)")}
                            </th>
                            <td class="number">{bar.actual.map_or("–".to_owned(), format::count)}</td>
                            <td class="number">{bar.target.map_or("–".to_owned(), format::pieces)}</td>
                            <td class="number">{distance.map_or("–".to_owned(), format::count)}</td>
                        </tr>
                    }
                })
                .collect_view()
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
            <details class="as-table">
                <summary>"The same as a table"</summary>
                <div class="table-box">
                <table class="table">
                    <caption class="unseen">"Output against target"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"From"</th>
                            <th scope="col" class="number">"Made"</th>
                            <th scope="col" class="number">"Target"</th>
                            <th scope="col" class="number">"Distance"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
                </div>
            </details>
        </section>
    }
    .into_any()
}
