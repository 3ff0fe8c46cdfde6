//! Signed requests with JSON to a receiver that the settings name. In its table:
//!
//! ```toml
//! url = "https://hooks.example/floor"
//! secret_file = "/etc/ms5-floor/hook.secret"     # or the environment
//! token_file = "/etc/ms5-floor/hook.token"       # sent as `Authorization: Bearer`; optional
//! authority_file = "/etc/ms5-floor/plant-ca.pem" # trusted instead of the public authorities; optional
//! allow_plain_http = false                       # true: not under TLS, to another machine
//! ```
//!
//! `X-MS5-Signature: t=<epoch ms>,v1=<hex>` is the HMAC-SHA-256 with the secret of the time, a dot and the body: who checks
//! it, and that the time is of the last minutes, knows that the message is ours and new. `X-MS5-Delivery` is the same at
//! every attempt to send one message.

use super::message::clipped;
use super::settings::{Reader, Secret, SettingsError};
use super::{Means, SendError};
use crate::domain::time::{DurMs, TsMs};
use crate::server::auth::secret::hex;
use crate::server::outbound::{Way, is_loopback};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::fmt;
use std::io::Read;
use std::path::PathBuf;
use ureq::Agent;
use ureq::http::{HeaderMap, Request, header};
use url::Url;

/// The most that is read of an answer that says no.
const LARGEST: u64 = 4_096;
/// The most that is kept of it, in characters.
const LONGEST_WORDS: usize = 160;
/// Answers that stay the same however often the same message is sent.
const FOR_EVER: [u16; 6] = [400, 410, 413, 414, 415, 422];

/// A receiver in the settings file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileReceiver {
    url: String,
    secret_file: Option<PathBuf>,
    token_file: Option<PathBuf>,
    authority_file: Option<PathBuf>,
    #[serde(default)]
    allow_plain_http: bool,
}

/// A receiver.
#[derive(Clone, PartialEq, Eq)]
pub struct ReceiverSettings {
    /// Where it is.
    pub url: Url,
    /// What messages are signed with.
    pub secret: Secret,
    /// What lets us in there.
    pub token: Option<Secret>,
    /// The authorities to trust instead of the public ones, as PEM.
    pub authorities: Option<Vec<u8>>,
}

/// Without the path, which may hold what opens it.
impl fmt::Debug for ReceiverSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceiverSettings")
            .field("host", &self.url.host_str())
            .finish_non_exhaustive()
    }
}

impl FileReceiver {
    /// Checked. `table` is its own, below `[delivery]`; `variables` begin the names of variables of the environment.
    pub fn resolve(
        self,
        table: &str,
        variables: &str,
        reader: Reader<'_>,
    ) -> Result<ReceiverSettings, SettingsError> {
        let setting = |key: &str| format!("{table}.{key}");
        let url = reader.receiver(&setting("url"), &self.url, self.allow_plain_http)?;
        let variable = format!("{variables}_SECRET");
        let name = setting("secret_file");
        let secret = reader.secret(&name, self.secret_file.as_deref(), &variable)?;
        Ok(ReceiverSettings {
            url,
            secret: secret.ok_or(SettingsError::NoSecret(name, variable))?,
            token: reader.secret(
                &setting("token_file"),
                self.token_file.as_deref(),
                &format!("{variables}_TOKEN"),
            )?,
            authorities: reader
                .authorities(&setting("authority_file"), self.authority_file.as_deref())?,
        })
    }
}

/// A receiver that can be posted to.
pub struct Receiver {
    settings: ReceiverSettings,
    agent: Agent,
}

impl Receiver {
    /// Nothing is asked yet.
    pub fn new(settings: ReceiverSettings, means: &Means) -> Self {
        let way = Way {
            within: means.general.within,
            authorities: settings.authorities.as_deref(),
            https_only: settings.url.scheme() == "https",
            loopback: is_loopback(&settings.url),
        };
        Self {
            agent: agent(way),
            settings,
        }
    }

    /// Posts `body`, signed. Returns what the receiver said.
    pub async fn post(
        &self,
        uid: &str,
        body: &impl Serialize,
        now: TsMs,
    ) -> Result<String, SendError> {
        let body = serde_json::to_vec(body).map_err(|e| SendError::Never(e.to_string()))?;
        let mut request = Request::post(self.settings.url.as_str())
            .header(header::CONTENT_TYPE, "application/json")
            .header("X-MS5-Delivery", uid)
            .header(
                "X-MS5-Signature",
                signature(&self.settings.secret, now, &body),
            );
        if let Some(token) = &self.settings.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", token.text()));
        }
        let request = request
            .body(body)
            .map_err(|e| SendError::Never(e.to_string()))?;
        judged(ask(&self.agent, request).await?, now)
    }
}

