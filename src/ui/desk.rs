//! The desk: forms and tables that the server draws alone, for signing in and for running the place. Nothing of it is in
//! the browser's code; everything works without script.

pub mod account;
pub mod andon;
pub mod audit;
pub mod choose;
pub mod current;
pub mod devices;
pub mod document;
pub mod field;
pub mod keys;
pub mod list;
pub mod once;
pub mod people;
pub mod person;
pub mod program;
pub mod reached;
pub mod roles;
pub mod sign_in;
pub mod sign_on;
pub mod take;

pub use document::{Document, Signed};
