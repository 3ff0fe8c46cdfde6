//! Rules of who is called when: chosen by what they name, changed on record, never over what somebody else wrote meanwhile;
//! what is wrong is told all at once, in programs' words and on the page.

use crate::browser::{Browser, leads_to, text};
use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::two_lines;
use axum::http::{Method, StatusCode};
use ms5_floor::domain::time::DurMs;
use ms5_floor::server::andon::Directory;
use ms5_floor::server::db::audit;
use serde_json::{Value, json};

on_both! {
    a_rule_is_picked_changed_and_removed_on_record,
    everything_wrong_with_a_rule_is_told_at_once,
    a_rule_is_written_on_the_page_and_nobody_writes_over_another,
    what_holds_for_all_calls_and_what_machines_call_for_is_changed,
    what_a_rule_calls_may_be_gone_and_the_form_keeps_it,
}

const RULES: &str = "/api/v1/andon/rules";

async fn start(place: &Place) -> Server {
    let hands = Hands::at(at("2026-07-06T08:00:00Z"));
    Server::with(place, hands.clock(), two_lines()).await
}

fn step(trigger: &str, after_min: i64, level: i64, role: &str) -> Value {
    json!({
        "trigger": trigger,
        "after": after_min * 60_000,
        "level": level,
        "to": [{"role": role}],
        "via": ["screen"],
    })
}

async fn add(server: &Server, rule: &Value) -> i64 {
    let answer = server.send(Method::POST, RULES, None, rule).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.json()["id"].as_i64().expect("a number")
}

async fn tree(server: &Server, query: &str) -> Value {
    let path = format!("/api/v1/andon/escalation?{query}");
    let answer = server.get(&path, None).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()
}

/// What is wrong: the fields in order.
fn wrong_fields(problem: &Value) -> Vec<String> {
    let fields = problem["fields"].as_array().expect("fields").iter();
    fields
        .map(|f| f["field"].as_str().expect("a name").to_owned())
        .collect()
}

/// The actions on record about rules and settings of calls, in order.
async fn on_record(server: &Server) -> Vec<String> {
    let rows = audit::after(&server.app.db, 0, 1000).await.expect("rows");
    let about = rows.into_iter().filter(|r| r.action.starts_with("andon."));
    about.map(|r| r.action).collect()
}

async fn a_rule_is_picked_changed_and_removed_on_record(place: &Place) {
    let server = start(place).await;
    let on_l1 = "line=L1&kind=quality&priority=high";
    assert_eq!(tree(&server, on_l1).await["rule"], Value::Null, "a default");
    let quality = json!({"kind": "quality", "steps": [step("raised", 0, 0, "quality")]});
    let by_kind = add(&server, &quality).await;
    assert_eq!(tree(&server, on_l1).await["rule"], by_kind);
    let mut line = json!({"line": "L1", "steps": [step("raised", 0, 0, "engineer"), step("not_acknowledged", 7, 1, "admin")]});
    let by_line = add(&server, &line).await;
    let found = tree(&server, on_l1).await;
    assert_eq!(found["rule"], by_line, "a line says more than a kind");
    assert_eq!(found["rungs"][1]["after"], 7 * 60_000);
    let elsewhere = tree(&server, "line=L2&kind=quality&priority=high").await;
    assert_eq!(elsewhere["rule"], by_kind);
    let listed = server.get(RULES, None).await.json();
    let order: Vec<i64> = listed["rules"]
        .as_array()
        .expect("rules")
        .iter()
        .map(|r| r["id"].as_i64().expect("a number"))
        .collect();
    assert_eq!(order, [by_line, by_kind], "in the order of picking");

    let answer = server.send(Method::POST, RULES, None, &quality).await;
    let problem = answer.problem(422, "invalid");
    assert_eq!(wrong_fields(&problem), ["rule"], "one for the same calls");

    let path = format!("{RULES}/{by_line}");
    line["version"] = json!(1);
    line["steps"][1]["after"] = json!(9 * 60_000);
    let answer = server.send(Method::PUT, &path, None, &line).await;
    assert_eq!(answer.json()["version"], 2, "{answer:?}");
    let stale = server.send(Method::PUT, &path, None, &line).await;
    stale.problem(409, "conflict");
    assert_eq!(tree(&server, on_l1).await["rungs"][1]["after"], 9 * 60_000);
    let gone = |version: i64| format!("{path}?version={version}");
    let remove = async |path: String| server.send(Method::DELETE, &path, None, &json!(null)).await;
    remove(gone(1)).await.problem(409, "conflict");
    assert_eq!(remove(gone(2)).await.status, StatusCode::NO_CONTENT);
    remove(gone(2)).await.problem(404, "not_found");
    assert_eq!(tree(&server, on_l1).await["rule"], by_kind);
    assert_eq!(
        on_record(&server).await,
        [
            "andon.rule.add",
            "andon.rule.add",
            "andon.rule.change",
            "andon.rule.remove"
        ],
        "{}: only what was done",
        place.engine
    );
}

