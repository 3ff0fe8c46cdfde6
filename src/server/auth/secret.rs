//! Random secrets, and what is kept of them.

use crate::server::db::{Db, settings};
use hmac::{Hmac, Mac};
use rand::TryRngCore;
use sha2::{Digest, Sha256};

/// Where the site's own secret is kept.
const SITE_SECRET: &str = "site_secret";

/// 256 random bits in hexadecimal.
///
/// # Errors
/// The operating system's when it gives no random bits.
pub fn random() -> sqlx::Result<String> {
    Ok(hex(&bytes::<32>()?))
}

/// A password that somebody types once: 80 random bits as letters and digits that are not mistaken for each other.
///
/// # Errors
/// The operating system's when it gives no random bits.
pub fn one_time_password() -> sqlx::Result<String> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let letters = bytes::<16>()?.map(|b| char::from(LETTERS[usize::from(b & 31)]));
    let groups: Vec<String> = letters.chunks(4).map(|g| g.iter().collect()).collect();
    Ok(groups.join("-"))
}

fn bytes<const N: usize>() -> sqlx::Result<[u8; N]> {
    let mut bits = [0_u8; N];
    rand::rngs::OsRng
        .try_fill_bytes(&mut bits)
        .map_err(|e| sqlx::Error::Io(std::io::Error::other(e)))?;
    Ok(bits)
}

/// What is stored of a secret with enough random bits.
#[must_use]
pub fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// Bytes in hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        out.push_str(&format!("{byte:02x}"));
        out
    })
}

/// The site's own secret: with it short numbers, such as a badge's, are kept so that a copy of one table does not tell them.
#[derive(Clone)]
pub struct SiteSecret(String);

impl std::fmt::Debug for SiteSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SiteSecret(..)")
    }
}

impl SiteSecret {
    /// Reads it, or makes it when there is none; several nodes agree on the first one.
    ///
    /// # Errors
    /// The engine's.
    pub async fn load(db: &Db) -> sqlx::Result<Self> {
        if let Some(found) = settings::get(db, SITE_SECRET).await? {
            return Ok(Self(found));
        }
        let mut tx = db.begin().await?;
        settings::add(&mut tx, SITE_SECRET, &random()?).await?;
        tx.commit().await?;
        let made = settings::get(db, SITE_SECRET).await?;
        made.map(Self).ok_or(sqlx::Error::RowNotFound)
    }

    /// What is kept of a short number or name: HMAC-SHA-256 with the secret, `kind` keeping uses apart.
    #[must_use]
    pub fn mark(&self, kind: &str, text: &str) -> Vec<u8> {
        // Keys of any length are fine for HMAC, so this fails for none.
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes())
            .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
}
