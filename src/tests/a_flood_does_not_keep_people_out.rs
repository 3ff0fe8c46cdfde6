//! Who guesses passwords, or lets a program do it, is slowed down, and everybody else is not: neither by the limit of the
//! doors, nor by locked accounts, nor by the queue in front of the hash.

use crate::browser::{Browser, PASSWORD, add_person, leads_to, text};
use crate::harness::{Answer, HERE, Hands, Place, Routes, Server, at, request};
use crate::small_plant::small_plant;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use futures::FutureExt;
use futures::future::join_all;
use ms5_floor::domain::time::DurMs;
use ms5_floor::server::config::Transport;
use ms5_floor::server::http::doors;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::Notify;
use tokio::task::JoinSet;

on_both! {
    ten_thousand_wrong_sign_ins_slow_down_nobody_else,
    whoever_knocks_too_often_is_told_in_words_and_when_to_come_back,
    a_locked_account_waits_and_no_other,
    a_login_that_nobody_has_answers_the_same,
    many_tries_at_once_are_as_many,
    right_tries_that_come_together_do_not_lock_each_other_out,
    when_too_many_wait_the_next_is_told_at_once,
    a_network_of_one_client_waits_behind_itself_only,
    many_sign_in_pages_at_once_wait_for_no_connection_that_another_holds,
}

/// One client may knock so often at once, and so often a second then.
const BURST: usize = 100;
const PER_SECOND: usize = 5;
/// How often a program guesses.
const TRIES: usize = 10_000;

/// A server whose limits go by the same hands as its clock.
async fn served(place: &Place) -> (Server, Hands) {
    let hands = Hands::at(at("2026-07-06T10:00:00Z"));
    let mut server = Server::with(place, hands.clock(), small_plant()).await;
    server.shared.doors = doors(Transport::Loopback, &[], hands.ticks());
    add_person(&server, "maria", "operator").await;
    (server, hands)
}

fn wrong(login: &str) -> Request<Body> {
    let body = format!("login={login}&password=not+this+one&next=%2Flines%2FL1");
    Request::builder()
        .method(Method::POST)
        .uri("/sign-in")
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::CONTENT_LENGTH, body.len())
        .header("sec-fetch-site", "same-origin")
        .body(Body::from(body))
        .expect("a request")
}

fn from(n: usize) -> IpAddr {
    let n = u8::try_from(n).expect("a small number");
    [10, 0, 0, n].into()
}

fn counted(answers: &[Answer]) -> BTreeMap<u16, usize> {
    let mut out = BTreeMap::new();
    for answer in answers {
        *out.entry(answer.status.as_u16()).or_default() += 1;
    }
    out
}

fn retry_after(answer: &Answer) -> &str {
    let header = answer.headers.get(header::RETRY_AFTER);
    header.expect("when to come back").to_str().expect("text")
}

/// Sends them all from one address, many at a time; says when the limit is reached.
async fn flood(routes: Routes, under_way: Arc<Notify>) -> Vec<u16> {
    const AT_ONCE: usize = 50;
    let (mut asked, mut statuses) = (JoinSet::new(), Vec::new());
    for n in 0..TRIES {
        let routes = routes.clone();
        asked.spawn(async move {
            let answer = routes.ask(from(1), wrong(&format!("guess.{n}"))).await;
            let waits = answer.headers.contains_key(header::RETRY_AFTER);
            assert_eq!(waits, answer.status != StatusCode::UNPROCESSABLE_ENTITY);
            answer.status.as_u16()
        });
        if asked.len() == AT_ONCE {
            statuses.push(asked.join_next().await.expect("a task").expect("an answer"));
        }
        if statuses.last() == Some(&429) {
            under_way.notify_one();
        }
    }
    statuses.extend(asked.join_all().await);
    statuses
}

