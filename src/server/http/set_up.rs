//! `/set-up`: the one-time link of a first start adds the first person.

use super::Shared;
use super::desk::{self, page};
use super::doors::limited;
use super::next::Next;
use super::visitor::{Visitor, lead_on};
use crate::server::auth::Ctx;
use crate::server::services::error::ServiceError;
use crate::server::services::set_up::{self, FirstPerson};
use crate::server::services::sign_in::Refused;
use crate::ui::desk::field::Wrong;
use crate::ui::desk::sign_in as pages;
use axum::Router;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;
use tower_sessions::Session;

/// The routes.
pub fn router(shared: &Shared) -> Router {
    let door = Router::new().route("/set-up/{token}", get(show).post(begin));
    limited(shared, door).with_state(shared.clone())
}

async fn show(State(shared): State<Shared>, Path(token): Path<String>) -> Response {
    match set_up::link_holds(&shared.app, &token).await {
        Ok(true) => {
            let inside = pages::set_up(format!("/set-up/{token}"), "", "", &Wrong::default());
            page(&shared, None, ("Set up", ""), StatusCode::OK, inside)
        }
        Ok(false) => used_up(&shared),
        Err(error) => desk::failed(&shared, error.into()),
    }
}

fn used_up(shared: &Shared) -> Response {
    let words = "This link was used, or its time is over. When nobody can sign in yet, the program writes a new one each \
        time it starts.";
    page(
        shared,
        None,
        ("Set up", ""),
        StatusCode::NOT_FOUND,
        desk::words(words),
    )
}

/// The first person.
#[derive(Debug, Deserialize)]
struct First {
    name: String,
    login: String,
    password: String,
}

async fn begin(
    State(shared): State<Shared>,
    ctx: Ctx,
    session: Session,
    headers: HeaderMap,
    Path(token): Path<String>,
    Form(form): Form<First>,
) -> Response {
    let visitor = Visitor::new(ctx, session, &headers);
    let (login, name) = (form.login.clone(), form.name.clone());
    let first = FirstPerson {
        login: form.login,
        name: form.name,
        password: form.password,
    };
    let tried = async {
        let row = set_up::set_up(&visitor.ctx, (&token, first)).await?;
        visitor.enter(&shared, &row).await?;
        lead_on(&shared, &visitor, (&row, &Next::parse(""))).await
    };
    match tried.await {
        Ok(response) => response,
        Err(Refused::Failed(ServiceError::NotFound { .. })) => used_up(&shared),
        Err(Refused::Failed(ServiceError::Invalid(fields))) => {
            let action = format!("/set-up/{token}");
            let inside = pages::set_up(action, &login, &name, &Wrong(fields));
            page(
                &shared,
                None,
                ("Set up", ""),
                StatusCode::UNPROCESSABLE_ENTITY,
                inside,
            )
        }
        Err(Refused::Failed(error)) => desk::failed(&shared, error),
        Err(_) => used_up(&shared),
    }
}
