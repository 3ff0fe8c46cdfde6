use super::*;
use serde_json::{Value, json};

/// Line `L1` works two shifts of the day and a night, Monday to Friday.
fn plant() -> Value {
    let shift = |name: &str, start: &str, end: &str| json!({"name": name, "days": [1, 2, 3, 4, 5], "start": start, "end": end});
    json!({
        "site": {"code": "T", "name": "Test works", "zone": "Europe/Rome"},
        "area": [{"code": "A", "name": "Hall"}],
        "shift": [
            shift("Early", "06:00", "14:00"), shift("Late", "14:00", "22:00"), shift("Night", "22:00", "06:00"),
        ],
        "line": [
            {"code": "L1", "name": "Line 1", "area": "A", "shifts": ["Early", "Late", "Night"]},
            {"code": "L2", "name": "Line 2", "area": "A"},
        ],
        "machine": [{"code": "M1", "name": "Filler", "line": "L1"}],
        "product": [{"code": "P1", "name": "Product 1"}, {"code": "P2", "name": "Product 2", "unit": "cartons"}],
        "rate": [{"machine": "M1", "product": "P1", "units": 60, "per_s": 60}],
    })
}

fn push(list: &mut Value, value: Value) {
    list.as_array_mut().expect("a list").push(value);
}

fn problems(plant: Value) -> Vec<(String, String)> {
    let def: PlantDef = serde_json::from_value(plant).expect("a plant");
    let problems = def.problems().into_iter();
    problems.map(|p| (p.field, p.problem)).collect()
}

/// The plant after a change.
fn with(change: impl FnOnce(&mut Value)) -> Value {
    let mut plant = plant();
    change(&mut plant);
    plant
}

/// The one problem of the plant after a change.
fn one(change: impl FnOnce(&mut Value)) -> (String, String) {
    let found = problems(with(change));
    assert_eq!(found.len(), 1, "{found:?}");
    found.into_iter().next().expect("a problem")
}

#[test]
fn a_week_of_three_shifts_is_in_order() {
    assert_eq!(problems(plant()), []);
}

#[test]
fn shifts_that_overlap_are_named_with_the_time() {
    let told = |change: fn(&mut Value)| {
        let (field, problem) = one(change);
        format!("{field}: {problem}")
    };
    assert_eq!(
        told(|p| p["shift"][1]["start"] = json!("13:30")),
        "shift[1].start: overlaps 'Early' on line 'L1': that one runs until Monday 14:00, this one starts Monday 13:30"
    );
    assert_eq!(
        told(|p| p["shift"][2]["end"] = json!("06:15")),
        "shift[0].start: overlaps 'Night' on line 'L1': that one runs until Tuesday 06:15, this one starts Tuesday 06:00",
        "across midnight"
    );
    assert_eq!(
        told(|p| {
            p["shift"][2]["days"] = json!([7]);
            p["shift"][2]["end"] = json!("06:15");
        }),
        "shift[0].start: overlaps 'Night' on line 'L1': that one runs until Monday 06:15, this one starts Monday 06:00",
        "across the end of the week"
    );
}

#[test]
fn overlaps_are_looked_for_over_whole_cycles_and_only_while_both_are_in_force() {
    // Every 4th and every 6th week: they meet in week 1 of 12 only.
    let cycles = |weeks: i64, anchor: &str| {
        let anchor = anchor.to_owned();
        with(move |p| {
            p["shift"][0]["cycle_weeks"] = json!(4);
            p["shift"][0]["weeks"] = json!([4]);
            p["shift"][0]["anchor"] = json!("2026-01-05");
            p["shift"][1]["start"] = json!("13:00");
            p["shift"][1]["cycle_weeks"] = json!(6);
            p["shift"][1]["weeks"] = json!([weeks]);
            p["shift"][1]["anchor"] = json!(anchor);
        })
    };
    let found = problems(cycles(6, "2026-01-05"));
    assert_eq!(found[0].0, "shift[1].start", "{found:?}");
    assert!(found[0].1.contains("Monday 20"), "with the date: {found:?}");
    assert_eq!(
        problems(cycles(5, "2026-01-05")),
        [],
        "an odd week and an even one"
    );
    assert_eq!(problems(cycles(5, "2026-01-12")).len(), 1, "another anchor");
    let season = |until: &str, from: &str| {
        let (until, from) = (until.to_owned(), from.to_owned());
        with(move |p| {
            p["shift"][0]["until"] = json!(until);
            p["shift"][1]["start"] = json!("13:00");
            p["shift"][1]["from"] = json!(from);
        })
    };
    assert_eq!(problems(season("2026-06-30", "2026-07-01")), []);
    let found = problems(season("2026-07-01", "2026-07-01"));
    assert!(
        found[0].1.contains("Wednesday 2026-07-01 13:00"),
        "{found:?}"
    );
}

