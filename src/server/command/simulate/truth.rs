//! `ms5-floor simulate truth`.

use super::{Failure, Seed};
use crate::domain::time::{DAY_MS, DurMs};
use crate::server::clock::Clock;
use crate::server::simulator::{day, days};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

/// Write what really happened.
#[derive(Debug, clap::Args)]
pub struct Truth {
    /// How many days, up to today
    #[arg(long, default_value_t = 30, value_name = "N")]
    days: u16,
    /// The file: one day a line
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    seed: Seed,
}

impl Truth {
    /// Does it.
    pub fn run(self) -> Result<(), Failure> {
        let now = Clock::system().now();
        let named = |e: std::io::Error| format!("--out: {}: {e}", self.out.display());
        let mut out = BufWriter::new(File::create(&self.out).map_err(named)?);
        for wanted in days(now - DurMs(i64::from(self.days) * DAY_MS), now) {
            serde_json::to_writer(&mut out, &day(self.seed.seed, wanted).truth())?;
            out.write_all(b"\n").map_err(named)?;
        }
        out.flush().map_err(named)?;
        Ok(())
    }
}
