//! Whoever looks after people gives no more than they hold, and takes over nobody who may more.

use super::{last, row, server};
use crate::browser::{Browser, add_person, add_role, role_id, text};
use crate::harness::{Place, Server};
use axum::http::StatusCode;
use ms5_floor::domain::rights::{Permission, PermissionSet};

on_both! {
    nobody_gives_more_than_they_hold,
    nobody_takes_over_somebody_who_may_more,
}

/// Somebody who looks after people, and holds otherwise little.
async fn keeper(server: &Server) -> Browser<'_> {
    let set = PermissionSet::of(&[
        Permission::UserRead,
        Permission::UserWrite,
        Permission::UserDelete,
    ]);
    let watch = PermissionSet::of(&[Permission::DashboardRead, Permission::LineRead]);
    add_role(server, "keeper", set.and(watch)).await;
    add_role(server, "watcher", watch).await;
    Browser::of(server, "kim", "keeper").await
}

async fn nobody_gives_more_than_they_hold(place: &Place) {
    let server = server(place).await;
    let mut keeper = keeper(&server).await;
    for (login, code, status) in [
        ("a1", "watcher", StatusCode::SEE_OTHER),
        ("a2", "admin", StatusCode::FORBIDDEN),
        ("a3", "operator", StatusCode::FORBIDDEN),
    ] {
        let role = role_id(&server, code).await.to_string();
        let form = [
            ("login", login),
            ("name", login),
            ("role", &*role),
            ("where", "site"),
        ];
        let answer = keeper.post("/admin/people", &form).await;
        assert_eq!(answer.status, status, "{code}: {}", text(&answer));
    }
    let denied = last(&server).await;
    assert_eq!(
        (denied.action.as_str(), denied.actor.as_str()),
        ("denied", "kim Tester")
    );
    let kim = row(&server, "kim").await;
    let admin = role_id(&server, "admin").await.to_string();
    let version = kim.version.to_string();
    let form = [
        ("version", &*version),
        ("name", "Kim"),
        ("role", &*admin),
        ("where", "site"),
    ];
    let answer = keeper
        .post(&format!("/admin/people/{}", kim.id), &form)
        .await;
    assert_eq!(
        answer.status,
        StatusCode::FORBIDDEN,
        "not to oneself either"
    );
    assert_eq!(row(&server, "kim").await, kim);
}

async fn nobody_takes_over_somebody_who_may_more(place: &Place) {
    let server = server(place).await;
    let mut keeper = keeper(&server).await;
    let id = add_person(&server, "ada", "admin").await;
    let ada = row(&server, "ada").await;
    for (what, form) in [
        ("password", ("", "")),
        ("badge", ("badge", "00471122")),
        ("pin", ("pin", "471182")),
        ("code", ("", "")),
        ("provider", ("clear", "yes")),
        ("disabled", ("disabled", "yes")),
    ] {
        let answer = keeper
            .post(&format!("/admin/people/{}/{what}", id.0), &[form])
            .await;
        assert_eq!(
            answer.status,
            StatusCode::FORBIDDEN,
            "{what}: {}",
            text(&answer)
        );
    }
    assert_eq!(row(&server, "ada").await, ada);
}
