//! Shifts follow the site's clock: a night belongs to the day of its start, is an hour shorter or longer when the clocks
//! change, and board, line and API agree about it.

use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::small_plant;
use ms5_floor::api::line::{Part, WindowKind};
use ms5_floor::domain::condition::Condition;
use ms5_floor::domain::time::{HOUR_MS, MINUTE_MS, Span, TsMs};
use ms5_floor::server::services::board::board;
use ms5_floor::server::services::line::line;
use ms5_floor::server::services::oee::calculate_oee;
use serde_json::{Value, json};

on_both! {
    a_night_shift_over_midnight_and_both_changes_of_the_clocks,
    between_shifts_the_last_one_stays_on_the_board,
}

/// Line L1 works nights, 22:00 to 06:00 with a break from 01:00 to 01:30, on every day, at 85 % of 60 pieces a minute.
fn plant() -> Value {
    let mut plant = small_plant();
    let night = json!({"name": "Night", "days": [1, 2, 3, 4, 5, 6, 7], "start": "22:00", "end": "06:00",
                       "breaks": [{"start": "01:00", "end": "01:30"}]});
    plant["shift"] = json!([night]);
    plant["line"][0]["shifts"] = json!(["Night"]);
    plant
}

async fn run_through(server: &Server, key: &str, from: TsMs, to: TsMs) {
    let mut items = vec![
        json!({"id": format!("p{}", from.0), "machine": "M1", "at": from, "kind": "product", "product": "P1"}),
        json!({"id": format!("s{}", from.0), "machine": "M1", "at": from, "kind": "state", "state": "running"}),
    ];
    for minute in (from.0..to.0).step_by(MINUTE_MS as usize) {
        // 51 a minute on the pacing machine, 45 good ones leave the line.
        items.push(json!({"id": format!("a{minute}"), "machine": "M1", "at": minute + 30_000, "kind": "count", "good": 51}));
        items.push(json!({"id": format!("b{minute}"), "machine": "M2", "at": minute + 30_000, "kind": "count", "good": 45, "product": "P1"}));
    }
    items.push(json!({"id": format!("e{}", to.0), "machine": "M1", "at": to, "kind": "state", "state": "stopped"}));
    for batch in items.chunks(1000) {
        assert_eq!(server.ingest(key, batch).await.accepted, batch.len());
    }
}

