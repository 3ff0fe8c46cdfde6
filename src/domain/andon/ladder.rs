//! Who is called when nobody comes: the steps of a ladder, and when each of them is due.

mod defaults;

use super::call::{Call, Stamp};
use crate::domain::ids::PersonId;
use crate::domain::plant::FieldError;
use crate::domain::time::{DAY_MS, DurMs, TsMs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A ladder has at most so many steps.
pub const MOST_STEPS: usize = 20;
/// A step calls at most so many recipients.
pub const MOST_RECIPIENTS: usize = 20;
/// The highest level.
pub const HIGHEST_LEVEL: u8 = 9;
/// A step waits at most this long.
pub const LONGEST_AFTER: DurMs = DurMs(7 * DAY_MS);

named! {
    /// What a step waits for.
    Trigger {
        /// Nothing: everybody hears of the call.
        Raised = 1 "raised" "Raised";
        /// Nobody took it. From the start of the round, or since it was given back, until somebody does.
        NotAcknowledged = 2 "not_acknowledged" "Not acknowledged";
        /// Whoever took it is not there. From when they took it, or from their ETA where that is later.
        NotArrived = 3 "not_arrived" "Nobody there";
        /// It is not resolved. From the start of the round, whatever happens in between.
        NotResolved = 4 "not_resolved" "Not resolved";
    }
}

named! {
    /// By what somebody is told.
    #[cfg_attr(feature = "ssr", schema(as = AndonChannel))]
    Channel {
        /// On every screen where they are signed in.
        Screen = 1 "screen" "Screen";
        /// E-mail.
        Email = 2 "email" "E-mail";
        /// To their phone or tablet.
        Push = 3 "push" "Push";
        /// To another program.
        Webhook = 4 "webhook" "Webhook";
        /// A text message.
        Sms = 5 "sms" "SMS";
        /// A telephone call.
        Voice = 6 "voice" "Telephone";
    }
}

/// Whom a step calls.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// Everybody with this role at the place of the call: its code.
    Role(String),
    /// Whoever is on this duty then: its name.
    Duty(String),
    /// One person.
    Person(PersonId),
}

/// A step of a ladder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Step {
    /// What it waits for.
    pub trigger: Trigger,
    /// For how long.
    pub after: DurMs,
    /// How far up it goes, 0 to [`HIGHEST_LEVEL`]. Level 0 is who is called first.
    pub level: u8,
    /// Whom it calls.
    pub to: Vec<Recipient>,
    /// By what.
    pub via: Vec<Channel>,
}

/// The steps of a ladder in the order in which they were written down, checked. On the wire: the list of its steps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(try_from = "Vec<Step>")]
pub struct Ladder(Vec<Step>);

/// When a step is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Due {
    /// When.
    pub at: TsMs,
    /// Which: its position in the ladder, from 0.
    pub step: usize,
}

impl Step {
    /// Whether its condition can no longer come true in the present round of a call.
    #[must_use]
    pub fn is_void(&self, call: &Call) -> bool {
        let met = match self.trigger {
            Trigger::Raised | Trigger::NotResolved => false,
            Trigger::NotAcknowledged => call.acknowledged.is_some(),
            Trigger::NotArrived => call.arrived.is_some(),
        };
        met || !call.status().is_open()
    }

    /// When it is due in the present round; `None` when it is void, or waits for something that did not happen yet. In a
    /// round it never changes once it is known, unless whoever took the call tells another ETA or gives it back.
    #[must_use]
    pub fn due(&self, call: &Call) -> Option<TsMs> {
        if self.is_void(call) {
            return None;
        }
        let from = match self.trigger {
            Trigger::Raised | Trigger::NotResolved => call.since(),
            Trigger::NotAcknowledged => call.untaken_since(),
            Trigger::NotArrived => {
                let taken = call.acknowledged.as_ref()?.at;
                call.eta.map_or(taken, |eta| eta.max(taken))
            }
        };
        Some(from + self.after)
    }
}

