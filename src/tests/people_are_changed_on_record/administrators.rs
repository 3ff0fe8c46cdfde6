//! There is always an administrator, and one more can be made from the command line.

use super::{last, row, server, trail};
use crate::browser::{Browser, add_person, leads_to, role_id, text};
use crate::harness::Place;
use axum::http::StatusCode;
use ms5_floor::server::db::people::GivenRow;
use ms5_floor::server::services::people::{Change, change};
use ms5_floor::server::services::set_up::new_admin_link;

on_both! {
    the_last_administrator_stays_one,
    two_administrators_who_step_down_at_once_leave_one,
    a_link_from_the_command_line_adds_one_more_administrator_once,
}

async fn the_last_administrator_stays_one(place: &Place) {
    let server = server(place).await;
    let mut admin = Browser::of(&server, "ada", "admin").await;
    let ada = row(&server, "ada").await;
    let viewer = role_id(&server, "viewer").await.to_string();
    let path = format!("/admin/people/{}", ada.id);
    let version = ada.version.to_string();
    let form = [
        ("version", &*version),
        ("name", "Ada"),
        ("role", &*viewer),
        ("where", "site"),
    ];
    let answer = admin.post(&path, &form).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(
        text(&answer).contains("nobody would be left"),
        "{}",
        text(&answer)
    );
    let answer = admin
        .post(&format!("{path}/disabled"), &[("disabled", "yes")])
        .await;
    assert!(
        text(&answer).contains("person: is you"),
        "{}",
        text(&answer)
    );
    assert_eq!(row(&server, "ada").await, ada);
    add_person(&server, "ben", "admin").await;
    leads_to(&admin.post(&path, &form).await);
}

async fn two_administrators_who_step_down_at_once_leave_one(place: &Place) {
    let server = server(place).await;
    let (one, other) = (
        add_person(&server, "ada", "admin").await,
        add_person(&server, "ben", "admin").await,
    );
    let ctx = crate::harness::by_the_program(&server.app);
    let viewer = role_id(&server, "viewer").await;
    let versions = (
        row(&server, "ada").await.version,
        row(&server, "ben").await.version,
    );
    let to = |version| Change {
        version,
        name: "Somebody".to_owned(),
        email: String::new(),
        given: vec![GivenRow {
            person_id: 0,
            role_id: viewer,
            area_id: None,
            line_id: None,
        }],
    };
    let done = tokio::join!(
        change(&ctx, one, to(versions.0)),
        change(&ctx, other, to(versions.1))
    );
    assert!(done.0.is_ok() != done.1.is_ok(), "one of the two: {done:?}");
}

async fn a_link_from_the_command_line_adds_one_more_administrator_once(place: &Place) {
    let server = server(place).await;
    add_person(&server, "ada", "admin").await;
    let ada = row(&server, "ada").await;
    let link = new_admin_link(&crate::harness::by_the_program(&server.app))
        .await
        .expect("a link");
    let made = last(&server).await;
    assert_eq!(
        (made.action.as_str(), made.actor_kind.as_str()),
        ("person.link", "program")
    );
    let mut browser = Browser::new(&server);
    let guessed = format!("/set-up/{}", "0".repeat(64));
    assert_eq!(browser.get(&guessed).await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get(&link).await.status, StatusCode::OK);
    let form = |login| {
        [
            ("login", login),
            ("name", "Rescue"),
            ("password", "green lamp by the door"),
        ]
    };
    leads_to(&browser.post(&link, &form("rescue")).await);
    assert_eq!(browser.get("/admin/people").await.status, StatusCode::OK);
    assert_eq!(row(&server, "ada").await, ada, "nobody else changed");
    let mut later = Browser::new(&server);
    assert_eq!(
        later.post(&link, &form("rescue2")).await.status,
        StatusCode::NOT_FOUND
    );
    let token = link.rsplit('/').next().expect("a token");
    assert!(!format!("{:?}", trail(&server).await).contains(token));
}
