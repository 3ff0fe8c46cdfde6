//! Errors as they cross to the browser. The status of the answer is set by the server's boundary.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::JsonEncoding;
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
    /// A value is wrong.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which.
        field: String,
        /// What is wrong with it.
        problem: String,
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
    },
    /// The server could not be reached.
    #[error("the server cannot be reached")]
    Offline,
    /// Something failed inside; the details are in the server's log.
    #[error("something went wrong on the server (request {request})")]
    Internal {
        /// The request's id in the log.
        request: String,
    },
}

impl FromServerFnError for ApiError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) => Self::Offline,
            ServerFnErrorErr::Args(problem) | ServerFnErrorErr::MissingArg(problem) => {
                #[cfg(feature = "ssr")]
                answer_400();
                Self::Invalid {
                    field: "request".to_owned(),
                    problem,
                }
            }
            _ => Self::Internal {
                request: "unknown".to_owned(),
            },
        }
    }
}

/// The arguments of a server function could not be read; the framework would answer with 500.
#[cfg(feature = "ssr")]
fn answer_400() {
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(axum::http::StatusCode::BAD_REQUEST);
    }
}
