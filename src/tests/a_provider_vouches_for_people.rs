//! Who signs in with the provider's word is the person here whom it means: linked, or the only one with an address that it
//! has checked. Everybody else is told whom to ask, and all of it is on record.

use crate::browser::{Browser, add_person, enrol, leads_to, text};
use crate::harness::{Answer, Hands, Place, Server, at};
use crate::sign_in_provider::{Lie, SignInProvider, sent_back, settings, settings_with};
use crate::small_plant::small_plant;
use axum::http::{StatusCode, header};
use ms5_floor::domain::ids::PersonId;
use ms5_floor::server::auth::oidc::Provider;
use ms5_floor::server::db::audit::{self, AuditRow, Wanted};
use ms5_floor::server::db::people;
use serde_json::json;

const NOW: &str = "2026-07-06T10:00:00Z";

async fn server(place: &Place, issuer: &str) -> (Server, Hands) {
    let hands = Hands::at(at(NOW));
    let mut server = Server::with(place, hands.clock(), small_plant()).await;
    server.shared.provider = Some(Provider::new(settings(issuer), hands.clock()));
    (server, hands)
}

/// Somebody with an address for mail.
async fn person(server: &Server, login: &str, role: &str, address: &str) -> PersonId {
    let id = add_person(server, login, role).await;
    let mut tx = server.app.db.begin().await.expect("a transaction");
    let name = format!("{login} Tester");
    people::change(&mut tx, id, (&name, address), false)
        .await
        .expect("changed");
    tx.commit().await.expect("committed");
    id
}

/// Presses the button, and goes where the page leads: to the provider, which sends the browser back to this path.
async fn there(browser: &mut Browser<'_>, next: &str) -> String {
    let page = browser.post("/sign-in/provider", &[("next", next)]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", text(&page));
    let refresh = page.headers[header::REFRESH].to_str().expect("an address");
    let url = refresh
        .strip_prefix("0;url=")
        .expect("an address")
        .to_owned();
    assert!(
        text(&page).contains(&url.replace('&', "&amp;")),
        "the same as a link, for browsers that do not follow: {}",
        text(&page)
    );
    let location = sent_back(url).await;
    let path = location.strip_prefix("http://floor.example");
    path.unwrap_or_else(|| panic!("{location}")).to_owned()
}

async fn sign_in(browser: &mut Browser<'_>, next: &str) -> Answer {
    let back = there(browser, next).await;
    browser.get(&back).await
}

async fn record(server: &Server) -> Vec<AuditRow> {
    let newest = audit::find(&server.app.db, &Wanted::default(), 50).await;
    newest.expect("rows")
}

async fn subject_of(server: &Server, id: PersonId) -> Option<String> {
    let row = people::by_id(&server.app.db, id).await.expect("a read");
    row.expect("a person").oidc_subject
}

on_both! {
    who_has_the_address_that_was_checked_is_linked_and_stays_so,
    strangers_are_told_whom_to_ask,
    a_link_that_was_taken_away_does_not_come_back_by_the_address,
    an_address_of_which_nothing_is_said_counts_where_the_settings_say_so,
    who_is_closed_here_stays_out,
    a_word_that_does_not_hold_lets_nobody_in,
    an_answer_belongs_to_one_question_of_one_browser,
    without_the_provider_a_password_still_opens,
    a_shared_tablet_takes_no_word_of_the_provider,
}

async fn who_has_the_address_that_was_checked_is_linked_and_stays_so(place: &Place) {
    let there_is = SignInProvider::start(at(NOW)).await;
    let (server, _) = server(place, there_is.issuer()).await;
    let ada = person(&server, "ada", "viewer", "Ada@Plant.Example").await;
    let mut browser = Browser::new(&server);
    let page = browser.get("/sign-in").await;
    assert!(
        text(&page).contains("Sign in with Plant account"),
        "{}",
        text(&page)
    );
    let in_ = sign_in(&mut browser, "/lines/L1").await;
    assert_eq!(leads_to(&in_), "/lines/L1", "{}", text(&in_));
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
    assert_eq!(subject_of(&server, ada).await.as_deref(), Some("u-4711"));
    let rows = record(&server).await;
    let linked = rows
        .iter()
        .find(|r| r.action == "person.provider")
        .expect("on record");
    assert!(
        linked.became.contains("u-4711") && linked.target == "person:ada",
        "{linked:?}"
    );
    let entered = rows
        .iter()
        .find(|r| r.action == "session.sign_in")
        .expect("on record");
    assert_eq!(
        (entered.actor.as_str(), entered.became.as_str()),
        ("ada Tester", "provider")
    );

    // From now on it is the lasting name that counts, not the address.
    there_is.says(&json!({"email": "married@plant.example", "email_verified": false}));
    let again = sign_in(&mut Browser::new(&server), "").await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "{}", text(&again));
    assert_eq!(
        record(&server)
            .await
            .iter()
            .filter(|r| r.action == "person.provider")
            .count(),
        1
    );
    // And whoever has that address at the provider next is somebody else.
    there_is.says(&json!({"sub": "u-9", "email": "ada@plant.example", "email_verified": true}));
    let other = sign_in(&mut Browser::new(&server), "").await;
    assert_eq!(other.status, StatusCode::FORBIDDEN);
    assert_eq!(subject_of(&server, ada).await.as_deref(), Some("u-4711"));
}

