//! Asks the server as a person does, and times the answers.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::chance::Chance;
use super::plant;
use super::send;
use super::story::Stretch;
use crate::bench::facts;
use crate::bench::floor::{Server, bearer};
use crate::bench::http::{Connection, request};
use crate::bench::report::{median, quantile};
use crate::stop;

const MINUTE: i64 = 60_000;
const DAY: i64 = 86_400_000;
/// Rounds of questions; in each, every kind is asked once.
const ROUNDS: usize = 200;
/// Rounds before them, which are not timed.
const WARM_UP: usize = 10;
const BOARDS: usize = 100;
const HISTORIES: usize = 60;

/// How long answers took, in milliseconds.
#[derive(Default)]
pub struct Times(Vec<f64>);

impl Times {
    pub fn add(&mut self, since: Instant) {
        self.0.push(since.elapsed().as_secs_f64() * 1e3);
    }

    pub fn p50(&self) -> f64 {
        median(&self.0)
    }

    pub fn p95(&self) -> f64 {
        quantile(&self.0, 0.95)
    }

    pub fn json(&self) -> Value {
        let longest = self.0.iter().copied().fold(0.0, f64::max);
        json!({"p50": self.p50(), "p95": self.p95(), "longest": longest, "samples": self.0.len()})
    }
}

/// A connection that asks for JSON.
pub struct Asker<'a> {
    server: &'a Server,
    connection: Connection,
    bearer: String,
}

impl<'a> Asker<'a> {
    pub fn new(server: &'a Server, key: &str) -> Result<Self> {
        let connection = Connection::open(server.port)?;
        Ok(Self {
            server,
            connection,
            bearer: bearer(key),
        })
    }

    /// The body of an answer, and when its question was sent.
    fn get(&mut self, path: &str) -> Result<(&[u8], Instant)> {
        let get = request("GET", path, &[("Authorization", &self.bearer)], "");
        let sent = Instant::now();
        let answer = self.connection.ask(&get)?;
        ensure!(
            answer.status == 200,
            "{path} was not answered: {} {}",
            answer.status,
            String::from_utf8_lossy(answer.body.get(..300).unwrap_or(answer.body))
        );
        Ok((answer.body, sent))
    }

    pub fn json(&mut self, path: &str) -> Result<Value> {
        let (body, _) = self.get(path)?;
        serde_json::from_slice(body).with_context(|| format!("reading the answer to {path}"))
    }

    fn timed(&mut self, path: &str, times: &mut Times) -> Result<()> {
        let (_, sent) = self.get(path)?;
        times.add(sent);
        Ok(())
    }

    /// The rows of a line's history, as stretches of time.
    pub fn stretches(&mut self, line: usize, by: &str, window: Stretch) -> Result<Vec<Stretch>> {
        let (line, Stretch { from, to }) = (plant::line(line), window);
        let history = self.json(&format!(
            "/api/v1/oee/{line}/history?by={by}&from={from}&to={to}"
        ))?;
        let rows = history.get("rows").and_then(Value::as_array);
        let stretch = |row: &Value| {
            let edge = |name: &str| row.get("span")?.get(name)?.as_i64();
            Some(Stretch {
                from: edge("from")?,
                to: edge("to")?,
            })
        };
        let all: Option<Vec<Stretch>> = rows.context("no rows")?.iter().map(stretch).collect();
        all.context("a row has no span")
    }

    /// How far the roll-ups of all lines are; whether nothing is left to be made.
    pub fn caught_up(&mut self) -> Result<bool> {
        let all = self.json("/health/rollups")?;
        let lines = all.as_array().context("no list of lines")?;
        let is = |line: &Value| line.get("caught_up").and_then(Value::as_bool);
        let lines: Option<Vec<bool>> = lines.iter().map(is).collect();
        Ok(lines
            .context("a line does not say")?
            .into_iter()
            .all(|caught_up| caught_up))
    }
}

/// How long a window is and where its edges lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Day,
    Month,
    Year,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Day, Self::Month, Self::Year];
}

/// Answers to the questions for a line's OEE: by kind, first with any edges, then with the calendar's.
pub type Oee = [[Times; 2]; 3];

