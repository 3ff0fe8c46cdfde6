//! The ladders that hold where nobody wrote down another: times and recipients of the original dashboard, and beside them, at
//! once, the trade that a call is for.

use super::{Channel, Ladder, Recipient, Step, Trigger};
use crate::domain::andon::kind::{CallKind, Priority};
use crate::domain::time::{DurMs, MINUTE_MS};

/// "All managers" of the original: its roles whose name says so.
const ALL_MANAGERS: [&str; 2] = ["production_manager", "shift_manager"];

/// Nobody is woken by these alone.
const QUIET: &[Channel] = &[Channel::Screen, Channel::Push, Channel::Email];
const WITH_SMS: &[Channel] = &[Channel::Screen, Channel::Push, Channel::Email, Channel::Sms];
const ALL: &[Channel] = &[
    Channel::Screen,
    Channel::Push,
    Channel::Email,
    Channel::Sms,
    Channel::Voice,
];

impl Priority {
    /// Within which a call should be taken, and within which it should be resolved.
    #[must_use]
    pub const fn default_times(self) -> (DurMs, DurMs) {
        let (acknowledge, resolve) = match self {
            Self::Low => (15, 60),
            Self::Medium => (10, 45),
            Self::High => (5, 30),
            Self::Critical => (2, 15),
        };
        (DurMs(acknowledge * MINUTE_MS), DurMs(resolve * MINUTE_MS))
    }
}

impl CallKind {
    /// The roles of those who do what a call is for, by code. Of the eight roles none moves material: the shift manager, who
    /// hands out people and work, is called for it.
    #[must_use]
    pub const fn trades(self) -> &'static [&'static str] {
        match self {
            Self::Stop | Self::Maintenance => &["maintenance"],
            Self::Material => &["shift_manager"],
            Self::Quality => &["quality"],
            Self::Safety => &["maintenance", "quality", "shift_manager"],
        }
    }
}

impl Ladder {
    /// The ladder of a call by default: at once the trade that it is for and the first recipients of its priority, level 1
    /// when nobody took the call in time, level 2 when it was not resolved in time, and of critical calls level 3 when twice
    /// that time has passed.
    #[must_use]
    pub fn by_default(kind: CallKind, priority: Priority) -> Self {
        let (acknowledge, resolve) = priority.default_times();
        let everybody = roles(&[ALL_MANAGERS[0], ALL_MANAGERS[1], "admin"]);
        let (first, at_once) = match priority {
            Priority::Low => (roles(&["shift_manager", "engineer"]), QUIET),
            Priority::Medium => {
                let first = roles(&["shift_manager", "engineer", "production_manager"]);
                (first, WITH_SMS)
            }
            Priority::High => {
                let first = ["shift_manager", "engineer", "production_manager", "admin"];
                (roles(&first), ALL)
            }
            Priority::Critical => (everybody.clone(), ALL),
        };
        let (second, third, later) = match priority {
            Priority::Low => {
                let above = roles(&["production_manager", "admin"]);
                (roles(&["production_manager"]), above, WITH_SMS)
            }
            Priority::Medium => (roles(&["admin"]), everybody.clone(), ALL),
            Priority::High => (roles(&ALL_MANAGERS), everybody.clone(), ALL),
            Priority::Critical => (everybody.clone(), everybody.clone(), ALL),
        };
        let mut at_first = roles(kind.trades());
        let others = first.into_iter().filter(|to| !at_first.contains(to));
        let others: Vec<Recipient> = others.collect();
        at_first.extend(others);
        let step = |trigger, after, level, to, via: &[Channel]| Step {
            trigger,
            after,
            level,
            to,
            via: via.to_vec(),
        };
        let mut steps = vec![
            step(Trigger::Raised, DurMs::ZERO, 0, at_first, at_once),
            step(Trigger::NotAcknowledged, acknowledge, 1, second, later),
            step(Trigger::NotResolved, resolve, 2, third, later),
        ];
        if priority == Priority::Critical {
            let twice = resolve + resolve;
            steps.push(step(Trigger::NotResolved, twice, 3, everybody, ALL));
        }
        Self(steps)
    }
}

fn roles(codes: &[&str]) -> Vec<Recipient> {
    let role = |code: &&str| Recipient::Role((*code).to_owned());
    codes.iter().map(role).collect()
}
