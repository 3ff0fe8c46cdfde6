//! `ms5-floor key`.

use super::Failure;
use crate::server::clock::Clock;
use crate::server::config::DatabaseArgs;
use crate::server::db::{Db, migrate};
use crate::server::key::{self, NewKey};
use clap::Subcommand;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Keys of senders.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Make a key for a sender; a sender of that name has only the new one from then on
    Create {
        /// The sender's name, such as the gateway's
        #[arg(long)]
        name: String,
        /// It may send items older than 7 days
        #[arg(long)]
        may_backfill: bool,
        /// It may change the plant model and see the quarantine
        #[arg(long)]
        may_configure: bool,
        /// Write the key to a new file that only you can read, instead of showing it
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

impl Key {
    /// Does it.
    pub async fn run(self) -> Result<(), Failure> {
        let Self::Create {
            name,
            may_backfill,
            may_configure,
            out,
            database,
        } = self;
        let db = Db::open(&database.resolve()?).await?;
        migrate::migrate(&db).await?;
        let wanted = NewKey {
            name: &name,
            may_backfill,
            may_configure,
        };
        let (_, key) = key::create(&db, &wanted, Clock::system().now()).await?;
        db.close().await;
        match out {
            Some(file) => {
                write_secret(&file, &key).map_err(|e| format!("--out: {}: {e}", file.display()))?;
                println!("the key of '{name}' is in {}", file.display());
            }
            None => println!("{key}"),
        }
        Ok(())
    }
}

fn write_secret(file: &Path, key: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    writeln!(options.open(file)?, "{key}")
}
