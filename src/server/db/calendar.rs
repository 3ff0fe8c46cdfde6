//! Calendars: the rules of shifts and the shifts of lines by local day, holidays, exceptions, planned stops.
//!
//! Local days are numbers of days since 1970-01-01; lists are JSON.

use super::{Tx, writing};
use crate::domain::day::LocalDay;
use crate::domain::ids::LineId;
use crate::domain::time::{Span, TsMs};

#[derive(Clone, Debug, serde::Serialize, sqlx::FromRow)]
pub struct PatternRow {
    pub id: i64,
    pub name: String,
}

#[derive(Clone, Debug, serde::Serialize, sqlx::FromRow)]
pub struct RuleRow {
    pub shift_id: i64,
    pub valid_from: i64,
    pub days: i64,
    pub start_min: i64,
    pub end_min: i64,
    pub breaks: String,
    pub until: Option<i64>,
    pub anchor: Option<i64>,
    pub cycle_weeks: i64,
    pub weeks: String,
    pub crews: String,
}

#[derive(Clone, Debug, serde::Serialize, sqlx::FromRow)]
pub struct ListRow {
    pub line_id: i64,
    pub valid_from: i64,
    pub shifts: String,
}

#[derive(Clone, Debug, serde::Serialize, sqlx::FromRow)]
pub struct HolidayRow {
    pub day: i64,
    pub name: String,
    pub lines: String,
}

#[derive(Clone, Debug, serde::Serialize, sqlx::FromRow)]
pub struct ExceptionRow {
    pub line_id: i64,
    pub day: i64,
    pub shifts: String,
    pub name: String,
}

#[derive(Clone, Debug, serde::Serialize, sqlx::FromRow)]
pub struct StopRow {
    pub line_id: i64,
    pub from_ms: i64,
    pub to_ms: i64,
    pub name: String,
}

/// Every row of the calendars.
#[derive(Clone, Debug)]
pub struct CalendarRows {
    pub patterns: Vec<PatternRow>,
    pub rules: Vec<RuleRow>,
    pub lists: Vec<ListRow>,
    pub holidays: Vec<HolidayRow>,
    pub exceptions: Vec<ExceptionRow>,
    pub stops: Vec<StopRow>,
}

pub(super) const PATTERNS: &str = "SELECT id, name FROM shift_pattern ORDER BY id";
pub(super) const RULES: &str =
    "SELECT shift_id, valid_from, days, start_min, end_min, breaks, until, anchor, cycle_weeks, weeks, crews
    FROM shift_rule ORDER BY shift_id, valid_from";
pub(super) const LISTS: &str =
    "SELECT line_id, valid_from, shifts FROM line_calendar ORDER BY line_id, valid_from";
pub(super) const HOLIDAYS: &str = "SELECT day, name, lines FROM holiday ORDER BY day, name";
pub(super) const EXCEPTIONS: &str =
    "SELECT line_id, day, shifts, name FROM calendar_exception ORDER BY line_id, day";
pub(super) const STOPS: &str =
    "SELECT line_id, from_ms, to_ms, name FROM planned_stop ORDER BY line_id, from_ms";

/// Writes a shift's name and returns its number.
///
/// # Errors
/// The engine's.
pub async fn put_pattern(tx: &mut Tx, name: &str) -> sqlx::Result<i64> {
    const SQL: &str = "INSERT INTO shift_pattern (name) VALUES ($1)
        ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id";
    writing!(tx, |conn| sqlx::query_scalar(SQL)
        .bind(name)
        .fetch_one(conn)
        .await)
}

/// Forgets the rules of a shift, to write them anew.
///
/// # Errors
/// The engine's.
pub async fn clear_rules(tx: &mut Tx, shift: i64) -> sqlx::Result<()> {
    const SQL: &str = "DELETE FROM shift_rule WHERE shift_id = $1";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(shift)
        .execute(conn)
        .await
        .map(drop))
}

