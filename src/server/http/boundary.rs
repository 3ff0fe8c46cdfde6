//! Where the errors of services become those of server functions: with a status, and logged once.

use crate::api::error::ApiError;
use crate::server::services::error::ServiceError;
use axum::http::StatusCode;
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        let (status, error) = match error {
            ServiceError::NotFound { what, code } => {
                let what = what.to_owned();
                (StatusCode::NOT_FOUND, Self::NotFound { what, code })
            }
            ServiceError::Invalid(fields) => {
                let first = fields.into_iter().next();
                let (field, problem) = first.map_or_else(
                    || ("request".to_owned(), "is not valid".to_owned()),
                    |f| (f.field, f.problem),
                );
                (
                    StatusCode::UNPROCESSABLE_ENTITY,
                    Self::Invalid { field, problem },
                )
            }
            ServiceError::Conflict(problem) => (StatusCode::CONFLICT, Self::Conflict { problem }),
            ServiceError::Unauthenticated => (StatusCode::UNAUTHORIZED, Self::Unauthenticated),
            ServiceError::Forbidden { permission, place } => {
                let error = Self::Forbidden {
                    permission: permission.name().to_owned(),
                    words: permission.words().to_owned(),
                    place,
                };
                (StatusCode::FORBIDDEN, error)
            }
            ServiceError::Database(error) => {
                let request = super::request_id().unwrap_or_else(|| "unknown".to_owned());
                tracing::error!(%error, request_id = request, "a server function failed");
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    Self::Internal { request },
                )
            }
        };
        // The framework answers every error of a server function with 500, and a page that shows one with 200.
        if let Some(response) = use_context::<ResponseOptions>() {
            response.set_status(status);
        }
        error
    }
}
