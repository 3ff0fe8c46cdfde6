//! Random facts of machines, from a seed. Times, states and readings come from small sets, so that facts collide: at
//! the same instant, at full hours, around the limits of silence, at counters that fall.

use ms5_floor::domain::fact::{Channel, Counts, Fact, FactKind};
use ms5_floor::domain::ids::{MachineId, ProductId, SourceId};
use ms5_floor::domain::machine_state::MachineState;
use ms5_floor::domain::time::{HOUR_MS, TsMs};
use ms5_floor::server::db::facts::NewFact;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Where and what the facts are about.
#[derive(Clone, Debug)]
pub struct Scene {
    pub sources: Vec<SourceId>,
    pub machines: Vec<MachineId>,
    pub products: Vec<ProductId>,
    /// The first full hour.
    pub from: TsMs,
    /// How many hours.
    pub hours: i64,
    /// How many facts.
    pub facts: usize,
}

/// Chance from a seed.
pub fn chance(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// An instant within an hour: often the same few ones.
fn offset(rng: &mut ChaCha8Rng) -> i64 {
    let minute = *[0, 0, 0, 1, 2, 29, 30, 31, 59]
        .choose(rng)
        .expect("a minute");
    let ms = *[0, 0, 0, 1, 999, 30_000, 59_999]
        .choose(rng)
        .expect("milliseconds");
    if rng.random_bool(0.2) {
        rng.random_range(0..HOUR_MS)
    } else {
        minute * 60_000 + ms
    }
}

fn kind(rng: &mut ChaCha8Rng, products: &[ProductId]) -> FactKind {
    use MachineState::{Blocked, Idle, NotScheduled, PlannedStop, Running, Stopped};
    // F1 and F2 are causes of stops, Q9 is a prompt.
    let fault =
        |rng: &mut ChaCha8Rng| (*["F1", "F2", "Q9"].choose(rng).expect("a fault")).to_owned();
    match rng.random_range(0..100) {
        0..35 => {
            let state = *[
                Running,
                Running,
                Stopped,
                Stopped,
                Stopped,
                Idle,
                Blocked,
                PlannedStop,
                NotScheduled,
            ]
            .choose(rng)
            .expect("a state");
            let fault = rng.random_bool(0.3).then(|| fault(rng));
            FactKind::State { state, fault }
        }
        35..55 => FactKind::Fault {
            code: fault(rng),
            active: rng.random_bool(0.6),
        },
        55..65 => {
            let product = rng
                .random_bool(0.9)
                .then(|| *products.choose(rng).expect("a product"));
            // Telling neither would tell nothing: the door refuses that.
            let told = product.is_none() || rng.random_bool(0.5);
            let job = told.then(|| format!("J{}", rng.random_range(0..3)));
            FactKind::Product { product, job }
        }
        65..78 => {
            let counts = Counts {
                good: rng.random_range(0..3),
                scrap: rng.random_range(0..2),
                rework: rng.random_range(0..2),
                ungraded: rng.random_range(0..2),
            };
            FactKind::Count {
                counts,
                product: rng
                    .random_bool(0.2)
                    .then(|| *products.choose(rng).expect("a product")),
            }
        }
        78..95 => {
            let channel = *[Channel::Good, Channel::Good, Channel::Scrap]
                .choose(rng)
                .expect("a channel");
            // The counters of the tests roll over after 1000.
            let value = *[0, 3, 5, 5, 499, 501, 990, 1000]
                .choose(rng)
                .expect("a reading");
            FactKind::Counter { channel, value }
        }
        _ => FactKind::Measurement {
            name: "temperature".to_owned(),
            value: 0.1 + f64::from(rng.random_range(0..9)),
            unit: None,
        },
    }
}

/// The facts of a scene in order of their keys.
pub fn facts(rng: &mut ChaCha8Rng, scene: &Scene) -> Vec<Fact> {
    // Ids in another order than time, and shared by the sources: an identity is both together.
    let mut numbers: Vec<usize> = (0..scene.facts).collect();
    numbers.shuffle(rng);
    let mut out: Vec<Fact> = numbers
        .into_iter()
        .map(|number| {
            let hour = rng.random_range(0..scene.hours);
            let (source, machine) = (
                *scene.sources.choose(rng).expect("a source"),
                *scene.machines.choose(rng).expect("a machine"),
            );
            let at = TsMs(scene.from.0 + hour * HOUR_MS + offset(rng));
            Fact {
                source,
                item: format!("i{number}"),
                machine,
                at,
                kind: kind(rng, &scene.products),
            }
        })
        .collect();
    out.sort_by_key(Fact::key);
    out
}

/// The facts as a network delivers them: `disorder` 0 keeps the order of time, 1 mixes everything; in between each fact
/// comes late by up to that share of the others. Some come twice, in the same batch or in a later one.
pub fn delivered(rng: &mut ChaCha8Rng, facts: &[Fact], disorder: f64) -> Vec<Vec<Fact>> {
    let reach = (facts.len() as f64 * disorder) as usize;
    let mut order: Vec<(usize, Fact)> = facts
        .iter()
        .enumerate()
        .map(|(place, fact)| {
            (
                place
                    + if reach > 0 && rng.random_bool(0.3) {
                        rng.random_range(0..=reach)
                    } else {
                        0
                    },
                fact.clone(),
            )
        })
        .collect();
    for _ in 0..facts.len() / 10 {
        let (place, fact) = order.choose(rng).expect("a fact").clone();
        order.push((place + rng.random_range(0..=facts.len() / 4), fact));
    }
    if disorder >= 1.0 {
        order.shuffle(rng);
    } else {
        order.sort_by_key(|(place, _)| *place);
    }
    let mut batches = Vec::new();
    let mut rest = order.as_slice();
    while !rest.is_empty() {
        let largest = rest.len().min(if rng.random_bool(0.2) { 120 } else { 12 });
        let (batch, after) = rest.split_at(rng.random_range(1..=largest));
        batches.push(batch.iter().map(|(_, fact)| fact.clone()).collect());
        rest = after;
    }
    batches
}

/// A fact as the writer takes it.
pub fn new_fact(fact: &Fact) -> NewFact {
    NewFact {
        fact: fact.clone(),
        body: serde_json::to_string(&fact.kind).expect("json"),
    }
}