async fn a_night_shift_over_midnight_and_both_changes_of_the_clocks(place: &Place) {
    let hands = Hands::at(at("2026-03-01T00:00:00Z"));
    let server = Server::with(place, hands.clock(), plant()).await;
    let (_, key) = server.key("gateway", true, false).await;
    // In Rome summer time begins on 2026-03-29 and ends on 2026-10-25, each in the night before the day's 3 o'clock.
    for (start, end, hours, bars) in [
        (
            "2026-03-27T22:00:00+01:00",
            "2026-03-28T06:00:00+01:00",
            8,
            8,
        ),
        (
            "2026-03-28T22:00:00+01:00",
            "2026-03-29T06:00:00+02:00",
            7,
            7,
        ),
        (
            "2026-07-06T22:00:00+02:00",
            "2026-07-07T06:00:00+02:00",
            8,
            8,
        ),
        (
            "2026-10-24T22:00:00+02:00",
            "2026-10-25T06:00:00+01:00",
            9,
            9,
        ),
    ] {
        let (start, end) = (at(start), at(end));
        let shift = Span::clamped(start, end);
        assert_eq!(shift.len().0, hours * HOUR_MS, "the test's own dates");
        run_through(&server, &key, start, end).await;
        // Half an hour before its end, on the next day.
        let now = TsMs(end.0 - 30 * MINUTE_MS);
        hands.set(now);
        let what = format!("{}, night that ends {end:?}", place.engine);
        let tile = board(&crate::harness::by_the_program(&server.app))
            .await
            .expect("a board")
            .tiles[0]
            .clone();
        let shown = tile.shift.clone().expect("a shift runs");
        assert_eq!(
            (shown.name.as_str(), shown.span),
            ("Night", shift),
            "{what}"
        );
        let worked = hours * 60 - 30 - 30;
        let progress = tile.progress.expect("progress");
        // Counts are told at half past each minute: also those of the break count as made.
        assert_eq!(progress.actual, (worked + 30) * 45, "{what}");
        let target = progress.target.expect("a target");
        assert!(
            (target - worked as f64 * 60.0 * 0.85).abs() < 1e-6,
            "{what}: {target}"
        );
        assert_eq!(progress.grows_until, end, "{what}");
        assert!(
            (progress.target_per_h - 60.0 * 60.0 * 0.85).abs() < 1e-6,
            "{what}: {progress:?}"
        );
        assert_eq!(
            tile.hours.matches("<g>").count(),
            bars,
            "{what}: a bar for each hour of the clock"
        );
        let first = "aria-label=\"Made by hour. 22:00: ";
        assert!(tile.hours.contains(first), "{what}: {}", tile.hours);
        let running = tile.hours.matches("class=\"hour running\"").count();
        assert_eq!(running, 1, "{what}");
        let page = line(&crate::harness::by_the_program(&server.app), "L1", None)
            .await
            .expect("a line");
        assert_eq!(page.kind, WindowKind::Shift("Night".to_owned()), "{what}");
        assert_eq!(
            (page.horizon, page.window),
            (shift, Span::clamped(start, now)),
            "{what}"
        );
        let planned = format!("{} h {:02} min", worked / 60, worked % 60);
        let time = &page.drawn[Part::Time as usize];
        assert!(time.contains(&planned), "{what}: {planned}: {time}");
        let so_far = calculate_oee(
            &crate::harness::by_the_program(&server.app),
            "L1",
            start.0,
            now.0,
        )
        .await;
        let account = so_far.expect("OEE").line.expect("a serial line").account;
        assert_eq!(account.planned_production().0, worked * MINUTE_MS, "{what}");
        assert_eq!(account.planned.0, 30 * MINUTE_MS, "{what}: the break");
        assert_eq!(account.not_scheduled.0, 0, "{what}");
        // OEE of the line: good pieces that left it, at the pacing machine's ideal rate.
        let oee = tile.oee.value().expect("OEE");
        assert!((oee - 45.0 / 60.0).abs() < 1e-9, "{what}: {oee}");
        // A day of the calendar around it, by the API: nothing but the night is planned.
        hands.set(TsMs(end.0 + 6 * HOUR_MS));
        let day = calculate_oee(
            &crate::harness::by_the_program(&server.app),
            "L1",
            start.0 - 6 * HOUR_MS,
            end.0 + 6 * HOUR_MS,
        )
        .await
        .expect("OEE");
        let planned = day.line.expect("a line").account;
        assert_eq!(
            planned.planned_production().0,
            (hours * 60 - 30) * MINUTE_MS,
            "{what}"
        );
        assert_eq!(planned.not_scheduled.0, 12 * HOUR_MS, "{what}");
    }
}

async fn between_shifts_the_last_one_stays_on_the_board(place: &Place) {
    let hands = Hands::at(at("2026-07-06T00:00:00Z"));
    let server = Server::with(place, hands.clock(), plant()).await;
    let (_, key) = server.key("gateway", true, false).await;
    let (start, end) = (
        at("2026-07-06T22:00:00+02:00"),
        at("2026-07-07T06:00:00+02:00"),
    );
    run_through(&server, &key, start, end).await;
    hands.set(TsMs(end.0 + 3 * HOUR_MS));
    let tile = board(&crate::harness::by_the_program(&server.app))
        .await
        .expect("a board")
        .tiles[0]
        .clone();
    assert_eq!(
        tile.shift.expect("the last shift").span,
        Span::clamped(start, end),
        "{}",
        place.engine
    );
    assert_eq!(tile.condition, Condition::NotScheduled, "{}", place.engine);
    assert_eq!(
        tile.since,
        Some(end),
        "{}: since the shift ended",
        place.engine
    );
    let progress = tile.progress.expect("progress");
    assert_eq!(progress.actual, 480 * 45, "{}", place.engine);
    assert_eq!(
        progress.target_per_h, 0.0,
        "{}: nothing more is asked for",
        place.engine
    );
    assert!(tile.hours.contains("class=\"hour"), "{}", place.engine);
    assert!(!tile.hours.contains("hour running"), "{}", place.engine);
}
