//! `POST /lines/{code}/stops`: what a person says about a stop, sent by a plain form. The answer leads back to the page,
//! whose address then says what became of it.

use super::Shared;
use crate::api::downtime::{Confirmation, GivenPart};
use crate::domain::time::TsMs;
use crate::server::auth::Ctx;
use crate::server::services::downtime::confirm_downtime;
use crate::server::services::error::ServiceError;
use crate::ui::sheets::address::Address;
use axum::Router;
use axum::extract::{Form, Path};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use serde::Deserialize;

/// The route.
pub fn router(shared: &Shared) -> Router {
    Router::new()
        .route("/lines/{code}/stops", post(say))
        .with_state(shared.clone())
}

/// The form. Fields that are empty say nothing.
#[derive(Debug, Deserialize)]
struct Said {
    back: String,
    machine: String,
    start: i64,
    version: i64,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    after_min: String,
    #[serde(default)]
    then: String,
    #[serde(default)]
    confirm: String,
    comment: Option<String>,
}

impl Said {
    /// What it says, or `None` when the place to split at is no place in the stop.
    fn confirmation(&self) -> Option<Confirmation> {
        let part = |from: Option<TsMs>, reason: &str| GivenPart {
            from,
            to: None,
            reason: reason.to_owned(),
        };
        let mut out = Confirmation {
            version: self.version,
            confirm: (self.confirm == "true").then_some(true),
            comment: self.comment.clone(),
            ..Confirmation::default()
        };
        if !self.reason.is_empty() && out.confirm.is_none() {
            let mut parts = vec![part(None, &self.reason)];
            if !self.then.is_empty() {
                let minutes: f64 = self.after_min.parse().ok()?;
                if !(minutes > 0.0 && minutes < 1e6) {
                    return None;
                }
                let after = crate::ui::format::whole(minutes * 60.0) * 1000;
                // A start that no stop has is refused later, by its name.
                let at = TsMs(self.start.saturating_add(after));
                parts.push(part(Some(at), &self.then));
            }
            out.reasons = Some(parts);
        }
        Some(out)
    }
}

async fn say(ctx: Ctx, Path(code): Path<String>, Form(said): Form<Said>) -> Response {
    let outcome = match outcome(&ctx, &said).await {
        Ok(outcome) => outcome,
        Err(ServiceError::Conflict(_)) => "stale",
        Err(ServiceError::Invalid(_)) => "wrong",
        Err(ServiceError::Forbidden { .. }) => "forbidden",
        Err(error) => return super::problem::Problem::from(error).into_response(),
    };
    let id = format!("{}-{}", said.machine, said.start);
    let back = Address::parse(&code, &said.back)
        .with("view", "stops")
        .with("stop", id)
        .with("said", outcome);
    // The address is percent-encoded, so it is a legal header value.
    Redirect::to(&back.href()).into_response()
}

async fn outcome(ctx: &Ctx, said: &Said) -> Result<&'static str, ServiceError> {
    let Some(confirmation) = said.confirmation() else {
        return Ok("split");
    };
    let stop = (said.machine.as_str(), said.start);
    confirm_downtime(ctx, stop, &confirmation).await?;
    Ok("ok")
}