async fn everything_wrong_with_a_rule_is_told_at_once(place: &Place) {
    let server = start(place).await;
    let steps = json!([
        {"trigger": "raised", "after": -1, "level": 3, "to": [{"role": "nobody_has_it"}, {"person": 99_999}], "via": []},
        {"trigger": "not_resolved", "after": 0, "level": 1, "to": [], "via": ["sms", "sms"]},
    ]);
    let rule = json!({"line": "L9", "shift": "Dusk", "steps": steps});
    let answer = server.send(Method::POST, RULES, None, &rule).await;
    let mut fields = wrong_fields(&answer.problem(422, "invalid"));
    fields.sort();
    fields.dedup();
    assert_eq!(
        fields,
        [
            "line",
            "shift",
            "steps[0].after",
            "steps[0].level",
            "steps[0].to",
            "steps[0].via",
            "steps[1].to",
            "steps[1].via",
        ]
    );
    let nothing = server.send(Method::POST, RULES, None, &json!({})).await;
    assert_eq!(wrong_fields(&nothing.problem(422, "invalid")), ["steps"]);
    let odd = json!({"kind": "coffee", "steps": []});
    let answer = server.send(Method::POST, RULES, None, &odd).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
    assert_eq!(on_record(&server).await, Vec::<String>::new());
}

/// The fields of a rule with one step, as the page sends them.
fn form<'a>(version: &'a str, minutes: &'a str, role: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut out = vec![
        ("kind", "material"),
        ("priority", ""),
        ("line", "L2"),
        ("shift", ""),
        ("steps[0].trigger", "raised"),
        ("steps[0].after", "0"),
        ("steps[0].level", "0"),
        ("steps[0].to", role),
        ("steps[0].to", ""),
        ("steps[0].via", "screen"),
        ("steps[0].via", "sms"),
        ("steps[1].trigger", ""),
        ("steps[1].after", "5"),
        ("steps[2].trigger", "not_acknowledged"),
        ("steps[2].after", minutes),
        ("steps[2].level", "1"),
        ("steps[2].to", "duty:stores"),
        ("steps[2].via", "screen"),
    ];
    if !version.is_empty() {
        out.push(("version", version));
    }
    out
}

