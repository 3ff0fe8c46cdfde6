//! Every way into the server is in the one table of access, and the table holds: for nobody, for each role inside and
//! outside its bounds, for keys, for shared tablets with somebody and with nobody, for walls.

mod asks;
mod matrix;
mod registered;
mod walls;

use crate::cast::Actor;
use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::two_lines;
use asks::Ask;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, MatchedPath, Request};
use axum::http::header;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use ms5_floor::server::http::router;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tower::ServiceExt;

async fn start(place: &Place) -> Server {
    let hands = Hands::at(at("2026-07-06T12:00:00Z"));
    // Line L2 stands in an area of its own.
    let mut plant = two_lines();
    let areas = plant["area"].as_array_mut().expect("areas");
    areas.push(json!({"code": "B", "name": "Yard"}));
    plant["line"][1]["area"] = json!("B");
    Server::with(place, hands.clock(), plant).await
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
