use super::*;
use crate::domain::andon::call::{Act, Call, ReopenWithin, Stamp};
use crate::domain::andon::kind::{Cause, Priority};
use crate::domain::andon::spot::Spot;
use crate::domain::andon::waiting::Round;
use crate::domain::ids::MachineId;
use crate::domain::time::{HOUR_MS, MINUTE_MS};
use proptest::prelude::*;

const TAKE: Act = Act::Acknowledge { eta: None };
const MEND: Act = Act::Resolve {
    cause: Cause::Internal,
};
const REOPEN: Act = Act::Reopen { restarted: None };
const RAISE: Act = Act::Escalate;

/// A call of a line: raised at the time of the first act, which is none, and what was done with it.
fn case(line: i64, kind: CallKind, stopped: bool, acts: &[(i64, Act)]) -> Case {
    let by = "Ann".to_owned();
    let at = TsMs(acts[0].0);
    let mut call = Call::raise(kind, Priority::Medium, stopped, Stamp { at, by });
    let mut rounds = Vec::new();
    for (at, act) in &acts[1..] {
        let next = call
            .clone()
            .after(*act, "Ben", TsMs(*at), ReopenWithin::default());
        let next = next.expect("an act in its place");
        if matches!(act, Act::Reopen { .. }) {
            rounds.push(Round::ended(&call, &next));
        }
        call = next;
    }
    Case {
        spot: Spot {
            line: LineId(line),
            machine: None,
        },
        shift: None,
        hour: 0,
        escalated: false,
        stop: None,
        restarted: None,
        rounds,
        call,
    }
}

fn span(from: i64, to: i64) -> Span {
    Span::clamped(TsMs(from), TsMs(to))
}

fn parts(waiting: Waiting) -> [i64; 4] {
    waiting.parts().map(|(_, time)| time.0)
}

/// Lines 1 and 2 with the same plan.
fn both(planned: &[Span]) -> PlannedOfLines {
    [1, 2]
        .map(|line| (LineId(line), planned.to_vec()))
        .into_iter()
        .collect()
}

#[test]
fn the_parts_of_all_calls_are_summed_and_those_that_stopped_a_line_apart() {
    let window = span(0, 1_000);
    let raise = (10, RAISE);
    let mut first = case(
        1,
        CallKind::Stop,
        true,
        &[raise, (30, TAKE), (70, Act::Arrive), (100, MEND)],
    );
    first.restarted = Some(TsMs(105));
    let second = case(
        2,
        CallKind::Quality,
        false,
        &[raise, (15, TAKE), (25, MEND)],
    );
    let open = case(2, CallKind::Stop, true, &[(900, RAISE)]);
    let later = case(2, CallKind::Stop, true, &[(1_000, RAISE)]);
    let all = [first, second, open, later];
    let lost = LostTime::of(window, &all, &both(&[window]), TsMs(2_000));
    assert_eq!(parts(lost.all.all), [20 + 5 + 100, 40, 30 + 10, 5]);
    assert_eq!(parts(lost.all.stopped), [20 + 100, 40, 30, 5]);
    assert_eq!((lost.all.calls, lost.all.stopping), (3, 2));
    let line = |n: usize| (lost.by_line[n].0.0, lost.by_line[n].1.calls);
    assert_eq!((line(0), line(1)), ((1, 1), (2, 2)));
    let sum: i64 = lost.by_kind.iter().map(|(_, l)| l.all.total().0).sum();
    assert_eq!(sum, lost.all.all.total().0);
    let longest = longest_open((7..).zip(&all), TsMs(2_000), 5);
    let seen: Vec<(i64, i64)> = longest.iter().map(|c| (c.id, c.age.0)).collect();
    assert_eq!(seen, [(9, 1_100), (10, 1_000)]);
    assert_eq!(longest_open((7..).zip(&all), TsMs(0), 1)[0].age.0, 0);
}

