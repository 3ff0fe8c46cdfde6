//! Errors as they cross to the browser. The status of the answer is set by the server's boundary.

use super::json::JsonText;
use crate::domain::plant::FieldError;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::error::ServerFnErrorErr;

/// What went wrong, as far as the person in front of the screen needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ApiError {
    /// There is no such thing.
    #[error("{what} '{code}' does not exist")]
    NotFound {
        /// What was asked for: "line".
        what: String,
        /// The name given.
        code: String,
    },
    /// Values are wrong; every one of them is named.
    #[error("{}", told(fields))]
    Invalid {
        /// Which, and what is wrong with each.
        fields: Vec<FieldError>,
    },
    /// Somebody else changed it meanwhile.
    #[error("{problem}")]
    Conflict {
        /// Who changed what, and when.
        problem: String,
    },
    /// Nobody knows who asks.
    #[error("say who you are first")]
    Unauthenticated,
    /// A permission is missing.
    #[error("you may not {words}{} (permission {permission})", .place.as_ref().map_or_else(String::new, |p| format!(" on {p}")))]
    Forbidden {
        /// Its name.
        permission: String,
        /// What it allows.
        words: String,
        /// Where it is missing; none: everywhere.
        place: Option<String>,
        /// Names of people who give out roles.
        #[serde(default)]
        ask: Vec<String>,
    },
    /// The server could not be reached.
    #[error("the server cannot be reached")]
    Offline,
    /// The server answers, but its database does not.
    #[error("the server is there, but its database cannot be reached")]
    Unavailable {
        /// When to try again, in seconds.
        retry_after_s: u32,
    },
    /// Something failed inside; the details are in the server's log.
    #[error("something went wrong on the server (request {request})")]
    Internal {
        /// The request's id in the log.
        request: String,
    },
}

/// Every wrong field with what is wrong with it.
fn told(fields: &[FieldError]) -> String {
    let told: Vec<String> = fields
        .iter()
        .map(|f| format!("{}: {}", f.field, f.problem))
        .collect();
    told.join("; ")
}

impl ApiError {
    /// Whether the same may work in a moment, with nobody doing anything about it.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Offline | Self::Unavailable { .. })
    }
}

impl FromServerFnError for ApiError {
    type Encoder = JsonText;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) => Self::Offline,
            ServerFnErrorErr::Args(problem) | ServerFnErrorErr::MissingArg(problem) => {
                unreadable(problem)
            }
            // What the browser cannot read came from the server; what the server cannot read came from a caller.
            #[cfg(feature = "ssr")]
            ServerFnErrorErr::Deserialization(problem) => unreadable(problem),
            #[cfg(feature = "ssr")]
            other => {
                let request = use_context::<RequestId>().map_or_else(unknown, |id| id.0);
                tracing::error!(error = %other, request_id = request, "a server function failed");
                Self::Internal { request }
            }
            #[cfg(not(feature = "ssr"))]
            _ => Self::Internal { request: unknown() },
        }
    }
}

fn unknown() -> String {
    "unknown".to_owned()
}

/// The arguments of a server function could not be read.
fn unreadable(problem: String) -> ApiError {
    #[cfg(feature = "ssr")]
    answer_400();
    let field = "request".to_owned();
    ApiError::Invalid {
        fields: vec![FieldError { field, problem }],
    }
}

/// The id of the request that a server function runs in.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// The framework would answer with 500.
#[cfg(feature = "ssr")]
fn answer_400() {
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(axum::http::StatusCode::BAD_REQUEST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_field_is_told() {
        let wrong = |field: &str, problem: &str| FieldError {
            field: field.to_owned(),
            problem: problem.to_owned(),
        };
        let error = ApiError::Invalid {
            fields: vec![wrong("from", "is missing"), wrong("to", "is before from")],
        };
        assert_eq!(error.to_string(), "from: is missing; to: is before from");
    }

    proptest::proptest! {
        // What the browser was answered with may come from a proxy, an old build, or half of it from nowhere.
        #[test]
        fn any_answer_reads_as_an_error_that_has_words(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
            let error = ApiError::de(bytes.into());
            proptest::prop_assert!(!error.to_string().is_empty());
        }

        #[test]
        fn an_error_comes_over_as_it_was(what in ".{0,20}", code in ".{0,20}", seconds in proptest::prelude::any::<u32>()) {
            let errors = [
                ApiError::NotFound { what: what.clone(), code: code.clone() },
                ApiError::Conflict { problem: code.clone() },
                ApiError::Forbidden { permission: what.clone(), words: code.clone(), place: Some(what), ask: vec![code.clone()] },
                ApiError::Unavailable { retry_after_s: seconds },
                ApiError::Internal { request: code },
            ];
            for error in errors {
                proptest::prop_assert_eq!(ApiError::de(error.ser()), error);
            }
        }
    }
}
