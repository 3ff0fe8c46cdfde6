//! Calls by the stops that they are about.

use super::unknown;
use crate::domain::andon::{CallKind, Spot, Status};
use crate::domain::ids::{CallId, LineId, MachineId};
use crate::domain::time::{Span, TsMs};
use crate::server::db::{Tx, writing};

/// A call about a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallOfStop {
    /// Its number.
    pub id: CallId,
    /// Where.
    pub spot: Spot,
    /// What for.
    pub kind: CallKind,
    /// How far it is.
    pub status: Status,
    /// The start of the stop, as it was known when the call was tied to it.
    pub stop: TsMs,
}

/// Number, line, machine, kind, status, start of the stop.
type Row = (i64, i64, Option<i64>, i64, i64, i64);

/// The calls about stops that began in a stretch of time, of all lines, by number.
pub const IN_WINDOW: &str = "SELECT id, line_id, machine_id, kind, CAST(CASE
        WHEN cancelled_ms IS NOT NULL THEN 6
        WHEN closed_ms IS NOT NULL THEN 5
        WHEN resolved_ms IS NOT NULL THEN 4
        WHEN arrived_ms IS NOT NULL THEN 3
        WHEN acknowledged_ms IS NOT NULL THEN 2
        ELSE 1 END AS BIGINT), stop_ms
    FROM andon_call WHERE stop_ms >= $1 AND stop_ms < $2 ORDER BY id";

/// Reads [`IN_WINDOW`].
///
/// # Errors
/// The engine's, or a stored value that is not known.
pub async fn in_window_in(tx: &mut Tx, window: Span) -> sqlx::Result<Vec<CallOfStop>> {
    let rows: Vec<Row> = writing!(tx, |conn| {
        sqlx::query_as(IN_WINDOW)
            .bind(window.from().0)
            .bind(window.to().0)
            .fetch_all(conn)
            .await?
    });
    let read = |(id, line, machine, kind, status, stop): Row| {
        Ok(CallOfStop {
            id: CallId(id),
            spot: Spot {
                line: LineId(line),
                machine: machine.map(MachineId),
            },
            kind: CallKind::from_code(kind).ok_or_else(|| unknown("kind", kind))?,
            status: Status::from_code(status).ok_or_else(|| unknown("status", status))?,
            stop: TsMs(stop),
        })
    };
    rows.into_iter().map(read).collect()
}
