//! A server with ways to reach people, and messages to queue.

use crate::harness::{Hands, Place, Server};
use crate::mailbox::PASSWORD;
use ms5_floor::domain::ids::{DeliveryId, PersonId};
use ms5_floor::domain::time::{DurMs, TsMs};
use ms5_floor::server::clock::Clock;
use ms5_floor::server::db::deliveries::{self, AttemptRow, DeliveryRow};
use ms5_floor::server::db::people;
use ms5_floor::server::delivery::{
    Channels, FileSettings, Message, NewDelivery, Queued, To, Urgency, catch_up, enqueue, run,
};
use ms5_floor::server::state::App;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What every receiver of the tests shares with us.
pub const SECRET: &str = "a secret of the receiver";
/// When the tests begin.
pub const NOW: &str = "2026-07-06T10:00:00Z";

/// How links begin, and how long an attempt may take.
pub const GENERAL: &str = "address = 'https://floor.example'\ntimeout_s = 2\n";

/// The channels of these settings, which stand below `[delivery]`.
pub async fn channels(app: &App, text: &str) -> Channels {
    let file: FileSettings = toml::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"));
    let variable = |name: &str| match name {
        "MS5_EMAIL_PASSWORD" => text.contains("user =").then(|| PASSWORD.to_owned()),
        name if name.ends_with("_SECRET") => Some(SECRET.to_owned()),
        "MS5_SMS_TOKEN" => Some("a token of the gateway".to_owned()),
        _ => None,
    };
    let settings = file.resolve(&variable).expect("settings");
    let made = Channels::from_settings(settings, &app.db, &app.clock).await;
    made.expect("channels")
}

/// A server with these channels.
pub async fn server(place: &Place, clock: Clock, text: &str) -> Server {
    let mut server = Server::start(place, clock).await;
    server.app.channels = channels(&server.app, text).await;
    server
}

/// The same at [`NOW`], with a clock in hand.
pub async fn server_by_hand(place: &Place, text: &str) -> (Server, Hands) {
    let hands = Hands::at(crate::harness::at(NOW));
    let server = server(place, hands.clock(), text).await;
    (server, hands)
}

/// The settings of webhooks with these names at paths of the same name.
pub fn webhooks(url: &str, names: &[&str]) -> String {
    let one = |name: &&str| format!("webhook.{name}.url = '{url}/{name}'\n");
    let tables: String = names.iter().map(one).collect();
    format!("{GENERAL}{tables}")
}

/// A message with a link.
pub fn message(title: &str) -> Message {
    Message {
        title: title.to_owned(),
        text: "Filler 2 stands: F44\nNobody has answered for 5 minutes.".to_owned(),
        link: "/andon/17?by=mail".to_owned(),
        urgency: Urgency::High,
        call: Some(17),
    }
}

/// Queues a message under a key and wakes whoever sends.
pub async fn queue(
    app: &App,
    key: &str,
    channel: &str,
    to: To<'_>,
    message: &Message,
) -> Vec<Queued> {
    let mut tx = app.db.begin().await.expect("a transaction");
    let queued = queue_in(&mut tx, app.clock.now(), key, channel, to, message).await;
    tx.commit().await.expect("committed");
    app.channels.wake();
    queued
}

/// Queues it in a transaction.
pub async fn queue_in(
    tx: &mut ms5_floor::server::db::Tx,
    now: TsMs,
    key: &str,
    channel: &str,
    to: To<'_>,
    message: &Message,
) -> Vec<Queued> {
    let new = NewDelivery {
        key,
        channel,
        to,
        message,
        step: Some(2),
        now,
        due: now,
    };
    enqueue(tx, &new).await.expect("queued")
}

/// Queues one message to an address.
pub async fn queue_to(app: &App, key: &str, channel: &str, address: &str) -> DeliveryId {
    let queued = queue(app, key, channel, To::Address(address), &message(key)).await;
    assert_eq!(queued.len(), 1, "{queued:?}");
    queued[0].delivery()
}

/// Sends what is due; how many attempts that took.
pub async fn sent_now(app: &App) -> usize {
    catch_up(app).await.expect("what is due is sent")
}

/// A message as it is on record.
pub async fn row(app: &App, id: DeliveryId) -> DeliveryRow {
    let row = deliveries::by_id(&app.db, id).await.expect("a read");
    row.expect("a message")
}

/// Its attempts.
pub async fn attempts(app: &App, id: DeliveryId) -> Vec<AttemptRow> {
    deliveries::attempts(&app.db, id).await.expect("a read")
}

/// How its attempts ended.
pub async fn outcomes(app: &App, id: DeliveryId) -> Vec<String> {
    attempts(app, id)
        .await
        .into_iter()
        .map(|a| a.outcome)
        .collect()
}

/// Somebody with this address for mail, perhaps none.
pub async fn person(app: &App, login: &str, email: &str) -> PersonId {
    let mut tx = app.db.begin().await.expect("a transaction");
    let names = (login, login, email);
    let id = people::add(&mut tx, names, false, app.clock.now()).await;
    tx.commit().await.expect("committed");
    id.expect("a person")
}

/// Starts to send, until the token is cancelled.
pub fn start(app: &App) -> (JoinHandle<()>, CancellationToken) {
    let stop = CancellationToken::new();
    (tokio::spawn(run(app.clone(), stop.clone())), stop)
}

/// Moves the hands on by so many milliseconds.
pub fn after(hands: &Hands, ms: i64) {
    hands.set(hands.clock().now() + DurMs(ms));
}
