//! Whom a step calls is told by what reaches them, not too often, and hears when it is over.

use crate::andon_scene::{
    Floor, Letters, add_rule, give_addresses, minutes, number, rule_of, run, set, start, step, told,
};
use crate::cast::Actor;
use crate::harness::Place;
use axum::body::Body;
use axum::http::{Method, Request};
use ms5_floor::domain::andon::{Channel, Recipient, Rule, Trigger};
use ms5_floor::domain::time::DurMs;
use ms5_floor::server::auth::housekeeping;
use ms5_floor::server::db::andon::rules::QUIET_LIMIT;
use serde_json::{Value, json};
use std::sync::Arc;

on_both! {
    mail_goes_to_whom_a_step_calls_and_they_hear_when_it_is_over,
    who_has_no_address_is_told_on_the_screen,
    what_is_too_much_comes_as_one_summary,
    a_summary_waits_no_longer_because_the_clock_was_set_back,
    a_duty_calls_whoever_has_it_or_stands_in,
    a_link_takes_the_call_once_for_the_person_to_whom_it_was_sent,
    a_link_shows_nothing_to_whom_may_not_see_the_line_any_more,
}

async fn with_mail(place: &Place) -> (Floor, Arc<Letters>) {
    let mut floor = Floor::new(place).await;
    let letters = Arc::new(Letters::default());
    floor.reach_by("email", letters.clone());
    give_addresses(&floor.server.app.db).await;
    (floor, letters)
}

/// What reached whom by mail, with its outcome.
fn mailed(call: &Value) -> Vec<(String, String)> {
    let all = told(call).into_iter().filter(|t| t.2 == "email");
    all.map(|t| (t.1, t.3)).collect()
}

fn of(roles: &[&str], what: &str) -> Vec<(String, String)> {
    let one = |role: &&str| (format!("{role} everywhere"), what.to_owned());
    roles.iter().map(one).collect()
}

fn letters_to(roles: &[&str], title: &str) -> Vec<(String, String)> {
    let one = |role: &&str| (format!("{role}.everywhere"), title.to_owned());
    roles.iter().map(one).collect()
}

async fn mail_goes_to_whom_a_step_calls_and_they_hear_when_it_is_over(place: &Place) {
    let (mut floor, letters) = with_mail(place).await;
    let call = json!({"machine": "M1", "kind": "maintenance", "text": "smoke"});
    let id = floor.raised(&floor.operator, call).await;
    let first = [
        "engineer",
        "maintenance",
        "production_manager",
        "shift_manager",
    ];
    let detail = floor.detail(id).await;
    assert_eq!(mailed(&detail["call"]), of(&first, "waiting"));
    floor.deliver().await;
    let title = "Maintenance: Line 1, Filler (medium)";
    assert_eq!(
        letters.take(),
        letters_to(&first, title),
        "{}",
        place.engine
    );
    floor.at(DurMs(1_000)).await;
    let seen = floor.detail(id).await["call"].clone();
    assert_eq!(mailed(&seen), of(&first, "sent"));
    assert!(seen["version"].as_i64() > detail["call"]["version"].as_i64());

    // The next level is on its way when somebody resolves it: that message need not go out any more.
    assert_eq!(floor.at(minutes(10)).await, 1);
    floor.resolve(id).await;
    floor.deliver().await;
    let over = "Over, resolved: Maintenance: Line 1, Filler (medium)";
    let rest = ["maintenance", "production_manager", "shift_manager"];
    assert_eq!(
        letters.take(),
        letters_to(&rest, over),
        "who resolved it knows"
    );
    floor.at(minutes(11)).await;
    let seen = floor.detail(id).await["call"].clone();
    assert_eq!(mailed(&seen), of(&first, "sent"), "nobody else was told");
    floor.deliver().await;
    assert_eq!(letters.take(), [], "nothing twice");

    // A new round wakes whom it calls, and only they hear of its end.
    floor.acted(&floor.engineer, id, "reopen", json!({})).await;
    floor.deliver().await;
    assert_eq!(letters.take().len(), 4);
    // Reopened before anybody heard that it was over: nobody hears that any more.
    floor.resolve(id).await;
    floor.acted(&floor.engineer, id, "reopen", json!({})).await;
    floor.deliver().await;
    assert_eq!(
        letters.take(),
        letters_to(&first, title),
        "{}",
        place.engine
    );
    let note = json!({"note": "a slip"});
    floor.acted(&floor.shift_manager, id, "cancel", note).await;
    floor.deliver().await;
    let over = "Over, cancelled: Maintenance: Line 1, Filler (medium)";
    let rest = ["engineer", "maintenance", "production_manager"];
    assert_eq!(letters.take(), letters_to(&rest, over));
}

