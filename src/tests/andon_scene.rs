//! People who call for help and people who come, on a small plant of two lines, with a clock in hand.

use crate::cast::Actor;
use crate::harness::{Answer, Hands, Place, Server, at, request};
use crate::small_plant::small_plant;
use axum::body::Body;
use axum::http::Method;
use ms5_floor::domain::andon::Rule;
use ms5_floor::domain::ids::CallId;
use ms5_floor::domain::time::{DurMs, MINUTE_MS, TsMs};
use ms5_floor::server::andon::worker::Worker;
use ms5_floor::server::db::andon::timers::{self, TimerRow};
use ms5_floor::server::db::{Db, Tx};
use serde_json::{Value, json};

/// When every scene begins: a Monday, 10:00 on the site's clock.
pub fn start() -> TsMs {
    at("2026-07-06T08:00:00Z")
}

/// Minutes as milliseconds.
pub const fn minutes(n: i64) -> DurMs {
    DurMs(n * MINUTE_MS)
}

/// Lines `L1` (machines M1, M2) and `L2` (machine M3).
pub fn two_lines() -> Value {
    let mut plant = small_plant();
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

pub struct Floor {
    pub server: Server,
    pub hands: Hands,
    pub worker: Worker,
    pub operator: Actor,
    pub shift_manager: Actor,
    pub engineer: Actor,
    pub production_manager: Actor,
    pub admin: Actor,
}

impl Floor {
    pub async fn new(place: &Place) -> Self {
        Self::with(place, two_lines()).await
    }

    pub async fn with(place: &Place, plant: Value) -> Self {
        let hands = Hands::at(start());
        let server = Server::with(place, hands.clock(), plant).await;
        Self {
            worker: Worker::new(server.app.clone(), hands.ticks()),
            operator: Actor::person(&server, "operator", None).await,
            shift_manager: Actor::person(&server, "shift_manager", None).await,
            engineer: Actor::person(&server, "engineer", None).await,
            production_manager: Actor::person(&server, "production_manager", None).await,
            admin: Actor::person(&server, "admin", None).await,
            server,
            hands,
        }
    }

    /// Asks as somebody.
    pub async fn ask(&self, who: &Actor, method: Method, path: &str, body: &Value) -> Answer {
        let body = if method == Method::GET {
            Body::empty()
        } else {
            Body::from(body.to_string())
        };
        let mut request = request(method, path, None, body);
        let same = "same-origin".parse().expect("a header");
        request.headers_mut().insert("sec-fetch-site", same);
        who.show(&self.server, request.headers_mut()).await;
        self.server.ask_as_it_is(request).await
    }

    pub async fn get(&self, who: &Actor, path: &str) -> Answer {
        self.ask(who, Method::GET, path, &Value::Null).await
    }

    pub async fn raise(&self, who: &Actor, call: Value) -> Answer {
        self.ask(who, Method::POST, "/api/v1/andon", &call).await
    }

    /// Raises a call that is answered with its number.
    pub async fn raised(&self, who: &Actor, call: Value) -> i64 {
        let answer = self.raise(who, call).await;
        assert_eq!(answer.status.as_u16(), 200, "{answer:?}");
        answer.json()["call"]["id"].as_i64().expect("a number")
    }

    pub async fn act(&self, who: &Actor, id: i64, act: &str, body: Value) -> Answer {
        let path = format!("/api/v1/andon/calls/{id}/{act}");
        self.ask(who, Method::POST, &path, &body).await
    }

    /// The same, which must work.
    pub async fn acted(&self, who: &Actor, id: i64, act: &str, body: Value) -> Value {
        let answer = self.act(who, id, act, body).await;
        assert_eq!(answer.status.as_u16(), 200, "{act}: {answer:?}");
        answer.json()
    }

    /// A call with its history.
    pub async fn detail(&self, id: i64) -> Value {
        let path = format!("/api/v1/andon/calls/{id}");
        let answer = self.server.get(&path, None).await;
        assert_eq!(answer.status.as_u16(), 200, "{answer:?}");
        answer.json()
    }

    /// Moves the clock to so long after the start, and does what is due then; how many steps that were.
    pub async fn at(&mut self, after: DurMs) -> usize {
        self.hands.set(start() + after);
        self.worker.look().await.expect("the database is there")
    }

    /// The timers of a call.
    pub async fn timers(&self, id: i64) -> Vec<TimerRow> {
        let mut tx = self.server.snapshot().await;
        let timers = timers::of_call_in(&mut tx, CallId(id)).await;
        timers.expect("timers")
    }
}

/// What a call's history says happened, in order: what and by whom.
pub fn happened(detail: &Value) -> Vec<(String, String)> {
    let text = |v: &Value| v.as_str().expect("text").to_owned();
    let lines = detail["history"].as_array().expect("a history").iter();
    lines.map(|l| (text(&l["what"]), text(&l["by"]))).collect()
}

/// Who was told of a call, with the level, in the order of names.
pub fn told(call: &Value) -> Vec<(i64, String)> {
    let told = call["told"].as_array().expect("a list").iter();
    let mut told: Vec<(i64, String)> = told
        .map(|t| {
            (
                t["level"].as_i64().expect("a level"),
                t["who"].as_str().expect("a name").to_owned(),
            )
        })
        .collect();
    told.sort();
    told.dedup();
    told
}

/// Writes a rule down as the desk would.
pub async fn add_rule(db: &Db, rule: &Rule) {
    const SQL: &str = "INSERT INTO andon_rule (kind, priority, line_id, shift, ladder, version) VALUES ($1, $2, $3, $4, $5, 1)";
    let ladder = serde_json::to_string(&rule.ladder).expect("json");
    macro_rules! add {
        ($on:expr) => {
            sqlx::query(SQL)
                .bind(rule.kind.map(|k| k.code()))
                .bind(rule.priority.map(|p| p.code()))
                .bind(rule.line.map(|l| l.0))
                .bind(rule.shift.clone())
                .bind(ladder)
                .execute($on)
                .await
                .map(drop)
        };
    }
    let mut tx = db.begin().await.expect("a transaction");
    match &mut tx {
        Tx::Sqlite(tx) => add!(&mut **tx),
        Tx::Postgres(tx) => add!(&mut **tx),
    }
    .expect("a rule");
    tx.commit().await.expect("a commit");
}
