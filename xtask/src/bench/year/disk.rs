//! What the year takes on disk, table by table with its indexes.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::process;
use crate::workspace::program;

/// Bytes by table.
pub type Tables = BTreeMap<String, u64>;

pub fn total(tables: &Tables) -> u64 {
    tables.values().sum()
}

/// The cells with the time lost in them.
pub fn rollups(tables: &Tables) -> u64 {
    let of = |(name, bytes): (&String, &u64)| {
        if name.starts_with("rollup") {
            *bytes
        } else {
            0
        }
    };
    tables.iter().map(of).sum()
}

/// A PostgreSQL database that goes away with this.
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    /// A new one on a server, whose address ends with the name of another one; `None` without `psql`.
    pub fn make(server: &str) -> Result<Option<Self>> {
        if program("psql").is_none() {
            return Ok(None);
        }
        let name = format!("ms5_bench_{}", std::process::id());
        psql(server, &format!("CREATE DATABASE {name}"))?;
        Ok(Some(Self {
            server: server.to_owned(),
            name,
        }))
    }

    pub fn url(&self) -> String {
        let base = self
            .server
            .rsplit_once('/')
            .map_or(self.server.as_str(), |(base, _)| base);
        format!("{base}/{}", self.name)
    }

    /// Does what the engine does between facts by itself: a year that comes in a few minutes leaves a night's work behind.
    pub fn settle(&self) -> Result<()> {
        psql(&self.url(), "VACUUM (ANALYZE)").map(drop)
    }

    pub fn tables(&self) -> Result<Tables> {
        let sql = "SELECT relname, pg_total_relation_size(oid) FROM pg_class
            WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
        let text = psql(&self.url(), sql)?;
        let table = |line: &str| {
            let (name, bytes) = line.split_once('|')?;
            Some((name.to_owned(), bytes.parse().ok()?))
        };
        let tables: Option<Tables> = text.lines().map(table).collect();
        let tables = tables.with_context(|| format!("reading sizes from {text}"))?;
        ensure!(total(&tables) > 0, "there are no tables");
        Ok(tables)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        if let Err(error) = psql(&self.server, &sql) {
            eprintln!("error: {error:#}");
        }
    }
}

fn psql(url: &str, sql: &str) -> Result<String> {
    let mut command = Command::new("psql");
    command.args([
        "--no-psqlrc",
        "--tuples-only",
        "--no-align",
        "--set=ON_ERROR_STOP=1",
    ]);
    process::output(command.args(["--command", sql, url]))
}
