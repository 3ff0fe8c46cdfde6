//! A device comes with a link that is shown once. A wall shows its page and changes nothing; revoked devices are out at
//! once.

use crate::browser::{Browser, add_person, between, leads_to, link, text};
use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::two_lines;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use ms5_floor::domain::time::{DAY_MS, DurMs};
use ms5_floor::server::db::audit::{self, Wanted};
use ms5_floor::server::db::devices;

on_both! {
    a_link_is_shown_once_and_kept_as_a_hash,
    a_link_leads_to_where_it_was_asked_for_also_over_http_2,
    a_wall_is_bound_to_its_page_and_changes_nothing,
    a_wall_can_show_the_calls,
    a_new_link_or_a_revoked_device_ends_its_sessions,
    only_who_may_enrols_devices,
    what_is_wrong_with_a_device_is_named,
    who_only_looks_at_a_link_changes_nothing,
    a_link_makes_one_browser_the_device_once_and_for_a_day,
}

async fn served(place: &Place) -> Server {
    let hands = Hands::at(at("2026-07-06T10:00:00Z"));
    let server = Server::with(place, hands.clock(), two_lines()).await;
    add_person(&server, "ada", "admin").await;
    server
}

const WALL: [(&str, &str); 4] = [
    ("kind", "wall"),
    ("name", "Wall 1"),
    ("page", "/lines/L1?view=stops"),
    ("place", "line:L1"),
];

async fn a_link_is_shown_once_and_kept_as_a_hash(place: &Place) {
    let server = served(place).await;
    let mut admin = Browser::signed_in(&server, "ada").await;
    let path = link(&mut admin, "/admin/devices", &WALL).await;
    let token = path.strip_prefix("/device/").expect("a link");
    let page = text(&admin.get("/admin/devices").await);
    assert!(
        page.contains("Wall 1") && page.contains("on Line 1"),
        "{page}"
    );
    assert!(!page.contains(token));
    let rows = audit::find(&server.app.db, &Wanted::default(), 100)
        .await
        .expect("the trail");
    assert!(
        rows.iter()
            .any(|r| r.action == "device.add" && r.target == "device:Wall 1")
    );
    assert!(!format!("{rows:?}").contains(token));
    let mut wall = Browser::new(&server);
    assert_eq!(
        leads_to(&wall.post(&path, &[]).await),
        "/lines/L1?view=stops"
    );
    let rows = audit::find(&server.app.db, &Wanted::default(), 1)
        .await
        .expect("the trail");
    assert_eq!(
        (rows[0].action.as_str(), rows[0].actor.as_str()),
        ("device.come", "Wall 1")
    );
}

async fn a_link_leads_to_where_it_was_asked_for_also_over_http_2(place: &Place) {
    let server = served(place).await;
    let admin = Browser::signed_in(&server, "ada").await;
    // HTTP/2 has no header for the host: it stands in the address.
    let asked = Request::post("https://floor-2.example:8443/admin/devices")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::COOKIE, admin.cookie.clone().expect("a cookie"))
        .header("sec-fetch-site", "same-origin")
        .body(Body::from(
            "kind=wall&name=Wall+2&page=%2Flines%2FL1&place=line%3AL1",
        ))
        .expect("a request");
    let answer = server.ask_as_it_is(asked).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", text(&answer));
    let link = between(&text(&answer), "class=\"once-secret\">", "</code>");
    // The tests' server speaks in clear, so its own addresses do.
    assert!(
        link.starts_with("http://floor-2.example:8443/device/"),
        "{link}"
    );
}

