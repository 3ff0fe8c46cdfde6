//! Which calls are open and in which order, whatever comes in whatever order; and what each of them says.

use super::*;
use crate::api::andon::{Named, NextStep, Outcome, Told};
use crate::domain::andon::{Act, Call, CallKind, Cause, Channel, Priority, ReopenWithin, Stamp};
use crate::domain::local_time::LocalTime;
use crate::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use proptest::prelude::*;

fn view(id: i64, version: i64, priority: Priority, acts: &[Act]) -> CallView {
    let raised = Stamp {
        at: TsMs(id * 1_000),
        by: "Oskar".to_owned(),
    };
    let mut call = Call::raise(CallKind::Material, priority, false, raised);
    for (n, act) in acts.iter().enumerate() {
        let now = TsMs(id * 1_000 + (n as i64 + 1) * MINUTE_MS);
        call = call
            .after(*act, "Mia", now, ReopenWithin::default())
            .expect("allowed");
    }
    let call_until = call.reopen_until(ReopenWithin::default());
    CallView {
        id,
        version,
        line: Named {
            code: "L1".to_owned(),
            name: "Bagger".to_owned(),
        },
        machine: None,
        status: call.status(),
        call,
        text: String::new(),
        note: String::new(),
        raised_person: None,
        raised_device: None,
        taken_person: None,
        raises: 1,
        stop: None,
        restarted: None,
        reopen_until: call_until,
        level: 0,
        told: vec![],
        next: None,
    }
}

fn taken(eta: Option<i64>) -> Act {
    Act::Acknowledge { eta: eta.map(TsMs) }
}

const RESOLVED: [Act; 2] = [
    Act::Arrive,
    Act::Resolve {
        cause: Cause::Internal,
    },
];

fn shown(calls: Calls) -> Vec<(i64, i64)> {
    listed(calls.open)
}

fn listed(list: RwSignal<Vec<Open>>) -> Vec<(i64, i64)> {
    let open = list.get_untracked();
    let one = |o: &Open| (o.id, o.view.with_untracked(|v| v.version));
    open.iter().map(one).collect()
}

#[test]
fn the_most_urgent_stands_first_then_the_oldest_and_who_takes_one_does_not_move_it() {
    let owner = Owner::new();
    owner.set();
    let calls = Calls::new();
    for (id, priority) in [
        (1, Priority::Low),
        (2, Priority::Critical),
        (3, Priority::Low),
        (4, Priority::High),
    ] {
        calls.put(&view(id, id, priority, &[]));
    }
    assert_eq!(shown(calls), [(2, 2), (4, 4), (1, 1), (3, 3)]);
    calls.put(&view(4, 5, Priority::High, &[Act::Arrive]));
    assert_eq!(shown(calls), [(2, 2), (4, 5), (1, 1), (3, 3)]);
    calls.put(&view(3, 6, Priority::Critical, &[]));
    assert_eq!(
        shown(calls),
        [(2, 2), (3, 6), (4, 5), (1, 1)],
        "joined by a more urgent one"
    );
}

#[test]
fn an_older_word_about_a_call_changes_nothing_and_what_is_over_goes() {
    let owner = Owner::new();
    owner.set();
    let calls = Calls::new();
    calls.put(&view(1, 7, Priority::Low, &[Act::Arrive]));
    calls.put(&view(1, 6, Priority::Low, &[]));
    assert_eq!(shown(calls), [(1, 7)]);
    let mut same = view(1, 7, Priority::Low, &[Act::Arrive]);
    same.level = 2;
    calls.put(&same);
    assert_eq!(calls.open.get_untracked()[0].view.get_untracked().level, 2);
    assert_eq!(calls.board.get_untracked().last_over, None);
    calls.put(&view(1, 8, Priority::Low, &RESOLVED));
    assert_eq!(shown(calls), []);
    let over = calls.board.get_untracked().last_over;
    assert_eq!(over, Some(TsMs(1_000 + 2 * MINUTE_MS)));
}

