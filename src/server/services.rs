//! Use cases. A change is one function here: one transaction with everything that belongs to it. Reading never writes.

pub mod board;
pub mod downtime;
pub mod error;
pub mod line;
pub mod oee;
pub mod plant;
pub mod window;