/// The days and months that lie in the year.
pub struct Calendar {
    pub year: Stretch,
    pub days: Vec<Stretch>,
    pub months: Vec<Stretch>,
}

impl Calendar {
    pub fn read(asker: &mut Asker<'_>, year: Stretch) -> Result<Self> {
        let whole = |mut rows: Vec<Stretch>| {
            rows.retain(|row| row.from > year.from && row.to < year.to);
            ensure!(!rows.is_empty(), "the year is too short");
            Ok(rows)
        };
        let days = whole(asker.stretches(0, "day", year)?)?;
        // Of a short year, days stand for months.
        let months = whole(asker.stretches(0, "month", year)?).unwrap_or_else(|_| days.clone());
        Ok(Self { year, days, months })
    }

    /// A window with edges anywhere, on full minutes.
    fn any(&self, kind: Kind, chance: &mut Chance) -> Stretch {
        let Stretch { from, to } = self.year;
        let minute = |at: i64| at - at.rem_euclid(MINUTE);
        let long = match kind {
            Kind::Day => DAY,
            Kind::Month => (30 * DAY).min((to - from) / 2),
            // Both edges move a little.
            Kind::Year => (to - from) - chance.between(0, (to - from) / 50),
        };
        let from = chance.between(from, to - long);
        Stretch {
            from: minute(from),
            to: minute(from + long),
        }
    }

    /// A window of the calendar.
    fn of_calendar(&self, kind: Kind, chance: &mut Chance) -> Stretch {
        let whole = |all: &[Stretch]| {
            let first = all.first().map_or(self.year.from, |s| s.from);
            Stretch {
                from: first,
                to: all.last().map_or(self.year.to, |s| s.to),
            }
        };
        match kind {
            Kind::Day => self.days[chance.place(self.days.len())],
            Kind::Month => self.months[chance.place(self.months.len())],
            Kind::Year => whole(&self.months),
        }
    }
}

/// OEE of any line over windows of each kind.
pub fn oee(asker: &mut Asker<'_>, calendar: &Calendar, lines: usize) -> Result<Oee> {
    let mut chance = Chance::new(1);
    let mut all = Oee::default();
    for round in 0..WARM_UP + ROUNDS {
        for (kind, times) in Kind::ALL.into_iter().zip(&mut all) {
            let any = calendar.any(kind, &mut chance);
            let windows = [any, calendar.of_calendar(kind, &mut chance)];
            for (Stretch { from, to }, times) in windows.into_iter().zip(times) {
                let line = plant::line(chance.place(lines));
                let path = format!("/api/v1/oee/{line}?from={from}&to={to}");
                let mut unused = Times::default();
                asker.timed(&path, if round < WARM_UP { &mut unused } else { times })?;
            }
        }
        stop::check()?;
    }
    Ok(all)
}

/// The board's page. A piece before each question: nobody is answered with the board of a moment ago.
pub fn board(asker: &mut Asker<'_>, key: &str, lines: usize) -> Result<Times> {
    let mut chance = Chance::new(2);
    let mut times = Times::default();
    let mut posting = Connection::open(asker.server.port)?;
    let last = format!("Line {:02}", lines - 1);
    for _ in 0..BOARDS {
        let of_line = chance.place(plant::MACHINES_PER_LINE);
        let piece = send::piece(chance.place(lines), of_line, facts::now()?);
        send::post(&mut posting, key, &[piece])?;
        let (body, sent) = asker.get("/")?;
        let found = String::from_utf8_lossy(body).contains(&last);
        times.add(sent);
        ensure!(found, "the board does not show {last}");
        stop::check()?;
    }
    Ok(times)
}

/// A line's history by day over the year.
pub fn history(asker: &mut Asker<'_>, year: Stretch, lines: usize) -> Result<Times> {
    let mut chance = Chance::new(3);
    let mut times = Times::default();
    for _ in 0..HISTORIES {
        let (line, Stretch { from, to }) = (plant::line(chance.place(lines)), year);
        asker.timed(
            &format!("/api/v1/oee/{line}/history?by=day&from={from}&to={to}"),
            &mut times,
        )?;
        stop::check()?;
    }
    Ok(times)
}
