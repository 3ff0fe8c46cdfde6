//! What the columns of a recording mean, as written down in TOML.

use crate::domain::fact::Channel;
use crate::domain::machine_state::MachineState;
use crate::domain::plant::PlantDef;
use crate::domain::time::TsMs;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::num::NonZeroI64;

/// The whole mapping.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// When.
    pub time: TimeMap,
    /// Where; rows of other machines are left out.
    pub machine: CodeMap,
    /// The machine's state.
    pub state: Option<StateColumn>,
    /// Records stand for slots of time.
    pub slot: Option<Slot>,
    /// Pieces made.
    pub count: Option<CountMap>,
    /// The product.
    pub product: Option<CodeMap>,
    /// The plant that the recording is from; it is set up before the first item is sent.
    pub plant: Option<PlantDef>,
}

/// The column of the time.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeMap {
    /// Its name.
    pub column: String,
    /// What it holds.
    #[serde(default)]
    pub format: TimeFormat,
}

/// How a time is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeFormat {
    /// RFC 3339, with `T` or a space between date and time.
    #[default]
    Rfc3339,
    /// Seconds since 1970.
    EpochS,
    /// Milliseconds since 1970.
    EpochMs,
}

/// A column whose values stand for codes of ours.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeMap {
    /// Its name.
    pub column: String,
    /// From its values to our codes.
    pub values: BTreeMap<String, String>,
}

/// The column of the state.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateColumn {
    /// Its name.
    pub column: String,
    /// From its values to states.
    pub values: BTreeMap<String, StateMap>,
}

/// A state, with the fault that it stands for if any.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateMap {
    /// The state.
    pub state: MachineState,
    /// A fault code.
    #[serde(default)]
    pub fault: Option<String>,
}

/// Records are samples: one stands for a whole slot, and a slot without one for something else. Of several records
/// in a slot the last one tells its state.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// Its length; slots start at multiples of it since 1970, UTC.
    pub seconds: NonZeroI64,
    /// The state of a slot without a record.
    pub gap: MachineState,
}

/// The column of the pieces.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountMap {
    /// Its name.
    pub column: String,
    /// What it counts.
    pub channel: Channel,
}

impl TimeMap {
    /// The instant that `text` stands for.
    #[must_use]
    pub fn parse(&self, text: &str) -> Option<TsMs> {
        match self.format {
            TimeFormat::Rfc3339 => {
                Some(TsMs(text.parse::<jiff::Timestamp>().ok()?.as_millisecond()))
            }
            TimeFormat::EpochS => Some(TsMs(text.parse::<i64>().ok()?.checked_mul(1000)?)),
            TimeFormat::EpochMs => Some(TsMs(text.parse().ok()?)),
        }
    }
}