#[test]
fn what_is_resolved_waits_to_be_closed_and_comes_back_when_it_is_reopened() {
    let owner = Owner::new();
    owner.set();
    let calls = Calls::new();
    calls.put(&view(1, 1, Priority::High, &RESOLVED));
    calls.put(&view(2, 2, Priority::Low, &RESOLVED));
    calls.put(&view(3, 3, Priority::Low, &[]));
    assert_eq!(
        listed(calls.resolved),
        [(2, 2), (1, 1)],
        "the last one first"
    );
    assert_eq!(shown(calls), [(3, 3)]);
    // What was true before it was resolved comes late.
    calls.put(&view(1, 0, Priority::High, &[Act::Arrive]));
    let mut board = calls.board.get_untracked();
    board.calls = vec![view(1, 0, Priority::High, &[Act::Arrive])];
    calls.show(board);
    assert_eq!(listed(calls.resolved), [(2, 2), (1, 1)]);
    assert_eq!(shown(calls), [(3, 3)]);
    let reopen = Act::Reopen { restarted: None };
    calls.put(&view(
        1,
        4,
        Priority::High,
        &[RESOLVED[0], RESOLVED[1], reopen],
    ));
    calls.put(&view(
        2,
        5,
        Priority::Low,
        &[RESOLVED[0], RESOLVED[1], Act::Close],
    ));
    assert_eq!(listed(calls.resolved), []);
    assert_eq!(shown(calls), [(1, 4), (3, 3)]);
}

#[test]
fn the_board_is_read_again_after_each_raise_also_of_a_call_that_is_open() {
    let owner = Owner::new();
    owner.set();
    let calls = Calls::new();
    let mut call = view(1, 1, Priority::Low, &[]);
    let is_behind = |call: &CallView| {
        calls.is_behind.set(false);
        calls.put(call);
        calls.is_behind.get_untracked()
    };
    assert!(is_behind(&call), "it begins");
    call.version = 2;
    assert!(!is_behind(&call), "somebody was told");
    (call.version, call.raises) = (3, 2);
    assert!(is_behind(&call), "somebody joins");
    assert!(is_behind(&view(1, 4, Priority::Low, &RESOLVED)), "it ends");
    assert!(!is_behind(&view(1, 5, Priority::Low, &RESOLVED)));
}

#[test]
fn a_board_that_was_read_before_the_last_news_takes_nothing_away() {
    let owner = Owner::new();
    owner.set();
    let calls = Calls::new();
    calls.put(&view(1, 3, Priority::Low, &[]));
    calls.put(&view(2, 9, Priority::Low, &[]));
    calls.put(&view(3, 2, Priority::Low, &[]));
    let mut board = calls.board.get_untracked();
    board.version = 5;
    board.calls = vec![
        view(1, 3, Priority::Low, &[]),
        view(4, 5, Priority::High, &[]),
    ];
    calls.show(board);
    assert_eq!(
        shown(calls),
        [(4, 5), (1, 3), (2, 9)],
        "3 was over before version 5"
    );
    calls.replace(vec![], i64::MAX);
    assert_eq!(shown(calls), []);
}

proptest! {
    // Each call has one life; its views arrive shuffled and some twice.
    #[test]
    fn any_order_of_news_ends_with_the_newest_of_each(
        order in Just((0..12_usize).collect::<Vec<_>>()).prop_shuffle(),
        again in 0..12_usize,
    ) {
        let owner = Owner::new();
        owner.set();
        let calls = Calls::new();
        // Calls 1 to 4, each raised, taken, arrived; none over, so that nothing comes back.
        let lives: Vec<CallView> = (1..=4)
            .flat_map(|id| {
                [vec![], vec![taken(None)], vec![taken(None), Act::Arrive]]
                    .into_iter()
                    .enumerate()
                    .map(move |(n, acts)| view(id, 10 * n as i64 + id, Priority::Medium, &acts))
            })
            .collect();
        for n in order.iter().chain([&again]) {
            calls.put(&lives[*n]);
        }
        prop_assert_eq!(shown(calls), [(1, 21), (2, 22), (3, 23), (4, 24)]);
    }
}

