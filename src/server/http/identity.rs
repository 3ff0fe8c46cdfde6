//! Every request passes here: who sent it, may they, and what is written down about it.

use super::Shared;
use super::next::Next;
use super::problem::{self, Problem, log_failure};
use crate::server::auth::Ctx;
use crate::server::auth::access::{Need, need_of};
use crate::server::auth::caller::{Caller, Who};
use crate::server::auth::guard::{Refusal, Unidentified, admit, entry, reason};
use crate::server::auth::identify::{Origin, identify};
use crate::server::auth::merged;
use crate::server::db::failure::Failure;
use crate::server::services::people;
use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Redirect, Response};
use std::net::SocketAddr;
use std::sync::Arc;
use tower_sessions::Session;

/// Why something is asked for, for the record: of REST and of server functions. Forms have a field for it.
pub const REASON: &str = "x-reason";

/// Finds out who asks, lets them in or not, and keeps denials on record.
pub async fn guard(
    State(shared): State<Shared>,
    mut request: Request,
    next: middleware::Next,
) -> Response {
    let app = &shared.app;
    let matched = request
        .extensions()
        .get::<MatchedPath>()
        .map(|p| p.as_str().to_owned());
    let navigates = navigates(&request);
    let why = match request.headers().get(REASON) {
        None => String::new(),
        Some(sent) => match reason(sent.as_bytes()) {
            Ok(why) => why,
            Err(wrong) => {
                let words = format!("the header X-Reason {wrong}");
                return problem::malformed(words).into_response();
            }
        },
    };
    let origin = Origin {
        address: peer(&request).map_or_else(String::new, |a| {
            let client = shared.doors.client(Some(a.ip()), request.headers());
            client.to_string()
        }),
        request: super::request_id().unwrap_or_default(),
        demonstration: shared.demonstrates(peer(&request), request.uri(), request.headers()),
        navigates,
    };
    let session = request.extensions().get::<Session>().cloned();
    let nobody = Caller::nobody(origin.address.clone(), origin.request.clone());
    if matched.as_deref().is_some_and(is_function) {
        leads_nowhere(&mut request);
    }
    let caller = match identify(app, request.headers(), session.as_ref(), origin).await {
        Ok(mut caller) => {
            caller.why = why;
            Arc::new(caller)
        }
        Err(error) => {
            return unidentified(&shared, error, nobody, (matched.as_deref(), request), next).await;
        }
    };
    if caller.is_somebody() {
        super::record_person(caller.name());
    }
    let by_hand = navigates || !matches!(*request.method(), Method::GET | Method::HEAD);
    if let (Some(id), true) = (&caller.session, by_hand) {
        app.uses.session(id, app.clock.now());
    }
    let path = request.uri().path().to_owned();
    if let Some(page) = caller.device.as_ref().and_then(|d| d.bound_to.clone())
        && matches!(*request.method(), Method::GET | Method::HEAD)
        && matched
            .as_deref()
            .is_some_and(|m| is_page(m) && m != "/device/{token}")
        && page.split('?').next() != Some(path.as_str())
    {
        return Redirect::to(&page).into_response();
    }
    // What matches no route shows nothing of the plant: files of the site, and "not found".
    if let Some(matched) = &matched {
        match admit(app, &caller, request.method().as_str(), matched) {
            Ok(ctx) => {
                request.extensions_mut().insert(ctx);
            }
            // Server functions answer for themselves, in the form that their callers can read.
            Err(refusal) if is_function(matched) && refusal != Refusal::NotInTable => {}
            Err(Refusal::OtherMethod) => {}
            Err(refusal) => {
                let next = way_back(&request);
                drop(request);
                let refused = refused(&shared, refusal, &caller, matched, next);
                let response = refused.await;
                return on_record(&shared, &caller, matched, response).await;
            }
        }
    }
    request.extensions_mut().insert(Arc::clone(&caller));
    // Pages that are drawn and functions tell whom to ask without asking the database themselves.
    if matched
        .as_deref()
        .is_some_and(|m| is_function(m) || super::pages::keeps_trying(m))
        && let Err(error) = people::Givers::renew(app).await
    {
        tracing::debug!(%error, "who gives out roles is not known just now");
    }
    let shows = reads_pages(&request) && matched.as_deref().is_some_and(is_page);
    let mut response = next.run(request).await;
    if shows {
        response = problem::of_the_framework(response).await;
        if let Some(problem) = response.extensions().get::<Problem>() {
            let mut page = super::desk::told(&shared, problem);
            if let Some(allowed) = response.headers().get(header::ALLOW) {
                page.headers_mut().insert(header::ALLOW, allowed.clone());
            }
            response = page;
        }
    }
    if navigates && !matched.as_deref().is_some_and(super::pages::keeps_trying) {
        super::desk::keep_trying(&mut response);
    }
    if caller.is_somebody() {
        super::security::keep_from_caches(&mut response);
    }
    on_record(
        &shared,
        &caller,
        matched.as_deref().unwrap_or_default(),
        response,
    )
    .await
}

/// The database does not say who asks. What anyone may have is answered as ever, also the files of pages that wait for
/// the database; live pages and server functions say themselves what is the matter, in the form that browsers can read.
async fn unidentified(
    shared: &Shared,
    error: sqlx::Error,
    nobody: Caller,
    (matched, mut request): (Option<&str>, Request),
    next: middleware::Next,
) -> Response {
    let need = matched.map(|path| need_of(request.method().as_str(), path));
    let open = matches!(need, None | Some(Some(Need::Anyone)));
    let tells = matched.is_some_and(|path| is_function(path) || super::pages::keeps_trying(path));
    if open {
        let nobody = Arc::new(nobody);
        if let Some(Ok(ctx)) =
            matched.map(|path| admit(&shared.app, &nobody, request.method().as_str(), path))
        {
            request.extensions_mut().insert(ctx);
        }
        request.extensions_mut().insert(nobody);
        return next.run(request).await;
    }
    if tells && Failure::of(&error).word().is_some() {
        log_failure(&error);
        request.extensions_mut().insert(Unidentified);
        return next.run(request).await;
    }
    if matched.is_some_and(is_page) && reads_pages(&request) {
        let mut response = super::desk::failed(shared, error.into());
        if request.method() == Method::GET {
            super::desk::keep_trying(&mut response);
        }
        return response;
    }
    Problem::from(error).into_response()
}

