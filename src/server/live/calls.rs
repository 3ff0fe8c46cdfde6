//! Tells screens of calls that changed, whoever changed them on whichever node: each change once, in the order of commits. What
//! goes on when a screen begins to listen is read once for all screens that begin then.

use super::hub::Event;
use crate::domain::rights::Permission;
use crate::domain::time::{DurMs, TsMs};
use crate::server::andon::Directory;
use crate::server::db::Db;
use crate::server::db::andon::calls;
use crate::server::services::andon::going_on;
use crate::server::services::andon::view::views_in;
use crate::server::state::App;
use std::sync::Arc;
use tokio::sync::Mutex;

/// So many changes are read together.
const AT_ONCE: i64 = 200;

/// What was read of the calls that go on is given to others for so long. Their changes are known by their version; who is called
/// next, and by which name, may also change without one, and is then told this much too late.
const KEPT: DurMs = DurMs(5_000);

/// What screens of this node were told, and are told at first. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Calls(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// The last change that was told.
    told: Mutex<i64>,
    /// What goes on, as it was last read.
    going_on: Mutex<Option<Arc<GoingOn>>>,
}

/// The calls that go on, as they were read at one moment.
#[derive(Debug)]
pub struct GoingOn {
    /// The last change that it holds.
    version: i64,
    /// Of which plant.
    plant: i64,
    /// When it was read.
    read: TsMs,
    /// The code of the line of each, and the call as JSON, in the order of boards.
    calls: Vec<(String, String)>,
}

impl GoingOn {
    fn holds(&self, version: i64, plant: i64, now: TsMs) -> bool {
        // A clock that was set back tells nothing of how old it is.
        let is_young = (DurMs::ZERO..KEPT).contains(&(now - self.read));
        self.version >= version && self.plant == plant && is_young
    }

    /// Those on the lines that somebody sees, by code: a list, as JSON.
    #[must_use]
    pub fn on_lines(&self, sees: impl Fn(&str) -> bool) -> String {
        let seen = self.calls.iter().filter(|(line, _)| sees(line));
        let seen: Vec<&str> = seen.map(|(_, call)| call.as_str()).collect();
        format!("[{}]", seen.join(","))
    }
}

impl Calls {
    /// From now on.
    ///
    /// # Errors
    /// The engine's.
    pub async fn start(db: &Db) -> sqlx::Result<Self> {
        let shared = Shared {
            told: Mutex::new(calls::last_version(db).await?),
            going_on: Mutex::new(None),
        };
        Ok(Self(Arc::new(shared)))
    }
}

/// The calls that go on, with all that was committed before this was asked: whoever listened before that misses nothing. Those
/// who ask at once share one reading.
///
/// # Errors
/// The engine's.
pub async fn all_at_first(app: &App) -> sqlx::Result<Arc<GoingOn>> {
    let last = calls::last_version(&app.db).await?;
    // One at a time: those who come meanwhile find what the first one read.
    let mut kept = app.calls.0.going_on.lock().await;
    let (plant, now) = (app.plant.get(), app.clock.now());
    if let Some(known) = kept.as_ref()
        && known.holds(last, plant.version, now)
    {
        return Ok(Arc::clone(known));
    }
    let people = Directory::load(&app.db).await?;
    let mut tx = app.db.snapshot().await?;
    let version = calls::last_version_in(&mut tx).await?;
    let views = going_on(&mut tx, &plant, &people, |_| true).await?;
    let calls = views.into_iter().map(|view| {
        let call = serde_json::to_string(&view).map_err(|e| sqlx::Error::Encode(Box::new(e)))?;
        Ok((view.line.code, call))
    });
    let read = Arc::new(GoingOn {
        version,
        plant: plant.version,
        read: now,
        calls: calls.collect::<sqlx::Result<_>>()?,
    });
    *kept = Some(Arc::clone(&read));
    Ok(read)
}

/// [`catch_up`] after a change of this node's own: that is committed, whether screens can be told or not.
pub async fn tell(app: &App) {
    if let Err(error) = catch_up(app).await {
        tracing::warn!(%error, "screens could not be told of a call yet");
    }
}

/// Tells every screen of every call that changed since the last time.
///
/// # Errors
/// The engine's; what was not told is told the next time.
pub async fn catch_up(app: &App) -> sqlx::Result<()> {
    // One at a time: what one tells, the next need not.
    let mut seen = app.calls.0.told.lock().await;
    let last = calls::last_version(&app.db).await?;
    if last <= *seen {
        return Ok(());
    }
    if app.hub.listeners() == 0 {
        *seen = last;
        return Ok(());
    }
    let plant = app.plant.get();
    let people = Directory::load(&app.db).await?;
    loop {
        let mut tx = app.db.snapshot().await?;
        let changed = calls::changed_in(&mut tx, *seen, AT_ONCE).await?;
        let Some(newest) = changed.last().map(|call| call.version) else {
            return Ok(());
        };
        for view in views_in(&mut tx, &plant, &people, &changed).await? {
            let data =
                serde_json::to_string(&view).map_err(|e| sqlx::Error::Encode(Box::new(e)))?;
            app.hub.publish(Event {
                name: "call",
                seq: None,
                about: Some(view.line.code.as_str().into()),
                page: false,
                needs: Some(Permission::AndonRead),
                data: data.into(),
                plain: None,
            });
        }
        *seen = newest;
    }
}
