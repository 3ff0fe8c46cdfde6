//! What a machine says it is doing.

use serde::{Deserialize, Serialize};

/// The state of a machine, in the words of ISA-TR88 and SEMI E10 where they have one.
///
/// The discriminant is what the database stores; it never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[repr(i64)]
pub enum MachineState {
    /// Producing.
    Running = 1,
    /// Stopped by its own trouble: a fault, a jam, an emergency stop.
    Stopped = 2,
    /// Ready but not producing, and nobody said why.
    Idle = 3,
    /// Waiting for the machine before it.
    Starved = 4,
    /// Waiting for the machine behind it.
    Blocked = 5,
    /// Being set up for another product.
    Changeover = 6,
    /// Stopped on purpose: planned maintenance, cleaning, a meeting.
    PlannedStop = 7,
    /// Nobody wants it to run.
    NotScheduled = 8,
    /// We do not know: nothing was heard.
    NoData = 9,
}

/// Where the time of a state goes in the loss model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[repr(i64)]
pub enum TimeBucket {
    /// Run time.
    Run = 1,
    /// Unplanned stop: a loss of availability.
    Unplanned = 2,
    /// Set-up and adjustment: a loss of availability.
    Changeover = 3,
    /// Waiting for what comes before: a loss of availability with its cause elsewhere.
    Starved = 4,
    /// Waiting for what comes after.
    Blocked = 5,
    /// Planned stop: outside planned production time.
    Planned = 6,
    /// Not scheduled: outside planned production time.
    NotScheduled = 7,
    /// Unknown: inside planned production time, neither run nor loss.
    Unknown = 8,
}

impl TimeBucket {
    /// Every bucket.
    pub const ALL: [Self; 8] = [
        Self::Run,
        Self::Unplanned,
        Self::Changeover,
        Self::Starved,
        Self::Blocked,
        Self::Planned,
        Self::NotScheduled,
        Self::Unknown,
    ];

    /// Those whose time is lost.
    pub const LOSSES: [Self; 4] = [
        Self::Unplanned,
        Self::Changeover,
        Self::Starved,
        Self::Blocked,
    ];

    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Unplanned => "unplanned",
            Self::Changeover => "changeover",
            Self::Starved => "starved",
            Self::Blocked => "blocked",
            Self::Planned => "planned",
            Self::NotScheduled => "not_scheduled",
            Self::Unknown => "unknown",
        }
    }

    /// Its name for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Run => "Run",
            Self::Unplanned => "Unplanned stop",
            Self::Changeover => "Changeover",
            Self::Starved => "Starved",
            Self::Blocked => "Blocked",
            Self::Planned => "Planned stop",
            Self::NotScheduled => "Not scheduled",
            Self::Unknown => "No data",
        }
    }

    /// The number that the database stores; it never changes its meaning.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// The bucket with this stored number.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|b| b.code() == code)
    }

    /// Whether short stretches of it are minor stops.
    #[must_use]
    pub const fn may_be_minor(self) -> bool {
        matches!(self, Self::Unplanned | Self::Starved | Self::Blocked)
    }

    /// Whether it is waiting for another machine.
    #[must_use]
    pub const fn is_waiting(self) -> bool {
        matches!(self, Self::Starved | Self::Blocked)
    }

    /// Whether its time is lost availability (or a minor stop).
    #[must_use]
    pub const fn is_loss(self) -> bool {
        matches!(
            self,
            Self::Unplanned | Self::Starved | Self::Blocked | Self::Changeover
        )
    }

    /// Whether a machine that leaves it starts up.
    #[must_use]
    pub const fn starts_up_after(self) -> bool {
        matches!(self, Self::Changeover | Self::Planned | Self::NotScheduled)
    }
}

impl MachineState {
    /// Every state, in the order of the codes.
    pub const ALL: [Self; 9] = [
        Self::Running,
        Self::Stopped,
        Self::Idle,
        Self::Starved,
        Self::Blocked,
        Self::Changeover,
        Self::PlannedStop,
        Self::NotScheduled,
        Self::NoData,
    ];

    /// The number that the database stores.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// The state with this stored number.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.code() == code)
    }

    /// The name used on the wire, in CSS classes and in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Idle => "idle",
            Self::Starved => "starved",
            Self::Blocked => "blocked",
            Self::Changeover => "changeover",
            Self::PlannedStop => "planned_stop",
            Self::NotScheduled => "not_scheduled",
            Self::NoData => "no_data",
        }
    }

    /// The word shown to people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Stopped => "Stopped",
            Self::Idle => "Idle",
            Self::Starved => "Starved",
            Self::Blocked => "Blocked",
            Self::Changeover => "Changeover",
            Self::PlannedStop => "Planned stop",
            Self::NotScheduled => "Not scheduled",
            Self::NoData => "No data",
        }
    }

    /// Where its time goes in the loss model.
    #[must_use]
    pub const fn bucket(self) -> TimeBucket {
        match self {
            Self::Running => TimeBucket::Run,
            Self::Stopped | Self::Idle => TimeBucket::Unplanned,
            Self::Starved => TimeBucket::Starved,
            Self::Blocked => TimeBucket::Blocked,
            Self::Changeover => TimeBucket::Changeover,
            Self::PlannedStop => TimeBucket::Planned,
            Self::NotScheduled => TimeBucket::NotScheduled,
            Self::NoData => TimeBucket::Unknown,
        }
    }

    /// Whether a stop before it is over: the machine runs, or nothing is known of it.
    #[must_use]
    pub const fn ends_stops(self) -> bool {
        matches!(self, Self::Running | Self::NoData)
    }

    /// Whether the machine itself says that this is not production time.
    #[must_use]
    pub const fn is_off(self) -> bool {
        matches!(self, Self::PlannedStop | Self::NotScheduled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_distinct_and_read_back() {
        for state in MachineState::ALL {
            assert_eq!(MachineState::from_code(state.code()), Some(state));
            assert_eq!(
                serde_json::to_string(&state).expect("json"),
                format!("\"{}\"", state.name())
            );
        }
        assert_eq!(MachineState::from_code(0), None);
    }
}
