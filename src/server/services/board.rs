//! The plant board.

use super::error::{ServiceError, not_found};
use super::window::{Focus, LineData, MachineData, focus, read_all, since};
use crate::api::board::{BoardView, HourBar, Progress, ShiftView, SiteView, Tile};
use crate::domain::account::{Account, MadeIn};
use crate::domain::condition::{Condition, SLOW_BELOW};
use crate::domain::figure::{Figure, Why};
use crate::domain::ids::Seq;
use crate::domain::local_time::LocalTime;
use crate::domain::machine_state::{MachineState, TimeBucket};
use crate::domain::plant::Coupling;
use crate::domain::rights::Permission;
use crate::domain::shift::{Planned, Schedule};
use crate::domain::target::target;
use crate::domain::time::{DAY_MS, DurMs, HOUR_MS, MINUTE_MS, Span, TsMs};
use crate::server::auth::Ctx;
use crate::server::calendar;
use crate::server::db::{Db, facts};
use crate::server::plant::{Line, Plant, Site};
use crate::server::state::App;
use crate::ui::components::hour_bars::hour_bars;
use std::sync::Arc;

/// How far back the present speed is looked at.
const SPEED_OVER: DurMs = DurMs(10 * MINUTE_MS);
/// Fewer expected pieces than this say nothing about the present speed.
const SPEED_PIECES: f64 = 30.0;

/// A tile with the account behind it.
#[derive(Clone, Debug)]
pub struct TileWithAccount {
    /// The tile.
    pub tile: Tile,
    /// The sum over the line's machines.
    pub assets: Account,
}

/// A board that was computed a moment ago serves everyone who asks at the same time: after a restart every screen
/// comes back at once.
#[derive(Debug, Default)]
pub struct RecentBoard(tokio::sync::Mutex<Option<Arc<Whole>>>);

/// The board of all lines, with the account behind each tile.
#[derive(Debug)]
struct Whole {
    board: Arc<BoardView>,
    accounts: Vec<Account>,
}

/// How old a board may be to be shown to the next one.
const RECENT: DurMs = DurMs(200);
/// So many lines are read together: fewer walks to the database, and still little in memory.
const LINES_AT_ONCE: usize = 16;

impl RecentBoard {
    async fn get(&self, app: &App) -> Result<Arc<Whole>, ServiceError> {
        let mut held = self.0.lock().await;
        let (now, seq) = (app.clock.now(), app.hub.seq());
        if let Some(whole) = held.as_ref()
            && whole.board.seq >= seq
            && now >= whole.board.now
            && now - whole.board.now < RECENT
        {
            return Ok(Arc::clone(whole));
        }
        let whole = Arc::new(compute(app).await?);
        *held = Some(Arc::clone(&whole));
        Ok(whole)
    }

    /// Forgets the board: the plant changed.
    pub async fn forget(&self) {
        *self.0.lock().await = None;
    }
}

/// The board as it is now, of the lines that the leave reaches, with OEE where it may be seen.
///
/// # Errors
/// The database's.
pub async fn board(ctx: &Ctx) -> Result<Arc<BoardView>, ServiceError> {
    let app = ctx.app();
    let whole = app.board.get(app).await?;
    if ctx.sees_all() && ctx.holds_everywhere(Permission::OeeRead) {
        return Ok(Arc::clone(&whole.board));
    }
    let plant = app.plant.get();
    let board = &whole.board;
    let (mut tiles, mut sum) = (Vec::new(), None);
    for (tile, account) in board.tiles.iter().zip(&whole.accounts) {
        let Some(line) = plant.line(&tile.code).filter(|line| ctx.sees(line)) else {
            continue;
        };
        let mut tile = tile.clone();
        keep_permitted(ctx, line, &mut tile);
        tiles.push(tile);
        if ctx.holds(Permission::OeeRead, line) {
            *sum.get_or_insert_default() += *account;
        }
    }
    let oee = match sum {
        None if !tiles.is_empty() => Figure::Unknown(Why::NotPermitted),
        sum => sum.unwrap_or_else(Account::default).oee(),
    };
    Ok(Arc::new(BoardView {
        tiles,
        oee,
        site: board.site.clone(),
        ..**board
    }))
}

