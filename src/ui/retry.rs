//! Trying again by itself, when a page could not be read for a reason that may pass: soon at first, then less often, so
//! that a database that comes back is not met by every screen of the plant at once.

use leptos::prelude::*;

/// The first wait, about.
#[cfg(any(feature = "hydrate", test))]
const FIRST_WAIT_MS: u32 = 1_000;
/// The longest wait, about.
#[cfg(any(feature = "hydrate", test))]
const LONGEST_WAIT_MS: u32 = 15_000;

/// How often this tab tried in vain since something last worked.
#[derive(Clone, Copy)]
pub struct Attempts(StoredValue<u32>);

impl Attempts {
    /// No attempts yet, for every view below.
    pub fn provide() {
        provide_context(Self(StoredValue::new(0)));
    }

    /// Something worked.
    pub fn succeeded(self) {
        self.0.set_value(0);
    }

    /// Runs `retry` again and again until the calling view goes away. On the server there is nobody to wait.
    pub fn keep_trying(self, retry: Callback<()>) {
        #[cfg(feature = "hydrate")]
        Effect::new(move || {
            use futures::future::{AbortHandle, Abortable};
            let (handle, registration) = AbortHandle::new_pair();
            on_cleanup(move || handle.abort());
            leptos::task::spawn_local(async move {
                let trying = async {
                    loop {
                        let attempt = self.0.try_get_value().unwrap_or_default();
                        let wait = wait_ms(attempt, js_sys::Math::random());
                        gloo_timers::future::TimeoutFuture::new(wait).await;
                        let _ = self.0.try_set_value(attempt.saturating_add(1));
                        retry.run(());
                    }
                };
                let _ = Abortable::new(trying, registration).await;
            });
        });
        #[cfg(not(feature = "hydrate"))]
        let _ = retry;
    }
}

/// The wait before the next attempt; a half of it is chance, from 0 to 1.
#[cfg(any(feature = "hydrate", test))]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and the longest wait"
)]
fn wait_ms(attempts: u32, chance: f64) -> u32 {
    let whole = FIRST_WAIT_MS
        .saturating_mul(2_u32.saturating_pow(attempts))
        .min(LONGEST_WAIT_MS);
    let half = whole / 2;
    half + (chance * f64::from(half)) as u32
}

#[cfg(test)]
mod tests {
    use super::wait_ms;

    #[test]
    fn waits_grow_up_to_a_limit_and_screens_do_not_come_at_once() {
        let longest: Vec<u32> = (0..7).map(|n| wait_ms(n, 1.0)).collect();
        assert_eq!(
            longest,
            [1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]
        );
        assert_eq!(wait_ms(2, 0.0), 2_000);
        assert_eq!(wait_ms(u32::MAX, 0.5), 11_250);
    }
}
