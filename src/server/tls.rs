//! TLS: which certificate is shown to those who connect, that it is renewed in time, and the sockets behind it.

mod authority;
mod limits;
mod names;

pub use authority::Public as PublicAuthority;
pub use names::is_name;

use super::clock::Clock;
use super::private_file;
use crate::domain::time::TsMs;
use authority::Authority;
use axum::Router;
use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use limits::Limits;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How often certificates are looked after; also how long a given one that was replaced on disk waits.
const LOOK_EVERY: Duration = Duration::from_secs(3600);
/// How long somebody who has connected may take to ask for something.
const FIRST_REQUEST: Duration = Duration::from_secs(30);
/// From so long before its end on, a given certificate is warned about.
const WARN_BEFORE_MS: i64 = 14 * 86_400_000;

/// Where the certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// From an authority of our own.
    Local {
        /// Where its keys are.
        folder: PathBuf,
        /// Names and addresses besides those that the machine knows of itself.
        names: Vec<String>,
    },
    /// From files that somebody else looks after.
    Given {
        /// The certificate, then those that lead to its authority, as PEM.
        certificate: PathBuf,
        /// Its key, as PEM.
        key: PathBuf,
    },
}

/// A certificate that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{setting}: {}: {why}", file.display())]
pub struct TlsError {
    setting: &'static str,
    file: PathBuf,
    why: String,
}

impl TlsError {
    fn of(setting: &'static str, file: &Path, why: impl Into<String>) -> Self {
        Self {
            setting,
            file: file.to_owned(),
            why: why.into(),
        }
    }
}

/// A certificate, those that lead to its authority, and its key.
struct Pair {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Pair {
    fn parse(chain: &[u8], key: &[u8]) -> Result<Self, String> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .map_err(|e| e.to_string())?;
        if chain.is_empty() {
            return Err("holds no certificate".to_owned());
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|e| e.to_string())?;
        Ok(Self { chain, key })
    }

    fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        const OF_CERTIFICATE: &str = "--tls-cert";
        const OF_KEY: &str = "--tls-key";
        let read = |setting, file: &Path| {
            std::fs::read(file).map_err(|e| TlsError::of(setting, file, e.to_string()))
        };
        let chain = read(OF_CERTIFICATE, certificate)?;
        let secret = read(OF_KEY, key)?;
        if CertificateDer::pem_slice_iter(&chain).next().is_none() {
            let why = "holds no certificate in PEM";
            return Err(TlsError::of(OF_CERTIFICATE, certificate, why));
        }
        if PrivateKeyDer::from_pem_slice(&secret).is_err() {
            let why = "holds no private key in PEM that is not encrypted";
            return Err(TlsError::of(OF_KEY, key, why));
        }
        Self::parse(&chain, &secret).map_err(|why| TlsError::of(OF_CERTIFICATE, certificate, why))
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn server_config(pair: Pair) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(pair.chain, pair.key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// What is shown now.
#[derive(Debug)]
struct Shown {
    chain: Vec<CertificateDer<'static>>,
    authority: Option<Arc<PublicAuthority>>,
}

/// The certificate of the running server.
#[derive(Debug)]
pub struct Tls {
    source: Certificate,
    listen: SocketAddr,
    config: RustlsConfig,
    shown: RwLock<Shown>,
}

impl Tls {
    /// Reads the certificate, or has one made when it comes from our own authority.
    ///
    /// # Errors
    /// Names the setting and the file that cannot be used.
    pub fn open(source: Certificate, listen: SocketAddr, now: TsMs) -> Result<Self, TlsError> {
        let (config, shown) = load(&source, listen, now)?;
        if shown
            .authority
            .as_ref()
            .is_some_and(|a| a.vouches_for.is_none())
        {
            tracing::warn!(
                "the local authority is of an older program and may vouch for any site; to have one that vouches for this \
                 server alone, stop the server, move authority.pem out of its folder, start it, and let each device trust \
                 the new one (/trust)"
            );
        }
        Ok(Self {
            source,
            listen,
            config: RustlsConfig::from_config(Arc::new(config)),
            shown: RwLock::new(shown),
        })
    }

    /// The authority that tablets are to trust, if it is our own.
    #[must_use]
    pub fn authority(&self) -> Option<Arc<PublicAuthority>> {
        self.shown
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .authority
            .clone()
    }

    /// Looks after the certificate: renews it when it is time, takes a new one from the files. True when another one is
    /// shown from now on; open connections stay.
    ///
    /// # Errors
    /// As [`Tls::open`]; what was shown is shown on.
    pub fn refresh(&self, now: TsMs) -> Result<bool, TlsError> {
        let (config, fresh) = load(&self.source, self.listen, now)?;
        let mut shown = self.shown.write().unwrap_or_else(PoisonError::into_inner);
        let other = shown.chain != fresh.chain;
        if other {
            self.config.reload_from_config(Arc::new(config));
        }
        *shown = fresh;
        Ok(other)
    }

    /// Looks after the certificate until the server stops.
    pub async fn keep_fresh(self: Arc<Self>, clock: Clock, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let (tls, now) = (Arc::clone(&self), clock.now());
            match tokio::task::spawn_blocking(move || tls.refresh(now)).await {
                Ok(Ok(false)) => {}
                Ok(Ok(true)) => tracing::info!("a new certificate is shown from now on"),
                Ok(Err(error)) => tracing::error!(%error, "the certificate could not be renewed"),
                Err(error) => tracing::error!(%error, "the certificate could not be looked after"),
            }
        }
    }

    /// Serves until `stop`, then lets open requests end for at most `drain`.
    ///
    /// # Errors
    /// The socket's.
    pub async fn serve(
        &self,
        listener: TcpListener,
        router: Router,
        stop: CancellationToken,
        drain: Duration,
    ) -> std::io::Result<()> {
        let acceptor = RustlsAcceptor::new(self.config.clone()).acceptor(NoDelayAcceptor::new());
        let handle = Handle::new();
        let serving = axum_server::from_tcp(listener.into_std()?)?
            .acceptor(acceptor)
            .handle(handle.clone())
            .first_request_timeout(FIRST_REQUEST)
            // Also every tablet that does not trust the certificate yet ends here.
            .accept_error_handler(|peer, error| tracing::debug!(?peer, %error, "no connection"))
            .serve(router.into_make_service_with_connect_info::<SocketAddr>());
        tokio::pin!(serving);
        tokio::select! {
            ended = &mut serving => ended,
            () = stop.cancelled() => {
                handle.graceful_shutdown(Some(drain));
                serving.await
            }
        }
    }
}

/// The names that an authority may vouch for. One outside its limits would spoil the certificate for all the others.
fn vouched_for(authority: &Authority, names: Vec<String>, asked: &[String]) -> Vec<String> {
    let (within, outside): (Vec<_>, Vec<_>) =
        names.into_iter().partition(|n| authority.may_vouch_for(n));
    for name in outside.iter().filter(|name| asked.contains(name)) {
        tracing::warn!(
            name,
            "the local authority may not vouch for this name, which came after it was made; to have one that may, stop the \
             server, move authority.pem out of its folder, start it, and let each device trust the new one (/trust)"
        );
    }
    within
}

fn load(
    source: &Certificate,
    listen: SocketAddr,
    now: TsMs,
) -> Result<(ServerConfig, Shown), TlsError> {
    let (pair, authority, setting, file) = match source {
        Certificate::Local { folder, names } => {
            private_file::make_folder(folder)
                .map_err(|e| TlsError::of("--tls-dir", folder, e.to_string()))?;
            let asked = names::asked_for(listen, names);
            let names = names::reached_by(listen, &asked);
            let limits = Limits::new(&names, &asked);
            let authority = Authority::open_or_make(&folder.join("authority.pem"), limits, now)?;
            let file = folder.join("server.pem");
            let names = vouched_for(&authority, names, &asked);
            let pair = authority.server_pair(&file, &names, now)?;
            (pair, Some(Arc::new(authority.public())), "--tls-dir", file)
        }
        Certificate::Given { certificate, key } => {
            let pair = Pair::read(certificate, key)?;
            if let Some(ends) = pair.chain.first().and_then(|c| authority::end_of(c).ok())
                && ends.0 < now.0 + WARN_BEFORE_MS
            {
                let left = (ends.0 - now.0) / 86_400_000;
                tracing::warn!(file = %certificate.display(), days_left = left, "the certificate ends");
            }
            (pair, None, "--tls-key", key.clone())
        }
    };
    let shown = Shown {
        chain: pair.chain.clone(),
        authority,
    };
    let config = server_config(pair).map_err(|e| TlsError::of(setting, &file, e.to_string()))?;
    Ok((config, shown))
}
