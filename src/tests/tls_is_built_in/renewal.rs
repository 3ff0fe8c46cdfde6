//! Certificates and authorities are renewed before they end, while the server runs.

use super::{NOW, authority, away, days, folder, local, open, serve};
use crate::harness::at;
use crate::https::{Browser, ask};
use ms5_floor::domain::time::TsMs;
use std::io::Read;
use std::sync::Arc;

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
