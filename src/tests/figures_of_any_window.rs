//! The API of figures: history adds up to the whole however it is cut, weeks and months follow the site's calendar, the
//! plant is the sum of its lines; and whatever cannot be asked is refused by name.

use crate::chance::{Scene, chance, facts, new_fact};
use crate::harness::{Hands, Place, Server, at};
use crate::windows_add_up::plant;
use ms5_floor::api::analysis::{AnalysisOfLine, Choice};
use ms5_floor::api::oee::By;
use ms5_floor::domain::account::Account;
use ms5_floor::domain::figure::{Figure, Why};
use ms5_floor::domain::loss::LossTree;
use ms5_floor::domain::time::{DAY_MS, DurMs, HOUR_MS, Span, TsMs};
use ms5_floor::server::rollup::make::catch_up;
use ms5_floor::server::services::analysis::analysis;
use ms5_floor::server::services::oee::{
    calculate_oee, calculate_real_time_oee, get_oee_dashboard_data, get_oee_history, get_oee_trends,
};
use serde_json::{Value, json};
use server_fn::ServerFn;

on_both! {
    a_history_adds_up_to_the_whole_however_it_is_cut, periods_follow_the_calendar_of_the_site,
    what_cannot_be_asked_is_refused_by_name, one_unrated_piece_leaves_a_lower_bound_beside_the_reason, every_route_of_the_api_is_in_its_document,
    a_server_function_that_cannot_read_its_arguments_says_400
}

const DAYS: i64 = 30;

/// The plant with random facts over thirty days from the first of October, seen at their end.
async fn server(place: &Place) -> (Server, TsMs) {
    let from = at("2026-10-01T00:00:00Z");
    let hands = Hands::at(TsMs(from.0 + DAYS * DAY_MS));
    let server = Server::with(place, hands.clock(), plant()).await;
    let (source, _) = server.key("gateway", true, false).await;
    let scene = Scene {
        sources: vec![source],
        machines: ["M1", "M2", "M3", "M4"].map(|m| server.machine(m)).to_vec(),
        products: vec![server.product("P1"), server.product("P2")],
        from,
        hours: DAYS * 24,
        facts: 1500,
    };
    let sent = facts(&mut chance(3), &scene);
    let items = sent.iter().map(|f| Ok(new_fact(f))).collect();
    server
        .app
        .writer
        .store(source, items)
        .await
        .expect("stored");
    (server, from)
}

