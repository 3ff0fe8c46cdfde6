//! Random histories of calls, against a second account of them that is kept by hand.

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What somebody tries in a random history.
#[derive(Clone, Debug)]
struct Try {
    act: Act,
    by: &'static str,
    /// Milliseconds since the try before; below 0: the clock was set back.
    later: i64,
    /// An ETA so many milliseconds ahead.
    ahead: Option<i64>,
    /// The machine ran again so many milliseconds after it was resolved.
    ran: Option<i64>,
}

fn tries(earliest: i64) -> impl Strategy<Value = Vec<Try>> {
    let act = prop_oneof![
        3 => Just(ack()),
        2 => Just(Act::HandBack),
        2 => Just(Act::Arrive),
        3 => prop::sample::select(&Cause::ALL[..]).prop_map(|cause| Act::Resolve { cause }),
        1 => Just(Act::Close),
        1 => Just(Act::Cancel),
        2 => Just(Act::Reopen { restarted: None }),
        1 => Just(Act::Escalate),
    ];
    let one = (
        act,
        prop::sample::select(&["anna", "bruno", "carla"][..]),
        earliest..40 * MINUTE_MS,
        prop::option::of(-MINUTE_MS..60 * MINUTE_MS),
        prop::option::of(0..30 * MINUTE_MS),
    );
    let one = one.prop_map(|(act, by, later, ahead, ran)| Try {
        act,
        by,
        later,
        ahead,
        ran,
    });
    prop::collection::vec(one, 0..16)
}

fn ladders() -> impl Strategy<Value = Ladder> {
    let trigger = prop::sample::select(&Trigger::ALL[..]);
    let steps = prop::collection::vec((trigger, 0_i64..90, 1_u8..4), 1..7);
    let own = steps.prop_filter_map("repeats itself", |list| {
        let one = |(trigger, after, level)| {
            step(
                trigger,
                after,
                if trigger == Trigger::Raised { 0 } else { level },
            )
        };
        Ladder::new(list.into_iter().map(one).collect()).ok()
    });
    let kind = prop::sample::select(&CallKind::ALL[..]);
    let priority = prop::sample::select(&Priority::ALL[..]);
    let default = (kind, priority).prop_map(|(kind, priority)| Ladder::by_default(kind, priority));
    prop_oneof![3 => own, 1 => default]
}

/// A second account of a call, kept by hand.
#[derive(Clone, Debug, Default)]
struct Book {
    /// How often it began to wait anew: was reopened or given back.
    plan: i64,
    began: i64,
    back: Option<i64>,
    taken: Option<i64>,
    eta: Option<i64>,
    there: bool,
    over: Option<i64>,
    gone: bool,
    /// The lengths of the rounds before, up to the restart.
    before: i64,
}

impl Book {
    fn note(&mut self, act: Act, at: i64) {
        match act {
            // Whoever took it tells another ETA: they took it when they did.
            Act::Acknowledge { eta } => {
                (self.taken, self.eta) = (self.taken.or(Some(at)), eta.map(|e| e.0));
            }
            Act::HandBack => {
                (self.taken, self.eta, self.back) = (None, None, Some(at));
                self.plan += 1;
            }
            Act::Arrive => (self.taken, self.there) = (self.taken.or(Some(at)), true),
            Act::Resolve { .. } => self.over = Some(at),
            Act::Cancel => (self.over, self.gone) = (Some(at), true),
            Act::Close | Act::Escalate => {}
            Act::Reopen { restarted } => {
                let end = restarted.map_or(at, |r| r.0.clamp(self.began, at));
                *self = Self {
                    plan: self.plan + 1,
                    began: at,
                    before: self.before + end - self.began,
                    ..Self::default()
                };
            }
        }
    }

    /// When a step is due, or `None`.
    fn due(&self, step: &Step) -> Option<i64> {
        let wait = step.after.0;
        match step.trigger {
            _ if self.over.is_some() => None,
            Trigger::Raised | Trigger::NotResolved => Some(self.began + wait),
            Trigger::NotAcknowledged if self.taken.is_none() => {
                Some(self.back.unwrap_or(self.began) + wait)
            }
            Trigger::NotArrived if !self.there => {
                Some(self.taken?.max(self.eta.unwrap_or(0)) + wait)
            }
            Trigger::NotAcknowledged | Trigger::NotArrived => None,
        }
    }
}

/// What a step is known by: the plan, its place in the ladder, and the ETA if it waits for that.
type Key = (i64, usize, Option<i64>);

