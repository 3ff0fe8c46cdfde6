//! Steps of ladders are done on time, in order and once: whoever restarts, whatever the clock does, however many look.

use crate::andon_scene::{Floor, add_rule, minutes, number, rule_of, run, start, step};
use crate::cable::Cable;
use crate::cast::Actor;
use crate::harness::{Hands, Place, Server, until};
use crate::small_plant::two_lines;
use ms5_floor::domain::andon::Trigger::{NotAcknowledged, NotArrived, NotResolved, Raised};
use ms5_floor::domain::time::{DurMs, TsMs};
use ms5_floor::server::andon::worker::Worker;
use ms5_floor::server::db::Db;
use ms5_floor::server::db::andon::timers::{DONE, PENDING, TimerRow, VOID};
use serde_json::json;
use sqlx::Connection;
use std::time::Duration;

on_both! {
    steps_are_done_in_order_and_what_is_late_says_so,
    what_waits_for_somebody_begins_when_somebody_took_it,
    a_clock_that_is_set_back_delays_nobody,
    what_is_set_after_the_clock_was_set_back_waits_no_longer,
    a_clock_that_is_set_forward_loses_no_step,
    a_restart_in_between_loses_no_step_and_repeats_none,
    two_nodes_do_no_step_twice,
    timers_of_plans_that_are_gone_hold_up_nobody,
}

const LONG_ENOUGH: Duration = Duration::from_secs(20);

/// Raised at once; 2 min not taken: level 1; 3 min after it was taken nobody there: level 2; 6 min: level 3.
async fn short_ladder(floor: &Floor) {
    let rule = rule_of(vec![
        step(NotResolved, minutes(6), 3, "admin"),
        step(Raised, DurMs::ZERO, 0, "engineer"),
        step(NotAcknowledged, minutes(2), 1, "shift_manager"),
        step(NotArrived, minutes(3), 2, "production_manager"),
    ]);
    add_rule(&floor.server.app.db, &rule).await;
}

async fn call(floor: &Floor) -> i64 {
    let call = json!({"machine": "M1", "kind": "stop"});
    floor.raised(&floor.operator, call).await
}

/// Step, state, when it was done in milliseconds after the start, by how much too late.
fn shape(timers: &[TimerRow]) -> Vec<(i64, i64, Option<i64>, Option<i64>)> {
    let one = |t: &TimerRow| {
        let fired = t.fired_ms.map(|at| at - start().0);
        (t.step, t.state, fired, t.late_ms)
    };
    timers.iter().map(one).collect()
}

async fn steps_are_done_in_order_and_what_is_late_says_so(place: &Place) {
    let mut floor = Floor::new(place).await;
    short_ladder(&floor).await;
    let id = call(&floor).await;
    // Nobody looked for a while: all that is due is done, the first first.
    assert_eq!(floor.at(minutes(7)).await, 2);
    assert_eq!(
        shape(&floor.timers(id).await),
        [
            (0, DONE, Some(420_000), Some(60_000)),
            (1, DONE, Some(0), Some(0)),
            (2, DONE, Some(420_000), Some(300_000)),
        ],
        "{}",
        place.engine
    );
    let detail = floor.detail(id).await;
    let said = |n: usize| {
        detail["history"][n]["detail"]
            .as_str()
            .expect("words")
            .to_owned()
    };
    assert_eq!(said(1), "level 0: raised; called engineer everywhere");
    assert_eq!(
        said(2),
        "level 1: not acknowledged; called shift_manager everywhere; 300.0 s late"
    );
    assert!(said(3).starts_with("level 3: not resolved"), "{}", said(3));
}

async fn what_waits_for_somebody_begins_when_somebody_took_it(place: &Place) {
    let mut floor = Floor::new(place).await;
    short_ladder(&floor).await;
    let id = call(&floor).await;
    floor.at(minutes(1)).await;
    let eta = json!({"eta": (start() + minutes(2)).0});
    floor.acted(&floor.engineer, id, "acknowledge", eta).await;
    assert_eq!(floor.at(minutes(3)).await, 0, "taken: level 1 is void");
    assert_eq!(floor.at(minutes(5)).await, 1, "three minutes after the ETA");
    assert_eq!(floor.at(minutes(6)).await, 1, "not resolved");
    assert_eq!(
        shape(&floor.timers(id).await),
        [
            (0, DONE, Some(360_000), Some(0)),
            (1, DONE, Some(0), Some(0)),
            (2, VOID, None, None),
            (3, DONE, Some(300_000), Some(0)),
        ]
    );
    let other = json!({"machine": "M2", "kind": "stop"});
    let other = floor.raised(&floor.operator, other).await;
    floor.resolve(other).await;
    assert_eq!(floor.at(minutes(60)).await, 0);
    let states: Vec<i64> = floor.timers(other).await.iter().map(|t| t.state).collect();
    assert_eq!(states, [VOID, DONE, VOID, VOID], "over: nothing is left");
}

