//! Rosters: who is on duty when, who stands in, when nobody is; and a rehearsal says beforehand whom a call then reaches.

use crate::andon_scene::{Floor, told, two_lines};
use crate::browser::{Browser, add_person, leads_to, text};
use crate::harness::{Place, Server, at};
use axum::http::{Method, StatusCode};
use ms5_floor::domain::ids::PersonId;
use ms5_floor::server::db::{audit, people};
use serde_json::{Value, json};

on_both! {
    a_rehearsal_says_whom_a_call_reaches_when_it_comes,
    gaps_are_told_for_the_weeks_ahead,
    duties_and_substitutes_are_kept_on_record_and_nobody_writes_over_another,
    everything_wrong_with_a_duty_is_told_at_once,
    a_week_shows_who_is_there_and_where_nobody_is,
}

const ROSTER: &str = "/api/v1/andon/roster";

/// Line 1 works round the clock in three shifts, but not on Monday the 13th, except for its early shift; on line 2 the
/// machines say when they are scheduled.
fn plant() -> Value {
    let shift = |name: &str, start: &str, end: &str| json!({"name": name, "days": [1, 2, 3, 4, 5, 6, 7], "start": start, "end": end});
    let mut plant = two_lines();
    plant["shift"] = json!([
        shift("Early", "06:00", "14:00"),
        shift("Late", "14:00", "22:00"),
        shift("Night", "22:00", "06:00"),
    ]);
    plant["line"][0]["shifts"] = json!(["Early", "Late", "Night"]);
    plant["holiday"] = json!([{"day": "2026-07-13", "name": "Founder's day"}]);
    plant["exception"] = json!([{"line": "L1", "day": "2026-07-13", "shifts": ["Early"]}]);
    plant
}

