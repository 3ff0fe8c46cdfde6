//! A stop gets its reason from the fault that points to one, or from somebody who gives it. What was said stays on record, what
//! nobody saw is not overwritten, and the figures follow: minutes move between losses, never out of planned production.

use crate::harness::{Answer, Hands, Place, Server, at};
use crate::small_plant::{small_plant, state};
use axum::http::Method;
use ms5_floor::api::downtime::{
    ConfirmDowntime, GetActiveDowntime, GetDowntimeEvents, GetDowntimeStatistics, ReasonsForLine,
};
use ms5_floor::domain::machine_state::MachineState::{self, Changeover, Running, Stopped};
use ms5_floor::domain::reason::DEFAULT_REASONS;
use ms5_floor::domain::time::{MINUTE_MS, Span, TsMs};
use ms5_floor::server::db::{Db, classifications};
use ms5_floor::server::services::oee::calculate_oee;
use serde_json::{Value, json};
use server_fn::ServerFn;

on_both! {
    every_plant_starts_with_the_reasons_of_the_program,
    a_fault_points_to_a_reason_and_confirming_accepts_it,
    a_split_stop_moves_its_minutes_between_losses,
    what_nobody_saw_is_refused_and_what_was_said_stays,
    a_reason_holds_to_the_end_of_a_stop_that_lasts,
    late_facts_move_a_stop_under_what_was_said,
    wrong_parts_are_named,
    screens_ask_and_say_the_same,
}

fn minute(n: i64) -> TsMs {
    TsMs(at("2026-07-06T06:00:00Z").0 + n * MINUTE_MS)
}

struct Scene {
    server: Server,
    hands: Hands,
    key: String,
    sent: usize,
}

impl Scene {
    async fn new(place: &Place) -> Self {
        let mut plant = small_plant();
        plant["reason"] = json!([
            {"code": "FOIL", "name": "Foil", "parent": "MATERIAL", "category": "unplanned"},
            {"code": "FOIL_TORN", "name": "Foil torn", "parent": "FOIL", "category": "unplanned"},
            {"code": "REWORK", "name": "Rework", "parent": "QUALITY", "category": "unplanned", "active": false},
        ]);
        plant["fault"] = json!([
            {"machine": "M1", "code": "F44", "text": "Bag jam", "reason": "MAT_JAM"},
            {"machine": "M1", "code": "F9", "text": "Packer stands", "origin": "downstream"},
            {"machine": "M1", "code": "F7", "text": "No idea"},
        ]);
        let hands = Hands::at(minute(120));
        let server = Server::with(place, hands.clock(), plant).await;
        let (_, key) = server.key("gateway", true, false).await;
        Self {
            server,
            hands,
            key,
            sent: 0,
        }
    }

    async fn tell(&mut self, list: &[(i64, MachineState, Option<&str>)]) {
        let mut items = Vec::new();
        for (n, told, fault) in list {
            self.sent += 1;
            let mut item = state(&format!("s{}", self.sent), "M1", minute(*n), *told);
            if let Some(fault) = fault {
                item["fault"] = json!(fault);
            }
            items.push(item);
        }
        let answer = self.server.ingest(&self.key, &items).await;
        assert_eq!(answer.accepted, items.len(), "{answer:?}");
    }

    async fn say(&self, start: i64, said: Value) -> Answer {
        self.say_as(&self.key, start, said).await
    }

    async fn say_as(&self, key: &str, start: i64, said: Value) -> Answer {
        let path = format!("/api/v1/downtime/M1/{}/confirm", minute(start).0);
        self.server
            .send(Method::POST, &path, Some(key), &said)
            .await
    }

    async fn events(&self, query: &str) -> Vec<Value> {
        let answer = self
            .server
            .get(&format!("/api/v1/downtime?{query}"), None)
            .await;
        let page = answer.json();
        assert_eq!(answer.status.as_u16(), 200, "{page}");
        page["events"].as_array().expect("events").clone()
    }

