//! How often one client may ask, for routes where guessing would pay, such as sign-in.

use crate::server::auth::household::household;
use crate::server::config::Network;
use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Clients that are remembered; those beyond share what one may do, until earlier ones are forgotten.
const MAX_CLIENTS: usize = 20_000;

/// How long the server runs, as a clock that never goes back: the machine's, or a test's.
#[derive(Clone)]
pub struct Ticks(Arc<dyn Fn() -> Duration + Send + Sync>);

impl Ticks {
    /// The machine's.
    #[must_use]
    pub fn machine() -> Self {
        let begun = Instant::now();
        Self(Arc::new(move || begun.elapsed()))
    }

    /// Whatever `tell` returns.
    #[must_use]
    pub fn from_fn(tell: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    /// How long it runs.
    #[must_use]
    pub fn passed(&self) -> Duration {
        (self.0)()
    }
}

impl std::fmt::Debug for Ticks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ticks")
    }
}

impl Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.passed()
    }
}

/// What counts as asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knocks {
    /// Whatever is sent: looking is not guessing.
    Sent,
    /// Looking, too: a secret stands in the path.
    All,
}

/// What is remembered of every client, by a clock.
type Clients<C> =
    RateLimiter<IpAddr, DefaultKeyedStateStore<IpAddr>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// A limit that counts every client by itself.
#[derive(Debug)]
pub struct Limit<C: Clock = Ticks> {
    clients: Clients<C>,
    clock: C,
    proxies: Vec<Network>,
    /// That somebody else says for whom they ask was told.
    told: AtomicBool,
    most: usize,
}

impl Limit {
    /// As often as `quota` says. `X-Forwarded-For` is believed only of `proxies`: anyone else may write there what he
    /// likes.
    #[must_use]
    pub fn new(quota: Quota, proxies: Vec<Network>, ticks: Ticks) -> Self {
        Self::by(quota, proxies, ticks, MAX_CLIENTS)
    }
}

impl<C> Limit<C>
where
    C: Clock + Clone + Send + Sync + 'static,
    C::Instant: Send + Sync,
{
    /// By a clock, with room for `most` clients.
    #[must_use]
    pub fn by(quota: Quota, proxies: Vec<Network>, clock: C, most: usize) -> Self {
        let store = DefaultKeyedStateStore::default();
        Self {
            clients: RateLimiter::new(quota, store, clock.clone()),
            clock,
            proxies,
            told: AtomicBool::new(false),
            most,
        }
    }

    /// Puts the limit on `routes`. `too_often` answers who is over it, given after how many seconds the client may ask
    /// again.
    pub fn on<S, F, A>(
        self: &Arc<Self>,
        routes: Router<S>,
        knocks: Knocks,
        too_often: F,
    ) -> Router<S>
    where
        S: Clone + Send + Sync + 'static,
        F: Fn(Request, u32) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Response> + Send + 'static,
    {
        let limit = Arc::clone(self);
        routes.layer(axum::middleware::from_fn(
            move |request: Request, next: Next| {
                let (limit, too_often) = (Arc::clone(&limit), too_often.clone());
                async move {
                    match limit.pass(&request, knocks) {
                        Ok(()) => next.run(request).await,
                        Err(seconds) => too_often(request, seconds).await,
                    }
                }
            },
        ))
    }

    fn pass(&self, request: &Request, knocks: Knocks) -> Result<(), u32> {
        if knocks == Knocks::Sent && request.method().is_safe() {
            return Ok(());
        }
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let client = self.client(peer.map(|c| c.0.ip()), request.headers());
        self.check(client)
            .inspect_err(|_| tracing::warn!(%client, "asks too often"))
    }

    /// Whether this client may ask now; else after how many seconds.
    ///
    /// # Errors
    /// The seconds, at least one.
    pub fn check(&self, client: IpAddr) -> Result<(), u32> {
        let mut key = household(client);
        if self.clients.len() >= self.most {
            self.clients.retain_recent();
            if self.clients.len() >= self.most {
                key = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
            }
        }
        self.clients.check_key(&key).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            u32::try_from(wait.as_millis().div_ceil(1_000))
                .unwrap_or(u32::MAX)
                .max(1)
        })
    }

    /// How many clients are remembered.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.clients.len()
    }

    /// Who asks: the peer, or, when that is a proxy of ours, the last address that a proxy of ours did not have. Without
    /// a peer all are one.
    #[must_use]
    pub fn client(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> IpAddr {
        let Some(peer) = peer else {
            return IpAddr::V6(Ipv6Addr::UNSPECIFIED);
        };
        if !self.is_ours(peer) {
            if self.is_news(headers) {
                tracing::warn!(
                    %peer,
                    "says for whom it asks and is not believed: if it is a proxy of yours, name it with --trusted-proxy; \
                     until then all who come through it are one client. Others are not told any more"
                );
            }
            return peer;
        }
        let told = headers.get_all("x-forwarded-for").iter();
        let told: Vec<&str> = told
            .filter_map(|header| header.to_str().ok())
            .flat_map(|header| header.split(','))
            .collect();
        // Each proxy adds at the end whom it heard; what stands before the first that is not ours is hearsay.
        for address in told.into_iter().rev() {
            match address.trim().parse::<IpAddr>() {
                Ok(address) if self.is_ours(address) => {}
                Ok(address) => return address,
                Err(_) => return peer,
            }
        }
        peer
    }

    fn is_ours(&self, address: IpAddr) -> bool {
        self.proxies.iter().any(|proxy| proxy.contains(address))
    }

    /// Whether somebody who is no proxy of ours says for whom they ask, for the first time.
    fn is_news(&self, headers: &HeaderMap) -> bool {
        BROUGHT.iter().any(|name| headers.contains_key(*name))
            && !self.told.swap(true, Ordering::Relaxed)
    }
}