/// What proves that a body is ours and when it was sent.
pub fn signature(secret: &Secret, now: TsMs, body: &[u8]) -> String {
    // Keys of any length are fine for HMAC, so this fails for none.
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.text().as_bytes())
        .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    mac.update(now.0.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    format!("t={},v1={}", now.0, hex(&mac.finalize().into_bytes()))
}

/// Who asks: a connection for each message, so that none is lost in one that the other side has closed.
pub fn agent(way: Way<'_>) -> Agent {
    let config = way.config().max_idle_connections(0);
    config.build().new_agent()
}

/// What was answered.
pub struct Answered {
    /// The status.
    pub status: u16,
    retry_after: Option<String>,
    /// The beginning of what was said when it was no.
    words: String,
}

/// Asks; the client waits while it does, so it has a thread of its own.
pub async fn ask(agent: &Agent, request: Request<Vec<u8>>) -> Result<Answered, SendError> {
    let agent = agent.clone();
    let asked = tokio::task::spawn_blocking(move || asked(&agent, request)).await;
    asked
        .unwrap_or_else(|error| Err(ureq::Error::Io(std::io::Error::other(error))))
        .map_err(|error| SendError::later(format!("cannot be reached: {}", told(&error))))
}

fn asked(agent: &Agent, request: Request<Vec<u8>>) -> Result<Answered, ureq::Error> {
    let (parts, mut body) = agent.run(request)?.into_parts();
    let status = parts.status.as_u16();
    let mut words = Vec::new();
    if !parts.status.is_success() {
        // What cannot be read is not needed: the status is the answer.
        let _ = body.as_reader().take(LARGEST).read_to_end(&mut words);
    }
    Ok(Answered {
        status,
        retry_after: retry_after(&parts.headers),
        words: String::from_utf8_lossy(&words).into_owned(),
    })
}

fn retry_after(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    Some(value.trim().to_owned())
}

/// Without the address, which may hold what opens the receiver.
fn told(error: &ureq::Error) -> String {
    match error {
        ureq::Error::BadUri(_) => "its address is wrong".to_owned(),
        ureq::Error::Timeout(_) => "no answer in time".to_owned(),
        other => other.to_string(),
    }
}

/// What an answer means: taken, to be tried again, or never.
pub fn judged(answered: Answered, now: TsMs) -> Result<String, SendError> {
    let status = answered.status;
    let said = match answered.words.trim() {
        "" => format!("answered {status}"),
        words => format!("answered {status}: {}", clipped(words, LONGEST_WORDS)),
    };
    match status {
        200..=299 => Ok(said),
        300..=399 => Err(SendError::later(format!(
            "answered {status}: redirects are not followed"
        ))),
        _ if FOR_EVER.contains(&status) => Err(SendError::Never(said)),
        _ => Err(SendError::Later {
            why: said,
            after: answered.retry_after.and_then(|text| wait(&text, now)),
        }),
    }
}

/// The value of `Retry-After`: seconds, or a date.
fn wait(text: &str, now: TsMs) -> Option<DurMs> {
    if let Ok(seconds) = text.parse::<i64>() {
        return Some(DurMs(seconds.clamp(0, 86_400) * 1_000));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new();
    let at = date.parse_timestamp(text).ok()?;
    Some(TsMs(at.as_millisecond()) - now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_what_openssl_makes_of_it() {
        // printf '1783332000000.{"to":"x"}' | openssl dgst -sha256 -hmac 'a secret'
        let made = signature(
            &Secret::new("a secret"),
            TsMs(1_783_332_000_000),
            b"{\"to\":\"x\"}",
        );
        assert_eq!(
            made,
            "t=1783332000000,v1=3965ec2e0af7e88895e29a0918793bc50f0a051ab47d95cf002ddedd6d71f6bb"
        );
    }

    #[test]
    fn answers_that_may_change_are_asked_for_again() {
        let answer = |status, retry_after: Option<&str>| {
            let answered = Answered {
                status,
                retry_after: retry_after.map(str::to_owned),
                words: " no\n".to_owned(),
            };
            judged(answered, TsMs(784_111_777_000))
        };
        assert_eq!(answer(204, None), Ok("answered 204: no".to_owned()));
        for status in [400, 410, 413, 422] {
            assert!(
                matches!(answer(status, None), Err(SendError::Never(_))),
                "{status}"
            );
        }
        for status in [302, 307, 401, 403, 404, 408, 425, 429, 500, 502, 503] {
            assert!(
                matches!(answer(status, None), Err(SendError::Later { .. })),
                "{status}"
            );
        }
        let asked = |text| match answer(503, Some(text)) {
            Err(SendError::Later { after, .. }) => after,
            other => panic!("{other:?}"),
        };
        assert_eq!(asked("120"), Some(DurMs(120_000)));
        // The example of RFC 9110, 43 seconds later.
        assert_eq!(asked("Sun, 06 Nov 1994 08:50:20 GMT"), Some(DurMs(43_000)));
        assert_eq!(asked("soon"), None);
    }
}
