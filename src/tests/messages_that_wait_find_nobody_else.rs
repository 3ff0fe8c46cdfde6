//! A message that waits goes to whom it was meant for, or to nobody: not to somebody who was disabled since, nor to whoever
//! uses the browser now.

use crate::browser::{Browser, add_person, leads_to};
use crate::delivery_by_push_is_read_by_its_device_alone::subscribe;
use crate::device::Device;
use crate::harness::{Place, Server};
use crate::outbox::{message, queue, row, sent_now};
use crate::people_say_how_they_are_reached::{DEVICES, devices, keys, served, told};
use crate::receiver::Receiver;
use ms5_floor::domain::ids::{DeliveryId, PersonId};
use ms5_floor::server::db::{contacts, people};
use ms5_floor::server::delivery::{Queued, To};

on_both! {
    whoever_is_disabled_is_sent_nothing_that_waits,
    a_browser_that_changes_hands_gets_nothing_of_whoever_had_it,
    a_number_of_a_device_is_given_once,
}

/// Queues a message to somebody over a channel.
async fn waits(server: &Server, person: PersonId, channel: &str) -> DeliveryId {
    let app = &server.app;
    let key = format!("{}:{channel}", person.0);
    let queued = queue(app, &key, channel, To::Person(person), &message(&key)).await;
    assert!(matches!(queued[..], [Queued::New(_)]), "{queued:?}");
    queued[0].delivery()
}

async fn state(server: &Server, id: DeliveryId) -> String {
    row(&server.app, id).await.state
}

async fn id_of(server: &Server, login: &str) -> PersonId {
    let row = people::by_login(&server.app.db, login).await;
    row.expect("a read").expect("somebody").person()
}

async fn whoever_is_disabled_is_sent_nothing_that_waits(place: &Place) {
    let receiver = Receiver::start().await;
    let (server, _) = served(place, &receiver).await;
    let app = &server.app;
    let mut admin = Browser::of(&server, "ada", "admin").await;
    let maria = add_person(&server, "maria", "operator").await;
    let jonas = add_person(&server, "jonas", "operator").await;
    for (person, path) in [(maria, "maria"), (jonas, "jonas")] {
        let endpoint = format!("{}/{path}", receiver.url);
        subscribe(app, person, &endpoint, &Device::new()).await;
    }
    let mut tx = app.db.begin().await.expect("a transaction");
    let number = contacts::set_phone(&mut tx, maria, Some("+390471000000")).await;
    number.expect("a number");
    tx.commit().await.expect("committed");
    let of_maria = [
        waits(&server, maria, "push").await,
        waits(&server, maria, "sms").await,
    ];
    let of_jonas = waits(&server, jonas, "push").await;
    let path = format!("/admin/people/{}/disabled", maria.0);
    leads_to(&admin.post(&path, &[("disabled", "yes")]).await);
    for id in of_maria {
        assert_eq!(state(&server, id).await, "void", "{}", place.engine);
    }
    assert_eq!(sent_now(app).await, 1, "{}", place.engine);
    assert_eq!(state(&server, of_jonas).await, "sent");
    assert_eq!(receiver.all().len(), receiver.got("/jonas").len());
    assert_eq!(devices(&server, "maria").await.len(), 0);
    assert_eq!(devices(&server, "jonas").await.len(), 1, "nobody else's");
    let told = server.on_record("person.disable").await.remove(0);
    assert!(told.was.contains("Tablet 3"), "{told:?}");
    assert!(told.became.contains("\"messages_void\":2"), "{told:?}");
    // Whoever is let in again is not told what is over.
    leads_to(&admin.post(&path, &[("disabled", "no")]).await);
    assert_eq!(sent_now(app).await, 0, "{}", place.engine);
}

async fn a_browser_that_changes_hands_gets_nothing_of_whoever_had_it(place: &Place) {
    let receiver = Receiver::start().await;
    let (server, _) = served(place, &receiver).await;
    let mut olga = Browser::of(&server, "olga", "operator").await;
    let mut emil = Browser::of(&server, "emil", "engineer").await;
    let device = Device::new();
    let (p256dh, auth) = keys(&device);
    let endpoint = format!("{}/shared", receiver.url);
    let form = told(&endpoint, (&p256dh, &auth), "the phone of shift 2");
    leads_to(&olga.post(DEVICES, &form).await);
    let before = devices(&server, "olga").await.remove(0);
    let waiting = waits(&server, id_of(&server, "olga").await, "push").await;
    leads_to(&emil.post(DEVICES, &form).await);
    assert_eq!(devices(&server, "olga").await.len(), 0, "{}", place.engine);
    let after = devices(&server, "emil").await.remove(0);
    assert_ne!(after.id, before.id, "{}", place.engine);
    assert_eq!(state(&server, waiting).await, "void", "{}", place.engine);
    assert_eq!(sent_now(&server.app).await, 0, "{}", place.engine);
    assert_eq!(receiver.all().len(), 0);
    let rows = server.on_record("person.device.lost").await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    let row = &rows[0];
    assert_eq!(
        (&*row.actor, &*row.target),
        ("emil Tester", "person:olga"),
        "{row:?}"
    );
    assert!(row.was.contains("the phone of shift 2"), "{row:?}");
    assert!(row.became.contains("\"messages_void\":1"), "{row:?}");
    // Whoever has it already loses nothing by telling so again.
    leads_to(&emil.post(DEVICES, &form).await);
    assert_eq!(devices(&server, "emil").await[0].id, after.id);
    assert_eq!(server.on_record("person.device.lost").await.len(), 1);
}

async fn a_number_of_a_device_is_given_once(place: &Place) {
    let receiver = Receiver::start().await;
    let (server, _) = served(place, &receiver).await;
    let mut olga = Browser::of(&server, "olga", "operator").await;
    let mut emil = Browser::of(&server, "emil", "engineer").await;
    let (p256dh, auth) = keys(&Device::new());
    let (one, other) = (
        format!("{}/one", receiver.url),
        format!("{}/other", receiver.url),
    );
    let form = told(&one, (&p256dh, &auth), "phone");
    leads_to(&olga.post(DEVICES, &form).await);
    let waiting = waits(&server, id_of(&server, "olga").await, "push").await;
    let gone = devices(&server, "olga").await[0].id.to_string();
    let remove = format!("{DEVICES}/remove");
    leads_to(&olga.post(&remove, &[("device", &gone)]).await);
    let form = told(&other, (&p256dh, &auth), "phone");
    leads_to(&emil.post(DEVICES, &form).await);
    let next = devices(&server, "emil").await[0].id.to_string();
    assert_ne!(next, gone, "{}", place.engine);
    sent_now(&server.app).await;
    assert_eq!(state(&server, waiting).await, "failed", "{}", place.engine);
    assert_eq!(receiver.all().len(), 0, "{}", place.engine);
}
