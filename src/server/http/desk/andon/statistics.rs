//! `/andon/statistics`: what calls add up to.

use super::lines_seen;
use crate::api::analysis::Choice;
use crate::domain::andon::CallKind;
use crate::domain::time::{DAY_MS, DurMs, Span, TsMs};
use crate::server::auth::Ctx;
use crate::server::calendar::{date_and_time, local_day, local_time};
use crate::server::http::Shared;
use crate::server::http::desk::answer::refused;
use crate::server::http::desk::page_with;
use crate::server::services::andon::get_andon_statistics;
use crate::server::services::andon::statistics::Of;
use crate::server::services::error::{ServiceError, field, invalid, not_found};
use crate::server::services::period::{Placed, place_on_site};
use crate::ui::desk::andon::statistics::{self as pages, Page};
use crate::ui::desk::current::SCRIPT;
use crate::ui::sheets::address::Address;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

/// The route.
pub fn router(shared: &Shared) -> Router {
    Router::new()
        .route("/andon/statistics", get(show))
        .with_state(shared.clone())
}

async fn show(State(shared): State<Shared>, ctx: Ctx, RawQuery(query): RawQuery) -> Response {
    let address = Address::parse("", query.as_deref().unwrap_or_default());
    match page(&ctx, address).await {
        Ok(page) => {
            let inside = (pages::statistics(&page), Some(SCRIPT));
            let names = ("How calls are answered", pages::HERE);
            let caller = Some(ctx.caller());
            page_with(&shared, caller, names, StatusCode::OK, inside)
        }
        Err(error) => refused(&shared, &ctx, error).await,
    }
}

/// The stretch of time of an address: a week unless it says another.
fn placed(ctx: &Ctx, address: &Address) -> Result<(Placed, String), ServiceError> {
    let plant = ctx.app().plant.get();
    let site = plant.site.as_ref().ok_or_else(|| not_found("site", ""))?;
    let mut choice = address
        .choice()
        .map_err(|name| invalid(name, "must be milliseconds since 1970"))?;
    let free = choice.from.is_some() || choice.to.is_some();
    if choice.period.is_none() && !free {
        choice.period = Some("week".to_owned());
    }
    let choice = Choice {
        period: choice.period,
        on: choice.on,
        from: choice.from,
        to: choice.to,
        ..Choice::default()
    };
    let period = if free {
        String::new()
    } else {
        choice.period.clone().unwrap_or_default()
    };
    Ok((place_on_site(site, &choice, ctx.now())?, period))
}

async fn page(ctx: &Ctx, address: Address) -> Result<Page, ServiceError> {
    let plant = ctx.app().plant.get();
    let site = plant.site.as_ref().ok_or_else(|| not_found("site", ""))?;
    let (placed, period) = placed(ctx, &address)?;
    let span = placed.chosen.span;
    let kind = address.get("kind").map(|name| {
        let wrong = || ServiceError::Invalid(vec![field("kind", "does not exist")]);
        CallKind::from_name(name).ok_or_else(wrong)
    });
    let of = Of {
        line: address.get("line"),
        kind: kind.transpose()?,
        from: Some(span.from().0),
        to: Some(span.to().0),
    };
    let found = get_andon_statistics(ctx, of).await?;
    let day = |at: TsMs| local_day(&site.zone, at).map_or_else(String::new, |d| d.to_string());
    let bounds = format!(
        "{} – {}",
        date_and_time(&site.zone, span.from()),
        date_and_time(&site.zone, span.to())
    );
    let (earlier, later) = placed.neighbours.unzip();
    let is_over = span.to() <= ctx.now();
    let oldest = found.longest_open.iter().map(|c| c.since).min();
    let from = oldest.map_or(span.from(), |at| at.min(span.from()));
    let around = Span::clamped(
        from - DurMs(DAY_MS),
        span.to().max(ctx.now()) + DurMs(DAY_MS),
    );
    Ok(Page {
        label: (placed.chosen.label, bounds),
        period,
        neighbours: (
            earlier.map(|d| d.to_string()),
            later.filter(|_| is_over).map(|d| d.to_string()),
        ),
        days: (day(span.from()), day(span.to() - DurMs(1))),
        lines: lines_seen(ctx),
        kinds: CallKind::ALL
            .map(|k| (k.name().to_owned(), k.words().to_owned()))
            .to_vec(),
        clock: local_time(&site.zone, around),
        now: ctx.now(),
        address,
        found,
    })
}
