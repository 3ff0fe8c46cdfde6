//! Messages to people: queued in the transaction of whatever causes them ([`enqueue`]), sent by a task of its own ([`run`])
//! until a receiver takes them.
//!
//! **Invariant.** A message that was committed is sent at least once or is on record as failed, whatever ends in between;
//! it bears the same id at every attempt, is never sent after it is on record as sent, and never by two at once.
//!
//! A channel is a file that implements [`Channel`] and [`Configured`], and a line in the list below.

pub mod backoff;
pub mod gateway;
pub mod message;
pub mod push;
mod queue;
pub mod settings;
mod signed;
pub mod smtp;
pub mod webhook;
mod worker;

pub use message::{Message, Urgency};
pub use queue::{NewDelivery, Queued, To, enqueue, places};
pub use worker::{catch_up, run};

use crate::domain::time::{DurMs, TsMs};
use crate::server::clock::Clock;
use crate::server::db::Db;
use async_trait::async_trait;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use settings::{FileGeneral, General, Reader, SettingsError};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// A message at one of its attempts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// What the receiver knows it by, the same at every attempt: letters of RFC 3986 without reserved ones.
    pub uid: String,
    /// Where to.
    pub address: String,
    /// What is told.
    pub message: Message,
    /// The page that it leads to, with the site's address.
    pub link: Option<String>,
    /// When it was written.
    pub queued: TsMs,
    /// Now.
    pub now: TsMs,
}

/// Why a receiver did not take a message, in words for whoever looks after the channel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Not now: it is tried again.
    #[error("{why}")]
    Later {
        /// What was wrong.
        why: String,
        /// The receiver asked to be left alone for so long.
        after: Option<DurMs>,
    },
    /// However often it is tried.
    #[error("{0}")]
    Never(String),
}

impl SendError {
    /// To be tried again.
    pub fn later(why: impl fmt::Display) -> Self {
        let (why, after) = (why.to_string(), None);
        Self::Later { why, after }
    }
}

/// A way to reach people. It is given up after the time of the settings, wherever it is then.
#[async_trait]
pub trait Channel: Send + Sync {
    /// Sends once. Returns what the receiver said.
    async fn send(&self, out: &Outgoing) -> Result<String, SendError>;

    /// Whether it could send there at all; the reason in words when not. Of push, the endpoint that a browser tells.
    ///
    /// # Errors
    /// Says what is wrong with the address.
    fn takes(&self, address: &str) -> Result<(), String>;

    /// The addresses that the settings give it: the names of receivers.
    fn addresses(&self) -> Vec<String> {
        Vec::new()
    }

    /// What browsers must know of us before they let us send: the site's public key in base64url.
    fn public_key(&self) -> Option<&str> {
        None
    }
}

/// A channel that is made from settings.
#[async_trait]
pub trait Configured: Channel + Sized + 'static {
    /// As they stand in the settings file.
    type File: DeserializeOwned;
    /// Checked, with what stands in other files.
    type Settings;

    /// Checks them; `name` is the table's, below `[delivery]`.
    ///
    /// # Errors
    /// Names the setting that is wrong.
    fn resolve(
        name: &str,
        file: Self::File,
        reader: Reader<'_>,
    ) -> Result<Self::Settings, SettingsError>;

    /// Makes the channel. Nothing is sent yet.
    ///
    /// # Errors
    /// When it lacks something that settings do not tell.
    async fn open(settings: Self::Settings, means: &Means) -> Result<Self, OpenError>;
}

/// What channels stand on.
#[derive(Clone, Debug)]
pub struct Means {
    /// What holds for all of them.
    pub general: General,
    /// The database.
    pub db: Db,
    /// Now.
    pub clock: Clock,
}

