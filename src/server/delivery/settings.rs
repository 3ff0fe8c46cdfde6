//! By what people are reached. In the settings file, each channel by itself:
//!
//! ```toml
//! [delivery]
//! address = "https://floor.example"   # how links in messages begin
//! timeout_s = 10                      # how long one attempt may take
//!
//! [delivery.email]                    # see `smtp`
//! [delivery.webhook.NAME]             # see `webhook`
//! [delivery.push]                     # see `push`
//! [delivery.sms]                      # see `gateway`
//! [delivery.voice]
//! ```

use crate::server::outbound::{certificates, is_loopback};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;

/// How long one attempt may take when nothing else is said.
const TIMEOUT_S: u64 = 10;

/// What holds for all channels, as it stands in `[delivery]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileGeneral {
    /// How links in messages begin.
    pub address: String,
    /// How long one attempt may take.
    pub timeout_s: Option<u64>,
}

/// What holds for all channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct General {
    /// How links in messages begin: no slash at its end.
    pub address: String,
    /// The host in it.
    pub host: String,
    /// How long one attempt may take.
    pub within: Duration,
}

impl FileGeneral {
    /// Checked.
    ///
    /// # Errors
    /// Names the setting that is wrong.
    pub fn resolve(self) -> Result<General, SettingsError> {
        let url = address("address", &self.address)?;
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            let why = "must be a scheme and a host, such as https://floor.example";
            return Err(SettingsError::Wrong("address".to_owned(), why));
        }
        let timeout = self.timeout_s.unwrap_or(TIMEOUT_S);
        if !(1..=60).contains(&timeout) {
            let why = "must be 1 to 60 seconds";
            return Err(SettingsError::Wrong("timeout_s".to_owned(), why));
        }
        Ok(General {
            address: url.as_str().trim_end_matches('/').to_owned(),
            host: url.host_str().unwrap_or_default().to_owned(),
            within: Duration::from_secs(timeout),
        })
    }
}

/// What proves to a receiver that it is us, never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// From its text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A setting that cannot be used. Values are not told: an address of a webhook may hold what opens it.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// It cannot be meant like this.
    #[error("delivery.{0}: {1}")]
    Wrong(String, &'static str),
    /// Nothing in it.
    #[error("delivery.{0}: must not be empty")]
    Empty(String),
    /// Without it the channel cannot be used safely.
    #[error("delivery.{0}: is missing; name the file, or set {1}")]
    NoSecret(String, String),
    /// The file is not there.
    #[error("delivery.{0}: {file} cannot be read: {2}", file = .1.display())]
    Unreadable(String, PathBuf, std::io::Error),
    /// The file is not what it should be.
    #[error("delivery.{0}: {file} holds no certificate in PEM", file = .1.display())]
    NoCertificate(String, PathBuf),
}

/// Reads what the settings of a channel name: the files and variables that hold secrets.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    variable: &'a dyn Fn(&str) -> Option<String>,
}

impl<'a> Reader<'a> {
    /// Asks `variable` for those of the environment.
    #[must_use]
    pub fn new(variable: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { variable }
    }

    /// The secret of a variable, else of a file, if there is one.
    ///
    /// # Errors
    /// When the file cannot be read or holds nothing.
    pub fn secret(
        &self,
        setting: &str,
        file: Option<&Path>,
        variable: &str,
    ) -> Result<Option<Secret>, SettingsError> {
        let text = match ((self.variable)(variable), file) {
            (Some(text), _) => text,
            (None, Some(file)) => String::from_utf8_lossy(&read(setting, file)?).into_owned(),
            (None, None) => return Ok(None),
        };
        match text.trim() {
            "" => Err(SettingsError::Empty(setting.to_owned())),
            text => Ok(Some(Secret::new(text))),
        }
    }

    /// The authorities of a PEM file, if one is named.
    ///
    /// # Errors
    /// When the file cannot be read or holds none.
    pub fn authorities(
        &self,
        setting: &str,
        file: Option<&Path>,
    ) -> Result<Option<Vec<u8>>, SettingsError> {
        let Some(file) = file else {
            return Ok(None);
        };
        let pem = read(setting, file)?;
        if certificates(&pem).is_empty() {
            return Err(SettingsError::NoCertificate(
                setting.to_owned(),
                file.to_owned(),
            ));
        }
        Ok(Some(pem))
    }

