//! By what machines call by themselves.

use super::rules::{json, kind, priority, written};
use crate::domain::andon::{AutoPlace, AutoRule};
use crate::domain::ids::{LineId, MachineId};
use crate::server::db::{Tx, writing};

/// A rule by which machines call.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AutoRow {
    /// Its number; not looked at when it is added.
    pub id: i64,
    /// It is in use.
    pub is_on: i64,
    /// What makes a machine call, JSON.
    pub evidence: String,
    /// The number of the kind.
    pub kind: i64,
    /// The number of the priority.
    pub priority: i64,
    /// The line; none: all.
    pub line_id: Option<i64>,
    /// The machine; none: all.
    pub machine_id: Option<i64>,
    /// Counts its changes; not looked at when it is added.
    pub version: i64,
}

impl AutoRow {
    /// The row of a rule.
    ///
    /// # Errors
    /// The evidence cannot be written down.
    pub fn of(id: i64, place: AutoPlace, rule: &AutoRule, version: i64) -> sqlx::Result<Self> {
        Ok(Self {
            id,
            is_on: i64::from(rule.on),
            evidence: written(&rule.evidence)?,
            kind: rule.kind.code(),
            priority: rule.priority.code(),
            line_id: place.line.map(|line| line.0),
            machine_id: place.machine.map(|machine| machine.0),
            version,
        })
    }

    /// The rule.
    ///
    /// # Errors
    /// Something stored that no rule can be.
    pub fn rule(&self) -> sqlx::Result<AutoRule> {
        Ok(AutoRule {
            on: self.is_on != 0,
            evidence: json(&self.evidence)?,
            kind: kind(self.kind)?,
            priority: priority(self.priority)?,
        })
    }

    /// Where it holds.
    #[must_use]
    pub fn place(&self) -> AutoPlace {
        AutoPlace {
            line: self.line_id.map(LineId),
            machine: self.machine_id.map(MachineId),
        }
    }
}

/// All rules as they are stored, by number.
///
/// # Errors
/// The engine's.
pub async fn rows_in(tx: &mut Tx) -> sqlx::Result<Vec<AutoRow>> {
    const SQL: &str = "SELECT id, is_on, evidence, kind, priority, line_id, machine_id, version FROM andon_auto ORDER BY id";
    writing!(tx, |conn| sqlx::query_as(SQL).fetch_all(conn).await)
}

/// By what machines call: where, and the rule with its number.
///
/// # Errors
/// The engine's, or a stored value that is not known.
pub async fn all_in(tx: &mut Tx) -> sqlx::Result<Vec<(AutoPlace, (i64, AutoRule))>> {
    let rows = rows_in(tx).await?;
    let one = |row: &AutoRow| Ok((row.place(), (row.id, row.rule()?)));
    rows.iter().map(one).collect()
}

/// Adds a rule, and returns its number.
///
/// # Errors
/// The engine's.
pub async fn add(tx: &mut Tx, row: &AutoRow) -> sqlx::Result<i64> {
    const SQL: &str =
        "INSERT INTO andon_auto (is_on, evidence, kind, priority, line_id, machine_id, version)
        VALUES ($1, $2, $3, $4, $5, $6, 1) RETURNING id";
    writing!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(row.is_on)
            .bind(&row.evidence)
            .bind(row.kind)
            .bind(row.priority)
            .bind(row.line_id)
            .bind(row.machine_id)
            .fetch_one(conn)
            .await
    })
}

/// Changes a rule that is as the caller saw it; `false` when somebody else changed it meanwhile.
///
/// # Errors
/// The engine's.
pub async fn change(tx: &mut Tx, row: &AutoRow) -> sqlx::Result<bool> {
    const SQL: &str = "UPDATE andon_auto
        SET is_on = $3, evidence = $4, kind = $5, priority = $6, line_id = $7, machine_id = $8, version = version + 1
        WHERE id = $1 AND version = $2";
    let rows = writing!(tx, |conn| sqlx::query(SQL)
        .bind(row.id)
        .bind(row.version)
        .bind(row.is_on)
        .bind(&row.evidence)
        .bind(row.kind)
        .bind(row.priority)
        .bind(row.line_id)
        .bind(row.machine_id)
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
    const SQL: &str = "DELETE FROM andon_auto WHERE id = $1 AND version = $2";
    let rows = writing!(tx, |conn| sqlx::query(SQL)
        .bind(id)
        .bind(version)
        .execute(conn)
        .await?
        .rows_affected());
    Ok(rows == 1)
}
