//! The pure core: types and arithmetic, the same in server and browser.
//!
//! **Invariant.** Nothing in here reads a clock, draws a random number, does I/O or imports anything of ours from
//! outside `domain`: time and chance come in as arguments. `src/tests/layering.rs` holds this.
//!
//! | what | where |
//! |---|---|
//! | units and names | `time`, `ids`, `rate` (ideal rates and times), `local_time`, `day`, `figure` (a number or why there is none) |
//! | what is told | `fact`, `machine_state`, `classification` (what people say of stops), `plant` (a plant as written down) |
//! | the timeline | `fold` (facts to transitions), `timeline` (transitions to intervals), `part` (intervals with causes), `downtime` (whole stops) |
//! | the plan | `shift`, `calendar` (shift rules by day), `dated` (what holds from when), `target` |
//! | the account | `reckon` (parts and counts to accounts), `account` (A, P, Q, OEE and their kin), `loss` (the tree), `reason`, `reliability` |
//! | who may | `rights` (permissions, roles, where they hold) |
//! | who comes | `andon` (calls for help, whom they reach and when, how long they waited) |
//! | what follows | `difference` (of two periods), `analytics`, `condition` (what a line is doing) |

pub mod account;
pub mod analytics;
pub mod andon;
pub mod calendar;
pub mod classification;
pub mod condition;
pub mod csv;
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
pub mod rights;
pub mod shift;
pub mod target;
pub mod time;
pub mod timeline;
