//! The API, asked what nobody would ask. Schemathesis makes requests from the server's own document, such as it allows
//! and such as it does not, and holds every answer against it: no fault of the server, no status, type or shape that the
//! document does not tell, nothing wrong let in, nothing to see without a key.
//!
//! The seed and the number of requests are fixed (`schemathesis.toml`), so a failure comes again.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::counts::{self, Counts};
use crate::bench::floor::{Folder, Program, Server, bearer, empty_site};
use crate::bench::http::{Connection, request};
use crate::process;
use crate::step::{note, step};
use crate::workspace::Workspace;

/// What the key of this test may do beside sending and setting up: all that a route of the document asks for.
const MAY: [&str; 13] = [
    "analytics:read",
    "andon:acknowledge",
    "andon:configure",
    "andon:create",
    "andon:read",
    "andon:resolve",
    "dashboard:read",
    "downtime:confirm",
    "downtime:read",
    "downtime:write",
    "ingest:review",
    "line:read",
    "oee:read",
];
const DAYS: &str = "3";
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// A machine of the simulated plant that stops often, and how many of its stops are talked about.
const STOPS: &str = "/api/v1/downtime?machine=BAG1&limit=20";
/// Far above what it takes; a server that hangs is a failure too.
const BOUND: Duration = Duration::from_secs(600);
/// The most lines of the server's log that are shown.
const TOLD: usize = 40;

/// Counts routes: passed, failed, left out.
pub fn run(
    workspace: &Workspace,
    server: &Path,
    python: &Path,
    database: Option<&str>,
) -> Result<Counts> {
    let folder = Folder::new(workspace, "api")?;
    let own = || format!("sqlite://{}", folder.database().display());
    let program = Program {
        server: server.to_path_buf(),
        site: empty_site(&folder)?,
        database: database.map_or_else(own, str::to_owned),
    };
    // The simulator sends under its own name.
    let key = program.key(&folder, "simulator", &MAY)?;
    step("history for the API", || {
        process::run(&mut program.command(&["simulate", "history", "--days", DAYS]))
    })?;

    let log = workspace.target.join("api-server.log");
    let results = workspace.target.join("api.json");
    fs::remove_file(&results).ok();
    let file = File::create(&log).with_context(|| format!("making {}", log.display()))?;
    let counts = {
        let server = Server::start_telling(&program, file)?;
        ask(workspace, python, &folder, &server, &key, &results)
    };
    let told = fs::read_to_string(&log).with_context(|| format!("reading {}", log.display()))?;
    let faults = faults(&told);
    let mut counts = counts?;
    if counts.failed == 0 && !faults.is_empty() {
        // Answered well, perhaps, but not without a fault inside.
        counts.failed = 1;
    }
    if counts.failed > 0 {
        note(&format!("the server's log is {}", log.display()));
        for line in faults.iter().take(TOLD) {
            note(line);
        }
    }
    Ok(counts)
}

fn ask(
    workspace: &Workspace,
    python: &Path,
    folder: &Folder,
    server: &Server,
    key: &str,
    results: &Path,
) -> Result<Counts> {
    let told = workspace.root.join("xtask/schemathesis/schemathesis.toml");
    let settings = folder.path().join("schemathesis.toml");
    let text = fs::read_to_string(&told).with_context(|| format!("reading {}", told.display()))?;
    fs::write(&settings, filled_in(&text, &stops(server, key)?))
        .with_context(|| format!("writing {}", settings.display()))?;
    // Not its script: that names the folder in which its place was made.
    let mut command = Command::new(python);
    command.args(["-m", "schemathesis.cli"]);
    // What it remembers goes away with the folder: the next run starts from the same.
    command
        .current_dir(folder.path())
        .env("MS5_API_KEY", key)
        .arg("--config-file")
        .arg(&settings)
        .args(["run", "--no-color", "--report-json-path"])
        .arg(results)
        .arg(format!(
            "http://127.0.0.1:{}/api/v1/openapi.json",
            server.port
        ));
    let status = process::status_within(&mut command, BOUND)?;
    let Some(status) = status else {
        bail!("it takes longer than {} s", BOUND.as_secs());
    };
    counts::in_file(results, "Schemathesis", status, read)
}

