//! What a screen is told is what its reader may see: board, line and stream leave out OEE, stops and lines that a permission
//! or its bounds do not reach, also where an event is made once for everybody.

use crate::browser::{Browser, add_person, add_role, text};
use crate::cast::Actor;
use crate::harness::{Place, Server, until};
use crate::small_plant::{state, two_lines};
use crate::stream::{SOON, Stream, publish};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use ms5_floor::api::ingest::ItemStatus;
use ms5_floor::domain::ids::{LineId, Seq};
use ms5_floor::domain::machine_state::MachineState::{Running, Stopped};
use ms5_floor::domain::rights::Permission::{
    AndonRead, DashboardRead, DowntimeRead, LineRead, OeeRead,
};
use ms5_floor::domain::rights::{Permission, PermissionSet, sets};
use ms5_floor::domain::time::{MINUTE_MS, TsMs};
use ms5_floor::server::clock::Clock;
use ms5_floor::server::db::facts;
use ms5_floor::server::http::router;
use serde_json::{Value, json};
use tower::ServiceExt;

on_both! {
    the_board_shows_oee_to_those_who_may_see_it,
    the_page_of_a_line_goes_out_with_what_its_reader_may_see,
    a_viewer_of_one_line_hears_nothing_of_the_other,
    a_key_for_one_line_sends_for_no_other,
    one_caller_opens_so_many_streams_and_no_more,
    a_live_page_says_what_is_missing_and_whom_to_ask,
    a_page_is_whole_for_those_who_may_not_see_calls,
}

const NOT_PERMITTED: &str = "not_permitted";

/// A machine of each line stands, and every change is published.
async fn standing(place: &Place) -> Server {
    let server = Server::with(place, Clock::system(), two_lines()).await;
    let now = server.app.clock.now().0;
    let items = [
        state("a", "M1", TsMs(now - 60 * MINUTE_MS), Running),
        state("b", "M1", TsMs(now - 30 * MINUTE_MS), Stopped),
        state("c", "M3", TsMs(now - 30 * MINUTE_MS), Stopped),
    ];
    server.ingest(&server.everything, &items).await;
    publish(&server);
    server
}

async fn key(server: &Server, may: &[Permission]) -> String {
    let names: Vec<&str> = may.iter().map(|p| p.name()).collect();
    server
        .key_that_may(&names.join(" "), PermissionSet::of(may))
        .await
}

/// A key for the line `L1` only.
async fn key_of_l1(server: &Server, name: &str, may: PermissionSet) -> String {
    let line: LineId = server.app.plant.get().line("L1").expect("L1").id;
    let actor = Actor::key(server, name, may, Some(line)).await;
    actor.key_sent().expect("a key").to_owned()
}

fn is_blank(tile: &Value) -> bool {
    tile["oee"]["unknown"] == NOT_PERMITTED && tile["down"].is_null()
}

async fn the_board_shows_oee_to_those_who_may_see_it(place: &Place) {
    let server = standing(place).await;
    let plain = key(&server, &[DashboardRead]).await;
    let whole = key(&server, &[DashboardRead, OeeRead]).await;
    for (key, blank) in [(&plain, true), (&whole, false)] {
        let board = server.get("/api/board", Some(key)).await.json();
        let tiles = board["tiles"].as_array().expect("tiles");
        assert_eq!(tiles.len(), 2, "{}", place.engine);
        assert!(tiles.iter().all(|tile| is_blank(tile) == blank), "{board}");
        assert_eq!(board["oee"]["unknown"] == NOT_PERMITTED, blank, "{board}");
        let mut stream = Stream::open_with(&server, key, "?since=0", None).await;
        // What the screen has missed, and what is published to everybody.
        for _ in 0..2 {
            let tile = stream.tile("L1", Seq(0)).await;
            assert_eq!(is_blank(&tile.data), blank, "{}", tile.data);
            assert_eq!(tile.data["condition"], "stopped", "{}", tile.data);
        }
    }
    server.stop.cancel();
}

