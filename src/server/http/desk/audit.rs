//! `/admin/audit` and `/admin/audit.csv`: what was done, by whom.

use super::answer::refused;
use super::fields::{local, zone};
use super::{Shared, shown};
use crate::domain::csv::cell;
use crate::domain::day::Moment;
use crate::domain::time::TsMs;
use crate::server::auth::Ctx;
use crate::server::auth::secret::hex;
use crate::server::calendar::moment;
use crate::server::db::audit::{AuditRow, Wanted};
use crate::server::services::audit;
use crate::server::services::error::{ServiceError, field};
use crate::ui::desk::audit as pages;
use crate::ui::desk::field::Wrong;
use crate::ui::sheets::address::encoded;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;

/// Rows on a page.
const PAGE: usize = 100;

/// The columns of the file.
const COLUMNS: [&str; 14] = [
    "number",
    "time",
    "kind",
    "who",
    "number of who",
    "device",
    "address",
    "action",
    "target",
    "before",
    "after",
    "why",
    "request",
    "hash",
];

/// The routes.
pub fn router(shared: &Shared) -> Router {
    Router::new()
        .route("/admin/audit", get(show))
        .route("/admin/audit.csv", get(export))
        .with_state(shared.clone())
}

/// What is looked for, as the address says it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    from: String,
    to: String,
    actor: String,
    action: String,
    target: String,
    before: String,
    verify: String,
}

impl Asked {
    /// What to look for; what cannot be read is named, and left out.
    fn wanted(&self, zone: &TimeZone) -> (Wanted, Wrong) {
        let mut wrong = Vec::new();
        let mut time = |name, text: &str| {
            if text.is_empty() {
                return None;
            }
            let at = Moment::parse(text).and_then(|m| moment(zone, m));
            if at.is_none() {
                wrong.push(field(
                    name,
                    "must be a day and time such as 2026-07-06T14:30",
                ));
            }
            at.map(|at| at.0)
        };
        let (from, to) = (time("from", &self.from), time("to", &self.to));
        let text = |text: &str| text.trim().to_owned();
        let wanted = Wanted {
            from,
            to,
            actor: text(&self.actor),
            action: text(&self.action),
            target: text(&self.target),
            before: self.before.parse().ok(),
        };
        (wanted, Wrong(wrong))
    }

    /// The same as a query.
    fn query(&self, before: Option<i64>) -> String {
        let fields = [
            ("from", &self.from),
            ("to", &self.to),
            ("actor", &self.actor),
            ("action", &self.action),
            ("target", &self.target),
        ];
        let given = fields.iter().filter(|(_, value)| !value.is_empty());
        let mut out: Vec<String> = given
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        out.extend(before.map(|seq| format!("before={seq}")));
        if out.is_empty() {
            String::new()
        } else {
            format!("?{}", out.join("&"))
        }
    }
}

async fn show(State(shared): State<Shared>, ctx: Ctx, Query(asked): Query<Asked>) -> Response {
    match trail(&ctx, asked).await {
        Ok(trail) => {
            let status = match trail.wrong.0.is_empty() {
                true => StatusCode::OK,
                false => StatusCode::UNPROCESSABLE_ENTITY,
            };
            let names = ("Audit trail", "/admin/audit");
            shown(&shared, &ctx, names, status, pages::trail(trail))
        }
        Err(error) => refused(&shared, &ctx, error).await,
    }
}

async fn trail(ctx: &Ctx, asked: Asked) -> Result<pages::Trail, ServiceError> {
    let zone = zone(ctx.app());
    let (wanted, wrong) = asked.wanted(&zone);
    let mut rows = audit::find(ctx, &wanted, PAGE as i64 + 1).await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let last = rows.last().map(|r| r.seq).filter(|_| more);
    let verdict = match asked.verify.is_empty() {
        true => None,
        false => Some(audit::verify_here(ctx).await?.map_or_else(
            |broken| Err(format!("The chain is broken: {broken}.")),
            |whole| {
                let words = format!(
                    "The chain holds: {} rows. Keep the mark of the last one elsewhere, to check against it later: {}",
                    whole.rows, whole.last
                );
                Ok(words)
            },
        )),
    };
    Ok(pages::Trail {
        older: last.map(|seq| format!("/admin/audit{}", asked.query(Some(seq)))),
        file: format!("/admin/audit.csv{}", asked.query(None)),
        rows: rows.into_iter().map(|row| in_words(&zone, row)).collect(),
        verdict,
        wrong,
        asked: pages::Asked {
            from: asked.from,
            to: asked.to,
            actor: asked.actor,
            action: asked.action,
            target: asked.target,
        },
    })
}

fn in_words(zone: &TimeZone, row: AuditRow) -> pages::Row {
    let on = if row.device.is_empty() {
        String::new()
    } else {
        format!(" on {}", row.device)
    };
    let kind = match row.actor_id {
        Some(id) => format!("{} {id}", row.actor_kind),
        None => row.actor_kind,
    };
    let hash = hex(&row.hash);
    let sides = [
        ("Before", row.was),
        ("After", row.became),
        ("Why", row.why),
        ("From", row.address),
        ("Actor", kind),
        ("Request", row.request),
        ("Hash", hash),
    ];
    pages::Row {
        seq: row.seq,
        at: local(zone, TsMs(row.at_ms)),
        who: format!("{}{on}", row.actor),
        action: row.action,
        target: row.target,
        sides: sides
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .collect(),
    }
}

/// Rows as lines of the file.
fn lines<'a>(
    rows: impl Iterator<Item = [String; COLUMNS.len()]> + 'a,
) -> Result<Bytes, std::io::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.map(|text| cell(&text)))?;
    }
    writer
        .into_inner()
        .map(Bytes::from)
        .map_err(|e| e.into_error())
}

fn cells(row: AuditRow) -> [String; COLUMNS.len()] {
    let at = Timestamp::from_millisecond(row.at_ms);
    [
        row.seq.to_string(),
        at.map_or_else(|_| row.at_ms.to_string(), |at| at.to_string()),
        row.actor_kind,
        row.actor,
        row.actor_id.map_or_else(String::new, |id| id.to_string()),
        row.device,
        row.address,
        row.action,
        row.target,
        row.was,
        row.became,
        row.why,
        row.request,
        hex(&row.hash),
    ]
}

async fn export(State(shared): State<Shared>, ctx: Ctx, Query(asked): Query<Asked>) -> Response {
    let (wanted, wrong) = asked.wanted(&zone(ctx.app()));
    if !wrong.0.is_empty() {
        return refused(&shared, &ctx, ServiceError::Invalid(wrong.0)).await;
    }
    if let Err(error) = audit::export_begins(&ctx, &wanted).await {
        return refused(&shared, &ctx, error).await;
    }
    let head = stream::once(async { lines(std::iter::once(COLUMNS.map(str::to_owned))) });
    // Page by page: a trail of years is never in memory as a whole. A failure on the way breaks the file off.
    let rows = stream::try_unfold((ctx, wanted), |(ctx, wanted)| async move {
        let next = audit::export_goes_on(&ctx, &wanted)
            .await
            .map_err(std::io::Error::other)?;
        Ok(next.map(|(rows, wanted)| (rows, (ctx, wanted))))
    });
    let body = head.chain(rows.and_then(|rows| async { lines(rows.into_iter().map(cells)) }));
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"audit.csv\"",
        ),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, Body::from_stream(body)).into_response()
}
