//! A rehearsal says whom a call reaches at a moment: the same people that the call reaches when it comes.

use super::{plant, scene};
use crate::andon_scene::{Floor, told};
use crate::harness::{Place, Server, at};
use axum::http::StatusCode;
use ms5_floor::server::db::people;
use serde_json::{Value, json};

on_both! {
    a_rehearsal_says_whom_a_call_reaches_when_it_comes,
}

/// Who would be called at a moment, by rung; what nobody has in brackets.
async fn rehearsed(server: &Server, at: &str) -> (Value, Vec<Vec<String>>) {
    let path =
        format!("/api/v1/andon/escalation?line=L1&kind=maintenance&priority=critical&at={at}");
    let answer = server.get(&path, None).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let tree = answer.json();
    let who = |call: &Value| {
        let name = call["who"].as_str().expect("a name");
        if call["nobody"] == true {
            format!("[{name}]")
        } else {
            name.to_owned()
        }
    };
    let rung = |rung: &Value| {
        rung["calls"]
            .as_array()
            .expect("calls")
            .iter()
            .map(who)
            .collect()
    };
    let rungs = tree["rungs"].as_array().expect("rungs").iter().map(rung);
    let rungs = rungs.collect();
    (tree, rungs)
}

async fn a_rehearsal_says_whom_a_call_reaches_when_it_comes(place: &Place) {
    let mut floor = Floor::with(place, plant()).await;
    let [_, _, cid] = scene(&floor.server).await;
    let nobody = "[on duty: maintenance]";
    let cases = [
        // Ten past two on Saturday belongs to the night of Friday.
        (
            "2026-07-11T02:10",
            "Night",
            ["cid Tester (for ann Tester)"; 2],
        ),
        // Ann is back on Monday, but the night of Sunday is Cid's to its end.
        (
            "2026-07-13T02:10",
            "Night",
            ["cid Tester (for ann Tester)"; 2],
        ),
        ("2026-07-15T02:10", "Night", ["ann Tester"; 2]),
        // The second step comes in the next shift.
        (
            "2026-07-12T05:30",
            "Night",
            ["cid Tester (for ann Tester)", nobody],
        ),
        ("2026-07-15T05:30", "Night", ["ann Tester", "ben Tester"]),
        // On a holiday only who has the duty on holidays too.
        ("2026-07-13T08:00", "Early", [nobody; 2]),
        ("2026-07-14T08:00", "Early", ["ben Tester"; 2]),
    ];
    for (at, shift, [first, second]) in cases {
        let (tree, rungs) = rehearsed(&floor.server, at).await;
        assert_eq!(tree["shift"], shift, "{}: {at}", place.engine);
        assert_eq!(
            (&*rungs[0], &*rungs[1]),
            (&[first.to_owned()][..], &[second.to_owned()][..]),
            "{at}"
        );
    }
    let (tree, _) = rehearsed(&floor.server, "2026-07-12T05:30").await;
    let cannot = &tree["rungs"][0]["calls"][0]["cannot"][0];
    assert_eq!(cannot, &json!({"via": "email", "why": "it is not set up"}));
    let start = at("2026-07-12T05:30:00+02:00").0;
    let times: Vec<&Value> = tree["rungs"]
        .as_array()
        .expect("rungs")
        .iter()
        .map(|r| &r["at"])
        .collect();
    assert_eq!(
        times,
        [&json!(start), &json!(start + 45 * 60_000), &Value::Null],
        "the last waits until it is taken"
    );

    // The same call, for real: at 05:30, and 45 minutes later.
    let begun = at("2026-07-15T05:30:00+02:00");
    floor.hands.set(begun);
    let (_, rungs) = rehearsed(&floor.server, "2026-07-15T05:30").await;
    let call = json!({"machine": "M1", "kind": "maintenance", "priority": "critical"});
    let id = floor.raised(&floor.operator, call).await;
    let names = |level: i64, call: &Value| -> Vec<String> {
        let of_level = told(call).into_iter().filter(|told| told.0 == level);
        of_level.map(|told| told.1).collect()
    };
    let call = floor.detail(id).await["call"].clone();
    assert_eq!(names(0, &call), rungs[0]);
    assert_eq!(
        call["next"]["who"],
        json!(rungs[1]),
        "and it says so beforehand"
    );
    floor.hands.set(at("2026-07-15T06:15:00+02:00"));
    assert_eq!(floor.worker.look().await.expect("a look"), 1);
    let call = floor.detail(id).await["call"].clone();
    assert_eq!(names(1, &call), rungs[1]);

    // Who is not let in any more is on no duty and stands in for nobody.
    let mut tx = floor.server.app.db.begin().await.expect("a transaction");
    people::change(&mut tx, cid, ("cid Tester", ""), true)
        .await
        .expect("disabled");
    tx.commit().await.expect("a commit");
    let (_, rungs) = rehearsed(&floor.server, "2026-07-11T02:10").await;
    assert_eq!(rungs[0], [nobody]);
}
