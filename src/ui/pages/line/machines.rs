//! The machines of the line, in the order of flow.

use super::model::LineModel;
use crate::api::line::MachineRow;
use crate::domain::figure::Figure;
use crate::domain::local_time::LocalTime;
use crate::domain::time::TsMs;
use crate::ui::clock::Clock;
use crate::ui::components::shape::condition_of;
use crate::ui::components::state_chip::{StateChip, StateNow};
use crate::ui::format;
use leptos::prelude::*;

/// A figure, with the reason in small print when there is none.
fn cell(figure: Figure) -> AnyView {
    let why = figure
        .why()
        .map(|why| view! { " " <small class="why">{why.words()}</small> });
    view! { <td class="number">{figure.percent()} {why}</td> }.into_any()
}

fn speed(row: &MachineRow) -> String {
    match (row.per_minute, row.ideal_per_minute) {
        (Some(is), Some(ideal)) => {
            format!(
                "{} of {}",
                format::per_minute(is),
                format::per_minute(ideal)
            )
        }
        (Some(is), None) => format::per_minute(is),
        (None, _) => "–".to_owned(),
    }
}

/// `11:31`, and the day before it when that is not today.
fn when(at: TsMs, now: TsMs, clock: &LocalTime) -> String {
    if clock.day(now).contains(at) {
        clock.clock(at)
    } else {
        format!("{} {}", clock.date(at), clock.clock(at))
    }
}

#[component]
fn Row(row: MachineRow, at: TsMs, local: LocalTime) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let state = StateNow {
        condition: condition_of(row.state),
        since: row.since,
        at,
    };
    let heard = row.heard;
    let heard_age = move || {
        heard.map_or("never".to_owned(), |heard| {
            format::age(clock.or(at) - heard)
        })
    };
    let since = row
        .since
        .map(|since| format!("since {}", when(since, at, &local)));
    let beneath: Vec<String> = since.into_iter().chain(row.cause.clone()).collect();
    let beneath = beneath.join(" · ");
    view! {
        <tr>
            <th scope="row" class="words">
                {row.name.clone()}
                {row.pacing.then(|| view! { " " <small class="tag">"sets the pace"</small> })}
                <small class="beneath">{row.product.clone()}</small>
            </th>
            <td class="words">
                <StateChip state=Signal::stored(state) />
                <small class="beneath">{beneath}</small>
            </td>
            <td class="number">{speed(&row)}</td>
            {row.figures.iter().copied().map(cell).collect_view()}
            <td class="number">{heard_age}</td>
        </tr>
    }
    .into_any()
}

/// The machines as a table.
#[component]
pub fn Machines(model: LineModel) -> impl IntoView {
    let machines = model.part(|v| v.machines.clone());
    let rows = move || {
        let at = model.view.with_untracked(|v| v.now);
        let local = model.clock.get();
        machines
            .get()
            .into_iter()
            .map(|row| view! { <Row row=row at=at local=local.clone() /> })
            .collect_view()
    };
    view! {
        <section class="panel">
            <div class="table-box" tabindex="0" role="region" aria-label="Machines">
                <table class="table">
                    <caption>"Machines"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Machine"</th>
                            <th scope="col">"Now"</th>
                            <th scope="col" class="number words">"Pieces/min of ideal"</th>
                            <th scope="col" class="number">"OEE"</th>
                            <th scope="col" class="number"><abbr title="Availability">"A"</abbr></th>
                            <th scope="col" class="number"><abbr title="Performance">"P"</abbr></th>
                            <th scope="col" class="number"><abbr title="Quality">"Q"</abbr></th>
                            <th scope="col" class="number">"Heard"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}
