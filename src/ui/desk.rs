//! The desk: forms and tables that the server draws alone, for signing in and for running the place. Nothing of it is in
//! the browser's code; everything works without script.

pub mod audit;
pub mod choose;
pub mod document;
pub mod field;
pub mod people;
pub mod person;
pub mod roles;
pub mod sign_in;

pub use document::{Document, Signed};