/// When the stops began that are talked about, the newest first.
fn stops(server: &Server, key: &str) -> Result<Vec<i64>> {
    let mut connection = Connection::open(server.port)?;
    let bearer = bearer(key);
    let answer = connection.ask(&request("GET", STOPS, &[("Authorization", &bearer)], ""))?;
    let page: Value = serde_json::from_slice(answer.body).context("reading the list of stops")?;
    let events = page.get("events").and_then(Value::as_array);
    let starts: Vec<i64> = events
        .into_iter()
        .flatten()
        .filter_map(|event| event.get("from").and_then(Value::as_i64))
        .collect();
    ensure!(!starts.is_empty(), "the simulated plant has no stops");
    Ok(starts)
}

/// The settings with what depends on the day: the stops' starts, and bounds of windows about the newest of them.
fn filled_in(settings: &str, starts: &[i64]) -> String {
    let now = starts.iter().max().map_or(0, |at| at - at % HOUR_MS);
    let bounds = [0, 1, 8, 24, 60].map(|hours| now - hours * HOUR_MS);
    let list = |values: &[i64], mark: &str| {
        let values: Vec<String> = values.iter().map(|v| format!("{mark}{v}{mark}")).collect();
        values.join(", ")
    };
    settings
        .replace("\"{times}\"", &list(&bounds, "\""))
        .replace("\"{starts}\"", &list(starts, ""))
}

/// The sums in the report of Schemathesis, by route.
fn read(report: &[u8]) -> Result<Counts> {
    let report: Value = serde_json::from_slice(report)?;
    let number = |path: &str| {
        let found = report.pointer(path).and_then(Value::as_u64);
        found.with_context(|| format!("it has no {path}"))
    };
    let (total, selected, tested) = (
        number("/operations/total")?,
        number("/operations/selected")?,
        number("/operations/tested")?,
    );
    let mut wrong = BTreeSet::new();
    for list in ["failures", "errors"] {
        let list = report.get(list).and_then(Value::as_array);
        for failure in list.context("it has no list of failures")? {
            let routes = failure.get("operations").and_then(Value::as_array);
            let routes = routes.into_iter().flatten().filter_map(Value::as_str);
            let before = wrong.len();
            wrong.extend(routes.map(str::to_owned));
            if wrong.is_empty() && before == 0 {
                wrong.insert("no route in particular".to_owned());
            }
        }
    }
    let untested = selected.saturating_sub(tested);
    let failed = (wrong.len() as u64).max(untested);
    Ok(Counts {
        passed: selected.saturating_sub(failed),
        failed,
        skipped: total.saturating_sub(selected),
    })
}

/// What the log tells of faults inside, with the requests' ids.
fn faults(log: &str) -> Vec<&str> {
    let tells = |line: &&str| line.contains("ERROR") || line.contains("panicked at");
    log.lines().filter(tells).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_counted_once_and_what_was_not_asked_has_failed() {
        let report = br#"{"operations": {"total": 17, "selected": 16, "tested": 16}, "errors": [],
            "failures": [{"operations": ["GET /a", "GET /b"]}, {"operations": ["GET /a"]}]}"#;
        let counts = read(report).expect("a report");
        assert_eq!(counts.to_string(), "14 passed, 2 failed, 1 skipped");
        let report = br#"{"operations": {"total": 3, "selected": 3, "tested": 1}, "errors": [{"title": "x"}], "failures": []}"#;
        let counts = read(report).expect("a report");
        assert_eq!(counts.to_string(), "1 passed, 2 failed, 0 skipped");
        assert!(read(b"{}").is_err());
    }

    #[test]
    fn settings_are_filled_in_with_numbers_and_texts() {
        let settings = "bounds = [\"{times}\", \"0\"]\nstarts = [\"{starts}\"]";
        let filled = filled_in(settings, &[7 * HOUR_MS + 5, 6 * HOUR_MS]);
        assert!(
            filled.starts_with("bounds = [\"25200000\", \"21600000\", "),
            "{filled}"
        );
        assert!(
            filled.ends_with(", \"0\"]\nstarts = [25200005, 21600000]"),
            "{filled}"
        );
    }

    #[test]
    fn faults_inside_are_found_in_the_log() {
        let log =
            "a WARN slow\nb ERROR request{id=7}: the database failed\nthread 'x' panicked at y";
        assert_eq!(faults(log).len(), 2);
    }
}
