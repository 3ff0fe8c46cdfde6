//! What machines show, and the calls that should be there for it.

use super::*;

fn runs() -> Shows {
    Shows {
        stand: None,
        counted_since: TsMs(7),
        good: 0,
        judged: 0,
        behind: None,
    }
}

fn stands(bucket: TimeBucket, fault: Option<&str>) -> Shows {
    Shows {
        stand: Some(Stand {
            since: TsMs(1_000),
            bucket,
            fault: fault.map(str::to_owned),
            origin: fault.map(|_| FaultOrigin::Upstream),
        }),
        ..runs()
    }
}

fn on(evidence: Evidence, kind: CallKind, priority: Priority) -> AutoRule {
    AutoRule {
        on: true,
        evidence,
        kind,
        priority,
    }
}

fn seen(rules: &[AutoRule], shows: &Shows, now: i64) -> Vec<(CallKind, Priority, i64)> {
    let numbered: Vec<(i64, AutoRule)> = (1..).zip(rules.iter().cloned()).collect();
    let all = wanted(&numbered, |_, _| shows.clone(), TsMs(now)).into_iter();
    all.map(|w| (w.kind, w.priority, w.since.0)).collect()
}

#[test]
fn an_unplanned_stop_of_more_than_five_minutes_calls_maintenance() {
    let rules = AutoRule::defaults();
    let at = |bucket, now| seen(&rules, &stands(bucket, None), now);
    let call = [(CallKind::Maintenance, Priority::Medium, 1_000)];
    assert_eq!(at(TimeBucket::Unplanned, 301_000), []);
    assert_eq!(at(TimeBucket::Unplanned, 301_001), call);
    for other in TimeBucket::ALL {
        if other != TimeBucket::Unplanned {
            assert_eq!(at(other, 9_000_000), [], "{other:?}");
        }
    }
    assert_eq!(at(TimeBucket::Unplanned, 0), [], "the clock was set back");
}

#[test]
fn bad_pieces_call_quality_once_there_are_enough_of_them() {
    let rules = AutoRule::defaults();
    let of = |good, judged| {
        seen(
            &rules,
            &Shows {
                good,
                judged,
                ..runs()
            },
            9,
        )
    };
    assert_eq!(of(94, 100), [(CallKind::Quality, Priority::Medium, 7)]);
    assert_eq!(of(95, 100), []);
    assert_eq!(of(0, 49), [], "too few");
    assert_eq!(of(0, 50).len(), 1);
    assert_eq!(of(0, 0), []);
}

#[test]
fn a_planned_stop_raises_nothing_whatever_else_is_wrong() {
    let every = |rules: Vec<AutoRule>| {
        rules
            .into_iter()
            .map(|r| AutoRule { on: true, ..r })
            .collect::<Vec<_>>()
    };
    let bad = |shows: Shows| Shows {
        judged: 500,
        behind: Some(900.0),
        ..shows
    };
    let rules = every(AutoRule::defaults());
    for bucket in [TimeBucket::Planned, TimeBucket::NotScheduled] {
        assert_eq!(
            seen(&rules, &bad(stands(bucket, Some("F1"))), 9_000_000),
            []
        );
    }
    let kinds = seen(
        &rules,
        &bad(stands(TimeBucket::Unplanned, Some("F1"))),
        9_000_000,
    );
    let kinds: Vec<CallKind> = kinds.into_iter().map(|(kind, ..)| kind).collect();
    let mended = [CallKind::Maintenance; 2];
    assert_eq!(kinds[..2], mended, "it stands, and it is behind");
    assert_eq!(kinds[2..], [CallKind::Quality]);
}

#[test]
fn faults_are_known_by_their_code_or_by_where_the_trouble_is() {
    let class = |prefixes: &[&str], origin| Evidence::FaultClass {
        prefixes: prefixes.iter().map(|p| (*p).to_owned()).collect(),
        origin,
    };
    let calls = |evidence, fault| {
        let rule = on(evidence, CallKind::Stop, Priority::High);
        seen(&[rule], &stands(TimeBucket::Unplanned, fault), 1_000).len()
    };
    assert_eq!(calls(class(&["X", "F4"], None), Some("F44")), 1);
    assert_eq!(calls(class(&["F44"], None), Some("F4")), 0);
    assert_eq!(
        calls(class(&[], Some(FaultOrigin::Upstream)), Some("F44")),
        1
    );
    assert_eq!(
        calls(class(&[], Some(FaultOrigin::Internal)), Some("F44")),
        0
    );
    assert_eq!(calls(class(&[""], None), Some("F44")), 0, "nothing given");
    assert_eq!(calls(class(&["F"], None), None), 0, "no fault");
}

#[test]
fn of_two_reasons_for_the_same_call_the_more_urgent_comes_first() {
    let longer = |ms, priority| {
        let evidence = Evidence::StopLonger { than: DurMs(ms) };
        on(evidence, CallKind::Maintenance, priority)
    };
    let rules = [longer(10, Priority::Low), longer(100, Priority::High)];
    let at = |now| seen(&rules, &stands(TimeBucket::Unplanned, None), now);
    assert_eq!(at(1_050)[0].1, Priority::Low);
    let both = [Priority::High, Priority::Low];
    let both = both.map(|priority| (CallKind::Maintenance, priority, 1_000));
    assert_eq!(at(1_101), both);
}

#[test]
fn each_rule_calls_under_a_name_of_its_own_whatever_its_threshold() {
    let behind = |pieces| {
        let evidence = Evidence::CountBehind { pieces };
        on(evidence, CallKind::Maintenance, Priority::Low)
    };
    let longer = Evidence::StopLonger { than: DurMs(1) };
    let shows = Shows {
        behind: Some(900.0),
        ..stands(TimeBucket::Unplanned, None)
    };
    let names = |pieces| {
        let stop = on(longer.clone(), CallKind::Maintenance, Priority::Low);
        let rules = [(7, stop), (4, behind(pieces)), (9, behind(pieces))];
        let all = wanted(&rules, |_, _| shows.clone(), TsMs(9_000)).into_iter();
        all.map(|w| (w.name(), w.name_before())).collect::<Vec<_>>()
    };
    let name = |own: &str| (own.to_owned(), "rule: maintenance".to_owned());
    // What was counted began at 7, the stop at 1,000.
    let expected = [
        name("rule: behind the target (no. 4)"),
        name("rule: behind the target (no. 9)"),
        name("rule: stop that lasts (no. 7)"),
    ];
    assert_eq!(names(20), expected);
    assert_eq!(names(300), expected, "changed, and still the same rule");
}

#[test]
fn pieces_behind_call_only_where_there_is_a_target() {
    let rules = [on(
        Evidence::CountBehind { pieces: 100 },
        CallKind::Material,
        Priority::Low,
    )];
    let of = |behind| seen(&rules, &Shows { behind, ..runs() }, 9).len();
    assert_eq!((of(Some(99.9)), of(Some(100.0)), of(None)), (0, 1, 0));
}

#[test]
fn a_rule_holds_everywhere_or_only_where_it_says() {
    let (line, machine) = (LineId(1), MachineId(7));
    let at = |line: Option<i64>, machine: Option<i64>| AutoPlace {
        line: line.map(LineId),
        machine: machine.map(MachineId),
    };
    assert!(at(None, None).covers(line, machine));
    assert!(at(Some(1), None).covers(line, machine) && !at(Some(2), None).covers(line, machine));
    assert!(at(None, Some(7)).covers(line, machine) && !at(None, Some(8)).covers(line, machine));
}
