//! The stop that a call is about.

use crate::domain::time::{DurMs, TsMs};
use serde::{Deserialize, Serialize};

/// The stop that a call is about, as it is known now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct StopOfCall {
    /// The machine's code, `-`, and the start in epoch milliseconds: the stop's name among stops.
    pub id: String,
    /// The machine's name: of a call about the line, the machine that sets its pace.
    pub machine: String,
    /// When it began.
    pub from: TsMs,
    /// When it ended; absent while it lasts.
    pub to: Option<TsMs>,
    /// How long it lasted, so far.
    pub length: DurMs,
    /// Why it stood, given or guessed from faults, in order; empty: nobody gave a reason.
    pub reasons: Vec<String>,
}
