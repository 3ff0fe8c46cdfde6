//! Whatever people type is shown as they typed it, and never becomes a part of a page: not in text, not in an attribute, not
//! in what a page tells its own script.

use crate::browser::{Browser, add_person, add_role, enrol, leads_to, role_id, text};
use crate::harness::{Place, at};
use crate::markup::tags;
use crate::small_plant::small_plant;
use crate::stop_scene::{Scene, minute};
use axum::http::StatusCode;
use ms5_floor::domain::machine_state::MachineState::{Running, Stopped};
use ms5_floor::domain::rights::PermissionSet;
use ms5_floor::server::db::people;
use ms5_floor::ui::sheets::address::encoded;
use serde_json::json;

on_both! {
    markup_in_names_and_comments_stays_text,
    markup_that_is_sent_back_at_once_stays_text,
}

/// Leaves an attribute, a tag and a script, where it can.
const MARK: &str = "q\" onfocus=a() '></script></textarea><img src=x>";
/// How one sees that a page shows it.
const SHOWN: &str = "onfocus=a()";

#[track_caller]
fn is_text(page: &str, what: &str) {
    for tag in tags(page) {
        let foreign = tag.name == "img" && tag.get("src") == Some("x");
        let acts = tag
            .attributes
            .iter()
            .any(|(name, _)| name.starts_with("on"));
        assert!(!foreign && !acts, "{what}: {tag:?} in {page}");
    }
}

#[track_caller]
fn shown_as_text(page: &str, what: &str) {
    assert!(page.contains(SHOWN), "{what} is not shown: {page}");
    is_text(page, what);
}

async fn markup_in_names_and_comments_stays_text(place: &Place) {
    let mut scene = Scene::new(place).await;
    let mut plant = small_plant();
    for of in ["area", "line", "machine", "product"] {
        plant[of][0]["name"] = json!(MARK);
    }
    plant["site"]["name"] = json!(MARK);
    plant["fault"][0]["text"] = json!(MARK);
    plant["reason"] =
        json!([{"code": "TORN", "name": MARK, "parent": "MATERIAL", "category": "unplanned"}]);
    scene.server.set_up(plant).await;
    scene
        .tell(&[
            (0, Running, None),
            (10, Stopped, Some("F44")),
            (25, Running, None),
        ])
        .await;
    let said = json!({"version": 0, "comment": MARK, "reasons": [{"reason": "TORN"}]});
    let answer = scene.say(10, said).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", text(&answer));
    let server = &scene.server;
    let id = add_person(server, "ada", "admin").await;
    let mut tx = server.app.db.begin().await.expect("a transaction");
    people::change(&mut tx, id, (MARK, ""), false)
        .await
        .expect("a name");
    tx.commit().await.expect("committed");
    add_role(server, "odd", PermissionSet::NONE).await;
    let odd = role_id(server, "odd").await;
    let mut admin = Browser::new(server);
    // The name of a browser is typed, too.
    admin.agent = "q\" onfocus=a() '></script><img src=x>";
    let answer = admin.sign_in("ada", crate::browser::PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let role = [("version", "1"), ("name", MARK), ("first_page", "/")];
    let answer = admin.post(&format!("/admin/roles/{odd}"), &role).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", text(&answer));
    let link = enrol(&mut admin, "tablet", MARK).await;
    let key = [("sender", MARK), ("usual", "send"), ("days", "30")];
    let answer = admin.post("/admin/keys", &key).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", text(&answer));
    let day = at("2026-07-06T00:00:00Z");
    assert!(minute(10) > day);
    let stop = format!(
        "/lines/L1?view=stops&period=day&on=2026-07-06&stop=M1-{}",
        minute(10).0
    );
    let of_person = format!("/admin/people/{}", id.0);
    let of_role = format!("/admin/roles/{odd}");
    for path in [
        "/",
        "/lines/L1",
        "/lines/L1?view=losses&period=day&on=2026-07-06",
        &stop,
        "/account",
        "/admin/people",
        "/admin/people/new",
        &of_person,
        "/admin/roles",
        &of_role,
        "/admin/devices",
        "/admin/keys",
        "/admin/audit",
    ] {
        let answer = admin.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        shown_as_text(&text(&answer), path);
    }
    let page = text(&admin.get(&stop).await);
    // The comment stands in the list of what was said, and in the field where it is changed.
    let field = tags(&page)
        .into_iter()
        .find(|t| t.get("name") == Some("comment"));
    let field = field.unwrap_or_else(|| panic!("no field for the comment: {page}"));
    assert!(
        field.get("value").is_some_and(|v| v.contains(SHOWN)),
        "{field:?}"
    );
    // Where somebody is refused, those who may help are named.
    let mut viewer = Browser::of(server, "vic", "viewer").await;
    let refused = viewer.get("/admin/audit").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    shown_as_text(&text(&refused), "whom to ask");
    // On a tablet people are name tiles.
    let mut tx = server.app.db.begin().await.expect("a transaction");
    let pin = server.app.hasher.hash("4711".to_owned()).await;
    people::set_pin(&mut tx, id, pin.as_deref())
        .await
        .expect("a PIN");
    tx.commit().await.expect("committed");
    let mut tablet = Browser::new(server);
    assert_eq!(leads_to(&tablet.post(&link, &[]).await), "/lines/L1");
    for path in ["/sign-on", &format!("/sign-on?who={}", id.0), "/lines/L1"] {
        shown_as_text(&text(&tablet.get(path).await), path);
    }
}

async fn markup_that_is_sent_back_at_once_stays_text(place: &Place) {
    let scene = Scene::new(place).await;
    let server = &scene.server;
    let mut admin = Browser::of(server, "ada", "admin").await;
    let mark = encoded(MARK);
    for (path, shown) in [
        (
            format!("/admin/audit?actor={mark}&action={mark}&target={mark}&from={mark}"),
            true,
        ),
        (format!("/admin/people?find={mark}"), true),
        (
            format!("/lines/L1?view=stops&machine={mark}&on={mark}"),
            false,
        ),
        (format!("/lines/{mark}"), false),
        (format!("/nothing/{mark}?{mark}"), false),
        (format!("/?said={mark}"), false),
        (format!("/sign-on?next={mark}"), false),
    ] {
        let page = text(&admin.get(&path).await);
        is_text(&page, &path);
        assert!(!shown || page.contains(SHOWN), "{path}: {page}");
    }
    let mut nobody = Browser::new(server);
    let page = text(&nobody.get(&format!("/sign-in?next=%2F{mark}")).await);
    is_text(&page, "next");
    let wrong = nobody.sign_in(MARK, "not this one").await;
    shown_as_text(&text(&wrong), "the login");
    let forms: [(&str, &[(&str, &str)]); 4] = [
        (
            "/admin/people",
            &[
                ("login", MARK),
                ("name", MARK),
                ("email", MARK),
                ("role", "x"),
                ("where", MARK),
            ],
        ),
        (
            "/admin/roles/new",
            &[("code", MARK), ("name", MARK), ("like", MARK)],
        ),
        (
            "/admin/devices",
            &[
                ("kind", MARK),
                ("name", MARK),
                ("page", MARK),
                ("place", MARK),
            ],
        ),
        ("/admin/keys", &[("sender", MARK), ("days", MARK)]),
    ];
    for (path, form) in forms {
        let answer = admin.post(path, form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        shown_as_text(&text(&answer), path);
    }
}
