//! Who was told of calls, and by what.

use super::unknown;
use crate::api::andon::Outcome;
use crate::domain::andon::Channel;
use crate::domain::ids::{CallId, PersonId};
use crate::domain::time::TsMs;
use crate::server::db::{Db, Tx, forget, reading, writing};

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
    /// The call was over before it went out.
    Void = 7,
}

impl State {
    const ALL: [Self; 7] = [
        Self::Shown,
        Self::Waiting,
        Self::Sent,
        Self::Failed,
        Self::Held,
        Self::Merged,
        Self::Void,
    ];

    fn from_code(code: i64) -> sqlx::Result<Self> {
        let found = Self::ALL.into_iter().find(|s| *s as i64 == code);
        found.ok_or_else(|| unknown("state", code))
    }

    /// What people are told of it; `None`: nobody was told.
    #[must_use]
    pub const fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Shown => Some(Outcome::Shown),
            Self::Waiting => Some(Outcome::Waiting),
            Self::Sent => Some(Outcome::Sent),
            Self::Failed => Some(Outcome::Failed),
            Self::Held | Self::Merged => Some(Outcome::Merged),
            Self::Void => None,
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
    /// Why they could not be told, in words; empty: they were, or it stands elsewhere.
    pub why: &'a str,
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
    /// Why they could not be told, in words; empty: they were, or it stands elsewhere.
    pub why: String,
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
    why: String,
}

fn read(rows: Vec<Row>) -> sqlx::Result<Vec<Told>> {
    let one = |row: Row| {
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
            state: State::from_code(row.state)?,
            why: row.why,
        })
    };
    rows.into_iter().map(one).collect()
}

macro_rules! select_told {
    ($rest:literal) => {
        concat!(
            "SELECT t.id, t.call_id, t.plan, t.step, t.level, t.person_id, t.who, t.channel, t.at_ms, t.delivery_id,
                t.held_ms, t.state, t.why
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
            state, why)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING";
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
        .bind(new.why)
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

/// People whose messages are no longer on their way: the row, its call, and what became of it. To somebody with several
/// browsers one that took it is enough.
///
/// # Errors
/// The engine's, or a stored value that is not known.
pub async fn settled(db: &Db) -> sqlx::Result<Vec<(i64, CallId, State)>> {
    const SQL: &str = "SELECT id, call_id, CAST(CASE WHEN sent > 0 THEN 3 WHEN failed > 0 THEN 4 ELSE 7 END AS BIGINT) FROM (
            SELECT t.id, t.call_id,
                COUNT(CASE WHEN d.state = 'sent' THEN 1 END) AS sent,
                COUNT(CASE WHEN d.state = 'waiting' THEN 1 END) AS waiting,
                COUNT(CASE WHEN d.state = 'failed' THEN 1 END) AS failed
            FROM andon_told t JOIN delivery d ON d.call_id = t.call_id AND (d.id = t.delivery_id OR
                (t.channel = 3 AND d.channel = 'push' AND d.person_id = t.person_id AND d.step = t.plan * 100 + t.step))
            WHERE t.state = 2
            GROUP BY t.id, t.call_id
        ) message WHERE sent > 0 OR waiting = 0 ORDER BY id LIMIT 500";
    let rows: Vec<(i64, i64, i64)> =
        reading!(db, |pool| sqlx::query_as(SQL).fetch_all(pool).await?);
    let one = |(id, call, code): (i64, i64, i64)| Ok((id, CallId(call), State::from_code(code)?));
    rows.into_iter().map(one).collect()
}

/// Writes down what became of telling somebody.
///
/// # Errors
/// The engine's.
pub async fn settle(tx: &mut Tx, id: i64, state: State) -> sqlx::Result<()> {
    const SQL: &str = "UPDATE andon_told SET state = $2 WHERE id = $1 AND state = 2";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(id)
        .bind(state as i64)
        .execute(conn)
        .await
        .map(drop))
}

