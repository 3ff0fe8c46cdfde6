//! Use cases. A change is one function here: one transaction with everything that belongs to it. Reading never writes.

pub mod account;
pub mod analysis;
pub mod andon;
pub mod audit;
pub mod board;
pub mod devices;
pub mod downtime;
pub mod error;
pub mod keys;
pub mod line;
pub mod oee;
pub mod people;
pub mod period;
pub mod plant;
pub mod quarantine;
pub mod reached;
pub mod roles;
pub mod set_up;
pub mod sheet;
pub mod sign_in;
pub mod sign_on;
pub mod vouched;
pub mod window;