async fn who_has_no_address_is_told_on_the_screen(place: &Place) {
    let (floor, letters) = with_mail(place).await;
    let db = &floor.server.app.db;
    let none = "UPDATE person SET email = '' WHERE login LIKE 'engineer%'";
    run(db, none.to_owned()).await;
    let shown_only = "UPDATE person SET demo = 1 WHERE login LIKE 'shift%'";
    run(db, shown_only.to_owned()).await;
    let mail_only = Rule {
        ladder: rule_of(vec![ms5_floor::domain::andon::Step {
            via: vec![Channel::Email, Channel::Sms],
            to: ["engineer", "shift_manager", "production_manager", "quality"]
                .map(|role| Recipient::Role(role.to_owned()))
                .to_vec(),
            ..step(Trigger::Raised, DurMs::ZERO, 0, "engineer")
        }])
        .ladder,
        ..rule_of(vec![])
    };
    add_rule(db, &mail_only).await;
    let call = json!({"machine": "M1", "kind": "maintenance"});
    let id = floor.raised(&floor.operator, call).await;
    let line =
        |who: &str, via: &str, what: &str| (0, who.to_owned(), via.to_owned(), what.to_owned());
    assert_eq!(
        told(&floor.detail(id).await["call"]),
        [
            line("Quality Control", "screen", "failed"),
            line("engineer everywhere", "email", "failed"),
            line("engineer everywhere", "screen", "shown"),
            line("production_manager everywhere", "email", "waiting"),
            line("shift_manager everywhere", "screen", "shown"),
        ],
        "{}: nobody is quality control",
        place.engine
    );
    floor.deliver().await;
    assert_eq!(letters.take().len(), 1);
}

async fn what_is_too_much_comes_as_one_summary(place: &Place) {
    let (mut floor, letters) = with_mail(place).await;
    let limit = json!({"calls": 2, "within": minutes(10).0});
    set(&floor.server.app.db, QUIET_LIMIT, &limit).await;
    let mut ids = Vec::new();
    let material =
        |machine: &str| json!({"machine": machine, "kind": "material", "priority": "low"});
    let of_line = json!({"line": "L1", "kind": "material", "priority": "low"});
    for (minute, call) in [
        (0, material("M1")),
        (1, material("M2")),
        (2, material("M3")),
        (3, of_line),
    ] {
        floor.at(minutes(minute)).await;
        ids.push(floor.raised(&floor.operator, call).await);
    }
    let first = ["engineer", "shift_manager"];
    for (id, what) in ids.iter().zip(["waiting", "waiting", "merged", "merged"]) {
        assert_eq!(mailed(&floor.detail(*id).await["call"]), of(&first, what));
    }
    floor.deliver().await;
    assert_eq!(letters.take().len(), 4, "two each");
    // Danger is never held back.
    let danger = json!({"machine": "M1", "kind": "safety", "priority": "low"});
    let danger = floor.raised(&floor.operator, danger).await;
    assert_eq!(
        mailed(&floor.detail(danger).await["call"]),
        of(&["engineer", "maintenance", "shift_manager"], "waiting")
    );
    floor.deliver().await;
    assert_eq!(letters.take().len(), 3);
    floor.at(minutes(9)).await;
    floor.deliver().await;
    assert_eq!(letters.take(), [], "it waits");
    floor.at(minutes(10)).await;
    floor.deliver().await;
    assert_eq!(
        letters.take(),
        letters_to(&first, "2 more calls"),
        "{}",
        place.engine
    );
    floor.at(minutes(11)).await;
    floor.deliver().await;
    assert_eq!(letters.take(), [], "once");
    assert_eq!(
        mailed(&floor.detail(ids[3]).await["call"]),
        of(&first, "merged")
    );
    // What is over when the summary is due is not in it.
    let call = json!({"line": "L2", "kind": "material", "priority": "low"});
    let id = floor.raised(&floor.operator, call).await;
    assert_eq!(
        mailed(&floor.detail(id).await["call"]),
        of(&first, "merged")
    );
    let note = json!({"note": "a slip"});
    floor.acted(&floor.engineer, id, "cancel", note).await;
    floor.deliver().await;
    assert_eq!(letters.take(), [], "who was not woken hears of no end");
    floor.hands.set(start() + minutes(14));
    floor.at(minutes(14)).await;
    floor.deliver().await;
    assert_eq!(letters.take(), []);
}

