//! Errors as RFC 9457 problem documents, from one place. Failures inside are logged here, once.

use crate::domain::plant::FieldError;
use crate::domain::rights::Permission;
use crate::server::db::failure::Failure;
use crate::server::services::error::ServiceError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use server_fn::error::SERVER_FN_ERROR_HEADER;
use std::any::Any;

/// The media type of a problem document.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// When to come back after a 503, in seconds.
pub const RETRY_AFTER_S: u32 = 2;

/// What went wrong, for the one who asked. Boxed, because every handler's result has room for one.
#[derive(Clone, Debug)]
pub struct Problem(Box<Document>);

/// The document as it is sent.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct Document {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    /// Stable, for programs.
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<FieldError>,
    /// What is missing, of a 403.
    #[serde(skip_serializing_if = "Option::is_none")]
    permission: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(skip)]
    #[schema(ignore)]
    retry_after_s: Option<u32>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self(Box::new(Document {
            kind: "about:blank",
            title,
            status: status.as_u16(),
            code,
            detail: None,
            fields: vec![],
            permission: None,
            request_id: super::request_id(),
            retry_after_s: None,
        }))
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// After how many seconds to come back, when that helps.
    pub fn retry_after_s(&self) -> Option<u32> {
        self.0.retry_after_s
    }

    /// A page of another site sent the request.
    pub fn is_of_another_site(&self) -> bool {
        self.0.code == "cross_origin"
    }

    /// What happened, in words.
    pub fn words(&self) -> String {
        let detail = self.0.detail.as_deref().unwrap_or_default();
        let request = self.0.request_id.as_deref().unwrap_or("unknown");
        if detail.is_empty() {
            format!("{} (request {request}).", self.0.title)
        } else {
            format!("{}: {detail}.", self.0.title)
        }
    }

    fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }
}

/// 400: the body or query is not what it should be.
pub fn malformed(detail: impl Into<String>) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "malformed",
        "The request cannot be read",
    )
    .detail(detail)
}

/// 401: nobody is known to be there.
pub fn unauthenticated() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", "Sign in first")
        .detail("sign in, or send 'Authorization: Bearer KEY' with a key that holds")
}

/// 403: a permission is missing.
pub fn forbidden(permission: Permission, place: Option<&str>) -> Problem {
    let at = place.map_or_else(String::new, |p| format!(" on {p}"));
    let mut problem = Problem::new(StatusCode::FORBIDDEN, "forbidden", "You may not do this");
    problem.0.permission = Some(permission.name());
    let (name, words) = (permission.name(), permission.words());
    problem.detail(format!("the permission '{name}' ({words}) is missing{at}"))
}

/// 403: a page of another site sent it.
pub fn cross_origin() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "cross_origin",
        "Sent by a page of another site",
    )
}

/// 405: the path knows other methods.
fn not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "The path does not know this method",
    )
}

/// 404: there is no such thing.
pub fn not_found(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing").detail(detail)
}

/// 409: somebody else changed it meanwhile.
pub fn conflict(detail: impl Into<String>) -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "conflict",
        "Somebody else changed it meanwhile",
    )
    .detail(detail)
}

/// 408: the request did not come in time.
pub fn too_slow() -> Problem {
    Problem::new(
        StatusCode::REQUEST_TIMEOUT,
        "too_slow",
        "The request did not come in time",
    )
}

/// 413: too much at once.
pub fn too_large(detail: impl Into<String>) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too_large",
        "Too much at once",
    )
    .detail(detail)
}

/// 415: not JSON.
pub fn not_json() -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        "The body must be JSON",
    )
    .detail("send 'Content-Type: application/json'")
}

/// 422: it can be read, but breaks a rule.
pub fn invalid(fields: Vec<FieldError>) -> Problem {
    let mut problem = Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "invalid",
        "Some values are not valid",
    );
    problem.0.fields = fields;
    problem
}

