//! Steps of ladders are done by the real program, each once and within a second of its time, whenever it is killed, whoever
//! of two looks, and though the database is away for a while. Seconds stand for minutes; calls come from outside, by REST.

use crate::andon_scene::{add_rule, rule_of, step, two_lines};
use crate::cable::Cable;
use crate::cast::Actor;
use crate::chance::chance;
use crate::harness::{Place, Server, until};
use crate::outbox::SECRET;
use crate::program::Program;
use crate::receiver::Receiver;
use ms5_floor::domain::andon::Trigger::{NotAcknowledged, NotArrived, NotResolved, Raised};
use ms5_floor::domain::andon::{Channel, Step, Trigger};
use ms5_floor::domain::time::{DurMs, Span, TsMs};
use ms5_floor::server::clock::Clock;
use ms5_floor::server::db::andon::calls::{self, StoredCall, Wanted};
use ms5_floor::server::db::andon::timers::{self, DONE, PENDING};
use ms5_floor::server::db::andon::{events, told};
use ms5_floor::server::db::{Db, deliveries};
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

on_both! { killed_at_any_moment_it_does_every_step_once_and_on_time }

/// For how long somebody calls while the program is killed.
const RUN: Duration = Duration::from_secs(14);
const LONG_ENOUGH: Duration = Duration::from_secs(60);
/// How late a step may be while the program runs and has its database.
const ON_TIME: DurMs = DurMs(1_000);
/// A lost connection is tried again with pauses of up to a second.
const ON_TIME_AFTER_A_CUT: DurMs = DurMs(3_000);

/// What each step waits for, for how many milliseconds, and its level: each has one of its own.
const STEPS: [(Trigger, i64, u8); 6] = [
    (Raised, 0, 0),
    (NotAcknowledged, 700, 1),
    (NotAcknowledged, 1_900, 2),
    (NotArrived, 1_300, 3),
    (NotResolved, 3_100, 4),
    (NotResolved, 5_600, 5),
];

fn now() -> TsMs {
    Clock::system().now()
}

/// Where the programs serve that run at this moment.
#[derive(Clone, Default)]
struct Doors(Arc<Mutex<Vec<String>>>);

impl Doors {
    fn list(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn one(&self, rng: &mut ChaCha8Rng) -> Option<String> {
        self.list().choose(rng).cloned()
    }
}

/// What whoever calls was answered: calls that were raised, taken, resolved.
#[derive(Debug, Default)]
struct Answered {
    raised: BTreeSet<i64>,
    taken: BTreeSet<i64>,
    resolved: BTreeSet<i64>,
}

/// Somebody who calls, takes and resolves at random, and never does twice what got no answer.
struct Caller {
    agent: ureq::Agent,
    key: String,
    doors: Doors,
    rng: ChaCha8Rng,
    answered: Answered,
}

impl Caller {
    fn new(key: &str, doors: &Doors, seed: u64) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(15)))
            .http_status_as_error(false);
        Self {
            agent: ureq::Agent::new_with_config(config.build()),
            key: key.to_owned(),
            doors: doors.clone(),
            rng: chance(seed),
            answered: Answered::default(),
        }
    }

    /// A whole answer that says yes. No answer, no database and being too late are part of the game; nothing else is.
    fn post(&mut self, path: &str, body: &Value) -> Option<Value> {
        let url = self.doors.one(&mut self.rng)?;
        let request = self
            .agent
            .post(format!("{url}/api/v1/andon{path}"))
            .header("authorization", format!("Bearer {}", self.key));
        let mut response = request.send_json(body).ok()?;
        let status = response.status().as_u16();
        let answer: Option<Value> = response.body_mut().read_json().ok();
        assert!(
            [200, 409, 503].contains(&status),
            "{path}: {status} {answer:?}"
        );
        answer.filter(|_| status == 200)
    }

    fn do_something(&mut self) {
        let any = |ids: &BTreeSet<i64>, rng: &mut ChaCha8Rng| {
            let ids: Vec<i64> = ids.iter().copied().collect();
            ids.choose(rng).copied()
        };
        match self.rng.random_range(0..10) {
            0..6 => {
                let kinds = ["stop", "maintenance", "material", "quality", "safety"];
                let kind = *kinds.choose(&mut self.rng).expect("one");
                let spots = [
                    ("machine", "M1"),
                    ("machine", "M2"),
                    ("machine", "M3"),
                    ("line", "L1"),
                    ("line", "L2"),
                ];
                let (what, code) = *spots.choose(&mut self.rng).expect("one");
                let call =
                    json!({what: code, "kind": kind, "priority": "medium", "line_stopped": false});
                if let Some(answer) = self.post("", &call) {
                    let id = answer["call"]["id"].as_i64().expect("a number");
                    self.answered.raised.insert(id);
                }
            }
            6..8 => {
                let open = &self.answered.raised - &self.answered.taken;
                let Some(id) = any(&open, &mut self.rng) else {
                    return;
                };
                let path = format!("/calls/{id}/acknowledge");
                if self.post(&path, &json!({})).is_some() {
                    self.answered.taken.insert(id);
                }
            }
            _ => {
                let open = &self.answered.taken - &self.answered.resolved;
                let Some(id) = any(&open, &mut self.rng) else {
                    return;
                };
                let path = format!("/calls/{id}/resolve");
                if self.post(&path, &json!({"cause": "internal"})).is_some() {
                    self.answered.resolved.insert(id);
                }
            }
        }
    }

    /// Goes on until it is told to stop.
    fn go_on(mut self, stop: &CancellationToken) -> Answered {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        while !stop.is_cancelled() {
            self.do_something();
            let next = Instant::now() + Duration::from_millis(self.rng.random_range(10..80));
            runtime.block_on(wait_until(next));
        }
        self.answered
    }
}

