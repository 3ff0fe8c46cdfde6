//! Web push: messages to browsers on tablets and phones, also while no page of the site is open (RFC 8030). Each goes to the
//! service that the browser named, sealed for that browser alone and signed by the site.
//!
//! ```toml
//! [delivery.push]
//! contact = "mailto:floor@plant.example"  # whom the services ask when something is wrong
//! services = ["push.plant.example"]       # hosts beside those of the known browsers; optional
//! ```
//!
//! Messages are posted to these hosts only: an address that somebody's browser tells leads nowhere inside the factory. What
//! the browser gets is a declarative message, `{"web_push": 8030, "notification": {"title", "body", "navigate", "tag",
//! "data"}}`: some show it by themselves, for others the site's service worker does.

mod sealed;
mod vapid;

use super::message::{Message, clipped_bytes};
use super::settings::{Reader, SettingsError};
use super::signed::{agent, ask, judged};
use super::{Channel, Configured, Means, OpenError, Outgoing, SendError, Urgency};
use crate::domain::ids::{PersonId, SubscriptionId};
use crate::domain::time::TsMs;
use crate::server::auth::guard::by_the_program;
use crate::server::db::contacts::SubscriptionRow;
use crate::server::db::{Db, audit, contacts, people};
use crate::server::outbound::{Way, is_loopback};
use async_trait::async_trait;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use sealed::{AUTH_LENGTH, Device, KEY_LENGTH, LARGEST, seal};
use serde::Deserialize;
use serde_json::json;
use ureq::Agent;
use ureq::http::{Request, header};
use url::Url;
use vapid::Vapid;

/// The services of Chrome and Edge on Android and others, Firefox, Safari, and Edge on Windows; their subdomains too.
const KNOWN: [&str; 4] = [
    "fcm.googleapis.com",
    "push.services.mozilla.com",
    "push.apple.com",
    "notify.windows.com",
];
/// How long a service keeps a message for a device that is off, in seconds: a call of yesterday wakes nobody.
const KEPT_S: u32 = 4 * 3_600;
/// What a service answers when the browser does not take messages any more.
const GONE: [u16; 2] = [404, 410];

/// `[delivery.push]` of the settings file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSettings {
    contact: String,
    #[serde(default)]
    services: Vec<String>,
}

/// Whom push services ask, and which are posted to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    contact: String,
    services: Vec<Service>,
}

/// A push service that is posted to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Service {
    /// This host and its subdomains, under TLS.
    Host(String),
    /// A program on this machine, at exactly this origin.
    Here(String),
}

impl Service {
    fn holds(&self, endpoint: &Url) -> bool {
        match self {
            Self::Here(origin) => endpoint.origin().ascii_serialization() == *origin,
            Self::Host(host) => {
                let found = endpoint.host_str().unwrap_or_default();
                let below = found.strip_suffix(host.as_str());
                endpoint.scheme() == "https"
                    && endpoint.port().is_none()
                    && below.is_some_and(|below| below.is_empty() || below.ends_with('.'))
            }
        }
    }
}

/// Sends to browsers.
pub struct Push {
    services: Vec<Service>,
    vapid: Vapid,
    db: Db,
    /// Asks services.
    agent: Agent,
    /// Asks programs on this machine.
    here: Agent,
}

impl Push {
    /// The endpoint, if it belongs to a service that is posted to.
    fn endpoint(&self, text: &str) -> Result<Url, String> {
        let url = Url::parse(text).map_err(|_| "the browser told no address".to_owned())?;
        if self.services.iter().any(|service| service.holds(&url)) {
            Ok(url)
        } else {
            let host = url.host_str().unwrap_or_default();
            Err(format!(
                "'{host}' is no push service that is posted to; see delivery.push.services"
            ))
        }
    }

    fn request(
        &self,
        endpoint: &Url,
        sealed: Vec<u8>,
        out: &Outgoing,
    ) -> Result<Request<Vec<u8>>, String> {
        let origin = endpoint.origin().ascii_serialization();
        let authorization = self.vapid.authorization(&origin, out.now);
        let authorization = authorization.map_err(|_| "the message cannot be signed".to_owned())?;
        Request::post(endpoint.as_str())
            .header(header::AUTHORIZATION, authorization)
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .header(header::CONTENT_ENCODING, "aes128gcm")
            .header("TTL", KEPT_S)
            .header("Urgency", out.message.urgency.name())
            // Of two with one topic the service keeps the newer: a repetition is shown once.
            .header("Topic", &out.uid)
            .body(sealed)
            .map_err(|e| e.to_string())
    }

