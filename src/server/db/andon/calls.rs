//! The calls themselves.

use super::unknown;
use crate::domain::andon::{Call, CallKind, Cause, Ladder, Priority, Spot, Stamp, Status, Waiting};
use crate::domain::ids::{CallId, DeviceId, LineId, MachineId, PersonId};
use crate::domain::time::{DurMs, Span, TsMs};
use crate::server::db::{Db, Tx, reading, writing};

/// A call with everything that is kept of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCall {
    /// Its number; not looked at when it is added.
    pub id: CallId,
    /// Counts all changes of all calls; given when it is written.
    pub version: i64,
    /// Where.
    pub spot: Spot,
    /// The call with its stamps.
    pub call: Call,
    /// What whoever called said.
    pub text: String,
    /// What whoever resolved it, cancelled it or gave it back said last.
    pub note: String,
    /// How often somebody called for the same while it was open.
    pub raises: i64,
    /// The start of the stop that it is about.
    pub stop: Option<TsMs>,
    /// When the machine ran again since the round began.
    pub restarted: Option<TsMs>,
    /// How far up it went.
    pub level: u8,
    /// A level above 0 was called.
    pub escalated: bool,
    /// Who raised it, if it was a person.
    pub raised_person: Option<PersonId>,
    /// The shared tablet that raised it, if nobody was signed on there.
    pub raised_device: Option<DeviceId>,
    /// Who took it, if it was a person.
    pub acknowledged_person: Option<PersonId>,
    /// The shift in which it was raised.
    pub shift: Option<String>,
    /// The hour of the site's clock at which it was raised.
    pub hour: u8,
    /// The rule that gave it its ladder; `None`: the default of its priority.
    pub rule: Option<i64>,
    /// Its ladder, as it was when the plan began.
    pub ladder: Ladder,
    /// Which plan: another one each time that it is reopened, is given back, or gets another ladder.
    pub plan: i64,
    /// When the plan began.
    pub plan_since: TsMs,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    version: i64,
    line_id: i64,
    machine_id: Option<i64>,
    kind: i64,
    priority: i64,
    line_stopped: i64,
    text: String,
    note: String,
    raises: i64,
    stop_ms: Option<i64>,
    restarted_ms: Option<i64>,
    level: i64,
    escalated: i64,
    reopened: i64,
    raised_ms: i64,
    raised_by: String,
    raised_person: Option<i64>,
    reopened_ms: Option<i64>,
    reopened_by: Option<String>,
    acknowledged_ms: Option<i64>,
    acknowledged_by: Option<String>,
    acknowledged_person: Option<i64>,
    first_acknowledged_ms: Option<i64>,
    eta_ms: Option<i64>,
    arrived_ms: Option<i64>,
    arrived_by: Option<String>,
    first_arrived_ms: Option<i64>,
    resolved_ms: Option<i64>,
    resolved_by: Option<String>,
    cause: Option<i64>,
    closed_ms: Option<i64>,
    closed_by: Option<String>,
    cancelled_ms: Option<i64>,
    cancelled_by: Option<String>,
    before_acknowledge_ms: i64,
    before_travel_ms: i64,
    before_repair_ms: i64,
    before_restart_ms: i64,
    shift: Option<String>,
    hour: i64,
    rule_id: Option<i64>,
    ladder: String,
    plan: i64,
    plan_ms: i64,
    handed_back_ms: Option<i64>,
    handed_back_by: Option<String>,
    raised_device: Option<i64>,
}

fn stamp(at: Option<i64>, by: Option<String>) -> Option<Stamp> {
    Some(Stamp {
        at: TsMs(at?),
        by: by?,
    })
}

