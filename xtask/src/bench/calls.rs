//! Five hundred open calls and two hundred boards: how long a change takes to every one of them, and to a painted board.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::facts::plant;
use super::floor::{Folder, Program, READS, Server, bearer};
use super::http::{Connection, request};
use super::pixel::{self, Page};
use super::report::{Beside, Report, Row, Unit, median, quantile};
use super::streams::{Boards, Streams};
use crate::step::step;
use crate::workspace::Workspace;

const MACHINES: usize = 100;
const KINDS: [&str; 5] = ["stop", "maintenance", "material", "quality", "safety"];
const BOARDS: usize = 200;
/// Calls that come and go while the others stay open: each is two changes.
const SAMPLES: usize = 60;
/// What p95 may be, in milliseconds: of all boards, and of the slowest board of each change.
const LIMIT: f64 = 1_000.0;
/// As a board learns of calls, and who brings them about.
const RIGHTS: [&str; 4] = [
    "andon:read",
    "andon:create",
    "andon:acknowledge",
    "andon:resolve",
];

pub fn run(workspace: &Workspace, server: &Path, report: &mut Report) -> Result<()> {
    let folder = Folder::new(workspace, "calls")?;
    let program = Program {
        server: server.to_path_buf(),
        site: workspace.site.clone(),
        database: format!("sqlite://{}", folder.database().display()),
    };
    let rights = [&READS[..], &RIGHTS].concat();
    let key = program.key(&folder, "bench", &rights)?;
    let server = Server::start(&program)?;
    server.put_plant(&key, &plant(MACHINES))?;
    let calls = Calls {
        bearer: bearer(&key),
        port: server.port,
    };

    let open = step("five hundred calls", || calls.open())?;
    ensure!(
        open == MACHINES * KINDS.len(),
        "{open} calls are open, not {}",
        MACHINES * KINDS.len()
    );
    let seen = step("a change on every board", || {
        let mut boards = Boards::open(server.port, &key, BOARDS)?;
        let seen = changes(&calls, &mut boards);
        boards.close()?;
        seen
    })?;
    for row in seen.rows() {
        report.add(row);
    }
    let painted = step("a change on a painted board", || {
        let screens = Streams::open(server.port, &key, BOARDS)?;
        let said = pixel::browse(workspace, Page::Calls, &server, &key)?;
        screens.close()?;
        Ok(said)
    })?;
    let what = format!("call to painted board, {open} open calls and {BOARDS} streams, p95");
    report.add(
        Row::new(
            what,
            Unit::Milliseconds,
            quantile(&painted.painted, 0.95),
            Beside::Limit(LIMIT),
        )
        .with(painted.details()),
    );
    Ok(())
}

/// Whoever calls, over REST.
struct Calls {
    bearer: String,
    port: u16,
}

impl Calls {
    /// Opens one call of each kind at each machine; how many are open then.
    fn open(&self) -> Result<usize> {
        let mut connection = Connection::open(self.port)?;
        for machine in 0..MACHINES {
            for kind in KINDS {
                let call = json!({"machine": format!("BENCH{machine:03}"), "kind": kind});
                self.post(&mut connection, "/api/v1/andon", &call)?;
            }
        }
        let headers = [("Authorization", self.bearer.as_str())];
        let ask = request("GET", "/api/v1/andon/active", &headers, "");
        let answer = connection.ask(&ask)?;
        ensure!(answer.status == 200, "calls: status {}", answer.status);
        let all: Vec<Value> = serde_json::from_slice(answer.body).context("reading calls")?;
        Ok(all.len())
    }

    fn post(&self, connection: &mut Connection, path: &str, body: &Value) -> Result<Value> {
        let headers = [("Authorization", self.bearer.as_str())];
        let answer = connection.ask(&request("POST", path, &headers, &body.to_string()))?;
        let text = String::from_utf8_lossy(answer.body).into_owned();
        ensure!(
            matches!(answer.status, 200 | 201),
            "POST {path}: {} {text}",
            answer.status
        );
        serde_json::from_str(&text).with_context(|| format!("reading {text}"))
    }
}

/// Milliseconds from before the POST.
struct Seen {
    /// Until the answer, change by change: the change is durable.
    stored: Vec<f64>,
    /// Until it had come to a board, board by board and change by change.
    each: Vec<f64>,
    /// Until it had come to the last board, change by change.
    last: Vec<f64>,
}

/// Calls that come and go at a line, and when all boards know.
fn changes(calls: &Calls, boards: &mut Boards) -> Result<Seen> {
    let mut connection = Connection::open(calls.port)?;
    let mut seen = Seen {
        stored: Vec::new(),
        each: Vec::new(),
        last: Vec::new(),
    };
    for n in 0..SAMPLES {
        let came = format!("bench-{n}-came");
        let call = json!({"line": "LINE00", "kind": "safety", "text": came});
        let raised = seen.one(boards, &came, || {
            calls.post(&mut connection, "/api/v1/andon", &call)
        })?;
        let id = raised.pointer("/call/id").and_then(Value::as_i64);
        let id = id.with_context(|| format!("no number in {raised}"))?;
        let went = format!("bench-{n}-went");
        let path = format!("/api/v1/andon/calls/{id}/cancel");
        seen.one(boards, &went, || {
            calls.post(&mut connection, &path, &json!({"note": went}))
        })?;
    }
    Ok(seen)
}

impl Seen {
    fn one(
        &mut self,
        boards: &mut Boards,
        mark: &str,
        change: impl FnOnce() -> Result<Value> + Send,
    ) -> Result<Value> {
        let (value, stored, arrivals) = boards.until(mark, change)?;
        let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
        self.stored.push(ms(stored));
        self.last
            .push(arrivals.iter().copied().max().map_or(0.0, ms));
        self.each.extend(arrivals.into_iter().map(ms));
        Ok(value)
    }

    fn rows(&self) -> [Row; 3] {
        let both = |of: &[f64]| json!({"p50": median(of), "p95": quantile(of, 0.95)});
        let details = json!({
            "stored": both(&self.stored), "each": both(&self.each), "last": both(&self.last),
        });
        let row = |what: &str, value, beside| {
            let open = MACHINES * KINDS.len();
            let what = format!("{what}, {open} open calls, {BOARDS} boards");
            Row::new(what, Unit::Milliseconds, value, beside)
        };
        let p95 = |of: &[f64]| quantile(of, 0.95);
        [
            row("call to board, p95", p95(&self.each), Beside::Limit(LIMIT)).with(details),
            row(
                "call to the last board, p95",
                p95(&self.last),
                Beside::Limit(LIMIT),
            ),
            row(
                "call to its answer, p95",
                p95(&self.stored),
                Beside::Nothing,
            ),
        ]
    }
}
