//! The edges of stops, one test a rule: every stop is counted once, and no minute is lost or told twice.

use crate::hand_made::{Floor, minutes, pieces, span};
use ms5_floor::domain::account::Account;
use ms5_floor::domain::figure::Figure;
use ms5_floor::domain::ids::ReasonId;
use ms5_floor::domain::loss::{Loss, LossTree};
use ms5_floor::domain::machine_state::MachineState::{
    self, Changeover, NoData, NotScheduled, PlannedStop, Running, Starved, Stopped,
};
use ms5_floor::domain::machine_state::TimeBucket;
use ms5_floor::domain::reason::Category::{self, Blocked, Unplanned};
use ms5_floor::domain::reckon::{LossKey, Lost};
use ms5_floor::domain::reliability::{MeanTime, Reliability};
use ms5_floor::domain::time::{DurMs, MINUTE_MS, TsMs};
use ms5_floor::domain::timeline::{Hearing, Transition, intervals};

#[test]
fn the_threshold_of_minor_stops_moves_time_from_availability_to_performance_and_not_oee() {
    let floor = Floor::new(&[
        (40, Running),
        (4, Stopped),
        (36, Running),
        (10, Starved),
        (10, Running),
    ])
    .shift(0, 100, &[])
    .made(0, pieces(43, 0));
    let under = |n| floor.clone().minor_under(n).account(0, 100);
    assert_eq!(
        [under(0), under(5), under(11)].map(|a| a.oee()),
        [Figure::Known(0.43); 3]
    );
    assert_eq!(
        [under(0), under(5), under(11)].map(|a| a.availability()),
        [Figure::Known(0.86), Figure::Known(0.9), Figure::Known(1.0)]
    );
    assert_eq!(
        [under(0), under(5), under(11)].map(|a| a.minor.0 / MINUTE_MS),
        [0, 4, 14]
    );
}

#[test]
fn a_stop_of_exactly_the_threshold_is_not_minor_and_adjacent_stops_are_one() {
    let of = |states: &[(i64, MachineState)]| {
        let sheet = Floor::new(states).shift(0, 100, &[]).account(0, 100);
        let losses = [sheet.minor, sheet.unplanned, sheet.waiting()].map(|t| t.0 / MINUTE_MS);
        (losses, [sheet.minor_stops, sheet.failures, sheet.waits])
    };
    assert_eq!(
        of(&[(40, Running), (4, Stopped), (56, Running)]),
        ([4, 0, 0], [1, 0, 0])
    );
    assert_eq!(
        of(&[(40, Running), (5, Stopped), (55, Running)]),
        ([0, 5, 0], [0, 1, 0])
    );
    assert_eq!(
        of(&[(40, Running), (3, Stopped), (3, Starved), (54, Running)]),
        ([0, 3, 3], [0, 1, 0])
    );
    assert_eq!(
        of(&[
            (40, Running),
            (3, Stopped),
            (1, Running),
            (3, Starved),
            (53, Running)
        ]),
        ([6, 0, 0], [2, 0, 0])
    );
}

#[test]
fn overlapping_reasons_share_a_stop_without_telling_a_minute_twice() {
    let floor = Floor::new(&[(10, Running), (30, Stopped), (20, Running)])
        .shift(0, 60, &[])
        .reason(10, 25, 1, Unplanned)
        .reason(20, 35, 2, Blocked);
    let reckoning = floor.reckon(0, 60);
    let lost = |bucket, reason: Option<i64>| {
        let key = LossKey {
            bucket,
            minor: false,
            reason: reason.map(ReasonId),
        };
        reckoning.losses.get(&key).copied().unwrap_or_default()
    };
    let of = |n, stops| Lost {
        time: minutes(n),
        stops,
    };
    assert_eq!(
        lost(TimeBucket::Unplanned, Some(1)),
        of(15, 1),
        "the earlier one keeps what they share"
    );
    assert_eq!(lost(TimeBucket::Blocked, Some(2)), of(10, 0));
    assert_eq!(
        lost(TimeBucket::Unplanned, None),
        of(5, 0),
        "and what nobody explained stays so"
    );
    let a = reckoning.account();
    assert_eq!(
        (a.unplanned + a.blocked, a.availability()),
        (minutes(30), Figure::Known(0.5))
    );
    assert_eq!(
        (a.failures, a.repairs, a.repair),
        (1, 1, minutes(20)),
        "one stop, mended once; what it waited was no repair"
    );
}

