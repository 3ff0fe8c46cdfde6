//! Which cells are made, and which must be made again because the past that they sum up was changed.

use crate::domain::ids::{LineId, MachineId};
use crate::domain::time::{DurMs, Span, TsMs};
use crate::server::db::bulk::Bulk;
use crate::server::db::{Tx, writing};
use std::sync::LazyLock;

/// A stretch whose cells must be made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Which line.
    pub line: LineId,
    /// When.
    pub span: Span,
    /// The calendar changed: cells may have other edges.
    pub anew: bool,
}

/// Which of a line's cells are made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// All cells inside this are made; `None`: none are.
    pub made: Option<Span>,
    /// What must be made again, in order of time.
    pub due: Vec<Due>,
}

impl State {
    /// The stretch whose cells can be relied on.
    #[must_use]
    pub fn valid(&self) -> Option<Span> {
        let made = self.made?;
        let due = self.due.first().map_or(made.to(), |due| due.span.from());
        Some(Span::clamped(
            made.from(),
            due.min(made.to()).max(made.from()),
        ))
    }
}

/// Which of a line's cells are made.
///
/// # Errors
/// The engine's.
pub async fn state(tx: &mut Tx, line: LineId) -> sqlx::Result<State> {
    const MADE: &str = "SELECT made_from, made_to FROM rollup_state WHERE line_id = $1";
    const DUE: &str =
        "SELECT from_ms, to_ms, anew FROM rollup_due WHERE line_id = $1 ORDER BY from_ms, to_ms";
    let span = |from, to| Span::clamped(TsMs(from), TsMs(to));
    let made: Option<(i64, i64)> = writing!(tx, |conn| sqlx::query_as(MADE)
        .bind(line.0)
        .fetch_optional(conn)
        .await?);
    let due: Vec<(i64, i64, i64)> = writing!(tx, |conn| sqlx::query_as(DUE)
        .bind(line.0)
        .fetch_all(conn)
        .await?);
    let due = due.into_iter().map(|(from, to, anew)| Due {
        line,
        span: span(from, to),
        anew: anew != 0,
    });
    Ok(State {
        made: made.map(|(from, to)| span(from, to)),
        due: due.collect(),
    })
}

/// The cells of a line inside `made` are made.
///
/// # Errors
/// The engine's.
pub async fn set_made(tx: &mut Tx, line: LineId, made: Span) -> sqlx::Result<()> {
    const SQL: &str = "INSERT INTO rollup_state (line_id, made_from, made_to) VALUES ($1, $2, $3)
        ON CONFLICT (line_id) DO UPDATE SET made_from = excluded.made_from, made_to = excluded.made_to";
    writing!(tx, |conn| {
        let query = sqlx::query(SQL).bind(line.0);
        query
            .bind(made.from().0)
            .bind(made.to().0)
            .execute(conn)
            .await
            .map(drop)
    })
}

/// Asks for cells to be made again, as far as they are made. Whoever changes the past of a line asks in the same
/// transaction.
///
/// # Errors
/// The engine's.
pub async fn ask(tx: &mut Tx, due: Due) -> sqlx::Result<()> {
    const SQL: &str = "INSERT INTO rollup_due (line_id, from_ms, to_ms, anew)
        SELECT line_id, $2, CASE WHEN made_to < $3 THEN made_to ELSE $3 END, $4 FROM rollup_state
        WHERE line_id = $1 AND made_to > $2 ON CONFLICT DO NOTHING";
    writing!(tx, |conn| {
        let query = sqlx::query(SQL).bind(due.line.0).bind(due.span.from().0);
        query
            .bind(due.span.to().0)
            .bind(i64::from(due.anew))
            .execute(conn)
            .await
            .map(drop)
    })
}

