//! Andon for those who look after it: rules, rosters, rehearsal, channels.

mod autos;
mod channels;
mod history;
mod rehearse;
mod roster;
mod roster_forms;
mod rule_form;
mod rules;
mod statistics;

use super::Shared;
use crate::server::auth::Ctx;
use crate::server::plant::Plant;
use axum::Router;

/// The routes.
pub fn router(shared: &Shared) -> Router {
    Router::new()
        .merge(rules::router(shared))
        .merge(autos::router(shared))
        .merge(rehearse::router(shared))
        .merge(roster::router(shared))
        .merge(channels::router(shared))
        .merge(history::router(shared))
        .merge(statistics::router(shared))
}

/// The lines that a form offers: code and name.
fn lines(plant: &Plant) -> Vec<(String, String)> {
    let line = |l: &crate::server::plant::Line| (l.code.clone(), l.name.clone());
    plant.lines.iter().map(line).collect()
}

/// The lines that a form offers, of those that the caller sees.
fn lines_seen(ctx: &Ctx) -> Vec<(String, String)> {
    let plant = ctx.app().plant.get();
    let seen = plant.lines.iter().filter(|l| ctx.sees(l));
    seen.map(|l| (l.code.clone(), l.name.clone())).collect()
}

/// The shifts that a form offers.
fn shifts(plant: &Plant) -> Vec<(String, String)> {
    let names = plant.shift_names().into_iter();
    names.map(|name| (name.clone(), name)).collect()
}

/// Nothing when nothing was chosen.
fn chosen(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
