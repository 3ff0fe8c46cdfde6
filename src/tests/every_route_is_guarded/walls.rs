//! A wall screen is shown its page, and led back to it from everywhere else.

use super::{Door, start};
use crate::cast::Actor;
use crate::harness::Place;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header;
use tower::ServiceExt;

on_both! {
    a_wall_shows_its_page_and_no_other,
}

async fn a_wall_shows_its_page_and_no_other(place: &Place) {
    let server = start(place).await;
    let door = Door::of(&server);
    let line = server.app.plant.get().line("L1").expect("L1").id;
    let wall = Actor::wall(&server, "/lines/L1?view=losses", Some(line)).await;
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
