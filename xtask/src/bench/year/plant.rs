//! The plant of the year: lines of five coupled machines, two shifts on six days, products with ideal rates.

use serde_json::{Value, json};

pub const MACHINES_PER_LINE: usize = 5;
pub const PRODUCTS: usize = 8;
/// The third machine sets the pace.
const PACING: usize = 2;

/// Starts of the breaks after the start of a shift, and their lengths, in minutes.
pub const BREAKS: [(i64, i64); 2] = [(180, 15), (330, 20)];

/// A line's code.
pub fn line(place: usize) -> String {
    format!("L{place:02}")
}

/// A machine's code: the `of_line`th of a line.
pub fn machine(line: usize, of_line: usize) -> String {
    format!("L{line:02}M{of_line}")
}

pub fn product(place: usize) -> String {
    format!("P{}", place + 1)
}

/// Pieces a minute at best.
pub fn ideal(product: usize) -> i64 {
    20 + 5 * i64::try_from(product).unwrap_or(0)
}

/// Its definition.
pub fn definition(lines: usize) -> Value {
    let clock = |minutes: i64| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    let shift = |name: &str, start: i64| {
        let pause = |(after, long): (i64, i64)| {
            let from = start + after;
            json!({"start": clock(from), "end": clock(from + long)})
        };
        json!({
            "name": name,
            "days": [1, 2, 3, 4, 5, 6],
            "start": clock(start),
            "end": clock(start + 480),
            "breaks": BREAKS.map(pause),
        })
    };
    let machines = (0..lines).flat_map(|of| (0..MACHINES_PER_LINE).map(move |place| (of, place)));
    let machine_of = |(of, place): (usize, usize)| {
        json!({
            "code": machine(of, place),
            "name": format!("Machine {of}.{place}"),
            "line": line(of),
            "pacing": place == PACING,
            "output": place == MACHINES_PER_LINE - 1,
        })
    };
    let line_of = |place: usize| {
        json!({
            "code": line(place),
            "name": format!("Line {place:02}"),
            "area": "HALL",
            "shifts": ["Early", "Late"],
        })
    };
    let rates = machines.clone().flat_map(|(of, place)| {
        (0..PRODUCTS).map(move |of_all| {
            let (machine, product) = (machine(of, place), product(of_all));
            json!({"machine": machine, "product": product, "units": ideal(of_all), "per_s": 60})
        })
    });
    let product_of =
        |place: usize| json!({"code": product(place), "name": format!("Product {}", place + 1)});
    json!({
        "site": {"code": "YEAR", "name": "Year", "zone": "Europe/Rome"},
        "area": [{"code": "HALL", "name": "Hall"}],
        "shift": [shift("Early", 360), shift("Late", 840)],
        "line": (0..lines).map(line_of).collect::<Vec<_>>(),
        "machine": machines.clone().map(machine_of).collect::<Vec<_>>(),
        "product": (0..PRODUCTS).map(product_of).collect::<Vec<_>>(),
        "rate": rates.collect::<Vec<_>>(),
    })
}
