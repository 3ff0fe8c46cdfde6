//! The second factor: time-based one-time passwords (RFC 6238), six digits, 30 seconds.

use crate::domain::time::TsMs;
use totp_rs::{Builder, Secret, Totp};

/// The name that an authenticator shows.
const ISSUER: &str = "MS5 Floor";

/// A new secret in base32.
#[must_use]
pub fn new_secret() -> String {
    Secret::generate().to_base32()
}

/// The step in which `code` was made, if it is right now or was within the last half minute; 0 when it is wrong.
#[must_use]
pub fn step_of(secret: &str, code: &str, now: TsMs) -> Option<i64> {
    let seconds = u64::try_from(now.0 / 1000).ok()?;
    let code: String = code.chars().filter(char::is_ascii_digit).collect();
    let found = totp(secret, "")?.check(&code, seconds)?;
    i64::try_from(found).ok()
}

/// The address that an authenticator reads, `otpauth://…`, and a picture of it as a PNG in base64.
#[must_use]
pub fn for_authenticator(secret: &str, login: &str) -> Option<(String, String)> {
    let totp = totp(secret, login)?;
    Some((totp.to_url().ok()?, totp.to_qr_base64().ok()?))
}

fn totp(secret: &str, login: &str) -> Option<Totp> {
    let secret = Secret::try_from_base32(secret).ok()?;
    Builder::new()
        .with_secret(secret)
        .with_skew(1)
        .with_account_name(login.replace(':', "."))
        .with_issuer(Some(ISSUER))
        .build()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 6238, appendix B: SHA-1, secret "12345678901234567890", the last six of eight digits.
    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    #[test]
    fn the_codes_of_the_standard_are_right_in_their_half_minute() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            let at = |s: i64| step_of(SECRET, code, TsMs(s * 1000));
            assert!(at(seconds).is_some(), "{seconds}");
            assert_eq!(
                at(seconds),
                at(seconds + 29),
                "the step is the code's, not the clock's"
            );
            assert_eq!(at(seconds + 90), None, "{seconds}");
        }
        assert_eq!(step_of(SECRET, "000000", TsMs(59_000)), None);
        assert_eq!(step_of(SECRET, "", TsMs(59_000)), None);
    }

    #[test]
    fn a_new_secret_works_and_can_be_scanned() {
        let secret = new_secret();
        let (address, picture) = for_authenticator(&secret, "maria").expect("an address");
        assert!(
            address.starts_with("otpauth://totp/") && address.contains(&secret),
            "{address}"
        );
        assert!(!picture.is_empty());
    }
}
