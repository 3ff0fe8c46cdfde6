//! Webhooks: messages to other programs. Each receiver has a name, by which messages are addressed, and a table of its own
//! (see `signed`):
//!
//! ```toml
//! [delivery.webhook.teams]
//! url = "https://hooks.example/floor"
//! secret_file = "/etc/ms5-floor/teams.secret"   # or MS5_WEBHOOK_TEAMS_SECRET
//! ```

use super::settings::{Reader, SettingsError};
use super::signed::{FileReceiver, Receiver, ReceiverSettings};
use super::{Channel, Configured, Means, OpenError, Outgoing, SendError, Urgency};
use crate::domain::time::TsMs;
use async_trait::async_trait;
use serde::Serialize;
use std::collections::BTreeMap;

/// The longest name of a receiver.
const LONGEST_NAME: usize = 40;

/// What is posted.
#[derive(Serialize)]
struct Body<'a> {
    /// The same at every attempt to send one message.
    delivery: &'a str,
    /// Whom it was meant for: it proves nothing to another receiver.
    receiver: &'a str,
    /// When it was written.
    queued: TsMs,
    title: &'a str,
    text: &'a str,
    link: Option<&'a str>,
    urgency: Urgency,
    call: Option<i64>,
}

/// The receivers of the settings.
pub struct Webhook {
    receivers: BTreeMap<String, Receiver>,
}

#[async_trait]
impl Channel for Webhook {
    async fn send(&self, out: &Outgoing) -> Result<String, SendError> {
        let Some(receiver) = self.receivers.get(&out.address) else {
            return Err(SendError::Never(unknown(&out.address)));
        };
        let body = Body {
            delivery: &out.uid,
            receiver: &out.address,
            queued: out.queued,
            title: &out.message.title,
            text: &out.message.text,
            link: out.link.as_deref(),
            urgency: out.message.urgency,
            call: out.message.call,
        };
        receiver.post(&out.uid, &body, out.now).await
    }

    fn takes(&self, address: &str) -> Result<(), String> {
        let known = self.receivers.contains_key(address);
        known.then_some(()).ok_or_else(|| unknown(address))
    }

    fn addresses(&self) -> Vec<String> {
        self.receivers.keys().cloned().collect()
    }
}

fn unknown(name: &str) -> String {
    format!("there is no receiver '{name}' in the settings")
}

#[async_trait]
impl Configured for Webhook {
    type File = BTreeMap<String, FileReceiver>;
    type Settings = BTreeMap<String, ReceiverSettings>;

    fn resolve(
        table: &str,
        file: Self::File,
        reader: Reader<'_>,
    ) -> Result<Self::Settings, SettingsError> {
        let one = |(name, receiver): (String, FileReceiver)| {
            let table = format!("{table}.{name}");
            if !is_name(&name) {
                let why = "is no name: a to z, 0 to 9, - and _, at most 40 of them";
                return Err(SettingsError::Wrong(table, why));
            }
            let variables = format!("MS5_WEBHOOK_{}", name.to_uppercase().replace('-', "_"));
            Ok((name, receiver.resolve(&table, &variables, reader)?))
        };
        file.into_iter().map(one).collect()
    }

    async fn open(settings: Self::Settings, means: &Means) -> Result<Self, OpenError> {
        let receivers = settings
            .into_iter()
            .map(|(name, settings)| (name, Receiver::new(settings, means)))
            .collect();
        Ok(Self { receivers })
    }
}

fn is_name(name: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(is_letter)
}