/// Why the channels could not be made.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database's.
    #[error(transparent)]
    Engine(#[from] sqlx::Error),
    /// A channel cannot be used as it is set up.
    #[error("delivery.{0}: {1}")]
    Unusable(&'static str, String),
}

macro_rules! channels {
    ($($(#[$doc:meta])* $name:ident: $channel:ty,)+) => {
        /// `[delivery]` of the settings file.
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct FileSettings {
            address: String,
            timeout_s: Option<u64>,
            $($name: Option<<$channel as Configured>::File>,)+
        }

        /// By what people are reached.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Settings {
            /// What holds for all channels.
            pub general: General,
            $($(#[$doc])* pub $name: Option<<$channel as Configured>::Settings>,)+
        }

        impl FileSettings {
            /// Checked, with what stands in other files; `variable` reads the environment, which comes first.
            ///
            /// # Errors
            /// Names the setting that is wrong.
            pub fn resolve(
                self,
                variable: &dyn Fn(&str) -> Option<String>,
            ) -> Result<Settings, SettingsError> {
                let general = FileGeneral { address: self.address, timeout_s: self.timeout_s };
                let reader = Reader::new(variable);
                Ok(Settings {
                    general: general.resolve()?,
                    $($name: match self.$name {
                        Some(file) => Some(<$channel as Configured>::resolve(stringify!($name), file, reader)?),
                        None => None,
                    },)+
                })
            }
        }

        impl Channels {
            /// The channels that are set up.
            ///
            /// # Errors
            /// The engine's, or when a channel cannot be used as it is set up.
            pub async fn from_settings(
                settings: Settings,
                db: &Db,
                clock: &Clock,
            ) -> Result<Self, OpenError> {
                let general = settings.general;
                let means = Means { general, db: db.clone(), clock: clock.clone() };
                let mut list: Vec<(&'static str, Arc<dyn Channel>)> = Vec::new();
                $(if let Some(settings) = settings.$name {
                    let channel = <$channel as Configured>::open(settings, &means).await?;
                    list.push((stringify!($name), Arc::new(channel)));
                })+
                Ok(Self::new(&means.general, list))
            }
        }

        /// The name of every channel that the program has.
        pub const NAMES: &[&str] = &[$(stringify!($name)),+];
    };
}

channels! {
    /// E-mail, by the plant's own server.
    email: smtp::Smtp,
    /// Other programs, by HTTP.
    webhook: webhook::Webhook,
    /// Browsers on tablets and phones.
    push: push::Push,
    /// Text messages, by a gateway.
    sms: gateway::Sms,
    /// Calls that are read aloud, by a gateway.
    voice: gateway::Voice,
}

/// The channels of a running server. Cheap to clone.
#[derive(Clone)]
pub struct Channels(Arc<Inner>);

struct Inner {
    /// How links begin.
    address: String,
    within: Duration,
    list: Vec<(&'static str, Arc<dyn Channel>)>,
    wake: Notify,
}

impl fmt::Debug for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

/// None is set up.
impl Default for Channels {
    fn default() -> Self {
        let general = General {
            address: String::new(),
            host: String::new(),
            within: Duration::from_secs(10),
        };
        Self::new(&general, Vec::new())
    }
}

impl Channels {
    /// These channels, by name.
    #[must_use]
    pub fn new(general: &General, list: Vec<(&'static str, Arc<dyn Channel>)>) -> Self {
        Self(Arc::new(Inner {
            address: general.address.clone(),
            within: general.within,
            list,
            wake: Notify::new(),
        }))
    }

    /// The names of those that are set up.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.list.iter().map(|(name, _)| *name)
    }

    /// The channel of this name, if it is set up.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Channel>> {
        let found = self.0.list.iter().find(|(n, _)| *n == name);
        found.map(|(_, channel)| channel)
    }

    /// Says that messages were queued: they are then looked for at once. Call it after the commit.
    pub fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// Waits for that.
    async fn woken(&self) {
        self.0.wake.notified().await;
    }

    /// How long one attempt may take.
    #[must_use]
    pub fn within(&self) -> Duration {
        self.0.within
    }

    /// A page of this site as others reach it.
    #[must_use]
    pub fn link(&self, path: &str) -> Option<String> {
        (!path.is_empty()).then(|| format!("{}{path}", self.0.address))
    }

    /// Sends once, within the time of the settings. Returns what the receiver said.
    ///
    /// # Errors
    /// Says why it was not taken.
    pub async fn send(&self, channel: &str, out: &Outgoing) -> Result<String, SendError> {
        let Some(channel) = self.get(channel) else {
            return Err(SendError::Never(format!("{channel} is not set up")));
        };
        let within = self.0.within;
        let sent = tokio::time::timeout(within, channel.send(out)).await;
        sent.unwrap_or_else(|_| {
            let seconds = within.as_secs();
            Err(SendError::later(format!("no answer within {seconds} s")))
        })
    }
}

/// Sends a message that says it is a test, now and once, past the queue. Returns what the receiver said.
///
/// # Errors
/// Says why it was not taken.
pub async fn test_message(
    channels: &Channels,
    channel: &str,
    address: &str,
    now: TsMs,
) -> Result<String, SendError> {
    let message = Message {
        title: "Test message".to_owned(),
        text: "This is a test of a way to reach you. There is nothing to do.".to_owned(),
        link: "/".to_owned(),
        ..Message::default()
    };
    let out = Outgoing {
        uid: queue::uid(),
        address: address.to_owned(),
        link: channels.link(&message.link),
        message,
        queued: now,
        now,
    };
    channels.send(channel, &out).await
}
