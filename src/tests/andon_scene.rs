//! People who call for help and people who come, on a small plant of two lines, with a clock in hand.

use crate::cast::Actor;
use crate::harness::{Answer, Hands, Place, Server, at, request};
use crate::small_plant::{state, two_lines};
use async_trait::async_trait;
use axum::body::Body;
use axum::http::Method;
use ms5_floor::domain::andon::{Channel, Ladder, Recipient, Rule, Step, Trigger};
use ms5_floor::domain::ids::CallId;
use ms5_floor::domain::machine_state::MachineState;
use ms5_floor::domain::time::{DurMs, MINUTE_MS, TsMs};
use ms5_floor::server::andon::watch::Watcher;
use ms5_floor::server::andon::worker::Worker;
use ms5_floor::server::db::andon::timers::{self, TimerRow};
use ms5_floor::server::db::{Db, settings};
use ms5_floor::server::delivery::settings::General;
use ms5_floor::server::delivery::{Channel as Way, Channels, Outgoing, SendError, catch_up};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// When every scene begins: a Monday, 10:00 on the site's clock.
pub fn start() -> TsMs {
    at("2026-07-06T08:00:00Z")
}

/// Minutes as milliseconds.
pub const fn minutes(n: i64) -> DurMs {
    DurMs(n * MINUTE_MS)
}

pub struct Floor {
    pub server: Server,
    pub hands: Hands,
    pub worker: Worker,
    pub watcher: Watcher,
    pub operator: Actor,
    pub shift_manager: Actor,
    pub engineer: Actor,
    told: usize,
}

impl Floor {
    pub async fn new(place: &Place) -> Self {
        Self::with(place, two_lines()).await
    }

    pub async fn with(place: &Place, plant: Value) -> Self {
        let hands = Hands::at(start());
        let server = Server::with(place, hands.clock(), plant).await;
        for role in ["production_manager", "admin", "maintenance"] {
            Actor::person(&server, role, None).await;
        }
        Self {
            worker: Worker::new(server.app.clone(), hands.ticks()),
            watcher: Watcher::new(server.app.clone(), hands.ticks()),
            operator: Actor::person(&server, "operator", None).await,
            shift_manager: Actor::person(&server, "shift_manager", None).await,
            engineer: Actor::person(&server, "engineer", None).await,
            server,
            hands,
            told: 0,
        }
    }

    /// From here on people are reached by this channel.
    pub fn reach_by(&mut self, name: &'static str, way: Arc<dyn Way>) {
        let general = General {
            address: "https://floor.example".to_owned(),
            host: "floor.example".to_owned(),
            within: Duration::from_secs(5),
        };
        self.reach_over(Channels::new(&general, vec![(name, way)]));
    }

    /// From here on people are reached over these channels.
    pub fn reach_over(&mut self, channels: Channels) {
        self.server.app.channels = channels.clone();
        self.server.shared.app.channels = channels;
        self.restart();
    }

    /// What looks at calls begins anew.
    pub fn restart(&mut self) {
        self.worker = Worker::new(self.server.app.clone(), self.hands.ticks());
        self.watcher = Watcher::new(self.server.app.clone(), self.hands.ticks());
    }

    /// Does the steps that are due, then looks at the machines; how many steps that were.
    pub async fn look(&mut self) -> usize {
        let steps = self.worker.look().await.expect("the database is there");
        self.watcher.look().await.expect("the database is there");
        steps
    }

