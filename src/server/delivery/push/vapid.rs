//! How a push service knows that a message comes from this site (VAPID, RFC 8292): a short-lived token, signed with a key
//! that the site has made for itself. Browsers take messages under no other key.

use crate::domain::time::TsMs;
use crate::server::db::{Db, settings};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;

/// Where the site's key is kept: PKCS #8 in base64url.
const KEY: &str = "vapid_key";
/// How long a token holds; at most a day is allowed.
const HOLDS_S: i64 = 12 * 3_600;

/// The site's key.
pub struct Vapid {
    pair: EcdsaKeyPair,
    public: String,
    contact: String,
}

impl Vapid {
    /// Reads it, or makes it when there is none; several nodes agree on the first one.
    ///
    /// # Errors
    /// The engine's, or a stored key that cannot be read.
    pub async fn load(db: &Db, contact: &str) -> sqlx::Result<Self> {
        let text = match settings::get(db, KEY).await? {
            Some(text) => text,
            None => {
                let made = EcdsaKeyPair::generate_pkcs8(
                    &ECDSA_P256_SHA256_FIXED_SIGNING,
                    &SystemRandom::new(),
                )
                .map_err(unreadable)?;
                let mut tx = db.begin().await?;
                settings::add(&mut tx, KEY, &BASE64.encode(made.as_ref())).await?;
                tx.commit().await?;
                let kept = settings::get(db, KEY).await?;
                kept.ok_or(sqlx::Error::RowNotFound)?
            }
        };
        let bytes = BASE64.decode(text).map_err(unreadable)?;
        let pair = EcdsaKeyPair::from_pkcs8(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            &bytes,
            &SystemRandom::new(),
        )
        .map_err(unreadable)?;
        Ok(Self {
            public: BASE64.encode(pair.public_key().as_ref()),
            pair,
            contact: contact.to_owned(),
        })
    }

    /// What browsers must know before they let us send.
    #[must_use]
    pub fn public(&self) -> &str {
        &self.public
    }

    /// The value of `Authorization` for the push service at `origin`.
    ///
    /// # Errors
    /// When there is no chance to be had.
    pub fn authorization(
        &self,
        origin: &str,
        now: TsMs,
    ) -> Result<String, ring::error::Unspecified> {
        let header = json!({"typ": "JWT", "alg": "ES256"});
        let claims = json!({"aud": origin, "exp": now.0 / 1_000 + HOLDS_S, "sub": self.contact});
        let signed = format!(
            "{}.{}",
            BASE64.encode(header.to_string()),
            BASE64.encode(claims.to_string())
        );
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes())?;
        let signature = BASE64.encode(signature.as_ref());
        Ok(format!("vapid t={signed}.{signature}, k={}", self.public))
    }
}

fn unreadable(error: impl std::fmt::Display) -> sqlx::Error {
    sqlx::Error::Decode(format!("the site's key for push messages: {error}").into())
}