fn key(book: &Book, ladder: &Ladder, step: usize) -> Key {
    let waits_for_eta = ladder.steps()[step].trigger == Trigger::NotArrived;
    (book.plan, step, book.eta.filter(|_| waits_for_eta))
}

/// The states of a call with its other account, each with the time from which it holds.
fn lived(tries: &[Try]) -> Vec<(i64, Call, Book)> {
    let mut now = 0;
    let mut states = vec![(0, raised(), Book::default())];
    for one in tries {
        now += one.later;
        let (_, call, book) = states.last().cloned().expect("a state");
        let act = match one.act {
            Act::Acknowledge { .. } => Act::Acknowledge {
                eta: one.ahead.map(|ahead| TsMs(now + ahead)),
            },
            Act::Reopen { .. } => Act::Reopen {
                restarted: one.ran.zip(book.over).map(|(ran, over)| TsMs(over + ran)),
            },
            act => act,
        };
        let Ok(next) = call.clone().after(act, one.by, TsMs(now), REOPEN) else {
            continue;
        };
        let mut book = book;
        if next != call {
            book.note(act, next.made().at.0);
        }
        states.push((now, next, book));
    }
    states
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn a_step_is_due_at_most_once_a_plan_and_never_once_it_is_void(
        tries in tries(-30 * MINUTE_MS),
        ladder in ladders(),
    ) {
        let mut known: BTreeMap<Key, TsMs> = BTreeMap::new();
        let mut void: BTreeSet<(i64, usize)> = BTreeSet::new();
        for (_, call, book) in lived(&tries) {
            let due = ladder.due(&call);
            prop_assert!(due.is_sorted());
            for (n, step) in ladder.steps().iter().enumerate() {
                let mine: Vec<TsMs> = due.iter().filter(|d| d.step == n).map(|d| d.at).collect();
                let expected: Vec<TsMs> = book.due(step).map(TsMs).into_iter().collect();
                prop_assert_eq!(&mine, &expected, "{:?} of {:?}", step, call);
                let plan = (book.plan, n);
                for at in mine {
                    prop_assert!(!void.contains(&plan), "due after it was void: {:?}", step);
                    let once = *known.entry(key(&book, &ladder, n)).or_insert(at);
                    prop_assert_eq!(once, at, "due a second time: {:?}", step);
                }
                if ladder.is_void(n, &call) {
                    prop_assert!(expected.is_empty());
                    void.insert(plan);
                } else {
                    prop_assert!(!void.contains(&plan), "void no more: {:?}", step);
                }
            }
        }
    }

    #[test]
    fn the_parts_of_waiting_sum_up_and_none_is_negative(
        tries in tries(-30 * MINUTE_MS),
        on in 0..200 * MINUTE_MS,
        ran in prop::option::of(0..90 * MINUTE_MS),
    ) {
        for (_, call, book) in lived(&tries) {
            let now = call.made().at.0 + on;
            let restarted = ran.map(|ran| book.began + ran);
            let parts = Waiting::of(&call, TsMs(now), restarted.map(TsMs));
            for part in [parts.acknowledge, parts.travel, parts.repair, parts.restart] {
                prop_assert!(part >= DurMs::ZERO, "{:?}", parts);
            }
            let closed = call.closed.as_ref().map(|s| s.at.0);
            let gone = book.over.filter(|_| book.gone);
            let end = restarted.or(gone).or(closed).unwrap_or(now);
            prop_assert_eq!(parts.total().0, book.before + end - book.began, "{:?}", call);
            prop_assert_eq!(parts.until_resolved() + parts.restart, parts.total());
        }
    }

    #[test]
    fn stamps_go_forward_however_the_clock_goes(tries in tries(-90 * MINUTE_MS)) {
        let mut last = TsMs(0);
        for (_, call, _) in lived(&tries) {
            prop_assert!(call.made().at >= last);
            last = call.made().at;
            let line = [Some(&call.raised), call.reopened_last.as_ref(), call.handed_back.as_ref(), call.acknowledged.as_ref(),
                call.arrived.as_ref(), call.resolved.as_ref(), call.closed.as_ref()];
            prop_assert!(line.into_iter().flatten().is_sorted_by_key(|s| s.at));
            let json = serde_json::to_string(&call).expect("json");
            prop_assert_eq!(serde_json::from_str::<Call>(&json).expect("read"), call);
        }
    }
}
