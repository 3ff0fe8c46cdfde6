//! A plant as small as a test needs, and what its machines say.

use ms5_floor::api::ingest::{Item, ItemKind};
use ms5_floor::domain::machine_state::MachineState;
use ms5_floor::domain::time::TsMs;
use serde_json::{Value, json};

/// A small plant: line `L1` with machines `M1` (pacing) and `M2` one after the other, and products `P1`, `P2`.
pub fn small_plant() -> Value {
    json!({
        "site": {"code": "T", "name": "Test works", "zone": "Europe/Rome"},
        "area": [{"code": "A", "name": "Hall"}],
        "line": [{"code": "L1", "name": "Line 1", "area": "A"}],
        "machine": [
            {"code": "M1", "name": "Filler", "line": "L1", "pacing": true},
            {"code": "M2", "name": "Packer", "line": "L1", "output": true},
        ],
        "product": [{"code": "P1", "name": "Product 1"}, {"code": "P2", "name": "Product 2"}],
        "rate": [
            {"machine": "M1", "product": "P1", "units": 60, "per_s": 60},
            {"machine": "M1", "product": "P2", "units": 30, "per_s": 60},
        ],
        "fault": [{"machine": "M1", "code": "F44", "text": "Bag jam"}],
    })
}

/// The small plant, where line L1 works 06:00 to 14:00 and 14:00 to 22:00, Monday to Friday; two crews take turns from Monday 2026-07-06 on.
pub fn two_shifts() -> Value {
    let shift = |name: &str, start: &str, end: &str, crews: [&str; 2]| json!({"name": name, "days": [1, 2, 3, 4, 5], "start": start, "end": end, "crews": crews, "anchor": "2026-07-06"});
    let mut plant = small_plant();
    plant["shift"] = json!([
        shift("Early", "06:00", "14:00", ["A", "B"]),
        shift("Late", "14:00", "22:00", ["B", "A"]),
    ]);
    plant["line"][0]["shifts"] = json!(["Early", "Late"]);
    plant
}

/// A state item as JSON.
pub fn state(id: &str, machine: &str, at: TsMs, state: MachineState) -> Value {
    let mut item = Item::new(id.to_owned(), machine.to_owned(), at, ItemKind::State);
    item.state = Some(state);
    serde_json::to_value(item).expect("json")
}

/// Lines `L1` (machines M1, M2) and `L2` (machine M3).
pub fn two_lines() -> Value {
    with_second_line(small_plant())
}

/// A plant whose first line is `L1`, and `L2` with machine M3.
pub fn with_second_line(mut plant: Value) -> Value {
    let add = |list: &mut Value, more: Value| list.as_array_mut().expect("a list").push(more);
    add(
        &mut plant["line"],
        json!({"code": "L2", "name": "Line 2", "area": "A"}),
    );
    add(
        &mut plant["machine"],
        json!({"code": "M3", "name": "Oven", "line": "L2", "pacing": true, "output": true}),
    );
    plant
}
