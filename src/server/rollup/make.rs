//! Keeps the cells up to date, a day at a time. Each step is one transaction in line with ingest, so that a step sees all
//! facts before it and none after; it is short, so that ingest hardly waits.

use super::cells::{self, Segment};
use super::read::Subject;
use crate::domain::ids::MachineId;
use crate::domain::time::{DAY_MS, DurMs, MINUTE_MS, Span, TsMs};
use crate::server::db::rollup::{self, AccountRow, Due, Level, LossRow, State};
use crate::server::db::{Tx, timeline};
use crate::server::plant::{Line, Plant, stored_version_in};
use crate::server::services::window::{LineData, read_in};
use crate::server::state::App;
use serde::Serialize;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How often it is looked whether something is to be made.
const EVERY: Duration = Duration::from_secs(2);
/// How long one line may keep the others waiting.
const TURN: Duration = Duration::from_millis(200);
/// Facts of the last minutes may still change what a stop is held to be: cells end well before now.
const GRACE: DurMs = DurMs(2 * MINUTE_MS);
/// More than this is not mended cell by cell but made again from there on.
const MENDED: DurMs = DurMs(35 * DAY_MS);

/// Makes cells until `stop`.
pub async fn run(app: App, stop: CancellationToken) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        for line in &app.plant.get().lines {
            let began = Instant::now();
            while !stop.is_cancelled() && began.elapsed() < TURN {
                match step(&app, &line.code).await {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => {
                        tracing::warn!(%error, line = line.code, "roll-ups could not be made");
                        break;
                    }
                }
            }
        }
    }
}

/// Makes everything that can be made now.
///
/// # Errors
/// The engine's.
pub async fn catch_up(app: &App) -> sqlx::Result<()> {
    for line in &app.plant.get().lines {
        while step(app, &line.code).await? {}
    }
    Ok(())
}

/// Does one step for a line; whether there may be more to do.
async fn step(app: &App, code: &str) -> sqlx::Result<bool> {
    // Cheaper than a transaction that may write, and most of the time there is nothing to do.
    if !is_wanted(app, code).await? {
        return Ok(false);
    }
    let mut tx = app.db.begin_append().await?;
    let mut plant = app.plant.get();
    if stored_version_in(&mut tx).await? != plant.version {
        plant = Arc::new(Plant::load(&app.db).await?);
    }
    let Some((line, site)) = plant.line(code).zip(plant.site.as_ref()) else {
        return Ok(false);
    };
    let of = Subject {
        plant: &plant,
        site,
        line,
        now: app.clock.now(),
    };
    let state = rollup::state(&mut tx, line.id).await?;
    let more = match work(&state, of) {
        Work::Nothing => false,
        Work::Mend(due) => mend(&mut tx, of, due, &state).await?,
        Work::Restart(from) => restart(&mut tx, of, from, &state).await?,
        Work::Advance => advance(&mut tx, of, state.made).await?,
    };
    tx.commit().await?;
    Ok(more)
}

async fn is_wanted(app: &App, code: &str) -> sqlx::Result<bool> {
    let plant = app.plant.get();
    let Some((line, site)) = plant.line(code).zip(plant.site.as_ref()) else {
        return Ok(false);
    };
    let mut snapshot = app.db.snapshot().await?;
    let state = rollup::state(&mut snapshot, line.id).await?;
    let of = Subject {
        plant: &plant,
        site,
        line,
        now: app.clock.now(),
    };
    // A line without facts has nothing to make.
    let begun = state.made.is_some() || first_fact(&mut snapshot, line).await?.is_some();
    Ok(begun && leaves_work(&state, of))
}

fn leaves_work(state: &State, of: Subject<'_>) -> bool {
    match (work(state, of), state.made) {
        (Work::Nothing, _) => false,
        (Work::Advance, Some(made)) => next_hours(of, made.to()).is_some(),
        _ => true,
    }
}

/// How far the cells of a line are made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// The line's code.
    pub line: String,
    /// Figures up to here come from cells; absent: none do.
    pub made_to: Option<TsMs>,
    /// Nothing is to be made before the next hour is over.
    pub caught_up: bool,
}