    /// The device takes no messages any more, since its service answered so: the program takes it off by itself, on record.
    async fn forget(&self, device: &SubscriptionRow, status: u16, now: TsMs) -> sqlx::Result<()> {
        let mut tx = self.db.begin().await?;
        if !contacts::unsubscribe(&mut tx, device.subscription()).await? {
            // Another node was faster, or its owner.
            return Ok(());
        }
        let owner = people::by_id_in(&mut tx, PersonId(device.person_id)).await?;
        let owner = owner.ok_or(sqlx::Error::RowNotFound)?;
        let target = format!("person:{}", owner.login);
        let mut row = by_the_program(now, "person.device.forgotten", target);
        row.was = json!({"device": device.id, "label": device.label}).to_string();
        row.why = format!("its push service answered {status}");
        audit::add(&mut tx, &row).await?;
        tx.commit().await
    }

    async fn used(&self, id: SubscriptionId, now: TsMs) -> sqlx::Result<()> {
        let mut tx = self.db.begin().await?;
        contacts::subscription_used(&mut tx, id, now).await?;
        tx.commit().await
    }
}

#[async_trait]
impl Channel for Push {
    async fn send(&self, out: &Outgoing) -> Result<String, SendError> {
        let gone = || SendError::Never("the device does not take messages any more".to_owned());
        let id = out
            .address
            .parse()
            .map(SubscriptionId)
            .map_err(|_| gone())?;
        let found = contacts::subscription(&self.db, id).await;
        let device = found.map_err(SendError::later)?.ok_or_else(gone)?;
        let endpoint = self.endpoint(&device.endpoint).map_err(SendError::Never)?;
        let keys = Device {
            key: &device.p256dh,
            auth: &device.auth,
        };
        let sealed = seal(keys, &told(out)).map_err(|_| {
            SendError::Never(
                "the device's key cannot be used; let it take messages anew".to_owned(),
            )
        })?;
        let request = self
            .request(&endpoint, sealed, out)
            .map_err(SendError::Never)?;
        let agent = if is_loopback(&endpoint) {
            &self.here
        } else {
            &self.agent
        };
        let answered = ask(agent, request).await?;
        if GONE.contains(&answered.status) {
            let forgotten = self.forget(&device, answered.status, out.now).await;
            forgotten.map_err(SendError::later)?;
            return Err(gone());
        }
        let said = judged(answered, out.now)?;
        // It was taken: whatever is wrong here does not send it again.
        if let Err(error) = self.used(id, out.now).await {
            tracing::warn!(%error, "when a device was last reached cannot be written down");
        }
        Ok(said)
    }

    fn takes(&self, address: &str) -> Result<(), String> {
        self.endpoint(address).map(drop)
    }

    fn public_key(&self) -> Option<&str> {
        Some(self.vapid.public())
    }
}

#[async_trait]
impl Configured for Push {
    type File = FileSettings;
    type Settings = Settings;

    fn resolve(table: &str, file: FileSettings, _: Reader<'_>) -> Result<Settings, SettingsError> {
        let wrong = |key: &str, why| SettingsError::Wrong(format!("{table}.{key}"), why);
        let contact = file.contact.trim().to_owned();
        if !(contact.starts_with("mailto:") || contact.starts_with("https://")) {
            return Err(wrong("contact", "must begin with mailto: or https://"));
        }
        let mut services: Vec<Service> = KNOWN.map(|host| Service::Host(host.to_owned())).to_vec();
        for text in &file.services {
            let service = service(text);
            services.push(service.ok_or_else(|| {
                wrong("services", "must be host names, such as push.plant.example")
            })?);
        }
        Ok(Settings { contact, services })
    }

    async fn open(settings: Settings, means: &Means) -> Result<Self, OpenError> {
        let way = |loopback: bool| Way {
            within: means.general.within,
            authorities: None,
            https_only: !loopback,
            loopback,
        };
        Ok(Self {
            vapid: Vapid::load(&means.db, &settings.contact).await?,
            services: settings.services,
            db: means.db.clone(),
            agent: agent(way(false)),
            here: agent(way(true)),
        })
    }
}

/// A host name; or the origin of a program on this machine, which need not speak TLS.
fn service(text: &str) -> Option<Service> {
    if let Some(url) = Url::parse(text).ok().filter(is_loopback) {
        return Some(Service::Here(url.origin().ascii_serialization()));
    }
    let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
    let url = Url::parse(&format!("https://{text}/")).ok()?;
    let is_host = url.domain() == Some(text) && text.contains('.') && text.chars().all(is_letter);
    is_host.then(|| Service::Host(text.to_owned()))
}

/// The keys that a browser tells with its endpoint, in base64url: of the lengths that they must have.
///
/// # Errors
/// Says which one is wrong.
pub fn keys(p256dh: &str, auth: &str) -> Result<(Vec<u8>, Vec<u8>), String> {
    let read = |text: &str, length: usize, name: &str| {
        let bytes = BASE64.decode(text.trim_end_matches('='));
        let bytes = bytes.ok().filter(|bytes| bytes.len() == length);
        bytes.ok_or_else(|| format!("the browser's key '{name}' cannot be read"))
    };
    Ok((
        read(p256dh, KEY_LENGTH, "p256dh")?,
        read(auth, AUTH_LENGTH, "auth")?,
    ))
}

