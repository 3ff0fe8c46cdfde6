//! A browser that takes push messages, and what its push service checks: with other libraries than the server's.

use crate::receiver::Got;
use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes128Gcm, Nonce};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use hkdf::Hkdf;
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::{PublicKey, SecretKey};
use serde_json::Value;
use sha2_of_hkdf::Sha256;

/// What the browser keeps, and what it tells the site.
pub struct Device {
    secret: SecretKey,
    auth: Vec<u8>,
}

fn bytes(text: &str) -> Vec<u8> {
    BASE64
        .decode(text)
        .unwrap_or_else(|e| panic!("{e}: {text}"))
}

impl Device {
    /// One with these keys, in base64url.
    pub fn with(secret: &str, auth: &str) -> Self {
        Self {
            secret: SecretKey::from_slice(&bytes(secret)).expect("a key"),
            auth: bytes(auth),
        }
    }

    /// A new one.
    pub fn new() -> Self {
        let random = || uuid::Uuid::new_v4().into_bytes();
        Self {
            secret: SecretKey::from_slice(&[random(), random()].concat()).expect("a key"),
            auth: random().to_vec(),
        }
    }

    /// Its public key.
    pub fn key(&self) -> Vec<u8> {
        self.secret
            .public_key()
            .to_sec1_point(false)
            .as_bytes()
            .to_vec()
    }

    /// The secret that it shares with the site.
    pub fn auth(&self) -> &[u8] {
        &self.auth
    }

    /// What a message says, if it is for this device (RFC 8291, RFC 8188).
    pub fn open(&self, body: &[u8]) -> Option<Vec<u8>> {
        let (salt, rest) = body.split_at(16);
        let (size, rest) = rest.split_at(4);
        let (length, rest) = rest.split_at(1);
        assert_eq!(length, [65]);
        let (public, sealed) = rest.split_at(65);
        let size = u32::from_be_bytes(size.try_into().expect("four bytes"));
        assert!(sealed.len() <= size as usize, "one record");
        let sender = PublicKey::from_sec1_bytes(public).expect("a point of the curve");
        let shared =
            p256::ecdh::diffie_hellman(self.secret.to_nonzero_scalar(), sender.as_affine());
        let derived = |salt: &[u8], from: &[u8], info: &[u8], length: usize| {
            let mut out = vec![0; length];
            let from = Hkdf::<Sha256>::new(Some(salt), from);
            from.expand(info, &mut out).expect("a length");
            out
        };
        let info = [b"WebPush: info\0".as_slice(), &self.key(), public].concat();
        let secret = derived(&self.auth, shared.raw_secret_bytes(), &info, 32);
        let key = derived(salt, &secret, b"Content-Encoding: aes128gcm\0", 16);
        let nonce = derived(salt, &secret, b"Content-Encoding: nonce\0", 12);
        let cipher = Aes128Gcm::new_from_slice(&key).expect("a key");
        let nonce = Nonce::try_from(nonce.as_slice()).expect("a nonce");
        let mut opened = cipher.decrypt(&nonce, sealed).ok()?;
        while opened.last() == Some(&0) {
            opened.pop();
        }
        assert_eq!(opened.pop(), Some(2), "the last record");
        Some(opened)
    }

    /// The notification that a message asks for.
    pub fn shown(&self, got: &Got) -> Value {
        assert_eq!(got.header("content-encoding"), "aes128gcm");
        let opened = self.open(&got.body).expect("a message for this device");
        let told: Value = serde_json::from_slice(&opened).expect("JSON");
        assert_eq!(told["web_push"], 8030);
        told["notification"].clone()
    }
}

/// What a push service reads of a request that is signed with this public key (RFC 8292).
pub fn claims(got: &Got, key: &str) -> Value {
    let authorization = got.header("authorization");
    let told = authorization.strip_prefix("vapid t=").expect("a scheme");
    let (token, told) = told.split_once(", k=").expect("a key");
    assert_eq!(told, key, "the key that the browser knows");
    let (signed, signature) = token.rsplit_once('.').expect("a signature");
    let signature = Signature::from_slice(&bytes(signature)).expect("64 bytes");
    let verifier = VerifyingKey::from_sec1_bytes(&bytes(key)).expect("a key");
    verifier
        .verify(signed.as_bytes(), &signature)
        .expect("it holds");
    let (header, claims) = signed.split_once('.').expect("two parts");
    let header: Value = serde_json::from_slice(&bytes(header)).expect("JSON");
    assert_eq!(header["alg"], "ES256");
    serde_json::from_slice(&bytes(claims)).expect("JSON")
}
