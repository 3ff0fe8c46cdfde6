//! Does the steps that are due. A timer is first looked at without holding anything up; the transaction that does its step looks
//! again, so that a second node, or whoever was faster, finds it done.
//!
//! Timers go by the clock. When the clock is set back they go by the time that passes until it is where it was: nobody waits
//! longer than the ladder says. When it is set forward, what it has passed is done at once, and is as late as the clock says: the
//! machine may have been suspended meanwhile, in which time the program's own count stands still as well, and nothing tells one
//! from the other. Better early than late.

use super::directory::Directory;
use super::outcomes;
use super::steps::{self, Around, Why};
use super::summaries;
use crate::domain::time::{DurMs, TsMs};
use crate::server::db::andon::calls;
use crate::server::db::andon::timers::{self, TimerRow};
use crate::server::db::notify;
use crate::server::http::limit::Ticks;
use crate::server::live::calls as live;
use crate::server::metrics;
use crate::server::services::error::ServiceError;
use crate::server::state::App;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it is looked whether a step is due.
const EVERY: Duration = Duration::from_millis(200);
/// So many timers are looked at together.
const AT_ONCE: i64 = 500;
/// A clock that is this much behind what has passed was set back.
const SET_BACK: DurMs = DurMs(500);

type Key = (i64, i64, i64);

/// By what the time of a timer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Came {
    /// The clock is past this.
    Clock(TsMs),
    /// The program has run for this long.
    Ticks(Duration),
}

/// Does steps until `stop`.
pub async fn run(app: App, stop: CancellationToken) {
    let mut worker = Worker::new(app, Ticks::machine());
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut is_lost = false;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        match worker.look().await {
            Ok(_) => is_lost = false,
            Err(error) if is_lost => tracing::debug!(%error, "still no steps of calls"),
            Err(error) => {
                is_lost = true;
                tracing::warn!(%error, "cannot see which steps of calls are due; looking on until that works");
            }
        }
    }
}

/// Looks which steps are due, and does them.
#[derive(Debug)]
pub struct Worker {
    app: App,
    ticks: Ticks,
    /// What the clock told when it was last looked at, and how long the program had run then.
    last: Option<(TsMs, Duration)>,
    /// Timers that go by passing time because the clock was set back, and until when.
    by_ticks: BTreeMap<Key, Duration>,
}

impl Worker {
    /// One for a server; `ticks` tells how long it runs.
    #[must_use]
    pub const fn new(app: App, ticks: Ticks) -> Self {
        Self {
            app,
            ticks,
            last: None,
            by_ticks: BTreeMap::new(),
        }
    }

    /// Does everything that is due now; how many steps that were.
    ///
    /// # Errors
    /// The database's. What was not done yet is done the next time.
    pub async fn look(&mut self) -> Result<usize, ServiceError> {
        let (now, ran) = (self.app.clock.now(), self.ticks.passed());
        self.mind_the_clock(now, ran).await?;
        let (mut done, mut failed) = (0, None);
        loop {
            let due = timers::due(&self.app.db, now, AT_ONCE).await?;
            let by_clock = due.iter().map(|t| (t.key(), Came::Clock(TsMs(t.due_ms))));
            let passed = self.by_ticks.iter().filter(|(_, until)| **until <= ran);
            let by_ticks = passed.map(|(key, until)| (*key, Came::Ticks(*until)));
            let all: Vec<(Key, Came)> = by_clock.chain(by_ticks).collect();
            if all.is_empty() {
                break;
            }
            let people = Directory::load(&self.app.db).await?;
            for (key, came) in all {
                match self.fire(&people, key, came).await {
                    Ok(here) => {
                        done += usize::from(here);
                        self.by_ticks.remove(&key);
                    }
                    Err(error) if error.is_of_one() => failed = Some(error),
                    Err(error) => return Err(error),
                }
            }
            if failed.is_some() || due.is_empty() {
                break;
            }
        }
        if done > 0 {
            self.app.channels.wake();
        }
        summaries::send_due(&self.app, now).await?;
        if done + outcomes::note(&self.app).await? > 0 {
            live::tell(&self.app).await;
        }
        failed.map_or(Ok(done), Err)
    }

    /// Does the step of a timer unless somebody else did, or it is void; whether it was done here.
    async fn fire(&self, people: &Directory, key: Key, came: Came) -> Result<bool, ServiceError> {
        let app = &self.app;
        let plant = app.plant.get();
        let mut tx = app.db.begin_append().await?;
        let timer = timers::get_in(&mut tx, key).await?;
        let Some(timer) = timer.filter(|t| t.state == timers::PENDING) else {
            return Ok(false);
        };
        let Some(mut call) = calls::by_id_in(&mut tx, timer.call()).await? else {
            return Ok(false);
        };
        if timer.plan != call.plan || call.ladder.is_void(step_of(&timer), &call.call) {
            timers::void(&mut tx, call.id, (timer.plan, timer.step)).await?;
            tx.commit().await?;
            return Ok(false);
        }
        // Only here it is known how late it is: the database may have been waited for.
        let now = app.clock.now();
        let late = match came {
            Came::Clock(due) => (now - due).max(DurMs::ZERO),
            Came::Ticks(until) => millis(self.ticks.passed().saturating_sub(until)),
        };
        let around = Around::of(app, &plant, &call, people, now)?;
        steps::do_step(&mut tx, around, &mut call, step_of(&timer), Why::Due(late)).await?;
        calls::put(&mut tx, &mut call).await?;
        notify::calls(&mut tx, call.version).await?;
        tx.commit().await?;
        metrics::stepped(late);
        Ok(true)
    }

    /// When the clock was set back, what is pending goes by passing time from here on.
    async fn mind_the_clock(&mut self, now: TsMs, ran: Duration) -> Result<(), ServiceError> {
        let before = self.last;
        let passed = before.map(|(_, then)| millis(ran.saturating_sub(then)));
        let expected = before.zip(passed).map(|((at, _), passed)| at + passed);
        let was_set_back = expected.is_some_and(|expected| now + SET_BACK < expected);
        if before.is_none() || was_set_back {
            for timer in timers::pending_in(&mut self.app.db.snapshot().await?).await? {
                // Of what was before the program began it is only known when a timer was set.
                let then = expected.unwrap_or_else(|| now.max(TsMs(timer.set_ms)));
                // What was set since the last look, by the clock as it is, goes by it.
                let set = TsMs(timer.set_ms);
                let is_new = passed.is_some_and(|passed| set >= now - passed && set <= now);
                if then > now && !is_new {
                    let left = (TsMs(timer.due_ms) - then).max(DurMs::ZERO);
                    let left = Duration::from_millis(u64::try_from(left.0).unwrap_or_default());
                    self.by_ticks.entry(timer.key()).or_insert(ran + left);
                }
            }
        }
        // Only now: what could not be read is looked at again.
        self.last = Some((now, ran));
        Ok(())
    }
}

fn millis(duration: Duration) -> DurMs {
    DurMs(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
}

fn step_of(timer: &TimerRow) -> usize {
    usize::try_from(timer.step).unwrap_or(usize::MAX)
}
