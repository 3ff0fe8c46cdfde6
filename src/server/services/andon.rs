//! Calls for help: what can be done with them, who is called when, who is on duty, and what it all adds up to.

pub mod channels;
pub mod rehearse;
pub mod roster;
pub mod rules;

pub use rehearse::{Rehearsal, get_escalation_tree};
