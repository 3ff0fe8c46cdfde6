//! What browsers can be made to do to a site: sessions planted or stolen, forms sent by other sites, frames, scripts of
//! others, redirects, caches, bodies without end.

use crate::browser::{Browser, PASSWORD, add_person, between, leads_to, role_id, text};
use crate::harness::{HERE, Hands, Place, Routes, Server, at};
use crate::markup::tags;
use crate::small_plant::small_plant;
use axum::body::{Body, Bytes};
use axum::http::{Method, Request, StatusCode, header};
use ms5_floor::domain::ids::PersonId;
use ms5_floor::domain::time::DurMs;
use ms5_floor::server::auth::identify::{Origin, identify};
use ms5_floor::server::auth::session::{Held, Store, go_on, held};
use ms5_floor::server::auth::totp;
use ms5_floor::server::config::Transport;
use ms5_floor::server::db::audit::{self, Wanted};
use ms5_floor::server::db::people;
use ms5_floor::server::db::sessions;
use ms5_floor::server::http::MAX_BODY_BYTES;
use ms5_floor::server::services::sign_on::badge_mark;
use std::collections::BTreeSet;
use std::sync::Arc;
use tower_sessions::Session;

on_both! {
    cookies_are_kept_from_scripts_and_other_sites,
    an_id_from_before_signing_in_is_worth_nothing_after,
    an_id_from_before_the_second_factor_is_worth_nothing_after,
    an_id_from_before_other_rights_is_worth_nothing_after,
    an_id_from_before_signing_on_is_worth_nothing_after,
    a_session_that_was_ended_while_a_page_was_asked_for_stays_ended,
    what_another_site_sends_is_refused,
    pages_run_their_own_scripts_only_and_in_no_frame,
    what_is_shown_to_somebody_stays_in_no_cache,
    signing_in_leads_to_pages_of_this_site_only,
    bodies_have_a_limit,
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

async fn served(place: &Place) -> (Server, Hands) {
    let hands = Hands::at(at("2026-07-06T10:00:00Z"));
    let server = Server::with(place, hands.clock(), small_plant()).await;
    add_person(&server, "ada", "admin").await;
    add_person(&server, "maria", "operator").await;
    (server, hands)
}

async fn cookies_are_kept_from_scripts_and_other_sites(place: &Place) {
    let (mut server, _) = served(place).await;
    for (transport, name, secure) in [
        (Transport::Tls, "__Host-ms5", true),
        (Transport::BehindProxy, "__Host-ms5", true),
        (Transport::Loopback, "ms5", false),
        (Transport::PlainHttp, "ms5", false),
    ] {
        server.shared.transport = transport;
        let mut browser = Browser::new(&server);
        let begun = browser.sign_in("maria", PASSWORD).await;
        let ended = browser.post("/sign-out", &[]).await;
        for (answer, age) in [(begun, "Max-Age=34560000"), (ended, "Max-Age=0")] {
            let set: Vec<_> = answer.headers.get_all(header::SET_COOKIE).iter().collect();
            assert_eq!(set.len(), 1, "{transport:?}: {set:?}");
            let set = set[0].to_str().expect("text");
            let mut attributes = set.split("; ");
            let (named, id) = attributes
                .next()
                .and_then(|c| c.split_once('='))
                .expect("a cookie");
            assert_eq!(named, name, "{transport:?}");
            assert_eq!(id.is_empty(), age == "Max-Age=0", "{set}");
            let attributes: BTreeSet<&str> =
                attributes.filter(|a| !a.starts_with("Expires=")).collect();
            let mut expected = BTreeSet::from(["Path=/", age]);
            // A browser that forgets a cookie needs no more; with `__Host-` it still asks for `Secure`.
            if age != "Max-Age=0" || secure {
                expected.extend(["HttpOnly", "SameSite=Lax"]);
            }
            expected.extend(secure.then_some("Secure"));
            assert_eq!(attributes, expected, "{transport:?}");
        }
    }
}

/// What a cookie is worth: whose page it shows.
async fn worth(server: &Server, cookie: Option<String>) -> StatusCode {
    let mut thief = Browser::new(server);
    thief.cookie = cookie;
    thief.get("/account").await.status
}

async fn an_id_from_before_signing_in_is_worth_nothing_after(place: &Place) {
    let (server, _) = served(place).await;
    let made_up = Some("ms5=AAAAAAAAAAAAAAAAAAAAAA".to_owned());
    let of_another = Browser::signed_in(&server, "ada").await.cookie;
    for planted in [made_up, of_another] {
        let mut maria = Browser::new(&server);
        maria.cookie.clone_from(&planted);
        let answer = maria.sign_in("maria", PASSWORD).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        assert_ne!(maria.cookie, planted);
        assert!(text(&maria.get("/account").await).contains("maria Tester"));
        assert_eq!(worth(&server, planted).await, StatusCode::SEE_OTHER);
        // And after signing out the id is worth nothing, whoever kept it.
        let kept = maria.cookie.clone();
        maria.post("/sign-out", &[]).await;
        assert_eq!(maria.cookie, None);
        assert_eq!(worth(&server, kept).await, StatusCode::SEE_OTHER);
    }
}

async fn an_id_from_before_the_second_factor_is_worth_nothing_after(place: &Place) {
    let (server, _) = served(place).await;
    let secret = totp::new_secret();
    let app = &server.app;
    let maria = people::by_login(&app.db, "maria")
        .await
        .expect("read")
        .expect("maria");
    let mut tx = app.db.begin().await.expect("a transaction");
    people::set_totp(&mut tx, maria.person(), Some(&secret))
        .await
        .expect("set");
    tx.commit().await.expect("committed");
    app.people.forget();
    let mut browser = Browser::new(&server);
    assert_eq!(
        leads_to(&browser.sign_in("maria", PASSWORD).await),
        "/sign-in/code"
    );
    let half = browser.cookie.clone();
    assert_eq!(
        worth(&server, half.clone()).await,
        StatusCode::SEE_OTHER,
        "half is not in"
    );
    let secret = totp_rs::Secret::try_from_base32(&secret).expect("a secret");
    let code = totp_rs::Builder::new()
        .with_secret(secret)
        .with_account_name("maria".to_owned());
    let now = u64::try_from(app.clock.now().0 / 1000).expect("a time");
    let code = code.build().expect("a code").generate(now).to_string();
    assert_eq!(
        leads_to(&browser.post("/sign-in/code", &[("code", &code)]).await),
        "/"
    );
    assert_ne!(browser.cookie, half);
    assert_eq!(worth(&server, browser.cookie.clone()).await, StatusCode::OK);
    assert_eq!(worth(&server, half.clone()).await, StatusCode::SEE_OTHER);
    let mut thief = Browser::new(&server);
    thief.cookie = half;
    let answer = thief.post("/sign-in/code", &[("code", &code)]).await;
    assert_eq!(
        leads_to(&answer),
        "/sign-in",
        "nothing waits there any more"
    );
}

async fn an_id_from_before_other_rights_is_worth_nothing_after(place: &Place) {
    let (server, _) = served(place).await;
    let mut maria = Browser::signed_in(&server, "maria").await;
    let before = maria.cookie.clone();
    let mut admin = Browser::signed_in(&server, "ada").await;
    let row = people::by_login(&server.app.db, "maria")
        .await
        .expect("read")
        .expect("maria");
    let (version, role) = (
        row.version.to_string(),
        role_id(&server, "engineer").await.to_string(),
    );
    let form = [
        ("version", &*version),
        ("name", "Maria"),
        ("role", &*role),
        ("where", "site"),
    ];
    let changed = admin
        .post(&format!("/admin/people/{}", row.id), &form)
        .await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", text(&changed));
    assert_eq!(maria.get("/account").await.status, StatusCode::OK);
    assert_ne!(maria.cookie, before, "a new id with the new rights");
    assert_eq!(worth(&server, before).await, StatusCode::SEE_OTHER);
    let now = maria.cookie.clone();
    assert_eq!(maria.get("/account").await.status, StatusCode::OK);
    assert_eq!(maria.cookie, now, "once a change");
}

async fn an_id_from_before_signing_on_is_worth_nothing_after(place: &Place) {
    let (server, hands) = served(place).await;
    let app = &server.app;
    let maria = people::by_login(&app.db, "maria")
        .await
        .expect("read")
        .expect("maria");
    let mut tx = app.db.begin().await.expect("a transaction");
    let badge = badge_mark(app, "0041-77");
    people::set_badge(&mut tx, maria.person(), Some(&badge))
        .await
        .expect("a badge");
    tx.commit().await.expect("committed");
    let mut admin = Browser::signed_in(&server, "ada").await;
    let form = [
        ("kind", "tablet"),
        ("name", "Tablet 1"),
        ("page", "/lines/L1"),
        ("place", "line:L1"),
    ];
    let page = text(&admin.post("/admin/devices", &form).await);
    let mut tablet = Browser::new(&server);
    tablet
        .post(&between(&page, "floor.example", "</code>"), &[])
        .await;
    let enrolled = tablet.cookie.clone();
    let on_line = async |cookie: &Option<String>| {
        let mut thief = Browser::new(&server);
        thief.cookie.clone_from(cookie);
        thief.get("/lines/L1").await.status
    };
    assert_eq!(on_line(&enrolled).await, StatusCode::OK);
    let answer = tablet.post("/sign-on", &[("badge", "0041-77")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", text(&answer));
    let signed_on = tablet.cookie.clone();
    assert_ne!(signed_on, enrolled);
    assert_eq!(
        on_line(&enrolled).await,
        StatusCode::SEE_OTHER,
        "not even a tablet"
    );
    assert_eq!(worth(&server, signed_on.clone()).await, StatusCode::OK);
    tablet.post("/sign-out", &[]).await;
    assert_ne!(tablet.cookie, signed_on);
    assert_eq!(
        on_line(&tablet.cookie).await,
        StatusCode::OK,
        "still a tablet"
    );
    assert_eq!(on_line(&signed_on).await, StatusCode::SEE_OTHER);
    hands.set(app.clock.now() + DurMs(1));
}

async fn a_session_that_was_ended_while_a_page_was_asked_for_stays_ended(place: &Place) {
    let (server, _) = served(place).await;
    let app = &server.app;
    let mut admin = Browser::signed_in(&server, "ada").await;
    let row = people::by_login(&app.db, "maria").await.expect("read");
    let id = row.expect("maria").person();
    let open = async |id: PersonId| {
        let rows = sessions::of_person(&app.db, id, app.clock.now()).await;
        rows.expect("sessions").len()
    };
    // A page is asked for: the session is read. Then everything ends. Then the request goes on.
    let read = async |cookie: Option<String>| {
        let id = cookie.as_deref().and_then(|c| c.strip_prefix("ms5="));
        let id = id.expect("a cookie").parse().expect("an id");
        let store = Store::new(app.db.clone(), app.clock.clone(), Arc::clone(&app.uses));
        let session = Session::new(Some(id), Arc::new(store), None);
        let known = held(&session).await.expect("read").expect("a session");
        (session, known)
    };
    let cookie = Browser::signed_in(&server, "maria").await.cookie;
    let (session, known) = read(cookie.clone()).await;
    let path = format!("/admin/people/{}/password", id.0);
    assert_eq!(admin.post(&path, &[]).await.status, StatusCode::OK);
    assert_eq!(open(id).await, 0);
    let origin = Origin {
        navigates: true,
        ..Origin::default()
    };
    let caller = identify(app, &header::HeaderMap::new(), Some(&session), origin)
        .await
        .expect("an answer");
    assert!(!caller.is_somebody(), "{caller:?}");
    let anew = Held {
        version: known.version + 1,
        ..known
    };
    assert!(!go_on(app, &session, &anew).await.expect("an answer"));
    assert_eq!(open(id).await, 0, "nothing came back");
    assert_eq!(worth(&server, cookie).await, StatusCode::SEE_OTHER);
    // One that was not ended goes on, once, under an id that is worth what the old one was.
    let cookie = admin.cookie.clone();
    let ((one, known), (two, _)) = (read(cookie.clone()).await, read(cookie.clone()).await);
    assert!(go_on(app, &one, &known).await.expect("an answer"));
    assert!(!go_on(app, &two, &known).await.expect("an answer"));
    let moved = Some(format!("ms5={}", one.id().expect("an id")));
    assert_ne!(moved, cookie);
    assert_eq!(worth(&server, moved).await, StatusCode::OK);
    assert_eq!(worth(&server, cookie).await, StatusCode::SEE_OTHER);
}

type Headers<'a> = &'a [(&'a str, &'a str)];

/// Sends something with a cookie as a browser would that says this about itself.
async fn send(
    routes: &Routes,
    (method, path): (&Method, &str),
    (kind, body): (&str, &str),
    headers: Headers<'_>,
) -> crate::harness::Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "floor.example")
        .header(header::CONTENT_TYPE, kind);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request
        .body(Body::from(body.to_owned()))
        .expect("a request");
    routes.ask(HERE, request).await
}

async fn what_another_site_sends_is_refused(place: &Place) {
    let (server, _) = served(place).await;
    let mut admin = Browser::signed_in(&server, "ada").await;
    let cookie = admin.cookie.clone().expect("a cookie");
    let (post, put, delete) = (&Method::POST, &Method::PUT, &Method::DELETE);
    let asks = [
        ((post, "/account/sessions/end-all"), (FORM, "")),
        ((post, "/sign-out"), (FORM, "")),
        ((post, "/admin/people"), (FORM, "login=eve&name=Eve")),
        (
            (post, "/lines/L1/stops"),
            (FORM, "back=&machine=M1&start=1&version=0"),
        ),
        ((post, "/api/downtime_confirm"), (JSON, "{}")),
        // The kinds that a form of another site can send without asking first.
        ((post, "/api/downtime_confirm"), ("text/plain", "{}")),
        ((post, "/api/v1/downtime/M1/1/confirm"), (JSON, "{}")),
        ((post, "/api/v1/ingest"), ("text/plain", "{}")),
        ((put, "/api/v1/plant"), (JSON, "{}")),
        ((delete, "/api/v1/quarantine/1"), (JSON, "")),
    ];
    let routes = server.routes();
    for (ask, body) in asks {
        for other in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "https://evil.example"),
            ("origin", "http://floor.example:8080"),
            ("origin", "null"),
            ("x-nothing", "said"),
            ("authorization", "Basic YTpi"),
        ] {
            let answer = send(&routes, ask, body, &[("cookie", &cookie), other]).await;
            let problem = answer.problem(403, "cross_origin");
            assert_eq!(
                problem["title"], "Sent by a page of another site",
                "{ask:?} {other:?}"
            );
        }
        // From its own pages it may; what it may then is another matter.
        if !ask.1.ends_with("end-all") && !ask.1.ends_with("out") {
            for own in [
                ("sec-fetch-site", "same-origin"),
                ("origin", "http://floor.example"),
            ] {
                let answer = send(&routes, ask, body, &[("cookie", &cookie), own]).await;
                assert!(!text(&answer).contains("cross_origin"), "{ask:?} {own:?}");
            }
        }
    }
    assert_eq!(
        admin.get("/account").await.status,
        StatusCode::OK,
        "nobody was signed out"
    );
    // Signing somebody in as somebody else is an attack, too.
    let body = (FORM, "login=maria&password=grey+kettle+on+line+4");
    let answer = send(
        &routes,
        (post, "/sign-in"),
        body,
        &[("sec-fetch-site", "cross-site")],
    )
    .await;
    answer.problem(403, "cross_origin");
    // A key is sent by no browser on its own: it needs no word about where it comes from, also beside a cookie.
    let bearer = format!("Bearer {}", server.everything);
    for headers in [
        &[("authorization", bearer.as_str())][..],
        &[
            ("authorization", bearer.as_str()),
            ("cookie", cookie.as_str()),
        ],
    ] {
        let answer = send(
            &routes,
            (post, "/api/v1/ingest"),
            (JSON, "{\"items\": []}"),
            headers,
        )
        .await;
        answer.problem(422, "invalid");
    }
    // With a key that does not hold nothing is done in the name of the cookie beside it.
    let wrong = [
        ("authorization", "Bearer ms5_wrong"),
        ("cookie", cookie.as_str()),
    ];
    let answer = send(
        &routes,
        (post, "/api/v1/ingest"),
        (JSON, "{\"items\": []}"),
        &wrong,
    )
    .await;
    answer.problem(401, "unauthenticated");
    // What changes something is no GET, which a link of another site could send.
    for path in [
        "/api/downtime_confirm?machine=M1",
        "/sign-out",
        "/account/sessions/end-all",
    ] {
        let answer = admin.get(path).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    assert_eq!(admin.get("/account").await.status, StatusCode::OK);
}

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