async fn a_wall_is_bound_to_its_page_and_changes_nothing(place: &Place) {
    let server = served(place).await;
    let mut admin = Browser::signed_in(&server, "ada").await;
    let path = link(&mut admin, "/admin/devices", &WALL).await;
    let mut wall = Browser::new(&server);
    wall.post(&path, &[]).await;
    assert_eq!(
        wall.get("/lines/L1?view=stops").await.status,
        StatusCode::OK
    );
    for other in ["/", "/sign-in", "/sign-on", "/admin/devices", "/account"] {
        assert_eq!(
            leads_to(&wall.get(other).await),
            "/lines/L1?view=stops",
            "{other}"
        );
    }
    let answer = wall.post("/lines/L1/stops", &[]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    // Also whoever signs in on it gets nothing more.
    wall.sign_in("ada", crate::browser::PASSWORD).await;
    assert_eq!(
        leads_to(&wall.get("/admin/devices").await),
        "/lines/L1?view=stops"
    );
    let answer = wall.post("/admin/devices", &WALL).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", text(&answer));
    let answer = wall.post("/sign-on", &[("badge", "1")]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

async fn a_wall_can_show_the_calls(place: &Place) {
    let server = served(place).await;
    let mut admin = Browser::signed_in(&server, "ada").await;
    let mut form = WALL;
    form[2] = ("page", "/andon");
    let path = link(&mut admin, "/admin/devices", &form).await;
    let mut wall = Browser::new(&server);
    assert_eq!(leads_to(&wall.post(&path, &[]).await), "/andon");
    let page = wall.get("/andon").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(text(&page).contains("No open calls"), "{}", text(&page));
}

async fn a_new_link_or_a_revoked_device_ends_its_sessions(place: &Place) {
    let server = served(place).await;
    let mut admin = Browser::signed_in(&server, "ada").await;
    let first = link(&mut admin, "/admin/devices", &WALL).await;
    let mut wall = Browser::new(&server);
    wall.post(&first, &[]).await;
    let id = devices::all(&server.app.db).await.expect("devices")[0].id;
    let second = link(&mut admin, &format!("/admin/devices/{id}/link"), &[]).await;
    assert_eq!(
        leads_to(&wall.get("/lines/L1").await),
        "/sign-in?next=%2Flines%2FL1"
    );
    let old = wall.get(&first).await;
    assert_eq!(old.status, StatusCode::NOT_FOUND);
    assert!(
        text(&old).contains("opens nothing any more"),
        "{}",
        text(&old)
    );
    assert_eq!(wall.post(&second, &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(wall.get("/lines/L1").await.status, StatusCode::OK);
    let revoked = admin
        .post(&format!("/admin/devices/{id}/revoke"), &[])
        .await;
    assert_eq!(leads_to(&revoked), "/admin/devices");
    assert_eq!(wall.get("/lines/L1").await.status, StatusCode::SEE_OTHER);
    assert_eq!(wall.get(&second).await.status, StatusCode::NOT_FOUND);
    let again = admin.post(&format!("/admin/devices/{id}/link"), &[]).await;
    assert_eq!(
        again.status,
        StatusCode::NOT_FOUND,
        "a revoked device stays revoked"
    );
}

async fn only_who_may_enrols_devices(place: &Place) {
    let server = served(place).await;
    add_person(&server, "olga", "operator").await;
    add_person(&server, "emil", "engineer").await;
    let mut olga = Browser::signed_in(&server, "olga").await;
    assert_eq!(
        olga.get("/admin/devices").await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        olga.post("/admin/devices", &WALL).await.status,
        StatusCode::FORBIDDEN
    );
    let mut emil = Browser::signed_in(&server, "emil").await;
    link(&mut emil, "/admin/devices", &WALL).await;
}

async fn what_is_wrong_with_a_device_is_named(place: &Place) {
    let server = served(place).await;
    let mut admin = Browser::signed_in(&server, "ada").await;
    link(&mut admin, "/admin/devices", &WALL).await;
    for (name, page, place, words) in [
        ("Wall 1", "/", "site", "is another device&#x27;s"),
        ("", "/", "site", "must be 1 to 100 characters"),
        (
            "Wall 2",
            "//evil.example",
            "site",
            "must be /, /andon, or /lines/CODE",
        ),
        (
            "Wall 2",
            "/lines/L9",
            "site",
            "must be /, /andon, or /lines/CODE",
        ),
        (
            "Wall 2",
            "/lines/L2",
            "line:L1",
            "must hold the line of the page",
        ),
        (
            "Wall 2",
            "/",
            "line:L9",
            "must be the site, an area, or a line",
        ),
    ] {
        let form = [
            ("kind", "wall"),
            ("name", name),
            ("page", page),
            ("place", place),
        ];
        let answer = admin.post("/admin/devices", &form).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{name} {page} {place}"
        );
        let page = text(&answer)
            .replace("&#39;", "&#x27;")
            .replace("device's", "device&#x27;s");
        assert!(page.contains(words), "{words}: {page}");
    }
}

async fn who_only_looks_at_a_link_changes_nothing(place: &Place) {
    let server = served(place).await;
    let mut admin = Browser::signed_in(&server, "ada").await;
    let path = link(&mut admin, "/admin/devices", &WALL).await;
    for _ in 0..2 {
        let page = admin.get(&path).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(text(&page).contains("Wall 1"), "{}", text(&page));
    }
    assert_eq!(
        admin.get("/admin/devices").await.status,
        StatusCode::OK,
        "who looked is who they were"
    );
    let rows = audit::find(&server.app.db, &Wanted::default(), 100)
        .await
        .expect("the trail");
    assert!(rows.iter().all(|r| r.action != "device.come"));
    // Nobody is led to it by a form that goes on.
    let mut other = Browser::new(&server);
    let form = [
        ("login", "ada"),
        ("password", crate::browser::PASSWORD),
        ("next", path.as_str()),
    ];
    let answer = other.post("/sign-in", &form).await;
    assert_eq!(leads_to(&answer), "/admin/people");
}

async fn a_link_makes_one_browser_the_device_once_and_for_a_day(place: &Place) {
    let hands = Hands::at(at("2026-07-06T10:00:00Z"));
    let server = Server::with(place, hands.clock(), two_lines()).await;
    add_person(&server, "ada", "admin").await;
    let mut admin = Browser::signed_in(&server, "ada").await;
    let first = link(&mut admin, "/admin/devices", &WALL).await;
    let (mut wall, mut phone) = (Browser::new(&server), Browser::new(&server));
    assert_eq!(wall.post(&first, &[]).await.status, StatusCode::SEE_OTHER);
    for answer in [phone.get(&first).await, phone.post(&first, &[]).await] {
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", text(&answer));
    }
    assert_eq!(wall.get("/lines/L1").await.status, StatusCode::OK);
    assert_ne!(phone.get("/lines/L1").await.status, StatusCode::OK);
    let id = devices::all(&server.app.db).await.expect("devices")[0].id;
    let old = link(&mut admin, &format!("/admin/devices/{id}/link"), &[]).await;
    hands.set(server.app.clock.now() + DurMs(DAY_MS));
    // Also not with another time behind it.
    let (secret, _) = old.rsplit_once('-').expect("the time of its end");
    let longer = format!("{secret}-{}", server.app.clock.now().0 + DAY_MS);
    for path in [old, longer] {
        assert_eq!(phone.get(&path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(phone.post(&path, &[]).await.status, StatusCode::NOT_FOUND);
    }
}
