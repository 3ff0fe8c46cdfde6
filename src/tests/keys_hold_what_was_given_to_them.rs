//! Keys of connectors: shown once, for some lines and permissions, ending by themselves or by hand; nobody gives one more
//! than they hold.

use crate::browser::{Browser, add_person, add_person_with, between, leads_to, text};
use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::small_plant;
use axum::http::StatusCode;
use ms5_floor::domain::rights::{PermissionSet, sets};
use ms5_floor::domain::time::{DAY_MS, DurMs};
use ms5_floor::server::db::audit::{self, Wanted};
use ms5_floor::server::db::people::GivenRow;
use ms5_floor::server::db::roles;

on_both! {
    a_key_is_shown_once_and_listed_with_its_use,
    a_key_ends_by_itself_by_hand_and_by_another,
    nobody_gives_a_key_more_than_they_hold,
    what_is_wrong_with_a_key_is_named,
    no_key_administers_people_whoever_made_it,
}

async fn served(place: &Place) -> (Server, Hands) {
    let hands = Hands::at(at("2026-07-06T10:00:00Z"));
    let server = Server::with(place, hands.clock(), small_plant()).await;
    add_person(&server, "ada", "admin").await;
    (server, hands)
}

async fn made(browser: &mut Browser<'_>, form: &[(&str, &str)]) -> String {
    let answer = browser.post("/admin/keys", form).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", text(&answer));
    between(&text(&answer), "class=\"once-secret\">", "</code>")
}

async fn a_key_is_shown_once_and_listed_with_its_use(place: &Place) {
    let (server, hands) = served(place).await;
    let mut admin = Browser::signed_in(&server, "ada").await;
    let form = [
        ("sender", "gateway 1"),
        ("usual", "send"),
        ("may", "oee:read"),
        ("lines", "L1"),
        ("days", "30"),
    ];
    let key = made(&mut admin, &form).await;
    let row = |page: &str| between(page, "gateway 1", "</tr>");
    let page = text(&admin.get("/admin/keys").await);
    assert!(!page.contains(&key));
    let listed = row(&page);
    for word in [
        &key[..10],
        ">oee:read<",
        ">ingest:write<",
        "Line 1",
        "ada Tester",
        "2026-08-05 12:00",
        "never",
    ] {
        assert!(listed.contains(word), "{word}: {listed}");
    }
    hands.set(at("2026-07-06T10:05:00Z"));
    let answer = server.get("/api/v1/oee/L1/now", Some(&key)).await;
    assert_eq!(answer.status, StatusCode::OK);
    let page = text(&admin.get("/admin/keys").await);
    assert!(
        row(&page).contains("2026-07-06 12:05"),
        "a use counts before it is written down: {page}"
    );
    let rows = audit::find(&server.app.db, &Wanted::default(), 100)
        .await
        .expect("the trail");
    let added = rows
        .iter()
        .find(|r| r.action == "key.add" && r.actor == "ada Tester")
        .expect("on record");
    assert!(added.became.contains("gateway 1"));
    assert!(!format!("{rows:?}").contains(&key));
}

async fn a_key_ends_by_itself_by_hand_and_by_another(place: &Place) {
    let (server, hands) = served(place).await;
    let mut admin = Browser::signed_in(&server, "ada").await;
    let form = [("sender", "gateway 1"), ("usual", "watch")];
    let first = made(&mut admin, &[form[0], form[1], ("days", "30")]).await;
    let second = made(&mut admin, &[form[0], form[1], ("days", "1")]).await;
    let holds = async |key: &str| {
        server.get("/api/v1/oee/L1/now", Some(key)).await.status == StatusCode::OK
    };
    assert!(
        holds(&first).await && holds(&second).await,
        "a sender may have two"
    );
    hands.set(server.app.clock.now() + DurMs(DAY_MS));
    assert!(holds(&first).await && !holds(&second).await);
    let mut admin = Browser::signed_in(&server, "ada").await;
    let third = made(
        &mut admin,
        &[form[0], form[1], ("days", "30"), ("replaces", "1")],
    )
    .await;
    assert!(!holds(&first).await && holds(&third).await);
    let told = server.on_record("key.add").await.remove(0);
    let told: serde_json::Value = serde_json::from_str(&told.became).expect("JSON");
    let mut revoked = [&first, &second].map(|key| format!("key:{}", &key[..10]));
    revoked.sort();
    assert_eq!(told["revoked"], serde_json::json!(revoked), "{told}");
    let page = text(&admin.get("/admin/keys").await);
    let (before, _) = page.split_once("/revoke\"").expect("a key that holds");
    let id = before.rsplit('/').next().expect("its number").to_owned();
    assert_eq!(
        leads_to(&admin.post(&format!("/admin/keys/{id}/revoke"), &[]).await),
        "/admin/keys"
    );
    assert!(!holds(&third).await, "at once");
    let again = admin.post(&format!("/admin/keys/{id}/revoke"), &[]).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
}

