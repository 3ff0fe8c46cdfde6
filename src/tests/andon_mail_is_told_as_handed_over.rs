//! Of mail it is known that the plant's own server took it, and no more: people read that, and where what bounces later goes.

use crate::andon_scene::{Floor, Letters, give_addresses};
use crate::browser::{Browser, add_person, text};
use crate::harness::Place;
use ms5_floor::domain::time::DurMs;
use serde_json::json;
use std::sync::Arc;

on_both! {
    mail_is_handed_to_the_mail_server_wherever_people_read_of_it,
}

const HANDED: &str = "handed to the mail server";

async fn mail_is_handed_to_the_mail_server_wherever_people_read_of_it(place: &Place) {
    let mut floor = Floor::new(place).await;
    floor.reach_by("email", Arc::new(Letters::default()));
    add_person(&floor.server, "mona", "shift_manager").await;
    give_addresses(&floor.server.app.db).await;
    let call = json!({"machine": "M1", "kind": "maintenance"});
    let id = floor.raised(&floor.operator, call).await;
    floor.deliver().await;
    floor.at(DurMs(1_000)).await;
    let mut mona = Browser::signed_in(&floor.server, "mona").await;
    let page = text(&mona.get("/admin/channels").await);
    for words in [
        "Last handed to the mail server",
        "bounces later goes to the mailbox of the sender",
    ] {
        assert!(page.contains(words), "{}: {words}: {page}", place.engine);
    }
    assert!(!page.contains("Last sent"), "{page}");
    for test in ["/admin/channels/email/test", "/account/reached/test/email"] {
        let page = text(&mona.post(test, &[]).await);
        let words = "Handed to the mail server for mona@plant.example: taken";
        assert!(page.contains(words), "{test}: {page}");
    }
    let page = text(&mona.get(&format!("/andon/history?call={id}")).await);
    assert!(page.contains(HANDED), "{page}");
}
