//! The time on the screen: the server's clock, told on by the browser.
//!
//! The first render uses the time at which the data were computed, so that it equals the server's HTML. Once the page
//! has been taken over, a ticker moves the time on, corrected by every word from the live stream.

use crate::domain::time::TsMs;
use leptos::prelude::*;

/// The site's present, for every view that counts seconds.
#[derive(Clone, Copy)]
pub struct Clock {
    /// `None` until the ticker starts.
    now: RwSignal<Option<TsMs>>,
    /// How far the server's clock is ahead of the browser's, in milliseconds.
    #[cfg(feature = "hydrate")]
    ahead: StoredValue<Option<i64>>,
}

impl Clock {
    /// A clock that stands still, for every view below.
    pub fn provide() -> Self {
        let clock = Self {
            now: RwSignal::new(None),
            #[cfg(feature = "hydrate")]
            ahead: StoredValue::new(None),
        };
        provide_context(clock);
        clock
    }

    /// The present, or `at`, the time of the data, while the clock stands.
    pub fn or(self, at: TsMs) -> TsMs {
        // A snapshot may be newer than the last tick; time never runs backwards past it.
        self.now.get().map_or(at, |now| now.max(at))
    }

    /// Whether the page has been taken over and time moves on.
    pub fn runs(self) -> bool {
        self.now.with_untracked(Option::is_some)
    }

    /// The present; `None` while the clock stands.
    pub fn now(self) -> Option<TsMs> {
        self.now.get()
    }

    /// The server said what time it is.
    #[cfg(feature = "hydrate")]
    pub fn set(self, server: TsMs) {
        self.ahead.set_value(Some(server.0 - browser_ms()));
    }

    /// Sets the clock by `at` unless the live stream has done so, and starts the ticker.
    #[cfg(feature = "hydrate")]
    pub fn start(self, at: TsMs) {
        if self.ahead.get_value().is_none() {
            self.set(at);
        }
        if self.now.get_untracked().is_some() {
            return;
        }
        self.tick();
        // The ticker lives as long as the tab: there is one, because `now` is set from here on.
        leptos::task::spawn_local(async move {
            loop {
                gloo_timers::future::TimeoutFuture::new(1000).await;
                self.tick();
            }
        });
    }

    #[cfg(feature = "hydrate")]
    fn tick(self) {
        let ahead = self.ahead.try_get_value().flatten().unwrap_or(0);
        let _ = self.now.try_set(Some(TsMs(browser_ms() + ahead)));
    }
}

/// The browser's clock.
#[cfg(feature = "hydrate")]
#[expect(
    clippy::cast_possible_truncation,
    reason = "milliseconds since 1970 fit"
)]
fn browser_ms() -> i64 {
    js_sys::Date::now() as i64
}