async fn a_summary_waits_no_longer_because_the_clock_was_set_back(place: &Place) {
    let (mut floor, letters) = with_mail(place).await;
    let limit = json!({"calls": 1, "within": minutes(10).0});
    set(&floor.server.app.db, QUIET_LIMIT, &limit).await;
    let low = |place: &str, code: &str| json!({place: code, "kind": "material", "priority": "low"});
    let first = ["engineer", "shift_manager"];
    floor.at(minutes(0)).await;
    floor.raised(&floor.operator, low("machine", "M1")).await;
    let held = floor.raised(&floor.operator, low("machine", "M2")).await;
    assert_eq!(
        mailed(&floor.detail(held).await["call"]),
        of(&first, "merged")
    );
    floor.at(minutes(1)).await;
    floor.deliver().await;
    assert_eq!(letters.take().len(), 2, "the first one");
    // By the new clock the summary lies two hours ahead; what comes until somebody looks goes out with it.
    floor.hands.set(start() + minutes(-120));
    let joins = floor.raised(&floor.operator, low("machine", "M3")).await;
    assert_eq!(
        mailed(&floor.detail(joins).await["call"]),
        of(&first, "merged")
    );
    floor.at(minutes(-120)).await;
    floor.deliver().await;
    assert_eq!(
        letters.take(),
        letters_to(&first, "2 more calls"),
        "{}",
        place.engine
    );
    // The next one waits as long as the limit says, counted from now.
    floor.raised(&floor.operator, low("line", "L1")).await;
    floor.at(minutes(-111)).await;
    floor.deliver().await;
    assert_eq!(letters.take(), [], "{}: it waits", place.engine);
    floor.at(minutes(-110)).await;
    floor.deliver().await;
    assert_eq!(letters.take().len(), 2, "{}: one each", place.engine);
}

async fn a_duty_calls_whoever_has_it_or_stands_in(place: &Place) {
    let floor = Floor::new(place).await;
    let db = &floor.server.app.db;
    let rule = Rule {
        ladder: rule_of(vec![ms5_floor::domain::andon::Step {
            to: vec![
                Recipient::Duty("maintenance".to_owned()),
                Recipient::Duty("forklift".to_owned()),
            ],
            ..step(Trigger::Raised, DurMs::ZERO, 0, "engineer")
        }])
        .ladder,
        ..rule_of(vec![])
    };
    add_rule(db, &rule).await;
    let duty = "INSERT INTO duty (name, person_id, days, holidays, version)
        SELECT 'maintenance', id, 127, 1, 1 FROM person WHERE login LIKE 'engineer%'";
    run(db, duty.to_owned()).await;
    let call = |kind: &str| json!({"machine": "M1", "kind": kind});
    let id = floor.raised(&floor.operator, call("stop")).await;
    let who = |call: &Value| {
        told(call)
            .into_iter()
            .map(|t| (t.1, t.3))
            .collect::<Vec<_>>()
    };
    let line = |who: &str, what: &str| (who.to_owned(), what.to_owned());
    let nobody = line("on duty: forklift", "failed");
    assert_eq!(
        who(&floor.detail(id).await["call"]),
        [line("engineer everywhere", "shown"), nobody.clone()],
        "{}",
        place.engine
    );
    let away = "INSERT INTO substitute (person_id, by_id, from_day, until_day, version)
        SELECT a.id, b.id, 20000, 30000, 1 FROM person a, person b
        WHERE a.login LIKE 'engineer%' AND b.login LIKE 'shift%'";
    run(db, away.to_owned()).await;
    let id = floor.raised(&floor.operator, call("material")).await;
    let stands_in = "shift_manager everywhere (for engineer everywhere)";
    assert_eq!(
        who(&floor.detail(id).await["call"]),
        [nobody, line(stands_in, "shown")]
    );
}

