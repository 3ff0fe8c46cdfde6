//! `ms5-floor simulate`: the simulated plant as history, live, or as the truth behind both.

mod history;
mod live;
mod truth;

use super::Failure;
use clap::{Args, Subcommand};

/// The name under which the simulated plant sends; history and live must be one sender, so that what both tell is
/// stored once.
const SENDER: &str = "simulator";

/// The simulated plant.
#[derive(Debug, Subcommand)]
pub enum Simulate {
    /// Write the last days into the database, through the same fold as live data
    History(history::History),
    /// Report to a running server through ingest, in real time
    Live(live::Live),
    /// Write what really happened on the simulated days, as JSON
    Truth(truth::Truth),
}

/// Which plant.
#[derive(Clone, Copy, Debug, Args)]
struct Seed {
    /// The same seed always gives the same plant history
    #[arg(long, default_value_t = 5, value_name = "N")]
    seed: u64,
}

impl Simulate {
    /// Does it.
    pub fn run(self) -> Result<(), Failure> {
        match self {
            Self::History(history) => super::wait(history.run()),
            Self::Live(live) => live.run(),
            Self::Truth(truth) => truth.run(),
        }
    }
}
