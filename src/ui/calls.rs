//! Open calls for help as every page of a tab knows them: one signal a call, so that news about one redraw one.
//!
//! A page brings the calls that it was drawn with; from then on the live stream tells of each change, a call whole. Of two
//! views of one call the one with the higher version is the newer, whatever came first.

mod words;

use crate::api::andon::{AndonBoard, CallView};
use crate::domain::andon::{Priority, Status};
use crate::domain::time::TsMs;
use leptos::prelude::*;
use std::cmp::Reverse;
pub use words::{Seen, brief, last_over, more, next, place, stands, timer, told, who};

/// An open call. It stays the same one while it is open, however often it changes.
#[derive(Clone)]
pub struct Open {
    /// Its number.
    pub id: i64,
    /// What is known of it.
    pub view: ArcRwSignal<CallView>,
}

/// The open calls, and when the board around them was read.
#[derive(Clone, Copy)]
pub struct Calls {
    /// The most urgent first, of the same urgency the oldest first: who takes a call does not move it.
    pub open: RwSignal<Vec<Open>>,
    /// The board without its calls.
    pub board: RwSignal<AndonBoard>,
    /// A call began or ended since the board was read: what it says of the last minutes is old.
    pub is_behind: RwSignal<bool>,
}

/// Its place among the others.
fn urgency(view: &CallView) -> (Reverse<Priority>, TsMs, i64) {
    (Reverse(view.call.priority), view.call.raised.at, view.id)
}

/// Puts a call into its place, once. An older view of a call that is there changes nothing; one that is over goes.
fn put(open: &mut Vec<Open>, view: CallView) {
    let mut signal = None;
    if let Some(at) = open.iter().position(|o| o.id == view.id) {
        if open[at]
            .view
            .with_untracked(|old| old.version > view.version)
        {
            return;
        }
        signal = Some(open.remove(at).view);
    }
    if !view.status.is_open() {
        return;
    }
    let before = |o: &Open| {
        o.view
            .with_untracked(|other| urgency(other) < urgency(&view))
    };
    let at = open.iter().position(|o| !before(o)).unwrap_or(open.len());
    let id = view.id;
    let view = match signal {
        Some(signal) => {
            if signal.with_untracked(|old| old.version < view.version) {
                signal.set(view);
            }
            signal
        }
        None => ArcRwSignal::new(view),
    };
    open.insert(at, Open { id, view });
}

impl Calls {
    /// No calls yet.
    pub fn new() -> Self {
        Self {
            open: RwSignal::new(Vec::new()),
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

    /// All that is open, as of `version`.
    pub fn replace(self, calls: Vec<CallView>, version: i64) {
        self.change(|open| {
            open.retain(|o| {
                o.view.with_untracked(|v| v.version > version) || calls.iter().any(|c| c.id == o.id)
            });
            for view in calls {
                put(open, view);
            }
        });
    }

    /// News of one call.
    pub fn put(self, view: CallView) {
        let over = (!view.status.is_open()).then(|| view.call.made().at);
        let known = self
            .open
            .try_with_untracked(|open| open.iter().any(|o| o.id == view.id));
        if known != Some(over.is_none()) {
            let _ = self.is_behind.try_set(true);
        }
        let over = over.filter(|_| view.status != Status::Closed);
        if over.is_some() && known == Some(true) {
            let _ = self
                .board
                .try_update(|board| board.last_over = board.last_over.max(over));
        }
        self.change(|open| put(open, view));
    }

    /// Tells the list's readers only when calls come, go or move.
    fn change(self, with: impl FnOnce(&mut Vec<Open>)) {
        let ids = |open: &[Open]| open.iter().map(|o| o.id).collect::<Vec<_>>();
        let _ = self.open.try_maybe_update(|open| {
            let before = ids(open);
            with(open);
            (before != ids(open), ())
        });
    }

    /// The open calls of a line.
    pub fn of_line(self, code: &str) -> Vec<Open> {
        let mut open = self.open.get();
        open.retain(|o| o.view.with_untracked(|v| v.line.code == code));
        open
    }
}

impl Default for Calls {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