/// A stretch in which the timeline of one machine changed.
#[derive(Clone, Copy, Debug)]
pub struct Changed {
    /// Whose line.
    pub line: LineId,
    /// Which machine.
    pub machine: MachineId,
    /// Which stretch.
    pub span: Span,
    /// How long a start-up lasts on the line.
    pub start_up: DurMs,
    /// How long a stop must be to be no minor one and no flicker: what lies further back in a stop is settled.
    pub settled: DurMs,
}

// Each stretch is widened to the whole stops at its edges, because a stop is judged by its whole length. States 2 to 6
// are stops, waits and changeovers. A changed end of a time off moves the start-up that follows it.
static ASK: LazyLock<Bulk> = LazyLock::new(|| {
    let head = "WITH changed (line_id, machine_id, from_ms, to_ms, start_up_ms, settled_ms) AS (";
    let tail = "), wide (line_id, from_ms, to_ms) AS MATERIALIZED (SELECT c.line_id,
            COALESCE((SELECT MIN(t.from_ms) FROM transition t WHERE t.machine_id = c.machine_id
                AND t.from_ms < c.from_ms AND t.from_ms >= c.from_ms - c.settled_ms AND t.from_ms > COALESCE((SELECT MAX(r.from_ms) FROM transition r
                    WHERE r.machine_id = c.machine_id AND r.from_ms < c.from_ms AND r.state NOT BETWEEN 2 AND 6),
                    -9223372036854775807)), c.from_ms),
            COALESCE((SELECT MIN(t.from_ms) FROM transition t WHERE t.machine_id = c.machine_id
                AND t.from_ms >= c.to_ms AND t.state NOT BETWEEN 2 AND 6) + c.start_up_ms, 9223372036854775807)
            FROM changed c)
        INSERT INTO rollup_due (line_id, from_ms, to_ms, anew)
        SELECT s.line_id, w.from_ms, CASE WHEN s.made_to < w.to_ms THEN s.made_to ELSE w.to_ms END, 0
        FROM wide w JOIN rollup_state s ON s.line_id = w.line_id WHERE s.made_to > w.from_ms ON CONFLICT DO NOTHING";
    Bulk::new(head, 6, tail)
});

/// The same for stretches in which the timeline of a machine changed, each widened to the whole stops at its edges.
///
/// # Errors
/// The engine's.
pub async fn ask_for_machines(tx: &mut Tx, changed: &[Changed]) -> sqlx::Result<()> {
    // Most of the time all that changed is newer than every cell.
    const MADE: &str = "SELECT COALESCE(MAX(made_to), -9223372036854775807) FROM rollup_state";
    let Some(first) = changed.iter().map(|c| c.span.from() - c.settled).min() else {
        return Ok(());
    };
    let made: i64 = writing!(&mut *tx, |conn| sqlx::query_scalar(MADE)
        .fetch_one(conn)
        .await?);
    if made <= first.0 {
        return Ok(());
    }
    for (sql, piece) in ASK.pieces(tx, changed) {
        writing!(tx, |conn| {
            let mut query = sqlx::query(sql);
            for c in piece {
                query = query.bind(c.line.0).bind(c.machine.0);
                query = query.bind(c.span.from().0).bind(c.span.to().0);
                query = query.bind(c.start_up.0).bind(c.settled.0);
            }
            query.execute(conn).await?;
        });
    }
    Ok(())
}

/// None of a line's cells are made.
///
/// # Errors
/// The engine's.
pub async fn forget(tx: &mut Tx, line: LineId) -> sqlx::Result<()> {
    const SQL: &str = "DELETE FROM rollup_state WHERE line_id = $1";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(line.0)
        .execute(conn)
        .await
        .map(drop))
}

/// Forgets what was asked of a line: it is made.
///
/// # Errors
/// The engine's.
pub async fn settle(tx: &mut Tx, line: LineId) -> sqlx::Result<()> {
    const SQL: &str = "DELETE FROM rollup_due WHERE line_id = $1";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(line.0)
        .execute(conn)
        .await
        .map(drop))
}
