//! The edges of OEE, one test a rule: where a figure has no value it says why instead of showing 0. The edges of stops and
//! of counts have files of their own; some rules are held more widely elsewhere, with random machines or over HTTP.

use crate::hand_made::{Floor, minutes, pieces, rate};
use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::small_plant;
use ms5_floor::domain::account::{Account, add_counts};
use ms5_floor::domain::figure::{Figure, Why};
use ms5_floor::domain::loss::{Loss, LossTree};
use ms5_floor::domain::machine_state::MachineState::{PlannedStop, Running, Stopped};
use ms5_floor::domain::part::parts;
use ms5_floor::domain::rate::IdealRate;
use ms5_floor::domain::reckon::{MachineWindow, account};
use ms5_floor::domain::reliability::{MeanTime, Reliability};
use ms5_floor::domain::time::{DurMs, HOUR_MS, Span};
use ms5_floor::domain::timeline::Interval;
use ms5_floor::server::calendar;
use serde_json::json;

fn known(value: f64) -> Figure {
    Figure::Known(value)
}

fn unknown(why: Why) -> Figure {
    Figure::Unknown(why)
}

#[test]
fn no_planned_time_has_no_figures_and_no_weight() {
    let off = Account {
        planned: minutes(60),
        not_scheduled: minutes(420),
        ..Account::default()
    };
    let told = |a: &Account| {
        [
            a.availability(),
            a.performance(),
            a.oee(),
            a.nee(),
            a.coverage(),
            a.availability_performance(),
        ]
    };
    assert_eq!(told(&off), [unknown(Why::NotScheduled); 6]);
    let mut worked = Account {
        run: minutes(80),
        unplanned: minutes(20),
        ..Account::default()
    };
    add_counts(&mut worked, pieces(40, 0), rate(1), false);
    assert_eq!(
        [off, worked].into_iter().sum::<Account>().oee(),
        worked.oee(),
        "it drops out of sums by weight"
    );
    let silent = Account {
        unknown: minutes(60),
        ..off
    };
    assert_eq!(
        [
            silent.oee(),
            silent.availability(),
            silent.ooe(),
            silent.teep()
        ],
        [unknown(Why::NoData); 4]
    );
    assert_eq!(silent.coverage(), known(0.0));
}

#[test]
fn planned_time_without_run_time_has_availability_and_oee_0_and_stays_in_sums() {
    let stood = Floor::new(&[(480, Stopped)])
        .shift(0, 480, &[])
        .account(0, 480);
    assert_eq!(
        [stood.availability(), stood.oee(), stood.nee()],
        [known(0.0); 3]
    );
    assert_eq!(
        [stood.performance(), stood.throughput()],
        [unknown(Why::NoRunTime); 2]
    );
    assert_eq!(stood.quality(), unknown(Why::NoOutput));
    let worked = Floor::new(&[(480, Running)])
        .shift(0, 480, &[])
        .made(0, pieces(480, 0))
        .account(0, 480);
    assert_eq!(
        [stood, worked].into_iter().sum::<Account>().oee(),
        known(0.5)
    );
}

#[test]
fn run_time_without_output_has_performance_0_and_no_quality() {
    let idle = Floor::new(&[(480, Running)])
        .shift(0, 480, &[])
        .account(0, 480);
    assert_eq!([idle.performance(), idle.oee()], [known(0.0); 2]);
    assert_eq!(
        [idle.quality(), idle.rate_coverage()],
        [unknown(Why::NoOutput); 2]
    );
    let scrap_only = Floor::new(&[(480, Running)])
        .shift(0, 480, &[])
        .made(9, pieces(0, 9))
        .account(0, 480);
    assert_eq!([scrap_only.quality(), scrap_only.oee()], [known(0.0); 2]);
}

/// 22:00 to 06:00 in Rome, over the changes of the clocks: the machine runs all the time.
#[tokio::test]
async fn a_night_is_7_or_9_hours_when_the_clocks_change_and_belongs_to_the_day_of_its_start() {
    let mut plant = small_plant();
    plant["shift"] =
        json!([{"name": "Night", "days": [1, 2, 3, 4, 5, 6, 7], "start": "22:00", "end": "06:00"}]);
    plant["line"][0]["shifts"] = json!(["Night"]);
    let server = Server::with(
        &Place::sqlite(),
        Hands::at(at("2026-01-01T00:00:00Z")).clock(),
        plant,
    )
    .await;
    let plant = server.app.plant.get();
    let (site, (line, _)) = (
        plant.site.as_ref().expect("a site"),
        plant.machine(server.machine("M1")).expect("the machine"),
    );
    for (day, noon, hours) in [
        ("2026-03-27", "2026-03-27T12:00:00+01:00", 8),
        ("2026-03-28", "2026-03-28T12:00:00+01:00", 7),
        ("2026-10-24", "2026-10-24T12:00:00+02:00", 9),
        ("2026-10-25", "2026-10-25T12:00:00+01:00", 8),
    ] {
        // From noon to the noon after.
        let from = at(noon);
        let window = Span::clamped(from, from + DurMs((16 + hours) * HOUR_MS));
        let shifts = calendar::shifts(site, line, window);
        assert_eq!(
            shifts.iter().map(|s| s.day.as_str()).collect::<Vec<_>>(),
            [day]
        );
        let running = [Interval {
            span: window,
            state: Running,
            fault: None,
            product: None,
            open: false,
        }];
        let machine = MachineWindow {
            parts: &parts(&running, &[], line.rules, |_| None),
            minutes: &[],
            schedule: &calendar::schedule(site, line, window),
            rules: line.rules,
            first_fact: None,
            there: Span::EVER,
            counted_elsewhere: false,
        };
        let a = account(window, &machine, |_, _| None::<IdealRate>);
        assert_eq!(
            (a.run, a.not_scheduled),
            (DurMs(hours * HOUR_MS), DurMs(16 * HOUR_MS)),
            "{day}"
        );
    }
}

