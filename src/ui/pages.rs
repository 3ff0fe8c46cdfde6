//! One file a route.

pub mod andon;
pub mod board;
pub mod line;
pub mod not_found;
#[cfg(feature = "ssr")]
pub mod trust;
