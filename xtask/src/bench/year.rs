//! A year of a plant, stored through the door: what its figures cost then, how soon late facts are in them, what it
//! takes on disk.

mod ask;
mod chance;
mod disk;
mod late;
mod plant;
mod send;
mod story;

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::Args;
use serde_json::json;

use super::facts;
use super::floor::{Folder, OtherEngine, Program, READS, Server, empty_site};
use super::report::{Beside, Report, Row, Unit};
use super::rival::Rival;
use super::start::MACHINE_DAY_BYTES;
use crate::step::{note, seconds, step};
use crate::stop;
use crate::workspace::Workspace;

use ask::{Asker, Calendar, Kind, Oee, Times};
use disk::{Database, Tables};
use story::Stretch;

const DAY: i64 = 86_400_000;
const MINUTE: i64 = 60_000;
/// A line's history by shift is given for so many days at once.
const SHIFTS_OVER: i64 = 90 * DAY;
/// Any figure, to 95 of 100 who ask.
const ANSWER_MS: f64 = 10.0;
/// What a year may cost of a day.
const YEAR_BY_DAY: f64 = 2.0;
const POLL: Duration = Duration::from_millis(500);

/// How large the year is.
#[derive(Args, Clone, Copy)]
pub struct Size {
    /// Days of the part `year`
    #[arg(long, value_name = "N", default_value_t = 365, value_parser = clap::value_parser!(u32).range(8..=365))]
    year_days: u32,
    /// Machines of the part `year`, five to a line
    #[arg(long, value_name = "M", default_value_t = 50, value_parser = clap::value_parser!(u16).range(5..=500))]
    year_machines: u16,
}

impl Size {
    fn lines(self) -> usize {
        usize::from(self.year_machines) / plant::MACHINES_PER_LINE
    }

    fn machines(self) -> usize {
        self.lines() * plant::MACHINES_PER_LINE
    }

    /// As rows name it.
    fn words(self) -> String {
        let time = match self.year_days {
            365 => "a year".to_owned(),
            days => format!("{days} days"),
        };
        format!("{time} of {} machines", self.machines())
    }
}

pub fn run(workspace: &Workspace, server: &Path, size: Size, report: &mut Report) -> Result<()> {
    let rival = Rival::build(workspace)?;
    let folder = Folder::new(workspace, "year")?;
    let program = Program {
        server: server.to_path_buf(),
        site: empty_site(&folder)?,
        database: format!("sqlite://{}", folder.database().display()),
    };
    one(&program, &folder, ("SQLite", || Ok(())), size, report)?;
    let tables = rival.tables(&folder.database())?;
    add_sizes(report, "SQLite", size, &tables);
    drop(folder);
    let Some(engine) = OtherEngine::find()? else {
        note("no PostgreSQL here: a year on it is not measured");
        return Ok(());
    };
    let Some(database) = Database::make(engine.url())? else {
        note("no psql here: a year on PostgreSQL is not measured");
        return Ok(());
    };
    let folder = Folder::new(workspace, "year-postgres")?;
    let program = Program {
        server: server.to_path_buf(),
        site: empty_site(&folder)?,
        database: database.url(),
    };
    let settle = || database.settle();
    one(&program, &folder, ("PostgreSQL", settle), size, report)?;
    add_sizes(report, "PostgreSQL", size, &database.tables()?);
    Ok(())
}

/// Everything that is asked of a running server.
fn one(
    program: &Program,
    folder: &Folder,
    (engine, settle): (&str, impl FnOnce() -> Result<()>),
    size: Size,
    report: &mut Report,
) -> Result<()> {
    let key = program.key(folder, "bench", &READS)?;
    let server = Server::start(program)?;
    server.put_plant(&key, &plant::definition(size.lines()))?;
    let now = facts::now()?;
    let to = now - now.rem_euclid(MINUTE);
    let year = Stretch {
        from: to - i64::from(size.year_days) * DAY,
        to,
    };
    let mut asker = Asker::new(&server, &key)?;
    let shifts = shifts(&mut asker, year)?;
    let words = size.words();
    let sent = step(&format!("{words}: {engine}, sending"), || {
        let sent = send::year(&server, &key, size.lines(), &shifts, to)?;
        note(&format!("{sent} facts"));
        Ok(sent)
    })?;
    step(
        &format!("{words}: {engine}, until roll-ups are made"),
        || {
            while !asker.caught_up()? {
                stop::pause(POLL)?;
            }
            settle()
        },
    )?;
    note(&format!(
        "{} of processor in the server so far",
        seconds(server.processor_time()?)
    ));
    is_plausible(&mut asker, year)?;
    let calendar = Calendar::read(&mut asker, year)?;
    let lines = size.lines();
    let oee = step(&format!("{words}: {engine}, OEE"), || {
        ask::oee(&mut asker, &calendar, lines)
    })?;
    add_oee(report, engine, size, &oee, sent);
    let (board, history) = step(&format!("{words}: {engine}, board and history"), || {
        Ok((
            ask::board(&mut asker, &key, lines)?,
            ask::history(&mut asker, year, lines)?,
        ))
    })?;
    let (answered, made) = step(&format!("{words}: {engine}, late facts"), || {
        late::facts(&server, &mut asker, &key, lines, &shifts, now)
    })?;
    let told = [
        ("the board's page", &board),
        ("history by day", &history),
        ("a fact 3 days late, stored", &answered),
        ("a fact 3 days late, in roll-ups", &made),
    ];
    for (what, times) in told {
        let what = format!("{what}, {words}, {engine}, p95");
        let row = Row::new(what, Unit::Milliseconds, times.p95(), Beside::Nothing);
        report.add(row.with(times.json()));
    }
    Ok(())
}

