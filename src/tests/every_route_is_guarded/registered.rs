//! The routes that are served are those of the table, and no other.

use super::asks::{Seeds, whole_table};
use super::{Door, start};
use crate::cast::Actor;
use crate::harness::Place;
use axum::http::StatusCode;
use ms5_floor::domain::rights::PermissionSet;
use ms5_floor::server::auth::access::{is_known, need_of};
use std::collections::BTreeSet;
use std::path::Path;

on_both! {
    every_registered_route_is_in_the_table_and_the_table_names_no_other,
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
    let seeds = Seeds::sow(&server).await;
    for ask in whole_table(seeds) {
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
