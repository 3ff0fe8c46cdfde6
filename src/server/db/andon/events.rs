//! What happened to calls. Rows are added, never changed.

use crate::domain::ids::{CallId, PersonId};
use crate::domain::time::{Span, TsMs};
use crate::server::db::{Tx, writing};

/// The machine of a call ran again.
pub const RESTART: &str = "restart";
/// It stands once more.
pub const STAND: &str = "stand";

/// One thing that happened to a call.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct EventRow {
    /// Its number: what happened later has a higher one.
    pub id: i64,
    /// To which call.
    pub call_id: i64,
    /// When, epoch milliseconds.
    pub at_ms: i64,
    /// What: `raise`, `join`, `step`, `restart`, `stand`, or the name of an act.
    pub what: String,
    /// Who did it.
    pub who: String,
    /// Who did it, if it was a person.
    pub person_id: Option<i64>,
    /// More, in words.
    pub detail: String,
}

/// Adds one; its number is not looked at.
///
/// # Errors
/// The engine's.
pub async fn add(
    tx: &mut Tx,
    call: CallId,
    (at, what): (TsMs, &str),
    (who, person): (&str, Option<PersonId>),
    detail: &str,
) -> sqlx::Result<()> {
    const SQL: &str = "INSERT INTO andon_event (call_id, at_ms, what, who, person_id, detail) VALUES ($1, $2, $3, $4, $5, $6)";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(call.0)
        .bind(at.0)
        .bind(what)
        .bind(who)
        .bind(person.map(|p| p.0))
        .bind(detail)
        .execute(conn)
        .await
        .map(drop))
}

/// What happened to these calls, the first first.
///
/// # Errors
/// The engine's.
pub async fn of_calls_in(tx: &mut Tx, calls: &[CallId]) -> sqlx::Result<Vec<EventRow>> {
    const SQLITE: &str = "SELECT id, call_id, at_ms, what, who, person_id, detail FROM andon_event
        WHERE call_id IN (SELECT value FROM json_each($1)) ORDER BY id";
    const POSTGRES: &str =
        "SELECT id, call_id, at_ms, what, who, person_id, detail FROM andon_event
        WHERE call_id = ANY($1) ORDER BY id";
    of_calls!(tx, calls, SQLITE, POSTGRES)
}

/// Who did this with a call the last time: nobody did, somebody or something without a number did, or this person.
///
/// # Errors
/// The engine's.
pub async fn by_whom_in(
    tx: &mut Tx,
    call: CallId,
    what: &str,
) -> sqlx::Result<Option<Option<PersonId>>> {
    const SQL: &str = "SELECT person_id FROM andon_event WHERE call_id = $1 AND what = $2 ORDER BY id DESC LIMIT 1";
    let last: Option<Option<i64>> = writing!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(call.0)
            .bind(what)
            .fetch_optional(conn)
            .await?
    });
    Ok(last.map(|person| person.map(PersonId)))
}

/// What was last noted of the machine of a call in its present round: [`RESTART`] or [`STAND`]; `None`: nothing yet.
///
/// # Errors
/// The engine's.
pub async fn of_machine_in(tx: &mut Tx, call: CallId) -> sqlx::Result<Option<String>> {
    const SQL: &str = "SELECT what FROM andon_event
        WHERE call_id = $1 AND what IN ('restart', 'stand', 'reopen') ORDER BY id DESC LIMIT 1";
    let last: Option<String> = writing!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(call.0)
            .fetch_optional(conn)
            .await?
    });
    Ok(last.filter(|what| what == RESTART || what == STAND))
}

/// Each time that somebody called in a stretch of time: the call's number and when.
///
/// # Errors
/// The engine's.
pub async fn raises_in(tx: &mut Tx, window: Span) -> sqlx::Result<Vec<(i64, i64)>> {
    const SQL: &str = "SELECT call_id, at_ms FROM andon_event
        WHERE what IN ('raise', 'join') AND at_ms >= $1 AND at_ms < $2 ORDER BY at_ms, id";
    writing!(tx, |conn| sqlx::query_as(SQL)
        .bind(window.from().0)
        .bind(window.to().0)
        .fetch_all(conn)
        .await)
}