    /// Unplanned, changeover, starved, blocked minutes of M1 from minute 0 to `to`, and all planned production time.
    async fn lost(&self, to: i64) -> [i64; 5] {
        let oee = calculate_oee(&self.server.app, "L1", minute(0).0, minute(to).0).await;
        let account = oee.expect("OEE").machines[0].account;
        let lost = [
            account.unplanned,
            account.changeover,
            account.starved,
            account.blocked,
        ];
        let [a, b, c, d] = lost.map(|d| d.0 / MINUTE_MS);
        [a, b, c, d, account.planned_production().0 / MINUTE_MS]
    }
}

/// The parts of a stop: from and to in minutes, reason, given.
fn parts(event: &Value) -> Vec<(i64, Option<i64>, Option<String>, bool)> {
    let n = |v: &Value| v.as_i64().map(|ms| (ms - minute(0).0) / MINUTE_MS);
    let part = |p: &Value| {
        let reason = p["reason"]["code"].as_str().map(str::to_owned);
        (
            n(&p["from"]).expect("a start"),
            n(&p["to"]),
            reason,
            p["given"] == true,
        )
    };
    event["parts"]
        .as_array()
        .unwrap_or_else(|| panic!("{event}"))
        .iter()
        .map(part)
        .collect()
}

fn part(
    from: i64,
    to: Option<i64>,
    reason: Option<&str>,
    given: bool,
) -> (i64, Option<i64>, Option<String>, bool) {
    (from, to, reason.map(str::to_owned), given)
}

async fn every_plant_starts_with_the_reasons_of_the_program(place: &Place) {
    let scene = Scene::new(place).await;
    let reasons = &scene.server.app.plant.get().reasons;
    for default in DEFAULT_REASONS {
        let stored = reasons.by_code(default.code);
        let stored = stored.unwrap_or_else(|| panic!("{}: {}", place.engine, default.code));
        let parent = stored.parent.and_then(|id| reasons.get(id));
        let got = (
            stored.name.as_str(),
            stored.category,
            parent.map_or("", |p| &p.code),
        );
        assert_eq!(got, (default.name, default.category, default.parent));
    }
    let own = reasons.by_code("FOIL_TORN").expect("FOIL_TORN");
    assert_eq!(
        (own.depth, own.leaf, reasons.all().len()),
        (2, true, DEFAULT_REASONS.len() + 2)
    );
    // A second look at the same database adds nothing, and keeps what the plant changed.
    let again = Server::start(place, scene.hands.clock()).await;
    let again = &again.app.plant.get().reasons;
    assert_eq!(again.all(), reasons.all());
    assert!(!again.by_code("REWORK").expect("REWORK").active);
}

