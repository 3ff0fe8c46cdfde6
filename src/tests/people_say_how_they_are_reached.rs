//! People set their own phone number and the devices that take push messages, and send themselves a test: nobody does it for
//! others, what cannot be used is refused by name, and every change is on record without the number itself.

use crate::browser::{Browser, leads_to, text};
use crate::device::Device;
use crate::harness::{Hands, Place, Server, at, until};
use crate::outbox::{GENERAL, channels};
use crate::receiver::{Receiver, Say};
use crate::small_plant::small_plant;
use axum::http::StatusCode;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use futures::future::join_all;
use ms5_floor::domain::time::DurMs;
use ms5_floor::server::db::contacts::{self, SubscriptionRow};
use ms5_floor::server::db::people;
use std::time::Duration;

on_both! {
    a_number_is_kept_as_it_is_dialled_from_anywhere,
    a_device_takes_messages_for_its_owner_and_is_removed_by_them_alone,
    what_a_browser_tells_must_be_of_use,
    a_test_reaches_whoever_asks_and_not_too_often,
    tests_that_are_asked_for_at_once_are_not_more_either,
    where_nothing_is_set_up_the_page_says_so,
}

const PAGE: &str = "/account/reached";
pub const DEVICES: &str = "/account/reached/devices";

/// A server with a text gateway and push.
pub async fn served(place: &Place, receiver: &Receiver) -> (Server, Hands) {
    let hands = Hands::at(at("2026-07-06T08:00:00Z"));
    let mut server = Server::with(place, hands.clock(), small_plant()).await;
    let url = &receiver.url;
    let settings = format!(
        "{GENERAL}sms.url = '{url}/sms'\npush.contact = 'mailto:floor@plant.example'\npush.services = ['{url}']\n"
    );
    server.app.channels = channels(&server.app, &settings).await;
    server.shared.app.channels = server.app.channels.clone();
    (server, hands)
}

async fn phone(server: &Server, login: &str) -> Option<String> {
    let row = people::by_login(&server.app.db, login).await;
    let id = row.expect("a read").expect("somebody").person();
    let mut tx = server.snapshot().await;
    contacts::phone_in(&mut tx, id).await.expect("a read")
}

pub async fn devices(server: &Server, login: &str) -> Vec<SubscriptionRow> {
    let row = people::by_login(&server.app.db, login).await;
    let id = row.expect("a read").expect("somebody").person();
    contacts::subscriptions(&server.app.db, id)
        .await
        .expect("a read")
}

/// What the script of the page sends.
pub fn told<'a>(
    endpoint: &'a str,
    (key, auth): (&'a str, &'a str),
    label: &'a str,
) -> [(&'a str, &'a str); 4] {
    [
        ("endpoint", endpoint),
        ("p256dh", key),
        ("auth", auth),
        ("label", label),
    ]
}

pub fn keys(device: &Device) -> (String, String) {
    (BASE64.encode(device.key()), BASE64.encode(device.auth()))
}

async fn a_number_is_kept_as_it_is_dialled_from_anywhere(place: &Place) {
    let receiver = Receiver::start().await;
    let (server, _) = served(place, &receiver).await;
    let mut olga = Browser::of(&server, "olga", "operator").await;
    let path = "/account/reached/phone";
    for wrong in [
        "0471 000000",
        "112",
        "call me",
        "+0471000000",
        "+39\u{0}0471000000",
    ] {
        let answer = olga.post(path, &[("phone", wrong)]).await;
        let code = answer.status;
        assert!(
            matches!(
                code,
                StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST
            ),
            "{wrong}: {code}"
        );
        assert_eq!(phone(&server, "olga").await, None, "{wrong}");
    }
    let answer = olga.post(path, &[("phone", "0471 <b>")]).await;
    let page = text(&answer);
    assert!(
        page.contains("0471 &lt;b&gt;"),
        "what was typed stands there"
    );
    for _ in 0..2 {
        let answer = olga.post(path, &[("phone", " +39 (0471) 00-00-00 ")]).await;
        assert_eq!(leads_to(&answer), "/account/reached?said=phone");
    }
    assert_eq!(
        phone(&server, "olga").await.as_deref(),
        Some("+390471000000")
    );
    assert!(text(&olga.get(PAGE).await).contains("+390471000000"));
    assert!(text(&olga.get("/account").await).contains("Screens, sms."));
    let answer = olga.post(path, &[("phone", "")]).await;
    assert_eq!(leads_to(&answer), "/account/reached?said=phone");
    assert_eq!(phone(&server, "olga").await, None);
    let rows = server.on_record("person.phone").await;
    assert_eq!(rows.len(), 2, "what changes nothing is no change");
    for row in rows {
        assert_eq!((&*row.actor, &*row.target), ("olga Tester", "person:olga"));
        assert!(!format!("{row:?}").contains("390471"), "{row:?}");
    }
}

