//! What was measured, as a table for people and as JSON for programs.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::machine::{self, Load};
use crate::step::size;

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    RowsPerSecond,
    EventsPerSecond,
    Milliseconds,
    Microseconds,
    Bytes,
    /// So many times something else.
    Times,
}

impl Unit {
    fn shown(self, value: f64) -> String {
        match self {
            Self::RowsPerSecond => format!("{} rows/s", thousands(value)),
            Self::EventsPerSecond => format!("{}/s", thousands(value)),
            Self::Milliseconds => format!("{value:.1} ms"),
            Self::Microseconds => format!("{value:.1} µs"),
            Self::Times => format!("{value:.2} ×"),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "sizes of files and processes"
            )]
            Self::Bytes => size(value.max(0.0).round() as u64),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::RowsPerSecond => "rows/s",
            Self::EventsPerSecond => "events/s",
            Self::Milliseconds => "ms",
            Self::Microseconds => "us",
            Self::Bytes => "bytes",
            Self::Times => "times",
        }
    }
}

/// `219 000` for 218,992.3: more digits than the measurement carries would be noise.
fn thousands(value: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "rates of one machine")]
    let whole = value.round() as i64;
    let text = whole.to_string();
    let mut out = String::new();
    for (place, digit) in text.chars().enumerate() {
        if place > 0 && (text.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// What a measurement stands beside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Beside {
    /// Somebody else's number in the same run; reach this share of it as an aim, and that one as a floor.
    Rival { value: f64, aim: f64, floor: f64 },
    /// At least this would be good.
    Goal(f64),
    /// At most this would be good; clocks are noisy, so missing it is told and does not fail the run.
    Aim(f64),
    /// Not more than this.
    Limit(f64),
    /// Somebody else's number; nothing is asked for.
    Known(f64),
    /// Nothing; it is good to know.
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Good,
    BelowAim,
    Missed,
    Known,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::BelowAim => "below the aim",
            Self::Missed => "MISSED",
            Self::Known => "for information",
        }
    }
}

pub struct Row {
    what: String,
    unit: Unit,
    measured: f64,
    beside: Beside,
    /// Everything else that was seen, for the JSON.
    details: Value,
}

impl Row {
    pub fn new(what: impl Into<String>, unit: Unit, measured: f64, beside: Beside) -> Self {
        Self {
            what: what.into(),
            unit,
            measured,
            beside,
            details: Value::Null,
        }
    }

    pub fn with(mut self, details: Value) -> Self {
        self.details = details;
        self
    }

    fn beside_value(&self) -> Option<f64> {
        match self.beside {
            Beside::Rival { value, .. }
            | Beside::Goal(value)
            | Beside::Aim(value)
            | Beside::Limit(value)
            | Beside::Known(value) => Some(value),
            Beside::Nothing => None,
        }
    }

    fn ratio(&self) -> Option<f64> {
        self.beside_value()
            .filter(|value| *value > 0.0)
            .map(|value| self.measured / value)
    }

    fn verdict(&self) -> Verdict {
        let ratio = self.ratio().unwrap_or_default();
        let (good, bearable) = match self.beside {
            Beside::Nothing | Beside::Known(_) => return Verdict::Known,
            Beside::Rival { aim, floor, .. } => (ratio >= aim, ratio >= floor),
            Beside::Goal(_) => (ratio >= 1.0, true),
            Beside::Aim(_) => (ratio <= 1.0, true),
            Beside::Limit(_) => (ratio <= 1.0, ratio <= 1.0),
        };
        match (good, bearable) {
            (true, _) => Verdict::Good,
            (false, true) => Verdict::BelowAim,
            (false, false) => Verdict::Missed,
        }
    }

    fn cells(&self) -> [String; 5] {
        let mark = match self.beside {
            Beside::Rival { .. } | Beside::Known(_) | Beside::Nothing => "",
            Beside::Goal(_) => "≥ ",
            Beside::Aim(_) | Beside::Limit(_) => "≤ ",
        };
        let beside = self
            .beside_value()
            .map(|value| format!("{mark}{}", self.unit.shown(value)));
        let ratio = self.ratio().map(|ratio| format!("{:.0} %", ratio * 100.0));
        [
            self.what.clone(),
            self.unit.shown(self.measured),
            beside.unwrap_or_else(|| "–".to_owned()),
            ratio.unwrap_or_else(|| "–".to_owned()),
            self.verdict().word().to_owned(),
        ]
    }

