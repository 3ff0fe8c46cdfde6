//! TLS without anything else to install: an authority of the factory's own that is made once and kept, certificates that
//! are renewed while the server runs, or those that the operator gives.

use crate::harness::{Hands, Place, Server, at, until};
use crate::https::{Browser, ask};
use crate::program::Program;
use crate::stream::SOON;
use ms5_floor::domain::time::TsMs;
use ms5_floor::server::clock::Clock;
use ms5_floor::server::config::Transport;
use ms5_floor::server::http::router;
use ms5_floor::server::tls::{Certificate, Tls};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_trusts_the_authority_connects_by_every_name_and_nobody_else_does() {
    let folder = folder();
    let tls = Arc::new(open(local(folder.path(), &["floor.example"]), at(NOW)).expect("TLS"));
    let (_server, url, _) = serve(&tls).await;
    let browser = Browser::new(&authority(&tls), at(NOW), &url);
    away(move || {
        for name in ["localhost", "127.0.0.1", "::1", "floor.example"] {
            browser.sees(name).unwrap_or_else(|e| panic!("{name}: {e}"));
        }
        browser
            .sees("other.example")
            .expect_err("a certificate for another name");
        let modern = browser.speaking(&["h2", "http/1.1"]);
        let connection = modern.connect("localhost").expect("a connection");
        assert_eq!(connection.conn.alpn_protocol(), Some(b"h2".as_slice()));
        let stranger = Browser::stranger(at(NOW), &url).sees("localhost");
        let refused = stranger.expect_err("not trusted");
        assert!(refused.contains("UnknownIssuer"), "{refused}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anybody_may_read_how_to_trust_and_take_the_authority() {
    let folder = folder();
    let tls = Arc::new(open(local(folder.path(), &["floor.example"]), at(NOW)).expect("TLS"));
    let (_server, url, _) = serve(&tls).await;
    let browser = Browser::new(&authority(&tls), at(NOW), &url);
    let public = tls.authority().expect("an authority");
    away(move || {
        let page = browser.get("floor.example", "/trust").expect("the page");
        assert!(page.starts_with("HTTP/1.1 200"), "{page}");
        assert!(page.contains(&public.fingerprint), "{page}");
        assert!(
            page.contains("/pkg/a.css") && page.contains("2036-07"),
            "{page}"
        );
        assert!(!page.contains("<script"), "{page}");
        assert!(
            page.contains("may vouch only for addresses inside private networks"),
            "{page}"
        );
        assert!(page.contains("floor.example"), "{page}");
        for system in ["Android", "iPad", "Windows", "Linux"] {
            assert!(page.contains(system), "{system}: {page}");
        }
        let file = browser
            .get("floor.example", "/trust/authority.crt")
            .expect("the certificate");
        let (head, body) = file.split_once("\r\n\r\n").expect("head and body");
        assert!(head.contains("application/x-x509-ca-cert"), "{head}");
        assert!(!body.contains("PRIVATE"), "{body}");
        let der = CertificateDer::from_pem_slice(body.as_bytes()).expect("a certificate");
        let digest: Vec<String> = Sha256::digest(&der)
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect();
        assert_eq!(digest.join(":"), public.fingerprint);
    })
    .await;
}

fn told_to_stay(browser: &Browser, name: &str) -> bool {
    let answer = browser.get(name, "/health/live").expect("an answer");
    answer
        .to_lowercase()
        .contains("strict-transport-security: max-age=31536000")
}

/// With an authority made anew they could not come back, not even to the page that tells how to trust it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_told_to_stay_under_tls_with_an_authority_of_our_own() {
    let folder = folder();
    let tls = Arc::new(open(local(folder.path(), &["floor.example"]), at(NOW)).expect("TLS"));
    let (_server, url, _) = serve(&tls).await;
    let browser = Browser::new(&authority(&tls), at(NOW), &url);
    away(move || assert!(!told_to_stay(&browser, "floor.example"))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn browsers_are_told_to_stay_under_tls_but_not_on_this_machine() {
    let folder = folder();
    // As another authority hands it over: this one is trusted also when ours is made anew.
    let (pem, given) = handed_over_for(folder.path(), &["floor.example"], at(NOW));
    let tls = Arc::new(open(given, at(NOW)).expect("TLS"));
    let (_server, url, _) = serve(&tls).await;
    let browser = Browser::new(&pem, at(NOW), &url);
    away(move || {
        assert!(told_to_stay(&browser, "floor.example"));
        assert!(!told_to_stay(&browser, "localhost"));
    })
    .await;
    let plain = Server::start(&Place::sqlite(), Hands::at(at(NOW)).clock()).await;
    let answer = plain.get("/health/live", None).await;
    assert!(!answer.headers.contains_key("strict-transport-security"));
}

#[tokio::test]
async fn without_a_local_authority_there_is_nothing_to_trust() {
    let server = Server::start(&Place::sqlite(), Hands::at(at(NOW)).clock()).await;
    for path in ["/trust", "/trust/authority.crt"] {
        server.get(path, None).await.problem(404, "not_found");
    }
}

#[cfg(unix)]
#[test]
fn keys_are_for_the_account_of_the_server_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let mode = |name: &str| {
        let of = fs::metadata(folder.path().join("tls").join(name)).expect("it is there");
        of.permissions().mode() & 0o777
    };
    open(local(folder.path(), &[]), at(NOW)).expect("TLS");
    assert_eq!(mode(""), 0o700);
    assert_eq!(mode("authority.pem"), 0o600);
    assert_eq!(mode("server.pem"), 0o600);
    // A copy from a backup may have lost that.
    let file = folder.path().join("tls/authority.pem");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("changed");
    open(local(folder.path(), &[]), at(NOW)).expect("TLS");
    assert_eq!(mode("authority.pem"), 0o600);
}

#[test]
fn a_second_start_keeps_the_authority_and_a_new_name_costs_only_a_new_certificate() {
    let folder = folder();
    let server = || fs::read(folder.path().join("tls/server.pem")).expect("the certificate");
    let first = open(local(folder.path(), &[]), at(NOW)).expect("TLS");
    let shown = server();
    let second = open(local(folder.path(), &[]), days(at(NOW), 1)).expect("TLS");
    assert_eq!(second.authority(), first.authority());
    assert_eq!(server(), shown);
    let renamed = open(
        local(folder.path(), &["floor-2.local", "10.9.8.7"]),
        at(NOW),
    )
    .expect("TLS");
    assert_eq!(renamed.authority(), first.authority());
    let more = server();
    assert_ne!(more, shown);
    for (name, good) in [
        ("floor-2.local", true),
        ("10.9.8.7", true),
        ("10.9.8.6", false),
    ] {
        assert_eq!(is_taken(&authority(&renamed), &more, name), good, "{name}");
    }
    // What is gone is gone from the certificate, too.
    open(local(folder.path(), &["floor-2.local"]), at(NOW)).expect("TLS");
    assert!(!is_taken(&authority(&renamed), &server(), "10.9.8.7"));
    assert!(is_taken(&authority(&renamed), &server(), "floor-2.local"));
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

/// A certificate for these names, signed with the key of the authority in the folder: what a thief of the key makes.
fn forged(folder: &Path, names: &[&str]) -> Vec<u8> {
    let both = fs::read(folder.join("tls/authority.pem")).expect("the authority");
    let key = PrivateKeyDer::from_pem_slice(&both).expect("its key");
    let key = KeyPair::try_from(&key).expect("its key");
    let root = CertificateDer::from_pem_slice(&both).expect("its certificate");
    let issuer = Issuer::from_ca_cert_der(&root, &key).expect("an issuer");
    let names: Vec<String> = names.iter().map(|&n| n.to_owned()).collect();
    let params = CertificateParams::new(names).expect("names");
    let own = KeyPair::generate().expect("a key");
    let made = params.signed_by(&own, &issuer).expect("a certificate");
    made.pem().into_bytes()
}

#[test]
fn a_stolen_authority_speaks_for_no_site_but_this_plant() {
    let folder = folder();
    let asked = ["floor.example", "198.51.100.4"];
    let tls = open(local(folder.path(), &asked), at(NOW)).expect("TLS");
    let pem = authority(&tls);
    for (name, good) in [
        ("floor.example", true),
        ("198.51.100.4", true),
        ("tablet.local", true),
        ("10.1.2.3", true),
        ("fd00::7", true),
        ("bank.example", false),
        ("example", false),
        ("8.8.8.8", false),
        ("2001:db8::1", false),
    ] {
        let made = forged(folder.path(), &[name]);
        assert_eq!(is_taken(&pem, &made, name), good, "{name}");
    }
    // Not even beside a name that is its own.
    let both = forged(folder.path(), &["floor.example", "bank.example"]);
    assert!(!is_taken(&pem, &both, "bank.example"));
}

#[test]
fn a_name_that_the_authority_may_not_vouch_for_spoils_nothing() {
    let folder = folder();
    let first = open(local(folder.path(), &[]), at(NOW)).expect("TLS");
    let asked = ["later.example", "floor.local"];
    let later = open(local(folder.path(), &asked), at(NOW)).expect("TLS");
    assert_eq!(later.authority(), first.authority());
    let shown = fs::read(folder.path().join("tls/server.pem")).expect("the certificate");
    for (name, good) in [
        ("localhost", true),
        ("floor.local", true),
        ("later.example", false),
    ] {
        assert_eq!(is_taken(&authority(&later), &shown, name), good, "{name}");
    }
    // A new authority may.
    fs::remove_file(folder.path().join("tls/authority.pem")).expect("moved away");
    let renewed = open(local(folder.path(), &asked), at(NOW)).expect("TLS");
    let shown = fs::read(folder.path().join("tls/server.pem")).expect("the certificate");
    assert!(is_taken(&authority(&renewed), &shown, "later.example"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_authority_of_an_older_program_is_kept_and_the_page_tells_how_to_renew_it() {
    let folder = folder();
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.not_after = rcgen::date_time_ymd(2036, 1, 1);
    let old = params.self_signed(&key).expect("a certificate");
    fs::create_dir_all(folder.path().join("tls")).expect("the folder");
    let text = key.serialize_pem() + &old.pem();
    fs::write(folder.path().join("tls/authority.pem"), text).expect("written");
    let tls = Arc::new(open(local(folder.path(), &["floor.example"]), at(NOW)).expect("TLS"));
    assert_eq!(authority(&tls), old.pem());
    let shown = fs::read(folder.path().join("tls/server.pem")).expect("the certificate");
    assert!(is_taken(&old.pem(), &shown, "floor.example"));
    let (server, _, _) = serve(&tls).await;
    let page = String::from_utf8(server.get("/trust", None).await.body).expect("text");
    assert!(page.contains("may vouch for any site"), "{page}");
    assert!(page.contains("moves authority.pem"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_renewed_before_its_end_while_the_server_runs() {
    let folder = folder();
    let tls = Arc::new(open(local(folder.path(), &[]), at(NOW)).expect("TLS"));
    let (_server, url, _) = serve(&tls).await;
    let pem = authority(&tls);
    let sees = async |now: TsMs| {
        let browser = Browser::new(&pem, now, &url);
        away(move || browser.sees("localhost")).await
    };
    let first = sees(at(NOW)).await.expect("trusted");
    let browser = Browser::new(&pem, at(NOW), &url);
    let mut open_before = away(move || browser.connect("localhost").expect("connected")).await;

    let early = days(at(NOW), 365);
    assert!(!tls.refresh(early).expect("looked after"));
    assert_eq!(sees(early).await.expect("trusted"), first);
    let due = days(at(NOW), 367);
    assert!(tls.refresh(due).expect("renewed"));
    let second = sees(due).await.expect("trusted");
    assert_ne!(second, first);
    // No browser takes a certificate for longer than 398 days.
    sees(days(due, 397)).await.expect_err("over");
    sees(days(due, 395)).await.expect("trusted");
    sees(days(at(NOW), -1)).await.expect_err("not yet");
    assert_eq!(authority(&tls), pem);
    // Who was connected stays so.
    let answer = away(move || {
        ask(&mut open_before, "localhost", "/health/live", "");
        let mut answer = String::new();
        let _ = open_before.read_to_string(&mut answer);
        answer
    })
    .await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn no_certificate_outlives_its_authority_and_an_ending_authority_is_replaced() {
    let folder = folder();
    let tls = open(local(folder.path(), &[]), at(NOW)).expect("TLS");
    let first = tls.authority().expect("an authority");
    tls.refresh(days(at(NOW), 3600)).expect("renewed");
    assert_eq!(tls.authority().as_ref(), Some(&first));
    tls.refresh(days(at(NOW), 3640)).expect("renewed");
    assert_ne!(tls.authority().as_ref(), Some(&first));
}

/// A certificate and its key in files, as another authority would hand them over.
fn handed_over(folder: &Path, now: TsMs) -> (String, Certificate) {
    handed_over_for(folder, &[], now)
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_given_certificate_is_shown_and_taken_again_when_it_is_replaced() {
    let folder = folder();
    let (pem, given) = handed_over(folder.path(), at(NOW));
    let tls = Arc::new(open(given, at(NOW)).expect("TLS"));
    assert_eq!(tls.authority(), None);
    let (server, url, _) = serve(&tls).await;
    let browser = Browser::new(&pem, at(NOW), &url);
    let first = {
        let browser = browser.clone();
        away(move || browser.sees("localhost").expect("trusted")).await
    };
    server.get("/trust", None).await.problem(404, "not_found");

    fs::remove_file(folder.path().join("tls/server.pem")).expect("removed");
    handed_over(folder.path(), at(NOW));
    assert!(tls.refresh(at(NOW)).expect("taken"));
    let second = away(move || browser.sees("localhost").expect("trusted")).await;
    assert_ne!(second, first);
}

#[test]
fn a_file_that_cannot_be_used_is_named() {
    let folder = folder();
    let (_, given) = handed_over(folder.path(), at(NOW));
    let other = TempDir::new().expect("a temporary folder");
    handed_over(other.path(), at(NOW));
    let Certificate::Given { certificate, key } = given else {
        unreachable!("it was given")
    };
    let with = |certificate: &Path, key: &Path| {
        let given = Certificate::Given {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
        };
        open(given, at(NOW)).map(drop)
    };
    assert_eq!(with(&certificate, &key), Ok(()));
    let missing = folder.path().join("missing.pem");
    for (got, setting, file) in [
        (with(&missing, &key), "--tls-cert", &missing),
        (with(&certificate, &missing), "--tls-key", &missing),
        (with(&key, &key), "--tls-cert", &key),
        (with(&certificate, &certificate), "--tls-key", &certificate),
        (
            with(&certificate, &other.path().join("floor.key")),
            "--tls-key",
            &other.path().join("floor.key"),
        ),
    ] {
        let error = got.expect_err(setting);
        assert!(error.contains(setting), "{error}");
        assert!(error.contains(&file.display().to_string()), "{error}");
    }
}

#[test]
fn a_broken_authority_is_named_and_never_replaced() {
    let folder = folder();
    open(local(folder.path(), &[]), at(NOW)).expect("TLS");
    let file = folder.path().join("tls/authority.pem");
    let text = fs::read_to_string(&file).expect("the authority");
    let broken = text.replace("BEGIN PRIVATE KEY", "BEGIN NO KEY");
    fs::write(&file, &broken).expect("written");
    let error = open(local(folder.path(), &[]), at(NOW)).map(drop);
    let error = error.expect_err("broken");
    assert!(error.contains("authority.pem"), "{error}");
    assert_eq!(fs::read_to_string(&file).expect("as it was"), broken);
    // What the authority can make again is made again.
    fs::write(&file, &text).expect("written");
    fs::write(folder.path().join("tls/server.pem"), "broken").expect("written");
    open(local(folder.path(), &[]), at(NOW)).expect("TLS");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_serves_under_tls_and_open_streams_do_not_keep_it() {
    let (place, folder) = (Place::sqlite(), folder());
    let keys = folder.path().join("keys");
    let key = Server::start(&place, Clock::system()).await.everything;
    let program = Program::serve_with(
        &place,
        &["--tls", "local", "--tls-dir", &keys.display().to_string()],
        std::process::Stdio::inherit(),
    );
    assert!(program.url.starts_with("https://"), "{}", program.url);
    let url = program.url.clone();
    let stream = away(move || {
        let pem = fs::read_to_string(keys.join("authority.pem")).expect("the authority");
        let browser = Browser::new(&pem, Clock::system().now(), &url);
        let mut connection = browser.connect("localhost").expect("trusted");
        ask(&mut connection, "localhost", "/api/v1/live", &key);
        let mut lines = BufReader::new(connection).lines();
        let hello = lines.find(|line| matches!(line, Ok(line) if line == "event: hello"));
        assert!(hello.is_some(), "the stream has begun");
        lines
    })
    .await;
    // Somebody who connects and says nothing.
    let address = program.url.trim_start_matches("https://").to_owned();
    let silent = TcpStream::connect(address).expect("connected");
    let ended = tokio::spawn(away(move || stream.map_while(Result::ok).count()));
    let status = program.terminate(SOON).await;
    assert!(status.success(), "{status}");
    until("the stream to end", SOON, async || {
        ended.is_finished().then_some(())
    })
    .await;
    drop(silent);
}