async fn strangers_are_told_whom_to_ask(place: &Place) {
    let there_is = SignInProvider::start(at(NOW)).await;
    let (server, _) = server(place, there_is.issuer()).await;
    person(&server, "root", "admin", "root@plant.example").await;
    let unchecked = person(&server, "ada", "viewer", "ada@plant.example").await;
    person(&server, "max", "viewer", "office@plant.example").await;
    person(&server, "mia", "viewer", "office@plant.example").await;
    for (says, words) in [
        (
            json!({"email": "nobody@plant.example"}),
            "nobody has added you",
        ),
        (
            json!({"email": "ada@plant.example", "email_verified": false}),
            "nobody has added you",
        ),
        (
            json!({"email": "", "email_verified": true}),
            "nobody has added you",
        ),
        (json!({"email": "office@plant.example"}), "several people"),
    ] {
        there_is.says(&says);
        let mut browser = Browser::new(&server);
        let refused = sign_in(&mut browser, "/").await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{says}");
        assert!(text(&refused).contains(words), "{says}: {}", text(&refused));
        assert!(
            text(&refused).contains("root Tester"),
            "whom to ask: {}",
            text(&refused)
        );
        let page = browser.get("/account").await;
        assert!(leads_to(&page).starts_with("/sign-in"), "{says}");
        let newest = record(&server).await.remove(0);
        assert_eq!(newest.action, "session.stranger", "{says}");
        assert!(newest.became.contains("u-4711"), "{newest:?}");
    }
    assert_eq!(subject_of(&server, unchecked).await, None);
}

async fn a_link_that_was_taken_away_does_not_come_back_by_the_address(place: &Place) {
    let there_is = SignInProvider::start(at(NOW)).await;
    let (server, _) = server(place, there_is.issuer()).await;
    let ada = person(&server, "ada", "viewer", "ada@plant.example").await;
    let mut admin = Browser::of(&server, "root", "admin").await;
    leads_to(&sign_in(&mut Browser::new(&server), "").await);
    assert!(subject_of(&server, ada).await.is_some());
    let page = format!("/admin/people/{}", ada.0);
    let path = format!("{page}/provider");
    leads_to(&admin.post(&path, &[("clear", "yes")]).await);
    for _ in 0..2 {
        let refused = sign_in(&mut Browser::new(&server), "").await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", place.engine);
        assert_eq!(subject_of(&server, ada).await, None);
    }
    let shown = text(&admin.get(&page).await);
    assert!(shown.contains("Their link was removed"), "{shown}");
    // By hand it comes back, and an address links again whom nobody took a link from.
    let by_hand = [("issuer", there_is.issuer()), ("subject", "u-4711")];
    leads_to(&admin.post(&path, &by_hand).await);
    leads_to(&sign_in(&mut Browser::new(&server), "").await);
    let shown = text(&admin.get(&page).await);
    assert!(!shown.contains("Their link was removed"), "{shown}");
    there_is.says(&json!({"sub": "u-5", "email": "eve@plant.example", "email_verified": true}));
    let eve = person(&server, "eve", "viewer", "eve@plant.example").await;
    leads_to(&sign_in(&mut Browser::new(&server), "").await);
    assert_eq!(subject_of(&server, eve).await.as_deref(), Some("u-5"));
}

