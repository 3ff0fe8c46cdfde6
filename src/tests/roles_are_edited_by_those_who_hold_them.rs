//! Roles are edited in a matrix by those who may; nobody puts into a role what they do not hold, nobody overwrites what
//! they have not seen, and `admin` stays whole.

use crate::browser::{Browser, add_person, add_role, role_id, text};
use crate::harness::{Answer, Hands, Place, Server, at};
use crate::small_plant::small_plant;
use axum::http::StatusCode;
use ms5_floor::domain::rights::{Permission, PermissionSet};
use ms5_floor::server::auth::rights::Roles;
use ms5_floor::server::db::audit;
use ms5_floor::server::db::people;

on_both! {
    a_tick_in_the_matrix_changes_what_people_may_at_once,
    a_matrix_that_is_older_than_a_role_changes_nothing,
    a_role_is_added_includes_another_and_goes_when_nobody_has_it,
    nobody_puts_into_a_role_what_they_do_not_hold,
    admin_stays_whole,
}

async fn server(place: &Place) -> Server {
    let hands = Hands::at(at("2026-07-06T10:00:00Z"));
    Server::with(place, hands.clock(), small_plant()).await
}

async fn roles(server: &Server) -> Roles {
    Roles::load(&server.app.db).await.expect("roles")
}

/// What the form of the matrix holds for one role, with some permissions turned over.
async fn ticks(server: &Server, code: &str, flip: &[Permission]) -> Vec<(&'static str, String)> {
    let roles = roles(server).await;
    let row = roles.by_code(code).expect("a role");
    let own = PermissionSet::from_names(&row.permissions).expect("a set");
    let wanted = Permission::ALL
        .iter()
        .filter(|p| own.has(**p) != flip.contains(p));
    let version = ("version", format!("{}:{}", row.id, row.version));
    let ticks = wanted.map(|p| ("may", format!("{}:{}", row.id, p.name())));
    std::iter::once(version).chain(ticks).collect()
}

async fn send(browser: &mut Browser<'_>, path: &str, form: &[(&str, String)]) -> Answer {
    let form: Vec<(&str, &str)> = form
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    browser.post(path, &form).await
}

async fn a_tick_in_the_matrix_changes_what_people_may_at_once(place: &Place) {
    let server = server(place).await;
    let mut admin = Browser::of(&server, "ada", "admin").await;
    let mut viewer = Browser::of(&server, "vic", "viewer").await;
    let before = people::by_login(&server.app.db, "vic")
        .await
        .expect("a look")
        .expect("vic");
    assert_eq!(
        viewer.get("/admin/audit").await.status,
        StatusCode::FORBIDDEN
    );
    let page = text(&admin.get("/admin/roles").await);
    for permission in Permission::ALL {
        assert!(page.contains(permission.name()), "{}", permission.name());
    }
    let form = ticks(
        &server,
        "viewer",
        &[Permission::AuditRead, Permission::JobRead],
    )
    .await;
    let answer = send(&mut admin, "/admin/roles", &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", text(&answer));
    assert_eq!(viewer.get("/admin/audit").await.status, StatusCode::OK);
    let after = people::by_login(&server.app.db, "vic")
        .await
        .expect("a look")
        .expect("vic");
    assert!(
        after.version > before.version,
        "sessions change their ids with what people may"
    );
    let rows = audit::after(&server.app.db, 0, 1000)
        .await
        .expect("the trail");
    let row = rows
        .iter()
        .rfind(|r| r.action == "role.change")
        .expect("on record");
    assert_eq!(row.target, "role:viewer");
    assert!(
        row.was.contains("job:read") && !row.was.contains("audit:read"),
        "{}",
        row.was
    );
    assert!(
        !row.became.contains("job:read") && row.became.contains("audit:read"),
        "{}",
        row.became
    );
}

async fn a_matrix_that_is_older_than_a_role_changes_nothing(place: &Place) {
    let server = server(place).await;
    let mut admin = Browser::of(&server, "ada", "admin").await;
    let first = ticks(&server, "viewer", &[Permission::AuditRead]).await;
    let mut second = ticks(&server, "operator", &[Permission::AuditRead]).await;
    second.extend(ticks(&server, "viewer", &[Permission::JobRead]).await);
    assert_eq!(
        send(&mut admin, "/admin/roles", &first).await.status,
        StatusCode::SEE_OTHER
    );
    let now = roles(&server).await;
    let answer = send(&mut admin, "/admin/roles", &second).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(
        text(&answer).contains("changed by somebody else meanwhile"),
        "{}",
        text(&answer)
    );
    assert_eq!(roles(&server).await.rows, now.rows, "all columns or none");
}

async fn a_role_is_added_includes_another_and_goes_when_nobody_has_it(place: &Place) {
    let server = server(place).await;
    let mut admin = Browser::of(&server, "ada", "admin").await;
    let wrong = admin
        .post("/admin/roles/new", &[("name", ""), ("code", "Team Lead")])
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(&wrong).contains("code: must be") && text(&wrong).contains("name: must be"));
    let form = [("name", "Team lead"), ("code", "team_lead"), ("like", "")];
    let added = admin.post("/admin/roles/new", &form).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", text(&added));
    let (lead, operator) = (
        role_id(&server, "team_lead").await,
        role_id(&server, "operator").await,
    );
    let path = format!("/admin/roles/{lead}");
    let part = operator.to_string();
    let form = |first_page| {
        [
            ("version", "1"),
            ("name", "Lead"),
            ("first_page", first_page),
            ("part", part.as_str()),
        ]
    };
    let trap = admin.post(&path, &form("//evil.example")).await;
    assert_eq!(trap.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        admin.post(&path, &form("/lines/L1")).await.status,
        StatusCode::SEE_OTHER
    );
    let now = roles(&server).await;
    assert_eq!(now.set(lead), now.set(operator));
    assert_eq!(
        now.by_id(lead).map(|r| r.first_page.as_str()),
        Some("/lines/L1")
    );

    add_person(&server, "lea", "team_lead").await;
    let used = admin
        .post(&format!("{path}/remove"), &[("version", "2")])
        .await;
    assert_eq!(used.status, StatusCode::CONFLICT);
    assert!(text(&used).contains("is in use"), "{}", text(&used));
    let seeded = admin
        .post(
            &format!("/admin/roles/{operator}/remove"),
            &[("version", "1")],
        )
        .await;
    assert_eq!(seeded.status, StatusCode::UNPROCESSABLE_ENTITY);
    let spare = add_role(&server, "spare", PermissionSet::NONE).await;
    let gone = admin
        .post(&format!("/admin/roles/{spare}/remove"), &[("version", "1")])
        .await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER, "{}", text(&gone));
    assert!(roles(&server).await.by_id(spare).is_none());
    let rows = audit::after(&server.app.db, 0, 1000)
        .await
        .expect("the trail");
    let of_roles = rows.iter().filter(|r| r.action.starts_with("role."));
    let actions: Vec<&str> = of_roles.map(|r| r.action.as_str()).collect();
    assert_eq!(actions, ["role.add", "role.change", "role.remove"]);
}

