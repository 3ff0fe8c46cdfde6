//! Shifts in which nobody is on duty are told weeks before, and a week shows them beside those who are there.

use super::{ROSTER, made, plant, scene};
use crate::andon_scene::Floor;
use crate::browser::{Browser, text};
use crate::harness::Place;
use serde_json::{Value, json};

on_both! {
    gaps_are_told_for_the_weeks_ahead,
    a_week_shows_who_is_there_and_where_nobody_is,
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
            let shift = g["shift"].as_str().unwrap_or("outside").to_owned();
            (text(&g["line"]["code"]), shift, away, days)
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
    // Weekends of Ben, and the holiday; nobody ever has the late shift, which does not start on the holiday. From the end of
    // the early shift of the holiday until the next morning there is no shift, and who has one is not there.
    let expected = [("Early", 9), ("Late", 27), ("outside", 2)];
    assert_eq!(shifts, expected, "{found:?}");
    assert_eq!(found[2].3, ["2026-07-13", "2026-07-14"]);
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
        "Line 1, outside shifts",
        "2 days",
        "Sat 11 July – Sun 12 July",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
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
