//! Every item of a batch gets an answer of its own: one wrong item does not refuse the others, a repetition is told
//! from news, and nothing that was refused is lost.

use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::{small_plant, state};
use ms5_floor::api::ingest::{ItemResult, ItemStatus};
use ms5_floor::domain::machine_state::MachineState::{Idle, Running, Stopped};
use ms5_floor::domain::time::{DAY_MS, MINUTE_MS, Span, TsMs};
use ms5_floor::server::db::quarantine::{self, HeldRow};
use ms5_floor::server::db::{facts, timeline};
use ms5_floor::server::services::board::board;
use serde_json::{Value, json};

on_both! {
    good_and_bad_items_in_one_batch,
    a_repetition_is_a_duplicate_and_another_content_is_a_conflict,
    age_is_limited_unless_the_key_may_backfill,
    nothing_is_older_than_ten_years,
    every_mistake_has_its_code,
    characters_that_a_database_cannot_hold,
    an_absurd_count_does_not_take_the_board_down,
}

const NOW: &str = "2026-07-06T10:00:00Z";

async fn server(place: &Place) -> Server {
    Server::with(place, Hands::at(at(NOW)).clock(), small_plant()).await
}

fn codes(results: &[ItemResult]) -> Vec<(&str, ItemStatus, &str)> {
    results
        .iter()
        .map(|r| (r.id.as_str(), r.status, r.code.as_deref().unwrap_or("")))
        .collect()
}

async fn held(server: &Server) -> Vec<HeldRow> {
    quarantine::list(&server.app.db, None, 500)
        .await
        .expect("quarantine")
}

async fn stored(server: &Server) -> i64 {
    facts::last_seq(&server.app.db)
        .await
        .expect("the last number")
        .0
}

async fn good_and_bad_items_in_one_batch(place: &Place) {
    use ItemStatus::{Accepted, Rejected};
    let server = server(place).await;
    let (_, key) = server.key("gateway", false, false).await;
    let now = at(NOW);
    let items = [
        state("a", "M1", TsMs(now.0 - 60_000), Running),
        state("b", "M9", now, Running),
        json!({"id": "c", "machine": "M1", "at": NOW, "kind": "state"}),
        json!("not an item"),
        json!({"id": "d", "machine": "M2", "at": "2026-07-06T11:59:59.5+02:00", "kind": "count", "good": 3, "product": "P2"}),
        json!({"id": "e", "machine": "M2", "at": NOW, "kind": "count", "good": 3, "product": "P9"}),
    ];
    let answer = server.ingest(&key, &items).await;
    assert_eq!(
        (answer.accepted, answer.duplicate, answer.rejected),
        (2, 0, 4)
    );
    assert_eq!(
        codes(&answer.results),
        [
            ("a", Accepted, ""),
            ("b", Rejected, "unknown_machine"),
            ("c", Rejected, "missing_field"),
            ("", Rejected, "malformed_item"),
            ("d", Accepted, ""),
            ("e", Rejected, "unknown_product"),
        ],
        "{}",
        place.engine
    );
    let mut kept: Vec<(String, String)> = held(&server)
        .await
        .into_iter()
        .map(|h| (h.code, h.item))
        .collect();
    kept.sort();
    let text = |n: usize| items[n].to_string();
    let wanted = [
        ("malformed_item".to_owned(), text(3)),
        ("missing_field".to_owned(), text(2)),
        ("unknown_machine".to_owned(), text(1)),
        ("unknown_product".to_owned(), text(5)),
    ];
    assert_eq!(
        kept, wanted,
        "{}: each is kept as it was sent",
        place.engine
    );
    let all = Span::clamped(TsMs(0), TsMs(i64::MAX));
    let minutes = timeline::minutes(&mut server.snapshot().await, &[(server.machine("M2"), all)])
        .await
        .expect("minutes")
        .concat();
    assert_eq!(minutes.len(), 1);
    assert_eq!(
        (minutes[0].minute, minutes[0].counts.good),
        (at("2026-07-06T09:59:00Z"), 3)
    );
    assert_eq!(minutes[0].product, Some(server.product("P2")));
}