#[test]
fn an_exception_is_held_against_the_days_around_it() {
    let exception = |day: &str, shifts: &[&str]| {
        with(|p| {
            push(
                &mut p["shift"],
                json!({"name": "Long", "days": [], "start": "05:00", "end": "17:00"}),
            );
            p["exception"] = json!([{"line": "L1", "day": day, "shifts": shifts}]);
        })
    };
    assert_eq!(problems(exception("2026-07-12", &["Long"])), [], "a Sunday");
    assert_eq!(problems(exception("2026-07-06", &[])), [], "nothing starts");
    let found = problems(exception("2026-07-11", &["Long"]));
    assert_eq!(found[0].0, "exception[0].shifts");
    assert_eq!(
        found[0].1,
        "'Night' and 'Long' overlap on line 'L1': one runs until Saturday 2026-07-11 06:00, the other starts Saturday 2026-07-11 05:00"
    );
    let found = problems(exception("2026-07-12", &["Long", "Early"]));
    assert_eq!(found.len(), 1, "with each other: {found:?}");
}

#[test]
fn every_wrong_field_is_named() {
    type Change = fn(&mut Value);
    let cases: [(&str, &str, Change); 32] = [
        ("shift[0].start", "time of day", |p| {
            p["shift"][0]["start"] = json!("25:00");
        }),
        ("shift[0].breaks[0]", "outside its shift", |p| {
            p["shift"][0]["breaks"] = json!([{"start": "13:45", "end": "14:15"}]);
        }),
        ("shift[2].breaks[0]", "outside its shift", |p| {
            p["shift"][2]["breaks"] = json!([{"start": "07:00", "end": "07:30"}]);
        }),
        ("shift[0].days", "1 (Monday) to 7", |p| {
            p["shift"][0]["days"] = json!([0]);
        }),
        ("shift[3].name", "given twice", |p| {
            let again = p["shift"][0].clone();
            push(&mut p["shift"], again);
        }),
        ("shift[0].weeks[0]", "week 3 is not in a cycle of 2", |p| {
            p["shift"][0]["cycle_weeks"] = json!(2);
            p["shift"][0]["weeks"] = json!([3]);
            p["shift"][0]["anchor"] = json!("2026-01-05");
        }),
        ("shift[0].cycle_weeks", "1 to 52", |p| {
            p["shift"][0]["cycle_weeks"] = json!(0);
        }),
        ("shift[0].anchor", "must be given", |p| {
            p["shift"][0]["crews"] = json!(["A", "B"]);
        }),
        ("shift[0].anchor", "2026-01-06 is a Tuesday", |p| {
            p["shift"][0]["anchor"] = json!("2026-01-06");
        }),
        ("shift[0].from", "day of the calendar", |p| {
            p["shift"][0]["from"] = json!("2026-02-30");
        }),
        ("shift[0].until", "before from", |p| {
            p["shift"][0]["from"] = json!("2026-03-02");
            p["shift"][0]["until"] = json!("2026-03-01");
        }),
        ("line[0].shifts", "'Noon' is not defined", |p| {
            p["line"][0]["shifts"] = json!(["Noon"]);
        }),
        ("line[0].shifts", "given twice", |p| {
            p["line"][0]["shifts"] = json!(["Early", "Early"]);
        }),
        ("line[0].shifts_from", "day of the calendar", |p| {
            p["line"][0]["shifts_from"] = json!("2026-7-1");
        }),
        ("line[0].target_quality", "at most 1", |p| {
            p["line"][0]["target_quality"] = json!(1.1);
        }),
        ("line[0].targets_from", "full minute", |p| {
            p["line"][0]["targets_from"] = json!("today");
        }),
        ("line[0].debounce_s", "0 to 86400", |p| {
            p["line"][0]["debounce_s"] = json!(-1);
        }),
        ("holiday[0].day", "day of the calendar", |p| {
            p["holiday"] = json!([{"day": "2026-12-32", "name": "x"}]);
        }),
        (
            "holiday[0].lines",
            "'L9' is not defined",
            |p| p["holiday"] = json!([{"day": "2026-12-25", "name": "x", "lines": ["L9"]}]),
        ),
        ("exception[0].line", "'L9' is not defined", |p| {
            p["exception"] = json!([{"line": "L9", "day": "2026-12-25"}]);
        }),
        ("exception[0].line", "has no shifts", |p| {
            p["exception"] = json!([{"line": "L2", "day": "2026-12-25"}]);
        }),
        ("exception[0].shifts", "'Noon' is not defined", |p| {
            p["exception"] = json!([{"line": "L1", "day": "2026-12-25", "shifts": ["Noon"]}]);
        }),
        (
            "planned_stop[0].from",
            "full minute",
            |p| p["planned_stop"] = json!([{"line": "L1", "from": "2026-02-29T06:00", "to": "2026-03-01", "name": "x"}]),
        ),
        (
            "planned_stop[0].line",
            "has no shifts",
            |p| p["planned_stop"] = json!([{"line": "L2", "from": "2026-02-28T06:00", "to": "2026-03-01", "name": "x"}]),
        ),
        ("rate[0].units", "above 0", |p| {
            p["rate"][0]["units"] = json!(0);
        }),
        ("rate[0].per_s", "above 0", |p| {
            p["rate"][0]["per_s"] = json!(0);
        }),
        ("rate[0].product", "'P9' is not defined", |p| {
            p["rate"][0]["product"] = json!("P9");
        }),
        ("rate[0].unit", "counted in pieces, not in cartons", |p| {
            p["rate"][0]["unit"] = json!("cartons");
        }),
        ("rate[0].from", "full minute", |p| {
            p["rate"][0]["from"] = json!("2026-07-06T10:00:30");
        }),
        ("changeover_target[0].from", "'P9' is not defined", |p| {
            p["changeover_target"] =
                json!([{"line": "L1", "from": "P9", "to": "P2", "minutes": 5}]);
        }),
        ("changeover_target[0].minutes", "above 0", |p| {
            p["changeover_target"] =
                json!([{"line": "L1", "from": "P1", "to": "P2", "minutes": 0}]);
        }),
        ("product[1].unit", "not be empty", |p| {
            p["product"][1]["unit"] = json!(" ");
        }),
    ];
    for (field, part, change) in cases {
        let (found, problem) = one(change);
        assert_eq!(found, field, "{problem}");
        assert!(problem.contains(part), "{field}: {problem}");
    }
}

#[test]
fn several_rates_of_one_product_each_say_from_when_on() {
    let two = |a: Value, b: Value| {
        with(|p| {
            let mut rate = p["rate"][0].clone();
            rate["from"] = b;
            p["rate"][0]["from"] = a;
            push(&mut p["rate"], rate);
        })
    };
    assert_eq!(
        problems(two(json!("2026-01-01"), json!("2026-02-01T06:00"))),
        []
    );
    assert_eq!(
        problems(two(Value::Null, json!("2026-02-01")))[0].0,
        "rate[0].from"
    );
    assert_eq!(
        problems(two(json!("2026-02-01"), json!("2026-02-01T00:00")))[0].0,
        "rate[1].from"
    );
}
