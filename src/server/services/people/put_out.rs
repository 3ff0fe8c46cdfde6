//! Putting people out: their sessions end, their browsers take no messages any more, and what waits for those is not sent.

use super::Changing;
use crate::domain::andon::Channel;
use crate::domain::ids::PersonId;
use crate::server::auth::Ctx;
use crate::server::db::audit::{self, AuditRow};
use crate::server::db::contacts::{self, SubscriptionRow};
use crate::server::db::{Tx, deliveries, sessions};
use crate::server::services::error::{ServiceError, invalid};
use serde_json::{Value, json};

/// Which messages that wait for somebody who is put out are not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server::services) enum Waiting {
    /// Those to their browsers.
    ToBrowsers,
    /// All of them.
    All,
}

/// What somebody who was put out has no more.
#[derive(Debug)]
pub(in crate::server::services) struct Lost {
    /// Sessions that ended; of a shared tablet, it is no longer theirs.
    sessions: u64,
    /// Browsers that took messages for them.
    browsers: Vec<SubscriptionRow>,
    /// Messages that waited.
    messages: u64,
}

impl Lost {
    /// Puts it into the row of whatever caused it.
    pub(in crate::server::services) fn tell(&self, row: &mut AuditRow) {
        if !self.browsers.is_empty() {
            let one = |b: &SubscriptionRow| json!({"device": b.id, "label": b.label});
            let devices: Vec<Value> = self.browsers.iter().map(one).collect();
            row.was = json!({ "devices": devices }).to_string();
        }
        if self.sessions > 0 || self.messages > 0 || !self.browsers.is_empty() {
            row.became = json!({"sessions_ended": self.sessions, "messages_void": self.messages})
                .to_string();
        }
    }
}

/// Ends all sessions of somebody, takes their browsers off, and voids what waits. Shared tablets stay enrolled.
pub(in crate::server::services) async fn put_out(
    tx: &mut Tx,
    id: PersonId,
    waiting: Waiting,
) -> sqlx::Result<Lost> {
    let sessions = sessions::end_of_person(tx, id, &[]).await?;
    let browsers = contacts::subscriptions_in(tx, id).await?;
    contacts::unsubscribe_all(tx, id).await?;
    let channel = match waiting {
        Waiting::ToBrowsers => Some(Channel::Push.name()),
        Waiting::All => None,
    };
    let messages = deliveries::void_of_person(tx, id, channel).await?;
    Ok(Lost {
        sessions,
        browsers,
        messages,
    })
}

/// Signs somebody out everywhere, such as somebody whose phone was stolen. They may sign in again.
///
/// # Errors
/// It is the caller, who does so on the page of their own account; they may more than the caller; the engine's.
pub async fn end_sessions(ctx: &Ctx, id: PersonId) -> Result<(), ServiceError> {
    let mut work = Changing::begin(ctx, id).await?;
    if work.is_oneself(ctx) {
        return Err(invalid(
            "person",
            "is you: sign out everywhere on the page of your own account",
        ));
    }
    let lost = put_out(&mut work.tx, id, Waiting::ToBrowsers).await?;
    let mut row = ctx.entry("person.sessions.end", work.target());
    lost.tell(&mut row);
    audit::add(&mut work.tx, &row).await?;
    work.tx.commit().await?;
    ctx.app().people.forget();
    Ok(())
}
