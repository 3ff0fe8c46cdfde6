//! A wall is shown its page, whatever it says that it reads, and reads what that page needs: nothing of other pages, other
//! lines, and no figure or name that its page does not show.

use crate::browser::{Browser, add_person, leads_to, link, text};
use crate::harness::{Answer, Hands, Place, Server, at};
use crate::small_plant::two_lines;
use crate::stream::Stream;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use ms5_floor::domain::rights::Permission;
use ms5_floor::server::live::hub::Event;

on_both! {
    a_wall_reads_what_its_page_needs_and_no_more,
    a_wall_is_bound_whatever_it_says_that_it_reads,
    a_wall_of_calls_hears_of_no_figures,
    a_wall_shows_its_page_with_whatever_stands_after_the_question_mark,
}

/// What no page asks for: calls of the past, with notes and names, OEE of any time, stops and losses.
const NO_PAGE_ASKS: [&str; 24] = [
    "/api/andon_active?line=L1",
    "/api/andon_event?id=1",
    "/api/andon?filter[line]=L1",
    "/api/andon_statistics?line=L1",
    "/api/andon_escalation?line=L1&kind=stop&priority=low",
    "/api/v1/andon",
    "/api/v1/andon/board",
    "/api/v1/andon/active",
    "/api/v1/andon/calls/1",
    "/api/v1/andon/statistics",
    "/api/v1/andon/escalation?line=L1&kind=stop&priority=low",
    "/api/calculate_oee?line=L1&from=1783332000000&to=1783339200000",
    "/api/calculate_real_time_oee?line=L1",
    "/api/get_oee_history?line=L1&by=hour&from=1783332000000&to=1783339200000",
    "/api/get_oee_trends?line=L1&by=hour&from=1783332000000&to=1783339200000",
    "/api/get_oee_dashboard_data?from=1783332000000&to=1783339200000",
    "/api/v1/oee?from=1783332000000&to=1783339200000",
    "/api/v1/oee/L1?from=1783332000000&to=1783339200000",
    "/api/v1/oee/L1/now",
    "/api/v1/oee/L1/history?by=hour&from=1783332000000&to=1783339200000",
    "/api/v1/downtime/active?line=L1",
    "/api/v1/downtime?line=L1",
    "/api/downtime_reasons?line=L1",
    "/api/analysis?code=L1",
];

async fn served(place: &Place) -> Server {
    let hands = Hands::at(at("2026-07-06T10:00:00Z"));
    let server = Server::with(place, hands.clock(), two_lines()).await;
    add_person(&server, "ada", "admin").await;
    server
}

/// A wall that shows a page and hangs where the whole site is.
async fn wall<'s>(server: &'s Server, admin: &mut Browser<'s>, page: &str) -> Browser<'s> {
    let name = format!("Wall of {page}");
    let form = [
        ("kind", "wall"),
        ("name", name.as_str()),
        ("page", page),
        ("place", "site"),
    ];
    let path = link(admin, "/admin/devices", &form).await;
    let mut wall = Browser::new(server);
    assert_eq!(leads_to(&wall.post(&path, &[]).await), page);
    wall
}

/// What a wall is answered that says this about what it reads.
async fn asked(server: &Server, wall: &Browser<'_>, path: &str, reads: Option<&str>) -> Answer {
    let cookie = wall.cookie.clone().expect("a session");
    let mut request = Request::get(path).header(header::COOKIE, cookie);
    if let Some(reads) = reads {
        request = request.header(header::ACCEPT, reads);
    }
    let request = request.body(Body::empty()).expect("a request");
    server.ask_as_it_is(request).await
}

async fn a_wall_reads_what_its_page_needs_and_no_more(place: &Place) {
    let server = served(place).await;
    let mut admin = Browser::signed_in(&server, "ada").await;
    let line = wall(&server, &mut admin, "/lines/L1").await;
    let board = wall(&server, &mut admin, "/").await;
    let andon = wall(&server, &mut admin, "/andon").await;
    // What the pages ask for by themselves: those of the line, the board, the calls.
    let mut asks = vec![
        ("/api/board", [false, true, false]),
        ("/api/line?code=L1", [true, false, false]),
        ("/api/line?code=L2", [false, false, false]),
        (
            "/api/sheet?code=L1&query=view%3Dstops",
            [true, false, false],
        ),
        (
            "/api/sheet?code=L2&query=view%3Dstops",
            [false, false, false],
        ),
        ("/api/andon_board", [true, true, true]),
        ("/api/signed_in", [true, true, true]),
    ];
    asks.extend(NO_PAGE_ASKS.map(|path| (path, [false, false, false])));
    for (path, may) in asks {
        for (wall, may) in [&line, &board, &andon].into_iter().zip(may) {
            for reads in [None, Some("*/*"), Some("text/html")] {
                let status = asked(&server, wall, path, reads).await.status;
                let wanted = if may {
                    StatusCode::OK
                } else {
                    StatusCode::FORBIDDEN
                };
                assert_eq!(status, wanted, "{}: {path} {reads:?}", place.engine);
            }
        }
    }
}

