//! Whoever took a call tells another time, or gives it back; nobody else does either.

use super::*;

fn eta(minute: i64) -> Act {
    Act::Acknowledge {
        eta: Some(minutes(minute)),
    }
}

#[test]
fn whoever_took_a_call_tells_another_time_and_took_it_when_they_did() {
    let taken = done(&[(eta(9), "bruno", 4)]);
    let later = after(taken.clone(), &[(eta(30), "bruno", 6)]).expect("their own");
    assert_eq!(later.eta, Some(minutes(30)));
    assert_eq!(later.acknowledged, Some(stamp(4 * MINUTE_MS, "bruno")));
    let refused = after(taken.clone(), &[(eta(30), "carla", 6)]).expect_err("somebody else's");
    assert!(refused.is_conflict());
    let past = after(taken.clone(), &[(eta(5), "bruno", 6)]);
    assert_eq!(past, Err(Refused::Eta));
    // The same once more, or none, changes nothing, also when that time has passed.
    for same in [eta(9), ack()] {
        let again = after(taken.clone(), &[(same, "bruno", 20)]);
        assert_eq!(again, Ok(taken.clone()));
    }
    let there = done(&[(eta(9), "bruno", 4), (Act::Arrive, "bruno", 8)]);
    assert!(after(there, &[(eta(30), "bruno", 9)]).is_err(), "too late");
}

#[test]
fn only_whoever_took_a_call_gives_it_back_and_only_before_they_are_there() {
    let taken = done(&[(eta(9), "bruno", 4)]);
    let refused = after(taken.clone(), &[(Act::HandBack, "carla", 5)]).expect_err("not theirs");
    assert_eq!(
        refused.to_string(),
        "acknowledged by bruno: only whoever took it gives it back"
    );
    let back = after(taken, &[(Act::HandBack, "bruno", 5)]).expect("their own");
    assert_eq!(back.status(), Status::Raised);
    assert_eq!(back.made(), &stamp(5 * MINUTE_MS, "bruno"));
    assert_eq!((back.acknowledged.as_ref(), back.eta), (None, None));
    assert_eq!(back.since(), minutes(0), "the round goes on");
    let twice = after(back.clone(), &[(Act::HandBack, "bruno", 6)]);
    assert_eq!(twice, Ok(back.clone()), "a second tap");
    let other = after(back.clone(), &[(Act::HandBack, "carla", 6)]).expect_err("nobody took it");
    assert_eq!(other.to_string(), "raised by bruno: nobody took it");
    let others: [&[(Act, &str, i64)]; 4] = [
        &[],
        &[(Act::Arrive, "bruno", 4)],
        &[(ack(), "bruno", 4), (resolve(), "bruno", 5)],
        &[(Act::Cancel, "bruno", 4)],
    ];
    for acts in others {
        let refused = after(done(acts), &[(Act::HandBack, "bruno", 9)]);
        assert!(refused.is_err(), "{acts:?}");
    }
    // Anybody takes it again, whoever gave it back included.
    for by in ["bruno", "carla"] {
        let again = after(back.clone(), &[(eta(20), by, 7)]).expect("nobody has it");
        assert_eq!(again.acknowledged, Some(stamp(7 * MINUTE_MS, by)));
    }
}

#[test]
fn what_was_given_back_waits_for_somebody_from_then_on_and_its_time_is_of_the_last_who_took_it() {
    let ladder = Ladder::new(vec![
        step(Trigger::NotAcknowledged, 5, 1),
        step(Trigger::NotArrived, 10, 1),
        step(Trigger::NotResolved, 30, 2),
    ])
    .expect("a ladder");
    let due = |call: &Call| {
        let each = ladder.due(call).into_iter();
        each.map(|d| (d.at.0 / MINUTE_MS, d.step))
            .collect::<Vec<_>>()
    };
    let taken = done(&[(eta(9), "bruno", 4)]);
    assert_eq!(due(&taken), [(19, 1), (30, 2)]);
    let later = after(taken.clone(), &[(eta(12), "bruno", 5)]).expect("their own");
    assert_eq!(due(&later), [(22, 1), (30, 2)]);
    let back = after(later, &[(Act::HandBack, "bruno", 8)]).expect("their own");
    assert_eq!(due(&back), [(13, 0), (30, 2)]);
    let again = after(back, &[(ack(), "carla", 11), (Act::Arrive, "carla", 15)]).expect("taken");
    let waited = Waiting::of(&again, minutes(20), None);
    let of = |n: i64| DurMs(n * MINUTE_MS);
    assert_eq!(
        [waited.acknowledge, waited.travel, waited.repair],
        [of(11), of(4), of(5)]
    );
    let over = after(again, &[(resolve(), "carla", 20)]).expect("over");
    let reopened = after(over, &[(Act::Reopen { restarted: None }, "anna", 60)]).expect("again");
    assert_eq!(reopened.handed_back, None, "a round of its own");
    assert_eq!(due(&reopened), [(65, 0), (90, 2)]);
}
