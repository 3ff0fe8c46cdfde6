//! One shape for each condition, so that colour never stands alone.

use crate::domain::condition::{Condition, Tone};
use crate::domain::machine_state::MachineState;
use leptos::prelude::*;

/// What is drawn, in a box of 16 by 16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Filled(&'static str),
    Outline(&'static str),
}

const DISC: Mark = Mark::Filled("M13 8a5 5 0 1 1-10 0a5 5 0 1 1 10 0z");
const OCTAGON: &str = "M5 1h6l4 4v6l-4 4H5l-4-4V5z";

fn mark(condition: Condition) -> Mark {
    match condition {
        Condition::Running => DISC,
        Condition::Slow => Mark::Outline("M8 2l6.5 11.5h-13z"),
        Condition::Stopped => Mark::Filled(OCTAGON),
        Condition::Idle => Mark::Outline("M5.4 2h5.2L14 5.4v5.2L10.6 14H5.4L2 10.6V5.4z"),
        // Nothing comes in from the left; nothing goes out to the right.
        Condition::Starved => Mark::Outline("M2.5 2v12M14 3.5L7.5 8L14 12.5"),
        Condition::Blocked => Mark::Outline("M13.5 2v12M2 3.5L8.5 8L2 12.5"),
        Condition::Changeover => Mark::Filled("M3 3h10v10H3z"),
        Condition::Planned => Mark::Filled("M3.5 3h3v10h-3zM9.5 3h3v10h-3z"),
        Condition::NotScheduled => Mark::Outline("M3 8h10"),
        Condition::NoData => {
            Mark::Outline("M5 5.2a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M8 12.8v1.4")
        }
    }
}

/// The condition whose word, shape and tone a machine's state shares.
#[must_use]
pub const fn condition_of(state: MachineState) -> Condition {
    match state {
        MachineState::Running => Condition::Running,
        MachineState::Stopped => Condition::Stopped,
        MachineState::Idle => Condition::Idle,
        MachineState::Starved => Condition::Starved,
        MachineState::Blocked => Condition::Blocked,
        MachineState::Changeover => Condition::Changeover,
        MachineState::PlannedStop => Condition::Planned,
        MachineState::NotScheduled => Condition::NotScheduled,
        MachineState::NoData => Condition::NoData,
    }
}

/// The shape of a condition in the colour of its tone. Decoration beside the word, so it is hidden from readers.
#[component]
pub fn Shape(#[prop(into)] of: Signal<Condition>) -> impl IntoView {
    let path = move || match mark(of.get()) {
        Mark::Filled(d) | Mark::Outline(d) => d,
    };
    let class = move || {
        let kind = match mark(of.get()) {
            Mark::Filled(_) => "filled",
            Mark::Outline(_) => "outline",
        };
        format!("shape {kind} tone-{}", of.get().tone().class())
    };
    view! {
        <svg class=class viewBox="0 0 16 16" aria-hidden="true">
            <path d=path />
        </svg>
    }
    .into_any()
}

/// The same in a drawing that stands still.
#[cfg(feature = "ssr")]
pub fn still(of: Condition) -> AnyView {
    let (kind, path) = match mark(of) {
        Mark::Filled(d) => ("filled", d),
        Mark::Outline(d) => ("outline", d),
    };
    let class = format!("shape {kind} tone-{}", of.tone().class());
    view! {
        <svg class=class viewBox="0 0 16 16" aria-hidden="true">
            <path d=path />
        </svg>
    }
    .into_any()
}

/// Whether a condition is a stop that someone stands beside with a watch.
#[must_use]
pub fn pressing(condition: Condition) -> bool {
    matches!(condition.tone(), Tone::Down | Tone::Slow)
}
