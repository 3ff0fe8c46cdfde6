//! A recording, and the mapping that tells what its columns mean, become items for ingest.
//!
//! Ids are made from the content (machine, time, kind), never from the place in the file: sending a recording again,
//! or sending it in another order, changes nothing.

pub mod mapping;
pub mod sender;

use crate::api::ingest::{Item, ItemKind};
use crate::domain::fact::Channel;
use crate::domain::time::TsMs;
use mapping::{Mapping, StateMap};
use std::collections::BTreeMap;
use std::io::Read;

/// Why a recording cannot be read with its mapping.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file is not CSV.
    #[error("{0}")]
    Csv(#[from] csv::Error),
    /// A column that the mapping names is not there.
    #[error("the recording has no column '{0}'")]
    NoColumn(String),
    /// A value cannot be used.
    #[error("line {line}: {column}: '{value}' {problem}")]
    Value {
        /// Line of the file.
        line: u64,
        /// Which column.
        column: String,
        /// What stands there.
        value: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// One record of the recording.
#[derive(Clone, Debug, PartialEq)]
struct Record {
    at: TsMs,
    state: Option<StateMap>,
    pieces: Option<i64>,
    product: Option<String>,
}

/// Where the columns are.
struct Columns<'a> {
    mapping: &'a Mapping,
    time: usize,
    machine: usize,
    state: Option<usize>,
    count: Option<usize>,
    product: Option<usize>,
}

/// Reads a recording and returns its items in order of time.
///
/// # Errors
/// Names the line and column that cannot be used.
pub fn read(recording: impl Read, mapping: &Mapping) -> Result<Vec<Item>, ReadError> {
    let mut reader = csv::Reader::from_reader(recording);
    let columns = Columns::find(reader.headers()?, mapping)?;
    let mut by_machine: BTreeMap<String, Vec<Record>> = BTreeMap::new();
    for row in reader.records() {
        let row = row?;
        if let Some((machine, record)) = columns.record(&row)? {
            by_machine.entry(machine).or_default().push(record);
        }
    }
    let mut items = Vec::new();
    for (machine, mut records) in by_machine {
        records.sort_by_key(|r| r.at);
        states(&machine, &records, mapping, &mut items);
        pieces(&machine, &records, mapping, &mut items);
    }
    items.sort_by_key(at);
    Ok(items)
}

/// When an item made here happened.
#[must_use]
pub fn at(item: &Item) -> TsMs {
    match item.at {
        crate::api::ingest::At::Ms(at) => at,
        crate::api::ingest::At::Text(_) => TsMs::default(),
    }
}

impl<'a> Columns<'a> {
    fn find(headers: &csv::StringRecord, mapping: &'a Mapping) -> Result<Self, ReadError> {
        let find = |name: &str| {
            headers
                .iter()
                .position(|h| h == name)
                .ok_or_else(|| ReadError::NoColumn(name.to_owned()))
        };
        let optional = |name: Option<&String>| name.map(|n| find(n)).transpose();
        Ok(Self {
            mapping,
            time: find(&mapping.time.column)?,
            machine: find(&mapping.machine.column)?,
            state: optional(mapping.state.as_ref().map(|s| &s.column))?,
            count: optional(mapping.count.as_ref().map(|c| &c.column))?,
            product: optional(mapping.product.as_ref().map(|p| &p.column))?,
        })
    }

    /// The record of a row; `None` when its machine is not part of the mapping.
    fn record(&self, row: &csv::StringRecord) -> Result<Option<(String, Record)>, ReadError> {
        let line = row.position().map_or(0, csv::Position::line);
        let get = |column: usize| row.get(column).unwrap_or_default().trim();
        let wrong = |column: &str, value: &str, problem| ReadError::Value {
            line,
            column: column.to_owned(),
            value: value.to_owned(),
            problem,
        };
        let Some(machine) = self.mapping.machine.values.get(get(self.machine)) else {
            return Ok(None);
        };
        let at = self.mapping.time.parse(get(self.time));
        let at =
            at.ok_or_else(|| wrong(&self.mapping.time.column, get(self.time), "is not a time"))?;
        let mut record = Record {
            at,
            state: None,
            pieces: None,
            product: None,
        };
        if let (Some(column), Some(map)) = (self.state, &self.mapping.state) {
            let state = map.values.get(number_text(get(column)));
            let state = state
                .ok_or_else(|| wrong(&map.column, get(column), "is not in the mapping's states"))?;
            record.state = Some(state.clone());
        }
        if let (Some(column), Some(map)) = (self.count, &self.mapping.count) {
            let n = whole(get(column));
            record.pieces = Some(n.ok_or_else(|| {
                wrong(&map.column, get(column), "is not a whole number of pieces")
            })?);
        }
        if let (Some(column), Some(map)) = (self.product, &self.mapping.product) {
            let product = map.values.get(number_text(get(column)));
            let product = product.ok_or_else(|| {
                wrong(&map.column, get(column), "is not in the mapping's products")
            })?;
            record.product = Some(product.clone());
        }
        Ok(Some((machine.clone(), record)))
    }
}

/// `2.0` and `2` name the same thing: data tools like to write whole numbers as floats.
fn number_text(text: &str) -> &str {
    match text.split_once('.') {
        Some((whole, rest)) if !rest.is_empty() && rest.bytes().all(|b| b == b'0') => whole,
        _ => text,
    }
}

fn whole(text: &str) -> Option<i64> {
    if text.is_empty() {
        Some(0)
    } else {
        number_text(text).parse().ok()
    }
}

/// The state items of one machine.
fn states(machine: &str, records: &[Record], mapping: &Mapping, items: &mut Vec<Item>) {
    let mut tell = |at: TsMs, state: &StateMap| {
        let id = format!("{machine}-{}-state", at.0);
        let mut item = Item::new(id, machine.to_owned(), at, ItemKind::State);
        item.state = Some(state.state);
        item.fault.clone_from(&state.fault);
        items.push(item);
    };
    let Some(slot) = &mapping.slot else {
        for record in records {
            if let Some(state) = &record.state {
                tell(record.at, state);
            }
        }
        return;
    };
    let length = slot.seconds.get() * 1000;
    let start = |at: TsMs| TsMs(at.0 - at.0.rem_euclid(length));
    let mut by_slot: BTreeMap<TsMs, &StateMap> = BTreeMap::new();
    for record in records {
        if let Some(state) = &record.state {
            // Records come in order of time: the last one of a slot stays.
            by_slot.insert(start(record.at), state);
        }
    }
    let mut before: Option<(TsMs, &StateMap)> = None;
    for (at, state) in &by_slot {
        match before {
            Some((end, _)) if end < *at => {
                tell(
                    end,
                    &StateMap {
                        state: slot.gap,
                        fault: None,
                    },
                );
                tell(*at, state);
            }
            Some((_, same)) if same == *state => {}
            _ => tell(*at, state),
        }
        before = Some((TsMs(at.0 + length), state));
    }
    if let Some((end, _)) = before {
        tell(
            end,
            &StateMap {
                state: slot.gap,
                fault: None,
            },
        );
    }
}

/// The product and count items of one machine.
fn pieces(machine: &str, records: &[Record], mapping: &Mapping, items: &mut Vec<Item>) {
    let channel = mapping
        .count
        .as_ref()
        .map_or(Channel::Ungraded, |c| c.channel);
    let mut product: Option<&String> = None;
    let mut same_time = (TsMs(i64::MIN), 0);
    for record in records {
        same_time = if same_time.0 == record.at {
            (record.at, same_time.1 + 1)
        } else {
            (record.at, 0)
        };
        let id = |kind: &str| format!("{machine}-{}-{}-{kind}", record.at.0, same_time.1);
        if record.product.is_some() && record.product.as_ref() != product {
            let mut item = Item::new(
                id("product"),
                machine.to_owned(),
                record.at,
                ItemKind::Product,
            );
            item.product.clone_from(&record.product);
            items.push(item);
            product = record.product.as_ref();
        }
        if let Some(n) = record.pieces.filter(|n| *n != 0) {
            let mut item = Item::new(id("count"), machine.to_owned(), record.at, ItemKind::Count);
            let field = match channel {
                Channel::Good => &mut item.good,
                Channel::Scrap => &mut item.scrap,
                Channel::Rework => &mut item.rework,
                Channel::Ungraded => &mut item.ungraded,
            };
            *field = Some(n);
            item.product.clone_from(&record.product);
            items.push(item);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::machine_state::MachineState::{self, Idle, NotScheduled, Running, Stopped};

    const MAPPING: &str = r#"
        [time]
        column = "ts"
        format = "epoch_s"
        [machine]
        column = "m"
        values = { "1" = "M1" }
        [slot]
        seconds = 300
        gap = "not_scheduled"
        [state]
        column = "status"
        [state.values]
        0 = { state = "idle" }
        2 = { state = "running" }
        3 = { state = "stopped", fault = "ALARM" }
        [count]
        column = "items"
        channel = "ungraded"
        [product]
        column = "p"
        values = { "0" = "P0", "1" = "P1" }
    "#;

    fn items(rows: &str) -> Result<Vec<Item>, ReadError> {
        let mapping = toml::from_str(MAPPING).expect("a mapping");
        read(format!("ts,m,items,status,p\n{rows}").as_bytes(), &mapping)
    }

    fn told(items: &[Item]) -> Vec<(i64, MachineState, Option<&str>)> {
        let states = items.iter().filter_map(|i| Some((i, i.state?)));
        states
            .map(|(i, state)| (at(i).0 / 1000, state, i.fault.as_deref()))
            .collect()
    }

    #[test]
    fn a_slot_has_the_state_of_its_last_record_and_a_slot_without_one_is_a_gap() {
        let rows = "10,1,0,2.0,0\n290,1,0,0,0\n300,1,0,0,0\n599,1,0,2,0\n1200,1,0,3,0\n";
        let wanted = [
            (0, Idle, None),
            (300, Running, None),
            (600, NotScheduled, None),
            (1200, Stopped, Some("ALARM")),
            (1500, NotScheduled, None),
        ];
        assert_eq!(told(&items(rows).expect("items")), wanted);
    }

    #[test]
    fn the_pieces_of_every_record_count_for_its_product_and_a_new_product_is_told_once() {
        let rows = "10,1,4.0,2,0\n20,1,0,2,0\n30,1,5,2,1\n30,1,6,2,1\n40,9,7,2,1\n";
        let items = items(rows).expect("items");
        let counts: Vec<_> = items
            .iter()
            .filter(|i| i.kind == ItemKind::Count)
            .map(|i| (at(i).0 / 1000, i.ungraded, i.product.as_deref()))
            .collect();
        let wanted = [
            (10, Some(4), Some("P0")),
            (30, Some(5), Some("P1")),
            (30, Some(6), Some("P1")),
        ];
        assert_eq!(counts, wanted, "rows of other machines are left out");
        let products = items.iter().filter(|i| i.kind == ItemKind::Product);
        let products: Vec<_> = products
            .map(|i| (at(i).0 / 1000, i.product.as_deref()))
            .collect();
        assert_eq!(products, [(10, Some("P0")), (30, Some("P1"))]);
        let ids: std::collections::BTreeSet<_> = items.iter().map(|i| &i.id).collect();
        assert_eq!(ids.len(), items.len(), "every item has an id of its own");
    }

    #[test]
    fn ids_come_from_the_content_and_not_from_the_place_in_the_file() {
        let rows = ["10,1,4,2,0", "310,1,5,3,0", "700,1,6,0,1", "1000,1,7,2,1"];
        let forward = items(&rows.join("\n")).expect("items");
        let backward: Vec<&str> = rows.into_iter().rev().collect();
        assert_eq!(items(&backward.join("\n")).expect("items"), forward);
    }

    #[test]
    fn what_cannot_be_read_is_named_by_line_and_column() {
        for (row, wanted) in [
            ("x,1,4,2,0", "line 3: ts: 'x' is not a time"),
            (
                "10,1,4,7,0",
                "line 3: status: '7' is not in the mapping's states",
            ),
            (
                "10,1,4.5,2,0",
                "line 3: items: '4.5' is not a whole number of pieces",
            ),
            (
                "10,1,4,2,9",
                "line 3: p: '9' is not in the mapping's products",
            ),
        ] {
            let problem = items(&format!("10,1,4,2,0\n{row}\n")).expect_err(row);
            assert_eq!(problem.to_string(), wanted);
        }
        let mapping = toml::from_str(MAPPING).expect("a mapping");
        let problem = read("ts,m\n".as_bytes(), &mapping).expect_err("no columns");
        assert_eq!(problem.to_string(), "the recording has no column 'status'");
    }
}
