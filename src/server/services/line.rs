//! One line's page.

use super::board::{hours, site_view, tile};
use super::error::{ServiceError, invalid, not_found};
use super::window::{LineData, MachineData, focus, read, since};
use crate::api::board::HourBar;
use crate::api::line::{LineView, MachineRow, Part, StopRow, WindowKind};
use crate::domain::account::MadeIn;
use crate::domain::ids::Seq;
use crate::domain::loss::{LossKind, LossTree};
use crate::domain::machine_state::MachineState;
use crate::domain::plant::Coupling;
use crate::domain::rights::Permission;
use crate::domain::shift::Planned;
use crate::domain::time::{DAY_MS, DurMs, MINUTE_MS, Span, TsMs};
use crate::server::auth::Ctx;
use crate::server::calendar;
use crate::server::db::facts;
use crate::server::plant::{Line, Machine, Plant};
use crate::server::state::App;
use crate::ui::format;
use crate::ui::pages::line::drawn::{Figures, Ribbon, RibbonPart, drawn, one};

/// The longest window that can be asked for: five years.
pub const MAX_WINDOW: DurMs = DurMs(5 * 366 * DAY_MS);
/// The most stops listed.
const MAX_STOPS: usize = 20;
/// How far back a machine's present speed is looked at.
const SPEED_OVER: DurMs = DurMs(10 * MINUTE_MS);

/// A line over its running shift, or over a chosen window in epoch milliseconds, with its stops where they may be seen.
///
/// # Errors
/// An unknown line, one that may not be seen with its OEE, a window that cannot be, or the database's.
pub async fn line(
    ctx: &Ctx,
    code: &str,
    chosen: Option<(i64, i64)>,
) -> Result<LineView, ServiceError> {
    let plant = ctx.app().plant.get();
    let line = permitted(ctx, &plant, code)?;
    let page = page(ctx.app(), code, chosen).await?;
    Ok(if ctx.holds(Permission::DowntimeRead, line) {
        page.view
    } else {
        page.without_stops()
    })
}

/// The line of this code, if its page may be seen: it is made of the line's time and figures.
///
/// # Errors
/// No such line; a permission is not held there.
pub fn permitted<'p>(ctx: &Ctx, plant: &'p Plant, code: &str) -> Result<&'p Line, ServiceError> {
    let line = ctx.line(plant, code)?;
    ctx.also(Permission::LineRead, line)?;
    ctx.also(Permission::OeeRead, line)?;
    Ok(line)
}

/// A line's page, and what of it differs for those who may not see stops.
#[derive(Clone, Debug)]
pub(in crate::server) struct Page {
    /// All of it.
    pub view: LineView,
    /// The ribbons without the words of their causes.
    plain_ribbons: String,
}

impl Page {
    /// What of it those see who may not see stops.
    pub fn without_stops(mut self) -> LineView {
        self.view.stops.clear();
        (self.view.stop_count, self.view.minor_count) = (None, 0);
        if let Some(ribbons) = self.view.drawn.get_mut(Part::Ribbons as usize) {
            *ribbons = self.plain_ribbons;
        }
        self.view
    }
}

