//! `POST /api/v1/ingest`.

use super::Shared;
use super::problem::{
    Problem, busy, internal, invalid, malformed, not_json, too_large, unavailable,
};
use crate::api::ingest::{
    BatchAnswer, Item, ItemResult, ItemStatus, MAX_BATCH_BYTES, MAX_BATCH_ITEMS,
};
use crate::domain::ids::SourceId;
use crate::domain::plant::FieldError;
use crate::domain::rights::{Permission, Rights};
use crate::server::auth::caller::Denial;
use crate::server::auth::{Ctx, Who};
use crate::server::ingest::check::{Door, FORBIDDEN_LINE};
use crate::server::ingest::writer::{Checked, Refused, Release};
use crate::server::metrics;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A batch whose items are not read yet, so that one wrong item does not refuse the others.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch<'a> {
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
}

/// Whose facts are stored, and for which lines.
pub struct Sender {
    /// Who.
    pub source: SourceId,
    /// On which lines.
    pub rights: Rights,
    /// Whether any age is allowed.
    pub may_backfill: bool,
}

impl Sender {
    /// The sender behind a key: people tell nothing in the name of machines.
    fn of(ctx: &Ctx) -> Result<Self, Problem> {
        let caller = ctx.caller();
        let Who::Key { source, .. } = caller.who else {
            return Err(invalid(vec![FieldError {
                field: "authorization".to_owned(),
                problem: "facts are told by senders; send the key of one".to_owned(),
            }]));
        };
        Ok(Self {
            source,
            rights: caller.rights.clone(),
            may_backfill: caller.rights.anywhere(Permission::IngestBackfill),
        })
    }
}

/// Takes a batch of at most 1 MiB, answers item by item after the commit.
#[utoipa::path(post, path = "/api/v1/ingest", tag = "ingest",
    request_body = crate::api::ingest::Batch,
    responses(
        (status = 200, body = BatchAnswer, description = "What became of each item"),
        (status = 429, description = "Too much waits to be written; Retry-After says when to come back"),
    ))]
pub async fn post(
    State(shared): State<Shared>,
    ctx: Ctx,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<BatchAnswer>, Problem> {
    let sender = Sender::of(&ctx)?;
    require_json(&headers)?;
    let body = body_of(body)?;
    let batch: Batch<'_> = serde_json::from_slice(&body).map_err(|e| malformed(e.to_string()))?;
    if batch.items.is_empty() {
        return Err(invalid(vec![FieldError {
            field: "items".to_owned(),
            problem: "must not be empty".to_owned(),
        }]));
    }
    if batch.items.len() > MAX_BATCH_ITEMS {
        return Err(too_large(format!(
            "at most {MAX_BATCH_ITEMS} items in one batch"
        )));
    }
    let texts = batch.items.iter().map(|item| item.get());
    // What is wrong with an item goes into quarantine with it.
    let items = checked(&shared, &sender, texts);
    if let Some(line) = forbidden_line(&shared, &items) {
        ctx.caller()
            .denied(Denial::Lacks(Permission::IngestWrite), &line);
    }
    let stored = shared.app.writer.store(sender.source, items).await;
    Ok(Json(answered(stored)?))
}

/// Checks an item that was held back and stores it; it leaves quarantine then, on record.
pub async fn store_again(
    shared: &Shared,
    sender: &Sender,
    text: &str,
    release: Release,
) -> Result<BatchAnswer, Problem> {
    let items = checked(shared, sender, std::iter::once(text));
    let writer = &shared.app.writer;
    answered(writer.store_again(sender.source, items, release).await)
}

fn checked<'a>(
    shared: &Shared,
    sender: &Sender,
    texts: impl Iterator<Item = &'a str>,
) -> Vec<Checked> {
    let app = &shared.app;
    let plant = app.plant.get();
    let door = Door {
        source: sender.source,
        may_backfill: sender.may_backfill,
        rights: &sender.rights,
        plant: &plant,
        now: app.clock.now(),
    };
    texts
        .map(|text| door.check(text).map_err(|why| (why, text.to_owned())))
        .collect()
}

/// The first line for which something was sent by whoever may not.
fn forbidden_line(shared: &Shared, items: &[Checked]) -> Option<String> {
    let plant = shared.app.plant.get();
    let refused = items.iter().filter_map(|item| item.as_ref().err());
    let mut foreign = refused.filter(|(why, _)| why.code == FORBIDDEN_LINE);
    foreign.find_map(|(_, text)| {
        let item: Item = serde_json::from_str(text).ok()?;
        let (line, _) = plant.machine(plant.machine_id(&item.machine)?)?;
        Some(line.name.clone())
    })
}

fn answered(stored: Result<Vec<ItemResult>, Refused>) -> Result<BatchAnswer, Problem> {
    let results = stored.map_err(|refused| match refused {
        Refused::Busy => busy(1),
        Refused::Unavailable => unavailable(
            "the database cannot be reached or is locked; nothing of the batch was stored",
        ),
        Refused::Failed => internal(),
    })?;
    let count = |status| results.iter().filter(|r| r.status == status).count();
    let answer = BatchAnswer {
        accepted: count(ItemStatus::Accepted),
        duplicate: count(ItemStatus::Duplicate),
        rejected: count(ItemStatus::Rejected),
        results,
    };
    metrics::ingested(answer.accepted, answer.duplicate, answer.rejected);
    Ok(answer)
}

/// Refuses a body that does not say that it is JSON.
///
/// # Errors
/// 415.
pub fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|h| h.to_str().ok())
        .unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") {
        Ok(())
    } else {
        Err(not_json())
    }
}

/// The body, or why it could not be taken.
///
/// # Errors
/// 413 or 400.
pub fn body_of(body: Result<Bytes, BytesRejection>) -> Result<Bytes, Problem> {
    body.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            too_large(format!("at most {MAX_BATCH_BYTES} bytes in one body"))
        } else {
            malformed(rejection.body_text())
        }
    })
}
