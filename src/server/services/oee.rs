//! OEE of machines, lines and the plant, over any window. Reading never writes.

use super::board::tile;
use super::error::{ServiceError, invalid, not_found};
use super::line::window;
use super::window::focus;
use crate::api::oee::{
    By, Dashboard, Direction, History, HistoryRow, LineOee, LineSummary, RateUsed, RealTimeOee,
    ReasonLoss, Reckoned, Trends, Whose,
};
use crate::domain::account::Account;
use crate::domain::analytics::trend::{MIN_VALUES, trend};
use crate::domain::figure::Figure;
use crate::domain::ids::{MachineId, ProductId};
use crate::domain::machine_state::TimeBucket;
use crate::domain::reckon::{LossKey, Lost, Reckoning};
use crate::domain::time::{DAY_MS, DurMs, Span};
use crate::server::db::Tx;
use crate::server::db::facts;
use crate::server::db::rollup::Level;
use crate::server::plant::{Line, Plant};
use crate::server::rollup::cells;
use crate::server::rollup::read::{LineSums, Subject, series, total};
use crate::server::services::period::cell_name;
use crate::server::state::App;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The longest window that can be looked at hour by hour.
const HOURS_OVER: DurMs = DurMs(8 * DAY_MS);
/// The longest window that can be looked at shift by shift.
const SHIFTS_OVER: DurMs = DurMs(100 * DAY_MS);
/// The longest window whose shifts can be picked out, by crew or by name: that takes every one of them.
pub(super) const PICKED_OVER: DurMs = DurMs(366 * DAY_MS);

/// The plant as it stands, with a line of it.
pub(super) struct Here {
    pub plant: Arc<Plant>,
    pub place: usize,
    pub now: crate::domain::time::TsMs,
}

