//! `/sign-in`, `/sign-out`, `/set-up`: getting in and out, by plain forms.

use super::Shared;
use super::desk::{self, page};
use super::identity::peer;
use crate::domain::ids::DeviceId;
use crate::domain::rights::{DEFAULT_ROLES, Permission};
use crate::domain::time::{DurMs, MINUTE_MS};
use crate::server::auth::caller::Caller;
use crate::server::auth::rights::Roles;
use crate::server::auth::session::{self, Held, Waiting};
use crate::server::db::devices;
use crate::server::db::people::{self, PersonRow};
use crate::server::services::error::ServiceError;
use crate::server::services::sign_in::{self, FirstPerson, Got, Refused};
use crate::ui::desk::field::Wrong;
use crate::ui::desk::sign_in as pages;
use axum::Router;
use axum::extract::{Extension, Form, Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use std::sync::Arc;
use tower_sessions::Session;

/// A sign-in that waits for its second half holds for so long.
pub(super) const WAITS: DurMs = DurMs(10 * MINUTE_MS);

/// The routes.
pub fn router(shared: &Shared) -> Router {
    let doors = Router::new()
        .route("/sign-in", get(show).post(with_password))
        .route("/sign-in/code", get(show_code).post(with_code))
        .route("/sign-in/demonstration", post(demonstration))
        .route("/set-up/{token}", get(show_set_up).post(set_up));
    shared
        .doors
        .on(doors)
        .route("/sign-out", post(sign_out))
        .with_state(shared.clone())
}

/// Where somebody wants to go: a path on this site, never another site's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next(String);

impl Next {
    /// The path, or the first page of whoever signs in.
    #[must_use]
    pub fn parse(wanted: &str) -> Self {
        let bytes = wanted.as_bytes();
        let local = bytes.first() == Some(&b'/')
            && !matches!(bytes.get(1), Some(b'/' | b'\\'))
            && bytes.iter().all(|b| b.is_ascii_graphic() && *b != b'\\')
            && !wanted.starts_with("/sign-")
            && !wanted.starts_with("/api/");
        Self(if local {
            wanted.to_owned()
        } else {
            String::new()
        })
    }

    /// As the query of the sign-in page.
    #[must_use]
    pub fn query(&self) -> String {
        if self.0.is_empty() || self.0 == "/" {
            return String::new();
        }
        format!("?next={}", crate::ui::sheets::address::encoded(&self.0))
    }

    /// The path, or `first_page` when there is none.
    #[must_use]
    pub fn or<'a>(&'a self, first_page: &'a str) -> &'a str {
        if self.0.is_empty() {
            first_page
        } else {
            &self.0
        }
    }
}

/// The query of the sign-in page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    next: String,
}

/// What a browser tells about itself.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    pub(super) caller: Arc<Caller>,
    pub(super) session: Session,
    agent: String,
}

impl Visitor {
    pub(super) fn new(caller: Arc<Caller>, session: Session, headers: &HeaderMap) -> Self {
        let agent = headers
            .get(header::USER_AGENT)
            .and_then(|h| h.to_str().ok());
        let agent = agent.unwrap_or_default().chars().take(200).collect();
        Self {
            caller,
            session,
            agent,
        }
    }

    /// What the session knew before, as far as it stays: the device.
    pub(super) async fn before(&self) -> Result<Held, Refused> {
        let held = session::held(&self.session).await.map_err(store)?;
        let mut held = held.unwrap_or_default();
        held.person = None;
        held.waiting = None;
        Ok(held)
    }

    /// Holds who signed in, under a new id.
    pub(super) async fn enter(&self, shared: &Shared, row: &PersonRow) -> Result<(), Refused> {
        let held = Held {
            person: Some(row.person()),
            since: shared.app.clock.now(),
            version: row.version,
            address: self.caller.address.clone(),
            agent: self.agent.clone(),
            ..self.before().await?
        };
        session::hold(&self.session, &held).await.map_err(store)
    }

    /// What the session of a device that just came knows.
    pub(super) fn held_by(&self, shared: &Shared, device: DeviceId) -> Held {
        Held {
            since: shared.app.clock.now(),
            device: Some(device),
            address: self.caller.address.clone(),
            agent: self.agent.clone(),
            ..Held::default()
        }
    }

    /// Forgets who signed in; a device stays.
    pub(super) async fn leave(&self) -> Result<(), Refused> {
        let left = self.before().await?;
        if left.device.is_some() {
            session::hold(&self.session, &left).await.map_err(store)
        } else {
            self.session.flush().await.map_err(store)
        }
    }