#[test]
fn a_breakdown_that_begins_as_a_wait_is_a_failure_and_its_wait_is_no_repair() {
    let of = |states: &[(i64, MachineState)]| {
        let r = Floor::new(states).shift(0, 120, &[]).reckon(0, 120);
        let a = r.account();
        let stops = |bucket| {
            let of = r.losses.iter().filter(|(key, _)| key.bucket == bucket);
            of.map(|(_, lost)| lost.stops).sum::<i64>()
        };
        (
            [a.failures, a.waits, a.minor_stops, a.changeovers],
            (a.repairs, a.repair.0 / MINUTE_MS),
            [a.starved, a.unplanned, a.minor].map(|t| t.0 / MINUTE_MS),
            [stops(TimeBucket::Starved), stops(TimeBucket::Unplanned)],
        )
    };
    assert_eq!(
        of(&[(20, Running), (10, Starved), (30, Stopped), (60, Running)]),
        ([1, 0, 0, 0], (1, 30), [10, 30, 0], [0, 1])
    );
    assert_eq!(
        of(&[
            (20, Running),
            (10, Starved),
            (30, Stopped),
            (5, Starved),
            (10, Stopped),
            (45, Running)
        ]),
        ([1, 0, 0, 0], (1, 40), [15, 40, 0], [0, 1]),
        "one stop without running between is one failure"
    );
    assert_eq!(
        of(&[(20, Running), (10, Starved), (90, Running)]),
        ([0, 1, 0, 0], (0, 0), [10, 0, 0], [1, 0]),
        "a wait alone is none"
    );
    assert_eq!(
        of(&[(20, Running), (2, Starved), (2, Stopped), (96, Running)]),
        ([0, 0, 1, 0], (0, 0), [0, 0, 4], [0, 1]),
        "and a minor stop is none"
    );
    // Set-up is a stop of its own; what a person calls a breakdown in it is one.
    let set_up = Floor::new(&[(20, Running), (40, Changeover), (60, Running)])
        .shift(0, 120, &[])
        .reason(30, 45, 1, Unplanned)
        .account(0, 120);
    assert_eq!(
        (set_up.failures, set_up.changeovers, set_up.repair),
        (1, 0, minutes(15))
    );
    // Counted once over windows that cut it: where it began, and mended where it ended.
    let floor = Floor::new(&[(20, Running), (10, Starved), (30, Stopped), (60, Running)]).shift(
        0,
        120,
        &[],
    );
    let parts = [(0, 25), (25, 45), (45, 60), (60, 120)].map(|(from, to)| {
        let a = floor.account(from, to);
        (a.failures, a.repairs, a.repair.0 / MINUTE_MS)
    });
    assert_eq!(parts, [(1, 0, 0), (0, 0, 0), (0, 1, 30), (0, 0, 0)]);
}

#[test]
fn a_planned_stop_beats_a_stop_only_when_it_was_planned_to_begin_before_it() {
    let of = |states: &[(i64, MachineState)]| {
        let a = Floor::new(states)
            .shift(0, 120, &[])
            .planned_stop(60, 90)
            .account(0, 120);
        [a.planned, a.unplanned, a.run].map(|t| t.0 / MINUTE_MS)
    };
    assert_eq!(
        of(&[(65, Running), (20, Stopped), (35, Running)]),
        [30, 0, 90]
    );
    assert_eq!(
        of(&[(60, Running), (25, Stopped), (35, Running)]),
        [30, 0, 90],
        "both at once: as planned"
    );
    assert_eq!(
        of(&[(50, Running), (30, Stopped), (40, Running)]),
        [10, 30, 80],
        "it stood already"
    );
    assert_eq!(
        of(&[(65, Running), (35, Stopped), (20, Running)]),
        [30, 10, 80],
        "longer than planned"
    );
}

