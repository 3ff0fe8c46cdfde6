//! Where the parts of the page stand that the server draws. What somebody opened, scrolled or has the focus in stays as it
//! is when its content is drawn anew.

use super::model::{Accounts, LineModel};
use crate::api::line::Part;
use crate::ui::components::drawn::drawn;
use leptos::prelude::*;

/// A part in a box of its own, in which it can be scrolled.
fn boxed(model: LineModel, part: Part, (class, label): (&'static str, &'static str)) -> AnyView {
    let html = model.drawn(part);
    view! { <div class=class tabindex="0" role="region" aria-label=label inner_html=move || html.get()></div> }
        .into_any()
}

/// A figure that opens its account.
fn figure(model: LineModel, accounts: Accounts, (part, name): (Part, &'static str)) -> AnyView {
    let summary = model.drawn(part);
    view! {
        <section class="panel figure">
            <details class="account-of" data-figure=name on:toggle=move |_| accounts.renew()>
                <summary inner_html=move || summary.get()></summary>
                <div inner_html=move || accounts.part(part as usize)></div>
            </details>
        </section>
    }
    .into_any()
}

/// The four figures, and below them the other way to look at the same time.
#[component]
pub fn Figures(model: LineModel, accounts: Accounts) -> impl IntoView {
    let four = [
        (Part::Oee, "OEE"),
        (Part::Availability, "Availability"),
        (Part::Performance, "Performance"),
        (Part::Quality, "Quality"),
    ];
    let panels: Vec<AnyView> = four.map(|of| figure(model, accounts, of)).into();
    view! {
        <div class="figures">{panels}</div>
        {drawn(model.drawn(Part::Notes))}
    }
    .into_any()
}

/// What each machine did over the stretch of time, as a ribbon a machine, and the same as a table.
#[component]
pub fn Ribbons(model: LineModel) -> impl IntoView {
    view! {
        <section class="panel">
            <h2>"What the machines did"</h2>
            {drawn(model.drawn(Part::Ribbons))}
            <details class="as-table">
                <summary>"Time in each state, as a table"</summary>
                {boxed(model, Part::States, ("table-box", "Time in each state"))}
            </details>
        </section>
    }
    .into_any()
}

/// The output by hour or by day: the chart, and the same as a table.
#[component]
pub fn Output(model: LineModel) -> impl IntoView {
    view! {
        <section class="panel">
            {drawn(model.drawn(Part::OutputHead))}
            {boxed(model, Part::OutputChart, ("chart-box", "Chart of the output"))}
            {boxed(model, Part::Output, ("table-box", "Hour by hour"))}
        </section>
    }
    .into_any()
}
