//! What became of messages is shown with the calls that they are about.

use crate::domain::ids::CallId;
use crate::server::db::andon::calls;
use crate::server::db::andon::told::{self, State};
use crate::server::db::notify;
use crate::server::services::error::ServiceError;
use crate::server::state::App;
use std::collections::BTreeMap;

/// Notes what became of messages since the last time; how many calls that changes.
///
/// # Errors
/// The database's. What was not noted is noted the next time.
pub(super) async fn note(app: &App) -> Result<usize, ServiceError> {
    let mut by_call: BTreeMap<CallId, Vec<(i64, State)>> = BTreeMap::new();
    for (id, call, state) in told::settled(&app.db).await? {
        by_call.entry(call).or_default().push((id, state));
    }
    let changed = by_call.len();
    for (id, settled) in by_call {
        let mut tx = app.db.begin_append().await?;
        for (row, state) in settled {
            told::settle(&mut tx, row, state).await?;
        }
        if let Some(mut call) = calls::by_id_in(&mut tx, id).await? {
            calls::put(&mut tx, &mut call).await?;
            notify::calls(&mut tx, call.version).await?;
        }
        tx.commit().await?;
    }
    Ok(changed)
}
