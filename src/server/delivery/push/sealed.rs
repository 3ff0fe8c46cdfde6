//! Web push messages that nobody reads on the way (RFC 8291, with the `aes128gcm` coding of RFC 8188): one record, with a
//! new key pair and salt each.

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::error::Unspecified;
use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use ring::rand::{SecureRandom, SystemRandom};

/// An uncompressed point of P-256.
pub const KEY_LENGTH: usize = 65;
/// The secret that browser and site share.
pub const AUTH_LENGTH: usize = 16;
/// Every push service takes as much.
const LARGEST_BODY: usize = 4_096;
const SALT_LENGTH: usize = 16;
const HEADER_LENGTH: usize = SALT_LENGTH + 4 + 1 + KEY_LENGTH;
/// The largest message: less the header, the mark of the last record, and the tag.
pub const LARGEST: usize = LARGEST_BODY - HEADER_LENGTH - 1 - 16;

/// What a browser told of itself.
#[derive(Clone, Copy)]
pub struct Device<'a> {
    /// Its public key.
    pub key: &'a [u8],
    /// The secret that it shares with us.
    pub auth: &'a [u8],
}

/// Seals a message of at most [`LARGEST`] bytes for one device.
///
/// # Errors
/// When the device's key is no point of the curve, or there is no chance to be had.
pub fn seal(device: Device<'_>, text: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let rng = SystemRandom::new();
    let mut salt = [0_u8; SALT_LENGTH];
    rng.fill(&mut salt)?;
    let own = EphemeralPrivateKey::generate(&ECDH_P256, &rng)?;
    let public = own.compute_public_key()?;
    let other = UnparsedPublicKey::new(&ECDH_P256, device.key);
    agree_ephemeral(own, &other, |shared| {
        seal_with(device, shared, public.as_ref(), &salt, text)
    })?
}

/// The same with what is otherwise left to chance.
fn seal_with(
    device: Device<'_>,
    shared: &[u8],
    public: &[u8],
    salt: &[u8],
    text: &[u8],
) -> Result<Vec<u8>, Unspecified> {
    if text.len() > LARGEST {
        return Err(Unspecified);
    }
    let agreed = Salt::new(HKDF_SHA256, device.auth).extract(shared);
    let secret: [u8; 32] = derived(&agreed, &[b"WebPush: info\0", device.key, public])?;
    let record = Salt::new(HKDF_SHA256, salt).extract(&secret);
    let key: [u8; 16] = derived(&record, &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce: [u8; NONCE_LEN] = derived(&record, &[b"Content-Encoding: nonce\0"])?;

    let mut sealed = text.to_vec();
    // No record follows.
    sealed.push(2);
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?);
    let nonce = Nonce::assume_unique_for_key(nonce);
    key.seal_in_place_append_tag(nonce, Aad::empty(), &mut sealed)?;

    let size = u32::try_from(LARGEST_BODY).map_err(|_| Unspecified)?;
    let mut body = Vec::with_capacity(HEADER_LENGTH + sealed.len());
    body.extend_from_slice(salt);
    body.extend_from_slice(&size.to_be_bytes());
    body.push(u8::try_from(public.len()).map_err(|_| Unspecified)?);
    body.extend_from_slice(public);
    body.extend_from_slice(&sealed);
    Ok(body)
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn derived<const N: usize>(from: &Prk, info: &[&[u8]]) -> Result<[u8; N], Unspecified> {
    let mut out = [0_u8; N];
    from.expand(info, Length(N))?.fill(&mut out)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;

    /// Appendix A of RFC 8291.
    #[test]
    fn the_rfcs_own_message_is_sealed_as_the_rfc_does() {
        let bytes = |text: &str| BASE64.decode(text).expect("base64url");
        let key = bytes(
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        );
        let auth = bytes("BTBZMqHH6r4Tts7J_aSIgg");
        let shared = bytes("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs");
        let public = bytes(
            "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8",
        );
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw");
        let device = Device {
            key: &key,
            auth: &auth,
        };
        let text = b"When I grow up, I want to be a watermelon";
        let sealed = seal_with(device, &shared, &public, &salt, text).expect("sealed");
        assert_eq!(
            BASE64.encode(sealed),
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
        );
    }

    #[test]
    fn what_is_no_key_or_too_large_is_refused() {
        let auth = [7; AUTH_LENGTH];
        let seal_for = |key: &[u8], length| {
            let device = Device { key, auth: &auth };
            seal(device, &vec![b'x'; length])
        };
        let key = BASE64
            .decode("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4")
            .expect("a key");
        assert_eq!(seal_for(&key, LARGEST).expect("sealed").len(), LARGEST_BODY);
        assert!(seal_for(&key, LARGEST + 1).is_err());
        assert!(seal_for(&[4; KEY_LENGTH], 1).is_err(), "not on the curve");
        assert!(seal_for(&key[1..], 1).is_err());
    }
}
