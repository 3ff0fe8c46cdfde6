//! A provider lets in whoever has an address here that it has checked: so nobody's own is changed on an open screen without
//! the password, nor without the code where the second factor is on.

use crate::browser::{Browser, PASSWORD, add_person, leads_to, role_id, text};
use crate::harness::{Hands, Place, Server, at};
use crate::people_look_after_their_own_account::code_of;
use crate::small_plant::small_plant;
use axum::http::StatusCode;
use ms5_floor::domain::time::DurMs;
use ms5_floor::server::db::people::{self, PersonRow};

on_both! {
    ones_own_address_is_shown_and_not_changed_on_the_page_of_people,
    ones_own_address_takes_the_password,
    ones_own_address_takes_a_fresh_code_where_the_second_factor_is_on,
    nobody_takes_an_address_that_is_somebody_elses,
}

const HERE: &str = "/account/reached/email";
const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

async fn served(place: &Place) -> (Server, Hands) {
    let hands = Hands::at(at("2026-07-06T10:00:00Z"));
    let server = Server::with(place, hands.clock(), small_plant()).await;
    (server, hands)
}

async fn row(server: &Server, login: &str) -> PersonRow {
    let found = people::by_login(&server.app.db, login).await;
    found.expect("a look").expect("somebody")
}

fn form<'a>(email: &'a str, password: &'a str, code: &'a str) -> [(&'a str, &'a str); 3] {
    [("email", email), ("password", password), ("code", code)]
}

async fn ones_own_address_is_shown_and_not_changed_on_the_page_of_people(place: &Place) {
    let (server, _) = served(place).await;
    let mut admin = Browser::of(&server, "ada", "admin").await;
    add_person(&server, "vic", "viewer").await;
    let (ada, vic) = (row(&server, "ada").await, row(&server, "vic").await);
    let role = role_id(&server, "admin").await.to_string();
    for (of, is_own) in [(&ada, true), (&vic, false)] {
        let page = format!("/admin/people/{}", of.id);
        let version = of.version.to_string();
        let mut form = vec![
            ("version", version.as_str()),
            ("name", "Somebody"),
            ("email", "open.screen@plant.example"),
        ];
        if is_own {
            form.extend([("role", role.as_str()), ("where", "site")]);
        }
        let answer = admin.post(&page, &form).await;
        let shown = text(&admin.get(&page).await);
        let by_password = shown.contains("href=\"/account/reached\"");
        assert_eq!(by_password, is_own, "{}: {shown}", place.engine);
        assert_eq!(shown.contains("type=\"email\""), !is_own, "{shown}");
        if is_own {
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(
                text(&answer).contains("email: is yours"),
                "{}",
                text(&answer)
            );
            assert_eq!(row(&server, "ada").await, ada, "{}", place.engine);
            // Everything else of one's own goes on to be changed there.
            form[2].1 = "";
            leads_to(&admin.post(&page, &form).await);
            assert_eq!(row(&server, "ada").await.name, "Somebody");
        } else {
            leads_to(&answer);
            let email = row(&server, "vic").await.email;
            assert_eq!(email, "open.screen@plant.example");
        }
    }
}

async fn ones_own_address_takes_the_password(place: &Place) {
    let (server, _) = served(place).await;
    let mut maria = Browser::of(&server, "maria", "operator").await;
    let shown = text(&maria.get("/account/reached").await);
    assert!(shown.contains(&format!("action=\"{HERE}\"")), "{shown}");
    for (wrong, named) in [
        (form("maria@plant.example", "", ""), "password: "),
        (
            form("maria@plant.example", "guess guess guess", ""),
            "password: is not right",
        ),
        (form("nowhere", PASSWORD, ""), "email: is not an address"),
    ] {
        let answer = maria.post(HERE, &wrong).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{named}");
        assert!(text(&answer).contains(named), "{named}: {}", text(&answer));
    }
    assert_eq!(row(&server, "maria").await.email, "");
    let answer = maria
        .post(HERE, &form(" maria@plant.example ", PASSWORD, ""))
        .await;
    assert_eq!(leads_to(&answer), "/account/reached?said=email");
    let shown = text(&maria.get(&leads_to(&answer)).await);
    assert!(shown.contains("The address is saved."), "{shown}");
    let now = row(&server, "maria").await;
    assert_eq!(now.email, "maria@plant.example", "{}", place.engine);
    let told = server.on_record("person.address").await.remove(0);
    assert_eq!(
        (told.actor_id, &*told.target, &*told.was, &*told.became),
        (
            Some(now.id),
            "person:maria",
            r#"{"email":""}"#,
            r#"{"email":"maria@plant.example"}"#
        )
    );
    assert_eq!(server.on_record("session.wrong").await.len(), 2);
    // Wrong ones lock, as wherever the password is asked.
    for _ in 0..5 {
        maria
            .post(HERE, &form("x@plant.example", "guess", ""))
            .await;
    }
    let locked = maria.post(HERE, &form("", PASSWORD, "")).await;
    assert_eq!(locked.status, StatusCode::TOO_MANY_REQUESTS);
}

async fn ones_own_address_takes_a_fresh_code_where_the_second_factor_is_on(place: &Place) {
    let (server, hands) = served(place).await;
    let mut maria = Browser::of(&server, "maria", "operator").await;
    let id = row(&server, "maria").await.person();
    let mut tx = server.app.db.begin().await.expect("a transaction");
    let on = people::set_totp(&mut tx, id, Some(SECRET)).await;
    on.expect("turned on");
    tx.commit().await.expect("committed");
    server.app.people.forget();
    let shown = text(&maria.get("/account/reached").await);
    assert!(shown.contains("name=\"code\""), "{shown}");
    let code = code_of(SECRET, server.app.clock.now().0);
    for (email, code, goes) in [
        ("one@plant.example", "", false),
        ("one@plant.example", "000000", false),
        ("one@plant.example", code.as_str(), true),
        ("two@plant.example", code.as_str(), false),
    ] {
        let answer = maria.post(HERE, &form(email, PASSWORD, code)).await;
        let done = answer.status == StatusCode::SEE_OTHER;
        assert_eq!(done, goes, "{}: {email} {}", place.engine, text(&answer));
        let named = text(&answer).contains("code: is not right");
        assert_eq!(named, !goes, "{}", text(&answer));
    }
    assert_eq!(row(&server, "maria").await.email, "one@plant.example");
    hands.set(server.app.clock.now() + DurMs(60_000));
    let code = code_of(SECRET, server.app.clock.now().0);
    let answer = maria.post(HERE, &form("", PASSWORD, &code)).await;
    assert_eq!(leads_to(&answer), "/account/reached?said=email");
    assert_eq!(row(&server, "maria").await.email, "");
}

async fn nobody_takes_an_address_that_is_somebody_elses(place: &Place) {
    let (server, _) = served(place).await;
    let mut ada = Browser::of(&server, "ada", "admin").await;
    let answer = ada
        .post(HERE, &form("boss@plant.example", PASSWORD, ""))
        .await;
    assert_eq!(leads_to(&answer), "/account/reached?said=email");
    let mut maria = Browser::of(&server, "maria", "operator").await;
    let answer = maria
        .post(HERE, &form("Boss@Plant.Example", PASSWORD, ""))
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        text(&answer).contains("email: is somebody else&#x27;s")
            || text(&answer).contains("email: is somebody else's"),
        "{}",
        text(&answer)
    );
    assert_eq!(row(&server, "maria").await.email, "", "{}", place.engine);
}
