//! Duties and substitutes are kept on record, nobody writes over another, and all that is wrong is told at once.

use super::{ROSTER, plant};
use crate::andon_scene::Floor;
use crate::browser::{Browser, add_person, leads_to, text};
use crate::harness::Place;
use axum::http::{Method, StatusCode};
use ms5_floor::server::db::audit;
use serde_json::{Value, json};

on_both! {
    duties_and_substitutes_are_kept_on_record_and_nobody_writes_over_another,
    everything_wrong_with_a_duty_is_told_at_once,
}

async fn duties_and_substitutes_are_kept_on_record_and_nobody_writes_over_another(place: &Place) {
    let floor = Floor::with(place, plant()).await;
    let server = &floor.server;
    let ann = add_person(server, "ann", "maintenance").await;
    let ben = add_person(server, "ben", "maintenance").await;
    let mut mona = Browser::of(server, "mona", "shift_manager").await;
    let (ann, ben) = (ann.0.to_string(), ben.0.to_string());
    let form = |person, version: &'static str| {
        let mut out = vec![
            ("name", " maintenance "),
            ("person", person),
            ("line", ""),
            ("shift", "Night"),
            ("days", "5"),
            ("days", "6"),
            ("from", "2026-07-01"),
            ("until", ""),
            ("holidays", "yes"),
        ];
        if !version.is_empty() {
            out.push(("version", version));
        }
        out
    };
    let answer = mona.post("/admin/roster/duties", &form(&ann, "")).await;
    assert_eq!(leads_to(&answer), "/admin/roster?said=added");
    let stored = server.get(ROSTER, None).await.json()["duties"][0].clone();
    assert_eq!(
        (
            &stored["name"],
            &stored["days"],
            &stored["holidays"],
            &stored["from"],
            &stored["line"]
        ),
        (
            &json!("maintenance"),
            &json!(96),
            &json!(true),
            &json!("2026-07-01"),
            &Value::Null
        )
    );
    let path = format!("/admin/roster/duties/{}", stored["id"]);
    let page = text(&mona.get(&path).await);
    assert!(
        page.contains("value=\"maintenance\"") && page.contains("value=\"2026-07-01\""),
        "{page}"
    );
    assert_eq!(
        leads_to(&mona.post(&path, &form(&ben, "1")).await),
        format!("{path}?said=saved")
    );
    let late = mona.post(&path, &form(&ann, "1")).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    let page = text(&late);
    assert!(
        page.contains("changed by somebody else") && page.contains("name=\"version\" value=\"2\""),
        "{page}"
    );
    assert_eq!(
        mona.post(&format!("{path}/remove"), &[("version", "1")])
            .await
            .status,
        StatusCode::CONFLICT
    );
    let gone = mona
        .post(&format!("{path}/remove"), &[("version", "2")])
        .await;
    assert_eq!(leads_to(&gone), "/admin/roster?said=removed");
    assert_eq!(mona.get(&path).await.status, StatusCode::NOT_FOUND);

    let away = |until, version: &'static str| {
        let mut out = vec![
            ("person", ann.as_str()),
            ("by", ben.as_str()),
            ("from", "2026-07-10"),
            ("until", until),
        ];
        if !version.is_empty() {
            out.push(("version", version));
        }
        out
    };
    let answer = mona
        .post("/admin/roster/substitutes", &away("2026-07-12", ""))
        .await;
    assert_eq!(leads_to(&answer), "/admin/roster?said=added");
    let wrong = mona
        .post("/admin/roster/substitutes", &away("2026-07-09", ""))
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        text(&wrong).contains("until: must not be before"),
        "{}",
        text(&wrong)
    );
    let id = server.get(ROSTER, None).await.json()["substitutes"][0]["id"].clone();
    let path = format!("/admin/roster/substitutes/{id}");
    assert_eq!(
        leads_to(&mona.post(&path, &away("2026-07-11", "1")).await),
        format!("{path}?said=saved")
    );
    assert_eq!(
        mona.post(&path, &away("2026-07-30", "1")).await.status,
        StatusCode::CONFLICT
    );
    let gone = mona
        .post(&format!("{path}/remove"), &[("version", "2")])
        .await;
    assert_eq!(leads_to(&gone), "/admin/roster?said=removed");

    let rows = audit::after(&server.app.db, 0, 1000).await.expect("rows");
    let about = rows
        .into_iter()
        .filter(|r| r.action.starts_with("duty.") || r.action.starts_with("substitute."));
    let actions: Vec<(String, String)> = about.map(|r| (r.action, r.actor)).collect();
    let names: Vec<&str> = actions.iter().map(|(action, _)| action.as_str()).collect();
    assert_eq!(
        names,
        [
            "duty.add",
            "duty.change",
            "duty.remove",
            "substitute.add",
            "substitute.change",
            "substitute.remove"
        ]
    );
    assert!(
        actions.iter().all(|(_, who)| who == "mona Tester"),
        "{actions:?}"
    );
}

async fn everything_wrong_with_a_duty_is_told_at_once(place: &Place) {
    let floor = Floor::with(place, plant()).await;
    let wrong = json!({"name": " ", "person": 99_999, "line": "L9", "shift": "Dusk", "days": 3, "from": "2026-07-09", "until": "2026-07-08"});
    let answer = floor
        .server
        .send(Method::POST, &format!("{ROSTER}/duties"), None, &wrong)
        .await;
    let problem = answer.problem(422, "invalid");
    let fields = problem["fields"].as_array().expect("fields").iter();
    let fields: Vec<&str> = fields
        .map(|f| f["field"].as_str().expect("a name"))
        .collect();
    assert_eq!(fields, ["name", "person", "line", "shift", "until"]);
    let none = json!({"name": "x", "person": 1, "days": 0});
    let answer = floor
        .server
        .send(Method::POST, &format!("{ROSTER}/duties"), None, &none)
        .await;
    assert_eq!(
        answer.status,
        StatusCode::BAD_REQUEST,
        "no day at all: {answer:?}"
    );
    let mut mona = Browser::of(&floor.server, "mona", "shift_manager").await;
    let answer = mona
        .post(
            "/admin/roster/duties",
            &[("name", ""), ("person", ""), ("from", "soon")],
        )
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = text(&answer);
    for field in [
        "name: must",
        "person: must be chosen",
        "from: must be a day",
        "days: at least one",
    ] {
        assert!(page.contains(field), "{field}: {page}");
    }
    let same = add_person(&floor.server, "ann", "maintenance").await.0;
    let oneself = json!({"person": same, "by": same, "from": "2026-07-09", "until": "2026-07-09"});
    let answer = floor
        .server
        .send(
            Method::POST,
            &format!("{ROSTER}/substitutes"),
            None,
            &oneself,
        )
        .await;
    assert_eq!(answer.problem(422, "invalid")["fields"][0]["field"], "by");
}
