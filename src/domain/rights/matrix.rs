//! The default roles and their permissions as a table for people.

use super::permission::Permission;
use super::role::DEFAULT_ROLES;
use std::fmt::Write;

/// A Markdown table: a row for each permission, a column for each default role.
#[must_use]
pub fn markdown() -> String {
    let mut out = String::from("| permission | allows to |");
    for role in DEFAULT_ROLES {
        out.push_str(&format!(" {} |", role.code.replace('_', " ")));
    }
    out.push_str("\n|---|---|");
    out.push_str(&":-:|".repeat(DEFAULT_ROLES.len()));
    out.push('\n');
    for permission in Permission::ALL {
        // Writing to a text cannot fail.
        let _ = write!(out, "| `{}` | {} |", permission.name(), permission.words());
        for role in DEFAULT_ROLES {
            out.push_str(if role.set().has(*permission) {
                " ● |"
            } else {
                " · |"
            });
        }
        out.push('\n');
    }
    out
}
