//! E-mail, by the plant's own server:
//!
//! ```toml
//! [delivery.email]
//! server = "mail.plant.example"
//! port = 587                                    # 465 with tls = "tls", 25 with "none"
//! tls = "starttls"                              # "tls": from the first byte; "none": a relay inside the factory
//! user = "floor"                                # optional
//! password_file = "/etc/ms5-floor/mail.secret"  # or MS5_EMAIL_PASSWORD
//! from = "MS5 Floor <floor@plant.example>"
//! authority_file = "/etc/ms5-floor/plant-ca.pem" # trusted instead of the public authorities; optional
//! ```
//!
//! That a server took a message does not mean that somebody read it: an address that turns out to be wrong only later
//! bounces to the sender's mailbox.

use super::settings::{Reader, Secret, SettingsError};
use super::{Channel, Configured, Means, OpenError, Outgoing, SendError, Urgency};
use async_trait::async_trait;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{self, AsyncSmtpTransport};
use lettre::{Address, AsyncTransport, Tokio1Executor};
use serde::Deserialize;
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

/// Where the password may stand instead of in a file.
const PASSWORD: &str = "MS5_EMAIL_PASSWORD";
/// Replies that say: not to this address, or not this message. Others say what may be mended on the way there, such as a
/// wrong password.
const FOR_EVER: [u16; 5] = [550, 551, 552, 553, 556];

/// How the server is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// In clear at first, then TLS or nothing.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Tls,
    /// In clear.
    None,
}

/// `[delivery.email]` of the settings file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSettings {
    server: String,
    port: Option<u16>,
    #[serde(default)]
    tls: Security,
    user: Option<String>,
    password_file: Option<PathBuf>,
    from: String,
    authority_file: Option<PathBuf>,
}

/// The plant's mail server.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    server: String,
    port: u16,
    security: Security,
    credentials: Option<(String, Secret)>,
    from: Mailbox,
    authorities: Option<Vec<u8>>,
}

/// Sends mail: a connection for each.
pub struct Smtp {
    from: Mailbox,
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

#[async_trait]
impl Channel for Smtp {
    async fn send(&self, out: &Outgoing) -> Result<String, SendError> {
        let to = address(&out.address).map_err(SendError::Never)?;
        let mail = mail(&self.from, to, out).map_err(|e| SendError::Never(e.to_string()))?;
        let reply = self.transport.send(mail).await.map_err(|e| judged(&e))?;
        let words: Vec<&str> = reply.message().collect();
        Ok(format!("{} {}", reply.code(), words.join(" ")))
    }

    fn takes(&self, text: &str) -> Result<(), String> {
        address(text).map(drop)
    }
}

#[async_trait]
impl Configured for Smtp {
    type File = FileSettings;
    type Settings = Settings;

    fn resolve(
        table: &str,
        file: FileSettings,
        reader: Reader<'_>,
    ) -> Result<Settings, SettingsError> {
        let setting = |key: &str| format!("{table}.{key}");
        let wrong = |key: &str, why| Err(SettingsError::Wrong(setting(key), why));
        let server = file.server.trim().to_owned();
        if server.is_empty() {
            return Err(SettingsError::Empty(setting("server")));
        }
        if server.contains(|c: char| c == '/' || c.is_whitespace()) {
            return wrong("server", "must be a host name or an address");
        }
        let Ok(from) = file.from.parse::<Mailbox>() else {
            return wrong(
                "from",
                "is no address such as MS5 Floor <floor@plant.example>",
            );
        };
        let name = setting("password_file");
        let password = reader.secret(&name, file.password_file.as_deref(), PASSWORD)?;
        let credentials = match (file.user, password) {
            (None, None) => None,
            (Some(user), Some(password)) => Some((user, password)),
            (Some(_), None) => return Err(SettingsError::NoSecret(name, PASSWORD.to_owned())),
            (None, Some(_)) => return wrong("user", "is missing: it goes with the password"),
        };
        let here = ["localhost", "127.0.0.1", "::1"].contains(&server.as_str());
        if file.tls == Security::None && credentials.is_some() && !here {
            return wrong(
                "tls",
                "a password is not sent in clear; use \"starttls\" or \"tls\"",
            );
        }
        let authorities =
            reader.authorities(&setting("authority_file"), file.authority_file.as_deref())?;
        let port = file.port.unwrap_or(match file.tls {
            Security::Starttls => 587,
            Security::Tls => 465,
            Security::None => 25,
        });
        Ok(Settings {
            server,
            port,
            security: file.tls,
            credentials,
            from,
            authorities,
        })
    }