/// When a person was told by anything but the screen after `since`: of each step once, and of each summary.
///
/// # Errors
/// The engine's.
pub async fn times_of_in(tx: &mut Tx, person: PersonId, since: TsMs) -> sqlx::Result<Vec<TsMs>> {
    const SQL: &str = "SELECT at_ms FROM (
            SELECT DISTINCT call_id, plan, step, at_ms FROM andon_told
            WHERE person_id = $1 AND channel <> 1 AND held_ms IS NULL AND state NOT IN (4, 7) AND at_ms > $2
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

/// People for whom something is held back for a summary, and until when; somebody may be there several times.
///
/// # Errors
/// The engine's.
pub async fn summaries(db: &Db) -> sqlx::Result<Vec<(PersonId, TsMs)>> {
    const SQL: &str = "SELECT DISTINCT person_id, held_ms FROM andon_told
        WHERE state = 5 AND person_id IS NOT NULL AND held_ms IS NOT NULL ORDER BY person_id, held_ms";
    let held: Vec<(i64, i64)> = reading!(db, |pool| sqlx::query_as(SQL).fetch_all(pool).await?);
    let one = |(person, held)| (PersonId(person), TsMs(held));
    Ok(held.into_iter().map(one).collect())
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
/// nothing was left to tell. It went out at `now`: what a clock that was set back left until later waits no more.
///
/// # Errors
/// The engine's.
pub async fn merge(
    tx: &mut Tx,
    person: PersonId,
    channel: Channel,
    delivery: Option<i64>,
    now: TsMs,
) -> sqlx::Result<()> {
    const SQL: &str = "UPDATE andon_told SET state = 6, delivery_id = $3,
            held_ms = CASE WHEN held_ms > $4 THEN $4 ELSE held_ms END
        WHERE person_id = $1 AND channel = $2 AND state = 5";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(person.0)
        .bind(channel.code())
        .bind(delivery)
        .bind(now.0)
        .execute(conn)
        .await
        .map(drop))
}

/// By which summaries people heard of a call, or will: who, and over which channel; only of those that were written at or after
/// `since`. One that never went out because nobody is there to take it tells nobody.
///
/// # Errors
/// The engine's, or a stored value that is not known.
pub async fn by_summary_in(
    tx: &mut Tx,
    call: CallId,
    since: TsMs,
) -> sqlx::Result<Vec<(PersonId, Channel)>> {
    // A summary to somebody with several browsers is several messages, of which the row names the first.
    const SQL: &str = "SELECT DISTINCT t.person_id, t.channel
        FROM andon_told t JOIN delivery f ON f.id = t.delivery_id
            JOIN delivery d ON d.person_id = f.person_id AND d.due_ms = f.due_ms AND d.channel = f.channel
                AND d.queued_ms = f.queued_ms AND d.call_id IS NULL
        WHERE t.call_id = $1 AND t.state = 6 AND t.person_id IS NOT NULL AND d.queued_ms >= $2
            AND (d.state IN ('waiting', 'sent') OR d.attempts > 0)
        ORDER BY t.person_id, t.channel";
    let rows: Vec<(i64, i64)> = writing!(tx, |conn| {
        sqlx::query_as(SQL)
            .bind(call.0)
            .bind(since.0)
            .fetch_all(conn)
            .await?
    });
    let one = |(person, code): (i64, i64)| {
        let channel = Channel::from_code(code).ok_or_else(|| unknown("channel", code))?;
        Ok((PersonId(person), channel))
    };
    rows.into_iter().map(one).collect()
}

/// Forgets who was told of calls that were over before then, a thousand at a time. They are found by when they were told, which
/// was before the call was over: what was forgotten once costs nothing the next time, though its call stays.
///
/// # Errors
/// The engine's.
pub async fn forget_old(db: &Db, before: TsMs) -> sqlx::Result<()> {
    forget!(db, FORGET, before)
}

/// Up to a thousand rows of calls that were over before `$1`.
pub const FORGET: &str = "DELETE FROM andon_told WHERE id IN (
        SELECT t.id FROM andon_told t JOIN andon_call c ON c.id = t.call_id
        WHERE t.at_ms < $1 AND (c.resolved_ms < $1 OR c.cancelled_ms < $1)
        ORDER BY t.at_ms, t.id LIMIT 1000
    )";