/// The shifts of the plant, as the server's calendar has them, up to the one that runs at the end of the year.
fn shifts(asker: &mut Asker<'_>, year: Stretch) -> Result<Vec<Stretch>> {
    let mut all: Vec<Stretch> = Vec::new();
    let mut from = year.from;
    while from < year.to {
        let to = (from + SHIFTS_OVER).min(year.to);
        for shift in asker.stretches(0, "shift", Stretch { from, to })? {
            match all.last_mut() {
                // It was cut in two by the windows' edge.
                Some(last) if last.to == from && shift.from == from => last.to = shift.to,
                _ => all.push(shift),
            }
        }
        from = to;
    }
    ensure!(!all.is_empty(), "the plant has no shifts");
    Ok(all)
}

/// Figures of nothing are quick.
fn is_plausible(asker: &mut Asker<'_>, year: Stretch) -> Result<()> {
    let Stretch { from, to } = year;
    let path = format!("/api/v1/oee/{}?from={from}&to={to}", plant::line(0));
    let answer = asker.json(&path)?;
    let run = answer
        .pointer("/line/account/run")
        .and_then(|run| run.as_i64());
    let share = run.unwrap_or(0) as f64 / (to - from) as f64;
    ensure!(
        (0.2..0.8).contains(&share),
        "the first line ran {share:.2} of the time: {answer}"
    );
    Ok(())
}

fn add_oee(report: &mut Report, engine: &str, size: Size, oee: &Oee, facts: usize) {
    let words = size.words();
    let edges = ["any edges", "calendar's edges"];
    for (kind, both) in Kind::ALL.into_iter().zip(oee) {
        let over = match kind {
            Kind::Day => "a day",
            Kind::Month => "a month",
            Kind::Year => "all of it",
        };
        for (edges, times) in edges.into_iter().zip(both) {
            let what = format!("OEE of a line over {over}, {edges}, {words}, {engine}, p95");
            let row = Row::new(
                what,
                Unit::Milliseconds,
                times.p95(),
                Beside::Limit(ANSWER_MS),
            );
            note(&format!("p50 {:.1} ms", times.p50()));
            report.add(row.with(json!({"times": times.json(), "facts": facts})));
        }
    }
    let [day, _, all] = oee;
    for ((edges, day), all) in edges.into_iter().zip(day).zip(all) {
        let by = |figure: fn(&Times) -> f64| figure(all) / figure(day);
        let what =
            format!("OEE of a line over all of it / over a day, {edges}, {words}, {engine}, p50");
        let row = Row::new(
            what,
            Unit::Times,
            by(Times::p50),
            Beside::Limit(YEAR_BY_DAY),
        );
        report.add(row.with(json!({"p95": by(Times::p95)})));
    }
}

fn add_sizes(report: &mut Report, engine: &str, size: Size, tables: &Tables) {
    let machine_days = size.machines() as f64 * f64::from(size.year_days);
    let each = |bytes: u64| bytes as f64 / machine_days;
    let words = size.words();
    let what = format!("on disk, a machine and a day, {words}, {engine}");
    let all = each(disk::total(tables));
    let row = Row::new(what, Unit::Bytes, all, Beside::Limit(MACHINE_DAY_BYTES));
    report.add(row.with(json!({"tables": tables})));
    let what = format!("roll-ups of it, {words}, {engine}");
    let rollups = each(disk::rollups(tables));
    report.add(Row::new(what, Unit::Bytes, rollups, Beside::Known(all)));
}
