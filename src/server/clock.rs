//! The only place that reads the clock; everything else is handed the time.

use crate::domain::time::TsMs;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time: the machine's, or a test's.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> TsMs + Send + Sync>);

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(system_now))
    }

    /// A clock that tells whatever `tell` returns.
    #[must_use]
    pub fn from_fn(tell: impl Fn() -> TsMs + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> TsMs {
        (self.0)()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the clock"
)]
fn system_now() -> TsMs {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    TsMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}