impl Row {
    fn read(self) -> sqlx::Result<StoredCall> {
        let cause = |code| Cause::from_code(code).ok_or_else(|| unknown("cause", code));
        let call = Call {
            kind: CallKind::from_code(self.kind).ok_or_else(|| unknown("kind", self.kind))?,
            priority: Priority::from_code(self.priority)
                .ok_or_else(|| unknown("priority", self.priority))?,
            line_stopped: self.line_stopped != 0,
            raised: Stamp {
                at: TsMs(self.raised_ms),
                by: self.raised_by,
            },
            reopened: self.reopened,
            reopened_last: stamp(self.reopened_ms, self.reopened_by),
            handed_back: stamp(self.handed_back_ms, self.handed_back_by),
            acknowledged: stamp(self.acknowledged_ms, self.acknowledged_by),
            first_acknowledged: self.first_acknowledged_ms.map(TsMs),
            eta: self.eta_ms.map(TsMs),
            arrived: stamp(self.arrived_ms, self.arrived_by),
            first_arrived: self.first_arrived_ms.map(TsMs),
            resolved: stamp(self.resolved_ms, self.resolved_by),
            cause: self.cause.map(cause).transpose()?,
            closed: stamp(self.closed_ms, self.closed_by),
            cancelled: stamp(self.cancelled_ms, self.cancelled_by),
            before: Waiting {
                acknowledge: DurMs(self.before_acknowledge_ms),
                travel: DurMs(self.before_travel_ms),
                repair: DurMs(self.before_repair_ms),
                restart: DurMs(self.before_restart_ms),
            },
        };
        Ok(StoredCall {
            id: CallId(self.id),
            version: self.version,
            spot: Spot {
                line: LineId(self.line_id),
                machine: self.machine_id.map(MachineId),
            },
            call,
            text: self.text,
            note: self.note,
            raises: self.raises,
            stop: self.stop_ms.map(TsMs),
            restarted: self.restarted_ms.map(TsMs),
            level: u8::try_from(self.level).map_err(|_| unknown("level", self.level))?,
            escalated: self.escalated != 0,
            raised_person: self.raised_person.map(PersonId),
            raised_device: self.raised_device.map(DeviceId),
            acknowledged_person: self.acknowledged_person.map(PersonId),
            shift: self.shift,
            hour: u8::try_from(self.hour).map_err(|_| unknown("hour", self.hour))?,
            rule: self.rule_id,
            ladder: serde_json::from_str(&self.ladder)
                .map_err(|e| sqlx::Error::Decode(Box::new(e)))?,
            plan: self.plan,
            plan_since: TsMs(self.plan_ms),
        })
    }
}

fn read(rows: Vec<Row>) -> sqlx::Result<Vec<StoredCall>> {
    rows.into_iter().map(Row::read).collect()
}

/// The key of a place: of one kind and place one call is open at a time.
fn spot_key(spot: Spot) -> String {
    match spot.machine {
        Some(machine) => format!("m{}", machine.0),
        None => format!("l{}", spot.line.0),
    }
}

macro_rules! select_call {
    ($rest:literal) => {
        concat!(
            "SELECT id, version, line_id, machine_id, kind, priority, line_stopped, text, note, raises, stop_ms,
                restarted_ms, level, escalated, reopened, raised_ms, raised_by, raised_person, reopened_ms, reopened_by,
                acknowledged_ms, acknowledged_by, acknowledged_person, eta_ms, arrived_ms, arrived_by, resolved_ms,
                resolved_by, cause, closed_ms, closed_by, cancelled_ms, cancelled_by, before_acknowledge_ms,
                before_travel_ms, before_repair_ms, before_restart_ms, shift, hour, rule_id, ladder, plan, plan_ms,
                handed_back_ms, handed_back_by, raised_device, first_acknowledged_ms, first_arrived_ms
            FROM andon_call ",
            $rest
        )
    };
}

/// Adds a call, and gives it its number and version.
///
/// # Errors
/// The engine's; also when one of its kind and place is open.
pub async fn add(tx: &mut Tx, call: &mut StoredCall) -> sqlx::Result<()> {
    const SQL: &str = "INSERT INTO andon_call (version, line_id, machine_id, spot, kind, priority, line_stopped, text, note,
            raises, stop_ms, restarted_ms, level, escalated, reopened, raised_ms, raised_by, raised_person, reopened_ms,
            reopened_by, acknowledged_ms, acknowledged_by, acknowledged_person, eta_ms, arrived_ms, arrived_by, resolved_ms,
            resolved_by, cause, closed_ms, closed_by, cancelled_ms, cancelled_by, before_acknowledge_ms, before_travel_ms,
            before_repair_ms, before_restart_ms, shift, hour, rule_id, ladder, plan, plan_ms, handed_back_ms, handed_back_by,
            raised_device, first_acknowledged_ms, first_arrived_ms)
        VALUES ((SELECT COALESCE(MAX(version), 0) + 1 FROM andon_call), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
            $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34,
            $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47)
        RETURNING id, version";
    write(tx, SQL, call, false).await
}