    /// Sends everything that waits.
    pub async fn deliver(&self) {
        catch_up(&self.server.app).await.expect("sent");
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

    /// Takes and resolves a call as the engineer.
    pub async fn resolve(&self, id: i64) {
        self.acted(&self.engineer, id, "acknowledge", json!({}))
            .await;
        let done = json!({"cause": "internal"});
        self.acted(&self.engineer, id, "resolve", done).await;
    }

    /// A call with its history.
    pub async fn detail(&self, id: i64) -> Value {
        let path = format!("/api/v1/andon/calls/{id}");
        let answer = self.server.get(&path, None).await;
        assert_eq!(answer.status.as_u16(), 200, "{answer:?}");
        answer.json()
    }

    /// Calls that go on.
    pub async fn active(&self) -> Vec<Value> {
        let answer = self.server.get("/api/v1/andon/active", None).await;
        answer.json().as_array().expect("a list").clone()
    }

    /// Moves the clock to so long after the start, and does what is due then; how many steps that were.
    pub async fn at(&mut self, after: DurMs) -> usize {
        self.hands.set(start() + after);
        self.look().await
    }

    /// The timers of a call.
    pub async fn timers(&self, id: i64) -> Vec<TimerRow> {
        let mut tx = self.server.snapshot().await;
        let timers = timers::of_call_in(&mut tx, CallId(id)).await;
        timers.expect("timers")
    }

    /// Machines tell their states, at minutes after the start.
    pub async fn tell(&mut self, list: &[(&str, i64, MachineState)]) {
        let mut items = Vec::new();
        for (machine, minute, told) in list {
            self.told += 1;
            let at = start() + minutes(*minute);
            items.push(state(&format!("s{}", self.told), machine, at, *told));
        }
        let answer = self.server.ingest(&self.server.everything, &items).await;
        assert_eq!(answer.accepted, items.len(), "{answer:?}");
    }
}

/// What a call's history says happened, in order: what and by whom.
pub fn happened(detail: &Value) -> Vec<(String, String)> {
    let text = |v: &Value| v.as_str().expect("text").to_owned();
    let lines = detail["history"].as_array().expect("a history").iter();
    lines.map(|l| (text(&l["what"]), text(&l["by"]))).collect()
}

/// Who was told of a call: level, name, channel and outcome, in the order of names.
pub fn told(call: &Value) -> Vec<(i64, String, String, String)> {
    let told = call["told"].as_array().expect("a list").iter();
    let text = |v: &Value| v.as_str().expect("text").to_owned();
    let one = |t: &Value| {
        let level = t["level"].as_i64().expect("a level");
        (level, text(&t["who"]), text(&t["via"]), text(&t["outcome"]))
    };
    let mut told: Vec<_> = told.map(one).collect();
    told.sort();
    told
}

/// People with these roles, told of a level on their screens.
pub fn shown(level: i64, roles: &[&str]) -> Vec<(i64, String, String, String)> {
    let one = |role: &&str| {
        let who = format!("{role} everywhere");
        (level, who, "screen".to_owned(), "shown".to_owned())
    };
    roles.iter().map(one).collect()
}

/// A step that calls a role by the screen.
pub fn step(trigger: Trigger, after: DurMs, level: u8, role: &str) -> Step {
    Step {
        trigger,
        after,
        level,
        to: vec![Recipient::Role(role.to_owned())],
        via: vec![Channel::Screen],
    }
}

/// A rule for all calls.
pub fn rule_of(steps: Vec<Step>) -> Rule {
    Rule {
        id: 0,
        kind: None,
        priority: None,
        line: None,
        shift: None,
        ladder: Ladder::new(steps).expect("a ladder"),
    }
}

/// Runs a statement whose values stand in its text.
pub async fn run(db: &Db, sql: String) {
    try_to_run(db, sql).await.expect("a statement");
}

/// The same, which the database may refuse.
pub async fn try_to_run(db: &Db, sql: String) -> sqlx::Result<()> {
    let sql = sqlx::AssertSqlSafe(sql);
    match db {
        Db::Sqlite { write, .. } => sqlx::query(sql).execute(write).await.map(drop),
        Db::Postgres(pool) => sqlx::query(sql).execute(pool).await.map(drop),
    }
}

/// A number that the database tells.
pub async fn number(db: &Db, sql: &'static str) -> i64 {
    match db {
        Db::Sqlite { read, .. } => sqlx::query_scalar(sql).fetch_one(read).await,
        Db::Postgres(pool) => sqlx::query_scalar(sql).fetch_one(pool).await,
    }
    .expect("a number")
}

/// Writes a rule down as the desk would.
pub async fn add_rule(db: &Db, rule: &Rule) {
    let ladder = serde_json::to_string(&rule.ladder).expect("json");
    let or_null = |n: Option<i64>| n.map_or_else(|| "NULL".to_owned(), |n| n.to_string());
    let (kind, priority) = (
        or_null(rule.kind.map(|k| k.code())),
        or_null(rule.priority.map(|p| p.code())),
    );
    let sql = format!(
        "INSERT INTO andon_rule (kind, priority, ladder, version) VALUES ({kind}, {priority}, '{ladder}', 1)"
    );
    run(db, sql).await;
}

/// Keeps a setting.
pub async fn set(db: &Db, key: &str, value: &Value) {
    let mut tx = db.begin().await.expect("a transaction");
    let put = settings::put(&mut tx, key, &value.to_string()).await;
    put.expect("kept");
    tx.commit().await.expect("a commit");
}

/// Everybody gets an address for mail.
pub async fn give_addresses(db: &Db) {
    let sql = "UPDATE person SET email = login || '@plant.example'";
    run(db, sql.to_owned()).await;
}

/// A way to reach people that keeps what was sent.
#[derive(Debug, Default)]
pub struct Letters(Mutex<Vec<Outgoing>>);

impl Letters {
    /// What was sent since the last time: to whom, and the first line; in the order of addresses.
    pub fn take(&self) -> Vec<(String, String)> {
        let sent = std::mem::take(&mut *self.0.lock().expect("unpoisoned"));
        let one = |out: Outgoing| {
            let (who, _) = out.address.split_once('@').expect("an address");
            (who.to_owned(), out.message.title)
        };
        let mut all: Vec<_> = sent.into_iter().map(one).collect();
        all.sort();
        all
    }
}

impl Letters {
    /// The last line of the last message to whoever has this login.
    pub fn last_line(&self, login: &str) -> String {
        let sent = self.0.lock().expect("unpoisoned");
        let address = format!("{login}@plant.example");
        let last = sent.iter().rfind(|out| out.address == address);
        let text = &last
            .unwrap_or_else(|| panic!("nothing to {login}"))
            .message
            .text;
        text.lines().last().expect("words").to_owned()
    }

    /// The links of what was sent, by who got them.
    pub fn links(&self) -> BTreeMap<String, String> {
        let sent = self.0.lock().expect("unpoisoned");
        let one = |out: &Outgoing| {
            let (who, _) = out.address.split_once('@').expect("an address");
            (who.to_owned(), out.link.clone().expect("a link"))
        };
        sent.iter().map(one).collect()
    }
}

#[async_trait]
impl Way for Letters {
    async fn send(&self, out: &Outgoing) -> Result<String, SendError> {
        self.0.lock().expect("unpoisoned").push(out.clone());
        Ok("taken".to_owned())
    }

    fn takes(&self, _: &str) -> Result<(), String> {
        Ok(())
    }
}
