//! From an event to the painted frame: a board in a real browser, `end2end/bench/pixel.mjs`.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::facts::{self, plant};
use super::floor::{Folder, Program, READS, Server};
use super::load::{self, Plan};
use super::report::{Beside, Report, Row, Unit, median, quantile};
use super::streams::Streams;
use crate::step::step;
use crate::workspace::Workspace;
use crate::{debian, node, process};

const MACHINES: usize = 50;
const SAMPLES: usize = 40;
/// Streams beside the browser's own, and the budget for p95 in milliseconds.
const SCREENS: [(usize, f64); 2] = [(0, 28.0), (200, 60.0)];
/// The machine that sets the pace of the first line: its state is the line's.
const LINE: &str = "Line 00";
const MACHINE: &str = "BENCH000";
/// The line, by its code, at which calls come and go.
const CALLS_OF: &str = "LINE00";

/// What is looked at, and how it is made to change.
#[derive(Clone, Copy, Debug)]
pub enum Page {
    /// The plant board: a machine's state changes.
    Board,
    /// The board of calls: a call comes and goes.
    Calls,
}

/// Changes what a real browser shows, time and again, and tells after how long it did.
pub fn browse(workspace: &Workspace, page: Page, server: &Server, key: &str) -> Result<Samples> {
    let named = env::var_os("CHROMIUM").map(PathBuf::from);
    let chromium = named.map_or_else(|| debian::ensure("chromium", &[], &["chromium"]), Ok)?;
    node::ensure()?;
    node::packages(workspace)?;
    let mut command = Command::new("node");
    command.arg(workspace.root.join("end2end/bench/pixel.mjs"));
    command
        .env("CHROMIUM", &chromium)
        .env("MS5_URL", format!("http://127.0.0.1:{}", server.port))
        .env("MS5_KEY", key)
        .env("MS5_SAMPLES", SAMPLES.to_string());
    match page {
        Page::Board => command.env("MS5_LINE", LINE).env("MS5_MACHINE", MACHINE),
        Page::Calls => command.env("MS5_CALLS_OF", CALLS_OF),
    };
    let text = process::output(&mut command)?;
    Samples::read(&text).with_context(|| format!("reading what the browser says: {text}"))
}

pub fn run(workspace: &Workspace, server: &Path, report: &mut Report) -> Result<()> {
    let folder = Folder::new(workspace, "pixel")?;
    let program = Program {
        server: server.to_path_buf(),
        site: workspace.site.clone(),
        database: format!("sqlite://{}", folder.database().display()),
    };
    let key = program.key(&folder, "bench", &READS)?;
    let server = Server::start(&program)?;
    server.put_plant(&key, &plant(MACHINES))?;
    load::post(&server, &key, &so_far()?)?;

    for (streams, budget) in SCREENS {
        let title = format!("event to pixel, {streams} more screens");
        let samples = step(&title, || {
            let open = Streams::open(server.port, &key, streams)?;
            let samples = browse(workspace, Page::Board, &server, &key)?;
            open.close()?;
            Ok(samples)
        })?;
        for row in samples.rows(streams, budget) {
            report.add(row);
        }
    }
    Ok(())
}

/// Ten minutes of reports up to a minute ago, so that the tiles have something to show.
fn so_far() -> Result<Plan> {
    Ok(Plan {
        connections: 10,
        machines: MACHINES,
        batch: 100,
        items: 27_000,
        step: 1_000,
        start: facts::now()? - 600_000,
    })
}

/// Milliseconds from before the POST, sample by sample.
pub struct Samples {
    /// The answer: the event is durable.
    stored: Vec<f64>,
    /// The tile's word has changed in the document.
    changed: Vec<f64>,
    /// The frame with it has been painted.
    pub painted: Vec<f64>,
    /// The frame after that begins.
    next_frame: Vec<f64>,
}

impl Samples {
    fn read(text: &str) -> Result<Self> {
        let said: Value = serde_json::from_str(text)?;
        let list = |name: &str| -> Result<Vec<f64>> {
            let list = said.get(name).and_then(Value::as_array);
            let numbers: Option<Vec<f64>> = list
                .with_context(|| format!("no {name}"))?
                .iter()
                .map(Value::as_f64)
                .collect();
            let numbers = numbers.with_context(|| format!("{name} has no numbers"))?;
            ensure!(!numbers.is_empty(), "{name} is empty");
            Ok(numbers)
        };
        Ok(Self {
            stored: list("stored")?,
            changed: list("changed")?,
            painted: list("painted")?,
            next_frame: list("next_frame")?,
        })
    }

    /// Everything that was seen.
    pub fn details(&self) -> Value {
        let both = |of: &[f64]| json!({"p50": median(of), "p95": quantile(of, 0.95), "all": of});
        json!({
            "stored": both(&self.stored),
            "changed": both(&self.changed),
            "painted": both(&self.painted),
            "next_frame": both(&self.next_frame),
        })
    }

    fn rows(&self, streams: usize, budget: f64) -> [Row; 3] {
        let screens = match streams {
            0 => "1 screen".to_owned(),
            more => format!("1 screen and {more} streams"),
        };
        let row = |what: &str, value, beside| {
            Row::new(
                format!("{what}, {screens}"),
                Unit::Milliseconds,
                value,
                beside,
            )
        };
        let painted = quantile(&self.painted, 0.95);
        [
            row("event to painted frame, p95", painted, Beside::Aim(budget)).with(self.details()),
            row(
                "event to painted frame, p50",
                median(&self.painted),
                Beside::Nothing,
            ),
            row(
                "event to the frame after it (two animation frames), p95",
                quantile(&self.next_frame, 0.95),
                Beside::Nothing,
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_browser_says_is_read() {
        let text = r#"{"stored": [3, 4], "changed": [5, 6.5], "painted": [9, 12], "next_frame": [20, 22]}"#;
        let samples = Samples::read(text).expect("samples");
        assert_eq!(samples.changed, [5.0, 6.5]);
        assert!(Samples::read(r#"{"stored": []}"#).is_err());
    }
}
