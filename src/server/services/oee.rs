//! OEE of machines, lines and the plant, over any window. Reading never writes.

mod history;
mod rates;
mod trends;

pub use history::get_oee_history;
pub use trends::get_oee_trends;

pub(super) use history::{PICKED_OVER, history, wanted_shifts};
pub(super) use rates::rates_of;

use super::board::tile;
use super::error::{ServiceError, not_found};
use super::line::window;
use super::window::focus;
use crate::api::oee::{
    Dashboard, HistoryRow, LineOee, LineSummary, RealTimeOee, ReasonLoss, Reckoned, Whose,
};
use crate::domain::account::Account;
use crate::domain::ids::{MachineId, ProductId};
use crate::domain::machine_state::TimeBucket;
use crate::domain::reckon::{LossKey, Lost, Reckoning};
use crate::domain::time::{DurMs, Span};
use crate::server::auth::Ctx;
use crate::server::db::Tx;
use crate::server::db::facts;
use crate::server::plant::{Line, Plant};
use crate::server::rollup::read::{LineSums, Subject, total, total_with_own_losses};
use rates::rates;
use std::sync::Arc;

/// The plant as it stands, with a line of it.
pub(super) struct Here {
    pub plant: Arc<Plant>,
    pub place: usize,
    pub now: crate::domain::time::TsMs,
}

impl Here {
    /// Finds a line that the leave reaches.
    pub fn find(ctx: &Ctx, code: &str) -> Result<Self, ServiceError> {
        let plant = ctx.app().plant.get();
        let place = plant.lines.iter().position(|l| l.code == code);
        let place = place.ok_or_else(|| not_found("line", code))?;
        ctx.reach(&plant.lines[place])?;
        Ok(Self {
            place,
            plant,
            now: ctx.now(),
        })
    }

    /// What the roll-ups are asked for.
    pub fn subject(&self) -> Result<Subject<'_>, ServiceError> {
        Ok(Subject {
            plant: &self.plant,
            site: self
                .plant
                .site
                .as_ref()
                .ok_or_else(|| not_found("site", ""))?,
            line: &self.plant.lines[self.place],
            now: self.now,
        })
    }
}

/// Part of a line's sums: the line itself, one machine by its code, or "assets", the sum of all.
pub(super) fn part_of(
    line: &Line,
    sums: &LineSums,
    machine: Option<&str>,
) -> Result<(Whose, Reckoning), ServiceError> {
    match machine {
        None => Ok(sums
            .line
            .clone()
            .map_or_else(|| (Whose::Assets, sums.assets()), |own| (Whose::Line, own))),
        Some("assets") => Ok((Whose::Assets, sums.assets())),
        Some(code) => {
            let machine = machine_of(line, code)?;
            Ok((
                Whose::Machine,
                sums.machines.get(&machine).cloned().unwrap_or_default(),
            ))
        }
    }
}

fn machine_of(line: &Line, code: &str) -> Result<MachineId, ServiceError> {
    let machine = line.machines.iter().find(|m| m.code == code);
    machine
        .map(|m| m.id)
        .ok_or_else(|| not_found("machine", code))
}

/// Losses in words, longest first.
pub(super) fn reasons<'a>(
    plant: &Plant,
    losses: impl IntoIterator<Item = (&'a LossKey, &'a Lost)>,
) -> Vec<ReasonLoss> {
    let mut out: Vec<ReasonLoss> = losses
        .into_iter()
        .filter(|(_, lost)| **lost != Lost::default())
        .map(|(key, lost)| reason(plant, key, *lost))
        .collect();
    out.sort_by(|a, b| {
        b.lost
            .time
            .cmp(&a.lost.time)
            .then_with(|| a.name.cmp(&b.name))
    });
    out
}

fn reason(plant: &Plant, key: &LossKey, lost: Lost) -> ReasonLoss {
    let reason = key.reason.and_then(|id| plant.reasons.get(id));
    ReasonLoss {
        bucket: key.bucket,
        minor: key.minor,
        code: reason.map(|r| r.code.clone()),
        name: reason.map_or_else(
            // Waiting and changeovers speak for themselves.
            || match key.bucket {
                TimeBucket::Unplanned => "No reason given".to_owned(),
                bucket => bucket.words().to_owned(),
            },
            |r| r.name.clone(),
        ),
        lost,
    }
}

pub(super) fn product_name(plant: &Plant, product: Option<ProductId>) -> String {
    product
        .and_then(|p| plant.product(p))
        .map_or_else(|| "Product not known".to_owned(), |p| p.name.clone())
}