async fn a_fault_points_to_a_reason_and_confirming_accepts_it(place: &Place) {
    let mut scene = Scene::new(place).await;
    scene
        .tell(&[
            (0, Running, None),
            (10, Stopped, Some("F44")),
            (20, Running, None),
            (30, Stopped, Some("F9")),
            (40, Running, None),
            (50, Stopped, Some("F7")),
            (60, Running, None),
        ])
        .await;
    assert_eq!(
        scene.lost(100).await,
        [20, 0, 0, 10, 100],
        "waiting for the packer is blocked"
    );
    let events = scene.events("machine=M1").await;
    assert_eq!(
        parts(&events[2]),
        [part(10, Some(20), Some("MAT_JAM"), false)]
    );
    assert_eq!(
        parts(&events[1]),
        [part(30, Some(40), Some("DOWNSTREAM_STOP"), false)]
    );
    assert_eq!(parts(&events[0]), [part(50, Some(60), None, false)]);
    assert_eq!(events[2]["parts"][0]["fault_text"], "Bag jam");
    assert_eq!(events[2]["id"], format!("M1-{}", minute(10).0));
    assert_eq!(events[2]["confirmed"], false);

    let stop = scene
        .say(10, json!({"version": 0, "confirm": true}))
        .await
        .json();
    assert_eq!(
        parts(&stop),
        [part(10, Some(20), Some("MAT_JAM"), true)],
        "{stop}"
    );
    assert_eq!(
        (&stop["confirmed"], &stop["author"]),
        (&json!(true), &json!("gateway"))
    );
    let problem = scene
        .say(50, json!({"version": 0, "confirm": true}))
        .await
        .problem(422, "invalid");
    assert_eq!(
        problem["fields"][0]["field"], "reasons",
        "nothing to accept"
    );
    assert_eq!(scene.events("confirmed=true").await.len(), 1);
    assert_eq!(
        scene
            .events("confirmed=false&reason=DOWNSTREAM_STOP")
            .await
            .len(),
        1
    );

    let reasons = scene
        .server
        .get("/api/v1/downtime/reasons?line=L1", None)
        .await
        .json();
    assert_eq!(reasons["shown"].as_array().map(Vec::len), Some(25));
    assert_eq!(
        (&reasons["favourites"], &reasons["shown"][0]["code"]),
        (&json!(1), &json!("MAT_JAM"))
    );
    assert_eq!(
        reasons["shown"][1]["code"], "MECH_FAULT",
        "then in the order of the tree"
    );
    assert_eq!(
        reasons["tree"].as_array().map(Vec::len),
        Some(DEFAULT_REASONS.len() + 2)
    );
}

async fn a_split_stop_moves_its_minutes_between_losses(place: &Place) {
    let mut scene = Scene::new(place).await;
    scene
        .tell(&[(0, Running, None), (10, Stopped, None), (40, Running, None)])
        .await;
    assert_eq!(scene.lost(100).await, [30, 0, 0, 0, 100]);
    let said = json!({"version": 0, "comment": " first the foil ", "reasons": [
        {"reason": "FOIL_TORN"},
        {"from": minute(15).0, "reason": "CHANGEOVER"},
        {"from": minute(25).0, "to": minute(30).0, "reason": "CLEANING"},
        {"from": minute(35).0, "reason": "UPSTREAM_STOP"},
    ]});
    let stop = scene.say(10, said).await.json();
    let wanted = [
        part(10, Some(15), Some("FOIL_TORN"), true),
        part(15, Some(25), Some("CHANGEOVER"), true),
        part(25, Some(30), Some("CLEANING"), true),
        part(30, Some(35), None, false),
        part(35, Some(40), Some("UPSTREAM_STOP"), true),
    ];
    assert_eq!(parts(&stop), wanted, "{stop}");
    assert_eq!(stop["comment"], "first the foil");
    assert_eq!(
        scene.lost(100).await,
        [15, 10, 5, 0, 100],
        "cleaning that nobody planned explains the stop and leaves its minutes"
    );
    // A comment alone leaves the reasons; no reasons go back to none.
    let stop = scene
        .say(
            10,
            json!({"version": stop["version"], "comment": "and then?"}),
        )
        .await
        .json();
    assert_eq!(parts(&stop), wanted, "{stop}");
    assert_eq!(stop["confirmed"], true);
    let stop = scene
        .say(10, json!({"version": stop["version"], "reasons": []}))
        .await
        .json();
    assert_eq!(parts(&stop), [part(10, Some(40), None, false)]);
    assert_eq!(
        (&stop["comment"], &stop["confirmed"]),
        (&json!("and then?"), &json!(false))
    );
    assert_eq!(scene.lost(100).await, [30, 0, 0, 0, 100]);
}

async fn history(db: &Db, scene: &Scene) -> Vec<(String, usize)> {
    let all = Span::clamped(TsMs(0), TsMs(i64::MAX));
    let said = classifications::about(db, scene.server.machine("M1"), all).await;
    let said = said.expect("what was said").into_iter();
    said.map(|s| (s.author, s.reasons.len())).collect()
}

