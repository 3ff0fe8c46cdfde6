//! Keys of senders: shown once, kept as a hash.

use super::db::{Db, sources};
use crate::domain::ids::SourceId;
use crate::domain::time::TsMs;
use rand::TryRngCore;
use sha2::{Digest, Sha256};

/// What every key begins with, so that a leaked one can be recognised.
const PREFIX: &str = "ms5_";

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
