//! E-mail goes to a mail server that knows nothing of ours: under TLS, with a password, readable in any letters, once. An
//! address that does not exist, a server that is busy, lies about who it is or never answers is told, and holds up nobody.

use crate::harness::{Place, at, until};
use crate::mailbox::{Door, Mail, Mailbox, USER};
use crate::outbox::{
    GENERAL, NOW, attempts, message, outcomes, person, queue, queue_to, row, sent_now,
    server_by_hand,
};
use ms5_floor::domain::time::{DAY_MS, DurMs};
use ms5_floor::server::delivery::{Message, To, run, test_message};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

on_both! {
    mail_arrives_under_tls_and_is_read_as_it_was_written,
    an_address_that_does_not_exist_is_told_and_holds_up_nobody,
    a_server_that_is_busy_or_hangs_is_asked_again,
}

const LONG_ENOUGH: Duration = Duration::from_secs(30);
const FROM: &str = "email.from = 'MS5 Floor <floor@plant.example>'\n";

fn settings(mailbox: &Mailbox, tls: &str) -> String {
    let (port, authority) = (mailbox.port, mailbox.authority.display());
    let user = if tls == "none" {
        String::new()
    } else {
        format!("email.user = '{USER}'\nemail.authority_file = '{authority}'\n")
    };
    format!(
        "{GENERAL}{FROM}email.server = 'localhost'\nemail.port = {port}\nemail.tls = '{tls}'\n{user}"
    )
}

async fn mail(mailbox: &Mailbox, count: usize) -> Vec<Mail> {
    until("mail", LONG_ENOUGH, async || {
        Some(mailbox.mail()).filter(|mail| mail.len() >= count)
    })
    .await
}

async fn mail_arrives_under_tls_and_is_read_as_it_was_written(place: &Place) {
    let mailbox = Mailbox::start(Door::Starttls);
    let (server, hands) = server_by_hand(place, &settings(&mailbox, "starttls")).await;
    let app = &server.app;
    let ada = person(app, "ada", "Ada.Ober@plant.example").await;
    let told = Message {
        title: "Linie 1: Füller 2 steht – 漢字 🏭\r\nBcc: all@plant.example".to_owned(),
        text: format!(".\nFüller 2: F44\n{}\n🏭 'Ende'", "x".repeat(2_000)),
        ..message("")
    };
    let queued = queue(app, "k", "email", To::Person(ada), &told).await;
    let id = queued[0].delivery();
    assert_eq!(sent_now(app).await, 1);
    let sent = row(app, id).await;
    assert_eq!(
        (sent.state.as_str(), sent.address.as_str()),
        ("sent", "Ada.Ober@plant.example")
    );
    assert_eq!(attempts(app, id).await[0].detail, "250 2.0.0 kept");
    let got = mail(&mailbox, 1).await.remove(0);
    assert!(got.tls, "{got:?}");
    assert_eq!(got.user.as_deref(), Some(USER));
    assert_eq!(got.hello, "floor.example");
    assert_eq!(got.sender, "floor@plant.example");
    assert_eq!(got.recipients, ["Ada.Ober@plant.example"], "nobody else");
    assert_eq!(got.header("from"), ["MS5 Floor <floor@plant.example>"]);
    assert_eq!(got.header("to"), ["Ada.Ober@plant.example"]);
    assert_eq!(
        got.header("subject"),
        ["Linie 1: Füller 2 steht – 漢字 🏭  Bcc: all@plant.example"]
    );
    assert!(got.header("bcc").is_empty(), "{got:?}");
    assert_eq!(
        got.header("message-id"),
        [format!("<{}@plant.example>", sent.uid)]
    );
    assert_eq!(got.header("auto-submitted"), ["auto-generated"]);
    assert_eq!(got.header("importance"), ["high"]);
    assert_eq!(got.header("date"), ["Mon, 06 Jul 2026 10:00:00 +0000"]);
    let text = got.text.replace("\r\n", "\n");
    let expected = format!("{}\n\nhttps://floor.example/andon/17?by=mail\n", told.text);
    assert_eq!(text.trim_end(), expected.trim_end());
    hands.set(at(NOW) + DurMs(DAY_MS));
    assert_eq!(sent_now(app).await, 0);
    assert_eq!(mailbox.mail().len(), 1);
    let said = test_message(&app.channels, "email", "ada@plant.example", at(NOW)).await;
    assert_eq!(said.as_deref(), Ok("250 2.0.0 kept"));
    assert_eq!(
        mail(&mailbox, 2).await[1].header("subject"),
        ["Test message"]
    );
}

