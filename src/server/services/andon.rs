//! Calls for help. Whatever changes one is one transaction with its stamps, its timers, who is told, and the record; a second
//! one who does the same at the same time is told who was faster.

mod act;
pub mod autos;
pub mod channels;
mod link;
mod list;
mod lost;
mod raise;
pub mod rehearse;
pub mod roster;
pub mod rules;
pub mod statistics;
pub mod view;

pub(crate) use act::act_in;
pub use act::{
    acknowledge_andon_event, arrive_andon_event, cancel_andon_event, close_andon_event,
    escalate_andon_event, hand_back_andon_event, reopen_andon_event, resolve_andon_event,
};
pub use link::{call_of_link, take_by_link};
pub(crate) use list::going_on;
pub use list::{
    calls_of_stream, get_active_andon_events, get_andon_dashboard_data, get_andon_event,
    get_andon_event_history,
};
pub use lost::lost_on_line;
pub use raise::{Raise, create_andon_event, is_called, raise};
pub use rehearse::{Rehearsal, get_escalation_tree};
pub use statistics::get_andon_statistics;

use super::error::{ServiceError, invalid};
use crate::domain::ids::{DeviceId, PersonId};
use crate::domain::time::TsMs;
use crate::server::andon::Directory;
use crate::server::auth::Ctx;
use crate::server::db::audit::AuditRow;

/// The longest text and note, in characters.
const LONGEST_TEXT: usize = 2000;

/// Whoever does something with a call.
#[derive(Clone, Debug)]
pub struct Doer {
    /// As stamps call them; of two people of one name with their login.
    pub name: String,
    /// Who, if it is a person.
    pub person: Option<PersonId>,
    /// On which enrolled device, whoever is signed on there.
    pub device: Option<DeviceId>,
    /// The beginning of the row in the audit trail.
    pub entry: AuditRow,
}

impl Doer {
    fn of(ctx: &Ctx, people: &Directory) -> Self {
        let person = ctx.caller().person();
        let known = person.and_then(|id| people.person(id));
        let name = known.map_or(ctx.caller().name(), |p| p.name.as_str());
        Self {
            name: name.to_owned(),
            person,
            device: ctx.caller().device.as_ref().map(|device| device.id),
            entry: ctx.entry("", ""),
        }
    }
}

/// Who is called next, or for how long a call can be reopened, may be another now. That is told as what people may is told:
/// screens of this node, and of others, look again.
fn others_are_called(ctx: &Ctx) {
    ctx.app().people.forget();
}

/// What somebody wrote, without blanks around it.
fn written<'a>(field: &str, text: &'a str) -> Result<&'a str, ServiceError> {
    let text = text.trim();
    if text.chars().count() > LONGEST_TEXT {
        let problem = format!("must be at most {LONGEST_TEXT} characters");
        return Err(invalid(field, problem));
    }
    // PostgreSQL cannot hold NUL in text.
    if text.contains('\0') {
        return Err(invalid(field, "must not hold NUL"));
    }
    Ok(text)
}

/// A moment as answers of the API write it.
fn moment(at: TsMs) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| at.0.to_string(), |at| at.to_string())
}
