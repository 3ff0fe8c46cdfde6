//! What waiting costs is planned production: of the window that is looked at, of a line once. It stands beside the losses of
//! the line, for those who may read calls.

use crate::andon_scene::{Floor, minutes, run, start};
use crate::browser::{Browser, text};
use crate::harness::Place;
use crate::small_plant::{two_shifts, with_second_line};
use axum::http::StatusCode;
use ms5_floor::domain::machine_state::MachineState::{PlannedStop, Running, Stopped};
use ms5_floor::domain::rights::{Permission, PermissionSet};
use ms5_floor::server::db::migrate;
use serde_json::{Value, json};

on_both! {
    a_call_over_the_weekend_costs_what_was_planned,
    a_call_of_yesterday_that_still_waits_costs_today,
    time_in_which_a_machine_is_off_is_no_loss,
    losses_of_a_line_show_what_waiting_was_part_of_them,
    calls_of_an_older_program_keep_their_times,
}

/// Friday 21:50, ten minutes before the end of the last shift of the week.
const FRIDAY: i64 = 4 * 24 * 60 + 11 * 60 + 50;
/// Monday 06:00, when the first one begins.
const MONDAY: i64 = 7 * 24 * 60 - 4 * 60;
/// The midnight after the start.
const MIDNIGHT: i64 = 14 * 60;

async fn floor(place: &Place) -> Floor {
    Floor::with(place, with_second_line(two_shifts())).await
}

/// What is counted from one minute after the start to another.
async fn statistics(floor: &Floor, from: i64, to: i64) -> Value {
    let (from, to) = (start() + minutes(from), start() + minutes(to));
    let path = format!("/api/v1/andon/statistics?from={}&to={}", from.0, to.0);
    let answer = floor.server.get(&path, None).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()
}

fn waiting(parts: [i64; 4]) -> Value {
    let [acknowledge, travel, repair, restart] = parts.map(|n| minutes(n).0);
    json!({"acknowledge": acknowledge, "travel": travel, "repair": repair, "restart": restart})
}

async fn a_call_over_the_weekend_costs_what_was_planned(place: &Place) {
    let mut floor = floor(place).await;
    floor.hands.set(start() + minutes(FRIDAY));
    floor
        .tell(&[("M1", FRIDAY - 60, Running), ("M1", FRIDAY - 1, Stopped)])
        .await;
    let stop = json!({"machine": "M1", "kind": "stop", "line_stopped": true});
    let id = floor.raised(&floor.operator, stop).await;
    floor.hands.set(start() + minutes(FRIDAY + 5));
    floor
        .acted(&floor.engineer, id, "acknowledge", json!({}))
        .await;
    floor.hands.set(start() + minutes(FRIDAY + 8));
    let done = json!({"cause": "internal"});
    floor.acted(&floor.engineer, id, "resolve", done).await;
    floor.hands.set(start() + minutes(MONDAY + 35));
    floor.tell(&[("M1", MONDAY + 30, Running)]).await;
    floor.at(minutes(MONDAY + 35)).await;
    let detail = floor.detail(id).await;
    assert_eq!(detail["call"]["status"], "closed", "{detail}");
    let whole = statistics(&floor, FRIDAY - 60, MONDAY + 35).await;
    for of in ["all", "stopped"] {
        let found = &whole["lost"][of];
        let what = format!("{}: {of}", place.engine);
        assert_eq!(*found, waiting([5, 0, 3, 2 + 30]), "{what}");
    }
    // Monday has none of Friday's minutes, and the call all the same.
    let monday = statistics(&floor, MONDAY, MONDAY + 35).await;
    assert_eq!(monday["lost"]["stopped"], waiting([0, 0, 0, 30]));
    assert_eq!(
        (&monday["lost"]["calls"], &monday["all"]["calls"]),
        (&json!(1), &json!(0)),
        "nobody called on Monday"
    );
    let by_kind = &monday["by_kind"];
    assert_eq!(by_kind.as_array().map(Vec::len), Some(1), "{by_kind}");
    assert_eq!(by_kind[0]["lost"]["stopped"], waiting([0, 0, 0, 30]));
    let weekend = statistics(&floor, FRIDAY + 10, MONDAY).await;
    assert_eq!(weekend["lost"]["calls"], 0, "nothing was planned");
}

