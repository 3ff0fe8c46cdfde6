//! Any path, query, form, cookie or key is answered: with a page, a redirect or a refusal, never with a fault of the
//! server. The API's refusals are problem documents.

use crate::arbitrary::{answered, answered_by_the_api, each, text};
use crate::browser::add_person;
use crate::cast::Actor;
use crate::harness::{Answer, Hands, Place, Server, at};
use crate::small_plant::{small_plant, state};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use ms5_floor::domain::machine_state::MachineState;
use ms5_floor::server::auth::access::ACCESS;
use ms5_floor::server::auth::session::cookie_name;
use ms5_floor::server::config::Transport;
use ms5_floor::server::http::limit::Ticks;
use ms5_floor::server::http::{doors, router};
use ms5_floor::ui::sheets::address::encoded;
use proptest::prelude::*;
use proptest::sample::select;
use std::net::SocketAddr;
use tower::ServiceExt;

on_both!(
    any_address_is_answered,
    any_form_is_answered,
    any_cookie_and_any_key_is_somebody_unknown,
);

/// Names that some route knows, in a query or a form.
const NAMES: &[&str] = &[
    "after_min",
    "again",
    "again",
    "area",
    "back",
    "badge",
    "before",
    "by",
    "category",
    "clear",
    "code",
    "comment",
    "confirm",
    "confirmed",
    "crew",
    "cursor",
    "lines",
    "usual",
    "days",
    "disabled",
    "email",
    "expires",
    "find",
    "first_page",
    "from",
    "kind",
    "like",
    "limit",
    "line",
    "login",
    "machine",
    "may",
    "min_s",
    "minor",
    "name",
    "next",
    "offset",
    "old",
    "on",
    "open",
    "page",
    "part",
    "password",
    "period",
    "person",
    "pin",
    "place",
    "product",
    "proof",
    "query",
    "reason",
    "role",
    "replaces",
    "said",
    "sender",
    "session",
    "shift",
    "since",
    "start",
    "stop",
    "subject",
    "than_from",
    "than_to",
    "then",
    "to",
    "version",
    "view",
    "where",
    "who",
    "window",
    "with_password",
    "filter[line]",
    "filter[from]",
    "filter[limit]",
    "said[version]",
    "action",
    "actor",
    "target",
    "until",
];

async fn start(place: &Place) -> (Server, Actor) {
    let hands = Hands::at(at("2026-07-06T12:00:00Z"));
    let mut plant = small_plant();
    plant["site"]["simulated"] = true.into();
    let server = Server::with(place, hands.clock(), plant).await;
    let key = server.everything.clone();
    let items = [
        state("a", "M1", at("2026-07-06T10:00:00Z"), MachineState::Running),
        state("b", "M1", at("2026-07-06T11:00:00Z"), MachineState::Stopped),
    ];
    server.ingest(&key, &items).await;
    let admin = Actor::person(&server, "admin", None).await;
    // Somebody else, of whom forms may tell.
    add_person(&server, "ann", "operator").await;
    (server, admin)
}

/// Routes that take this method, with names in them filled in.
fn routes(method: &Method) -> Vec<&'static str> {
    let takes = |m: &str| m == method.as_str() || (m == "*" && *method == Method::GET);
    let found = ACCESS.iter().filter(|(m, _, _)| takes(m));
    found.map(|(_, path, _)| *path).collect()
}

/// A route with its names filled in by anything.
fn filled(route: &'static str, values: &[String], escape: bool) -> String {
    let mut values = values.iter();
    let part = |part: &str| {
        if !part.starts_with('{') {
            return part.to_owned();
        }
        let value = values.next().cloned().unwrap_or_default();
        // An empty part would be another route.
        match (value.as_str(), escape) {
            ("" | "." | "..", _) => "L1".to_owned(),
            (_, true) => encoded(&value),
            (_, false) => encoded(&value).replace("%25", "%"),
        }
    };
    let parts: Vec<String> = route.split('/').map(part).collect();
    parts.join("/")
}

