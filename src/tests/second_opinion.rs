//! A second opinion: 500 random plants, computed here from states, shifts and counts by the minute, and by the Python
//! package `oee` from nothing but their sums. Both come to the same, by product, by machine and for the plant.
//!
//! `cargo xtask test` provides the interpreter with the package; `second_opinion/requirements.txt` pins it.

mod plants;

use crate::chance::chance;
use ms5_floor::domain::account::Account;
use ms5_floor::domain::figure::Figure;
use ms5_floor::domain::ids::ProductId;
use ms5_floor::domain::loss::{Loss, LossTree};
use ms5_floor::domain::reliability::{MeanTime, Reliability};
use ms5_floor::domain::time::MINUTE_MS;
use plants::Machine;
use rand::Rng;
use serde_json::{Value, json};
use std::process::Command;

const PYTHON: &str = "MS5_TEST_PYTHON";
const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/src/tests/second_opinion/opinion.py"
);
const PINNED: &str = include_str!("second_opinion/requirements.txt");
const PLANTS: usize = 500;
const WITHIN: f64 = 1e-9;

/// Asks the other side.
fn ask(plants: &Value) -> Value {
    let python = std::env::var_os(PYTHON).unwrap_or_else(|| {
        let venv = "target/second-opinion";
        panic!(
            "{PYTHON} is not set; run `cargo xtask test`, or type: python3 -m venv {venv} && \
             {venv}/bin/pip install -r src/tests/second_opinion/requirements.txt && export {PYTHON}=$PWD/{venv}/bin/python"
        )
    });
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let file = folder.path().join("plants.json");
    std::fs::write(&file, plants.to_string()).expect("the plants");
    let output = Command::new(&python).arg(SCRIPT).arg(&file).output();
    let output = output.unwrap_or_else(|e| panic!("{}: {e}", python.display()));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {errors}", python.display());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {errors}"))
}

fn number(of: &Value, name: &str) -> f64 {
    of[name].as_f64().unwrap_or_else(|| panic!("{name}: {of}"))
}

fn same(what: &str, name: &str, ours: f64, theirs: f64) {
    let scale = theirs.abs().max(1.0);
    assert!(
        (ours - theirs).abs() <= WITHIN * scale,
        "{what}, {name}: {ours} here, {theirs} there"
    );
}

fn compare(what: &str, a: &Account, theirs: &Value) {
    let figures: [(&str, Figure); 6] = [
        ("availability", a.availability()),
        ("performance", a.performance()),
        ("quality", a.quality()),
        ("oee", a.oee()),
        ("ooe", a.ooe()),
        ("teep", a.teep()),
    ];
    for (name, figure) in figures {
        let ours = figure
            .value()
            .unwrap_or_else(|| panic!("{what}, {name}: {figure:?}"));
        same(what, name, ours, number(theirs, name));
    }
    let tree = LossTree::of(a);
    let minutes =
        |losses: &[Loss]| losses.iter().map(|l| tree.exact(*l).secs()).sum::<f64>() / 60.0;
    for (name, losses) in [
        ("breakdowns", &[Loss::Unplanned][..]),
        ("setup_and_adjustments", &[Loss::Changeover]),
        (
            "minor_stops_and_reduced_speed",
            &[Loss::MinorStops, Loss::Speed],
        ),
        ("process_defects", &[Loss::Scrap, Loss::Rework]),
        ("reduced_yield", &[Loss::StartUp]),
    ] {
        same(what, name, minutes(losses), number(&theirs["losses"], name));
    }
}

fn compare_mean(what: &str, ours: MeanTime, theirs: &Value) {
    match (ours.mean_ms(), theirs.as_f64()) {
        (Some(ms), Some(minutes)) => same(what, "mean time", ms / MINUTE_MS as f64, minutes),
        (None, None) => {}
        different => panic!("{what}: {different:?}"),
    }
}

#[test]
fn five_hundred_plants_come_to_what_an_independent_package_makes_of_them() {
    let mut rng = chance(2_026);
    // One plant in ten is faster than its ideal rates.
    let plants: Vec<(bool, Vec<Machine>)> = (0..PLANTS)
        .map(|i| {
            (
                i % 10 == 9,
                (0..rng.random_range(1..=3))
                    .map(|_| Machine::random(&mut rng, i % 10 == 9))
                    .collect(),
            )
        })
        .collect();
    let told: Vec<Vec<Value>> = plants
        .iter()
        .map(|(_, machines)| machines.iter().map(Machine::told).collect())
        .collect();
    let answer = ask(&json!(told));
    let version = answer["version"].as_str().expect("a version");
    assert!(
        PINNED.starts_with(&format!("oee=={version} ")),
        "version {version} is not the pinned one: {PINNED}"
    );
    let answers = answer["plants"].as_array().expect("plants");
    assert_eq!(answers.len(), PLANTS);
    for (number_of_plant, ((fast, machines), theirs)) in plants.iter().zip(answers).enumerate() {
        let mut plant = Account::default();
        for (place, machine) in machines.iter().enumerate() {
            let what = format!("plant {number_of_plant}, machine {place}");
            let (reckoning, theirs) = (machine.reckon(), &theirs["machines"][place]);
            for (product, theirs) in (1..).zip(theirs["stretches"].as_array().expect("stretches")) {
                let what = format!("{what}, product {product}");
                let ours = &reckoning.products[&Some(ProductId(product))];
                if *fast {
                    compare_fast(&what, ours, theirs);
                } else {
                    compare(&what, ours, theirs);
                }
            }
            let whole = reckoning.account();
            if !fast {
                compare(&what, &whole, &theirs["whole"]);
            }
            let mean = Reliability::of(&whole);
            compare_mean(&what, mean.mtbf, &theirs["mtbf"]);
            compare_mean(&what, mean.mttr, &theirs["mttr"]);
            plant += whole;
        }
        if !fast {
            compare(
                &format!("plant {number_of_plant}"),
                &plant,
                &theirs["whole"],
            );
        }
    }
}

/// The package holds performance at 100 % and keeps what it was; here it stays what it is.
fn compare_fast(what: &str, ours: &Account, theirs: &Value) {
    let value = |figure: Figure| {
        figure
            .value()
            .unwrap_or_else(|| panic!("{what}: {figure:?}"))
    };
    same(
        what,
        "availability",
        value(ours.availability()),
        number(theirs, "availability"),
    );
    same(
        what,
        "performance",
        value(ours.performance()),
        number(theirs, "performance_raw"),
    );
    same(
        what,
        "quality",
        value(ours.quality()),
        number(theirs, "quality"),
    );
    assert!(
        value(ours.performance()) > 1.0 && number(theirs, "performance") == 1.0,
        "{what}"
    );
    same(
        what,
        "oee",
        value(ours.oee()),
        number(theirs, "oee") * number(theirs, "performance_raw"),
    );
}
