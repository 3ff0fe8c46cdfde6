//! Tells screens of calls that changed, whoever changed them on whichever node: each change once, in the order of commits.

use super::hub::Event;
use crate::domain::rights::Permission;
use crate::server::andon::Directory;
use crate::server::db::Db;
use crate::server::db::andon::calls;
use crate::server::services::andon::view::views_in;
use crate::server::state::App;
use std::sync::Arc;
use tokio::sync::Mutex;

/// So many changes are read together.
const AT_ONCE: i64 = 200;

/// The last change that screens of this node were told of. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Calls(Arc<Mutex<i64>>);

impl Calls {
    /// From now on.
    ///
    /// # Errors
    /// The engine's.
    pub async fn start(db: &Db) -> sqlx::Result<Self> {
        let last = calls::last_version(db).await?;
        Ok(Self(Arc::new(Mutex::new(last))))
    }
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
    let mut seen = app.calls.0.lock().await;
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
