//! What the database said a moment ago about those who ask many times a second.

use crate::domain::time::{DurMs, TsMs};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// For so long an answer holds. What is taken away is refused that much later at the latest; on the node that took it away
/// at once.
const REMEMBERED: DurMs = DurMs(1_000);

/// Answers of a moment ago. Only what exists is kept, so nobody can fill it by guessing.
#[derive(Debug)]
pub struct Recent<K, V> {
    known: Mutex<HashMap<K, (TsMs, V)>>,
    forgotten: watch::Sender<()>,
    changed_here: watch::Sender<()>,
}

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self {
            known: Mutex::default(),
            forgotten: watch::Sender::default(),
            changed_here: watch::Sender::default(),
        }
    }
}

impl<K: Eq + Hash, V: Clone> Recent<K, V> {
    fn lock(&self) -> MutexGuard<'_, HashMap<K, (TsMs, V)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was said about `key`, if it still holds.
    pub fn recall(&self, key: &K, now: TsMs) -> Option<V> {
        let known = self.lock();
        let (asked, value) = known.get(key)?;
        holds(*asked, now).then(|| value.clone())
    }

    /// Keeps it in mind.
    pub fn remember(&self, key: K, value: V, now: TsMs) {
        let mut known = self.lock();
        known.retain(|_, (asked, _)| holds(*asked, now));
        known.insert(key, (now, value));
    }

    /// Something was changed by this node: nothing that was said holds any more, whoever watches looks again, and other nodes
    /// are told.
    pub fn forget(&self) {
        self.forget_as_told();
        self.changed_here.send_replace(());
    }

    /// Something was changed by another node.
    pub fn forget_as_told(&self) {
        self.lock().clear();
        self.forgotten.send_replace(());
    }

    /// Tells of each change that this node makes from now on.
    pub fn watch_here(&self) -> watch::Receiver<()> {
        self.changed_here.subscribe()
    }

    /// Tells of each change from now on.
    pub fn watch(&self) -> watch::Receiver<()> {
        self.forgotten.subscribe()
    }
}

/// Also a clock that was set back ends it.
fn holds(asked: TsMs, now: TsMs) -> bool {
    (DurMs::ZERO..REMEMBERED).contains(&(now - asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_asked_again_after_a_second_and_then_forgotten() {
        let (recent, start) = (Recent::default(), TsMs(1_795_428_000_000));
        recent.remember("old", 1, start);
        let at = |ms| start + DurMs(ms);
        assert_eq!(recent.recall(&"old", at(999)), Some(1));
        assert_eq!(recent.recall(&"new", at(999)), None);
        assert_eq!(recent.recall(&"old", at(1_000)), None);
        assert_eq!(recent.recall(&"old", at(-1)), None);
        recent.remember("new", 2, at(1_000));
        assert_eq!(recent.lock().len(), 1);
        let watch = recent.watch();
        assert!(!watch.has_changed().expect("it is there"));
        let mut here = recent.watch_here();
        recent.forget_as_told();
        assert!(
            !here.has_changed().expect("it is there"),
            "nodes would tell each other for ever"
        );
        recent.forget();
        assert!(here.has_changed().expect("it is there"));
        here.mark_unchanged();
        assert!(watch.has_changed().expect("it is there"));
        assert_eq!(recent.recall(&"new", at(1_000)), None);
    }
}
