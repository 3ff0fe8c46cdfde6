//! Days, weeks, months and shifts are those of the site.

use super::server;
use crate::harness::{Place, at};
use ms5_floor::api::analysis::Choice;
use ms5_floor::domain::account::Account;
use ms5_floor::domain::time::{DAY_MS, DurMs, HOUR_MS, Span};
use ms5_floor::server::services::analysis::analysis;

on_both! {
    periods_follow_the_calendar_of_the_site,
}

async fn periods_follow_the_calendar_of_the_site(place: &Place) {
    let (server, _) = server(place).await;
    let app = &server.app;
    let ask = async |period: &str, on: &str, shift: Option<&str>| {
        let choice = Choice {
            period: Some(period.to_owned()),
            on: Some(on.to_owned()),
            shift: shift.map(str::to_owned),
            ..Choice::default()
        };
        analysis(&crate::harness::by_the_program(app), "L1", &choice)
            .await
            .expect("an analysis")
    };
    // The production day begins at midnight where no shift runs over it, else when that shift ends.
    let day = ask("day", "2026-10-06", None).await;
    assert_eq!(
        day.horizon,
        Span::clamped(at("2026-10-06T02:00:00Z"), at("2026-10-07T02:00:00Z")),
        "Tuesday, after Monday's night"
    );
    assert_eq!(
        day.neighbours,
        Some(("2026-10-05".to_owned(), "2026-10-07".to_owned()))
    );
    let week = ask("week", "2026-10-07", None).await;
    assert_eq!(
        week.horizon,
        Span::clamped(at("2026-10-04T22:00:00Z"), at("2026-10-11T22:00:00Z"))
    );
    assert_eq!(week.label, "Week 41: 5 October to 11 October 2026");
    // The last week of October has the hour that the clocks repeat.
    let long = ask("week", "2026-10-22", None).await;
    assert_eq!(long.horizon.len(), DurMs(7 * DAY_MS + HOUR_MS));
    let month = ask("month", "2026-10-20", None).await;
    assert_eq!(
        month.horizon.to(),
        at("2026-10-31T23:00:00Z"),
        "a Saturday: no night shift runs into November"
    );
    assert_eq!(month.before_label, "September 2026");
    let shift = ask("shift", "2026-10-06", Some("Night")).await;
    assert_eq!(
        shift.horizon,
        Span::clamped(at("2026-10-06T20:00:00Z"), at("2026-10-07T02:00:00Z"))
    );
    assert_eq!(
        shift.before_window,
        Span::clamped(at("2026-10-05T20:00:00Z"), at("2026-10-06T02:00:00Z"))
    );
    // Only some shifts, only one product: parts of the whole.
    let filtered = Choice {
        period: Some("week".to_owned()),
        on: Some("2026-10-07".to_owned()),
        shift: Some("Early".to_owned()),
        by: Some("day".to_owned()),
        ..Choice::default()
    };
    let early = analysis(&crate::harness::by_the_program(app), "L1", &filtered)
        .await
        .expect("an analysis");
    assert_eq!(
        early.account.scheduled(),
        DurMs(5 * 8 * HOUR_MS),
        "five early shifts of eight hours"
    );
    let by_day: Account = early.history.rows.iter().map(|r| r.account).sum();
    assert_eq!(by_day, early.account);
    let one = analysis(
        &crate::harness::by_the_program(app),
        "L1",
        &Choice {
            product: Some("P1".to_owned()),
            ..filtered.clone()
        },
    )
    .await
    .expect("an analysis");
    let other = analysis(
        &crate::harness::by_the_program(app),
        "L1",
        &Choice {
            product: Some("P2".to_owned()),
            ..filtered
        },
    )
    .await
    .expect("an analysis");
    let unknown = early.account.calendar() - one.account.calendar() - other.account.calendar();
    assert!(unknown >= DurMs::ZERO);
    if let Ok(difference) = &week.difference {
        let effects: f64 = difference.losses.iter().map(|l| l.effect).sum();
        assert!(
            (effects - difference.delta).abs() < 1e-12,
            "the losses explain the whole difference"
        );
    }
}
