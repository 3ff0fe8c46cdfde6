//! What pages of other sites send, and where they would like to lead people.

use super::served;
use crate::browser::{Browser, PASSWORD, leads_to, text};
use crate::harness::{HERE, Place, Routes};
use crate::markup::tags;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};

on_both! {
    what_another_site_sends_is_refused,
    signing_in_leads_to_pages_of_this_site_only,
    a_server_function_leads_nobody_anywhere,
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

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

async fn a_server_function_leads_nobody_anywhere(place: &Place) {
    let (server, _) = served(place).await;
    let admin = Browser::signed_in(&server, "ada").await;
    let cookie = admin.cookie.clone().expect("a cookie");
    let routes = server.routes();
    let functions = server_fn::axum::server_fn_paths();
    // Another test of this program registers one that breaks.
    let ours = functions.filter(|(path, _)| !path.ends_with("_for_the_test"));
    let mut asked = 0;
    for (path, method) in ours {
        // Without a word about who asks, and as somebody whom a link of another site brought here.
        for known in [None, Some(("cookie", cookie.as_str()))] {
            for from in ["https://evil.example/trap", "http://floor.example/lines/L1"] {
                let mut headers = vec![
                    ("accept", "text/html,application/xhtml+xml,*/*;q=0.8"),
                    ("referer", from),
                    ("sec-fetch-mode", "navigate"),
                ];
                if method != Method::GET {
                    headers.push(("sec-fetch-site", "same-origin"));
                }
                headers.extend(known);
                let answer = send(&routes, (&method, path), (JSON, "{}"), &headers).await;
                assert!(!answer.status.is_redirection(), "{path}: {}", answer.status);
                assert!(!answer.headers.contains_key(header::LOCATION), "{path}");
                asked += 1;
            }
        }
    }
    assert!(asked > 100, "{asked} asked");
    // What the function has to say is answered as ever.
    let page = [
        ("accept", "text/html"),
        ("referer", "https://evil.example/"),
    ];
    let answer = send(&routes, (&Method::GET, "/api/signed_in"), (JSON, ""), &page).await;
    assert_eq!(
        (answer.status, answer.json()),
        (StatusCode::OK, false.into())
    );
}