async fn what_nobody_saw_is_refused_and_what_was_said_stays(place: &Place) {
    let mut scene = Scene::new(place).await;
    scene
        .tell(&[(0, Running, None), (10, Stopped, None), (40, Running, None)])
        .await;
    let (_, other) = scene.server.key("tablet", false, false).await;
    let first = scene
        .say(
            10,
            json!({"version": 0, "reasons": [{"reason": "MAT_JAM"}]}),
        )
        .await
        .json();
    scene.hands.set(minute(121));
    let stale = scene
        .say_as(
            &other,
            10,
            json!({"version": 0, "reasons": [{"reason": "WRONG_MAT"}]}),
        )
        .await;
    let problem = stale.problem(409, "conflict");
    let detail = problem["detail"].as_str().expect("a detail");
    assert!(
        detail.contains("'gateway'") && detail.contains("2026-07-06T08:00:00Z"),
        "{detail}"
    );
    assert_eq!(
        history(&scene.server.app.db, &scene).await,
        [("gateway".to_owned(), 1)]
    );
    let second = scene.say_as(&other, 10, json!({"version": first["version"], "reasons": [{"reason": "WRONG_MAT"}, {"from": minute(20).0, "reason": "MAT_JAM"}]})).await.json();
    assert_eq!(second["author"], "tablet");
    assert_ne!(second["version"], first["version"]);
    assert_eq!(
        history(&scene.server.app.db, &scene).await,
        [("gateway".to_owned(), 1), ("tablet".to_owned(), 2)],
        "{}: the history keeps both",
        place.engine
    );
    let path = format!("/api/v1/downtime/M1/{}", minute(10).0);
    let detail = scene.server.get(&path, None).await.json();
    assert_eq!(detail["event"], second);
    let said: Vec<_> = detail["said"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|s| (&s["author"], &s["reasons"][0]["reason"]))
        .collect();
    assert_eq!(
        said,
        [
            (&json!("tablet"), &json!("WRONG_MAT")),
            (&json!("gateway"), &json!("MAT_JAM"))
        ]
    );
    // A version of something else.
    scene
        .tell(&[(50, Stopped, None), (60, Running, None)])
        .await;
    scene
        .say(50, json!({"version": 9, "comment": "x"}))
        .await
        .problem(409, "conflict");
    // Many at once: all but one are too late.
    let version = &second["version"];
    let said = |n: i32| scene.say(10, json!({"version": version, "comment": format!("{n}")}));
    let answers = futures::future::join_all((0..8).map(said)).await;
    let fine = answers.iter().filter(|a| a.status.as_u16() == 200).count();
    let late = answers.iter().filter(|a| a.status.as_u16() == 409).count();
    assert_eq!((fine, late), (1, 7), "{}", place.engine);
}

async fn a_reason_holds_to_the_end_of_a_stop_that_lasts(place: &Place) {
    let mut scene = Scene::new(place).await;
    scene
        .tell(&[(0, Running, None), (100, Stopped, Some("F44"))])
        .await;
    let standing = || async {
        let answer = scene
            .server
            .get("/api/v1/downtime/active?line=L1", None)
            .await;
        answer.json().as_array().expect("a list").clone()
    };
    assert_eq!(
        parts(&standing().await[0]),
        [part(100, None, Some("MAT_JAM"), false)]
    );
    let said = json!({"version": 0, "reasons": [{"reason": "WRONG_MAT"}, {"from": minute(110).0, "reason": "MAT_SHORTAGE"}]});
    let stop = scene.say(100, said).await.json();
    let wanted = |to| {
        [
            part(100, Some(110), Some("WRONG_MAT"), true),
            part(110, to, Some("MAT_SHORTAGE"), true),
        ]
    };
    assert_eq!(parts(&stop), wanted(None), "{stop}");
    scene.hands.set(minute(150));
    assert_eq!(parts(&standing().await[0]), wanted(None), "it goes on");
    scene
        .tell(&[
            (160, Running, None),
            (170, Stopped, Some("F44")),
            (180, Running, None),
        ])
        .await;
    scene.hands.set(minute(200));
    let events = scene.events("line=L1&to=1783328400000").await;
    assert_eq!(parts(&events[1]), wanted(Some(160)));
    assert_eq!(
        parts(&events[0]),
        [part(170, Some(180), Some("MAT_JAM"), false)],
        "the next stop is another one"
    );
    assert_eq!(scene.lost(200).await, [20, 0, 50, 0, 200]);
}

