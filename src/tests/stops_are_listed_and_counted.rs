//! Lists of stops come page by page and hold each stop once; their figures are those of the accounts.

use crate::chance::{Scene, chance, facts};
use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::{small_plant, state};
use ms5_floor::api::downtime::DowntimeFilter;
use ms5_floor::domain::machine_state::MachineState::{Changeover, Running, Stopped};
use ms5_floor::domain::time::{DAY_MS, DurMs, HOUR_MS, MINUTE_MS, TsMs};
use ms5_floor::server::services::downtime::{get_downtime_events, get_downtime_statistics};
use ms5_floor::server::services::oee::calculate_oee;
use rand::Rng;
use serde_json::{Value, json};

on_both! {
    pages_hold_every_stop_once,
    a_list_walks_back_over_a_quiet_year,
    no_stop_falls_between_two_stretches_or_two_pages,
    figures_are_those_of_the_accounts,
    a_changeover_says_between_which_products,
    wrong_questions_name_the_field,
}

fn plant() -> Value {
    let mut plant = small_plant();
    plant["shift"] = json!([
        {"name": "Early", "days": [1, 2, 3, 4, 5], "start": "06:00", "end": "14:00", "breaks": [{"start": "09:00", "end": "09:20"}]},
        {"name": "Night", "days": [1, 2, 3, 4, 5], "start": "22:00", "end": "04:00"},
    ]);
    plant["line"][0]["shifts"] = json!(["Early", "Night"]);
    plant["fault"] = json!([
        {"machine": "M1", "code": "F1", "text": "Jam", "reason": "MAT_JAM"},
        {"machine": "M2", "code": "F2", "text": "Filler stands", "origin": "upstream"},
    ]);
    plant
}

async fn filled(place: &Place) -> (Server, TsMs) {
    let from = at("2026-07-05T20:00:00Z");
    let now = TsMs(from.0 + 70 * HOUR_MS);
    let server = Server::with(place, Hands::at(now).clock(), plant()).await;
    let (source, _) = server.key("gateway", true, false).await;
    let mut rng = chance(5);
    let scene = Scene {
        sources: vec![source],
        machines: ["M1", "M2"].map(|m| server.machine(m)).to_vec(),
        products: vec![server.product("P1"), server.product("P2")],
        from,
        hours: 68,
        facts: 1_500,
    };
    let sent = facts(&mut rng, &scene);
    server.store(source, &sent).await;
    (server, from)
}

async fn pages_hold_every_stop_once(place: &Place) {
    let (server, from) = filled(place).await;
    let mut rng = chance(6);
    for case in 0..12 {
        let to = from.0 + rng.random_range(1..72 * 60) * MINUTE_MS;
        let base = DowntimeFilter {
            from: Some(to - rng.random_range(1..60 * 60) * MINUTE_MS),
            to: Some(to),
            minor: *[None, Some(true), Some(false)].get(case % 3).expect("one"),
            category: (case % 4 == 3).then(|| "starved".to_owned()),
            ..DowntimeFilter::default()
        };
        let ask = |cursor, limit| DowntimeFilter {
            cursor,
            limit: Some(limit),
            ..base.clone()
        };
        let whole = get_downtime_events(
            &crate::harness::by_the_program(&server.app),
            &ask(None, 500),
        )
        .await
        .expect("a page");
        assert_eq!(whole.next, None, "case {case}: one page is enough");
        let mut walked = Vec::new();
        let mut cursor = None;
        loop {
            let page = get_downtime_events(
                &crate::harness::by_the_program(&server.app),
                &ask(cursor, 7),
            )
            .await
            .expect("a page");
            assert!(page.events.len() <= 7);
            walked.extend(page.events);
            let Some(next) = page.next else { break };
            cursor = Some(next);
        }
        assert_eq!(walked, whole.events, "{}, case {case}", place.engine);
        assert!(walked.is_sorted_by_key(|e| std::cmp::Reverse(e.from)));
        for event in &walked {
            assert!(event.from.0 < to && event.to.is_none_or(|end| end.0 > base.from.unwrap_or(0)));
            assert!(base.minor.is_none_or(|minor| minor == event.minor));
            let parts: DurMs = event
                .parts
                .iter()
                .map(|p| p.to.unwrap_or(event.from + event.length) - p.from)
                .sum();
            assert_eq!(parts, event.length, "the parts are the stop");
        }
    }
}

