//! Every way into the server is in the one table of access, and the table holds: for nobody, for each role inside and
//! outside its bounds, for keys, for a wall.

use crate::cast::Actor;
use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::small_plant;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, MatchedPath, Request};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use ms5_floor::domain::ids::LineId;
use ms5_floor::domain::rights::{DEFAULT_ROLES, Permission, PermissionSet, sets};
use ms5_floor::server::auth::access::{ACCESS, Need, is_known, need_of};
use ms5_floor::server::db::audit;
use ms5_floor::server::http::router;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tower::ServiceExt;

on_both!(
    every_registered_route_is_in_the_table_and_the_table_names_no_other,
    everybody_gets_what_the_matrix_gives_them_and_denials_are_on_record,
    a_wall_shows_its_page_and_no_other,
);

/// Lines `L1` (machines M1, M2) and `L2` (machine M3).
fn two_lines() -> Value {
    let mut plant = small_plant();
    let add = |list: &mut Value, more: Value| list.as_array_mut().expect("a list").push(more);
    add(
        &mut plant["line"],
        json!({"code": "L2", "name": "Line 2", "area": "A"}),
    );
    add(
        &mut plant["machine"],
        json!({"code": "M3", "name": "Other", "line": "L2", "pacing": true, "output": true}),
    );
    plant
}

async fn start(place: &Place) -> Server {
    let hands = Hands::at(at("2026-07-06T12:00:00Z"));
    Server::with(place, hands.clock(), two_lines()).await
}

/// One request that a route is asked with.
#[derive(Clone, Debug)]
struct Ask {
    method: Method,
    route: &'static str,
    need: Need,
    path: String,
    body: (&'static str, String),
    /// The line that it is about.
    line: Option<&'static str>,
}

/// Names in a route's path, filled in: with what exists, or with what never will.
fn filled(route: &str, line: &str) -> String {
    let machine = if line == "L1" { "M1" } else { "M3" };
    let names = [
        ("{code}", line),
        ("{line}", line),
        ("{machine}", machine),
        ("{start}", "1783339200000"),
        ("{id}", "999999"),
        ("{token}", "nonsense"),
        ("{*file}", "nothing.js"),
        ("{hash}", "00"),
        ("{name}", "pigeon"),
    ];
    let path = names
        .into_iter()
        .fold(route.to_owned(), |path, (name, value)| {
            path.replace(name, value)
        });
    assert!(
        !path.contains('{'),
        "{route}: say what stands for its names"
    );
    path
}

/// What a route is asked, once, or once for each line when it is about one.
fn asks(method: &Method, route: &'static str, need: Need) -> Vec<Ask> {
    const WINDOW: &str = "from=1783332000000&to=1783339200000";
    let json = "application/json";
    let form = "application/x-www-form-urlencoded";
    // What a route is asked beside its path: query, and body. `LINE` and `MACHINE` stand for those of the line in question.
    let (query, body) = match route {
        "/api/line" | "/api/analysis" => ("code=LINE".to_owned(), (json, String::new())),
        "/api/sheet" => (
            "code=LINE&query=view%3Dnow".to_owned(),
            (json, String::new()),
        ),
        "/api/calculate_oee" => (format!("line=LINE&{WINDOW}"), (json, String::new())),
        "/api/calculate_real_time_oee" | "/api/downtime_reasons" | "/api/downtime_active" => {
            ("line=LINE".to_owned(), (json, String::new()))
        }
        "/api/get_oee_history" | "/api/get_oee_trends" => {
            (format!("line=LINE&{WINDOW}&by=hour"), (json, String::new()))
        }
        "/api/get_oee_dashboard_data" => (WINDOW.to_owned(), (json, String::new())),
        "/api/downtime_event" => (
            "machine=MACHINE&start=1783339200000".to_owned(),
            (json, String::new()),
        ),
        "/api/downtime_statistics" => (format!("line=LINE&{WINDOW}"), (json, String::new())),
        "/api/downtime_confirm" => {
            let said = json!({"machine": "MACHINE", "start": 1_783_339_200_000_i64, "said": {"version": 0, "comment": "x"}});
            (String::new(), (json, said.to_string()))
        }
        "/api/v1/downtime/{machine}/{start}/confirm" => (
            String::new(),
            (json, json!({"version": 0, "comment": "x"}).to_string()),
        ),
        "/lines/{code}/stops" => (
            String::new(),
            (
                form,
                "back=&machine=MACHINE&start=1783339200000&version=0&comment=x".to_owned(),
            ),
        ),
        "/api/v1/oee" | "/api/v1/oee/{line}" => (WINDOW.to_owned(), (json, String::new())),
        "/api/v1/oee/{line}/history" | "/api/v1/oee/{line}/trends" => {
            (format!("{WINDOW}&by=hour"), (json, String::new()))
        }
        "/api/v1/downtime" | "/api/v1/downtime/statistics" => {
            (format!("line=LINE&{WINDOW}"), (json, String::new()))
        }
        "/api/v1/downtime/active" | "/api/v1/downtime/reasons" => {
            ("line=LINE".to_owned(), (json, String::new()))
        }
        "/api/andon_active" | "/api/v1/andon/active" | "/api/v1/andon"
            if *method == Method::GET =>
        {
            ("line=LINE".to_owned(), (json, String::new()))
        }
        "/api/andon" => ("filter[line]=LINE".to_owned(), (json, String::new())),
        "/api/andon_escalation" | "/api/v1/andon/escalation" => (
            "line=LINE&kind=stop&priority=low".to_owned(),
            (json, String::new()),
        ),
        "/api/andon_statistics" | "/api/v1/andon/statistics" => {
            ("line=LINE".to_owned(), (json, String::new()))
        }
        "/api/andon_event" => ("id=999999".to_owned(), (json, String::new())),
        "/api/andon_create" => {
            let call = json!({"call": {"line": "LINE", "kind": "stop"}});
            (String::new(), (json, call.to_string()))
        }
        "/api/v1/andon" => {
            let call = json!({"machine": "MACHINE", "kind": "quality"});
            (String::new(), (json, call.to_string()))
        }
        path if path.starts_with("/api/andon_") => {
            let act = json!({"id": 999_999, "cause": "internal", "note": "x"});
            (String::new(), (json, act.to_string()))
        }
        path if path.starts_with("/api/v1/andon/calls/") && path.ends_with("/resolve") => (
            String::new(),
            (json, json!({"cause": "internal"}).to_string()),
        ),
        path if path.starts_with("/api/v1/andon/calls/") && path.ends_with("/cancel") => {
            (String::new(), (json, json!({"note": "x"}).to_string()))
        }
        "/api/v1/live" => ("line=LINE".to_owned(), (json, String::new())),
        "/api/v1/ingest" => (String::new(), (json, json!({"items": []}).to_string())),
        path if path.starts_with("/api/") => (String::new(), (json, "{}".to_owned())),
        _ => (String::new(), (form, String::new())),
    };
    let about_a_line = [route, &query, &body.1].iter().any(|text| {
        ["{code}", "{line}", "{machine}", "LINE", "MACHINE"]
            .iter()
            .any(|name| text.contains(name))
    });
    let lines: &[&str] = if about_a_line { &["L1", "L2"] } else { &["L1"] };
    let one = |line: &&'static str| {
        let machine = if *line == "L1" { "M1" } else { "M3" };
        let of_line = |text: &str| text.replace("LINE", line).replace("MACHINE", machine);
        let query = if query.is_empty() {
            String::new()
        } else {
            format!("?{}", of_line(&query))
        };
        Ask {
            method: method.clone(),
            route,
            need,
            path: filled(route, line) + &query,
            body: (body.0, of_line(&body.1)),
            line: about_a_line.then_some(*line),
        }
    };
    lines.iter().map(one).collect()
}

