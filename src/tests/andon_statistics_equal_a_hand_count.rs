//! What calls add up to, against a small history that was counted by hand; and the pages that show it.

use crate::andon_scene::{Floor, minutes, start};
use crate::browser::{Browser, add_person_with, text};
use crate::harness::Place;
use crate::small_plant::{two_shifts, with_second_line};
use axum::http::StatusCode;
use ms5_floor::domain::time::DurMs;
use ms5_floor::server::db::people::GivenRow;
use serde_json::{Value, json};

on_both! {
    times_costs_and_load_are_those_counted_by_hand,
    each_line_shift_and_hour_has_its_own_times,
    a_call_that_came_back_counts_all_its_rounds,
    a_flood_is_named,
    pages_show_the_same_and_lead_to_the_calls_behind_it,
    nobody_sees_calls_of_lines_that_are_out_of_reach,
}

/// Line 1 with an early and a late shift, and line 2 without shifts.
fn plant() -> Value {
    with_second_line(two_shifts())
}

/// Minutes after 10:00:
///
/// | call | raised | taken | there | resolved | closed | |
/// |---|---|---|---|---|---|---|
/// | stop, M1, the line stands | 0 | 4 | 10 | 30 | 36 | its machine told of no stop: over when it was resolved |
/// | stop, M1 | 60 | 72 | | 90 | | went up at 70; the same place and kind came back |
/// | material, L2 | 100 | | | | | cancelled at 105 |
/// | quality, M2 | 300, and twice more within a minute | | | | | open |
///
/// It is 330. Returns the numbers of the calls.
async fn history(floor: &mut Floor) -> [i64; 4] {
    let to = |floor: &Floor, minute: i64| floor.hands.set(start() + minutes(minute));
    let stop = |stands: bool| json!({"machine": "M1", "kind": "stop", "priority": "medium", "line_stopped": stands});
    let done = json!({"cause": "internal", "note": "a chain was off"});
    to(floor, 0);
    let first = floor.raised(&floor.operator, stop(true)).await;
    for (minute, act, body) in [
        (4, "acknowledge", json!({})),
        (10, "arrive", json!({})),
        (30, "resolve", done.clone()),
        (36, "close", json!({})),
    ] {
        to(floor, minute);
        floor.acted(&floor.engineer, first, act, body).await;
    }
    to(floor, 60);
    let second = floor.raised(&floor.operator, stop(false)).await;
    assert_eq!(floor.at(minutes(70)).await, 1, "nobody took it");
    to(floor, 72);
    floor
        .acted(&floor.engineer, second, "acknowledge", json!({}))
        .await;
    to(floor, 90);
    floor.acted(&floor.engineer, second, "resolve", done).await;
    to(floor, 100);
    let material = json!({"line": "L2", "kind": "material", "line_stopped": false});
    let third = floor.raised(&floor.operator, material).await;
    to(floor, 105);
    floor
        .acted(
            &floor.shift_manager,
            third,
            "cancel",
            json!({"note": "found it"}),
        )
        .await;
    let quality = json!({"machine": "M2", "kind": "quality", "line_stopped": false});
    let mut fourth = 0;
    for second in [0, 20, 40] {
        floor
            .hands
            .set(start() + minutes(300) + DurMs(second * 1_000));
        fourth = floor.raised(&floor.operator, quality.clone()).await;
    }
    to(floor, 330);
    [first, second, third, fourth]
}

async fn statistics(floor: &Floor, more: &str) -> Value {
    let (from, to) = (start(), start() + minutes(330));
    let path = format!("/api/v1/andon/statistics?from={}&to={}{more}", from.0, to.0);
    let answer = floor.server.get(&path, None).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()
}

fn known(n: i64, [mean, median, p90]: [f64; 3]) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "minutes of a day")]
    let ms = |minutes: f64| (minutes * 60_000.0).round() as i64;
    json!({"known": {"n": n, "mean": ms(mean), "median": ms(median), "p90": ms(p90)}})
}

fn waiting(parts: [i64; 4]) -> Value {
    let [acknowledge, travel, repair, restart] = parts.map(|n| n * 60_000);
    json!({"acknowledge": acknowledge, "travel": travel, "repair": repair, "restart": restart})
}