/// OEE of a line over `[from, to)` in epoch milliseconds.
///
/// # Errors
/// An unknown line, a window that cannot be, or the database's.
pub async fn calculate_oee(
    ctx: &Ctx,
    code: &str,
    from: i64,
    to: i64,
) -> Result<LineOee, ServiceError> {
    let here = Here::find(ctx, code)?;
    let window = window("from", "to", from, to)?;
    let mut tx = ctx.app().db.snapshot().await?;
    line_oee(&mut tx, here.subject()?, window).await
}

async fn line_oee(tx: &mut Tx, of: Subject<'_>, window: Span) -> Result<LineOee, ServiceError> {
    let window = Span::clamped(window.from().min(of.now), window.to().min(of.now));
    let sums = total_with_own_losses(tx, of, window).await?;
    let (_, shown) = part_of(of.line, &sums, None)?;
    let of_machine = |machine: &crate::server::plant::Machine| {
        let account = sums.machines.get(&machine.id).map(Reckoning::account);
        Reckoned::new(&machine.code, Whose::Machine, account.unwrap_or_default())
    };
    Ok(LineOee {
        window,
        line: sums
            .line
            .as_ref()
            .map(|own| Reckoned::new(&of.line.code, Whose::Line, own.account())),
        assets: Reckoned::new(&of.line.code, Whose::Assets, sums.assets().account()),
        machines: of.line.machines.iter().map(of_machine).collect(),
        reasons: reasons(of.plant, &shown.losses),
        rates: rates(of, &sums, window),
    })
}

/// A line as it is now: the running shift so far, or the last 24 hours.
///
/// # Errors
/// An unknown line, or the database's.
pub async fn calculate_real_time_oee(ctx: &Ctx, code: &str) -> Result<RealTimeOee, ServiceError> {
    let app = ctx.app();
    let here = Here::find(ctx, code)?;
    let of = here.subject()?;
    let focus = focus(of.site, of.line, of.now);
    let seq = facts::last_seq(&app.db).await?;
    let tile = tile(&app.db, of.plant, of.line, seq, of.now).await?.tile;
    let mut tx = ctx.app().db.snapshot().await?;
    Ok(RealTimeOee {
        now: of.now,
        shift: focus.shift.map(|s| s.name),
        condition: tile.condition,
        since: tile.since,
        detail: tile.detail,
        made: tile.progress.map(|p| p.actual),
        target: tile.progress.and_then(|p| p.target),
        oee: line_oee(&mut tx, of, focus.horizon).await?,
    })
}

/// The plant over `[from, to)`, rolled up by line, area and site.
///
/// # Errors
/// A window that cannot be, or the database's.
pub async fn get_oee_dashboard_data(
    ctx: &Ctx,
    (from, to): (i64, i64),
) -> Result<Dashboard, ServiceError> {
    let window = window("from", "to", from, to)?;
    let app = ctx.app();
    let (plant, now) = (app.plant.get(), app.clock.now());
    let mut out = Dashboard {
        window: Span::clamped(window.from().min(now), window.to().min(now)),
        site: None,
        areas: vec![],
        lines: vec![],
        reasons: vec![],
    };
    let Some(site) = &plant.site else {
        return Ok(out);
    };
    let mut tx = ctx.app().db.snapshot().await?;
    let (mut all, mut areas) = (Reckoning::default(), Vec::<(String, Account)>::new());
    for line in plant.lines.iter().filter(|line| ctx.sees(line)) {
        let of = Subject {
            plant: &plant,
            site,
            line,
            now,
        };
        let sums = total(&mut tx, of, window).await?;
        let assets = sums.assets();
        let account = assets.account();
        match areas.iter_mut().find(|(name, _)| *name == line.area) {
            Some((_, sum)) => *sum += account,
            None => areas.push((line.area.clone(), account)),
        }
        out.lines.push(LineSummary {
            code: line.code.clone(),
            name: line.name.clone(),
            area: line.area.clone(),
            target_oee: line.target_at(window.to().min(now) - DurMs(1)).oee,
            line: sums
                .line
                .map(|own| HistoryRow::new(line.name.clone(), None, own.account())),
            assets: HistoryRow::new(line.name.clone(), None, account),
        });
        all += &assets;
    }
    // Of the site, or an area, part of which is out of reach nothing is summed.
    let whole = HistoryRow::new(site.name.clone(), None, all.account());
    out.site = ctx.sees_all().then_some(whole);
    areas.retain(|(name, _)| {
        let mut lines = plant.lines.iter().filter(|line| line.area == *name);
        lines.all(|line| ctx.sees(line))
    });
    let area = |(name, account)| HistoryRow::new(name, None, account);
    out.areas = areas.into_iter().map(area).collect();
    out.reasons = reasons(&plant, &all.losses);
    Ok(out)
}
