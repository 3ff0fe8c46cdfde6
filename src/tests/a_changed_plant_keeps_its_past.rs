//! A plant that is set up anew keeps its past: a changed shift holds from the next day on, a changed rate or target from
//! now on. What is written for the past restates it, and only that.

use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::{small_plant, state};
use axum::http::{Method, StatusCode};
use ms5_floor::domain::machine_state::MachineState::Running;
use ms5_floor::domain::target::Targets;
use ms5_floor::domain::time::{DurMs, HOUR_MS, MINUTE_MS, Span, TsMs};
use ms5_floor::server::calendar::{production_day, shifts};
use ms5_floor::server::services::board::board;
use ms5_floor::server::services::oee::calculate_oee;
use serde_json::{Value, json};

on_both! {
    a_changed_shift_holds_from_tomorrow_on,
    crews_holidays_and_exceptions_make_the_calendar,
    a_planned_stop_is_taken_from_planned_production_time,
    rates_and_targets_of_the_past_stay,
    rules_without_a_date_restate_all_time,
    what_is_wrong_is_named_and_nothing_is_changed,
}

/// Line L1 works 06:00 to 14:00 and 14:00 to 22:00, Monday to Friday; two crews take turns from Monday 2026-07-06 on.
fn plant() -> Value {
    let shift = |name: &str, start: &str, end: &str, crews: [&str; 2]| json!({"name": name, "days": [1, 2, 3, 4, 5], "start": start, "end": end, "crews": crews, "anchor": "2026-07-06"});
    let mut plant = small_plant();
    plant["shift"] = json!([
        shift("Early", "06:00", "14:00", ["A", "B"]),
        shift("Late", "14:00", "22:00", ["B", "A"]),
    ]);
    plant["line"][0]["shifts"] = json!(["Early", "Late"]);
    plant
}

fn span(from: &str, to: &str) -> Span {
    Span::clamped(at(from), at(to))
}

/// The shifts of line L1 that overlap the local days: name, crew, day, and local start and end in July.
fn told(server: &Server, from: &str, to: &str) -> Vec<String> {
    let plant = server.app.plant.get();
    let (site, line) = (
        plant.site.as_ref().expect("a site"),
        plant.line("L1").expect("a line"),
    );
    let window = span(
        &format!("{from}T00:00:00+02:00"),
        &format!("{to}T00:00:00+02:00"),
    );
    let clock = |at: TsMs| {
        let minutes = (at.0 / MINUTE_MS + 120).rem_euclid(1440);
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    };
    let shift = |s: ms5_floor::domain::shift::ShiftInstance| {
        let crew = s.crew.unwrap_or_default();
        format!(
            "{} {} {crew} {}-{}",
            s.day,
            s.name,
            clock(s.span.from()),
            clock(s.span.to())
        )
    };
    shifts(site, line, window).into_iter().map(shift).collect()
}

async fn a_changed_shift_holds_from_tomorrow_on(place: &Place) {
    let hands = Hands::at(at("2026-07-07T10:00:00+02:00"));
    let server = Server::start(place, hands.clock()).await;
    let (_, key) = server.key("engineer", false, true).await;
    let put = async |plant: &Value| {
        let answer = server
            .send(Method::PUT, "/api/v1/plant", Some(&key), plant)
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    };
    put(&plant()).await;
    let before = [
        "2026-07-06 Early A 06:00-14:00",
        "2026-07-06 Late B 14:00-22:00",
    ];
    assert_eq!(
        told(&server, "2026-07-06", "2026-07-07"),
        before,
        "since ever"
    );
    let mut changed = plant();
    changed["shift"][0]["start"] = json!("05:00");
    put(&changed).await;
    let week = [
        "2026-07-06 Early A 06:00-14:00",
        "2026-07-06 Late B 14:00-22:00",
        "2026-07-07 Early A 06:00-14:00",
        "2026-07-07 Late B 14:00-22:00",
        "2026-07-08 Early A 05:00-14:00",
        "2026-07-08 Late B 14:00-22:00",
    ];
    assert_eq!(
        told(&server, "2026-07-06", "2026-07-09"),
        week,
        "{}",
        place.engine
    );
    // The same again, on a later day too, changes nothing and restates nothing.
    for now in ["2026-07-07T10:00:00+02:00", "2026-07-10T10:00:00+02:00"] {
        hands.set(at(now));
        assert_eq!(server.set_up(changed.clone()).await, [], "{}", place.engine);
        assert_eq!(
            told(&server, "2026-07-06", "2026-07-09"),
            week,
            "{}",
            place.engine
        );
    }
    // The line's list of shifts, too.
    changed["line"][0]["shifts"] = json!(["Early"]);
    assert_eq!(server.set_up(changed.clone()).await, [], "{}", place.engine);
    assert_eq!(
        told(&server, "2026-07-06", "2026-07-09"),
        week,
        "{}",
        place.engine
    );
    assert_eq!(
        told(&server, "2026-07-10", "2026-07-14"),
        [
            "2026-07-10 Early A 05:00-14:00",
            "2026-07-10 Late B 14:00-22:00",
            "2026-07-13 Early B 05:00-14:00",
        ],
        "{}",
        place.engine
    );
    // Said for the past, it restates the past from then on.
    changed["shift"][0]["start"] = json!("07:00");
    changed["shift"][0]["from"] = json!("2026-07-08");
    let line = server.app.plant.get().line("L1").expect("a line").id;
    let restated = server.set_up(changed.clone()).await;
    let past = span("2026-07-08T00:00:00+02:00", "2026-07-10T10:00:00+02:00");
    assert_eq!(restated, [(line, past)], "{}", place.engine);
    assert_eq!(
        told(&server, "2026-07-07", "2026-07-09"),
        [
            "2026-07-07 Early A 06:00-14:00",
            "2026-07-07 Late B 14:00-22:00",
            "2026-07-08 Early A 07:00-14:00",
            "2026-07-08 Late B 14:00-22:00",
        ],
        "{}",
        place.engine
    );
    assert_eq!(server.set_up(changed).await, [], "{}: once", place.engine);
}

