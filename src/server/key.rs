//! Keys of senders: shown once, kept as a hash.

use super::db::Db;
use super::db::sources::{self, SourceRow};
use crate::domain::ids::SourceId;
use crate::domain::time::{DurMs, TsMs};
use rand::TryRngCore;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What every key begins with, so that a leaked one can be recognised.
const PREFIX: &str = "ms5_";

/// For so long the answer of the database about a key holds: a gateway posts many times a second with the same one. A
/// key that was replaced, or has lost a right, is refused that much later at the latest.
const REMEMBERED: DurMs = DurMs(1_000);

/// What a new key is allowed.
#[derive(Clone, Debug)]
pub struct NewKey<'a> {
    /// The sender's name.
    pub name: &'a str,
    /// It may send items of any age.
    pub may_backfill: bool,
    /// It may change the plant model.
    pub may_configure: bool,
}

/// What is stored of a key.
#[must_use]
pub fn hash(key: &str) -> Vec<u8> {
    Sha256::digest(key.as_bytes()).to_vec()
}

/// Keys that were looked up a moment ago. Only keys that exist are kept, so nobody can fill it by guessing.
#[derive(Debug, Default)]
pub struct RecentKeys(Mutex<HashMap<Vec<u8>, (TsMs, SourceRow)>>);

impl RecentKeys {
    /// The sender with this key.
    ///
    /// # Errors
    /// The engine's.
    pub async fn sender(&self, db: &Db, key: &str, now: TsMs) -> sqlx::Result<Option<SourceRow>> {
        let hash = hash(key);
        if let Some(row) = self.recall(&hash, now) {
            return Ok(Some(row));
        }
        let row = sources::by_key_hash(db, &hash).await?;
        if let Some(row) = &row {
            self.remember(hash, row.clone(), now);
        }
        Ok(row)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Vec<u8>, (TsMs, SourceRow)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn recall(&self, hash: &[u8], now: TsMs) -> Option<SourceRow> {
        let known = self.lock();
        let (asked, row) = known.get(hash)?;
        holds(*asked, now).then(|| row.clone())
    }

    fn remember(&self, hash: Vec<u8>, row: SourceRow, now: TsMs) {
        let mut known = self.lock();
        known.retain(|_, (asked, _)| holds(*asked, now));
        known.insert(hash, (now, row));
    }
}

/// Also a clock that was set back ends it.
fn holds(asked: TsMs, now: TsMs) -> bool {
    (DurMs::ZERO..REMEMBERED).contains(&(now - asked))
}

/// Makes a key of 256 random bits for a sender; a sender of that name has only the new one from then on.
///
/// # Errors
/// The engine's, or the operating system's when it gives no random bits.
pub async fn create(db: &Db, wanted: &NewKey<'_>, now: TsMs) -> sqlx::Result<(SourceId, String)> {
    let mut bits = [0_u8; 32];
    rand::rngs::OsRng
        .try_fill_bytes(&mut bits)
        .map_err(|e| sqlx::Error::Io(std::io::Error::other(e)))?;
    let mut key = PREFIX.to_owned();
    for byte in bits {
        key.push_str(&format!("{byte:02x}"));
    }
    let mut tx = db.begin().await?;
    let id = sources::upsert(
        &mut tx,
        wanted.name,
        &hash(&key),
        wanted.may_backfill,
        wanted.may_configure,
        now,
    )
    .await?;
    tx.commit().await?;
    Ok((id, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_asked_for_again_after_a_second_and_then_forgotten() {
        let (keys, start) = (RecentKeys::default(), TsMs(1_795_428_000_000));
        let row = |id| SourceRow {
            id,
            name: "gateway".to_owned(),
            may_backfill: 0,
            may_configure: 0,
        };
        keys.remember(hash("old"), row(1), start);
        let at = |ms| start + DurMs(ms);
        assert_eq!(keys.recall(&hash("old"), at(999)), Some(row(1)));
        assert_eq!(keys.recall(&hash("new"), at(999)), None);
        assert_eq!(keys.recall(&hash("old"), at(1_000)), None);
        assert_eq!(keys.recall(&hash("old"), at(-1)), None);
        keys.remember(hash("new"), row(2), at(1_000));
        assert_eq!(keys.lock().len(), 1);
    }
}
