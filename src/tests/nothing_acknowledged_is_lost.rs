//! What the server acknowledged is stored, once, whenever it is killed: the real program is killed while senders post,
//! twenty times, and started again. Senders do what they should: keep the ids of what was not acknowledged and send it
//! again.

use crate::chance::{Scene, chance, facts};
use crate::harness::{Place, Server, at, until};
use crate::program::Program;
use crate::small_plant::small_plant;
use crate::stored_timeline_equals_a_fresh_fold::check;
use ms5_floor::api::ingest::{BatchAnswer, Item, ItemStatus};
use ms5_floor::domain::fact::Fact;
use ms5_floor::domain::time::TsMs;
use ms5_floor::server::clock::Clock;
use ms5_floor::server::db::{Db, facts as stored, migrate};
use ms5_floor::server::ingest::tell::item_of;
use ms5_floor::server::plant::Plant;
use rand::Rng;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

on_both! { killed_twenty_times_while_senders_post }

const KILLS: usize = 20;
const SENDERS: usize = 4;

/// What the senders share with the one who kills.
#[derive(Default)]
struct Field {
    url: Mutex<String>,
    stop: AtomicBool,
    acknowledged: AtomicUsize,
}

impl Field {
    fn url(&self) -> String {
        self.url
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn moved_to(&self, url: &str) {
        url.clone_into(&mut self.url.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

fn post(agent: &ureq::Agent, url: &str, key: &str, batch: &Value) -> Option<BatchAnswer> {
    let request = agent
        .post(format!("{url}/api/v1/ingest"))
        .header("authorization", format!("Bearer {key}"));
    let mut response = request.send_json(batch).ok()?;
    // Only a whole answer is one: the program may be killed in the middle of it.
    response.body_mut().read_json().ok()
}

/// Posts batches until it is told to stop; returns the ids that were acknowledged.
fn send(field: &Field, key: &str, items: &[Item]) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(10)));
    let agent = ureq::Agent::new_with_config(config.build());
    let mut acknowledged = Vec::new();
    for items in items.chunks(7) {
        if field.stop.load(Ordering::SeqCst) {
            break;
        }
        let batch = json!({ "items": items });
        let mut attempts = 0;
        let answer = runtime.block_on(until(
            "an acknowledgement",
            Duration::from_secs(60),
            async || {
                attempts += 1;
                post(&agent, &field.url(), key, &batch)
            },
        ));
        for (item, result) in items.iter().zip(&answer.results) {
            assert_eq!(item.id, result.id);
            let fine = result.status == ItemStatus::Accepted
                || attempts > 1 && result.status == ItemStatus::Duplicate;
            assert!(fine, "attempt {attempts}: {result:?}");
            acknowledged.push(result.id.clone());
        }
        field.acknowledged.fetch_add(items.len(), Ordering::SeqCst);
    }
    acknowledged
}

/// The plant and a key for each sender, and what each will send.
async fn prepare(place: &Place) -> Vec<(String, Vec<Item>)> {
    let mut plant = small_plant();
    plant["machine"][0]["silence_s"] = json!(600);
    plant["machine"][1]["counter_max"] = json!(1000);
    let server = Server::with(place, Clock::system(), plant).await;
    let plant = server.app.plant.get();
    let mut out = Vec::new();
    for sender in 0..SENDERS {
        let (source, key) = server.key(&format!("sender {sender}"), true, false).await;
        let scene = Scene {
            sources: vec![source],
            machines: vec![server.machine("M1"), server.machine("M2")],
            products: vec![server.product("P1"), server.product("P2")],
            from: at("2026-07-05T22:00:00Z"),
            hours: 12,
            facts: 30_000,
        };
        // Each sender tells of all hours again and again: most of it comes late.
        let mut items = facts(&mut chance(sender as u64), &scene);
        items.sort_by(|a, b| a.item.cmp(&b.item));
        out.push((key, items.iter().map(|f| item_of(f, &plant)).collect()));
    }
    server.app.db.close().await;
    out
}

async fn killed_twenty_times_while_senders_post(place: &Place) {
    let senders = prepare(place).await;
    let field = Arc::new(Field::default());
    let mut program = Program::serve(place);
    field.moved_to(&program.url);
    let threads: Vec<_> = senders
        .into_iter()
        .map(|(key, items)| {
            let field = Arc::clone(&field);
            std::thread::spawn(move || send(&field, &key, &items))
        })
        .collect();
    let mut rng = chance(99);
    for kill in 0..KILLS {
        let wanted = field.acknowledged.load(Ordering::SeqCst) + rng.random_range(1..120);
        until(
            &format!("acknowledgements before kill {kill}"),
            Duration::from_secs(60),
            async || {
                assert!(
                    !threads.iter().any(JoinHandle::is_finished),
                    "a sender gave up"
                );
                (field.acknowledged.load(Ordering::SeqCst) >= wanted).then_some(())
            },
        )
        .await;
        // Not right after an answer: at any moment of the next batches.
        let moment = Instant::now() + Duration::from_micros(rng.random_range(0..30_000));
        until("the moment", Duration::from_secs(1), async || {
            (Instant::now() >= moment).then_some(())
        })
        .await;
        program.kill();
        program = Program::serve(place);
        field.moved_to(&program.url);
    }
    field.stop.store(true, Ordering::SeqCst);
    let mut acknowledged: Vec<(i64, String)> = Vec::new();
    // The first sender is the test itself.
    for (sender, thread) in (2..).zip(threads) {
        acknowledged.extend(
            thread
                .join()
                .expect("a sender")
                .into_iter()
                .map(|id| (sender, id)),
        );
    }
    let ended = program.terminate(Duration::from_secs(10)).await;
    assert!(ended.success(), "{}: {ended}", place.engine);
    verify(place, &acknowledged).await;
}

async fn verify(place: &Place, acknowledged: &[(i64, String)]) {
    let db = Db::open(&place.url).await.expect("the database");
    migrate::migrate(&db).await.expect("it is whole");
    if let Db::Sqlite { read, .. } = &db {
        let whole: String = sqlx::query_scalar("PRAGMA integrity_check")
            .fetch_one(read)
            .await
            .expect("a check");
        assert_eq!(whole, "ok");
    }
    let plant = Plant::load(&db).await.expect("the plant");
    let machines: Vec<_> = plant.lines.iter().flat_map(|l| &l.machines).collect();
    let mut all: Vec<Fact> = Vec::new();
    let mut tx = db.begin().await.expect("a transaction");
    for machine in &machines {
        all.extend(
            stored::between(&mut tx, machine.id, TsMs(0), TsMs(i64::MAX))
                .await
                .expect("facts"),
        );
    }
    drop(tx);
    let there: HashSet<(i64, String)> = all.iter().map(|f| (f.source.0, f.item.clone())).collect();
    assert_eq!(there.len(), all.len(), "{}: every item once", place.engine);
    let lost: Vec<_> = acknowledged
        .iter()
        .filter(|a| !there.contains(*a))
        .collect();
    assert!(
        lost.is_empty(),
        "{}: acknowledged and lost: {lost:?}",
        place.engine
    );
    assert!(acknowledged.len() > KILLS, "something was acknowledged");
    // Every sender went on until its last batch was acknowledged: nothing else can be there.
    assert_eq!(
        acknowledged.len(),
        all.len(),
        "{}: nothing that nobody acknowledged",
        place.engine
    );
    for machine in machines {
        check(
            &db,
            machine.id,
            &all,
            &machine.rules,
            &format!("{}, {}", place.engine, machine.code),
        )
        .await;
    }
    db.close().await;
}