#[test]
fn output_outside_planned_time_is_in_no_ratio_but_ooe_and_teep() {
    // A break from 60 to 80, a planned stop from 80 to 100, the shift ends at 120.
    let floor = Floor::new(&[(240, Running)])
        .shift(0, 120, &[(60, 80)])
        .planned_stop(80, 100);
    let inside = floor.made(10, pieces(40, 0));
    let a = inside.account(0, 240);
    assert_eq!(
        [a.oee(), a.ooe(), a.teep()],
        [known(0.5), known(40.0 / 120.0), known(40.0 / 240.0)]
    );
    let b = inside
        .clone()
        .made(65, pieces(5, 1))
        .made(85, pieces(7, 0))
        .account(0, 240);
    assert_eq!((b.counts, b.unscheduled), (pieces(40, 0), pieces(12, 1)));
    assert_eq!(
        [b.availability(), b.performance(), b.quality(), b.oee()],
        [a.availability(), a.performance(), a.quality(), a.oee()]
    );
    assert_eq!(
        [b.ooe(), b.teep()],
        [known(52.0 / 120.0), known(52.0 / 240.0)]
    );
    let c = inside.clone().made(200, pieces(20, 0)).account(0, 240);
    assert_eq!(
        [c.oee(), c.ooe(), c.teep()],
        [a.oee(), a.ooe(), known(60.0 / 240.0)]
    );
    // The machine itself may say that it is off.
    let said = Floor::new(&[(60, Running), (60, PlannedStop)])
        .made(0, pieces(30, 0))
        .made(70, pieces(6, 0))
        .account(0, 120);
    assert_eq!([said.oee(), said.ooe()], [known(0.5), known(36.0 / 120.0)]);
}

#[test]
fn output_outside_planned_time_without_an_ideal_rate_leaves_ooe_and_teep_unknown() {
    let floor = Floor::new(&[(240, Running)])
        .shift(0, 120, &[])
        .made(10, pieces(60, 0))
        .product(120, 7);
    let a = floor.clone().made(200, pieces(20, 0)).account(0, 240);
    assert_eq!((a.oee(), a.unrated, a.unrated_off), (known(0.5), 0, 20));
    assert_eq!(
        [a.ooe(), a.teep()],
        [unknown(Why::NoIdealRate); 2],
        "never as if they had not been made"
    );
    let b = floor
        .product_rated(7, 2)
        .made(200, pieces(20, 0))
        .account(0, 240);
    assert_eq!(b.teep(), known(70.0 / 240.0));
}

#[test]
fn performance_above_100_percent_is_kept_and_flagged_by_a_negative_speed_loss() {
    let mut fast = Account {
        run: minutes(10),
        ..Account::default()
    };
    add_counts(&mut fast, pieces(30, 0), rate(2), false);
    assert_eq!([fast.performance(), fast.oee()], [known(1.5); 2]);
    assert_eq!(LossTree::of(&fast).exact(Loss::Speed).secs(), -300.0);
    let mut slow = Account {
        run: minutes(10),
        ..Account::default()
    };
    add_counts(&mut slow, pieces(10, 0), rate(2), false);
    assert_eq!(
        [fast, slow].into_iter().sum::<Account>().performance(),
        known(1.0),
        "not clamped in sums either"
    );
}

#[test]
fn without_a_failure_mtbf_is_at_least_a_third_of_the_time_and_few_failures_have_wide_bounds() {
    let none = Floor::new(&[(600, Running)])
        .shift(0, 600, &[])
        .account(0, 600);
    let MeanTime::AtLeast { low_ms } = Reliability::of(&none).mtbf else {
        panic!("no mean without a failure");
    };
    let t = minutes(600).0 as f64;
    assert!((t / low_ms - 2.9957).abs() < 1e-4, "T / 2.996: {low_ms}");
    assert_eq!(Reliability::of(&none).mttr, MeanTime::None);
    let two = Floor::new(&[
        (300, Running),
        (10, Stopped),
        (200, Running),
        (20, Stopped),
        (100, Running),
    ])
    .shift(0, 630, &[])
    .account(0, 630);
    let MeanTime::Mean {
        mean_ms,
        low_ms,
        high_ms,
        n,
    } = Reliability::of(&two).mtbf
    else {
        panic!("two failures have a mean");
    };
    assert_eq!((mean_ms, n), (t / 2.0, 2));
    // Garwood for 2: 0.2422 to 7.2247 events in the time.
    assert!(
        (t / high_ms - 0.2422).abs() < 1e-4 && (t / low_ms - 7.2247).abs() < 1e-4,
        "{low_ms} to {high_ms}"
    );
}
