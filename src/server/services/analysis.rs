//! Everything that a line's analysis shows, for whatever its address says.

use super::error::{ServiceError, invalid, not_found};
use super::oee::{
    Here, PICKED_OVER, history, part_of, product_name, rates_of, reasons, wanted_shifts,
};
use super::period::{days_earlier, place};
use crate::api::analysis::{Analysis, Choice, Earlier, Named};
use crate::api::oee::By;
use crate::domain::account::Account;
use crate::domain::difference::difference;
use crate::domain::ids::ProductId;
use crate::domain::reckon::Reckoning;
use crate::domain::shift::{Schedule, ShiftInstance};
use crate::domain::time::{DAY_MS, DurMs, Span};
use crate::server::auth::Ctx;
use crate::server::calendar::schedule;
use crate::server::db::Tx;
use crate::server::plant::{Line, Site};
use crate::server::rollup::cells;
use crate::server::rollup::read::{LineSums, Subject, total};
use std::collections::BTreeSet;

/// A line's analysis.
///
/// # Errors
/// An unknown line, machine or product, a period that cannot be, or the database's.
pub async fn analysis(ctx: &Ctx, code: &str, choice: &Choice) -> Result<Analysis, ServiceError> {
    let here = Here::find(ctx, code)?;
    let of = here.subject()?;
    let placed = place(of.site, of.line, choice, of.now)?;
    let product = product_of(of, choice)?;
    let machine = choice.machine.as_deref();
    let window = cut(of, placed.chosen.span);
    let mut tx = ctx.app().db.snapshot().await?;
    let sums = chosen_sums(&mut tx, of, window, choice).await?;
    let before_sums = chosen_sums(&mut tx, of, cut(of, placed.before.span), choice).await?;
    let (whose, reckoning) = part_of(of.line, &sums, machine)?;
    let (_, before) = part_of(of.line, &before_sums, machine)?;
    let (account, before) = (
        of_product(&reckoning, product),
        of_product(&before, product),
    );
    let history = history(&mut tx, of, machine, window, by(choice, window)?, |s| {
        wanted(choice, s)
    })
    .await?;
    let (shifts, crews) = named_shifts(of, window);
    let mut difference = difference(&before, &account);
    if let Ok(found) = &mut difference {
        found
            .losses
            .sort_by(|a, b| b.effect.abs().total_cmp(&a.effect.abs()));
    }
    Ok(Analysis {
        now: of.now,
        horizon: placed.chosen.span,
        window,
        label: placed.chosen.label,
        neighbours: placed
            .neighbours
            .map(|(a, b)| (a.to_string(), b.to_string())),
        whose,
        assets: of_product(&sums.assets(), product),
        // Reasons are kept by machine, not by product.
        reasons: if product.is_none() {
            reasons(of.plant, &reckoning.losses)
        } else {
            vec![]
        },
        rates: rates_of(of, machine, &sums, window),
        targets: targets(of, window),
        before_window: placed.before.span,
        before_label: placed.before.label,
        earlier: earlier(of, placed.chosen.span),
        difference,
        before,
        account,
        history,
        by_signal: is_by_signal(of, window),
        shifts,
        crews,
        products: products(of, &reckoning),
        machines: of
            .line
            .machines
            .iter()
            .map(|m| Named {
                code: m.code.clone(),
                name: m.name.clone(),
            })
            .collect(),
    })
}

/// The targets of A, P, Q and OEE at the window's end.
fn targets(of: Subject<'_>, window: Span) -> [f64; 4] {
    let targets = of.line.target_at(window.to() - DurMs(1));
    [
        targets.availability,
        targets.performance,
        targets.quality,
        targets.oee,
    ]
}

/// The same times of the clock on earlier days.
fn earlier(of: Subject<'_>, span: Span) -> Vec<Earlier> {
    let ways = [
        (7, "a week earlier"),
        (28, "four weeks earlier"),
        (364, "a year earlier"),
    ];
    let named = |(days, words): (i64, &str)| {
        let window = days_earlier(of.site, span, days)?;
        let words = words.to_owned();
        Some(Earlier { words, window })
    };
    ways.into_iter().filter_map(named).collect()
}

