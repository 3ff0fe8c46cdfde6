//! What the server draws of a line: figures read by the other services, drawn by the pages' own code.

use super::analysis::{analysis, chosen_stretches};
use super::andon::lost_on_line;
use super::board::site_view;
use super::downtime::{get_downtime_event, get_downtime_events, reasons_for_line};
use super::error::{ServiceError, invalid, not_found};
use crate::api::analysis::Analysis;
use crate::api::downtime::DowntimeFilter;
use crate::api::sheet::Sheet;
use crate::domain::plant::Coupling;
use crate::domain::rights::Permission;
use crate::domain::time::{DAY_MS, DurMs, MINUTE_MS, Span};
use crate::server::auth::Ctx;
use crate::ui::components::views::View;
use crate::ui::sheets::address::Address;
use crate::ui::sheets::stops::{NO_REASON, Opened, Stops};
use crate::ui::sheets::waiting::Calls;
use crate::ui::sheets::{self, Drawn};

/// What is drawn of a line for the query of its page's address.
///
/// # Errors
/// An unknown line, machine or product, a field that cannot be, or the database's.
pub async fn sheet(ctx: &Ctx, code: &str, query: &str) -> Result<Sheet, ServiceError> {
    let address = Address::parse(code, query);
    let view = View::from_name(address.get("view"))
        .ok_or_else(|| invalid("view", "must be now, losses, stops, history or compare"))?;
    let choice = address
        .choice()
        .map_err(|field| invalid(field, "must be milliseconds since 1970"))?;
    let plant = ctx.app().plant.get();
    let line = ctx.line(&plant, code)?;
    match view {
        View::Now => ctx.also(Permission::OeeRead, line)?,
        View::Stops => ctx.also(Permission::DowntimeRead, line)?,
        View::Losses | View::History | View::Compare => {
            ctx.also(Permission::AnalyticsRead, line)?;
        }
    }
    let found = analysis(ctx, code, &choice).await?;
    let site = plant.site.as_ref().ok_or_else(|| not_found("site", ""))?;
    let around = Span::clamped(
        found.before_window.from().min(found.horizon.from()) - DurMs(DAY_MS),
        found.horizon.to().max(found.now) + DurMs(DAY_MS),
    );
    let calls = if view == View::Losses && ctx.holds(Permission::AndonRead, line) {
        let chosen = chosen_stretches(site, line, found.window, &choice);
        let lost = lost_on_line(ctx, line, found.window, &chosen).await?;
        lost.map_or(Calls::TooLong, Calls::Known)
    } else {
        Calls::Hidden
    };
    let site = site_view(site, around);
    let drawn = Drawn {
        line: &line.name,
        site: &site,
        address: &address,
        analysis: &found,
        pacing: line
            .pacing()
            .filter(|_| line.coupling == Coupling::Serial)
            .map(|m| m.code.as_str()),
        calls,
    };
    let stops = if view == View::Stops {
        Some(stops(ctx, &address, &found).await?)
    } else {
        None
    };
    let parts = match view {
        View::Now => sheets::accounts(&drawn),
        view => vec![sheets::view(view, &drawn, stops)],
    };
    Ok(Sheet {
        now: found.now,
        as_of: format!("as of {}", site.clock.clock(found.now)),
        name: line.name.clone(),
        parts,
    })
}

/// The most stops on a page.
const MOST_STOPS: i64 = 100;

/// The stops of the address, and the one that it opens.
async fn stops(ctx: &Ctx, address: &Address, analysis: &Analysis) -> Result<Stops, ServiceError> {
    let text = |name: &str| address.get(name).map(str::to_owned);
    let minute = |ms: i64| ms - ms.rem_euclid(MINUTE_MS);
    let filter = DowntimeFilter {
        line: Some(address.code().to_owned()),
        machine: text("machine").filter(|m| m != "assets"),
        from: Some(minute(analysis.horizon.from().0)),
        to: Some(minute(analysis.horizon.to().0)),
        // Of the period "shift" the name is the period's.
        shift: text("shift").filter(|_| address.get("period") != Some("shift")),
        crew: text("crew"),
        product: text("product"),
        reason: text("reason").filter(|r| r != NO_REASON),
        category: text("loss"),
        minor: address.get("minor").map(|m| m == "true"),
        cursor: text("cursor"),
        limit: Some(MOST_STOPS),
        ..DowntimeFilter::default()
    };
    let mut page = get_downtime_events(ctx, &filter).await?;
    if address.get("reason") == Some(NO_REASON) {
        page.events
            .retain(|event| event.parts.iter().any(|part| part.reason.is_none()));
    }
    let named = address.get("stop").and_then(|id| id.rsplit_once('-'));
    let opened = match named {
        None => None,
        Some((machine, start)) => {
            let start = start
                .parse()
                .map_err(|_| invalid("stop", "must be a machine and its start"))?;
            Some(Opened {
                detail: get_downtime_event(ctx, (machine, start)).await?,
                reasons: reasons_for_line(ctx, address.code()).await?,
            })
        }
    };
    Ok(Stops { page, opened })
}