    async fn open(settings: Settings, means: &Means) -> Result<Self, OpenError> {
        let unusable = |e: smtp::Error| OpenError::Unusable("email", e.to_string());
        let tls = match settings.security {
            Security::None => Tls::None,
            Security::Starttls => Tls::Required(parameters(&settings).map_err(unusable)?),
            Security::Tls => Tls::Wrapper(parameters(&settings).map_err(unusable)?),
        };
        let mut transport =
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.server)
                .port(settings.port)
                .tls(tls)
                .timeout(Some(means.general.within))
                .hello_name(ClientId::Domain(means.general.host.clone()));
        if let Some((user, password)) = settings.credentials {
            transport = transport.credentials(Credentials::new(user, password.text().to_owned()));
        }
        Ok(Self {
            from: settings.from,
            transport: transport.build(),
        })
    }
}

fn parameters(settings: &Settings) -> Result<TlsParameters, smtp::Error> {
    let builder = TlsParameters::builder(settings.server.clone());
    match &settings.authorities {
        Some(pem) => builder
            .certificate_store(CertificateStore::None)
            .add_root_certificate(Certificate::from_pem(pem)?),
        None => builder.certificate_store(CertificateStore::WebpkiRoots),
    }
    .build_rustls()
}

fn address(text: &str) -> Result<Address, String> {
    let text = text.trim();
    text.parse::<Address>()
        .map_err(|_| format!("'{text}' is no address for e-mail"))
}

/// The mail: plain text, with the message's id as its own, so that mail programs show it once.
fn mail(
    from: &Mailbox,
    to: Address,
    out: &Outgoing,
) -> Result<lettre::Message, lettre::error::Error> {
    let mut text = out.message.text.clone();
    if let Some(link) = &out.link {
        text = format!("{text}\n\n{link}\n");
    }
    let sent = Duration::from_millis(u64::try_from(out.now.0).unwrap_or_default());
    let mut mail = lettre::Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(out.message.title.clone())
        .date(UNIX_EPOCH + sent)
        .message_id(Some(format!("<{}@{}>", out.uid, from.email.domain())))
        // RFC 3834: nobody's holiday answers it.
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .header(ContentType::TEXT_PLAIN);
    if out.message.urgency == Urgency::High {
        mail = mail.raw_header(header("Importance", "high"));
    }
    mail.body(text)
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// What a server's no means.
fn judged(error: &smtp::Error) -> SendError {
    let status = error.status().map(u16::from);
    let words = Words(error).to_string();
    if status.is_some_and(|status| FOR_EVER.contains(&status)) {
        SendError::Never(words)
    } else {
        SendError::later(words)
    }
}

/// The server's own words after its code.
struct Words<'a>(&'a smtp::Error);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = std::error::Error::source(self.0);
        match (self.0.status(), source) {
            (Some(code), Some(words)) => write!(f, "answered {code}: {words}"),
            (Some(code), None) => write!(f, "answered {code}"),
            (None, _) => write!(f, "cannot be reached: {}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(text: &str, password: Option<&str>) -> Result<Settings, String> {
        let file: FileSettings = toml::from_str(text).map_err(|e| e.to_string())?;
        let variable = |name: &str| password.filter(|_| name == PASSWORD).map(str::to_owned);
        Smtp::resolve("email", file, Reader::new(&variable)).map_err(|e| e.to_string())
    }

    #[test]
    fn ports_follow_from_how_the_server_is_reached() {
        let port = |more: &str| {
            let text = format!("server = 'mail.example'\nfrom = 'floor@plant.example'\n{more}");
            resolved(&text, None).map(|s| s.port)
        };
        assert_eq!(port(""), Ok(587));
        assert_eq!(port("tls = 'tls'"), Ok(465));
        assert_eq!(port("tls = 'none'"), Ok(25));
        assert_eq!(port("tls = 'tls'\nport = 2465"), Ok(2_465));
    }

    #[test]
    fn what_is_wrong_is_named_and_passwords_are_not_shown() {
        let base = "server = 'mail.example'\nfrom = 'floor@plant.example'\n";
        for (text, password, named) in [
            ("server = ''\nfrom = 'a@b.example'", None, "email.server"),
            (
                "server = 'smtp://x'\nfrom = 'a@b.example'",
                None,
                "email.server",
            ),
            ("server = 'x'\nfrom = 'nobody'", None, "email.from"),
            (
                &format!("{base}user = 'floor'"),
                None,
                "email.password_file",
            ),
            (base, Some("p"), "email.user"),
            (
                &format!("{base}user = 'f'\ntls = 'none'"),
                Some("p"),
                "email.tls",
            ),
            (
                &format!("{base}authority_file = 'Cargo.toml'"),
                None,
                "email.authority_file",
            ),
            (&format!("{base}tls = 'ssl'"), None, "ssl"),
        ] {
            let error = resolved(text, password).expect_err(named);
            assert!(error.contains(named), "{error}");
        }
        let shown = resolved(&format!("{base}user = 'floor'"), Some("hunter2"));
        assert!(!format!("{shown:?}").contains("hunter2"), "{shown:?}");
    }
}