async fn crews_holidays_and_exceptions_make_the_calendar(place: &Place) {
    let hands = Hands::at(at("2026-07-15T10:00:00+02:00"));
    let mut plant = plant();
    let server = Server::with(place, hands.clock(), plant.clone()).await;
    let line = server.app.plant.get().line("L1").expect("a line").id;
    plant["shift"]
        .as_array_mut()
        .expect("a list")
        .push(json!({"name": "Extra", "days": [], "start": "22:00", "end": "04:00"}));
    plant["holiday"] = json!([{"day": "2026-07-13", "name": "Founder's day"}]);
    plant["exception"] = json!([
        {"line": "L1", "day": "2026-07-11", "shifts": ["Extra"], "name": "A late order"},
        {"line": "L1", "day": "2026-07-17", "shifts": []},
    ]);
    let restated = server.set_up(plant.clone()).await;
    let past = span("2026-07-11T00:00:00+02:00", "2026-07-15T00:00:00+02:00");
    assert_eq!(
        restated,
        [(line, past)],
        "{}: the future is not restated",
        place.engine
    );
    assert_eq!(
        told(&server, "2026-07-10", "2026-07-18"),
        [
            "2026-07-10 Early A 06:00-14:00",
            "2026-07-10 Late B 14:00-22:00",
            "2026-07-11 Extra  22:00-04:00",
            "2026-07-14 Early B 06:00-14:00",
            "2026-07-14 Late A 14:00-22:00",
            "2026-07-15 Early B 06:00-14:00",
            "2026-07-15 Late A 14:00-22:00",
            "2026-07-16 Early B 06:00-14:00",
            "2026-07-16 Late A 14:00-22:00",
        ],
        "{}",
        place.engine
    );
    let model = server.app.plant.get();
    let (site, l1) = (
        model.site.as_ref().expect("a site"),
        model.line("L1").expect("a line"),
    );
    for (now, day) in [
        ("2026-07-12T03:59:59+02:00", "2026-07-11"),
        ("2026-07-12T04:00:00+02:00", "2026-07-12"),
        ("2026-07-13T12:00:00+02:00", "2026-07-13"),
    ] {
        assert_eq!(production_day(site, l1, at(now)), day, "{now}");
    }
    // An absent one is left alone, a withdrawn one is gone.
    plant["exception"] = json!([{"line": "L1", "day": "2026-07-11", "withdrawn": true}]);
    plant["holiday"] = json!([]);
    let restated = server.set_up(plant).await;
    let past = span("2026-07-11T00:00:00+02:00", "2026-07-13T00:00:00+02:00");
    assert_eq!(restated, [(line, past)], "{}", place.engine);
    assert_eq!(
        told(&server, "2026-07-11", "2026-07-14"),
        Vec::<String>::new(),
        "{}",
        place.engine
    );
}

