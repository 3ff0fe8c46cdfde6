//! Calling for help. Whoever calls for what is called for already joins that call.

use super::view::views_in;
use super::{Doer, written};
use crate::api::andon::{NewCall, Raised};
use crate::domain::andon::{Call, CallFacts, CallKind, Priority, Spot, Stamp};
use crate::domain::ids::CallId;
use crate::domain::time::TsMs;
use crate::server::andon::directory::slot;
use crate::server::andon::stand::{Standing, standing};
use crate::server::andon::steps::{do_due, set_timers};
use crate::server::andon::{Around, Directory};
use crate::server::auth::Ctx;
use crate::server::db::andon::calls::{self, StoredCall};
use crate::server::db::andon::events;
use crate::server::db::{Tx, audit, notify};
use crate::server::live::calls::tell;
use crate::server::plant::{Line, Machine, Plant, Site};
use crate::server::services::error::{ServiceError, invalid, not_found};
use crate::server::services::window::read_stop_in;
use crate::server::state::App;
use jiff::Timestamp;
use serde_json::json;

/// A call that is to be raised, looked at.
#[derive(Clone, Copy, Debug)]
pub struct Raise<'a> {
    /// Where.
    pub line: &'a Line,
    /// The machine that it is about.
    pub machine: Option<&'a Machine>,
    /// What for.
    pub kind: CallKind,
    /// How urgent.
    pub priority: Priority,
    /// The line stands because of it; `None`: as its machines say.
    pub line_stopped: Option<bool>,
    /// More words.
    pub text: &'a str,
    /// Only if nobody called for the same since then: by a machine, for what goes on since then.
    pub unless_since: Option<TsMs>,
    /// Calls of that time that are over count only if this rule raised or joined them, under either of its names; `None`:
    /// whoever did.
    pub unless_by: Option<[&'a str; 2]>,
}

impl Raise<'_> {
    fn spot(&self) -> Spot {
        Spot {
            line: self.line.id,
            machine: self.machine.map(|m| m.id),
        }
    }
}

/// Whether somebody (or the rule of [`Raise::unless_by`]) called since [`Raise::unless_since`] already; never of a call
/// without it. What is called for with less urgency is not called for yet: it is joined, which makes it urgent.
///
/// # Errors
/// The engine's.
pub async fn is_called(tx: &mut Tx, wanted: Raise<'_>) -> sqlx::Result<bool> {
    let Some(since) = wanted.unless_since else {
        return Ok(false);
    };
    let (spot, kind) = (wanted.spot(), wanted.kind);
    if let Some(open) = calls::open_in(tx, spot, kind).await? {
        return Ok(open.call.priority >= wanted.priority);
    }
    let newest = calls::newest_since_in(tx, spot, kind, since, wanted.unless_by).await?;
    Ok(newest.is_some())
}

/// Calls for help. A call of the same kind that is open at the place is joined.
///
/// # Errors
/// No such line or machine; a value that cannot be; the leave does not reach the line; the database's.
pub async fn create_andon_event(ctx: &Ctx, new: &NewCall) -> Result<Raised, ServiceError> {
    let app = ctx.app();
    let plant = app.plant.get();
    let (line, machine) = place(&plant, new)?;
    ctx.reach(line)?;
    let kind = new.kind.ok_or_else(|| invalid("kind", "is missing"))?;
    let usual = if kind == CallKind::Safety {
        Priority::Critical
    } else {
        Priority::Medium
    };
    let wanted = Raise {
        line,
        machine,
        kind,
        priority: new.priority.unwrap_or(usual),
        line_stopped: new.line_stopped,
        text: written("text", &new.text)?,
        unless_since: None,
        unless_by: None,
    };
    let people = Directory::load(&app.db).await?;
    let Some((id, joined)) = raise(app, &plant, &people, wanted, Doer::of(ctx, &people)).await?
    else {
        return Err(not_found("call", ""));
    };
    let mut tx = app.db.snapshot().await?;
    let stored = calls::by_id_in(&mut tx, id).await?;
    let views = views_in(&mut tx, &plant, &people, stored.as_slice()).await?;
    let call = views.into_iter().next();
    let call = call.ok_or_else(|| not_found("call", &id.0.to_string()))?;
    Ok(Raised { call, joined })
}

