//! What the server is asked, and what it answered.

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use axum::response::Response;
use http_body_util::BodyExt;
use serde_json::Value;

/// A request with a key and, unless the caller changes it, a JSON body.
pub fn request(method: Method, path: &str, key: Option<&str>, body: Body) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/json");
    if let Some(key) = key {
        request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
    }
    request.body(body).expect("a request")
}

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    engine: &'static str,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// A whole answer.
    pub async fn of(engine: &'static str, response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        Self {
            engine,
            status: parts.status,
            headers: parts.headers,
            body: body.to_vec(),
        }
    }

    /// Its body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| {
            panic!(
                "{e}: {} {}",
                self.status,
                String::from_utf8_lossy(&self.body)
            )
        })
    }

    /// Checks that it is a problem document of this status and code that carries its request's id; returns it.
    pub fn problem(&self, status: u16, code: &str) -> Value {
        let problem = self.json();
        assert_eq!(self.status.as_u16(), status, "{}: {problem}", self.engine);
        assert_eq!(
            self.headers[header::CONTENT_TYPE],
            "application/problem+json",
            "{}: {problem}",
            self.engine
        );
        assert_eq!(problem["code"], code, "{}: {problem}", self.engine);
        assert_eq!(problem["status"], status, "{}: {problem}", self.engine);
        let id = self.headers["x-request-id"].to_str().expect("a request id");
        assert_eq!(problem["request_id"], id, "{}: {problem}", self.engine);
        problem
    }
}
