//! Figures computed outside of the product, in Python, held against the same inputs here: a published sheet, the sum of
//! two machines with different products, the difference of two periods, an interval for a rate of failures.

use crate::hand_made::{Floor, minutes, pieces};
use ms5_floor::domain::account::{Account, add_counts};
use ms5_floor::domain::difference::{difference, lmdi, shapley};
use ms5_floor::domain::figure::Figure;
use ms5_floor::domain::loss::Loss;
use ms5_floor::domain::machine_state::MachineState::{Running, Stopped};
use ms5_floor::domain::rate::IdealRate;
use ms5_floor::domain::reliability::{MeanTime, Reliability, between, to_repair};
use ms5_floor::domain::time::{DurMs, HOUR_MS, MINUTE_MS};

const WITHIN: f64 = 1e-12;

fn close(what: &str, got: f64, wanted: f64) {
    assert!(
        (got - wanted).abs() <= WITHIN,
        "{what}: {got}, wanted {wanted}"
    );
}

fn known(what: &str, got: Figure, wanted: f64) {
    let value = got.value().unwrap_or_else(|| panic!("{what}: {got:?}"));
    close(what, value, wanted);
}

/// Planned time of which some is lost to stops, and pieces of one product.
fn sheet(planned: DurMs, run: DurMs, made: (i64, i64), rate: Option<IdealRate>) -> Account {
    let mut account = Account {
        run,
        unplanned: planned - run,
        ..Account::default()
    };
    add_counts(&mut account, pieces(made.0, made.1), rate, false);
    account
}

/// 480 min, 60 of them breaks, 47 down, 60 pieces a minute, 19,271 pieces of which 423 are rejected.
#[test]
fn the_published_sheet_to_twelve_digits() {
    let sheet = Floor::new(&[(90, Running), (47, Stopped), (343, Running)])
        .shift(0, 480, &[(200, 230), (400, 430)])
        .made(30, pieces(5_000, 23))
        .made(300, pieces(13_848, 400))
        .rated(60)
        .account(0, 480);
    known("A", sheet.availability(), 0.888_095_238_095_238);
    known("P", sheet.performance(), 0.861_081_322_609_472_8);
    known("Q", sheet.quality(), 0.978_049_919_568_263_1);
    known("OEE", sheet.oee(), 0.747_936_507_936_507_9);
    known("TEEP", sheet.teep(), 0.654_444_444_444_444_4);
    // The breaks are all that OOE has and OEE has not; here they are also all that TEEP has.
    known("OOE", sheet.ooe(), 0.654_444_444_444_444_4);
    close(
        "fully productive minutes",
        sheet.ideal_good.secs() / 60.0,
        314.133_333_333_333_3,
    );
}

/// A fast machine for 480 min, 700 pieces at half a minute; a slow one for 240 min, 50 pieces at two minutes.
#[test]
fn two_machines_are_the_ratio_of_their_sums_and_never_the_mean_of_their_ratios() {
    let a = sheet(
        minutes(480),
        minutes(432),
        (686, 14),
        IdealRate::new(2, MINUTE_MS),
    );
    let b = sheet(
        minutes(240),
        minutes(120),
        (40, 10),
        IdealRate::new(1, 2 * MINUTE_MS),
    );
    known("a", a.oee(), 0.714_583_333_333_333_3);
    known("b", b.oee(), 0.333_333_333_333_333_37);
    let both: Account = [a, b].into_iter().sum();
    known("OEE", both.oee(), 0.5875);
    known("A", both.availability(), 0.766_666_666_666_666_7);
    known("P", both.performance(), 0.815_217_391_304_347_8);
    known("Q, weighted by ideal time", both.quality(), 0.94);
    known("yield, by pieces", both.first_pass_yield(), 0.968);
    let mean = (a.oee().value().expect("OEE") + b.oee().value().expect("OEE")) / 2.0;
    close("the mean of ratios", mean, 0.523_958_333_333_333_3);
    assert!((both.oee().value().expect("OEE") - mean).abs() > 0.06);
}