async fn a_repetition_is_a_duplicate_and_another_content_is_a_conflict(place: &Place) {
    use ItemStatus::{Accepted, Duplicate, Rejected};
    let server = server(place).await;
    let (_, key) = server.key("gateway", false, false).await;
    let (_, other) = server.key("another gateway", false, false).await;
    let (now, before) = (at(NOW), TsMs(at(NOW).0 - 1));
    let first = server
        .ingest(
            &key,
            &[
                state("a", "M1", now, Running),
                state("a", "M1", now, Running),
            ],
        )
        .await;
    assert_eq!(
        codes(&first.results),
        [("a", Accepted, ""), ("a", Duplicate, "")],
        "{}",
        place.engine
    );
    let again = [
        state("a", "M1", now, Running),
        state("a", "M1", now, Stopped),
        state("a", "M2", now, Running),
        state("a", "M1", before, Running),
        state("b", "M1", before, Idle),
        state("b", "M1", before, Stopped),
    ];
    let second = server.ingest(&key, &again).await;
    let conflict = ("a", Rejected, "conflict");
    let wanted = [
        ("a", Duplicate, ""),
        conflict,
        conflict,
        conflict,
        ("b", Accepted, ""),
        ("b", Rejected, "conflict"),
    ];
    assert_eq!(codes(&second.results), wanted, "{}", place.engine);
    assert_eq!(held(&server).await.len(), 4, "{}", place.engine);
    let theirs = server
        .ingest(&other, &[state("a", "M1", now, Stopped)])
        .await;
    assert_eq!(
        codes(&theirs.results),
        [("a", Accepted, "")],
        "{}: ids belong to their sender",
        place.engine
    );
    // What was refused as a conflict changed nothing.
    let transitions = timeline::transitions(
        &mut server.snapshot().await,
        &[(server.machine("M2"), Span::clamped(TsMs(0), now))],
    )
    .await;
    assert_eq!(transitions.expect("transitions").concat(), []);
}

async fn age_is_limited_unless_the_key_may_backfill(place: &Place) {
    use ItemStatus::{Accepted, Rejected};
    let server = server(place).await;
    let (_, key) = server.key("gateway", false, false).await;
    let (_, historian) = server.key("historian", true, false).await;
    let now = at(NOW).0;
    let items = [
        state("edge of old", "M1", TsMs(now - 7 * DAY_MS), Running),
        state("too old", "M1", TsMs(now - 7 * DAY_MS - 1), Running),
        state("edge of ahead", "M1", TsMs(now + 2 * MINUTE_MS), Running),
        state(
            "too far ahead",
            "M1",
            TsMs(now + 2 * MINUTE_MS + 1),
            Running,
        ),
    ];
    let got = server.ingest(&key, &items).await;
    let wanted = [
        ("edge of old", Accepted, ""),
        ("too old", Rejected, "too_old"),
        ("edge of ahead", Accepted, ""),
        ("too far ahead", Rejected, "too_far_ahead"),
    ];
    assert_eq!(codes(&got.results), wanted, "{}", place.engine);
    let got = server.ingest(&historian, &items).await;
    assert_eq!(got.accepted, 4, "{}: {got:?}", place.engine);
}

/// A clock that was never set dates facts at the epoch: roll-ups would be made of every hour since.
async fn nothing_is_older_than_ten_years(place: &Place) {
    use ItemStatus::{Accepted, Rejected};
    let server = server(place).await;
    let (_, historian) = server.key("historian", true, false).await;
    let oldest = at(NOW).0 - 10 * 366 * DAY_MS;
    let items = [
        state("epoch", "M1", TsMs(0), Running),
        state("too long ago", "M1", TsMs(oldest - 1), Running),
        state("long ago", "M1", TsMs(oldest), Running),
    ];
    let got = server.ingest(&historian, &items).await;
    let wanted = [
        ("epoch", Rejected, "too_long_ago"),
        ("too long ago", Rejected, "too_long_ago"),
        ("long ago", Accepted, ""),
    ];
    assert_eq!(codes(&got.results), wanted, "{}", place.engine);
    let kept = held(&server).await.into_iter().map(|h| h.code);
    assert_eq!(kept.collect::<Vec<_>>(), ["too_long_ago"; 2]);
    let first = timeline::bounds(&mut server.snapshot().await, &[server.machine("M1")]).await;
    assert_eq!(first.expect("a start")[0].first, Some(TsMs(oldest)));
}

