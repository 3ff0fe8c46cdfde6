//! The loop around the browser's `EventSource`.
//!
//! The browser's own reconnecting is not relied upon: it gives up on some answers, waits as long as it likes and says
//! nothing meanwhile. We look at the stream every second, and a stream that is not open, or silent for too long, is
//! dropped and opened anew.

use super::{Live, News, STALE_AFTER};
use crate::api::board::Tile;
use crate::api::line::LineView;
use crate::api::live::{End as LastEvent, Hello, Ping, Why, signed_in};
use crate::domain::ids::Seq;
use futures::future::{AbortHandle, Abortable, Either, select};
use futures::stream::{SelectAll, StreamExt};
use gloo_net::eventsource::State;
use gloo_net::eventsource::futures::{EventSource, EventSourceSubscription};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::web_sys::MessageEvent;
use serde::de::DeserializeOwned;

/// The first wait before taking up a lost stream; it doubles up to [`LONGEST_WAIT_MS`].
const FIRST_WAIT_MS: u32 = 1_000;
const LONGEST_WAIT_MS: u32 = 10_000;
/// How often the stream is looked at.
const LOOK_MS: u32 = 1_000;
/// A page that nobody has seen for so long gives its connection back, unless it calls by a sound: that is for those who do not
/// look.
const HIDDEN_MS: f64 = 30_000.0;
const EVENTS: [&str; 8] = [
    "hello", "tile", "line", "call", "calls", "ping", "reset", "end",
];
/// How often a page that is signed out looks whether somebody has signed in.
const SIGNED_OUT_LOOK_MS: u32 = 5_000;

/// Why a connection ended.
enum End {
    /// It broke or fell silent.
    Lost,
    /// It did not even begin; browsers keep the reason to themselves.
    NotOpened,
    /// The server said that nobody is signed in here any more.
    SignedOut,
    /// Nobody was looking.
    Hidden,
}

pub(super) fn follow(live: Live, since: Seq, line: Option<String>, on_news: Box<dyn Fn(News)>) {
    let (handle, registration) = AbortHandle::new_pair();
    on_cleanup(move || handle.abort());
    let follower = Follower {
        live,
        since,
        line,
        on_news,
        connected: false,
        waited_ms: 0,
    };
    leptos::task::spawn_local(async move {
        // Aborted when the page goes away; the stream closes as it is dropped.
        let _ = Abortable::new(follower.run(), registration).await;
    });
}

struct Follower {
    live: Live,
    since: Seq,
    line: Option<String>,
    on_news: Box<dyn Fn(News)>,
    /// A stream was open before: what came between is missed.
    connected: bool,
    waited_ms: u32,
}

impl Follower {
    async fn run(mut self) {
        loop {
            match self.connection().await {
                End::Lost => self.wait().await,
                End::NotOpened => {
                    if matches!(signed_in().await, Ok(false)) {
                        self.signed_out().await;
                    }
                    self.wait().await;
                }
                End::SignedOut => self.signed_out().await,
                End::Hidden => {
                    while self.is_of_no_use() {
                        TimeoutFuture::new(LOOK_MS).await;
                    }
                }
            }
        }
    }

    async fn wait(&mut self) {
        self.live.set_open(false);
        TimeoutFuture::new(self.next_wait()).await;
    }

    /// Says so until somebody is signed in here again, in another tab or by the tablet's own right. Then the page is loaded
    /// anew: it shows who that is, and what they may.
    async fn signed_out(&self) {
        loop {
            match signed_in().await {
                Ok(true) => {
                    let _ = window().location().reload();
                }
                Ok(false) | Err(_) => self.live.set_signed_out(),
            }
            TimeoutFuture::new(SIGNED_OUT_LOOK_MS).await;
        }
    }

