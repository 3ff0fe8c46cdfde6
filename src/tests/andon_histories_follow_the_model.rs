//! Random histories of calls, from seeds: whatever people do in whatever order, with a worker that looks or does not, the
//! database holds what the pure rules say, each step once.

use crate::andon_scene::{Floor, add_rule, minutes, rule_of, start, step};
use crate::cast::Actor;
use crate::chance::chance;
use crate::harness::{HERE, Place, Routes, request};
use axum::body::Body;
use axum::http::{Method, header};
use ms5_floor::domain::andon::Trigger::{NotAcknowledged, NotArrived, NotResolved, Raised};
use ms5_floor::domain::andon::{
    Act, Call, CallKind, Cause, Ladder, Priority, ReopenWithin, Rule, Stamp, Status,
};
use ms5_floor::domain::ids::CallId;
use ms5_floor::domain::rights::PermissionSet;
use ms5_floor::domain::time::{DurMs, TsMs};
use ms5_floor::server::db::andon::calls::{self, StoredCall};
use ms5_floor::server::db::andon::timers::{self, DONE, PENDING};
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

on_both! { any_history_leaves_what_the_model_says }

/// How many histories, and how long each is.
const HISTORIES: u64 = 200;
const OPS: usize = 12;

/// A call as the pure rules have it.
struct Model {
    id: i64,
    call: Call,
    raises: i64,
    level: u8,
    ladder: Ladder,
    plan: i64,
    plan_since: TsMs,
    /// What was done in a plan before it was given back, and is not done a second time.
    done_before: BTreeSet<(i64, i64)>,
    /// When each step of each plan was done, and how late.
    done: BTreeMap<(i64, i64), (TsMs, DurMs)>,
}

impl Model {
    fn replan(&mut self, now: TsMs) {
        self.ladder = ladder(self.call.priority);
        self.plan += 1;
        self.plan_since = now.max(self.call.since());
    }

    /// Does what is due.
    fn settle(&mut self, now: TsMs) {
        let mut due: Vec<(TsMs, usize)> = self
            .ladder
            .due(&self.call)
            .into_iter()
            .map(|d| (d.at.max(self.plan_since), d.step))
            .filter(|(at, step)| *at <= now && !self.is_done(*step))
            .collect();
        due.sort();
        for (at, step) in due {
            self.do_step(step, now, now - at);
        }
    }

    fn is_done(&self, step: usize) -> bool {
        let key = (self.plan, step as i64);
        self.done.contains_key(&key) || self.done_before.contains(&key)
    }

    /// The ladder begins anew, but for what waits for it to be resolved.
    fn begin_anew(&mut self, now: TsMs) {
        let steps = self.ladder.steps().iter().enumerate();
        let goes_on = steps.filter(|(n, step)| step.trigger == NotResolved && self.is_done(*n));
        let goes_on: Vec<i64> = goes_on.map(|(n, _)| n as i64).collect();
        self.plan += 1;
        self.plan_since = now;
        let plan = self.plan;
        self.done_before
            .extend(goes_on.into_iter().map(|n| (plan, n)));
    }

    fn do_step(&mut self, step: usize, now: TsMs, late: DurMs) {
        self.done.insert((self.plan, step as i64), (now, late));
        self.level = self.level.max(self.ladder.steps()[step].level);
    }
}

/// Short ladders, another for each priority.
fn ladder(priority: Priority) -> Ladder {
    let n = priority.code();
    let steps = vec![
        step(NotResolved, minutes(6 - n), 3, "admin"),
        step(Raised, DurMs::ZERO, 0, "engineer"),
        step(NotAcknowledged, minutes(n), 1, "shift_manager"),
        step(NotArrived, minutes(2), 2, "production_manager"),
        step(NotResolved, minutes(8), 4, "admin"),
    ];
    rule_of(steps).ladder
}

/// What is done next.
#[derive(Clone, Debug)]
pub enum Op {
    Raise(Priority),
    Act(usize, Act),
    /// Time passes; perhaps a worker looks, perhaps a new one.
    Pass(DurMs, Look),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    Not,
    Looks,
    Restarts,
}