async fn the_page_of_a_line_goes_out_with_what_its_reader_may_see(place: &Place) {
    let server = standing(place).await;
    for may in [
        &[DashboardRead][..],
        &[DashboardRead, LineRead],
        &[DashboardRead, OeeRead],
    ] {
        let key = key(&server, may).await;
        let missing = if may.contains(&LineRead) {
            OeeRead
        } else {
            LineRead
        };
        let live = server.get("/api/v1/live?line=L1", Some(&key)).await;
        let problem = live.problem(403, "forbidden");
        assert_eq!(problem["permission"], missing.name(), "{may:?}");
        let page = server.get("/api/line?code=L1", Some(&key)).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{may:?}");
    }
    let plain = key(&server, &[DashboardRead, LineRead, OeeRead]).await;
    let whole = key(&server, &[DashboardRead, LineRead, OeeRead, DowntimeRead]).await;
    for (key, stops) in [(&plain, 0), (&whole, 1)] {
        let shown = |view: &Value| {
            let listed = view["stops"].as_array().expect("stops").len();
            assert_eq!(listed, stops, "{}: {view}", place.engine);
            assert_eq!(view["stop_count"].is_null(), stops == 0, "{view}");
        };
        shown(&server.get("/api/line?code=L1", Some(key)).await.json());
        let mut stream = Stream::open_with(&server, key, "?line=L1&since=0", None).await;
        for _ in 0..2 {
            shown(&stream.next_named("line").await.data);
        }
    }
    server.stop.cancel();
}

async fn a_viewer_of_one_line_hears_nothing_of_the_other(place: &Place) {
    let server = standing(place).await;
    let viewer = key_of_l1(&server, "viewer", sets::WATCH).await;
    let mut stream = Stream::open_with(&server, &viewer, "?since=0", None).await;
    let mut everything = Stream::open(&server, "?since=0", None).await;
    let now = server.app.clock.now();
    let items = [
        state("d", "M3", now, Running),
        state("e", "M1", now, Running),
    ];
    server.ingest(&server.everything, &items).await;
    let last = facts::last_seq(&server.app.db).await.expect("a number");
    // By then the other line's tile has gone out, to those who may see it.
    everything.tile("L2", last).await;
    let mut seen = 0;
    while seen < 3 {
        let event = stream.next().await.expect("an event");
        if event.name == "tile" {
            assert_eq!(event.data["code"], "L1", "{}", place.engine);
            seen += 1;
        }
        assert_ne!(event.name, "line", "{}", place.engine);
    }
    let refused = server.get("/api/v1/live?line=L2", Some(&viewer)).await;
    refused.problem(403, "forbidden");
    server.stop.cancel();
}

async fn a_key_for_one_line_sends_for_no_other(place: &Place) {
    let server = Server::with(place, Clock::system(), two_lines()).await;
    let sender = key_of_l1(&server, "gateway", sets::SEND).await;
    let now = server.app.clock.now();
    let items = [
        state("own", "M1", now, Running),
        state("foreign", "M3", now, Running),
    ];
    let answer = server.ingest(&sender, &items).await;
    let [own, foreign] = &answer.results[..] else {
        panic!("{answer:?}");
    };
    assert_eq!(own.status, ItemStatus::Accepted, "{}", place.engine);
    assert_eq!(foreign.status, ItemStatus::Rejected, "{}", place.engine);
    assert_eq!(foreign.code.as_deref(), Some("forbidden_line"));
    // Who tried is on record, once for all of a minute.
    server.ingest(&sender, &items).await;
    let denied = server.on_record("denied").await;
    assert_eq!(denied.len(), 1, "{}: {denied:?}", place.engine);
    assert_eq!(
        (&*denied[0].actor, &*denied[0].was, &*denied[0].why),
        ("gateway", "ingest:write", "Line 2")
    );
    // It stays where it is, also when somebody who may do everything sends it again: that is still its sender's.
    let held = server.get("/api/v1/quarantine", None).await.json();
    assert_eq!(held[0]["code"], "forbidden_line", "{held}");
    let retry = format!("/api/v1/quarantine/{}/retry", held[0]["id"]);
    let again = server.send(Method::POST, &retry, None, &json!({})).await;
    assert_eq!(again.json()["results"][0]["code"], "forbidden_line");
    // When the sender gets a key for that line, too, it goes through.
    let more = server.key_that_may("gateway", sets::SEND).await;
    assert!(!more.is_empty());
    let again = server.send(Method::POST, &retry, None, &json!({})).await;
    assert_eq!(again.json()["accepted"], 1, "{again:?}");
}