/// What stands in a path: often something that is there.
fn parts() -> impl Strategy<Value = Vec<String>> {
    let known = select(vec!["L1", "M1", "1783335600000", "2", "3", "1"]).prop_map(str::to_owned);
    prop::collection::vec(prop_oneof![known, text()], 2)
}

/// Names with values, as a query or a form has them; some without any sense.
fn fields() -> impl Strategy<Value = String> {
    let name = prop_oneof![9 => select(NAMES).prop_map(str::to_owned), 1 => text()];
    let pair =
        (name, text()).prop_map(|(name, value)| format!("{}={}", encoded(&name), encoded(&value)));
    let raw = "[ -~]{0,12}".prop_map(|t| {
        t.replace(
            ['#', ' ', '"', '<', '>', '\\', '^', '`', '{', '|', '}'],
            "%",
        )
    });
    prop::collection::vec(prop_oneof![8 => pair, 1 => raw], 0..10).prop_map(|pairs| pairs.join("&"))
}

/// Asks; `reads` is no for a stream, which does not end. Each time with a new limit at the doors, so that all get through it.
async fn ask(server: &Server, request: Request<Body>, reads: bool) -> Answer {
    let mut shared = server.shared.clone();
    shared.doors = doors(Transport::Loopback, &[], Ticks::machine());
    let mut request = request;
    let here = SocketAddr::from(([127, 0, 0, 1], 50_000));
    request.extensions_mut().insert(ConnectInfo(here));
    let response = router(&shared).oneshot(request).await.expect("an answer");
    let response = if reads || !response.status().is_success() {
        response
    } else {
        response.map(|_| Body::empty())
    };
    Answer::of("", response).await
}

/// Asks as a browser in which `actor` is signed in.
async fn ask_as(
    server: &Server,
    actor: &Actor,
    method: Method,
    path: &str,
    body: String,
) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .body(Body::from(body))
        .expect("a request");
    actor.show(server, request.headers_mut()).await;
    ask(
        server,
        request,
        path.split('?').next() != Some("/api/v1/live"),
    )
    .await
}

fn seed(of: usize) -> u8 {
    u8::try_from(of % 256).expect("below 256")
}

async fn any_address_is_answered(place: &Place) {
    let (server, admin) = start(place).await;
    let windows = select(vec![
        "",
        "from=1783332000000&to=1783339200000&",
        "line=L1&from=1783332000000&to=1783339200000&by=hour&",
        "code=L1&",
    ]);
    for (i, route) in routes(&Method::GET).into_iter().enumerate() {
        let queries =
            (windows.clone(), fields()).prop_map(|(window, rest)| format!("{window}{rest}"));
        let cases = (parts(), any::<bool>(), queries, any::<bool>());
        each(
            (seed(i), 9),
            cases,
            async |(parts, escape, query, known)| {
                let path = format!("{}?{query}", filled(route, &parts, escape));
                let nobody = Actor::nobody();
                let actor = if known { &admin } else { &nobody };
                let answer = ask_as(&server, actor, Method::GET, &path, String::new()).await;
                if route.starts_with("/api/v1/") {
                    answered_by_the_api(&answer)
                } else {
                    answered(&answer)
                }
            },
        );
    }
}