fn seen(call: &CallView, after: i64) -> Seen<'_> {
    // Half past two in the night of 1970 is as good as any other time.
    static CLOCK: LocalTime = LocalTime { steps: Vec::new() };
    Seen {
        call,
        now: TsMs(call.call.raised.at.0 + after),
        clock: &CLOCK,
    }
}

#[test]
fn the_timer_is_short_however_long_it_waits() {
    let call = view(1, 1, Priority::Low, &[]);
    for (after, text) in [
        (-5, "0:00"),
        (754_000, "12:34"),
        (HOUR_MS + 2 * MINUTE_MS, "1:02 h"),
        (DAY_MS - 1, "23:59 h"),
        (2 * DAY_MS + 3 * HOUR_MS, "2 d 3 h"),
    ] {
        assert_eq!(timer(seen(&call, after)), text);
    }
}

#[test]
fn who_comes_is_told_with_the_time_that_is_left() {
    let says = |acts: &[Act], after| who(seen(&view(1, 1, Priority::Low, acts), after));
    assert_eq!(says(&[], 0), "Nobody comes yet");
    let eta = taken(Some(1_000 + 5 * MINUTE_MS));
    assert_eq!(says(&[eta], MINUTE_MS), "Comes in 4:00: Mia");
    assert_eq!(says(&[eta], 6 * MINUTE_MS), "1:00 late: Mia");
    assert_eq!(says(&[taken(None)], MINUTE_MS), "Mia is coming");
    assert_eq!(says(&[eta, Act::Arrive], MINUTE_MS), "Mia is there");
    let back = Act::Reopen { restarted: None };
    let acts = [RESOLVED[0], RESOLVED[1], back];
    assert_eq!(says(&acts, MINUTE_MS), "Reopened by Mia: nobody comes yet");
    assert_eq!(says(&RESOLVED, MINUTE_MS), "Resolved by Mia");
    assert_eq!(brief(&view(1, 1, Priority::Low, &[eta])), "Mia is coming");
}

#[test]
fn what_comes_next_says_when_how_far_and_whom() {
    let mut call = view(1, 1, Priority::Low, &[]);
    assert_eq!(next(seen(&call, 0)), "Nobody else will be called");
    let resolved = view(1, 1, Priority::Low, &RESOLVED);
    assert_eq!(
        next(seen(&resolved, 10 * MINUTE_MS)),
        "Can be reopened until 08:02"
    );
    assert_eq!(
        next(seen(&resolved, 9 * HOUR_MS)),
        "Too late to be reopened"
    );
    assert_eq!(timer(seen(&resolved, 10 * MINUTE_MS)), "8:00");
    call.next = Some(NextStep {
        at: TsMs(1_000 + 15 * MINUTE_MS),
        level: 1,
        who: vec!["Shift Manager".to_owned(), "Ann".to_owned()],
    });
    assert_eq!(
        next(seen(&call, 11 * MINUTE_MS + 48_000)),
        "Next in 3:12, level 1: Shift Manager, Ann"
    );
    assert_eq!(
        next(seen(&call, 15 * MINUTE_MS)),
        "Next now, level 1: Shift Manager, Ann"
    );
}

#[test]
fn who_was_told_and_who_could_not_be() {
    let mut call = view(1, 1, Priority::Low, &[]);
    assert_eq!(told(seen(&call, 0)), "Nobody was told yet");
    let one = |who: &str, via, outcome| Told {
        at: TsMs(0),
        level: 0,
        who: who.to_owned(),
        person: None,
        via,
        outcome,
        why: String::new(),
    };
    call.told = vec![
        one("Ann", Channel::Email, Outcome::Failed),
        one("Ben", Channel::Screen, Outcome::Shown),
        one("Ben", Channel::Email, Outcome::Failed),
        one("Cem", Channel::Screen, Outcome::Shown),
        one("Cem", Channel::Sms, Outcome::Failed),
        one("Cem", Channel::Email, Outcome::Sent),
        one("Dora", Channel::Push, Outcome::Waiting),
        one("Eve", Channel::Screen, Outcome::Shown),
        one("Eve", Channel::Screen, Outcome::Shown),
    ];
    assert_eq!(
        told(seen(&call, 0)),
        "Told: Cem (E-mail 00:00, to the mail server), Dora (Push 00:00, on its way). On their screens: Ben, Eve. Not reached: Ann",
        "a screen tells nobody who does not look at it"
    );
    let many = (0..10).map(|n| one(&format!("Person {n}"), Channel::Push, Outcome::Sent));
    call.told = many.collect();
    assert!(told(seen(&call, 0)).ends_with("Person 7 (Push 00:00) and 2 others"));
}

