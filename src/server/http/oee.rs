//! `GET /api/v1/oee/{line}?from=&to=`: figures over any window, with the time behind them.

use super::Shared;
use super::problem::{Problem, invalid};
use crate::domain::plant::FieldError;
use crate::server::services::oee::{LineOee, calculate_oee};
use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;

/// The window's bounds: epoch milliseconds or RFC 3339.
#[derive(Debug, Deserialize)]
pub struct Bounds {
    from: Option<String>,
    to: Option<String>,
}

/// OEE of a line.
pub async fn get(
    State(shared): State<Shared>,
    Path(line): Path<String>,
    Query(bounds): Query<Bounds>,
) -> Result<Json<LineOee>, Problem> {
    let (from, to) = (
        instant("from", bounds.from.as_deref())?,
        instant("to", bounds.to.as_deref())?,
    );
    Ok(Json(calculate_oee(&shared.app, &line, from, to).await?))
}

/// An instant that may be left out.
///
/// # Errors
/// 422, naming the field.
pub fn instant_if_given(field: &str, text: Option<&str>) -> Result<Option<i64>, Problem> {
    text.map(|text| instant(field, Some(text))).transpose()
}

fn instant(field: &str, text: Option<&str>) -> Result<i64, Problem> {
    let wrong = |problem: String| {
        invalid(vec![FieldError {
            field: field.to_owned(),
            problem,
        }])
    };
    let text = text.ok_or_else(|| wrong("is missing".to_owned()))?;
    if let Ok(ms) = text.parse::<i64>() {
        return Ok(ms);
    }
    let at: jiff::Timestamp = text
        .parse()
        .map_err(|e| wrong(format!("is neither epoch milliseconds nor RFC 3339: {e}")))?;
    Ok(at.as_millisecond())
}
