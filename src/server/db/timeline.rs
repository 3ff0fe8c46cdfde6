//! The folded timeline: transitions, counts by minute, and the checkpoints to fold on from.

use super::bulk::Bulk;
use super::stretches::{Stretch, Stretches};
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

/// Place, start, state, fault, product.
type TransitionRow = (i64, i64, i64, Option<String>, Option<i64>);

fn transition(
    (place, from, state, fault, product): TransitionRow,
) -> sqlx::Result<(i64, Transition)> {
    let known = MachineState::from_code(state);
    let state =
        known.ok_or_else(|| sqlx::Error::Decode(format!("state {state} is not known").into()))?;
    let transition = Transition {
        from: TsMs(from),
        state,
        fault,
        product: product.map(ProductId),
    };
    Ok((place, transition))
}

// States 1 and 9 are running and no data. Told as a list they look rare to a planner that has no statistics yet, as after an
// import: it would read all transitions of the machine and sort them for the nearest one.
static AROUND: LazyLock<Stretches> = LazyLock::new(|| {
    let condition = "t.machine_id = asked.machine_id
        AND t.from_ms >= COALESCE((SELECT b.from_ms FROM transition b WHERE b.machine_id = asked.machine_id
            AND b.from_ms <= asked.from_ms AND b.state NOT BETWEEN 2 AND 8 ORDER BY b.from_ms DESC LIMIT 1), -9223372036854775807)
        AND t.from_ms <= COALESCE((SELECT a.from_ms FROM transition a WHERE a.machine_id = asked.machine_id
            AND a.from_ms >= asked.to_ms AND a.state NOT BETWEEN 2 AND 8 ORDER BY a.from_ms LIMIT 1), 9223372036854775807)";
    Stretches::new(
        "t.from_ms, t.state, t.fault, t.product_id",
        "transition t",
        condition,
    )
});

/// The transitions that matter in each stretch, with the whole stops that its edges cut: from the last run (or time
/// without data) that began at or before its start, to the next one that begins at or after its end, inclusive.
///
/// # Errors
/// The engine's, or a stored state that is not known.
pub async fn transitions(tx: &mut Tx, asked: &[Stretch]) -> sqlx::Result<Vec<Vec<Transition>>> {
    let mut found = AROUND.read(tx, asked, transition).await?;
    for list in &mut found {
        list.sort_unstable_by_key(|t| t.from);
    }
    Ok(found)
}

/// What is known of a machine beside any window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// When its timeline begins.
    pub first: Option<TsMs>,
    /// The time of its latest fact.
    pub heard: Option<TsMs>,
    /// When it last counted, if it has a cycle gap.
    pub counted: Option<TsMs>,
}

static BOUNDS: LazyLock<Stretches> = LazyLock::new(|| {
    Stretches::one_each(
        "(SELECT MIN(t.from_ms) FROM transition t WHERE t.machine_id = asked.machine_id),
        (SELECT MAX(f.at_ms) FROM fact f WHERE f.machine_id = asked.machine_id),
        (SELECT c.at_ms FROM last_count c WHERE c.machine_id = asked.machine_id)",
    )
});

/// What is known of machines beside any window.
///
/// # Errors
/// The engine's.
pub async fn bounds(tx: &mut Tx, machines: &[MachineId]) -> sqlx::Result<Vec<Bounds>> {
    let asked: Vec<Stretch> = machines.iter().map(|m| (*m, Span::default())).collect();
    let each = |(place, first, heard, counted): (i64, Option<i64>, Option<i64>, Option<i64>)| {
        let bounds = Bounds {
            first: first.map(TsMs),
            heard: heard.map(TsMs),
            counted: counted.map(TsMs),
        };
        Ok((place, bounds))
    };
    Ok(BOUNDS.read(tx, &asked, each).await?.concat())
}

/// Place, minute, product, off; good, scrap, rework, ungraded.
type MinuteRow = (i64, i64, i64, i64, i64, i64, i64, i64);

fn minute(
    (place, minute, product, off, good, scrap, rework, ungraded): MinuteRow,
) -> (i64, MinuteCount) {
    let count = MinuteCount {
        minute: TsMs(minute),
        product: (product != 0).then_some(ProductId(product)),
        made_in: MadeIn::from_code(off),
        counts: Counts {
            good,
            scrap,
            rework,
            ungraded,
        },
    };
    (place, count)
}

static IN_MINUTES: LazyLock<Stretches> = LazyLock::new(|| {
    Stretches::new(
        "m.minute_ms, m.product_id, m.off, m.good, m.scrap, m.rework, m.ungraded",
        "minute_count m",
        "m.machine_id = asked.machine_id AND m.minute_ms >= asked.from_ms AND m.minute_ms < asked.to_ms",
    )
});

/// The counts of the minutes that start in each stretch, in order.
///
/// # Errors
/// The engine's.
pub async fn minutes(tx: &mut Tx, asked: &[Stretch]) -> sqlx::Result<Vec<Vec<MinuteCount>>> {
    let mut found = IN_MINUTES.read(tx, asked, |row| Ok(minute(row))).await?;
    for list in &mut found {
        list.sort_unstable_by_key(|m| (m.minute, m.product, m.made_in));
    }
    Ok(found)
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