/// The methods and requests of the whole table.
fn whole_table() -> Vec<Ask> {
    let functions: BTreeMap<&str, Method> = server_fn::axum::server_fn_paths().collect();
    let of = |(method, route, need): &(&'static str, &'static str, Need)| {
        let method = match *method {
            "*" => functions
                .get(route)
                .unwrap_or_else(|| panic!("{route} is no server function"))
                .clone(),
            method => method.parse().expect("a method"),
        };
        asks(&method, route, *need)
    };
    ACCESS.iter().flat_map(of).collect()
}

/// The routes, asked again and again, which tell which of them took the last request.
struct Door {
    routes: Router,
    matched: Arc<Mutex<Option<String>>>,
}

impl Door {
    fn of(server: &Server) -> Self {
        let matched = Arc::new(Mutex::new(None));
        let seen = Arc::clone(&matched);
        let look = move |request: Request, next: Next| {
            let path = request
                .extensions()
                .get::<MatchedPath>()
                .map(|p| p.as_str().to_owned());
            *seen.lock().expect("unpoisoned") = path;
            next.run(request)
        };
        Self {
            routes: router(&server.shared).layer(from_fn(look)),
            matched,
        }
    }

    async fn ask(&self, server: &Server, ask: &Ask, actor: &Actor) -> Response {
        let mut request = Request::builder()
            .method(&ask.method)
            .uri(&ask.path)
            .header(header::CONTENT_TYPE, ask.body.0)
            .header("sec-fetch-site", "same-origin")
            .body(Body::from(ask.body.1.clone()))
            .expect("a request");
        let here = SocketAddr::from(([127, 0, 0, 1], 50_000));
        request.extensions_mut().insert(ConnectInfo(here));
        actor.show(server, request.headers_mut()).await;
        self.routes
            .clone()
            .oneshot(request)
            .await
            .expect("an answer")
    }
}

