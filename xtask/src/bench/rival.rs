//! Builds and runs `raw-sqlite`, the program that ingest is measured against.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::process;
use crate::step::step;
use crate::workspace::Workspace;

const NAME: &str = "raw-sqlite";
/// Optimised as in a release; the rest of this package's dependencies stay as they were compiled for xtask.
const OPTIMISED: [&str; 3] = ["libsqlite3-sys", "rusqlite", "xtask"];

pub struct Rival {
    program: PathBuf,
}

/// What it did with the rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Done {
    /// Rows per second.
    pub rate: f64,
    /// Microseconds of processor time for one row.
    pub processor_per_row: f64,
}

impl Rival {
    pub fn build(workspace: &Workspace) -> Result<Self> {
        step("raw SQLite", || {
            let mut cargo = process::cargo(workspace);
            cargo.args(["build", "--package", "xtask", "--bin", NAME]);
            cargo.args(["--features", NAME]);
            for package in OPTIMISED {
                let setting = |what: &str| format!("profile.dev.package.{package}.{what}");
                cargo.arg("--config").arg(setting("opt-level=3"));
                cargo.arg("--config").arg(setting("debug-assertions=false"));
                cargo.arg("--config").arg(setting("overflow-checks=false"));
            }
            process::run(&mut cargo)
        })?;
        Ok(Self {
            program: workspace.target.join("debug").join(NAME),
        })
    }

    /// Inserts the rows in `stored` beside it, and removes them again.
    pub fn insert(&self, stored: &Path, batch: usize) -> Result<Done> {
        let scratch = stored.with_extension("raw");
        remove(&scratch)?;
        let mut command = Command::new(&self.program);
        command.arg(stored).arg(&scratch).arg(batch.to_string());
        let text = process::output(&mut command)?;
        remove(&scratch)?;
        read(&text).with_context(|| format!("reading what {NAME} says: {text}"))
    }

    /// What each table of `stored` takes with its indexes, in bytes.
    pub fn tables(&self, stored: &Path) -> Result<BTreeMap<String, u64>> {
        let text = process::output(Command::new(&self.program).arg(stored))?;
        serde_json::from_str(&text).with_context(|| format!("reading what {NAME} says: {text}"))
    }
}

fn read(text: &str) -> Result<Done> {
    let said: Value = serde_json::from_str(text)?;
    let number = |name: &str| said.get(name).and_then(Value::as_f64).context("no number");
    let (rows, seconds) = (number("rows")?, number("seconds")?);
    ensure!(rows > 0.0 && seconds > 0.0, "nothing was measured");
    Ok(Done {
        rate: rows / seconds,
        processor_per_row: number("processor")? * 1e6 / rows,
    })
}

/// A database is up to three files.
fn remove(database: &Path) -> Result<()> {
    for ending in ["", "-wal", "-shm"] {
        let mut file = database.as_os_str().to_owned();
        file.push(ending);
        match fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).context("removing what raw SQLite wrote");
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_rate_is_rows_by_time() {
        let done = Done {
            rate: 200.0,
            processor_per_row: 4_000.0,
        };
        let said = r#"{"rows": 300, "seconds": 1.5, "processor": 1.2}"#;
        assert_eq!(read(said).ok(), Some(done));
        assert!(read(r#"{"rows": 0, "seconds": 1, "processor": 1}"#).is_err());
    }
}
