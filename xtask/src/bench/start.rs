//! A simulated history: how soon a server on it is ready, and what it takes on disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::floor::{Folder, Program, READS, Server};
use super::report::{Beside, Report, Row, Unit, median};
use crate::process;
use crate::step::{note, step};
use crate::workspace::Workspace;

const DAYS: u32 = 30;
const STARTS: usize = 5;
/// Everything that starting the dashboard again takes; the server is only a part of it.
const AGAIN_MS: f64 = 10_000.0;
/// 100 machines stay under 100 MB a day.
pub const MACHINE_DAY_BYTES: f64 = 1_000_000.0;

/// The simulated plant with some days behind it.
pub struct History {
    // Before the folder: nothing looks into it once it is gone.
    pub program: Program,
    /// Opens what screens read.
    pub key: String,
    folder: Folder,
}

impl History {
    pub fn make(workspace: &Workspace, server: &Path, site: PathBuf, days: u32) -> Result<Self> {
        let folder = Folder::new(workspace, &format!("history-{days}"))?;
        let program = Program {
            server: server.to_path_buf(),
            site,
            database: format!("sqlite://{}", folder.database().display()),
        };
        let key = step(&format!("history of {days} days"), || {
            // The simulator sends under its own name.
            let key = program.key(&folder, "simulator", &READS)?;
            let days = days.to_string();
            process::run(&mut program.command(&["simulate", "history", "--days", &days]))?;
            Ok(key)
        })?;
        Ok(Self {
            program,
            key,
            folder,
        })
    }

    /// The database with everything that stands beside it.
    fn bytes(&self) -> Result<u64> {
        let database = self.folder.database();
        let mut bytes = 0;
        for ending in ["", "-wal"] {
            let mut file = database.as_os_str().to_owned();
            file.push(ending);
            bytes += fs::metadata(&file).map_or(0, |metadata| metadata.len());
        }
        ensure!(bytes > 0, "there is no database");
        Ok(bytes)
    }

    /// How many machines the simulated plant has.
    fn machines(&self) -> Result<usize> {
        let file = self.folder.path().join("truth.jsonl");
        let mut truth = Command::new(&self.program.server);
        truth.args(["simulate", "truth", "--days", "1", "--out"]);
        process::run(truth.arg(&file))?;
        let text =
            fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        let day: Value = serde_json::from_str(text.lines().next().unwrap_or_default())
            .context("reading the truth about a day")?;
        let machines = day.get("machines").and_then(Value::as_array);
        let machines = machines.context("the truth names no machines")?.len();
        ensure!(machines > 0, "the simulated plant has no machines");
        Ok(machines)
    }
}

pub fn run(workspace: &Workspace, server: &Path, report: &mut Report) -> Result<()> {
    let site_folder = Folder::new(workspace, "start-site")?;
    let site = super::floor::empty_site(&site_folder)?;
    let history = History::make(workspace, server, site, DAYS)?;
    let (starts, resident) = step("start", || {
        let (mut starts, mut resident) = (Vec::new(), Vec::new());
        for _ in 0..STARTS {
            let server = Server::start(&history.program)?;
            starts.push(server.started_in.as_secs_f64() * 1e3);
            resident.push(server.resident()?);
        }
        Ok((starts, resident))
    })?;
    let what = format!("start to ready, {DAYS} simulated days");
    let row = Row::new(
        what,
        Unit::Milliseconds,
        median(&starts),
        Beside::Aim(AGAIN_MS),
    );
    report.add(row.with(json!({"starts_ms": starts, "resident_bytes": resident})));

    let (bytes, machines) = (history.bytes()?, history.machines()?);
    note(&format!("{machines} machines, {bytes} bytes"));
    let each = bytes as f64 / machines as f64 / f64::from(DAYS);
    let what = "database, one machine, one simulated day";
    let row = Row::new(what, Unit::Bytes, each, Beside::Limit(MACHINE_DAY_BYTES));
    report.add(row.with(json!({"bytes": bytes, "machines": machines, "days": DAYS})));
    Ok(())
}
