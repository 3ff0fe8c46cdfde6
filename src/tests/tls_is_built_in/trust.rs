//! The page that tells how to trust the authority.

use super::{NOW, authority, away, folder, is_taken, local, open, serve};
use crate::harness::{Hands, Place, Server, at};
use crate::https::Browser;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sha2::{Digest, Sha256};
use std::fs;
use std::sync::Arc;

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

#[tokio::test]
async fn without_a_local_authority_there_is_nothing_to_trust() {
    let server = Server::start(&Place::sqlite(), Hands::at(at(NOW)).clock()).await;
    for path in ["/trust", "/trust/authority.crt"] {
        server.get(path, None).await.problem(404, "not_found");
    }
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