    /// The address of a receiver: under TLS, on this machine, or in clear because somebody said so.
    ///
    /// # Errors
    /// When it is none, or in clear without a word.
    pub fn receiver(
        &self,
        setting: &str,
        text: &str,
        allow_plain_http: bool,
    ) -> Result<Url, SettingsError> {
        let url = address(setting, text)?;
        if url.scheme() == "http" && !allow_plain_http && !is_loopback(&url) {
            let why = "must begin with https://, unless allow_plain_http = true stands beside it";
            return Err(SettingsError::Wrong(setting.to_owned(), why));
        }
        Ok(url)
    }
}

fn read(setting: &str, file: &Path) -> Result<Vec<u8>, SettingsError> {
    std::fs::read(file)
        .map_err(|e| SettingsError::Unreadable(setting.to_owned(), file.to_owned(), e))
}

/// An address of HTTP with a host.
fn address(setting: &str, text: &str) -> Result<Url, SettingsError> {
    let wrong = |why| SettingsError::Wrong(setting.to_owned(), why);
    let url = Url::parse(text).map_err(|_| wrong("is no address"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong("must begin with https:// or http://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("must not hold a password; use token_file"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn general(address: &str) -> Result<General, String> {
        let file = FileGeneral {
            address: address.to_owned(),
            timeout_s: None,
        };
        file.resolve().map_err(|e| e.to_string())
    }

    #[test]
    fn links_begin_with_a_scheme_and_a_host() {
        let got = general("https://Floor.Example/").expect("an address");
        assert_eq!(got.address, "https://floor.example");
        assert_eq!(got.host, "floor.example");
        assert_eq!(got.within, Duration::from_secs(10));
        assert!(general("http://10.0.0.7:3000").is_ok());
        for wrong in [
            "",
            "floor.example",
            "ftp://floor.example",
            "https://floor.example/path",
            "https://floor.example/?a",
            "https://me:secret@floor.example",
        ] {
            let error = general(wrong).expect_err(wrong);
            assert!(error.starts_with("delivery.address: "), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn receivers_are_reached_in_clear_only_when_that_is_said() {
        let none = |_: &str| None;
        let reader = Reader::new(&none);
        let receiver = |text: &str, plain| reader.receiver("webhook.a.url", text, plain).map(drop);
        assert!(receiver("https://hooks.example/x", false).is_ok());
        for here in ["http://127.0.0.1:1/x", "http://[::1]/", "http://localhost/"] {
            assert!(receiver(here, false).is_ok(), "{here}");
        }
        assert!(receiver("http://10.0.0.7/secret-path", true).is_ok());
        let error = receiver("http://10.0.0.7/secret-path", false).expect_err("in clear");
        assert!(error.to_string().contains("allow_plain_http"), "{error}");
        assert!(!error.to_string().contains("secret-path"), "{error}");
    }

    #[test]
    fn secrets_come_from_the_environment_or_a_file_and_are_not_shown() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let file = folder.path().join("secret");
        std::fs::write(&file, "from the file\n").expect("written");
        let none = |_: &str| None;
        let some = |name: &str| (name == "MS5_A").then(|| "from the environment".to_owned());
        let text = |reader: Reader<'_>, file: Option<&Path>| {
            let found = reader.secret("email.password_file", file, "MS5_A");
            found.expect("a secret").map(|s| s.text().to_owned())
        };
        let (without, with) = (Reader::new(&none), Reader::new(&some));
        assert_eq!(text(without, Some(&file)).as_deref(), Some("from the file"));
        assert_eq!(
            text(with, Some(&file)).as_deref(),
            Some("from the environment")
        );
        assert_eq!(text(without, None), None);
        let gone = without.secret(
            "email.password_file",
            Some(Path::new("/not/there")),
            "MS5_A",
        );
        let error = gone.expect_err("no file").to_string();
        assert!(error.contains("email.password_file") && error.contains("/not/there"));
        assert_eq!(format!("{:?}", Secret::new("abc")), "Secret(..)");
    }
}