#[test]
fn a_call_over_the_weekend_costs_what_was_planned_and_no_more() {
    // Minutes after Friday 14:00: the late shift until 22:00, the early one from Monday 06:00 on.
    let at = |minute: i64| minute * MINUTE_MS;
    let (friday, monday) = (span(0, at(480)), span(at(64 * 60), at(72 * 60)));
    let planned = both(&[friday, monday]);
    let raised = at(470);
    let mut call = case(
        1,
        CallKind::Stop,
        true,
        &[(raised, RAISE), (at(475), TAKE), (at(478), MEND)],
    );
    call.stop = Some(TsMs(raised));
    call.restarted = Some(TsMs(at(64 * 60 + 30)));
    let now = TsMs(at(70 * 60));
    let whole = LostTime::of(
        span(0, at(72 * 60)),
        std::slice::from_ref(&call),
        &planned,
        now,
    );
    let minutes = |w: Waiting| parts(w).map(|ms| ms / MINUTE_MS);
    assert_eq!(minutes(whole.all.stopped), [5, 0, 3, 2 + 30]);
    assert_eq!(whole.all.stopped, whole.all.all);
    // What waits since Friday is in Monday's figures, for Monday's time alone.
    let of_monday = LostTime::of(monday, std::slice::from_ref(&call), &planned, now);
    assert_eq!(minutes(of_monday.all.stopped), [0, 0, 0, 30]);
    assert_eq!((of_monday.all.calls, of_monday.all.stopping), (1, 1));
    // A machine that never runs again: what was planned until now, and not the days between.
    call.restarted = None;
    let never = LostTime::of(span(0, now.0), std::slice::from_ref(&call), &planned, now);
    assert_eq!(minutes(never.all.all), [5, 0, 3, 2 + 6 * 60]);
    let of_nothing = LostTime::of(span(0, now.0), &[call], &PlannedOfLines::new(), now);
    assert_eq!(of_nothing, LostTime::default());
}

#[test]
fn calls_that_stop_a_line_at_once_are_one_loss_of_it() {
    let window = span(0, 100);
    let first = case(1, CallKind::Stop, true, &[(10, RAISE), (20, TAKE)]);
    let second = case(1, CallKind::Material, true, &[(15, RAISE)]);
    let other = case(2, CallKind::Stop, true, &[(60, RAISE)]);
    let lost = LostTime::of(window, &[second, other, first], &both(&[window]), TsMs(80));
    assert_eq!(parts(lost.all.all), [10 + 65 + 20, 60, 0, 0]);
    assert_eq!(
        parts(lost.by_line[0].1.stopped),
        [10, 60, 0, 0],
        "the first's"
    );
    assert_eq!(
        parts(lost.all.stopped),
        [10 + 20, 60, 0, 0],
        "two lines are two"
    );
    let material = lost.by_kind.iter().find(|l| l.0 == CallKind::Material);
    assert_eq!(material.map(|l| parts(l.1.stopped)), Some([65, 0, 0, 0]));
}

#[test]
fn the_rounds_of_a_call_lie_where_they_were() {
    let call = case(
        1,
        CallKind::Material,
        false,
        &[
            (0, RAISE),
            (10, TAKE),
            (30, MEND),
            (500, REOPEN),
            (520, TAKE),
            (525, Act::Arrive),
            (540, MEND),
        ],
    );
    let all = [call];
    let of = |from, to| {
        let window = span(from, to);
        let lost = LostTime::of(window, &all, &both(&[window]), TsMs(1_000));
        parts(lost.all.all)
    };
    assert_eq!(of(0, 1_000), [10 + 20, 5, 20 + 15, 0]);
    assert_eq!(of(20, 510), [10, 0, 10, 0]);
    assert_eq!(of(30, 500), [0; 4], "in between it ran");
    let when = waited(span(5, 530), &all, TsMs(1_000));
    assert_eq!(when[&LineId(1)], [span(5, 30), span(500, 530)]);
}

prop_compose! {
    /// A call of one of two lines: raised, and then taken, reached, mended, mended for good, reopened, as far as it came.
    fn calls()(
        line in 1..3_i64,
        machine in 0..40_i64,
        kind in prop::sample::select(CallKind::ALL.to_vec()),
        stopped in any::<bool>(),
        raised in 0..30 * HOUR_MS,
        steps in prop::collection::vec(0..5 * HOUR_MS, 0..8),
        there in any::<bool>(),
        stop in any::<bool>(),
        ran in prop::option::of(0..20 * HOUR_MS),
    ) -> Case {
        let round: &[Act] = if there { &[TAKE, Act::Arrive, MEND, REOPEN] } else { &[TAKE, MEND, REOPEN] };
        let mut acts = vec![(raised, RAISE)];
        let mut at = raised;
        for (step, act) in steps.iter().zip(round.iter().cycle()) {
            at += step;
            acts.push((at, *act));
        }
        let mut case = case(line, kind, stopped, &acts);
        case.spot.machine = (machine > 0).then_some(MachineId(machine));
        case.stop = stop.then_some(TsMs(raised));
        case.restarted = ran.filter(|_| stop).map(|ran| case.call.since() + DurMs(ran));
        case
    }
}

