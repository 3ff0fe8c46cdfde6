//! One's own address for mail. A provider's word links whoever has an address that the provider has checked, so an address is
//! a way in: it takes what a new password takes, and a fresh code where the second factor is on.

use super::second_factor::begin_with_code;
use super::{check, my_row};
use crate::server::auth::Ctx;
use crate::server::db::{attempts, audit, people};
use crate::server::services::error::{ServiceError, invalid};
use crate::server::services::people::wrong_names;
use crate::server::services::sign_in::Refused;
use serde_json::json;

/// A new address of one's own.
#[derive(Clone, Debug)]
pub struct NewAddress {
    /// The address; empty: none.
    pub email: String,
    /// The password that holds now.
    pub password: String,
    /// What the authenticator shows, where the second factor is on.
    pub code: String,
}

/// Changes one's own address for mail.
///
/// # Errors
/// [`Refused::Wrong`] when the password is; a wrong code; what is no address, or is somebody else's; a tablet that several
/// people share; somebody without a password; nobody asks; the engine's.
pub async fn change_address(ctx: &Ctx, wanted: NewAddress) -> Result<(), Refused> {
    let row = my_row(ctx).await?;
    let conflict = |words: &str| Refused::from(ServiceError::Conflict(words.to_owned()));
    if ctx.caller().device.is_some() {
        let words =
            "this tablet is shared: change your address where you sign in with your password";
        return Err(conflict(words));
    }
    if row.password.is_none() {
        let words = "you have no password that shows it is you: ask an administrator";
        return Err(conflict(words));
    }
    let email = wanted.email.trim();
    let mut wrong = wrong_names(&row.login, &row.name, email);
    wrong.retain(|f| f.field == "email");
    if !wrong.is_empty() {
        return Err(ServiceError::Invalid(wrong).into());
    }
    let subject = check(ctx, &row, wanted.password).await?;
    let mut tx = begin_with_code(ctx, &row, &wanted.code).await?;
    if !email.is_empty() {
        let same = people::by_address_in(&mut tx, email).await?;
        if same.iter().any(|other| other.id != row.id) {
            // Whoever the provider knows by it would be one of several, and get in no more.
            return Err(invalid("email", "is somebody else's").into());
        }
    }
    people::set_email(&mut tx, row.person(), email).await?;
    attempts::forgive(&mut tx, &subject).await?;
    let mut line = ctx.entry("person.address", format!("person:{}", row.login));
    line.was = json!({"email": row.email}).to_string();
    line.became = json!({"email": email}).to_string();
    audit::add(&mut tx, &line).await?;
    tx.commit().await?;
    ctx.app().people.forget();
    Ok(())
}
