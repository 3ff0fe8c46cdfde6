//! Figures row by row: by stretches of time, and by kinds of things.

use super::{Here, part_of, product_name};
use crate::api::oee::{By, History, HistoryRow, Whose};
use crate::domain::account::Account;
use crate::domain::plant::Coupling;
use crate::domain::reckon::Reckoning;
use crate::domain::shift::ShiftInstance;
use crate::domain::time::{DAY_MS, DurMs, Span};
use crate::server::auth::Ctx;
use crate::server::db::Tx;
use crate::server::db::rollup::Level;
use crate::server::plant::Machine;
use crate::server::rollup::cells;
use crate::server::rollup::read::{LineSums, Subject, series, total};
use crate::server::services::error::{ServiceError, invalid};
use crate::server::services::line::window;
use crate::server::services::period::cell_name;
use std::collections::BTreeMap;

/// The longest window that can be looked at hour by hour.
const HOURS_OVER: DurMs = DurMs(8 * DAY_MS);
/// The longest window that can be looked at shift by shift.
const SHIFTS_OVER: DurMs = DurMs(100 * DAY_MS);
/// The longest window whose shifts can be picked out, by crew or by name: that takes every one of them.
pub(in crate::server::services) const PICKED_OVER: DurMs = DurMs(366 * DAY_MS);

/// Figures of a line, or of one of its machines, row by row over `[from, to)`.
///
/// # Errors
/// An unknown line or machine, a window that cannot be or is too long for its cut, or the database's.
pub async fn get_oee_history(
    ctx: &Ctx,
    code: &str,
    machine: Option<&str>,
    (from, to): (i64, i64),
    by: By,
) -> Result<History, ServiceError> {
    let here = Here::find(ctx, code)?;
    let window = window("from", "to", from, to)?;
    let mut tx = ctx.app().db.snapshot().await?;
    history(&mut tx, here.subject()?, machine, window, by, |_| true).await
}

/// A history of the shifts that are wanted.
pub(in crate::server::services) async fn history(
    tx: &mut Tx,
    of: Subject<'_>,
    machine: Option<&str>,
    window: Span,
    by: By,
    wanted: impl Fn(Option<&ShiftInstance>) -> bool,
) -> Result<History, ServiceError> {
    let window = Span::clamped(window.from().min(of.now), window.to().min(of.now));
    let longest = match by {
        By::Hour => HOURS_OVER,
        By::Shift => SHIFTS_OVER,
        By::Crew => PICKED_OVER,
        _ => DurMs(i64::MAX),
    };
    if window.len() > longest {
        let days = longest.0 / DAY_MS;
        return Err(invalid(
            "by",
            format!("'{}' is for windows of up to {days} days", by.name()),
        ));
    }
    let filtered = !wanted(None);
    let whose = part_of(of.line, &LineSums::default(), machine)?.0;
    let whose = match (machine, of.line.coupling) {
        (None, Coupling::Serial) if !of.line.machines.is_empty() => Whose::Line,
        _ => whose,
    };
    let rows = match by {
        By::Product | By::Machine => {
            let sums = if filtered {
                wanted_shifts(tx, of, window, &wanted).await?
            } else {
                total(tx, of, window).await?
            };
            kinds(of, machine, &sums, by)?
        }
        By::Crew => crews(tx, of, machine, window, &wanted).await?,
        By::Hour | By::Shift | By::Day | By::Week | By::Month => {
            stretches(tx, of, machine, window, by, filtered.then_some(&wanted)).await?
        }
    };
    Ok(History {
        window,
        by,
        whose,
        total: rows.len(),
        rows,
    })
}

/// The sum over the shifts that are wanted.
pub(in crate::server::services) async fn wanted_shifts(
    tx: &mut Tx,
    of: Subject<'_>,
    window: Span,
    wanted: &impl Fn(Option<&ShiftInstance>) -> bool,
) -> Result<LineSums, ServiceError> {
    let mut sums = LineSums::default();
    let segments = cells::segments(of.site, of.line, window);
    for ((_, one), segment) in series(tx, of, Level::Shift, window)
        .await?
        .iter()
        .zip(&segments)
    {
        if wanted(segment.shift.as_ref()) {
            sums.add(one);
        }
    }
    Ok(sums)
}

