//! How a line is written down: its machines' dependence, its targets, how its stops are judged, its shifts.

use super::shifts::NOT_A_MOMENT;
use super::{FieldError, PlantDef};
use crate::domain::day::Moment;
use serde::{Deserialize, Serialize};

/// How the machines of a line depend on each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Coupling {
    /// One after the other: the slowest sets the pace, the last one's output is the line's.
    #[default]
    Serial,
    /// Side by side: the line's output is the sum.
    Parallel,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LineDef {
    /// Short name, used in addresses.
    pub code: String,
    /// Full name.
    pub name: String,
    /// The area's code.
    pub area: String,
    /// How its machines depend on each other.
    #[serde(default)]
    pub coupling: Coupling,
    /// Target availability, above 0 and at most 1.
    #[serde(default = "default_target_availability")]
    pub target_availability: f64,
    /// Target performance.
    #[serde(default = "default_target_performance")]
    pub target_performance: f64,
    /// Target quality.
    #[serde(default = "default_target_quality")]
    pub target_quality: f64,
    /// Target OEE: the share of the ideal output that is asked for.
    #[serde(default = "default_target_oee")]
    pub target_oee: f64,
    /// From when on these targets hold: local such as `2026-07-06T14:30`, or RFC 3339. Absent: changed ones hold from
    /// now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub targets_from: Option<String>,
    /// Stops shorter than this many seconds are minor stops.
    #[serde(default = "default_minor_stop_s")]
    pub minor_stop_s: i64,
    /// Stops between two runs that are shorter than this many seconds are flicker of the signal: they count as running.
    #[serde(default)]
    pub debounce_s: i64,
    /// Rejects of this many seconds after a changeover or a time off are start-up rejects.
    #[serde(default = "default_start_up_s")]
    pub start_up_s: i64,
    /// Names of its shift patterns. Empty: the machines say themselves when they are scheduled.
    #[serde(default)]
    pub shifts: Vec<String>,
    /// The first local day, `YYYY-MM-DD`, on which these shifts are the line's. Absent: a changed list holds from the
    /// next local day on. A day in the past restates what was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shifts_from: Option<String>,
}

/// What good plants reach.
const fn default_target_availability() -> f64 {
    0.9
}

const fn default_target_performance() -> f64 {
    0.95
}

const fn default_target_quality() -> f64 {
    0.98
}

/// The usual target when a plant has not set its own.
const fn default_target_oee() -> f64 {
    0.85
}

/// The usual threshold of the OEE Foundation: five minutes.
const fn default_minor_stop_s() -> i64 {
    300
}

/// Ten minutes.
const fn default_start_up_s() -> i64 {
    600
}

/// What is wrong with the values of lines.
pub(super) fn check(def: &PlantDef, found: &mut Vec<FieldError>) {
    for (i, line) in def.lines.iter().enumerate() {
        let targets = [
            ("target_availability", line.target_availability),
            ("target_performance", line.target_performance),
            ("target_quality", line.target_quality),
            ("target_oee", line.target_oee),
        ];
        for (field, target) in targets {
            if !(target > 0.0 && target <= 1.0) {
                found.push(FieldError::new(
                    format!("line[{i}].{field}"),
                    "must be above 0 and at most 1",
                ));
            }
        }
        let text = line.targets_from.as_deref();
        if text.is_some_and(|t| Moment::parse(t).is_none()) {
            found.push(FieldError::new(
                format!("line[{i}].targets_from"),
                NOT_A_MOMENT,
            ));
        }
        let lengths = [
            ("minor_stop_s", line.minor_stop_s),
            ("debounce_s", line.debounce_s),
            ("start_up_s", line.start_up_s),
        ];
        for (field, seconds) in lengths {
            if !(0..=86_400).contains(&seconds) {
                found.push(FieldError::new(
                    format!("line[{i}].{field}"),
                    "must be 0 to 86400, a day",
                ));
            }
        }
    }
}
