//! The clock in the hands of a test, instants as text, and the only waiting.

use ms5_floor::domain::time::TsMs;
use ms5_floor::server::clock::Clock;
use ms5_floor::server::http::limit::Ticks;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// The only waiting in the tests: looks again and again until `look` finds something, and fails when it takes too long.
pub async fn until<T>(what: &str, within: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begun.elapsed() < within, "waited {within:?} for {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// An instant from RFC 3339.
pub fn at(text: &str) -> TsMs {
    TsMs(
        text.parse::<jiff::Timestamp>()
            .unwrap_or_else(|e| panic!("{text}: {e}"))
            .as_millisecond(),
    )
}

/// A clock that stands where the test puts it.
#[derive(Clone, Debug)]
pub struct Hands(Arc<AtomicI64>);

impl Hands {
    /// A clock that stands at `now`.
    pub fn at(now: TsMs) -> Self {
        Self(Arc::new(AtomicI64::new(now.0)))
    }

    /// Moves it.
    pub fn set(&self, now: TsMs) {
        self.0.store(now.0, Ordering::SeqCst);
    }

    /// How long the server runs by this clock, for its limits.
    pub fn ticks(&self) -> Ticks {
        let (hands, begun) = (self.clone(), self.0.load(Ordering::SeqCst));
        Ticks::from_fn(move || {
            let passed = hands.0.load(Ordering::SeqCst) - begun;
            Duration::from_millis(u64::try_from(passed).unwrap_or_default())
        })
    }

    /// What the server reads.
    pub fn clock(&self) -> Clock {
        let hands = self.clone();
        Clock::from_fn(move || TsMs(hands.0.load(Ordering::SeqCst)))
    }
}