async fn a_device_takes_messages_for_its_owner_and_is_removed_by_them_alone(place: &Place) {
    let receiver = Receiver::start().await;
    let (server, _) = served(place, &receiver).await;
    let mut olga = Browser::of(&server, "olga", "operator").await;
    let mut emil = Browser::of(&server, "emil", "engineer").await;
    let page = text(&olga.get(PAGE).await);
    let push = server.app.channels.get("push").expect("it is set up");
    let key = push.public_key().expect("a key");
    assert!(page.contains(&format!("data-key=\"{key}\"")), "{page}");
    assert!(page.contains("src=\"/push.js\""), "{page}");
    let device = Device::new();
    let (p256dh, auth) = keys(&device);
    let endpoint = format!("{}/phone?secret", receiver.url);
    let form = told(&endpoint, (&p256dh, &auth), "my <b>phone</b>");
    for _ in 0..2 {
        let answer = olga.post(DEVICES, &form).await;
        assert_eq!(leads_to(&answer), "/account/reached?said=on");
    }
    let own = devices(&server, "olga").await;
    assert_eq!(own.len(), 1, "a browser that is known is not added twice");
    assert_eq!(
        (own[0].p256dh.as_slice(), own[0].auth.as_slice()),
        (&*device.key(), device.auth())
    );
    let page = text(&olga.get(PAGE).await);
    assert!(page.contains("my &lt;b&gt;phone"), "{page}");
    assert!(!page.contains("secret"), "its address is shown to nobody");
    assert!(!text(&emil.get(PAGE).await).contains("my &lt;b&gt;phone"));

    let id = own[0].id.to_string();
    let remove = "/account/reached/devices/remove";
    let answer = emil.post(remove, &[("device", &id)]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", place.engine);
    assert_eq!(devices(&server, "olga").await.len(), 1);
    let answer = olga.post(remove, &[("device", &id)]).await;
    assert_eq!(leads_to(&answer), "/account/reached?said=removed");
    assert_eq!(devices(&server, "olga").await.len(), 0);
    let answer = olga.post(remove, &[("device", &id)]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    for (action, rows) in [("person.device.add", 2), ("person.device.remove", 1)] {
        let trail = server.on_record(action).await;
        assert_eq!(trail.len(), rows, "{action}");
        assert!(trail.iter().all(|r| r.actor == "olga Tester"), "{trail:?}");
        assert!(!format!("{trail:?}").contains("secret"), "{trail:?}");
    }
}

async fn what_a_browser_tells_must_be_of_use(place: &Place) {
    let receiver = Receiver::start().await;
    let (server, _) = served(place, &receiver).await;
    let mut olga = Browser::of(&server, "olga", "operator").await;
    let (key, auth) = keys(&Device::new());
    let good = format!("{}/phone", receiver.url);
    let (long, far) = ("x".repeat(61), format!("{good}/{}", "y".repeat(3_000)));
    for (form, named) in [
        (
            told("http://10.0.0.7/", (&key, &auth), "phone"),
            "no push service",
        ),
        (
            told("file:///etc/passwd", (&key, &auth), "phone"),
            "no push service",
        ),
        (told("", (&key, &auth), "phone"), "no address"),
        (told(&far, (&key, &auth), "phone"), "too long"),
        (told(&good, ("", &auth), "phone"), "p256dh"),
        (told(&good, (&key, "abc"), "phone"), "auth"),
        (told(&good, (&key, &auth), "  "), "is missing"),
        (told(&good, (&key, &auth), &long), "at most 60"),
    ] {
        let answer = olga.post(DEVICES, &form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{named}");
        assert!(text(&answer).contains(named), "{named}: {}", text(&answer));
    }
    for n in 0..11 {
        let endpoint = format!("{good}/{n}");
        let answer = olga
            .post(DEVICES, &told(&endpoint, (&key, &auth), "phone"))
            .await;
        let wanted = if n < 10 {
            StatusCode::SEE_OTHER
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        };
        assert_eq!(answer.status, wanted, "{n}: {}", text(&answer));
    }
    assert_eq!(devices(&server, "olga").await.len(), 10);
    assert_eq!(receiver.all().len(), 0, "nothing was sent anywhere");
}

async fn a_test_reaches_whoever_asks_and_not_too_often(place: &Place) {
    let receiver = Receiver::start().await;
    let (server, hands) = served(place, &receiver).await;
    let mut olga = Browser::of(&server, "olga", "operator").await;
    let test = "/account/reached/test/sms";
    for unknown in ["screen", "webhook", "pigeon"] {
        let answer = olga
            .post(&format!("/account/reached/test/{unknown}"), &[])
            .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{unknown}");
    }
    let answer = olga.post("/account/reached/test/email", &[]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let answer = olga.post(test, &[]).await;
    assert!(
        text(&answer).contains("no phone number is on file"),
        "{}",
        text(&answer)
    );
    let number = [("phone", "+390471000000")];
    olga.post("/account/reached/phone", &number).await;
    let device = Device::new();
    let (key, auth) = keys(&device);
    let endpoint = format!("{}/phone", receiver.url);
    olga.post(DEVICES, &told(&endpoint, (&key, &auth), "the phone"))
        .await;
    let page = text(&olga.post("/account/reached/test/push", &[]).await);
    assert!(page.contains("Sent to the phone: "), "{page}");
    let got = receiver.got("/phone");
    assert_eq!(device.shown(&got[0])["title"], "Test message");
    for n in 0..4 {
        let page = text(&olga.post(test, &[]).await);
        assert!(page.contains("Sent to +390471000000: "), "{n}: {page}");
    }
    let answer = olga.post(test, &[]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(&answer).contains("too often"), "{}", text(&answer));
    assert_eq!(receiver.got("/sms").len(), 4);
    // Others are not kept from it, and after a while one can again.
    let mut emil = Browser::of(&server, "emil", "engineer").await;
    emil.post("/account/reached/phone", &number).await;
    emil.post(test, &[]).await;
    hands.set(at("2026-07-06T08:00:00Z") + DurMs(11 * 60_000));
    olga.post(test, &[]).await;
    assert_eq!(receiver.got("/sms").len(), 6);
    let rows = server.on_record("person.contact.test").await;
    assert_eq!(rows.len(), 7, "{rows:?}");
    assert!(rows.iter().all(|r| !r.became.contains("0471")), "{rows:?}");
}

async fn tests_that_are_asked_for_at_once_are_not_more_either(place: &Place) {
    let receiver = Receiver::start().await;
    // None is over before the others are asked for.
    receiver.say_always("/sms", Say::Hold);
    let (server, _) = served(place, &receiver).await;
    let mut olga = Browser::of(&server, "olga", "operator").await;
    let number = [("phone", "+390471000000")];
    olga.post("/account/reached/phone", &number).await;
    let tab = |_| {
        let mut tab = Browser::new(&server);
        tab.cookie.clone_from(&olga.cookie);
        tab
    };
    let mut tabs: Vec<_> = (0..8).map(tab).collect();
    let asked = join_all(
        tabs.iter_mut()
            .map(|tab| tab.post("/account/reached/test/sms", &[])),
    );
    let arrived = async {
        until("the tests to arrive", Duration::from_secs(20), async || {
            (receiver.got("/sms").len() >= 5).then_some(())
        })
        .await;
        receiver.go_on();
    };
    let (answers, ()) = tokio::join!(asked, arrived);
    let refused = answers
        .iter()
        .filter(|a| a.status == StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.count(), 3, "{}", place.engine);
    assert_eq!(receiver.got("/sms").len(), 5, "{}", place.engine);
    // Each is on record before it is sent, and what became of it afterwards.
    for action in ["person.contact.ask", "person.contact.test"] {
        let rows = server.on_record(action).await;
        assert_eq!(rows.len(), 5, "{}: {rows:?}", place.engine);
        assert!(rows.iter().all(|r| r.target == "person:olga"), "{rows:?}");
    }
}

async fn where_nothing_is_set_up_the_page_says_so(place: &Place) {
    let hands = Hands::at(at("2026-07-06T08:00:00Z"));
    let server = Server::with(place, hands.clock(), small_plant()).await;
    let mut olga = Browser::of(&server, "olga", "operator").await;
    let page = text(&olga.get(PAGE).await);
    assert!(page.contains("calls are told on screens only"), "{page}");
    assert!(page.contains("Push messages are not set up"), "{page}");
    let (key, auth) = keys(&Device::new());
    let form = told("https://fcm.googleapis.com/x", (&key, &auth), "phone");
    let answer = olga.post(DEVICES, &form).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let answer = olga.post("/account/reached/test/push", &[]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(&olga.get("/account").await).contains("Screens only"));
    // Who has not signed in is led to the door.
    let mut nobody = Browser::new(&server);
    assert_eq!(nobody.get(PAGE).await.status, StatusCode::SEE_OTHER);
}
