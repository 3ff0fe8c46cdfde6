//! The production plan of a chain for a day: which product, from when, as which job.

use super::calendar::{Day, DaySchedule, Slot};
use super::chance::{Purpose, lognormal, stream};
use super::model::{Line, Machine};
use rand::Rng;

/// A product run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Job {
    /// The job's name, such as `L-BAG1-260312-2`.
    pub name: String,
    /// The index of the product in the line's list.
    pub product: usize,
    /// The changeover to it begins no earlier than this second of the day; the first has none.
    pub from: i64,
    /// How long the set-up takes once the line is empty, in seconds; 0 for the first.
    pub setup_s: i64,
}

/// Changeovers keep this distance from breaks, so that set-up work does not run into them.
const CLEAR_OF_BREAKS_S: i64 = 40 * 60;
/// The last changeover leaves at least this much time to make something.
const CLEAR_OF_END_S: i64 = 90 * 60;

/// The jobs of the chain that is `index`-th in the plant; empty on a day off.
pub(super) fn jobs(
    seed: u64,
    line: &Line,
    chain: &[Machine],
    index: usize,
    plan: &DaySchedule,
) -> Vec<Job> {
    let work = plan.work_s();
    if work == 0 {
        return Vec::new();
    }
    let mut rng = stream(seed, Purpose::Plan, plan.day.number(), index as u64);
    let count = ((work as f64 / 3600.0 / line.run_h).round() as i64).max(1);
    // The rotation goes on from day to day; side-by-side machines start at different products.
    let shift = usize::try_from(plan.day.number().rem_euclid(997)).unwrap_or(0) + index;
    let mut out: Vec<Job> = Vec::new();
    for n in 0..count {
        let jitter = (rng.random::<f64>() - 0.5) * 0.3;
        let setup_s = lognormal(&mut rng, line.changeover_min * 60.0, 0.2) as i64;
        let aim = ((n as f64 + jitter) / count as f64 * work as f64) as i64;
        let at = if n == 0 {
            Some(0)
        } else {
            plan.second_after(aim).and_then(|at| clear(plan, at))
        };
        let Some(at) = at else { continue };
        if out
            .last()
            .is_some_and(|before| n > 0 && at - before.from < CLEAR_OF_END_S)
        {
            continue;
        }
        let product = (shift + out.len()) % line.products.len();
        let setup_s = if n == 0 { 0 } else { setup_s.max(300) };
        out.push(Job {
            name: name(line, chain, plan.day, out.len() + 1),
            product,
            from: at,
            setup_s,
        });
    }
    out
}

/// The job's name: of the line, or of the machine where machines stand side by side.
fn name(line: &Line, chain: &[Machine], day: Day, n: usize) -> String {
    let who = if line.machines.len() == chain.len() {
        line.code
    } else {
        chain[0].code
    };
    let date: String = day
        .to_string()
        .chars()
        .filter(char::is_ascii_digit)
        .skip(2)
        .collect();
    format!("{who}-{date}-{n}")
}

/// The first second from `at` on at which a changeover fits.
fn clear(plan: &DaySchedule, at: i64) -> Option<i64> {
    let mut at = at;
    for (from, to, slot) in &plan.slots {
        match slot {
            Slot::Break if at + CLEAR_OF_BREAKS_S > *from && at < *to => at = to + 300,
            Slot::Clean if at + CLEAR_OF_END_S > *from => return None,
            _ => {}
        }
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::simulator::model::LINES;
    use jiff::civil::date;

    #[test]
    fn changeovers_change_the_product_and_keep_clear_of_breaks() {
        let mut changeovers = 0;
        for day in (0..60).map(|n| Day::new(date(2026, 3, 1)).plus(n)) {
            for (i, line) in LINES.iter().enumerate() {
                let plan = DaySchedule::new(line, i, day);
                let jobs = jobs(3, line, line.chains()[0], i, &plan);
                assert_eq!(jobs.is_empty(), plan.work_s() == 0);
                for pair in jobs.windows(2) {
                    changeovers += 1;
                    assert!(
                        pair[1].from >= pair[0].from + CLEAR_OF_END_S
                            && pair[0].product != pair[1].product
                    );
                    assert!(
                        plan.work()
                            .any(|(a, b)| a <= pair[1].from && pair[1].from < b),
                        "{pair:?} {plan:?}"
                    );
                }
            }
        }
        assert!(changeovers > 400, "{changeovers}");
    }
}