/// Writes a call as it is now, under a new version.
///
/// # Errors
/// The engine's; also when it is open again and another one of its kind and place is, too.
pub async fn put(tx: &mut Tx, call: &mut StoredCall) -> sqlx::Result<()> {
    const SQL: &str = "UPDATE andon_call SET version = (SELECT MAX(version) + 1 FROM andon_call), line_id = $1, machine_id = $2,
            spot = $3, kind = $4, priority = $5, line_stopped = $6, text = $7, note = $8, raises = $9, stop_ms = $10,
            restarted_ms = $11, level = $12, escalated = $13, reopened = $14, raised_ms = $15, raised_by = $16,
            raised_person = $17, reopened_ms = $18, reopened_by = $19, acknowledged_ms = $20, acknowledged_by = $21,
            acknowledged_person = $22, eta_ms = $23, arrived_ms = $24, arrived_by = $25, resolved_ms = $26,
            resolved_by = $27, cause = $28, closed_ms = $29, closed_by = $30, cancelled_ms = $31, cancelled_by = $32,
            before_acknowledge_ms = $33, before_travel_ms = $34, before_repair_ms = $35, before_restart_ms = $36,
            shift = $37, hour = $38, rule_id = $39, ladder = $40, plan = $41, plan_ms = $42, handed_back_ms = $43,
            handed_back_by = $44, raised_device = $45, first_acknowledged_ms = $46, first_arrived_ms = $47
        WHERE id = $48 RETURNING id, version";
    write(tx, SQL, call, true).await
}

async fn write(
    tx: &mut Tx,
    sql: &'static str,
    stored: &mut StoredCall,
    known: bool,
) -> sqlx::Result<()> {
    let ladder =
        serde_json::to_string(&stored.ladder).map_err(|e| sqlx::Error::Encode(Box::new(e)))?;
    let s = &*stored;
    let c = &s.call;
    let at = |stamp: &Option<Stamp>| stamp.as_ref().map(|s| s.at.0);
    fn by(stamp: &Option<Stamp>) -> Option<&str> {
        stamp.as_ref().map(|s| s.by.as_str())
    }
    let (id, version): (i64, i64) = writing!(tx, |conn| {
        let query = sqlx::query_as(sql)
            .bind(s.spot.line.0)
            .bind(s.spot.machine.map(|m| m.0))
            .bind(spot_key(s.spot))
            .bind(c.kind.code())
            .bind(c.priority.code())
            .bind(i64::from(c.line_stopped))
            .bind(&s.text)
            .bind(&s.note)
            .bind(s.raises)
            .bind(s.stop.map(|t| t.0))
            .bind(s.restarted.map(|t| t.0))
            .bind(i64::from(s.level))
            .bind(i64::from(s.escalated))
            .bind(c.reopened)
            .bind(c.raised.at.0)
            .bind(&c.raised.by)
            .bind(s.raised_person.map(|p| p.0))
            .bind(at(&c.reopened_last))
            .bind(by(&c.reopened_last))
            .bind(at(&c.acknowledged))
            .bind(by(&c.acknowledged))
            .bind(s.acknowledged_person.map(|p| p.0))
            .bind(c.eta.map(|t| t.0))
            .bind(at(&c.arrived))
            .bind(by(&c.arrived))
            .bind(at(&c.resolved))
            .bind(by(&c.resolved))
            .bind(c.cause.map(Cause::code))
            .bind(at(&c.closed))
            .bind(by(&c.closed))
            .bind(at(&c.cancelled))
            .bind(by(&c.cancelled))
            .bind(c.before.acknowledge.0)
            .bind(c.before.travel.0)
            .bind(c.before.repair.0)
            .bind(c.before.restart.0)
            .bind(&s.shift)
            .bind(i64::from(s.hour))
            .bind(s.rule)
            .bind(&ladder)
            .bind(s.plan)
            .bind(s.plan_since.0)
            .bind(at(&c.handed_back))
            .bind(by(&c.handed_back))
            .bind(s.raised_device.map(|d| d.0))
            .bind(c.first_acknowledged.map(|t| t.0))
            .bind(c.first_arrived.map(|t| t.0));
        let query = if known { query.bind(s.id.0) } else { query };
        query.fetch_one(conn).await?
    });
    (stored.id, stored.version) = (CallId(id), version);
    Ok(())
}

