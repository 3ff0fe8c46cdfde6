//! Calls, their ladders and their time: worked cases.

mod giving_back;
mod histories;

use super::*;
use crate::domain::ids::PersonId;
use crate::domain::time::{DurMs, MINUTE_MS, TsMs};

const REOPEN: ReopenWithin = ReopenWithin(DurMs(120 * MINUTE_MS));

fn stamp(at: i64, by: &str) -> Stamp {
    Stamp {
        at: TsMs(at),
        by: by.to_owned(),
    }
}

fn minutes(n: i64) -> TsMs {
    TsMs(n * MINUTE_MS)
}

fn raised() -> Call {
    Call::raise(CallKind::Stop, Priority::High, true, stamp(0, "anna"))
}

fn ack() -> Act {
    Act::Acknowledge { eta: None }
}

fn resolve() -> Act {
    Act::Resolve {
        cause: Cause::Internal,
    }
}

/// The call after acts, each with who and the minute.
fn after(call: Call, acts: &[(Act, &str, i64)]) -> Result<Call, Refused> {
    acts.iter().try_fold(call, |call, (act, by, at)| {
        call.after(*act, by, minutes(*at), REOPEN)
    })
}

fn done(acts: &[(Act, &str, i64)]) -> Call {
    after(raised(), acts).expect("allowed")
}

#[test]
fn of_two_who_take_a_call_one_is_told_who_was_faster() {
    let taken = done(&[(ack(), "bruno", 1)]);
    let refused = after(taken.clone(), &[(ack(), "carla", 2)]).expect_err("taken");
    assert!(refused.is_conflict());
    assert_eq!(
        refused.to_string(),
        "acknowledged by bruno: nothing was changed"
    );
    let Refused::Status { made, .. } = refused else {
        panic!("the status is in the way");
    };
    assert_eq!(made, stamp(MINUTE_MS, "bruno"));
    let twice = after(taken.clone(), &[(ack(), "bruno", 3)]);
    assert_eq!(twice, Ok(taken), "a second tap of the same person");
}

#[test]
fn every_act_is_allowed_from_exactly_the_states_that_the_life_of_a_call_has() {
    let acts = [
        ack(),
        Act::Arrive,
        resolve(),
        Act::Close,
        Act::Cancel,
        Act::Reopen { restarted: None },
        Act::Escalate,
    ];
    // Columns: acknowledge, arrive, resolve, close, cancel, reopen, escalate. Rows: the six states.
    let table = [
        "xx..x.x", // raised
        ".xx.x.x", // acknowledged
        "..x.x.x", // arrived
        "...x.x.", // resolved
        ".....x.", // closed
        ".......", // cancelled
    ];
    let ways: [&[(Act, &str, i64)]; 6] = [
        &[],
        &[(ack(), "b", 1)],
        &[(Act::Arrive, "b", 1)],
        &[(ack(), "b", 1), (resolve(), "b", 2)],
        &[(ack(), "b", 1), (resolve(), "b", 2), (Act::Close, "b", 3)],
        &[(Act::Cancel, "b", 1)],
    ];
    for ((status, row), way) in Status::ALL.into_iter().zip(table).zip(ways) {
        let call = done(way);
        assert_eq!(call.status(), status);
        for (act, mark) in acts.into_iter().zip(row.chars()) {
            let next = after(call.clone(), &[(act, "z", 9)]);
            assert_eq!(next.is_ok(), mark == 'x', "{act:?} from {status:?}");
            let lands = next.map(|call| call.status()).ok();
            assert_eq!(
                lands,
                (mark == 'x').then_some(act.leads_to().unwrap_or(status))
            );
        }
    }
}

#[test]
fn who_arrives_unannounced_has_taken_it_and_resolving_needs_somebody() {
    let there = done(&[(Act::Arrive, "bruno", 4)]);
    assert_eq!(there.acknowledged, there.arrived);
    let refused = after(raised(), &[(resolve(), "bruno", 1)]).expect_err("nobody took it");
    assert_eq!(refused.to_string(), "raised by anna: acknowledge it first");
}

