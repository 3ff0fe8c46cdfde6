//! The steps of a call's ladder: when they are due, and what happens then.

use super::directory::{Called, Directory};
use super::over;
use super::tell::{Doing, tell_all};
use crate::domain::andon::{Step, Trigger};
use crate::domain::ids::PersonId;
use crate::domain::time::{DurMs, TsMs};
use crate::server::db::Tx;
use crate::server::db::andon::calls::StoredCall;
use crate::server::db::andon::{events, timers};
use crate::server::plant::{Line, Plant, Site};
use crate::server::services::error::{ServiceError, not_found};
use crate::server::state::App;

/// What is known around a call while something is done with it.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// The server.
    pub app: &'a App,
    /// The site.
    pub site: &'a Site,
    /// The line of the call.
    pub line: &'a Line,
    /// Who can be called.
    pub people: &'a Directory,
    /// Now.
    pub now: TsMs,
}

impl<'a> Around<'a> {
    /// What is known around a call.
    ///
    /// # Errors
    /// The plant has no such line.
    pub fn of(
        app: &'a App,
        plant: &'a Plant,
        call: &StoredCall,
        people: &'a Directory,
        now: TsMs,
    ) -> Result<Self, ServiceError> {
        let line = plant.lines.iter().find(|line| line.id == call.spot.line);
        let site = plant.site.as_ref();
        let (site, line) = site
            .zip(line)
            .ok_or_else(|| not_found("line", &call.spot.line.0.to_string()))?;
        Ok(Self {
            app,
            site,
            line,
            people,
            now,
        })
    }
}

/// Why a step is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why<'a> {
    /// Its time has come, so long ago.
    Due(DurMs),
    /// Somebody of this name did not want to wait for it.
    ByHand(&'a str),
}

fn number(step: usize) -> i64 {
    i64::try_from(step).unwrap_or(i64::MAX)
}

/// Sets the timers of the steps that are due some day, and voids those whose condition can no longer come true.
///
/// # Errors
/// The engine's.
pub async fn set_timers(tx: &mut Tx, call: &StoredCall, now: TsMs) -> sqlx::Result<()> {
    timers::void_before(tx, call.id, call.plan).await?;
    let known = timers::of_call_in(tx, call.id).await?;
    for timer in known
        .iter()
        .filter(|t| t.plan == call.plan && t.state == timers::PENDING)
    {
        let step = usize::try_from(timer.step).unwrap_or(usize::MAX);
        if call.ladder.is_void(step, &call.call) {
            timers::void(tx, call.id, (timer.plan, timer.step)).await?;
        }
    }
    for due in call.ladder.due_by_clock(&call.call, now) {
        let step = number(due.step);
        if !known.iter().any(|t| t.plan == call.plan && t.step == step) {
            // A ladder that came later than the call has nothing to do before it was there.
            let at = due.at.max(call.plan_since.min(now));
            timers::set(tx, call.id, (call.plan, step), at, now).await?;
        }
    }
    Ok(())
}

/// After whoever took a call told another ETA: what waits for them waits from there. The timers are to be set afterwards.
///
/// # Errors
/// The engine's.
pub async fn expect_later(tx: &mut Tx, call: &StoredCall) -> sqlx::Result<()> {
    for (step, one) in call.ladder.steps().iter().enumerate() {
        if one.trigger == Trigger::NotArrived {
            timers::unset(tx, call.id, (call.plan, number(step))).await?;
        }
    }
    Ok(())
}

/// Begins the ladder of a call anew that was given back, as another plan: whoever is called first hears of it, and what waits
/// for somebody to take it waits from now. What waited for it to be resolved goes on as it was, and what was done of that is
/// not done a second time. The timers are to be set afterwards.
///
/// # Errors
/// The engine's.
pub async fn begin_anew(tx: &mut Tx, call: &mut StoredCall, now: TsMs) -> sqlx::Result<()> {
    let (before, plan) = (call.plan, call.plan + 1);
    for timer in timers::of_call_in(tx, call.id).await? {
        let step = usize::try_from(timer.step).unwrap_or(usize::MAX);
        let of = call.ladder.steps().get(step);
        let goes_on = of.is_some_and(|of| of.trigger == Trigger::NotResolved);
        if timer.plan == before && timer.state != timers::PENDING && goes_on {
            timers::set_void(tx, call.id, (plan, timer.step), now).await?;
        }
    }
    call.plan = plan;
    call.plan_since = now.max(call.call.made().at);
    Ok(())
}

/// Does the steps of a call that are due now, in order. Returns whether there were any; the call is then to be written.
///
/// # Errors
/// The engine's.
pub async fn do_due(tx: &mut Tx, around: Around<'_>, call: &mut StoredCall) -> sqlx::Result<bool> {
    let mut due = timers::of_call_in(tx, call.id).await?;
    due.retain(|t| t.plan == call.plan && t.state == timers::PENDING && t.due_ms <= around.now.0);
    due.sort_by_key(|t| (t.due_ms, t.step));
    for timer in &due {
        let late = around.now - TsMs(timer.due_ms);
        let step = usize::try_from(timer.step).unwrap_or(usize::MAX);
        do_step(tx, around, call, step, Why::Due(late)).await?;
    }
    Ok(!due.is_empty())
}

/// Does one step of a call: everybody whom it calls is told. The call is to be written afterwards.
///
/// # Errors
/// The engine's.
pub async fn do_step(
    tx: &mut Tx,
    around: Around<'_>,
    call: &mut StoredCall,
    step: usize,
    why: Why<'_>,
) -> sqlx::Result<()> {
    let Some(wanted) = call.ladder.steps().get(step).cloned() else {
        return Ok(());
    };
    let late = match why {
        Why::Due(late) => late,
        Why::ByHand(_) => DurMs::ZERO,
    };
    let key = (call.plan, number(step));
    timers::done(tx, call.id, key, around.now, late).await?;
    call.level = call.level.max(wanted.level);
    call.escalated |= wanted.level > 0;
    let called = around
        .people
        .called(around.site, around.line, &wanted.to, around.now);
    let doing = Doing {
        step: &wanted,
        number: key.1,
        why,
    };
    tell_all(tx, around, call, doing, &called).await?;
    if let Why::Due(late) = why {
        let detail = detail(&wanted, &called, late);
        let at = around.now.max(call.call.made().at);
        events::add(tx, call.id, (at, "step"), ("ladder", None), &detail).await?;
    }
    Ok(())
}

/// What follows when a call is over: what is on its way is stopped, and whoever was woken hears of it.
///
/// # Errors
/// The engine's.
pub async fn end(
    tx: &mut Tx,
    around: Around<'_>,
    call: &StoredCall,
    by: Option<PersonId>,
) -> sqlx::Result<()> {
    over::tell_over(tx, around, call, by).await
}

/// What a step did, in words.
fn detail(step: &Step, called: &[Called], late: DurMs) -> String {
    let names = |some: bool| {
        let one = called.iter().filter(|c| c.person.is_some() == some);
        one.map(|c| c.who.as_str()).collect::<Vec<_>>().join(", ")
    };
    let (reached, nobody) = (names(true), names(false));
    let mut out = format!(
        "level {}: {}",
        step.level,
        step.trigger.words().to_lowercase()
    );
    if !reached.is_empty() {
        // Of whom it is only known that it stands on their screens nobody knows whether they were told.
        out += &format!("; called {reached}");
    }
    if !nobody.is_empty() {
        out += &format!("; nobody has: {nobody}");
    }
    if late >= DurMs(1_000) {
        out += &format!("; {:.1} s late", late.secs());
    }
    out
}
