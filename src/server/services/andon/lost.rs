//! What calls cost: the planned production that went by while they waited.

use super::statistics::{LONGEST, case, raised_in};
use crate::domain::andon::{Case, Lost, LostTime, PlannedOfLines, Round, waited};
use crate::domain::ids::{CallId, LineId, MachineId};
use crate::domain::time::{Span, TsMs};
use crate::server::auth::Ctx;
use crate::server::db::Tx;
use crate::server::db::andon::calls::{self, StoredCall};
use crate::server::db::andon::rounds;
use crate::server::plant::{Line, Plant, Site};
use crate::server::services::error::{ServiceError, not_found};
use crate::server::services::window::read_times;
use std::collections::{BTreeMap, HashMap};

/// What the calls of one line cost in `window`, in those stretches of it that are chosen: as long as all of it, or as some
/// shifts of it are. `None`: the window is longer than calls are counted over.
///
/// # Errors
/// The database's.
pub async fn lost_on_line(
    ctx: &Ctx,
    line: &Line,
    window: Span,
    chosen: &[Span],
) -> Result<Option<Lost>, ServiceError> {
    if window.len() > LONGEST {
        return Ok(None);
    }
    let (plant, now) = (ctx.app().plant.get(), ctx.now());
    let site = plant.site.as_ref().ok_or_else(|| not_found("site", ""))?;
    let mut tx = ctx.app().db.snapshot().await?;
    let raised = raised_in(&mut tx, window, Some(line), None).await?;
    let mut open = calls::going_on_in(&mut tx).await?;
    open.retain(|call| call.spot.line == line.id);
    let over = calls::over_since_in(&mut tx, window.from(), window.from(), Some(line.id)).await?;
    let cases = cases_of(&mut tx, raised.iter().chain(&open).chain(&over)).await?;
    let mut planned = planned_while(&mut tx, &plant, site, (window, cases.as_slice()), now).await?;
    for stretches in planned.values_mut() {
        let inside = |s: &Span| {
            let s = *s;
            chosen.iter().filter_map(move |c| c.intersect(s))
        };
        *stretches = stretches.iter().flat_map(inside).collect();
    }
    Ok(Some(LostTime::of(window, &cases, &planned, now).all))
}

/// Some calls, each once, with what is asked about them and all their rounds.
pub(super) async fn cases_of<'c>(
    tx: &mut Tx,
    calls: impl Iterator<Item = &'c StoredCall>,
) -> sqlx::Result<Vec<Case>> {
    let calls: BTreeMap<i64, &StoredCall> = calls.map(|call| (call.id.0, call)).collect();
    let reopened = calls.values().filter(|call| call.call.reopened > 0);
    let reopened: Vec<CallId> = reopened.map(|call| call.id).collect();
    let mut before: HashMap<i64, Vec<Round>> = HashMap::new();
    for (call, round) in rounds::of_calls_in(tx, &reopened).await? {
        before.entry(call.0).or_default().push(round);
    }
    let with_rounds = |(id, call): (i64, &StoredCall)| Case {
        rounds: before.remove(&id).unwrap_or_default(),
        ..case(call)
    };
    Ok(calls.into_iter().map(with_rounds).collect())
}

/// When each line was planned to produce, as long as any of its calls waited in the window; as its losses have it.
pub(super) async fn planned_while(
    tx: &mut Tx,
    plant: &Plant,
    site: &Site,
    (window, cases): (Span, &[Case]),
    now: TsMs,
) -> sqlx::Result<PlannedOfLines> {
    let mut asked: Vec<(&Line, MachineId, Span)> = Vec::new();
    for (id, stretches) in waited(window, cases, now) {
        let line = plant.lines.iter().find(|line| line.id == id);
        // A line without machines produces nothing.
        if let Some((line, pacing)) = line.and_then(|line| Some((line, line.pacing()?))) {
            asked.extend(stretches.into_iter().map(|span| (line, pacing.id, span)));
        }
    }
    let found = read_times(tx, site, &asked, now).await?;
    let mut out: BTreeMap<LineId, Vec<Span>> = BTreeMap::new();
    for ((line, _, span), data) in asked.iter().zip(&found) {
        let planned = data.planned_production(line, *span);
        out.entry(line.id).or_default().extend(planned);
    }
    Ok(out)
}
