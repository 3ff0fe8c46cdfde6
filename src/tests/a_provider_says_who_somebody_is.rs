//! A sign-in provider says who somebody is, and is believed only as far as it signs what it says, to us, for now, in answer
//! to our question. When it is down nobody waits for long, and it is found again when it is back.

use crate::harness::{Hands, at};
use crate::sign_in_provider::{Lie, SignInProvider, sent_back, settings};
use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use ms5_floor::domain::time::TsMs;
use ms5_floor::server::auth::oidc::{Begun, OidcError, Provider};
use openidconnect::url::Url;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

const NOW: &str = "2026-07-06T10:00:00Z";
const BACK: &str = "https://floor.example/sign-in/back";

fn knowing(issuer: &str) -> Provider {
    Provider::new(settings(issuer), Hands::at(at(NOW)).clock())
}

/// The browser goes to the provider and is sent back with a code and the state.
async fn there_and_back(begun: &Begun) -> (String, String) {
    let location = sent_back(begun.url.clone()).await;
    assert!(location.starts_with(BACK), "{location}");
    let back = Url::parse(&location).expect("an address");
    let told = |key: &str| {
        let pair = back.query_pairs().find(|(k, _)| k == key);
        pair.expect("told").1.into_owned()
    };
    (told("code"), told("state"))
}

async fn sign_in(provider: &Provider) -> Result<String, OidcError> {
    let begun = provider.begin(BACK).await.expect("begun");
    let (code, state) = there_and_back(&begun).await;
    let identity = provider.finish(code, &state, &begun).await?;
    Ok(identity.subject)
}

#[tokio::test]
async fn what_is_signed_to_us_in_answer_to_our_question_is_believed() {
    let there = SignInProvider::start(at(NOW)).await;
    let provider = knowing(there.issuer());
    for honest in [Lie::Honest, Lie::HonestWithRsa] {
        there.lie(honest);
        let begun = provider.begin(BACK).await.expect("begun");
        let (code, state) = there_and_back(&begun).await;
        let identity = provider
            .finish(code, &state, &begun)
            .await
            .expect("signed in");
        assert_eq!(identity.issuer, there.issuer());
        assert_eq!(identity.subject, "u-4711");
        assert_eq!(identity.email.as_deref(), Some("ada@plant.example"));
        assert!(identity.email_verified);
        assert_eq!(identity.name.as_deref(), Some("Ada Ober"));
    }
    // What it tells of itself is asked for once, not at every sign-in.
    assert_eq!(there.looked_up(), 1);
    assert_eq!(provider.name(), "Plant account");
}

