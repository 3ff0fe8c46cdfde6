//! Who was told of calls, and by what.

use super::unknown;
use crate::api::andon::Outcome;
use crate::domain::andon::Channel;
use crate::domain::ids::{CallId, PersonId};
use crate::domain::time::TsMs;
use crate::server::db::{Db, Tx, reading, writing};

/// What became of it, as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub enum State {
    /// It stands on their screens.
    Shown = 1,
    /// It is on its way.
    Waiting = 2,
    /// It was handed over.
    Sent = 3,
    /// It could not be delivered, or there is nobody.
    Failed = 4,
    /// It is held back for a summary.
    Held = 5,
    /// It was part of a summary.
    Merged = 6,
}

impl State {
    const ALL: [Self; 6] = [
        Self::Shown,
        Self::Waiting,
        Self::Sent,
        Self::Failed,
        Self::Held,
        Self::Merged,
    ];

    /// What people are told of it.
    #[must_use]
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Shown => Outcome::Shown,
            Self::Waiting => Outcome::Waiting,
            Self::Sent => Outcome::Sent,
            Self::Failed => Outcome::Failed,
            Self::Held | Self::Merged => Outcome::Merged,
        }
    }
}

/// Somebody who is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTold<'a> {
    /// Of which call.
    pub call: CallId,
    /// By a step of which plan.
    pub plan: i64,
    /// By which step.
    pub step: i64,
    /// Its level.
    pub level: u8,
    /// Who; `None`: a role or duty that nobody has, or a receiver.
    pub person: Option<PersonId>,
    /// Who, in words.
    pub who: &'a str,
    /// By what.
    pub channel: Channel,
    /// When.
    pub at: TsMs,
    /// The message on its way.
    pub delivery: Option<i64>,
    /// Until when it is held back.
    pub held: Option<TsMs>,
    /// What became of it.
    pub state: State,
}

/// Somebody who was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The row's number.
    pub id: i64,
    /// Of which call.
    pub call: CallId,
    /// By a step of which plan.
    pub plan: i64,
    /// By which step.
    pub step: i64,
    /// Its level.
    pub level: u8,
    /// Who; `None`: a role or duty that nobody has, or a receiver.
    pub person: Option<PersonId>,
    /// Who, in words.
    pub who: String,
    /// By what.
    pub channel: Channel,
    /// When.
    pub at: TsMs,
    /// The message on its way.
    pub delivery: Option<i64>,
    /// Until when it was held back.
    pub held: Option<TsMs>,
    /// What became of it.
    pub state: State,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    call_id: i64,
    plan: i64,
    step: i64,
    level: i64,
    person_id: Option<i64>,
    who: String,
    channel: i64,
    at_ms: i64,
    delivery_id: Option<i64>,
    held_ms: Option<i64>,
    state: i64,
}

fn read(rows: Vec<Row>) -> sqlx::Result<Vec<Told>> {
    let one = |row: Row| {
        let state = State::ALL.into_iter().find(|s| *s as i64 == row.state);
        Ok(Told {
            id: row.id,
            call: CallId(row.call_id),
            plan: row.plan,
            step: row.step,
            level: u8::try_from(row.level).map_err(|_| unknown("level", row.level))?,
            person: row.person_id.map(PersonId),
            who: row.who,
            channel: Channel::from_code(row.channel)
                .ok_or_else(|| unknown("channel", row.channel))?,
            at: TsMs(row.at_ms),
            delivery: row.delivery_id,
            held: row.held_ms.map(TsMs),
            state: state.ok_or_else(|| unknown("state", row.state))?,
        })
    };
    rows.into_iter().map(one).collect()
}

macro_rules! select_told {
    ($rest:literal) => {
        concat!(
            "SELECT t.id, t.call_id, t.plan, t.step, t.level, t.person_id, t.who, t.channel, t.at_ms, t.delivery_id,
                t.held_ms, t.state
            FROM andon_told t ",
            $rest
        )
    };
}

