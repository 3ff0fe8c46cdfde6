//! Open calls for help as every page of a tab knows them: one signal a call, so that news about one redraw one.
//!
//! A page brings the calls that it was drawn with; from then on the live stream tells of each change, a call whole. Of two
//! views of one call the one with the higher version is the newer, whatever came first.

mod own;
mod words;

use crate::api::andon::{AndonBoard, CallView};
use crate::domain::andon::Status;
use crate::domain::time::TsMs;
use leptos::prelude::*;
pub use own::Own;
use std::cmp::Reverse;
pub use words::{
    Seen, brief, called, last_over, length, more, next, place, stands, timer, told, who,
};

/// A call that goes on. It stays the same one in its list, however often it changes.
#[derive(Clone)]
pub struct Open {
    /// Its number.
    pub id: i64,
    /// What is known of it.
    pub view: ArcRwSignal<CallView>,
}

/// The calls that go on, and when the board around them was read.
#[derive(Clone, Copy)]
pub struct Calls {
    /// The most urgent first, of the same urgency the oldest first: who takes a call does not move it.
    pub open: RwSignal<Vec<Open>>,
    /// Those that are resolved and not closed, the last one first.
    pub resolved: RwSignal<Vec<Open>>,
    /// The board without its calls.
    pub board: RwSignal<AndonBoard>,
    /// A call began or ended, or somebody called once more for the same, since the board was read: what it says of the last
    /// minutes is old.
    pub is_behind: RwSignal<bool>,
}

/// A list of calls, and which of them belong into it.
type List = (RwSignal<Vec<Open>>, fn(Status) -> bool);

/// Its place among the others of its list.
fn urgency(view: &CallView) -> (Reverse<i64>, TsMs, i64) {
    let (first, then) = match view.status {
        Status::Resolved => (view.call.made().at.0, TsMs(0)),
        _ => (view.call.priority as i64, view.call.raised.at),
    };
    (Reverse(first), then, view.id)
}

/// Puts a call into its place, once, or takes it away when it does not belong into this list.
fn put(open: &mut Vec<Open>, view: &CallView, belongs: fn(Status) -> bool) {
    let mut signal = None;
    if let Some(at) = open.iter().position(|o| o.id == view.id) {
        signal = Some(open.remove(at).view);
    }
    if !belongs(view.status) {
        return;
    }
    let before = |o: &Open| {
        o.view
            .with_untracked(|other| urgency(other) < urgency(view))
    };
    let at = open.iter().position(|o| !before(o)).unwrap_or(open.len());
    let id = view.id;
    let view = match signal {
        Some(signal) => {
            // Of the same version: others are called next, though nobody did anything with the call.
            if signal.with_untracked(|old| old.version <= view.version) {
                signal.set(view.clone());
            }
            signal
        }
        None => ArcRwSignal::new(view.clone()),
    };
    open.insert(at, Open { id, view });
}

impl Calls {
    /// No calls yet.
    pub fn new() -> Self {
        Self {
            open: RwSignal::new(Vec::new()),
            resolved: RwSignal::new(Vec::new()),
            board: RwSignal::new(AndonBoard {
                now: TsMs(0),
                version: 0,
                site: None,
                calls: Vec::new(),
                raised_lately: 0,
                flood: false,
                last_over: None,
            }),
            is_behind: RwSignal::new(false),
        }
    }

    /// The board as it was read. Of what came by the live stream meanwhile nothing is lost.
    pub fn show(self, mut board: AndonBoard) {
        let calls = std::mem::take(&mut board.calls);
        self.replace(calls, board.version);
        let _ = self.is_behind.try_set(false);
        let _ = self.board.try_set(board);
    }

    /// The lists, and which calls belong into each.
    fn lists(self) -> [List; 2] {
        [
            (self.open, Status::is_open),
            (self.resolved, |status| status == Status::Resolved),
        ]
    }

    /// Whether a newer view of the call is known.
    fn is_old(self, view: &CallView) -> bool {
        let newer =
            |o: &Open| o.id == view.id && o.view.with_untracked(|v| v.version > view.version);
        let known = |list: RwSignal<Vec<Open>>| {
            list.try_with_untracked(|open| open.iter().any(newer)) == Some(true)
        };
        self.lists().into_iter().any(|(list, _)| known(list))
    }

    /// All that goes on, as of `version`.
    pub fn replace(self, mut calls: Vec<CallView>, version: i64) {
        let ids: Vec<i64> = calls.iter().map(|c| c.id).collect();
        calls.retain(|view| !self.is_old(view));
        for (list, belongs) in self.lists() {
            change(list, |open| {
                open.retain(|o| {
                    o.view.with_untracked(|v| v.version > version) || ids.contains(&o.id)
                });
                for view in &calls {
                    put(open, view, belongs);
                }
            });
        }
    }

    /// News of one call.
    pub fn put(self, view: &CallView) {
        if self.is_old(view) {
            return;
        }
        let over = (!view.status.is_open()).then(|| view.call.made().at);
        let raises = self.open.try_with_untracked(|open| {
            let known = open.iter().find(|o| o.id == view.id);
            known.map(|o| o.view.with_untracked(|v| v.raises))
        });
        let raises = raises.flatten();
        let known = raises.is_some();
        // Who joins an open call also calls.
        let has_joined = raises.is_some_and(|raises| raises < view.raises);
        if known == over.is_some() || has_joined {
            let _ = self.is_behind.try_set(true);
        }
        let over = over.filter(|_| view.status != Status::Closed);
        if over.is_some() && known {
            let _ = self
                .board
                .try_update(|board| board.last_over = board.last_over.max(over));
        }
        for (list, belongs) in self.lists() {
            change(list, |open| put(open, view, belongs));
        }
    }
}

/// Tells the list's readers only when calls come, go or move.
fn change(list: RwSignal<Vec<Open>>, with: impl FnOnce(&mut Vec<Open>)) {
    let ids = |open: &[Open]| open.iter().map(|o| o.id).collect::<Vec<_>>();
    let _ = list.try_maybe_update(|open| {
        let before = ids(open);
        with(open);
        (before != ids(open), ())
    });
}

/// Those of a line.
pub fn of_line(list: RwSignal<Vec<Open>>, code: &str) -> Vec<Open> {
    let mut open = list.get();
    open.retain(|o| o.view.with_untracked(|v| v.line.code == code));
    open
}

impl Default for Calls {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
