//! Certificates that the operator gives: shown, taken again when they are replaced, named when they cannot be used.

use super::{NOW, away, folder, handed_over_for, open, serve};
use crate::harness::at;
use crate::https::Browser;
use ms5_floor::domain::time::TsMs;
use ms5_floor::server::tls::Certificate;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// A certificate and its key in files, as another authority would hand them over.
fn handed_over(folder: &Path, now: TsMs) -> (String, Certificate) {
    handed_over_for(folder, &[], now)
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
