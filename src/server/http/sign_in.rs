//! `/sign-in`, `/sign-out`: getting in and out, by plain forms.

use super::Shared;
use super::desk::{self, page};
use super::doors::{limited, refusal};
use super::next::Next;
use super::visitor::{Visitor, WAITS, lead_on, store};
use crate::domain::rights::DEFAULT_ROLES;
use crate::server::auth::Ctx;
use crate::server::auth::caller::Caller;
use crate::server::auth::session::{self, Waiting};
use crate::server::db::devices;
use crate::server::services::error::ServiceError;
use crate::server::services::set_up;
use crate::server::services::sign_in::{self, Got, Refused};
use crate::ui::desk::sign_in as pages;
use axum::Router;
use axum::extract::{Extension, Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use std::sync::Arc;
use tower_sessions::Session;

/// The routes.
pub fn router(shared: &Shared) -> Router {
    let doors = Router::new()
        .route("/sign-in", get(show).post(with_password))
        .route("/sign-in/code", get(show_code).post(with_code))
        .route("/sign-in/demonstration", post(demonstration));
    limited(shared, doors)
        .route("/sign-out", post(sign_out))
        .with_state(shared.clone())
}

/// The query of the sign-in page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    next: String,
}

/// The sign-in page, perhaps with what did not go well.
pub(super) async fn sign_in_page(
    shared: &Shared,
    offers: Offers,
    (login, next): (&str, &Next),
    told: Option<(StatusCode, String)>,
) -> Response {
    let not_set_up = match set_up::is_set_up(&shared.app).await {
        Ok(is) => !is,
        Err(error) => return desk::failed(shared, error.into()),
    };
    let roles = DEFAULT_ROLES.iter().map(|r| (r.code, r.name));
    let (status, problem) = told.map_or((StatusCode::OK, None), |(s, words)| (s, Some(words)));
    let inside = pages::sign_in(pages::SignIn {
        next: next.path().to_owned(),
        login: login.to_owned(),
        problem,
        demonstration: if offers.demonstration {
            roles.collect()
        } else {
            vec![]
        },
        provider: shared
            .provider
            .as_ref()
            .filter(|_| offers.provider)
            .map(|p| p.name().to_owned()),
        not_set_up: not_set_up && !offers.demonstration,
    });
    page(shared, None, ("Sign in", "/sign-in"), status, inside)
}

/// The sign-in page with what a refusal tells.
async fn refused_page(
    shared: &Shared,
    offers: Offers,
    typed: (&str, &Next),
    refused: &Refused,
) -> Response {
    let told = (status(Some(refused)), said(refused));
    let response = sign_in_page(shared, offers, typed, Some(told)).await;
    refusal(response, refused)
}

/// What a person is told.
pub(super) fn said(refused: &Refused) -> String {
    match refused {
        Refused::Wrong => "That is not right. Check login and password.".to_owned(),
        Refused::Wait(left) => {
            let seconds = (left.0 + 999) / 1000;
            format!("Too many wrong tries. Wait {seconds} s, then try again.")
        }
        Refused::Busy => "Many people sign in just now. Try again in a moment.".to_owned(),
        Refused::Failed(error) => error.to_string(),
    }
}