async fn a_clock_that_is_set_back_delays_nobody(place: &Place) {
    let mut floor = Floor::new(place).await;
    short_ladder(&floor).await;
    let passing = Hands::at(TsMs(0));
    floor.worker = Worker::new(floor.server.app.clone(), passing.ticks());
    let id = call(&floor).await;
    assert_eq!(floor.at(minutes(0)).await, 0);
    passing.set(TsMs(minutes(1).0));
    assert_eq!(floor.at(minutes(1)).await, 0);
    // A minute has passed; now the clock is put back by an hour.
    assert_eq!(floor.at(minutes(-59)).await, 0);
    passing.set(TsMs(minutes(2).0 - 1));
    assert_eq!(floor.at(minutes(-58)).await, 0, "not yet");
    passing.set(TsMs(minutes(2).0));
    assert_eq!(
        floor.at(minutes(-58)).await,
        1,
        "two minutes after the call"
    );
    let level_1 = &shape(&floor.timers(id).await)[2];
    assert_eq!(*level_1, (2, DONE, Some(minutes(-58).0), Some(0)));
    // What is raised by the new clock goes by the new clock.
    let other = json!({"machine": "M2", "kind": "stop"});
    let other = floor.raised(&floor.operator, other).await;
    passing.set(TsMs(minutes(4).0));
    assert_eq!(floor.at(minutes(-56)).await, 1, "of the other call");
    passing.set(TsMs(minutes(6).0));
    assert_eq!(floor.at(minutes(-54)).await, 1, "level 3 of the first one");
    passing.set(TsMs(minutes(8).0));
    assert_eq!(floor.at(minutes(-52)).await, 1, "level 3 of the other one");
    for id in [id, other] {
        let done = floor.timers(id).await;
        assert!(done.iter().all(|t| t.state == DONE), "{done:?}");
        let call = floor.detail(id).await["call"]["call"].clone();
        floor.resolve(id).await;
        let after = floor.detail(id).await["call"]["call"].clone();
        let at = |v: &serde_json::Value| v["at"].as_i64().expect("a time");
        assert!(at(&after["acknowledged"]) >= at(&call["raised"]));
        assert!(at(&after["resolved"]) >= at(&after["acknowledged"]));
    }
    assert_eq!(floor.at(minutes(6)).await, 0, "none of it a second time");
}

/// Of the timers of a plan: step, state, and when it is due in minutes after the start.
async fn of_plan(floor: &Floor, id: i64, plan: i64) -> Vec<(i64, i64, i64)> {
    let timers = floor.timers(id).await.into_iter();
    let one = |t: TimerRow| (t.step, t.state, (t.due_ms - start().0) / minutes(1).0);
    timers.filter(|t| t.plan == plan).map(one).collect()
}