/// Whether no shift calendar holds in any part of a window.
fn is_by_signal(of: Subject<'_>, window: Span) -> bool {
    let schedule = schedule(of.site, of.line, window);
    let pieces = schedule.pieces(window);
    pieces.iter().all(|(_, one)| **one == Schedule::BySignal)
}

fn cut(of: Subject<'_>, span: Span) -> Span {
    Span::clamped(span.from().min(of.now), span.to().min(of.now))
}

fn product_of(of: Subject<'_>, choice: &Choice) -> Result<Option<ProductId>, ServiceError> {
    let Some(code) = &choice.product else {
        return Ok(None);
    };
    let found = of.plant.product_id(code);
    found.map(Some).ok_or_else(|| not_found("product", code))
}

fn of_product(reckoning: &Reckoning, product: Option<ProductId>) -> Account {
    match product {
        None => reckoning.account(),
        Some(product) => reckoning
            .products
            .get(&Some(product))
            .copied()
            .unwrap_or_default(),
    }
}

/// Whether a shift is among those chosen.
fn wanted(choice: &Choice, shift: Option<&ShiftInstance>) -> bool {
    let fits =
        |wanted: &Option<String>, is: Option<&String>| wanted.is_none() || wanted.as_ref() == is;
    // With a named period "shift" the name is the period's.
    let named = choice.shift.is_none() || choice.period.as_deref() == Some("shift");
    (named || fits(&choice.shift, shift.map(|s| &s.name)))
        && fits(&choice.crew, shift.and_then(|s| s.crew.as_ref()))
}

/// The stretches of a window that are chosen: all of it, or some shifts of it.
pub(super) fn chosen_stretches(
    site: &Site,
    line: &Line,
    window: Span,
    choice: &Choice,
) -> Vec<Span> {
    if wanted(choice, None) {
        return vec![window];
    }
    let schedule = schedule(site, line, window);
    let shifts = schedule.shifts(window).into_iter();
    let fits = shifts.filter(|(_, shift)| wanted(choice, *shift));
    fits.map(|(span, _)| span).collect()
}

async fn chosen_sums(
    tx: &mut Tx,
    of: Subject<'_>,
    window: Span,
    choice: &Choice,
) -> Result<LineSums, ServiceError> {
    if wanted(choice, None) {
        return Ok(total(tx, of, window).await?);
    }
    if window.len() > PICKED_OVER {
        let field = if choice.crew.is_some() {
            "crew"
        } else {
            "shift"
        };
        let days = PICKED_OVER.0 / DAY_MS;
        return Err(invalid(
            field,
            format!("can be chosen in windows of up to {days} days"),
        ));
    }
    wanted_shifts(tx, of, window, &|s: Option<&ShiftInstance>| {
        wanted(choice, s)
    })
    .await
}

/// How the history is cut when the address does not say: so that there are a handful of rows to a few dozen.
fn by(choice: &Choice, window: Span) -> Result<By, ServiceError> {
    if let Some(name) = &choice.by {
        let problem = "must be hour, shift, day, week, month, product, crew or machine";
        return By::from_name(name).ok_or_else(|| invalid("by", problem));
    }
    Ok(match window.len() {
        short if short <= DurMs(2 * DAY_MS) => By::Hour,
        medium if medium <= DurMs(45 * DAY_MS) => By::Day,
        long if long <= DurMs(200 * DAY_MS) => By::Week,
        _ => By::Month,
    })
}

fn named_shifts(of: Subject<'_>, window: Span) -> (Vec<String>, Vec<String>) {
    // The pattern of a few weeks says it all, also for a year.
    let near = Span::clamped(
        window.from().max(window.to() - DurMs(35 * DAY_MS)),
        window.to(),
    );
    let shifts = cells::segments(of.site, of.line, near)
        .into_iter()
        .filter_map(|s| s.shift);
    let (mut names, mut crews) = (BTreeSet::new(), BTreeSet::new());
    for shift in shifts {
        names.insert(shift.name);
        crews.extend(shift.crew);
    }
    (names.into_iter().collect(), crews.into_iter().collect())
}

fn products(of: Subject<'_>, reckoning: &Reckoning) -> Vec<Named> {
    let named = |product: &ProductId| {
        Some(Named {
            code: of.plant.product(*product)?.code.clone(),
            name: product_name(of.plant, Some(*product)),
        })
    };
    reckoning
        .products
        .keys()
        .flatten()
        .filter_map(named)
        .collect()
}
