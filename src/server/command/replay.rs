//! `ms5-floor replay`.

use super::Failure;
use crate::api::ingest::MAX_BATCH_ITEMS;
use crate::server::replay::mapping::Mapping;
use crate::server::replay::sender::{Sender, Sent};
use crate::server::replay::{at, read};
use indicatif::{ProgressBar, ProgressStyle};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Send a recording through ingest.
#[derive(Debug, clap::Args)]
pub struct Replay {
    /// The recording, a CSV file with a header line
    file: PathBuf,
    /// What its columns mean
    #[arg(long, value_name = "FILE")]
    mapping: PathBuf,
    /// The server
    #[arg(long, default_value = "http://127.0.0.1:3000", value_name = "URL")]
    server: String,
    /// File with a key that may backfill, and may configure unless --keep-plant is given
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// N times its own pace instead of as fast as the server takes it
    #[arg(long, value_name = "N")]
    pace: Option<f64>,
    /// Items in one batch
    #[arg(long, default_value_t = 1000, value_name = "N")]
    batch: usize,
    /// Send the batches in a random order made from this seed
    #[arg(long, value_name = "SEED", conflicts_with = "pace")]
    shuffle: Option<u64>,
    /// Keep count of the batches sent in this file and go on from there
    #[arg(long, value_name = "FILE")]
    progress: Option<PathBuf>,
    /// Do not set up the plant that the mapping describes
    #[arg(long)]
    keep_plant: bool,
    /// Try for so long to reach a server that is away
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    patience: u64,
}

impl Replay {
    /// Does it.
    pub fn run(self) -> Result<(), Failure> {
        if self.batch == 0 || self.batch > MAX_BATCH_ITEMS {
            return Err(format!("--batch: must be 1 to {MAX_BATCH_ITEMS}").into());
        }
        if self
            .pace
            .is_some_and(|pace| !pace.is_finite() || pace <= 0.0)
        {
            return Err("--pace: must be above 0".into());
        }
        let text = fs::read_to_string(&self.mapping).map_err(|e| named(&self.mapping, &e))?;
        let mapping: Mapping = toml::from_str(&text).map_err(|e| named(&self.mapping, &e))?;
        let recording = fs::File::open(&self.file).map_err(|e| named(&self.file, &e))?;
        let items = read(std::io::BufReader::new(recording), &mapping)
            .map_err(|e| named(&self.file, &e))?;
        let key = fs::read_to_string(&self.key_file).map_err(|e| named(&self.key_file, &e))?;
        let sender = Sender::new(&self.server, &key, Duration::from_secs(self.patience));
        if let Some(plant) = mapping.plant.as_ref().filter(|_| !self.keep_plant) {
            sender.put_plant(plant)?;
        }
        let mut batches: Vec<_> = items.chunks(self.batch).collect();
        if let Some(seed) = self.shuffle {
            batches.shuffle(&mut rand_chacha::ChaCha8Rng::seed_from_u64(seed));
        }
        let sent_before = self.sent_before()?;
        let bar = ProgressBar::new(items.len() as u64).with_style(ProgressStyle::with_template(
            "{bar:40} {pos} of {len} items, {per_sec}, {eta} left",
        )?);
        let (mut sent, begun) = (Sent::default(), Instant::now());
        for (number, batch) in batches.iter().enumerate() {
            bar.inc(batch.len() as u64);
            if number < sent_before {
                continue;
            }
            if let (Some(pace), Some(first), Some(next)) = (self.pace, items.first(), batch.first())
            {
                let due = Duration::from_secs_f64((at(next) - at(first)).secs().max(0.0) / pace);
                std::thread::sleep(due.saturating_sub(begun.elapsed()));
            }
            sender.send(batch, &mut sent)?;
            self.keep_progress(number + 1)?;
        }
        bar.finish();
        println!(
            "{} accepted, {} known already, {} rejected",
            sent.accepted, sent.duplicate, sent.rejected
        );
        if let Some(first) = sent.first_rejected.first() {
            let (code, detail) = (
                first.code.as_deref().unwrap_or("?"),
                first.detail.as_deref().unwrap_or(""),
            );
            return Err(format!(
                "{} items are in quarantine; the first: {code}: {detail}",
                sent.rejected
            )
            .into());
        }
        Ok(())
    }

    fn sent_before(&self) -> Result<usize, Failure> {
        let Some(file) = &self.progress else {
            return Ok(0);
        };
        match fs::read_to_string(file) {
            Ok(text) => text.trim().parse().map_err(|e| named(file, &e)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(named(file, &error)),
        }
    }

    /// Written beside and moved over, so that an interruption leaves the old count or the new one.
    fn keep_progress(&self, batches: usize) -> Result<(), Failure> {
        let Some(file) = &self.progress else {
            return Ok(());
        };
        let beside = file.with_extension("part");
        fs::write(&beside, batches.to_string()).map_err(|e| named(&beside, &e))?;
        fs::rename(&beside, file).map_err(|e| named(file, &e))
    }
}

fn named(file: &Path, error: &dyn std::fmt::Display) -> Failure {
    format!("{}: {error}", file.display()).into()
}