async fn what_is_set_after_the_clock_was_set_back_waits_no_longer(place: &Place) {
    let mut floor = Floor::new(place).await;
    short_ladder(&floor).await;
    let passing = Hands::at(TsMs(0));
    floor.worker = Worker::new(floor.server.app.clone(), passing.ticks());
    let id = call(&floor).await;
    assert_eq!(floor.at(minutes(0)).await, 0);
    passing.set(TsMs(minutes(1).0));
    // The call is two hours ahead of the clock; who joins it gives it another plan, before anybody has looked.
    floor.hands.set(start() + minutes(-120));
    let urgent = json!({"machine": "M1", "kind": "stop", "priority": "critical"});
    assert_eq!(floor.raised(&floor.operator, urgent).await, id);
    assert_eq!(
        of_plan(&floor, id, 1).await,
        [(0, PENDING, -114), (1, DONE, -120), (2, PENDING, -118)],
        "{}",
        place.engine
    );
    assert_eq!(floor.at(minutes(-120)).await, 0, "not yet");
    passing.set(TsMs(minutes(3).0));
    assert_eq!(floor.at(minutes(-118)).await, 1, "two minutes later");
    // A round that begins by the new clock.
    floor.resolve(id).await;
    floor.acted(&floor.engineer, id, "reopen", json!({})).await;
    assert_eq!(
        of_plan(&floor, id, 2).await,
        [(0, PENDING, -112), (1, DONE, -118), (2, PENDING, -116)],
        "{}",
        place.engine
    );
    // Whoever takes it has the time that the ladder gives, from the ETA that they say.
    let eta = json!({"eta": (start() + minutes(-117)).0});
    floor.acted(&floor.engineer, id, "acknowledge", eta).await;
    assert_eq!(
        of_plan(&floor, id, 2).await[2..],
        [(2, VOID, -116), (3, PENDING, -114)]
    );
    passing.set(TsMs(minutes(7).0));
    assert_eq!(floor.at(minutes(-114)).await, 1, "nobody there");
    passing.set(TsMs(minutes(9).0));
    assert_eq!(floor.at(minutes(-112)).await, 1, "not resolved");
    let call = floor.detail(id).await["call"]["call"].clone();
    let at = |v: &serde_json::Value| v["at"].as_i64().expect("a time");
    assert!(at(&call["reopened_last"]) >= at(&call["raised"]));
    assert!(at(&call["acknowledged"]) >= at(&call["reopened_last"]));
}

async fn a_clock_that_is_set_forward_loses_no_step(place: &Place) {
    let mut floor = Floor::new(place).await;
    short_ladder(&floor).await;
    let id = call(&floor).await;
    assert_eq!(floor.at(minutes(60 * 24 * 365)).await, 2);
    let states: Vec<i64> = floor.timers(id).await.iter().map(|t| t.state).collect();
    assert_eq!(states, [DONE, DONE, DONE], "{}", place.engine);
    assert_eq!(floor.at(minutes(2)).await, 0, "and back: none again");
}

async fn a_restart_in_between_loses_no_step_and_repeats_none(place: &Place) {
    let mut floor = Floor::new(place).await;
    short_ladder(&floor).await;
    let id = call(&floor).await;
    floor.at(minutes(1)).await;
    // The program ends, and comes back after level 1 was due; the clock was put back by ten minutes meanwhile.
    floor.hands.set(start() + minutes(-7));
    let again = floor.server.beside(place).await;
    let passing = Hands::at(TsMs(0));
    let mut worker = Worker::new(again.app.clone(), passing.ticks());
    assert_eq!(worker.look().await.expect("a look"), 0);
    // It is not known how long it was away; nobody waits longer than the ladder says from here on.
    passing.set(TsMs(minutes(2).0));
    assert_eq!(worker.look().await.expect("a look"), 1);
    let mut third = Worker::new(again.app.clone(), passing.ticks());
    assert_eq!(third.look().await.expect("a look"), 0, "done is done");
    floor.hands.set(start() + minutes(6));
    assert_eq!(third.look().await.expect("a look"), 1);
    assert_eq!(worker.look().await.expect("a look"), 0);
    let states: Vec<i64> = floor.timers(id).await.iter().map(|t| t.state).collect();
    assert_eq!(states, [DONE, DONE, DONE]);
}

async fn two_nodes_do_no_step_twice(place: &Place) {
    let mut floor = Floor::new(place).await;
    short_ladder(&floor).await;
    let other = floor.server.beside(place).await;
    let mut second = Worker::new(other.app.clone(), floor.hands.ticks());
    let mut ids = Vec::new();
    for machine in ["M1", "M2", "M3"] {
        for kind in ["stop", "quality"] {
            let call = json!({"machine": machine, "kind": kind});
            ids.push(floor.raised(&floor.operator, call).await);
        }
    }
    for minute in [2, 6] {
        floor.hands.set(start() + minutes(minute));
        let (a, b) = tokio::join!(floor.worker.look(), second.look());
        let (a, b) = (a.expect("a look"), b.expect("a look"));
        assert_eq!(a + b, ids.len(), "{}: {a} and {b}", place.engine);
    }
    let steps = "SELECT COUNT(*) FROM andon_event WHERE what = 'step'";
    let steps = number(&floor.server.app.db, steps).await;
    assert_eq!(steps, 3 * 6, "each step is told once");
    let told = number(&floor.server.app.db, "SELECT COUNT(*) FROM andon_told").await;
    assert_eq!(told, 3 * 6, "and each person of it");
}

