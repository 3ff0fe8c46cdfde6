//! Whoever asks, as far as it is known.

use crate::domain::ids::{DeviceId, KeyId, PersonId, SourceId};
use crate::domain::rights::{Permission, Rights};
use std::sync::{Mutex, PoisonError};

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// It is not known.
    Nobody,
    /// A person who signed in.
    Person {
        /// Who.
        id: PersonId,
        /// What they type to sign in.
        login: String,
        /// Full name.
        name: String,
    },
    /// A program with a key.
    Key {
        /// The key.
        id: KeyId,
        /// Whose facts it sends.
        source: SourceId,
        /// The sender's name.
        name: String,
    },
    /// A shared tablet or wall on which nobody signed on.
    Device,
}

/// The enrolled device in front of which they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Which.
    pub id: DeviceId,
    /// Its name.
    pub name: String,
    /// It is a wall: it shows this page and no other.
    pub bound_to: Option<String>,
}

/// What was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Denial {
    /// What needs a permission that is missing.
    Lacks(Permission),
    /// What is for people only: a program or a wall asked.
    NoPerson,
}

impl Denial {
    /// What is missing, as the record says it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Lacks(permission) => permission.name(),
            Self::NoPerson => "person",
        }
    }
}

/// Whoever asks, from where, with what they may do.
#[derive(Debug)]
pub struct Caller {
    /// Who.
    pub who: Who,
    /// On which enrolled device.
    pub device: Option<Device>,
    /// What they may do.
    pub rights: Rights,
    /// The page that they see first.
    pub first_page: String,
    /// They must choose a password of their own before anything else.
    pub must_change: bool,
    /// Network address.
    pub address: String,
    /// The request, as in the log.
    pub request: String,
    /// Why they ask, as they say themselves: it goes on the record with what is done.
    pub why: String,
    /// SHA-256 of the session's id.
    pub session: Option<Vec<u8>>,
    /// The key in the header that does not hold, as far as it is one of ours.
    pub bad_key: Option<String>,
    denied: Mutex<Option<(Denial, String)>>,
}

impl Caller {
    /// Somebody of whom nothing is known.
    #[must_use]
    pub fn nobody(address: String, request: String) -> Self {
        Self {
            who: Who::Nobody,
            device: None,
            rights: Rights::default(),
            first_page: "/".to_owned(),
            must_change: false,
            address,
            request,
            why: String::new(),
            session: None,
            bad_key: None,
            denied: Mutex::new(None),
        }
    }

    /// Their name, as the record calls them.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.who {
            Who::Nobody => "nobody",
            Who::Person { name, .. } | Who::Key { name, .. } => name,
            Who::Device => self.device.as_ref().map_or("device", |d| &d.name),
        }
    }

    /// What they are and their number, as the record calls them.
    #[must_use]
    pub fn kind(&self) -> (&'static str, Option<i64>) {
        match &self.who {
            Who::Nobody => ("nobody", None),
            Who::Person { id, .. } => ("person", Some(id.0)),
            Who::Key { id, .. } => ("key", Some(id.0)),
            Who::Device => ("device", self.device.as_ref().map(|d| d.id.0)),
        }
    }

    /// The person who asks.
    #[must_use]
    pub fn person(&self) -> Option<PersonId> {
        match self.who {
            Who::Person { id, .. } => Some(id),
            _ => None,
        }
    }

    /// Whether anything at all is known of them.
    #[must_use]
    pub fn is_somebody(&self) -> bool {
        self.who != Who::Nobody
    }

    /// Keeps in mind what was refused, for the record.
    pub fn denied(&self, denial: Denial, place: &str) {
        let mut held = self.denied.lock().unwrap_or_else(PoisonError::into_inner);
        *held = Some((denial, place.to_owned()));
    }

    /// What was refused, once.
    #[must_use]
    pub fn take_denial(&self) -> Option<(Denial, String)> {
        self.denied
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}
