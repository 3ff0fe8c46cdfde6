//! Where commits and open screens meet. The hub holds no figures: it knows what changed and who listens.

use crate::api::live::Ping;
use crate::domain::ids::{MachineId, Seq};
use crate::domain::rights::Permission;
use crate::domain::time::TsMs;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, broadcast};

/// Events that a slow screen may be behind before it is told to start over.
const BACKLOG: usize = 1024;

/// One event, serialised once for all screens.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its name on the stream.
    pub name: &'static str,
    /// The last fact that it holds; `None`: it tells of no facts, and a stream that resumes does not count it.
    pub seq: Option<Seq>,
    /// The line that it tells of: it goes to those only who may see that line; `None`: to everyone.
    pub about: Option<Arc<str>>,
    /// It goes only to those who have the line's page open.
    pub page: bool,
    /// Only for those who hold this on the line as well.
    pub needs: Option<Permission>,
    /// JSON.
    pub data: Arc<str>,
    /// The same for those who may not see all of it; `None`: it is made of `data` where it is needed.
    pub plain: Option<Arc<str>>,
}

/// What changed since the publisher last looked.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// These machines have new facts.
    pub machines: HashSet<MachineId>,
    /// The plant itself changed.
    pub everything: bool,
}

#[derive(Debug)]
struct Shared {
    changes: Mutex<Changes>,
    seq: Mutex<Seq>,
    interest: Mutex<HashMap<String, usize>>,
    seats: Mutex<HashMap<Vec<u8>, usize>>,
    wake: Notify,
    events: broadcast::Sender<Event>,
    without_database: AtomicBool,
}

/// The meeting point. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Hub(Arc<Shared>);