#[test]
fn where_it_is_and_what_was_said() {
    let mut call = view(1, 1, Priority::Low, &[]);
    assert_eq!(place(seen(&call, 0)), "Bagger");
    assert_eq!(more(seen(&call, 0)), "Called by Oskar at 00:00");
    assert_eq!(stands(seen(&call, 0)), "");
    call.machine = Some(Named {
        code: "M1".to_owned(),
        name: "Head".to_owned(),
    });
    (call.raises, call.text) = (3, "film is gone".to_owned());
    call.call.line_stopped = true;
    assert_eq!(place(seen(&call, 0)), "Bagger · Head");
    assert_eq!(
        more(seen(&call, 0)),
        "Called by Oskar at 00:00, 3 times: film is gone"
    );
    assert_eq!(stands(seen(&call, 0)), "Line stopped");
    call.restarted = Some(TsMs(5));
    assert_eq!(stands(seen(&call, 0)), "Runs again");
    let clock = LocalTime::default();
    assert_eq!(
        last_over(TsMs(0), TsMs(7_200_000), &clock),
        "The last one was over at 00:00, 2 h 00 min ago"
    );
}

#[test]
fn somebody_is_called_until_one_takes_the_call_and_again_only_when_the_ladder_says_so() {
    let owner = Owner::new();
    owner.set();
    let (calls, reader) = (Calls::new(), 7);
    let by_screen = |person: i64, at: i64| Told {
        at: TsMs(at),
        level: 0,
        who: "Ann".to_owned(),
        person: Some(person),
        via: Channel::Screen,
        outcome: Outcome::Shown,
        why: String::new(),
    };
    let with = |mut call: CallView, told: Vec<Told>| {
        call.told = told;
        call
    };
    let mut first = view(1, 1, Priority::Low, &[]);
    first.machine = Some(Named {
        code: "M1".to_owned(),
        name: "Head".to_owned(),
    });
    calls.put(&with(first, vec![by_screen(8, 1_000)]));
    assert_eq!(calls.own(reader), None, "that is somebody else");
    assert_eq!(calls.waiting(), 1);
    let own = calls.own(8).expect("a call");
    assert_eq!(own.words, "You are called: Material, Head, Bagger");
    assert_eq!(own.since, TsMs(1_000));

    let second = view(2, 2, Priority::High, &[]);
    calls.put(&with(
        second,
        vec![by_screen(reader, 2_000), by_screen(8, 2_000)],
    ));
    let words = |reader| calls.own(reader).map(|own| own.words);
    let once = "You are called: Material, Bagger".to_owned();
    assert_eq!(words(reader), Some(once.clone()));
    assert_eq!(words(8), Some(format!("{once}, and to one more call")));

    let told = || vec![by_screen(reader, 2_000)];
    calls.put(&with(view(2, 3, Priority::High, &[taken(None)]), told()));
    assert_eq!(words(reader), None, "somebody comes");
    let reopen = Act::Reopen { restarted: None };
    let back = [RESOLVED[0], RESOLVED[1], reopen];
    calls.put(&with(view(2, 4, Priority::High, &back), told()));
    assert_eq!(words(reader), None, "nobody called them again");
    let again = vec![by_screen(reader, 2_000 + 3 * MINUTE_MS)];
    calls.put(&with(view(2, 5, Priority::High, &back), again));
    assert_eq!(words(reader), Some(once));
}
