//! Rosters: who is on duty when, who stands in, when nobody is; and a rehearsal says beforehand whom a call then reaches.

mod forms;
mod gaps;
mod outside;
mod rehearsals;

use crate::browser::add_person;
use crate::harness::Server;
use crate::small_plant::two_lines;
use axum::http::{Method, StatusCode};
use ms5_floor::domain::ids::PersonId;
use serde_json::{Value, json};

const ROSTER: &str = "/api/v1/andon/roster";

/// Line 1 works round the clock in three shifts, but not on Monday the 13th, except for its early shift; on line 2 the
/// machines say when they are scheduled.
fn plant() -> Value {
    let shift = |name: &str, start: &str, end: &str| json!({"name": name, "days": [1, 2, 3, 4, 5, 6, 7], "start": start, "end": end});
    let mut plant = two_lines();
    plant["shift"] = json!([
        shift("Early", "06:00", "14:00"),
        shift("Late", "14:00", "22:00"),
        shift("Night", "22:00", "06:00"),
    ]);
    plant["line"][0]["shifts"] = json!(["Early", "Late", "Night"]);
    plant["holiday"] = json!([{"day": "2026-07-13", "name": "Founder's day"}]);
    plant["exception"] = json!([{"line": "L1", "day": "2026-07-13", "shifts": ["Early"]}]);
    plant
}

async fn made(server: &Server, path: &str, body: &Value) -> i64 {
    let answer = server.send(Method::POST, path, None, body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.json()["id"].as_i64().expect("a number")
}

fn duty(name: &str, person: PersonId, shift: &str, days: i64) -> Value {
    json!({"name": name, "person": person.0, "line": "L1", "shift": shift, "days": days})
}

/// Ann has the nights, Ben the early shifts from Monday to Friday, of the duty that critical calls go to at once and again
/// after 45 minutes; from Friday the 10th to Sunday the 12th Cid is there for Ann.
async fn scene(server: &Server) -> [PersonId; 3] {
    let ann = add_person(server, "ann", "maintenance").await;
    let ben = add_person(server, "ben", "maintenance").await;
    let cid = add_person(server, "cid", "maintenance").await;
    let duties = format!("{ROSTER}/duties");
    made(server, &duties, &duty("maintenance", ann, "Night", 127)).await;
    made(
        server,
        &duties,
        &duty("maintenance", ben, "Early", 0b001_1111),
    )
    .await;
    let away = json!({"person": ann.0, "by": cid.0, "from": "2026-07-10", "until": "2026-07-12"});
    made(server, &format!("{ROSTER}/substitutes"), &away).await;
    let step = |trigger: &str, after_min: i64, level: i64| json!({"trigger": trigger, "after": after_min * 60_000, "level": level, "to": [{"duty": "maintenance"}], "via": ["screen", "email"]});
    let steps = json!([
        step("raised", 0, 0),
        step("not_acknowledged", 45, 1),
        step("not_arrived", 20, 2)
    ]);
    let rule = json!({"priority": "critical", "line": "L1", "steps": steps});
    made(server, "/api/v1/andon/rules", &rule).await;
    [ann, ben, cid]
}