async fn nobody_gives_a_key_more_than_they_hold(place: &Place) {
    let (server, _) = served(place).await;
    let mut tx = server.app.db.begin().await.expect("a transaction");
    let set = "api_key:manage ingest:write line:read";
    roles::add(&mut tx, ("keeper", "Keeper of keys"), set, "/")
        .await
        .expect("a role");
    tx.commit().await.expect("committed");
    add_person(&server, "karl", "keeper").await;
    let mut karl = Browser::signed_in(&server, "karl").await;
    made(
        &mut karl,
        &[
            ("sender", "gateway 1"),
            ("usual", "send"),
            ("may", "line:read"),
            ("days", "30"),
        ],
    )
    .await;
    let page = text(&karl.get("/admin/keys").await);
    // The form; the table beside it also shows keys of others.
    let page = between(&page, "<h2>Make a key</h2>", "</form>");
    assert!(
        page.contains("ingest:write: send facts") && !page.contains("line:write"),
        "{page}"
    );
    for more in [("may", "job:start"), ("usual", "set-up")] {
        let form = [("sender", "gateway 1"), more, ("days", "30")];
        let answer = karl.post("/admin/keys", &form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{more:?}");
    }
    let denied = server.on_record("denied").await;
    assert_eq!(denied.len(), 2, "{denied:?}");
    assert_eq!(
        (denied[1].actor.as_str(), denied[1].was.as_str()),
        ("karl Tester", "job:start")
    );
    // Who may manage keys on a line only does not manage those of the site.
    let line = server.app.plant.get().line("L1").expect("L1").id.0;
    let there = |row| GivenRow {
        line_id: Some(line),
        ..row
    };
    add_person_with(&server, "lena", there, "admin").await;
    let mut lena = Browser::signed_in(&server, "lena").await;
    assert_eq!(lena.get("/admin/keys").await.status, StatusCode::FORBIDDEN);
}

async fn what_is_wrong_with_a_key_is_named(place: &Place) {
    let (server, _) = served(place).await;
    let mut admin = Browser::signed_in(&server, "ada").await;
    let form = [
        ("sender", ""),
        ("usual", "everything"),
        ("may", "rocket:launch"),
        ("lines", "L9"),
        ("days", "soon"),
    ];
    let answer = admin.post("/admin/keys", &form).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = text(&answer);
    for field in ["sender: ", "usual: ", "may: ", "lines: ", "days: "] {
        assert!(page.contains(&format!("<li>{field}")), "{field}: {page}");
    }
    // Only what does nothing but send may hold for good, and nothing holds longer than three years.
    for (what, which, days) in [
        ("usual", "watch", ""),
        ("may", "ingest:review", ""),
        ("usual", "send", "1096"),
    ] {
        let form = [("sender", "gateway 1"), (what, which), ("days", days)];
        let answer = admin.post("/admin/keys", &form).await;
        assert!(text(&answer).contains("<li>days: "), "{}", text(&answer));
    }
    let none = admin.post("/admin/keys", &[("sender", "gateway 1")]).await;
    assert!(
        text(&none).contains("must be at least one"),
        "{}",
        text(&none)
    );
}

async fn no_key_administers_people_whoever_made_it(place: &Place) {
    let (server, _) = served(place).await;
    let mut admin = Browser::signed_in(&server, "ada").await;
    let page = text(&admin.get("/admin/keys").await);
    for permission in sets::NOT_BY_KEY.iter() {
        let name = permission.name();
        assert!(!page.contains(&format!("value=\"{name}\"")), "{name}");
        let form = [("sender", "gateway 1"), ("may", name), ("days", "30")];
        let answer = admin.post("/admin/keys", &form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert!(text(&answer).contains("<li>may: "), "{}", text(&answer));
    }
    // One that an older program made holds the rest.
    let old = server.key_that_may("old", PermissionSet::all()).await;
    let answer = server.get("/api/v1/oee/L1/now", Some(&old)).await;
    assert_eq!(answer.status, StatusCode::OK);
    for path in [
        "/admin/people",
        "/admin/keys",
        "/admin/devices",
        "/admin/audit.csv",
    ] {
        let answer = server.get(path, Some(&old)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
}