async fn times_costs_and_load_are_those_counted_by_hand(place: &Place) {
    let mut floor = Floor::with(place, plant()).await;
    let empty = statistics(&floor, "").await;
    assert_eq!(empty["all"]["acknowledge"], json!({"unknown": "no_calls"}));
    let [_, _, _, open] = history(&mut floor).await;
    let found = statistics(&floor, "").await;
    let all = &found["all"];
    assert_eq!(
        (&all["calls"], &all["open"]),
        (&json!(4), &json!(1)),
        "{found}"
    );
    assert_eq!(all["acknowledge"], known(2, [8.0, 8.0, 11.2]));
    assert_eq!(all["arrive"], known(1, [10.0; 3]));
    assert_eq!(all["resolve"], known(2, [30.0; 3]));
    let share = |part: i64, whole: i64| json!({"part": part, "whole": whole});
    for (name, expected) in [
        ("escalated", share(1, 4)),
        ("repeats", share(1, 4)),
        ("cancelled", share(1, 4)),
        ("reopened", share(0, 4)),
    ] {
        assert_eq!(all[name], expected, "{name}");
    }
    let lost = &found["lost"];
    // Line 2 has no shifts, and its machine has told of nothing yet: nothing was planned while the material was missed.
    assert_eq!(lost["all"], waiting([4 + 12 + 30, 6, 20 + 18, 0]));
    assert_eq!(lost["calls"], json!(3));
    assert_eq!(
        (&lost["stopped"], &lost["stopping"]),
        (&waiting([4, 6, 20, 0]), &json!(1))
    );

    let rows = |name: &str| -> Vec<(String, i64)> {
        let rows = found[name].as_array().expect("rows").iter();
        rows.map(|r| {
            (
                r["code"].as_str().expect("a code").to_owned(),
                r["summary"]["calls"].as_i64().expect("a number"),
            )
        })
        .collect()
    };
    let row = |code: &str, n: i64| (code.to_owned(), n);
    assert_eq!(
        rows("by_kind"),
        [row("stop", 2), row("material", 1), row("quality", 1)]
    );
    assert_eq!(rows("by_line"), [row("L1", 3), row("L2", 1)]);
    assert_eq!(
        rows("by_shift"),
        [row("", 1), row("Early", 2), row("Late", 1)]
    );
    assert_eq!(rows("by_hour"), [row("10", 1), row("11", 2), row("15", 1)]);
    assert_eq!(found["by_kind"][0]["lost"]["all"], waiting([16, 6, 38, 0]));

    let load = &found["load"];
    let mut windows = vec![0; 33];
    (windows[0], windows[6], windows[10], windows[30]) = (1, 1, 1, 3);
    assert_eq!(load["per_ten_minutes"], json!(windows));
    assert_eq!(
        (&load["raises"], &load["peak"], &load["floods"]),
        (&json!(6), &json!(3), &json!([]))
    );
    assert_eq!(
        (&load["too_many"], &load["of_top"]),
        (&share(0, 33), &share(6, 6))
    );
    let top = &load["top"][0];
    assert_eq!(
        (
            &top["place"]["machine"]["code"],
            &top["share"],
            &top["chatter"]
        ),
        (&json!("M2"), &share(3, 6), &json!(3))
    );
    let longest = &found["longest_open"];
    assert_eq!(longest.as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&longest[0]["id"], &longest[0]["age"], &longest[0]["stale"]),
        (&json!(open), &json!(30 * 60_000), &json!(false))
    );

    let of_line = statistics(&floor, "&line=L2").await;
    assert_eq!(
        (&of_line["all"]["calls"], &of_line["load"]["raises"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        of_line["all"]["acknowledge"],
        json!({"unknown": "none_got_there"}),
        "why there is none"
    );
    let of_kind = statistics(&floor, "&kind=stop").await;
    assert_eq!(
        (&of_kind["all"]["calls"], &of_kind["all"]["repeats"]),
        (&json!(2), &share(1, 2))
    );
    // A call raised before the window tells that one in it came back, and is itself not counted.
    let later = format!(
        "/api/v1/andon/statistics?from={}",
        (start() + minutes(50)).0
    );
    let later = floor.server.get(&later, None).await.json();
    assert_eq!(
        (&later["all"]["calls"], &later["all"]["repeats"]),
        (&json!(3), &share(1, 3))
    );

    for (query, field) in [
        ("line=L9", "line"),
        ("from=2000000000000&to=1000000000000", "from"),
        ("from=0", "from"),
    ] {
        let answer = floor
            .server
            .get(&format!("/api/v1/andon/statistics?{query}"), None)
            .await;
        assert_eq!(
            answer.problem(422, "invalid")["fields"][0]["field"],
            field,
            "{query}"
        );
    }
}

/// The row of a group.
fn row<'a>(found: &'a Value, group: &str, code: &str) -> &'a Value {
    let mut rows = found[group].as_array().expect("rows").iter();
    let row = rows.find(|row| row["code"] == code);
    &row.unwrap_or_else(|| panic!("{group} {code}: {found}"))["summary"]
}

