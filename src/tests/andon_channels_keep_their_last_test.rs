//! A channel whose test failed shows it, also when the page is loaded anew and to whoever else looks after it, until something
//! is sent that way.

use crate::browser::{Browser, text};
use crate::harness::{Hands, Place, Server, at};
use crate::outbox::{GENERAL, channels, queue_to, sent_now};
use crate::receiver::{Receiver, Say};
use crate::small_plant::small_plant;
use ms5_floor::domain::time::DurMs;
use ms5_floor::server::db::{contacts, people};

on_both! {
    a_failed_test_stands_on_the_page_until_its_receiver_takes_something,
    a_failed_test_to_oneself_stands_there_until_another_one_goes,
}

const NOW: &str = "2026-07-06T08:00:00Z";
const BROKEN: &str = "its test failed</span>";
const WELL: &str = "Nothing failed in the last day.";

/// A server with a text gateway, and two programs that listen.
async fn with_channels(place: &Place, receiver: &Receiver) -> (Server, Hands) {
    let hands = Hands::at(at(NOW));
    let mut server = Server::with(place, hands.clock(), small_plant()).await;
    let url = &receiver.url;
    let text = format!(
        "{GENERAL}sms.url = '{url}/sms'\nwebhook.a.url = '{url}/a'\nwebhook.b.url = '{url}/b'\n"
    );
    server.app.channels = channels(&server.app, &text).await;
    server.shared.app.channels = server.app.channels.clone();
    (server, hands)
}

async fn a_failed_test_stands_on_the_page_until_its_receiver_takes_something(place: &Place) {
    let receiver = Receiver::start().await;
    let (server, hands) = with_channels(place, &receiver).await;
    let mut mona = Browser::of(&server, "mona", "shift_manager").await;
    let mut nils = Browser::of(&server, "nils", "shift_manager").await;
    receiver.say("/a", [Say::Status(200)]);
    receiver.say("/b", [Say::Status(403)]);
    mona.post("/admin/channels/webhook/test", &[]).await;
    let page = text(&nils.get("/admin/channels").await);
    for words in [
        BROKEN,
        "Test to a was taken: answered 200",
        "Test to b failed: answered 403",
        "2026-07-06 10:00",
        "by mona Tester",
    ] {
        assert!(page.contains(words), "{}: {words}: {page}", place.engine);
    }
    assert_eq!(page.matches(WELL).count(), 1, "of the other channel");

    for (second, to, broken) in [(1, "a", true), (2, "b", false)] {
        hands.set(at(NOW) + DurMs(second * 1_000));
        queue_to(&server.app, &format!("told to {to}"), "webhook", to).await;
        assert_eq!(sent_now(&server.app).await, 1);
        let page = text(&nils.get("/admin/channels").await);
        assert_eq!(page.contains(BROKEN), broken, "{to}: {page}");
        assert!(page.contains("Test to b failed: answered 403"), "{to}");
    }
}

async fn a_failed_test_to_oneself_stands_there_until_another_one_goes(place: &Place) {
    let receiver = Receiver::start().await;
    let (server, hands) = with_channels(place, &receiver).await;
    let mut mona = Browser::of(&server, "mona", "shift_manager").await;
    let mut nils = Browser::of(&server, "nils", "shift_manager").await;
    let mut tx = server.app.db.begin().await.expect("a transaction");
    for (login, number) in [("mona", "+390471000000"), ("nils", "+390471000001")] {
        let row = people::by_login(&server.app.db, login).await;
        let id = row.expect("a read").expect("somebody").person();
        let kept = contacts::set_phone(&mut tx, id, Some(number)).await;
        kept.expect("kept");
    }
    tx.commit().await.expect("a commit");
    receiver.say("/sms", [Say::Status(500), Say::Status(202)]);
    mona.post("/admin/channels/sms/test", &[]).await;
    let page = text(&nils.get("/admin/channels").await);
    assert!(page.contains(BROKEN), "{}: {page}", place.engine);
    assert!(page.contains("Test failed: answered 500"), "{page}");
    assert!(!page.contains("+390471"), "whose number it is: {page}");

    hands.set(at(NOW) + DurMs(1_000));
    nils.post("/account/reached/test/sms", &[]).await;
    let page = text(&mona.get("/admin/channels").await);
    assert!(!page.contains(BROKEN), "{}: {page}", place.engine);
    assert!(page.contains("Test was taken: answered 202"), "{page}");
}
