//! `/sign-in/provider`: somebody else says who somebody is (OpenID Connect), there and back.

use super::Shared;
use super::desk::{self, page};
use super::doors::limited;
use super::next::Next;
use super::own_address::own_address;
use super::sign_in::{Offers, said, sign_in_page, status};
use super::visitor::{Visitor, WAITS, lead_on, store};
use crate::server::auth::Ctx;
use crate::server::auth::oidc::{Begun, OidcError, Provider};
use crate::server::auth::session::{self, Waiting};
use crate::server::services::people::who_give_roles;
use crate::server::services::sign_in::Refused;
use crate::server::services::vouched::{self, Known};
use crate::ui::desk::sign_in as pages;
use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use tower_sessions::Session;

/// The routes.
pub fn router(shared: &Shared) -> Router {
    let doors = Router::new()
        .route("/sign-in/provider", post(there))
        .route("/sign-in/provider/back", get(back));
    limited(shared, doors).with_state(shared.clone())
}

#[derive(Debug, Deserialize)]
struct Wanted {
    #[serde(default)]
    next: String,
}

async fn there(
    State(shared): State<Shared>,
    ctx: Ctx,
    session: Session,
    uri: Uri,
    headers: HeaderMap,
    offers: Offers,
    Form(wanted): Form<Wanted>,
) -> Response {
    let Some(provider) = &shared.provider else {
        return super::problem::not_found("no provider vouches for people here").into_response();
    };
    let visitor = Visitor::new(ctx, session, &headers);
    let next = Next::parse(&wanted.next);
    if !offers.provider {
        let told = (StatusCode::UNPROCESSABLE_ENTITY, not_here(provider));
        return sign_in_page(&shared, offers, ("", &next), Some(told)).await;
    }
    let address = format!(
        "{}/sign-in/provider/back",
        own_address(&shared, &uri, &headers)
    );
    let begun = match provider.begin(&address).await {
        Ok(begun) => begun,
        Err(error) => {
            let told = not_now(provider, &error);
            return sign_in_page(&shared, offers, ("", &next), Some(told)).await;
        }
    };
    let url = begun.url.clone();
    let waiting = Waiting::Provider {
        begun,
        since: shared.app.clock.now(),
        next: next.path().to_owned(),
    };
    match visitor.wait(waiting).await {
        Ok(()) => go(&shared, provider, &url),
        Err(Refused::Failed(error)) => desk::failed(&shared, error),
        Err(refused) => {
            let told = (status(Some(&refused)), said(&refused));
            sign_in_page(&shared, offers, ("", &next), Some(told)).await
        }
    }
}

/// A page that leads there: our forms may only lead to us, so an answer to a form cannot.
fn go(shared: &Shared, provider: &Provider, url: &str) -> Response {
    let inside = pages::go_there(provider.name(), url);
    let mut response = page(
        shared,
        None,
        ("Signing in", "/sign-in"),
        StatusCode::OK,
        inside,
    );
    if let Ok(refresh) = HeaderValue::from_str(&format!("0;url={url}")) {
        response.headers_mut().insert(header::REFRESH, refresh);
    }
    response
}

/// What the browser brings back.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Brought {
    code: String,
    state: String,
    error: String,
}

async fn back(
    State(shared): State<Shared>,
    ctx: Ctx,
    session: Session,
    headers: HeaderMap,
    offers: Offers,
    Query(brought): Query<Brought>,
) -> Response {
    let Some(provider) = &shared.provider else {
        return super::problem::not_found("no provider vouches for people here").into_response();
    };
    let visitor = Visitor::new(ctx, session, &headers);
    let (begun, next) = match begun(&shared, &visitor).await {
        Ok(Some(begun)) => begun,
        // Nothing was begun here, or it is long over, or it is answered: from the start.
        Ok(None) => return Redirect::to("/sign-in").into_response(),
        Err(refused) => return failed(&shared, refused),
    };
    match end(&shared, provider, &visitor, (&begun, &brought), &next).await {
        Ok(response) => response,
        Err(NotIn::Told(status, words)) => {
            sign_in_page(&shared, offers, ("", &next), Some((status, words))).await
        }
        Err(NotIn::Refused(refused)) => failed(&shared, refused),
    }
}