/// How far the cells of all lines are made.
///
/// # Errors
/// The engine's.
pub async fn progress(app: &App) -> sqlx::Result<Vec<Progress>> {
    let (plant, now) = (app.plant.get(), app.clock.now());
    let Some(site) = &plant.site else {
        return Ok(vec![]);
    };
    let mut tx = app.db.snapshot().await?;
    let mut out = Vec::with_capacity(plant.lines.len());
    for line in &plant.lines {
        let state = rollup::state(&mut tx, line.id).await?;
        let of = Subject {
            plant: &plant,
            site,
            line,
            now,
        };
        // Of a line that never reported there is nothing to make.
        let begun = state.made.is_some() || first_fact(&mut tx, line).await?.is_some();
        out.push(Progress {
            line: line.code.clone(),
            made_to: state.valid().map(Span::to),
            caught_up: !begun || !leaves_work(&state, of),
        });
    }
    Ok(out)
}

/// What a line's state asks for.
enum Work {
    Nothing,
    /// Make the cells of a stretch again.
    Mend(Due),
    /// Make everything from here on again.
    Restart(TsMs),
    /// Make what has become final.
    Advance,
}

fn work(state: &State, of: Subject<'_>) -> Work {
    let anew = state.due.iter().filter(|d| d.anew || d.span.len() > MENDED);
    if let Some(from) = anew.map(|d| d.span.from()).min() {
        return Work::Restart(from);
    }
    let early = |due: &&Due| state.made.is_some_and(|made| due.span.from() < made.from());
    match state.due.first() {
        Some(due) if early(&due) => Work::Restart(due.span.from()),
        Some(due) => Work::Mend(*due),
        None if of.line.machines.is_empty() => Work::Nothing,
        None => Work::Advance,
    }
}

/// Up to when nothing that is still to come in time can change a figure: stops have shown whether they are minor, silent
/// machines whether they are without data.
fn horizon(of: Subject<'_>) -> TsMs {
    let silence = of
        .line
        .machines
        .iter()
        .map(|m| m.rules.longest_doubt())
        .max();
    let rules = of.line.rules;
    of.now - GRACE - rules.minor_stop.max(rules.debounce) - silence.unwrap_or(DurMs::ZERO)
}

/// The hours of the day that holds `made_to` which have become final, with the day.
fn next_hours(of: Subject<'_>, made_to: TsMs) -> Option<(Vec<Span>, Span)> {
    let until = horizon(of);
    let day = cells::cell(of.site, of.line, Level::Day, made_to);
    let hours = cells::cells(of.site, of.line, Level::Hour, day);
    let ready = hours
        .into_iter()
        .filter(|h| h.from() >= made_to && h.to() <= until);
    let ready: Vec<Span> = ready.collect();
    (!ready.is_empty()).then_some((ready, day))
}

/// Makes the final hours of one day, and whatever they complete.
async fn advance(tx: &mut Tx, of: Subject<'_>, made: Option<Span>) -> sqlx::Result<bool> {
    let made = match made {
        Some(made) => made,
        None => {
            let Some(first) = first_fact(tx, of.line).await? else {
                return Ok(false);
            };
            let start = cells::cell(of.site, of.line, Level::Month, first).from();
            Span::clamped(start, start)
        }
    };
    let Some((hours, _)) = next_hours(of, made.to()) else {
        return Ok(false);
    };
    make_hours(tx, of, &hours).await?;
    let to = hours.last().map_or(made.to(), |h| h.to());
    let span = Span::clamped(made.to(), to);
    sum_up(tx, of, span, to).await?;
    rollup::set_made(tx, of.line.id, Span::clamped(made.from(), to)).await?;
    Ok(true)
}

async fn first_fact(tx: &mut Tx, line: &Line) -> sqlx::Result<Option<TsMs>> {
    let machines: Vec<MachineId> = line.machines.iter().map(|m| m.id).collect();
    let bounds = timeline::bounds(tx, &machines).await?;
    Ok(bounds.into_iter().filter_map(|b| b.first).min())
}

