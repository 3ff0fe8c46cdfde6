//! Tells screens of calls that changed, whoever changed them on whichever node: each change once, in the order of commits. What
//! goes on when a screen begins to listen is read once for all screens that begin then. What a call says may also change while
//! nobody does anything with it: another roster calls others next, another setting lets it be reopened for longer. So all calls
//! that go on are read again now and then, and those that say something else are told anew.

use super::hub::Event;
use crate::api::andon::CallView;
use crate::domain::rights::Permission;
use crate::domain::time::{DurMs, TsMs};
use crate::server::andon::Directory;
use crate::server::db::Db;
use crate::server::db::andon::calls;
use crate::server::services::andon::going_on;
use crate::server::services::andon::view::views_in;
use crate::server::state::App;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex as Lock, PoisonError};
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;

/// So many changes are read together.
const AT_ONCE: i64 = 200;

/// What was read of the calls that go on is given to others for so long. Their changes are known by their version; what changes
/// without one is told later.
const KEPT: DurMs = DurMs(5_000);

/// All calls that go on are read again this often, for what changed where nobody said so.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Where somebody said so, this long after the last time.
const LOOK_SOON: Duration = Duration::from_secs(2);

/// What screens of this node were told, and are told at first. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Calls(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// What was told. Whoever needs both locks takes `going_on` first.
    told: Mutex<Told>,
    /// What goes on, as it was last read.
    going_on: Mutex<Option<Arc<GoingOn>>>,
    looks: Lock<Looks>,
}

/// What the screens of this node know.
#[derive(Debug)]
struct Told {
    /// The last change that was told.
    version: i64,
    /// What was told of each call last, as a hash of its JSON.
    views: HashMap<i64, u64>,
}

/// When the calls that go on were looked at.
#[derive(Debug)]
struct Looks {
    last: Instant,
    /// Somebody said that calls may say something else now.
    is_asked: bool,
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
        let told = Told {
            version: calls::last_version(db).await?,
            views: HashMap::new(),
        };
        let looks = Looks {
            last: Instant::now(),
            is_asked: false,
        };
        let shared = Shared {
            told: Mutex::new(told),
            going_on: Mutex::new(None),
            looks: Lock::new(looks),
        };
        Ok(Self(Arc::new(shared)))
    }

    /// Calls may say something else now, though none has changed: they are looked at soon.
    pub fn may_say_otherwise(&self) {
        self.looks().is_asked = true;
    }

    fn looks(&self) -> std::sync::MutexGuard<'_, Looks> {
        self.0.looks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is time to look; whoever is told so does it.
    fn is_due(&self) -> bool {
        let mut looks = self.looks();
        let since = looks.last.elapsed();
        let is_due = since >= LOOK_EVERY || looks.is_asked && since >= LOOK_SOON;
        if is_due {
            *looks = Looks {
                last: Instant::now(),
                is_asked: false,
            };
        }
        is_due
    }
}

/// A call as it travels, and the hash by which it is known again.
fn written(view: &CallView) -> sqlx::Result<(String, u64)> {
    let json = serde_json::to_string(view).map_err(|e| sqlx::Error::Encode(Box::new(e)))?;
    let mut hasher = DefaultHasher::new();
    json.hash(&mut hasher);
    Ok((json, hasher.finish()))
}

fn publish(app: &App, line: &str, json: &str) {
    app.hub.publish(Event {
        name: "call",
        seq: None,
        about: Some(line.into()),
        page: false,
        needs: Some(Permission::AndonRead),
        data: json.into(),
        plain: None,
    });
}

/// The calls that go on, with all that was committed before this was asked: whoever listened before that misses nothing. Those
/// who ask at once share one reading.
///
/// # Errors
/// The engine's.
pub async fn all_at_first(app: &App) -> sqlx::Result<Arc<GoingOn>> {
    let last = calls::last_version(&app.db).await?;
    // One at a time: those who come meanwhile find what the first one read.
    let kept = app.calls.0.going_on.lock().await;
    if let Some(known) = kept.as_ref()
        && known.holds(last, app.plant.get().version, app.clock.now())
    {
        return Ok(Arc::clone(known));
    }
    read(app, kept).await
}

/// Reads what goes on, for those who begin to listen from now on; those who listen already are told of each call of which they
/// were told something else.
async fn read(
    app: &App,
    mut kept: MutexGuard<'_, Option<Arc<GoingOn>>>,
) -> sqlx::Result<Arc<GoingOn>> {
    // While this is read nobody tells of newer changes: what is older must not come after them.
    let mut told = app.calls.0.told.lock().await;
    let (plant, now) = (app.plant.get(), app.clock.now());
    let people = Directory::load(&app.db).await?;
    let mut tx = app.db.snapshot().await?;
    let version = calls::last_version_in(&mut tx).await?;
    let (mut calls, mut views) = (Vec::new(), HashMap::new());
    for view in going_on(&mut tx, &plant, &people, |_| true).await? {
        let (json, hash) = written(&view)?;
        views.insert(view.id, hash);
        // Of what nobody was told yet, whoever listens is told as a change.
        if told.views.get(&view.id).is_some_and(|was| *was != hash) {
            publish(app, &view.line.code, &json);
        }
        calls.push((view.line.code, json));
    }
    told.views = views;
    let read = Arc::new(GoingOn {
        version,
        plant: plant.version,
        read: now,
        calls,
    });
    *kept = Some(Arc::clone(&read));
    Ok(read)
}

/// Looks now and then whether calls say something else than what screens were told, and tells them.
///
/// # Errors
/// The engine's; then it is looked again soon.
pub async fn look_again(app: &App) -> sqlx::Result<()> {
    if app.hub.listeners() == 0 || !app.calls.is_due() {
        return Ok(());
    }
    let kept = app.calls.0.going_on.lock().await;
    let read = read(app, kept).await.map(drop);
    read.inspect_err(|_| app.calls.may_say_otherwise())
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
    let mut told = app.calls.0.told.lock().await;
    let last = calls::last_version(&app.db).await?;
    if last <= told.version {
        return Ok(());
    }
    if app.hub.listeners() == 0 {
        told.version = last;
        return Ok(());
    }
    let plant = app.plant.get();
    let people = Directory::load(&app.db).await?;
    loop {
        let mut tx = app.db.snapshot().await?;
        let changed = calls::changed_in(&mut tx, told.version, AT_ONCE).await?;
        let Some(newest) = changed.last().map(|call| call.version) else {
            return Ok(());
        };
        for view in views_in(&mut tx, &plant, &people, &changed).await? {
            let (json, hash) = written(&view)?;
            told.views.insert(view.id, hash);
            publish(app, &view.line.code, &json);
        }
        told.version = newest;
    }
}
