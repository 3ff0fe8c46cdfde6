//! Every millisecond of a window is in exactly one bucket, and accounts add up over any split at full minutes: with
//! random intervals, minutes, breaks and rates, to the millisecond and the nanosecond.

use ms5_floor::domain::account::{Account, MinuteCount};
use ms5_floor::domain::fact::Counts;
use ms5_floor::domain::ids::ProductId;
use ms5_floor::domain::machine_state::MachineState;
use ms5_floor::domain::part::{LossRules, parts};
use ms5_floor::domain::rate::{IdealNs, IdealRate};
use ms5_floor::domain::reckon::{MachineWindow, account};
use ms5_floor::domain::shift::{Schedule, ShiftInstance};
use ms5_floor::domain::time::{DurMs, MINUTE_MS, Span, TsMs};
use ms5_floor::domain::timeline::Interval;
use proptest::prelude::*;
use proptest::sample::select;

const MINUTES: i64 = 600;

fn minute(n: i64) -> TsMs {
    TsMs(n * MINUTE_MS)
}

/// A machine over ten hours, with everything that an account is computed from.
#[derive(Clone, Debug)]
struct Case {
    intervals: Vec<Interval>,
    minutes: Vec<MinuteCount>,
    schedule: Schedule,
    minor_stop: DurMs,
    first_fact: Option<TsMs>,
    rates: [(i64, i64); 2],
}

impl Case {
    fn rate(&self, product: Option<ProductId>) -> Option<IdealRate> {
        let place = usize::try_from(product?.0 - 1).ok()?;
        let (units, per_ms) = *self.rates.get(place)?;
        IdealRate::new(units, per_ms)
    }

    fn account(&self, window: Span) -> Account {
        let rules = LossRules::minor(self.minor_stop);
        let machine = MachineWindow {
            parts: &parts(&self.intervals, &[], rules, |_| None),
            minutes: &self.minutes,
            schedule: &self.schedule,
            rules,
            first_fact: self.first_fact,
        };
        account(window, &machine, |product, _| self.rate(product))
    }
}

/// Intervals without gap from random lengths; they may begin after and end before the window.
fn intervals() -> impl Strategy<Value = Vec<Interval>> {
    let length = prop_oneof![
        1..90_000_i64,
        60_000..1_500_000_i64,
        Just(300_000),
        Just(60_000)
    ];
    let one = (length, select(MachineState::ALL.to_vec()));
    (-200_000..400_000_i64, prop::collection::vec(one, 0..60)).prop_map(|(start, list)| {
        let mut at = TsMs(start);
        let interval = |(length, state)| {
            let span = Span::clamped(at, at + DurMs(length));
            at = span.to();
            Interval {
                span,
                state,
                fault: None,
                product: None,
                open: false,
            }
        };
        list.into_iter().map(interval).collect()
    })
}

fn minutes() -> impl Strategy<Value = Vec<MinuteCount>> {
    let counts = (0..50_i64, 0..5_i64, 0..3_i64, 0..2_i64);
    // Product 3 has no rate.
    let one = (
        0..MINUTES,
        select(vec![None, Some(1), Some(2), Some(3)]),
        any::<bool>(),
        counts,
    );
    prop::collection::vec(one, 0..80).prop_map(|list| {
        let count = |(n, product, off, (good, scrap, rework, ungraded)): (
            i64,
            Option<i64>,
            bool,
            (i64, i64, i64, i64),
        )| MinuteCount {
            minute: minute(n),
            product: product.map(ProductId),
            off,
            counts: Counts {
                good,
                scrap,
                rework,
                ungraded,
            },
        };
        let mut list: Vec<MinuteCount> = list.into_iter().map(count).collect();
        list.sort_by_key(|m| m.minute);
        list
    })
}