async fn a_wall_is_bound_whatever_it_says_that_it_reads(place: &Place) {
    let server = served(place).await;
    let mut admin = Browser::signed_in(&server, "ada").await;
    let pages = [
        "/",
        "/andon",
        "/lines/L1",
        "/lines/L2",
        "/andon/history",
        "/andon/statistics",
        "/account",
        "/admin/people",
        "/sign-in",
    ];
    for own in ["/", "/andon", "/lines/L1"] {
        let wall = wall(&server, &mut admin, own).await;
        for reads in [
            None,
            Some("*/*"),
            Some("application/json"),
            Some("text/html"),
        ] {
            for page in pages {
                let answer = asked(&server, &wall, page, reads).await;
                if page == own {
                    assert_eq!(answer.status, StatusCode::OK, "{own}: {reads:?}");
                } else {
                    assert_eq!(leads_to(&answer), own, "{page}: {reads:?}");
                }
            }
        }
    }
}

async fn a_wall_of_calls_hears_of_no_figures(place: &Place) {
    let server = served(place).await;
    let mut admin = Browser::signed_in(&server, "ada").await;
    let andon = wall(&server, &mut admin, "/andon").await;
    let board = wall(&server, &mut admin, "/").await;
    for (wall, hears) in [(&andon, false), (&board, true)] {
        // A screen that holds nothing yet is told of everything that it may hear of, before the calls.
        let cookie = wall.cookie.clone().expect("a session");
        let mut stream = Stream::open_as(&server, "", None, (header::COOKIE, cookie)).await;
        let mut tiles = 0;
        while let Some(event) = stream.next().await {
            match event.name.as_str() {
                "tile" => tiles += 1,
                "calls" => break,
                _ => {}
            }
        }
        assert_eq!(tiles > 0, hears, "{}: {tiles} tiles", place.engine);
        // Nor of what changes later; of a call that comes after it both hear.
        for (name, needs) in [("tile", None), ("call", Some(Permission::AndonRead))] {
            server.app.hub.publish(Event {
                name,
                seq: None,
                about: Some("L1".into()),
                page: false,
                needs,
                data: "{}".into(),
                plain: Some("{}".into()),
            });
        }
        let mut heard = Vec::new();
        while let Some(event) = stream.next().await {
            match event.name.as_str() {
                "tile" => heard.push("tile"),
                "call" => break,
                _ => {}
            }
        }
        let wanted: &[&str] = if hears { &["tile"] } else { &[] };
        assert_eq!(heard, wanted, "{}", place.engine);
    }
}

async fn a_wall_shows_its_page_with_whatever_stands_after_the_question_mark(place: &Place) {
    let server = served(place).await;
    let mut admin = Browser::signed_in(&server, "ada").await;
    for (name, page, others, says) in [
        (
            "Wall 1",
            "/?view=losses",
            &["/", "/?view=stops", "/?a=b"][..],
            "/lines/L1",
        ),
        (
            "Wall 2",
            "/lines/L1?view=losses",
            &[
                "/lines/L1",
                "/lines/L1?view=now",
                "/lines/L1?view=stops",
                "/lines/L1?view=history",
                "/lines/L1?view=compare",
                "/lines/L1?view=losses&period=day",
            ],
            "Line 1",
        ),
    ] {
        let form = [
            ("kind", "wall"),
            ("name", name),
            ("page", page),
            ("place", "site"),
        ];
        let path = link(&mut admin, "/admin/devices", &form).await;
        let mut wall = Browser::new(&server);
        assert_eq!(leads_to(&wall.post(&path, &[]).await), page);
        for shown in [page].iter().chain(others) {
            let answer = wall.get(shown).await;
            assert_eq!(answer.status, StatusCode::OK, "{shown}: {}", text(&answer));
            let words = text(&answer);
            assert!(words.contains(says), "{shown}: {words}");
            assert!(!words.contains("Not for you"), "{shown}: {words}");
        }
    }
}
