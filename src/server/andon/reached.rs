//! By what of all that a step says somebody is reached. Whoever tells and whoever rehearses ask the same.

use super::Directory;
use crate::domain::andon::Channel;
use crate::domain::ids::PersonId;
use crate::server::db::Tx;
use crate::server::delivery::{Channels, places};

/// A channel by which somebody is to be told, and why it does not reach them if it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// The channel.
    pub channel: Channel,
    /// Why not.
    pub why_not: Option<&'static str>,
}

impl Way {
    /// Whether it reaches them.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.why_not.is_none()
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
            _ if people.person(person).is_none_or(|p| p.demo != 0) => {
                Some("people of the demonstration are told on screens only")
            }
            _ if channels.get(channel.name()).is_none() => Some("it is not set up"),
            _ => places(tx, person, channel.name()).await?.err(),
        };
        ways.push(Way { channel, why_not });
    }
    if !ways.iter().any(Way::is_open) {
        let (channel, why_not) = (Channel::Screen, None);
        ways.push(Way { channel, why_not });
    }
    Ok(ways)
}
