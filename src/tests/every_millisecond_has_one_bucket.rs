//! Every millisecond of a window is in exactly one bucket, and accounts add up over any split at full minutes: with
//! random intervals, minutes, breaks and rates, to the millisecond and the nanosecond.

use crate::random_machine::{Case, MINUTES, case, minute};
use ms5_floor::domain::account::{Account, MadeIn, MinuteCount};
use ms5_floor::domain::machine_state::{MachineState, TimeBucket};
use ms5_floor::domain::part::LossRules;
use ms5_floor::domain::rate::IdealNs;
use ms5_floor::domain::shift::{Schedule, ShiftInstance};
use ms5_floor::domain::time::{DurMs, Span};
use ms5_floor::domain::timeline::Interval;
use proptest::prelude::*;

fn buckets(a: &Account) -> i64 {
    [
        a.not_scheduled,
        a.planned,
        a.run,
        a.minor,
        a.unplanned,
        a.changeover,
        a.starved,
        a.blocked,
        a.unknown,
    ]
    .iter()
    .map(|d| d.0)
    .sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_buckets_of_a_window_are_the_window(case in case(), from in 0..MINUTES, len in 0..MINUTES) {
        let window = Span::clamped(minute(from), minute(from + len));
        let account = case.account(window);
        prop_assert_eq!(buckets(&account), window.len().0);
        prop_assert_eq!(account.calendar(), window.len());
        for bucket in [account.not_scheduled, account.planned, account.run, account.minor, account.unplanned, account.changeover, account.starved, account.blocked, account.unknown] {
            prop_assert!(bucket >= DurMs::ZERO);
        }
    }

    #[test]
    fn the_stretches_of_planned_production_are_that_of_the_account(case in case(), from in 0..MINUTES, len in 0..MINUTES) {
        let window = Span::clamped(minute(from), minute(from + len));
        let stretches = case.planned_production(window);
        let sum: DurMs = stretches.iter().map(|s| s.len()).sum();
        prop_assert_eq!(sum, case.account(window).planned_production());
        prop_assert!(stretches.windows(2).all(|two| two[0].to() <= two[1].from()), "in order: {:?}", stretches);
        prop_assert!(stretches.iter().all(|s| s.intersect(window) == Some(*s)));
    }

    #[test]
    fn accounts_add_up_over_any_split_at_full_minutes(
        case in case(), from in 0..MINUTES, len in 0..MINUTES, cuts in prop::collection::btree_set(0..MINUTES, 0..6),
    ) {
        let window = Span::clamped(minute(from), minute(from + len));
        let (mut sum, mut at) = (Account::default(), window.from());
        for cut in cuts.into_iter().map(minute).filter(|c| window.contains(*c)).chain([window.to()]) {
            sum += case.account(Span::clamped(at, cut));
            at = cut;
        }
        prop_assert_eq!(sum, case.account(window));
    }

    #[test]
    fn every_piece_is_counted_once_and_in_its_own_ideal_time(case in case()) {
        let window = Span::clamped(minute(0), minute(MINUTES));
        let account = case.account(window);
        let total: i64 = case.minutes.iter().map(|m| m.counts.total()).sum();
        prop_assert_eq!(account.pieces() + account.unscheduled.total(), total);
        // Ideal time as an exact fraction, minute by minute to the nearest nanosecond.
        let (mut ideal, mut good) = (0, 0);
        let add = |sum: &mut i64, n: i64, (units, per_ms): (i64, i64)| {
            let exact = i128::from(n) * i128::from(per_ms) * 1_000_000;
            let near = (2 * exact + i128::from(units)).div_euclid(2 * i128::from(units));
            *sum += i64::try_from(near).expect("small");
        };
        let planned = |m: &MinuteCount| case.schedule.at(m.minute) == ms5_floor::domain::shift::Planned::Production && m.made_in == MadeIn::KnownTime;
        let parts = case.parts();
        let heard = |m: &MinuteCount| {
            let minute = Span::clamped(m.minute, m.minute + DurMs(60_000));
            parts.iter().any(|p| p.bucket != TimeBucket::Unknown && p.span.intersect(minute).is_some())
        };
        let mut unrated = 0;
        for m in case.minutes.iter().filter(|m| planned(m) && heard(m)) {
            match m.product.map(|p| p.0) {
                Some(p @ 1..=2) => {
                    let rate = case.rates[usize::try_from(p - 1).expect("small")];
                    for n in [m.counts.good, m.counts.scrap, m.counts.rework, m.counts.ungraded] {
                        add(&mut ideal, n, rate);
                    }
                    add(&mut good, m.counts.good, rate);
                }
                _ => unrated += m.counts.total(),
            }
        }
        prop_assert_eq!((account.ideal_total, account.ideal_good, account.unrated), (IdealNs(ideal), IdealNs(good), unrated));
    }

    #[test]
    fn the_threshold_of_minor_stops_moves_time_between_buckets_and_nothing_else(case in case(), other in 0..2_000_000_i64) {
        let window = Span::clamped(minute(0), minute(MINUTES));
        let (a, b) = (case.account(window), Case { rules: LossRules { minor_stop: DurMs(other), ..case.rules }, ..case.clone() }.account(window));
        let stopped = |a: &Account| a.minor + a.unplanned + a.waiting();
        prop_assert_eq!(stopped(&a), stopped(&b));
        prop_assert_eq!((a.run, a.changeover, a.planned, a.not_scheduled, a.unknown), (b.run, b.changeover, b.planned, b.not_scheduled, b.unknown));
        prop_assert_eq!(a.oee(), b.oee(), "OEE does not depend on the threshold");
        if case.rules.minor_stop <= DurMs(other) {
            prop_assert!(a.minor <= b.minor);
        }
        if let (Some(a1), Some(p1), Some(a2), Some(p2)) = (a.availability().value(), a.performance().value(), b.availability().value(), b.performance().value()) {
            prop_assert!((a1 * p1 - a2 * p2).abs() < 1e-9, "A moves against P");
        }
    }

    #[test]
    fn what_was_planned_wins_over_what_the_machine_says(case in case(), says in prop::sample::select(MachineState::ALL.to_vec())) {
        let window = Span::clamped(minute(0), minute(MINUTES));
        if let Schedule::Calendar(shifts) = &case.schedule {
            let whole = |state| vec![Interval { span: window, state, fault: None, product: None, open: false }];
            let planned = |shifts: &[ShiftInstance]| shifts.iter().flat_map(ShiftInstance::working).filter_map(|s| s.intersect(window)).map(|s| s.len().0).sum::<i64>();
            let running = Case { intervals: whole(MachineState::Running), ..case.clone() }.account(window);
            prop_assert_eq!(running.planned_production().0, planned(shifts), "overlapping breaks and planned stops are taken out once");
            // A machine that stands goes on standing through planned stops, but through no break and no time off.
            let breaks_only: Vec<ShiftInstance> = shifts.iter().map(|s| ShiftInstance { stops: vec![], ..s.clone() }).collect();
            let said = Case { intervals: whole(says), schedule: Schedule::Calendar(breaks_only.clone()), ..case.clone() }.account(window);
            let wanted = if says.is_off() { 0 } else { planned(&breaks_only) };
            prop_assert_eq!(said.planned_production().0, wanted);
        }
    }
}