    pub(super) async fn wait(&self, waiting: Waiting) -> Result<(), Refused> {
        let held = Held {
            waiting: Some(waiting),
            address: self.caller.address.clone(),
            agent: self.agent.clone(),
            ..self.before().await?
        };
        session::hold(&self.session, &held).await.map_err(store)
    }
}

pub(super) fn store(error: tower_sessions::session::Error) -> Refused {
    Refused::Failed(ServiceError::Database(sqlx::Error::Io(
        std::io::Error::other(error),
    )))
}

/// Leads to where they wanted to go, or to the first page of their role.
pub(super) async fn lead_on(
    shared: &Shared,
    row: &PersonRow,
    next: &Next,
) -> Result<Response, Refused> {
    if row.must_change != 0 {
        return Ok(Redirect::to("/account/password").into_response());
    }
    let roles = Roles::load(&shared.app.db).await?;
    let given = people::given_to(&shared.app.db, row.person()).await?;
    let first = roles.first_page(&given);
    Ok(Redirect::to(next.or(&first)).into_response())
}

async fn sign_in_page(
    shared: &Shared,
    demonstrates: bool,
    (login, next): (&str, &Next),
    refused: Option<&Refused>,
) -> Response {
    let not_set_up = match sign_in::is_set_up(&shared.app).await {
        Ok(is) => !is,
        Err(error) => return super::problem::Problem::from(error).into_response(),
    };
    let roles = DEFAULT_ROLES.iter().map(|r| (r.code, r.name));
    let inside = pages::sign_in(pages::SignIn {
        next: next.0.clone(),
        login: login.to_owned(),
        problem: refused.map(said),
        demonstration: if demonstrates {
            roles.collect()
        } else {
            vec![]
        },
        provider: None,
        not_set_up: not_set_up && !demonstrates,
    });
    page(
        shared,
        None,
        ("Sign in", "/sign-in"),
        status(refused),
        inside,
    )
}

/// What a person is told.
pub(super) fn said(refused: &Refused) -> String {
    match refused {
        Refused::Wrong => "That is not right. Check login and password.".to_owned(),
        Refused::Wait(left) => {
            let seconds = (left.0 + 999) / 1000;
            format!("Too many wrong tries. Wait {seconds} s, then try again.")
        }
        Refused::Failed(error) => error.to_string(),
    }
}