fn schedule() -> impl Strategy<Value = Schedule> {
    let shift = (
        1..200_i64,
        0..120_i64,
        prop::collection::vec((0..150_i64, 0..40_i64), 0..3),
    );
    let calendar = prop::collection::vec(shift, 0..4).prop_map(|list| {
        let mut at = -30;
        let shift = |(length, gap, breaks): (i64, i64, Vec<(i64, i64)>)| {
            let span = Span::clamped(minute(at + gap), minute(at + gap + length));
            at += gap + length;
            let pause = |(from, len)| {
                Span::clamped(
                    span.from() + DurMs(from * MINUTE_MS),
                    span.from() + DurMs((from + len) * MINUTE_MS),
                )
                .intersect(span)
            };
            // Breaks may overlap and may lie at the shift's edge.
            let mut breaks: Vec<Span> = breaks.into_iter().filter_map(pause).collect();
            breaks.sort_by_key(|b| b.from());
            ShiftInstance {
                name: "S".to_owned(),
                day: "d".to_owned(),
                span,
                breaks,
                ..ShiftInstance::default()
            }
        };
        Schedule::Calendar(list.into_iter().map(shift).collect())
    });
    // A line that went over to a calendar, or from one.
    let turning = (0..MINUTES, any::<bool>(), calendar.clone()).prop_map(|(at, back, calendar)| {
        let (a, b) = if back {
            (calendar, Schedule::BySignal)
        } else {
            (Schedule::BySignal, calendar)
        };
        let at = minute(at);
        Schedule::Turning(vec![
            (Span::clamped(TsMs(i64::MIN), at), a),
            (Span::clamped(at, TsMs(i64::MAX)), b),
        ])
    });
    prop_oneof![
        Just(Schedule::BySignal),
        calendar.clone(),
        calendar,
        turning
    ]
}

prop_compose! {
    fn case()(
        intervals in intervals(), minutes in minutes(), schedule in schedule(),
        minor in select(vec![0, 1, 60_000, 300_000, 900_000]),
        first in proptest::option::weighted(0.9, -5..MINUTES),
        rates in [(1..200_i64, 1..90_000_i64), (1..200_i64, 1..90_000_i64)],
    ) -> Case {
        Case { intervals, minutes, schedule, minor_stop: DurMs(minor), first_fact: first.map(minute), rates }
    }
}

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
        prop_assert_eq!(account.counts.total() + account.unscheduled.total(), total);
        // Ideal time as an exact fraction, minute by minute to the nearest nanosecond.
        let (mut ideal, mut good) = (0, 0);
        let add = |sum: &mut i64, n: i64, (units, per_ms): (i64, i64)| {
            let exact = i128::from(n) * i128::from(per_ms) * 1_000_000;
            let near = (2 * exact + i128::from(units)).div_euclid(2 * i128::from(units));
            *sum += i64::try_from(near).expect("small");
        };
        let planned = |m: &MinuteCount| case.schedule.at(m.minute) == ms5_floor::domain::shift::Planned::Production && !m.off;
        let mut unrated = 0;
        for m in case.minutes.iter().filter(|m| planned(m)) {
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
        let (a, b) = (case.account(window), Case { minor_stop: DurMs(other), ..case.clone() }.account(window));
        let stopped = |a: &Account| a.minor + a.unplanned + a.waiting();
        prop_assert_eq!(stopped(&a), stopped(&b));
        prop_assert_eq!((a.run, a.changeover, a.planned, a.not_scheduled, a.unknown), (b.run, b.changeover, b.planned, b.not_scheduled, b.unknown));
        prop_assert_eq!(a.oee(), b.oee(), "OEE does not depend on the threshold");
        if case.minor_stop <= DurMs(other) {
            prop_assert!(a.minor <= b.minor);
        }
        if let (Some(a1), Some(p1), Some(a2), Some(p2)) = (a.availability().value(), a.performance().value(), b.availability().value(), b.performance().value()) {
            prop_assert!((a1 * p1 - a2 * p2).abs() < 1e-9, "A moves against P");
        }
    }

    #[test]
    fn breaks_win_over_what_the_machine_says(case in case()) {
        let window = Span::clamped(minute(0), minute(MINUTES));
        if let Schedule::Calendar(shifts) = &case.schedule {
            let all = Case { intervals: vec![Interval { span: window, state: MachineState::Stopped, fault: None, product: None, open: false }], ..case.clone() };
            let account = all.account(window);
            let planned: i64 = shifts.iter().flat_map(ShiftInstance::working).filter_map(|s| s.intersect(window)).map(|s| s.len().0).sum();
            prop_assert_eq!(account.planned_production().0, planned, "overlapping breaks are taken out once");
        }
    }
}
