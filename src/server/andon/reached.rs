//! By what of all that a step says somebody is reached. Whoever tells and whoever rehearses ask the same.

use super::Directory;
use crate::domain::andon::Channel;
use crate::domain::ids::PersonId;
use crate::server::db::Tx;
use crate::server::delivery::{Channels, places};

/// Why a channel does not reach somebody, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shut {
    /// It is the same with every call: the plant does not have the channel, or such people are not meant to be reached by it.
    Always(&'static str),
    /// They lack what they are reached by.
    Lacks(&'static str),
}

impl Shut {
    /// The words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        let (Self::Always(words) | Self::Lacks(words)) = self;
        words
    }
}

/// A channel by which somebody is to be told, and why it does not reach them if it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// The channel.
    pub channel: Channel,
    /// Why not.
    pub why_not: Option<Shut>,
}

impl Way {
    /// Whether it reaches them.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.why_not.is_none()
    }

    /// What they lack to be reached by it, if that is what is in the way.
    #[must_use]
    pub const fn lacks(&self) -> Option<(Channel, &'static str)> {
        match self.why_not {
            Some(Shut::Lacks(words)) => Some((self.channel, words)),
            Some(Shut::Always(_)) | None => None,
        }
    }
}

/// The ways to a person, in the order of the channels. Other programs are no way to anybody. Whom nothing else reaches at
/// least sees it on their screens, whatever the step says; people of the demonstration are nowhere else.
///
/// # Errors
/// The engine's.
pub async fn ways_to(
    tx: &mut Tx,
    channels: &Channels,
    people: &Directory,
    via: &[Channel],
    person: PersonId,
) -> sqlx::Result<Vec<Way>> {
    let mut ways = Vec::new();
    for channel in via.iter().copied().filter(|c| *c != Channel::Webhook) {
        let why_not = match channel {
            Channel::Screen => None,
            _ if people.person(person).is_none_or(|p| p.demo != 0) => Some(Shut::Always(
                "people of the demonstration are told on screens only",
            )),
            _ if channels.get(channel.name()).is_none() => Some(Shut::Always("it is not set up")),
            _ => {
                let found = places(tx, person, channel.name()).await?;
                found.err().map(Shut::Lacks)
            }
        };
        ways.push(Way { channel, why_not });
    }
    if !ways.iter().any(Way::is_open) {
        let (channel, why_not) = (Channel::Screen, None);
        ways.push(Way { channel, why_not });
    }
    Ok(ways)
}