pub(super) fn status(refused: Option<&Refused>) -> StatusCode {
    match refused {
        None => StatusCode::OK,
        Some(Refused::Wait(_)) => StatusCode::TOO_MANY_REQUESTS,
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

async fn show(
    State(shared): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Query(asked): Query<Asked>,
    request: Request,
) -> Response {
    if caller.person().is_some() {
        return Redirect::to(Next::parse(&asked.next).or(&caller.first_page)).into_response();
    }
    let demonstrates = shared.demonstrates(peer(&request));
    sign_in_page(&shared, demonstrates, ("", &Next::parse(&asked.next)), None).await
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
    Extension(caller): Extension<Arc<Caller>>,
    session: Session,
    headers: HeaderMap,
    demo: Demonstrates,
    Form(form): Form<Password>,
) -> Response {
    let visitor = Visitor::new(caller, session, &headers);
    let next = Next::parse(&form.next);
    let login = form.login.clone();
    let tried = async {
        let app = &shared.app;
        match sign_in::with_password(app, &visitor.caller, (&form.login, form.password)).await? {
            Got::In(row) => {
                visitor.enter(&shared, &row).await?;
                lead_on(&shared, &row, &next).await
            }
            Got::NeedsCode(row) => {
                let waiting = Waiting::Code {
                    person: row.person(),
                    since: app.clock.now(),
                    next: next.0.clone(),
                };
                visitor.wait(waiting).await?;
                Ok(Redirect::to("/sign-in/code").into_response())
            }
        }
    };
    match tried.await {
        Ok(response) => response,
        Err(Refused::Failed(error @ ServiceError::Database(_))) => desk::failed(&shared, error),
        Err(refused) => sign_in_page(&shared, demo.0, (&login, &next), Some(&refused)).await,
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
    Extension(caller): Extension<Arc<Caller>>,
    session: Session,
    headers: HeaderMap,
    Form(form): Form<Code>,
) -> Response {
    let visitor = Visitor::new(caller, session, &headers);
    let tried = async {
        let app = &shared.app;
        let held = session::held(&visitor.session).await.map_err(store)?;
        let Some(Waiting::Code {
            person,
            since,
            next,
        }) = held.and_then(|h| h.waiting)
        else {
            return Ok(Redirect::to("/sign-in").into_response());
        };
        if app.clock.now() - since > WAITS {
            return Ok(Redirect::to("/sign-in").into_response());
        }
        let row = sign_in::with_code(app, &visitor.caller, (person, &form.code)).await?;
        visitor.enter(&shared, &row).await?;
        lead_on(&shared, &row, &Next::parse(&next)).await
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
            page(
                &shared,
                None,
                ("Second factor", "/sign-in/code"),
                status(Some(&refused)),
                inside,
            )
        }
    }
}

/// Whether the demonstration's people may be here, asked of the request.
struct Demonstrates(bool);

impl axum::extract::FromRequestParts<Shared> for Demonstrates {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        shared: &Shared,
    ) -> Result<Self, Self::Rejection> {
        let peer = parts
            .extensions
            .get::<axum::extract::ConnectInfo<std::net::SocketAddr>>();
        Ok(Self(shared.demonstrates(peer.map(|c| c.0))))
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
    Extension(caller): Extension<Arc<Caller>>,
    session: Session,
    headers: HeaderMap,
    demo: Demonstrates,
    Form(tap): Form<Tap>,
) -> Response {
    if !demo.0 {
        return super::problem::not_found("there is no demonstration here").into_response();
    }
    let visitor = Visitor::new(caller, session, &headers);
    let next = Next::parse(&tap.next);
    let tried = async {
        let row = sign_in::demonstration(&shared.app, &visitor.caller, &tap.role).await?;
        visitor.enter(&shared, &row).await?;
        lead_on(&shared, &row, &next).await
    };
    match tried.await {
        Ok(response) => response,
        Err(Refused::Failed(error @ ServiceError::Database(_))) => desk::failed(&shared, error),
        Err(refused) => sign_in_page(&shared, demo.0, ("", &next), Some(&refused)).await,
    }
}

async fn sign_out(
    State(shared): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    session: Session,
    headers: HeaderMap,
) -> Response {
    let visitor = Visitor::new(caller, session, &headers);
    let done = async {
        sign_in::sign_out(&shared.app, &visitor.caller).await?;
        visitor.leave().await?;
        match &visitor.caller.device {
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

async fn show_set_up(State(shared): State<Shared>, Path(token): Path<String>) -> Response {
    match sign_in::set_up_link_holds(&shared.app, &token).await {
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

async fn set_up(
    State(shared): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    session: Session,
    headers: HeaderMap,
    Path(token): Path<String>,
    Form(form): Form<First>,
) -> Response {
    let visitor = Visitor::new(caller, session, &headers);
    let (login, name) = (form.login.clone(), form.name.clone());
    let first = FirstPerson {
        login: form.login,
        name: form.name,
        password: form.password,
    };
    let tried = async {
        let row = sign_in::set_up(&shared.app, &visitor.caller, (&token, first)).await?;
        visitor.enter(&shared, &row).await?;
        lead_on(&shared, &row, &Next::parse("")).await
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

/// What somebody may not do, and whom to ask.
pub fn forbidden_page(
    shared: &Shared,
    caller: &Caller,
    permission: Permission,
    ask: &[String],
) -> Response {
    let inside = pages::forbidden(permission.words(), permission.name(), ask);
    page(
        shared,
        Some(caller),
        ("Not for you", ""),
        StatusCode::FORBIDDEN,
        inside,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_paths_of_this_site_are_followed() {
        for path in ["/", "/lines/FILL-1?view=stops", "/admin/people"] {
            assert_eq!(Next::parse(path).0, path);
        }
        for trap in [
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "",
            "lines",
            "/\tevil",
            "/\u{e9}",
            "/a\r\nSet-Cookie: x=1",
            "/sign-in?next=/",
            "/api/board",
        ] {
            assert_eq!(Next::parse(trap).0, "", "{trap:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_followed_stays_on_this_site(wanted in ".{0,40}") {
            let next = Next::parse(&wanted);
            prop_assert!(next.0.is_empty() || (next.0.starts_with('/') && !next.0.starts_with("//")));
            prop_assert!(axum::http::HeaderValue::from_str(next.or("/")).is_ok());
        }
    }
}
