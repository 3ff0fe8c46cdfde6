//! Any window of a line, put together from cells and, where none are made, from the timeline. Both ways give the same
//! numbers, to the millisecond.

use super::cells;
use crate::domain::ids::MachineId;
use crate::domain::plant::Coupling;
use crate::domain::reckon::Reckoning;
use crate::domain::time::{Span, TsMs};
use crate::server::db::Tx;
use crate::server::db::rollup::{self, AccountRow, Level, LossRow, Whose};
use crate::server::plant::{Line, Plant, Site};
use crate::server::services::window::read_in;
use std::collections::BTreeMap;

/// What a line did in a window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineSums {
    /// The line itself: the pacing machine's time, the pieces that left the line; `None` for machines side by side.
    pub line: Option<Reckoning>,
    /// Its machines.
    pub machines: BTreeMap<MachineId, Reckoning>,
}

impl LineSums {
    /// Nothing yet, of a line and each of its machines.
    #[must_use]
    pub fn of_line(line: &Line) -> Self {
        let own = line.coupling == Coupling::Serial && !line.machines.is_empty();
        let machines = line.machines.iter();
        Self {
            line: own.then(Reckoning::default),
            machines: machines.map(|m| (m.id, Reckoning::default())).collect(),
        }
    }

    /// The sum over the machines.
    #[must_use]
    pub fn assets(&self) -> Reckoning {
        let mut sum = Reckoning::default();
        self.machines.values().for_each(|m| sum += m);
        sum
    }

    /// The part that is one machine's, or the line's own.
    pub fn of(&mut self, whose: Whose) -> &mut Reckoning {
        match whose {
            Some(machine) => self.machines.entry(machine).or_default(),
            None => self.line.get_or_insert_default(),
        }
    }

    fn add_rows(&mut self, accounts: &[AccountRow], losses: &[LossRow]) {
        for row in accounts {
            *self.of(row.whose).products.entry(row.product).or_default() += row.account;
        }
        for row in losses {
            *self.of(row.whose).losses.entry(row.key).or_default() += row.lost;
        }
    }

    /// Adds another stretch of the same line.
    pub fn add(&mut self, other: &Self) {
        if let Some(line) = &other.line {
            *self.of(None) += line;
        }
        for (machine, sums) in &other.machines {
            *self.of(Some(*machine)) += sums;
        }
    }
}

/// Whose figures are read, and how the plant stands.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The model.
    pub plant: &'a Plant,
    /// The site.
    pub site: &'a Site,
    /// The line.
    pub line: &'a Line,
    /// Now.
    pub now: TsMs,
}

/// The sums over `window`, which is cut at now.
///
/// # Errors
/// The engine's.
pub async fn total(tx: &mut Tx, of: Subject<'_>, window: Span) -> sqlx::Result<LineSums> {
    let window = Span::clamped(window.from().min(of.now), window.to().min(of.now));
    let valid = rollup::state(tx, of.line.id).await?.valid();
    total_with(tx, of, window, valid).await
}

async fn total_with(
    tx: &mut Tx,
    of: Subject<'_>,
    window: Span,
    valid: Option<Span>,
) -> sqlx::Result<LineSums> {
    let mut sums = LineSums::of_line(of.line);
    let Some(inside) = valid.and_then(|v| v.intersect(window)) else {
        return from_timeline(tx, of, window).await;
    };
    let before = Span::clamped(window.from(), inside.from());
    let pieces = cells::pieces(
        of.site,
        of.line,
        Span::clamped(inside.from(), window.to()),
        Some(inside.to()),
    );
    let (accounts, losses) = rollup::total(tx, of.line.id, &pieces.cells).await?;
    sums.add_rows(&accounts, &losses);
    for rest in [before]
        .into_iter()
        .chain(pieces.rest)
        .filter(|s| !s.is_empty())
    {
        sums.add(&from_timeline(tx, of, rest).await?);
    }
    Ok(sums)
}

/// The sums over a window straight from the timeline.
///
/// # Errors
/// The engine's.
pub async fn from_timeline(tx: &mut Tx, of: Subject<'_>, window: Span) -> sqlx::Result<LineSums> {
    let data = read_in(tx, of.site, of.line, window, of.now).await?;
    Ok(data.sums(of.plant, of.line, window))
}

/// The sums cell by cell over `window`, which is cut at now; the first and the last cell are cut to the window.
///
/// # Errors
/// The engine's.
pub async fn series(
    tx: &mut Tx,
    of: Subject<'_>,
    level: Level,
    window: Span,
) -> sqlx::Result<Vec<(Span, LineSums)>> {
    let window = Span::clamped(window.from().min(of.now), window.to().min(of.now));
    if window.is_empty() {
        return Ok(vec![]);
    }
    let valid = rollup::state(tx, of.line.id).await?.valid();
    let (accounts, losses) = rollup::cells(tx, of.line.id, level, window).await?;
    let (mut accounts, mut losses) = (accounts.as_slice(), losses.as_slice());
    let mut out = Vec::new();
    for cell in cells::cells(of.site, of.line, level, window) {
        let (mine, others) = accounts.split_at(accounts.partition_point(|r| r.from < cell.to()));
        accounts = others;
        let (lost, others) = losses.split_at(losses.partition_point(|r| r.from < cell.to()));
        losses = others;
        let whole = window.intersect(cell) == Some(cell);
        let made = valid.is_some_and(|v| v.intersect(cell) == Some(cell));
        if whole && made {
            let mut sums = LineSums::of_line(of.line);
            sums.add_rows(mine, lost);
            out.push((cell, sums));
        } else if let Some(cut) = cell.intersect(window) {
            out.push((cut, total_with(tx, of, cut, valid).await?));
        }
    }
    Ok(out)
}
