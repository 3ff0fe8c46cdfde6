//! Rules: which calls get which ladder, and by what machines call by themselves.

use super::unknown;
use crate::domain::andon::{AutoRule, CallKind, Limit, Priority, ReopenWithin, Rule};
use crate::domain::ids::LineId;
use crate::server::db::{Tx, settings, writing};

/// For how long calls may be reopened: JSON of [`ReopenWithin`].
pub const REOPEN_WITHIN: &str = "andon_reopen_within";
/// How often one person may be told: JSON of [`Limit`].
pub const QUIET_LIMIT: &str = "andon_quiet_limit";

fn kind(code: i64) -> sqlx::Result<CallKind> {
    CallKind::from_code(code).ok_or_else(|| unknown("kind", code))
}

fn priority(code: i64) -> sqlx::Result<Priority> {
    Priority::from_code(code).ok_or_else(|| unknown("priority", code))
}

fn json<T: serde::de::DeserializeOwned>(text: &str) -> sqlx::Result<T> {
    serde_json::from_str(text).map_err(|e| sqlx::Error::Decode(Box::new(e)))
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    kind: Option<i64>,
    priority: Option<i64>,
    line_id: Option<i64>,
    shift: Option<String>,
    ladder: String,
}

/// All rules for ladders.
///
/// # Errors
/// The engine's, or a stored value that is not known.
pub async fn all_in(tx: &mut Tx) -> sqlx::Result<Vec<Rule>> {
    const SQL: &str =
        "SELECT id, kind, priority, line_id, shift, ladder FROM andon_rule ORDER BY id";
    let rows: Vec<Row> = writing!(tx, |conn| sqlx::query_as(SQL).fetch_all(conn).await?);
    let rule = |row: Row| {
        Ok(Rule {
            id: row.id,
            kind: row.kind.map(kind).transpose()?,
            priority: row.priority.map(priority).transpose()?,
            line: row.line_id.map(LineId),
            shift: row.shift,
            ladder: json(&row.ladder)?,
        })
    };
    rows.into_iter().map(rule).collect()
}

/// By what machines call, with the number of each rule.
///
/// # Errors
/// The engine's, or a stored value that is not known.
pub async fn auto_in(tx: &mut Tx) -> sqlx::Result<Vec<(i64, AutoRule)>> {
    const SQL: &str = "SELECT id, is_on, evidence, kind, priority FROM andon_auto ORDER BY id";
    let rows: Vec<(i64, i64, String, i64, i64)> =
        writing!(tx, |conn| sqlx::query_as(SQL).fetch_all(conn).await?);
    let rule = |(id, is_on, evidence, of, how): (i64, i64, String, i64, i64)| {
        let rule = AutoRule {
            on: is_on != 0,
            evidence: json(&evidence)?,
            kind: kind(of)?,
            priority: priority(how)?,
        };
        Ok((id, rule))
    };
    rows.into_iter().map(rule).collect()
}

/// For how long calls may be reopened.
///
/// # Errors
/// The engine's, or a stored value that cannot be read.
pub async fn reopen_within_in(tx: &mut Tx) -> sqlx::Result<ReopenWithin> {
    let stored = settings::get_in(tx, REOPEN_WITHIN).await?;
    stored.map_or_else(|| Ok(ReopenWithin::default()), |text| json(&text))
}

/// How often one person may be told.
///
/// # Errors
/// The engine's, or a stored value that cannot be read.
pub async fn quiet_limit_in(tx: &mut Tx) -> sqlx::Result<Limit> {
    let stored = settings::get_in(tx, QUIET_LIMIT).await?;
    stored.map_or_else(|| Ok(Limit::default()), |text| json(&text))
}
