//! Getting in because a provider vouches for somebody.

use super::sign_in::{Refused, let_in_with, on_record};
use crate::server::auth::Ctx;
use crate::server::auth::caller::Caller;
use crate::server::auth::guard::entry;
use crate::server::auth::oidc::{Identity, OidcError};
use crate::server::db::Tx;
use crate::server::db::people::{self, PersonRow};
use crate::server::state::App;
use serde_json::json;

/// Whom the provider's word means here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// A person who is in now.
    In(Box<PersonRow>),
    /// Nobody.
    Stranger,
    /// Several people have the address, so it does not say which.
    Several,
    /// Somebody who may not sign in any more.
    Closed,
}

impl Known {
    const fn words(&self) -> &'static str {
        match self {
            Self::In(_) => "",
            Self::Stranger => "nobody here is known by that",
            Self::Several => "several people have that address",
            Self::Closed => "may not sign in",
        }
    }
}

/// Signs in whom the provider vouches for: the person who is linked to its `issuer` and `subject`, else the one whom nobody
/// vouches for yet and whose address the provider has checked; they are linked then. Whose link an administrator took away is
/// linked by hand only. The second factor is the provider's
/// affair.
///
/// # Errors
/// The engine's.
pub async fn with_provider(ctx: &Ctx, identity: &Identity) -> Result<Known, Refused> {
    let (app, caller) = (ctx.app(), ctx.caller());
    let mut tx = people::begin(&app.db).await?;
    let linked = people::by_oidc_in(&mut tx, &identity.issuer, &identity.subject).await?;
    let (known, is_new) = match linked {
        Some(row) => (Known::In(Box::new(row)), false),
        None => (by_address(&mut tx, identity).await?, true),
    };
    let mut row = match known {
        Known::In(row) if row.disabled != 0 => {
            return not_let_in(app, caller, identity, Known::Closed, tx).await;
        }
        Known::In(row) => row,
        other => return not_let_in(app, caller, identity, other, tx).await,
    };
    let mut link = None;
    if is_new {
        let of = (identity.issuer.as_str(), identity.subject.as_str());
        people::set_oidc(&mut tx, row.person(), Some(of)).await?;
        // They get in by one more way now: whatever changes after that is another matter.
        if let Some(linked) = people::by_id_in(&mut tx, row.person()).await? {
            *row = linked;
        }
        let target = format!("person:{}", row.login);
        let mut line = entry(caller, app.clock.now(), "person.provider", target);
        line.became = told(identity);
        "same address, checked by the provider".clone_into(&mut line.why);
        link = Some(line);
    }
    let_in_with(
        app,
        &mut tx,
        caller,
        &row,
        ("provider", None),
        link.as_ref(),
    )
    .await?;
    tx.commit().await?;
    if is_new {
        app.people.forget();
    }
    Ok(Known::In(row))
}

async fn by_address(tx: &mut Tx, identity: &Identity) -> Result<Known, Refused> {
    let address = identity.email.as_deref().map(str::trim);
    let Some(address) = address.filter(|a| identity.email_verified && !a.is_empty()) else {
        return Ok(Known::Stranger);
    };
    let mut found = people::by_address_in(tx, address).await?;
    Ok(match (found.pop(), found.is_empty()) {
        (None, _) => Known::Stranger,
        (Some(row), true) if row.oidc_subject.is_none() && row.not_by_address == 0 => {
            Known::In(Box::new(row))
        }
        // Somebody else's account there has the address now, or it must not link any more.
        (Some(_), true) => Known::Stranger,
        (Some(_), false) => Known::Several,
    })
}

async fn not_let_in(
    app: &App,
    caller: &Caller,
    identity: &Identity,
    known: Known,
    tx: Tx,
) -> Result<Known, Refused> {
    drop(tx);
    let mut line = entry(caller, app.clock.now(), "session.stranger", "provider");
    line.became = told(identity);
    known.words().clone_into(&mut line.why);
    on_record(app, &line).await?;
    Ok(known)
}

/// Puts on record that what the provider said did not hold.
///
/// # Errors
/// The engine's.
pub async fn not_believed(ctx: &Ctx, error: &OidcError) -> Result<(), Refused> {
    let (app, caller) = (ctx.app(), ctx.caller());
    let mut line = entry(caller, app.clock.now(), "session.wrong", "provider");
    line.why = error.to_string();
    on_record(app, &line).await
}

fn told(identity: &Identity) -> String {
    json!({"issuer": identity.issuer, "subject": identity.subject, "email": identity.email})
        .to_string()
}