async fn a_link_takes_the_call_once_for_the_person_to_whom_it_was_sent(place: &Place) {
    let (floor, letters) = with_mail(place).await;
    let call = json!({"machine": "M1", "kind": "maintenance", "text": "<b>smoke</b>"});
    let id = floor.raised(&floor.operator, call).await;
    floor.deliver().await;
    let links = letters.links();
    let link = &links["engineer.everywhere"];
    assert!(
        link.starts_with("https://floor.example/andon/take/"),
        "{link}"
    );
    let path = link.trim_start_matches("https://floor.example");
    let status = async |who: &Actor, method: Method| {
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(kind.0, kind.1)
            .header("accept", "text/html")
            .header("sec-fetch-site", "same-origin")
            .body(Body::from("minutes=5"))
            .expect("a request");
        who.show(&floor.server, request.headers_mut()).await;
        let answer = floor.server.ask_as_it_is(request).await;
        let html = String::from_utf8_lossy(&answer.body).into_owned();
        (answer.status.as_u16(), answer.headers, html)
    };
    let (code, headers, _) = status(&Actor::nobody(), Method::GET).await;
    let to = headers["location"].to_str().expect("text");
    assert!(
        code == 303 && to.starts_with("/sign-in?next="),
        "{code} {to}"
    );
    let (code, _, html) = status(&floor.shift_manager, Method::POST).await;
    assert!(
        code == 409 && html.contains("somebody else"),
        "{code}: {html}"
    );
    // Programs that look at mail open links by themselves: that takes nothing.
    let (code, _, html) = status(&floor.engineer, Method::GET).await;
    assert!(
        code == 200 && html.contains("I am coming"),
        "{code}: {html}"
    );
    assert!(html.contains("&lt;b&gt;smoke"), "{html}");
    assert_eq!(floor.detail(id).await["call"]["status"], "raised");
    let (code, headers, html) = status(&floor.engineer, Method::POST).await;
    assert_eq!(code, 303, "{html}");
    assert_eq!(headers["location"], "/andon");
    let taken = floor.detail(id).await["call"]["call"].clone();
    assert_eq!(taken["acknowledged"]["by"], "engineer everywhere");
    assert_eq!(taken["eta"], json!((start() + minutes(5)).0));
    for method in [Method::GET, Method::POST] {
        let (code, _, html) = status(&floor.engineer, method).await;
        assert!(code == 409 && html.contains("was used"), "{code}: {html}");
    }
    // Whoever comes later is told who was faster; a link holds for a day.
    let other = links["shift_manager.everywhere"].clone();
    let path = other.trim_start_matches("https://floor.example").to_owned();
    let post = floor
        .ask(&floor.shift_manager, Method::POST, &path, &json!({}))
        .await;
    assert!(post.status.is_client_error(), "a form is no JSON");
    floor.hands.set(start() + minutes(24 * 60));
    let late = floor.get(&floor.shift_manager, &path).await;
    assert_eq!(late.status.as_u16(), 404, "{}: {late:?}", place.engine);
    housekeeping::sweep(&floor.server.app, start() + minutes(24 * 60 + 1))
        .await
        .expect("swept");
    let left = number(&floor.server.app.db, "SELECT COUNT(*) FROM andon_link").await;
    assert_eq!(left, 0);
}

async fn a_link_shows_nothing_to_whom_may_not_see_the_line_any_more(place: &Place) {
    let (floor, letters) = with_mail(place).await;
    let call = json!({"machine": "M1", "kind": "maintenance", "text": "smoke"});
    floor.raised(&floor.operator, call).await;
    floor.deliver().await;
    let link = letters.links()["engineer.everywhere"].clone();
    let path = link.trim_start_matches("https://floor.example");
    let shown = floor.get(&floor.engineer, path).await;
    assert_eq!(shown.status.as_u16(), 200, "{shown:?}");
    let no_roles = "DELETE FROM person_role
        WHERE person_id = (SELECT id FROM person WHERE login = 'engineer.everywhere')";
    run(&floor.server.app.db, no_roles.to_owned()).await;
    floor.server.app.people.forget();
    let refused = floor.get(&floor.engineer, path).await;
    assert_eq!(
        refused.status.as_u16(),
        403,
        "{}: {refused:?}",
        place.engine
    );
    let page = String::from_utf8_lossy(&refused.body).into_owned();
    assert!(!page.contains("smoke"), "{page}");
}
