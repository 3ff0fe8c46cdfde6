//! What happens on a line in a shift, and what its machines tell of it: they run, one stops and the others wait for it,
//! all change over, all pause. While a machine runs it counts once a minute.

use super::chance::Chance;
use super::plant::{BREAKS, MACHINES_PER_LINE, ideal, machine, product};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
/// A stop reaches the next machine after so long.
const COUPLING: i64 = 4 * SECOND;
/// Each machine counts at its own moment of the minute.
const APART: i64 = 100;

/// A stretch of time in epoch milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    pub from: i64,
    pub to: i64,
}

/// One line, shift after shift.
pub struct Story {
    line: usize,
    chance: Chance,
    product: usize,
    items: Vec<(i64, String)>,
}

/// Why machines do not run.
#[derive(Clone, Copy)]
enum Event {
    Stop { of_line: usize, fault: i64 },
    Changeover,
    Break,
}

impl Story {
    pub fn new(line: usize) -> Self {
        let seed = u64::try_from(line).unwrap_or(0);
        Self {
            line,
            chance: Chance::new(seed),
            product: line % super::plant::PRODUCTS,
            items: Vec::new(),
        }
    }

    /// What the line tells of a shift up to `until`, in order of time.
    pub fn shift(&mut self, shift: Stretch, until: i64) -> Vec<String> {
        self.items.clear();
        self.tell_product(shift.from);
        let mut pauses = BREAKS
            .map(|(after, long)| (shift.from + after * MINUTE, long * MINUTE))
            .into_iter()
            .peekable();
        let mut changeover = Some(self.chance.between(60, 420) * MINUTE + shift.from);
        let mut at = shift.from;
        while at < shift.to {
            let trouble = at + self.chance.between(3 * MINUTE, 13 * MINUTE);
            let pause = pauses.peek().map_or(i64::MAX, |(from, _)| *from);
            let change = changeover.unwrap_or(i64::MAX);
            let stop = trouble.min(pause.max(at)).min(change.max(at)).min(shift.to);
            if stop == shift.to {
                self.run(at, stop);
                break;
            }
            // Nobody starts a line for a moment.
            if stop - at >= MINUTE {
                self.run(at, stop);
            }
            let (event, long) = if pause <= stop {
                let long = pauses.next().map_or(0, |(_, long)| long);
                (Event::Break, long)
            } else if change <= stop {
                changeover = None;
                (
                    Event::Changeover,
                    self.chance.between(8 * MINUTE, 18 * MINUTE),
                )
            } else {
                self.trouble()
            };
            at = (stop + long).min(shift.to);
            self.stand(stop, at, event);
        }
        // The next shift may begin at the same moment.
        let end = shift.to - SECOND;
        self.items.retain(|(at, _)| *at < end);
        for of_line in 0..MACHINES_PER_LINE {
            self.state(of_line, end, "not_scheduled", None);
        }
        self.items.retain(|(at, _)| *at < until);
        self.items.sort_by_key(|(at, _)| *at);
        self.items.drain(..).map(|(_, text)| text).collect()
    }

    /// Most stops are short.
    fn trouble(&mut self) -> (Event, i64) {
        let of_line = self.chance.place(MACHINES_PER_LINE);
        let fault = self.chance.between(1, 13);
        let long = if self.chance.once_in(7) {
            self.chance.between(5 * MINUTE, 20 * MINUTE)
        } else {
            self.chance.between(20 * SECOND, 150 * SECOND)
        };
        (Event::Stop { of_line, fault }, long)
    }

    fn run(&mut self, from: i64, to: i64) {
        for (of_line, place) in (0..MACHINES_PER_LINE).zip(0..) {
            let begin = from + place * COUPLING;
            self.state(of_line, begin, "running", None);
            let mut at = begin - begin.rem_euclid(MINUTE) + MINUTE + place * APART;
            while at < to {
                self.count(of_line, at);
                at += MINUTE;
            }
        }
    }

