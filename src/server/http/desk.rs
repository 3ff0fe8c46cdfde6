//! Pages of the desk as answers: the document, its policy, its status.

mod andon;
pub mod answer;
mod audit;
pub mod fields;
mod given;
mod people;
pub mod posted;
mod roles;

use super::Shared;
use super::doors::come_back;
use super::problem::Problem;
use super::security::page_policy;
use crate::domain::rights::{Permission, sets};
use crate::server::auth::Ctx;
use crate::server::auth::access::{Need, need_of};
use crate::server::auth::caller::{Caller, Who};
use crate::server::auth::secret;
use crate::server::services::error::ServiceError;
use crate::ui::desk::choose::notice;
use crate::ui::desk::{Document, Signed};
use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use leptos::prelude::AnyView;

/// Pages of the desk, and what one needs to see each: as the table of access says it.
const WAYS: &[(&str, &str)] = &[
    ("/andon/history", "Calls"),
    ("/andon/statistics", "Response times"),
    ("/admin/andon", "Call rules"),
    ("/admin/roster", "Roster"),
    ("/admin/channels", "Channels"),
    ("/admin/people", "People"),
    ("/admin/roles", "Roles"),
    ("/admin/devices", "Devices"),
    ("/admin/keys", "Keys"),
    ("/admin/audit", "Audit trail"),
];

/// How long a page that cannot be drawn waits before it asks again, in seconds.
const KEEP_TRYING_S: u32 = 5;

/// The person behind a caller, with their pages.
pub fn signed(caller: &Caller) -> Option<Signed> {
    let Who::Person { name, .. } = &caller.who else {
        return None;
    };
    let may = |(href, _): &&(&str, &str)| match need_of("GET", href) {
        Some(Need::Site(permission)) => caller.rights.on_site(permission),
        Some(Need::Line(permission)) => caller.rights.anywhere(permission),
        Some(Need::Either(one, other)) => {
            caller.rights.anywhere(one) || caller.rights.anywhere(other)
        }
        Some(Need::Anyone | Need::Person) => true,
        None => false,
    };
    Some(Signed {
        name: name.clone(),
        ways: WAYS.iter().filter(may).copied().collect(),
    })
}

/// The routes of those who run the place.
pub fn router(shared: &Shared) -> Router {
    Router::new()
        .merge(people::router(shared))
        .merge(roles::router(shared))
        .merge(audit::router(shared))
        .merge(andon::router(shared))
}

/// A page.
pub fn page(
    shared: &Shared,
    caller: Option<&Caller>,
    names: (&str, &str),
    status: StatusCode,
    inside: AnyView,
) -> Response {
    page_with(shared, caller, names, status, (inside, None))
}

/// A page that whoever asks may see: its title, and the way to which it belongs.
pub fn shown(
    shared: &Shared,
    ctx: &Ctx,
    names: (&str, &str),
    status: StatusCode,
    inside: AnyView,
) -> Response {
    page(shared, Some(ctx.caller()), names, status, inside)
}

/// A page, perhaps with a script of the site.
pub fn page_with(
    shared: &Shared,
    caller: Option<&Caller>,
    (title, path): (&str, &str),
    status: StatusCode,
    (inside, script): (AnyView, Option<&'static str>),
) -> Response {
    let Ok(nonce) = secret::random() else {
        return super::problem::internal().into_response();
    };
    let signed = caller.and_then(signed);
    let document = Document {
        title: title.to_owned(),
        path: path.to_owned(),
        css: shared.site.manifest.css.clone(),
        nonce: nonce.clone(),
        single: signed.is_none(),
        signed,
        script,
    };
    let html = document.html(inside);
    let policy = HeaderValue::from_str(&page_policy(&nonce));
    let mut response = (
        status,
        [(header::CONTENT_TYPE, "text/html; charset=utf-8")],
        html,
    )
        .into_response();
    if let Ok(policy) = policy {
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    // A page that shows people or keys stays in no cache.
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A few words in place of a page's content.
#[must_use]
pub fn words(text: &str) -> AnyView {
    use leptos::prelude::IntoAny;
    notice(text.to_owned(), ().into_any(), &[])
}

/// A service failed: logged once, told in plain words.
pub fn failed(shared: &Shared, error: ServiceError) -> Response {
    told(shared, &Problem::from(error))
}

/// What went wrong, for a browser that shows pages.
pub fn told(shared: &Shared, problem: &Problem) -> Response {
    use leptos::prelude::*;
    let (status, wait_s) = (problem.status(), problem.retry_after_s());
    if status != StatusCode::SERVICE_UNAVAILABLE {
        let inside = notice(problem.words(), ().into_any(), &[("/", "To the board")]);
        return page(shared, None, ("That did not work", ""), status, inside);
    }
    let note = view! {
        <p>"Nothing that was stored is lost. What you only looked at comes by itself as soon as it can be read again."</p>
        <p class="panel-note">
            "A form that you sent is not sent again by itself: look whether it was done, then go back and send it once more."
        </p>
    };
    let inside = notice(
        "The database cannot be reached.".to_owned(),
        note.into_any(),
        &[("/", "To the board")],
    );
    let response = page(shared, None, ("Not right now", ""), status, inside);
    match wait_s {
        Some(seconds) => come_back(response, seconds),
        None => response,
    }
}

/// A page that was asked for and cannot be drawn for now asks again by itself, without script. Pages that came as the answer
/// to a form do not: nothing is sent twice.
pub fn keep_trying(response: &mut Response) {
    let html = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if html && response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response
            .headers_mut()
            .insert(header::REFRESH, HeaderValue::from(KEEP_TRYING_S));
    }
}

/// What somebody may not do, and whom to ask.
pub fn forbidden_page(
    shared: &Shared,
    caller: &Caller,
    permission: Permission,
    ask: &[String],
) -> Response {
    let (words, name) = (permission.words(), permission.name());
    let inside = if caller.device.is_some() && sets::NOT_BY_BADGE.has(permission) {
        crate::ui::desk::sign_in::not_on_tablets(words, name)
    } else {
        crate::ui::desk::sign_in::forbidden(words, name, ask)
    };
    page(
        shared,
        Some(caller),
        ("Not for you", ""),
        StatusCode::FORBIDDEN,
        inside,
    )
}
