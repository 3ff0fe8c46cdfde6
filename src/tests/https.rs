//! A browser that trusts one authority, at a time of the test's choosing, and shows which certificate it saw.

use ms5_floor::domain::time::TsMs;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

/// An open connection under TLS.
pub type Connection = StreamOwned<ClientConnection, TcpStream>;

/// What a browser knows.
#[derive(Clone, Debug)]
pub struct Browser {
    config: Arc<ClientConfig>,
    port: u16,
}

#[derive(Debug)]
struct At(TsMs);

impl TimeProvider for At {
    fn current_time(&self) -> Option<UnixTime> {
        let ms = u64::try_from(self.0.0).expect("after 1970");
        Some(UnixTime::since_unix_epoch(Duration::from_millis(ms)))
    }
}

impl Browser {
    /// Trusts this authority alone, and takes it to be `now`.
    pub fn new(authority: &str, now: TsMs, url: &str) -> Self {
        let mut roots = RootCertStore::empty();
        let authority =
            CertificateDer::from_pem_slice(authority.as_bytes()).expect("a certificate");
        roots.add(authority).expect("an authority");
        Self::trusting(roots, now, url)
    }

    /// Trusts nobody.
    pub fn stranger(now: TsMs, url: &str) -> Self {
        Self::trusting(RootCertStore::empty(), now, url)
    }

    fn trusting(roots: RootCertStore, now: TsMs, url: &str) -> Self {
        let config =
            ClientConfig::builder_with_details(Arc::new(default_provider()), Arc::new(At(now)))
                .with_safe_default_protocol_versions()
                .expect("versions")
                .with_root_certificates(roots)
                .with_no_client_auth();
        let port = url.rsplit_once(':').expect("a port").1;
        Self {
            config: Arc::new(config),
            port: port.parse().expect("a port"),
        }
    }

    /// Offers these protocols.
    pub fn speaking(mut self, protocols: &[&str]) -> Self {
        Arc::make_mut(&mut self.config).alpn_protocols =
            protocols.iter().map(|p| p.as_bytes().to_vec()).collect();
        self
    }

    /// Connects to this machine under the name; the error says why the certificate is not taken.
    pub fn connect(&self, name: &str) -> Result<Connection, String> {
        let server = ServerName::try_from(name.to_owned()).expect("a name");
        let mut tls = ClientConnection::new(Arc::clone(&self.config), server).expect("a client");
        let mut socket = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        socket
            .set_read_timeout(Some(Duration::from_secs(10)))
            .expect("a limit");
        while tls.is_handshaking() {
            tls.complete_io(&mut socket).map_err(|e| e.to_string())?;
        }
        Ok(StreamOwned::new(tls, socket))
    }

    /// The certificate that is shown under the name.
    pub fn sees(&self, name: &str) -> Result<CertificateDer<'static>, String> {
        let connection = self.connect(name)?;
        let shown = connection.conn.peer_certificates().expect("a certificate");
        Ok(shown[0].clone().into_owned())
    }

    /// What the server answers, head and body.
    pub fn get(&self, name: &str, path: &str) -> Result<String, String> {
        let mut connection = self.connect(name)?;
        ask(&mut connection, name, path, "");
        let mut answer = String::new();
        // Some peers close without saying so.
        let _ = connection.read_to_string(&mut answer);
        Ok(answer)
    }
}

/// Sends a question on an open connection that is to be closed after the answer.
pub fn ask(connection: &mut Connection, host: &str, path: &str, key: &str) {
    write!(
        connection,
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\r\n"
    )
    .expect("asked");
}
