//! Calls for help: what they are, whom they reach and when, how long they waited.
//!
//! ```text
//! raised -> acknowledged -> arrived -> resolved -> closed          cancelled: before it was resolved
//!    ^           |                        |          |
//!    +- given ---+                        |          |
//!    |  back                              |          |
//!    +------------- reopened -------------+----------+
//! ```
//!
//! | what | where |
//! |---|---|
//! | the words | `kind` (kind, priority, status, cause), `spot` (where) |
//! | a call | `call` (stamps and acts), `waiting` (where its time went) |
//! | whom it reaches | `ladder` (steps and when each is due), `rule` (which ladder), `roster` (who is on duty), `gaps` (when nobody is), `quiet` (not too often) |
//! | what raises it | `auto` (from what a machine shows) |
//! | what it adds up to | `summary` (times, escalations, repeats), `load` (calls per ten minutes, floods, chatter), `lost` (minutes of planned production that were waited) |
//!
//! When a step is due follows from the call alone, so a timer that was lost, read late or read twice changes nothing.

#[macro_use]
mod named;

pub mod auto;
pub mod call;
pub mod gaps;
pub mod kind;
pub mod ladder;
pub mod load;
pub mod lost;
pub mod quiet;
pub mod roster;
pub mod rule;
pub mod spot;
pub mod summary;
pub mod waiting;

pub use auto::{AutoPlace, AutoRule, Evidence, Shows, Stand, Wanted, wanted};
pub use call::{Act, Call, Refused, ReopenWithin, Stamp};
pub use gaps::{GapRun, gap_runs, needed};
pub use kind::{CallKind, Cause, Priority, Status};
pub use ladder::{Channel, Due, Ladder, Recipient, Step, Trigger};
pub use load::{Load, Raised};
pub use lost::{Lost, LostTime, OpenCall, PlannedOfLines, longest_open, waited};
pub use quiet::{Limit, Verdict};
pub use roster::{Duty, Gap, OnDuty, Roster, Slot, Substitute, Weekdays};
pub use rule::{CallFacts, Rule, ladder_for, pick, put_in_order};
pub use spot::Spot;
pub use summary::{Breakdown, Case, Share, Spread, Summary};
pub use waiting::{Round, Waiting};

#[cfg(test)]
mod tests;
