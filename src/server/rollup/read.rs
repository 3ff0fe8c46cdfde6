//! Any window of a line, put together from cells and, where none are made, from the timeline. Both ways give the same
//! numbers, to the millisecond.

use super::cells;
use crate::domain::ids::MachineId;
use crate::domain::plant::Coupling;
use crate::domain::reckon::Reckoning;
use crate::domain::time::{DAY_MS, DurMs, Span, TsMs};
use crate::server::db::Tx;
use crate::server::db::rollup::{self, AccountRow, Level, LossRow, LossesOf, Whose};
use crate::server::plant::{Line, Plant, Site};
use crate::server::services::window::{read_all, read_in};
use std::collections::BTreeMap;

/// So much of the timeline is read at once: years of it must not lie in memory.
const AT_ONCE: DurMs = DurMs(31 * DAY_MS);

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
    total_and(tx, of, window, LossesOf::All).await
}

/// The same, where of losses by reason only the line's own are asked for; those of its machines may be missing.
///
/// # Errors
/// The engine's.
pub async fn total_with_own_losses(
    tx: &mut Tx,
    of: Subject<'_>,
    window: Span,
) -> sqlx::Result<LineSums> {
    let has_own = of.line.coupling == Coupling::Serial;
    let losses = if has_own {
        LossesOf::TheLine
    } else {
        LossesOf::All
    };
    total_and(tx, of, window, losses).await
}

async fn total_and(
    tx: &mut Tx,
    of: Subject<'_>,
    window: Span,
    losses: LossesOf,
) -> sqlx::Result<LineSums> {
    let window = Span::clamped(window.from().min(of.now), window.to().min(of.now));
    let valid = rollup::state(tx, of.line.id).await?.valid();
    total_with(tx, of, window, (valid, losses)).await
}

async fn total_with(
    tx: &mut Tx,
    of: Subject<'_>,
    window: Span,
    (valid, losses): (Option<Span>, LossesOf),
) -> sqlx::Result<LineSums> {
    let mut sums = LineSums::of_line(of.line);
    let Some(inside) = valid.and_then(|v| v.intersect(window)) else {
        return from_timeline(tx, of, &[window]).await;
    };
    let before = Span::clamped(window.from(), inside.from());
    let pieces = cells::pieces(
        of.site,
        of.line,
        Span::clamped(inside.from(), window.to()),
        Some(inside.to()),
    );
    let (accounts, losses) = rollup::total(tx, of.line.id, &pieces.cells, losses).await?;
    sums.add_rows(&accounts, &losses);
    let rest = [before].into_iter().chain(pieces.rest);
    let rest: Vec<Span> = rest.filter(|s| !s.is_empty()).collect();
    sums.add(&from_timeline(tx, of, &rest).await?);
    Ok(sums)
}

/// The sums over stretches straight from the timeline; both edges of a window are read together.
async fn from_timeline(tx: &mut Tx, of: Subject<'_>, stretches: &[Span]) -> sqlx::Result<LineSums> {
    let mut sums = LineSums::default();
    for batch in batches(stretches) {
        let wanted: Vec<(&Line, Span)> = batch.iter().map(|span| (of.line, *span)).collect();
        let found = read_all(tx, of.site, &wanted, of.now).await?;
        for (data, span) in found.iter().zip(batch) {
            sums.add(&data.sums(of.plant, of.line, span));
        }
    }
    Ok(sums)
}

/// Stretches in groups that are read at once; a long one is cut, an empty one kept.
fn batches(stretches: &[Span]) -> Vec<Vec<Span>> {
    let mut out: Vec<Vec<Span>> = Vec::new();
    let mut room = DurMs::ZERO;
    for stretch in stretches {
        let mut from = stretch.from();
        loop {
            if room <= DurMs::ZERO {
                out.push(vec![]);
                room = AT_ONCE;
            }
            let to = (from + room).min(stretch.to());
            if let Some(batch) = out.last_mut() {
                batch.push(Span::clamped(from, to));
            }
            room = room - (to - from);
            from = to;
            if from == stretch.to() {
                break;
            }
        }
    }
    out
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
    let mut bare: Vec<Span> = Vec::new();
    for cell in cells::cells(of.site, of.line, level, window) {
        let (mine, others) = accounts.split_at(accounts.partition_point(|r| r.from < cell.to()));
        accounts = others;
        let (lost, others) = losses.split_at(losses.partition_point(|r| r.from < cell.to()));
        losses = others;
        let Some(cut) = cell.intersect(window) else {
            continue;
        };
        if cut == cell && valid.is_some_and(|v| v.intersect(cell) == Some(cell)) {
            let mut sums = LineSums::of_line(of.line);
            sums.add_rows(mine, lost);
            out.push((cell, sums));
        } else if valid.is_some_and(|v| v.intersect(cut).is_some()) {
            out.push((cut, total_with(tx, of, cut, (valid, LossesOf::All)).await?));
        } else {
            bare.push(cut);
        }
    }
    out.extend(bare_cells(tx, of, &bare).await?);
    out.sort_by_key(|(cell, _)| cell.from());
    Ok(out)
}

/// Cells of which nothing is made, from the timeline; those that follow each other are read together.
async fn bare_cells(
    tx: &mut Tx,
    of: Subject<'_>,
    bare: &[Span],
) -> sqlx::Result<Vec<(Span, LineSums)>> {
    let mut out = Vec::with_capacity(bare.len());
    let mut rest = bare;
    while let Some(first) = rest.first() {
        let until = first.from() + AT_ONCE;
        let follows = |pair: &&[Span]| pair[0].to() == pair[1].from() && pair[1].to() <= until;
        let more = rest.windows(2).take_while(follows).count();
        let (group, others) = rest.split_at(more + 1);
        rest = others;
        let all = Span::clamped(first.from(), group[more].to());
        let data = read_in(tx, of.site, of.line, all, of.now).await?;
        let sums = |cell: &Span| (*cell, data.sums(of.plant, of.line, *cell));
        out.extend(group.iter().map(sums));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(from: i64, to: i64) -> Span {
        Span::clamped(TsMs(from * DAY_MS), TsMs(to * DAY_MS))
    }

    #[test]
    fn no_more_than_a_month_of_the_timeline_is_read_at_once() {
        assert_eq!(batches(&[]), Vec::<Vec<Span>>::new());
        let nothing = vec![days(3, 3)];
        assert_eq!(batches(&nothing), [nothing], "it has machines all the same");
        let edges = vec![days(0, 1), days(90, 91)];
        assert_eq!(batches(&edges), [edges]);
        assert_eq!(
            batches(&[days(0, 10), days(20, 70)]),
            [vec![days(0, 10), days(20, 41)], vec![days(41, 70)],]
        );
    }
}
