//! Passwords, badges, PINs, second factors and links to a provider: who sets them, what a new one ends, and that none is in
//! the record.

use super::{row, server, shown_once, trail};
use crate::browser::{Browser, PASSWORD, add_person, leads_to, text};
use crate::harness::Place;
use axum::http::StatusCode;
use ms5_floor::domain::ids::PersonId;
use ms5_floor::domain::rights::{PermissionSet, Rights};
use ms5_floor::server::auth::caller::{Caller, Who};
use ms5_floor::server::auth::guard::admit;
use ms5_floor::server::db::contacts::{self, NewSubscription};
use ms5_floor::server::db::people;
use ms5_floor::server::services::error::ServiceError;
use ms5_floor::server::services::people::reset_password;
use std::sync::Arc;

on_both! {
    a_new_password_ends_the_old_one_and_every_session,
    a_new_password_ends_messages_to_every_device,
    another_link_to_the_provider_ends_every_session,
    nobody_links_themselves_to_a_provider,
    nobody_makes_themselves_a_new_password_without_the_old_one,
    no_secret_is_in_the_record,
}

async fn a_new_password_ends_the_old_one_and_every_session(place: &Place) {
    let server = server(place).await;
    let mut admin = Browser::of(&server, "ada", "admin").await;
    let mut viewer = Browser::of(&server, "vic", "viewer").await;
    let id = row(&server, "vic").await.id;
    let answer = admin
        .post(&format!("/admin/people/{id}/password"), &[])
        .await;
    let password = shown_once(&answer);
    assert!(leads_to(&viewer.get("/admin/people").await).starts_with("/sign-in"));
    assert_eq!(
        viewer.sign_in("vic", PASSWORD).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(
        leads_to(&viewer.sign_in("vic", &password).await),
        "/account/password"
    );
    assert!(
        trail(&server)
            .await
            .iter()
            .any(|r| r.action == "person.password.reset")
    );
}

async fn a_new_password_ends_messages_to_every_device(place: &Place) {
    let server = server(place).await;
    let mut admin = Browser::of(&server, "ada", "admin").await;
    let (ada, vic) = (
        row(&server, "ada").await.person(),
        add_person(&server, "vic", "viewer").await,
    );
    let db = &server.app.db;
    let mut tx = db.begin().await.expect("a transaction");
    for (person, endpoint) in [
        (ada, "https://push.example/a"),
        (vic, "https://push.example/v"),
    ] {
        let new = NewSubscription {
            endpoint,
            p256dh: &[4; 65],
            auth: &[7; 16],
            label: "phone",
        };
        let added = contacts::subscribe(&mut tx, person, new, server.app.clock.now()).await;
        added.expect("a device");
    }
    tx.commit().await.expect("committed");
    let path = format!("/admin/people/{}/password", vic.0);
    shown_once(&admin.post(&path, &[]).await);
    let left = async |person| contacts::subscriptions(db, person).await.expect("a read");
    assert_eq!(left(vic).await.len(), 0, "{}", place.engine);
    assert_eq!(left(ada).await.len(), 1, "nobody else's");
}

async fn another_link_to_the_provider_ends_every_session(place: &Place) {
    let server = server(place).await;
    let mut admin = Browser::of(&server, "ada", "admin").await;
    let id = add_person(&server, "vic", "viewer").await;
    let path = format!("/admin/people/{}/provider", id.0);
    let link = |subject| [("issuer", "https://login.example"), ("subject", subject)];
    for (form, stays) in [
        (link("one"), true),
        (link("one"), true),
        (link("two"), false),
        ([("clear", "1"), ("why", "")], false),
    ] {
        let mut viewer = Browser::signed_in(&server, "vic").await;
        let answer = admin.post(&path, &form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", text(&answer));
        let status = viewer.get("/account").await.status;
        assert_eq!(
            status == StatusCode::OK,
            stays,
            "{}: {form:?}",
            place.engine
        );
    }
    assert_eq!(row(&server, "vic").await.oidc_subject, None);
}

async fn nobody_links_themselves_to_a_provider(place: &Place) {
    let server = server(place).await;
    let mut admin = Browser::of(&server, "ada", "admin").await;
    let ada = row(&server, "ada").await;
    let form = [("issuer", "https://login.example"), ("subject", "mine")];
    let path = format!("/admin/people/{}/provider", ada.id);
    let answer = admin.post(&path, &form).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(&answer).contains("is you"), "{}", text(&answer));
    assert_eq!(row(&server, "ada").await, ada, "{}", place.engine);
}

async fn nobody_makes_themselves_a_new_password_without_the_old_one(place: &Place) {
    let server = server(place).await;
    let mut admin = Browser::of(&server, "ada", "admin").await;
    let ada = row(&server, "ada").await;
    let page = format!("/admin/people/{}", ada.id);
    let answer = admin.post(&format!("{page}/password"), &[]).await;
    assert_eq!(leads_to(&answer), "/account/password");
    assert_eq!(row(&server, "ada").await, ada, "{}", place.engine);
    assert_eq!(admin.get("/admin/people").await.status, StatusCode::OK);
    let shown = text(&admin.get(&page).await);
    assert!(shown.contains("href=\"/account/password\""), "{shown}");
    assert!(!shown.contains(&format!("{page}/password")), "{shown}");
    // Also whoever calls the service in another way.
    let mut caller = Caller::nobody("127.0.0.1".to_owned(), String::new());
    caller.who = Who::Person {
        id: ada.person(),
        login: ada.login.clone(),
        name: ada.name.clone(),
    };
    caller.rights = Rights::everywhere(PermissionSet::all());
    let path = "/admin/people/{id}/password";
    let ctx = admit(&server.app, &Arc::new(caller), "POST", path).expect("let in");
    let refused = reset_password(&ctx, ada.person()).await;
    assert!(
        matches!(refused, Err(ServiceError::Invalid(_))),
        "{refused:?}"
    );
    let other = add_person(&server, "vic", "viewer").await;
    reset_password(&ctx, other).await.expect("somebody else's");
}

async fn no_secret_is_in_the_record(place: &Place) {
    let server = server(place).await;
    let mut admin = Browser::of(&server, "ada", "admin").await;
    let added = [("login", "max"), ("name", "Max"), ("with_password", "yes")];
    let first = shown_once(&admin.post("/admin/people", &added).await);
    let id = row(&server, "max").await.id;
    let path = |what: &str| format!("/admin/people/{id}/{what}");
    let second = shown_once(&admin.post(&path("password"), &[]).await);
    leads_to(&admin.post(&path("badge"), &[("badge", "0047112233")]).await);
    leads_to(&admin.post(&path("pin"), &[("pin", "471182")]).await);
    let provider = [
        ("issuer", "https://login.example.org"),
        ("subject", "max-7"),
    ];
    leads_to(&admin.post(&path("provider"), &provider).await);
    let mut tx = server.app.db.begin().await.expect("a transaction");
    people::set_totp(&mut tx, PersonId(id), Some("GEZDGNBVGY3TQOJQ"))
        .await
        .expect("a secret");
    tx.commit().await.expect("a commit");
    leads_to(&admin.post(&path("code"), &[]).await);
    let max = row(&server, "max").await;
    assert_eq!(
        (max.has_badge, max.totp, max.oidc_subject.as_deref()),
        (1, None, Some("max-7"))
    );
    let badge = server.app.secret.mark("badge", "0047112233");
    let by_badge = people::by_badge(&server.app.db, &badge).await;
    assert_eq!(by_badge.expect("a look").map(|p| p.id), Some(id));
    let pin = max.pin.expect("a PIN");

    for (what, form, said) in [
        ("badge", ("badge", "12"), "badge: must be"),
        ("pin", ("pin", "1234"), "pin: must not"),
        ("provider", ("issuer", "javascript:x"), "issuer: must be"),
    ] {
        let answer = admin.post(&path(what), &[form]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(text(&answer).contains(said), "{said}: {}", text(&answer));
    }
    let other = add_person(&server, "otto", "viewer").await;
    let taken = admin
        .post(
            &format!("/admin/people/{}/badge", other.0),
            &[("badge", "0047112233")],
        )
        .await;
    assert!(
        text(&taken).contains("is somebody else"),
        "{}",
        text(&taken)
    );

    leads_to(
        &admin
            .post(&path("badge"), &[("badge", ""), ("clear", "yes")])
            .await,
    );
    leads_to(&admin.post(&path("pin"), &[("clear", "yes")]).await);
    leads_to(&admin.post(&path("provider"), &[("clear", "yes")]).await);
    let max = row(&server, "max").await;
    assert_eq!((max.has_badge, max.pin, max.oidc_subject), (0, None, None));

    let rows = trail(&server).await;
    let of_max = rows.iter().filter(|r| r.target == "person:max");
    let actions: Vec<&str> = of_max.map(|r| r.action.as_str()).collect();
    let expected = [
        "person.add",
        "person.password.reset",
        "person.badge.set",
        "person.pin.set",
        "person.provider",
        "person.second_factor.clear",
        "person.badge.clear",
        "person.pin.clear",
        "person.provider",
    ];
    assert_eq!(actions, expected);
    let whole = format!("{rows:?}");
    for secret in [
        PASSWORD,
        &first,
        &second,
        "0047112233",
        "471182",
        "GEZDGNBVGY3TQOJQ",
        &pin,
        "argon2",
    ] {
        assert!(!whole.contains(secret), "{secret} is in the record");
    }
}
