//! When steps of ladders are due. A timer is a row, so that it outlives the program.

use crate::domain::ids::CallId;
use crate::domain::time::{DurMs, TsMs};
use crate::server::db::{Db, Tx, forget, reading, writing};

/// Nobody did it yet.
pub const PENDING: i64 = 1;
/// It was done.
pub const DONE: i64 = 2;
/// It can no longer come true.
pub const VOID: i64 = 3;

/// A step that is due, or was. By call, plan and step there is one.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct TimerRow {
    /// Of which call.
    pub call_id: i64,
    /// Of which of its plans.
    pub plan: i64,
    /// Which step of the plan's ladder.
    pub step: i64,
    /// When it is due, epoch milliseconds.
    pub due_ms: i64,
    /// When that was known.
    pub set_ms: i64,
    /// [`PENDING`], [`DONE`] or [`VOID`].
    pub state: i64,
    /// When it was done.
    pub fired_ms: Option<i64>,
    /// By how much too late.
    pub late_ms: Option<i64>,
}

impl TimerRow {
    /// Its call.
    #[must_use]
    pub const fn call(&self) -> CallId {
        CallId(self.call_id)
    }

    /// What it is known by.
    #[must_use]
    pub const fn key(&self) -> (i64, i64, i64) {
        (self.call_id, self.plan, self.step)
    }
}

macro_rules! select_timer {
    ($rest:literal) => {
        concat!(
            "SELECT t.call_id, t.plan, t.step, t.due_ms, t.set_ms, t.state, t.fired_ms, t.late_ms FROM andon_timer t ",
            $rest
        )
    };
}

/// Adds a timer that is pending, unless there is one for the step.
///
/// # Errors
/// The engine's.
pub async fn set(
    tx: &mut Tx,
    call: CallId,
    (plan, step): (i64, i64),
    due: TsMs,
    now: TsMs,
) -> sqlx::Result<()> {
    const SQL: &str = "INSERT INTO andon_timer (call_id, plan, step, due_ms, set_ms, state) VALUES ($1, $2, $3, $4, $5, 1)
        ON CONFLICT (call_id, plan, step) DO NOTHING";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(call.0)
        .bind(plan)
        .bind(step)
        .bind(due.0)
        .bind(now.0)
        .execute(conn)
        .await
        .map(drop))
}

/// Marks a timer as done, `late` after it was due. One that was never set is added: somebody was ahead of it.
///
/// # Errors
/// The engine's.
pub async fn done(
    tx: &mut Tx,
    call: CallId,
    (plan, step): (i64, i64),
    now: TsMs,
    late: DurMs,
) -> sqlx::Result<()> {
    const SQL: &str = "INSERT INTO andon_timer (call_id, plan, step, due_ms, set_ms, state, fired_ms, late_ms)
        VALUES ($1, $2, $3, $4, $4, 2, $4, $5)
        ON CONFLICT (call_id, plan, step) DO UPDATE SET state = 2, fired_ms = excluded.fired_ms, late_ms = excluded.late_ms";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(call.0)
        .bind(plan)
        .bind(step)
        .bind(now.0)
        .bind(late.0)
        .execute(conn)
        .await
        .map(drop))
}

/// Marks a pending timer as void.
///
/// # Errors
/// The engine's.
pub async fn void(tx: &mut Tx, call: CallId, (plan, step): (i64, i64)) -> sqlx::Result<()> {
    const SQL: &str = "UPDATE andon_timer SET state = 3 WHERE call_id = $1 AND plan = $2 AND step = $3 AND state = 1";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(call.0)
        .bind(plan)
        .bind(step)
        .execute(conn)
        .await
        .map(drop))
}

/// Takes a pending timer away, as if nobody had set it.
///
/// # Errors
/// The engine's.
pub async fn unset(tx: &mut Tx, call: CallId, (plan, step): (i64, i64)) -> sqlx::Result<()> {
    const SQL: &str =
        "DELETE FROM andon_timer WHERE call_id = $1 AND plan = $2 AND step = $3 AND state = 1";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(call.0)
        .bind(plan)
        .bind(step)
        .execute(conn)
        .await
        .map(drop))
}

