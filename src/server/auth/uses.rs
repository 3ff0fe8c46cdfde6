//! When keys and sessions were last used: kept in mind, and written down now and then, so that nobody who only looks waits
//! for a write.

use crate::domain::ids::KeyId;
use crate::domain::time::TsMs;
use crate::server::db::{Db, keys, sessions};
use std::collections::HashMap;
use std::mem::take;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
struct Held {
    keys: HashMap<KeyId, TsMs>,
    sessions: HashMap<Vec<u8>, TsMs>,
}

/// Uses that are not written down yet.
#[derive(Debug, Default)]
pub struct Uses(Mutex<Held>);

impl Uses {
    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A key was used.
    pub fn key(&self, id: KeyId, now: TsMs) {
        self.lock().keys.insert(id, now);
    }

    /// When a key was last used, as far as it is kept in mind here.
    #[must_use]
    pub fn key_used(&self, id: KeyId) -> Option<TsMs> {
        self.lock().keys.get(&id).copied()
    }

    /// Somebody used a session: not a screen that refreshes itself.
    pub fn session(&self, id_hash: &[u8], now: TsMs) {
        self.lock().sessions.insert(id_hash.to_vec(), now);
    }

    /// When a session was last used, as far as it is kept in mind here.
    #[must_use]
    pub fn session_used(&self, id_hash: &[u8]) -> Option<TsMs> {
        self.lock().sessions.get(id_hash).copied()
    }

    /// Writes them down.
    ///
    /// # Errors
    /// The engine's; what was not written is kept in mind.
    pub async fn write(&self, db: &Db) -> sqlx::Result<()> {
        let held = take(&mut *self.lock());
        if held.keys.is_empty() && held.sessions.is_empty() {
            return Ok(());
        }
        let write = async {
            let mut tx = db.begin().await?;
            for (id, at) in &held.keys {
                keys::used(&mut tx, *id, *at).await?;
            }
            for (id, at) in &held.sessions {
                sessions::seen(&mut tx, id, *at).await?;
            }
            tx.commit().await
        };
        let written = write.await;
        if written.is_err() {
            let mut now = self.lock();
            for (id, at) in held.keys {
                now.keys.entry(id).or_insert(at);
            }
            for (id, at) in held.sessions {
                now.sessions.entry(id).or_insert(at);
            }
        }
        written
    }
}