async fn ten_thousand_wrong_sign_ins_slow_down_nobody_else(place: &Place) {
    let (server, _) = served(place).await;
    let under_way = Arc::new(Notify::new());
    let flood = tokio::spawn(flood(server.routes(), Arc::clone(&under_way)));
    under_way.notified().await;
    let mut maria = Browser::new(&server).at([10, 0, 0, 2]);
    let answer = maria.sign_in("maria", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", text(&answer));
    assert!(
        !flood.is_finished(),
        "it did not wait until the flood was over"
    );
    let statuses = flood.await.expect("a flood");
    let of = |status: u16| statuses.iter().filter(|s| **s == status).count();
    assert_eq!(of(422) + of(503), BURST, "the hands stand still");
    assert_eq!(of(429), TRIES - BURST);
    assert!(of(422) > 0);
    assert_eq!(server.on_record("session.wrong").await.len(), of(422));
}

async fn whoever_knocks_too_often_is_told_in_words_and_when_to_come_back(place: &Place) {
    let (server, hands) = served(place).await;
    let routes = server.routes();
    // What is missing in a form costs no hash, and counts all the same.
    let knock = |path: &str, accept: &str| {
        let body = "login=maria&next=%2Flines%2FL1";
        let mut knock = request(Method::POST, path, None, Body::from(body));
        let headers = knock.headers_mut();
        headers.insert(header::ACCEPT, accept.parse().expect("a header"));
        let form = "application/x-www-form-urlencoded".parse().expect("a type");
        headers.insert(header::CONTENT_TYPE, form);
        headers.insert(header::CONTENT_LENGTH, body.len().into());
        // Anyone may claim to be a proxy.
        headers.insert("x-forwarded-for", "1.2.3.4".parse().expect("a header"));
        knock
    };
    for _ in 0..BURST {
        let answer = routes.ask(HERE, knock("/sign-in", "text/html")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(text(&answer).contains("<h1"), "a browser gets a page");
    }
    let program = routes.ask(HERE, knock("/sign-in", "*/*")).await;
    program.problem(429, "too_often");
    assert_eq!(retry_after(&program), "1");
    for (path, has) in [
        ("/sign-in", "name=\"password\""),
        ("/sign-in/code", "name=\"code\""),
        ("/sign-in/demonstration", "href=\"/sign-in\""),
        ("/sign-in/provider", "href=\"/sign-in\""),
        ("/set-up/token", "href=\"/set-up/token\""),
        ("/sign-on", "href=\"/sign-on\""),
    ] {
        let answer = routes.ask(HERE, knock(path, "text/html,*/*;q=0.8")).await;
        let page = text(&answer);
        assert_eq!(
            answer.status,
            StatusCode::TOO_MANY_REQUESTS,
            "{path}: {page}"
        );
        assert_eq!(retry_after(&answer), "1");
        let words = "Too many tries from here. Wait 1 s, then try again.";
        assert!(page.contains(words) && page.contains(has), "{path}: {page}");
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    }
    // Nothing that was typed is lost, but the password.
    let page = text(&routes.ask(HERE, knock("/sign-in", "text/html")).await);
    assert!(page.contains("value=\"maria\""), "{page}");
    assert!(page.contains("name=\"next\" value=\"/lines/L1\""), "{page}");
    // Looking is not knocking.
    let mut browser = Browser::new(&server);
    assert_eq!(browser.get("/sign-in").await.status, StatusCode::OK);
    hands.set(server.app.clock.now() + DurMs(2_000));
    for n in 0..=2 * PER_SECOND {
        let answer = routes.ask(HERE, knock("/sign-in", "text/html")).await;
        let expected = if n < 2 * PER_SECOND { 400 } else { 429 };
        assert_eq!(answer.status.as_u16(), expected, "{n}");
    }
}

async fn a_locked_account_waits_and_no_other(place: &Place) {
    let (server, hands) = served(place).await;
    add_person(&server, "jonas", "operator").await;
    let start = server.app.clock.now();
    let mut browser = Browser::new(&server);
    for _ in 0..5 {
        let answer = browser.sign_in("Maria ", "not this one").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let told = async |browser: &mut Browser<'_>, seconds: &str| {
        let answer = browser.sign_in("maria", PASSWORD).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(retry_after(&answer), seconds);
        let words = format!("Too many wrong tries. Wait {seconds} s, then try again.");
        assert!(text(&answer).contains(&words), "{}", text(&answer));
    };
    told(&mut browser, "30").await;
    hands.set(start + DurMs(12_500));
    told(&mut browser, "18").await;
    let mut elsewhere = Browser::new(&server).at([10, 0, 0, 9]);
    told(&mut elsewhere, "18").await;
    let answer = browser.sign_in("jonas", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "another account");
    // One more wrong try after the wait doubles it; what was refused meanwhile did not count.
    hands.set(start + DurMs(30_000));
    let answer = elsewhere.sign_in("maria", "not this one").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    told(&mut elsewhere, "60").await;
    hands.set(start + DurMs(90_000));
    let answer = elsewhere.sign_in("maria", PASSWORD).await;
    assert_eq!(leads_to(&answer), "/");
    // A right try takes all wrong ones away.
    for _ in 0..4 {
        elsewhere.sign_in("maria", "not this one").await;
    }
    let answer = elsewhere.sign_in("maria", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(server.on_record("session.wrong").await.len(), 10);
}

async fn a_login_that_nobody_has_answers_the_same(place: &Place) {
    let (server, _) = served(place).await;
    let gone = add_person(&server, "gone.a", "operator").await;
    let mut tx = server.app.db.begin().await.expect("a transaction");
    ms5_floor::server::db::people::change(&mut tx, gone, ("Gone", ""), true)
        .await
        .expect("disabled");
    tx.commit().await.expect("committed");
    let routes = server.routes();
    let mut said = Vec::new();
    for (n, login) in ["maria", "nobody", "gone.a"].into_iter().enumerate() {
        let mut of_login = Vec::new();
        for _ in 0..7 {
            let answer = routes.ask(from(n + 1), wrong(login)).await;
            let page = text(&answer);
            let nonce = crate::browser::between(&page, "nonce=\"", "\"");
            let page = page.replace(&nonce, "").replace(login, "");
            let waits = answer.headers.get(header::RETRY_AFTER).cloned();
            of_login.push((answer.status, waits, page));
        }
        said.push(of_login);
    }
    assert_eq!(said[0][6].0, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(said[0], said[1]);
    assert_eq!(said[0], said[2]);
}

async fn all_at_once(routes: &Routes, many: usize, ask: impl Fn() -> Request<Body>) -> Vec<Answer> {
    join_all((1..=many).map(|n| routes.ask(from(n), ask()))).await
}

async fn many_tries_at_once_are_as_many(place: &Place) {
    let (server, _) = served(place).await;
    let answers = all_at_once(&server.routes(), 40, || wrong("maria")).await;
    let expected = BTreeMap::from([(422, 5), (429, 35)]);
    assert_eq!(counted(&answers), expected, "five are free, also together");
    assert_eq!(server.on_record("session.wrong").await.len(), 5);
}

async fn right_tries_that_come_together_do_not_lock_each_other_out(place: &Place) {
    let (server, _) = served(place).await;
    let password = PASSWORD.replace(' ', "+");
    let right = || {
        let mut request = wrong("maria");
        request.headers_mut().remove(header::CONTENT_LENGTH);
        request.map(|_| Body::from(format!("login=maria&password={password}")))
    };
    let answers = all_at_once(&server.routes(), 12, right).await;
    assert_eq!(counted(&answers), BTreeMap::from([(303, 12)]));
}

async fn when_too_many_wait_the_next_is_told_at_once(place: &Place) {
    let (server, _) = served(place).await;
    let mut held = Vec::new();
    for n in 0.. {
        match server.app.turns.of_client(&n.to_string()).await {
            Ok(turn) => held.push(turn),
            Err(_) => break,
        }
        assert!(n < 1_000, "who waits is bounded");
    }
    let mut maria = Browser::new(&server).at([10, 0, 0, 2]);
    let answer = maria.sign_in("maria", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(retry_after(&answer), "2");
    let page = text(&answer);
    assert!(page.contains("Many people sign in just now."), "{page}");
    assert!(
        page.contains("value=\"maria\"") && page.contains("name=\"password\""),
        "{page}"
    );
    held.pop();
    let answer = maria.sign_in("maria", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(server.on_record("session.wrong").await.len(), 0);
}

async fn a_network_of_one_client_waits_behind_itself_only(place: &Place) {
    let (server, _) = served(place).await;
    // As many wait as may of one client, each under another address of its network.
    let knock = |n: usize| {
        let turns = server.app.turns.clone();
        async move { turns.of_client(&format!("2001:db8:1:2::{n:x}")).await }.boxed()
    };
    let first = knock(1).await.expect("a turn");
    let mut waiting: Vec<_> = (2..=16).map(knock).collect();
    for waits in &mut waiting {
        assert!(waits.now_or_never().is_none());
    }
    for (from, status) in [
        ("2001:db8:1:2:ffff::9", StatusCode::SERVICE_UNAVAILABLE),
        ("2001:db8:1:3::1", StatusCode::SEE_OTHER),
    ] {
        let mut maria = Browser::new(&server);
        maria.from = from.parse().expect("an address");
        let answer = maria.sign_in("maria", PASSWORD).await;
        assert_eq!(answer.status, status, "{}: {from}", place.engine);
    }
    drop((waiting, first));
    assert_eq!(server.on_record("session.wrong").await.len(), 0);
}

async fn many_sign_in_pages_at_once_wait_for_no_connection_that_another_holds(place: &Place) {
    let (server, _) = served(place).await;
    let routes = server.routes();
    let mut asked = JoinSet::new();
    for _ in 0..200 {
        let routes = routes.clone();
        asked.spawn(async move {
            let page = Request::get("/sign-in").header(header::ACCEPT, "text/html");
            let page = page.body(Body::empty()).expect("a request");
            routes.ask(HERE, page).await
        });
    }
    assert_eq!(
        counted(&asked.join_all().await),
        BTreeMap::from([(200, 200)])
    );
}