async fn late_facts_move_a_stop_under_what_was_said(place: &Place) {
    let mut scene = Scene::new(place).await;
    scene
        .tell(&[
            (0, Running, None),
            (10, Stopped, None),
            (40, Running, None),
            (110, Stopped, None),
        ])
        .await;
    scene.say(10, json!({"version": 0, "reasons": [{"reason": "MAT_JAM"}, {"from": minute(30).0, "reason": "CHANGEOVER"}]})).await;
    scene
        .say(
            110,
            json!({"version": 0, "reasons": [{"reason": "WRONG_MAT"}]}),
        )
        .await;
    // It ran for five minutes in between, it was a changeover at the end, and the last stop began earlier.
    scene
        .tell(&[
            (20, Running, None),
            (25, Stopped, None),
            (45, Changeover, None),
            (50, Running, None),
            (105, Stopped, None),
        ])
        .await;
    let events = scene.events("machine=M1").await;
    let got: Vec<_> = events.iter().rev().map(parts).collect();
    let wanted = [
        vec![part(10, Some(20), Some("MAT_JAM"), true)],
        vec![
            part(25, Some(30), Some("MAT_JAM"), true),
            part(30, Some(40), Some("CHANGEOVER"), true),
        ],
        vec![part(45, Some(50), None, false)],
        vec![
            part(105, Some(110), None, false),
            part(110, None, Some("WRONG_MAT"), true),
        ],
    ];
    assert_eq!(
        got, wanted,
        "{}: each reason stays with its time",
        place.engine
    );
    assert_eq!(
        events[3]["version"], events[2]["version"],
        "what was said of the whole is said of both"
    );
    scene
        .say(10, json!({"version": 0, "comment": "x"}))
        .await
        .problem(409, "conflict");
    let said = json!({"version": events[3]["version"], "reasons": [{"reason": "MAT_QUALITY"}]});
    let stop = scene.say(10, said).await.json();
    assert_eq!(
        parts(&stop),
        [part(10, Some(20), Some("MAT_QUALITY"), true)]
    );
    let events = scene.events("machine=M1").await;
    assert_eq!(
        parts(&events[2]),
        wanted[1],
        "the other half keeps its reasons"
    );
}