async fn a_planned_stop_is_taken_from_planned_production_time(place: &Place) {
    let hands = Hands::at(at("2026-07-06T14:00:00+02:00"));
    let mut plant = plant();
    let server = Server::with(place, hands.clock(), plant.clone()).await;
    let (_, key) = server.key("gateway", true, false).await;
    let shift = span("2026-07-06T06:00:00+02:00", "2026-07-06T14:00:00+02:00");
    let items = [
        state("a", "M1", shift.from(), Running),
        state("b", "M1", shift.to() - DurMs(MINUTE_MS), Running),
    ];
    assert_eq!(server.ingest(&key, &items).await.accepted, 2);
    let planned = async || {
        let oee = calculate_oee(&server.app, "L1", shift.from().0, shift.to().0).await;
        let account = oee.expect("OEE").line.expect("a serial line").account;
        (account.planned_production().0, account.planned.0)
    };
    assert_eq!(planned().await, (8 * HOUR_MS, 0), "{}", place.engine);
    // Two that overlap count once, and one that starts before the shift counts inside it.
    plant["planned_stop"] = json!([
        {"line": "L1", "from": "2026-07-06T10:00", "to": "2026-07-06T11:00", "name": "Maintenance"},
        {"line": "L1", "from": "2026-07-06T10:30+02:00", "to": "2026-07-06T11:30+02:00", "name": "Meeting"},
        {"line": "L1", "from": "2026-07-05T20:00", "to": "2026-07-06T06:30", "name": "No orders"},
    ]);
    let line = server.app.plant.get().line("L1").expect("a line").id;
    let restated = server.set_up(plant.clone()).await;
    assert_eq!(
        restated,
        [
            (
                line,
                span("2026-07-05T20:00:00+02:00", "2026-07-06T06:30:00+02:00")
            ),
            (
                line,
                span("2026-07-06T10:00:00+02:00", "2026-07-06T11:30:00+02:00")
            ),
        ],
        "{}",
        place.engine
    );
    assert_eq!(
        planned().await,
        (6 * HOUR_MS, 2 * HOUR_MS),
        "{}",
        place.engine
    );
    assert_eq!(
        server.set_up(plant.clone()).await,
        [],
        "{}: once",
        place.engine
    );
    plant["planned_stop"][2]["withdrawn"] = json!(true);
    server.set_up(plant).await;
    assert_eq!(
        planned().await,
        (13 * HOUR_MS / 2, 3 * HOUR_MS / 2),
        "{}",
        place.engine
    );
}

async fn rates_and_targets_of_the_past_stay(place: &Place) {
    let hands = Hands::at(at("2026-07-06T06:00:00+02:00"));
    let mut plant = plant();
    plant["line"][0]["target_oee"] = json!(0.5);
    plant["product"][0]["unit"] = json!("bags");
    plant["rate"][0]["source"] = json!("Nameplate");
    plant["changeover_target"] = json!([{"line": "L1", "from": "P1", "to": "P2", "minutes": 12}]);
    let server = Server::with(place, hands.clock(), plant.clone()).await;
    let (_, key) = server.key("gateway", true, false).await;
    let (machine, product, other) = (
        server.machine("M1"),
        server.product("P1"),
        server.product("P2"),
    );
    let start = at("2026-07-06T06:00:00+02:00");
    let items = [
        json!({"id": "p", "machine": "M1", "at": start, "kind": "product", "product": "P1"}),
        state("a", "M1", start, Running),
    ];
    assert_eq!(server.ingest(&key, &items).await.accepted, 2);
    // At 08:00 everything is asked for, at 10:00 the machine is found to be faster.
    hands.set(at("2026-07-06T08:00:30+02:00"));
    plant["line"][0]["target_oee"] = json!(1.0);
    assert_eq!(server.set_up(plant.clone()).await, [], "{}", place.engine);
    hands.set(at("2026-07-06T10:00:30+02:00"));
    plant["rate"][0]["units"] = json!(120);
    plant["rate"][0]["source"] = json!("Time study");
    assert_eq!(server.set_up(plant.clone()).await, [], "{}", place.engine);
    let model = server.app.plant.get();
    let line = model.line("L1").expect("a line");
    let asked = |text| line.target_at(at(text));
    assert_eq!(
        asked("2026-07-06T07:59:59+02:00"),
        Targets {
            availability: 0.9,
            performance: 0.95,
            quality: 0.98,
            oee: 0.5
        }
    );
    assert_eq!(asked("2026-07-06T08:00:00+02:00").oee, 1.0);
    let rate = |text| {
        let rate = model
            .rate_in_force(machine, product, at(text))
            .expect("a rate");
        (
            rate.ideal.cycle_ms(),
            rate.source.as_str(),
            rate.unit.as_str(),
            rate.valid_from,
        )
    };
    let study = at("2026-07-06T10:00:00+02:00");
    assert_eq!(
        rate("2026-07-06T09:59:00+02:00"),
        (1000.0, "Nameplate", "bags", TsMs(0))
    );
    assert_eq!(
        rate("2026-07-06T10:00:00+02:00"),
        (500.0, "Time study", "bags", study)
    );
    assert_eq!(
        model.changeover_target(line.id, product, other),
        Some(DurMs(12 * MINUTE_MS))
    );
    assert_eq!(model.changeover_target(line.id, other, product), None);
    // Two hours at half of 60 a minute, half a minute at all of it.
    hands.set(at("2026-07-06T08:00:30+02:00"));
    server.app.board.forget().await;
    let tile = board(&server.app).await.expect("a board").tiles[0].clone();
    let wanted = tile.progress.expect("progress").target.expect("a target");
    assert!(
        (wanted - (120.0 * 60.0 * 0.5 + 30.0)).abs() < 1e-6,
        "{}: {wanted}",
        place.engine
    );
    // A rate that says from when on restates the past from then on.
    hands.set(at("2026-07-06T12:00:00+02:00"));
    plant["rate"][0]["from"] = json!("2026-07-06T07:00");
    let restated = server.set_up(plant.clone()).await;
    let past = span("2026-07-06T07:00:00+02:00", "2026-07-06T10:00:00+02:00");
    assert_eq!(
        restated,
        [(line.id, past)],
        "{}: where it was another",
        place.engine
    );
    assert_eq!(server.set_up(plant).await, [], "{}: once", place.engine);
}