async fn a_rule_is_written_on_the_page_and_nobody_writes_over_another(place: &Place) {
    let server = start(place).await;
    let mut mona = Browser::of(&server, "mona", "shift_manager").await;
    let empty = text(&mona.get("/admin/andon").await);
    assert!(empty.contains("None yet.") && empty.contains("Where no rule holds"));
    let page = text(&mona.get("/admin/andon/rules/new?priority=critical").await);
    assert_eq!(
        page.matches("<fieldset class=\"step\">").count(),
        4,
        "as by default"
    );

    // One more step is shown, and nothing is stored.
    let mut more = form("", "7.5", "role:engineer");
    more.push(("then", "step"));
    let page = text(&mona.post("/admin/andon/rules", &more).await);
    assert_eq!(page.matches("<fieldset class=\"step\">").count(), 3);
    assert!(page.contains("value=\"7.5\""), "{page}");

    let wrong = form("", "soon", "role:engineer");
    let answer = mona.post("/admin/andon/rules", &wrong).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = text(&answer);
    assert!(page.contains("steps[1].after: must be minutes"), "{page}");
    assert!(
        page.contains("value=\"soon\""),
        "what was typed is still there"
    );
    let answer = mona
        .post("/admin/andon/rules", &form("", "7.5", "role:engineer"))
        .await;
    assert_eq!(leads_to(&answer), "/admin/andon?said=added");
    let list = text(&mona.get("/admin/andon?said=added").await);
    for words in [
        "Added.",
        "Material, on Line 2",
        "At once",
        "Screen, SMS",
        "Nobody took it for 7 min 30 s: level 1",
        "on duty: stores",
        "A duty that a rule calls has nobody",
    ] {
        assert!(list.contains(words), "{words}: {list}");
    }
    let id = server.get(RULES, None).await.json()["rules"][0]["id"].clone();
    let path = format!("/admin/andon/rules/{id}");
    let page = text(&mona.get(&path).await);
    assert!(page.contains("name=\"version\" value=\"1\""), "{page}");

    let saved = mona.post(&path, &form("1", "8", "role:admin")).await;
    assert_eq!(leads_to(&saved), format!("{path}?said=saved"));
    let late = mona.post(&path, &form("1", "30", "role:operator")).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    let page = text(&late);
    assert!(page.contains("changed by somebody else"), "{page}");
    assert!(
        page.contains("value=\"8\"") && page.contains("name=\"version\" value=\"2\""),
        "as it is now"
    );
    let late = mona
        .post(&format!("{path}/remove"), &[("version", "1")])
        .await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    let gone = mona
        .post(&format!("{path}/remove"), &[("version", "2")])
        .await;
    assert_eq!(leads_to(&gone), "/admin/andon?said=removed");
    assert_eq!(
        on_record(&server).await,
        ["andon.rule.add", "andon.rule.change", "andon.rule.remove"]
    );
    let missing = mona.get(&path).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}

