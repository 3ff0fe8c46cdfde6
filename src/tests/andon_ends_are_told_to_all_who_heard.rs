//! Whoever heard of a call by anything but a screen hears when it is over, by the same way and once: also who heard of it in a
//! summary of several calls. Who lacks what they would be reached by is named with the call.

use crate::andon_scene::{Floor, Letters, give_addresses, minutes, run, set, start, told};
use crate::browser::{Browser, text};
use crate::harness::Place;
use ms5_floor::server::db::andon::rules::QUIET_LIMIT;
use serde_json::{Value, json};
use std::sync::Arc;

on_both! {
    who_heard_in_a_summary_hears_of_the_end,
    who_lacks_an_address_is_named_with_the_reason,
}

fn low(machine: &str) -> Value {
    json!({"machine": machine, "kind": "material", "priority": "low"})
}

/// Engineers and shift managers may be told once in ten minutes; calls on M1, M2 and M3, of which the last two are held back.
async fn two_held_back(place: &Place) -> (Floor, Arc<Letters>, [i64; 3]) {
    let mut floor = Floor::new(place).await;
    let letters = Arc::new(Letters::default());
    floor.reach_by("email", letters.clone());
    give_addresses(&floor.server.app.db).await;
    let limit = json!({"calls": 1, "within": minutes(10).0});
    set(&floor.server.app.db, QUIET_LIMIT, &limit).await;
    floor.at(minutes(0)).await;
    let first = floor.raised(&floor.operator, low("M1")).await;
    floor.at(minutes(1)).await;
    let second = floor.raised(&floor.operator, low("M2")).await;
    let third = floor.raised(&floor.operator, low("M3")).await;
    floor.deliver().await;
    assert_eq!(letters.take().len(), 2, "{}: the first one", place.engine);
    (floor, letters, [first, second, third])
}

fn to(login: &str, title: &str) -> (String, String) {
    (format!("{login}.everywhere"), title.to_owned())
}

async fn who_heard_in_a_summary_hears_of_the_end(place: &Place) {
    let (mut floor, letters, [_, second, third]) = two_held_back(place).await;
    let slip = json!({"note": "a slip"});
    floor.at(minutes(10)).await;
    floor.deliver().await;
    let summary = "2 more calls";
    assert_eq!(
        letters.take(),
        [to("engineer", summary), to("shift_manager", summary)],
        "{}",
        place.engine
    );
    floor
        .acted(&floor.shift_manager, second, "cancel", slip.clone())
        .await;
    floor.deliver().await;
    let over = "Over, cancelled: Material: Line 1, Packer (low)";
    assert_eq!(
        letters.take(),
        [to("engineer", over)],
        "{}: who ended it knows",
        place.engine
    );
    floor.at(minutes(12)).await;
    floor.deliver().await;
    assert_eq!(letters.take(), [], "{}: once", place.engine);

    // Another round is another matter: what a summary told before it began is over.
    floor.hands.set(start() + minutes(30));
    floor.resolve(third).await;
    floor.deliver().await;
    let over = "Over, resolved: Material: Line 2, Oven (low)";
    assert_eq!(letters.take(), [to("shift_manager", over)]);
    let limit = json!({"calls": 100, "within": minutes(10).0});
    set(&floor.server.app.db, QUIET_LIMIT, &limit).await;
    floor.hands.set(start() + minutes(31));
    let none = "UPDATE person SET email = ''";
    run(&floor.server.app.db, none.to_owned()).await;
    floor
        .acted(&floor.engineer, third, "reopen", json!({}))
        .await;
    give_addresses(&floor.server.app.db).await;
    floor
        .acted(&floor.shift_manager, third, "cancel", slip)
        .await;
    floor.deliver().await;
    assert_eq!(letters.take(), [], "{}", place.engine);
}

async fn who_lacks_an_address_is_named_with_the_reason(place: &Place) {
    let mut floor = Floor::new(place).await;
    floor.reach_by("email", Arc::new(Letters::default()));
    give_addresses(&floor.server.app.db).await;
    let none = "UPDATE person SET email = '' WHERE login LIKE 'engineer%'";
    run(&floor.server.app.db, none.to_owned()).await;
    let id = floor.raised(&floor.operator, low("M1")).await;
    let call = floor.detail(id).await["call"].clone();
    let line = |who: &str, via: &str, what: &str| {
        let who = format!("{who} everywhere");
        (0, who, via.to_owned(), what.to_owned())
    };
    // The ladder says push as well, which the plant does not have: of that nothing stands with the call.
    assert_eq!(
        told(&call),
        [
            line("engineer", "email", "failed"),
            line("engineer", "screen", "shown"),
            line("shift_manager", "email", "waiting"),
            line("shift_manager", "screen", "shown"),
        ],
        "{}",
        place.engine
    );
    let why = "no address for e-mail is on file";
    let lines = call["told"].as_array().expect("a list");
    for line in lines {
        let said = line.get("why");
        let expected = (line["outcome"] == "failed").then(|| json!(why));
        assert_eq!(said, expected.as_ref(), "{line}");
    }
    let mut mona = Browser::of(&floor.server, "mona", "shift_manager").await;
    let page = mona.get(&format!("/andon/history?call={id}")).await;
    let page = text(&page);
    assert!(page.contains(why), "{}: {page}", place.engine);
    assert!(page.contains("on their screens, if they look"), "{page}");
}
