//! Sequence numbers are in the order of commit: a reader that goes on after the last number it saw misses nothing,
//! however many write at once.

use crate::chance::new_fact;
use crate::harness::{Hands, Place, Server, at, until};
use crate::small_plant::small_plant;
use ms5_floor::domain::fact::{Channel, Fact, FactKind};
use ms5_floor::domain::ids::Seq;
use ms5_floor::domain::time::TsMs;
use ms5_floor::server::db::{Db, facts};
use std::time::Duration;

on_both! {
    a_reader_that_goes_on_from_the_last_number_misses_nothing,
    repetitions_do_not_move_the_number_that_screens_are_told,
}

const NODES: usize = 3;
const SENDERS: usize = 4;
const BATCHES: usize = 25;

async fn after(db: &Db, seq: Seq) -> Vec<(i64, i64, String)> {
    const SQL: &str = "SELECT seq, source_id, item_id FROM fact WHERE seq > $1 ORDER BY seq";
    match db {
        Db::Sqlite { read, .. } => sqlx::query_as(SQL).bind(seq.0).fetch_all(read).await,
        Db::Postgres(pool) => sqlx::query_as(SQL).bind(seq.0).fetch_all(pool).await,
    }
    .expect("facts")
}

async fn a_reader_that_goes_on_from_the_last_number_misses_nothing(place: &Place) {
    let clock = Hands::at(at("2026-07-06T10:00:00Z")).clock();
    let first = Server::with(place, clock.clone(), small_plant()).await;
    let mut nodes = vec![first];
    // On PostgreSQL each node has connections of its own. A SQLite file has one writing connection, which nodes share.
    while nodes.len() < NODES && nodes[0].app.db.is_shared() {
        nodes.push(Server::start(place, clock.clone()).await);
    }
    let mut sources = Vec::new();
    for n in 0..SENDERS {
        sources.push(nodes[0].key(&format!("sender {n}"), true, false).await.0);
    }
    let mut writers = Vec::new();
    for (n, source) in sources.iter().copied().enumerate() {
        for (place, node) in nodes.iter().enumerate() {
            let (writer, machine) = (node.app.writer.clone(), node.machine(["M1", "M2"][n % 2]));
            writers.push(tokio::spawn(async move {
                for batch in 0..BATCHES {
                    let fact = |i: usize| Fact {
                        source,
                        item: format!("{place}-{batch}-{i}"),
                        machine,
                        at: TsMs(at("2026-07-06T06:00:00Z").0 + (batch * 10 + i) as i64 * 700),
                        kind: FactKind::Counter {
                            channel: Channel::Good,
                            value: (batch * 10 + i) as i64,
                        },
                    };
                    let items = (0..1 + batch % 7).map(|i| Ok(new_fact(&fact(i)))).collect();
                    writer.store(source, items).await.expect("stored");
                }
            }));
        }
    }
    let writing = tokio::spawn(async move {
        for writer in writers {
            writer.await.expect("a writer");
        }
    });
    let (mut last, mut seen) = (Seq(0), Vec::new());
    until("the writers", Duration::from_secs(60), async || {
        // Whether they are done is asked before looking: what they wrote last is then seen for certain.
        let finished = writing.is_finished();
        for (seq, source, item) in after(&nodes[0].app.db, last).await {
            assert!(seq > last.0, "numbers only rise");
            last = Seq(seq);
            seen.push((source, item));
        }
        finished.then_some(())
    })
    .await;
    writing.await.expect("the writers");
    let mut all: Vec<_> = after(&nodes[0].app.db, Seq(0))
        .await
        .into_iter()
        .map(|(_, s, i)| (s, i))
        .collect();
    let per_writer: usize = (0..BATCHES).map(|batch| 1 + batch % 7).sum();
    assert_eq!(
        all.len(),
        per_writer * SENDERS * nodes.len(),
        "{}",
        place.engine
    );
    seen.sort();
    all.sort();
    assert_eq!(
        seen, all,
        "{}: seen while writing, and there afterwards",
        place.engine
    );
}

async fn repetitions_do_not_move_the_number_that_screens_are_told(place: &Place) {
    let clock = Hands::at(at("2026-07-06T10:00:00Z")).clock();
    let server = Server::with(place, clock, small_plant()).await;
    let (source, _) = server.key("sender", true, false).await;
    let machine = server.machine("M1");
    let item = |n: i64| {
        Ok(new_fact(&Fact {
            source,
            item: n.to_string(),
            machine,
            at: TsMs(at("2026-07-06T06:00:00Z").0 + n),
            kind: FactKind::Counter {
                channel: Channel::Good,
                value: n,
            },
        }))
    };
    // New items before, between and behind repetitions; a batch of nothing but repetitions.
    for batch in [&[1, 2, 3][..], &[0, 2, 4, 4, 3, 5], &[1, 2], &[6]] {
        let items = batch.iter().map(|n| item(*n)).collect();
        server
            .app
            .writer
            .store(source, items)
            .await
            .expect("stored");
        let last = facts::last_seq(&server.app.db).await.expect("a number");
        assert_eq!(server.app.hub.seq(), last, "{}: {batch:?}", place.engine);
    }
    assert_eq!(after(&server.app.db, Seq(0)).await.len(), 7);
}
