//! A form that somebody with leave posted: what stands in it, and how it is answered.

use super::Shared;
use super::answer::{Again, on_to, refused, wrong_or};
use super::fields::Fields;
use crate::server::auth::Ctx;
use crate::server::services::error::ServiceError;
use axum::extract::{Form, FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};

/// A form of the desk, as a handler takes it: last of what it takes, since it reads the body.
pub struct Posted {
    /// What the routes share.
    pub shared: Shared,
    /// Leave to do what the form asks for; the reason that stands in it goes on the record.
    pub ctx: Ctx,
    /// What stands in it.
    pub fields: Fields,
}

impl FromRequest<Shared> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, shared: &Shared) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let ctx = Ctx::from_request_parts(&mut parts, shared)
            .await
            .map_err(IntoResponse::into_response)?;
        let request = Request::from_parts(parts, body);
        let Form(fields) = Form::<Fields>::from_request(request, shared)
            .await
            .map_err(IntoResponse::into_response)?;
        Ok(Self {
            shared: shared.clone(),
            ctx: ctx.because(fields.one("why")),
            fields,
        })
    }
}

impl Posted {
    /// On to a page when it is done, else why not.
    pub async fn on_to(&self, to: &str, done: Result<(), ServiceError>) -> Response {
        on_to(&self.shared, &self.ctx, to, done).await
    }

    /// The page again, which `page` draws, with what is wrong about the form; `what` is the field at which a conflict is told.
    /// Any other failure is an answer of its own.
    pub async fn again<F>(
        &self,
        what: &str,
        error: ServiceError,
        page: impl FnOnce(Again) -> F,
    ) -> Response
    where
        F: Future<Output = Response>,
    {
        match wrong_or(&self.shared, &self.ctx, what, error).await {
            Ok(again) => page(again).await,
            Err(answer) => answer,
        }
    }

    /// Why it could not be done.
    pub async fn refused(&self, error: ServiceError) -> Response {
        refused(&self.shared, &self.ctx, error).await
    }
}