prop_compose! {
    /// Stretches of planned production, in order, without overlap.
    fn plans()(steps in prop::collection::vec((0..9 * HOUR_MS, 1..9 * HOUR_MS), 0..10)) -> Vec<Span> {
        let mut at = 0;
        let stretch = |(pause, len): (i64, i64)| {
            let from = at + pause;
            at = from + len;
            span(from, at)
        };
        steps.into_iter().map(stretch).collect()
    }
}

/// The time of the parts by looking at every stretch between two moments at which anything begins or ends.
fn by_hand(window: Span, case: &Case, planned: &[Span], now: TsMs) -> i64 {
    let rounds: Vec<Span> = case.rounds_at(now).map(Round::span).collect();
    let mut edges: Vec<TsMs> = rounds
        .iter()
        .chain(planned)
        .chain([&window])
        .flat_map(|s| [s.from(), s.to()])
        .collect();
    edges.sort();
    let held = |two: &&[TsMs]| {
        let is_in = |list: &[Span]| list.iter().any(|s| s.contains(two[0]));
        window.contains(two[0]) && is_in(&rounds) && is_in(planned)
    };
    edges
        .windows(2)
        .filter(held)
        .map(|two| (two[1] - two[0]).0)
        .sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_parts_sum_up_to_the_clipped_whole_and_the_union_to_no_more_than_was_planned(
        cases in prop::collection::vec(calls(), 0..8),
        plan in plans(),
        from in 0..60 * HOUR_MS,
        len in 0..60 * HOUR_MS,
        now in 60..120 * HOUR_MS,
    ) {
        let (window, now) = (span(from, from + len), TsMs(now));
        let lost = LostTime::of(window, &cases, &both(&plan), now);
        let whole: i64 = cases.iter().map(|case| by_hand(window, case, &plan, now)).sum();
        prop_assert_eq!(lost.all.all.total().0, whole);
        let produced: i64 = plan.iter().map(|s| s.intersect(window).map_or(0, |s| s.len().0)).sum();
        for (line, of_line) in &lost.by_line {
            let stopped = of_line.stopped.total().0;
            prop_assert!(stopped <= produced, "{:?}: {} of {}", line, stopped, produced);
            prop_assert!(stopped <= of_line.all.total().0);
            // As long as any of the calls waits, and once.
            let mut left: Vec<Span> = plan.iter().filter_map(|s| s.intersect(window)).collect();
            let own = cases.iter().filter(|c| c.spot.line == *line && c.call.line_stopped);
            let union: i64 = own.flat_map(|c| c.rounds_at(now)).map(|r| take(&mut left, r.span()).0).sum();
            prop_assert_eq!(stopped, union);
        }
        for part in parts(lost.all.all).into_iter().chain(parts(lost.all.stopped)) {
            prop_assert!(part >= 0);
        }
        // Nothing that was waited lies outside of the stretches that are said to be.
        let when = waited(window, &cases, now);
        let clipped: PlannedOfLines = when.into_iter().map(|(line, list)| {
            let both = |s: &Span| plan.iter().filter_map(|p| p.intersect(*s)).collect::<Vec<_>>();
            (line, list.iter().flat_map(both).collect())
        }).collect();
        prop_assert_eq!(LostTime::of(window, &cases, &clipped, now), lost);
    }

    #[test]
    fn a_window_cut_in_two_sums_up(
        cases in prop::collection::vec(calls(), 0..8),
        plan in plans(),
        cut in 0..80 * HOUR_MS,
        now in 60..120 * HOUR_MS,
    ) {
        let now = TsMs(now);
        let of = |from, to| LostTime::of(span(from, to), &cases, &both(&plan), now);
        let (whole, first, second) = (of(0, 80 * HOUR_MS), of(0, cut), of(cut, 80 * HOUR_MS));
        prop_assert_eq!(first.all.all + second.all.all, whole.all.all);
        prop_assert_eq!(first.all.stopped + second.all.stopped, whole.all.stopped);
        let mut turned = cases.clone();
        turned.reverse();
        let ties = |c: &Case| (c.call.raised.at, c.spot, c.call.kind);
        let mut keys: Vec<_> = cases.iter().map(ties).collect();
        keys.sort();
        keys.dedup();
        if keys.len() == cases.len() {
            prop_assert_eq!(LostTime::of(span(0, 80 * HOUR_MS), &turned, &both(&plan), now), whole);
        }
    }
}