async fn rules_without_a_date_restate_all_time(place: &Place) {
    let hands = Hands::at(at("2026-07-06T12:00:00+02:00"));
    let server = Server::with(place, hands.clock(), plant()).await;
    let model = server.app.plant.get();
    let line = model.line("L1").expect("a line");
    assert_eq!(
        (
            line.rules.minor_stop,
            line.rules.debounce,
            line.rules.start_up
        ),
        (DurMs(300_000), DurMs(0), DurMs(600_000))
    );
    let all = [(
        line.id,
        Span::clamped(TsMs(0), at("2026-07-06T12:00:00+02:00")),
    )];
    for (field, value) in [("debounce_s", 2), ("start_up_s", 0), ("minor_stop_s", 120)] {
        let mut changed = plant();
        changed["line"][0][field] = json!(value);
        assert_eq!(
            server.set_up(changed).await,
            all,
            "{}: {field}",
            place.engine
        );
        assert_eq!(server.set_up(plant()).await, all, "{}: back", place.engine);
    }
    let mut moved = plant();
    moved["site"]["zone"] = json!("Europe/London");
    assert_eq!(
        server.set_up(moved).await,
        all,
        "{}: other instants",
        place.engine
    );
}

async fn what_is_wrong_is_named_and_nothing_is_changed(place: &Place) {
    let hands = Hands::at(at("2026-07-06T12:00:00+02:00"));
    let server = Server::with(place, hands.clock(), plant()).await;
    let (_, key) = server.key("engineer", false, true).await;
    let version = server.app.plant.get().version;
    let stop = |from: &str, to: &str| json!([{"line": "L1", "from": from, "to": to, "name": "Maintenance"}]);
    // The clocks go from 02:00 to 03:00 in the night to 2026-03-29: there is no half past two.
    for (field, name, value) in [
        (
            "planned_stop[0].to",
            "planned_stop",
            stop("2026-07-06T10:00", "2026-07-06T09:00"),
        ),
        (
            "planned_stop[0].to",
            "planned_stop",
            stop("2026-07-06T10:00", "2026-07-06T08:00Z"),
        ),
        (
            "planned_stop[0].to",
            "planned_stop",
            stop("2026-03-29T02:00", "2026-03-29T02:45"),
        ),
        (
            "holiday[0].day",
            "holiday",
            json!([{"day": "2026-02-30", "name": "Never"}]),
        ),
        (
            "site.zone",
            "site",
            json!({"code": "T", "name": "T", "zone": "Europe/Atlantis"}),
        ),
    ] {
        let mut wrong = plant();
        wrong[name] = value;
        let answer = server
            .send(Method::PUT, "/api/v1/plant", Some(&key), &wrong)
            .await;
        let problem = answer.problem(422, "invalid");
        assert!(
            problem.to_string().contains(field),
            "{}: {problem}",
            place.engine
        );
    }
    let now = ms5_floor::server::plant::Plant::load(&server.app.db)
        .await
        .expect("the plant");
    assert_eq!(now.version, version, "{}", place.engine);
}
