//! The pure core: types and arithmetic, the same in server and browser.
//!
//! **Invariant.** Nothing in here reads a clock, draws a random number, does I/O or imports anything of ours from
//! outside `domain`: time and chance come in as arguments. `src/tests/layering.rs` holds this.

pub mod account;
pub mod analytics;
pub mod calendar;
pub mod classification;
pub mod condition;
pub mod dated;
pub mod day;
pub mod difference;
pub mod downtime;
pub mod fact;
pub mod figure;
pub mod fold;
pub mod ids;
pub mod local_time;
pub mod loss;
pub mod machine_state;
pub mod part;
pub mod plant;
pub mod rate;
pub mod reason;
pub mod reckon;
pub mod reliability;
pub mod shift;
pub mod target;
pub mod time;
pub mod timeline;