/// 429: come back later.
pub fn busy(retry_after_s: u32) -> Problem {
    let mut problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "busy", "Too much is waiting");
    problem.0.retry_after_s = Some(retry_after_s);
    problem.detail("nothing of the batch was stored; send it again after the time in Retry-After")
}

/// 429: this client asks too often.
pub fn too_often(retry_after_s: u32) -> Problem {
    let mut problem = Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too_often",
        "Too many attempts",
    );
    problem.0.retry_after_s = Some(retry_after_s);
    problem.detail(format!("try again in {retry_after_s} s"))
}

/// 500: something failed inside.
pub fn internal() -> Problem {
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "Something failed inside",
    )
}

/// 503: not now.
pub fn unavailable(detail: impl Into<String>) -> Problem {
    let mut problem = Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "unavailable",
        "Not possible right now",
    );
    problem.0.retry_after_s = Some(RETRY_AFTER_S);
    problem.detail(detail)
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::NotFound { .. } => not_found(error.to_string()),
            ServiceError::Invalid(fields) => invalid(fields),
            ServiceError::Conflict(detail) => conflict(detail),
            ServiceError::Unauthenticated => unauthenticated(),
            ServiceError::Forbidden { permission, place } => {
                forbidden(permission, place.as_deref())
            }
            ServiceError::Database(error) => Self::from(error),
        }
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        log_failure(&error).map_or_else(internal, unavailable)
    }
}

/// Logs a failure of the database once, and says in plain words what there is to wait for; `None`: it is a fault of ours.
pub fn log_failure(error: &sqlx::Error) -> Option<&'static str> {
    let wait_for = Failure::of(error).word();
    match wait_for {
        Some(word) => tracing::warn!(%error, request_id = super::request_id(), "{word}"),
        None => tracing::error!(%error, request_id = super::request_id(), "the database failed"),
    }
    wait_for
}

/// Makes a problem of what the framework refuses by itself, with a word of plain text or with none: a path, query or form
/// that cannot be read, another method, another origin.
pub async fn of_the_framework(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let is_ours = |kind: &HeaderValue| !kind.as_bytes().starts_with(b"text/plain");
    let is_refusal = parts.status.is_client_error() || parts.status.is_server_error();
    if !is_refusal || parts.headers.get(header::CONTENT_TYPE).is_some_and(is_ours) {
        return Response::from_parts(parts, body);
    }
    if parts.headers.contains_key(SERVER_FN_ERROR_HEADER) {
        let json = HeaderValue::from_static("application/json");
        parts.headers.insert(header::CONTENT_TYPE, json);
        return Response::from_parts(parts, body);
    }
    let text = axum::body::to_bytes(body, 4096).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let problem = match parts.status {
        StatusCode::FORBIDDEN => cross_origin(),
        StatusCode::NOT_FOUND => not_found("there is nothing under this path"),
        StatusCode::METHOD_NOT_ALLOWED => not_allowed(),
        StatusCode::PAYLOAD_TOO_LARGE => too_large(text),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::new(
            parts.status,
            "unsupported_media_type",
            "The body is of another kind",
        )
        .detail(text),
        status if status.is_client_error() => malformed(text),
        status => {
            tracing::error!(status = status.as_u16(), %text, "a failure without a name");
            internal()
        }
    };
    let mut response = problem.into_response();
    if let Some(allowed) = parts.headers.remove(header::ALLOW) {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        let mut response = (status, body).into_response();
        let retry_after_s = self.0.retry_after_s;
        // Where a browser shows pages, the guard makes one of it.
        response.extensions_mut().insert(self);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(seconds) = retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// A handler panicked: a bug of ours, not of the one who asked.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the layer hands the payload over by value"
)]
pub fn panicked(payload: Box<dyn Any + Send + 'static>) -> Response {
    let text = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied());
    tracing::error!(
        panic = text.unwrap_or("unknown"),
        request_id = super::request_id(),
        "a handler panicked"
    );
    internal().into_response()
}