    /// Half of the wait is chance, so that two hundred screens do not come back in the same instant.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and the wait"
    )]
    fn next_wait(&mut self) -> u32 {
        self.waited_ms = (self.waited_ms * 2).clamp(FIRST_WAIT_MS, LONGEST_WAIT_MS);
        let half = self.waited_ms / 2;
        half + (js_sys::Math::random() * f64::from(half)) as u32
    }

    /// One connection from opening to its end.
    async fn connection(&mut self) -> End {
        let Some((source, mut events)) = open(&self.address()) else {
            return End::NotOpened;
        };
        let silent_limit = u32::try_from(STALE_AFTER.0).unwrap_or(LOOK_MS) / LOOK_MS;
        let mut silent_looks = 0;
        let mut spoke = false;
        let mut hidden_since: Option<f64> = None;
        loop {
            match select(events.next(), TimeoutFuture::new(LOOK_MS)).await {
                Either::Left((Some(Ok((kind, event))), _)) => {
                    (silent_looks, spoke) = (0, true);
                    if let Some(end) = self.take(&kind, &event) {
                        return end;
                    }
                }
                Either::Left(_) => return if spoke { End::Lost } else { End::NotOpened },
                Either::Right(_) => {
                    silent_looks += 1;
                    // Connecting again after it spoke is the browser's own retry: ours is quicker and says so.
                    let broken = match source.state() {
                        State::Open => false,
                        State::Connecting => spoke,
                        State::Closed => true,
                    };
                    if broken || silent_looks >= silent_limit {
                        return if spoke { End::Lost } else { End::NotOpened };
                    }
                }
            }
            if self.is_of_no_use() {
                let since = *hidden_since.get_or_insert_with(js_sys::Date::now);
                if js_sys::Date::now() - since > HIDDEN_MS {
                    return End::Hidden;
                }
            } else {
                hidden_since = None;
            }
        }
    }

    /// Nobody sees the page, and nobody would hear it.
    fn is_of_no_use(&self) -> bool {
        document().hidden() && !self.live.sound.is_on_untracked()
    }

    fn address(&self) -> String {
        let line = self.line.as_ref().map_or_else(String::new, |code| {
            format!("&line={}", String::from(js_sys::encode_uri_component(code)))
        });
        format!("/api/v1/live?since={}{line}", self.since.0)
    }

    /// Takes an event; what the last one says is returned.
    fn take(&mut self, kind: &str, event: &MessageEvent) -> Option<End> {
        if let Ok(seq) = event.last_event_id().parse::<i64>() {
            self.since = self.since.max(Seq(seq));
        }
        match kind {
            "hello" => {
                if let Some(hello) = read::<Hello>(event) {
                    reload_if_built_anew(&hello.build);
                    self.live.heard_at(hello.now);
                    self.waited_ms = 0;
                    if std::mem::replace(&mut self.connected, true) {
                        (self.on_news)(News::Missed);
                    }
                }
            }
            "ping" => {
                if let Some(ping) = read::<Ping>(event) {
                    // What came in between could not be read.
                    if self.live.heard_ping(&ping) {
                        (self.on_news)(News::Missed);
                    }
                }
            }
            "tile" => {
                if let Some(tile) = read::<Tile>(event) {
                    (self.on_news)(News::Tile(Box::new(tile)));
                }
            }
            "line" => {
                if let Some(view) = read::<LineView>(event) {
                    self.live.heard_at(view.now);
                    (self.on_news)(News::Line(Box::new(view)));
                }
            }
            "call" => {
                if let Some(view) = read(event) {
                    self.live.calls.put(&view);
                }
            }
            // All that goes on as the stream opens: what is not among them is over.
            "calls" => {
                if let Some(views) = read(event) {
                    self.live.calls.replace(views, i64::MAX);
                }
            }
            "end" => {
                let signed_out = read::<LastEvent>(event).is_some_and(|e| e.why == Why::SignedOut);
                return Some(if signed_out {
                    End::SignedOut
                } else {
                    End::Lost
                });
            }
            _ => (self.on_news)(News::Missed),
        }
        None
    }
}

fn open(address: &str) -> Option<(EventSource, SelectAll<EventSourceSubscription>)> {
    let mut source = EventSource::new(address).ok()?;
    let events = EVENTS
        .iter()
        .filter_map(|kind| source.subscribe(*kind).ok())
        .collect();
    Some((source, events))
}

/// What does not read is of another build; the next `hello` will say so, and reload.
fn read<T: DeserializeOwned>(event: &MessageEvent) -> Option<T> {
    serde_json::from_str(&event.data().as_string()?).ok()
}

/// A new build of the site: load it, once. If the page that comes back is still the old one, something stands between
/// us and the server, and loading again and again would not help.
fn reload_if_built_anew(build: &str) {
    let page = document()
        .query_selector("meta[name=ms5-build]")
        .ok()
        .flatten()
        .and_then(|meta| meta.get_attribute("content"));
    if page.is_none_or(|page| page == build) {
        return;
    }
    let Ok(Some(storage)) = window().session_storage() else {
        return;
    };
    if matches!(storage.get_item("ms5-reloaded-for"), Ok(Some(last)) if last == build) {
        return;
    }
    let _ = storage.set_item("ms5-reloaded-for", build);
    let _ = window().location().reload();
}