async fn a_call_of_yesterday_that_still_waits_costs_today(place: &Place) {
    let floor = floor(place).await;
    let raise = async |minute: i64, call: Value| {
        floor.hands.set(start() + minutes(minute));
        floor.raised(&floor.operator, call).await
    };
    raise(
        0,
        json!({"machine": "M1", "kind": "stop", "line_stopped": true}),
    )
    .await;
    raise(
        5,
        json!({"line": "L1", "kind": "maintenance", "line_stopped": true}),
    )
    .await;
    floor.hands.set(start() + minutes(30));
    let lost = statistics(&floor, 0, 30).await["lost"].clone();
    assert_eq!(lost["all"], waiting([30 + 25, 0, 0, 0]), "{}", place.engine);
    assert_eq!(lost["stopped"], waiting([30, 0, 0, 0]), "one line, once");
    assert_eq!(lost["stopping"], 2);
    // Half an hour of Tuesday's first shift.
    let tuesday = MIDNIGHT + 6 * 60 + 30;
    floor.hands.set(start() + minutes(tuesday));
    let found = statistics(&floor, MIDNIGHT, tuesday).await;
    assert_eq!(found["all"]["calls"], 0, "nobody called today");
    let lost = &found["lost"];
    assert_eq!(lost["all"], waiting([60, 0, 0, 0]), "{}", place.engine);
    assert_eq!(lost["stopped"], waiting([30, 0, 0, 0]));
    // Two halves of a stretch are the whole of it.
    let first = statistics(&floor, 0, 17).await["lost"].clone();
    let second = statistics(&floor, 17, tuesday).await["lost"].clone();
    let whole = statistics(&floor, 0, tuesday).await["lost"].clone();
    for of in ["all", "stopped"] {
        let ms = |lost: &Value| lost[of]["acknowledge"].as_i64().expect("a number");
        assert_eq!(ms(&first) + ms(&second), ms(&whole), "{of}");
    }
}

async fn time_in_which_a_machine_is_off_is_no_loss(place: &Place) {
    let mut floor = floor(place).await;
    let stop = json!({"machine": "M3", "kind": "stop", "line_stopped": true});
    floor.raised(&floor.operator, stop).await;
    floor.hands.set(start() + minutes(60));
    // Line 2 has no shifts: its machine says when it is there, from its first word on.
    floor
        .tell(&[
            ("M3", 10, Stopped),
            ("M3", 30, PlannedStop),
            ("M3", 50, Stopped),
        ])
        .await;
    let lost = statistics(&floor, 0, 60).await["lost"].clone();
    assert_eq!(
        lost["stopped"],
        waiting([20 + 10, 0, 0, 0]),
        "{}",
        place.engine
    );
}

