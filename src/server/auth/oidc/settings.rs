//! Which provider, and how it knows us. In the settings file:
//!
//! ```toml
//! [oidc]
//! issuer = "https://id.example/realms/plant"
//! client_id = "floor"
//! client_secret_file = "/etc/ms5-floor/oidc.secret"   # or the environment: MS5_OIDC_CLIENT_SECRET
//! name = "Plant account"                              # on the button
//! authority_file = "/etc/ms5-floor/plant-ca.pem"      # trusted instead of the public authorities; optional
//! addresses_are_verified = false                      # or the environment: MS5_OIDC_ADDRESSES_ARE_VERIFIED
//! ```

use crate::server::outbound::{certificates, is_loopback};
use openidconnect::IssuerUrl;
use serde::Deserialize;
use std::fmt;
use std::path::{Path, PathBuf};

/// Where the secret may stand instead of in a file.
pub const CLIENT_SECRET: &str = "MS5_OIDC_CLIENT_SECRET";

/// Where it may stand that the provider's addresses are verified, instead of in the file: `true` or `false`.
pub const ADDRESSES_ARE_VERIFIED: &str = "MS5_OIDC_ADDRESSES_ARE_VERIFIED";

/// `[oidc]` of the settings file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSettings {
    issuer: String,
    client_id: String,
    client_secret_file: Option<PathBuf>,
    name: Option<String>,
    authority_file: Option<PathBuf>,
    addresses_are_verified: Option<bool>,
}

/// A provider that is asked who somebody is.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// Its address, as it writes it into what it signs.
    pub issuer: IssuerUrl,
    /// Our name there.
    pub client_id: String,
    /// What proves that we are that; a public client has none and relies on PKCE.
    pub client_secret: Option<String>,
    /// What people call it, for the button.
    pub name: String,
    /// The authorities to trust instead of the public ones, as PEM: of a provider inside the factory.
    pub authorities: Option<Vec<u8>>,
    /// An address of which the provider does not say whether it has checked it counts as checked: nobody but its administrators
    /// can set one there.
    pub addresses_are_verified: bool,
}

