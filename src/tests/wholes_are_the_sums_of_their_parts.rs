//! The same time and the same pieces, told in several ways, come to the same: by bucket, by product, by reason, as a loss
//! tree, as ratios, as the difference of two periods; for random machines with every rule in force.

use crate::random_machine::{Case, MINUTES, case, minute};
use ms5_floor::domain::account::Account;
use ms5_floor::domain::difference::difference;
use ms5_floor::domain::figure::Figure;
use ms5_floor::domain::loss::{IsoElements, Loss, LossTree, SixBigLosses};
use ms5_floor::domain::machine_state::TimeBucket;
use ms5_floor::domain::part::Part;
use ms5_floor::domain::rate::IdealNs;
use ms5_floor::domain::reckon::{LossKey, Lost, Reckoning};
use ms5_floor::domain::shift::{Planned, Schedule};
use ms5_floor::domain::time::{DurMs, Span, TsMs};
use proptest::prelude::*;

fn window() -> Span {
    Span::clamped(minute(0), minute(MINUTES))
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
}

/// Time and stops of the losses for which `of` holds.
fn lost(reckoning: &Reckoning, of: impl Fn(&LossKey) -> bool) -> (DurMs, i64) {
    let mut sum = Lost::default();
    for (_, one) in reckoning.losses.iter().filter(|(key, _)| of(key)) {
        sum += *one;
    }
    (sum.time, sum.stops)
}

/// The part at an instant, found by looking at each.
fn part_at(parts: &[Part], at: TsMs) -> Option<&Part> {
    parts.iter().find(|p| p.span.contains(at))
}

/// Since when a stop has been unplanned, going back part by part.
fn stood_since(parts: &[Part], part: &Part) -> TsMs {
    let before = parts
        .iter()
        .find(|p| p.span.to() == part.span.from() && p.run == part.run && !p.span.is_empty());
    match before {
        Some(b) if b.bucket == TimeBucket::Unplanned => stood_since(parts, b),
        _ => part.span.from(),
    }
}

/// The field of an account that holds the millisecond at `at`, by a plain reading of the rules.
fn plain_bucket(case: &Case, parts: &[Part], at: TsMs) -> &'static str {
    let schedule = match &case.schedule {
        Schedule::Turning(pieces) => pieces
            .iter()
            .find(|(span, _)| span.contains(at))
            .map_or(&case.schedule, |(_, schedule)| schedule),
        one => one,
    };
    let planned = match schedule {
        Schedule::BySignal if case.first_fact.is_none_or(|first| at < first) => {
            return "not_scheduled";
        }
        Schedule::BySignal => Planned::Production,
        Schedule::Calendar(shifts) => match shifts.iter().find(|s| s.span.contains(at)) {
            None => return "not_scheduled",
            Some(shift) if shift.breaks.iter().any(|b| b.contains(at)) => return "planned",
            Some(shift) => match shift.stops.iter().find(|s| s.span.contains(at)) {
                Some(stop) => Planned::Stop {
                    since: stop.span.from(),
                },
                None => Planned::Production,
            },
        },
        Schedule::Turning(_) => panic!("no schedule at {at:?}"),
    };
    let part = part_at(parts, at);
    if let Planned::Stop { since } = planned
        && !part.is_some_and(|p| p.bucket == TimeBucket::Unplanned && stood_since(parts, p) < since)
    {
        return "planned";
    }
    let Some(part) = part else { return "unknown" };
    let short = part.run.span.len() < case.rules.minor_stop;
    match part.bucket {
        TimeBucket::Unplanned | TimeBucket::Starved | TimeBucket::Blocked if short => "minor",
        TimeBucket::Unplanned => "unplanned",
        TimeBucket::Starved => "starved",
        TimeBucket::Blocked => "blocked",
        TimeBucket::Changeover => "changeover",
        TimeBucket::Run => "run",
        TimeBucket::Planned => "planned",
        TimeBucket::NotScheduled => "not_scheduled",
        TimeBucket::Unknown => "unknown",
    }
}