async fn signing_in_leads_to_pages_of_this_site_only(place: &Place) {
    let (server, _) = served(place).await;
    let traps = [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/%0d%0aLocation:%20https://evil.example\r\n",
        " //evil.example",
        "https://floor.example@evil.example",
        "/\u{2215}/evil.example",
        "evil.example",
    ];
    for trap in traps {
        let mut browser = Browser::new(&server);
        let page = text(
            &browser
                .get(&format!(
                    "/sign-in?next={}",
                    ms5_floor::ui::sheets::address::encoded(trap)
                ))
                .await,
        );
        let next = tags(&page)
            .into_iter()
            .find(|t| t.get("name") == Some("next"))
            .expect("a field");
        let sent = next.get("value").unwrap_or_default().to_owned();
        for wanted in [trap, &sent] {
            let form = [("login", "maria"), ("password", PASSWORD), ("next", wanted)];
            let to = leads_to(&browser.post("/sign-in", &form).await);
            assert_eq!(to, "/", "{trap:?}");
            // Who is in already is led on at once.
            let path = format!(
                "/sign-in?next={}",
                ms5_floor::ui::sheets::address::encoded(trap)
            );
            assert_eq!(leads_to(&browser.get(&path).await), "/", "{trap:?}");
            browser.post("/sign-out", &[]).await;
        }
    }
    let form = [
        ("login", "maria"),
        ("password", PASSWORD),
        ("next", "/lines/L1?view=stops"),
    ];
    let answer = Browser::new(&server).post("/sign-in", &form).await;
    assert_eq!(leads_to(&answer), "/lines/L1?view=stops");
    // A page that is asked for before signing in is led back to as a path of this site.
    let asked = Browser::new(&server).get("//evil.example/lines/L1").await;
    assert!(
        !asked.headers.contains_key(header::LOCATION) || leads_to(&asked).starts_with("/sign-in")
    );
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
    let wrong = Wanted {
        action: "session.wrong".to_owned(),
        ..Wanted::default()
    };
    let rows = audit::find(&server.app.db, &wrong, 10)
        .await
        .expect("the trail");
    assert_eq!(rows.len(), 0);
}
