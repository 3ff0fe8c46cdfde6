//! Where the errors of services become those of server functions: with a status, and logged once.

use super::problem::{RETRY_AFTER_S, log_failure};
use crate::api::error::ApiError;
use crate::server::services::error::ServiceError;
use crate::server::state::App;
use axum::http::{HeaderValue, StatusCode, header};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        let error = match error {
            ServiceError::NotFound { what, code } => Self::NotFound {
                what: what.to_owned(),
                code,
            },
            ServiceError::Invalid(fields) => Self::Invalid { fields },
            ServiceError::Conflict(problem) => Self::Conflict { problem },
            ServiceError::Unauthenticated => Self::Unauthenticated,
            ServiceError::Forbidden { permission, place } => Self::Forbidden {
                permission: permission.name().to_owned(),
                words: permission.words().to_owned(),
                place,
                ask: use_context::<App>().map_or_else(Vec::new, |app| app.givers.names()),
            },
            ServiceError::Database(error) => match log_failure(&error) {
                Some(_) => Self::Unavailable {
                    retry_after_s: RETRY_AFTER_S,
                },
                None => Self::Internal {
                    request: super::request_id().unwrap_or_else(|| "unknown".to_owned()),
                },
            },
        };
        answer_with(&error);
        error
    }
}

/// Gives the answer that runs the status of `error`: the framework answers every error of a server function with 500, and
/// a page that shows one with 200.
pub fn answer_with(error: &ApiError) {
    let Some(response) = use_context::<ResponseOptions>() else {
        return;
    };
    response.set_status(match error {
        ApiError::NotFound { .. } => StatusCode::NOT_FOUND,
        ApiError::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        ApiError::Conflict { .. } => StatusCode::CONFLICT,
        ApiError::Unauthenticated => StatusCode::UNAUTHORIZED,
        ApiError::Forbidden { .. } => StatusCode::FORBIDDEN,
        ApiError::Unavailable { .. } | ApiError::Offline => StatusCode::SERVICE_UNAVAILABLE,
        ApiError::Internal { .. } => StatusCode::INTERNAL_SERVER_ERROR,
    });
    if let ApiError::Unavailable { retry_after_s } = error {
        response.insert_header(header::RETRY_AFTER, HeaderValue::from(*retry_after_s));
    }
}