/// Who asks shows pages to a person.
fn reads_pages(request: &Request) -> bool {
    let accepts = request.headers().get(header::ACCEPT);
    accepts
        .and_then(|a| a.to_str().ok())
        .is_some_and(|a| a.contains("text/html"))
}

/// Where a browser that has to sign in first comes back to: the page that it asked for, or the one on which it sent a form.
fn way_back(request: &Request) -> Option<Next> {
    if request.method() == Method::GET {
        let wanted = request.uri().path_and_query()?;
        return Some(Next::parse(wanted.as_str()));
    }
    reads_pages(request).then(|| Next::back(request.headers()))
}

/// A server function is called by our own scripts and by programs, never by a form without script: what the framework would
/// do for one, lead whoever asks back to whatever page sent them, would make a door to any site of each function.
fn leads_nowhere(request: &mut Request) {
    let headers = request.headers_mut();
    headers.remove(header::ACCEPT);
    headers.remove(header::REFERER);
}

/// A browser asks for a whole page.
fn navigates(request: &Request) -> bool {
    request.method() == Method::GET
        && !request.uri().path().starts_with("/api/")
        && reads_pages(request)
}

/// A shared tablet on which nobody is signed on.
fn nobody_at_tablet(caller: &Caller) -> bool {
    caller.who == Who::Device && caller.device.as_ref().is_some_and(|d| d.bound_to.is_none())
}

fn is_page(matched: &str) -> bool {
    !["/api/", "/health/", "/pkg/"]
        .iter()
        .any(|p| matched.starts_with(p))
}

fn is_function(matched: &str) -> bool {
    matched.starts_with("/api/") && !matched.starts_with("/api/v1/")
}

/// The address of the other end.
pub fn peer(request: &Request) -> Option<SocketAddr> {
    request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|c| c.0)
}

async fn refused(
    shared: &Shared,
    refusal: Refusal,
    caller: &Caller,
    matched: &str,
    next: Option<Next>,
) -> Response {
    let next = next.filter(|_| is_page(matched));
    match (refusal, next) {
        (Refusal::Unknown, Some(next)) => {
            Redirect::to(&super::sign_on::way_in(caller, &next)).into_response()
        }
        (Refusal::MustChange, Some(_)) => Redirect::to("/account/password").into_response(),
        (Refusal::Unknown | Refusal::MustChange, None) => {
            problem::unauthenticated().into_response()
        }
        // Somebody who signs on to the tablet may be let in.
        (Refusal::Lacks(_), Some(next)) if nobody_at_tablet(caller) => {
            Redirect::to(&super::sign_on::way_in(caller, &next)).into_response()
        }
        (Refusal::Lacks(permission), _) if is_page(matched) => {
            match people::who_give_roles(&shared.app).await {
                Ok(ask) => super::desk::forbidden_page(shared, caller, permission, &ask),
                Err(error) => super::desk::failed(shared, error.into()),
            }
        }
        (Refusal::Lacks(permission), _) => problem::forbidden(permission, None).into_response(),
        (Refusal::NotInTable | Refusal::OtherMethod, _) => problem::internal().into_response(),
    }
}

/// Writes a denial down, once a request; the same ones again within a minute are counted.
async fn on_record(
    shared: &Shared,
    caller: &Caller,
    matched: &str,
    response: Response,
) -> Response {
    let row = |action: &str| entry(caller, shared.app.clock.now(), action, matched);
    let row = match (caller.take_denial(), &caller.bad_key) {
        (Some((denial, place)), _) => {
            let mut row = row("denied");
            denial.name().clone_into(&mut row.was);
            row.why = place;
            row
        }
        (None, Some(key)) if response.status() == StatusCode::UNAUTHORIZED => {
            let mut row = row("denied.key");
            key.clone_into(&mut row.was);
            row
        }
        (None, _) => return response,
    };
    match merged::on_record(&shared.app, row).await {
        Ok(()) => response,
        Err(error) => Problem::from(error).into_response(),
    }
}

/// Keeps on record what a page of another site sent, which never gets as far as [`guard`]. Outermost: what it has to say is
/// in the answer.
pub async fn keep_other_sites_on_record(
    State(shared): State<Shared>,
    request: Request,
    next: middleware::Next,
) -> Response {
    let address = peer(&request).map_or_else(String::new, |a| {
        let client = shared.doors.client(Some(a.ip()), request.headers());
        client.to_string()
    });
    let response = next.run(request).await;
    let told = response.extensions().get::<Problem>();
    if told.is_some_and(Problem::is_of_another_site) {
        let id = response.headers().get("x-request-id");
        let id = id.and_then(|id| id.to_str().ok()).unwrap_or_default();
        let caller = Caller::nobody(address, id.to_owned());
        let row = entry(&caller, shared.app.clock.now(), "denied.origin", "");
        if let Err(error) = merged::on_record(&shared.app, row).await {
            tracing::warn!(%error, "a request of another site could not be put on the trail");
        }
    }
    response
}

impl<S: Send + Sync> FromRequestParts<S> for Ctx {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // The guard has put it there, or has answered itself.
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(problem::unauthenticated)
    }
}