pub fn op(rng: &mut ChaCha8Rng, calls: usize, now: TsMs) -> Op {
    let which = rng.random_range(0..calls.max(1));
    match rng.random_range(0..20) {
        0..4 => Op::Raise(*Priority::ALL.choose(rng).expect("one")),
        4..10 => {
            let look = [Look::Not, Look::Looks, Look::Looks, Look::Restarts];
            let ms = *[1, 30_000, 60_000, 90_000, 120_000, 300_000]
                .choose(rng)
                .expect("one");
            Op::Pass(DurMs(ms), *look.choose(rng).expect("one"))
        }
        10..13 => {
            let etas = [None, Some(0), Some(1), Some(90_000), Some(25 * 3_600_000)];
            let eta = etas.choose(rng).expect("one");
            let eta = eta.map(|ms| now + DurMs(ms));
            Op::Act(which, Act::Acknowledge { eta })
        }
        13 => Op::Act(which, Act::Arrive),
        14 => Op::Act(which, Act::HandBack),
        15..17 => {
            let cause = *Cause::ALL.choose(rng).expect("one");
            Op::Act(which, Act::Resolve { cause })
        }
        17 => Op::Act(which, Act::Close),
        18 => {
            let reopen = Act::Reopen { restarted: None };
            Op::Act(
                which,
                if rng.random_bool(0.7) {
                    reopen
                } else {
                    Act::Cancel
                },
            )
        }
        _ => Op::Act(which, Act::Escalate),
    }
}

/// Two people who do things, and how they ask.
pub struct People {
    routes: Routes,
    keys: [(String, String); 2],
}

impl People {
    /// Asks as one of them.
    pub async fn post(&self, who: usize, path: &str, body: &Value) -> (u16, Value) {
        let key = Some(self.keys[who].1.as_str());
        let body = Body::from(body.to_string());
        let answer = self
            .routes
            .ask(HERE, request(Method::POST, path, key, body));
        let answer = answer.await;
        (answer.status.as_u16(), answer.json())
    }
}

/// What is sent with an act.
pub fn body(act: Act) -> Value {
    match act {
        Act::Acknowledge { eta } => json!({"eta": eta}),
        Act::Resolve { cause } => json!({"cause": cause}),
        Act::Cancel => json!({"note": "a slip"}),
        _ => json!({}),
    }
}

/// What the model says to an act: the status of the answer.
fn acted(models: &mut [Model], which: usize, act: Act, by: &str, now: TsMs) -> u16 {
    let other_is_open = models
        .iter()
        .enumerate()
        .any(|(n, m)| n != which && m.call.status().is_open());
    let Some(model) = models.get_mut(which) else {
        return 404;
    };
    let next = match model
        .call
        .clone()
        .after(act, by, now, ReopenWithin::default())
    {
        Ok(next) => next,
        Err(refused) if refused.is_conflict() => return 409,
        Err(_) => return 422,
    };
    if next == model.call && act != Act::Escalate {
        return 200;
    }
    match act {
        Act::Reopen { .. } if other_is_open => return 409,
        Act::Reopen { .. } => {
            (model.call, model.level) = (next, 0);
            model.replan(now);
        }
        Act::HandBack => {
            model.call = next;
            model.begin_anew(now);
        }
        Act::Escalate => {
            let Some(step) = model.ladder.above(model.level, &next) else {
                return 409;
            };
            model.do_step(step, now, DurMs::ZERO);
        }
        _ => model.call = next,
    }
    model.settle(now);
    200
}

/// What the model says to a raise.
fn raised(models: &mut Vec<Model>, priority: Priority, by: &str, now: TsMs) -> bool {
    if let Some(open) = models.iter_mut().find(|m| m.call.status().is_open()) {
        let before = open.call.priority;
        open.call = open.call.clone().joined(priority, false);
        open.raises += 1;
        if open.call.priority > before {
            open.replan(now);
        }
        open.settle(now);
        return true;
    }
    let stamp = Stamp {
        at: now,
        by: by.to_owned(),
    };
    let mut model = Model {
        id: 0,
        call: Call::raise(CallKind::Material, priority, false, stamp),
        raises: 1,
        level: 0,
        ladder: ladder(priority),
        plan: 0,
        plan_since: now,
        done_before: BTreeSet::new(),
        done: BTreeMap::new(),
    };
    model.settle(now);
    models.push(model);
    false
}

async fn same(floor: &Floor, model: &Model, story: &str) {
    let mut tx = floor.server.snapshot().await;
    let stored = calls::by_id_in(&mut tx, CallId(model.id)).await;
    let stored: StoredCall = stored.expect("a read").expect("the call");
    assert_eq!(stored.call, model.call, "{story}");
    assert_eq!(
        (stored.raises, stored.level, stored.plan),
        (model.raises, model.level, model.plan),
        "{story}"
    );
    let timers = timers::of_call_in(&mut tx, CallId(model.id)).await;
    let timers = timers.expect("timers");
    let done: BTreeMap<(i64, i64), (TsMs, DurMs)> = timers
        .iter()
        .filter(|t| t.state == DONE)
        .map(|t| {
            let at = TsMs(t.fired_ms.expect("when"));
            ((t.plan, t.step), (at, DurMs(t.late_ms.expect("how late"))))
        })
        .collect();
    assert_eq!(done, model.done, "{story}");
    let pending = timers.iter().filter(|t| t.state == PENDING);
    let pending: Vec<(i64, i64, i64)> = pending.map(|t| (t.plan, t.step, t.due_ms)).collect();
    let mut expected: Vec<(i64, i64, i64)> = model
        .ladder
        .due(&model.call)
        .into_iter()
        .filter(|d| !model.is_done(d.step))
        .map(|d| (model.plan, d.step as i64, d.at.max(model.plan_since).0))
        .collect();
    expected.sort_unstable();
    assert_eq!(pending, expected, "{story}");
}