async fn made(server: &Server, path: &str, body: &Value) -> i64 {
    let answer = server.send(Method::POST, path, None, body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.json()["id"].as_i64().expect("a number")
}

fn duty(name: &str, person: PersonId, shift: &str, days: i64) -> Value {
    json!({"name": name, "person": person.0, "line": "L1", "shift": shift, "days": days})
}

/// Ann has the nights, Ben the early shifts from Monday to Friday, of the duty that critical calls go to at once and again
/// after 45 minutes; from Friday the 10th to Sunday the 12th Cid is there for Ann.
async fn scene(server: &Server) -> [PersonId; 3] {
    let ann = add_person(server, "ann", "maintenance").await;
    let ben = add_person(server, "ben", "maintenance").await;
    let cid = add_person(server, "cid", "maintenance").await;
    let duties = format!("{ROSTER}/duties");
    made(server, &duties, &duty("maintenance", ann, "Night", 127)).await;
    made(
        server,
        &duties,
        &duty("maintenance", ben, "Early", 0b001_1111),
    )
    .await;
    let away = json!({"person": ann.0, "by": cid.0, "from": "2026-07-10", "until": "2026-07-12"});
    made(server, &format!("{ROSTER}/substitutes"), &away).await;
    let step = |trigger: &str, after_min: i64, level: i64| json!({"trigger": trigger, "after": after_min * 60_000, "level": level, "to": [{"duty": "maintenance"}], "via": ["screen", "email"]});
    let steps = json!([
        step("raised", 0, 0),
        step("not_acknowledged", 45, 1),
        step("not_arrived", 20, 2)
    ]);
    let rule = json!({"priority": "critical", "line": "L1", "steps": steps});
    made(server, "/api/v1/andon/rules", &rule).await;
    [ann, ben, cid]
}

/// Who would be called at a moment, by rung; what nobody has in brackets.
async fn rehearsed(server: &Server, at: &str) -> (Value, Vec<Vec<String>>) {
    let path =
        format!("/api/v1/andon/escalation?line=L1&kind=maintenance&priority=critical&at={at}");
    let answer = server.get(&path, None).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let tree = answer.json();
    let who = |call: &Value| {
        let name = call["who"].as_str().expect("a name");
        if call["nobody"] == true {
            format!("[{name}]")
        } else {
            name.to_owned()
        }
    };
    let rung = |rung: &Value| {
        rung["calls"]
            .as_array()
            .expect("calls")
            .iter()
            .map(who)
            .collect()
    };
    let rungs = tree["rungs"].as_array().expect("rungs").iter().map(rung);
    let rungs = rungs.collect();
    (tree, rungs)
}

async fn a_rehearsal_says_whom_a_call_reaches_when_it_comes(place: &Place) {
    let mut floor = Floor::with(place, plant()).await;
    let [_, _, cid] = scene(&floor.server).await;
    let nobody = "[on duty: maintenance]";
    let cases = [
        // Ten past two on Saturday belongs to the night of Friday.
        (
            "2026-07-11T02:10",
            "Night",
            ["cid Tester (for ann Tester)"; 2],
        ),
        // Ann is back on Monday, but the night of Sunday is Cid's to its end.
        (
            "2026-07-13T02:10",
            "Night",
            ["cid Tester (for ann Tester)"; 2],
        ),
        ("2026-07-15T02:10", "Night", ["ann Tester"; 2]),
        // The second step comes in the next shift.
        (
            "2026-07-12T05:30",
            "Night",
            ["cid Tester (for ann Tester)", nobody],
        ),
        ("2026-07-15T05:30", "Night", ["ann Tester", "ben Tester"]),
        // On a holiday only who has the duty on holidays too.
        ("2026-07-13T08:00", "Early", [nobody; 2]),
        ("2026-07-14T08:00", "Early", ["ben Tester"; 2]),
    ];
    for (at, shift, [first, second]) in cases {
        let (tree, rungs) = rehearsed(&floor.server, at).await;
        assert_eq!(tree["shift"], shift, "{}: {at}", place.engine);
        assert_eq!(
            (&*rungs[0], &*rungs[1]),
            (&[first.to_owned()][..], &[second.to_owned()][..]),
            "{at}"
        );
    }
    let (tree, _) = rehearsed(&floor.server, "2026-07-12T05:30").await;
    let cannot = &tree["rungs"][0]["calls"][0]["cannot"][0];
    assert_eq!(cannot, &json!({"via": "email", "why": "it is not set up"}));
    let start = at("2026-07-12T05:30:00+02:00").0;
    let times: Vec<&Value> = tree["rungs"]
        .as_array()
        .expect("rungs")
        .iter()
        .map(|r| &r["at"])
        .collect();
    assert_eq!(
        times,
        [&json!(start), &json!(start + 45 * 60_000), &Value::Null],
        "the last waits until it is taken"
    );

    // The same call, for real: at 05:30, and 45 minutes later.
    let begun = at("2026-07-15T05:30:00+02:00");
    floor.hands.set(begun);
    let (_, rungs) = rehearsed(&floor.server, "2026-07-15T05:30").await;
    let call = json!({"machine": "M1", "kind": "maintenance", "priority": "critical"});
    let id = floor.raised(&floor.operator, call).await;
    let names = |level: i64, call: &Value| -> Vec<String> {
        let of_level = told(call).into_iter().filter(|told| told.0 == level);
        of_level.map(|told| told.1).collect()
    };
    let call = floor.detail(id).await["call"].clone();
    assert_eq!(names(0, &call), rungs[0]);
    assert_eq!(
        call["next"]["who"],
        json!(rungs[1]),
        "and it says so beforehand"
    );
    floor.hands.set(at("2026-07-15T06:15:00+02:00"));
    assert_eq!(floor.worker.look().await.expect("a look"), 1);
    let call = floor.detail(id).await["call"].clone();
    assert_eq!(names(1, &call), rungs[1]);

    // Who is not let in any more is on no duty and stands in for nobody.
    let mut tx = floor.server.app.db.begin().await.expect("a transaction");
    people::change(&mut tx, cid, ("cid Tester", ""), true)
        .await
        .expect("disabled");
    tx.commit().await.expect("a commit");
    let (_, rungs) = rehearsed(&floor.server, "2026-07-11T02:10").await;
    assert_eq!(rungs[0], [nobody]);
}

async fn gaps_are_told_for_the_weeks_ahead(place: &Place) {
    // It is Monday the 6th, 10:00.
    let floor = Floor::with(place, plant()).await;
    let gaps = async || {
        let found = floor
            .server
            .get(&format!("{ROSTER}/gaps"), None)
            .await
            .json();
        let gap = |g: &Value| {
            let text = |v: &Value| v.as_str().expect("text").to_owned();
            let days: Vec<String> = g["days"]
                .as_array()
                .expect("days")
                .iter()
                .map(text)
                .collect();
            let away: Vec<String> = g["away"]
                .as_array()
                .expect("a list")
                .iter()
                .map(text)
                .collect();
            (text(&g["line"]["code"]), text(&g["shift"]), away, days)
        };
        let mut found: Vec<_> = found.as_array().expect("gaps").iter().map(gap).collect();
        found.sort();
        found
    };
    assert_eq!(gaps().await, [], "no rule calls a duty");
    let [ann, ben, cid] = scene(&floor.server).await;
    let found = gaps().await;
    let shifts: Vec<(&str, usize)> = found
        .iter()
        .map(|(_, shift, _, days)| (shift.as_str(), days.len()))
        .collect();
    // Weekends of Ben, and the holiday; nobody ever has the late shift, which does not start on the holiday.
    assert_eq!(shifts, [("Early", 9), ("Late", 27)], "{found:?}");
    let early = [
        "2026-07-11",
        "2026-07-12",
        "2026-07-13",
        "2026-07-18",
        "2026-07-19",
        "2026-07-25",
        "2026-07-26",
        "2026-08-01",
        "2026-08-02",
    ];
    assert_eq!(found[0].3, early);
    assert_eq!(
        (found[1].3[0].as_str(), found[1].3[26].as_str()),
        ("2026-07-06", "2026-08-02")
    );

    // Cid is away, too, and Ann would be there for him: nobody is.
    let both = json!({"person": cid.0, "by": ann.0, "from": "2026-07-11", "until": "2026-07-11"});
    made(&floor.server, &format!("{ROSTER}/substitutes"), &both).await;
    let holidays = json!({"name": "maintenance", "person": ben.0, "line": "L1", "shift": "Early", "days": 1, "holidays": true});
    made(&floor.server, &format!("{ROSTER}/duties"), &holidays).await;
    let found = gaps().await;
    let night = (
        "L1".to_owned(),
        "Night".to_owned(),
        vec!["ann Tester".to_owned()],
        vec!["2026-07-11".to_owned()],
    );
    assert!(found.contains(&night), "{found:?}");
    assert!(!found[0].3.contains(&"2026-07-13".to_owned()), "{found:?}");

    let mut mona = Browser::of(&floor.server, "mona", "shift_manager").await;
    let page = text(&mona.get("/admin/roster").await);
    for words in [
        "ann Tester is away, and nobody stands in",
        "Sat 11 July",
        "Line 1, Late",
        "27 shifts",
        "Sat 11 July – Sun 12 July",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
}

async fn duties_and_substitutes_are_kept_on_record_and_nobody_writes_over_another(place: &Place) {
    let floor = Floor::with(place, plant()).await;
    let server = &floor.server;
    let ann = add_person(server, "ann", "maintenance").await;
    let ben = add_person(server, "ben", "maintenance").await;
    let mut mona = Browser::of(server, "mona", "shift_manager").await;
    let (ann, ben) = (ann.0.to_string(), ben.0.to_string());
    let form = |person, version: &'static str| {
        let mut out = vec![
            ("name", " maintenance "),
            ("person", person),
            ("line", ""),
            ("shift", "Night"),
            ("days", "5"),
            ("days", "6"),
            ("from", "2026-07-01"),
            ("until", ""),
            ("holidays", "yes"),
        ];
        if !version.is_empty() {
            out.push(("version", version));
        }
        out
    };
    let answer = mona.post("/admin/roster/duties", &form(&ann, "")).await;
    assert_eq!(leads_to(&answer), "/admin/roster?said=added");
    let stored = server.get(ROSTER, None).await.json()["duties"][0].clone();
    assert_eq!(
        (
            &stored["name"],
            &stored["days"],
            &stored["holidays"],
            &stored["from"],
            &stored["line"]
        ),
        (
            &json!("maintenance"),
            &json!(96),
            &json!(true),
            &json!("2026-07-01"),
            &Value::Null
        )
    );
    let path = format!("/admin/roster/duties/{}", stored["id"]);
    let page = text(&mona.get(&path).await);
    assert!(
        page.contains("value=\"maintenance\"") && page.contains("value=\"2026-07-01\""),
        "{page}"
    );
    assert_eq!(
        leads_to(&mona.post(&path, &form(&ben, "1")).await),
        format!("{path}?said=saved")
    );
    let late = mona.post(&path, &form(&ann, "1")).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    let page = text(&late);
    assert!(
        page.contains("changed by somebody else") && page.contains("name=\"version\" value=\"2\""),
        "{page}"
    );
    assert_eq!(
        mona.post(&format!("{path}/remove"), &[("version", "1")])
            .await
            .status,
        StatusCode::CONFLICT
    );
    let gone = mona
        .post(&format!("{path}/remove"), &[("version", "2")])
        .await;
    assert_eq!(leads_to(&gone), "/admin/roster?said=removed");
    assert_eq!(mona.get(&path).await.status, StatusCode::NOT_FOUND);

    let away = |until, version: &'static str| {
        let mut out = vec![
            ("person", ann.as_str()),
            ("by", ben.as_str()),
            ("from", "2026-07-10"),
            ("until", until),
        ];
        if !version.is_empty() {
            out.push(("version", version));
        }
        out
    };
    let answer = mona
        .post("/admin/roster/substitutes", &away("2026-07-12", ""))
        .await;
    assert_eq!(leads_to(&answer), "/admin/roster?said=added");
    let wrong = mona
        .post("/admin/roster/substitutes", &away("2026-07-09", ""))
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        text(&wrong).contains("until: must not be before"),
        "{}",
        text(&wrong)
    );
    let id = server.get(ROSTER, None).await.json()["substitutes"][0]["id"].clone();
    let path = format!("/admin/roster/substitutes/{id}");
    assert_eq!(
        leads_to(&mona.post(&path, &away("2026-07-11", "1")).await),
        format!("{path}?said=saved")
    );
    assert_eq!(
        mona.post(&path, &away("2026-07-30", "1")).await.status,
        StatusCode::CONFLICT
    );
    let gone = mona
        .post(&format!("{path}/remove"), &[("version", "2")])
        .await;
    assert_eq!(leads_to(&gone), "/admin/roster?said=removed");

    let rows = audit::after(&server.app.db, 0, 1000).await.expect("rows");
    let about = rows
        .into_iter()
        .filter(|r| r.action.starts_with("duty.") || r.action.starts_with("substitute."));
    let actions: Vec<(String, String)> = about.map(|r| (r.action, r.actor)).collect();
    let names: Vec<&str> = actions.iter().map(|(action, _)| action.as_str()).collect();
    assert_eq!(
        names,
        [
            "duty.add",
            "duty.change",
            "duty.remove",
            "substitute.add",
            "substitute.change",
            "substitute.remove"
        ]
    );
    assert!(
        actions.iter().all(|(_, who)| who == "mona Tester"),
        "{actions:?}"
    );
}

