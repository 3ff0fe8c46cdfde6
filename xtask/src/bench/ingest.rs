//! How many facts a second are stored for good, beside what SQLite alone does with the same rows.

use std::path::Path;

use anyhow::Result;
use serde_json::json;

use super::facts::{self, plant};
use super::floor::{Folder, OtherEngine, Program, READS, Server};
use super::load::{self, Outcome, Plan};
use super::report::{Beside, Report, Row, Unit, median};
use super::rival::{Done, Rival};
use super::streams::Streams;
use crate::step::{note, step};
use crate::workspace::Workspace;

const MACHINES: usize = 50;
/// Server and rival take turns so many times, and the middle ratio counts: the disk is not the same every second.
const TURNS: usize = 3;
const ROWS: usize = 200_000;
/// Gateways that post batches at the same time, each for its own machines.
const GATEWAYS: usize = 10;
/// Connections that post one event at a time.
const SINGLE_CONNECTIONS: usize = 16;
const SINGLE_EVENTS: usize = 64_000;
const BOARDS: usize = 50;
/// What the design wants of raw SQLite.
const AIM: f64 = 0.5;
const FLOOR: f64 = 0.25;
/// What the design wants of single events, by second.
const SINGLES_GOAL: f64 = 10_000.0;
/// Open boards may cost what two runs of the same differ by anyway.
const SAME: f64 = 0.95;

pub fn run(workspace: &Workspace, server: &Path, report: &mut Report) -> Result<()> {
    let rival = Rival::build(workspace)?;
    for batch in [100, 1_000] {
        let (rate, processor) = step(&format!("ingest, batches of {batch}"), || {
            beside_raw(workspace, server, &rival, batch)
        })?;
        report.add(rate);
        report.add(processor);
    }
    let (alone, boards) = step("ingest, single events", || singles(workspace, server))?;
    report.add(alone);
    report.add(boards);
    match postgres(workspace, server)? {
        Some(row) => report.add(row),
        None => note("no PostgreSQL here: ingest on it is not measured"),
    }
    Ok(())
}

/// A fresh database for each turn: a table grows slower the larger it is.
fn once(
    program: &Program,
    folder: &Folder,
    plan: &Plan,
    streams: usize,
) -> Result<(Outcome, Option<u64>)> {
    let key = program.key(folder, "bench", &READS)?;
    let server = Server::start(program)?;
    server.put_plant(&key, &plant(MACHINES))?;
    let open = (streams > 0).then(|| Streams::open(server.port, &key, streams));
    let open = open.transpose()?;
    let outcome = load::post(&server, &key, plan)?;
    let bytes = open.map(Streams::close).transpose()?;
    Ok((outcome, bytes))
}

fn sqlite(server: &Path, folder: &Folder) -> Result<Program> {
    Ok(Program {
        server: server.to_path_buf(),
        site: super::floor::empty_site(folder)?,
        database: format!("sqlite://{}", folder.database().display()),
    })
}

fn batches(batch: usize) -> Result<Plan> {
    Ok(Plan {
        connections: GATEWAYS,
        machines: MACHINES,
        batch,
        items: ROWS,
        step: 1_000,
        start: facts::now()? - 6 * 3_600_000,
    })
}

