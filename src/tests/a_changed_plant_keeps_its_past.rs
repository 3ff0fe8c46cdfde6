//! A plant that is set up anew keeps its past: a changed shift holds from the next day on. What is
//! written for the past restates it, and only that.

use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::{state, two_shifts};
use axum::http::{Method, StatusCode};
use ms5_floor::domain::machine_state::MachineState::Running;
use ms5_floor::domain::plant::PlantDef;
use ms5_floor::domain::time::{DurMs, HOUR_MS, MINUTE_MS, Span, TsMs};
use ms5_floor::server::calendar::{production_day, shifts};
use ms5_floor::server::services::oee::calculate_oee;
use serde_json::{Value, json};

on_both! {
    a_changed_shift_holds_from_tomorrow_on,
    crews_holidays_and_exceptions_make_the_calendar,
    a_planned_stop_is_taken_from_planned_production_time,
    rules_without_a_date_restate_all_time,
    what_is_wrong_is_named_and_nothing_is_changed,
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
    put(&two_shifts()).await;
    let before = [
        "2026-07-06 Early A 06:00-14:00",
        "2026-07-06 Late B 14:00-22:00",
    ];
    assert_eq!(
        told(&server, "2026-07-06", "2026-07-07"),
        before,
        "since ever"
    );
    let mut changed = two_shifts();
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
    let mut plant = two_shifts();
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
    let mut plant = two_shifts();
    let server = Server::with(place, hands.clock(), plant.clone()).await;
    let (_, key) = server.key("gateway", true, false).await;
    let shift = span("2026-07-06T06:00:00+02:00", "2026-07-06T14:00:00+02:00");
    let items = [
        state("a", "M1", shift.from(), Running),
        state("b", "M1", shift.to() - DurMs(MINUTE_MS), Running),
    ];
    assert_eq!(server.ingest(&key, &items).await.accepted, 2);
    let planned = async || {
        let oee = calculate_oee(
            &crate::harness::by_the_program(&server.app),
            "L1",
            shift.from().0,
            shift.to().0,
        )
        .await;
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

async fn rules_without_a_date_restate_all_time(place: &Place) {
    let hands = Hands::at(at("2026-07-06T12:00:00+02:00"));
    let server = Server::with(place, hands.clock(), two_shifts()).await;
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
        let mut changed = two_shifts();
        changed["line"][0][field] = json!(value);
        assert_eq!(
            server.set_up(changed).await,
            all,
            "{}: {field}",
            place.engine
        );
        assert_eq!(
            server.set_up(two_shifts()).await,
            all,
            "{}: back",
            place.engine
        );
    }
    let mut moved = two_shifts();
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
    let server = Server::with(place, hands.clock(), two_shifts()).await;
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
        let mut wrong = two_shifts();
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

#[test]
fn the_calendar_of_the_readme_is_a_plant() {
    let readme = include_str!("../../README.md");
    let begin = readme.find("[[shift]]").expect("an example");
    let (example, _) = readme[begin..].split_once("```").expect("its end");
    let example: Value = toml::from_str(example).expect("TOML");
    let mut plant = two_shifts();
    plant["line"][0]["shifts"] = json!(["Early"]);
    for (key, value) in example.as_object().expect("tables") {
        plant[key] = value.clone();
    }
    let def: PlantDef = serde_json::from_value(plant).expect("a plant");
    assert_eq!(def.problems(), []);
    assert_eq!((def.shifts.len(), def.holidays.len()), (1, 1));
    assert_eq!((def.exceptions.len(), def.planned_stops.len()), (1, 1));
}
