//! Pieces minute by minute, and in what time of their machine they were made.

use crate::domain::fact::Counts;
use crate::domain::ids::ProductId;
use crate::domain::time::TsMs;
use serde::{Deserialize, Serialize};

/// In what time of their machine pieces were made.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(from = "Option<bool>", into = "Option<bool>")]
pub enum MadeIn {
    /// In the minute in which they were told.
    #[default]
    KnownTime,
    /// In that minute, while the machine said "planned stop" or "not scheduled".
    OffTime,
    /// While nothing was heard, before they were told: nobody knows in which minute.
    UnknownTime,
}

impl MadeIn {
    /// Every kind, in the order of the codes.
    pub const ALL: [Self; 3] = [Self::KnownTime, Self::OffTime, Self::UnknownTime];

    /// The number that the database stores; it never changes its meaning.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// The kind with this stored number.
    #[must_use]
    pub const fn from_code(code: i64) -> Self {
        match code {
            0 => Self::KnownTime,
            1 => Self::OffTime,
            _ => Self::UnknownTime,
        }
    }
}

/// Whether the machine was off, if anybody knows: so it stands in the fold's memory.
impl From<Option<bool>> for MadeIn {
    fn from(off: Option<bool>) -> Self {
        match off {
            Some(false) => Self::KnownTime,
            Some(true) => Self::OffTime,
            None => Self::UnknownTime,
        }
    }
}

impl From<MadeIn> for Option<bool> {
    fn from(made_in: MadeIn) -> Self {
        match made_in {
            MadeIn::KnownTime => Some(false),
            MadeIn::OffTime => Some(true),
            MadeIn::UnknownTime => None,
        }
    }
}

/// Pieces told in one minute, with what they were and in what time they were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MinuteCount {
    /// The start of the minute in which they were told.
    pub minute: TsMs,
    /// The product, if known.
    pub product: Option<ProductId>,
    /// In what time they were made.
    #[serde(rename = "off")]
    pub made_in: MadeIn,
    /// How many.
    pub counts: Counts,
}
