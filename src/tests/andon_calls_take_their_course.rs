//! A call from raising to closing: who may do what when, who was faster, whom it reaches while nobody comes.

use crate::andon_scene::{Floor, happened, minutes, shown, start, told, try_to_run};
use crate::cast::Actor;
use crate::harness::Place;
use axum::http::Method;
use ms5_floor::server::db::audit;
use serde_json::{Value, json};

on_both! {
    by_default_whoever_does_what_a_call_is_for_hears_of_it_at_once,
    a_call_goes_up_until_it_is_taken_and_again_until_it_is_resolved,
    what_cannot_be_done_now_is_refused_and_says_who_made_it_so,
    of_two_at_once_one_wins_and_the_other_is_told_who,
    whoever_calls_for_the_same_joins_and_one_call_is_open_at_a_time,
    a_call_that_was_not_over_is_reopened_and_goes_up_anew,
    the_next_level_can_be_called_by_hand,
    everything_done_is_on_record_once,
}

async fn by_default_whoever_does_what_a_call_is_for_hears_of_it_at_once(place: &Place) {
    let floor = Floor::new(place).await;
    Actor::person(&floor.server, "quality", None).await;
    for (kind, who) in [
        (
            "stop",
            &["engineer", "maintenance", "shift_manager"] as &[&str],
        ),
        ("maintenance", &["engineer", "maintenance", "shift_manager"]),
        ("material", &["engineer", "shift_manager"]),
        ("quality", &["engineer", "quality", "shift_manager"]),
        (
            "safety",
            &["engineer", "maintenance", "quality", "shift_manager"],
        ),
    ] {
        let call = json!({"machine": "M1", "kind": kind, "priority": "low"});
        let answer = floor.raise(&floor.operator, call).await.json();
        assert_eq!(told(&answer["call"]), shown(0, who), "{kind}");
        assert_eq!(answer["call"]["next"]["at"], (start() + minutes(15)).0);
    }
}

async fn a_call_goes_up_until_it_is_taken_and_again_until_it_is_resolved(place: &Place) {
    let mut floor = Floor::new(place).await;
    let call = json!({"machine": "M1", "kind": "material", "text": " Foil is out "});
    let answer = floor.raise(&floor.operator, call).await.json();
    let (id, call) = (
        answer["call"]["id"].as_i64().expect("a number"),
        &answer["call"],
    );
    assert_eq!(answer["joined"], false, "{answer}");
    assert_eq!(
        (&call["status"], &call["call"]["priority"], &call["text"]),
        (&json!("raised"), &json!("medium"), &json!("Foil is out"))
    );
    let first = shown(0, &["engineer", "production_manager", "shift_manager"]);
    assert_eq!(told(call), first, "at once");
    assert_eq!(call["next"]["at"], json!((start() + minutes(10)).0));
    assert_eq!(call["next"]["who"], json!(["admin everywhere"]));

    assert_eq!(floor.at(minutes(9)).await, 0, "not yet");
    assert_eq!(floor.at(minutes(10)).await, 1);
    assert_eq!(floor.at(minutes(10)).await, 0, "once");
    let call = floor.detail(id).await["call"].clone();
    assert_eq!(call["level"], 1);
    let second: Vec<_> = first.into_iter().chain(shown(1, &["admin"])).collect();
    assert_eq!(told(&call), second);

    let eta = json!({"eta": (start() + minutes(20)).0});
    let taken = floor.acted(&floor.engineer, id, "acknowledge", eta).await;
    assert_eq!(taken["status"], "acknowledged");
    assert_eq!(taken["next"]["at"], json!((start() + minutes(45)).0));
    assert_eq!(floor.at(minutes(46)).await, 1, "taken, and not resolved");
    let call = floor.detail(id).await["call"].clone();
    assert_eq!((&call["level"], &call["next"]), (&json!(2), &json!(null)));
    let late = floor.timers(id).await.into_iter().map(|t| t.late_ms);
    assert_eq!(late.collect::<Vec<_>>(), [Some(0), Some(0), Some(60_000)]);

    floor.acted(&floor.engineer, id, "arrive", json!({})).await;
    let done = json!({"cause": "upstream", "note": "new roll"});
    let resolved = floor.acted(&floor.engineer, id, "resolve", done).await;
    assert_eq!(
        (&resolved["status"], &resolved["note"]),
        (&json!("resolved"), &json!("new roll"))
    );
    floor
        .acted(&floor.shift_manager, id, "close", json!({}))
        .await;
    let detail = floor.detail(id).await;
    let by = |what: &str, who: &str| (what.to_owned(), who.to_owned());
    assert_eq!(
        happened(&detail),
        [
            by("raise", "operator everywhere"),
            by("step", "ladder"),
            by("step", "ladder"),
            by("acknowledge", "engineer everywhere"),
            by("step", "ladder"),
            by("arrive", "engineer everywhere"),
            by("resolve", "engineer everywhere"),
            by("close", "shift_manager everywhere"),
        ],
        "{}",
        place.engine
    );
    let part = |name: &str| detail["waiting"][name].as_i64().expect("a length");
    assert_eq!(
        ["acknowledge", "travel", "repair", "restart"].map(part),
        [minutes(10).0, minutes(36).0, 0, 0]
    );
    assert!(floor.active().await.is_empty());
    let past = floor.get(&floor.operator, "/api/v1/andon").await.json();
    assert_eq!(past["calls"][0]["call"]["id"], id, "{past}");
}

