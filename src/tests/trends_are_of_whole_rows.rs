//! Half a day is not a day: rows that the window or the present cuts are marked, and are no part of a trend. And what is
//! compared with an earlier day is compared at the same times of the clock.

use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::{small_plant, state, two_shifts};
use ms5_floor::api::analysis::Choice;
use ms5_floor::api::oee::{By, Direction};
use ms5_floor::domain::machine_state::MachineState::Running;
use ms5_floor::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, Span, TsMs};
use ms5_floor::server::services::analysis::analysis;
use ms5_floor::server::services::oee::get_oee_trends;

on_both! {
    rows_that_are_cut_are_marked_and_left_out,
    a_week_earlier_is_at_the_same_times_of_the_clock,
}

async fn rows_that_are_cut_are_marked_and_left_out(place: &Place) {
    // Monday, midnight in Rome.
    let from = at("2026-07-06T00:00:00+02:00");
    let now = TsMs(from.0 + 12 * DAY_MS + 7 * HOUR_MS + 1234);
    let server = Server::with(place, Hands::at(now).clock(), small_plant()).await;
    let (_, key) = server.key("gateway", true, false).await;
    let items = [state("a", "M1", from, Running)];
    assert_eq!(server.ingest(&key, &items).await.accepted, 1);
    let ask = async |by: By, from: i64, to: i64| {
        let trends = get_oee_trends(
            &crate::harness::by_the_program(&server.app),
            "L1",
            Some("M1"),
            (from, to),
            by,
        )
        .await
        .expect("trends");
        let cut: Vec<bool> = trends.history.rows.iter().map(|r| r.cut).collect();
        (cut, trends.availability)
    };
    let day = |n: i64| from.0 + n * DAY_MS;
    let few = |n: usize| Direction::TooFew { n };
    let what = place.engine;
    assert_eq!(
        ask(By::Day, day(0), day(3)).await,
        (vec![false; 3], few(3)),
        "{what}: whole"
    );
    let noon = 12 * HOUR_MS;
    let half = vec![true, false, false, true];
    assert_eq!(
        ask(By::Day, day(0) + noon, day(3) + noon).await,
        (half, few(2)),
        "{what}: halves"
    );
    let running = vec![false, false, true];
    assert_eq!(
        ask(By::Day, day(10), day(14)).await,
        (running, few(2)),
        "{what}: today is not over"
    );
    assert_eq!(
        ask(By::Day, day(1) + noon, day(1) + noon + HOUR_MS).await,
        (vec![true], few(0))
    );
    // One week is whole, the one before and the one after are not.
    let weeks = ask(By::Week, day(-2), day(12)).await.0;
    assert_eq!(weeks, [true, false, true], "{what}: weeks");
    let hours = ask(By::Hour, day(0) + 10 * MINUTE_MS, day(0) + 3 * HOUR_MS).await;
    assert_eq!(hours, (vec![true, false, false], few(2)), "{what}: hours");
    let months = ask(By::Month, day(-5), day(4)).await.0;
    assert_eq!(months, [true], "{what}: a month");
}

async fn a_week_earlier_is_at_the_same_times_of_the_clock(place: &Place) {
    // The clocks went back in the night to 2026-10-25.
    let now = at("2026-10-30T12:00:00+01:00");
    let server = Server::with(place, Hands::at(now).clock(), two_shifts()).await;
    let earlier = async |period: &str, on: &str, shift: Option<&str>| {
        let choice = Choice {
            period: Some(period.to_owned()),
            on: Some(on.to_owned()),
            shift: shift.map(str::to_owned),
            ..Choice::default()
        };
        let found = analysis(&crate::harness::by_the_program(&server.app), "L1", &choice).await;
        found.expect("an analysis").earlier
    };
    let span = |from: &str, to: &str| Span::clamped(at(from), at(to));
    let shift = earlier("shift", "2026-10-27", Some("Early")).await;
    let told: Vec<(&str, Span)> = shift.iter().map(|e| (e.words.as_str(), e.window)).collect();
    let wanted = [
        (
            "a week earlier",
            span("2026-10-20T06:00:00+02:00", "2026-10-20T14:00:00+02:00"),
        ),
        (
            "four weeks earlier",
            span("2026-09-29T06:00:00+02:00", "2026-09-29T14:00:00+02:00"),
        ),
        (
            "a year earlier",
            span("2025-10-28T06:00:00+01:00", "2025-10-28T14:00:00+01:00"),
        ),
    ];
    assert_eq!(told, wanted, "{}", place.engine);
    // The week with the hour that the clocks repeat is longer than the one before it, and does not overlap it.
    let week = earlier("week", "2026-10-22", None).await;
    let wanted = span("2026-10-12T00:00:00+02:00", "2026-10-19T00:00:00+02:00");
    assert_eq!(
        (week[0].words.as_str(), week[0].window),
        ("a week earlier", wanted)
    );
    // A month overlaps the month of a week earlier.
    let month = earlier("month", "2026-10-22", None).await;
    assert_eq!(month[0].words, "a year earlier", "{}", place.engine);
    // The page's links lead there.
    let query = "view=compare&period=shift&on=2026-10-27&shift=Early";
    let sheet = ms5_floor::server::services::sheet::sheet(
        &crate::harness::by_the_program(&server.app),
        "L1",
        query,
    )
    .await;
    let html = sheet.expect("a sheet").parts.join("");
    let link = format!("than_from={}", at("2026-10-20T06:00:00+02:00").0);
    assert!(html.contains(&link), "{html}");
}
