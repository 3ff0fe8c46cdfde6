//! A plant of any number of machines, and what they report: mostly pieces, now and then a state.

use std::ops::Range;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// Neighbours make up a line.
pub const MACHINES_PER_LINE: usize = 5;
/// One report in so many is a state.
const STATE_EVERY: usize = 20;

/// The present, in epoch milliseconds.
#[expect(
    clippy::disallowed_methods,
    reason = "the server's clock is in another process"
)]
pub fn now() -> Result<i64> {
    let time = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .context("the clock stands before 1970")?;
    i64::try_from(time.as_millis()).context("the clock stands far ahead")
}

/// What a machine is called.
pub fn code(machine: usize) -> String {
    format!("BENCH{machine:03}")
}

/// The definition of a plant whose lines work round the clock. It says that it is simulated, so a browser gets in by one
/// tap.
pub fn plant(machines: usize) -> Value {
    let line = |machine: usize| format!("LINE{:02}", machine / MACHINES_PER_LINE);
    let shift =
        json!({"name": "Always", "days": [1, 2, 3, 4, 5, 6, 7], "start": "00:00", "end": "00:00"});
    let lines = (0..machines.div_ceil(MACHINES_PER_LINE)).map(|place| {
        let code = line(place * MACHINES_PER_LINE);
        json!({"code": code, "name": format!("Line {place:02}"), "area": "HALL", "shifts": ["Always"]})
    });
    let machine = |place: usize| {
        let of_line = place % MACHINES_PER_LINE;
        json!({
            "code": code(place),
            "name": format!("Machine {place:03}"),
            "line": line(place),
            "pacing": of_line == 0,
            "output": of_line == MACHINES_PER_LINE - 1,
        })
    };
    let rate =
        |place: usize| json!({"machine": code(place), "product": "P1", "units": 60, "per_s": 60});
    json!({
        "site": {"code": "BENCH", "name": "Bench", "zone": "Europe/Rome", "simulated": true},
        "area": [{"code": "HALL", "name": "Hall"}],
        "shift": [shift],
        "line": lines.collect::<Vec<_>>(),
        "machine": (0..machines).map(machine).collect::<Vec<_>>(),
        "product": [{"code": "P1", "name": "Piece"}],
        "rate": (0..machines).map(rate).collect::<Vec<_>>(),
    })
}

/// What a gateway reports of its own machines, in order of time.
pub struct Gateway {
    machines: Range<usize>,
    next: usize,
    at: i64,
    step: i64,
    round: usize,
}

impl Gateway {
    /// Each machine reports once every `step` milliseconds, from `start` on.
    pub fn new(machines: Range<usize>, start: i64, step: i64) -> Self {
        Self {
            next: machines.start,
            machines,
            at: start,
            step,
            round: 0,
        }
    }

    /// The next `size` items as a batch.
    pub fn batch(&mut self, size: usize) -> String {
        let mut text = String::with_capacity(16 + size * 120);
        text.push_str("{\"items\":[");
        for place in 0..size {
            if place > 0 {
                text.push(',');
            }
            text.push_str(&self.item());
        }
        text.push_str("]}");
        text
    }

    fn item(&mut self) -> String {
        let (machine, round, at) = (self.next, self.round, self.at);
        self.next += 1;
        if self.next == self.machines.end {
            self.next = self.machines.start;
            self.round += 1;
            self.at += self.step;
        }
        let code = code(machine);
        let head = |what: &str| {
            format!("{{\"id\":\"{code}-{what}-{at}\",\"machine\":\"{code}\",\"at\":{at}")
        };
        // Not all machines change at once.
        let turn = round + 7 * machine;
        let rest = match (turn % STATE_EVERY, machine % 2) {
            (0, _) if (turn / STATE_EVERY).is_multiple_of(2) => {
                return format!(
                    "{},\"kind\":\"state\",\"state\":\"running\"}}",
                    head("state")
                );
            }
            (0, _) => {
                let stopped = "\"kind\":\"state\",\"state\":\"stopped\",\"fault\":\"F44\"";
                return format!("{},{stopped}}}", head("state"));
            }
            (scrap, 0) => format!("\"kind\":\"count\",\"good\":12,\"scrap\":{}", scrap % 2),
            (_, _) => {
                let reading = round * 12;
                format!("\"kind\":\"counter\",\"channel\":\"good\",\"value\":{reading}")
            }
        };
        format!("{},{rest}}}", head("good"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_never_uses_an_id_twice_and_goes_forward_in_time() {
        let mut gateway = Gateway::new(3..6, 1_000, 500);
        let mut ids = std::collections::HashSet::new();
        let mut last = 0;
        let mut states = 0;
        for _ in 0..4 {
            let batch: Value = serde_json::from_str(&gateway.batch(100)).expect("JSON");
            for item in batch["items"].as_array().expect("items") {
                assert!(ids.insert(item["id"].as_str().expect("an id").to_owned()));
                let at = item["at"].as_i64().expect("a time");
                assert!(at >= last);
                last = at;
                states += usize::from(item["kind"] == "state");
            }
        }
        assert_eq!((ids.len(), states), (400, 20));
    }

    #[test]
    fn every_machine_has_its_line() {
        let plant = plant(12);
        assert_eq!(plant["line"].as_array().map(Vec::len), Some(3));
        assert_eq!(plant["machine"][11]["line"], "LINE02");
    }
}
