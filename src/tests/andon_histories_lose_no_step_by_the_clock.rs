//! Random histories of calls, from seeds, while the clock is set back and forward, the program begins anew and a second node
//! looks as well: in the database no step is lost, none is late, and none is done twice.

use crate::andon_histories_follow_the_model::{Look, Op, People, body, op, scene};
use crate::andon_scene::{Floor, start};
use crate::chance::chance;
use crate::harness::{Hands, Place};
use ms5_floor::domain::andon::Trigger;
use ms5_floor::domain::ids::CallId;
use ms5_floor::domain::time::{DurMs, HOUR_MS, TsMs};
use ms5_floor::server::andon::worker::Worker;
use ms5_floor::server::db::andon::calls::{self, StoredCall};
use ms5_floor::server::db::andon::events;
use ms5_floor::server::db::andon::timers::{self, DONE, PENDING, TimerRow};
use rand::Rng;
use serde_json::json;

on_both! { no_step_is_lost_and_none_is_done_twice }

/// How many histories: one database for all of them.
const ON_SQLITE: u64 = 600;
const ON_POSTGRES: u64 = 100;
/// How long each is.
const OPS: usize = 12;

/// A call, and how much time had passed when its plan began.
struct Known {
    id: CallId,
    plan: i64,
    began: i64,
}

/// Two nodes on one database, with a clock that anybody may set and time that only passes.
struct Nodes {
    floor: Floor,
    second: Worker,
    passing: Hands,
    passed: i64,
    clock: TsMs,
}

impl Nodes {
    fn pass(&mut self, length: DurMs) {
        self.passed += length.0;
        self.passing.set(TsMs(self.passed));
        self.set(self.clock + length);
    }

    fn set(&mut self, clock: TsMs) {
        self.clock = clock;
        self.floor.hands.set(clock);
    }

    async fn first_looks(&mut self) {
        self.floor.worker.look().await.expect("a look");
    }

    async fn second_looks(&mut self) -> usize {
        self.second.look().await.expect("a look")
    }

    fn restart(&mut self) {
        let app = self.floor.server.app.clone();
        self.floor.worker = Worker::new(app, self.passing.ticks());
    }

    async fn stored(&self, id: CallId) -> (StoredCall, Vec<TimerRow>) {
        let mut tx = self.floor.server.snapshot().await;
        let call = calls::by_id_in(&mut tx, id).await.expect("a read");
        let timers = timers::of_call_in(&mut tx, id).await.expect("timers");
        (call.expect("the call"), timers)
    }

    /// Notes which plans began just now.
    async fn note(&self, known: &mut [Known]) {
        for one in known {
            let (call, _) = self.stored(one.id).await;
            if call.plan != one.plan {
                (one.plan, one.began) = (call.plan, self.passed);
            }
        }
    }

    /// Nothing waits for longer than its ladder says, however the clock was set: what counts is the time that passed. What waits
    /// for an arrival does so from an hour that somebody named by the clock.
    async fn in_time(&self, known: &[Known], story: &str) {
        for one in known {
            let (call, timers) = self.stored(one.id).await;
            let pending = timers.iter().filter(|t| t.state == PENDING);
            for timer in pending.filter(|t| t.plan == call.plan) {
                let step = usize::try_from(timer.step).expect("a step");
                let step = &call.ladder.steps()[step];
                let until = one.began + step.after.0;
                assert!(
                    step.trigger == Trigger::NotArrived || until > self.passed,
                    "{story}\n  late: {timer:?}"
                );
            }
        }
    }

    /// What the rows of a call say when nothing is left to wait for; how many steps were done.
    async fn whole(&self, id: CallId, story: &str) -> usize {
        let (call, timers) = self.stored(id).await;
        let mut tx = self.floor.server.snapshot().await;
        let events = events::of_calls_in(&mut tx, &[id]).await.expect("events");
        let pending = timers.iter().find(|t| t.state == PENDING);
        assert!(pending.is_none(), "{story}\n  lost: {pending:?}");
        let done: Vec<&TimerRow> = timers.iter().filter(|t| t.state == DONE).collect();
        // Each time that a step is done it is written down, by the ladder or by whoever did not wait for it.
        let did = ["step", "escalate"];
        let told = events.iter().filter(|e| did.contains(&e.what.as_str()));
        assert_eq!(told.count(), done.len(), "{story}\n  {id:?}: {events:?}");
        assert!(
            done.iter().all(|t| t.late_ms.is_some_and(|late| late >= 0)),
            "{story}\n  {done:?}"
        );
        if call.call.status().is_open() {
            for due in call.ladder.due(&call.call) {
                // What waited for it to be resolved is not done a second time after it was given back.
                let goes_on = call.ladder.steps()[due.step].trigger == Trigger::NotResolved;
                let own =
                    |t: &&TimerRow| t.step == due.step as i64 && (t.plan == call.plan || goes_on);
                assert!(done.iter().any(own), "{story}\n  lost: {due:?}");
            }
        }
        done.len()
    }
}