async fn wait_until(moment: Instant) {
    until("the next moment", LONG_ENOUGH, async || {
        (Instant::now() >= moment).then_some(())
    })
    .await;
}

/// The plant with its ladder, a receiver of every step, and what the program is told.
struct Field {
    key: String,
    receiver: Receiver,
    config: String,
    doors: Doors,
    _folder: TempDir,
}

impl Field {
    async fn new(place: &Place) -> Self {
        let server = Server::with(place, Clock::system(), two_lines()).await;
        Actor::person(&server, "engineer", None).await;
        let one = |(trigger, after, level)| Step {
            via: vec![Channel::Screen, Channel::Webhook],
            ..step(trigger, DurMs(after), level, "engineer")
        };
        add_rule(&server.app.db, &rule_of(STEPS.map(one).to_vec())).await;
        let key = server.everything.clone();
        server.app.db.close().await;
        let receiver = Receiver::start().await;
        let folder = TempDir::new().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("secret"), SECRET).expect("the secret");
        // What was being sent when the program was killed is sent again when its lease ends: soon.
        let settings = format!(
            "[delivery]\naddress = 'https://floor.example'\ntimeout_s = 1\n[delivery.webhook.a]\nurl = '{}/a'\nsecret_file = '{}'\n",
            receiver.url,
            path("secret").display()
        );
        std::fs::write(path("floor.toml"), settings).expect("the settings");
        Self {
            key,
            receiver,
            config: path("floor.toml").display().to_string(),
            doors: Doors::default(),
            _folder: folder,
        }
    }

    fn start(&self, place: &Place) -> Program {
        let flags = ["--config", self.config.as_str()];
        let program = Program::serve_with(place, &flags, Stdio::inherit());
        self.doors.list().push(program.url.clone());
        program
    }

    fn closes(&self, program: &Program) {
        self.doors.list().retain(|url| *url != program.url);
    }

    /// Lets somebody call for as long as `meanwhile` takes.
    async fn while_somebody_calls(
        &self,
        seed: u64,
        meanwhile: impl Future<Output = ()>,
    ) -> Answered {
        let stop = CancellationToken::new();
        let (caller, until_told) = (Caller::new(&self.key, &self.doors, seed), stop.clone());
        let calling = std::thread::spawn(move || caller.go_on(&until_told));
        meanwhile.await;
        stop.cancel();
        calling.join().expect("the caller ends")
    }
}

/// When there was somebody to do steps, and how late they may then be.
struct Lives {
    spans: Vec<(TsMs, TsMs)>,
    late: DurMs,
}

impl Lives {
    /// When a step was done at the latest that is due then, if there was time enough.
    fn done_by(&self, due: TsMs) -> Option<TsMs> {
        let by = |(from, to): &(TsMs, TsMs)| {
            let by = due.max(*from) + self.late;
            (by <= *to).then_some(by)
        };
        self.spans.iter().filter_map(by).min()
    }
}

/// A program that is killed and started again.
struct Node {
    running: Option<(Program, TsMs)>,
    next: Instant,
}

