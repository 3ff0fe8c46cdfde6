//! A real recording (three machines, three weeks), sent through HTTP by the product's own replay, comes to the agreed
//! figures: sent once, twice, in any order of batches; and in any part of it, as a plain reading of the file tells.
//!
//! The recording does not belong to the product (its licence differs): it is looked for in `../shared/data`, or in the
//! folder that `MS5_TEST_DATA` names. Where it is not, these tests say so.

use crate::chance::chance;
use crate::harness::{Hands, Place, Server, at};
use ms5_floor::api::ingest::Item;
use ms5_floor::domain::time::{DAY_MS, TsMs};
use ms5_floor::server::replay::mapping::Mapping;
use ms5_floor::server::replay::read;
use ms5_floor::server::replay::sender::{Sender, Sent};
use rand::Rng;
use rand::seq::SliceRandom;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

on_both! {
    sent_once_and_sent_twice,
    sent_in_any_order_and_read_in_any_part,
}

const SLOT_MS: i64 = 300_000;
/// Pieces in a slot that are ideal, by product.
const IDEAL: [i64; 14] = [8, 22, 6, 5, 5, 6, 6, 6, 6, 6, 5, 5, 6, 5];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn recording() -> Option<PathBuf> {
    let data = std::env::var_os("MS5_TEST_DATA")
        .map_or_else(|| root().join("../shared/data"), PathBuf::from);
    let file = data.join("sme_manufacturing/company_A_labelled_subset.csv");
    if file.is_file() {
        return Some(file);
    }
    // Past what the test runner holds back: nobody should believe that this was tested.
    let line = format!("skipped: the recording is not there: {}\n", file.display());
    std::io::stderr()
        .write_all(line.as_bytes())
        .expect("stderr");
    None
}

fn mapping() -> Mapping {
    let file = root().join("docs/replay/sme_manufacturing.toml");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}

fn items(file: &Path) -> Vec<Item> {
    read(
        std::fs::File::open(file).expect("the recording"),
        &mapping(),
    )
    .expect("items")
}

/// A server on a port, set up by the mapping's plant, as the sender of a recording finds it.
async fn server(place: &Place) -> (Server, String, String) {
    let server = Server::start(place, Hands::at(at("2026-07-06T10:00:00Z")).clock()).await;
    let (_, key) = server.key("historian", true, true).await;
    let (url, _) = server.listen().await;
    (server, url, key)
}

async fn send(url: &str, key: &str, batches: Vec<Vec<Item>>) -> Sent {
    let (url, key) = (url.to_owned(), key.to_owned());
    let sending = tokio::task::spawn_blocking(move || {
        let sender = Sender::new(&url, &key, Duration::from_secs(10));
        sender
            .put_plant(&mapping().plant.expect("a plant"))
            .expect("the plant is set up");
        let mut sent = Sent::default();
        for batch in batches {
            sender.send(&batch, &mut sent).expect("sent");
        }
        sent
    });
    sending.await.expect("the sender")
}

async fn oee(server: &Server, from: TsMs, to: TsMs) -> Value {
    let answer = server
        .get(
            &format!("/api/v1/oee/SME?from={}&to={}", from.0, to.0),
            None,
        )
        .await;
    assert_eq!(answer.status.as_u16(), 200, "{answer:?}");
    answer.json()
}

fn close(value: &Value, wanted: f64, within: f64) -> bool {
    value.as_f64().is_some_and(|v| (v - wanted).abs() <= within)
}

/// The agreed figures over the whole recording.
async fn check_whole(server: &Server, what: &str) {
    let got = oee(
        server,
        at("2022-08-31T00:00:00Z"),
        at("2022-09-22T00:00:00Z"),
    )
    .await;
    let table = [
        (
            931_200.0, 826_500.0, 678_592.5, 12_223, 0.8876, 0.8210, 0.7287,
        ),
        (
            1_328_100.0,
            716_700.0,
            648_621.8,
            12_940,
            0.5396,
            0.9050,
            0.4884,
        ),
        (
            1_756_500.0,
            836_700.0,
            745_200.0,
            14_904,
            0.4763,
            0.8906,
            0.4243,
        ),
        (
            4_015_800.0,
            2_379_900.0,
            2_072_414.3,
            40_067,
            0.5926,
            0.8708,
            0.5161,
        ),
    ];
    let rows = got["machines"]
        .as_array()
        .expect("machines")
        .iter()
        .chain([&got["assets"]]);
    let rows: Vec<&Value> = rows.collect();
    assert_eq!(rows.len(), table.len());
    for (row, (planned, run, ideal, pieces, a, p, ap)) in rows.into_iter().zip(table) {
        let what = format!("{what}: {row:#}");
        assert_eq!(row["planned_s"].as_f64(), Some(planned), "{what}");
        assert_eq!(row["run_s"].as_f64(), Some(run), "{what}");
        assert!(close(&row["ideal_s"], ideal, 0.05), "{what}");
        assert_eq!(row["account"]["counts"]["ungraded"], pieces, "{what}");
        assert!(close(&row["availability"]["known"], a, 0.00005), "{what}");
        assert!(close(&row["performance"]["known"], p, 0.00005), "{what}");
        assert!(
            close(&row["availability_performance"]["known"], ap, 0.00005),
            "{what}"
        );
        let unknown = json!({"unknown": "quality_not_reported"});
        assert_eq!(
            (&row["quality"], &row["oee"]),
            (&unknown, &unknown),
            "{what}"
        );
        assert_eq!(
            row["ideal_good_s"].as_f64(),
            Some(0.0),
            "{what}: nothing is called good"
        );
        assert_eq!(row["account"]["unknown"], 0, "{what}");
    }
    assert!(
        got["line"].is_null(),
        "machines side by side have no line account"
    );
}