async fn each_line_shift_and_hour_has_its_own_times(place: &Place) {
    let mut floor = Floor::with(place, plant()).await;
    history(&mut floor).await;
    let found = statistics(&floor, "").await;
    let nobody = json!({"unknown": "none_got_there"});
    let share = |part: i64, whole: i64| json!({"part": part, "whole": whole});
    // Both stops are at line 1 in the early shift: taken after 4 and 12 minutes, the nine-tenths of the way between is 11.2;
    // somebody came to the first only, after 10; resolved after 30 each. The quality call is open since.
    for (group, code, calls) in [
        ("by_line", "L1", 3),
        ("by_shift", "Early", 2),
        ("by_kind", "stop", 2),
    ] {
        let row = row(&found, group, code);
        let what = format!("{}: {group} {code}", place.engine);
        assert_eq!(row["calls"], calls, "{what}");
        assert_eq!(row["acknowledge"], known(2, [8.0, 8.0, 11.2]), "{what}");
        assert_eq!(row["arrive"], known(1, [10.0; 3]), "{what}");
        assert_eq!(row["resolve"], known(2, [30.0; 3]), "{what}");
        assert_eq!(row["escalated"], share(1, calls), "{what}");
        assert_eq!(row["repeats"], share(1, calls), "{what}");
        assert_eq!(row["cancelled"], share(0, calls), "{what}");
    }
    // From 10:00 to 11:00 the first stop alone; in the next hour the second one and the material that was found.
    let ten = row(&found, "by_hour", "10");
    assert_eq!(ten["acknowledge"], known(1, [4.0; 3]));
    assert_eq!(
        (&ten["repeats"], &ten["escalated"]),
        (&share(0, 1), &share(0, 1))
    );
    let eleven = row(&found, "by_hour", "11");
    assert_eq!(eleven["acknowledge"], known(1, [12.0; 3]));
    assert_eq!(
        (&eleven["arrive"], &eleven["resolve"]),
        (&nobody, &known(1, [30.0; 3]))
    );
    assert_eq!(
        (&eleven["repeats"], &eleven["escalated"]),
        (&share(1, 2), &share(1, 2))
    );
    assert_eq!(eleven["cancelled"], share(1, 2));
    // Nobody took the quality call of the late shift, nor the material of line 2, which has no shifts.
    for (group, code, open) in [
        ("by_shift", "Late", 1),
        ("by_line", "L2", 0),
        ("by_shift", "", 0),
    ] {
        let row = row(&found, group, code);
        assert_eq!(
            (&row["calls"], &row["open"]),
            (&json!(1), &json!(open)),
            "{group} {code}"
        );
        for times in ["acknowledge", "arrive", "resolve"] {
            assert_eq!(row[times], nobody, "{group} {code}: {times}");
        }
    }
}

async fn a_call_that_came_back_counts_all_its_rounds(place: &Place) {
    let floor = Floor::with(place, plant()).await;
    let to = |minute: i64| floor.hands.set(start() + minutes(minute));
    let done = json!({"cause": "internal"});
    let call = json!({"machine": "M2", "kind": "material", "line_stopped": false});
    let id = floor.raised(&floor.operator, call).await;
    for (minute, act, body) in [
        (2, "acknowledge", json!({})),
        (10, "resolve", done.clone()),
        (20, "reopen", json!({})),
        (23, "acknowledge", json!({})),
        (25, "arrive", json!({})),
        (40, "resolve", done),
    ] {
        to(minute);
        floor.acted(&floor.engineer, id, act, body).await;
    }
    to(330);
    let all = statistics(&floor, "").await["all"].clone();
    // Taken after 2 minutes for the first time, and somebody was there after 25 for the first time. Both rounds: 10 and 20
    // minutes; between them the line ran.
    assert_eq!(all["acknowledge"], known(1, [2.0; 3]), "{}", place.engine);
    assert_eq!(all["arrive"], known(1, [25.0; 3]));
    assert_eq!(all["resolve"], known(1, [30.0; 3]));
    assert_eq!(all["reopened"], json!({"part": 1, "whole": 1}));
    assert_eq!(
        all["repeats"],
        json!({"part": 0, "whole": 1}),
        "it is the same call"
    );
    // Of the window are the parts of both rounds that lie in it: 5 to 10, 20 to 22.
    let (from, to) = (start() + minutes(5), start() + minutes(22));
    let path = format!("/api/v1/andon/statistics?from={}&to={}", from.0, to.0);
    let lost = floor.server.get(&path, None).await.json()["lost"].clone();
    assert_eq!(lost["all"], waiting([2, 0, 5, 0]), "{}", place.engine);
    // Reopened and not yet taken again: the first time holds.
    let again = json!({"note": "once more"});
    floor.acted(&floor.engineer, id, "reopen", again).await;
    let all = statistics(&floor, "").await["all"].clone();
    assert_eq!(all["acknowledge"], known(1, [2.0; 3]), "{}", place.engine);
}