/// A floor with the short ladders, and two people.
pub async fn scene(place: &Place) -> (Floor, People) {
    let floor = Floor::new(place).await;
    for priority in Priority::ALL {
        let rule = Rule {
            priority: Some(priority),
            ladder: ladder(priority),
            ..rule_of(vec![])
        };
        add_rule(&floor.server.app.db, &rule).await;
    }
    let mut keys = Vec::new();
    for name in ["Anna", "Bert"] {
        let all = PermissionSet::all();
        let key = Actor::key(&floor.server, name, all, None).await;
        let mut request = axum::http::HeaderMap::new();
        key.show(&floor.server, &mut request).await;
        let bearer = request[header::AUTHORIZATION].to_str().expect("text");
        let bearer = bearer.trim_start_matches("Bearer ").to_owned();
        keys.push((name.to_owned(), bearer));
    }
    let people = People {
        routes: floor.server.routes(),
        keys: keys.try_into().expect("two"),
    };
    (floor, people)
}

async fn any_history_leaves_what_the_model_says(place: &Place) {
    let (mut floor, people) = scene(place).await;
    let mut now = start();
    let (mut steps, mut refused, mut late) = (0, 0, 0);
    for seed in 0..HISTORIES {
        let mut rng = chance(seed);
        let mut models: Vec<Model> = Vec::new();
        let mut story = format!("{}, seed {seed}:", place.engine);
        for _ in 0..OPS {
            let op = op(&mut rng, models.len(), now);
            let who = rng.random_range(0..2);
            let by = people.keys[who].0.clone();
            story += &format!("\n  {by} at {}: {op:?}", now.0 - start().0);
            match op {
                Op::Raise(priority) => {
                    let new = json!({"machine": "M2", "kind": "material", "priority": priority, "line_stopped": false});
                    let (status, answer) = people.post(who, "/api/v1/andon", &new).await;
                    assert_eq!(status, 200, "{story}: {answer}");
                    let joined = raised(&mut models, priority, &by, now);
                    assert_eq!(answer["joined"], joined, "{story}");
                    let id = answer["call"]["id"].as_i64().expect("a number");
                    if !joined {
                        models.last_mut().expect("the new one").id = id;
                    }
                }
                Op::Act(which, act) => {
                    let id = models.get(which).map_or(999_999, |m| m.id);
                    let path = format!("/api/v1/andon/calls/{id}/{}", act.name());
                    let (status, answer) = people.post(who, &path, &body(act)).await;
                    let expected = acted(&mut models, which, act, &by, now);
                    assert_eq!(status, expected, "{story}: {answer}");
                    refused += usize::from(status != 200);
                }
                Op::Pass(length, look) => {
                    now = now + length;
                    floor.hands.set(now);
                    if look == Look::Restarts {
                        floor.restart();
                    }
                    if look != Look::Not {
                        floor.look().await;
                        models.iter_mut().for_each(|m| m.settle(now));
                    }
                }
            }
        }
        for model in &models {
            same(&floor, model, &story).await;
            steps += model.done.len();
            late += model.done.values().filter(|d| d.1 > DurMs::ZERO).count();
        }
        // The next one begins with nothing open.
        for model in models.iter().filter(|m| m.call.status().is_open()) {
            let path = format!("/api/v1/andon/calls/{}/cancel", model.id);
            let (status, answer) = people.post(0, &path, &json!({"note": "the end"})).await;
            assert_eq!(status, 200, "{answer}");
        }
        assert!(floor_is_clear(&floor).await, "{story}");
    }
    assert!(
        steps > 500 && refused > 200 && late > 50,
        "{steps} steps, {late} of them late, {refused} refusals: the histories say little"
    );
}

async fn floor_is_clear(floor: &Floor) -> bool {
    let mut tx = floor.server.snapshot().await;
    let open = calls::going_on_in(&mut tx).await.expect("a read");
    let pending = timers::pending_in(&mut tx).await.expect("a read");
    open.iter().all(|c| c.call.status() == Status::Resolved) && pending.is_empty()
}
