//! Where the data are, when there are none in the window.

use super::Figures;
use crate::ui::pages::line::header::address;
use leptos::prelude::*;

/// When the window holds nothing at all, but something was heard on another day: that day, and the way there.
fn last_heard(of: &Figures<'_>) -> Option<(String, String)> {
    let heard = of.heard?;
    let is_empty = of.assets.known().0 == 0 && of.assets.pieces() == 0;
    let day = of.clock.day(heard);
    let elsewhere = day.intersect(of.horizon).is_none() || !of.horizon.contains(heard);
    (is_empty && elsewhere).then(|| (of.clock.date(heard), address(of.code, day)))
}

/// The day, as a link; nothing when there are data.
pub fn elsewhere(of: &Figures<'_>) -> AnyView {
    last_heard(of)
        .map(|(day, to)| {
            view! {
                <p class="panel elsewhere">
                    "There are no data in this stretch of time. Last data: " {day} ". "
                    <a class="button" href=to>
                        "Show that day"
                    </a>
                </p>
            }
        })
        .into_any()
}