async fn wrong_parts_are_named(place: &Place) {
    let mut scene = Scene::new(place).await;
    scene
        .tell(&[(0, Running, None), (10, Stopped, None), (40, Running, None)])
        .await;
    let jam = |from: i64, to: i64| json!({"from": minute(from).0, "to": minute(to).0, "reason": "MAT_JAM"});
    for (said, field) in [
        (
            json!({"reasons": [{"reason": "NONE"}]}),
            "reasons[0].reason",
        ),
        (
            json!({"reasons": [{"reason": "FOIL"}]}),
            "reasons[0].reason",
        ),
        (
            json!({"reasons": [{"reason": "REWORK"}]}),
            "reasons[0].reason",
        ),
        (json!({"reasons": [jam(9, 20)]}), "reasons[0].from"),
        (json!({"reasons": [jam(10, 41)]}), "reasons[0].to"),
        (json!({"reasons": [jam(40, 41)]}), "reasons[0].from"),
        (json!({"reasons": [jam(20, 20)]}), "reasons[0].to"),
        (
            json!({"reasons": [jam(10, 20), jam(19, 30)]}),
            "reasons[1].from",
        ),
        (
            json!({"reasons": [jam(10, 20), {"reason": "MAT_JAM"}]}),
            "reasons[1].from",
        ),
        (json!({"comment": "x".repeat(2001)}), "comment"),
        (json!({}), "reasons"),
    ] {
        let mut said = said;
        said["version"] = json!(0);
        let problem = scene.say(10, said.clone()).await.problem(422, "invalid");
        assert_eq!(problem["fields"][0]["field"], field, "{said}");
    }
    let fine = json!({"version": 0, "reasons": [{"reason": "MAT_JAM"}]});
    scene.say(11, fine.clone()).await.problem(404, "not_found");
    scene.say(0, fine.clone()).await.problem(404, "not_found");
    for start in [i64::MIN, -1, minute(11).0, i64::MAX] {
        let path = format!("/api/v1/downtime/M1/{start}");
        scene
            .server
            .get(&path, None)
            .await
            .problem(404, "not_found");
        let said = scene
            .server
            .send(
                Method::POST,
                &format!("{path}/confirm"),
                Some(&scene.key),
                &fine,
            )
            .await;
        said.problem(404, "not_found");
    }
    let path = format!("/api/v1/downtime/M9/{}/confirm", minute(10).0);
    let server = &scene.server;
    server
        .send(Method::POST, &path, Some(&scene.key), &fine)
        .await
        .problem(404, "not_found");
    let path = format!("/api/v1/downtime/M1/{}/confirm", minute(10).0);
    server
        .send(Method::POST, &path, None, &fine)
        .await
        .problem(401, "unauthenticated");
    server
        .send(
            Method::POST,
            &path,
            Some(&scene.key),
            &json!({"version": 0, "reason": "MAT_JAM"}),
        )
        .await
        .problem(400, "malformed");
    assert_eq!(
        history(&server.app.db, &scene).await,
        [],
        "nothing of it was stored"
    );
}

async fn screens_ask_and_say_the_same(place: &Place) {
    let mut scene = Scene::new(place).await;
    scene
        .tell(&[(0, Running, None), (100, Stopped, None)])
        .await;
    let server = &scene.server;
    for (path, query, machines) in [
        (GetDowntimeEvents::PATH, "", "downtime"),
        (
            GetDowntimeEvents::PATH,
            "filter[line]=L1&filter[limit]=5&filter[minor]=false",
            "downtime?line=L1&limit=5&minor=false",
        ),
        (GetDowntimeStatistics::PATH, "", "downtime/statistics"),
        (
            GetActiveDowntime::PATH,
            "line=L1",
            "downtime/active?line=L1",
        ),
        (ReasonsForLine::PATH, "line=L1", "downtime/reasons?line=L1"),
    ] {
        let screens = format!("{path}?{query}");
        let asked = server.get(&screens, None).await;
        assert_eq!(asked.status.as_u16(), 200, "{screens}: {asked:?}");
        let other = server.get(&format!("/api/v1/{machines}"), None).await;
        assert_eq!(asked.json(), other.json(), "{screens}");
    }
    let said = |version| json!({"machine": "M1", "start": minute(100).0, "said": {"version": version, "reasons": [{"reason": "MAT_JAM"}]}});
    let path = ConfirmDowntime::PATH;
    let nobody = server.send(Method::POST, path, None, &said(0)).await;
    assert_eq!(nobody.status.as_u16(), 401, "{nobody:?}");
    let done = server
        .send(Method::POST, path, Some(&scene.key), &said(0))
        .await;
    assert_eq!(done.status.as_u16(), 200, "{done:?}");
    assert_eq!(
        parts(&done.json()),
        [part(100, None, Some("MAT_JAM"), true)]
    );
    let stale = server
        .send(Method::POST, path, Some(&scene.key), &said(0))
        .await;
    assert_eq!(stale.status.as_u16(), 409, "{stale:?}");
}
