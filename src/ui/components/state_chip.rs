//! Shape, word and time in state: what a line or machine does, in one breath.

use super::shape::{Shape, pressing};
use super::words::words;
use crate::domain::condition::Condition;
use crate::domain::time::TsMs;
use crate::ui::clock::Clock;
use crate::ui::format;
use leptos::prelude::*;

/// What is shown of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateNow {
    /// The condition.
    pub condition: Condition,
    /// Since when.
    pub since: Option<TsMs>,
    /// When that was true, for the first render.
    pub at: TsMs,
}

/// Shape, word and time in state.
#[component]
pub fn StateChip(#[prop(into)] state: Signal<StateNow>) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let condition = Memo::new(move |_| state.get().condition);
    let lasting = move || {
        let StateNow {
            condition,
            since,
            at,
        } = state.get();
        since.map(|since| {
            let lasting = clock.or(at) - since;
            // Stops and waits run by the second; what may take its time is told in minutes.
            if pressing(condition) && condition != Condition::Slow {
                format::stopwatch(lasting)
            } else {
                format::duration(lasting)
            }
        })
    };
    view! {
        <span class="state">
            <Shape of=condition />
            {words("state-word", move || condition.get().word().to_owned())}
            {words("state-time", move || lasting().unwrap_or_default())}
        </span>
    }
    .into_any()
}
