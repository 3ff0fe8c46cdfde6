//! Andon by the clock: which shift an instant belongs to, and whom the steps of a ladder reach then.

pub mod slot;
pub mod whom;
