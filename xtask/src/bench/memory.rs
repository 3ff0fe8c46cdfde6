//! What a server with a hundred machines keeps in memory when nothing happens.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use super::facts::{self, plant};
use super::floor::{Folder, Program, READS, Server, empty_site};
use super::load::{self, Plan};
use super::report::{Beside, Report, Row, Unit};
use crate::step::step;
use crate::stop;
use crate::workspace::Workspace;

const MACHINES: usize = 100;
const LIMIT_BYTES: f64 = 100_000_000.0;
/// Until what the load left behind has been done.
const REST: Duration = Duration::from_secs(5);

pub fn run(workspace: &Workspace, server: &Path, report: &mut Report) -> Result<()> {
    let row = step("memory", || {
        let folder = Folder::new(workspace, "memory")?;
        let program = Program {
            server: server.to_path_buf(),
            site: empty_site(&folder)?,
            database: format!("sqlite://{}", folder.database().display()),
        };
        let key = program.key(&folder, "bench", &READS)?;
        let server = Server::start(&program)?;
        server.put_plant(&key, &plant(MACHINES))?;
        // An hour in which every machine reports every 6 seconds.
        let plan = Plan {
            connections: 10,
            machines: MACHINES,
            batch: 100,
            items: 60_000,
            step: 6_000,
            start: facts::now()? - 3_600_000,
        };
        load::post(&server, &key, &plan)?;
        let busy = server.resident()?;
        stop::pause(REST)?;
        let idle = server.resident()?;
        drop(server);
        let fresh = Server::start(&program)?.resident()?;
        let what = format!("memory, idle, {MACHINES} machines with an hour of facts");
        let row = Row::new(what, Unit::Bytes, idle as f64, Beside::Limit(LIMIT_BYTES));
        Ok(row.with(json!({"right_after_load": busy, "idle": idle, "fresh": fresh})))
    })?;
    report.add(row);
    Ok(())
}