impl Ladder {
    /// A ladder of these steps.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn new(steps: Vec<Step>) -> Result<Self, Vec<FieldError>> {
        let mut wrong = Vec::new();
        if steps.len() > MOST_STEPS {
            wrong.push(error("steps".to_owned(), format!("at most {MOST_STEPS}")));
        }
        for (n, step) in steps.iter().enumerate() {
            check(n, step, &mut wrong);
            if steps[..n].contains(step) {
                wrong.push(error(format!("steps[{n}]"), "stands there twice"));
            }
        }
        if wrong.is_empty() {
            Ok(Self(steps))
        } else {
            Err(wrong)
        }
    }

    /// Its steps.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The steps that will be due in the present round if nothing happens, in the order in which they are, also those
    /// whose time has passed. Which of them were done already is for the caller to say: by round and step.
    #[must_use]
    pub fn due(&self, call: &Call) -> Vec<Due> {
        let due = |(step, one): (usize, &Step)| {
            Some(Due {
                at: one.due(call)?,
                step,
            })
        };
        let mut all: Vec<Due> = self.0.iter().enumerate().filter_map(due).collect();
        all.sort();
        all
    }

    /// The same by a clock that tells `now`, for timers that are set only then. Stamps are never before each other, so that
    /// of a call that is older than a clock that was set back they may lie ahead of it: what waits from such a stamp waits
    /// from now.
    #[must_use]
    pub fn due_by_clock(&self, call: &Call, now: TsMs) -> Vec<Due> {
        self.due(&by_clock(call, now))
    }

    /// Whether a step can no longer be due in the present round; a step that the ladder does not have never can.
    #[must_use]
    pub fn is_void(&self, step: usize, call: &Call) -> bool {
        self.0.get(step).is_none_or(|step| step.is_void(call))
    }

    /// The step that somebody means who escalates by hand after the levels up to `reached` were called: the first of the
    /// next level that is not void.
    #[must_use]
    pub fn above(&self, reached: u8, call: &Call) -> Option<usize> {
        let higher = self.0.iter().enumerate();
        higher
            .filter(|(_, step)| step.level > reached && !step.is_void(call))
            .min_by_key(|(n, step)| (step.level, *n))
            .map(|(n, _)| n)
    }

    /// The duties that it calls.
    #[must_use]
    pub fn duties(&self) -> BTreeSet<&str> {
        let all = self.0.iter().flat_map(|step| &step.to);
        all.filter_map(|to| match to {
            Recipient::Duty(name) => Some(name.as_str()),
            Recipient::Role(_) | Recipient::Person(_) => None,
        })
        .collect()
    }
}

impl TryFrom<Vec<Step>> for Ladder {
    type Error = String;
    fn try_from(steps: Vec<Step>) -> Result<Self, String> {
        let words = |wrong: Vec<FieldError>| {
            let each = wrong.iter().map(|e| format!("{}: {}", e.field, e.problem));
            each.collect::<Vec<_>>().join("; ")
        };
        Self::new(steps).map_err(words)
    }
}

/// The call with the stamps that timers run from not ahead of `now`.
fn by_clock(call: &Call, now: TsMs) -> Call {
    let mut seen = call.clone();
    let pull = |stamp: &mut Stamp| stamp.at = stamp.at.min(now);
    pull(&mut seen.raised);
    let later = [&mut seen.reopened_last, &mut seen.handed_back];
    later.into_iter().flatten().for_each(pull);
    if let Some(taken) = seen.acknowledged.as_mut() {
        // An ETA before the stamp was told after the clock was set back, and goes by it already.
        let lead = (taken.at - now).max(DurMs::ZERO);
        seen.eta = match seen.eta {
            Some(eta) if eta >= taken.at => Some(eta - lead),
            eta => eta,
        };
        pull(taken);
    }
    seen
}

fn error(field: String, problem: impl Into<String>) -> FieldError {
    FieldError {
        field,
        problem: problem.into(),
    }
}

fn check(n: usize, step: &Step, wrong: &mut Vec<FieldError>) {
    let mut refuse = |field: &str, problem: String| {
        wrong.push(error(format!("steps[{n}].{field}"), problem));
    };
    if step.after < DurMs::ZERO || step.after > LONGEST_AFTER {
        refuse("after", "must be 0 to 7 days".to_owned());
    }
    if step.level > HIGHEST_LEVEL {
        refuse("level", format!("at most {HIGHEST_LEVEL}"));
    }
    if step.trigger == Trigger::Raised && step.level > 0 {
        refuse("level", "must be 0 when the call is raised".to_owned());
    }
    if step.to.is_empty() || step.to.len() > MOST_RECIPIENTS {
        refuse("to", format!("must be 1 to {MOST_RECIPIENTS}"));
    }
    let named = |to: &Recipient| match to {
        Recipient::Role(name) | Recipient::Duty(name) => {
            !name.trim().is_empty() && name.chars().count() <= 100
        }
        Recipient::Person(_) => true,
    };
    if !step.to.iter().all(named) {
        refuse("to", "names have 1 to 100 characters".to_owned());
    }
    if step.via.is_empty() {
        refuse("via", "must not be empty".to_owned());
    }
    if step.to.iter().collect::<BTreeSet<_>>().len() < step.to.len() {
        refuse("to", "names somebody twice".to_owned());
    }
    if step.via.iter().collect::<BTreeSet<_>>().len() < step.via.len() {
        refuse("via", "names a channel twice".to_owned());
    }
}
