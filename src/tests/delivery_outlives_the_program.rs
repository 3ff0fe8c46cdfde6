//! What was queued goes out although the program is killed, by the real program with its settings file; and what it tells
//! of that in its log is neither a message nor a secret.

use crate::harness::{Place, until};
use crate::outbox::{SECRET, message};
use crate::program::Program;
use crate::receiver::{Receiver, Say};
use ms5_floor::server::clock::Clock;
use ms5_floor::server::db::deliveries;
use ms5_floor::server::delivery::{NewDelivery, To, enqueue};
use std::fs::File;
use std::time::Duration;
use tempfile::TempDir;

on_both! { a_killed_program_sends_the_rest_when_it_is_back }

const LONG_ENOUGH: Duration = Duration::from_secs(60);

async fn a_killed_program_sends_the_rest_when_it_is_back(place: &Place) {
    let receiver = Receiver::start().await;
    receiver.say("/secret-path", [Say::Status(500)]);
    let folder = TempDir::new().expect("a folder");
    let (secret, config) = (
        folder.path().join("secret"),
        folder.path().join("floor.toml"),
    );
    std::fs::write(&secret, SECRET).expect("the secret");
    let settings = format!(
        "[delivery]\naddress = 'https://floor.example'\n[delivery.webhook.a]\nurl = '{}/secret-path'\nsecret_file = '{}'\n",
        receiver.url,
        secret.display()
    );
    std::fs::write(&config, settings).expect("the settings");
    let config = config.display().to_string();
    let log =
        |number: i64| File::create(folder.path().join(format!("log{number}"))).expect("a log");
    let flags = ["--config", &config, "--log", "debug"];
    let program = Program::serve_with(place, &flags, log(1));

    let db = place.open().await;
    let message = message("Line 1 stands");
    let now = Clock::system().now();
    let new = NewDelivery {
        key: "k",
        channel: "webhook",
        to: To::Address("a"),
        message: &message,
        step: None,
        now,
        due: now,
    };
    let mut tx = db.begin().await.expect("a transaction");
    let queued = enqueue(&mut tx, &new).await.expect("queued");
    tx.commit().await.expect("committed");
    let id = queued[0].delivery();
    until("the first attempt", LONG_ENOUGH, async || {
        let made = deliveries::attempts(&db, id).await.expect("a read");
        made.first().filter(|a| a.outcome == "later").map(drop)
    })
    .await;
    program.kill();
    let program = Program::serve_with(place, &flags, log(2));
    until("the second attempt", LONG_ENOUGH, async || {
        let row = deliveries::by_id(&db, id).await.expect("a read");
        row.filter(|r| r.state == "sent").map(drop)
    })
    .await;
    let ended = program.terminate(LONG_ENOUGH).await;
    assert!(ended.success(), "{ended}");
    let got = receiver.got("/secret-path");
    assert_eq!(got.len(), 2);
    assert_eq!(got[0].delivery(), got[1].delivery());
    for number in [1, 2] {
        let told = std::fs::read_to_string(folder.path().join(format!("log{number}")));
        let told = told.expect("the log");
        assert!(told.contains("delivery"), "it tells of it: {told}");
        for secret in [SECRET, "secret-path", "Line 1 stands", "Filler 2"] {
            assert!(
                !told.contains(secret),
                "log {number} tells '{secret}': {told}"
            );
        }
    }
    db.close().await;
}
