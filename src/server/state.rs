//! What every request can reach.

use super::clock::Clock;
use super::db::Db;
use super::ingest::writer::Writer;
use super::live::hub::Hub;
use super::plant::CurrentPlant;
use super::services::error::ServiceError;
use crate::api::error::ApiError;
use leptos::prelude::use_context;
use std::sync::Arc;

/// The running server's parts. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    /// The database.
    pub db: Db,
    /// Now.
    pub clock: Clock,
    /// The plant model.
    pub plant: Arc<CurrentPlant>,
    /// Where facts go in.
    pub writer: Writer,
    /// Where open screens listen.
    pub hub: Hub,
    /// The build of the site that is served.
    pub build: Arc<str>,
}

impl App {
    /// The server behind the server function that runs.
    ///
    /// # Errors
    /// When there is none: the function was called outside a request.
    pub fn here() -> Result<Self, ApiError> {
        use_context().ok_or_else(|| {
            tracing::error!("a server function ran without the server's state");
            ApiError::Internal { request: "none".to_owned() }
        })
    }
}

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::NotFound { what, code } => Self::NotFound { what: what.to_owned(), code },
            ServiceError::Invalid(fields) => {
                let first = fields.into_iter().next();
                let (field, problem) = first.map_or_else(|| ("request".to_owned(), "is not valid".to_owned()), |f| (f.field, f.problem));
                Self::Invalid { field, problem }
            }
            ServiceError::Database(error) => {
                tracing::error!(%error, "a server function failed");
                Self::Internal { request: crate::server::http::request_id().unwrap_or_else(|| "unknown".to_owned()) }
            }
        }
    }
}