/// Adds a timer that is void from the beginning: the step has nothing to do in this plan.
///
/// # Errors
/// The engine's.
pub async fn set_void(
    tx: &mut Tx,
    call: CallId,
    (plan, step): (i64, i64),
    now: TsMs,
) -> sqlx::Result<()> {
    const SQL: &str = "INSERT INTO andon_timer (call_id, plan, step, due_ms, set_ms, state) VALUES ($1, $2, $3, $4, $4, 3)
        ON CONFLICT (call_id, plan, step) DO NOTHING";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(call.0)
        .bind(plan)
        .bind(step)
        .bind(now.0)
        .execute(conn)
        .await
        .map(drop))
}

/// Marks what is pending of the plans before `plan` as void.
///
/// # Errors
/// The engine's.
pub async fn void_before(tx: &mut Tx, call: CallId, plan: i64) -> sqlx::Result<()> {
    const SQL: &str =
        "UPDATE andon_timer SET state = 3 WHERE call_id = $1 AND plan < $2 AND state = 1";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(call.0)
        .bind(plan)
        .execute(conn)
        .await
        .map(drop))
}

/// All timers of a call, by plan and step.
///
/// # Errors
/// The engine's.
pub async fn of_call_in(tx: &mut Tx, call: CallId) -> sqlx::Result<Vec<TimerRow>> {
    writing!(tx, |conn| {
        sqlx::query_as(select_timer!(
            "WHERE t.call_id = $1 ORDER BY t.plan, t.step"
        ))
        .bind(call.0)
        .fetch_all(conn)
        .await
    })
}

/// What is pending of these calls, by when it is due.
///
/// # Errors
/// The engine's.
pub async fn pending_of_calls_in(tx: &mut Tx, calls: &[CallId]) -> sqlx::Result<Vec<TimerRow>> {
    const SQLITE: &str = select_timer!(
        "WHERE t.state = 1 AND t.call_id IN (SELECT value FROM json_each($1)) ORDER BY t.due_ms, t.step"
    );
    const POSTGRES: &str =
        select_timer!("WHERE t.state = 1 AND t.call_id = ANY($1) ORDER BY t.due_ms, t.step");
    of_calls!(tx, calls, SQLITE, POSTGRES)
}

/// What is pending of all calls, by when it is due.
///
/// # Errors
/// The engine's.
pub async fn pending_in(tx: &mut Tx) -> sqlx::Result<Vec<TimerRow>> {
    writing!(tx, |conn| {
        sqlx::query_as(select_timer!(
            "WHERE t.state = 1 ORDER BY t.due_ms, t.call_id, t.plan, t.step"
        ))
        .fetch_all(conn)
        .await
    })
}

/// What is pending and was due by `now`, by when it was due, at most `limit`.
///
/// # Errors
/// The engine's.
pub async fn due(db: &Db, now: TsMs, limit: i64) -> sqlx::Result<Vec<TimerRow>> {
    reading!(db, |pool| {
        sqlx::query_as(select_timer!(
            "WHERE t.state = 1 AND t.due_ms <= $1 ORDER BY t.due_ms, t.call_id, t.plan, t.step LIMIT $2"
        ))
        .bind(now.0)
        .bind(limit)
        .fetch_all(pool)
        .await
    })
}

/// One timer, as a transaction sees it.
///
/// # Errors
/// The engine's.
pub async fn get_in(tx: &mut Tx, key: (i64, i64, i64)) -> sqlx::Result<Option<TimerRow>> {
    writing!(tx, |conn| {
        sqlx::query_as(select_timer!(
            "WHERE t.call_id = $1 AND t.plan = $2 AND t.step = $3"
        ))
        .bind(key.0)
        .bind(key.1)
        .bind(key.2)
        .fetch_optional(conn)
        .await
    })
}

/// Forgets the timers of calls that were over before then, a thousand at a time. They are found by when they were set, which was
/// before the call was over: what was forgotten once costs nothing the next time, though its call stays.
///
/// # Errors
/// The engine's.
pub async fn forget_old(db: &Db, before: TsMs) -> sqlx::Result<()> {
    forget!(db, FORGET, before)
}

/// Up to a thousand timers of calls that were over before `$1`.
pub const FORGET: &str = "DELETE FROM andon_timer WHERE (call_id, plan, step) IN (
        SELECT t.call_id, t.plan, t.step FROM andon_timer t JOIN andon_call c ON c.id = t.call_id
        WHERE t.state <> 1 AND t.set_ms < $1 AND (c.resolved_ms < $1 OR c.cancelled_ms < $1)
        ORDER BY t.set_ms LIMIT 1000
    )";
