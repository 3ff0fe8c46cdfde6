//! History adds up to the whole however it is cut, and a figure that cannot be known has a bound that can.

use super::{DAYS, server};
use crate::harness::{Hands, Place, Server, at};
use crate::windows_add_up::plant;
use ms5_floor::api::oee::By;
use ms5_floor::domain::account::Account;
use ms5_floor::domain::figure::{Figure, Why};
use ms5_floor::domain::loss::LossTree;
use ms5_floor::domain::time::{DAY_MS, DurMs, HOUR_MS, Span, TsMs};
use ms5_floor::server::rollup::make::catch_up;
use ms5_floor::server::services::oee::{
    calculate_oee, calculate_real_time_oee, get_oee_dashboard_data, get_oee_history, get_oee_trends,
};
use serde_json::{Value, json};

on_both! {
    a_history_adds_up_to_the_whole_however_it_is_cut,
    one_unrated_piece_leaves_a_lower_bound_beside_the_reason,
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
