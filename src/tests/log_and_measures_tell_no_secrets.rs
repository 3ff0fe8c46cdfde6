//! What the program tells of itself: its log carries the request with every line, and of a statement its name and its
//! time; its measures count by templates of routes. Neither ever holds what a caller typed: keys, queries, bodies,
//! values. The real program is asked, because statements run on threads of their own.

use crate::harness::{Place, Server, until};
use crate::program::Program;
use crate::small_plant::{small_plant, state};
use ms5_floor::domain::machine_state::MachineState::Running;
use ms5_floor::server::clock::Clock;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

on_both! {
    every_line_carries_its_request_and_no_secret,
    measures_grow_and_their_labels_do_not,
}

/// Typed by callers below; must be nowhere.
const SECRETS: [&str; 5] = [
    "secret-in-the-query",
    "secret-in-the-body",
    "secret-in-the-header",
    "secret-in-the-path",
    "secret-of-the-cookie",
];

/// The plant, and a key for it.
async fn prepare(place: &Place) -> String {
    let server = Server::with(place, Clock::system(), small_plant()).await;
    let key = server.everything.clone();
    server.app.db.close().await;
    key
}

/// The running program with its log in a file.
struct Told {
    program: Program,
    log: PathBuf,
}

impl Told {
    fn start(place: &Place, flags: &[&str]) -> Self {
        let log = place.site().join("log");
        let file = std::fs::File::create(&log).expect("a file");
        let program = Program::serve_with(place, flags, file);
        Self { program, log }
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.log).expect("the log")
    }

    fn lines(&self) -> Vec<Value> {
        let text = self.text();
        // The last line may be half written.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let read =
            |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        whole.lines().map(read).collect()
    }
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    ureq::Agent::new_with_config(config.timeout_global(Some(Duration::from_secs(20))).build())
}

/// Asks with a secret in every place that a caller fills; returns the ids of the requests.
fn ask_with_secrets(url: &str, key: &str) -> Vec<String> {
    let agent = agent();
    let id = |response: ureq::http::Response<ureq::Body>| {
        let id = response.headers()["x-request-id"].to_str().expect("text");
        id.to_owned()
    };
    let mut ids = Vec::new();
    for path in [
        "/api/v1/downtime?machine=secret-in-the-query",
        "/api/v1/oee/secret-in-the-path?from=secret-in-the-query&to=0",
        "/?x=secret-in-the-query",
        "/api/board?x=secret-in-the-query",
        "/lines/secret-in-the-path?view=secret-in-the-query",
        "/secret-in-the-path",
    ] {
        let request = agent
            .get(format!("{url}{path}"))
            .header("authorization", format!("Bearer {key}"))
            .header("cookie", "ms5=secret-of-the-cookie");
        ids.push(id(request.call().expect("an answer")));
    }
    let item =
        json!({"id": "secret-in-the-body", "machine": "M1", "at": 0, "kind": "secret-in-the-body"});
    for key in [key, "secret-in-the-header"] {
        let request = agent
            .post(format!("{url}/api/v1/ingest?k=secret-in-the-query"))
            .header("authorization", format!("Bearer {key}"));
        ids.push(id(request
            .send_json(json!({"items": [item]}))
            .expect("an answer")));
    }
    let form = agent.post(format!("{url}/lines/secret-in-the-path/stops"));
    let said = [
        ("key", "secret-in-the-body"),
        ("machine", "secret-in-the-body"),
        ("comment", "secret-in-the-body"),
    ];
    ids.push(id(form.send_form(said).expect("an answer")));
    ids
}

async fn every_line_carries_its_request_and_no_secret(place: &Place) {
    let key = prepare(place).await;
    // Every statement is slow, and everything of ours and of the driver is wanted.
    let flags = [
        "--log-format",
        "json",
        "--log",
        "ms5_floor=debug,sqlx=debug",
        "--slow-statement-ms",
        "0",
    ];
    let told = Told::start(place, &flags);
    let url = told.program.url.clone();
    let ids = tokio::task::spawn_blocking({
        let key = key.clone();
        move || ask_with_secrets(&url, &key)
    })
    .await
    .expect("asked");
    until("the last line", Duration::from_secs(10), async || {
        let lines = told.lines();
        let ended = |id: &String| {
            lines
                .iter()
                .any(|l| l["request_id"] == **id && l["status"].is_number())
        };
        ids.iter().all(ended).then_some(())
    })
    .await;
    let lines = told.lines();
    let text = told.text();
    for secret in SECRETS.iter().copied().chain([key.as_str()]) {
        let line = text.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{}: {secret}: {line:?}", place.engine);
    }
    // Pages read their figures beside themselves, SQLite runs statements on threads of its own: both stay with their request.
    for (route, statement) in [
        ("/api/v1/downtime", None),
        ("/api/board", None),
        ("/lines/{code}", None),
        ("/", Some("select ")),
        ("/api/v1/ingest", Some("select api_key+source")),
    ] {
        let of_route: Vec<&Value> = lines.iter().filter(|l| l["route"] == route).collect();
        let ended = of_route.iter().find(|l| l["status"].is_number());
        let ended = ended.unwrap_or_else(|| panic!("{}: {route}: {text}", place.engine));
        assert!(
            ended["method"].is_string() && ended["ms"].is_number(),
            "{ended}"
        );
        let Some(statement) = statement else { continue };
        let ran = of_route.iter().find(|l| {
            l["statement"]
                .as_str()
                .is_some_and(|s| s.starts_with(statement))
        });
        let ran = ran.unwrap_or_else(|| panic!("{}: {route}: {of_route:?}", place.engine));
        assert!(ids.iter().any(|id| ran["request_id"] == **id), "{ran}");
        assert!(ran["ms"].is_number() && ran["level"] == "WARN", "{ran}");
        assert_eq!(ran["message"], "a slow statement");
    }
    told.program.terminate(Duration::from_secs(20)).await;
}

