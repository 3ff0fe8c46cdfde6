//! What must have come of every step of every call, counted against what is stored and what arrived.

use super::caller::Answered;
use super::{LONG_ENOUGH, Lives, STEPS};
use crate::harness::until;
use crate::receiver::Receiver;
use ms5_floor::domain::andon::Trigger::{NotAcknowledged, NotArrived, NotResolved, Raised};
use ms5_floor::domain::time::{DurMs, Span};
use ms5_floor::server::db::andon::calls::{self, StoredCall, Wanted};
use ms5_floor::server::db::andon::timers::{self, DONE, PENDING};
use ms5_floor::server::db::andon::{events, told};
use ms5_floor::server::db::{Db, deliveries};
use std::collections::{BTreeMap, BTreeSet};

/// Waits until nothing is left to do.
pub(super) async fn all_done(db: &Db) {
    until("every step and every message", LONG_ENOUGH, async || {
        let mut tx = db.snapshot().await.expect("a snapshot");
        let pending = timers::pending_in(&mut tx).await.expect("a read");
        drop(tx);
        let rows = deliveries::by_channel(db).await.expect("a read");
        let waiting: i64 = rows.iter().map(|row| row.waiting).sum();
        (pending.is_empty() && waiting == 0).then_some(())
    })
    .await;
}

async fn every_call(db: &Db) -> Vec<StoredCall> {
    let wanted = Wanted {
        raised: Span::EVER,
        lines: None,
        machine: None,
        kind: None,
        priority: None,
        status: None,
        escalated: None,
        after: None,
    };
    let mut tx = db.snapshot().await.expect("a snapshot");
    calls::find_in(&mut tx, &wanted, 100_000)
        .await
        .expect("a read")
}

/// What came of all steps.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    calls: usize,
    pub(super) done: usize,
    pub(super) late: usize,
    pub(super) void: usize,
}

/// Every step of every call was done once and in time, or what it waited for had happened; with everything that belongs to it.
pub(super) async fn check(
    db: &Db,
    answered: &Answered,
    lives: &Lives,
    receiver: &Receiver,
) -> Counted {
    let stored = every_call(db).await;
    let ids: BTreeSet<i64> = stored.iter().map(|call| call.id.0).collect();
    assert!(
        answered.raised.is_subset(&ids),
        "what was answered is there"
    );
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for got in receiver.all() {
        *taken.entry(got.delivery().to_owned()).or_default() += 1;
    }
    let mut counted = Counted {
        calls: stored.len(),
        ..Counted::default()
    };
    for call in &stored {
        let id = call.id;
        assert!(!answered.taken.contains(&id.0) || call.call.acknowledged.is_some());
        assert!(!answered.resolved.contains(&id.0) || call.call.resolved.is_some());
        let mut tx = db.snapshot().await.expect("a snapshot");
        let timers = timers::of_call_in(&mut tx, id).await.expect("timers");
        let history = events::of_calls_in(&mut tx, &[id])
            .await
            .expect("a history");
        let told = told::of_calls_in(&mut tx, &[id]).await.expect("told");
        drop(tx);
        let messages = deliveries::of_call(db, id.0).await.expect("messages");
        assert!(
            timers.iter().all(|t| t.plan == 0 && t.state != PENDING),
            "{timers:?}"
        );
        let at = |stamp: &Option<ms5_floor::domain::andon::Stamp>| stamp.as_ref().map(|s| s.at);
        let (taken_at, over) = (at(&call.call.acknowledged), at(&call.call.resolved));
        for (n, (trigger, after, level)) in (0_i64..).zip(STEPS) {
            let (from, met) = match trigger {
                Raised | NotResolved => (Some(call.call.raised.at), over),
                NotAcknowledged => (Some(call.call.raised.at), taken_at),
                NotArrived => (taken_at, over),
            };
            let what = format!(
                "call {}, step {n}: {timers:?}; lives {:?}",
                id.0, lives.spans
            );
            let timer = timers.iter().find(|t| t.step == n);
            let done = timer.filter(|t| t.state == DONE);
            let times = usize::from(done.is_some());
            let lines: Vec<&str> = history
                .iter()
                .filter(|e| e.what == "step" && e.detail.starts_with(&format!("level {level}:")))
                .map(|e| e.detail.as_str())
                .collect();
            assert_eq!(lines.len(), times, "told in its history once; {what}");
            assert_eq!(
                told.iter().filter(|t| t.step == n).count(),
                2 * times,
                "{what}"
            );
            let own: Vec<_> = messages.iter().filter(|m| m.step == Some(n)).collect();
            assert_eq!(own.len(), times, "one message; {what}");
            for message in own {
                let got = taken.get(&message.uid).copied().unwrap_or_default();
                let attempts = usize::try_from(message.attempts).expect("few");
                let is_void = message.state == "void" && over.is_some();
                assert!(
                    message.state == "sent" && got >= 1 || is_void,
                    "{message:?}"
                );
                assert!(got <= attempts, "{message:?}: it came {got} times");
            }
            let Some(due) = from.map(|from| from + DurMs(after)) else {
                assert!(
                    timer.is_none(),
                    "it waits for somebody who never came; {what}"
                );
                continue;
            };
            let by = lives.done_by(due);
            let Some(done) = done else {
                let had_time = by.is_some_and(|by| met.is_none_or(|met| by <= met));
                assert!(
                    met.is_some() && !had_time,
                    "due at {due:?}, met at {met:?}: lost; {what}"
                );
                counted.void += 1;
                continue;
            };
            let (fired, late) = (
                done.fired_ms.expect("when"),
                done.late_ms.expect("how late"),
            );
            assert_eq!((done.due_ms, late), (due.0, fired - due.0), "{what}");
            assert!(late >= 0 && met.is_none_or(|met| fired <= met.0), "{what}");
            assert!(
                by.is_none_or(|by| fired <= by.0),
                "due at {due:?}, {late} ms late; {what}"
            );
            if late >= 1_000 {
                let words = format!("; {:.1} s late", late as f64 / 1_000.0);
                assert!(lines[0].ends_with(&words), "{words}: {lines:?}");
            }
            counted.done += 1;
            counted.late += usize::from(late >= 1_000);
        }
    }
    counted
}