/// A, P and Q from 90, 85, 98 % to 80, 88, 97 %, with 1,000 s of planned time and a piece every 10 ms.
#[test]
fn what_makes_two_periods_different() {
    let rate = IdealRate::new(1, 10);
    let before = sheet(DurMs(1_000_000), DurMs(900_000), (74_970, 1_530), rate);
    let after = sheet(DurMs(1_000_000), DurMs(800_000), (68_288, 2_112), rate);
    let factors = |a: &Account| [a.availability(), a.performance(), a.quality()];
    for (account, wanted) in [(&before, [0.9, 0.85, 0.98]), (&after, [0.8, 0.88, 0.97])] {
        for (got, wanted) in factors(account).into_iter().zip(wanted) {
            known("a factor", got, wanted);
        }
    }
    let told = difference(&before, &after).expect("both have an OEE");
    close("delta", told.delta, -0.066_82);

    let wanted = [-0.084_335, 0.024_865, -0.007_35];
    let of_accounts = told.factors.expect("both ran and made something");
    let of_ratios = shapley([0.9, 0.85, 0.98], [0.8, 0.88, 0.97]);
    for i in 0..3 {
        close("Shapley, accounts", of_accounts[i], wanted[i]);
        close("Shapley, ratios", of_ratios[i], wanted[i]);
    }
    close("Shapley, sum", of_accounts.iter().sum(), -0.066_82);

    let wanted = [
        -0.084_305_592_809_472_11,
        0.024_826_890_492_339_9,
        -0.007_341_297_682_867_671,
    ];
    let got = lmdi([0.9, 0.85, 0.98], [0.8, 0.88, 0.97]).expect("no factor is 0");
    for i in 0..3 {
        close("LMDI", got[i], wanted[i]);
    }
    close("LMDI, sum", got.iter().sum(), -0.066_82);
    assert_eq!(lmdi([0.0, 1.0, 1.0], [1.0; 3]), None);
    assert_eq!(lmdi([0.5, 0.8, 0.9], [0.5, 0.8, 0.9]), Some([0.0; 3]));

    let effect = |loss| {
        let found = told.losses.iter().find(|c| c.loss == loss);
        found.unwrap_or_else(|| panic!("{loss:?}")).effect
    };
    close("availability lost", effect(Loss::Unplanned), -0.1);
    close("speed lost", effect(Loss::Speed), 0.039);
    close("quality lost", effect(Loss::Scrap), -0.005_82);
    assert_eq!(told.losses.len(), 3);
}

/// Garwood's interval for 3 events in 6 hours, in events per hour, as `scipy.stats.chi2` gives it.
#[test]
fn few_failures_have_the_exact_poisson_interval() {
    let hours = HOUR_MS as f64;
    let MeanTime::Mean {
        mean_ms,
        low_ms,
        high_ms,
        n,
    } = between(DurMs(6 * HOUR_MS), 3)
    else {
        panic!("three failures have a mean");
    };
    close("mean", mean_ms / hours, 2.0);
    close("lowest rate", hours / high_ms, 0.103_112_020_482_600_22);
    close("highest rate", hours / low_ms, 1.461_212_178_290_387_3);
    assert_eq!(n, 3);
}

/// One repair of a mean that is told: `2S / chi2` with two degrees of freedom is `S / -ln(p)`.
#[test]
fn a_single_repair_has_the_interval_of_the_exponential() {
    let MeanTime::Mean {
        mean_ms,
        low_ms,
        high_ms,
        n,
    } = to_repair(DurMs(1_000), 1)
    else {
        panic!("one repair has a mean");
    };
    assert_eq!((mean_ms, n), (1_000.0, 1));
    // The quantiles are found by iteration, which stops a little before twelve digits.
    let bound = |p: f64| 1_000.0 / -p.ln();
    for (got, wanted) in [(low_ms, bound(0.025)), (high_ms, bound(0.975))] {
        assert!((got / wanted - 1.0).abs() < 1e-9, "{got}, wanted {wanted}");
    }
}

/// ISO 22400-2: set-up is operating time between failures, and no run time to failure.
#[test]
fn operating_time_holds_set_up_and_run_time_does_not() {
    let account = Account {
        run: minutes(90),
        minor: minutes(10),
        changeover: minutes(20),
        unplanned: minutes(30),
        failures: 2,
        repairs: 1,
        repair: minutes(12),
        ..Account::default()
    };
    let told = Reliability::of(&account);
    let means = [told.mtbf, told.mttf, told.mttr].map(MeanTime::mean_ms);
    assert_eq!(
        means.map(|m| m.map(|ms| ms / MINUTE_MS as f64)),
        [Some(60.0), Some(50.0), Some(12.0)]
    );
}