/// The call of this number.
///
/// # Errors
/// The engine's, or a stored value that is not known.
pub async fn by_id_in(tx: &mut Tx, id: CallId) -> sqlx::Result<Option<StoredCall>> {
    let row: Option<Row> = writing!(tx, |conn| {
        sqlx::query_as(select_call!("WHERE id = $1"))
            .bind(id.0)
            .fetch_optional(conn)
            .await?
    });
    row.map(Row::read).transpose()
}

/// The call of a kind that is open at a place.
///
/// # Errors
/// The engine's, or a stored value that is not known.
pub async fn open_in(tx: &mut Tx, spot: Spot, kind: CallKind) -> sqlx::Result<Option<StoredCall>> {
    let row: Option<Row> = writing!(tx, |conn| {
        sqlx::query_as(select_call!(
            "WHERE spot = $1 AND kind = $2 AND resolved_ms IS NULL AND cancelled_ms IS NULL"
        ))
        .bind(spot_key(spot))
        .bind(kind.code())
        .fetch_optional(conn)
        .await?
    });
    row.map(Row::read).transpose()
}

/// The newest call of a kind at a place that was raised at or after a moment; only of those that somebody of these two names
/// raised or joined, if they are given.
///
/// # Errors
/// The engine's, or a stored value that is not known.
pub async fn newest_since_in(
    tx: &mut Tx,
    spot: Spot,
    kind: CallKind,
    since: TsMs,
    by: Option<[&str; 2]>,
) -> sqlx::Result<Option<StoredCall>> {
    let (by, or_by) = by.map_or((None, None), |[by, or_by]| (Some(by), Some(or_by)));
    let row: Option<Row> = writing!(tx, |conn| {
        sqlx::query_as(select_call!(
            "WHERE spot = $1 AND kind = $2 AND raised_ms >= $3
                AND (CAST($4 AS TEXT) IS NULL OR raised_by IN ($4, $5) OR EXISTS (
                    SELECT 1 FROM andon_event e
                    WHERE e.call_id = andon_call.id AND e.what = 'join' AND e.who IN ($4, $5)))
            ORDER BY raised_ms DESC, id DESC LIMIT 1"
        ))
        .bind(spot_key(spot))
        .bind(kind.code())
        .bind(since.0)
        .bind(by)
        .bind(or_by)
        .fetch_optional(conn)
        .await?
    });
    row.map(Row::read).transpose()
}

/// Calls that are open, or resolved and not closed.
///
/// # Errors
/// The engine's, or a stored value that is not known.
pub async fn going_on_in(tx: &mut Tx) -> sqlx::Result<Vec<StoredCall>> {
    let rows: Vec<Row> = writing!(tx, |conn| {
        sqlx::query_as(select_call!(
            "WHERE closed_ms IS NULL AND cancelled_ms IS NULL ORDER BY id"
        ))
        .fetch_all(conn)
        .await?
    });
    read(rows)
}

/// Calls raised before `$1` and closed or cancelled after `$2`, of the line `$3` or of all.
pub const OVER_SINCE: &str = select_call!(
    "WHERE id IN (
        SELECT id FROM andon_call WHERE closed_ms > $2 AND raised_ms < $1
        UNION ALL SELECT id FROM andon_call WHERE cancelled_ms > $2 AND raised_ms < $1)
    AND (CAST($3 AS BIGINT) IS NULL OR line_id = $3)"
);