async fn a_history_adds_up_to_the_whole_however_it_is_cut(place: &Place) {
    let (server, from) = server(place).await;
    let app = &server.app;
    for made in [false, true] {
        if made {
            catch_up(app).await.expect("roll-ups");
        }
        // From the middle of an hour to the middle of an hour.
        for (a, b) in [
            (DAY_MS + 660_000, 5 * DAY_MS + HOUR_MS / 2),
            (0, DAYS * DAY_MS),
        ] {
            let bounds = (from.0 + a, from.0 + b);
            for (line, machines) in [
                ("L1", [None, Some("M1"), Some("assets")]),
                ("L2", [None, Some("M4"), Some("assets")]),
            ] {
                let whole = calculate_oee(
                    &crate::harness::by_the_program(app),
                    line,
                    bounds.0,
                    bounds.1,
                )
                .await
                .expect("figures");
                for machine in machines {
                    let wanted = match machine {
                        None => whole.line.as_ref().unwrap_or(&whole.assets).account,
                        Some("assets") => whole.assets.account,
                        Some(code) => {
                            whole
                                .machines
                                .iter()
                                .find(|m| m.code == code)
                                .expect("a machine")
                                .account
                        }
                    };
                    for by in By::ALL {
                        let history = get_oee_history(
                            &crate::harness::by_the_program(app),
                            line,
                            machine,
                            bounds,
                            by,
                        )
                        .await;
                        if by == By::Hour && b - a > 8 * DAY_MS {
                            assert!(history.is_err(), "too long for hours");
                            continue;
                        }
                        let rows = history.expect("a history").rows;
                        let sum: Account = rows.iter().map(|r| r.account).sum();
                        let what = format!(
                            "{}, {line}, {machine:?}, {by:?}, made: {made}",
                            place.engine
                        );
                        match by {
                            // Shifts and crews leave the time between shifts out.
                            By::Shift | By::Crew => {
                                assert_eq!(
                                    sum.planned_production(),
                                    wanted.planned_production(),
                                    "{what}"
                                );
                                assert_eq!(sum.ideal_good, wanted.ideal_good, "{what}");
                            }
                            By::Machine => assert_eq!(sum, whole.assets.account, "{what}"),
                            // A product that only was there while nothing was planned has no row.
                            By::Product => assert_eq!(sum.run_time(), wanted.run_time(), "{what}"),
                            _ => {
                                assert_eq!(sum, wanted, "{what}");
                                let spans: Vec<Span> = rows.iter().filter_map(|r| r.span).collect();
                                assert!(
                                    spans.windows(2).all(|p| p[0].to() == p[1].from()),
                                    "{what}: rows tile"
                                );
                            }
                        }
                    }
                }
                let leaves: DurMs = LossTree::of(&whole.assets.account)
                    .leaves()
                    .into_iter()
                    .map(|l| l.1)
                    .sum();
                assert_eq!(leaves, whole.assets.account.calendar());
            }
            let plant = get_oee_dashboard_data(&crate::harness::by_the_program(app), bounds)
                .await
                .expect("the plant");
            let lines: Account = plant.lines.iter().map(|l| l.assets.account).sum();
            let areas: Account = plant.areas.iter().map(|a| a.account).sum();
            let site = plant.site.expect("a site").account;
            assert_eq!((lines, areas), (site, site));
        }
    }
    let trends = get_oee_trends(
        &crate::harness::by_the_program(app),
        "L1",
        None,
        (from.0, from.0 + DAYS * DAY_MS),
        By::Day,
    )
    .await
    .expect("trends");
    assert!(trends.history.rows.len() >= 30);
    let now = calculate_real_time_oee(&crate::harness::by_the_program(app), "L1")
        .await
        .expect("now");
    assert_eq!(now.now, app.clock.now());
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

async fn what_cannot_be_asked_is_refused_by_name(place: &Place) {
    let (server, _) = server(place).await;
    let (from, to) = ("2026-10-05T00:00:00Z", "2026-10-06T00:00:00Z");
    let window = format!("from={from}&to={to}");
    for (path, status, code, field) in [
        (format!("/api/v1/oee/L9?{window}"), 404, "not_found", None),
        (
            format!("/api/v1/oee/L1/history?{window}&machine=M9"),
            404,
            "not_found",
            None,
        ),
        ("/api/v1/oee/L1".to_owned(), 422, "invalid", Some("from")),
        (
            format!("/api/v1/oee/L1?from={from}"),
            422,
            "invalid",
            Some("to"),
        ),
        (
            format!("/api/v1/oee/L1?from={to}&to={from}"),
            422,
            "invalid",
            Some("to"),
        ),
        (
            format!("/api/v1/oee/L1?from={from}&to={from}"),
            422,
            "invalid",
            Some("to"),
        ),
        (
            format!("/api/v1/oee/L1?from=2020-01-01T00:00:00Z&to={to}"),
            422,
            "invalid",
            Some("to"),
        ),
        (
            format!("/api/v1/oee/L1?from=yesterday&to={to}"),
            422,
            "invalid",
            Some("from"),
        ),
        (
            format!("/api/v1/oee/L1?from=-60000&to={to}"),
            422,
            "invalid",
            Some("from"),
        ),
        (
            "/api/v1/oee/L1?from=-9223372036854775808&to=9223372036854775807".to_owned(),
            422,
            "invalid",
            Some("from"),
        ),
        (
            "/api/v1/oee/L1?from=0&to=9223372036854775807".to_owned(),
            422,
            "invalid",
            Some("to"),
        ),
        (
            "/api/v1/oee/L1?from=1791158400001&to=1791244800000".to_owned(),
            422,
            "invalid",
            Some("from"),
        ),
        (
            format!("/api/v1/oee/L1/history?{window}&by=moon"),
            422,
            "invalid",
            Some("by"),
        ),
        (
            format!("/api/v1/oee/L1/history?{window}&limit=0"),
            422,
            "invalid",
            Some("limit"),
        ),
        (
            format!("/api/v1/oee/L1/history?from=2026-01-01T00:00:00Z&to={to}&by=hour"),
            422,
            "invalid",
            Some("by"),
        ),
        (
            format!("/api/v1/oee/L1/history?from=2025-01-01T00:00:00Z&to={to}&by=crew"),
            422,
            "invalid",
            Some("by"),
        ),
        (
            format!("/api/v1/oee/L1/trends?{window}&by=product"),
            422,
            "invalid",
            Some("by"),
        ),
        (
            format!("/api/v1/oee?from={to}&to={from}"),
            422,
            "invalid",
            Some("to"),
        ),
    ] {
        let answer = server.get(&path, None).await;
        let problem = answer.problem(status, code);
        if let Some(field) = field {
            assert_eq!(
                problem["fields"][0]["field"],
                json!(field),
                "{path}: {problem}"
            );
        }
    }
    for (choice, field) in [
        (
            Choice {
                period: Some("moon".to_owned()),
                ..Choice::default()
            },
            "period",
        ),
        (
            Choice {
                on: Some("2026-02-30".to_owned()),
                ..Choice::default()
            },
            "on",
        ),
        (
            Choice {
                on: Some("9999-12-31".to_owned()),
                ..Choice::default()
            },
            "on",
        ),
        (
            Choice {
                from: Some(0),
                ..Choice::default()
            },
            "to",
        ),
        (
            Choice {
                than_to: Some(60_000),
                ..Choice::default()
            },
            "than_from",
        ),
        (
            Choice {
                by: Some("moon".to_owned()),
                ..Choice::default()
            },
            "by",
        ),
        (
            Choice {
                from: Some(0),
                to: Some(367 * DAY_MS),
                crew: Some("A".to_owned()),
                ..Choice::default()
            },
            "crew",
        ),
        (
            Choice {
                from: Some(0),
                to: Some(367 * DAY_MS),
                shift: Some("Early".to_owned()),
                ..Choice::default()
            },
            "shift",
        ),
    ] {
        let refused = analysis(&crate::harness::by_the_program(&server.app), "L1", &choice)
            .await
            .expect_err("it cannot be")
            .to_string();
        assert!(
            refused.contains(&format!("\"{field}\"")),
            "{choice:?}: {refused}"
        );
    }
    let page = server.get("/api/v1/oee/L1/history?from=2026-10-05T00:00:00Z&to=2026-10-12T00:00:00Z&by=day&offset=2&limit=3", None).await.json();
    assert_eq!(page["rows"].as_array().map(Vec::len), Some(3));
    assert!(page["total"].as_u64() > Some(6));
}

async fn one_unrated_piece_leaves_a_lower_bound_beside_the_reason(place: &Place) {
    let start = at("2026-10-05T06:00:00+02:00");
    let now = TsMs(start.0 + HOUR_MS);
    let mut plant = plant();
    let rates = plant["rate"].as_array_mut().expect("rates");
    rates.retain(|r| r["product"] != "P2");
    let server = Server::with(place, Hands::at(now).clock(), plant).await;
    let (_, key) = server.key("gateway", true, false).await;
    let items = ["M1", "M2"].map(|machine| {
        let say = |id: &str, second: i64, more: Value| {
            let mut item = json!({"id": format!("{machine}{id}"), "machine": machine, "at": start.0 + second * 1000});
            let item_of = item.as_object_mut().expect("an item");
            item_of.extend(more.as_object().expect("fields").clone());
            item
        };
        let mut items = vec![
            say("s", 0, json!({"kind": "state", "state": "running"})),
            say("p", 0, json!({"kind": "product", "product": "P1"})),
        ];
        // 1800 pieces at one a second, and one of a product that nobody named.
        items.extend((0..30).map(|n| say(&format!("c{n}"), n * 120 + 30, json!({"kind": "count", "good": 60}))));
        items
    });
    for items in items {
        assert_eq!(server.ingest(&key, &items).await.accepted, 32);
    }
    let of = async |when: &str| {
        let oee = calculate_oee(
            &crate::harness::by_the_program(&server.app),
            "L1",
            start.0,
            now.0,
        )
        .await
        .expect("figures");
        let line = oee.line.expect("a line");
        let mut pages = Vec::new();
        for view in ["now", "losses", "history"] {
            let page = server.get(&format!("/lines/L1?view={view}"), None).await;
            pages.push(String::from_utf8_lossy(&page.body).contains("at least 50.0 %"));
        }
        (
            line.oee,
            line.oee_at_least,
            pages,
            format!("{} {when}", place.engine),
        )
    };
    let (oee, least, pages, what) = of("all rated").await;
    assert_eq!(
        (oee, least, pages),
        (Figure::Known(0.5), Figure::Known(0.5), vec![false; 3]),
        "{what}"
    );
    let stray = json!({"id": "x", "machine": "M2", "at": start.0 + 1_800_000, "kind": "count", "good": 1, "product": "P2"});
    assert_eq!(server.ingest(&key, &[stray]).await.accepted, 1);
    let (oee, least, pages, what) = of("one of no known rate").await;
    assert_eq!(
        (oee, least, pages),
        (
            Figure::Unknown(Why::NoIdealRate),
            Figure::Known(0.5),
            vec![true; 3]
        ),
        "{what}"
    );
}

async fn every_route_of_the_api_is_in_its_document(place: &Place) {
    let (server, _) = server(place).await;
    let document = server.get("/api/v1/openapi.json", None).await.json();
    let paths: Vec<&str> = document["paths"]
        .as_object()
        .expect("paths")
        .keys()
        .map(String::as_str)
        .collect();
    for path in [
        "/api/v1/ingest",
        "/api/v1/oee",
        "/api/v1/oee/{line}",
        "/api/v1/oee/{line}/history",
        "/api/v1/live",
        "/api/v1/plant",
    ] {
        assert!(paths.contains(&path), "{path} is not among {paths:?}");
    }
    // Every reference leads somewhere.
    let text = document.to_string();
    for reference in text
        .split("\"$ref\":\"#/")
        .skip(1)
        .filter_map(|r| r.split('"').next())
    {
        let found = document.pointer(&format!("/{reference}"));
        assert!(
            found.is_some_and(Value::is_object),
            "{reference} is not in the document"
        );
    }
}

async fn a_server_function_that_cannot_read_its_arguments_says_400(place: &Place) {
    let (server, _) = server(place).await;
    let path = AnalysisOfLine::PATH;
    let answer = server
        .get(&format!("{path}?code=L1&choice[from]=soon"), None)
        .await;
    assert_eq!(answer.status.as_u16(), 400, "{answer:?}");
    let answer = server.get(&format!("{path}?code=L9"), None).await;
    assert_eq!(answer.status.as_u16(), 404, "{answer:?}");
    let answer = server.get(&format!("{path}?code=L1"), None).await;
    assert_eq!(answer.status.as_u16(), 200, "{answer:?}");
}
