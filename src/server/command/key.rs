//! `ms5-floor key`.

use super::Failure;
use crate::domain::ids::LineId;
use crate::domain::rights::{Permission, PermissionSet, sets};
use crate::domain::time::{DAY_MS, DurMs};
use crate::server::auth::caller::Caller;
use crate::server::auth::guard::entry;
use crate::server::clock::Clock;
use crate::server::config::DatabaseArgs;
use crate::server::db::{Db, migrate};
use crate::server::plant::Plant;
use crate::server::services::keys::{LONGEST_DAYS, NewKey, USUAL_DAYS, create};
use clap::Subcommand;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Keys of senders.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Make a key for a sender; a sender of that name has only the new one from then on
    Create(Create),
}

/// `ms5-floor key create`.
#[derive(Debug, clap::Args)]
pub struct Create {
    /// The sender's name, such as the gateway's
    #[arg(long)]
    name: String,
    /// It may send items older than 7 days
    #[arg(long)]
    may_backfill: bool,
    /// It may change the plant model, and see, retry and dismiss what is in quarantine
    #[arg(long)]
    may_configure: bool,
    /// One more permission, such as oee:read; may be given several times
    #[arg(long, value_name = "PERMISSION", value_parser = permission)]
    may: Vec<Permission>,
    /// Only for this line; may be given several times; without it for all of them
    #[arg(long = "line", value_name = "CODE")]
    lines: Vec<String>,
    /// It ends by itself after so many days, at most 1095; without it a key that does more than send facts ends after 365
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(1..=LONGEST_DAYS))]
    expires: Option<i64>,
    /// The sender's other keys go on to hold, until they are revoked
    #[arg(long)]
    keep_others: bool,
    /// Write the key to a new file that only you can read, instead of showing it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    database: DatabaseArgs,
}

fn permission(name: &str) -> Result<Permission, String> {
    let found = Permission::from_name(name).filter(|p| sets::BY_KEY.has(*p));
    found.ok_or_else(|| {
        let all: Vec<&str> = sets::BY_KEY.iter().map(Permission::name).collect();
        format!(
            "is not one of those that a key may hold: {}",
            all.join(", ")
        )
    })
}

impl Key {
    /// Does it.
    pub async fn run(self) -> Result<(), Failure> {
        let Self::Create(Create {
            name,
            may_backfill,
            may_configure,
            may,
            lines,
            expires,
            keep_others,
            out,
            database,
        }) = self;
        let db = Db::open(&database.resolve()?).await?;
        migrate::migrate(&db).await?;
        let now = Clock::system().now();
        let mut set = sets::SEND.and(PermissionSet::of(&may));
        if may_backfill {
            set = set.and(PermissionSet::of(&[Permission::IngestBackfill]));
        }
        if may_configure {
            set = set
                .and(sets::SET_UP_PLANT)
                .and(PermissionSet::of(&[Permission::IngestReview]));
        }
        let plant = Plant::load(&db).await?;
        let line = |code: &String| {
            let found = plant.line(code).map(|line| line.id);
            found.ok_or_else(|| format!("--line: line '{code}' does not exist"))
        };
        let lines: Vec<LineId> = lines.iter().map(line).collect::<Result<_, _>>()?;
        let usual = (!sets::WITHOUT_END.covers(set)).then_some(USUAL_DAYS);
        let wanted = NewKey {
            name: &name,
            may: set,
            lines: &lines,
            expires: expires.or(usual).map(|days| now + DurMs(days * DAY_MS)),
            replaces: !keep_others,
        };
        let caller = Caller::nobody(String::new(), String::new());
        let key = create(&db, &wanted, entry(&caller, now, "", "")).await?.key;
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
