//! Steps of ladders are done by the real program, each once and within a second of its time, whenever it is killed, whoever
//! of two looks, and though the database is away for a while. Seconds stand for minutes; calls come from outside, by REST.

mod caller;
mod count;
mod field;

use crate::cable::Cable;
use crate::chance::chance;
use crate::harness::{Place, until};
use crate::program::Program;
use count::{all_done, check};
use field::Field;
use ms5_floor::domain::andon::Trigger;
use ms5_floor::domain::andon::Trigger::{NotAcknowledged, NotArrived, NotResolved, Raised};
use ms5_floor::domain::time::{DurMs, TsMs};
use ms5_floor::server::clock::Clock;
use rand::Rng;
use std::time::{Duration, Instant};

on_both! {
    killed_at_any_moment_it_does_every_step_once_and_on_time,
}

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

async fn wait_until(moment: Instant) {
    until("the next moment", LONG_ENOUGH, async || {
        (Instant::now() >= moment).then_some(())
    })
    .await;
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
