//! The live stream as the pages see it: what came, whether it still comes, and how old the screen is.
//!
//! A page follows the stream from the fact its snapshot holds, so nothing is missed and nothing counts twice. Lost
//! connections are taken up again for ever; after each, the page is told to fetch its snapshot again.

#[cfg(feature = "hydrate")]
mod stream;

use crate::api::board::Tile;
use crate::api::line::LineView;
#[cfg(feature = "hydrate")]
use crate::api::live::Ping;
#[cfg(feature = "hydrate")]
use crate::domain::ids::Seq;
use crate::domain::time::{DurMs, TsMs};
use crate::ui::calls::{Calls, Own};
use crate::ui::clock::Clock;
use crate::ui::components::sound::Sound;
use leptos::prelude::*;

/// Silence after which what the screen shows is called stale. The server speaks at least every 5 s.
pub const STALE_AFTER: DurMs = DurMs(12_000);

/// What the page gets from the stream.
#[derive(Clone, Debug)]
pub enum News {
    /// A line changed.
    Tile(Box<Tile>),
    /// The followed line's page changed.
    Line(Box<LineView>),
    /// Something may have been missed: fetch the snapshot.
    Missed,
}

/// How the screen is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// Server HTML, not taken over yet: as old as it is.
    Snapshot,
    /// The stream is open and speaks.
    Live,
    /// The stream is lost and being taken up again.
    Reconnecting,
    /// Nothing was heard for so long that the screen cannot be trusted.
    Stale,
    /// The server speaks, but has lost its database: figures stay as they are.
    NoDatabase,
    /// The server does not know any more who looks.
    SignedOut,
}

impl Connection {
    /// In words.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::Live => "live",
            Self::Reconnecting => "reconnecting…",
            Self::Stale => "stale",
            Self::NoDatabase => "no database",
            Self::SignedOut => "signed out",
        }
    }

    /// Whether what the screen shows must not be taken for the present.
    #[must_use]
    pub const fn is_old(self) -> bool {
        matches!(self, Self::Stale | Self::NoDatabase | Self::SignedOut)
    }

    /// The name of its component class.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::Live => "live",
            Self::Reconnecting => "reconnecting",
            Self::Stale | Self::NoDatabase | Self::SignedOut => "stale",
        }
    }
}

/// The state of the tab's one stream.
#[derive(Clone, Copy)]
pub struct Live {
    /// The open calls, which every page's stream tells of.
    pub calls: Calls,
    /// What the reader is called for, on a page that follows the stream.
    pub own: Memo<Option<Own>>,
    /// Whether somebody switched the sound on.
    pub sound: Sound,
    /// Whether it is to be heard.
    pub sounds: Memo<bool>,
    clock: Clock,
    open: RwSignal<Option<bool>>,
    heard: RwSignal<Option<TsMs>>,
    without_database: RwSignal<bool>,
    signed_out: RwSignal<bool>,
}

impl Live {
    /// A stream that is not open yet, for every view below.
    pub fn provide(clock: Clock) -> Self {
        let (calls, sound, reader) = (Calls::new(), Sound::new(), reader());
        let open = RwSignal::new(None::<bool>);
        // What is drawn once, and follows nothing, would go on calling after the call was taken.
        let own = Memo::new(move |_| {
            let reader = open.get().and(reader)?;
            calls.own(reader)
        });
        let sounds = Memo::new(move |_| {
            let is_called = own.with(Option::is_some);
            sound.is_on() && (is_called || sound.is_of_all() && calls.waiting() > 0)
        });
        let live = Self {
            calls,
            own,
            sound,
            sounds,
            clock,
            open,
            heard: RwSignal::new(None),
            without_database: RwSignal::new(false),
            signed_out: RwSignal::new(false),
        };
        provide_context(live);
        live
    }

    /// How old what the screen shows is; `None` before the page was taken over.
    pub fn age(self) -> Option<DurMs> {
        let heard = self.heard.get()?;
        self.clock.now().map(|now| DurMs((now - heard).0.max(0)))
    }

    /// How the screen is connected.
    pub fn connection(self) -> Connection {
        if self.signed_out.get() {
            return Connection::SignedOut;
        }
        if self.without_database.get() && self.open.get() == Some(true) {
            return Connection::NoDatabase;
        }
        match (self.open.get(), self.age()) {
            (_, Some(age)) if age >= STALE_AFTER => Connection::Stale,
            (None, _) | (Some(true), None) => Connection::Snapshot,
            (Some(true), Some(_)) => Connection::Live,
            (Some(false), _) => Connection::Reconnecting,
        }
    }

    /// The page shows a snapshot computed at `at`.
    #[cfg(feature = "hydrate")]
    pub fn snapshot(self, at: TsMs) {
        self.clock.start(at);
        let _ = self
            .heard
            .try_update(|heard| *heard = Some(heard.map_or(at, |h| h.max(at))));
    }

    /// The page shows what was computed at `at` and follows nothing: it says of when it is, not how it is connected.
    pub fn start_clock(self, at: TsMs) {
        #[cfg(feature = "hydrate")]
        Effect::new(move || {
            self.clock.start(at);
            if self.open.try_get_untracked().flatten().is_some() {
                let _ = self.open.try_set(None);
            }
            if self.heard.try_get_untracked().flatten().is_some() {
                let _ = self.heard.try_set(None);
            }
        });
        #[cfg(not(feature = "hydrate"))]
        let _ = at;
    }

    /// Follows the stream from `since` on, and the page of `line` if one is named, until the calling view goes away.
    #[cfg(feature = "hydrate")]
    pub fn follow(self, since: Seq, line: Option<String>, on_news: impl Fn(News) + 'static) {
        stream::follow(self, since, line, Box::new(on_news));
    }

    /// The server said something, and what time it is there.
    #[cfg(feature = "hydrate")]
    fn heard_at(self, server: TsMs) {
        self.clock.set(server);
        let _ = self.heard.try_set(Some(server));
        self.set_open(true);
    }

    /// The server said whether it reaches its database; without it nothing on the screen is news. Returns whether it
    /// had lost it and has it again.
    #[cfg(feature = "hydrate")]
    fn heard_ping(self, ping: &Ping) -> bool {
        let had_lost = self.without_database.try_get_untracked() == Some(true);
        if had_lost != ping.without_database {
            let _ = self.without_database.try_set(ping.without_database);
        }
        if ping.without_database {
            self.clock.set(ping.now);
            self.set_open(true);
        } else {
            self.heard_at(ping.now);
        }
        had_lost && !ping.without_database
    }

    /// The server does not know any more who looks.
    #[cfg(feature = "hydrate")]
    fn set_signed_out(self) {
        if self.signed_out.try_get_untracked() == Some(false) {
            let _ = self.signed_out.try_set(true);
        }
    }

    #[cfg(feature = "hydrate")]
    fn set_open(self, open: bool) {
        if self.open.try_get_untracked().flatten() != Some(open) {
            let _ = self.open.try_set(Some(open));
        }
    }
}

/// The number of the person who looks at the page, as the document around it says. The server calls nobody by what it draws.
fn reader() -> Option<i64> {
    #[cfg(feature = "hydrate")]
    {
        let is = document().body()?.get_attribute("data-is")?;
        is.split(' ')
            .find_map(|one| one.strip_prefix('p')?.parse().ok())
    }
    #[cfg(not(feature = "hydrate"))]
    None
}