async fn any_form_is_answered(place: &Place) {
    let (server, admin) = start(place).await;
    let forms = routes(&Method::POST).into_iter();
    let forms: Vec<&str> = forms.filter(|route| !route.starts_with("/api/")).collect();
    assert!(forms.len() > 20, "{forms:?}");
    // What a form needs to be read at all; the rest says something about it.
    let whole = select(vec![
        "",
        "login=ann&password=x&next=&",
        "name=Ann&login=bob&email=&role=2&where=site&version=1&",
        "back=&machine=M1&start=1783335600000&version=0&reason=MECH_FAULT&",
        "back=&machine=M1&start=9223372036854775807&version=0&reason=MECH_FAULT&then=MECH_FAULT&after_min=5&",
        "kind=tablet&name=T&page=/&place=site&",
        "name=K&code=K&like=2&role=2&part=3&may=line:read&",
        "sender=G&usual=send&may=line:read&lines=L1&days=99999999999&",
        "old=x&password=a longer password&again=a longer password&code=123456&",
        "pin=1234&badge=77&person=2&next=&who=2&session=00&subject=x&issuer=y&disabled=1&version=1&",
    ]);
    let whole = whole.prop_map(|form| form.replace(' ', "+"));
    for (i, route) in forms.into_iter().enumerate() {
        let bodies = (whole.clone(), fields()).prop_map(|(whole, rest)| format!("{whole}{rest}"));
        let cases = (parts(), bodies, any::<bool>());
        // The person who asks stays who they are: the number of ann, of nobody, or none.
        each((seed(100 + i), 9), cases, async |(parts, body, known)| {
            let other = |part: &String| {
                if part == "1" {
                    "2".to_owned()
                } else {
                    part.clone()
                }
            };
            let parts: Vec<String> = parts.iter().map(other).collect();
            let nobody = Actor::nobody();
            let actor = if known { &admin } else { &nobody };
            let path = filled(route, &parts, true);
            let answer = ask_as(&server, actor, Method::POST, &path, body).await;
            answered(&answer)
        });
    }
    let page = ask_as(&server, &admin, Method::GET, "/admin/people", String::new()).await;
    assert_eq!(
        page.status,
        StatusCode::OK,
        "the administrator still is one"
    );
}

async fn any_cookie_and_any_key_is_somebody_unknown(place: &Place) {
    let (server, _) = start(place).await;
    let bytes = prop::collection::vec(
        any::<u8>().prop_filter("a header", |b| *b >= 32 && *b != 127),
        0..80,
    );
    let name = cookie_name(false);
    let cookies = prop_oneof![
        bytes.clone(),
        bytes
            .clone()
            .prop_map(move |b| [format!("{name}=").into_bytes(), b].concat()),
        text().prop_map(move |t| format!("{name}={}", encoded(&t)).into_bytes()),
        "[A-Za-z0-9_-]{22}".prop_map(move |id| format!("{name}={id}").into_bytes()),
    ];
    let keys = prop_oneof![
        bytes.clone(),
        bytes.prop_map(|b| [b"Bearer ".to_vec(), b].concat()),
        "(Bearer|bearer|Basic|Digest) [A-Za-z0-9_=.-]{0,80}".prop_map(String::into_bytes),
    ];
    let paths = select(vec![
        "/",
        "/lines/L1",
        "/admin/people",
        "/account",
        "/api/board",
        "/api/v1/oee/L1/now",
        "/api/v1/quarantine",
    ]);
    each(
        (7, 150),
        (cookies, prop::option::of(keys), paths),
        async |(cookie, key, path)| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static("text/html"));
            for (name, value) in [(header::COOKIE, Some(cookie)), (header::AUTHORIZATION, key)] {
                if let Some(value) = value.and_then(|value| HeaderValue::from_bytes(&value).ok()) {
                    headers.insert(name, value);
                }
            }
            let mut request = Request::get(path).body(Body::empty()).expect("a request");
            *request.headers_mut() = headers;
            let answer = ask(&server, request, true).await;
            let led = answer.headers.get(header::LOCATION);
            let led = led.and_then(|to| to.to_str().ok()).unwrap_or_default();
            prop_assert!(
                answer.status == StatusCode::UNAUTHORIZED
                    || (answer.status == StatusCode::SEE_OTHER && led.starts_with("/sign-in")),
                "{path}: {answer:?}"
            );
            Ok(())
        },
    );
}
