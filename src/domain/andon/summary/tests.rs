use super::*;
use crate::domain::andon::{Priority, Stamp};
use crate::domain::ids::MachineId;
use crate::domain::time::MINUTE_MS;

fn ms(minutes: i64) -> TsMs {
    TsMs(minutes * MINUTE_MS)
}

fn stamp(minutes: Option<i64>) -> Option<Stamp> {
    minutes.map(|at| Stamp {
        at: ms(at),
        by: "b".to_owned(),
    })
}

/// A call on a machine of line 1: raised, acknowledged, arrived, resolved.
fn case(machine: i64, raised: i64, then: [Option<i64>; 3]) -> Case {
    let by = "a".to_owned();
    let made = Stamp { at: ms(raised), by };
    let call = Call::raise(CallKind::Material, Priority::Low, false, made);
    Case {
        spot: Spot {
            line: LineId(1),
            machine: Some(MachineId(machine)),
        },
        shift: None,
        hour: 7,
        escalated: false,
        stop: None,
        restarted: None,
        rounds: vec![],
        call: Call {
            acknowledged: stamp(then[0]),
            first_acknowledged: then[0].map(ms),
            arrived: stamp(then[1]),
            first_arrived: then[1].map(ms),
            resolved: stamp(then[2]),
            ..call
        },
    }
}

fn known(n: i64, mean: i64, median: i64, p90: i64) -> Spread {
    let of = |minutes: i64| DurMs(minutes * MINUTE_MS);
    Spread::Known {
        n,
        mean: of(mean),
        median: of(median),
        p90: of(p90),
    }
}

fn day() -> Span {
    Span::clamped(ms(0), ms(1440))
}

#[test]
fn quantiles_are_those_of_the_usual_definition() {
    let of = |list: &[i64]| Spread::of(list.iter().map(|n| DurMs(*n)).collect(), list.len());
    // Python: quantiles(list, n=10, method="inclusive") of its statistics gives 25, 37; 30, 92.
    let row = |mean, median, p90, n| Spread::Known {
        n,
        mean: DurMs(mean),
        median: DurMs(median),
        p90: DurMs(p90),
    };
    assert_eq!(of(&[40, 10, 30, 20]), row(25, 25, 37, 4));
    assert_eq!(of(&[100, 10, 20, 30, 80]), row(48, 30, 92, 5));
    assert_eq!(of(&[4]), row(4, 4, 4, 1));
}

#[test]
fn times_are_of_the_calls_that_got_there_and_say_so_when_none_did() {
    let cases = [
        case(1, 10, [Some(12), Some(20), Some(50)]),
        case(2, 100, [Some(106), None, Some(120)]),
        case(3, 300, [None, None, None]),
    ];
    let all = Breakdown::of(day(), &cases).all;
    assert_eq!((all.calls, all.open), (3, 1));
    assert_eq!(all.acknowledge.mean(), Some(DurMs(4 * MINUTE_MS)));
    assert_eq!(all.arrive, known(1, 10, 10, 10));
    assert_eq!(all.resolve, known(2, 30, 30, 38));
    let none = Breakdown::of(day(), &cases[2..]).all;
    assert_eq!(none.resolve, Spread::Unknown(NoTimes::NoneGotThere));
    let empty = Breakdown::of(day(), &[]).all;
    assert_eq!(empty.acknowledge, Spread::Unknown(NoTimes::NoCalls));
    assert_eq!(empty.escalated.value(), None);
}

#[test]
fn a_reopened_call_took_all_its_rounds_but_not_the_time_in_which_the_machine_ran() {
    let mut one = case(1, 0, [Some(205), Some(210), Some(220)]);
    (one.call.first_acknowledged, one.call.first_arrived) = (Some(ms(40)), Some(ms(45)));
    one.call.reopened = 1;
    one.call.reopened_last = stamp(Some(200));
    one.call.before.repair = DurMs(30 * MINUTE_MS);
    let all = Breakdown::of(day(), &[one]).all;
    assert_eq!(all.acknowledge, known(1, 40, 40, 40), "the first time");
    assert_eq!(all.arrive, known(1, 45, 45, 45), "the first time");
    assert_eq!(all.resolve, known(1, 50, 50, 50));
    assert_eq!(all.reopened, Share { part: 1, whole: 1 });
}

#[test]
fn a_repeat_comes_within_eight_hours_at_the_same_place_for_the_same() {
    let resolved = |machine, raised, at| case(machine, raised, [Some(raised), None, Some(at)]);
    let repeats = |second: Case| {
        let cases = [second, resolved(1, -60, -30)];
        Breakdown::of(day(), &cases).all.repeats
    };
    assert_eq!(repeats(resolved(1, 450, 460)), Share { part: 1, whole: 1 });
    assert_eq!(repeats(resolved(1, 451, 460)).part, 0, "too late");
    assert_eq!(repeats(resolved(2, 10, 20)).part, 0, "another machine");
    let mut quality = resolved(1, 10, 20);
    quality.call.kind = CallKind::Quality;
    assert_eq!(repeats(quality).part, 0, "for something else");
}

#[test]
fn groups_add_up_to_the_whole() {
    let mut cases: Vec<Case> = (0..12).map(|n| case(n % 3, n * 7, [None; 3])).collect();
    for (n, case) in (0_u8..).zip(&mut cases) {
        case.hour = n % 5;
        case.spot.line = LineId(i64::from(n % 2));
        case.shift = (n % 3 > 0).then(|| format!("S{}", n % 3));
        case.escalated = n % 4 == 0;
        case.call.kind = CallKind::ALL[usize::from(n) % 5];
        if n == 3 {
            case.call.cancelled = stamp(Some(99));
        }
    }
    let cut = Breakdown::of(day(), &cases);
    assert_eq!(cut.all.escalated, Share { part: 3, whole: 12 });
    assert_eq!(cut.all.cancelled, Share { part: 1, whole: 12 });
    fn sums<K>(groups: &[Group<K>]) -> (usize, i64, i64) {
        let sum = |of: fn(&Summary) -> i64| groups.iter().map(|g| of(&g.summary)).sum();
        (groups.len(), sum(|s| s.calls), sum(|s| s.escalated.part))
    }
    assert_eq!(sums(&cut.by_kind), (5, 12, 3));
    assert_eq!(sums(&cut.by_line), (2, 12, 3));
    assert_eq!(sums(&cut.by_shift), (3, 12, 3));
    assert_eq!(sums(&cut.by_hour), (5, 12, 3));
    assert_eq!(cut.by_shift[0].of, None, "outside every shift comes first");
}
