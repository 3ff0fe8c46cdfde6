//! The reasons that can be given on a line.

use super::unknown;
use crate::api::downtime::{ReasonView, ReasonsView};
use crate::domain::time::{DAY_MS, DurMs};
use crate::server::auth::Ctx;
use crate::server::db::reasons::most_given;
use crate::server::plant::{Plant, Reason};
use crate::server::services::error::ServiceError;

/// As many as can be taken in at a glance on a tablet.
const MOST: usize = 25;
/// How far back the favourites are counted.
const FAVOURITES_OVER: DurMs = DurMs(30 * DAY_MS);

/// The reasons that can be given on a line: a few at a glance, and all of them.
///
/// # Errors
/// An unknown line, or the database's.
pub async fn reasons_for_line(ctx: &Ctx, line: &str) -> Result<ReasonsView, ServiceError> {
    let app = ctx.app();
    let (plant, now) = (app.plant.get(), app.clock.now());
    let known = plant.line(line).ok_or_else(|| unknown("line", line))?;
    ctx.reach(known)?;
    let used = most_given(&app.db, known.id, now - FAVOURITES_OVER).await?;
    let used = used.into_iter().filter_map(|id| plant.reasons.get(id));
    let mut shown: Vec<&Reason> = used.filter(|r| r.may_be_given()).take(MOST).collect();
    let favourites = shown.len();
    for reason in plant.reasons.all().iter().filter(|r| r.may_be_given()) {
        if shown.len() < MOST && !shown[..favourites].iter().any(|s| s.id == reason.id) {
            shown.push(reason);
        }
    }
    Ok(ReasonsView {
        shown: shown.into_iter().map(|r| view(&plant, r)).collect(),
        favourites,
        tree: plant
            .reasons
            .all()
            .iter()
            .map(|r| view(&plant, r))
            .collect(),
    })
}

fn view(plant: &Plant, reason: &Reason) -> ReasonView {
    let parent = reason.parent.and_then(|id| plant.reasons.get(id));
    ReasonView {
        code: reason.code.clone(),
        name: reason.name.clone(),
        parent: parent.map(|p| p.code.clone()),
        category: reason.category,
        depth: reason.depth,
        choosable: reason.may_be_given(),
    }
}
