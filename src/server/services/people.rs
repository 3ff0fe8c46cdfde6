//! People: adding them, their roles, their passwords.

use super::error::field;
use crate::domain::plant::FieldError;
use crate::domain::rights::Permission;
use crate::server::auth::rights::Roles;
use crate::server::db::people;
use crate::server::state::App;

/// The names of people who give out roles on the whole site: whom to ask for more.
///
/// # Errors
/// The engine's.
pub async fn who_give_roles(app: &App) -> sqlx::Result<Vec<String>> {
    let roles = Roles::load(&app.db).await?;
    let (all, given) = (people::all(&app.db).await?, people::given(&app.db).await?);
    let may = |id: i64| {
        let of: Vec<_> = given
            .iter()
            .copied()
            .filter(|g| g.person_id == id)
            .collect();
        roles.rights(&of).on_site(Permission::UserWrite)
    };
    let found = all
        .into_iter()
        .filter(|p| p.disabled == 0 && p.demo == 0 && may(p.id));
    Ok(found.map(|p| p.name).take(5).collect())
}

/// What is wrong with login, name and mail address.
#[must_use]
pub fn wrong_names(login: &str, name: &str, email: &str) -> Vec<FieldError> {
    let mut out = Vec::new();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_@".contains(c);
    if login.is_empty() || login.chars().count() > 60 || !login.chars().all(plain) {
        let problem = "must be 1 to 60 of the letters a to z, digits, and . - _ @";
        out.push(field("login", problem));
    }
    if login.starts_with("demo.") {
        out.push(field(
            "login",
            "must not begin like those of the demonstration",
        ));
    }
    let length = name.chars().count();
    if length == 0 || length > 100 || name.chars().any(char::is_control) {
        out.push(field("name", "must be 1 to 100 characters"));
    }
    let at = email.split_once('@');
    let sound = at.is_some_and(|(who, host)| {
        !who.is_empty() && host.contains('.') && !email.contains(char::is_whitespace)
    });
    if !email.is_empty() && (!sound || email.len() > 200) {
        out.push(field("email", "is not an address such as name@example.org"));
    }
    out
}
