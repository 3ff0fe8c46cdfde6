//! What the server draws of a line: figures read by the other services, drawn by the pages' own code.

use super::analysis::analysis;
use super::board::site_view;
use super::error::{ServiceError, invalid, not_found};
use crate::api::sheet::Sheet;
use crate::domain::time::{DAY_MS, DurMs, Span};
use crate::server::state::App;
use crate::ui::components::views::View;
use crate::ui::sheets::address::Address;
use crate::ui::sheets::{self, Drawn};

/// What is drawn of a line for the query of its page's address.
///
/// # Errors
/// An unknown line, machine or product, a field that cannot be, or the database's.
pub async fn sheet(app: &App, code: &str, query: &str) -> Result<Sheet, ServiceError> {
    let address = Address::parse(code, query);
    let view = View::from_name(address.get("view"))
        .ok_or_else(|| invalid("view", "must be now, losses, stops, history or compare"))?;
    let choice = address
        .choice()
        .map_err(|field| invalid(field, "must be milliseconds since 1970"))?;
    let found = analysis(app, code, &choice).await?;
    let plant = app.plant.get();
    let line = plant.line(code).ok_or_else(|| not_found("line", code))?;
    let site = plant.site.as_ref().ok_or_else(|| not_found("site", ""))?;
    let around = Span::clamped(
        found.before_window.from().min(found.horizon.from()) - DurMs(DAY_MS),
        found.horizon.to().max(found.now) + DurMs(DAY_MS),
    );
    let site = site_view(site, around);
    let drawn = Drawn {
        line: &line.name,
        site: &site,
        address: &address,
        analysis: &found,
    };
    let parts = match view {
        View::Now => sheets::accounts(&drawn),
        view => vec![sheets::view(view, &drawn, None)],
    };
    Ok(Sheet {
        now: found.now,
        as_of: format!("as of {}", site.clock.clock(found.now)),
        name: line.name.clone(),
        parts,
    })
}