/// What a proxy adds to tell for whom it asks.
const BROUGHT: [&str; 2] = ["x-forwarded-for", "forwarded"];

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;
    use std::num::NonZeroU32;
    use std::time::Duration;

    fn limit(clock: &FakeRelativeClock, proxies: &[&str], most: usize) -> Limit<FakeRelativeClock> {
        let quota = Quota::per_minute(NonZeroU32::new(3).expect("not zero"));
        let network = |p: &&str| -> Network { p.parse().expect("a network") };
        let proxies = proxies.iter().map(network).collect();
        Limit::by(quota, proxies, clock.clone(), most)
    }

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_client_that_asks_too_often_waits_and_others_do_not() {
        let clock = FakeRelativeClock::default();
        let limit = limit(&clock, &[], 100);
        let (a, b) = (address("10.0.0.1"), address("10.0.0.2"));
        for _ in 0..3 {
            assert_eq!(limit.check(a), Ok(()));
        }
        assert_eq!(limit.check(a), Err(20), "one more every 20 s");
        assert_eq!(limit.check(b), Ok(()));
        clock.advance(Duration::from_millis(19_500));
        assert_eq!(limit.check(a), Err(1));
        clock.advance(Duration::from_millis(500));
        assert_eq!(limit.check(a), Ok(()));
    }

    #[test]
    fn a_network_of_one_client_is_one_client() {
        let clock = FakeRelativeClock::default();
        let limit = limit(&clock, &[], 100);
        for host in 1..=3 {
            assert_eq!(
                limit.check(address(&format!("2001:db8:1:2::{host}"))),
                Ok(())
            );
        }
        assert!(limit.check(address("2001:db8:1:2:ffff::9")).is_err());
        assert_eq!(limit.check(address("2001:db8:1:3::1")), Ok(()));
        // An IPv4 client on a socket for both.
        for _ in 0..3 {
            assert_eq!(limit.check(address("::ffff:10.0.0.1")), Ok(()));
        }
        assert!(limit.check(address("10.0.0.1")).is_err());
    }

    #[test]
    fn what_is_remembered_is_bounded_and_forgotten_in_time() {
        let clock = FakeRelativeClock::default();
        let limit = limit(&clock, &[], 10);
        let refused = (0..200_u8).filter(|n| limit.check(IpAddr::from([10, 0, 0, *n])).is_err());
        assert_eq!(
            refused.count(),
            200 - 10 - 3,
            "newcomers share what one may do"
        );
        assert_eq!(limit.clients(), 11);
        clock.advance(Duration::from_secs(120));
        assert_eq!(limit.check(address("10.0.1.1")), Ok(()));
        assert_eq!(limit.clients(), 1);
    }

    #[test]
    fn that_a_stranger_says_for_whom_it_asks_is_told_once() {
        let limit = limit(&FakeRelativeClock::default(), &[], 10);
        let mut headers = HeaderMap::new();
        assert!(!limit.is_news(&headers));
        headers.insert("x-forwarded-for", "1.2.3.4".parse().expect("a header"));
        assert!(limit.is_news(&headers));
        assert!(!limit.is_news(&headers));
    }

    #[test]
    fn only_a_proxy_of_ours_may_say_whom_it_speaks_for() {
        let clock = FakeRelativeClock::default();
        let limit = limit(&clock, &["10.1.0.1", "10.1.0.2/31"], 10);
        let heard = |peer: &str, told: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", told.parse().expect("a header"));
            limit.client(Some(address(peer)), &headers).to_string()
        };
        assert_eq!(heard("10.9.9.9", "1.2.3.4"), "10.9.9.9", "not our proxy");
        assert_eq!(
            heard("10.1.0.1", "6.6.6.6, 1.2.3.4"),
            "1.2.3.4",
            "the rest is hearsay"
        );
        assert_eq!(
            heard("10.1.0.1", "1.2.3.4, 10.1.0.2"),
            "1.2.3.4",
            "two of ours in a row"
        );
        assert_eq!(heard("::ffff:10.1.0.3", "1.2.3.4"), "1.2.3.4");
        assert_eq!(heard("10.1.0.4", "1.2.3.4"), "10.1.0.4");
        assert_eq!(heard("10.1.0.1", "1.2.3.4, nonsense"), "10.1.0.1");
        assert_eq!(
            limit
                .client(Some(address("10.1.0.1")), &HeaderMap::new())
                .to_string(),
            "10.1.0.1"
        );
    }
}