/// Takes out of a tile what whoever asks may not see of the line: OEE, and the lost time behind it.
pub fn keep_permitted(ctx: &Ctx, line: &Line, tile: &mut Tile) {
    if !ctx.holds(Permission::OeeRead, line) {
        tile.oee = Figure::Unknown(Why::NotPermitted);
        tile.down = None;
    }
}

async fn compute(app: &App) -> Result<Whole, ServiceError> {
    let (plant, now) = (app.plant.get(), app.clock.now());
    let seq = facts::last_seq(&app.db).await?;
    let mut tiles = Vec::with_capacity(plant.lines.len());
    let (mut sum, mut accounts) = (Account::default(), Vec::new());
    for lines in plant.lines.chunks(LINES_AT_ONCE) {
        for TileWithAccount { tile, assets } in tiles_of(&app.db, &plant, lines, seq, now).await? {
            tiles.push(tile);
            sum += assets;
            accounts.push(assets);
        }
    }
    let site = plant.site.as_ref().map(|site| {
        site_view(
            site,
            Span::clamped(now - DurMs(2 * DAY_MS), now + DurMs(DAY_MS)),
        )
    });
    let board = Arc::new(BoardView {
        now,
        seq,
        site,
        oee: sum.oee(),
        tiles,
    });
    Ok(Whole { board, accounts })
}

/// The site as pages show it, with its clock over `window`.
#[must_use]
pub fn site_view(site: &Site, window: Span) -> SiteView {
    SiteView {
        name: site.name.clone(),
        simulated: site.simulated,
        clock: calendar::local_time(&site.zone, window),
    }
}

/// The tile of one line.
///
/// # Errors
/// The database's.
pub async fn tile(
    db: &Db,
    plant: &Plant,
    line: &Line,
    seq: Seq,
    now: TsMs,
) -> Result<TileWithAccount, ServiceError> {
    let tiles = tiles_of(db, plant, std::slice::from_ref(line), seq, now).await?;
    let tile = tiles.into_iter().next();
    tile.ok_or_else(|| not_found("line", &line.code))
}

async fn tiles_of(
    db: &Db,
    plant: &Plant,
    lines: &[Line],
    seq: Seq,
    now: TsMs,
) -> Result<Vec<TileWithAccount>, ServiceError> {
    let site = plant.site.as_ref().ok_or_else(|| not_found("site", ""))?;
    let focused: Vec<(&Line, Focus)> = lines.iter().map(|l| (l, focus(site, l, now))).collect();
    // The present speed looks back a little further than a shift that has just begun.
    let window = |focus: &Focus| {
        Span::clamped(
            focus.horizon.from().min(now - SPEED_OVER),
            focus.horizon.to().max(now),
        )
    };
    let wanted: Vec<(&Line, Span)> = focused.iter().map(|(l, f)| (*l, window(f))).collect();
    let found = read_all(&mut db.snapshot().await?, site, &wanted, now).await?;
    let tile = |((line, focus), data): (&(&Line, Focus), &LineData)| {
        let clock = calendar::local_time(&site.zone, focus.horizon);
        tile_of(plant, line, data, focus, &clock, seq, now)
    };
    Ok(focused.iter().zip(&found).map(tile).collect())
}

/// The tile of one line from its data.
#[must_use]
pub fn tile_of(
    plant: &Plant,
    line: &Line,
    data: &LineData,
    focus: &Focus,
    clock: &LocalTime,
    seq: Seq,
    now: TsMs,
) -> TileWithAccount {
    let past = Span::clamped(focus.horizon.from(), focus.horizon.to().min(now));
    let assets = data.asset_account(plant, line, past);
    let line_account = data.line_account(plant, line, past);
    let speed = speed_ratio(plant, line, data, now);
    let present = present(plant, line, data, speed, now);
    let shown = line_account.unwrap_or(assets);
    let oee = match (shown.oee(), present.condition) {
        (Figure::Unknown(Why::NotScheduled), Condition::NoData) => Figure::Unknown(Why::NoData),
        (oee, _) => oee,
    };
    let product = data
        .paced(line)
        .find_map(|m| m.intervals.last().and_then(|i| i.product));
    let tile = Tile {
        code: line.code.clone(),
        name: line.name.clone(),
        area: line.area.clone(),
        at: now,
        seq,
        condition: present.condition,
        since: present.since,
        detail: present.detail,
        product: product
            .and_then(|p| plant.product(p))
            .map(|p| p.name.clone()),
        shift: focus.shift.as_ref().map(|s| ShiftView {
            name: s.name.clone(),
            span: s.span,
        }),
        progress: Some(progress(plant, line, data, focus, now)),
        hours: hour_bars(&hours(plant, line, data, focus.horizon, clock, now), clock),
        oee,
        down: Some(shown.unplanned + shown.changeover + shown.waiting()),
        heard: data.machines.iter().filter_map(|m| m.heard).max(),
    };
    TileWithAccount { tile, assets }
}

