//! People are known by their number: what one did another one of the same name did not do, and whoever reads can tell them apart.

use crate::andon_scene::{Floor, run, told};
use crate::browser::{Browser, text};
use crate::cast::Actor;
use crate::harness::Place;
use serde_json::{Value, json};

on_both! {
    two_of_one_name_are_told_by_their_login,
    what_one_did_another_of_the_same_name_did_not,
}

async fn rename(floor: &Floor, login: &str, name: &str) {
    let sql = format!("UPDATE person SET name = '{name}' WHERE login = '{login}'");
    run(&floor.server.app.db, sql).await;
    floor.server.app.people.forget();
}

/// What is answered: the status, and why it is a conflict.
async fn status(floor: &Floor, who: &Actor, id: i64, act: &str, body: Value) -> (u16, String) {
    let answer = floor.act(who, id, act, body).await;
    let why = String::from_utf8_lossy(&answer.body).into_owned();
    (answer.status.as_u16(), why)
}

const ENGINEER: &str = "Kim Berg (engineer.everywhere)";
const MANAGER: &str = "Kim Berg (shift_manager.everywhere)";

async fn two_of_one_name_are_told_by_their_login(place: &Place) {
    let floor = Floor::new(place).await;
    for login in ["engineer.everywhere", "shift_manager.everywhere"] {
        rename(&floor, login, "Kim Berg").await;
    }
    let call = json!({"machine": "M1", "kind": "material", "priority": "low"});
    let id = floor.raised(&floor.operator, call).await;
    let names: Vec<String> = told(&floor.detail(id).await["call"])
        .into_iter()
        .map(|t| t.1)
        .collect();
    assert_eq!(names, [ENGINEER, MANAGER], "{}", place.engine);
    let taken = floor
        .acted(&floor.engineer, id, "acknowledge", json!({}))
        .await;
    assert_eq!(taken["call"]["acknowledged"]["by"], ENGINEER);
    let (code, why) = status(&floor, &floor.shift_manager, id, "acknowledge", json!({})).await;
    assert!(code == 409 && why.contains(ENGINEER), "{code}: {why}");
    let mut mona = Browser::of(&floor.server, "mona", "shift_manager").await;
    for path in ["/admin/andon/rules/new", "/admin/roster"] {
        let page = text(&mona.get(path).await);
        for name in [ENGINEER, MANAGER] {
            assert!(page.contains(name), "{} {path}: {page}", place.engine);
        }
    }
}

async fn what_one_did_another_of_the_same_name_did_not(place: &Place) {
    let floor = Floor::new(place).await;
    let cause = json!({"cause": "internal"});
    let call = json!({"machine": "M1", "kind": "material", "priority": "low"});
    let id = floor.raised(&floor.operator, call).await;
    for (act, body, words) in [
        ("acknowledge", json!({}), "acknowledged"),
        ("arrive", json!({}), "on site"),
        ("resolve", cause, "resolved"),
        ("close", json!({}), "closed"),
    ] {
        rename(&floor, "engineer.everywhere", "Kim Berg").await;
        rename(&floor, "shift_manager.everywhere", "Sam Falk").await;
        floor.acted(&floor.engineer, id, act, body.clone()).await;
        // Who did it goes by another name now, and their old one is another's.
        rename(&floor, "engineer.everywhere", "Lee Winter").await;
        rename(&floor, "shift_manager.everywhere", "Kim Berg").await;
        let again = status(&floor, &floor.engineer, id, act, body.clone()).await;
        assert_eq!(again.0, 200, "{} {act}: {}", place.engine, again.1);
        let (code, why) = status(&floor, &floor.shift_manager, id, act, body).await;
        let expected = format!("{words} by another Kim Berg");
        assert!(
            code == 409 && why.contains(&expected),
            "{} {act}: {code}: {why}",
            place.engine
        );
    }
    let history = floor.detail(id).await["history"].clone();
    let lines = history.as_array().expect("a history");
    let done = lines.iter().filter(|l| l["what"] == "resolve").count();
    assert_eq!(done, 1, "{history}");
}