    fn stand(&mut self, from: i64, to: i64, event: Event) {
        for of_line in 0..MACHINES_PER_LINE {
            match event {
                Event::Stop {
                    of_line: first,
                    fault,
                } => {
                    let apart = i64::try_from(of_line.abs_diff(first)).unwrap_or(0);
                    let (state, fault) = match of_line.cmp(&first) {
                        std::cmp::Ordering::Less => ("blocked", None),
                        std::cmp::Ordering::Equal => ("stopped", Some(fault)),
                        std::cmp::Ordering::Greater => ("starved", None),
                    };
                    self.state(of_line, from + apart * COUPLING, state, fault);
                }
                Event::Changeover => self.state(of_line, from, "changeover", None),
                Event::Break => self.state(of_line, from, "idle", None),
            }
        }
        if matches!(event, Event::Changeover) {
            self.product = self.chance.place(super::plant::PRODUCTS);
            self.tell_product(to - SECOND);
        }
    }

    fn tell_product(&mut self, at: i64) {
        for of_line in 0..MACHINES_PER_LINE {
            let text = format!(
                "{},\"kind\":\"product\",\"product\":\"{}\"}}",
                self.head('p', of_line, at),
                product(self.product)
            );
            self.items.push((at, text));
        }
    }

    fn state(&mut self, of_line: usize, at: i64, state: &str, fault: Option<i64>) {
        let fault = fault.map(|code| format!(",\"fault\":\"F{code}\""));
        let text = format!(
            "{},\"kind\":\"state\",\"state\":\"{state}\"{}}}",
            self.head('s', of_line, at),
            fault.unwrap_or_default()
        );
        self.items.push((at, text));
    }

    fn count(&mut self, of_line: usize, at: i64) {
        let best = ideal(self.product);
        let good = self.chance.between(best * 3 / 4, best + 1);
        let scrap = i64::from(self.chance.once_in(10));
        let text = format!(
            "{},\"kind\":\"count\",\"good\":{good},\"scrap\":{scrap}}}",
            self.head('c', of_line, at)
        );
        self.items.push((at, text));
    }

    fn head(&self, kind: char, of_line: usize, at: i64) -> String {
        let code = machine(self.line, of_line);
        format!("{{\"id\":\"{code}-{kind}{at}\",\"machine\":\"{code}\",\"at\":{at}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::HashSet;

    fn shift(story: &mut Story, number: i64) -> Vec<Value> {
        let from = 1_764_000_000_000 + number * 480 * MINUTE;
        let shift = Stretch {
            from,
            to: from + 480 * MINUTE,
        };
        let items = story.shift(shift, i64::MAX);
        let read = |text: &String| serde_json::from_str(text).expect("JSON");
        items.iter().map(read).collect()
    }

    #[test]
    fn items_are_in_order_of_time_and_no_id_comes_twice() {
        let mut story = Story::new(3);
        let (mut ids, mut last) = (HashSet::new(), 0);
        for number in 0..6 {
            for item in shift(&mut story, number) {
                assert!(
                    ids.insert(item["id"].as_str().expect("an id").to_owned()),
                    "{item}"
                );
                let at = item["at"].as_i64().expect("a time");
                assert!(at >= last);
                last = at;
            }
        }
    }

    #[test]
    fn a_machine_changes_its_state_150_to_200_times_a_day_and_mostly_runs() {
        let mut story = Story::new(0);
        let days = 50;
        let items: Vec<Value> = (0..2 * days).flat_map(|n| shift(&mut story, n)).collect();
        let of = |kind: &str| items.iter().filter(|i| i["kind"] == kind).count();
        let each = |number: usize| number / MACHINES_PER_LINE / usize::try_from(days).expect("few");
        let (states, counts) = (each(of("state")), each(of("count")));
        assert!((150..=200).contains(&states), "{states}");
        assert!((600..=850).contains(&counts), "{counts}");
    }
}