/// What a line is doing.
struct Present {
    condition: Condition,
    since: Option<TsMs>,
    detail: Option<String>,
}

fn present(plant: &Plant, line: &Line, data: &LineData, speed: Option<f64>, now: TsMs) -> Present {
    let planned = data.schedule.at(now);
    let state = |m: &MachineData| m.intervals.last().map_or(MachineState::NoData, |i| i.state);
    let of = |m: &MachineData, speed| Condition::of(state(m), planned, speed);
    let chosen = match line.coupling {
        Coupling::Serial => data.paced(line).next(),
        // Side by side: the one that most needs somebody.
        Coupling::Parallel => data.machines.iter().min_by_key(|m| urgency(of(m, None))),
    };
    let Some(chosen) = chosen else {
        return Present {
            condition: Condition::NoData,
            since: None,
            detail: None,
        };
    };
    let condition = of(chosen, speed);
    let since = match condition {
        Condition::NoData => chosen.heard,
        Condition::NotScheduled | Condition::Planned => {
            planned_since(&data.schedule, now).or_else(|| since(chosen))
        }
        _ => since(chosen),
    };
    Present {
        condition,
        since,
        detail: detail(plant, line, data, chosen, condition, speed),
    }
}

/// The order in which conditions of machines side by side are shown.
const fn urgency(condition: Condition) -> u8 {
    match condition {
        Condition::Stopped => 0,
        Condition::NoData => 1,
        Condition::Idle => 2,
        Condition::Blocked => 3,
        Condition::Starved => 4,
        Condition::Changeover => 5,
        Condition::Slow => 6,
        Condition::Running => 7,
        Condition::Planned => 8,
        Condition::NotScheduled => 9,
    }
}

/// When the break or the time outside shifts that holds `now` began, within the schedule's reach.
fn planned_since(schedule: &Schedule, now: TsMs) -> Option<TsMs> {
    let cut = schedule.cut(Span::clamped(now - DurMs(DAY_MS), now + DurMs(1)));
    cut.last()
        .filter(|(_, what)| *what != Planned::Production)
        .map(|(span, _)| span.from())
}

fn detail(
    plant: &Plant,
    line: &Line,
    data: &LineData,
    chosen: &MachineData,
    condition: Condition,
    speed: Option<f64>,
) -> Option<String> {
    let name = |m: &MachineData| {
        plant
            .machine(m.id)
            .map_or_else(String::new, |(_, machine)| machine.name.clone())
    };
    let cause = |m: &MachineData| {
        m.intervals
            .last()
            .and_then(|i| i.fault.as_ref())
            .map(|f| plant.fault_text(m.id, f))
    };
    let alone = line.machines.len() == 1;
    match condition {
        Condition::Slow => speed.map(|s| format!("at {:.0} % of its rate", s * 100.0)),
        Condition::Stopped | Condition::Idle => match cause(chosen) {
            Some(cause) if alone => Some(cause),
            Some(cause) => Some(format!("{}: {cause}", name(chosen))),
            None if alone => None,
            None => Some(name(chosen)),
        },
        // The cause of waiting is elsewhere: name the machine that stands.
        Condition::Starved | Condition::Blocked => {
            let standing = data.machines.iter().find(|m| {
                m.intervals
                    .last()
                    .is_some_and(|i| i.state.bucket() == TimeBucket::Unplanned)
                    && m.id != chosen.id
            });
            standing.map(|m| match cause(m) {
                Some(cause) => format!("{}: {cause}", name(m)),
                None => format!("{} stands", name(m)),
            })
        }
        _ => None,
    }
}

