//! What happens to calls without anybody doing anything: steps of ladders that are due, calls that machines raise, machines
//! that run again.

pub mod directory;
pub mod slots;

pub use directory::Directory;
