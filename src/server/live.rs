//! From a committed fact to every open screen.

pub mod calls;
pub mod hub;
pub mod nodes;
pub mod publisher;
