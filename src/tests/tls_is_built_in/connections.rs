//! Who connects under which name, who is told to come back under TLS only, and how connections end.

use super::{NOW, authority, away, folder, handed_over_for, local, open, serve};
use crate::harness::{Hands, Place, Server, at, until};
use crate::https::{Browser, ask};
use crate::program::Program;
use crate::stream::SOON;
use ms5_floor::server::clock::Clock;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::sync::Arc;

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
