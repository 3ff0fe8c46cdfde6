//! The rounds of calls that are over because somebody reopened them. Rows are added, never changed.

use crate::domain::andon::{Round, Waiting};
use crate::domain::ids::CallId;
use crate::domain::time::{DurMs, TsMs};
use crate::server::db::{Tx, writing};

/// Adds a round of a call; `round` counts from 0.
///
/// # Errors
/// The engine's; also when that round is there.
pub async fn add(tx: &mut Tx, call: CallId, round: i64, over: Round) -> sqlx::Result<()> {
    const SQL: &str = "INSERT INTO andon_round (call_id, round, from_ms, acknowledge_ms, travel_ms, repair_ms, restart_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let waiting = over.waiting;
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(call.0)
        .bind(round)
        .bind(over.from.0)
        .bind(waiting.acknowledge.0)
        .bind(waiting.travel.0)
        .bind(waiting.repair.0)
        .bind(waiting.restart.0)
        .execute(conn)
        .await
        .map(drop))
}

/// Call, round, when it began; acknowledge, travel, repair, restart.
type Row = (i64, i64, i64, i64, i64, i64, i64);

/// The rounds of these calls that are over, each with its call; of a call in order.
///
/// # Errors
/// The engine's.
pub async fn of_calls_in(tx: &mut Tx, calls: &[CallId]) -> sqlx::Result<Vec<(CallId, Round)>> {
    const SQLITE: &str = "SELECT call_id, round, from_ms, acknowledge_ms, travel_ms, repair_ms, restart_ms
        FROM andon_round WHERE call_id IN (SELECT value FROM json_each($1)) ORDER BY call_id, round";
    const POSTGRES: &str =
        "SELECT call_id, round, from_ms, acknowledge_ms, travel_ms, repair_ms, restart_ms
        FROM andon_round WHERE call_id = ANY($1) ORDER BY call_id, round";
    if calls.is_empty() {
        return Ok(vec![]);
    }
    let rows: Vec<Row> = of_calls!(tx, calls, SQLITE, POSTGRES)?;
    let round = |(call, _, from, acknowledge, travel, repair, restart): Row| {
        let waiting = Waiting {
            acknowledge: DurMs(acknowledge),
            travel: DurMs(travel),
            repair: DurMs(repair),
            restart: DurMs(restart),
        };
        let from = TsMs(from);
        (CallId(call), Round { from, waiting })
    };
    Ok(rows.into_iter().map(round).collect())
}
