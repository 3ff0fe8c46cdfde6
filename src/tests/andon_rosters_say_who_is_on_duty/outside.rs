//! Gaps are told of the shift that runs and of the time outside shifts as well, and are where a rehearsal reaches nobody.

use super::{ROSTER, made, plant};
use crate::andon_scene::Floor;
use crate::browser::add_person;
use crate::harness::{Place, at};
use crate::small_plant::{two_shifts, with_second_line};
use axum::http::StatusCode;
use serde_json::{Value, json};

on_both! {
    the_shift_and_the_day_that_run_are_among_the_gaps,
    outside_shifts_is_a_gap_where_a_rehearsal_reaches_nobody,
}

/// Calls on a line go to whoever has the duty.
async fn call_the_duty(floor: &Floor, line: &str) {
    let step = json!({"trigger": "raised", "after": 0, "level": 0, "to": [{"duty": "maintenance"}], "via": ["screen"]});
    let rule = json!({"line": line, "steps": [step]});
    made(&floor.server, "/api/v1/andon/rules", &rule).await;
}

/// The days of the gaps on a line in shifts of a name, or outside of them.
async fn gaps(floor: &Floor, line: &str, shift: Option<&str>) -> Vec<String> {
    let found = floor
        .server
        .get(&format!("{ROSTER}/gaps"), None)
        .await
        .json();
    let found = found.as_array().expect("gaps").iter();
    let mut own = found.filter(|g| g["line"]["code"] == line && g["shift"].as_str() == shift);
    let days = own.next().map(|g| g["days"].clone());
    assert!(own.next().is_none(), "one reason, one line");
    let text = |v: &Value| v.as_str().expect("a day").to_owned();
    let days = days.iter().flat_map(|days| days.as_array().expect("days"));
    days.map(text).collect()
}

async fn the_shift_and_the_day_that_run_are_among_the_gaps(place: &Place) {
    let floor = Floor::with(place, plant()).await;
    call_the_duty(&floor, "L1").await;
    call_the_duty(&floor, "L2").await;
    for (now, today) in [
        ("2026-07-06T22:05:00+02:00", "2026-07-06"),
        ("2026-07-07T02:10:00+02:00", "2026-07-07"),
        ("2026-07-07T05:59:00+02:00", "2026-07-07"),
    ] {
        floor.hands.set(at(now));
        let night = gaps(&floor, "L1", Some("Night")).await;
        assert_eq!(night[0], "2026-07-06", "{}: {now}", place.engine);
        let by_signal = gaps(&floor, "L2", None).await;
        assert_eq!(by_signal[0], today, "{}: {now}", place.engine);
    }
    floor.hands.set(at("2026-07-07T06:00:00+02:00"));
    let night = gaps(&floor, "L1", Some("Night")).await;
    assert_eq!(night[0], "2026-07-07", "{}: that one is over", place.engine);
}

/// Whether a call of the moment on the site's clock is outside shifts, and whether it reaches nobody.
async fn rehearsed(floor: &Floor, at: &str) -> (bool, bool) {
    let path = format!("/api/v1/andon/escalation?line=L1&kind=stop&priority=critical&at={at}");
    let answer = floor.server.get(&path, None).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let tree = answer.json();
    let nobody = &tree["rungs"][0]["calls"][0]["nobody"];
    (tree["shift"].is_null(), nobody == &json!(true))
}

async fn outside_shifts_is_a_gap_where_a_rehearsal_reaches_nobody(place: &Place) {
    // Two shifts from Monday to Friday, 6:00 to 22:00; in the night to Sunday the 25th clocks go back from 3:00 to 2:00.
    let floor = Floor::with(place, with_second_line(two_shifts())).await;
    floor.hands.set(at("2026-10-22T10:00:00+02:00"));
    call_the_duty(&floor, "L1").await;
    let ann = add_person(&floor.server, "ann", "maintenance").await;
    let duties = format!("{ROSTER}/duties");
    for shift in ["Early", "Late"] {
        let duty = json!({"name": "maintenance", "person": ann.0, "shift": shift, "days": 127});
        made(&floor.server, &duties, &duty).await;
    }
    let outside = gaps(&floor, "L1", None).await;
    assert_eq!(outside.len(), 29, "{}: {outside:?}", place.engine);
    assert_eq!((&*outside[0], &*outside[28]), ("2026-10-22", "2026-11-19"));
    for shift in ["Early", "Late"] {
        let none = gaps(&floor, "L1", Some(shift)).await;
        assert!(none.is_empty(), "{}: {none:?}", place.engine);
    }

    // Somebody has the weekends, whatever the shift: both say the same of every hour, also where clocks change.
    let ben = add_person(&floor.server, "ben", "maintenance").await;
    let weekend = json!({"name": "maintenance", "person": ben.0, "days": 0b110_0000});
    made(&floor.server, &duties, &weekend).await;
    let outside = gaps(&floor, "L1", None).await;
    for day in 23..=27 {
        for hour in 0..24 {
            let day = format!("2026-10-{day}");
            let moment = format!("{day}T{hour:02}:10");
            let (is_outside, nobody) = rehearsed(&floor, &moment).await;
            let is_gap = is_outside && outside.contains(&day);
            assert_eq!(nobody, is_gap, "{}: {moment}", place.engine);
        }
    }
    let weekend = ["2026-10-24", "2026-10-25", "2026-10-31", "2026-11-01"];
    assert!(
        weekend.iter().all(|day| !outside.iter().any(|o| o == day)),
        "{outside:?}"
    );
    assert_eq!(outside.len(), 21, "{}: {outside:?}", place.engine);

    // And in every other night.
    let always = json!({"name": "maintenance", "person": ben.0, "days": 0b001_1111});
    made(&floor.server, &duties, &always).await;
    let none = gaps(&floor, "L1", None).await;
    assert!(none.is_empty(), "{}: {none:?}", place.engine);
}
