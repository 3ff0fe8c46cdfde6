//! Andon on the desk: who is called when, who is on duty, what works of what would tell them, and what came of it all.

pub mod auto;
pub mod channels;
pub mod history;
pub mod rehearse;
pub mod roster;
pub mod rule;
pub mod rules;
pub mod statistics;
pub mod steps;
