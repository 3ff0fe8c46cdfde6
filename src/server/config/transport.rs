//! How people reach the server, in clear or under TLS, and what follows from it.

use super::{ConfigError, File, Network};
use crate::server::tls::{Certificate, is_name};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// What lies between a browser and the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Nothing: the browser runs on this machine.
    Loopback,
    /// The network, and TLS that ends here.
    Tls,
    /// The network, and TLS that ends at a proxy of the operator's.
    BehindProxy,
    /// The network in clear, because somebody said so.
    PlainHttp,
}

impl Transport {
    /// Cookies may only travel under TLS.
    #[must_use]
    pub const fn secure_cookies(self) -> bool {
        matches!(self, Self::Tls | Self::BehindProxy)
    }

    /// How addresses of pages begin, as browsers see them.
    #[must_use]
    pub const fn scheme(self) -> &'static str {
        if self.secure_cookies() {
            "https"
        } else {
            "http"
        }
    }

    /// Other machines are served too.
    #[must_use]
    pub const fn reaches_others(self) -> bool {
        !matches!(self, Self::Loopback)
    }
}

/// Whether the certificate comes from an authority of our own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// From a local authority, made on the first start
    Local,
    /// No TLS here
    Off,
}

/// How to be reached.
#[derive(Clone, Debug, clap::Args)]
pub struct TransportArgs {
    /// TLS with a certificate of a local authority, made on the first start; /trust tells tablets how to trust it
    #[arg(long, env = "MS5_TLS", value_name = "MODE")]
    tls: Option<Mode>,
    /// TLS with this certificate and those that lead to its authority (PEM)
    #[arg(long, env = "MS5_TLS_CERT", value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// The certificate's key (PEM)
    #[arg(long, env = "MS5_TLS_KEY", value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Folder of the local authority [default: tls beside the database]
    #[arg(long, env = "MS5_TLS_DIR", value_name = "DIR")]
    tls_dir: Option<PathBuf>,
    /// Another host name or address that the local certificate is good for; may be said again
    #[arg(
        long = "tls-name",
        env = "MS5_TLS_NAMES",
        value_delimiter = ',',
        value_name = "NAME"
    )]
    tls_names: Vec<String>,
    /// A proxy in front does TLS: cookies and addresses are those of https
    #[arg(long, env = "MS5_BEHIND_TLS_PROXY", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    behind_tls_proxy: Option<bool>,
    /// Serve other machines in clear: who listens on the network can act as the people who are signed in
    #[arg(long, env = "MS5_ALLOW_PLAIN_HTTP", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    allow_plain_http: Option<bool>,
    /// A proxy that is believed for whom it asks, by address or network (10.1.0.0/16); may be said again [default: this
    /// machine with --behind-tls-proxy, else none]
    #[arg(
        long = "trusted-proxy",
        env = "MS5_TRUSTED_PROXIES",
        value_delimiter = ',',
        value_name = "ADDRESS"
    )]
    trusted_proxies: Vec<Network>,
}

impl TransportArgs {
    /// The transport, and the certificate when TLS ends here.
    ///
    /// # Errors
    /// Names the setting that is wrong or missing.
    pub(super) fn resolve(
        self,
        file: &File,
        listen: SocketAddr,
        database: &str,
    ) -> Result<(Transport, Option<Certificate>), ConfigError> {
        let certificate = self.certificate(file, database)?;
        let behind_proxy = self.behind_tls_proxy.or(file.behind_tls_proxy);
        let plain = self.allow_plain_http.or(file.allow_plain_http);
        let transport = if certificate.is_some() {
            Transport::Tls
        } else if behind_proxy == Some(true) {
            Transport::BehindProxy
        } else if listen.ip().is_loopback() {
            Transport::Loopback
        } else if plain == Some(true) {
            Transport::PlainHttp
        } else {
            return Err(ConfigError::Remote(listen));
        };
        Ok((transport, certificate))
    }

    /// The proxies that are named.
    pub(super) fn trusted_proxies(&self, file: &File) -> Vec<Network> {
        if self.trusted_proxies.is_empty() {
            file.trusted_proxies.clone().unwrap_or_default()
        } else {
            self.trusted_proxies.clone()
        }
    }

    fn certificate(&self, file: &File, database: &str) -> Result<Option<Certificate>, ConfigError> {
        // What is said on the command line is said whole: no mode from there with a certificate from the file.
        let said_here = self.tls.is_some() || self.tls_cert.is_some() || self.tls_key.is_some();
        let (mode, certificate, key) = if said_here {
            (self.tls, &self.tls_cert, &self.tls_key)
        } else {
            (file.tls, &file.tls_cert, &file.tls_key)
        };
        match (mode, certificate, key) {
            (None | Some(Mode::Off), None, None) => Ok(None),
            (Some(Mode::Local), None, None) => {
                let folder = self.tls_dir.as_ref().or(file.tls_dir.as_ref());
                let folder = folder.map_or_else(|| beside(database), PathBuf::clone);
                let names = if self.tls_names.is_empty() {
                    file.tls_names.clone().unwrap_or_default()
                } else {
                    self.tls_names.clone()
                };
                match names.iter().find(|name| !is_name(name)) {
                    Some(wrong) => Err(ConfigError::Name(wrong.clone())),
                    None => Ok(Some(Certificate::Local { folder, names })),
                }
            }
            (None, Some(certificate), Some(key)) => Ok(Some(Certificate::Given {
                certificate: certificate.clone(),
                key: key.clone(),
            })),
            (None, Some(_), None) => Err(ConfigError::Together("--tls-key", "--tls-cert")),
            (None, None, Some(_)) => Err(ConfigError::Together("--tls-cert", "--tls-key")),
            (Some(_), ..) => Err(ConfigError::TwoCertificates),
        }
    }
}

/// `tls` in the folder of the database file, or in `var` when the database is a server.
fn beside(database: &str) -> PathBuf {
    let file = database.strip_prefix("sqlite://");
    let folder = file.and_then(|file| Path::new(file).parent());
    folder.unwrap_or(Path::new("var")).join("tls")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_lie_beside_the_database() {
        assert_eq!(beside("sqlite:///data/floor.db"), Path::new("/data/tls"));
        assert_eq!(beside("sqlite://floor.db"), Path::new("tls"));
        assert_eq!(beside("postgres://a@b/c"), Path::new("var/tls"));
    }

    #[test]
    fn cookies_are_kept_to_tls_wherever_it_ends() {
        assert!(Transport::Tls.secure_cookies() && Transport::BehindProxy.secure_cookies());
        // Browsers would not send them at all.
        assert!(!Transport::Loopback.secure_cookies() && !Transport::PlainHttp.secure_cookies());
        assert_eq!(Transport::BehindProxy.scheme(), "https");
    }
}
