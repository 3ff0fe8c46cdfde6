//! The latest stops, newest first.

use super::model::LineModel;
use crate::api::line::StopRow;
use crate::domain::local_time::LocalTime;
use crate::domain::time::{DurMs, TsMs};
use crate::ui::clock::Clock;
use crate::ui::components::shape::{Shape, condition_of};
use crate::ui::format;
use leptos::prelude::*;

#[component]
fn Row(stop: StopRow, at: TsMs, dated: bool, local: LocalTime) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let condition = condition_of(stop.state);
    let from = if dated {
        format!("{} {}", local.date(stop.from), local.clock(stop.from))
    } else {
        local.clock(stop.from)
    };
    let length = move || match stop.to {
        Some(to) => format::stop_length(to - stop.from),
        None => format!("{} so far", format::stop_length(clock.or(at) - stop.from)),
    };
    view! {
        <tr>
            <td>{from}</td>
            <td class="number">{length}</td>
            <th scope="row">{stop.machine.clone()}</th>
            <td>
                <span class="state">
                    <Shape of=Signal::stored(condition) />
                    <span class="state-word">{condition.word()}</span>
                </span>
                {stop.minor.then(|| view! { " " <small class="tag">"minor"</small> })}
            </td>
            <td class="words">{stop.cause.clone()}</td>
        </tr>
    }
    .into_any()
}

/// The latest stops as a table.
#[component]
pub fn Stops(model: LineModel) -> impl IntoView {
    let stops = model.part(|v| v.stops.clone());
    let counts = model.part(|v| (v.stop_count, v.minor_count, v.minor_stop_s));
    let dated =
        model.part(|v| v.site.clock.date(v.horizon.from()) != v.site.clock.date(v.window.to()));
    let rows = move || {
        let at = model.view.with_untracked(|v| v.now);
        let local = model.clock.get();
        stops
            .get()
            .into_iter()
            .map(|stop| view! { <Row stop=stop at=at dated=dated.get() local=local.clone() /> })
            .collect_view()
    };
    let summary = move || {
        let (long, minor, under) = counts.get();
        let Some(long) = long else {
            return "Not permitted.".to_owned();
        };
        if long == 0 && minor == 0 {
            return "No stop in this stretch of time.".to_owned();
        }
        let under = format::duration(DurMs(under * 1000));
        let long = match long {
            0 => format!("No stop of {under} or more"),
            1 => "1 stop".to_owned(),
            n => format!("{} stops", format::count(n.into())),
        };
        let minor = format::count(minor.into());
        format!("{long}, besides {minor} minor ones under {under}")
    };
    let none = move || stops.with(Vec::is_empty);
    view! {
        <section class="panel">
            <h2>"Latest stops"</h2>
            <p class="panel-note">
                {summary} " "
                <a class="button" href=move || {
                    model.view.with(|v| format!("/lines/{}?view=stops", v.tile.code))
                }>
                    "All stops, and why"
                </a>
            </p>
            <div class="table-box" tabindex="0" role="region" aria-label="Latest stops" hidden=none>
                <table class="table stops">
                    <caption class="unseen">"Latest stops"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"From"</th>
                            <th scope="col" class="number">"Length"</th>
                            <th scope="col">"Machine"</th>
                            <th scope="col">"What"</th>
                            <th scope="col">"Cause"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}
