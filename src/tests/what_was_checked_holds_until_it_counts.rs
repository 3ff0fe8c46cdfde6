//! A password opens a change of one's own ways in only as long as it is the one that is kept: not when an administrator gave
//! another one while it was being checked. Nor does anybody get in by what an administrator takes away at that moment.

use crate::browser::{Browser, PASSWORD, add_person, between, leads_to, text};
use crate::harness::{Answer, Hands, Place, Server, at, by_the_program, until};
use crate::people_look_after_their_own_account::{code_of, give_password};
use crate::small_plant::small_plant;
use axum::http::StatusCode;
use ms5_floor::domain::ids::PersonId;
use ms5_floor::server::db::audit::{self, Wanted};
use ms5_floor::server::db::people::{self, PersonRow};
use ms5_floor::server::services::sign_in::is_unchanged;
use std::time::Duration;

on_both! {
    a_second_factor_is_not_turned_on_with_a_password_that_was_replaced,
    a_second_factor_is_not_turned_off_with_a_password_that_was_replaced,
    a_pin_is_not_changed_with_a_password_or_a_pin_that_was_replaced,
    who_showed_what_is_taken_away_meanwhile_is_not_in,
}

async fn served(place: &Place) -> (Server, PersonId) {
    let hands = Hands::at(at("2026-07-06T10:00:00Z"));
    let server = Server::with(place, hands.clock(), small_plant()).await;
    let maria = add_person(&server, "maria", "operator").await;
    (server, maria)
}

async fn row(server: &Server, id: PersonId) -> PersonRow {
    let row = people::by_id(&server.app.db, id).await.expect("a read");
    row.expect("somebody")
}

/// Sends a form that was looked at and waits for its turn to have the password checked, while `meanwhile` happens.
async fn sent(
    server: &Server,
    browser: &mut Browser<'_>,
    (path, form): (&str, &[(&str, &str)]),
    meanwhile: impl Future<Output = ()>,
) -> Answer {
    let turns = &server.app.turns;
    let turn = turns.of_client("127.0.0.1").await.expect("a turn");
    let asked = browser.post(path, form);
    let other = async {
        until("the form to wait", Duration::from_secs(20), async || {
            format!("{turns:?}").contains("places: 2").then_some(())
        })
        .await;
        meanwhile.await;
        drop(turn);
    };
    let (answer, ()) = tokio::join!(asked, other);
    answer
}

/// It was refused as a wrong password is, and is on record so.
async fn was_wrong(server: &Server, answer: &Answer, place: &Place) {
    assert_eq!(
        answer.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}: {}",
        place.engine,
        text(answer)
    );
    assert!(text(answer).contains("is not right"), "{}", text(answer));
    let wanted = Wanted {
        action: "session.wrong".to_owned(),
        ..Wanted::default()
    };
    let rows = audit::find(&server.app.db, &wanted, 10).await;
    let rows = rows.expect("the trail");
    let of_maria = rows.iter().all(|r| r.target == "person:maria");
    assert!(!rows.is_empty() && of_maria, "{}: {rows:?}", place.engine);
}

async fn a_second_factor_is_not_turned_on_with_a_password_that_was_replaced(place: &Place) {
    let (server, maria) = served(place).await;
    let mut browser = Browser::signed_in(&server, "maria").await;
    browser.post("/account/code/begin", &[]).await;
    let page = text(&browser.get("/account/code").await);
    let secret = between(&page, "class=\"once-secret\">", "</code>");
    let code = code_of(&secret, server.app.clock.now().0);
    let form = [("code", &*code), ("password", PASSWORD)];
    let given = give_password(&server, maria, Some("another"));
    let asked = ("/account/code/on", &form[..]);
    let answer = sent(&server, &mut browser, asked, given).await;
    was_wrong(&server, &answer, place).await;
    assert_eq!(row(&server, maria).await.totp, None, "{}", place.engine);
}

async fn a_second_factor_is_not_turned_off_with_a_password_that_was_replaced(place: &Place) {
    let (server, maria) = served(place).await;
    let mut browser = Browser::signed_in(&server, "maria").await;
    let mut tx = server.app.db.begin().await.expect("a transaction");
    let on = people::set_totp(&mut tx, maria, Some("GEZDGNBVGY3TQOJQ")).await;
    on.expect("turned on");
    tx.commit().await.expect("committed");
    let form = [("code", "000000"), ("password", PASSWORD)];
    let given = give_password(&server, maria, Some("another"));
    let asked = ("/account/code/off", &form[..]);
    let answer = sent(&server, &mut browser, asked, given).await;
    was_wrong(&server, &answer, place).await;
    let left = row(&server, maria).await.totp;
    assert!(left.is_some(), "{}", place.engine);
}

async fn a_pin_is_not_changed_with_a_password_or_a_pin_that_was_replaced(place: &Place) {
    let (server, maria) = served(place).await;
    let mut browser = Browser::signed_in(&server, "maria").await;
    let form = |proof| [("proof", proof), ("pin", "9173"), ("again", "9173")];
    let given = give_password(&server, maria, Some("another"));
    let typed = form(PASSWORD);
    let asked = ("/account/pin", &typed[..]);
    let answer = sent(&server, &mut browser, asked, given).await;
    was_wrong(&server, &answer, place).await;
    assert_eq!(row(&server, maria).await.pin, None, "{}", place.engine);
    // Who has no password shows the PIN.
    give_password(&server, maria, None).await;
    let pin = server.app.hasher.hash("4711".to_owned()).await;
    let set_pin = async |kept: Option<&str>| {
        let mut tx = server.app.db.begin().await.expect("a transaction");
        let set = people::set_pin(&mut tx, maria, kept).await;
        set.expect("a PIN");
        tx.commit().await.expect("committed");
    };
    set_pin(pin.as_deref()).await;
    let typed = form("4711");
    let asked = ("/account/pin", &typed[..]);
    let answer = sent(&server, &mut browser, asked, set_pin(Some("another"))).await;
    was_wrong(&server, &answer, place).await;
    let left = row(&server, maria).await.pin;
    assert_eq!(left.as_deref(), Some("another"), "{}", place.engine);
}

async fn who_showed_what_is_taken_away_meanwhile_is_not_in(place: &Place) {
    let (server, maria) = served(place).await;
    let mut admin = Browser::of(&server, "ada", "admin").await;
    let ctx = by_the_program(&server.app);
    let provider = [("issuer", "https://login.example"), ("subject", "maria-7")];
    for (way, given) in [
        ("badge", &[("badge", "0047112233")][..]),
        ("pin", &[("pin", "471182")]),
        ("provider", &provider),
    ] {
        let path = format!("/admin/people/{}/{way}", maria.0);
        leads_to(&admin.post(&path, given).await);
        // What a sign-in reads when it finds whose badge, PIN or account that is.
        let shown = row(&server, maria).await;
        let holds = async || is_unchanged(&ctx, &shown).await.expect("a look");
        assert!(holds().await, "{}: {way}", place.engine);
        leads_to(&admin.post(&path, &[("clear", "yes")]).await);
        assert!(!holds().await, "{}: {way}", place.engine);
    }
}