async fn a_flood_is_named(place: &Place) {
    let floor = Floor::with(place, plant()).await;
    let call = json!({"machine": "M3", "kind": "stop", "line_stopped": true});
    for n in 0..12 {
        floor.hands.set(start() + DurMs(n * 20_000));
        floor.raised(&floor.operator, call.clone()).await;
    }
    floor.hands.set(start() + minutes(330));
    let found = statistics(&floor, "").await;
    let flood = &found["load"]["floods"][0];
    assert_eq!(
        (&flood["calls"], &flood["peak"], &flood["open"]),
        (&json!(12), &json!(12), &json!(false)),
        "{found}"
    );
    assert_eq!(flood["span"]["from"], json!(start().0));
    // Of twelve, twenty seconds apart, the eighth is ten minutes old at 740 s: four are left, and it is over.
    assert_eq!(flood["span"]["to"], json!(start().0 + 740_000));
    assert_eq!(
        (&found["load"]["too_many"]["part"], &found["all"]["calls"]),
        (&json!(1), &json!(1))
    );
    let mut mona = Browser::of(&floor.server, "mona", "production_manager").await;
    let page = text(&mona.get("/andon/statistics").await);
    assert!(
        page.contains("Flood 1") && page.contains("2026-07-06 10:00"),
        "{page}"
    );
    assert!(page.contains("hour missed"), "the chart shows it");
}

async fn pages_show_the_same_and_lead_to_the_calls_behind_it(place: &Place) {
    let mut floor = Floor::with(place, plant()).await;
    let [first, second, ..] = history(&mut floor).await;
    let mut mona = Browser::of(&floor.server, "mona", "production_manager").await;
    let page = text(&mona.get("/andon/statistics?period=day&on=2026-07-06").await);
    for words in [
        "Monday, 6 July 2026",
        "8 min 00 s",
        "median 8 min 00 s · 90 % within 11 min · n 2",
        "1 of 4",
        "46.0",
        "Outside every shift",
        "There was no flood.",
        "3 of them within a minute of others",
        "/andon/history?from=2026-07-06&amp;to=2026-07-06&amp;kind=stop",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let nothing = text(&mona.get("/andon/statistics?period=day&on=2026-07-01").await);
    assert!(
        nothing.contains("Nobody called in this stretch of time"),
        "{nothing}"
    );
    let wrong = mona.get("/andon/statistics?period=shift").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);

    let list = text(
        &mona
            .get("/andon/history?kind=stop&from=2026-07-06&to=2026-07-06")
            .await,
    );
    assert!(
        list.contains(&format!("call={first}")) && list.contains(&format!("call={second}")),
        "{list}"
    );
    assert_eq!(list.matches("#call").count(), 2, "only those: {list}");
    let went_up = text(&mona.get("/andon/history?escalated=true").await);
    assert!(
        !went_up.contains(&format!("call={first}#"))
            && went_up.contains(&format!("call={second}#")),
        "{went_up}"
    );
    let opened = text(&mona.get(&format!("/andon/history?call={first}")).await);
    for words in [
        "Stop, medium at Filler, Line 1",
        "“a chain was off”",
        "line stopped",
        "by engineer everywhere",
        "2026-07-06 10:04:00",
        "What happened",
        "Who was told",
    ] {
        assert!(opened.contains(words), "{words}: {opened}");
    }
    let wrong = mona
        .get("/andon/history?from=soon&kind=tea&escalated=perhaps")
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    for field in [
        "from: must be a day",
        "kind: does not exist",
        "escalated: does not exist",
    ] {
        assert!(text(&wrong).contains(field), "{field}");
    }
    let missing = mona.get("/andon/history?call=999999").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    let older = text(&mona.get("/andon/history?cursor=nonsense").await);
    assert!(
        older.contains("cursor: is none that a page gave"),
        "{older}"
    );
}

async fn nobody_sees_calls_of_lines_that_are_out_of_reach(place: &Place) {
    let mut floor = Floor::with(place, plant()).await;
    let [first, ..] = history(&mut floor).await;
    let line = floor.server.app.plant.get().line("L2").expect("L2").id;
    let bounded = |row| GivenRow {
        line_id: Some(line.0),
        ..row
    };
    add_person_with(&floor.server, "nora", bounded, "engineer").await;
    let mut nora = Browser::signed_in(&floor.server, "nora").await;
    let page = text(&nora.get("/andon/statistics").await);
    assert!(
        page.contains("Line 2") && !page.contains("Filler") && !page.contains("Line 1"),
        "{page}"
    );
    let list = text(&nora.get("/andon/history").await);
    assert!(
        list.contains("Material") && !list.contains("Filler"),
        "{list}"
    );
    let opened = nora.get(&format!("/andon/history?call={first}")).await;
    assert_eq!(opened.status, StatusCode::FORBIDDEN);
    let other = nora.get("/andon/statistics?line=L1").await;
    assert_eq!(other.status, StatusCode::FORBIDDEN);
}