/// The same for the program itself, which shows it only to those who may see it.
pub(in crate::server) async fn page(
    app: &App,
    code: &str,
    chosen: Option<(i64, i64)>,
) -> Result<Page, ServiceError> {
    let (plant, now) = (app.plant.get(), app.clock.now());
    let line = plant.line(code).ok_or_else(|| not_found("line", code))?;
    let site = plant.site.as_ref().ok_or_else(|| not_found("site", ""))?;
    let chosen = chosen
        .map(|(from, to)| window("from", "to", from, to))
        .transpose()?;
    let seq: Seq = facts::last_seq(&app.db).await?;
    let focus = focus(site, line, now);
    let horizon = chosen.unwrap_or(focus.horizon);
    let kind = match (&chosen, &focus.shift) {
        (Some(_), _) => WindowKind::Chosen,
        (None, Some(shift)) => WindowKind::Shift(shift.name.clone()),
        (None, None) => WindowKind::LastDay,
    };
    let tile = tile(&app.db, &plant, line, seq, now).await?.tile;
    let data = read(&app.db, site, line, horizon, now).await?;
    let recent = read(
        &app.db,
        site,
        line,
        Span::clamped(now.minute() - SPEED_OVER, now),
        now,
    )
    .await?;
    let clock = calendar::local_time(&site.zone, horizon);
    let (stops, stop_count, minor_count) = stops(&plant, line, &data);
    let rows = line
        .machines
        .iter()
        .filter_map(|m| row(&plant, line, &data, &recent, m, now));
    let hours = hours(&plant, line, &data, horizon, &clock, now);
    let ribbons = data.machines.iter().map(|m| ribbon(&plant, &data, m));
    let ribbons: Vec<Ribbon> = ribbons.collect();
    let heard = data.machines.iter().filter_map(|m| m.heard).max();
    let around = Span::clamped(
        horizon.from().min(now) - DurMs(DAY_MS),
        horizon.to().max(now) + DurMs(DAY_MS),
    );
    let site = site_view(site, around);
    let account = data.line_account(&plant, line, data.window);
    let figures = Figures {
        code,
        clock: &site.clock,
        horizon,
        line: account.as_ref(),
        assets: &data.asset_account(&plant, line, data.window),
        targets: &line.target_at(data.window.to()),
        ribbons: &ribbons,
        hours: &hours,
        losses: &hour_losses(&plant, line, &data, &hours),
        heard,
    };
    let drawn = drawn(&figures);
    let plain: Vec<Ribbon> = ribbons.iter().map(Ribbon::without_causes).collect();
    let plain_ribbons = one(
        Part::Ribbons,
        &Figures {
            ribbons: &plain,
            ..figures
        },
    );
    let view = LineView {
        now,
        seq,
        tile,
        window: data.window,
        kind,
        horizon,
        minor_stop_s: line.rules.minor_stop.0 / 1000,
        drawn,
        machines: rows.collect(),
        stops,
        stop_count: Some(stop_count),
        minor_count,
        heard,
        site,
    };
    Ok(Page {
        view,
        plain_ribbons,
    })
}

/// A longer window is shown by day, where one loss in words says little.
const MOST_HOURS: usize = 50;

/// The largest loss of each hour that has begun: what lay between its planned time and good output.
fn hour_losses(
    plant: &Plant,
    line: &Line,
    data: &LineData,
    hours: &[HourBar],
) -> Vec<Option<String>> {
    if hours.len() > MOST_HOURS {
        return vec![];
    }
    let largest = |hour: &HourBar| {
        let past = hour.span.intersect(data.window)?;
        let account = data
            .line_account(plant, line, past)
            .unwrap_or_else(|| data.asset_account(plant, line, past));
        let leaves = LossTree::of(&account).planned_leaves();
        let lost = leaves
            .into_iter()
            .filter(|(loss, time)| loss.kind() != LossKind::Good && *time >= LEAST);
        let (loss, time) = lost.max_by_key(|(_, time)| *time)?;
        Some(format!("{} {}", loss.words(), format::duration(time)))
    };
    hours.iter().map(largest).collect()
}

/// Less is no word worth.
const LEAST: DurMs = DurMs(MINUTE_MS);

/// A chosen window. It must start and end on full minutes, because counts are kept by minute.
///
/// # Errors
/// Names the bound that is wrong.
pub fn window(first: &str, second: &str, from: i64, to: i64) -> Result<Span, ServiceError> {
    if from.rem_euclid(MINUTE_MS) != 0 {
        return Err(invalid(first, "must be a full minute"));
    }
    if to.rem_euclid(MINUTE_MS) != 0 {
        return Err(invalid(second, "must be a full minute"));
    }
    if from < 0 {
        return Err(invalid(first, "must not be before 1970"));
    }
    match Span::new(TsMs(from), TsMs(to)) {
        Some(span) if span.len() > MAX_WINDOW => Err(invalid(
            second,
            format!("must be at most five years after {first}"),
        )),
        Some(span) if !span.is_empty() => Ok(span),
        _ => Err(invalid(second, format!("must be after {first}"))),
    }
}

fn cause(plant: &Plant, machine: &MachineData, fault: Option<&String>) -> Option<String> {
    fault.map(|code| plant.fault_text(machine.id, code))
}

fn machine_name(plant: &Plant, machine: &MachineData) -> String {
    plant
        .machine(machine.id)
        .map_or_else(String::new, |(_, m)| m.name.clone())
}

