//! Sizes, times and figures of 90 days, to look at.

use super::*;

/// `cargo test --release --features ssr --lib simulator -- --ignored --nocapture` shows sizes and times.
#[test]
#[ignore = "measures, does not judge"]
fn ninety_days() {
    let from = monday().span().from();
    let to = monday().plus(90).span().from();
    let start = std::time::Instant::now();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for n in 0..90 {
        std::hint::black_box(day(SEED, monday().plus(n)));
    }
    println!("90 days simulated in {:?}", start.elapsed());
    let start = std::time::Instant::now();
    for item in items(SEED, from, to, Sampling::History) {
        *kinds.entry(format!("{:?}", item.kind)).or_default() += 1;
    }
    println!(
        "90 days of items in {:?}: {} {kinds:?}",
        start.elapsed(),
        kinds.values().sum::<usize>()
    );
    let live = whole(&day(SEED, monday()), Sampling::Live).len();
    println!("one live Monday: {live}");
    let mut changes: BTreeMap<&str, usize> = BTreeMap::new();
    for n in 0..7 {
        for machine in day(SEED, monday().plus(n)).truth().machines {
            *changes.entry(machine.machine).or_default() += machine.states.len();
        }
    }
    println!("state changes in a week: {changes:?}");
    let all = accounts(SEED, monday(), 84);
    for (machine, a) in &all {
        let [av, p, q, oee] = [a.availability(), a.performance(), a.quality(), a.oee()].map(known);
        let ppt = a.planned_production().secs();
        println!(
            "{machine:7} A {av:.3} P {p:.3} Q {q:.3} OEE {oee:.3}  minor {:.3} unplanned {:.3} changeover {:.3} waiting {:.3}",
            a.minor.secs() / ppt,
            a.unplanned.secs() / ppt,
            a.changeover.secs() / ppt,
            a.waiting.secs() / ppt
        );
    }
    line_oee(&all);
}

/// Of serial lines: good pieces that left the line, at the pace of the constraint, over the constraint's planned
/// time. Near enough with one mean rate, for a look.
fn line_oee(all: &[(&'static str, Account)]) {
    let of = |code| {
        &all.iter()
            .find(|(machine, _)| *machine == code)
            .expect("a machine")
            .1
    };
    for (line, pacing, output) in [("L-BAG1", "BAG1", "LOAD1"), ("L-BOT1", "FILL1", "PACK1")] {
        let (pacing, output) = (of(pacing), of(output));
        let left = output.counts.good as f64 / pacing.counts.good as f64;
        println!(
            "{line}: OEE {:.3}, good pieces of the constraint that left the line {left:.4}",
            known(pacing.oee()) * left
        );
    }
}
