//! The default roles and their permissions as a table for people.

use super::permission::Permission;
use super::role::DEFAULT_ROLES;
use std::fmt::Write;

/// Where a document holds the table.
const BEGIN: &str = "<!-- rights: written by `cargo xtask matrix` -->\n";
const END: &str = "<!-- end of rights -->";

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

/// A document with the table of today between its marks; `None` when it has no marks.
#[must_use]
pub fn written_into(document: &str) -> Option<String> {
    let (before, rest) = document.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{}\n{END}{after}", markdown()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_readme_is_that_of_the_program() {
        let readme = include_str!("../../../README.md");
        let current = written_into(readme).expect("marks around the table");
        assert!(
            readme == current,
            "the README is out of date; type: cargo xtask matrix"
        );
    }

    #[test]
    fn only_what_stands_between_the_marks_changes() {
        let document = format!("before\n{BEGIN}old\n{END}\nafter");
        let once = written_into(&document).expect("marks");
        assert!(
            once.starts_with(&format!("before\n{BEGIN}\n| permission")),
            "{once}"
        );
        assert!(once.ends_with(&format!("|\n\n{END}\nafter")), "{once}");
        assert_eq!(written_into(&once), Some(once.clone()));
        assert_eq!(written_into("no marks"), None);
    }
}
