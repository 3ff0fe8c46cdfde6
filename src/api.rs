//! Server functions and the shapes that travel between server and browser, one file an area.
//!
//! **Invariant.** A server function is: guard, call one service, map the error. Shapes hold finished figures and
//! instants; words and layout are the pages' business.

pub mod analysis;
pub mod andon;
pub mod board;
pub mod downtime;
pub mod error;
pub mod ingest;
pub mod json;
pub mod line;
pub mod live;
pub mod oee;
pub mod post;
pub mod sheet;
