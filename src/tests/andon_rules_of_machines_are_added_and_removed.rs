//! Rules by which machines call are added and removed by those who may, on record, and hold everywhere, on a line or at one machine.

use crate::andon_scene::{Floor, start};
use crate::browser::{Browser, leads_to, text};
use crate::harness::{Answer, Place};
use crate::small_plant::two_lines;
use axum::http::{Method, StatusCode};
use ms5_floor::domain::machine_state::MachineState::Running;
use ms5_floor::domain::time::DurMs;
use ms5_floor::server::db::audit;
use serde_json::{Value, json};

on_both! {
    a_rule_holds_at_its_machine_or_on_its_line_alone,
    rules_are_added_changed_and_removed_on_record_and_no_number_is_given_twice,
    rules_are_added_and_removed_on_the_page,
}

const AUTO: &str = "/api/v1/andon/auto";

fn fault_class(kind: &str) -> Value {
    let evidence = json!({"when": "fault_class", "prefixes": ["F4"], "origin": null});
    json!({"on": true, "evidence": evidence, "kind": kind, "priority": "high"})
}

async fn ask(floor: &Floor, method: Method, path: &str, body: &Value) -> Answer {
    floor.ask(&floor.shift_manager, method, path, body).await
}

async fn added(floor: &Floor, body: &Value) -> i64 {
    let answer = ask(floor, Method::POST, AUTO, body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.json()["id"].as_i64().expect("a number")
}

fn wrong_fields(answer: &Answer) -> Vec<String> {
    let problem = answer.problem(422, "invalid");
    let fields = problem["fields"].as_array().expect("fields").iter();
    let name = |f: &Value| f["field"].as_str().expect("a name").to_owned();
    fields.map(name).collect()
}

/// The rules by which machines call, as programs see them.
async fn listed(floor: &Floor) -> Vec<Value> {
    let all = floor.server.get("/api/v1/andon/rules", None).await.json();
    all["autos"].as_array().expect("rules").clone()
}

async fn a_rule_holds_at_its_machine_or_on_its_line_alone(place: &Place) {
    let mut plant = two_lines();
    let fault = |machine: &str| json!({"machine": machine, "code": "F44", "text": "Bag jam"});
    plant["fault"] = json!(["M1", "M2", "M3"].map(fault));
    let mut floor = Floor::with(place, plant).await;
    let at_m1 = json!({"machine": "M1", "rule": fault_class("stop")});
    let on_l2 = json!({"line": "L2", "rule": fault_class("material")});
    let at_m1 = added(&floor, &at_m1).await;
    let on_l2 = added(&floor, &on_l2).await;
    let runs = ["M1", "M2", "M3"].map(|machine| (machine, -60, Running));
    floor.tell(&runs).await;
    floor.hands.set(start());
    let stop = |machine: &str| json!({"id": machine, "machine": machine, "at": start(), "kind": "state", "state": "stopped", "fault": "F44"});
    let stops = ["M1", "M2", "M3"].map(stop);
    let answer = floor.server.ingest(&floor.server.everything, &stops).await;
    assert_eq!(answer.accepted, 3, "{answer:?}");
    floor.at(DurMs(2_000)).await;
    let call = |c: &Value| {
        let text = |v: &Value| v.as_str().expect("text").to_owned();
        let (machine, raised) = (&c["machine"]["code"], &c["call"]["raised"]["by"]);
        (text(machine), text(&c["call"]["kind"]), text(raised))
    };
    let mut calls: Vec<_> = floor.active().await.iter().map(call).collect();
    calls.sort();
    let expected = [("M1", "stop", at_m1), ("M3", "material", on_l2)].map(|(machine, kind, id)| {
        let by = format!("rule: fault of a class (no. {id})");
        (machine.to_owned(), kind.to_owned(), by)
    });
    assert_eq!(calls, expected, "{}", place.engine);
}

async fn rules_are_added_changed_and_removed_on_record_and_no_number_is_given_twice(place: &Place) {
    let floor = Floor::with(place, two_lines()).await;
    let begun = listed(&floor).await;
    assert!(
        begun
            .iter()
            .all(|r| r["line"].is_null() && r["machine"].is_null())
    );

    let mut wrong = json!({"line": "L1", "machine": "M9", "rule": fault_class("stop")});
    wrong["rule"]["evidence"] = json!({"when": "quality_under", "share": 1.5, "min_pieces": 1});
    let answer = ask(&floor, Method::POST, AUTO, &wrong).await;
    assert_eq!(wrong_fields(&answer), ["machine", "machine", "share"]);
    let nowhere = json!({"line": "L9", "rule": fault_class("stop")});
    let answer = ask(&floor, Method::POST, AUTO, &nowhere).await;
    assert_eq!(wrong_fields(&answer), ["line"]);
    let answer = floor.ask(&floor.operator, Method::POST, AUTO, &nowhere);
    assert_eq!(answer.await.status, StatusCode::FORBIDDEN);

    let mut body = json!({"machine": "M1", "rule": fault_class("stop")});
    let id = added(&floor, &body).await;
    (body["version"], body["machine"], body["line"]) = (json!(1), json!(null), json!("L2"));
    let path = format!("{AUTO}/{id}");
    let answer = ask(&floor, Method::PUT, &path, &body).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
    let now = listed(&floor).await;
    assert_eq!(now.len(), begun.len() + 1);
    let last = now.last().expect("a rule");
    assert_eq!(
        (
            &last["id"],
            &last["version"],
            &last["line"],
            &last["machine"]
        ),
        (&json!(id), &json!(2), &json!("L2"), &json!(null)),
        "{}",
        place.engine
    );
    let remove = async |version: i64| {
        let path = format!("{path}?version={version}");
        ask(&floor, Method::DELETE, &path, &json!(null)).await
    };
    remove(1).await.problem(409, "conflict");
    assert_eq!(remove(2).await.status, StatusCode::NO_CONTENT);
    remove(2).await.problem(404, "not_found");
    assert_eq!(listed(&floor).await, begun, "{}", place.engine);
    let next = added(&floor, &json!({"rule": fault_class("stop")})).await;
    assert!(
        next > id,
        "{}: calls of {id} are not those of {next}",
        place.engine
    );

    // One that every plant starts with goes as well.
    let first = format!("{AUTO}/{}?version=1", begun[0]["id"]);
    let answer = ask(&floor, Method::DELETE, &first, &json!(null)).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");

    let rows = audit::after(&floor.server.app.db, 0, 10_000).await;
    let rows = rows.expect("the record").into_iter();
    let rows: Vec<_> = rows
        .filter(|r| r.action.starts_with("andon.auto."))
        .collect();
    let actions: Vec<&str> = rows.iter().map(|r| r.action.as_str()).collect();
    let expected = ["add", "change", "remove", "add", "remove"];
    assert_eq!(actions, expected.map(|act| format!("andon.auto.{act}")));
    let machine = floor.server.machine("M1").0;
    assert!(
        rows[0].became.contains(&format!("\"machine\":{machine}")),
        "{:?}",
        rows[0]
    );
    assert_eq!(rows[2].became, "", "{:?}", rows[2]);
}

async fn rules_are_added_and_removed_on_the_page(place: &Place) {
    let floor = Floor::with(place, two_lines()).await;
    let mut mona = Browser::of(&floor.server, "mona", "shift_manager").await;
    let list = text(&mona.get("/admin/andon").await);
    let new = "/admin/andon/auto/new?when=quality_under";
    assert!(list.contains(new), "{list}");
    let page = text(&mona.get(new).await);
    for part in [
        "Too few of the pieces are good",
        "value=\"machine:M3\"",
        "value=\"line:L1\"",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let odd = mona.get("/admin/andon/auto/new?when=tea").await;
    assert_eq!(odd.status, StatusCode::NOT_FOUND);

    let form = |pieces| {
        [
            ("when", "quality_under"),
            ("version", "0"),
            ("on-0", "yes"),
            ("place-0", "machine:M3"),
            ("percent-0", "90"),
            ("min_pieces-0", pieces),
            ("kind-0", "quality"),
            ("priority-0", "low"),
        ]
    };
    let answer = mona.post("/admin/andon/auto", &form("many")).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = text(&answer);
    assert!(page.contains("min_pieces-0: must be"), "{page}");
    assert!(page.contains("value=\"machine:M3\" selected"), "{page}");
    let answer = mona.post("/admin/andon/auto", &form("20")).await;
    assert_eq!(leads_to(&answer), "/admin/andon?said=added#auto");
    let rule = listed(&floor).await.pop().expect("a rule");
    assert_eq!(
        (&rule["machine"], &rule["rule"]["evidence"]["min_pieces"]),
        (&json!("M3"), &json!(20)),
        "{}",
        place.engine
    );
    let id = &rule["id"];
    let list = text(&mona.get("/admin/andon").await);
    let name = format!("No. {id}: Too few of the pieces are good");
    assert!(list.contains(&name), "{list}");
    assert!(list.contains("value=\"machine:M3\" selected"), "{list}");

    let remove = format!("/admin/andon/auto/{id}/remove");
    let late = mona.post(&remove, &[("version", "9")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    let gone = mona.post(&remove, &[("version", "1")]).await;
    assert_eq!(leads_to(&gone), "/admin/andon?said=removed#auto");
    let list = text(&mona.get("/admin/andon").await);
    assert!(!list.contains(&name), "{}: {list}", place.engine);
}