async fn an_address_of_which_nothing_is_said_counts_where_the_settings_say_so(place: &Place) {
    let there_is = SignInProvider::start(at(NOW)).await;
    let (mut server, hands) = server(place, there_is.issuer()).await;
    let ada = person(&server, "ada", "viewer", "ada@plant.example").await;
    there_is.leaves_out("email_verified");
    let refused = sign_in(&mut Browser::new(&server), "").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", place.engine);
    // What an administrator needs to link them by hand.
    for told in ["ada@plant.example", there_is.issuer(), "u-4711"] {
        let told = format!("<code>{told}</code>");
        assert!(text(&refused).contains(&told), "{told}: {}", text(&refused));
    }
    let settings = settings_with(there_is.issuer(), "addresses_are_verified = true");
    server.shared.provider = Some(Provider::new(settings, hands.clock()));
    // What the provider says itself holds all the same.
    there_is.says(&json!({"email_verified": false}));
    let refused = sign_in(&mut Browser::new(&server), "").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", place.engine);
    assert_eq!(subject_of(&server, ada).await, None);
    there_is.leaves_out("email_verified");
    leads_to(&sign_in(&mut Browser::new(&server), "").await);
    assert_eq!(subject_of(&server, ada).await.as_deref(), Some("u-4711"));
}

async fn who_is_closed_here_stays_out(place: &Place) {
    let there_is = SignInProvider::start(at(NOW)).await;
    let (server, _) = server(place, there_is.issuer()).await;
    let ada = person(&server, "ada", "admin", "ada@plant.example").await;
    let close = async |disabled: bool| {
        let mut tx = server.app.db.begin().await.expect("a transaction");
        let names = ("ada Tester", "ada@plant.example");
        people::change(&mut tx, ada, names, disabled)
            .await
            .expect("changed");
        tx.commit().await.expect("committed");
        server.app.people.forget();
    };
    close(true).await;
    let refused = sign_in(&mut Browser::new(&server), "").await;
    assert!(text(&refused).contains("closed"), "{}", text(&refused));
    assert_eq!(subject_of(&server, ada).await, None, "nor linked");
    close(false).await;
    let in_ = sign_in(&mut Browser::new(&server), "").await;
    assert_eq!(in_.status, StatusCode::SEE_OTHER, "{}", text(&in_));
    close(true).await;
    let refused = sign_in(&mut Browser::new(&server), "").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", text(&refused));
}

async fn a_word_that_does_not_hold_lets_nobody_in(place: &Place) {
    let there_is = SignInProvider::start(at(NOW)).await;
    let (server, _) = server(place, there_is.issuer()).await;
    person(&server, "ada", "viewer", "ada@plant.example").await;
    for lie in [Lie::Nonce, Lie::Audience, Lie::Signature, Lie::Expired] {
        there_is.lie(lie);
        let mut browser = Browser::new(&server);
        let refused = sign_in(&mut browser, "/lines/L1").await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{lie:?}");
        assert!(
            text(&refused).contains("did not hold"),
            "{lie:?}: {}",
            text(&refused)
        );
        assert!(
            text(&refused).contains("value=\"/lines/L1\""),
            "where they want to go is kept"
        );
        assert!(
            leads_to(&browser.get("/account").await).starts_with("/sign-in"),
            "{lie:?}"
        );
        let newest = record(&server).await.remove(0);
        assert_eq!(
            (newest.action.as_str(), newest.target.as_str()),
            ("session.wrong", "provider")
        );
    }
}