/// The value of a measure with these labels, or 0.
fn value(text: &str, name: &str, labels: &[(&str, &str)]) -> f64 {
    let of_name = |line: &&str| line.split(['{', ' ']).next() == Some(name);
    let mut sum = 0.0;
    for line in text.lines().filter(of_name) {
        if labels
            .iter()
            .all(|(label, value)| line.contains(&format!("{label}=\"{value}\"")))
        {
            let (_, number) = line.rsplit_once(' ').expect("a number");
            sum += number.parse::<f64>().expect("a number");
        }
    }
    sum
}

fn scrape(address: &str) -> String {
    let mut response = agent().get(address).call().expect("an answer");
    assert_eq!(response.status(), 200);
    response.body_mut().read_to_string().expect("text")
}

async fn measures_grow_and_their_labels_do_not(place: &Place) {
    let key = prepare(place).await;
    let mut told = Told::start(place, &["--metrics", "127.0.0.1:0"]);
    let (url, measures) = (told.program.url.clone(), told.program.measures());
    let (first, second) = tokio::task::spawn_blocking(move || {
        let first = scrape(&measures);
        let now = Clock::system().now();
        for id in ["a", "a", "b"] {
            let post = agent().post(format!("{url}/api/v1/ingest"));
            let post = post.header("authorization", format!("Bearer {key}"));
            post.send_json(json!({"items": [state(id, "M1", now, Running)]}))
                .expect("stored");
        }
        ask_with_secrets(&url, &key);
        let second = scrape(&measures);
        let health = measures.replace("/metrics", "/health/ready");
        assert_eq!(scrape(&health), "ready\n");
        // Measures are not for those who use the server.
        assert_eq!(
            agent()
                .get(format!("{url}/metrics"))
                .call()
                .expect("an answer")
                .status(),
            404
        );
        (first, second)
    })
    .await
    .expect("asked");
    let grew = |name: &str, labels: &[(&str, &str)], by: f64| {
        let by_now = value(&second, name, labels) - value(&first, name, labels);
        assert!(
            (by_now - by).abs() < 0.5,
            "{}: {name} {labels:?}: {by_now}\n{second}",
            place.engine
        );
    };
    grew(
        "ms5_http_requests_total",
        &[
            ("route", "/api/v1/ingest"),
            ("status", "200"),
            ("method", "POST"),
        ],
        4.0,
    );
    grew(
        "ms5_http_requests_total",
        &[("route", "/api/v1/ingest"), ("status", "401")],
        1.0,
    );
    grew(
        "ms5_http_requests_total",
        &[("route", "/lines/{code}")],
        1.0,
    );
    grew(
        "ms5_http_requests_total",
        &[("route", "none"), ("status", "404")],
        1.0,
    );
    grew(
        "ms5_http_request_seconds_count",
        &[("route", "/api/v1/downtime")],
        1.0,
    );
    grew("ms5_ingest_items_total", &[("outcome", "accepted")], 2.0);
    grew("ms5_ingest_items_total", &[("outcome", "duplicate")], 1.0);
    grew("ms5_ingest_items_total", &[("outcome", "rejected")], 1.0);
    grew(
        "ms5_statement_seconds_count",
        &[("statement", "insert fact")],
        3.0,
    );
    assert!(
        value(&second, "ms5_commit_seconds_count", &[]) >= 4.0,
        "{second}"
    );
    for (name, labels) in [
        (
            "ms5_build_info",
            vec![("version", env!("CARGO_PKG_VERSION"))],
        ),
        ("ms5_database_reachable", vec![]),
    ] {
        assert!(
            (value(&second, name, &labels) - 1.0).abs() < 1e-9,
            "{name}: {second}"
        );
    }
    for name in [
        "ms5_ingest_waiting_items",
        "ms5_live_streams",
        "ms5_rollup_lag_seconds",
    ] {
        assert!(second.contains(&format!("\n{name}")), "{name}: {second}");
    }
    for secret in SECRETS {
        assert!(!second.contains(secret), "{secret}");
    }
    told.program.terminate(Duration::from_secs(20)).await;
}

#[test]
fn measures_are_not_shown_to_the_network_unless_told() {
    let place = Place::sqlite();
    let refused = Command::new(env!("CARGO_BIN_EXE_ms5-floor"))
        .args([
            "serve",
            "--metrics",
            "0.0.0.0:0",
            "--listen",
            "127.0.0.1:0",
            "--database",
            &place.url,
        ])
        .stdin(Stdio::null())
        .output()
        .expect("it ends");
    assert!(!refused.status.success());
    let why = String::from_utf8_lossy(&refused.stderr);
    assert!(
        why.contains("--metrics") && why.contains("--allow-remote-metrics"),
        "{why}"
    );
}