#[test]
fn a_stop_over_a_break_counts_only_beside_it() {
    let a = Floor::new(&[(50, Running), (30, Stopped), (40, Running)])
        .shift(0, 120, &[(60, 75)])
        .account(0, 120);
    assert_eq!(
        (a.planned, a.unplanned, a.run),
        (minutes(15), minutes(15), minutes(90))
    );
    assert_eq!(
        (a.failures, a.repairs, a.repair),
        (1, 1, minutes(30)),
        "and is one stop of its whole length"
    );
}

#[test]
fn a_stop_across_shifts_is_counted_once_at_its_start_and_mended_unclipped() {
    // 20 minutes of the first shift, 40 of the second.
    let floor = Floor::new(&[(100, Running), (60, Stopped), (80, Running)])
        .shift(0, 120, &[])
        .shift(120, 240, &[]);
    let stops = |a: &Account| (a.failures, a.repairs, a.repair, a.unplanned);
    let (first, second) = (floor.account(0, 120), floor.account(120, 240));
    assert_eq!(stops(&first), (1, 0, DurMs::ZERO, minutes(20)));
    assert_eq!(stops(&second), (0, 1, minutes(60), minutes(40)));
    assert_eq!(
        stops(&floor.account(0, 240)),
        (1, 1, minutes(60), minutes(60))
    );
    let mttr = Reliability::of(&second).mttr.mean_ms();
    assert_eq!(mttr, Some(minutes(60).0 as f64));
    // An end at the boundary belongs to the window that it ends, and to no other.
    let exact = Floor::new(&[(100, Running), (20, Stopped), (120, Running)]).shift(0, 240, &[]);
    assert_eq!(
        stops(&exact.account(0, 120)),
        (1, 1, minutes(20), minutes(20))
    );
    assert_eq!(
        stops(&exact.account(120, 240)),
        (0, 0, DurMs::ZERO, DurMs::ZERO)
    );
    // A stop that begins at the boundary belongs to the window that it begins.
    assert_eq!(
        stops(&exact.account(40, 100)),
        (0, 0, DurMs::ZERO, DurMs::ZERO)
    );
    assert_eq!(
        stops(&exact.account(100, 110)),
        (1, 0, DurMs::ZERO, minutes(10))
    );
}

#[test]
fn a_stop_that_begins_outside_planned_time_is_no_failure_and_its_time_inside_is_lost() {
    let a = Floor::new(&[(30, NotScheduled), (60, Stopped), (90, Running)])
        .shift(60, 180, &[])
        .account(0, 180);
    assert_eq!(
        (a.failures, a.repairs, a.repair, a.unplanned),
        (0, 0, DurMs::ZERO, minutes(30))
    );
}

#[test]
fn an_open_stop_is_lost_time_until_now_and_not_yet_mended() {
    let now = TsMs(90 * MINUTE_MS);
    let transitions = [(0, Running), (60, Stopped)].map(|(minute, state)| Transition {
        from: TsMs(minute * MINUTE_MS),
        state,
        fault: None,
        product: None,
    });
    let hearing = Hearing {
        last: Some(TsMs(60 * MINUTE_MS)),
        max_silence: None,
        counted: None,
        cycle_gap: None,
        now,
    };
    let floor = Floor::new(&[])
        .intervals(intervals(&transitions, span(0, 480), hearing))
        .shift(0, 480, &[]);
    let a = floor.account(0, 90);
    assert_eq!(
        (a.failures, a.repairs, a.repair, a.unplanned),
        (1, 0, DurMs::ZERO, minutes(30))
    );
    assert_eq!(Reliability::of(&a).mttr, MeanTime::None);
    let ahead = floor.account(0, 480);
    assert_eq!(
        (ahead.unplanned, ahead.unknown),
        (minutes(30), minutes(390)),
        "nothing is said about later"
    );
    let ended = Floor::new(&[(60, Running), (30, Stopped)]).shift(0, 480, &[]);
    assert_eq!(
        (
            ended.account(0, 90).repairs,
            ended.open().account(0, 90).repairs
        ),
        (1, 0)
    );
}