/// Adds somebody who is told; of one step nobody is told twice by the same channel.
///
/// # Errors
/// The engine's.
pub async fn add(tx: &mut Tx, new: &NewTold<'_>) -> sqlx::Result<()> {
    const SQL: &str = "INSERT INTO andon_told (call_id, plan, step, level, person_id, who, channel, at_ms, delivery_id, held_ms,
            state)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(new.call.0)
        .bind(new.plan)
        .bind(new.step)
        .bind(i64::from(new.level))
        .bind(new.person.map(|p| p.0))
        .bind(new.who)
        .bind(new.channel.code())
        .bind(new.at.0)
        .bind(new.delivery)
        .bind(new.held.map(|t| t.0))
        .bind(new.state as i64)
        .execute(conn)
        .await
        .map(drop))
}

/// Everybody who was told of these calls, the first first.
///
/// # Errors
/// The engine's, or a stored value that is not known.
pub async fn of_calls_in(tx: &mut Tx, calls: &[CallId]) -> sqlx::Result<Vec<Told>> {
    const SQLITE: &str =
        select_told!("WHERE t.call_id IN (SELECT value FROM json_each($1)) ORDER BY t.id");
    const POSTGRES: &str = select_told!("WHERE t.call_id = ANY($1) ORDER BY t.id");
    let rows: sqlx::Result<Vec<Row>> = of_calls!(tx, calls, SQLITE, POSTGRES);
    read(rows?)
}

/// When a person was told by anything but the screen after `since`: of each step once, and of each summary.
///
/// # Errors
/// The engine's.
pub async fn times_of_in(tx: &mut Tx, person: PersonId, since: TsMs) -> sqlx::Result<Vec<TsMs>> {
    const SQL: &str = "SELECT at_ms FROM (
            SELECT DISTINCT call_id, plan, step, at_ms FROM andon_told
            WHERE person_id = $1 AND channel <> 1 AND held_ms IS NULL AND state <> 4 AND at_ms > $2
        ) single
        UNION ALL
        SELECT held_ms FROM (
            SELECT DISTINCT held_ms FROM andon_told WHERE person_id = $1 AND state = 6 AND held_ms > $2
        ) summary";
    let times: Vec<i64> = writing!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(person.0)
            .bind(since.0)
            .fetch_all(conn)
            .await?
    });
    Ok(times.into_iter().map(TsMs).collect())
}

/// Until when a person's summary is held back, if one is.
///
/// # Errors
/// The engine's.
pub async fn summary_of_in(tx: &mut Tx, person: PersonId) -> sqlx::Result<Option<TsMs>> {
    const SQL: &str = "SELECT MIN(held_ms) FROM andon_told WHERE person_id = $1 AND state = 5";
    let held: Option<i64> = writing!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(person.0)
            .fetch_one(conn)
            .await?
    });
    Ok(held.map(TsMs))
}

/// People whose summaries are due by `now`.
///
/// # Errors
/// The engine's.
pub async fn summaries_due(db: &Db, now: TsMs) -> sqlx::Result<Vec<PersonId>> {
    const SQL: &str = "SELECT DISTINCT person_id FROM andon_told
        WHERE state = 5 AND person_id IS NOT NULL AND held_ms <= $1 ORDER BY person_id";
    let people: Vec<i64> = reading!(db, |pool| sqlx::query_scalar(SQL)
        .bind(now.0)
        .fetch_all(pool)
        .await?);
    Ok(people.into_iter().map(PersonId).collect())
}

/// What is held back for a person.
///
/// # Errors
/// The engine's, or a stored value that is not known.
pub async fn held_in(tx: &mut Tx, person: PersonId) -> sqlx::Result<Vec<Told>> {
    let rows = writing!(tx, |conn| {
        sqlx::query_as(select_told!(
            "WHERE t.person_id = $1 AND t.state = 5 ORDER BY t.id"
        ))
        .bind(person.0)
        .fetch_all(conn)
        .await?
    });
    read(rows)
}

/// Everything that is held back for a person over a channel is now part of a summary: of this message, or of none because
/// nothing was left to tell.
///
/// # Errors
/// The engine's.
pub async fn merge(
    tx: &mut Tx,
    person: PersonId,
    channel: Channel,
    delivery: Option<i64>,
) -> sqlx::Result<()> {
    const SQL: &str = "UPDATE andon_told SET state = 6, delivery_id = $3 WHERE person_id = $1 AND channel = $2 AND state = 5";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(person.0)
        .bind(channel.code())
        .bind(delivery)
        .execute(conn)
        .await
        .map(drop))
}