async fn what_holds_for_all_calls_and_what_machines_call_for_is_changed(place: &Place) {
    let server = start(place).await;
    let mut mona = Browser::of(&server, "mona", "production_manager").await;
    let general = |version| {
        [
            ("version", version),
            ("calls", "3"),
            ("within", "15"),
            ("reopen", "2.5"),
        ]
    };
    let answer = mona.post("/admin/andon", &general("0")).await;
    assert_eq!(leads_to(&answer), "/admin/andon?said=saved");
    let late = mona.post("/admin/andon", &general("0")).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    let wrong = [
        ("version", "1"),
        ("calls", "0"),
        ("within", "0.5"),
        ("reopen", "200"),
    ];
    let answer = mona.post("/admin/andon", &wrong).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = text(&answer);
    for field in ["reopen: must be", "calls: must be", "within: must be"] {
        assert!(page.contains(field), "{field}: {page}");
    }
    let held = Directory::load(&server.app.db).await.expect("read");
    assert_eq!(
        (held.limit.calls, held.limit.within),
        (3, DurMs(15 * 60_000))
    );
    assert_eq!(
        held.reopen.0,
        DurMs(150 * 60_000),
        "what the worker goes by"
    );

    let autos = server.get(RULES, None).await.json()["autos"].clone();
    let of = |when: &str| {
        let all = autos.as_array().expect("a list");
        let found = all.iter().find(|a| a["rule"]["evidence"]["when"] == when);
        found.expect("a rule")["id"].as_i64().expect("a number")
    };
    let (stop, quality) = (of("stop_longer"), of("quality_under"));
    let field = |name: &str, id: i64| format!("{name}-{id}");
    let (on, minutes, kind, priority) = (
        field("on", stop),
        field("minutes", stop),
        field("kind", stop),
        field("priority", stop),
    );
    let set = |version, time| {
        vec![
            ("version", version),
            (on.as_str(), "yes"),
            (minutes.as_str(), time),
            (kind.as_str(), "stop"),
            (priority.as_str(), "high"),
        ]
    };
    let path = format!("/admin/andon/auto/{stop}");
    assert_eq!(
        leads_to(&mona.post(&path, &set("1", "2,5")).await),
        "/admin/andon?said=saved"
    );
    assert_eq!(
        mona.post(&path, &set("1", "3")).await.status,
        StatusCode::CONFLICT
    );
    let answer = mona.post(&path, &set("2", "0")).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        text(&answer).contains(&format!("minutes-{stop}: must be")),
        "{}",
        text(&answer)
    );
    let now = server.get(RULES, None).await.json()["autos"].clone();
    let rule = |id: i64| {
        let all = now.as_array().expect("a list");
        let found = all.iter().find(|a| a["id"] == id).expect("a rule");
        found["rule"].clone()
    };
    let expected = json!({"on": true, "evidence": {"when": "stop_longer", "than": 150_000}, "kind": "stop", "priority": "high"});
    assert_eq!(rule(stop), expected);

    let auto = format!("/api/v1/andon/auto/{quality}");
    let other = json!({"version": 1, "rule": expected});
    let answer = server.send(Method::PUT, &auto, None, &other).await;
    assert_eq!(wrong_fields(&answer.problem(422, "invalid")), ["evidence"]);
    let mut off = rule(quality);
    (off["on"], off["evidence"]["share"]) = (json!(false), json!(1.5));
    let body = json!({"version": 1, "rule": off});
    let answer = server.send(Method::PUT, &auto, None, &body).await;
    assert_eq!(wrong_fields(&answer.problem(422, "invalid")), ["share"]);
    off["evidence"]["share"] = json!(0.9);
    let body = json!({"version": 1, "rule": off});
    let answer = server.send(Method::PUT, &auto, None, &body).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
    assert_eq!(
        on_record(&server).await,
        [
            "andon.general.change",
            "andon.auto.change",
            "andon.auto.change"
        ]
    );
}

async fn what_a_rule_calls_may_be_gone_and_the_form_keeps_it(place: &Place) {
    let server = start(place).await;
    let rule = json!({"steps": [{
        "trigger": "raised", "after": 0, "level": 0,
        "to": [{"duty": "first aid"}], "via": ["screen", "voice"],
    }]});
    let id = add(&server, &rule).await;
    let mut mona = Browser::of(&server, "mona", "production_manager").await;
    let page = text(&mona.get(&format!("/admin/andon/rules/{id}")).await);
    assert!(page.contains("value=\"duty:first aid\" selected"), "{page}");
    // Nobody has the duty: the rehearsal says so, and so does the page of rules.
    let found = tree(&server, "line=L1&kind=safety&priority=low").await;
    let call = &found["rungs"][0]["calls"][0];
    assert_eq!(
        (&call["nobody"], &call["who"]),
        (&json!(true), &json!("on duty: first aid"))
    );
    let page = "/admin/andon/rehearse?line=L1&at=2026-07-06T14%3A30&kind=safety&priority=low";
    let page = text(&mona.get(page).await);
    assert!(
        page.contains("Nobody would be reached by: At once."),
        "{page}"
    );
    assert!(page.contains("nobody has it then"), "{page}");
    let wrong = "/admin/andon/rehearse?line=L1&at=tomorrow&kind=tea&priority=low";
    let answer = mona.get(wrong).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    for field in ["at: must be", "kind: does not exist"] {
        assert!(text(&answer).contains(field), "{field}");
    }
}