/// The output of the last minutes over the ideal output of the time run in them; `None` when too little is known.
fn speed_ratio(plant: &Plant, line: &Line, data: &LineData, now: TsMs) -> Option<f64> {
    // Counts are kept by minute: the running one is left out.
    let window = Span::clamped(now.minute() - SPEED_OVER, now.minute());
    let mut sum = Account::default();
    for machine in data.paced(line) {
        sum += data.machine_account(plant, line, machine, window);
    }
    let expected: f64 = data
        .paced(line)
        .filter_map(|m| {
            let product = m.intervals.last()?.product;
            Some(plant.rate(m.id, product, now)?.per_ms() * sum.run.0 as f64)
        })
        .sum();
    let ratio = sum.ideal_total.0 as f64 / (sum.run.0 as f64 * 1e6);
    (sum.run.0 >= SPEED_OVER.0 / 2
        && sum.unrated == 0
        && expected >= SPEED_PIECES
        && ratio.is_finite())
    .then_some(ratio)
}

/// Whether a speed ratio means "slow".
#[must_use]
pub fn is_slow(ratio: f64) -> bool {
    ratio < SLOW_BELOW
}

/// Pieces of a minute that count as made: good ones, and those whose quality nobody reports.
fn made(data: &LineData, line: &Line, window: Span) -> i64 {
    let minutes = data.counted(line).flat_map(|m| &m.minutes);
    minutes
        .filter(|m| m.made_in != MadeIn::OffTime && window.contains(m.minute))
        .map(|m| m.counts.good + m.counts.ungraded)
        .sum()
}

fn wanted(plant: &Plant, line: &Line, data: &LineData, window: Span) -> Option<f64> {
    let mut sum = None;
    for machine in data.paced(line) {
        let rate = |product, at| plant.rate(machine.id, product, at);
        if let Some(pieces) = target(
            window,
            &machine.intervals,
            &data.schedule,
            &line.targets,
            rate,
        ) {
            sum = Some(sum.unwrap_or(0.0) + pieces);
        }
    }
    sum
}

fn progress(plant: &Plant, line: &Line, data: &LineData, focus: &Focus, now: TsMs) -> Progress {
    let past = Span::clamped(focus.horizon.from(), focus.horizon.to().min(now));
    let ahead = data
        .schedule
        .cut(Span::clamped(now, focus.horizon.to().max(now)));
    let stretch = ahead
        .first()
        .filter(|(_, what)| *what == Planned::Production)
        .map(|(span, _)| *span);
    let per_h = stretch.and_then(|s| {
        let hour = Span::clamped(s.from(), s.from() + DurMs(HOUR_MS).min(s.len()));
        Some(wanted(plant, line, data, hour)? * HOUR_MS as f64 / hour.len().0.max(1) as f64)
    });
    Progress {
        actual: made(data, line, past),
        target: wanted(plant, line, data, past),
        target_per_h: per_h.unwrap_or(0.0),
        grows_until: stretch.map_or(now, Span::to),
    }
}

/// Output and target by clock hour of the site over `horizon`.
#[must_use]
pub fn hours(
    plant: &Plant,
    line: &Line,
    data: &LineData,
    horizon: Span,
    clock: &LocalTime,
    now: TsMs,
) -> Vec<HourBar> {
    let mut out = Vec::new();
    let mut from = horizon.from();
    // A window of many days has no use for bars of an hour; it shows its last two days by hour.
    if horizon.len().0 > 2 * DAY_MS {
        from = horizon.to() - DurMs(2 * DAY_MS);
    }
    while from < horizon.to() {
        let into_hour = clock.offset_at(from).0 + from.0;
        let next = TsMs(from.0 + HOUR_MS - into_hour.rem_euclid(HOUR_MS));
        let span = Span::clamped(from, next.min(horizon.to()));
        let running = span.contains(now);
        let asked = if running {
            Span::clamped(from, now)
        } else {
            span
        };
        out.push(HourBar {
            span,
            actual: (from <= now).then(|| made(data, line, span)),
            target: wanted(plant, line, data, asked),
            running,
        });
        from = span.to();
    }
    out
}
