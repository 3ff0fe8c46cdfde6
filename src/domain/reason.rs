//! Why a machine stood: the tree of reasons, and where each sends the lost time.

use super::ids::ReasonId;
use super::machine_state::TimeBucket;
use serde::{Deserialize, Serialize};

/// What a reason means for the loss model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// The machine's own trouble, its material, its operator: an unplanned stop.
    Unplanned,
    /// Set-up and adjustment.
    Changeover,
    /// Waiting for what comes before.
    Starved,
    /// Waiting for what comes after.
    Blocked,
    /// Something that is usually planned: cleaning, a break, maintenance. Said afterwards, it explains the stop and
    /// leaves its minutes where they are.
    Planned,
}

impl Category {
    /// Every category.
    pub const ALL: [Self; 5] = [
        Self::Unplanned,
        Self::Changeover,
        Self::Starved,
        Self::Blocked,
        Self::Planned,
    ];

    /// Its name on the wire and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unplanned => "unplanned",
            Self::Changeover => "changeover",
            Self::Starved => "starved",
            Self::Blocked => "blocked",
            Self::Planned => "planned",
        }
    }

    /// The category with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.name() == name)
    }

    /// Where the time of a stop goes that is in `bucket` by its state.
    #[must_use]
    pub const fn moves(self, bucket: TimeBucket) -> TimeBucket {
        match self {
            Self::Unplanned => TimeBucket::Unplanned,
            Self::Changeover => TimeBucket::Changeover,
            Self::Starved => TimeBucket::Starved,
            Self::Blocked => TimeBucket::Blocked,
            Self::Planned => bucket,
        }
    }
}

/// What a fault of a machine before points to when it names no reason of its own.
pub const UPSTREAM_STOP: &str = "UPSTREAM_STOP";
/// The same of a machine behind.
pub const DOWNSTREAM_STOP: &str = "DOWNSTREAM_STOP";

/// Whether walking up from `code` leads back to it. `parent` tells the code of the group above, if there is one.
#[must_use]
pub fn is_above_itself<'a>(code: &str, parent: impl Fn(&str) -> Option<&'a str>) -> bool {
    let mut seen = std::collections::HashSet::new();
    let mut at = parent(code);
    while let Some(above) = at {
        if above == code {
            return true;
        }
        // A circle further up is not this one's.
        if !seen.insert(above) {
            return false;
        }
        at = parent(above);
    }
    false
}

/// A reason as far as the arithmetic needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Which.
    pub reason: ReasonId,
    /// What it means.
    pub category: Category,
}

/// A reason of the set that every plant starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefaultReason {
    /// Its code.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The code of the group above it; empty at the top.
    pub parent: &'static str,
    /// What it means.
    pub category: Category,
}

const fn reason(
    parent: &'static str,
    code: &'static str,
    name: &'static str,
    category: Category,
) -> DefaultReason {
    DefaultReason {
        code,
        name,
        parent,
        category,
    }
}

/// The reasons that every plant starts with: seven groups, and under them the 27 codes of the original dashboard.
pub const DEFAULT_REASONS: [DefaultReason; 34] = {
    use Category::{Blocked, Changeover, Planned, Starved, Unplanned};
    [
        reason("", "MECHANICAL", "Mechanical", Unplanned),
        reason("MECHANICAL", "MECH_FAULT", "Mechanical fault", Unplanned),
        reason("MECHANICAL", "BEARING_FAIL", "Bearing failure", Unplanned),
        reason("MECHANICAL", "BELT_BREAK", "Belt breakage", Unplanned),
        reason("MECHANICAL", "GEAR_FAIL", "Gear failure", Unplanned),
        reason("MECHANICAL", "MOTOR_FAIL", "Motor failure", Unplanned),
        reason("", "ELECTRICAL", "Electrical", Unplanned),
        reason("ELECTRICAL", "ELEC_FAULT", "Electrical fault", Unplanned),
        reason("ELECTRICAL", "SENSOR_FAIL", "Sensor failure", Unplanned),
        reason("ELECTRICAL", "PLC_FAULT", "Controller fault", Unplanned),
        reason("ELECTRICAL", "POWER_LOSS", "Power loss", Unplanned),
        reason("ELECTRICAL", "WIRING_FAULT", "Wiring fault", Unplanned),
        reason("", "MATERIAL", "Material", Unplanned),
        reason("MATERIAL", "MAT_SHORTAGE", "Material missing", Starved),
        reason("MATERIAL", "MAT_JAM", "Material jam", Unplanned),
        reason("MATERIAL", "WRONG_MAT", "Wrong material", Unplanned),
        reason("MATERIAL", "MAT_QUALITY", "Bad material", Unplanned),
        reason("", "FLOW", "Waiting for another machine", Starved),
        reason("FLOW", UPSTREAM_STOP, "Machine before stands", Starved),
        reason("FLOW", DOWNSTREAM_STOP, "Machine behind stands", Blocked),
        reason("FLOW", "CONVEYOR_STOP", "Conveyor stands", Blocked),
        reason("", "PLANNED", "Planned work", Planned),
        reason("PLANNED", "MAINTENANCE", "Maintenance", Planned),
        reason("PLANNED", "CHANGEOVER", "Changeover", Changeover),
        reason("PLANNED", "CLEANING", "Cleaning", Planned),
        reason("PLANNED", "INSPECTION", "Inspection", Planned),
        reason("PLANNED", "BREAK_TIME", "Break", Planned),
        reason("", "QUALITY", "Quality", Unplanned),
        reason("QUALITY", "QUALITY_ISSUE", "Quality problem", Unplanned),
        reason("QUALITY", "REJECTION", "Rejects", Unplanned),
        reason("QUALITY", "REWORK", "Rework", Unplanned),
        // At the top: choosing them says that nothing better is known.
        reason("", "OTHER_GROUP", "Other", Unplanned),
        reason("OTHER_GROUP", "UNKNOWN", "Nobody knows", Unplanned),
        reason("OTHER_GROUP", "OTHER", "Something else", Unplanned),
    ]
};
