//! Where figures are going.

use super::history::get_oee_history;
use crate::api::oee::{By, Direction, HistoryRow, Trends};
use crate::domain::analytics::trend::{MIN_VALUES, trend};
use crate::domain::figure::Figure;
use crate::server::auth::Ctx;
use crate::server::services::error::{ServiceError, invalid};

/// Figures row by row, and where they are going. Rows that the window cuts, or that are not over, are no part of the
/// trends.
///
/// # Errors
/// Those of [`get_oee_history`]; a cut that is not a stretch of time.
pub async fn get_oee_trends(
    ctx: &Ctx,
    code: &str,
    machine: Option<&str>,
    bounds: (i64, i64),
    by: By,
) -> Result<Trends, ServiceError> {
    if matches!(by, By::Product | By::Crew | By::Machine) {
        return Err(invalid("by", "must be hour, shift, day, week or month"));
    }
    let history = get_oee_history(ctx, code, machine, bounds, by).await?;
    // Half a day is not a day: what the window or the present cuts says nothing about where things go.
    let whole: Vec<&HistoryRow> = history.rows.iter().filter(|row| !row.cut).collect();
    let of = |figure: fn(&HistoryRow) -> Figure| direction(whole.iter().map(|row| figure(row)));
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
