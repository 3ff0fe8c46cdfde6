//! A stop gets its reason from the fault that points to one, or from somebody who gives it. The figures follow: minutes move
//! between losses, never out of planned production.

use crate::harness::{Place, Server};
use crate::small_plant::small_plant;
use crate::stop_scene::{Scene, minute, part, parts};
use ms5_floor::domain::machine_state::MachineState::{Changeover, Running, Stopped};
use ms5_floor::domain::reason::DEFAULT_REASONS;
use ms5_floor::domain::rights::sets;
use ms5_floor::server::plant::Plant;
use ms5_floor::server::services::error::ServiceError;
use ms5_floor::server::services::plant::set_up_by_the_program;
use serde_json::{Value, json};

on_both! {
    every_plant_starts_with_the_reasons_of_the_program,
    the_tree_stays_a_tree,
    a_fault_points_to_a_reason_and_confirming_accepts_it,
    a_split_stop_moves_its_minutes_between_losses,
    a_reason_holds_to_the_end_of_a_stop_that_lasts,
    late_facts_move_a_stop_under_what_was_said,
    favourites_are_the_reasons_given_to_most_stops_of_late,
    who_may_not_confirm_gives_reasons_that_wait_and_undoes_nothing,
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

async fn the_tree_stays_a_tree(place: &Place) {
    let scene = Scene::new(place).await;
    let below = |code: &str, parent: &str| {
        let mut plant = small_plant();
        plant["reason"] =
            json!([{"code": code, "name": code, "parent": parent, "category": "unplanned"}]);
        plant
    };
    scene.server.set_up(below("MECHANICAL", "MATERIAL")).await;
    let app = &scene.server.app;
    let def = serde_json::from_value(below("MATERIAL", "MECHANICAL")).expect("a plant");
    let refused = set_up_by_the_program(&app.db, &def, app.clock.now())
        .await
        .expect_err("a circle");
    assert!(
        matches!(&refused, ServiceError::Invalid(fields) if fields[0].field == "reason[0].parent"),
        "{}: {refused}",
        place.engine
    );
    let plant = Plant::load(&app.db).await.expect("a plant");
    assert_eq!(plant.reasons.all().len(), DEFAULT_REASONS.len() + 2);
    let depth = |code: &str| plant.reasons.by_code(code).map(|r| r.depth);
    assert_eq!(
        (depth("MATERIAL"), depth("MECHANICAL"), depth("MECH_FAULT")),
        (Some(0), Some(1), Some(2))
    );
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

async fn favourites_are_the_reasons_given_to_most_stops_of_late(place: &Place) {
    let mut scene = Scene::new(place).await;
    for n in 0..4 {
        let start = n * 20;
        scene
            .tell(&[(start, Running, None), (start + 10, Stopped, None)])
            .await;
    }
    scene.tell(&[(90, Running, None)]).await;
    let favourites = || async {
        let path = "/api/v1/downtime/reasons?line=L1";
        let reasons = scene.server.get(path, None).await.json();
        let count = reasons["favourites"].as_u64().expect("a number") as usize;
        let shown = reasons["shown"].as_array().expect("a list").clone();
        let code = |r: &Value| r["code"].as_str().expect("a code").to_owned();
        shown[..count].iter().map(code).collect::<Vec<_>>()
    };
    let say = |start, reason: &str, version: Value| {
        scene.say(
            start,
            json!({"version": version, "reasons": [{"reason": reason}]}),
        )
    };
    let wrong = say(10, "WRONG_MAT", json!(0)).await.json();
    say(30, "MAT_JAM", json!(0)).await;
    say(50, "MAT_JAM", json!(0)).await;
    // Said three times of one stop, it counts once; said by mistake and mended, not at all.
    let mut version = wrong["version"].clone();
    for _ in 0..3 {
        version = scene
            .say(10, json!({"version": version, "comment": "again"}))
            .await
            .json()["version"]
            .clone();
    }
    let mistake = say(70, "MOTOR_FAIL", json!(0)).await.json();
    say(70, "FOIL_TORN", mistake["version"].clone()).await;
    assert_eq!(favourites().await[0], "MAT_JAM", "{}", place.engine);
    assert_eq!(favourites().await.len(), 3);
    scene.hands.set(minute(120 + 30 * 24 * 60 + 1));
    assert_eq!(
        favourites().await,
        Vec::<String>::new(),
        "30 days later they are forgotten"
    );
}

async fn who_may_not_confirm_gives_reasons_that_wait_and_undoes_nothing(place: &Place) {
    let mut scene = Scene::new(place).await;
    scene
        .tell(&[(0, Running, None), (10, Stopped, None), (25, Running, None)])
        .await;
    let explains = scene
        .server
        .key_that_may("explains", sets::EXPLAIN_STOPS)
        .await;
    let give =
        |version: &Value, code: &str| json!({"version": version, "reasons": [{"reason": code}]});
    let gave = scene
        .say_as(&explains, 10, give(&json!(0), "MAT_JAM"))
        .await
        .json();
    assert_eq!(gave["confirmed"], false, "{}: {gave}", place.engine);
    assert_eq!(gave["parts"][0]["reason"]["code"], "MAT_JAM");
    let confirm = json!({"version": gave["version"], "confirm": true});
    let refused = scene.say_as(&explains, 10, confirm.clone()).await;
    refused.problem(403, "forbidden");
    let confirmed = scene.say(10, confirm).await.json();
    assert_eq!(confirmed["confirmed"], true, "{confirmed}");
    // Neither another reason nor none in its place.
    for reasons in [json!([{"reason": "BELT_BREAK"}]), json!([])] {
        let undo = json!({"version": confirmed["version"], "reasons": reasons});
        let refused = scene.say_as(&explains, 10, undo).await;
        refused.problem(403, "forbidden");
    }
    // A comment may still be added, and leaves it confirmed.
    let comment = json!({"version": confirmed["version"], "comment": "again"});
    let said = scene.say_as(&explains, 10, comment).await.json();
    assert_eq!(said["confirmed"], true, "{said}");
    let again = scene
        .say(10, give(&said["version"], "BELT_BREAK"))
        .await
        .json();
    assert_eq!(
        again["confirmed"], true,
        "whoever may confirm does so by giving one: {again}"
    );
}
