//! The ideal rates behind figures.

use super::product_name;
use crate::api::oee::{RateUsed, Whose};
use crate::domain::ids::ProductId;
use crate::domain::reckon::Reckoning;
use crate::domain::time::{DurMs, Span};
use crate::server::plant::Machine;
use crate::server::rollup::read::{LineSums, Subject};
use std::cmp::Reverse;

/// All ideal rates behind a line's figures, as they hold at the window's end: those of the line, where it has an OEE of
/// its own, then those of each machine.
pub(in crate::server::services) fn rates(
    of: Subject<'_>,
    sums: &LineSums,
    window: Span,
) -> Vec<RateUsed> {
    let mut out = own(of, sums, window);
    out.extend(of_machines(of, sums, window, |_| true));
    out
}

/// Those behind one part of it: the line's own figures (of all machines where it has none), one machine's, or the sum of
/// all ("assets").
pub(in crate::server::services) fn rates_of(
    of: Subject<'_>,
    machine: Option<&str>,
    sums: &LineSums,
    window: Span,
) -> Vec<RateUsed> {
    match machine {
        None if sums.line.is_some() => own(of, sums, window),
        None | Some("assets") => of_machines(of, sums, window, |_| true),
        Some(code) => of_machines(of, sums, window, |m| m.code == code),
    }
}

/// The line's pieces are rated as the machine that sets the pace.
fn own(of: Subject<'_>, sums: &LineSums, window: Span) -> Vec<RateUsed> {
    let rated = sums.line.as_ref().zip(of.line.pacing());
    rated.map_or_else(Vec::new, |(line, pacing)| {
        used(of, Whose::Line, pacing, line, window)
    })
}

fn of_machines(
    of: Subject<'_>,
    sums: &LineSums,
    window: Span,
    wanted: impl Fn(&Machine) -> bool,
) -> Vec<RateUsed> {
    let machines = of.line.machines.iter().filter(|m| wanted(m));
    let made = machines.filter_map(|m| Some((m, sums.machines.get(&m.id)?)));
    made.flat_map(|(machine, made)| used(of, Whose::Machine, machine, made, window))
        .collect()
}

/// The rates of one machine for the products of which there are pieces, most pieces first.
fn used(
    of: Subject<'_>,
    whose: Whose,
    machine: &Machine,
    made: &Reckoning,
    window: Span,
) -> Vec<RateUsed> {
    let products = made.products.iter();
    let pieces = products.map(|(product, account)| (*product, account.pieces()));
    let mut out: Vec<RateUsed> = pieces
        .filter(|(_, pieces)| *pieces > 0)
        .map(|(product, pieces)| rate(of, (whose, machine), product, window, pieces))
        .collect();
    out.sort_by_key(|r| Reverse(r.pieces));
    out
}

fn rate(
    of: Subject<'_>,
    (whose, machine): (Whose, &Machine),
    product: Option<ProductId>,
    window: Span,
    pieces: i64,
) -> RateUsed {
    let at = window.to() - DurMs(1);
    let rate = product.and_then(|p| of.plant.rate_in_force(machine.id, p, at));
    RateUsed {
        whose,
        machine: machine.name.clone(),
        product: product_name(of.plant, product),
        per_minute: rate.map(|r| r.ideal.per_ms() * 60_000.0),
        source: rate.map_or_else(String::new, |r| r.source.clone()),
        valid_from: rate.map(|r| r.valid_from).filter(|from| from.0 > 0),
        pieces,
    }
}