/// What somebody who asks gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Got {
    /// They are let in, whatever comes of it.
    In,
    /// They are asked who they are.
    SayWho,
    /// They lack something.
    Lacks(Permission),
}

fn expected(server: &Server, ask: &Ask, actor: &Actor) -> Got {
    let plant = server.app.plant.get();
    let on_line = |permission| match ask.line {
        Some(code) => actor
            .rights
            .at(permission, plant.line(code).expect("a line").place()),
        None => actor.rights.anywhere(permission),
    };
    match ask.need {
        Need::Anyone => Got::In,
        Need::Person if actor.is_person() => Got::In,
        _ if !actor.is_somebody() => Got::SayWho,
        Need::Person => Got::SayWho,
        Need::Line(permission) | Need::Site(permission)
            if actor.is_key() && ask.route.starts_with("/admin/") =>
        {
            Got::Lacks(permission)
        }
        Need::Line(permission) if on_line(permission) => Got::In,
        Need::Site(permission) if actor.rights.on_site(permission) => Got::In,
        Need::Line(permission) | Need::Site(permission) => Got::Lacks(permission),
    }
}

/// What came back, read against what was expected.
async fn got(response: Response, expected: Got) -> Got {
    let status = response.status();
    let location = response
        .headers()
        .get(header::LOCATION)
        .and_then(|h| h.to_str().ok())
        .unwrap_or_default();
    let to_sign_in = status == StatusCode::SEE_OTHER && location.starts_with("/sign-in");
    let told = status == StatusCode::SEE_OTHER && location.contains("said=forbidden");
    assert!(!status.is_server_error(), "{status}");
    match (status, expected) {
        (StatusCode::UNAUTHORIZED, _) => Got::SayWho,
        (_, Got::SayWho | Got::Lacks(_)) if to_sign_in => Got::SayWho,
        // A form of a page leads back to it, and the page says so.
        (_, Got::Lacks(permission)) if told => Got::Lacks(permission),
        (StatusCode::FORBIDDEN, expected) => {
            let body = to_bytes(response.into_body(), 1 << 20)
                .await
                .expect("a body");
            let text = String::from_utf8_lossy(&body).into_owned();
            match expected {
                Got::Lacks(permission) if text.contains(permission.name()) => {
                    Got::Lacks(permission)
                }
                other => {
                    panic!("403 that does not name what is missing; expected {other:?}: {text}")
                }
            }
        }
        // A stream never ends: its body is not looked at.
        _ => Got::In,
    }
}

/// Everybody of the walk.
async fn everybody(server: &Server) -> Vec<Actor> {
    let line: LineId = server.app.plant.get().line("L1").expect("L1").id;
    let mut all = vec![Actor::nobody()];
    for role in DEFAULT_ROLES {
        all.push(Actor::person(server, role.code, None).await);
        all.push(Actor::person(server, role.code, Some(line)).await);
    }
    all.push(Actor::key(server, "everything", PermissionSet::all(), None).await);
    all.push(Actor::key(server, "everything on L1", PermissionSet::all(), Some(line)).await);
    all.push(Actor::key(server, "sender", sets::SEND, None).await);
    all.push(Actor::wall(server, "/lines/L1", line).await);
    all
}

