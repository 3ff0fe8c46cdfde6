//! Statistics over figures: pure functions of slices.

pub mod trend;
