//! Steps of ladders on a plant of many lines whose machines are read all the time: how late the step is that is due when
//! nobody took a call for two minutes, as the plan says that comes with the program.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::facts::{MACHINES_PER_LINE, code, now, plant};
use super::floor::{Folder, Program, READS, Server, bearer, empty_site};
use super::http::{Connection, request};
use super::report::{Beside, Report, Row, Unit, median, quantile};
use crate::step::step;
use crate::stop;
use crate::workspace::Workspace;

const MACHINES: usize = 1_000;
const LINES: usize = MACHINES / MACHINES_PER_LINE;
/// What p95 may be, in milliseconds.
const LIMIT: f64 = 1_000.0;
/// When a critical call that nobody took goes up, in milliseconds.
const UP_AFTER: i64 = 120_000;
/// How long it is waited for the last of them.
const BOUND: Duration = Duration::from_secs(180);
const PAUSE: Duration = Duration::from_secs(1);
const RIGHTS: [&str; 2] = ["andon:read", "andon:create"];

pub fn run(workspace: &Workspace, server: &Path, report: &mut Report) -> Result<()> {
    let folder = Folder::new(workspace, "steps")?;
    let program = Program {
        server: server.to_path_buf(),
        site: empty_site(&folder)?,
        database: format!("sqlite://{}", folder.database().display()),
    };
    let key = program.key(&folder, "bench", &[&READS[..], &RIGHTS].concat())?;
    let server = Server::start(&program)?;
    server.put_plant(&key, &plant(MACHINES))?;
    let mut caller = Caller {
        bearer: bearer(&key),
        connection: Connection::open(server.port)?,
    };
    step("a thousand machines run", || caller.run_all())?;
    let calls = step("a call at every line", || caller.raise_all())?;
    let late = step("their steps", || caller.late(&calls))?;
    let what = format!("step due to step done, {LINES} lines with a call, p95");
    let row = Row::new(
        what,
        Unit::Milliseconds,
        quantile(&late, 0.95),
        Beside::Limit(LIMIT),
    );
    let most = late.iter().copied().fold(0.0, f64::max);
    report.add(row.with(json!({"p50": median(&late), "most": most})));
    Ok(())
}

/// Whoever calls, over REST.
struct Caller {
    bearer: String,
    connection: Connection,
}

impl Caller {
    fn ask(&mut self, method: &str, path: &str, body: &str) -> Result<Value> {
        let headers = [("Authorization", self.bearer.as_str())];
        let answer = self
            .connection
            .ask(&request(method, path, &headers, body))?;
        let text = String::from_utf8_lossy(answer.body).into_owned();
        ensure!(
            (200..300).contains(&answer.status),
            "{method} {path}: {} {text}",
            answer.status
        );
        serde_json::from_str(&text).with_context(|| format!("reading {text}"))
    }

    fn run_all(&mut self) -> Result<()> {
        let at = now()? - 60_000;
        let item = |machine: usize| {
            let code = code(machine);
            json!({"id": format!("{code}-runs"), "machine": code, "at": at, "kind": "state", "state": "running"})
        };
        let machines: Vec<usize> = (0..MACHINES).collect();
        for some in machines.chunks(500) {
            let items: Vec<Value> = some.iter().map(|machine| item(*machine)).collect();
            let body = json!({"items": items}).to_string();
            self.ask("POST", "/api/v1/ingest", &body)?;
        }
        Ok(())
    }

    /// Number of each call, and when it was raised.
    fn raise_all(&mut self) -> Result<Vec<(i64, i64)>> {
        let raise = |line: usize| {
            let machine = code(line * MACHINES_PER_LINE);
            let call = json!({"machine": machine, "kind": "material", "priority": "critical"});
            let raised = self.ask("POST", "/api/v1/andon", &call.to_string())?;
            let number = |at: &str| raised.pointer(at).and_then(Value::as_i64);
            let both = number("/call/id").zip(number("/call/call/raised/at"));
            both.with_context(|| format!("no number in {raised}"))
        };
        (0..LINES).map(raise).collect()
    }

    /// By how many milliseconds each step was late, once all are done.
    fn late(&mut self, calls: &[(i64, i64)]) -> Result<Vec<f64>> {
        let begun = Instant::now();
        let mut late = Vec::new();
        for (id, raised) in calls {
            loop {
                if let Some(at) = self.went_up(*id, raised + UP_AFTER)? {
                    late.push((at - raised - UP_AFTER) as f64);
                    break;
                }
                ensure!(begun.elapsed() < BOUND, "call {id} did not go up");
                stop::pause(PAUSE)?;
            }
        }
        Ok(late)
    }

    /// When the first step from `due` on was done.
    fn went_up(&mut self, id: i64, due: i64) -> Result<Option<i64>> {
        let call = self.ask("GET", &format!("/api/v1/andon/calls/{id}"), "")?;
        let history = call.get("history").and_then(Value::as_array);
        let history = history.with_context(|| format!("no history in {call}"))?;
        let steps = history.iter().filter(|line| line["what"] == "step");
        let mut at = steps.filter_map(|line| line["at"].as_i64());
        Ok(at.find(|at| *at >= due))
    }
}