/// Without the secret.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Not an address, or one that anybody could pretend to be.
    #[error("oidc.issuer: '{0}' {1}")]
    Issuer(String, String),
    /// Nothing in it.
    #[error("oidc.{0}: must not be empty")]
    Empty(&'static str),
    /// The file is not there.
    #[error("oidc.{0}: {file} cannot be read: {2}", file = .1.display())]
    Unreadable(&'static str, PathBuf, std::io::Error),
    /// The file is not what it should be.
    #[error("oidc.authority_file: {0} holds no certificate in PEM")]
    NoCertificate(PathBuf),
    /// In the environment, and neither.
    #[error("MS5_OIDC_ADDRESSES_ARE_VERIFIED: '{0}' is neither true nor false")]
    NoFlag(String),
}

impl FileSettings {
    /// Checked, with what stands in other files; `env` reads the environment, which comes first.
    ///
    /// # Errors
    /// Names the setting that is wrong.
    pub fn resolve(self, env: &dyn Fn(&str) -> Option<String>) -> Result<Settings, SettingsError> {
        let issuer = issuer(&self.issuer)?;
        if self.client_id.trim().is_empty() {
            return Err(SettingsError::Empty("client_id"));
        }
        let addresses_are_verified = match env(ADDRESSES_ARE_VERIFIED) {
            None => self.addresses_are_verified.unwrap_or(false),
            Some(said) => match said.trim() {
                "true" => true,
                "false" => false,
                _ => return Err(SettingsError::NoFlag(said)),
            },
        };
        let client_secret = match (env(CLIENT_SECRET), &self.client_secret_file) {
            (Some(secret), _) => Some(secret),
            (None, Some(file)) => {
                let text = String::from_utf8_lossy(&read("client_secret_file", file)?).into_owned();
                Some(text)
            }
            (None, None) => None,
        };
        let client_secret = client_secret.map(|secret| secret.trim().to_owned());
        if client_secret.as_ref().is_some_and(String::is_empty) {
            return Err(SettingsError::Empty("client_secret_file"));
        }
        let authorities = match &self.authority_file {
            None => None,
            Some(file) => {
                let pem = read("authority_file", file)?;
                if certificates(&pem).is_empty() {
                    return Err(SettingsError::NoCertificate(file.clone()));
                }
                Some(pem)
            }
        };
        Ok(Settings {
            name: self
                .name
                .unwrap_or_else(|| host(&issuer).unwrap_or_default()),
            issuer,
            client_id: self.client_id,
            client_secret,
            authorities,
            addresses_are_verified,
        })
    }
}

fn read(setting: &'static str, file: &Path) -> Result<Vec<u8>, SettingsError> {
    std::fs::read(file).map_err(|e| SettingsError::Unreadable(setting, file.to_owned(), e))
}

fn host(issuer: &IssuerUrl) -> Option<String> {
    issuer.url().host_str().map(str::to_owned)
}

/// An address under TLS, or one on this machine.
fn issuer(text: &str) -> Result<IssuerUrl, SettingsError> {
    let wrong = |why: &str| SettingsError::Issuer(text.to_owned(), why.to_owned());
    let issuer =
        IssuerUrl::new(text.to_owned()).map_err(|e| wrong(&format!("is no address: {e}")))?;
    match issuer.url().scheme() {
        "https" => Ok(issuer),
        "http" if is_loopback(issuer.url()) => Ok(issuer),
        _ => Err(wrong("must begin with https://")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(text: &str, secret: Option<&str>) -> Result<Settings, String> {
        let file: FileSettings = toml::from_str(text).map_err(|e| e.to_string())?;
        let env = |name: &str| secret.filter(|_| name == CLIENT_SECRET).map(str::to_owned);
        file.resolve(&env).map_err(|e| e.to_string())
    }

    #[test]
    fn addresses_are_verified_where_somebody_says_so_and_nowhere_else() {
        let base = "issuer = 'https://id.example'\nclient_id = 'floor'\n";
        let verified = |more: &str, said: Option<&str>| {
            let file: FileSettings = toml::from_str(&format!("{base}{more}")).expect("settings");
            let env = |name: &str| {
                let said = said.filter(|_| name == ADDRESSES_ARE_VERIFIED);
                said.map(str::to_owned)
            };
            let settings = file.resolve(&env).map_err(|e| e.to_string());
            settings.map(|s| s.addresses_are_verified)
        };
        let in_file = "addresses_are_verified = true";
        assert_eq!(verified("", None), Ok(false));
        assert_eq!(verified(in_file, None), Ok(true));
        assert_eq!(verified("", Some("true")), Ok(true));
        assert_eq!(verified(in_file, Some("false")), Ok(false));
        let error = verified("", Some("perhaps")).expect_err("neither");
        assert!(error.contains(ADDRESSES_ARE_VERIFIED), "{error}");
    }

    #[test]
    fn nobody_is_believed_who_can_be_pretended_to_be() {
        let issuer =
            |issuer: &str| resolved(&format!("issuer = '{issuer}'\nclient_id = 'floor'"), None);
        assert!(issuer("https://id.example/realms/plant").is_ok());
        assert!(issuer("http://127.0.0.1:8080").is_ok() && issuer("http://[::1]:8080").is_ok());
        for wrong in [
            "http://id.example",
            "http://10.0.0.7",
            "file:///etc",
            "id.example",
        ] {
            let error = issuer(wrong).expect_err(wrong);
            assert!(error.starts_with("oidc.issuer"), "{error}");
        }
    }

    #[test]
    fn the_secret_comes_from_the_environment_or_a_file_and_is_not_told() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let file = folder.path().join("secret");
        std::fs::write(&file, "from the file\n").expect("written");
        let base = "issuer = 'https://id.example'\nclient_id = 'floor'\n";
        let with_file = format!("{base}client_secret_file = '{}'", file.display());
        let secret = |text: &str, secret| resolved(text, secret).map(|s| s.client_secret);
        assert_eq!(
            secret(&with_file, None),
            Ok(Some("from the file".to_owned()))
        );
        assert_eq!(secret(&with_file, Some("env")), Ok(Some("env".to_owned())));
        assert_eq!(secret(base, None), Ok(None));
        let shown = format!("{:?}", resolved(&with_file, None).expect("settings"));
        assert!(!shown.contains("from the file"), "{shown}");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let base = "issuer = 'https://id.example'\n";
        for (text, named) in [
            ("client_id = ''", "client_id"),
            (
                "client_id = 'a'\nclient_secret_file = '/not/there'",
                "/not/there",
            ),
            (
                "client_id = 'a'\nauthority_file = 'Cargo.toml'",
                "authority_file",
            ),
            ("client_id = 'a'\nsecret = 'x'", "secret"),
        ] {
            let error = resolved(&format!("{base}{text}"), None).expect_err(named);
            assert!(error.contains(named), "{error}");
        }
    }
}