/// The place that a call names.
fn place<'p>(
    plant: &'p Plant,
    new: &NewCall,
) -> Result<(&'p Line, Option<&'p Machine>), ServiceError> {
    let line = new
        .line
        .as_deref()
        .map(|code| plant.line(code).ok_or_else(|| not_found("line", code)))
        .transpose()?;
    let Some(code) = new.machine.as_deref() else {
        let line = line.ok_or_else(|| invalid("line", "is missing, and so is the machine"))?;
        return Ok((line, None));
    };
    let known = plant.machine_id(code).and_then(|id| plant.machine(id));
    let (own, machine) = known.ok_or_else(|| not_found("machine", code))?;
    if line.is_some_and(|line| line.id != own.id) {
        return Err(invalid("machine", format!("'{code}' is not on this line")));
    }
    Ok((own, Some(machine)))
}

/// Raises a call or joins the one that is open. Returns its number, and whether it was joined; `None`: somebody called for
/// the same since [`Raise::unless_since`], and nothing was changed.
///
/// # Errors
/// The database's.
pub async fn raise(
    app: &App,
    plant: &Plant,
    people: &Directory,
    wanted: Raise<'_>,
    by: Doer,
) -> Result<Option<(CallId, bool)>, ServiceError> {
    let site = plant.site.as_ref().ok_or_else(|| not_found("site", ""))?;
    let mut tx = app.db.begin_append().await?;
    let around = Around {
        app,
        site,
        line: wanted.line,
        people,
        now: app.clock.now(),
    };
    let spot = wanted.spot();
    if is_called(&mut tx, wanted).await? {
        return Ok(None);
    }
    let open = calls::open_in(&mut tx, spot, wanted.kind).await?;
    let stands = stands(&mut tx, around, wanted.machine).await?;
    let joined = open.is_some();
    let call = match open {
        Some(call) => join(&mut tx, around, wanted, &by, call, stands).await?,
        None => add(&mut tx, around, wanted, &by, spot, stands).await?,
    };
    let mut row = by.entry;
    row.action = if joined { "andon.join" } else { "andon.raise" }.to_owned();
    row.target = format!("call:{}", call.id.0);
    row.became = json!({
        "line": wanted.line.code,
        "machine": wanted.machine.map(|m| &m.code),
        "kind": call.call.kind,
        "priority": call.call.priority,
        "line_stopped": call.call.line_stopped,
        "text": wanted.text,
    })
    .to_string();
    row.at_ms = around.now.0;
    audit::add(&mut tx, &row).await?;
    notify::calls(&mut tx, call.version).await?;
    tx.commit().await?;
    app.channels.wake();
    tell(app).await;
    Ok(Some((call.id, joined)))
}

/// The stop that the machine is in, or of a call about a line the one that sets its pace.
async fn stands(
    tx: &mut Tx,
    around: Around<'_>,
    machine: Option<&Machine>,
) -> Result<Option<Standing>, ServiceError> {
    let Some(machine) = machine.or_else(|| around.line.pacing()) else {
        return Ok(None);
    };
    let (line, now) = (around.line, around.now);
    let data = read_stop_in(tx, line, machine, now, now).await?;
    Ok(standing(around.site, line, machine, &data, now))
}

/// Whether the line stands, as its machines say.
async fn line_stands(
    tx: &mut Tx,
    around: Around<'_>,
    wanted: Raise<'_>,
    stands: Option<&Standing>,
) -> Result<bool, ServiceError> {
    if let Some(told) = wanted.line_stopped {
        return Ok(told);
    }
    let pacing = around.line.pacing().map(|m| m.id);
    if wanted.machine.is_none_or(|m| Some(m.id) == pacing) {
        return Ok(stands.is_some_and(Standing::is_unplanned));
    }
    let of_line = self::stands(tx, around, None).await?;
    Ok(of_line.is_some_and(|s| s.is_unplanned()))
}