#[test]
fn an_eta_lies_in_the_next_24_hours() {
    let at = |eta: i64| {
        after(
            raised(),
            &[(
                Act::Acknowledge {
                    eta: Some(minutes(eta)),
                },
                "b",
                10,
            )],
        )
    };
    for (eta, fits) in [
        (9, false),
        (10, false),
        (11, true),
        (1450, true),
        (1451, false),
    ] {
        assert_eq!(at(eta).is_ok(), fits, "{eta}");
    }
    assert_eq!(at(0), Err(Refused::Eta));
    assert!(!Refused::Eta.is_conflict());
}

#[test]
fn a_call_is_reopened_in_time_and_somebody_has_to_take_it_again() {
    let closed = done(&[
        (Act::Arrive, "b", 5),
        (resolve(), "b", 20),
        (Act::Close, "c", 30),
    ]);
    let reopen = Act::Reopen {
        restarted: Some(minutes(25)),
    };
    let again = after(closed.clone(), &[(reopen, "anna", 140)]).expect("in time");
    assert_eq!(again.status(), Status::Raised);
    assert_eq!((again.reopened, again.since()), (1, minutes(140)));
    assert_eq!(again.made(), &stamp(140 * MINUTE_MS, "anna"));
    let of = |n: i64| DurMs(n * MINUTE_MS);
    let before = Waiting {
        acknowledge: of(5),
        travel: of(0),
        repair: of(15),
        restart: of(5),
    };
    assert_eq!(again.before, before, "up to the restart");
    let round = Round::ended(&closed, &again);
    assert_eq!((round.from, round.waiting), (minutes(0), before));
    let first = (again.first_acknowledged, again.first_arrived);
    assert_eq!(first, (Some(minutes(5)), Some(minutes(5))), "kept");
    let taken = after(again.clone(), &[(ack(), "b", 141)]).expect("taken");
    assert_eq!(taken.first_acknowledged, Some(minutes(5)), "the first");
    let until = minutes(140);
    assert_eq!(closed.reopen_until(REOPEN), Some(until));
    assert_eq!(again.reopen_until(REOPEN), None, "it is open");
    let cancelled = done(&[(Act::Cancel, "b", 5)]);
    assert_eq!(cancelled.reopen_until(REOPEN), None);
    assert_eq!(
        after(closed, &[(reopen, "anna", 141)]),
        Err(Refused::TooLate { until })
    );
}

#[test]
fn who_joins_a_call_makes_it_more_urgent_never_less() {
    let joined = raised().joined(Priority::Critical, false);
    assert_eq!(
        (joined.priority, joined.line_stopped),
        (Priority::Critical, true)
    );
    assert_eq!(
        joined.joined(Priority::Low, false).priority,
        Priority::Critical
    );
}

#[test]
fn time_splits_into_the_four_parts() {
    let call = done(&[
        (ack(), "b", 4),
        (Act::Arrive, "b", 10),
        (resolve(), "b", 40),
    ]);
    let of = |n: i64| DurMs(n * MINUTE_MS);
    let parts = |w: Waiting| [w.acknowledge, w.travel, w.repair, w.restart];
    let seen = |call: &Call, now, restarted: Option<i64>| {
        parts(Waiting::of(call, minutes(now), restarted.map(minutes)))
    };
    assert_eq!(seen(&call, 60, None), [of(4), of(6), of(30), of(20)]);
    assert_eq!(seen(&call, 60, Some(45)), [of(4), of(6), of(30), of(5)]);
    assert_eq!(
        seen(&call, 60, Some(7)),
        [of(4), of(3), of(0), of(0)],
        "it ran before they came"
    );
    let closed = after(call, &[(Act::Close, "b", 50)]).expect("closed");
    assert_eq!(
        seen(&closed, 900, None)[3],
        of(10),
        "a closed call waits no more"
    );
    let runs = Call {
        line_stopped: false,
        ..closed
    };
    assert_eq!(seen(&runs, 900, None)[3], of(0), "its line never stood");
    let remote = done(&[(ack(), "b", 4), (resolve(), "b", 40)]);
    assert_eq!(seen(&remote, 40, None), [of(4), of(0), of(36), of(0)]);
    let gone = done(&[(Act::Cancel, "anna", 3)]);
    assert_eq!(seen(&gone, 90, None), [of(3), of(0), of(0), of(0)]);
}