/// The rate beside the rival's, and what a row costs of the processor: the second hardly depends on who else is busy
/// on the machine, the first does, because the rival waits for the disk at each batch and the server for many at once.
fn beside_raw(
    workspace: &Workspace,
    server: &Path,
    rival: &Rival,
    batch: usize,
) -> Result<(Row, Row)> {
    let mut turns: Vec<(Outcome, Done)> = Vec::new();
    for turn in 0..TURNS {
        let folder = Folder::new(workspace, &format!("ingest-{batch}-{turn}"))?;
        let program = sqlite(server, &folder)?;
        let (outcome, _) = once(&program, &folder, &batches(batch)?, 0)?;
        let raw = rival.insert(&folder.database(), batch)?;
        note(&format!(
            "{:.0} rows/s of {:.0}; {:.1} µs of processor a row, raw {:.1}; the senders took {:.2} s",
            outcome.rate(),
            raw.rate,
            outcome.processor_per_item(),
            raw.processor_per_row,
            outcome.own_processor.as_secs_f64()
        ));
        turns.push((outcome, raw));
    }
    let details = turns.iter().map(|(outcome, raw)| {
        json!({
            "rate": outcome.rate(),
            "raw": raw.rate,
            "server_us_per_row": outcome.processor_per_item(),
            "raw_us_per_row": raw.processor_per_row,
            "senders_cpu_s": outcome.own_processor.as_secs_f64(),
        })
    });
    let details = json!({"turns": details.collect::<Vec<_>>()});
    // The turn with the middle ratio, so that the three numbers of the row belong together.
    turns.sort_by(|a, b| (a.0.rate() / a.1.rate).total_cmp(&(b.0.rate() / b.1.rate)));
    let (outcome, raw) = turns[turns.len() / 2];
    let beside = Beside::Rival {
        value: raw.rate,
        aim: AIM,
        floor: FLOOR,
    };
    let what = format!("ingest, durable, batches of {batch}, {GATEWAYS} connections / raw SQLite");
    let rate = Row::new(what, Unit::RowsPerSecond, outcome.rate(), beside).with(details);
    let what = format!("ingest, processor time a row, batches of {batch} / raw SQLite");
    let used = outcome.processor_per_item();
    let beside = Beside::Known(raw.processor_per_row);
    Ok((rate, Row::new(what, Unit::Microseconds, used, beside)))
}

fn singles(workspace: &Workspace, server: &Path) -> Result<(Row, Row)> {
    let plan = Plan {
        connections: SINGLE_CONNECTIONS,
        machines: MACHINES,
        batch: 1,
        items: SINGLE_EVENTS,
        step: 100,
        start: facts::now()? - 600_000,
    };
    let (mut alone, mut watched, mut details) = (vec![], vec![], vec![]);
    for turn in 0..TURNS {
        for (streams, rates) in [(0, &mut alone), (BOARDS, &mut watched)] {
            let folder = Folder::new(workspace, &format!("single-{streams}-{turn}"))?;
            let (outcome, bytes) = once(&sqlite(server, &folder)?, &folder, &plan, streams)?;
            rates.push(outcome.rate());
            details.push(json!({
                "streams": streams,
                "rate": outcome.rate(),
                "server_us_per_event": outcome.processor_per_item(),
                "senders_cpu_s": outcome.own_processor.as_secs_f64(),
                "stream_bytes": bytes,
            }));
            note(&format!(
                "{:.0}/s with {streams} streams; {:.1} µs of processor an event in the server, {:.2} s in the senders",
                outcome.rate(),
                outcome.processor_per_item(),
                outcome.own_processor.as_secs_f64()
            ));
        }
    }
    let details = json!({"turns": details});
    let (alone, watched) = (median(&alone), median(&watched));
    let what = format!("single events, durable, {SINGLE_CONNECTIONS} connections");
    let goal = Beside::Goal(SINGLES_GOAL);
    let first = Row::new(what.clone(), Unit::EventsPerSecond, alone, goal).with(details);
    let what = format!("{what}, {BOARDS} live streams open / none open");
    let beside = Beside::Rival {
        value: alone,
        aim: SAME,
        floor: 0.0,
    };
    Ok((
        first,
        Row::new(what, Unit::EventsPerSecond, watched, beside),
    ))
}

/// Batches of 1,000 on PostgreSQL.
fn postgres(workspace: &Workspace, server: &Path) -> Result<Option<Row>> {
    let Some(engine) = OtherEngine::find()? else {
        return Ok(None);
    };
    let row = step("ingest, PostgreSQL", || {
        let folder = Folder::new(workspace, "postgres")?;
        let program = Program {
            database: engine.url().to_owned(),
            ..sqlite(server, &folder)?
        };
        let (outcome, _) = once(&program, &folder, &batches(1_000)?, 0)?;
        let what = "ingest, durable, batches of 1000, PostgreSQL";
        let details = json!({"server_us_per_row": outcome.processor_per_item()});
        let row = Row::new(what, Unit::RowsPerSecond, outcome.rate(), Beside::Nothing);
        Ok(row.with(details))
    })?;
    Ok(Some(row))
}
