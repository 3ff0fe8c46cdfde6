//! Somebody is added, changed and disabled: what is wrong is named, and an older form changes nothing.

use super::{last, row, server, shown_once, trail};
use crate::browser::{Browser, PASSWORD, add_person, leads_to, role_id, text};
use crate::harness::Place;
use axum::http::{StatusCode, header};
use ms5_floor::server::db::audit::AuditRow;
use ms5_floor::server::db::people;

on_both! {
    somebody_is_added_with_a_role_on_a_line_and_a_password_that_is_shown_once,
    what_is_wrong_with_a_new_person_is_named_and_what_was_typed_stays,
    whoever_is_disabled_is_out_at_once,
    a_form_that_is_older_than_the_person_changes_nothing,
}

async fn somebody_is_added_with_a_role_on_a_line_and_a_password_that_is_shown_once(place: &Place) {
    let server = server(place).await;
    let mut admin = Browser::of(&server, "ada", "admin").await;
    let operator = role_id(&server, "operator").await.to_string();
    let line = server.app.plant.get().lines[0].id.0;
    let on_line = format!("line:{line}");
    let form = [
        ("login", " Maria.L "),
        ("name", "Maria <b>López</b>"),
        ("email", "maria@example.org"),
        ("with_password", "yes"),
        ("role", &*operator),
        ("where", &*on_line),
        ("role", ""),
        ("where", "site"),
    ];
    let added = admin.post("/admin/people", &form).await;
    assert_eq!(added.status, StatusCode::OK, "{}", text(&added));
    assert_eq!(added.headers[header::CACHE_CONTROL], "no-store");
    let password = shown_once(&added);
    let maria = row(&server, "maria.l").await;
    assert_eq!(
        (maria.name.as_str(), maria.must_change),
        ("Maria <b>López</b>", 1)
    );
    let given = people::given_to(&server.app.db, maria.person())
        .await
        .expect("roles");
    assert_eq!(
        given.iter().map(|g| g.line_id).collect::<Vec<_>>(),
        [Some(line)]
    );

    let recorded = last(&server).await;
    assert_eq!(
        (recorded.action.as_str(), recorded.target.as_str()),
        ("person.add", "person:maria.l")
    );
    assert_eq!(
        (recorded.actor.as_str(), recorded.address.as_str()),
        ("ada Tester", "127.0.0.1")
    );
    assert!(
        recorded.became.contains("operator") && recorded.became.contains("L1"),
        "{}",
        recorded.became
    );

    let mut browser = Browser::new(&server);
    let signed_in = browser.sign_in("maria.l", &password).await;
    assert_eq!(
        leads_to(&signed_in),
        "/account/password",
        "a password of her own comes first"
    );

    let list = text(&admin.get("/admin/people?find=maria").await);
    assert!(
        list.contains("Operator, Line 1") && !list.contains("/admin/people/1\""),
        "{list}"
    );
    assert!(!list.contains("<b>"), "{list}");
    let page = text(&admin.get(&format!("/admin/people/{}", maria.id)).await);
    assert!(
        !page.contains(&password) && !page.contains("argon2"),
        "{page}"
    );
}

async fn what_is_wrong_with_a_new_person_is_named_and_what_was_typed_stays(place: &Place) {
    let server = server(place).await;
    let mut admin = Browser::of(&server, "ada", "admin").await;
    let form = [
        ("login", "not a login"),
        ("name", ""),
        ("email", "nowhere"),
        ("role", "9999"),
        ("where", "area:77"),
    ];
    let answer = admin.post("/admin/people", &form).await;
    let page = text(&answer);
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{page}");
    for said in [
        "login: ",
        "name: ",
        "email: ",
        "roles: one of them",
        "roles: one of the places",
        "not a login",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let taken = admin
        .post(
            "/admin/people",
            &[("login", "ADA"), ("name", "Another Ada")],
        )
        .await;
    assert!(text(&taken).contains("login: is taken"));
    assert_eq!(people::all(&server.app.db).await.expect("people").len(), 1);
}

async fn whoever_is_disabled_is_out_at_once(place: &Place) {
    let server = server(place).await;
    let mut admin = Browser::of(&server, "ada", "admin").await;
    let mut engineer = Browser::of(&server, "eva", "engineer").await;
    assert_eq!(
        engineer.get("/admin/people").await.status,
        StatusCode::FORBIDDEN
    );
    let path = format!("/admin/people/{}/disabled", row(&server, "eva").await.id);
    assert_eq!(
        engineer.post(&path, &[("disabled", "no")]).await.status,
        StatusCode::FORBIDDEN
    );
    leads_to(&admin.post(&path, &[("disabled", "yes")]).await);
    let answer = engineer.get("/admin/people").await;
    assert!(leads_to(&answer).starts_with("/sign-in"), "{answer:?}");
    let again = engineer.sign_in("eva", PASSWORD).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    let disabled = |r: &AuditRow| r.action == "person.disable" && r.target == "person:eva";
    assert!(trail(&server).await.iter().any(disabled));

    leads_to(&admin.post(&path, &[("disabled", "no")]).await);
    assert_eq!(last(&server).await.action, "person.enable");
    leads_to(&engineer.sign_in("eva", PASSWORD).await);
}

async fn a_form_that_is_older_than_the_person_changes_nothing(place: &Place) {
    let server = server(place).await;
    let mut admin = Browser::of(&server, "ada", "admin").await;
    let id = add_person(&server, "max", "viewer").await;
    let role = role_id(&server, "viewer").await.to_string();
    let version = row(&server, "max").await.version.to_string();
    let path = format!("/admin/people/{}", id.0);
    for (name, status) in [
        ("First", StatusCode::SEE_OTHER),
        ("Second", StatusCode::CONFLICT),
    ] {
        let form = [
            ("version", &*version),
            ("name", name),
            ("role", &*role),
            ("where", "site"),
        ];
        assert_eq!(admin.post(&path, &form).await.status, status, "{name}");
    }
    assert_eq!(row(&server, "max").await.name, "First");
}