async fn losses_of_a_line_show_what_waiting_was_part_of_them(place: &Place) {
    let mut floor = floor(place).await;
    floor
        .tell(&[("M1", -60, Running), ("M1", -2, Stopped)])
        .await;
    let stop = json!({"machine": "M1", "kind": "stop", "line_stopped": true});
    let id = floor.raised(&floor.operator, stop).await;
    let quality = json!({"machine": "M2", "kind": "quality", "line_stopped": false});
    floor.raised(&floor.operator, quality).await;
    floor.hands.set(start() + minutes(7));
    floor
        .acted(&floor.engineer, id, "acknowledge", json!({}))
        .await;
    floor.hands.set(start() + minutes(11));
    floor.acted(&floor.engineer, id, "arrive", json!({})).await;
    floor.hands.set(start() + minutes(30));
    let (from, to) = ((start() - minutes(60)).0, (start() + minutes(30)).0);
    let sheet = |view: &str, more: &str| {
        format!("/api/sheet?code=L1&query=view%3D{view}%26from%3D{from}%26to%3D{to}{more}")
    };
    let path = sheet("losses", "");
    let drawn = async |key: Option<&str>, path: &str| {
        let answer = floor.server.get(path, key).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json()["parts"][0].as_str().expect("HTML").to_owned()
    };
    let html = drawn(None, &path).await;
    let (_, panel) = html.split_once("Waiting for help").expect("the panel");
    // The table stands behind the chart, whose bars have the same names.
    let (_, panel) = panel.split_once("<tbody>").expect("the table");
    let cells = |name: &str| {
        let (_, row) = panel.split_once(name).expect("a row");
        let (row, _) = row.split_once("</tr>").expect("its end");
        let minute = |rest: &str| {
            let (ms, _) = rest.split_once('"').expect("a number");
            ms.parse::<i64>().expect("a number") / minutes(1).0
        };
        let of_parts = row.split("data-ms=\"").skip(1);
        of_parts.map(minute).collect::<Vec<_>>()
    };
    assert_eq!(cells("All calls"), [7 + 30, 4, 19, 0, 60], "{panel}");
    assert_eq!(cells("Line stopped"), [7, 4, 19, 0, 30], "{panel}");
    let link = format!("/andon/statistics?line=L1&amp;from={from}&amp;to={to}");
    assert!(html.contains(&link), "{link}: {panel}");
    let mut mona = Browser::of(&floor.server, "mona", "production_manager").await;
    let page = mona.get(&link.replace("&amp;", "&")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", text(&page));
    assert!(text(&page).contains("37.0"), "the same: {}", text(&page));
    // Only the shift that is chosen, and calls to those alone who may read them.
    let late = drawn(None, &sheet("losses", "%26shift%3DLate")).await;
    assert!(!late.contains("Line stopped"), "{late}");
    let may = PermissionSet::of(&[
        Permission::LineRead,
        Permission::OeeRead,
        Permission::AnalyticsRead,
    ]);
    let key = floor.server.key_that_may("analyst", may).await;
    let without = drawn(Some(&key), &path).await;
    assert!(without.contains("From planned time to good output"));
    assert!(!without.contains("Waiting for help"), "{without}");
}

async fn calls_of_an_older_program_keep_their_times(place: &Place) {
    let floor = floor(place).await;
    let done = json!({"cause": "internal"});
    // Reopened twice, once, and never; the first with somebody there in the second round alone.
    let call = |kind: &str| json!({"machine": "M2", "kind": kind, "line_stopped": false});
    let twice = floor.raised(&floor.operator, call("material")).await;
    let once = floor.raised(&floor.operator, call("quality")).await;
    let never = floor.raised(&floor.operator, call("maintenance")).await;
    for (minute, id, act, body) in [
        (2, twice, "acknowledge", json!({})),
        (3, never, "arrive", json!({})),
        (10, twice, "resolve", done.clone()),
        (11, once, "arrive", json!({})),
        (12, once, "resolve", done.clone()),
        (20, twice, "reopen", json!({})),
        (23, twice, "arrive", json!({})),
        (40, twice, "resolve", done.clone()),
        (44, once, "reopen", json!({})),
        (50, twice, "reopen", json!({})),
        (55, twice, "acknowledge", json!({})),
        (56, once, "acknowledge", json!({})),
    ] {
        floor.hands.set(start() + minutes(minute));
        floor.acted(&floor.engineer, id, act, body).await;
    }
    floor.hands.set(start() + minutes(60));
    let windows = [(0, 60), (5, 15), (15, 45), (45, 60)];
    let mut before = Vec::new();
    for (from, to) in windows {
        before.push(statistics(&floor, from, to).await);
    }
    // Taken after 2, 3 and 11 minutes; somebody was there after 3, 11 and 23.
    let mean = |name: &str| before[0]["all"][name]["known"]["mean"].as_i64();
    assert_eq!(mean("acknowledge"), Some(minutes(16).0 / 3));
    assert_eq!(mean("arrive"), Some(minutes(37).0 / 3));
    let db = &floor.server.app.db;
    for sql in [
        "DROP INDEX andon_call_closed",
        "DROP INDEX andon_call_cancelled_at",
        "DROP INDEX andon_call_stop",
        "DROP TABLE andon_round",
        "ALTER TABLE andon_call DROP COLUMN first_acknowledged_ms",
        "ALTER TABLE andon_call DROP COLUMN first_arrived_ms",
        "DELETE FROM _sqlx_migrations WHERE description = '0020_andon_rounds'",
    ] {
        run(db, sql.to_owned()).await;
    }
    migrate::migrate(db).await.expect("migrated");
    for ((from, to), before) in windows.into_iter().zip(before) {
        let what = format!("{}: {from} to {to}", place.engine);
        assert_eq!(statistics(&floor, from, to).await, before, "{what}");
    }
}