fn ribbon(plant: &Plant, data: &LineData, machine: &MachineData) -> Ribbon {
    let mut parts: Vec<RibbonPart> = Vec::new();
    for interval in &machine.intervals {
        let Some(span) = interval.span.intersect(data.window) else {
            continue;
        };
        let cause = cause(plant, machine, interval.fault.as_ref());
        match parts.last_mut() {
            // A change of product cuts intervals but not what is seen of them.
            Some(last) if last.state == interval.state && last.cause == cause => {
                last.span = Span::clamped(last.span.from(), span.to());
            }
            _ => parts.push(RibbonPart {
                span,
                state: interval.state,
                cause,
            }),
        }
    }
    Ribbon {
        machine: machine_name(plant, machine),
        parts,
    }
}

fn row(
    plant: &Plant,
    line: &Line,
    data: &LineData,
    recent: &LineData,
    machine: &Machine,
    now: TsMs,
) -> Option<MachineRow> {
    let (over, present) = (data.machine(machine.id)?, recent.machine(machine.id)?);
    let last = present.intervals.last();
    let product = last.and_then(|i| i.product);
    let state = last.map_or(MachineState::NoData, |i| i.state);
    // The running minute is not complete: it would show as a drop in speed.
    let made: i64 = present
        .minutes
        .iter()
        .filter(|m| m.minute < now.minute() && m.made_in != MadeIn::UnknownTime)
        .map(|m| m.counts.total())
        .sum();
    let minutes = SPEED_OVER.0 as f64 / MINUTE_MS as f64;
    Some(MachineRow {
        code: machine.code.clone(),
        name: machine.name.clone(),
        state,
        since: if state == MachineState::NoData {
            present.heard
        } else {
            since(present)
        },
        cause: last.and_then(|i| cause(plant, present, i.fault.as_ref())),
        product: product
            .and_then(|p| plant.product(p))
            .map(|p| p.name.clone()),
        per_minute: (state != MachineState::NoData).then_some(made as f64 / minutes),
        ideal_per_minute: plant
            .rate(machine.id, product, now)
            .map(|r| r.per_ms() * MINUTE_MS as f64),
        figures: {
            let account = data.machine_account(plant, line, over, data.window);
            vec![
                account.oee(),
                account.availability(),
                account.performance(),
                account.quality(),
            ]
        },
        heard: over.heard,
        pacing: line.coupling == Coupling::Serial
            && line.pacing().is_some_and(|p| p.id == machine.id),
    })
}

/// The latest stops of all machines, newest first, with how many there were that are and are not minor. A minor stop is
/// listed only while it lasts: there are many, and each says little.
fn stops(plant: &Plant, line: &Line, data: &LineData) -> (Vec<StopRow>, u32, u32) {
    let (mut rows, mut long, mut minor) = (Vec::new(), 0, 0);
    for machine in &data.machines {
        for row in stops_of(plant, line, data, machine) {
            *(if row.minor { &mut minor } else { &mut long }) += 1;
            if !row.minor || row.to.is_none() {
                rows.push(row);
            }
        }
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.from));
    rows.truncate(MAX_STOPS);
    (rows, long, minor)
}

/// The stops of one machine that begin in planned time of the window, in order.
fn stops_of(plant: &Plant, line: &Line, data: &LineData, machine: &MachineData) -> Vec<StopRow> {
    let mut rows: Vec<StopRow> = Vec::new();
    let mut before = None;
    for part in &machine.parts {
        let (from, to) = (
            part.span.from(),
            (!part.run.open || part.span.to() < part.run.span.to()).then_some(part.span.to()),
        );
        let cause = cause(plant, machine, part.fault.as_ref());
        // A change of product cuts a part, but not the stop.
        let goes_on = before == Some((from, part.state, cause.clone()));
        before = Some((part.span.to(), part.state, cause.clone()));
        match rows.last_mut() {
            Some(last) if goes_on && last.to == Some(from) => {
                last.to = to;
                continue;
            }
            _ if goes_on => continue,
            _ => {}
        }
        let planned = data.schedule.at(from) == Planned::Production;
        if part.bucket.is_loss() && planned && data.window.contains(from) {
            let machine = machine_name(plant, machine);
            rows.push(StopRow {
                machine,
                from,
                to,
                state: part.state,
                cause,
                minor: part.is_minor(line.rules),
            });
        }
    }
    rows
}