/// Kills programs at random moments and starts them again; at the end all of them run until everything is done.
async fn kill_and_start(
    field: &Field,
    place: &Place,
    nodes: usize,
    seed: u64,
) -> (Vec<Node>, Lives) {
    let mut rng = chance(seed);
    let mut soon = |range: std::ops::Range<u64>| {
        Instant::now() + Duration::from_millis(rng.random_range(range))
    };
    let mut lives = Lives {
        spans: Vec::new(),
        late: ON_TIME,
    };
    let dead = |_| Node {
        running: None,
        next: Instant::now(),
    };
    let mut nodes: Vec<Node> = (0..nodes).map(dead).collect();
    let begun = Instant::now();
    while begun.elapsed() < RUN {
        for node in nodes.iter_mut().filter(|node| node.next <= Instant::now()) {
            match node.running.take() {
                Some((program, from)) => {
                    lives.spans.push((from, now()));
                    field.closes(&program);
                    program.kill();
                    node.next = soon(0..1_500);
                }
                None => {
                    node.running = Some((field.start(place), now()));
                    node.next = soon(100..3_500);
                }
            }
        }
        wait_until(nodes.iter().map(|n| n.next).min().expect("a node")).await;
    }
    for node in &mut nodes {
        let start = || (field.start(place), now());
        node.running.get_or_insert_with(start);
    }
    (nodes, lives)
}

/// Waits until nothing is left to do.
async fn all_done(db: &Db) {
    until("every step and every message", LONG_ENOUGH, async || {
        let mut tx = db.snapshot().await.expect("a snapshot");
        let pending = timers::pending_in(&mut tx).await.expect("a read");
        drop(tx);
        let rows = deliveries::by_channel(db).await.expect("a read");
        let waiting: i64 = rows.iter().map(|row| row.waiting).sum();
        (pending.is_empty() && waiting == 0).then_some(())
    })
    .await;
}

async fn every_call(db: &Db) -> Vec<StoredCall> {
    let wanted = Wanted {
        raised: Span::EVER,
        lines: None,
        machine: None,
        kind: None,
        priority: None,
        status: None,
        escalated: None,
        after: None,
    };
    let mut tx = db.snapshot().await.expect("a snapshot");
    calls::find_in(&mut tx, &wanted, 100_000)
        .await
        .expect("a read")
}

/// What came of all steps.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counted {
    calls: usize,
    done: usize,
    late: usize,
    void: usize,
}

/// Every step of every call was done once and in time, or what it waited for had happened; with everything that belongs to it.
async fn check(db: &Db, answered: &Answered, lives: &Lives, receiver: &Receiver) -> Counted {
    let stored = every_call(db).await;
    let ids: BTreeSet<i64> = stored.iter().map(|call| call.id.0).collect();
    assert!(
        answered.raised.is_subset(&ids),
        "what was answered is there"
    );
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for got in receiver.all() {
        *taken.entry(got.delivery().to_owned()).or_default() += 1;
    }
    let mut counted = Counted {
        calls: stored.len(),
        ..Counted::default()
    };
    for call in &stored {
        let id = call.id;
        assert!(!answered.taken.contains(&id.0) || call.call.acknowledged.is_some());
        assert!(!answered.resolved.contains(&id.0) || call.call.resolved.is_some());
        let mut tx = db.snapshot().await.expect("a snapshot");
        let timers = timers::of_call_in(&mut tx, id).await.expect("timers");
        let history = events::of_calls_in(&mut tx, &[id])
            .await
            .expect("a history");
        let told = told::of_calls_in(&mut tx, &[id]).await.expect("told");
        drop(tx);
        let messages = deliveries::of_call(db, id.0).await.expect("messages");
        assert!(
            timers.iter().all(|t| t.plan == 0 && t.state != PENDING),
            "{timers:?}"
        );
        let at = |stamp: &Option<ms5_floor::domain::andon::Stamp>| stamp.as_ref().map(|s| s.at);
        let (taken_at, over) = (at(&call.call.acknowledged), at(&call.call.resolved));
        for (n, (trigger, after, level)) in (0_i64..).zip(STEPS) {
            let (from, met) = match trigger {
                Raised | NotResolved => (Some(call.call.raised.at), over),
                NotAcknowledged => (Some(call.call.raised.at), taken_at),
                NotArrived => (taken_at, over),
            };
            let what = format!(
                "call {}, step {n}: {timers:?}; lives {:?}",
                id.0, lives.spans
            );
            let timer = timers.iter().find(|t| t.step == n);
            let done = timer.filter(|t| t.state == DONE);
            let times = usize::from(done.is_some());
            let lines: Vec<&str> = history
                .iter()
                .filter(|e| e.what == "step" && e.detail.starts_with(&format!("level {level}:")))
                .map(|e| e.detail.as_str())
                .collect();
            assert_eq!(lines.len(), times, "told in its history once; {what}");
            assert_eq!(
                told.iter().filter(|t| t.step == n).count(),
                2 * times,
                "{what}"
            );
            let own: Vec<_> = messages.iter().filter(|m| m.step == Some(n)).collect();
            assert_eq!(own.len(), times, "one message; {what}");
            for message in own {
                let got = taken.get(&message.uid).copied().unwrap_or_default();
                let attempts = usize::try_from(message.attempts).expect("few");
                let is_void = message.state == "void" && over.is_some();
                assert!(
                    message.state == "sent" && got >= 1 || is_void,
                    "{message:?}"
                );
                assert!(got <= attempts, "{message:?}: it came {got} times");
            }
            let Some(due) = from.map(|from| from + DurMs(after)) else {
                assert!(
                    timer.is_none(),
                    "it waits for somebody who never came; {what}"
                );
                continue;
            };
            let by = lives.done_by(due);
            let Some(done) = done else {
                let had_time = by.is_some_and(|by| met.is_none_or(|met| by <= met));
                assert!(
                    met.is_some() && !had_time,
                    "due at {due:?}, met at {met:?}: lost; {what}"
                );
                counted.void += 1;
                continue;
            };
            let (fired, late) = (
                done.fired_ms.expect("when"),
                done.late_ms.expect("how late"),
            );
            assert_eq!((done.due_ms, late), (due.0, fired - due.0), "{what}");
            assert!(late >= 0 && met.is_none_or(|met| fired <= met.0), "{what}");
            assert!(
                by.is_none_or(|by| fired <= by.0),
                "due at {due:?}, {late} ms late; {what}"
            );
            if late >= 1_000 {
                let words = format!("; {:.1} s late", late as f64 / 1_000.0);
                assert!(lines[0].ends_with(&words), "{words}: {lines:?}");
            }
            counted.done += 1;
            counted.late += usize::from(late >= 1_000);
        }
    }
    counted
}