async fn one_caller_opens_so_many_streams_and_no_more(place: &Place) {
    let server = Server::with(place, Clock::system(), two_lines()).await;
    let olga = Browser::of(&server, "olga", "operator").await;
    let cookie = olga.cookie.clone().expect("a session");
    let open = async || {
        let request = Request::get("/api/v1/live")
            .header(header::COOKIE, &cookie)
            .body(Body::empty())
            .expect("a request");
        let answer = router(&server.shared).oneshot(request).await;
        answer.expect("an answer")
    };
    let mut screens = Vec::new();
    for _ in 0..20 {
        screens.push(open().await);
    }
    let refused = open().await.status();
    assert_eq!(refused, StatusCode::SERVICE_UNAVAILABLE, "{}", place.engine);
    assert!(screens.iter().all(|s| s.status() == StatusCode::OK));
    // Others have places of their own, and one that is left is free again.
    drop(Stream::open(&server, "", None).await);
    screens.pop();
    until("a free place", SOON, async || {
        (open().await.status() == StatusCode::OK).then_some(())
    })
    .await;
}

async fn a_live_page_says_what_is_missing_and_whom_to_ask(place: &Place) {
    let server = Server::with(place, Clock::system(), two_lines()).await;
    add_person(&server, "ada", "admin").await;
    add_role(
        &server,
        "plain",
        PermissionSet::of(&[DashboardRead, LineRead]),
    )
    .await;
    let mut plain = Browser::of(&server, "pia", "plain").await;
    let page = plain.get("/lines/L1").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", place.engine);
    for words in ["oee:read", "Ask ada Tester."] {
        assert!(text(&page).contains(words), "{words}: {}", text(&page));
    }
    let board = plain.get("/").await;
    assert_eq!(board.status, StatusCode::OK);
    assert!(text(&board).contains("not permitted"), "{}", text(&board));
}

async fn a_page_is_whole_for_those_who_may_not_see_calls(place: &Place) {
    let server = Server::with(place, Clock::system(), two_lines()).await;
    let may = [DashboardRead, LineRead, OeeRead];
    let call = json!({"line": "L1", "kind": "material"});
    let raised = server
        .send(Method::POST, "/api/v1/andon", None, &call)
        .await;
    assert!(raised.status.is_success(), "{raised:?}");
    add_role(&server, "plain", PermissionSet::of(&may)).await;
    let with_calls = [DashboardRead, LineRead, OeeRead, AndonRead];
    add_role(&server, "caller", PermissionSet::of(&with_calls)).await;
    let mut plain = Browser::of(&server, "pia", "plain").await;
    let mut caller = Browser::of(&server, "carl", "caller").await;
    for path in ["/", "/lines/L1"] {
        let what = format!("{}: {path}", place.engine);
        let page = plain.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{what}");
        assert!(!text(&page).contains("Nobody comes yet"), "{what}");
        assert_eq!(caller.get(path).await.status, StatusCode::OK, "{what}");
    }
    for path in ["/", "/lines/L1"] {
        let page = caller.get(path).await;
        assert!(text(&page).contains("Nobody comes yet"), "{}", text(&page));
    }
    // Whoever goes to the board of calls itself is told what is missing.
    let board = plain.get("/andon").await;
    assert_eq!(board.status, StatusCode::FORBIDDEN, "{}", place.engine);
    assert!(text(&board).contains("andon:read"), "{}", text(&board));
}
