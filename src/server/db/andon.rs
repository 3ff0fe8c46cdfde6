//! Calls for help as they are stored.

pub mod roster;
pub mod rules;

/// A stored number that stands for nothing.
fn unknown(what: &str, code: i64) -> sqlx::Error {
    sqlx::Error::Decode(format!("{what} {code} is not known").into())
}
