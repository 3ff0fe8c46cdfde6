//! TLS without anything else to install: an authority of the factory's own that is made once and kept, certificates that
//! are renewed while the server runs, or those that the operator gives.

mod connections;
mod given;
mod own_authority;
mod renewal;
mod trust;

use crate::harness::{Hands, Place, Server, at};
use ms5_floor::domain::time::TsMs;
use ms5_floor::server::config::Transport;
use ms5_floor::server::http::router;
use ms5_floor::server::tls::{Certificate, Tls};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::JoinHandle;

const NOW: &str = "2026-07-06T10:00:00Z";

fn folder() -> TempDir {
    TempDir::new().expect("a temporary folder")
}

fn days(from: TsMs, days: i64) -> TsMs {
    TsMs(from.0 + days * 86_400_000)
}

fn local(folder: &Path, names: &[&str]) -> Certificate {
    Certificate::Local {
        folder: folder.join("tls"),
        names: names.iter().map(|&name| name.to_owned()).collect(),
    }
}

fn open(source: Certificate, now: TsMs) -> Result<Tls, String> {
    let listen = "127.0.0.1:3000".parse().expect("an address");
    Tls::open(source, listen, now).map_err(|e| e.to_string())
}

fn authority(tls: &Tls) -> String {
    tls.authority().expect("an authority").pem.clone()
}

/// Serves everything under this certificate.
async fn serve(tls: &Arc<Tls>) -> (Server, String, JoinHandle<std::io::Result<()>>) {
    let place = Place::sqlite();
    let mut server = Server::start(&place, Hands::at(at(NOW)).clock()).await;
    server.shared.transport = Transport::Tls;
    server.shared.tls = Some(Arc::clone(tls));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let url = format!("https://{}", listener.local_addr().expect("an address"));
    let (tls, router, stop) = (Arc::clone(tls), router(&server.shared), server.stop.clone());
    let serving = async move {
        tls.serve(listener, router, stop, Duration::from_secs(1))
            .await
    };
    (server, url, tokio::spawn(serving))
}

/// Asks on a thread of its own, as a browser on another machine.
async fn away<T: Send + 'static>(ask: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(ask).await.expect("an answer")
}

/// Whether somebody who trusts the authority alone takes the certificate in this text, under the name.
fn is_taken(authority: &str, certificate: &[u8], name: &str) -> bool {
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(authority.as_bytes()).expect("a certificate");
    roots.add(root).expect("an authority");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
    let verifier = verifier.build().expect("a verifier");
    let shown = CertificateDer::from_pem_slice(certificate).expect("a certificate");
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let seconds = u64::try_from(at(NOW).0 / 1000).expect("after 1970");
    let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    verifier
        .verify_server_cert(&shown, &[], &name, &[], now)
        .is_ok()
}

/// The same, for these names.
fn handed_over_for(folder: &Path, names: &[&str], now: TsMs) -> (String, Certificate) {
    let other = open(local(folder, names), now).expect("TLS");
    let both = fs::read_to_string(folder.join("tls/server.pem")).expect("both");
    let begins = both.find("-----BEGIN CERTIFICATE").expect("a certificate");
    let certificate = folder.join("floor.crt");
    let key = folder.join("floor.key");
    fs::write(&certificate, &both[begins..]).expect("written");
    fs::write(&key, &both[..begins]).expect("written");
    (authority(&other), Certificate::Given { certificate, key })
}