async fn everybody_gets_what_the_matrix_gives_them_and_denials_are_on_record(place: &Place) {
    let server = start(place).await;
    let door = Door::of(&server);
    let everybody = everybody(&server).await;
    let mut wrong = Vec::new();
    let mut denials: Vec<(String, String, String)> = Vec::new();
    for ask in whole_table() {
        for actor in &everybody {
            let wanted = expected(&server, &ask, actor);
            let answer = got(door.ask(&server, &ask, actor).await, wanted).await;
            if answer != wanted {
                wrong.push(format!(
                    "{} {} as {}: {answer:?}, not {wanted:?}",
                    ask.method, ask.path, actor.name
                ));
            }
            if let Got::Lacks(permission) = wanted {
                let name = actor
                    .name
                    .trim_start_matches("key ")
                    .replace("wall", "Wall");
                denials.push((name, ask.route.to_owned(), permission.name().to_owned()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", place.engine, wrong.join("\n"));
    let mut on_record = Vec::new();
    let mut last = 0;
    loop {
        let rows = audit::after(&server.app.db, last, 500).await.expect("rows");
        let Some(newest) = rows.last() else { break };
        last = newest.seq;
        let denied = rows.into_iter().filter(|row| row.action == "denied");
        on_record.extend(denied.map(|row| (row.actor, row.target, row.was)));
    }
    // The same denial again within a minute is counted, not written down again.
    denials.sort();
    denials.dedup();
    on_record.sort();
    on_record.dedup();
    assert!(denials.len() > 100, "{} denials", denials.len());
    assert_eq!(
        denials, on_record,
        "{}: every denial is on record",
        place.engine
    );
}

/// Routes as they are written down for axum, with their methods.
fn written_routes() -> BTreeSet<(String, String)> {
    fn sources(folder: &Path, out: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                sources(&path, out);
            } else if path.extension().is_some_and(|e| e == "rs") {
                out.push(path);
            }
        }
    }
    let http = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/server");
    let mut files = vec![http.join("http.rs")];
    sources(&http.join("http"), &mut files);
    let mut routes = BTreeSet::new();
    // Measures have a listener of their own.
    for file in files.iter().filter(|f| !f.ends_with("measures.rs")) {
        let text = std::fs::read_to_string(file).expect("a source");
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        for call in text.split(".route(").skip(1) {
            let call = call.trim_start();
            let Some((path, rest)) = call.strip_prefix('"').and_then(|c| c.split_once('"')) else {
                panic!("{}: a route's path is written out", file.display());
            };
            // Up to the bracket that ends the call.
            let mut depth = 1;
            let end = rest.find(|c| {
                depth += match c {
                    '(' => 1,
                    ')' => -1,
                    _ => 0,
                };
                depth == 0
            });
            let handlers = &rest[..end.unwrap_or(rest.len())];
            for method in ["get", "post", "put", "delete", "patch"] {
                let called = handlers
                    .match_indices(&format!("{method}("))
                    .any(|(at, _)| {
                        !handlers[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
                    });
                if called {
                    routes.insert((method.to_uppercase(), path.to_owned()));
                }
            }
        }
    }
    routes
}

async fn every_registered_route_is_in_the_table_and_the_table_names_no_other(place: &Place) {
    let server = start(place).await;
    let door = Door::of(&server);
    let mut served: BTreeSet<(String, String)> = written_routes();
    assert!(
        served.contains(&("POST".to_owned(), "/sign-in".to_owned())),
        "{served:?}"
    );
    for page in leptos_axum::generate_route_list(ms5_floor::app::App) {
        served.insert(("GET".to_owned(), page.path().to_owned()));
    }
    let document = server.get("/api/v1/openapi.json", None).await.json();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            if ["get", "post", "put", "delete", "patch"].contains(&method.as_str()) {
                served.insert((method.to_uppercase(), path.clone()));
            }
        }
    }
    let functions = server_fn::axum::server_fn_paths();
    // Another test of this program registers one that breaks.
    let ours = functions.filter(|(path, _)| !path.ends_with("_for_the_test"));
    for (path, method) in ours {
        assert!(
            need_of("*", path).is_some(),
            "the server function {path} is not in the table"
        );
        served.insert((method.to_string(), path.to_owned()));
    }
    for (method, path) in &served {
        assert!(
            need_of(method, path).is_some() && is_known(path),
            "{method} {path} is not in the table"
        );
    }
    let everything = Actor::key(&server, "everything", PermissionSet::all(), None).await;
    for ask in whole_table() {
        let known = (ask.method.to_string(), ask.route.to_owned());
        assert!(
            served.contains(&known),
            "{known:?} is in the table and nowhere else"
        );
        let response = door.ask(&server, &ask, &everything).await;
        assert_ne!(
            response.status(),
            StatusCode::METHOD_NOT_ALLOWED,
            "{known:?}"
        );
        let matched = door.matched.lock().expect("unpoisoned").clone();
        assert_eq!(
            matched.as_deref(),
            Some(ask.route),
            "{} {}",
            ask.method,
            ask.path
        );
    }
}

async fn a_wall_shows_its_page_and_no_other(place: &Place) {
    let server = start(place).await;
    let door = Door::of(&server);
    let line = server.app.plant.get().line("L1").expect("L1").id;
    let wall = Actor::wall(&server, "/lines/L1?view=losses", line).await;
    for (path, location) in [
        ("/lines/L1", None),
        ("/lines/L1?view=stops", None),
        ("/lines/L2", Some("/lines/L1?view=losses")),
        ("/", Some("/lines/L1?view=losses")),
        ("/sign-in", Some("/lines/L1?view=losses")),
    ] {
        let mut request = Request::get(path)
            .header(header::ACCEPT, "text/html")
            .body(Body::empty())
            .expect("a request");
        wall.show(&server, request.headers_mut()).await;
        let response = door
            .routes
            .clone()
            .oneshot(request)
            .await
            .expect("an answer");
        let led = response
            .headers()
            .get(header::LOCATION)
            .map(|h| h.to_str().expect("text").to_owned());
        assert_eq!(
            led.as_deref(),
            location,
            "{}: {path}: {}",
            place.engine,
            response.status()
        );
    }
}