#[test]
fn a_call_about_no_stop_waits_for_no_machine_once_it_is_resolved() {
    let open = done(&[(ack(), "b", 4), (Act::Arrive, "b", 10)]);
    let resolved = after(open.clone(), &[(resolve(), "b", 40)]).expect("resolved");
    let closed = after(resolved.clone(), &[(Act::Close, "b", 520)]).expect("closed");
    let restart = |call: &Call, stop: Option<i64>, ran: Option<i64>| {
        let (stop, ran) = (stop.map(minutes), ran.map(minutes));
        Waiting::of_stop(call, minutes(600), stop, ran).restart.0 / MINUTE_MS
    };
    assert_eq!(restart(&resolved, None, None), 0);
    assert_eq!(restart(&closed, None, None), 0, "whenever it is closed");
    assert_eq!(restart(&resolved, Some(-1), None), 560, "it still stands");
    assert_eq!(restart(&closed, Some(-1), None), 480);
    assert_eq!(restart(&closed, Some(-1), Some(45)), 5);
    let whole = Waiting::of_stop(&open, minutes(600), None, None).total();
    assert_eq!(whole.0, 600 * MINUTE_MS, "an open call waits on");
}

fn step(trigger: Trigger, after: i64, level: u8) -> Step {
    Step {
        trigger,
        after: DurMs(after * MINUTE_MS),
        level,
        to: vec![Recipient::Role("engineer".to_owned())],
        via: vec![Channel::Screen],
    }
}

#[test]
fn the_default_ladders_are_those_of_the_original() {
    let rows = |kind, priority| {
        let ladder = Ladder::by_default(kind, priority);
        assert_eq!(Ladder::new(ladder.steps().to_vec()), Ok(ladder.clone()));
        let row = |s: &Step| (s.trigger, s.after.0 / MINUTE_MS, s.level);
        ladder.steps().iter().map(row).collect::<Vec<_>>()
    };
    use Trigger::{NotAcknowledged, NotResolved, Raised};
    for kind in CallKind::ALL {
        for (priority, acknowledge, resolve) in [
            (Priority::Low, 15, 60),
            (Priority::Medium, 10, 45),
            (Priority::High, 5, 30),
        ] {
            let expected = [
                (Raised, 0, 0),
                (NotAcknowledged, acknowledge, 1),
                (NotResolved, resolve, 2),
            ];
            assert_eq!(rows(kind, priority), expected);
        }
        assert_eq!(
            rows(kind, Priority::Critical),
            [
                (Raised, 0, 0),
                (NotAcknowledged, 2, 1),
                (NotResolved, 15, 2),
                (NotResolved, 30, 3)
            ]
        );
    }
}

/// The roles that a step of a default ladder calls, in the order of their codes.
fn called(kind: CallKind, priority: Priority, step: usize) -> Vec<String> {
    let ladder = Ladder::by_default(kind, priority);
    let code = |to: &Recipient| match to {
        Recipient::Role(code) => code.clone(),
        other => panic!("{other:?}"),
    };
    let mut codes: Vec<String> = ladder.steps()[step].to.iter().map(code).collect();
    codes.sort();
    codes
}

#[test]
fn by_default_the_trade_is_called_at_once_beside_those_of_the_original() {
    // The original's recipients, and the role that does what each kind asks for.
    let original: [(Priority, &[&str]); 4] = [
        (Priority::Low, &["engineer", "shift_manager"]),
        (
            Priority::Medium,
            &["engineer", "production_manager", "shift_manager"],
        ),
        (
            Priority::High,
            &["admin", "engineer", "production_manager", "shift_manager"],
        ),
        (
            Priority::Critical,
            &["admin", "production_manager", "shift_manager"],
        ),
    ];
    let trades: [(CallKind, &[&str]); 5] = [
        (CallKind::Stop, &["maintenance"]),
        (CallKind::Maintenance, &["maintenance"]),
        (CallKind::Material, &["shift_manager"]),
        (CallKind::Quality, &["quality"]),
        (
            CallKind::Safety,
            &["maintenance", "quality", "shift_manager"],
        ),
    ];
    for (priority, first) in original {
        for (kind, trade) in trades {
            let both: std::collections::BTreeSet<&str> =
                first.iter().chain(trade).copied().collect();
            let both: Vec<&str> = both.into_iter().collect();
            assert_eq!(called(kind, priority, 0), both, "{kind:?} {priority:?}");
            // Who is called later is the same whatever the call is for.
            for step in [1, 2] {
                let same = called(CallKind::Material, priority, step);
                assert_eq!(called(kind, priority, step), same);
            }
        }
    }
    assert_eq!(
        called(CallKind::Stop, Priority::Low, 1),
        ["production_manager"]
    );
    assert_eq!(called(CallKind::Stop, Priority::Medium, 1), ["admin"]);
    assert_eq!(
        called(CallKind::Stop, Priority::High, 1),
        ["production_manager", "shift_manager"]
    );
    let codes = crate::domain::rights::DEFAULT_ROLES.map(|role| role.code);
    for kind in CallKind::ALL {
        let known = |code: &&str| codes.contains(code);
        assert!(kind.trades().iter().all(known), "{kind:?}");
    }
}