/// Calls that were raised before a moment and were over, closed or cancelled, only after another; of one line or of all.
/// Those that go on are left out: [`going_on_in`] has them.
///
/// # Errors
/// The engine's, or a stored value that is not known.
pub async fn over_since_in(
    tx: &mut Tx,
    raised_before: TsMs,
    since: TsMs,
    line: Option<LineId>,
) -> sqlx::Result<Vec<StoredCall>> {
    let rows: Vec<Row> = writing!(tx, |conn| {
        sqlx::query_as(OVER_SINCE)
            .bind(raised_before.0)
            .bind(since.0)
            .bind(line.map(|line| line.0))
            .fetch_all(conn)
            .await?
    });
    read(rows)
}

/// Calls that changed after `version`, in the order of their last change, at most `limit`.
///
/// # Errors
/// The engine's, or a stored value that is not known.
pub async fn changed_in(tx: &mut Tx, version: i64, limit: i64) -> sqlx::Result<Vec<StoredCall>> {
    let rows: Vec<Row> = writing!(tx, |conn| {
        sqlx::query_as(select_call!("WHERE version > $1 ORDER BY version LIMIT $2"))
            .bind(version)
            .bind(limit)
            .fetch_all(conn)
            .await?
    });
    read(rows)
}

/// The calls of these numbers, in no order; numbers that no call has are left out.
///
/// # Errors
/// The engine's, or a stored value that is not known.
pub async fn of_ids_in(tx: &mut Tx, ids: &[CallId]) -> sqlx::Result<Vec<StoredCall>> {
    const SQLITE: &str = select_call!("WHERE id IN (SELECT value FROM json_each($1))");
    const POSTGRES: &str = select_call!("WHERE id = ANY($1)");
    if ids.is_empty() {
        return Ok(vec![]);
    }
    read(of_calls!(tx, ids, SQLITE, POSTGRES)?)
}

/// The last change of any call; 0: there never was a call.
///
/// # Errors
/// The engine's.
pub async fn last_version(db: &Db) -> sqlx::Result<i64> {
    const SQL: &str = "SELECT COALESCE(MAX(version), 0) FROM andon_call";
    reading!(db, |pool| sqlx::query_scalar(SQL).fetch_one(pool).await)
}

/// The same, as a transaction sees it.
///
/// # Errors
/// The engine's.
pub async fn last_version_in(tx: &mut Tx) -> sqlx::Result<i64> {
    const SQL: &str = "SELECT COALESCE(MAX(version), 0) FROM andon_call";
    writing!(tx, |conn| sqlx::query_scalar(SQL).fetch_one(conn).await)
}

/// When a call was last resolved or cancelled at each line.
///
/// # Errors
/// The engine's.
pub async fn last_over_in(tx: &mut Tx) -> sqlx::Result<Vec<(LineId, Option<TsMs>)>> {
    const SQL: &str =
        "SELECT l.id, (SELECT MAX(c.resolved_ms) FROM andon_call c WHERE c.line_id = l.id),
            (SELECT MAX(c.cancelled_ms) FROM andon_call c WHERE c.line_id = l.id)
        FROM line l";
    let rows: Vec<(i64, Option<i64>, Option<i64>)> =
        writing!(tx, |conn| sqlx::query_as(SQL).fetch_all(conn).await?);
    let last = |(line, resolved, cancelled): (i64, Option<i64>, Option<i64>)| {
        (LineId(line), resolved.max(cancelled).map(TsMs))
    };
    Ok(rows.into_iter().map(last).collect())
}

/// How often somebody called at each line in a stretch of time; lines without calls are left out.
///
/// # Errors
/// The engine's.
pub async fn raises_in(tx: &mut Tx, window: Span) -> sqlx::Result<Vec<(LineId, i64)>> {
    const SQL: &str =
        "SELECT c.line_id, COUNT(*) FROM andon_event e JOIN andon_call c ON c.id = e.call_id
        WHERE e.what IN ('raise', 'join') AND e.at_ms >= $1 AND e.at_ms < $2 GROUP BY c.line_id";
    let rows: Vec<(i64, i64)> = writing!(tx, |conn| {
        sqlx::query_as(SQL)
            .bind(window.from().0)
            .bind(window.to().0)
            .fetch_all(conn)
            .await?
    });
    let of_line = |(line, raises)| (LineId(line), raises);
    Ok(rows.into_iter().map(of_line).collect())
}

