//! Whoever asks for a shift where none runs gets the last one, or the true reason why there is none; and what is lost by
//! shift is all that is lost, also on lines whose machines say when they are scheduled.

use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::{small_plant, state, two_shifts};
use ms5_floor::api::analysis::Choice;
use ms5_floor::domain::machine_state::MachineState::{Running, Stopped};
use ms5_floor::domain::time::{DAY_MS, DurMs, HOUR_MS, MINUTE_MS, TsMs};
use ms5_floor::server::services::analysis::analysis;
use ms5_floor::server::services::downtime::get_downtime_statistics;
use ms5_floor::server::services::sheet::sheet;
use serde_json::{Value, json};

on_both! {
    without_a_running_shift_the_last_one_is_shown,
    why_there_is_no_shift_is_told,
    a_history_without_rows_says_why,
    what_is_lost_by_shift_is_all_that_is_lost,
}

const MONDAY: &str = "2026-07-06T00:00:00+02:00";

/// A line that goes over from signals to shifts on Wednesday 2026-07-08, seen on the Sunday after at noon.
async fn turning(place: &Place) -> (Server, Hands) {
    let hands = Hands::at(at("2026-07-12T12:00:00+02:00"));
    let server = Server::with(place, hands.clock(), small_plant()).await;
    let mut plant = two_shifts();
    plant["line"][0]["shifts_from"] = json!("2026-07-08");
    server.set_up(plant).await;
    (server, hands)
}

fn choice(period: &str, on: Option<&str>, shift: Option<&str>) -> Choice {
    Choice {
        period: Some(period.to_owned()),
        on: on.map(str::to_owned),
        shift: shift.map(str::to_owned),
        ..Choice::default()
    }
}

async fn without_a_running_shift_the_last_one_is_shown(place: &Place) {
    let (server, hands) = turning(place).await;
    let label = async |on, shift| {
        let found = analysis(
            &crate::harness::by_the_program(&server.app),
            "L1",
            &choice("shift", on, shift),
        )
        .await;
        found.expect("an analysis").label
    };
    // On Sunday, a day and a half after the last shift.
    assert_eq!(
        label(None, None).await,
        "Late, 10 July 2026",
        "{}",
        place.engine
    );
    assert_eq!(label(None, Some("Early")).await, "Early, 10 July 2026");
    assert_eq!(label(Some("2026-07-09"), None).await, "Early, 9 July 2026");
    // While one runs it is that one, also on other days.
    hands.set(at("2026-07-10T15:00:00+02:00"));
    assert_eq!(label(None, None).await, "Late, 10 July 2026");
    assert_eq!(label(Some("2026-07-09"), None).await, "Late, 9 July 2026");
}

async fn why_there_is_no_shift_is_told(place: &Place) {
    let (server, hands) = turning(place).await;
    let why = async |on: Option<&str>, shift: Option<&str>| {
        let refused = analysis(
            &crate::harness::by_the_program(&server.app),
            "L1",
            &choice("shift", on, shift),
        )
        .await;
        refused.expect_err("there is none").to_string()
    };
    let signal = "the line has no shift calendar then, its machines say when they are scheduled";
    for (on, shift, wanted) in [
        (
            Some("2026-07-07"),
            None,
            format!("no shift on 2026-07-07: {signal}"),
        ),
        (
            Some("2026-07-07"),
            Some("Early"),
            format!("no shift 'Early' on 2026-07-07: {signal}"),
        ),
        (
            Some("2026-07-11"),
            None,
            "no shift on 2026-07-11\"".to_owned(),
        ),
        (
            None,
            Some("Night"),
            "no shift 'Night' in the last 35 days".to_owned(),
        ),
    ] {
        let told = why(on, shift).await;
        assert!(told.contains(&wanted), "{}: {told}", place.engine);
    }
    // Before the line turned.
    hands.set(at("2026-07-07T12:00:00+02:00"));
    let told = why(None, None).await;
    assert!(
        told.contains(signal) && told.contains("\"period\""),
        "{told}"
    );
}

