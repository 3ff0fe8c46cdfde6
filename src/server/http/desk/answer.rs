//! From what a service said to what a browser gets: on to a page, the same page with what is wrong, or why it cannot be.

use super::{Shared, failed, forbidden_page, shown};
use crate::domain::plant::FieldError;
use crate::server::auth::Ctx;
use crate::server::http::problem::Problem;
use crate::server::services::error::ServiceError;
use crate::server::services::people::who_give_roles;
use crate::ui::desk::choose::notice;
use crate::ui::desk::field::Wrong;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use leptos::prelude::IntoAny;

/// A page with what is wrong about the form that led to it, and its status.
pub type Again = (StatusCode, Wrong);

/// A page that was asked for, with nothing wrong.
#[must_use]
pub fn asked_for() -> Again {
    (StatusCode::OK, Wrong::default())
}

/// On to a page when it is done, else why not.
pub async fn on_to(
    shared: &Shared,
    ctx: &Ctx,
    to: &str,
    done: Result<(), ServiceError>,
) -> Response {
    match done {
        Ok(()) => Redirect::to(to).into_response(),
        Err(error) => refused(shared, ctx, error).await,
    }
}

/// What a form is shown again with; any other failure is an answer of its own.
pub async fn wrong_or(
    shared: &Shared,
    ctx: &Ctx,
    what: &str,
    error: ServiceError,
) -> Result<Again, Response> {
    match error {
        ServiceError::Invalid(fields) => Ok((StatusCode::UNPROCESSABLE_ENTITY, Wrong(fields))),
        ServiceError::Conflict(problem) => {
            let field = what.to_owned();
            Ok((
                StatusCode::CONFLICT,
                Wrong(vec![FieldError { field, problem }]),
            ))
        }
        error => Err(refused(shared, ctx, error).await),
    }
}

/// The answer to what could not be done.
pub async fn refused(shared: &Shared, ctx: &Ctx, error: ServiceError) -> Response {
    if let ServiceError::Forbidden { permission, .. } = error {
        return match who_give_roles(&shared.app).await {
            Ok(ask) => forbidden_page(shared, ctx.caller(), permission, &ask),
            Err(error) => failed(shared, error.into()),
        };
    }
    if matches!(error, ServiceError::Database(_)) {
        return failed(shared, error);
    }
    let problem = Problem::from(error);
    let ways = [("/", "To the board")];
    let inside = notice(problem.words(), ().into_any(), &ways);
    let names = ("That did not work", "");
    shown(shared, ctx, names, problem.status(), inside)
}
