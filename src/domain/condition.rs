//! The condition of a line as a person should see it: one word, one shape, one colour.

use super::machine_state::MachineState;
use super::shift::Planned;
use serde::{Deserialize, Serialize};

/// Below this share of the ideal rate a running line is shown as slow.
pub const SLOW_BELOW: f64 = 0.85;

/// What a line is doing, for its tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Producing at its pace.
    Running,
    /// Producing, but clearly below its rate.
    Slow,
    /// Down by its own trouble.
    Stopped,
    /// Not producing, and nobody said why.
    Idle,
    /// Waiting for what comes before.
    Starved,
    /// Waiting for what comes after.
    Blocked,
    /// Being set up.
    Changeover,
    /// Break or planned stop.
    Planned,
    /// Nobody wants it to run now.
    NotScheduled,
    /// Nothing is heard from it.
    NoData,
}

/// How much attention a condition asks for; every condition has exactly one tone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// All is well: quiet.
    Calm,
    /// Someone must act: red.
    Down,
    /// Worth a look: amber.
    Slow,
    /// Planned: grey-blue.
    Planned,
    /// Unknown: hatched.
    NoData,
}

impl Condition {
    /// Every condition.
    pub const ALL: [Self; 10] = [
        Self::Running,
        Self::Slow,
        Self::Stopped,
        Self::Idle,
        Self::Starved,
        Self::Blocked,
        Self::Changeover,
        Self::Planned,
        Self::NotScheduled,
        Self::NoData,
    ];

    /// From what the machine says and what the calendar says. `rate_ratio` is the recent output over the ideal
    /// output of the same running time, when enough of it was seen.
    #[must_use]
    pub fn of(state: MachineState, planned: Planned, rate_ratio: Option<f64>) -> Self {
        match (planned, state) {
            (_, MachineState::NoData) => Self::NoData,
            (_, MachineState::Running) if rate_ratio.is_some_and(|r| r < SLOW_BELOW) => Self::Slow,
            (_, MachineState::Running) => Self::Running,
            (Planned::Off, _) | (_, MachineState::NotScheduled) => Self::NotScheduled,
            (Planned::Break, _) | (_, MachineState::PlannedStop) => Self::Planned,
            (_, MachineState::Stopped) => Self::Stopped,
            (_, MachineState::Idle) => Self::Idle,
            (_, MachineState::Starved) => Self::Starved,
            (_, MachineState::Blocked) => Self::Blocked,
            (_, MachineState::Changeover) => Self::Changeover,
        }
    }

    /// The word on the tile.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Slow => "Slow",
            Self::Stopped => "Stopped",
            Self::Idle => "Idle",
            Self::Starved => "Starved",
            Self::Blocked => "Blocked",
            Self::Changeover => "Changeover",
            Self::Planned => "Break",
            Self::NotScheduled => "Not scheduled",
            Self::NoData => "No data",
        }
    }

    /// How much attention it asks for.
    #[must_use]
    pub const fn tone(self) -> Tone {
        match self {
            Self::Running => Tone::Calm,
            Self::Stopped | Self::Idle => Tone::Down,
            Self::Slow | Self::Starved | Self::Blocked => Tone::Slow,
            Self::Changeover | Self::Planned | Self::NotScheduled => Tone::Planned,
            Self::NoData => Tone::NoData,
        }
    }
}

impl Tone {
    /// The name of its component class.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Down => "down",
            Self::Slow => "slow",
            Self::Planned => "planned",
            Self::NoData => "no-data",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_never_shown_as_idle_and_a_break_hides_a_stop() {
        for planned in [Planned::Production, Planned::Break, Planned::Off] {
            assert_eq!(
                Condition::of(MachineState::NoData, planned, None),
                Condition::NoData
            );
            assert_eq!(
                Condition::of(MachineState::Running, planned, Some(0.5)),
                Condition::Slow
            );
        }
        assert_eq!(
            Condition::of(MachineState::Stopped, Planned::Break, None),
            Condition::Planned
        );
        assert_eq!(
            Condition::of(MachineState::Stopped, Planned::Production, None),
            Condition::Stopped
        );
    }
}
