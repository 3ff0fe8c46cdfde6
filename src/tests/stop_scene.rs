//! A small plant whose machine stands now and then, and ways to tell, ask and say something about it.

use crate::harness::{Answer, Hands, Place, Server, at};
use crate::small_plant::{small_plant, state};
use axum::http::Method;
use ms5_floor::domain::machine_state::MachineState;
use ms5_floor::domain::rights::{Permission, PermissionSet, sets};
use ms5_floor::domain::time::{MINUTE_MS, TsMs};
use ms5_floor::server::services::oee::calculate_oee;
use serde_json::{Value, json};

pub fn minute(n: i64) -> TsMs {
    TsMs(at("2026-07-06T06:00:00Z").0 + n * MINUTE_MS)
}

pub struct Scene {
    pub server: Server,
    pub hands: Hands,
    pub key: String,
    sent: usize,
}

impl Scene {
    pub async fn new(place: &Place) -> Self {
        let mut plant = small_plant();
        plant["reason"] = json!([
            {"code": "FOIL", "name": "Foil", "parent": "MATERIAL", "category": "unplanned"},
            {"code": "FOIL_TORN", "name": "Foil torn", "parent": "FOIL", "category": "unplanned"},
            {"code": "REWORK", "name": "Rework", "parent": "QUALITY", "category": "unplanned", "active": false},
        ]);
        plant["fault"] = json!([
            {"machine": "M1", "code": "F44", "text": "Bag jam", "reason": "MAT_JAM"},
            {"machine": "M1", "code": "F9", "text": "Packer stands", "origin": "downstream"},
            {"machine": "M1", "code": "F7", "text": "No idea"},
        ]);
        let hands = Hands::at(minute(120));
        let server = Server::with(place, hands.clock(), plant).await;
        let key = server.key_that_may("gateway", says()).await;
        Self {
            server,
            hands,
            key,
            sent: 0,
        }
    }

    pub async fn tell(&mut self, list: &[(i64, MachineState, Option<&str>)]) {
        let mut items = Vec::new();
        for (n, told, fault) in list {
            self.sent += 1;
            let mut item = state(&format!("s{}", self.sent), "M1", minute(*n), *told);
            if let Some(fault) = fault {
                item["fault"] = json!(fault);
            }
            items.push(item);
        }
        let answer = self.server.ingest(&self.key, &items).await;
        assert_eq!(answer.accepted, items.len(), "{answer:?}");
    }

    pub async fn say(&self, start: i64, said: Value) -> Answer {
        self.say_as(&self.key, start, said).await
    }

    pub async fn say_as(&self, key: &str, start: i64, said: Value) -> Answer {
        let path = format!("/api/v1/downtime/M1/{}/confirm", minute(start).0);
        self.server
            .send(Method::POST, &path, Some(key), &said)
            .await
    }

    pub async fn events(&self, query: &str) -> Vec<Value> {
        let answer = self
            .server
            .get(&format!("/api/v1/downtime?{query}"), None)
            .await;
        let page = answer.json();
        assert_eq!(answer.status.as_u16(), 200, "{page}");
        page["events"].as_array().expect("events").clone()
    }

    /// Unplanned, changeover, starved, blocked minutes of M1 from minute 0 to `to`, and all planned production time.
    pub async fn lost(&self, to: i64) -> [i64; 5] {
        let oee = calculate_oee(
            &crate::harness::by_the_program(&self.server.app),
            "L1",
            minute(0).0,
            minute(to).0,
        )
        .await;
        let account = oee.expect("OEE").machines[0].account;
        let lost = [
            account.unplanned,
            account.changeover,
            account.starved,
            account.blocked,
        ];
        let [a, b, c, d] = lost.map(|d| d.0 / MINUTE_MS);
        [a, b, c, d, account.planned_production().0 / MINUTE_MS]
    }
}

/// The parts of a stop: from and to in minutes, reason, given.
pub fn parts(event: &Value) -> Vec<(i64, Option<i64>, Option<String>, bool)> {
    let n = |v: &Value| v.as_i64().map(|ms| (ms - minute(0).0) / MINUTE_MS);
    let part = |p: &Value| {
        let reason = p["reason"]["code"].as_str().map(str::to_owned);
        (
            n(&p["from"]).expect("a start"),
            n(&p["to"]),
            reason,
            p["given"] == true,
        )
    };
    event["parts"]
        .as_array()
        .unwrap_or_else(|| panic!("{event}"))
        .iter()
        .map(part)
        .collect()
}

pub fn part(
    from: i64,
    to: Option<i64>,
    reason: Option<&str>,
    given: bool,
) -> (i64, Option<i64>, Option<String>, bool) {
    (from, to, reason.map(str::to_owned), given)
}

/// Sends facts and says everything about stops.
pub fn says() -> PermissionSet {
    let more = PermissionSet::of(&[Permission::IngestBackfill, Permission::DowntimeConfirm]);
    sets::SEND.and(sets::EXPLAIN_STOPS).and(more)
}
