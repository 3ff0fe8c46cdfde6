//! What happens to calls without anybody doing anything: steps of ladders that are due, calls that machines raise, machines
//! that run again.
//!
//! **Invariant.** A step is done in one transaction that found it pending and leaves it done, together with everything that it
//! causes. Whatever ends in between, and however many nodes look, each step is done once, or is void because what it waited
//! for has happened.

pub mod directory;
mod machines;
mod outcomes;
mod over;
pub mod reached;
pub mod slots;
pub mod stand;
pub mod steps;
mod summaries;
mod tell;
pub mod watch;
mod words;
pub mod worker;

pub use directory::Directory;
pub use steps::Around;
