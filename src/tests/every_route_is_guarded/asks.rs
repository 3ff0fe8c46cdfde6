//! What each route of the table is asked with.

use crate::harness::Server;
use axum::http::{Method, StatusCode};
use ms5_floor::server::auth::access::{ACCESS, Need};
use serde_json::json;
use std::collections::BTreeMap;

/// One request that a route is asked with.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) method: Method,
    pub(super) route: &'static str,
    pub(super) need: Need,
    pub(super) path: String,
    pub(super) body: (&'static str, String),
    /// The line that it is about.
    pub(super) line: Option<&'static str>,
    /// It asks for a call that there is.
    pub(super) of_call: bool,
}

/// What there is on each of the two lines that is asked for by its number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seeds {
    calls: [i64; 2],
}

impl Seeds {
    /// Calls for help on both lines.
    pub(super) async fn sow(server: &Server) -> Self {
        let mut calls = [0; 2];
        for (call, line) in calls.iter_mut().zip(["L1", "L2"]) {
            let raised = json!({"line": line, "kind": "material"});
            let answer = server
                .send(Method::POST, "/api/v1/andon", None, &raised)
                .await;
            assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
            *call = answer.json()["call"]["id"].as_i64().expect("a number");
        }
        Self { calls }
    }

    fn call(self, line: &str) -> String {
        let [on_l1, on_l2] = self.calls;
        let call = if line == "L1" { on_l1 } else { on_l2 };
        call.to_string()
    }
}

/// Routes of one call; other numbers are asked for that nothing will ever have.
const OF_CALLS: &str = "/api/v1/andon/calls/{id}";

/// Names in a route's path, filled in: with what exists, or with what never will.
fn filled(route: &str, line: &str, seeds: Seeds) -> String {
    let machine = if line == "L1" { "M1" } else { "M3" };
    let call = seeds.call(line);
    let names = [
        ("{code}", line),
        ("{line}", line),
        ("{machine}", machine),
        ("{start}", "1783339200000"),
        (
            "{id}",
            if route.starts_with(OF_CALLS) {
                &*call
            } else {
                "999999"
            },
        ),
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
fn asks(method: &Method, route: &'static str, need: Need, seeds: Seeds) -> Vec<Ask> {
    const WINDOW: &str = "from=1783332000000&to=1783339200000";
    let json = "application/json";
    let form = "application/x-www-form-urlencoded";
    // What a route is asked beside its path: query, and body. `LINE`, `MACHINE` and `CALL` stand for those of the line in question.
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
        "/api/andon_event" => ("id=CALL".to_owned(), (json, String::new())),
        "/api/andon_board" => (String::new(), (json, String::new())),
        "/api/andon_create" => {
            let call = json!({"call": {"line": "LINE", "kind": "stop"}});
            (String::new(), (json, call.to_string()))
        }
        "/api/v1/andon" => {
            let call = json!({"machine": "MACHINE", "kind": "quality"});
            (String::new(), (json, call.to_string()))
        }
        path if path.starts_with("/api/andon_") => {
            let act = json!({"id": "CALL", "cause": "internal", "note": "x"});
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
        [
            "{code}",
            "{line}",
            "{machine}",
            "LINE",
            "MACHINE",
            "CALL",
            OF_CALLS,
        ]
        .iter()
        .any(|name| text.contains(name))
    });
    let of_call = [route, &query, &body.1]
        .iter()
        .any(|text| text.contains("CALL") || text.contains(OF_CALLS));
    let lines: &[&str] = if about_a_line { &["L1", "L2"] } else { &["L1"] };
    let one = |line: &&'static str| {
        let machine = if *line == "L1" { "M1" } else { "M3" };
        let call = seeds.call(line);
        let of_line = |text: &str| {
            text.replace("LINE", line)
                .replace("MACHINE", machine)
                .replace("\"CALL\"", &call)
                .replace("CALL", &call)
        };
        let query = if query.is_empty() {
            String::new()
        } else {
            format!("?{}", of_line(&query))
        };
        Ask {
            method: method.clone(),
            route,
            need,
            path: filled(route, line, seeds) + &query,
            body: (body.0, of_line(&body.1)),
            line: about_a_line.then_some(*line),
            of_call,
        }
    };
    lines.iter().map(one).collect()
}

/// The methods and requests of the whole table.
pub(super) fn whole_table(seeds: Seeds) -> Vec<Ask> {
    let functions: BTreeMap<&str, Method> = server_fn::axum::server_fn_paths().collect();
    let of = |(method, route, need): &(&'static str, &'static str, Need)| {
        let method = match *method {
            "*" => functions
                .get(route)
                .unwrap_or_else(|| panic!("{route} is no server function"))
                .clone(),
            method => method.parse().expect("a method"),
        };
        asks(&method, route, *need, seeds)
    };
    ACCESS.iter().flat_map(of).collect()
}
