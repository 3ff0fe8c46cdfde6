//! Rules: which calls get which ladder, and what holds for all calls.

use super::unknown;
use crate::domain::andon::{CallKind, Limit, Priority, ReopenWithin, Rule};
use crate::domain::ids::LineId;
use crate::server::db::{Tx, settings, writing};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// For how long calls may be reopened: JSON of [`ReopenWithin`].
pub const REOPEN_WITHIN: &str = "andon_reopen_within";
/// How often one person may be told: JSON of [`Limit`].
pub const QUIET_LIMIT: &str = "andon_quiet_limit";
/// Counts the changes of both.
const GENERAL_VERSION: &str = "andon_general_version";

pub(super) fn kind(code: i64) -> sqlx::Result<CallKind> {
    CallKind::from_code(code).ok_or_else(|| unknown("kind", code))
}

pub(super) fn priority(code: i64) -> sqlx::Result<Priority> {
    Priority::from_code(code).ok_or_else(|| unknown("priority", code))
}

pub(super) fn json<T: DeserializeOwned>(text: &str) -> sqlx::Result<T> {
    serde_json::from_str(text).map_err(|e| sqlx::Error::Decode(Box::new(e)))
}

pub(super) fn written(value: &impl Serialize) -> sqlx::Result<String> {
    serde_json::to_string(value).map_err(|e| sqlx::Error::Encode(Box::new(e)))
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct RuleRow {
    /// Its number.
    pub id: i64,
    /// The number of the kind; none: all kinds.
    pub kind: Option<i64>,
    /// The number of the priority; none: all.
    pub priority: Option<i64>,
    /// The line; none: all.
    pub line_id: Option<i64>,
    /// The name of the shift; none: all.
    pub shift: Option<String>,
    /// Its steps, JSON.
    pub ladder: String,
    /// Counts its changes.
    pub version: i64,
}

impl RuleRow {
    /// The row of a rule.
    ///
    /// # Errors
    /// The ladder cannot be written down.
    pub fn of(rule: &Rule, version: i64) -> sqlx::Result<Self> {
        Ok(Self {
            id: rule.id,
            kind: rule.kind.map(CallKind::code),
            priority: rule.priority.map(Priority::code),
            line_id: rule.line.map(|line| line.0),
            shift: rule.shift.clone(),
            ladder: written(&rule.ladder)?,
            version,
        })
    }

    /// The rule.
    ///
    /// # Errors
    /// Something stored that no rule can be.
    pub fn rule(&self) -> sqlx::Result<Rule> {
        Ok(Rule {
            id: self.id,
            kind: self.kind.map(kind).transpose()?,
            priority: self.priority.map(priority).transpose()?,
            line: self.line_id.map(LineId),
            shift: self.shift.clone(),
            ladder: json(&self.ladder)?,
        })
    }
}

/// All rules as they are stored, by number.
///
/// # Errors
/// The engine's.
pub async fn rows_in(tx: &mut Tx) -> sqlx::Result<Vec<RuleRow>> {
    const SQL: &str =
        "SELECT id, kind, priority, line_id, shift, ladder, version FROM andon_rule ORDER BY id";
    writing!(tx, |conn| sqlx::query_as(SQL).fetch_all(conn).await)
}

/// All rules for ladders.
///
/// # Errors
/// The engine's, or a stored value that is not known.
pub async fn all_in(tx: &mut Tx) -> sqlx::Result<Vec<Rule>> {
    rows_in(tx).await?.iter().map(RuleRow::rule).collect()
}

/// Adds a rule; number and version of `row` are not looked at.
///
/// # Errors
/// The engine's.
pub async fn add(tx: &mut Tx, row: &RuleRow) -> sqlx::Result<i64> {
    const SQL: &str = "INSERT INTO andon_rule (kind, priority, line_id, shift, ladder, version)
        VALUES ($1, $2, $3, $4, $5, 1) RETURNING id";
    writing!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(row.kind)
            .bind(row.priority)
            .bind(row.line_id)
            .bind(&row.shift)
            .bind(&row.ladder)
            .fetch_one(conn)
            .await
    })
}

/// Changes a rule that is as the caller saw it; `false` when somebody else changed it meanwhile.
///
/// # Errors
/// The engine's.
pub async fn change(tx: &mut Tx, row: &RuleRow) -> sqlx::Result<bool> {
    const SQL: &str = "UPDATE andon_rule
        SET kind = $3, priority = $4, line_id = $5, shift = $6, ladder = $7, version = version + 1
        WHERE id = $1 AND version = $2";
    let rows = writing!(tx, |conn| sqlx::query(SQL)
        .bind(row.id)
        .bind(row.version)
        .bind(row.kind)
        .bind(row.priority)
        .bind(row.line_id)
        .bind(&row.shift)
        .bind(&row.ladder)
        .execute(conn)
        .await?
        .rows_affected());
    Ok(rows == 1)
}

/// Removes a rule that is as the caller saw it; `false` when somebody else changed it meanwhile.
///
/// # Errors
/// The engine's.
pub async fn remove(tx: &mut Tx, id: i64, version: i64) -> sqlx::Result<bool> {
    const SQL: &str = "DELETE FROM andon_rule WHERE id = $1 AND version = $2";
    let rows = writing!(tx, |conn| sqlx::query(SQL)
        .bind(id)
        .bind(version)
        .execute(conn)
        .await?
        .rows_affected());
    Ok(rows == 1)
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

/// How often either was changed.
///
/// # Errors
/// The engine's, or a stored value that cannot be read.
pub async fn general_version_in(tx: &mut Tx) -> sqlx::Result<i64> {
    let stored = settings::get_in(tx, GENERAL_VERSION).await?;
    stored.map_or_else(|| Ok(0), |text| json(&text))
}

/// Keeps both.
///
/// # Errors
/// The engine's.
pub async fn put_general(tx: &mut Tx, reopen: ReopenWithin, quiet: Limit) -> sqlx::Result<()> {
    settings::put(tx, REOPEN_WITHIN, &written(&reopen)?).await?;
    settings::put(tx, QUIET_LIMIT, &written(&quiet)?).await?;
    settings::increment(tx, GENERAL_VERSION).await
}