#[test]
fn a_short_stop_between_two_runs_is_flicker_and_counts_as_running() {
    let of = |states: &[(i64, MachineState)]| {
        let a = Floor::new(states)
            .debounced_under(2)
            .shift(0, 60, &[])
            .account(0, 60);
        (
            [a.run, a.minor, a.changeover, a.unknown].map(|t| t.0 / MINUTE_MS),
            a.minor_stops,
        )
    };
    assert_eq!(
        of(&[(20, Running), (1, Stopped), (39, Running)]),
        ([60, 0, 0, 0], 0)
    );
    assert_eq!(
        of(&[(20, Running), (2, Stopped), (38, Running)]),
        ([58, 2, 0, 0], 1),
        "not under two minutes"
    );
    assert_eq!(
        of(&[(20, Running), (1, Stopped), (1, Starved), (38, Running)]),
        ([58, 2, 0, 0], 1),
        "one stop of two minutes"
    );
    // Only between two runs: else something else than the signal was going on.
    assert_eq!(
        of(&[(20, Running), (1, Stopped), (20, Changeover), (19, Running)]),
        ([39, 1, 20, 0], 1)
    );
    assert_eq!(
        of(&[(20, Changeover), (1, Stopped), (39, Running)]),
        ([39, 1, 20, 0], 1)
    );
    assert_eq!(
        of(&[(20, Running), (1, Stopped), (39, NoData)]),
        ([20, 1, 0, 39], 1)
    );
    assert_eq!(
        of(&[(20, NoData), (1, Stopped), (39, Running)]),
        ([39, 1, 0, 20], 1)
    );
    assert_eq!(
        of(&[(20, Running), (1, Changeover), (39, Running)]),
        ([59, 0, 1, 0], 0),
        "set-up is no flicker"
    );
}

#[test]
fn a_reason_moves_time_between_losses_and_never_out_of_planned_production() {
    let of = |category| {
        let a = Floor::new(&[(20, Running), (30, Stopped), (50, Running)])
            .shift(0, 100, &[])
            .reason(20, 50, 1, category)
            .account(0, 100);
        assert_eq!((a.planned_production(), a.run), (minutes(100), minutes(70)));
        (
            [a.unplanned, a.changeover, a.starved, a.blocked].map(|t| t.0 / MINUTE_MS),
            [a.failures, a.changeovers, a.waits],
        )
    };
    assert_eq!(of(Unplanned), ([30, 0, 0, 0], [1, 0, 0]));
    assert_eq!(of(Category::Changeover), ([0, 30, 0, 0], [0, 1, 0]));
    assert_eq!(of(Category::Starved), ([0, 0, 30, 0], [0, 0, 1]));
    assert_eq!(of(Blocked), ([0, 0, 0, 30], [0, 0, 1]));
    assert_eq!(
        of(Category::Planned),
        ([30, 0, 0, 0], [1, 0, 0]),
        "said afterwards, it only explains"
    );
}

#[test]
fn rejects_soon_after_set_up_time_off_and_the_start_of_a_shift_are_start_up_rejects() {
    let floor = Floor::new(&[
        (100, Running),
        (20, Changeover),
        (80, Running),
        (20, PlannedStop),
        (80, Running),
    ])
    .shift(0, 300, &[(40, 50)])
    .starting_up_for(10);
    let start_up = |minute| {
        let a = floor.clone().made(minute, pieces(5, 2)).account(0, 300);
        let tree = LossTree::of(&a);
        assert_eq!(
            tree.exact(Loss::StartUp).secs() + tree.exact(Loss::Scrap).secs(),
            120.0,
            "at {minute}"
        );
        assert_eq!(
            tree.exact(Loss::StartUp).secs(),
            a.start_up as f64 * 60.0,
            "at {minute}"
        );
        a.start_up
    };
    assert_eq!([0, 9, 10].map(start_up), [2, 2, 0], "after the shift began");
    assert_eq!(start_up(51), 0, "a break is too short to cool down");
    assert_eq!(
        [99, 120, 129, 130].map(start_up),
        [0, 2, 2, 0],
        "after set-up"
    );
    assert_eq!(
        [199, 220, 229, 230].map(start_up),
        [0, 2, 2, 0],
        "after a planned stop that the machine told"
    );
    let later = floor.made(125, pieces(0, 3));
    assert_eq!(
        (
            later.account(125, 126).start_up,
            later.account(124, 125).start_up
        ),
        (3, 0),
        "also in a window that begins later"
    );
}