/// Writes a rule.
///
/// # Errors
/// The engine's.
pub async fn put_rule(tx: &mut Tx, rule: &RuleRow) -> sqlx::Result<()> {
    const SQL: &str = "INSERT INTO shift_rule
            (shift_id, valid_from, days, start_min, end_min, breaks, until, anchor, cycle_weeks, weeks, crews)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    writing!(tx, |conn| {
        let query = sqlx::query(SQL)
            .bind(rule.shift_id)
            .bind(rule.valid_from)
            .bind(rule.days)
            .bind(rule.start_min)
            .bind(rule.end_min)
            .bind(&rule.breaks);
        let query = query.bind(rule.until).bind(rule.anchor);
        query
            .bind(rule.cycle_weeks)
            .bind(&rule.weeks)
            .bind(&rule.crews)
            .execute(conn)
            .await
            .map(drop)
    })
}

/// Forgets the shifts of a line, to write them anew.
///
/// # Errors
/// The engine's.
pub async fn clear_lists(tx: &mut Tx, line: LineId) -> sqlx::Result<()> {
    const SQL: &str = "DELETE FROM line_calendar WHERE line_id = $1";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(line.0)
        .execute(conn)
        .await
        .map(drop))
}

/// Writes the shifts of a line from a day on.
///
/// # Errors
/// The engine's.
pub async fn put_list(tx: &mut Tx, line: LineId, from: LocalDay, shifts: &str) -> sqlx::Result<()> {
    const SQL: &str = "INSERT INTO line_calendar (line_id, valid_from, shifts) VALUES ($1, $2, $3)";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(line.0)
        .bind(from.0)
        .bind(shifts)
        .execute(conn)
        .await
        .map(drop))
}

/// Writes a holiday of these lines.
///
/// # Errors
/// The engine's.
pub async fn put_holiday(tx: &mut Tx, day: LocalDay, name: &str, lines: &str) -> sqlx::Result<()> {
    const SQL: &str = "INSERT INTO holiday (day, name, lines) VALUES ($1, $2, $3)
        ON CONFLICT (day, name) DO UPDATE SET lines = excluded.lines";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(day.0)
        .bind(name)
        .bind(lines)
        .execute(conn)
        .await
        .map(drop))
}

/// Forgets a holiday.
///
/// # Errors
/// The engine's.
pub async fn withdraw_holiday(tx: &mut Tx, day: LocalDay, name: &str) -> sqlx::Result<()> {
    const SQL: &str = "DELETE FROM holiday WHERE day = $1 AND name = $2";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(day.0)
        .bind(name)
        .execute(conn)
        .await
        .map(drop))
}

/// Writes what starts on a day of a line.
///
/// # Errors
/// The engine's.
pub async fn put_exception(
    tx: &mut Tx,
    line: LineId,
    day: LocalDay,
    shifts: &str,
    name: &str,
) -> sqlx::Result<()> {
    const SQL: &str =
        "INSERT INTO calendar_exception (line_id, day, shifts, name) VALUES ($1, $2, $3, $4)
        ON CONFLICT (line_id, day) DO UPDATE SET shifts = excluded.shifts, name = excluded.name";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(line.0)
        .bind(day.0)
        .bind(shifts)
        .bind(name)
        .execute(conn)
        .await
        .map(drop))
}

/// Makes a day of a line like its week again.
///
/// # Errors
/// The engine's.
pub async fn withdraw_exception(tx: &mut Tx, line: LineId, day: LocalDay) -> sqlx::Result<()> {
    const SQL: &str = "DELETE FROM calendar_exception WHERE line_id = $1 AND day = $2";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(line.0)
        .bind(day.0)
        .execute(conn)
        .await
        .map(drop))
}

/// Writes a planned stop, known by its start.
///
/// # Errors
/// The engine's.
pub async fn put_stop(tx: &mut Tx, line: LineId, span: Span, name: &str) -> sqlx::Result<()> {
    const SQL: &str =
        "INSERT INTO planned_stop (line_id, from_ms, to_ms, name) VALUES ($1, $2, $3, $4)
        ON CONFLICT (line_id, from_ms) DO UPDATE SET to_ms = excluded.to_ms, name = excluded.name";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(line.0)
        .bind(span.from().0)
        .bind(span.to().0)
        .bind(name)
        .execute(conn)
        .await
        .map(drop))
}

/// Forgets the planned stop that starts then.
///
/// # Errors
/// The engine's.
pub async fn withdraw_stop(tx: &mut Tx, line: LineId, from: TsMs) -> sqlx::Result<()> {
    const SQL: &str = "DELETE FROM planned_stop WHERE line_id = $1 AND from_ms = $2";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(line.0)
        .bind(from.0)
        .execute(conn)
        .await
        .map(drop))
}