async fn timers_of_plans_that_are_gone_hold_up_nobody(place: &Place) {
    let mut floor = Floor::new(place).await;
    short_ladder(&floor).await;
    let id = call(&floor).await;
    // More than are looked at together, and all before what is to be done.
    let gone = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 510)
        INSERT INTO andon_timer (call_id, plan, step, due_ms, set_ms, state)
        SELECT {id}, 100 + i, 0, i, 0, 1 FROM n"
    );
    run(&floor.server.app.db, gone).await;
    assert_eq!(floor.at(minutes(2)).await, 1, "{}", place.engine);
    let timers = floor.timers(id).await;
    let (old, own): (Vec<_>, Vec<_>) = timers.iter().partition(|t| t.plan > 0);
    assert!(old.len() == 510 && old.iter().all(|t| t.state == VOID));
    assert_eq!(own.iter().filter(|t| t.state == PENDING).count(), 1);
}

#[tokio::test]
async fn a_step_does_not_wait_for_the_reading_of_machines() {
    let place = Place::postgres().await;
    let mut floor = Floor::new(&place).await;
    short_ladder(&floor).await;
    let id = call(&floor).await;
    let mut other = sqlx::PgConnection::connect(&place.url)
        .await
        .expect("a connection");
    sqlx::raw_sql("BEGIN; LOCK TABLE transition IN ACCESS EXCLUSIVE MODE")
        .execute(&mut other)
        .await
        .expect("what machines did is out of reach");
    floor.hands.set(start() + minutes(2));
    let (worker, db) = (&mut floor.worker, &floor.server.app.db);
    let steps = async {
        let waits = "SELECT COUNT(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
            WHERE NOT l.granted AND c.relname = 'transition'";
        until("a reader that waits", LONG_ENOUGH, async || {
            (number(db, waits).await > 0).then_some(())
        })
        .await;
        worker.look().await.expect("a look")
    };
    tokio::select! {
        looked = floor.watcher.look() => panic!("machines were read: {looked:?}"),
        done = steps => assert_eq!(done, 1),
    }
    drop(other);
    let timers = floor.timers(id).await;
    assert_eq!(timers.iter().filter(|t| t.state == DONE).count(), 2);
    place.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_away_for_a_while_loses_no_step() {
    let place = Place::postgres().await;
    let (mut cable, url) = Cable::to(&place.url).await;
    drop(place.open().await);
    let hands = Hands::at(start());
    let db = Db::open(&url).await.expect("over the cable");
    let server = Server::on(&place, db, hands.clock(), None).await;
    server.set_up(two_lines()).await;
    let engineer = Actor::person(&server, "engineer", None).await;
    let rule = rule_of(vec![
        step(Raised, DurMs::ZERO, 0, "engineer"),
        step(NotAcknowledged, minutes(2), 1, "engineer"),
    ]);
    add_rule(&server.app.db, &rule).await;
    let call = json!({"machine": "M1", "kind": "stop"});
    let call = server.send(axum::http::Method::POST, "/api/v1/andon", None, &call);
    let id = call.await.json()["call"]["id"].as_i64().expect("a number");
    let mut worker = Worker::new(server.app.clone(), hands.ticks());
    assert_eq!(worker.look().await.expect("a look"), 0);
    cable.cut().await;
    hands.set(start() + minutes(2));
    assert!(worker.look().await.is_err(), "it says so");
    let act = format!("/api/v1/andon/calls/{id}/acknowledge");
    let away = server
        .send(axum::http::Method::POST, &act, None, &json!({}))
        .await;
    away.problem(503, "unavailable");
    hands.set(start() + minutes(3));
    cable.mend().await;
    assert_eq!(worker.look().await.expect("it is back"), 1);
    assert_eq!(worker.look().await.expect("a look"), 0);
    let path = format!("/api/v1/andon/calls/{id}");
    let call = server.get(&path, None).await.json();
    let late = call["history"][2]["detail"].as_str().expect("words");
    assert!(late.ends_with("; 60.0 s late"), "{late}");
    drop(engineer);
    place.remove().await;
}