pub(super) fn status(refused: Option<&Refused>) -> StatusCode {
    match refused {
        None => StatusCode::OK,
        Some(Refused::Wait(_)) => StatusCode::TOO_MANY_REQUESTS,
        Some(Refused::Busy) => StatusCode::SERVICE_UNAVAILABLE,
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

async fn show(
    State(shared): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Query(asked): Query<Asked>,
    offers: Offers,
) -> Response {
    if caller.person().is_some() {
        return Redirect::to(Next::parse(&asked.next).or(&caller.first_page)).into_response();
    }
    sign_in_page(&shared, offers, ("", &Next::parse(&asked.next)), None).await
}

/// Login and password.
#[derive(Debug, Deserialize)]
struct Password {
    login: String,
    password: String,
    #[serde(default)]
    next: String,
}

async fn with_password(
    State(shared): State<Shared>,
    ctx: Ctx,
    session: Session,
    headers: HeaderMap,
    offers: Offers,
    Form(form): Form<Password>,
) -> Response {
    let visitor = Visitor::new(ctx, session, &headers);
    let next = Next::parse(&form.next);
    let login = form.login.clone();
    let tried = async {
        let app = &shared.app;
        match sign_in::with_password(&visitor.ctx, (&form.login, form.password)).await? {
            Got::In(row) => {
                visitor.enter(&shared, &row).await?;
                lead_on(&shared, &visitor, (&row, &next)).await
            }
            Got::NeedsCode(row) => {
                let waiting = Waiting::Code {
                    person: row.person(),
                    version: row.version,
                    since: app.clock.now(),
                    next: next.path().to_owned(),
                };
                visitor.wait(waiting).await?;
                Ok(Redirect::to("/sign-in/code").into_response())
            }
        }
    };
    match tried.await {
        Ok(response) => response,
        Err(Refused::Failed(error @ ServiceError::Database(_))) => desk::failed(&shared, error),
        Err(refused) => refused_page(&shared, offers, (&login, &next), &refused).await,
    }
}

async fn show_code(State(shared): State<Shared>) -> Response {
    page(
        &shared,
        None,
        ("Second factor", "/sign-in/code"),
        StatusCode::OK,
        pages::code(None),
    )
}

/// The code of the second factor.
#[derive(Debug, Deserialize)]
struct Code {
    code: String,
}

async fn with_code(
    State(shared): State<Shared>,
    ctx: Ctx,
    session: Session,
    headers: HeaderMap,
    Form(form): Form<Code>,
) -> Response {
    let visitor = Visitor::new(ctx, session, &headers);
    let tried = async {
        let app = &shared.app;
        let held = session::held(&visitor.session).await.map_err(store)?;
        let Some(Waiting::Code {
            person,
            version,
            since,
            next,
        }) = held.and_then(|h| h.waiting)
        else {
            return Ok(Redirect::to("/sign-in").into_response());
        };
        if app.clock.now() - since > WAITS {
            return Ok(Redirect::to("/sign-in").into_response());
        }
        let who = (person, version);
        let Some(row) = sign_in::with_code(&visitor.ctx, who, &form.code).await? else {
            return Ok(Redirect::to("/sign-in").into_response());
        };
        visitor.enter(&shared, &row).await?;
        lead_on(&shared, &visitor, (&row, &Next::parse(&next))).await
    };
    match tried.await {
        Ok(response) => response,
        Err(Refused::Failed(error @ ServiceError::Database(_))) => desk::failed(&shared, error),
        Err(refused) => {
            let words = match &refused {
                Refused::Wrong => "That code is not right, or it was used before.".to_owned(),
                other => said(other),
            };
            let inside = pages::code(Some(words));
            let names = ("Second factor", "/sign-in/code");
            let response = page(&shared, None, names, status(Some(&refused)), inside);
            refusal(response, &refused)
        }
    }
}

/// What the sign-in page offers beside login and password, where the browser stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offers {
    /// The demonstration's people may be here.
    demonstration: bool,
    /// A provider may vouch for people here: not on what is shared. There its own session outlives the person, and whoever
    /// comes next would be them with one tap; badge and PIN go with who holds them.
    pub(super) provider: bool,
}

impl axum::extract::FromRequestParts<Shared> for Offers {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        shared: &Shared,
    ) -> Result<Self, Self::Rejection> {
        let peer = parts
            .extensions
            .get::<axum::extract::ConnectInfo<std::net::SocketAddr>>();
        let caller = parts.extensions.get::<Arc<Caller>>();
        Ok(Self {
            demonstration: shared.demonstrates(peer.map(|c| c.0), &parts.uri, &parts.headers),
            provider: caller.is_none_or(|c| c.device.is_none()),
        })
    }
}

/// One tap.
#[derive(Debug, Deserialize)]
struct Tap {
    role: String,
    #[serde(default)]
    next: String,
}

async fn demonstration(
    State(shared): State<Shared>,
    ctx: Ctx,
    session: Session,
    headers: HeaderMap,
    offers: Offers,
    Form(tap): Form<Tap>,
) -> Response {
    if !offers.demonstration {
        return super::problem::not_found("there is no demonstration here").into_response();
    }
    let visitor = Visitor::new(ctx, session, &headers);
    let next = Next::parse(&tap.next);
    let tried = async {
        let row = sign_in::demonstration(&visitor.ctx, &tap.role).await?;
        visitor.enter(&shared, &row).await?;
        lead_on(&shared, &visitor, (&row, &next)).await
    };
    match tried.await {
        Ok(response) => response,
        Err(Refused::Failed(error @ ServiceError::Database(_))) => desk::failed(&shared, error),
        Err(refused) => refused_page(&shared, offers, ("", &next), &refused).await,
    }
}

async fn sign_out(
    State(shared): State<Shared>,
    ctx: Ctx,
    session: Session,
    headers: HeaderMap,
) -> Response {
    let visitor = Visitor::new(ctx, session, &headers);
    let done = async {
        sign_in::sign_out(&visitor.ctx).await?;
        visitor.leave().await?;
        match &visitor.ctx.caller().device {
            // A shared tablet shows its own page again.
            Some(device) => Ok(devices::by_id(&shared.app.db, device.id).await?),
            None => Ok(None),
        }
    };
    match done.await {
        Ok(Some(device)) => Redirect::to(&device.page).into_response(),
        Ok(None) => Redirect::to("/sign-in").into_response(),
        Err(Refused::Failed(error)) => desk::failed(&shared, error),
        Err(_) => Redirect::to("/sign-in").into_response(),
    }
}