async fn everything_wrong_with_a_duty_is_told_at_once(place: &Place) {
    let floor = Floor::with(place, plant()).await;
    let wrong = json!({"name": " ", "person": 99_999, "line": "L9", "shift": "Dusk", "days": 3, "from": "2026-07-09", "until": "2026-07-08"});
    let answer = floor
        .server
        .send(Method::POST, &format!("{ROSTER}/duties"), None, &wrong)
        .await;
    let problem = answer.problem(422, "invalid");
    let fields = problem["fields"].as_array().expect("fields").iter();
    let fields: Vec<&str> = fields
        .map(|f| f["field"].as_str().expect("a name"))
        .collect();
    assert_eq!(fields, ["name", "person", "line", "shift", "until"]);
    let none = json!({"name": "x", "person": 1, "days": 0});
    let answer = floor
        .server
        .send(Method::POST, &format!("{ROSTER}/duties"), None, &none)
        .await;
    assert_eq!(
        answer.status,
        StatusCode::BAD_REQUEST,
        "no day at all: {answer:?}"
    );
    let mut mona = Browser::of(&floor.server, "mona", "shift_manager").await;
    let answer = mona
        .post(
            "/admin/roster/duties",
            &[("name", ""), ("person", ""), ("from", "soon")],
        )
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = text(&answer);
    for field in [
        "name: must",
        "person: must be chosen",
        "from: must be a day",
        "days: at least one",
    ] {
        assert!(page.contains(field), "{field}: {page}");
    }
    let same = add_person(&floor.server, "ann", "maintenance").await.0;
    let oneself = json!({"person": same, "by": same, "from": "2026-07-09", "until": "2026-07-09"});
    let answer = floor
        .server
        .send(
            Method::POST,
            &format!("{ROSTER}/substitutes"),
            None,
            &oneself,
        )
        .await;
    assert_eq!(answer.problem(422, "invalid")["fields"][0]["field"], "by");
}