impl Here {
    /// Finds a line.
    pub fn find(app: &App, code: &str) -> Result<Self, ServiceError> {
        let plant = app.plant.get();
        let place = plant.lines.iter().position(|l| l.code == code);
        Ok(Self {
            place: place.ok_or_else(|| not_found("line", code))?,
            plant,
            now: app.clock.now(),
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

/// The ideal rates of the products of a reckoning, as they hold at the window's end.
pub(super) fn rates(
    of: Subject<'_>,
    machine: Option<&str>,
    reckoning: &Reckoning,
    window: Span,
) -> Vec<RateUsed> {
    let rated_as = match machine {
        Some(code) if code != "assets" => of.line.machines.iter().find(|m| m.code == code),
        _ => of.line.pacing(),
    };
    let Some(machine) = rated_as else {
        return vec![];
    };
    let made = |account: &Account| account.counts.total();
    let mut out: Vec<RateUsed> = reckoning
        .products
        .iter()
        .filter(|(_, account)| made(account) > 0)
        .map(|(product, account)| {
            rate(
                of,
                machine.id,
                &machine.name,
                *product,
                window,
                made(account),
            )
        })
        .collect();
    out.sort_by_key(|r| std::cmp::Reverse(r.pieces));
    out
}

fn rate(
    of: Subject<'_>,
    machine: MachineId,
    name: &str,
    product: Option<ProductId>,
    window: Span,
    pieces: i64,
) -> RateUsed {
    let at = window.to() - DurMs(1);
    let rate = product.and_then(|p| of.plant.rate_in_force(machine, p, at));
    RateUsed {
        machine: name.to_owned(),
        product: product_name(of.plant, product),
        per_minute: rate.map(|r| r.ideal.per_ms() * 60_000.0),
        source: rate.map_or_else(String::new, |r| r.source.clone()),
        valid_from: rate.map(|r| r.valid_from).filter(|from| from.0 > 0),
        pieces,
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
    app: &App,
    code: &str,
    from: i64,
    to: i64,
) -> Result<LineOee, ServiceError> {
    let here = Here::find(app, code)?;
    let window = window("from", "to", from, to)?;
    let mut tx = app.db.snapshot().await?;
    line_oee(&mut tx, here.subject()?, window).await
}

async fn line_oee(tx: &mut Tx, of: Subject<'_>, window: Span) -> Result<LineOee, ServiceError> {
    let window = Span::clamped(window.from().min(of.now), window.to().min(of.now));
    let sums = total(tx, of, window).await?;
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
        rates: rates(of, None, &shown, window),
    })
}

/// A line as it is now: the running shift so far, or the last 24 hours.
///
/// # Errors
/// An unknown line, or the database's.
pub async fn calculate_real_time_oee(app: &App, code: &str) -> Result<RealTimeOee, ServiceError> {
    let here = Here::find(app, code)?;
    let of = here.subject()?;
    let focus = focus(of.site, of.line, of.now);
    let seq = facts::last_seq(&app.db).await?;
    let tile = tile(&app.db, of.plant, of.line, seq, of.now).await?.tile;
    let mut tx = app.db.snapshot().await?;
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

/// Figures of a line, or of one of its machines, row by row over `[from, to)`.
///
/// # Errors
/// An unknown line or machine, a window that cannot be or is too long for its cut, or the database's.
pub async fn get_oee_history(
    app: &App,
    code: &str,
    machine: Option<&str>,
    (from, to): (i64, i64),
    by: By,
) -> Result<History, ServiceError> {
    let here = Here::find(app, code)?;
    let window = window("from", "to", from, to)?;
    let mut tx = app.db.snapshot().await?;
    history(&mut tx, here.subject()?, machine, window, by, |_| true).await
}

/// A history of the shifts that are wanted.
pub(super) async fn history(
    tx: &mut Tx,
    of: Subject<'_>,
    machine: Option<&str>,
    window: Span,
    by: By,
    wanted: impl Fn(Option<&crate::domain::shift::ShiftInstance>) -> bool,
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
        (None, crate::domain::plant::Coupling::Serial) if !of.line.machines.is_empty() => {
            Whose::Line
        }
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
pub(super) async fn wanted_shifts(
    tx: &mut Tx,
    of: Subject<'_>,
    window: Span,
    wanted: &impl Fn(Option<&crate::domain::shift::ShiftInstance>) -> bool,
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
        let row = |m: &crate::server::plant::Machine| {
            let account = sums.machines.get(&m.id).map(Reckoning::account);
            HistoryRow::new(m.name.clone(), None, account.unwrap_or_default())
        };
        return Ok(of.line.machines.iter().map(row).collect());
    }
    let (_, reckoning) = part_of(of.line, sums, machine)?;
    let rows = reckoning.products.into_iter();
    let mut rows: Vec<HistoryRow> = rows
        .map(|(product, account)| HistoryRow::new(product_name(of.plant, product), None, account))
        .filter(|row| {
            row.account.planned_production() > DurMs::ZERO || row.account.counts.total() > 0
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.account.planned_production()));
    Ok(rows)
}

async fn crews(
    tx: &mut Tx,
    of: Subject<'_>,
    machine: Option<&str>,
    window: Span,
    wanted: &impl Fn(Option<&crate::domain::shift::ShiftInstance>) -> bool,
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
    wanted: Option<&impl Fn(Option<&crate::domain::shift::ShiftInstance>) -> bool>,
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
    let row = |(name, span, account)| HistoryRow::new(name, Some(span), account);
    Ok(rows.into_iter().map(row).collect())
}

/// Figures row by row, and where they are going. The last row is left out of the trends while it is not over.
///
/// # Errors
/// Those of [`get_oee_history`]; a cut that is not a stretch of time.
pub async fn get_oee_trends(
    app: &App,
    code: &str,
    machine: Option<&str>,
    bounds: (i64, i64),
    by: By,
) -> Result<Trends, ServiceError> {
    if matches!(by, By::Product | By::Crew | By::Machine) {
        return Err(invalid("by", "must be hour, shift, day, week or month"));
    }
    let history = get_oee_history(app, code, machine, bounds, by).await?;
    let running = history.window.to().0 < bounds.1;
    let whole =
        &history.rows[..history.rows.len() - usize::from(running && !history.rows.is_empty())];
    let of = |figure: fn(&HistoryRow) -> Figure| direction(whole.iter().map(figure));
    Ok(Trends {
        oee: of(|r| r.oee),
        availability: of(|r| r.availability),
        performance: of(|r| r.performance),
        quality: of(|r| r.quality),
        history,
    })
}

/// Where known figures are going; rows without one are left out.
fn direction(figures: impl Iterator<Item = Figure>) -> Direction {
    const LEVEL: f64 = 0.05;
    let values: Vec<f64> = figures.filter_map(Figure::value).collect();
    match trend(&values) {
        None => {
            debug_assert!(values.len() < MIN_VALUES);
            Direction::TooFew { n: values.len() }
        }
        Some(found) if found.p < LEVEL => Direction::Trend {
            slope: found.slope,
            p: found.p,
        },
        Some(found) => Direction::NoTrend { p: found.p },
    }
}

/// The plant over `[from, to)`, rolled up by line, area and site.
///
/// # Errors
/// A window that cannot be, or the database's.
pub async fn get_oee_dashboard_data(
    app: &App,
    (from, to): (i64, i64),
) -> Result<Dashboard, ServiceError> {
    let window = window("from", "to", from, to)?;
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
    let mut tx = app.db.snapshot().await?;
    let (mut all, mut areas) = (Reckoning::default(), Vec::<(String, Account)>::new());
    for line in &plant.lines {
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
    out.site = Some(HistoryRow::new(site.name.clone(), None, all.account()));
    let area = |(name, account)| HistoryRow::new(name, None, account);
    out.areas = areas.into_iter().map(area).collect();
    out.reasons = reasons(&plant, &all.losses);
    Ok(out)
}
