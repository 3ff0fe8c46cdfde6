//! The parts that several pages share.

pub mod call_acts;
pub mod call_card;
pub mod called_bar;
pub mod drawn;
pub mod footer;
pub mod hatch;
#[cfg(feature = "ssr")]
pub mod hour_bars;
pub mod kind_icon;
pub mod places;
pub mod problem;
pub mod shape;
pub mod sound;
pub mod state_chip;
pub mod views;
pub mod words;
