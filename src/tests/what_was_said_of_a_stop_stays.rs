//! What is said about a stop is checked, refused when it was meant for another state of the stop, and never changed.

use crate::harness::Place;
use crate::stop_scene::{Scene, minute, part, parts, says};
use axum::http::Method;
use ms5_floor::api::downtime::{
    ConfirmDowntime, GetActiveDowntime, GetDowntimeEvents, GetDowntimeStatistics, ReasonsForLine,
};
use ms5_floor::domain::machine_state::MachineState::{Running, Stopped};
use ms5_floor::domain::time::{Span, TsMs};
use ms5_floor::server::db::{Db, classifications};
use serde_json::json;
use server_fn::ServerFn;

on_both! {
    what_nobody_saw_is_refused_and_what_was_said_stays,
    wrong_parts_are_named,
    screens_ask_and_say_the_same,
}

async fn history(db: &Db, scene: &Scene) -> Vec<(String, usize)> {
    let all = Span::clamped(TsMs(0), TsMs(i64::MAX));
    let said = classifications::about(
        &mut db.snapshot().await.expect("a snapshot"),
        &[(scene.server.machine("M1"), all)],
    )
    .await;
    let said = said.expect("what was said").into_iter().flatten();
    said.map(|s| (s.author, s.reasons.len())).collect()
}

async fn what_nobody_saw_is_refused_and_what_was_said_stays(place: &Place) {
    let mut scene = Scene::new(place).await;
    scene
        .tell(&[(0, Running, None), (10, Stopped, None), (40, Running, None)])
        .await;
    let other = scene.server.key_that_may("tablet", says()).await;
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
        .send(Method::POST, &path, Some("nobody's"), &fine)
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
    let nobody = server
        .send(Method::POST, path, Some("nobody's"), &said(0))
        .await;
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
