//! The parts that several pages share.

pub mod footer;
pub mod hatch;
pub mod hour_bars;
pub mod problem;
pub mod shape;
pub mod state_chip;
pub mod views;
