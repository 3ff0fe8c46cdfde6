//! Calls for help: what can be done with them, who is called when, who is on duty, and what it all adds up to.

pub mod rehearse;
pub mod roster;
pub mod rules;

pub use rehearse::get_escalation_tree;