fn failed(shared: &Shared, refused: Refused) -> Response {
    match refused {
        Refused::Failed(error) => desk::failed(shared, error),
        other => (status(Some(&other)), said(&other)).into_response(),
    }
}

/// What was begun in this browser; it is forgotten, whatever becomes of it.
async fn begun(shared: &Shared, visitor: &Visitor) -> Result<Option<(Begun, Next)>, Refused> {
    let held = session::held(&visitor.session).await.map_err(store)?;
    let Some(Waiting::Provider { begun, since, next }) = held.and_then(|h| h.waiting) else {
        return Ok(None);
    };
    visitor.leave().await?;
    let in_time = shared.app.clock.now() - since <= WAITS;
    Ok(in_time.then(|| (begun, Next::parse(&next))))
}

enum NotIn {
    Told(StatusCode, String),
    Refused(Refused),
}

impl<E: Into<Refused>> From<E> for NotIn {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

async fn end(
    shared: &Shared,
    provider: &Provider,
    visitor: &Visitor,
    (begun, brought): (&Begun, &Brought),
    next: &Next,
) -> Result<Response, NotIn> {
    let app = &shared.app;
    let name = provider.name();
    if brought.state == begun.state && !brought.error.is_empty() {
        let words =
            format!("{name} did not sign you in. Try again, or sign in with your password.");
        return Err(NotIn::Told(StatusCode::UNPROCESSABLE_ENTITY, words));
    }
    let finished = provider.finish(brought.code.clone(), &brought.state, begun);
    let identity = match finished.await {
        Ok(identity) => identity,
        Err(
            error @ (OidcError::Unreachable(_) | OidcError::Unusable(_) | OidcError::Redirect(_)),
        ) => {
            let (status, words) = not_now(provider, &error);
            return Err(NotIn::Told(status, words));
        }
        Err(
            error @ (OidcError::Refused(_) | OidcError::OtherState | OidcError::Unbelievable(_)),
        ) => {
            tracing::warn!(%error, "a sign-in by the provider did not hold");
            vouched::not_believed(&visitor.ctx, &error).await?;
            let words = format!("What {name} answered did not hold. Try again.");
            return Err(NotIn::Told(StatusCode::UNPROCESSABLE_ENTITY, words));
        }
    };
    match vouched::with_provider(&visitor.ctx, &identity).await? {
        Known::In(row) => {
            visitor.enter(shared, &row).await?;
            Ok(lead_on(shared, visitor, (&row, next)).await?)
        }
        other => {
            let ask = who_give_roles(app).await?;
            let words = match other {
                Known::Closed => format!("{name} knows you, but your account here is closed."),
                Known::Several => format!(
                    "{name} knows you, but several people here have your address, so it is not clear who you are."
                ),
                _ => format!("{name} knows you, but nobody has added you here yet."),
            };
            let came = pages::Came {
                known_as: identity.email.unwrap_or_else(|| identity.subject.clone()),
                issuer: identity.issuer,
                subject: identity.subject,
            };
            Ok(page(
                shared,
                None,
                ("Not known here", "/sign-in"),
                StatusCode::FORBIDDEN,
                pages::not_known(&words, &came, &ask),
            ))
        }
    }
}

/// What a person is told on a shared tablet.
fn not_here(provider: &Provider) -> String {
    let name = provider.name();
    format!(
        "This is a shared tablet: sign on with your badge, or with your name and PIN. {name} would know you here after you left, and let whoever comes next in as you."
    )
}

/// What a person is told when the provider cannot be asked; the log has the reason.
fn not_now(provider: &Provider, error: &OidcError) -> (StatusCode, String) {
    tracing::warn!(%error, "the sign-in provider cannot be used");
    let words = format!(
        "{} cannot be reached right now. Try again in a moment, or sign in with your password.",
        provider.name()
    );
    (StatusCode::SERVICE_UNAVAILABLE, words)
}
