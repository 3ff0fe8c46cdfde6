//! Whose turn it is to have a password, PIN or code checked, which takes a core and memory for a while. One client waits
//! behind itself only, tries at one account pass one at a time, and nobody waits behind more than can be checked in seconds.

use super::household::household;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::OwnedMutexGuard;

/// So many tries wait or are checked at any time.
const MOST: usize = 128;
/// So many of them come from one client.
const MOST_OF_ONE: usize = 16;
/// When to come back after [`Busy`], in seconds: by then those who waited have been checked.
pub const RETRY_AFTER_S: u32 = 2;

/// Too many wait already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

/// What tries are told apart by. Turns are taken in this order, so that no two tries wait for each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum By {
    Everybody,
    Client(String),
    Subject(Vec<u8>),
}

#[derive(Debug, Default)]
struct Queue {
    places: usize,
    first: Arc<tokio::sync::Mutex<()>>,
}

/// The queues that are not empty.
#[derive(Clone, Debug, Default)]
pub struct Turns(Arc<Mutex<HashMap<By, Queue>>>);

/// A place in a queue, free again when it is dropped.
#[derive(Debug)]
struct Place {
    turns: Turns,
    by: By,
    first: Option<OwnedMutexGuard<()>>,
}

/// Leave to check something, until it is dropped.
#[derive(Debug)]
pub struct Turn {
    turns: Turns,
    /// Given back in this order: who was taken last is free first.
    places: Vec<Place>,
}

impl Turns {
    /// Waits until all earlier tries of this client are through, from whichever of its addresses.
    ///
    /// # Errors
    /// [`Busy`] at once when there is no place to wait.
    pub async fn of_client(&self, client: &str) -> Result<Turn, Busy> {
        let everybody = self.join(By::Everybody, MOST).ok_or(Busy)?;
        let address = client.parse::<IpAddr>().ok();
        let client = address.map_or_else(|| client.to_owned(), |a| household(a).to_string());
        let own = self.join(By::Client(client), MOST_OF_ONE);
        let mut own = own.ok_or(Busy)?;
        own.wait().await;
        Ok(Turn {
            turns: self.clone(),
            places: vec![own, everybody],
        })
    }

    fn queues(&self) -> MutexGuard<'_, HashMap<By, Queue>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn join(&self, by: By, most: usize) -> Option<Place> {
        let mut queues = self.queues();
        let queue = queues.entry(by.clone()).or_default();
        if queue.places >= most {
            return None;
        }
        queue.places += 1;
        Some(Place {
            turns: self.clone(),
            by,
            first: None,
        })
    }
}

impl Turn {
    /// Waits until all earlier tries at this subject are through. Of several subjects the device comes before the account.
    pub async fn at(&mut self, subject: &[u8]) {
        let joined = self.turns.join(By::Subject(subject.to_owned()), usize::MAX);
        if let Some(mut place) = joined {
            place.wait().await;
            self.places.insert(0, place);
        }
    }
}

impl Place {
    async fn wait(&mut self) {
        let first = self.turns.queues().get(&self.by).map(|q| q.first.clone());
        if let Some(first) = first {
            self.first = Some(first.lock_owned().await);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.first = None;
        let mut queues = self.turns.queues();
        let Some(queue) = queues.get_mut(&self.by) else {
            return;
        };
        queue.places -= 1;
        if queue.places == 0 {
            queues.remove(&self.by);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use futures::future::BoxFuture;

    fn knock(turns: &Turns, client: &str) -> BoxFuture<'static, Result<Turn, Busy>> {
        let (turns, client) = (turns.clone(), client.to_owned());
        async move { turns.of_client(&client).await }.boxed()
    }

    /// What there is of it now.
    fn now<T>(future: &mut BoxFuture<'static, T>) -> Option<T> {
        future.now_or_never()
    }

    #[test]
    fn a_client_waits_behind_itself_only() {
        let turns = Turns::default();
        let first = now(&mut knock(&turns, "a")).expect("at once");
        let mut second = knock(&turns, "a");
        assert!(now(&mut second).is_none(), "one at a time");
        assert!(now(&mut knock(&turns, "b")).expect("at once").is_ok());
        drop(first);
        assert!(now(&mut second).expect("its turn").is_ok());
    }

    #[test]
    fn a_network_of_one_client_waits_behind_itself() {
        let turns = Turns::default();
        let first = now(&mut knock(&turns, "2001:db8:1:2::1")).expect("at once");
        let mut second = knock(&turns, "2001:db8:1:2:ffff::9");
        assert!(now(&mut second).is_none(), "one at a time");
        for other in ["2001:db8:1:3::1", "10.0.0.1"] {
            assert!(now(&mut knock(&turns, other)).expect("at once").is_ok());
        }
        drop(first);
        assert!(now(&mut second).expect("its turn").is_ok());
    }

    #[test]
    fn who_comes_when_too_many_wait_is_told_at_once() {
        let turns = Turns::default();
        let mut of_one: Vec<_> = (0..MOST_OF_ONE).map(|_| knock(&turns, "a")).collect();
        let mut held: Vec<_> = of_one.iter_mut().filter_map(now).collect();
        assert_eq!(held.len(), 1);
        assert_eq!(
            now(&mut knock(&turns, "a")).expect("at once").err(),
            Some(Busy)
        );
        for n in MOST_OF_ONE..MOST {
            held.push(now(&mut knock(&turns, &n.to_string())).expect("at once"));
        }
        assert!(held.iter().all(Result::is_ok));
        assert_eq!(
            now(&mut knock(&turns, "b")).expect("at once").err(),
            Some(Busy)
        );
        held.pop();
        assert!(now(&mut knock(&turns, "b")).expect("at once").is_ok());
    }

    #[tokio::test]
    async fn tries_at_one_account_pass_one_at_a_time() {
        let turns = Turns::default();
        let mut first = turns.of_client("a").await.expect("a turn");
        first.at(b"maria").await;
        let mut second = turns.of_client("b").await.expect("a turn");
        let mut other = turns.of_client("c").await.expect("a turn");
        assert!(other.at(b"jonas").now_or_never().is_some());
        let mut waits = async move {
            second.at(b"maria").await;
            second
        }
        .boxed();
        assert!(now(&mut waits).is_none());
        drop(first);
        assert!(now(&mut waits).is_some());
    }

    #[tokio::test]
    async fn nothing_is_remembered_of_those_who_are_through_or_gave_up() {
        let turns = Turns::default();
        let mut turn = turns.of_client("a").await.expect("a turn");
        turn.at(b"device").await;
        turn.at(b"maria").await;
        let mut gave_up = knock(&turns, "a");
        assert!(now(&mut gave_up).is_none());
        drop(gave_up);
        assert_eq!(turns.queues()[&By::Client("a".to_owned())].places, 1);
        drop(turn);
        assert!(turns.queues().is_empty());
    }
}