/// Which calls of the past are asked for. What is `None` is not looked at.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Raised in this time.
    pub raised: Span,
    /// At one of these lines.
    pub lines: Option<&'a [LineId]>,
    /// At this machine.
    pub machine: Option<MachineId>,
    /// For this.
    pub kind: Option<CallKind>,
    /// Of this priority.
    pub priority: Option<Priority>,
    /// In this status.
    pub status: Option<Status>,
    /// Whether they went up a level.
    pub escalated: Option<bool>,
    /// Only those behind this one, in the order newest first.
    pub after: Option<(TsMs, CallId)>,
}

macro_rules! find_call {
    ($of_lines:literal) => {
        concat!(
            select_call!(
                "WHERE raised_ms >= $1 AND raised_ms < $2
                AND (CAST($3 AS BIGINT) IS NULL OR machine_id = $3)
                AND (CAST($4 AS BIGINT) IS NULL OR kind = $4)
                AND (CAST($5 AS BIGINT) IS NULL OR priority = $5)
                AND (CAST($6 AS BIGINT) IS NULL OR escalated = $6)
                AND (CAST($7 AS BIGINT) IS NULL OR $7 = CASE
                    WHEN cancelled_ms IS NOT NULL THEN 6
                    WHEN closed_ms IS NOT NULL THEN 5
                    WHEN resolved_ms IS NOT NULL THEN 4
                    WHEN arrived_ms IS NOT NULL THEN 3
                    WHEN acknowledged_ms IS NOT NULL THEN 2
                    ELSE 1 END)
                AND (CAST($8 AS BIGINT) IS NULL OR raised_ms < $8 OR (raised_ms = $8 AND id < $9)) "
            ),
            $of_lines,
            " ORDER BY raised_ms DESC, id DESC LIMIT $10"
        )
    };
}

/// Of all lines: by when they were raised.
const FIND: &str = find_call!("");
/// Of some lines, by line and by when they were raised. Their numbers are bound to `$11`.
pub const FIND_SQLITE: &str = find_call!("AND line_id IN (SELECT value FROM json_each($11))");
const FIND_POSTGRES: &str = find_call!("AND line_id = ANY($11)");

/// The newest calls that are asked for, at most `limit`.
///
/// # Errors
/// The engine's, or a stored value that is not known.
pub async fn find_in(
    tx: &mut Tx,
    wanted: &Wanted<'_>,
    limit: i64,
) -> sqlx::Result<Vec<StoredCall>> {
    let (after_ms, after_id) = wanted
        .after
        .map_or((None, None), |(at, id)| (Some(at.0), Some(id.0)));
    macro_rules! asked {
        ($sql:expr) => {
            sqlx::query_as($sql)
                .bind(wanted.raised.from().0)
                .bind(wanted.raised.to().0)
                .bind(wanted.machine.map(|m| m.0))
                .bind(wanted.kind.map(CallKind::code))
                .bind(wanted.priority.map(Priority::code))
                .bind(wanted.escalated.map(i64::from))
                .bind(wanted.status.map(Status::code))
                .bind(after_ms)
                .bind(after_id)
                .bind(limit)
        };
    }
    let Some(lines) = wanted.lines else {
        let rows = writing!(tx, |conn| asked!(FIND).fetch_all(conn).await?);
        return read(rows);
    };
    let ids: Vec<i64> = lines.iter().map(|line| line.0).collect();
    let rows = match tx {
        Tx::Sqlite(tx) => {
            let ids = serde_json::to_string(&ids).map_err(|e| sqlx::Error::Encode(Box::new(e)))?;
            asked!(FIND_SQLITE).bind(ids).fetch_all(&mut **tx).await?
        }
        Tx::Postgres(tx) => asked!(FIND_POSTGRES).bind(ids).fetch_all(&mut **tx).await?,
    };
    read(rows)
}
