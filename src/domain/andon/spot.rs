//! Where a call is about.

use crate::domain::ids::{LineId, MachineId};
use serde::{Deserialize, Serialize};

/// A machine, or a line as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Spot {
    /// The line.
    pub line: LineId,
    /// The machine; `None`: the line as a whole.
    pub machine: Option<MachineId>,
}