#[test]
fn a_ladder_says_all_that_is_wrong_with_it() {
    let good = step(Trigger::NotAcknowledged, 5, 1);
    let fields = |steps: Vec<Step>| {
        let wrong = Ladder::new(steps).expect_err("wrong");
        wrong.into_iter().map(|e| e.field).collect::<Vec<_>>()
    };
    assert_eq!(fields(vec![good.clone(), good.clone()]), ["steps[1]"]);
    assert_eq!(
        fields(vec![step(Trigger::Raised, 0, 1)]),
        ["steps[0].level"]
    );
    assert_eq!(
        fields(vec![step(Trigger::NotResolved, -1, 10)]),
        ["steps[0].after", "steps[0].level"]
    );
    let nobody = Step {
        to: vec![],
        via: vec![],
        ..good.clone()
    };
    assert_eq!(
        fields(vec![good.clone(), nobody]),
        ["steps[1].to", "steps[1].via"]
    );
    let person = Recipient::Person(PersonId(7));
    let twice = Step {
        to: vec![person.clone(), person, Recipient::Duty(" ".to_owned())],
        via: vec![Channel::Sms, Channel::Sms],
        ..good.clone()
    };
    assert_eq!(
        fields(vec![twice]),
        ["steps[0].to", "steps[0].to", "steps[0].via"]
    );
    let many = (0..21).map(|n| step(Trigger::NotResolved, n, 1)).collect();
    assert_eq!(fields(many), ["steps"]);
    // What was stored or sent is checked as well.
    let json = serde_json::to_string(&[good.clone(), good.clone()]).expect("json");
    assert!(serde_json::from_str::<Ladder>(&json).is_err());
    let one = Ladder::new(vec![good]).expect("good");
    let json = serde_json::to_string(&one).expect("json");
    assert_eq!(serde_json::from_str::<Ladder>(&json).expect("read"), one);
}

#[test]
fn a_ladder_goes_on_after_somebody_took_the_call_and_starts_again_when_it_is_reopened() {
    let ladder = Ladder::new(vec![
        step(Trigger::NotResolved, 30, 2),
        step(Trigger::NotArrived, 10, 1),
        step(Trigger::NotAcknowledged, 5, 1),
        step(Trigger::Raised, 0, 0),
    ])
    .expect("a ladder");
    let due = |call: &Call| {
        let each = ladder.due(call).into_iter();
        each.map(|d| (d.at.0 / MINUTE_MS, d.step))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        due(&raised()),
        [(0, 3), (5, 2), (30, 0)],
        "nobody can be late yet"
    );
    let eta = Act::Acknowledge {
        eta: Some(minutes(12)),
    };
    let taken = done(&[(eta, "b", 4)]);
    assert_eq!(due(&taken), [(0, 3), (22, 1), (30, 0)]);
    assert_eq!(due(&done(&[(ack(), "b", 4)]))[1], (14, 1), "without an ETA");
    let there = after(taken, &[(Act::Arrive, "b", 15)]).expect("there");
    assert_eq!(due(&there), [(0, 3), (30, 0)]);
    let over = after(there, &[(resolve(), "b", 20)]).expect("over");
    assert_eq!(due(&over), []);
    let again = after(over, &[(Act::Reopen { restarted: None }, "a", 60)]).expect("again");
    assert_eq!(due(&again), [(60, 3), (65, 2), (90, 0)]);
    assert_eq!(due(&done(&[(Act::Cancel, "a", 1)])), []);
    // By hand: the next level up, whoever is first in it.
    assert_eq!(ladder.above(0, &again), Some(1));
    assert_eq!(
        (ladder.above(1, &again), ladder.above(2, &again)),
        (Some(0), None)
    );
    assert!(ladder.is_void(9, &again), "there is no such step");
}