#[tokio::test]
async fn nothing_else_is_believed() {
    let there = SignInProvider::start(at(NOW)).await;
    let provider = knowing(there.issuer());
    for (lie, why) in [
        (Lie::Nonce, "nonce"),
        (Lie::Audience, "audience"),
        (Lie::TwoAudiences, "audience"),
        (Lie::Issuer, "issuer"),
        (Lie::Expired, "expired"),
        (Lie::Signature, "signature"),
        (Lie::SharedSecret, "signature"),
        (Lie::AccessToken, "belong together"),
        (Lie::NoToken, "no ID token"),
    ] {
        there.lie(lie);
        match sign_in(&provider).await {
            Err(OidcError::Unbelievable(told)) => {
                assert!(
                    told.to_lowercase().contains(&why.to_lowercase()),
                    "{lie:?}: {told}"
                );
            }
            other => panic!("{lie:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn an_answer_holds_until_its_end_and_no_longer() {
    let there = SignInProvider::start(at(NOW)).await;
    let hands = Hands::at(TsMs(at(NOW).0 + 299_000));
    let provider = Provider::new(settings(there.issuer()), hands.clock());
    sign_in(&provider).await.expect("signed in");
    hands.set(TsMs(at(NOW).0 + 300_000));
    let late = sign_in(&provider).await.expect_err("over");
    assert!(matches!(late, OidcError::Unbelievable(_)), "{late}");
}

#[tokio::test]
async fn another_browsers_answer_is_not_taken() {
    let there = SignInProvider::start(at(NOW)).await;
    let provider = knowing(there.issuer());
    let mine = provider.begin(BACK).await.expect("begun");
    let other = provider.begin(BACK).await.expect("begun");
    let (code, state) = there_and_back(&other).await;
    let refused = provider.finish(code, &state, &mine).await;
    assert_eq!(refused, Err(OidcError::OtherState));
}

#[tokio::test]
async fn a_code_is_worth_nothing_without_what_it_was_asked_with_and_nothing_twice() {
    let there = SignInProvider::start(at(NOW)).await;
    let provider = knowing(there.issuer());
    for verifier in [
        String::new(),
        "another-verifier-long-enough-to-be-a-real-one".to_owned(),
    ] {
        let mut begun = provider.begin(BACK).await.expect("begun");
        assert!(
            begun.url.contains("code_challenge_method=S256"),
            "{}",
            begun.url
        );
        assert!(!begun.url.contains(&begun.pkce_verifier));
        let (code, state) = there_and_back(&begun).await;
        begun.pkce_verifier = verifier;
        let refused = provider.finish(code, &state, &begun).await;
        assert!(matches!(refused, Err(OidcError::Refused(_))), "{refused:?}");
    }
    let begun = provider.begin(BACK).await.expect("begun");
    let (code, state) = there_and_back(&begun).await;
    provider
        .finish(code.clone(), &state, &begun)
        .await
        .expect("signed in");
    let again = provider.finish(code, &state, &begun).await;
    assert!(matches!(again, Err(OidcError::Refused(_))), "{again:?}");
}

#[tokio::test]
async fn a_key_that_is_new_since_the_last_look_is_found() {
    let there = SignInProvider::start(at(NOW)).await;
    let provider = knowing(there.issuer());
    sign_in(&provider).await.expect("signed in");
    there.change_key("second");
    sign_in(&provider).await.expect("signed in");
    assert_eq!(there.looked_up(), 2);
}

#[tokio::test]
async fn a_provider_that_is_down_is_said_to_be_and_found_when_it_is_back() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let provider = knowing(&format!("http://{address}"));
    let down = provider.begin(BACK).await.expect_err("down");
    assert!(matches!(down, OidcError::Unreachable(_)), "{down}");
    assert!(provider.discover().await.is_err());
    let listener = TcpListener::bind(address).await.expect("the same port");
    SignInProvider::on(listener, at(NOW));
    sign_in(&provider).await.expect("signed in");
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_not_waited_for_long() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let provider = knowing(&format!("http://{address}"));
    let begun = Instant::now();
    let silent = provider.begin(BACK).await.expect_err("silent");
    assert!(matches!(silent, OidcError::Unreachable(_)), "{silent}");
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "{:?}",
        begun.elapsed()
    );
    drop(listener);
}

#[tokio::test]
async fn a_provider_cannot_send_us_elsewhere_nor_fill_our_memory() {
    let followed = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&followed);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let issuer = format!("http://{}", listener.local_addr().expect("an address"));
    let router = Router::new()
        .route(
            "/.well-known/openid-configuration",
            get(|| async { Redirect::to("/inside") }),
        )
        .route(
            "/inside",
            get(async move || seen.store(true, Ordering::SeqCst)),
        )
        .route(
            "/large/.well-known/openid-configuration",
            get(|| async { " ".repeat(2 << 20) }),
        );
    tokio::spawn(axum::serve(listener, router).into_future());
    let moved = knowing(&issuer).begin(BACK).await.expect_err("moved");
    assert!(matches!(moved, OidcError::Unusable(_)), "{moved}");
    assert!(!followed.load(Ordering::SeqCst));
    let large = knowing(&format!("{issuer}/large"))
        .begin(BACK)
        .await
        .expect_err("large");
    assert!(large.to_string().contains("limit"), "{large}");
}
