//! Why a service could not do what it was asked. The boundary turns it into an answer and logs it once.

use crate::domain::plant::FieldError;
use crate::domain::rights::Permission;
use crate::server::db::failure::Failure;

/// Why a service failed.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// There is no such thing.
    #[error("{what} '{code}' does not exist")]
    NotFound {
        /// What was asked for.
        what: &'static str,
        /// The name given.
        code: String,
    },
    /// Values are wrong; all of them are named.
    #[error("invalid: {0:?}")]
    Invalid(Vec<FieldError>),
    /// Somebody else changed it meanwhile.
    #[error("{0}")]
    Conflict(String),
    /// It is not known who asks.
    #[error("sign in first")]
    Unauthenticated,
    /// Who asks may not do this.
    #[error("the permission '{}' is missing{}", .permission.name(), at(.place))]
    Forbidden {
        /// What is missing.
        permission: Permission,
        /// Where; none: on the whole site, or anywhere.
        place: Option<String>,
    },
    /// The database failed.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
}

impl ServiceError {
    /// Whether only what was asked for cannot be done: others may get on. Otherwise the database is away.
    #[must_use]
    pub fn is_of_one(&self) -> bool {
        match self {
            Self::Database(error) => Failure::of(error) == Failure::Inside,
            _ => true,
        }
    }
}

/// There is no such thing.
#[must_use]
pub fn not_found(what: &'static str, code: &str) -> ServiceError {
    ServiceError::NotFound {
        what,
        code: code.to_owned(),
    }
}

/// One value is wrong.
#[must_use]
pub fn invalid(field: &str, problem: impl Into<String>) -> ServiceError {
    ServiceError::Invalid(vec![FieldError {
        field: field.to_owned(),
        problem: problem.into(),
    }])
}

/// One wrong field among others.
#[must_use]
pub fn field(field: &str, problem: impl Into<String>) -> FieldError {
    FieldError {
        field: field.to_owned(),
        problem: problem.into(),
    }
}

fn at(place: &Option<String>) -> String {
    place
        .as_ref()
        .map_or_else(String::new, |p| format!(" on {p}"))
}