async fn a_list_walks_back_over_a_quiet_year(place: &Place) {
    let now = at("2026-07-06T12:00:00Z");
    let server = Server::with(place, Hands::at(now).clock(), small_plant()).await;
    let (_, key) = server.key("gateway", true, false).await;
    let long_ago = TsMs(now.0 - 300 * DAY_MS);
    let items = [
        state("a", "M1", long_ago, Running),
        state("b", "M1", long_ago + DurMs(HOUR_MS), Stopped),
        state("c", "M1", long_ago + DurMs(2 * HOUR_MS), Running),
    ];
    assert_eq!(server.ingest(&key, &items).await.accepted, 3);
    let (mut filter, mut pages) = (
        DowntimeFilter {
            from: Some(now.0 - 365 * DAY_MS),
            ..DowntimeFilter::default()
        },
        0,
    );
    let found = loop {
        let page = get_downtime_events(&crate::harness::by_the_program(&server.app), &filter)
            .await
            .expect("a page");
        pages += 1;
        if let Some(event) = page.events.first() {
            break event.clone();
        }
        filter.cursor = Some(page.next.expect("the window is not at its start yet"));
    };
    assert_eq!(found.from, long_ago + DurMs(HOUR_MS));
    assert!(
        (2..6).contains(&pages),
        "one page does not read the whole year, {pages} do"
    );
}

async fn no_stop_falls_between_two_stretches_or_two_pages(place: &Place) {
    let now = at("2026-07-06T12:00:00Z");
    let server = Server::with(place, Hands::at(now).clock(), small_plant()).await;
    let (_, key) = server.key("gateway", true, false).await;
    // A list reads a day, then two, then four: stops right before and right at each edge, and two at one instant.
    let edge = |days: i64, ms: i64| TsMs(now.0 - days * DAY_MS + ms);
    let starts = [
        ("M1", edge(8, 0)),
        ("M2", edge(8, 0)),
        ("M1", edge(7, -1)),
        ("M2", edge(7, 0)),
        ("M1", edge(3, -1)),
        ("M2", edge(3, 0)),
        ("M1", edge(1, -1)),
        ("M2", edge(1, 0)),
    ];
    let mut items = Vec::new();
    for (n, (machine, start)) in starts.iter().enumerate() {
        items.push(state(
            &format!("r{n}"),
            machine,
            *start - DurMs(HOUR_MS),
            Running,
        ));
        items.push(state(&format!("s{n}"), machine, *start, Stopped));
        items.push(state(
            &format!("e{n}"),
            machine,
            *start + DurMs(HOUR_MS),
            Running,
        ));
    }
    assert_eq!(server.ingest(&key, &items).await.accepted, items.len());
    let mut wanted: Vec<_> = starts
        .iter()
        .map(|(m, at)| ((*m).to_owned(), *at))
        .collect();
    wanted.sort_by_key(|(machine, at)| (std::cmp::Reverse(*at), machine.clone()));
    for limit in [1, 3, 500] {
        let mut filter = DowntimeFilter {
            limit: Some(limit),
            ..DowntimeFilter::default()
        };
        let mut found = Vec::new();
        loop {
            let page = get_downtime_events(&crate::harness::by_the_program(&server.app), &filter)
                .await
                .expect("a page");
            found.extend(page.events.into_iter().map(|e| (e.machine, e.from)));
            filter.cursor = page.next;
            if filter.cursor.is_none() {
                break;
            }
        }
        assert_eq!(found, wanted, "{}, {limit} a page", place.engine);
    }
}

async fn figures_are_those_of_the_accounts(place: &Place) {
    let (server, from) = filled(place).await;
    let mut rng = chance(8);
    for case in 0..10 {
        let a = from.0 + rng.random_range(-60..60 * 60) * MINUTE_MS;
        let b = a + rng.random_range(60..30 * 60) * MINUTE_MS;
        let what = format!("{}, case {case}", place.engine);
        let oee = calculate_oee(&crate::harness::by_the_program(&server.app), "L1", a, b)
            .await
            .expect("OEE");
        let figures = get_downtime_statistics(
            &crate::harness::by_the_program(&server.app),
            (Some("L1"), None),
            (Some(a), Some(b)),
        )
        .await
        .expect("figures");
        let account = oee.assets.account;
        let lost = account.minor + account.unplanned + account.changeover + account.waiting();
        assert_eq!(figures.all.lost.time, lost, "{what}: time");
        let count = account.minor_stops + account.failures + account.changeovers + account.waits;
        assert_eq!(figures.all.lost.stops, count, "{what}: stops");
        let sum = |list: Vec<(DurMs, i64)>| {
            list.into_iter()
                .fold((DurMs::ZERO, 0), |s, l| (s.0 + l.0, s.1 + l.1))
        };
        let whole = (lost, count);
        assert_eq!(
            sum(figures
                .by_category
                .iter()
                .map(|c| (c.sums.lost.time, c.sums.lost.stops))
                .collect()),
            whole,
            "{what}: by category"
        );
        assert_eq!(
            sum(figures.by_hour.iter().map(|l| (l.time, l.stops)).collect()),
            whole,
            "{what}: by hour"
        );
        assert_eq!(
            sum(figures
                .by_shift
                .iter()
                .map(|s| (s.lost.time, s.lost.stops))
                .collect()),
            whole,
            "{what}: by shift"
        );
        assert_eq!(
            sum(figures
                .by_machine
                .iter()
                .map(|m| (m.sums.lost.time, m.sums.lost.stops))
                .collect()),
            whole,
            "{what}: by machine"
        );
        assert_eq!(
            figures.by_time.iter().map(|r| r.lost.time).sum::<DurMs>(),
            lost,
            "{what}: by reason"
        );
        assert_eq!(
            figures.by_count.iter().map(|r| r.lost.stops).sum::<i64>(),
            count,
            "{what}: by count"
        );
        for bars in [&figures.by_time, &figures.by_count] {
            assert!(
                bars.is_sorted_by(|a, b| a.share >= b.share),
                "{what}: the largest first"
            );
            assert!(
                bars.last()
                    .is_none_or(|last| (last.cumulative - 1.0).abs() < 1e-9),
                "{what}"
            );
        }
        // The stops that are counted are those of the list that began in the window.
        let filter = DowntimeFilter {
            line: Some("L1".into()),
            from: Some(a),
            to: Some(b),
            limit: Some(500),
            ..DowntimeFilter::default()
        };
        let listed = get_downtime_events(&crate::harness::by_the_program(&server.app), &filter)
            .await
            .expect("a page")
            .events;
        let begun = listed.iter().filter(|e| e.counted && e.from.0 >= a).count();
        assert_eq!(i64::try_from(begun).expect("few"), count, "{what}: listed");
    }
}

