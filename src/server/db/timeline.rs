//! The folded timeline: transitions, counts by minute, and the checkpoints to fold on from.

use super::bulk::Bulk;
use super::{Tx, writing};
use crate::domain::account::{MadeIn, MinuteCount};
use crate::domain::fact::Counts;
use crate::domain::fold::{Folded, Head};
use crate::domain::ids::{MachineId, ProductId};
use crate::domain::machine_state::MachineState;
use crate::domain::time::{Span, TsMs};
use crate::domain::timeline::Transition;
use std::sync::LazyLock;

static TRANSITIONS: LazyLock<Bulk> = LazyLock::new(|| {
    let head = "INSERT INTO transition (machine_id, from_ms, state, fault, product_id)";
    let tail = "ON CONFLICT (machine_id, from_ms) DO UPDATE
        SET state = excluded.state, fault = excluded.fault, product_id = excluded.product_id";
    Bulk::new(head, 5, tail)
});

static MINUTES: LazyLock<Bulk> = LazyLock::new(|| {
    let head = "INSERT INTO minute_count (machine_id, minute_ms, product_id, off, good, scrap, rework, ungraded)";
    let tail = "ON CONFLICT (machine_id, minute_ms, product_id, off) DO UPDATE
        SET good = excluded.good, scrap = excluded.scrap, rework = excluded.rework, ungraded = excluded.ungraded";
    Bulk::new(head, 8, tail)
});

static CHECKPOINTS: LazyLock<Bulk> = LazyLock::new(|| {
    let tail = "ON CONFLICT (machine_id, at_ms) DO UPDATE SET head = excluded.head";
    Bulk::new("INSERT INTO checkpoint (machine_id, at_ms, head)", 3, tail)
});

static COUNTED: LazyLock<Bulk> = LazyLock::new(|| {
    let tail = "ON CONFLICT (machine_id) DO UPDATE SET at_ms = excluded.at_ms";
    Bulk::new("INSERT INTO last_count (machine_id, at_ms)", 2, tail)
});

/// The rows of several machines' folds, ready to be written together.
#[derive(Debug, Default)]
pub struct Rows {
    transitions: Vec<(MachineId, Transition)>,
    minutes: Vec<(MachineId, MinuteCount)>,
    checkpoints: Vec<(MachineId, TsMs, String)>,
    counted: Vec<(MachineId, TsMs)>,
}

impl Rows {
    /// Adds what one machine's fold made.
    ///
    /// # Errors
    /// When a head cannot be written as JSON.
    pub fn add(&mut self, machine: MachineId, folded: Folded) -> sqlx::Result<()> {
        self.transitions
            .extend(folded.transitions.into_values().map(|t| (machine, t)));
        let minutes = folded.minutes.into_iter();
        self.minutes
            .extend(minutes.map(|((minute, product, made_in), counts)| {
                (
                    machine,
                    MinuteCount {
                        minute,
                        product,
                        made_in,
                        counts,
                    },
                )
            }));
        for (at, head) in folded.checkpoints {
            let text =
                serde_json::to_string(&head).map_err(|e| sqlx::Error::Encode(Box::new(e)))?;
            self.checkpoints.push((machine, at, text));
        }
        Ok(())
    }

    /// Adds when a machine with a cycle gap last counted.
    pub fn counted(&mut self, machine: MachineId, at: TsMs) {
        self.counted.push((machine, at));
    }

    /// Writes them; rows of the same key are replaced.
    ///
    /// # Errors
    /// The engine's.
    pub async fn write(&self, tx: &mut Tx) -> sqlx::Result<()> {
        for (sql, piece) in TRANSITIONS.pieces(tx, &self.transitions) {
            writing!(tx, |conn| {
                let mut query = sqlx::query(sql);
                for (machine, t) in piece {
                    query = query.bind(machine.0).bind(t.from.0).bind(t.state.code());
                    query = query.bind(&t.fault).bind(t.product.map(|p| p.0));
                }
                query.execute(conn).await?;
            });
        }
        for (sql, piece) in MINUTES.pieces(tx, &self.minutes) {
            writing!(tx, |conn| {
                let mut query = sqlx::query(sql);
                for (machine, m) in piece {
                    query = query
                        .bind(machine.0)
                        .bind(m.minute.0)
                        .bind(m.product.map_or(0, |p| p.0));
                    query = query
                        .bind(m.made_in.code())
                        .bind(m.counts.good)
                        .bind(m.counts.scrap);
                    query = query.bind(m.counts.rework).bind(m.counts.ungraded);
                }
                query.execute(conn).await?;
            });
        }
        for (sql, piece) in CHECKPOINTS.pieces(tx, &self.checkpoints) {
            writing!(tx, |conn| {
                let mut query = sqlx::query(sql);
                for (machine, at, head) in piece {
                    query = query.bind(machine.0).bind(at.0).bind(head);
                }
                query.execute(conn).await?;
            });
        }
        for (sql, piece) in COUNTED.pieces(tx, &self.counted) {
            writing!(tx, |conn| {
                let mut query = sqlx::query(sql);
                for (machine, at) in piece {
                    query = query.bind(machine.0).bind(at.0);
                }
                query.execute(conn).await?;
            });
        }
        Ok(())
    }
}