    fn json(&self) -> Value {
        json!({
            "what": self.what,
            "unit": self.unit.name(),
            "measured": self.measured,
            "beside": self.beside_value(),
            "ratio": self.ratio(),
            "verdict": self.verdict().word(),
            "details": self.details,
        })
    }
}

pub struct Report {
    rows: Vec<Row>,
    /// Parts that could not be measured to their end.
    failures: Vec<String>,
    before: Load,
}

impl Report {
    pub fn begin() -> Result<Self> {
        Ok(Self {
            rows: Vec::new(),
            failures: Vec::new(),
            before: Load::now()?,
        })
    }

    pub fn add(&mut self, row: Row) {
        println!("  {}", row.cells().join(" | "));
        self.rows.push(row);
    }

    /// Measures one part. One that fails keeps the others from nothing.
    pub fn part(&mut self, measure: impl FnOnce(&mut Self) -> Result<()>) {
        if let Err(error) = measure(self) {
            eprintln!("error: {error:#}");
            self.failures.push(format!("{error:#}"));
        }
    }

    /// Prints the table and writes the JSON; tells whether every floor was held.
    pub fn end(self, file: &Path) -> Result<bool> {
        let after = Load::now()?;
        let cores = machine::cores();
        println!("\n{}", self.table());
        println!(
            "{cores} cores, load average {} before and {after} after",
            self.before
        );
        let rows: Vec<Value> = self.rows.iter().map(Row::json).collect();
        let all = json!({
            "cores": cores,
            "load_before": self.before.json(),
            "load_after": after.json(),
            "rows": rows,
            "failures": self.failures,
        });
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        }
        fs::write(file, format!("{all:#}\n"))
            .with_context(|| format!("writing {}", file.display()))?;
        println!("{}", file.display());
        Ok(!self.rows.iter().any(|row| row.verdict() == Verdict::Missed))
    }

    fn table(&self) -> String {
        let head = ["what", "measured", "limit or rival", "ratio", "verdict"].map(str::to_owned);
        let rows: Vec<[String; 5]> = std::iter::once(head)
            .chain(self.rows.iter().map(Row::cells))
            .collect();
        let mut width = [0; 5];
        for row in &rows {
            for (cell, width) in row.iter().zip(&mut width) {
                *width = cell.chars().count().max(*width);
            }
        }
        let line = |row: &[String; 5]| {
            let cells = row.iter().zip(width);
            let cells: Vec<String> = cells
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            cells.join(" | ").trim_end().to_owned()
        };
        rows.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// The middle one; of two the lower. 0 of none.
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The smallest value that `share` of all do not exceed. 0 of none.
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in a short list"
    )]
    let place = (sorted.len() as f64 * share).ceil() as usize;
    sorted
        .get(place.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(measured: f64, beside: Beside) -> Verdict {
        Row::new("x", Unit::Bytes, measured, beside).verdict()
    }

    #[test]
    fn only_a_floor_or_a_limit_can_be_missed() {
        let rival = Beside::Rival {
            value: 100.0,
            aim: 0.5,
            floor: 0.25,
        };
        assert_eq!(verdict(50.0, rival), Verdict::Good);
        assert_eq!(verdict(49.0, rival), Verdict::BelowAim);
        assert_eq!(verdict(24.0, rival), Verdict::Missed);
        assert_eq!(verdict(9.0, Beside::Goal(10.0)), Verdict::BelowAim);
        assert_eq!(verdict(11.0, Beside::Aim(10.0)), Verdict::BelowAim);
        assert_eq!(verdict(11.0, Beside::Limit(10.0)), Verdict::Missed);
        assert_eq!(verdict(10.0, Beside::Limit(10.0)), Verdict::Good);
        assert_eq!(verdict(10.0, Beside::Nothing), Verdict::Known);
    }

    #[test]
    fn quantiles_are_values_that_were_seen() {
        let values = [5.0, 1.0, 4.0, 2.0, 3.0];
        assert_eq!((median(&values), quantile(&values, 0.95)), (3.0, 5.0));
        assert_eq!(median(&[]), 0.0);
    }

    #[test]
    fn numbers_can_be_read() {
        assert_eq!(Unit::RowsPerSecond.shown(218_992.3), "218,992 rows/s");
        assert_eq!(Unit::EventsPerSecond.shown(999.6), "1,000/s");
        assert_eq!(Unit::Milliseconds.shown(27.96), "28.0 ms");
    }
}