async fn nobody_puts_into_a_role_what_they_do_not_hold(place: &Place) {
    let server = server(place).await;
    let set = PermissionSet::of(&[
        Permission::UserRead,
        Permission::RoleWrite,
        Permission::LineRead,
    ]);
    add_role(&server, "editor", set).await;
    let own = add_role(&server, "own", PermissionSet::NONE).await;
    let mut editor = Browser::of(&server, "edi", "editor").await;
    let held = ticks(&server, "own", &[Permission::LineRead]).await;
    assert_eq!(
        send(&mut editor, "/admin/roles", &held).await.status,
        StatusCode::SEE_OTHER
    );
    let more = ticks(&server, "own", &[Permission::LineWrite]).await;
    let before = roles(&server).await;
    assert_eq!(
        send(&mut editor, "/admin/roles", &more).await.status,
        StatusCode::FORBIDDEN
    );
    let version = before.by_id(own).expect("the role").version.to_string();
    let admin = role_id(&server, "admin").await.to_string();
    let through = [
        ("version", &*version),
        ("name", "Own"),
        ("first_page", "/"),
        ("part", &*admin),
    ];
    let answer = editor.post(&format!("/admin/roles/{own}"), &through).await;
    assert_eq!(
        answer.status,
        StatusCode::FORBIDDEN,
        "not through another role either"
    );
    let like = [("name", "Like"), ("code", "like"), ("like", &*admin)];
    assert_eq!(
        editor.post("/admin/roles/new", &like).await.status,
        StatusCode::FORBIDDEN
    );
    let after = roles(&server).await;
    assert_eq!((after.rows, after.parts), (before.rows, before.parts));
}

async fn admin_stays_whole(place: &Place) {
    let server = server(place).await;
    let mut admin = Browser::of(&server, "ada", "admin").await;
    let form = ticks(&server, "admin", &[Permission::AuditRead]).await;
    let answer = send(&mut admin, "/admin/roles", &form).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        text(&answer).contains("stays as it is"),
        "{}",
        text(&answer)
    );
    let id = role_id(&server, "admin").await;
    let form = [("version", "1"), ("name", "Boss"), ("first_page", "/")];
    let answer = admin.post(&format!("/admin/roles/{id}"), &form).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let roles = roles(&server).await;
    assert_eq!(roles.set(id), PermissionSet::all());
    assert_eq!(
        roles.by_id(id).map(|r| r.name.as_str()),
        Some("Administrator")
    );
}