async fn a_history_without_rows_says_why(place: &Place) {
    let (server, hands) = turning(place).await;
    let (_, key) = server.key("gateway", true, false).await;
    let items = [state("a", "M1", at(MONDAY), Running)];
    assert_eq!(server.ingest(&key, &items).await.accepted, 1);
    let drawn = async |query: &str| {
        let sheet = sheet(
            &crate::harness::by_the_program(&server.app),
            "L1",
            &format!("view=history&{query}"),
        )
        .await;
        sheet.expect("a sheet").parts.join("")
    };
    let by_signal = "nothing belongs to a shift or a crew";
    let filtered = drawn("period=day&on=2026-07-07&by=shift&shift=Early").await;
    assert!(filtered.contains(by_signal), "{}: {filtered}", place.engine);
    // Without the filter there are rows: the days.
    let all = drawn("period=day&on=2026-07-07&by=shift").await;
    assert!(!all.contains(by_signal) && all.contains(">7 Jul<"), "{all}");
    let off = drawn("period=day&on=2026-07-11&by=shift&shift=Early").await;
    assert!(
        off.contains("No such shift worked in this stretch of time"),
        "{off}"
    );
    let weekend = drawn("period=day&on=2026-07-11&by=shift").await;
    assert!(
        weekend.contains("no planned production in this stretch of time"),
        "{weekend}"
    );
    // Where there are no shifts the page leads to none.
    hands.set(at("2026-07-07T12:00:00+02:00"));
    let live = drawn("period=day&on=2026-07-07").await;
    assert!(!live.contains("period=shift"), "{live}");
}

async fn what_is_lost_by_shift_is_all_that_is_lost(place: &Place) {
    let (server, _) = turning(place).await;
    let (_, key) = server.key("gateway", true, false).await;
    let start = at(MONDAY);
    let mut items: Vec<Value> = Vec::new();
    // Ten minutes at 7:50, 13:55 and 23:00 of every day; outside shifts nothing is lost.
    for day in 0..5 {
        for minutes in [7 * 60 + 50, 13 * 60 + 55, 23 * 60] {
            let from = TsMs(start.0 + day * DAY_MS + minutes * MINUTE_MS);
            let (id, end) = (items.len(), from + DurMs(10 * MINUTE_MS));
            items.push(state(&format!("s{id}"), "M1", from, Stopped));
            items.push(state(&format!("e{id}"), "M1", end, Running));
        }
    }
    items.push(state("first", "M1", start, Running));
    assert_eq!(server.ingest(&key, &items).await.accepted, items.len());
    let by_shift = async |days: i64| {
        let window = (Some(start.0), Some(start.0 + days * DAY_MS));
        let figures = get_downtime_statistics(
            &crate::harness::by_the_program(&server.app),
            (Some("L1"), Some("M1")),
            window,
        )
        .await
        .expect("figures");
        let rows: Vec<(Option<String>, i64, i64)> = figures
            .by_shift
            .into_iter()
            .map(|s| (s.shift, s.lost.time.0 / MINUTE_MS, s.lost.stops))
            .collect();
        let all = figures.all.lost;
        let sum = rows
            .iter()
            .fold((0, 0), |sum, row| (sum.0 + row.1, sum.1 + row.2));
        assert_eq!(sum, (all.time.0 / MINUTE_MS, all.stops), "{days} days");
        rows
    };
    // Two days by signal: everything in one row. Then three days of shifts.
    assert_eq!(by_shift(2).await, [(None, 60, 6)], "{}", place.engine);
    let named = |name: &str| Some(name.to_owned());
    let rows = [
        (None, 60, 6),
        (named("Early"), 45, 6),
        (named("Late"), 15, 0),
    ];
    assert_eq!(by_shift(5).await, rows, "{}", place.engine);
    let now = at("2026-07-12T12:00:00+02:00");
    assert!(start.0 + 5 * DAY_MS + HOUR_MS < now.0);
}