#[derive(sqlx::FromRow)]
struct TransitionRow {
    from_ms: i64,
    state: i64,
    fault: Option<String>,
    product_id: Option<i64>,
}

impl TransitionRow {
    fn into_transition(self) -> sqlx::Result<Transition> {
        let state = MachineState::from_code(self.state).ok_or_else(|| {
            sqlx::Error::Decode(format!("state {} is not known", self.state).into())
        })?;
        Ok(Transition {
            from: TsMs(self.from_ms),
            state,
            fault: self.fault,
            product: self.product_id.map(ProductId),
        })
    }
}

// States 1 and 9 are running and no data.
const AROUND: &str =
    "SELECT from_ms, state, fault, product_id FROM transition WHERE machine_id = $1
    AND from_ms >= COALESCE((SELECT from_ms FROM transition WHERE machine_id = $1 AND from_ms <= $2
        AND state IN (1, 9) ORDER BY from_ms DESC LIMIT 1), -9223372036854775807)
    AND from_ms <= COALESCE((SELECT from_ms FROM transition WHERE machine_id = $1 AND from_ms >= $3
        AND state IN (1, 9) ORDER BY from_ms LIMIT 1), 9223372036854775807)
    ORDER BY from_ms";

/// The transitions that matter in `window`, with the whole stops that its edges cut: from the last run (or time without
/// data) that began at or before its start, to the next one that begins at or after its end, inclusive.
///
/// # Errors
/// The engine's, or a stored state that is not known.
pub async fn transitions(
    tx: &mut Tx,
    machine: MachineId,
    window: Span,
) -> sqlx::Result<Vec<Transition>> {
    let rows: Vec<TransitionRow> = writing!(tx, |conn| {
        sqlx::query_as(AROUND)
            .bind(machine.0)
            .bind(window.from().0)
            .bind(window.to().0)
            .fetch_all(conn)
            .await?
    });
    rows.into_iter()
        .map(TransitionRow::into_transition)
        .collect()
}

/// When a machine with a cycle gap last counted.
///
/// # Errors
/// The engine's.
pub async fn last_count(tx: &mut Tx, machine: MachineId) -> sqlx::Result<Option<TsMs>> {
    const SQL: &str = "SELECT at_ms FROM last_count WHERE machine_id = $1";
    let at: Option<i64> = writing!(tx, |conn| sqlx::query_scalar(SQL)
        .bind(machine.0)
        .fetch_optional(conn)
        .await?);
    Ok(at.map(TsMs))
}

/// When a machine's timeline begins.
///
/// # Errors
/// The engine's.
pub async fn first(tx: &mut Tx, machine: MachineId) -> sqlx::Result<Option<TsMs>> {
    const SQL: &str = "SELECT MIN(from_ms) FROM transition WHERE machine_id = $1";
    let at: Option<i64> = writing!(tx, |conn| sqlx::query_scalar(SQL)
        .bind(machine.0)
        .fetch_one(conn)
        .await?);
    Ok(at.map(TsMs))
}

#[derive(sqlx::FromRow)]
struct MinuteRow {
    minute_ms: i64,
    product_id: i64,
    off: i64,
    good: i64,
    scrap: i64,
    rework: i64,
    ungraded: i64,
}

