//! `ms5-floor simulate live`.

use super::{Failure, Seed};
use crate::api::ingest::Item;
use crate::domain::time::{DAY_MS, DurMs, MINUTE_MS, TsMs};
use crate::server::clock::Clock;
use crate::server::replay::sender::{Sender, Sent};
use crate::server::simulator::{Sampling, Simulator, plant};
use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

/// How often the machines are asked.
const EVERY: Duration = Duration::from_millis(500);
/// Items in one batch.
const BATCH: usize = 1_000;
/// So far back the plant tells again what happened when it starts; what is known already is stored once.
const AGAIN: DurMs = DurMs(15 * MINUTE_MS);
/// A server that is away is waited for this long.
const PATIENCE: Duration = Duration::from_secs(600);

/// Report to a running server.
#[derive(Debug, clap::Args)]
pub struct Live {
    /// The server
    #[arg(long, default_value = "http://127.0.0.1:3000", value_name = "URL")]
    server: String,
    /// File with the key of the sender 'simulator'
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// Begin a day ago and run N times faster until now is reached; then in real time
    #[arg(long, value_name = "N")]
    speed: Option<u32>,
    #[command(flatten)]
    seed: Seed,
}

impl Live {
    /// Does it until it is stopped.
    pub fn run(self) -> Result<(), Failure> {
        let key = fs::read_to_string(&self.key_file)
            .map_err(|e| format!("--key-file: {}: {e}", self.key_file.display()))?;
        let sender = Sender::new(&self.server, &key, PATIENCE);
        sender.put_plant(&plant())?;
        let (clock, mut simulator) = (Clock::system(), Simulator::new(self.seed.seed));
        let mut at = match self.speed {
            Some(_) => clock.now() - DurMs(DAY_MS),
            None => clock.now(),
        };
        tell(&sender, &simulator.items(at - AGAIN, at, Sampling::History))?;
        tell(&sender, &simulator.snapshot(at))?;
        let speed = i64::from(self.speed.unwrap_or(1).max(1));
        let mut last = clock.now();
        loop {
            sleep(EVERY);
            let now = clock.now();
            let next = TsMs((at.0 + (now - last).0 * speed).min(now.0));
            last = now;
            // A server that was away for longer is told everything that it missed, in the same order.
            let next = if speed == 1 { now } else { next };
            tell(&sender, &simulator.items(at, next, Sampling::Live))?;
            at = next;
        }
    }
}

fn tell(sender: &Sender, items: &[Item]) -> Result<(), Failure> {
    let mut sent = Sent::default();
    for batch in items.chunks(BATCH) {
        sender.send(batch, &mut sent)?;
    }
    match sent.first_rejected.first() {
        Some(first) => {
            let detail = first.detail.as_deref().unwrap_or("no reason given");
            Err(
                format!("the server does not take what the simulated plant reports: {detail}")
                    .into(),
            )
        }
        None => Ok(()),
    }
}
