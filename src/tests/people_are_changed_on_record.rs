//! People are added and changed by those who may, with all of it on record and no secret in the record. Nobody gives more
//! than they hold, nobody changes somebody who may more, and the last administrator stays one.

use crate::browser::{Browser, PASSWORD, add_person, add_role, role_id};
use crate::harness::{Answer, Hands, Place, Server, at};
use crate::small_plant::small_plant;
use axum::http::{StatusCode, header};
use ms5_floor::domain::ids::PersonId;
use ms5_floor::domain::rights::{Permission, PermissionSet, Rights};
use ms5_floor::server::auth::caller::{Caller, Who};
use ms5_floor::server::auth::guard::admit;
use ms5_floor::server::db::audit::{self, AuditRow};
use ms5_floor::server::db::contacts::{self, NewSubscription};
use ms5_floor::server::db::people::{self, GivenRow, PersonRow};
use ms5_floor::server::services::error::ServiceError;
use ms5_floor::server::services::people::{Change, change, reset_password};
use ms5_floor::server::services::set_up::new_admin_link;
use std::sync::Arc;

on_both! {
    somebody_is_added_with_a_role_on_a_line_and_a_password_that_is_shown_once,
    what_is_wrong_with_a_new_person_is_named_and_what_was_typed_stays,
    whoever_is_disabled_is_out_at_once,
    a_new_password_ends_the_old_one_and_every_session,
    a_new_password_ends_messages_to_every_device,
    another_link_to_the_provider_ends_every_session,
    nobody_links_themselves_to_a_provider,
    nobody_makes_themselves_a_new_password_without_the_old_one,
    no_secret_is_in_the_record,
    nobody_gives_more_than_they_hold,
    nobody_takes_over_somebody_who_may_more,
    the_last_administrator_stays_one,
    two_administrators_who_step_down_at_once_leave_one,
    a_form_that_is_older_than_the_person_changes_nothing,
    a_link_from_the_command_line_adds_one_more_administrator_once,
}

async fn server(place: &Place) -> Server {
    let hands = Hands::at(at("2026-07-06T10:00:00Z"));
    Server::with(place, hands.clock(), small_plant()).await
}

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.clone()).expect("text")
}

fn leads_to(answer: &Answer) -> &str {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", text(answer));
    answer.headers[header::LOCATION]
        .to_str()
        .expect("an address")
}

async fn row(server: &Server, login: &str) -> PersonRow {
    let found = people::by_login(&server.app.db, login)
        .await
        .expect("a look");
    found.unwrap_or_else(|| panic!("{login} is there"))
}

async fn trail(server: &Server) -> Vec<AuditRow> {
    audit::after(&server.app.db, 0, 10_000)
        .await
        .expect("the trail")
}

async fn last(server: &Server) -> AuditRow {
    trail(server).await.pop().expect("a row")
}

/// The secret that a page shows this once.
fn shown_once(answer: &Answer) -> String {
    let page = text(answer);
    let (_, rest) = page
        .split_once("once-secret\">")
        .unwrap_or_else(|| panic!("{page}"));
    rest.split('<').next().expect("a secret").to_owned()
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