async fn a_changeover_says_between_which_products(place: &Place) {
    let now = at("2026-07-06T12:00:00Z");
    let mut plant = small_plant();
    plant["changeover_target"] = json!([{"line": "L1", "from": "P1", "to": "P2", "minutes": 15}]);
    let server = Server::with(place, Hands::at(now).clock(), plant).await;
    let (_, key) = server.key("gateway", true, false).await;
    let minute = |n: i64| TsMs(at("2026-07-06T06:00:00Z").0 + n * MINUTE_MS);
    let product = |id: &str, at: TsMs, code: &str| json!({"id": id, "machine": "M1", "at": at.0, "kind": "product", "product": code});
    let items = [
        product("p1", minute(0), "P1"),
        state("a", "M1", minute(0), Running),
        state("b", "M1", minute(60), Changeover),
        product("p2", minute(70), "P2"),
        state("c", "M1", minute(80), Running),
    ];
    assert_eq!(server.ingest(&key, &items).await.accepted, 5);
    let events = get_downtime_events(
        &crate::harness::by_the_program(&server.app),
        &DowntimeFilter::default(),
    )
    .await
    .expect("a page")
    .events;
    let change = events[0].change.clone().expect("a changeover");
    assert_eq!(
        (change.from.as_deref(), change.to.as_deref()),
        (Some("P1"), Some("P2"))
    );
    assert_eq!(change.target, Some(DurMs(15 * MINUTE_MS)), "it took 20");
    assert_eq!(events[0].parts.len(), 2, "cut where the product changed");
}

async fn wrong_questions_name_the_field(place: &Place) {
    let now = at("2026-07-06T12:00:00Z");
    let server = Server::with(place, Hands::at(now).clock(), small_plant()).await;
    let quarter_ago = now.0 - 94 * DAY_MS;
    let six_years_ago = now.0 - 6 * 366 * DAY_MS;
    for (query, field) in [
        ("?line=L9".to_owned(), "line"),
        ("?machine=M9".to_owned(), "machine"),
        ("?reason=NONE".to_owned(), "reason"),
        ("?category=planned".to_owned(), "category"),
        ("?from=2000&to=1000".to_owned(), "from"),
        ("?from=-5".to_owned(), "from"),
        ("?from=noon".to_owned(), "from"),
        (format!("?from={six_years_ago}"), "from"),
        ("?min_s=-1".to_owned(), "min_s"),
        ("?limit=0".to_owned(), "limit"),
        ("?cursor=x".to_owned(), "cursor"),
        (format!("?cursor={}:M1", i64::MAX), "cursor"),
        (format!("?from=1&to={}", i64::MAX), "from"),
        (format!("?to={}", i64::MIN), "from"),
        (format!("/statistics?from={}", i64::MIN), "from"),
        (format!("/statistics?from={quarter_ago}"), "from"),
        ("/statistics?line=L9".to_owned(), "line"),
        ("/statistics?from=2000&to=1000".to_owned(), "from"),
        ("/active?line=L9".to_owned(), "line"),
        ("/reasons?line=L9".to_owned(), "line"),
        ("/reasons".to_owned(), "line"),
    ] {
        let answer = server.get(&format!("/api/v1/downtime{query}"), None).await;
        let problem = answer.problem(422, "invalid");
        assert_eq!(problem["fields"][0]["field"], field, "{query}");
    }
    let answer = server.get("/api/v1/downtime?lien=L1", None).await;
    answer.problem(400, "malformed");
}