/// What the browser shows, as JSON of at most [`LARGEST`] bytes.
fn told(out: &Outgoing) -> Vec<u8> {
    let json = |text: &str| {
        json!({
            "web_push": 8030,
            "notification": {
                "title": out.message.title,
                "body": text,
                "navigate": out.link,
                "tag": out.uid,
                "requireInteraction": out.message.urgency == Urgency::High,
                "data": {"delivery": out.uid, "call": out.message.call, "urgency": out.message.urgency},
            },
        })
        .to_string()
        .into_bytes()
    };
    let Message { text, .. } = &out.message;
    // A character may take up to six bytes in JSON.
    [LARGEST, LARGEST / 2, LARGEST / 6 - 300, 0]
        .into_iter()
        .map(|room| json(&clipped_bytes(text, room)))
        .find(|told| told.len() <= LARGEST)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_posted_to_push_services_only() {
        let file = FileSettings {
            contact: "mailto:floor@plant.example".to_owned(),
            services: vec![
                "push.plant.example".to_owned(),
                "http://127.0.0.1:8123".to_owned(),
            ],
        };
        let none = |_: &str| None;
        let settings = Push::resolve("push", file, Reader::new(&none)).expect("settings");
        let holds = |text: &str| {
            let url = Url::parse(text).expect("an address");
            settings.services.iter().any(|s| s.holds(&url))
        };
        for good in [
            "https://fcm.googleapis.com/fcm/send/abc",
            "https://updates.push.services.mozilla.com/wpush/v2/abc",
            "https://web.push.apple.com/abc",
            "https://wns2-par02p.notify.windows.com/w/?token=abc",
            "https://push.plant.example/abc",
            "http://127.0.0.1:8123/abc",
        ] {
            assert!(holds(good), "{good}");
        }
        for bad in [
            "http://fcm.googleapis.com/abc",
            "https://fcm.googleapis.com:8443/abc",
            "https://evilpush.apple.com.example/abc",
            "https://notpush.apple.com.evil.example/",
            "https://evilfcm.googleapis.com/",
            "https://10.0.0.7/",
            "http://127.0.0.1:3000/",
            "http://localhost:8123/",
            "file:///etc/passwd",
        ] {
            assert!(!holds(bad), "{bad}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let none = |_: &str| None;
        for (contact, services, named) in [
            ("floor@plant.example", vec![], "push.contact"),
            (
                "mailto:a@b.example",
                vec!["https://x.example/"],
                "push.services",
            ),
            ("mailto:a@b.example", vec!["intranet"], "push.services"),
            ("mailto:a@b.example", vec!["*.example"], "push.services"),
            (
                "mailto:a@b.example",
                vec!["http://10.0.0.7"],
                "push.services",
            ),
        ] {
            let file = FileSettings {
                contact: contact.to_owned(),
                services: services.into_iter().map(str::to_owned).collect(),
            };
            let error = Push::resolve("push", file, Reader::new(&none)).expect_err(named);
            assert!(error.to_string().contains(named), "{error}");
        }
    }

    #[test]
    fn whatever_is_told_fits_into_one_message() {
        for letter in ["x", "ä", "🏭", "\"", "\u{1}"] {
            let message = Message {
                title: letter.repeat(200),
                text: letter.repeat(10_000),
                ..Message::default()
            };
            let out = Outgoing {
                uid: "0".repeat(32),
                address: String::new(),
                link: Some(format!("https://floor.example/{}", "a".repeat(200))),
                message,
                queued: TsMs(0),
                now: TsMs(0),
            };
            let told = told(&out);
            assert!(
                (500..=LARGEST).contains(&told.len()),
                "{letter}: {}",
                told.len()
            );
            let read: serde_json::Value = serde_json::from_slice(&told).expect("JSON");
            assert!(
                read["notification"]["body"]
                    .as_str()
                    .is_some_and(|b| b.ends_with('…'))
            );
        }
    }

    #[test]
    fn keys_have_the_lengths_that_they_must_have() {
        let key = BASE64.encode([4; KEY_LENGTH]);
        let auth = BASE64.encode([1; AUTH_LENGTH]);
        assert!(keys(&key, &auth).is_ok());
        assert!(keys(&format!("{key}="), &format!("{auth}==")).is_ok());
        for (key, auth, named) in [
            ("", auth.as_str(), "p256dh"),
            (&key, "abc", "auth"),
            ("%", "", "p256dh"),
        ] {
            let error = keys(key, auth).expect_err(named);
            assert!(error.contains(named), "{error}");
        }
    }
}