async fn killed_with(place: &Place, nodes: usize, seed: u64) {
    let field = Field::new(place).await;
    let mut ended = None;
    let answered = field
        .while_somebody_calls(seed, async {
            ended = Some(kill_and_start(&field, place, nodes, seed + 1).await);
        })
        .await;
    let (running, mut lives) = ended.expect("it was killed");
    let kills = lives.spans.len();
    let db = place.open().await;
    all_done(&db).await;
    for (program, from) in running.into_iter().filter_map(|node| node.running) {
        lives.spans.push((from, now()));
        let status = program.terminate(LONG_ENOUGH).await;
        assert!(status.success(), "{status}");
    }
    let counted = check(&db, &answered, &lives, &field.receiver).await;
    db.close().await;
    let enough = counted.done > 60 && counted.void > 10 && kills >= 4 * nodes;
    assert!(
        enough && (nodes > 1 || counted.late > 2),
        "{}, {kills} kills: {counted:?} says little",
        place.engine
    );
}

async fn killed_at_any_moment_it_does_every_step_once_and_on_time(place: &Place) {
    killed_with(place, 1, 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_programs_on_one_database_one_does_each_step() {
    let place = Place::postgres().await;
    killed_with(&place, 2, 17).await;
    place.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_again_and_again_costs_no_step() {
    let place = Place::postgres().await;
    let field = Field::new(&place).await;
    let (mut cable, url) = Cable::to(&place.url).await;
    let program = field.start(&place.over(url));
    let mut rng = chance(29);
    let mut lives = Lives {
        spans: Vec::new(),
        late: ON_TIME_AFTER_A_CUT,
    };
    let mut from = now();
    let answered = field
        .while_somebody_calls(31, async {
            let begun = Instant::now();
            while begun.elapsed() < RUN {
                let ms = rng.random_range(1_500..4_500);
                wait_until(Instant::now() + Duration::from_millis(ms)).await;
                lives.spans.push((from, now()));
                cable.cut().await;
                let ms = rng.random_range(300..3_000);
                wait_until(Instant::now() + Duration::from_millis(ms)).await;
                cable.mend().await;
                from = now();
            }
        })
        .await;
    let cuts = lives.spans.len();
    let db = place.open().await;
    all_done(&db).await;
    lives.spans.push((from, now()));
    let status = program.terminate(LONG_ENOUGH).await;
    assert!(status.success(), "{status}");
    let counted = check(&db, &answered, &lives, &field.receiver).await;
    let enough = counted.done > 60 && counted.void > 10 && counted.late > 2 && cuts >= 2;
    assert!(enough, "{cuts} cuts: {counted:?} says little");
    db.close().await;
    cable.cut().await;
    place.remove().await;
}