async fn no_step_is_lost_and_none_is_done_twice(place: &Place) {
    let (mut floor, people) = scene(place).await;
    let other = floor.server.beside(place).await;
    let passing = Hands::at(TsMs(0));
    floor.worker = Worker::new(floor.server.app.clone(), passing.ticks());
    let mut nodes = Nodes {
        second: Worker::new(other.app.clone(), passing.ticks()),
        floor,
        passing,
        passed: 0,
        clock: start(),
    };
    let histories = if place.engine == "SQLite" {
        ON_SQLITE
    } else {
        ON_POSTGRES
    };
    let (mut steps, mut jumps) = (0, 0);
    for seed in 0..histories {
        let (more, set) = history(&mut nodes, &people, (place.engine, seed)).await;
        (steps, jumps) = (steps + more, jumps + set);
    }
    let histories = usize::try_from(histories).expect("a number");
    assert!(
        steps > histories && jumps > histories,
        "{steps} steps, the clock set {jumps} times: the histories say little"
    );
}

/// One history; how many steps were done in it, and how often the clock was set.
async fn history(
    nodes: &mut Nodes,
    people: &People,
    (engine, seed): (&str, u64),
) -> (usize, usize) {
    let mut rng = chance(seed);
    let mut story = format!("{engine}, seed {seed}:");
    // A program that begins anew does not know how long it was away, and may let somebody wait anew.
    let restarts = rng.random_bool(0.3);
    let mut known: Vec<Known> = Vec::new();
    let mut jumps = 0;
    for _ in 0..OPS {
        if rng.random_bool(0.2) {
            // The program sees it at once, as it looks five times a second.
            let far = DurMs(rng.random_range(1_001..HOUR_MS));
            let back = rng.random_bool(0.6);
            story += &format!("\n  the clock is set by {} ms, back: {back}", far.0);
            nodes.first_looks().await;
            let clock = nodes.clock;
            nodes.set(if back { clock - far } else { clock + far });
            nodes.first_looks().await;
            jumps += 1;
            continue;
        }
        let op = op(&mut rng, known.len(), nodes.clock);
        story += &format!("\n  after {} ms: {op:?}", nodes.passed);
        match op {
            Op::Raise(priority) => {
                let new = json!({"machine": "M2", "kind": "material", "priority": priority, "line_stopped": false});
                let (status, answer) = people.post(0, "/api/v1/andon", &new).await;
                assert_eq!(status, 200, "{story}: {answer}");
                let id = CallId(answer["call"]["id"].as_i64().expect("a number"));
                if known.iter().all(|one| one.id != id) {
                    known.push(Known {
                        id,
                        plan: 0,
                        began: nodes.passed,
                    });
                }
            }
            Op::Act(which, act) => {
                let id = known.get(which).map_or(999_999, |one| one.id.0);
                let path = format!("/api/v1/andon/calls/{id}/{}", act.name());
                let (status, answer) = people.post(1, &path, &body(act)).await;
                assert!(status < 500, "{story}: {answer}");
            }
            Op::Pass(length, look) => {
                nodes.pass(length);
                let both = rng.random_bool(0.5);
                if both || (look == Look::Restarts && !restarts) {
                    nodes.second_looks().await;
                }
                if look == Look::Restarts && restarts {
                    nodes.restart();
                }
                if look != Look::Not {
                    nodes.first_looks().await;
                    if !restarts {
                        nodes.in_time(&known, &story).await;
                    }
                }
            }
        }
        nodes.note(&mut known).await;
    }
    // Longer than any step can wait.
    nodes.pass(DurMs(48 * HOUR_MS));
    nodes.first_looks().await;
    assert_eq!(nodes.second_looks().await, 0, "{story}");
    let mut steps = 0;
    for one in &known {
        steps += nodes.whole(one.id, &story).await;
    }
    // The next one begins with nothing open.
    for one in &known {
        let path = format!("/api/v1/andon/calls/{}/cancel", one.id.0);
        let (status, answer) = people.post(0, &path, &json!({"note": "the end"})).await;
        assert!(status < 500, "{story}: {answer}");
    }
    (steps, jumps)
}