async fn every_mistake_has_its_code(place: &Place) {
    let server = server(place).await;
    let (_, key) = server.key("gateway", false, false).await;
    let item = |kind: &str, more: Value| {
        let mut item = json!({"id": "x", "machine": "M1", "at": NOW, "kind": kind});
        item.as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        item
    };
    let long = "x".repeat(101);
    let wrong = [
        ("missing_field", item("state", json!({}))),
        ("missing_field", item("count", json!({}))),
        ("missing_field", item("counter", json!({"value": 1}))),
        ("missing_field", item("counter", json!({"channel": "good"}))),
        ("missing_field", item("fault", json!({"active": true}))),
        ("missing_field", item("fault", json!({"code": "F1"}))),
        ("missing_field", item("product", json!({}))),
        ("missing_field", item("measurement", json!({"value": 1.5}))),
        ("missing_field", item("measurement", json!({"name": "t"}))),
        (
            "unexpected_field",
            item("state", json!({"state": "running", "good": 1})),
        ),
        (
            "unexpected_field",
            item("count", json!({"good": 1, "state": "running"})),
        ),
        (
            "unexpected_field",
            item("fault", json!({"code": "F1", "active": true, "value": 1})),
        ),
        ("invalid_value", item("count", json!({"good": -1}))),
        (
            "invalid_value",
            item("count", json!({"good": 1_000_000_000_001_i64})),
        ),
        (
            "invalid_value",
            item("counter", json!({"channel": "good", "value": 1.5})),
        ),
        (
            "invalid_value",
            item("counter", json!({"channel": "good", "value": -1})),
        ),
        (
            "invalid_value",
            item("state", json!({"state": "no_data", "fault": "F1"})),
        ),
        (
            "invalid_value",
            item("fault", json!({"code": "", "active": true})),
        ),
        (
            "invalid_value",
            item("fault", json!({"code": long, "active": true})),
        ),
        (
            "invalid_value",
            item("state", json!({"state": "running", "id": ""})),
        ),
        (
            "invalid_value",
            item("state", json!({"state": "running", "id": long})),
        ),
        (
            "invalid_value",
            item("state", json!({"state": "running", "at": "yesterday"})),
        ),
        (
            "invalid_value",
            item(
                "state",
                json!({"state": "running", "at": 1_783_332_000_000_000_i64}),
            ),
        ),
        (
            "invalid_value",
            item("state", json!({"state": "running", "at": -1})),
        ),
        (
            "malformed_item",
            item("state", json!({"state": "sleeping"})),
        ),
        (
            "malformed_item",
            item("state", json!({"state": "running", "extra": 1})),
        ),
        ("malformed_item", item("dance", json!({}))),
        ("unknown_product", item("product", json!({"product": "P9"}))),
    ];
    for (code, item) in wrong {
        let answer = server.ingest(&key, std::slice::from_ref(&item)).await;
        let got = &answer.results[0];
        assert_eq!(
            got.code.as_deref(),
            Some(code),
            "{}: {item}: {got:?}",
            place.engine
        );
        assert!(
            got.detail.as_ref().is_some_and(|d| !d.is_empty()),
            "{item}: the detail tells a person why"
        );
    }
    assert_eq!(
        stored(&server).await,
        0,
        "{}: none of it became a fact",
        place.engine
    );
}

async fn characters_that_a_database_cannot_hold(place: &Place) {
    use ItemStatus::{Accepted, Rejected};
    let server = server(place).await;
    let (_, key) = server.key("gateway", false, false).await;
    let nul = |field: &str| {
        let mut item = json!({"id": field, "machine": "M1", "at": NOW, "kind": "fault", "code": "F1", "active": true});
        item[field] = json!("F\u{0}1");
        item
    };
    let mut measurement = json!({"id": "n", "machine": "M1", "at": NOW, "kind": "measurement", "name": "t", "value": 1.5});
    measurement["unit"] = json!("\u{0}");
    let items = [
        nul("id"),
        nul("machine"),
        nul("code"),
        measurement,
        json!({"id": "m\u{0}", "kind": "dance"}),
        state("good", "M1", at(NOW), Running),
        json!({"id": "Größe 9 µm – 鋼", "machine": "M1", "at": NOW, "kind": "fault", "code": "ß\u{1F525}", "active": true}),
    ];
    let answer = server.ingest(&key, &items).await;
    let statuses: Vec<_> = answer.results.iter().map(|r| r.status).collect();
    let wanted = [
        Rejected, Rejected, Rejected, Rejected, Rejected, Accepted, Accepted,
    ];
    assert_eq!(statuses, wanted, "{}: {answer:?}", place.engine);
    assert_eq!(held(&server).await.len(), 5, "{}", place.engine);
    let again = server.ingest(&key, &items[5..]).await;
    assert_eq!(again.duplicate, 2, "{}: {again:?}", place.engine);
}

async fn an_absurd_count_does_not_take_the_board_down(place: &Place) {
    let server = server(place).await;
    let (_, key) = server.key("gateway", false, false).await;
    let most = 1_000_000_000_000_i64;
    let mut items = vec![
        state("s", "M1", TsMs(at(NOW).0 - 30 * MINUTE_MS), Running),
        json!({"id": "p", "machine": "M1", "at": "2026-07-06T09:30:00Z", "kind": "product", "product": "P2"}),
    ];
    for n in 0..20 {
        let at = TsMs(at(NOW).0 - n * MINUTE_MS);
        items.push(json!({"id": format!("c{n}"), "machine": "M1", "at": at, "kind": "count", "good": most, "scrap": most}));
    }
    let answer = server.ingest(&key, &items).await;
    assert_eq!(answer.accepted, items.len(), "{}: {answer:?}", place.engine);
    let board = board(&crate::harness::by_the_program(&server.app))
        .await
        .expect("a board");
    assert_eq!(board.tiles.len(), 1, "{}", place.engine);
    let oee = server
        .get(
            "/api/v1/oee/L1?from=2026-07-06T09:00:00Z&to=2026-07-06T10:00:00Z",
            None,
        )
        .await
        .json();
    let ideal = oee["machines"][0]["ideal_s"].as_f64().expect("a number");
    assert!(
        ideal > 0.0,
        "{}: a sum that is too large does not turn negative: {ideal}",
        place.engine
    );
}
