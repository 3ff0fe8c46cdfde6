//! Text messages and calls, by a gateway that takes them over HTTP: an appliance with a SIM card, or a small program in
//! front of a telephone company. Its table is one of a webhook (see `signed`):
//!
//! ```toml
//! [delivery.sms]                                 # and, or, [delivery.voice]
//! url = "https://gateway.example/messages"
//! secret_file = "/etc/ms5-floor/gateway.secret"  # or MS5_SMS_SECRET, MS5_VOICE_SECRET
//! token_file = "/etc/ms5-floor/gateway.token"    # or MS5_SMS_TOKEN, MS5_VOICE_TOKEN; optional
//! ```
//!
//! The body is `{"to": "+390471000000", "text": "...", "kind": "sms"}`, or of kind `voice`: then the text is read aloud. Any
//! answer of 200 to 299 means that the gateway takes care of it.

use super::settings::{Reader, SettingsError};
use super::signed::{FileReceiver, Receiver, ReceiverSettings};
use super::{Channel, Configured, Means, OpenError, Outgoing, SendError};
use async_trait::async_trait;
use serde::Serialize;

/// Text messages.
pub type Sms = Gateway<false>;
/// Calls.
pub type Voice = Gateway<true>;

/// What fits into three parts of a text message with letters of any script.
const LONGEST: usize = 200;

#[derive(Serialize)]
struct Body<'a> {
    to: &'a str,
    text: &'a str,
    kind: &'a str,
}

/// A gateway for text messages, or for calls.
pub struct Gateway<const VOICE: bool> {
    receiver: Receiver,
}

impl<const VOICE: bool> Gateway<VOICE> {
    const KIND: &'static str = if VOICE { "voice" } else { "sms" };
}

#[async_trait]
impl<const VOICE: bool> Channel for Gateway<VOICE> {
    async fn send(&self, out: &Outgoing) -> Result<String, SendError> {
        let to = number(&out.address).map_err(SendError::Never)?;
        // Nobody wants an address read aloud.
        let link = out.link.as_deref().filter(|_| !VOICE);
        let body = Body {
            to: &to,
            text: &out.message.short(link, LONGEST),
            kind: Self::KIND,
        };
        self.receiver.post(&out.uid, &body, out.now).await
    }

    fn takes(&self, address: &str) -> Result<(), String> {
        number(address).map(drop)
    }
}

#[async_trait]
impl<const VOICE: bool> Configured for Gateway<VOICE> {
    type File = FileReceiver;
    type Settings = ReceiverSettings;

    fn resolve(
        table: &str,
        file: FileReceiver,
        reader: Reader<'_>,
    ) -> Result<ReceiverSettings, SettingsError> {
        let variables = format!("MS5_{}", Self::KIND.to_uppercase());
        file.resolve(table, &variables, reader)
    }

    async fn open(settings: ReceiverSettings, means: &Means) -> Result<Self, OpenError> {
        let receiver = Receiver::new(settings, means);
        Ok(Self { receiver })
    }
}

/// A phone number without what people write between its digits.
///
/// # Errors
/// When it is none.
pub fn number(text: &str) -> Result<String, String> {
    let digits: String = text
        .trim()
        .chars()
        .filter(|c| !matches!(c, ' ' | '-' | '/' | '.' | '(' | ')'))
        .collect();
    let bare = digits.strip_prefix('+').unwrap_or(&digits);
    let fits = (3..=15).contains(&bare.len()) && bare.chars().all(|c| c.is_ascii_digit());
    if fits {
        Ok(digits)
    } else {
        Err(format!("'{text}' is no phone number"))
    }
}

/// A phone number as it is dialled from anywhere (E.164): `+`, its country code, 15 digits at most.
///
/// # Errors
/// When it is none.
pub fn international(text: &str) -> Result<String, String> {
    let number = number(text)?;
    let bare = number.strip_prefix('+').unwrap_or_default();
    if bare.len() >= 7 && !bare.starts_with('0') {
        Ok(number)
    } else {
        Err("must begin with + and the country code, such as +39 0471 000000".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        assert_eq!(
            number(" +39 (0471) 00-00/00 ").as_deref(),
            Ok("+390471000000")
        );
        assert_eq!(number("112").as_deref(), Ok("112"));
        for wrong in [
            "",
            "+",
            "12",
            "call me",
            "+39+0471",
            "1234567890123456",
            "١٢٣٤",
        ] {
            let error = number(wrong).expect_err(wrong);
            assert!(error.contains("no phone number"), "{error}");
        }
    }
    #[test]
    fn a_number_of_ones_own_begins_with_its_country() {
        assert_eq!(
            international("+39 0471 000000").as_deref(),
            Ok("+390471000000")
        );
        for wrong in [
            "112",
            "0471 000000",
            "+0471000000",
            "+39",
            "00390471000000",
            "call me",
        ] {
            assert!(international(wrong).is_err(), "{wrong}");
        }
    }
}