async fn sent_once_and_sent_twice(place: &Place) {
    let Some(file) = recording() else { return };
    let (server, url, key) = server(place).await;
    let items = items(&file);
    let batches = || items.chunks(2_000).map(<[Item]>::to_vec).collect();
    let first = send(&url, &key, batches()).await;
    assert_eq!(
        (first.accepted, first.duplicate, first.rejected),
        (items.len(), 0, 0),
        "{}",
        place.engine
    );
    check_whole(&server, place.engine).await;
    let second = send(&url, &key, batches()).await;
    assert_eq!(
        (second.accepted, second.duplicate, second.rejected),
        (0, items.len(), 0),
        "{}",
        place.engine
    );
    check_whole(&server, &format!("{}, sent twice", place.engine)).await;
    server.stop.cancel();
}

/// A record as it stands in the file.
struct Row {
    at: i64,
    asset: usize,
    running: bool,
    pieces: i64,
    product: usize,
}

fn rows(file: &Path) -> Vec<Row> {
    let text = std::fs::read_to_string(file).expect("the recording");
    let mut lines = text.lines();
    assert_eq!(
        lines.next(),
        Some("ts,asset,items,status,status_time,power_avg,cycle_time,alarm,product")
    );
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |i: usize| {
            cells[i]
                .parse::<f64>()
                .unwrap_or_else(|e| panic!("{line}: {e}")) as i64
        };
        Row {
            at: at(cells[0]).0,
            asset: number(1) as usize,
            running: number(3) == 2,
            pieces: number(2),
            product: number(8) as usize,
        }
    };
    lines.map(row).collect()
}

/// Planned and run time in ms, ideal time in s and pieces of an asset in `[from, to)`, read plainly.
fn plain(rows: &[Row], asset: usize, from: i64, to: i64) -> (i64, i64, f64, i64) {
    let mut slots: BTreeMap<i64, (i64, bool)> = BTreeMap::new();
    let (mut ideal, mut pieces) = (0.0, 0);
    for row in rows
        .iter()
        .filter(|r| r.asset == asset && from <= r.at && r.at < to)
    {
        let slot = slots
            .entry(row.at / SLOT_MS)
            .or_insert((row.at, row.running));
        if row.at >= slot.0 {
            *slot = (row.at, row.running);
        }
        ideal += row.pieces as f64 * 300.0 / IDEAL[row.product] as f64;
        pieces += row.pieces;
    }
    let running = slots.values().filter(|(_, running)| *running).count();
    (
        slots.len() as i64 * SLOT_MS,
        running as i64 * SLOT_MS,
        ideal,
        pieces,
    )
}

async fn sent_in_any_order_and_read_in_any_part(place: &Place) {
    let Some(file) = recording() else { return };
    let (server, url, key) = server(place).await;
    let items = items(&file);
    let mut batches: Vec<Vec<Item>> = items.chunks(500).map(<[Item]>::to_vec).collect();
    let mut rng = chance(5);
    batches.shuffle(&mut rng);
    let sent = send(&url, &key, batches).await;
    assert_eq!(
        (sent.accepted, sent.duplicate, sent.rejected),
        (items.len(), 0, 0),
        "{}",
        place.engine
    );
    check_whole(&server, &format!("{}, shuffled", place.engine)).await;

    let rows = rows(&file);
    let first = at("2022-08-31T00:00:00Z").0;
    let slots = 22 * DAY_MS / SLOT_MS;
    for case in 0..20 {
        let longest = if case % 2 == 0 { slots } else { 24 };
        let start = rng.random_range(0..slots - 1);
        let end = (start + rng.random_range(1..=longest)).min(slots);
        let (from, to) = (first + start * SLOT_MS, first + end * SLOT_MS);
        let got = oee(&server, TsMs(from), TsMs(to)).await;
        for asset in 0..3 {
            let machine = &got["machines"][asset];
            let (planned, run, ideal, pieces) = plain(&rows, asset, from, to);
            let what = format!(
                "{}, asset {asset} from {from} to {to}: {machine:#}",
                place.engine
            );
            assert_eq!(
                machine["planned_s"].as_f64(),
                Some(planned as f64 / 1000.0),
                "{what}"
            );
            assert_eq!(
                machine["run_s"].as_f64(),
                Some(run as f64 / 1000.0),
                "{what}"
            );
            assert!(
                close(&machine["ideal_s"], ideal, 1e-5),
                "{what}: wanted {ideal}"
            );
            assert_eq!(machine["account"]["counts"]["ungraded"], pieces, "{what}");
        }
    }
    server.stop.cancel();
}

#[test]
fn the_plain_reading_comes_to_the_agreed_figures_too() {
    let Some(file) = recording() else { return };
    let rows = rows(&file);
    let whole = |asset| plain(&rows, asset, 0, i64::MAX);
    let seconds = |(planned, run, ideal, pieces): (i64, i64, f64, i64)| {
        (
            planned / 1000,
            run / 1000,
            (ideal * 10.0).round() / 10.0,
            pieces,
        )
    };
    assert_eq!(seconds(whole(0)), (931_200, 826_500, 678_592.5, 12_223));
    assert_eq!(seconds(whole(1)), (1_328_100, 716_700, 648_621.8, 12_940));
    assert_eq!(seconds(whole(2)), (1_756_500, 836_700, 745_200.0, 14_904));
}