async fn an_answer_belongs_to_one_question_of_one_browser(place: &Place) {
    let there_is = SignInProvider::start(at(NOW)).await;
    let (server, hands) = server(place, there_is.issuer()).await;
    person(&server, "ada", "viewer", "ada@plant.example").await;
    let mut mine = Browser::new(&server);
    let back = there(&mut mine, "").await;
    // Somebody else's browser, one that began its own, and one that never began.
    let mut other = Browser::new(&server);
    let own = there(&mut other, "").await;
    let swapped = other.get(&back).await;
    assert!(
        text(&swapped).contains("did not hold"),
        "{}",
        text(&swapped)
    );
    assert_eq!(
        leads_to(&other.get(&own).await),
        "/sign-in",
        "it was answered"
    );
    assert_eq!(
        leads_to(&Browser::new(&server).get(&back).await),
        "/sign-in"
    );
    // A new id for the session at the end, and the answer holds once.
    let waiting = mine.cookie.clone();
    let in_ = mine.get(&back).await;
    assert_eq!(leads_to(&in_), "/", "{}", text(&in_));
    assert_ne!(mine.cookie, waiting);
    let replay = mine.get(&back).await;
    assert_eq!(leads_to(&replay), "/sign-in");
    assert_eq!(
        mine.get("/account").await.status,
        StatusCode::OK,
        "and changes nothing"
    );
    // Too late.
    let mut late = Browser::new(&server);
    let back = there(&mut late, "").await;
    hands.set(at("2026-07-06T10:11:00Z"));
    assert_eq!(leads_to(&late.get(&back).await), "/sign-in");
    // The provider's own no.
    let mut denied = Browser::new(&server);
    let back = there(&mut denied, "").await;
    let state = back.split("state=").nth(1).expect("a state");
    let no = denied
        .get(&format!(
            "/sign-in/provider/back?error=access_denied&state={state}"
        ))
        .await;
    assert!(
        text(&no).contains("Plant account did not sign you in"),
        "{}",
        text(&no)
    );
}

async fn without_the_provider_a_password_still_opens(place: &Place) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let (server, _) = server(place, &format!("http://{address}")).await;
    person(&server, "ada", "viewer", "ada@plant.example").await;
    let mut browser = Browser::new(&server);
    let down = browser
        .post("/sign-in/provider", &[("next", "/lines/L1")])
        .await;
    assert_eq!(down.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        text(&down).contains("Plant account cannot be reached"),
        "{}",
        text(&down)
    );
    let in_ = browser.sign_in("ada", crate::browser::PASSWORD).await;
    assert_eq!(in_.status, StatusCode::SEE_OTHER, "{}", text(&in_));
}

async fn a_shared_tablet_takes_no_word_of_the_provider(place: &Place) {
    let there_is = SignInProvider::start(at(NOW)).await;
    let (server, _) = server(place, there_is.issuer()).await;
    person(&server, "ada", "admin", "ada@plant.example").await;
    let mut own = Browser::signed_in(&server, "ada").await;
    let link = enrol(&mut own, "tablet", "Tablet 1").await;
    let mut tablet = Browser::new(&server);
    leads_to(&tablet.post(&link, &[]).await);
    let page = text(&tablet.get("/sign-in").await);
    assert!(page.contains("name=\"password\""), "{page}");
    assert!(!page.contains("Plant account"), "{page}");
    // Also whoever sends the form of another page is told what to do.
    let answer = tablet.post("/sign-in/provider", &[("next", "/")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!answer.headers.contains_key(header::REFRESH));
    let page = text(&answer);
    assert!(
        page.contains("badge") && page.contains("PIN"),
        "{}: {page}",
        place.engine
    );
    // A browser of one's own that was sent there, and became the tablet meanwhile, brings nobody in.
    let mut becomes = Browser::new(&server);
    let back = there(&mut becomes, "/").await;
    becomes.cookie = tablet.cookie.clone();
    let led = leads_to(&becomes.get(&back).await);
    assert_eq!(led, "/sign-in", "{}", place.engine);
    let led = leads_to(&tablet.get("/account").await);
    assert!(led.starts_with("/sign-on"), "{led}");
}
