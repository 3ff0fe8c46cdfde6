//! Somebody who calls from outside, by REST, and remembers what was answered.

use super::wait_until;
use crate::chance::chance;
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Where the programs serve that run at this moment.
#[derive(Clone, Default)]
pub(super) struct Doors(Arc<Mutex<Vec<String>>>);

impl Doors {
    pub(super) fn list(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn one(&self, rng: &mut ChaCha8Rng) -> Option<String> {
        self.list().choose(rng).cloned()
    }
}

/// What whoever calls was answered: calls that were raised, taken, resolved.
#[derive(Debug, Default)]
pub(super) struct Answered {
    pub(super) raised: BTreeSet<i64>,
    pub(super) taken: BTreeSet<i64>,
    pub(super) resolved: BTreeSet<i64>,
}

/// Somebody who calls, takes and resolves at random, and never does twice what got no answer.
pub(super) struct Caller {
    agent: ureq::Agent,
    key: String,
    doors: Doors,
    rng: ChaCha8Rng,
    answered: Answered,
}

impl Caller {
    pub(super) fn new(key: &str, doors: &Doors, seed: u64) -> Self {
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
    pub(super) fn go_on(mut self, stop: &CancellationToken) -> Answered {
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
