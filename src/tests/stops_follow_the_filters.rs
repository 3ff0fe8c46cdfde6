//! A list of stops holds the stops of the shift, the crew and the product that it is asked for, as figures of the same
//! choice count them: on the page, in the API, page by page.

use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::{state, two_shifts};
use ms5_floor::api::analysis::Choice;
use ms5_floor::domain::machine_state::MachineState::{Running, Stopped};
use ms5_floor::domain::time::{DurMs, MINUTE_MS, TsMs};
use ms5_floor::server::services::analysis::analysis;
use ms5_floor::server::services::sheet::sheet;
use serde_json::{Value, json};

on_both! {
    the_api_follows_shift_crew_and_product,
    the_page_follows_its_address,
    lists_and_figures_agree,
}

/// Monday 2026-07-06 in Rome: Early (crew A) 06:00 to 14:00, Late (crew B) 14:00 to 22:00.
fn clock(hour: i64, minute: i64) -> TsMs {
    TsMs(at("2026-07-06T00:00:00+02:00").0 + (hour * 60 + minute) * MINUTE_MS)
}

/// Stops of M1 at 7:00 (P1), 13:50 over the change of shifts (P1), 15:00 (P2), and 20:00 where P2 becomes P1 on the way.
async fn server(place: &Place) -> Server {
    let hands = Hands::at(clock(23, 0));
    let server = Server::with(place, hands.clock(), two_shifts()).await;
    let (_, key) = server.key("gateway", true, false).await;
    let product = |id: &str, at: TsMs, code: &str| json!({"id": id, "machine": "M1", "at": at.0, "kind": "product", "product": code});
    let mut items: Vec<Value> = vec![
        product("p1", clock(6, 0), "P1"),
        state("r", "M1", clock(6, 0), Running),
        product("p2", clock(14, 30), "P2"),
        product("p3", clock(20, 10), "P1"),
    ];
    for (hour, minute, length) in [(7, 0, 20), (13, 50, 20), (15, 0, 20), (20, 0, 20)] {
        let from = clock(hour, minute);
        items.push(state(&format!("s{hour}"), "M1", from, Stopped));
        let end = from + DurMs(length * MINUTE_MS);
        items.push(state(&format!("e{hour}"), "M1", end, Running));
    }
    assert_eq!(server.ingest(&key, &items).await.accepted, items.len());
    server
}

const WHOLE: &str = "line=L1&machine=M1";

/// The hours at which the listed stops began, newest first, over all pages.
async fn hours(server: &Server, query: &str, limit: usize) -> Vec<i64> {
    let (mut out, mut cursor) = (vec![], String::new());
    loop {
        let path = format!("/api/v1/downtime?{WHOLE}&limit={limit}&{query}{cursor}");
        let answer = server.get(&path, None).await;
        let page = answer.json();
        assert_eq!(answer.status.as_u16(), 200, "{page}");
        for event in page["events"].as_array().expect("events") {
            let from = event["from"].as_i64().expect("a start");
            out.push((from - clock(0, 0).0) / (60 * MINUTE_MS));
        }
        let Some(next) = page["next"].as_str() else {
            return out;
        };
        cursor = format!("&cursor={next}");
    }
}

async fn the_api_follows_shift_crew_and_product(place: &Place) {
    let server = server(place).await;
    for (query, wanted) in [
        ("", vec![20, 15, 13, 7]),
        ("shift=Early", vec![13, 7]),
        ("shift=Late", vec![20, 15, 13]),
        ("crew=A", vec![13, 7]),
        ("crew=B&shift=Early", vec![]),
        ("product=P1", vec![20, 13, 7]),
        ("product=P2", vec![20, 15]),
        ("product=P1&shift=Late", vec![20, 13]),
    ] {
        for limit in [1, 100] {
            let found = hours(&server, query, limit).await;
            assert_eq!(found, wanted, "{}: {query}, {limit} a page", place.engine);
        }
    }
    // Only what lies in the window counts: up to two o'clock the stop of 13:50 is one of Early alone.
    let until_two = format!("from={}&to={}", clock(12, 0).0, clock(14, 0).0);
    let late = hours(&server, &format!("shift=Late&{until_two}"), 10).await;
    assert_eq!(late, Vec::<i64>::new(), "{}", place.engine);
    let early = hours(&server, &format!("shift=Early&{until_two}"), 10).await;
    assert_eq!(early, [13], "{}", place.engine);
    for (query, field) in [("shift=Noon", "shift"), ("product=P9", "product")] {
        let answer = server.get(&format!("/api/v1/downtime?{query}"), None).await;
        let problem = answer.problem(422, "invalid");
        assert_eq!(problem["fields"][0]["field"], field, "{}", place.engine);
    }
    let document = server.get("/api/v1/openapi.json", None).await.json();
    let fields = document["paths"]["/api/v1/downtime"]["get"]["parameters"].to_string();
    for name in ["shift", "crew", "product"] {
        assert!(fields.contains(&format!("\"name\":\"{name}\"")), "{fields}");
    }
}

async fn the_page_follows_its_address(place: &Place) {
    let server = server(place).await;
    let listed = async |query: &str| {
        let query = format!("view=stops&machine=M1&period=day&on=2026-07-06{query}");
        let sheet = sheet(&crate::harness::by_the_program(&server.app), "L1", &query).await;
        let html = sheet.expect("a sheet").parts.join("");
        let starts = [clock(7, 0), clock(13, 50), clock(15, 0), clock(20, 0)];
        starts.map(|at| html.contains(&format!("stop=M1-{}", at.0)))
    };
    for (query, wanted) in [
        ("", [true, true, true, true]),
        ("&shift=Early", [true, true, false, false]),
        ("&crew=B", [false, true, true, true]),
        ("&product=P2", [false, false, true, true]),
    ] {
        assert_eq!(listed(query).await, wanted, "{}: {query}", place.engine);
    }
    // Of the period "shift" the name says which stretch of time it is.
    let query = "view=stops&machine=M1&period=shift&on=2026-07-06&shift=Late";
    let html = sheet(&crate::harness::by_the_program(&server.app), "L1", query)
        .await
        .expect("a sheet")
        .parts
        .join("");
    assert!(
        html.contains(&format!("stop=M1-{}", clock(13, 50).0)),
        "it reaches in"
    );
    assert!(!html.contains(&format!("stop=M1-{}", clock(7, 0).0)));
}

async fn lists_and_figures_agree(place: &Place) {
    let server = server(place).await;
    for (shift, crew) in [
        (Some("Early"), None),
        (Some("Late"), None),
        (None, Some("B")),
    ] {
        let choice = Choice {
            period: Some("day".to_owned()),
            on: Some("2026-07-06".to_owned()),
            shift: shift.map(str::to_owned),
            crew: crew.map(str::to_owned),
            machine: Some("M1".to_owned()),
            ..Choice::default()
        };
        let account = analysis(&crate::harness::by_the_program(&server.app), "L1", &choice)
            .await
            .expect("figures")
            .account;
        let named = shift.map_or_else(String::new, |name| format!("shift={name}"));
        let named = crew.map_or(named, |crew| format!("crew={crew}"));
        let path = format!("/api/v1/downtime?{WHOLE}&{named}");
        let page = server.get(&path, None).await.json();
        let events = page["events"].as_array().expect("events");
        let begun = events.iter().filter(|event| {
            let from = event["from"].as_i64().expect("a start");
            event["counted"] == true && (from >= clock(14, 0).0 || named == "shift=Early")
        });
        let begun = i64::try_from(begun.count()).expect("few");
        assert_eq!(begun, account.failures, "{}: {named}", place.engine);
    }
}
