//! `/sign-on`: people change places at a shared tablet.

use super::Shared;
use super::desk::{self, page};
use super::doors::{limited, refusal};
use super::next::Next;
use super::sign_in::{said, status};
use super::visitor::Visitor;
use crate::domain::ids::PersonId;
use crate::server::auth::Ctx;
use crate::server::auth::caller::{Caller, Who};
use crate::server::services::error::ServiceError;
use crate::server::services::sign_in::Refused;
use crate::server::services::sign_on::{self, Shown};
use crate::ui::desk::sign_on::{self as pages, SignOn, query};
use axum::Router;
use axum::extract::{Extension, Form, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;
use std::sync::Arc;
use tower_sessions::Session;

/// The routes.
pub fn router(shared: &Shared) -> Router {
    let door = Router::new().route("/sign-on", get(show).post(sign_on));
    limited(shared, door).with_state(shared.clone())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    next: String,
    who: Option<i64>,
}

async fn draw(
    shared: &Shared,
    caller: &Caller,
    (next, who): (&Next, Option<i64>),
    refused: Option<&Refused>,
) -> Response {
    let read = async {
        let tablet = sign_on::tablet(&shared.app, caller).await?;
        let tiles = sign_on::tiles(&shared.app, &tablet).await?;
        Ok::<_, ServiceError>((tablet, tiles))
    };
    let (tablet, tiles) = match read.await {
        Ok(read) => read,
        // Not a shared tablet: people sign in with login and password there.
        Err(ServiceError::NotFound { .. }) => {
            return Redirect::to(&format!("/sign-in{}", next.query())).into_response();
        }
        Err(error) => return desk::failed(shared, error),
    };
    let next = next.or("");
    let address = |id: i64| {
        let rest = query(next);
        let joined = if rest.is_empty() { "?" } else { "&" };
        format!("/sign-on{rest}{joined}who={id}")
    };
    let who = tiles
        .iter()
        .find(|p| Some(p.id) == who)
        .map(|p| (p.id, p.name.clone()));
    let inside = pages::sign_on(SignOn {
        next: next.to_owned(),
        now: match &caller.who {
            Who::Person { name, .. } => Some(name.clone()),
            _ => None,
        },
        problem: refused.map(|refused| match refused {
            Refused::Wrong => "That is not right.".to_owned(),
            other => said(other),
        }),
        tiles: tiles
            .iter()
            .map(|p| (address(p.id), p.name.clone()))
            .collect(),
        who,
        back: if next.is_empty() {
            tablet.page
        } else {
            next.to_owned()
        },
    });
    let names = ("Sign on", "/sign-on");
    let response = page(shared, None, names, status(refused), inside);
    match refused {
        Some(refused) => refusal(response, refused),
        None => response,
    }
}

async fn show(
    State(shared): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    // The link to this page stands below pages that change their address by themselves: the browser knows the present one.
    let next = if asked.next.is_empty() {
        Next::back(&headers)
    } else {
        Next::parse(&asked.next)
    };
    draw(&shared, &caller, (&next, asked.who), None).await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OnForm {
    next: String,
    badge: String,
    person: Option<i64>,
    pin: String,
}

async fn sign_on(
    State(shared): State<Shared>,
    ctx: Ctx,
    session: Session,
    headers: HeaderMap,
    Form(form): Form<OnForm>,
) -> Response {
    let visitor = Visitor::new(ctx.clone(), session, &headers);
    let next = Next::parse(&form.next);
    let shown = match form.person {
        Some(id) => Shown::Pin(PersonId(id), form.pin),
        None => Shown::Badge(form.badge),
    };
    let signed_on = async {
        let tablet = sign_on::tablet(&shared.app, ctx.caller()).await?;
        let row = sign_on::sign_on(&ctx, shown).await?;
        visitor.enter(&shared, &row).await?;
        Ok((tablet, row))
    };
    match signed_on.await {
        Ok((_, row)) if row.must_change != 0 => Redirect::to("/account/password").into_response(),
        Ok((tablet, _)) => Redirect::to(next.or(&tablet.page)).into_response(),
        Err(Refused::Failed(ServiceError::NotFound { .. })) => {
            super::problem::not_found("this is not a shared tablet").into_response()
        }
        Err(Refused::Failed(error)) => desk::failed(&shared, error),
        Err(refused) => draw(&shared, ctx.caller(), (&next, form.person), Some(&refused)).await,
    }
}

/// Where somebody goes who has to say who they are: on a shared tablet to its own page.
#[must_use]
pub fn way_in(caller: &Caller, next: &Next) -> String {
    if caller.device.as_ref().is_some_and(|d| d.bound_to.is_none()) {
        return format!("/sign-on{}", query(next.or("")));
    }
    format!("/sign-in{}", next.query())
}