async fn add(
    tx: &mut Tx,
    around: Around<'_>,
    wanted: Raise<'_>,
    by: &Doer,
    spot: Spot,
    stands: Option<Standing>,
) -> Result<StoredCall, ServiceError> {
    let line_stopped = line_stands(tx, around, wanted, stands.as_ref()).await?;
    let shift = slot(around.site, around.line, around.now).shift;
    let (rule, ladder) = around.people.ladder(CallFacts {
        kind: wanted.kind,
        priority: wanted.priority,
        line: spot.line,
        shift: shift.as_deref(),
    });
    let raised = Stamp {
        at: around.now,
        by: by.name.clone(),
    };
    let mut call = StoredCall {
        id: CallId(0),
        version: 0,
        spot,
        call: Call::raise(wanted.kind, wanted.priority, line_stopped, raised),
        text: wanted.text.to_owned(),
        note: String::new(),
        raises: 1,
        stop: stands.map(|s| s.stop),
        restarted: None,
        level: 0,
        escalated: false,
        raised_person: by.person,
        raised_device: by.device.filter(|_| by.person.is_none()),
        acknowledged_person: None,
        shift,
        hour: hour(around.site, around.now),
        rule,
        ladder,
        plan: 0,
        plan_since: around.now,
    };
    calls::add(tx, &mut call).await?;
    event(tx, &call, (around.now, "raise"), by, wanted).await?;
    settle(tx, around, &mut call).await?;
    Ok(call)
}

async fn join(
    tx: &mut Tx,
    around: Around<'_>,
    wanted: Raise<'_>,
    by: &Doer,
    mut call: StoredCall,
    stands: Option<Standing>,
) -> Result<StoredCall, ServiceError> {
    let before = call.call.priority;
    let line_stopped = line_stands(tx, around, wanted, stands.as_ref()).await?;
    call.call = call.call.joined(wanted.priority, line_stopped);
    call.raises += 1;
    if call.text.is_empty() {
        wanted.text.clone_into(&mut call.text);
    }
    if call.restarted.is_none() {
        call.stop = call.stop.or(stands.map(|s| s.stop));
    }
    if call.call.priority > before {
        replan(around, &mut call);
    }
    let at = around.now.max(call.call.made().at);
    event(tx, &call, (at, "join"), by, wanted).await?;
    calls::put(tx, &mut call).await?;
    settle(tx, around, &mut call).await?;
    Ok(call)
}

/// Gives a call the ladder that holds for it now, as another plan.
pub(super) fn replan(around: Around<'_>, call: &mut StoredCall) {
    let shift = slot(around.site, around.line, around.now).shift;
    (call.rule, call.ladder) = around.people.ladder(CallFacts {
        kind: call.call.kind,
        priority: call.call.priority,
        line: call.spot.line,
        shift: shift.as_deref(),
    });
    call.plan += 1;
    call.plan_since = around.now.max(call.call.since());
}

/// Sets the timers of a call as it is now, and does what is due at once. The call must have been written before, and is
/// written again when steps changed it.
pub(super) async fn settle(
    tx: &mut Tx,
    around: Around<'_>,
    call: &mut StoredCall,
) -> sqlx::Result<()> {
    set_timers(tx, call, around.now).await?;
    if do_due(tx, around, call).await? {
        calls::put(tx, call).await?;
    }
    Ok(())
}

async fn event(
    tx: &mut Tx,
    call: &StoredCall,
    stamp: (TsMs, &str),
    by: &Doer,
    wanted: Raise<'_>,
) -> sqlx::Result<()> {
    let mut detail = wanted.priority.words().to_owned();
    if !wanted.text.is_empty() {
        detail += &format!(": {}", wanted.text);
    }
    events::add(tx, call.id, stamp, (&by.name, by.person), &detail).await
}

/// The hour of the day by the clock of the site.
fn hour(site: &Site, at: TsMs) -> u8 {
    let local = Timestamp::from_millisecond(at.0).map(|t| t.to_zoned(site.zone.clone()).hour());
    local.map_or(0, |hour| u8::try_from(hour).unwrap_or(0))
}