async fn an_address_that_does_not_exist_is_told_and_holds_up_nobody(place: &Place) {
    let mailbox = Mailbox::start(Door::Open);
    let (server, _hands) = server_by_hand(place, &settings(&mailbox, "none")).await;
    let app = &server.app;
    let bounces = queue_to(app, "k", "email", "bounce@plant.example").await;
    let wrong = queue_to(app, "l", "email", "nobody at all").await;
    let fine = queue_to(app, "m", "email", "max@plant.example").await;
    assert_eq!(sent_now(app).await, 3);
    let bounced = row(app, bounces).await;
    assert_eq!((bounced.state.as_str(), bounced.attempts), ("failed", 1));
    assert_eq!(
        bounced.error,
        "answered 550: 5.1.1 <bounce@plant.example>: there is no such mailbox"
    );
    let none = row(app, wrong).await;
    assert_eq!(none.error, "'nobody at all' is no address for e-mail");
    assert_eq!(row(app, fine).await.state, "sent");
    assert_eq!(mail(&mailbox, 1).await[0].recipients, ["max@plant.example"]);
    let email = app.channels.get("email").expect("it is set up");
    assert!(email.takes("max@plant.example").is_ok() && email.takes("max").is_err());
}

async fn a_server_that_is_busy_or_hangs_is_asked_again(place: &Place) {
    let mailbox = Mailbox::start(Door::Open);
    let slow = settings(&mailbox, "none").replace("timeout_s = 2", "timeout_s = 4");
    let (server, hands) = server_by_hand(place, &slow).await;
    let app = &server.app;
    let busy = queue_to(app, "k", "email", "busy@plant.example").await;
    let hangs = queue_to(app, "l", "email", "hang@plant.example").await;
    let stop = CancellationToken::new();
    let task = tokio::spawn(run(app.clone(), stop.clone()));
    until("that it hangs", LONG_ENOUGH, async || {
        (mailbox.hanging() == 1).then_some(())
    })
    .await;
    let fine = queue_to(app, "m", "email", "max@plant.example").await;
    until("the other mail", LONG_ENOUGH, async || {
        (row(app, fine).await.state == "sent").then_some(())
    })
    .await;
    assert_eq!(outcomes(app, hangs).await, ["begun"], "to this moment");
    assert_eq!(row(app, busy).await.error, "answered 451: 4.2.1 not now");
    hands.set(at(NOW) + DurMs(1_000));
    app.channels.wake();
    until("the end of all", LONG_ENOUGH, async || {
        let ended = outcomes(app, hangs).await == ["later"] && row(app, busy).await.state == "sent";
        ended.then_some(())
    })
    .await;
    let error = row(app, hangs).await.error;
    assert_eq!(error, "no answer within 4 s");
    stop.cancel();
    task.await.expect("it ends by itself");
    assert_eq!(mail(&mailbox, 2).await.len(), 2);
}

/// What one attempt comes to.
async fn attempted(text: &str) -> String {
    let place = Place::sqlite();
    let (server, _hands) = server_by_hand(&place, text).await;
    let id = queue_to(&server.app, "k", "email", "max@plant.example").await;
    assert_eq!(sent_now(&server.app).await, 1);
    let row = row(&server.app, id).await;
    format!("{}: {}", row.state, row.error)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passwords_and_certificates_are_held_to() {
    let tls = Mailbox::start(Door::Tls);
    assert_eq!(attempted(&settings(&tls, "tls")).await, "sent: ");
    assert!(mail(&tls, 1).await[0].tls);
    let starttls = Mailbox::start(Door::Starttls);
    let right = settings(&starttls, "starttls");
    // What may be mended in the settings is tried again.
    let wrong = attempted(&right.replace(USER, "somebody")).await;
    assert!(wrong.starts_with("waiting: answered 535"), "{wrong}");
    // Somebody else's certificate, and another name than the certificate's.
    let other = Mailbox::start(Door::Starttls);
    let (own, others) = (starttls.authority.display(), other.authority.display());
    let pretended = attempted(&right.replace(&own.to_string(), &others.to_string())).await;
    assert!(
        pretended.starts_with("waiting: cannot be reached"),
        "{pretended}"
    );
    let name = attempted(&right.replace("'localhost'", "'127.0.0.1'")).await;
    assert!(name.starts_with("waiting: cannot be reached"), "{name}");
    // A server that takes mail in clear only gets none.
    let open = Mailbox::start(Door::Open);
    let clear = right.replace(
        &format!("port = {}", starttls.port),
        &format!("port = {}", open.port),
    );
    let clear = attempted(&clear).await;
    assert!(clear.starts_with("waiting: "), "{clear}");
    assert!(open.mail().is_empty() && starttls.mail().is_empty() && other.mail().is_empty());
}
