//! Pages that run scripts of others, stand in frames or stay in caches, and bodies without end.

use super::served;
use crate::browser::{Browser, between, text};
use crate::harness::{HERE, Place};
use crate::markup::tags;
use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode, header};
use ms5_floor::server::http::MAX_BODY_BYTES;
use std::collections::BTreeSet;

on_both! {
    pages_run_their_own_scripts_only_and_in_no_frame,
    what_is_shown_to_somebody_stays_in_no_cache,
    bodies_have_a_limit,
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

async fn pages_run_their_own_scripts_only_and_in_no_frame(place: &Place) {
    let (server, _) = served(place).await;
    let mut admin = Browser::signed_in(&server, "ada").await;
    let mut maria = Browser::signed_in(&server, "maria").await;
    let mut nonces = BTreeSet::new();
    for path in [
        "/",
        "/lines/L1",
        "/lines/L1?view=stops",
        "/lines/L9",
        "/account",
        "/admin/people",
        "/admin/roles",
        "/admin/audit",
        "/nothing",
    ] {
        for browser in [&mut admin, &mut maria, &mut Browser::new(&server)] {
            let answer = browser.get(path).await;
            if answer.status.is_redirection() {
                continue;
            }
            let policy = answer.headers[header::CONTENT_SECURITY_POLICY]
                .to_str()
                .expect("text");
            let nonce = between(policy, "script-src 'nonce-", "'");
            assert!(
                nonce.len() >= 16 && nonces.insert(nonce.clone()),
                "{path}: {nonce} again"
            );
            for rule in [
                "default-src 'self'",
                "object-src 'none'",
                "base-uri 'none'",
                "form-action 'self'",
                "frame-ancestors 'none'",
            ] {
                assert!(policy.contains(rule), "{path}: {rule} in {policy}");
            }
            assert!(
                !policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"),
                "{policy}"
            );
            for tag in tags(&text(&answer)) {
                let inline = ["script", "style"].contains(&tag.name.as_str());
                assert!(
                    !inline || tag.get("nonce") == Some(&nonce),
                    "{path}: {tag:?}"
                );
                let acts = tag
                    .attributes
                    .iter()
                    .any(|(n, _)| n.starts_with("on") || n == "style");
                assert!(!acts, "{path}: {tag:?}");
            }
        }
    }
    for path in [
        "/api/v1/nothing",
        "/api/v1/downtime/M1/x",
        "/api/board",
        "/admin/audit.csv",
        "/health/live",
        "/favicon.ico",
    ] {
        let answer = admin.get(path).await;
        let policy = answer.headers[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .expect("text");
        assert!(
            policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe-inline"),
            "{path}: {policy}"
        );
        assert_eq!(
            answer.headers[header::X_CONTENT_TYPE_OPTIONS],
            "nosniff",
            "{path}"
        );
    }
}

async fn what_is_shown_to_somebody_stays_in_no_cache(place: &Place) {
    let (server, _) = served(place).await;
    let mut admin = Browser::signed_in(&server, "ada").await;
    for path in [
        "/",
        "/lines/L1",
        "/lines/L1?view=stops",
        "/account",
        "/account/password",
        "/admin/people",
        "/admin/roles",
        "/admin/devices",
        "/admin/keys",
        "/admin/audit",
        "/admin/audit.csv",
        "/api/board",
        "/api/v1/downtime",
        "/nothing",
    ] {
        let answer = admin.get(path).await;
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store", "{path}");
    }
    let mut maria = Browser::signed_in(&server, "maria").await;
    let refused = maria.get("/admin/people").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(refused.headers[header::CACHE_CONTROL], "no-store");
}

async fn bodies_have_a_limit(place: &Place) {
    let (server, _) = served(place).await;
    let admin = Browser::signed_in(&server, "ada").await;
    let cookie = admin.cookie.clone().expect("a cookie");
    let routes = server.routes();
    let many = |_: usize| Ok::<_, std::io::Error>(Bytes::from(vec![b'a'; 64 * 1024]));
    for (path, kind) in [
        ("/sign-in", FORM),
        ("/sign-in/code", FORM),
        ("/admin/people", FORM),
        ("/lines/L1/stops", FORM),
        ("/api/downtime_confirm", JSON),
        ("/api/v1/ingest", JSON),
        ("/api/v1/downtime/M1/1/confirm", JSON),
    ] {
        for announced in [true, false] {
            let begun = if kind == FORM {
                "login=maria&password="
            } else {
                "{\"items\": \""
            };
            let pieces = 1 + MAX_BODY_BYTES / (64 * 1024);
            let first = futures::stream::iter([Ok(Bytes::from(begun))]);
            let body =
                futures::StreamExt::chain(first, futures::stream::iter((0..pieces).map(many)));
            let mut request = Request::post(path)
                .header(header::CONTENT_TYPE, kind)
                .header(header::COOKIE, &cookie)
                .header("sec-fetch-site", "same-origin");
            if announced {
                request = request.header(header::CONTENT_LENGTH, begun.len() + pieces * 64 * 1024);
            }
            let request = request.body(Body::from_stream(body)).expect("a request");
            routes.ask(HERE, request).await.problem(413, "too_large");
        }
    }
    assert_eq!(server.on_record("session.wrong").await.len(), 0);
}