fn kinds(
    of: Subject<'_>,
    machine: Option<&str>,
    sums: &LineSums,
    by: By,
) -> Result<Vec<HistoryRow>, ServiceError> {
    if by == By::Machine {
        let row = |m: &Machine| {
            let account = sums.machines.get(&m.id).map(Reckoning::account);
            HistoryRow::new(m.name.clone(), None, account.unwrap_or_default())
        };
        return Ok(of.line.machines.iter().map(row).collect());
    }
    let (_, reckoning) = part_of(of.line, sums, machine)?;
    let rows = reckoning.products.into_iter();
    let mut rows: Vec<HistoryRow> = rows
        .map(|(product, account)| HistoryRow::new(product_name(of.plant, product), None, account))
        .filter(|row| row.account.planned_production() > DurMs::ZERO || row.account.pieces() > 0)
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.account.planned_production()));
    Ok(rows)
}

async fn crews(
    tx: &mut Tx,
    of: Subject<'_>,
    machine: Option<&str>,
    window: Span,
    wanted: &impl Fn(Option<&ShiftInstance>) -> bool,
) -> Result<Vec<HistoryRow>, ServiceError> {
    let mut by_crew: BTreeMap<String, Account> = BTreeMap::new();
    let segments = cells::segments(of.site, of.line, window);
    for ((_, sums), segment) in series(tx, of, Level::Shift, window)
        .await?
        .iter()
        .zip(&segments)
    {
        let shift = segment.shift.as_ref();
        let account = part_of(of.line, sums, machine)?.1.account();
        if !wanted(shift) || shift.is_none() && account.scheduled() == DurMs::ZERO {
            continue;
        }
        let crew = shift.and_then(|s| s.crew.clone());
        *by_crew
            .entry(crew.unwrap_or_else(|| "No crew named".to_owned()))
            .or_default() += account;
    }
    let rows = by_crew
        .into_iter()
        .map(|(crew, account)| HistoryRow::new(crew, None, account));
    let mut rows: Vec<HistoryRow> = rows.collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.account.planned_production()));
    Ok(rows)
}

async fn stretches(
    tx: &mut Tx,
    of: Subject<'_>,
    machine: Option<&str>,
    window: Span,
    by: By,
    wanted: Option<&impl Fn(Option<&ShiftInstance>) -> bool>,
) -> Result<Vec<HistoryRow>, ServiceError> {
    let level = match (by, wanted) {
        (By::Hour, _) => Level::Hour,
        (By::Shift, _) | (_, Some(_)) => Level::Shift,
        (By::Month, None) => Level::Month,
        _ => Level::Day,
    };
    let mut rows: Vec<(String, Span, Account)> = Vec::new();
    for (cell, sums) in series(tx, of, level, window).await? {
        let segment = cells::segments(
            of.site,
            of.line,
            Span::clamped(cell.from(), cell.from() + DurMs(1)),
        )
        .pop();
        let shift = segment.as_ref().and_then(|s| s.shift.as_ref());
        // Between shifts there is nothing to judge, unless something was made.
        if wanted.is_some_and(|wanted| !wanted(shift)) {
            continue;
        }
        let account = part_of(of.line, &sums, machine)?.1.account();
        if by == By::Shift && shift.is_none() && account.scheduled() == DurMs::ZERO {
            continue;
        }
        let name = match (by, &segment) {
            (By::Week, Some(s)) => format!(
                "Week {} of {}",
                s.day.iso_week_date().week(),
                s.day.iso_week_date().year()
            ),
            (By::Day, Some(s)) => s.day.strftime("%a %-d %b").to_string(),
            (By::Month, Some(s)) => s.day.strftime("%B %Y").to_string(),
            _ => cell_name(of.site, of.line, level, cell),
        };
        match rows.last_mut() {
            // An hour that the clocks repeat is two rows.
            Some((last, span, sum)) if *last == name && by != By::Hour => {
                *span = Span::clamped(span.from(), cell.to());
                *sum += account;
            }
            _ => rows.push((name, cell, account)),
        }
    }
    let last = rows.len().saturating_sub(1);
    let row = |(place, (name, span, account)): (usize, (String, Span, Account))| {
        let mut row = HistoryRow::new(name, Some(span), account);
        // Rows in the middle cannot reach over an edge of the window.
        row.cut = (place == 0 || place == last) && is_cut(of, by, span, window);
        row
    };
    Ok(rows.into_iter().enumerate().map(row).collect())
}

/// Whether the stretch of which a row shows a part is not all inside the window.
fn is_cut(of: Subject<'_>, by: By, row: Span, window: Span) -> bool {
    let (site, line, at) = (of.site, of.line, row.from());
    let whole = match by {
        By::Hour => cells::cell(site, line, Level::Hour, at),
        By::Shift => cells::cell(site, line, Level::Shift, at),
        By::Week => cells::week(site, line, at),
        By::Month => cells::cell(site, line, Level::Month, at),
        By::Day | By::Product | By::Crew | By::Machine => cells::cell(site, line, Level::Day, at),
    };
    window.intersect(whole) != Some(whole)
}