/// Every act with what it needs.
fn acts() -> [(&'static str, Value); 7] {
    [
        ("acknowledge", json!({})),
        ("arrive", json!({})),
        ("resolve", json!({"cause": "internal"})),
        ("close", json!({})),
        ("cancel", json!({"note": "a slip"})),
        ("reopen", json!({})),
        ("escalate", json!({})),
    ]
}

async fn what_cannot_be_done_now_is_refused_and_says_who_made_it_so(place: &Place) {
    let floor = Floor::new(place).await;
    // How a call gets into each status, who made it so, and what may follow.
    let ways: [(&[&str], &str, &[&str]); 6] = [
        (
            &[],
            "raised by operator everywhere",
            &["acknowledge", "arrive", "cancel", "escalate"],
        ),
        (
            &["acknowledge"],
            "acknowledged by engineer everywhere",
            &["arrive", "resolve", "cancel", "escalate"],
        ),
        (
            &["arrive"],
            "on site by engineer everywhere",
            &["resolve", "cancel", "escalate"],
        ),
        (
            &["arrive", "resolve"],
            "resolved by engineer everywhere",
            &["close", "reopen"],
        ),
        (
            &["arrive", "resolve", "close"],
            "closed by engineer everywhere",
            &["reopen"],
        ),
        (&["cancel"], "cancelled by engineer everywhere", &[]),
    ];
    for (way, made, may) in ways {
        for (act, body) in acts() {
            let call = json!({"line": "L1", "kind": "quality"});
            let id = floor.raised(&floor.operator, call).await;
            for step in way {
                let body = acts().into_iter().find(|(name, _)| name == step);
                let body = body.expect("an act").1;
                floor.acted(&floor.engineer, id, step, body).await;
            }
            let before = floor.detail(id).await;
            let answer = floor.act(&floor.shift_manager, id, act, body).await;
            if may.contains(&act) {
                assert_eq!(answer.status.as_u16(), 200, "{way:?} {act}: {answer:?}");
            } else {
                let problem = answer.problem(409, "conflict");
                let said = problem["detail"].as_str().expect("words");
                assert!(said.starts_with(made), "{way:?} {act}: {said}");
                assert!(said.contains("2026-07-06T08:00:00Z"), "{said}");
                assert_eq!(floor.detail(id).await, before, "{way:?} {act}");
            }
            // What is still open must not be joined by the next one.
            let over = json!({"note": "next"});
            floor.act(&floor.engineer, id, "cancel", over).await;
        }
    }
}

async fn of_two_at_once_one_wins_and_the_other_is_told_who(place: &Place) {
    let floor = Floor::new(place).await;
    for round in 0..5 {
        let call = json!({"machine": "M1", "kind": "maintenance"});
        let id = floor.raised(&floor.operator, call).await;
        let (a, b) = tokio::join!(
            floor.act(&floor.engineer, id, "acknowledge", json!({})),
            floor.act(&floor.shift_manager, id, "acknowledge", json!({})),
        );
        let (won, lost, winner) = if a.status.as_u16() == 200 {
            (a, b, "engineer everywhere")
        } else {
            (b, a, "shift_manager everywhere")
        };
        let won = won.json();
        assert_eq!(won["call"]["acknowledged"]["by"], winner, "round {round}");
        let problem = lost.problem(409, "conflict");
        let said = problem["detail"].as_str().expect("words");
        assert!(
            said.starts_with(&format!("acknowledged by {winner} at ")),
            "{said}"
        );
        let taken = happened(&floor.detail(id).await);
        assert_eq!(
            taken
                .iter()
                .filter(|(what, _)| what == "acknowledge")
                .count(),
            1
        );
        // Whoever does the same once more changes nothing, and is not refused.
        let again = if winner.starts_with("engineer") {
            &floor.engineer
        } else {
            &floor.shift_manager
        };
        let same = floor.acted(again, id, "acknowledge", json!({})).await;
        assert_eq!(same["version"], won["version"], "nothing changed");
        floor
            .acted(again, id, "resolve", json!({"cause": "internal"}))
            .await;
    }
}

async fn whoever_calls_for_the_same_joins_and_one_call_is_open_at_a_time(place: &Place) {
    let floor = Floor::new(place).await;
    let call = |priority: &str| json!({"machine": "M1", "kind": "stop", "priority": priority});
    let low = call("low");
    let raises =
        futures::future::join_all((0..8).map(|_| floor.raise(&floor.operator, low.clone())));
    let answers: Vec<Value> = raises.await.iter().map(|a| a.json()).collect();
    let first = answers[0]["call"]["id"].as_i64().expect("a number");
    assert!(answers.iter().all(|a| a["call"]["id"] == first));
    let joined = answers.iter().filter(|a| a["joined"] == true).count();
    assert_eq!(joined, 7, "{}: one raised it", place.engine);
    let detail = floor.detail(first).await;
    assert_eq!(detail["call"]["raises"], 8);
    assert_eq!(
        told(&detail["call"]),
        shown(0, &["engineer", "maintenance", "shift_manager"]),
        "told once"
    );

    // More urgent: the ladder of that priority, for those who call from now on.
    let joined = floor.raise(&floor.engineer, call("critical")).await.json();
    let call_now = &joined["call"];
    assert_eq!(call_now["call"]["priority"], "critical", "{joined}");
    let more = told(call_now);
    assert!(more.contains(&shown(0, &["admin"])[0]), "{more:?}");
    let pending: Vec<i64> = floor
        .timers(first)
        .await
        .iter()
        .filter(|t| t.state == 1)
        .map(|t| t.plan)
        .collect();
    assert_eq!(pending, [1, 1, 1], "those of the first ladder are void");
    let less = floor.raise(&floor.operator, low.clone()).await.json();
    assert_eq!(less["call"]["call"]["priority"], "critical");

    // Another kind, another place: calls of their own.
    for other in [
        json!({"machine": "M1", "kind": "safety"}),
        json!({"machine": "M2", "kind": "stop"}),
        json!({"line": "L1", "kind": "stop"}),
    ] {
        let answer = floor.raise(&floor.operator, other.clone()).await.json();
        assert_eq!(answer["joined"], false, "{other}");
        if other["kind"] == "safety" {
            assert_eq!(answer["call"]["call"]["priority"], "critical");
        }
    }
    floor.resolve(first).await;
    let next = floor.raised(&floor.operator, low).await;
    assert_ne!(next, first, "what is over is not joined");
    let refused = floor.act(&floor.engineer, first, "reopen", json!({})).await;
    let problem = refused.problem(409, "conflict");
    let said = problem["detail"].as_str().expect("words");
    assert!(
        said.starts_with(&format!("call {next}, raised by")),
        "{said}"
    );
    // The database itself refuses a second one, whatever the program thinks.
    let again = format!("UPDATE andon_call SET resolved_ms = NULL WHERE id = {first}");
    let refused = try_to_run(&floor.server.app.db, again).await;
    let refused = refused.expect_err("one is open").into_database_error();
    assert!(refused.is_some_and(|e| e.is_unique_violation()));
}

async fn a_call_that_was_not_over_is_reopened_and_goes_up_anew(place: &Place) {
    let mut floor = Floor::new(place).await;
    let call = json!({"machine": "M1", "kind": "maintenance", "priority": "high"});
    let id = floor.raised(&floor.operator, call).await;
    floor.at(minutes(6)).await;
    floor.at(minutes(8)).await;
    floor.resolve(id).await;
    assert_eq!(floor.at(minutes(200)).await, 0, "nothing is due any more");
    let reopened = floor
        .acted(&floor.shift_manager, id, "reopen", json!({"note": "again"}))
        .await;
    assert_eq!(
        (
            &reopened["status"],
            &reopened["call"]["reopened"],
            &reopened["level"]
        ),
        (&json!("raised"), &json!(1), &json!(0))
    );
    assert_eq!(reopened["next"]["at"], json!((start() + minutes(205)).0));
    assert_eq!(floor.at(minutes(205)).await, 1);
    let level_1 = |v: &Value| told(v).iter().filter(|t| t.0 == 1).count();
    let detail = floor.detail(id).await;
    assert_eq!(level_1(&detail["call"]), 4, "twice two managers");
    floor.resolve(id).await;
    floor.at(minutes(205 + 8 * 60 + 1)).await;
    let late = floor.act(&floor.engineer, id, "reopen", json!({})).await;
    let problem = late.problem(409, "conflict");
    assert_eq!(problem["detail"], "resolved too long ago: raise a new call");
}

async fn the_next_level_can_be_called_by_hand(place: &Place) {
    let mut floor = Floor::new(place).await;
    let call = json!({"machine": "M1", "kind": "maintenance", "priority": "critical"});
    let id = floor.raised(&floor.operator, call).await;
    let up = floor
        .acted(&floor.operator, id, "escalate", json!({}))
        .await;
    assert_eq!((&up["level"], &up["status"]), (&json!(1), &json!("raised")));
    assert_eq!(floor.at(minutes(3)).await, 0, "that step is done");
    floor.acted(&floor.engineer, id, "arrive", json!({})).await;
    for level in [2, 3] {
        let up = floor
            .acted(&floor.operator, id, "escalate", json!({}))
            .await;
        assert_eq!(up["level"], level);
    }
    let top = floor.act(&floor.operator, id, "escalate", json!({})).await;
    let problem = top.problem(409, "conflict");
    assert_eq!(
        problem["detail"],
        "nobody stands above level 3 on its ladder"
    );
    assert_eq!(floor.at(minutes(100)).await, 0);
    let up = happened(&floor.detail(id).await);
    let by_hand = up.iter().filter(|(what, _)| what == "escalate").count();
    assert_eq!(by_hand, 3, "{up:?}");
}

async fn everything_done_is_on_record_once(place: &Place) {
    let floor = Floor::new(place).await;
    let call = json!({"machine": "M1", "kind": "quality", "text": "scratches"});
    let id = floor.raised(&floor.operator, call.clone()).await;
    floor.raised(&floor.engineer, call).await;
    for (act, body) in [
        ("acknowledge", json!({})),
        ("acknowledge", json!({})),
        ("arrive", json!({})),
        ("resolve", json!({"cause": "downstream", "note": "cleaned"})),
        ("close", json!({})),
        ("reopen", json!({})),
        ("escalate", json!({})),
        ("cancel", json!({"note": "not ours"})),
    ] {
        floor.acted(&floor.engineer, id, act, body).await;
    }
    let refused = floor.act(&floor.engineer, id, "arrive", json!({})).await;
    assert_eq!(refused.status.as_u16(), 409);
    let rows = audit::after(&floor.server.app.db, 0, 500)
        .await
        .expect("rows");
    let own = rows.iter().filter(|row| row.target == format!("call:{id}"));
    let own: Vec<(&str, &str)> = own
        .map(|row| (row.action.as_str(), row.actor.as_str()))
        .collect();
    let by = |act: &'static str| (act, "engineer everywhere");
    assert_eq!(
        own,
        [
            ("andon.raise", "operator everywhere"),
            by("andon.join"),
            by("andon.acknowledge"),
            by("andon.arrive"),
            by("andon.resolve"),
            by("andon.close"),
            by("andon.reopen"),
            by("andon.escalate"),
            by("andon.cancel"),
        ],
        "{}",
        place.engine
    );
    let seen = floor.ask(
        &floor.operator,
        Method::GET,
        "/api/v1/andon/board",
        &json!(null),
    );
    let board = seen.await.json();
    assert_eq!(
        (&board["calls"], &board["raised_lately"], &board["flood"]),
        (&json!([]), &json!(2), &json!(false))
    );
    assert_eq!(board["last_over"], json!(start().0));
}