impl Default for Hub {
    fn default() -> Self {
        let (events, _) = broadcast::channel(BACKLOG);
        Self(Arc::new(Shared {
            changes: Mutex::default(),
            seq: Mutex::default(),
            interest: Mutex::default(),
            seats: Mutex::default(),
            wake: Notify::new(),
            events,
            without_database: AtomicBool::new(false),
        }))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub {
    /// Facts of these machines were committed up to `seq`.
    pub fn committed(&self, seq: Seq, machines: &[MachineId]) {
        {
            let mut last = lock(&self.0.seq);
            *last = (*last).max(seq);
        }
        if !machines.is_empty() {
            lock(&self.0.changes).machines.extend(machines);
            self.0.wake.notify_one();
        }
    }

    /// The plant changed: every figure may be another.
    pub fn everything_changed(&self) {
        lock(&self.0.changes).everything = true;
        self.0.wake.notify_one();
    }

    /// The database was lost, or is back; every screen is told at once. Returns whether that is news.
    pub fn database(&self, is_lost: bool, now: TsMs) -> bool {
        if self.0.without_database.swap(is_lost, Ordering::AcqRel) == is_lost {
            return false;
        }
        if let Ok(data) = serde_json::to_string(&self.ping(now)) {
            self.publish(Event {
                name: "ping",
                seq: Some(self.seq()),
                about: None,
                page: false,
                needs: None,
                data: data.into(),
                plain: None,
            });
        }
        true
    }

    /// A sign of life.
    #[must_use]
    pub fn ping(&self, now: TsMs) -> Ping {
        Ping {
            now,
            without_database: self.0.without_database.load(Ordering::Acquire),
        }
    }

    /// The last committed fact that this node knows of.
    #[must_use]
    pub fn seq(&self) -> Seq {
        *lock(&self.0.seq)
    }

    /// Waits until something changed.
    pub async fn changed(&self) {
        self.0.wake.notified().await;
    }

    /// Takes what changed.
    #[must_use]
    pub fn take_changes(&self) -> Changes {
        std::mem::take(&mut *lock(&self.0.changes))
    }

    /// Sends an event to every screen it is for.
    pub fn publish(&self, event: Event) {
        // An error means that nobody listens, which is no error.
        drop(self.0.events.send(event));
    }

    /// Begins to listen.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<Event> {
        self.0.events.subscribe()
    }

    /// How many listen.
    #[must_use]
    pub fn listeners(&self) -> usize {
        self.0.events.receiver_count()
    }

    /// A place for one more stream of the same caller, until the returned value is dropped; `None` when it has `most`.
    #[must_use]
    pub fn seat(&self, of: Vec<u8>, most: usize) -> Option<Seat> {
        let mut seats = lock(&self.0.seats);
        let taken = seats.entry(of.clone()).or_insert(0);
        if *taken >= most {
            return None;
        }
        *taken += 1;
        let hub = self.clone();
        Some(Seat { hub, of })
    }

    /// Says that someone looks at a line's page, until the returned value is dropped.
    #[must_use]
    pub fn look_at(&self, line: &str) -> Interest {
        *lock(&self.0.interest).entry(line.to_owned()).or_insert(0) += 1;
        Interest {
            hub: self.clone(),
            line: line.to_owned(),
        }
    }

    /// The lines that someone looks at.
    #[must_use]
    pub fn looked_at(&self) -> HashSet<String> {
        lock(&self.0.interest).keys().cloned().collect()
    }
}

/// Someone looks at a line's page while this lives.
#[derive(Debug)]
pub struct Interest {
    hub: Hub,
    line: String,
}

impl Drop for Interest {
    fn drop(&mut self) {
        let mut interest = lock(&self.hub.0.interest);
        if let Some(n) = interest.get_mut(&self.line) {
            *n -= 1;
            if *n == 0 {
                interest.remove(&self.line);
            }
        }
    }
}

/// A caller's stream is open while this lives.
#[derive(Debug)]
pub struct Seat {
    hub: Hub,
    of: Vec<u8>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = lock(&self.hub.0.seats);
        if let Some(n) = seats.get_mut(&self.of) {
            *n -= 1;
            if *n == 0 {
                seats.remove(&self.of);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_more_seats_than_one_may_and_others_have_their_own() {
        let hub = Hub::default();
        let seat = |of: &str| hub.seat(of.as_bytes().to_vec(), 2);
        let (a, b) = (seat("a"), seat("a"));
        assert!(a.is_some() && b.is_some() && seat("a").is_none() && seat("b").is_some());
        drop(a);
        assert!(seat("a").is_some());
        drop(b);
        assert!(lock(&hub.0.seats).is_empty());
    }

    #[test]
    fn a_line_is_looked_at_until_the_last_one_leaves() {
        let hub = Hub::default();
        let (a, b) = (hub.look_at("L1"), hub.look_at("L1"));
        drop(a);
        assert!(hub.looked_at().contains("L1"));
        drop(b);
        assert!(hub.looked_at().is_empty());
    }

    #[tokio::test]
    async fn screens_are_told_once_when_the_database_is_lost_and_once_when_it_is_back() {
        let hub = Hub::default();
        let mut screen = hub.listen();
        for is_lost in [false, true, true, false, false] {
            hub.database(is_lost, TsMs(7));
        }
        for expected in [r#"{"now":7,"without_database":true}"#, r#"{"now":7}"#] {
            let event = screen.recv().await.expect("an event");
            assert_eq!((event.name, &*event.data), ("ping", expected));
        }
        assert!(screen.is_empty());
    }

    #[test]
    fn changes_are_taken_once_and_the_sequence_never_falls() {
        let hub = Hub::default();
        hub.committed(Seq(5), &[MachineId(1)]);
        hub.committed(Seq(3), &[MachineId(2)]);
        assert_eq!(hub.seq(), Seq(5));
        assert_eq!(
            hub.take_changes().machines,
            HashSet::from([MachineId(1), MachineId(2)])
        );
        assert_eq!(hub.take_changes(), Changes::default());
    }
}