async fn a_week_shows_who_is_there_and_where_nobody_is(place: &Place) {
    let floor = Floor::with(place, plant()).await;
    scene(&floor.server).await;
    let path = format!("{ROSTER}/week?line=L1&on=2026-07-12");
    let week = floor.server.get(&path, None).await.json();
    assert_eq!(week["monday"], "2026-07-06");
    let row = |shift: &str| {
        let rows = week["rows"].as_array().expect("rows").iter();
        let mut of_shift = rows.filter(|r| r["shift"] == shift);
        of_shift.next().unwrap_or_else(|| panic!("{shift}: {week}"))["days"].clone()
    };
    let who = |cell: &Value| {
        cell["who"]
            .as_array()
            .expect("names")
            .iter()
            .map(|n| n.as_str().expect("a name").to_owned())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let names = |shift: &str| {
        row(shift)
            .as_array()
            .expect("days")
            .iter()
            .map(who)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names("Early"),
        [
            "ben Tester",
            "ben Tester",
            "ben Tester",
            "ben Tester",
            "ben Tester",
            "",
            ""
        ]
    );
    let (own, other) = ("ann Tester", "cid Tester (for ann Tester)");
    assert_eq!(names("Night"), [own, own, own, own, other, other, other]);
    assert_eq!(
        row("Late")[0],
        json!({"takes_place": true, "holiday": false, "needed": true, "who": []})
    );
    let mut mona = Browser::of(&floor.server, "mona", "shift_manager").await;
    let page = text(&mona.get("/admin/roster?line=L1&on=2026-07-14").await);
    assert!(
        page.contains("Line 1: 13 July 2026 to 19 July 2026"),
        "{page}"
    );
    assert!(
        page.contains("holiday") && page.contains("nobody"),
        "{page}"
    );
    let unknown = floor
        .server
        .get(&format!("{ROSTER}/week?line=L9"), None)
        .await;
    unknown.problem(404, "not_found");
}
