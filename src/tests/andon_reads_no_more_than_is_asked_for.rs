//! What is asked of the database grows with what is asked for, and not with all that ever happened: the calls of some lines are
//! found by line, and what is forgotten by its own age.

use crate::andon_scene::{Floor, minutes, start};
use crate::cast::Actor;
use crate::harness::Place;
use ms5_floor::server::db::Db;
use ms5_floor::server::db::andon::{calls, stops, timers, told};
use serde_json::{Value, json};

on_both! { who_sees_one_line_reads_its_past_page_by_page }

/// How SQLite goes about a statement, one thing a line.
async fn plan(db: &Db, sql: &'static str) -> String {
    let Db::Sqlite { write, .. } = db else {
        panic!("only SQLite tells it in words that stay the same");
    };
    let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
    let rows: Vec<(i64, i64, i64, String)> = sqlx::query_as(explain)
        .fetch_all(write)
        .await
        .expect("a plan");
    let lines: Vec<String> = rows.into_iter().map(|(.., line)| line).collect();
    lines.join("\n")
}

#[tokio::test]
async fn no_statement_walks_all_calls_to_find_a_few() {
    let place = Place::sqlite();
    let db = place.open().await;
    for (sql, by) in [
        (
            calls::FIND_SQLITE,
            "andon_call_line (line_id=? AND raised_ms>? AND raised_ms<?)",
        ),
        (calls::OVER_SINCE, "andon_call_closed (closed_ms>?)"),
        (
            stops::IN_WINDOW,
            "andon_call_stop (stop_ms>? AND stop_ms<?)",
        ),
        (told::FORGET, "andon_told_at (at_ms<?)"),
        (timers::FORGET, "andon_timer_set (set_ms<?)"),
    ] {
        let plan = plan(&db, sql).await;
        assert!(plan.contains(by), "{by}: {plan}");
        for walks in ["SCAN andon", "SCAN c", "SCAN t"] {
            assert!(!plan.contains(walks), "{walks}: {plan}");
        }
    }
}

/// The numbers of calls on all pages, each of one call, newest first.
async fn page_by_page(floor: &Floor, who: &Actor, filter: &str) -> Vec<i64> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/api/v1/andon?limit=1{filter}{cursor}");
        let answer = floor.get(who, &path).await;
        assert_eq!(answer.status.as_u16(), 200, "{path}: {answer:?}");
        let page = answer.json();
        let calls = page["calls"].as_array().expect("a list").clone();
        assert!(calls.len() <= 1, "{page}");
        let id = |c: &Value| c["call"]["id"].as_i64().expect("a number");
        found.extend(calls.iter().map(id));
        let Some(next) = page["next"].as_str() else {
            return found;
        };
        cursor = format!("&cursor={next}");
        assert!(found.len() < 20, "it ends: {found:?}");
    }
}

async fn who_sees_one_line_reads_its_past_page_by_page(place: &Place) {
    let floor = Floor::new(place).await;
    let line = floor.server.app.plant.get().line("L2").expect("L2").id;
    let there = Actor::person(&floor.server, "engineer", Some(line)).await;
    let (mut here, mut own) = (Vec::new(), Vec::new());
    for (minute, kind) in (0..).zip(["stop", "maintenance", "material", "quality"]) {
        floor.hands.set(start() + minutes(minute));
        let call = |machine: &str| json!({"machine": machine, "kind": kind});
        own.push(floor.raised(&floor.operator, call("M3")).await);
        for machine in ["M1", "M2"] {
            here.push(floor.raised(&floor.operator, call(machine)).await);
        }
    }
    own.reverse();
    assert_eq!(
        page_by_page(&floor, &there, "").await,
        own,
        "{}",
        place.engine
    );
    let quality = page_by_page(&floor, &there, "&kind=quality").await;
    assert_eq!(quality, own[..1], "{}", place.engine);
    let of_line = page_by_page(&floor, &floor.operator, "&line=L2").await;
    assert_eq!(of_line, own, "{}: a line is asked for", place.engine);
    let mut all = [here, own].concat();
    all.sort_unstable_by(|a, b| b.cmp(a));
    let seen = page_by_page(&floor, &floor.operator, "").await;
    assert_eq!(seen, all, "{}: who sees all", place.engine);
    let other = floor.get(&there, "/api/v1/andon?line=L1").await;
    assert_eq!(other.status.as_u16(), 403, "{other:?}");
}