/// Makes the cells of the first day of a stretch again, and leaves the rest of it for the next step.
async fn mend(tx: &mut Tx, of: Subject<'_>, due: Due, state: &State) -> sqlx::Result<bool> {
    let Some(made) = state.made else {
        rollup::settle(tx, of.line.id).await?;
        return Ok(true);
    };
    let day = cells::cell(of.site, of.line, Level::Day, due.span.from());
    let stretch = Span::clamped(due.span.from(), due.span.to().min(day.to()).min(made.to()));
    let hours = cells::cells(of.site, of.line, Level::Hour, stretch);
    if let Some((first, last)) = hours.first().zip(hours.last()) {
        make_hours(tx, of, &hours).await?;
        sum_up(tx, of, Span::clamped(first.from(), last.to()), made.to()).await?;
    }
    rollup::settle(tx, of.line.id).await?;
    for other in &state.due {
        let rest = Span::clamped(other.span.from().max(day.to()), other.span.to());
        let rest = Due {
            span: if other.span.from() < day.to() {
                rest
            } else {
                other.span
            },
            ..*other
        };
        if !rest.span.is_empty() {
            rollup::ask(tx, rest).await?;
        }
    }
    Ok(true)
}

/// Forgets all cells from the month of `from` on; the next steps make them again.
async fn restart(tx: &mut Tx, of: Subject<'_>, from: TsMs, state: &State) -> sqlx::Result<bool> {
    let made = state.made.unwrap_or_default();
    let start = cells::to_months(of.site, of.line, Span::clamped(from, from)).from();
    let everything = Span::clamped(TsMs(i64::MIN), TsMs(i64::MAX));
    let gone = if start > made.from() {
        Span::clamped(start, TsMs(i64::MAX))
    } else {
        everything
    };
    for level in Level::ALL {
        rollup::clear(tx, of.line.id, level, gone).await?;
    }
    rollup::settle(tx, of.line.id).await?;
    // What was to be mended before is still to be mended.
    for due in state
        .due
        .iter()
        .filter(|d| !d.anew && d.span.from() < start)
    {
        let span = Span::clamped(due.span.from(), due.span.to().min(start));
        rollup::ask(tx, Due { span, ..*due }).await?;
    }
    if gone == everything {
        rollup::forget(tx, of.line.id).await?;
    } else {
        rollup::set_made(
            tx,
            of.line.id,
            Span::clamped(made.from(), start.min(made.to())),
        )
        .await?;
    }
    Ok(true)
}

/// Makes hours, which follow each other, from the timeline.
async fn make_hours(tx: &mut Tx, of: Subject<'_>, hours: &[Span]) -> sqlx::Result<()> {
    let Some((first, last)) = hours.first().zip(hours.last()) else {
        return Ok(());
    };
    let all = Span::clamped(first.from(), last.to());
    let data = read_in(tx, of.site, of.line, all, of.now).await?;
    let (mut accounts, mut losses) = (Vec::new(), Vec::new());
    for hour in hours {
        reckon_hour(of, &data, *hour, &mut accounts, &mut losses);
    }
    rollup::clear(tx, of.line.id, Level::Hour, all).await?;
    rollup::put_hours(tx, of.line.id, &accounts, &losses).await
}

fn reckon_hour(
    of: Subject<'_>,
    data: &LineData,
    hour: Span,
    accounts: &mut Vec<AccountRow>,
    losses: &mut Vec<LossRow>,
) {
    let sums = data.sums(of.plant, of.line, hour);
    let machines = sums.machines.into_iter().map(|(m, sums)| (Some(m), sums));
    for (whose, sums) in machines.chain(sums.line.map(|own| (None, own))) {
        accounts.extend(
            sums.products
                .into_iter()
                .map(|(product, account)| AccountRow {
                    from: hour.from(),
                    whose,
                    product,
                    account,
                }),
        );
        losses.extend(sums.losses.into_iter().map(|(key, lost)| LossRow {
            from: hour.from(),
            whose,
            key,
            lost,
        }));
    }
}

/// Sums up the shifts, days, months and quarters that `span` touches and that end at or before `made_to`.
async fn sum_up(tx: &mut Tx, of: Subject<'_>, span: Span, made_to: TsMs) -> sqlx::Result<()> {
    let segments: Vec<Segment> = cells::segments(of.site, of.line, span);
    for segment in segments.iter().filter(|s| s.span.to() <= made_to) {
        rollup::sum_up(tx, of.line.id, Level::Shift, Level::Hour, segment.span).await?;
    }
    let [_, above @ ..] = Level::ALL;
    for (level, finer) in above.into_iter().skip(1).zip(above) {
        for cell in cells::cells(of.site, of.line, level, span) {
            if cell.to() <= made_to {
                rollup::sum_up(tx, of.line.id, level, finer, cell).await?;
            }
        }
    }
    Ok(())
}