fn buckets(a: &Account) -> [(&'static str, DurMs); 9] {
    [
        ("not_scheduled", a.not_scheduled),
        ("planned", a.planned),
        ("run", a.run),
        ("minor", a.minor),
        ("unplanned", a.unplanned),
        ("changeover", a.changeover),
        ("starved", a.starved),
        ("blocked", a.blocked),
        ("unknown", a.unknown),
    ]
}

/// Failures, repairs and their length, minor stops, waits, changeovers: stop by stop.
fn plain_stops(case: &Case, parts: &[Part], window: Span) -> (i64, i64, DurMs, i64, i64, i64) {
    let mut out = (0, 0, DurMs::ZERO, 0, 0, 0);
    let planned = |at: TsMs| case.schedule.at(at) == Planned::Production;
    for first in parts
        .iter()
        .filter(|p| p.span.from() == p.run.span.from() && p.bucket.is_loss())
    {
        let stop = first.run;
        if !planned(stop.span.from()) {
            continue;
        }
        let breakdowns = || {
            parts
                .iter()
                .filter(|p| p.run == stop && p.bucket == TimeBucket::Unplanned)
        };
        let bucket = breakdowns().next().unwrap_or(first).bucket;
        let minor = bucket != TimeBucket::Changeover && stop.span.len() < case.rules.minor_stop;
        if window.contains(stop.span.from()) {
            match bucket {
                TimeBucket::Changeover => out.5 += 1,
                _ if minor => out.3 += 1,
                TimeBucket::Unplanned => out.0 += 1,
                _ => out.4 += 1,
            }
        }
        let ends_here = window.from() < stop.span.to() && stop.span.to() <= window.to();
        // Silence after a stop does not mend it.
        let seen = part_at(parts, stop.span.to()).is_none_or(|p| p.bucket != TimeBucket::Unknown);
        if bucket == TimeBucket::Unplanned && !minor && !stop.open && ends_here && seen {
            out.1 += 1;
            out.2 += breakdowns().map(|p| p.span.len()).sum();
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_instant_is_where_a_plain_reading_puts_it(case in case(), instants in prop::collection::vec(0..MINUTES * 60_000, 12)) {
        let parts = case.parts();
        // Edges are where mistakes sit.
        let edges = parts.iter().flat_map(|p| [p.span.from().0 - 1, p.span.from().0]).filter(|at| window().contains(TsMs(*at)));
        for at in instants.into_iter().chain(edges).map(TsMs) {
            let account = case.account(Span::clamped(at, at + DurMs(1)));
            let filled: Vec<_> = buckets(&account).into_iter().filter(|(_, time)| *time != DurMs::ZERO).collect();
            prop_assert_eq!(filled, vec![(plain_bucket(&case, &parts, at), DurMs(1))], "at {:?}", at);
        }
    }

    #[test]
    fn stops_are_counted_at_their_start_and_mended_at_their_end(case in case(), from in 0..MINUTES, len in 0..MINUTES) {
        let span = Span::clamped(minute(from), minute(from + len));
        let a = case.account(span);
        let got = (a.failures, a.repairs, a.repair, a.minor_stops, a.waits, a.changeovers);
        prop_assert_eq!(got, plain_stops(&case, &case.parts(), span));
    }

    #[test]
    fn reckonings_add_up_over_any_split(case in case(), cuts in prop::collection::btree_set(0..MINUTES, 0..6)) {
        let (mut sum, mut at) = (Reckoning::default(), window().from());
        for cut in cuts.into_iter().map(minute).chain([window().to()]) {
            sum += &case.reckon(Span::clamped(at, cut));
            at = cut;
        }
        prop_assert_eq!(sum, case.reckon(window()));
    }

    #[test]
    fn losses_by_reason_are_the_losses_of_the_account(case in case()) {
        let reckoning = case.reckon(window());
        let a = reckoning.account();
        let of = |bucket| lost(&reckoning, |key| !key.minor && key.bucket == bucket);
        prop_assert_eq!(lost(&reckoning, |key| key.minor), (a.minor, a.minor_stops));
        prop_assert_eq!(of(TimeBucket::Unplanned), (a.unplanned, a.failures));
        prop_assert_eq!(of(TimeBucket::Changeover), (a.changeover, a.changeovers));
        let (starved, blocked) = (of(TimeBucket::Starved), of(TimeBucket::Blocked));
        prop_assert_eq!((starved.0, blocked.0, starved.1 + blocked.1), (a.starved, a.blocked, a.waits));
        let all = a.minor + a.unplanned + a.changeover + a.starved + a.blocked;
        prop_assert_eq!(lost(&reckoning, |_| true).0, all, "and nothing else is lost to a reason");
    }

    #[test]
    fn a_product_has_its_own_time_and_its_own_pieces(case in case()) {
        let reckoning = case.reckon(window());
        let parts = case.parts();
        for (product, account) in &reckoning.products {
            let pieces: i64 = case.minutes.iter().filter(|m| m.product == *product).map(|m| m.counts.total()).sum();
            prop_assert_eq!(account.pieces() + account.unscheduled.total(), pieces);
            if matches!(case.schedule, Schedule::Calendar(_)) && product.is_some() {
                let on_it = parts.iter().filter(|p| p.product == *product).filter_map(|p| p.span.intersect(window()));
                prop_assert_eq!(account.calendar(), on_it.map(Span::len).sum::<DurMs>());
            }
        }
        let calendar: DurMs = reckoning.products.values().map(Account::calendar).sum();
        prop_assert_eq!(calendar, window().len());
    }

    #[test]
    fn the_leaves_of_the_loss_tree_are_the_calendar_and_its_planned_ones_planned_production(case in case()) {
        let a = case.account(window());
        let tree = LossTree::of(&a);
        let sum = |leaves: Vec<(Loss, DurMs)>| leaves.into_iter().map(|(_, time)| time).sum::<DurMs>();
        prop_assert_eq!(sum(tree.leaves()), a.calendar());
        prop_assert_eq!(sum(tree.planned_leaves()), a.planned_production());
        prop_assert_eq!(Loss::ALL.into_iter().map(|l| tree.exact(l).0).sum::<i64>(), a.calendar().0 * 1_000_000);
        for (loss, time) in tree.leaves() {
            prop_assert!((tree.exact(loss).0 - time.0 * 1_000_000).abs() < 1_000_000, "{:?} is rounded by less than a millisecond", loss);
            prop_assert!(time >= DurMs::ZERO || matches!(loss, Loss::Speed | Loss::Unrated), "{:?}: {:?}", loss, time);
        }
        let six = SixBigLosses::of(&tree);
        let lost = six.breakdowns + six.set_up + six.idling_and_minor_stops + six.reduced_speed + six.process_defects + six.reduced_yield;
        let rest: DurMs = tree.leaves().into_iter().filter(|(l, _)| matches!(l, Loss::Good | Loss::Ungraded | Loss::Unknown)).map(|(_, t)| t).sum();
        prop_assert_eq!(lost + rest, a.planned_production(), "six losses, what is good and what is not known");
        let iso = IsoElements::of(&a);
        prop_assert_eq!((iso.pbt, iso.pot), (iso.aubt + a.unknown, iso.pbt + a.planned));
        prop_assert_eq!((iso.aubt, iso.aupt), (iso.aupt + iso.adet, iso.apt + iso.aust));
        prop_assert_eq!(iso.pq, iso.gq + iso.sq + iso.rq + a.counts.ungraded);
        prop_assert!(a.start_up <= a.counts.scrap && a.ideal_start_up <= a.ideal_total);
    }

    #[test]
    fn ratios_multiply_and_stand_in_their_order(case in case().prop_map(Case::told_in_full)) {
        let a = case.account(window());
        let (Some(oee), Some(availability)) = (a.oee().value(), a.availability().value()) else {
            prop_assert_eq!(a.known(), DurMs::ZERO, "a case told in full has an OEE wherever time is known");
            return Ok(());
        };
        if let (Some(p), Some(q)) = (a.performance().value(), a.quality().value()) {
            prop_assert!(near(availability * p * q, oee), "A x P x Q = OEE");
            prop_assert!(near(availability * p, a.availability_performance().value().expect("A x P")));
            let busy = (a.run_time() + a.changeover).0 as f64 / a.known().0 as f64;
            prop_assert!(near(busy * p * q, a.nee().value().expect("NEE")), "NEE = busy x P x Q");
        }
        let nee = a.nee().value().expect("NEE is known where OEE is");
        prop_assert!(nee >= oee - 1e-12, "set-up is no loss of NEE");
        if a.changeover == DurMs::ZERO {
            prop_assert!(near(nee, oee));
        }
        let (ooe, teep) = (a.ooe().value().expect("OOE"), a.teep().value().expect("TEEP"));
        prop_assert!(a.oee_at_least().value().expect("a bound") <= oee);
        let outside = a.ideal_planned + a.ideal_off;
        if outside == IdealNs::default() {
            prop_assert!(near(teep, oee * a.utilisation().value().expect("utilisation")), "TEEP = OEE x utilisation");
            prop_assert!(teep <= ooe && ooe <= oee, "each has more time in its denominator");
        }
        // With what was made outside, by the definition.
        let more_time = (a.calendar() - a.unknown).0 as f64 * 1e6;
        prop_assert!(near(teep * more_time, (a.ideal_good + outside).0 as f64));
        prop_assert!(near(ooe * (a.known() + a.planned).0 as f64 * 1e6, (a.ideal_good + a.ideal_planned).0 as f64));
    }

    #[test]
    fn assets_together_are_the_ratio_of_their_sums(cases in prop::collection::vec(case().prop_map(Case::told_in_full), 1..6)) {
        let accounts: Vec<Account> = cases.iter().map(|c| c.account(window())).collect();
        let together: Account = accounts.iter().copied().sum();
        let sum = |of: fn(&Account) -> i64| accounts.iter().map(of).sum::<i64>() as f64;
        let (known, run) = (sum(|a| a.known().0), sum(|a| a.run_time().0));
        let (n, g) = (sum(|a| a.ideal_total.0), sum(|a| a.ideal_good.0));
        for (got, part, whole) in [
            (together.availability(), run, known), (together.performance(), n / 1e6, run), (together.quality(), g, n), (together.oee(), g / 1e6, known),
        ] {
            match got {
                Figure::Known(value) => prop_assert!(near(value, part / whole)),
                Figure::Unknown(why) => prop_assert!(known == 0.0 || run == 0.0 || n == 0.0, "{:?}", why),
            }
        }
        // Each asset weighs as much as its known planned time; one without any weighs nothing.
        let weighing: Vec<&Account> = accounts.iter().filter(|a| a.known() > DurMs::ZERO).collect();
        let weighted: f64 = weighing.iter().filter_map(|a| Some(a.oee().value()? * a.known().0 as f64)).sum();
        if let Some(oee) = weighing.into_iter().copied().sum::<Account>().oee().value() {
            prop_assert!(near(oee * known, weighted));
        }
    }

    #[test]
    fn effects_add_up_to_the_difference_of_two_periods(before in case().prop_map(Case::told_in_full), after in case().prop_map(Case::told_in_full)) {
        let (before, after) = (before.account(window()), after.account(window()));
        match difference(&before, &after) {
            Ok(told) => {
                let delta = after.oee().value().expect("OEE") - before.oee().value().expect("OEE");
                prop_assert!(near(told.delta, delta));
                prop_assert!(near(told.losses.iter().map(|c| c.effect).sum(), delta), "{:?}", told);
                prop_assert!(told.losses.iter().all(|c| near(c.before - c.after, c.effect)));
                if let Some(factors) = told.factors {
                    prop_assert!(near(factors.iter().sum(), delta), "{:?}", told);
                }
                let back = difference(&after, &before).expect("both have an OEE");
                prop_assert!(near(back.delta, -delta), "the way back is as far");
            }
            Err(why) => prop_assert!(before.oee() == Figure::Unknown(why) || after.oee() == Figure::Unknown(why)),
        }
    }
}