/// The counts of the minutes that start in `window`, in order.
///
/// # Errors
/// The engine's.
pub async fn minutes(
    tx: &mut Tx,
    machine: MachineId,
    window: Span,
) -> sqlx::Result<Vec<MinuteCount>> {
    const SQL: &str = "SELECT minute_ms, product_id, off, good, scrap, rework, ungraded FROM minute_count
        WHERE machine_id = $1 AND minute_ms >= $2 AND minute_ms < $3 ORDER BY minute_ms, product_id, off";
    let rows: Vec<MinuteRow> = writing!(tx, |conn| {
        sqlx::query_as(SQL)
            .bind(machine.0)
            .bind(window.from().0)
            .bind(window.to().0)
            .fetch_all(conn)
            .await?
    });
    let count = |r: MinuteRow| MinuteCount {
        minute: TsMs(r.minute_ms),
        product: (r.product_id != 0).then_some(ProductId(r.product_id)),
        made_in: MadeIn::from_code(r.off),
        counts: Counts {
            good: r.good,
            scrap: r.scrap,
            rework: r.rework,
            ungraded: r.ungraded,
        },
    };
    Ok(rows.into_iter().map(count).collect())
}

/// A stored checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// The full hour it stands at.
    pub at: TsMs,
    /// The fold's memory of everything before.
    pub head: Head,
}

#[derive(sqlx::FromRow)]
struct CheckpointRow {
    at_ms: i64,
    head: String,
}

impl CheckpointRow {
    fn into_checkpoint(self) -> sqlx::Result<Checkpoint> {
        let head =
            serde_json::from_str(&self.head).map_err(|e| sqlx::Error::Decode(Box::new(e)))?;
        Ok(Checkpoint {
            at: TsMs(self.at_ms),
            head,
        })
    }
}

/// The latest checkpoint at or before `at`.
///
/// # Errors
/// The engine's, or a stored head that cannot be read.
pub async fn checkpoint_before(
    tx: &mut Tx,
    machine: MachineId,
    at: TsMs,
) -> sqlx::Result<Option<Checkpoint>> {
    const SQL: &str = "SELECT at_ms, head FROM checkpoint WHERE machine_id = $1 AND at_ms <= $2
        ORDER BY at_ms DESC LIMIT 1";
    let row: Option<CheckpointRow> = writing!(tx, |conn| sqlx::query_as(SQL)
        .bind(machine.0)
        .bind(at.0)
        .fetch_optional(conn)
        .await?);
    row.map(CheckpointRow::into_checkpoint).transpose()
}

/// The first checkpoint after `at`.
///
/// # Errors
/// The engine's, or a stored head that cannot be read.
pub async fn checkpoint_after(
    tx: &mut Tx,
    machine: MachineId,
    at: TsMs,
) -> sqlx::Result<Option<Checkpoint>> {
    const SQL: &str = "SELECT at_ms, head FROM checkpoint WHERE machine_id = $1 AND at_ms > $2
        ORDER BY at_ms LIMIT 1";
    let row: Option<CheckpointRow> = writing!(tx, |conn| sqlx::query_as(SQL)
        .bind(machine.0)
        .bind(at.0)
        .fetch_optional(conn)
        .await?);
    row.map(CheckpointRow::into_checkpoint).transpose()
}

/// The stretch of a machine's timeline that a re-fold replaces. Each list is cut at its own start, because an open
/// interval or minute reaches back before the fold's starting point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// Transitions that start in here go away.
    pub transitions: Span,
    /// Counts of minutes in here go away.
    pub minutes: Span,
    /// Checkpoints in here go away.
    pub checkpoints: Span,
}

/// Removes what a re-fold will write anew.
///
/// # Errors
/// The engine's.
pub async fn clear(tx: &mut Tx, machine: MachineId, stretch: Replaced) -> sqlx::Result<()> {
    const TRANSITIONS: &str =
        "DELETE FROM transition WHERE machine_id = $1 AND from_ms >= $2 AND from_ms < $3";
    const MINUTES: &str =
        "DELETE FROM minute_count WHERE machine_id = $1 AND minute_ms >= $2 AND minute_ms < $3";
    const CHECKPOINTS: &str =
        "DELETE FROM checkpoint WHERE machine_id = $1 AND at_ms >= $2 AND at_ms < $3";
    let parts = [
        (TRANSITIONS, stretch.transitions),
        (MINUTES, stretch.minutes),
        (CHECKPOINTS, stretch.checkpoints),
    ];
    for (sql, span) in parts {
        writing!(tx, |conn| {
            sqlx::query(sql)
                .bind(machine.0)
                .bind(span.from().0)
                .bind(span.to().0)
                .execute(conn)
                .await?;
        });
    }
    Ok(())
}
