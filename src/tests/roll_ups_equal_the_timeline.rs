//! Stored roll-ups are what the timeline gives, to the millisecond: by machine, product and reason, on every level, over
//! any window; with facts in any order, late ones too, and whenever the roll-ups were last made.

use crate::chance::{chance, facts};
use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::state;
use crate::windows_add_up::{plant, scene};
use ms5_floor::api::downtime::{Confirmation, DowntimeEvent, DowntimeFilter, GivenPart};
use ms5_floor::domain::machine_state::MachineState;
use ms5_floor::domain::plant::Coupling;
use ms5_floor::domain::time::{DAY_MS, DurMs, HOUR_MS, MINUTE_MS, Span, TsMs};
use ms5_floor::server::db::Tx;
use ms5_floor::server::db::rollup::{self, Level};
use ms5_floor::server::rollup::cells;
use ms5_floor::server::rollup::make::{catch_up, progress};
use ms5_floor::server::rollup::read::{LineSums, Subject, series, total, total_with_own_losses};
use ms5_floor::server::services::downtime::{confirm_downtime, get_downtime_events};
use ms5_floor::server::services::window::read_in;
use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::json;

on_both! {
    any_window_from_cells_is_what_the_timeline_gives, a_late_fact_reaches_every_level,
    what_people_say_and_what_the_plant_becomes_reaches_every_level,
    what_is_not_made_is_read_in_pieces_that_add_up, a_machine_that_stands_for_months_costs_nothing,
    long_windows_are_put_together_from_quarters
}

const LEVELS: [Level; 5] = Level::ALL;
const DAYS: i64 = 40;

/// The timeline of a whole window, read at once.
async fn from_timeline(tx: &mut Tx, of: Subject<'_>, window: Span) -> LineSums {
    let data = read_in(tx, of.site, of.line, window, of.now).await;
    data.expect("the timeline").sums(of.plant, of.line, window)
}

async fn compare(server: &Server, now: TsMs, window: Span, what: &str) {
    let plant = server.app.plant.get();
    let site = plant.site.as_ref().expect("a site");
    for line in &plant.lines {
        let of = Subject {
            plant: &plant,
            site,
            line,
            now,
        };
        let mut tx = server.snapshot().await;
        let past = Span::clamped(window.from().min(now), window.to().min(now));
        let wanted = from_timeline(&mut tx, of, past).await;
        let got = total(&mut tx, of, window).await.expect("a total");
        assert_eq!(
            got, wanted,
            "{what}: {} over {window:?} (cells, timeline)",
            line.code
        );
        // Less is read, and of what is asked for nothing is missing.
        let own = total_with_own_losses(&mut tx, of, window).await;
        let own = own.expect("a total");
        assert_eq!(own.line, wanted.line, "{what}: {}", line.code);
        let accounts = |sums: &LineSums| -> Vec<_> {
            let each = sums.machines.iter();
            each.map(|(id, m)| (*id, m.products.clone())).collect()
        };
        assert_eq!(accounts(&own), accounts(&wanted), "{what}: {}", line.code);
        if line.coupling == Coupling::Parallel {
            assert_eq!(own, wanted, "{what}: {}", line.code);
        }
    }
}

/// Every cell of every level against the timeline.
async fn compare_cells(server: &Server, now: TsMs, window: Span, what: &str) {
    let plant = server.app.plant.get();
    let site = plant.site.as_ref().expect("a site");
    for line in &plant.lines {
        let of = Subject {
            plant: &plant,
            site,
            line,
            now,
        };
        let mut tx = server.snapshot().await;
        for level in LEVELS {
            let cells = series(&mut tx, of, level, window).await.expect("a series");
            let mut at = window.from();
            for (cell, sums) in cells {
                assert_eq!(cell.from(), at, "{what}: cells tile the window");
                at = cell.to();
                let wanted = from_timeline(&mut tx, of, cell).await;
                assert_eq!(
                    sums, wanted,
                    "{what}: {} {level:?} {cell:?} (cell, timeline)",
                    line.code
                );
            }
            assert_eq!(at, window.to().min(now));
        }
    }
}

async fn made_to(server: &Server) -> Option<TsMs> {
    let line = server.app.plant.get().lines[0].id;
    let state = rollup::state(&mut server.snapshot().await, line)
        .await
        .expect("a state");
    state.valid().map(|s| s.to())
}

fn random_window(rng: &mut ChaCha8Rng, from: TsMs) -> Span {
    let mut edge = || match rng.random_range(0..3) {
        0 => rng.random_range(-2..DAYS + 2) * DAY_MS,
        1 => rng.random_range(-2..(DAYS + 2) * 24) * HOUR_MS,
        _ => rng.random_range(-100..(DAYS + 1) * 24 * 60) * MINUTE_MS,
    };
    let (a, b) = (edge(), edge());
    Span::clamped(TsMs(from.0 + a.min(b)), TsMs(from.0 + a.max(b)))
}

async fn any_window_from_cells_is_what_the_timeline_gives(place: &Place) {
    // Over the night on which the clocks go back.
    let from = at("2026-10-05T00:00:00Z");
    let hands = Hands::at(from);
    let server = Server::with(place, hands.clock(), plant()).await;
    let (source, _) = server.key("gateway", true, false).await;
    let mut rng = chance(23);
    let mut sent = facts(&mut rng, &scene(&server, source, from, DAYS * 24, 3000));
    // Mostly in order, with a share that comes late, and a few very late.
    for i in 0..sent.len() {
        if rng.random_bool(0.05) {
            let j = rng.random_range(i..sent.len().min(i + 400));
            sent.swap(i, j);
        }
    }
    for (round, batch) in sent.chunks(150).enumerate() {
        let latest = batch.iter().map(|f| f.at).max().expect("facts");
        hands.set(latest.max(server.app.clock.now()));
        server.store(source, batch).await;
        let now = server.app.clock.now();
        let what = format!("{}, round {round}", place.engine);
        if rng.random_bool(0.6) {
            catch_up(&server.app).await.expect("roll-ups");
        }
        for _ in 0..3 {
            compare(&server, now, random_window(&mut rng, from), &what).await;
        }
    }
    catch_up(&server.app).await.expect("roll-ups");
    let now = server.app.clock.now();
    let made = made_to(&server).await.expect("cells are made");
    assert!(
        now - made < ms5_floor::domain::time::DurMs(2 * HOUR_MS),
        "{made:?} is close to {now:?}"
    );
    let all = Span::clamped(TsMs(from.0 - DAY_MS), TsMs(from.0 + DAYS * DAY_MS));
    compare_cells(&server, now, all, place.engine).await;
    for _ in 0..40 {
        compare(&server, now, random_window(&mut rng, from), place.engine).await;
    }
}

async fn what_is_not_made_is_read_in_pieces_that_add_up(place: &Place) {
    let from = at("2026-10-05T00:00:00Z");
    let hands = Hands::at(TsMs(from.0 + DAYS * DAY_MS));
    let server = Server::with(place, hands.clock(), plant()).await;
    let (source, _) = server.key("gateway", true, false).await;
    let mut rng = chance(31);
    let sent = facts(&mut rng, &scene(&server, source, from, DAYS * 24, 1500));
    server.store(source, &sent).await;
    let now = server.app.clock.now();
    assert_eq!(made_to(&server).await, None);
    // Longer than what is read at once.
    let all = Span::clamped(TsMs(from.0 + 7 * MINUTE_MS), now);
    compare(&server, now, all, place.engine).await;
    compare_cells(&server, now, all, place.engine).await;
}

async fn is_caught_up(server: &Server) -> bool {
    let lines = progress(&server.app).await.expect("progress");
    assert!(!lines.is_empty(), "there are lines");
    lines.iter().all(|line| line.caught_up)
}

async fn a_late_fact_reaches_every_level(place: &Place) {
    let from = at("2026-10-05T00:00:00Z");
    let hands = Hands::at(TsMs(from.0 + DAYS * DAY_MS));
    let server = Server::with(place, hands.clock(), plant()).await;
    let (source, _) = server.key("gateway", true, false).await;
    let mut rng = chance(5);
    let mut sent = facts(&mut rng, &scene(&server, source, from, DAYS * 24, 1500));
    sent.shuffle(&mut rng);
    let late = sent.split_off(1470);
    server.store(source, &sent).await;
    catch_up(&server.app).await.expect("roll-ups");
    let now = server.app.clock.now();
    let all = Span::clamped(from, TsMs(from.0 + DAYS * DAY_MS));
    let mut fell_behind = 0;
    for fact in late {
        let before = made_to(&server).await;
        let what = format!("{}, after {fact:?}", place.engine);
        server.store(source, &[fact]).await;
        fell_behind += usize::from(!is_caught_up(&server).await);
        // Before it is made again, readers do not rely on it.
        compare(&server, now, all, &what).await;
        catch_up(&server.app).await.expect("roll-ups");
        assert!(is_caught_up(&server).await, "{what}: nothing is left to do");
        compare(&server, now, all, &what).await;
        assert_eq!(
            made_to(&server).await,
            before,
            "{what}: everything is made again"
        );
    }
    assert!(fell_behind > 0, "{}: late facts leave work", place.engine);
    compare_cells(&server, now, all, place.engine).await;
}

async fn what_people_say_and_what_the_plant_becomes_reaches_every_level(place: &Place) {
    let from = at("2026-10-05T00:00:00Z");
    let now = TsMs(from.0 + DAYS * DAY_MS);
    let hands = Hands::at(now);
    let server = Server::with(place, hands.clock(), plant()).await;
    let (source, _) = server.key("gateway", true, false).await;
    let mut rng = chance(8);
    let sent = facts(&mut rng, &scene(&server, source, from, DAYS * 24, 1500));
    server.store(source, &sent).await;
    catch_up(&server.app).await.expect("roll-ups");
    let all = Span::clamped(from, now);
    let made = made_to(&server).await;

    // Reasons move minutes between losses.
    let filter = DowntimeFilter {
        from: Some(from.0),
        to: Some(now.0),
        limit: Some(500),
        ..DowntimeFilter::default()
    };
    let page = get_downtime_events(&crate::harness::by_the_program(&server.app), &filter)
        .await
        .expect("stops");
    assert!(page.events.len() > 50, "{} stops", page.events.len());
    for (stop, reason) in page.events.iter().step_by(5).zip(
        ["CHANGEOVER", "MAT_SHORTAGE", "BEARING_FAIL"]
            .iter()
            .cycle(),
    ) {
        let said = Confirmation {
            version: stop.version,
            reasons: Some(vec![GivenPart {
                from: None,
                to: None,
                reason: (*reason).to_owned(),
            }]),
            comment: None,
            confirm: None,
        };
        let ctx = crate::harness::by_the_program(&server.app);
        confirm_downtime(&ctx, (&stop.machine, stop.from.0), &said)
            .await
            .expect("classified");
    }
    compare(&server, now, all, "classified, cells not made again").await;
    catch_up(&server.app).await.expect("roll-ups");
    compare_cells(&server, now, all, "classified").await;
    assert_eq!(made_to(&server).await, made);

    // Something said of October and a planned stop in November, before anything is made again.
    let untouched = page.events.iter().enumerate().filter(|(i, _)| i % 5 != 0);
    let in_october = |e: &&DowntimeEvent| e.from < at("2026-10-30T00:00:00Z");
    let stop = untouched
        .map(|(_, e)| e)
        .find(in_october)
        .expect("a stop in October");
    let said = Confirmation {
        version: 0,
        reasons: Some(vec![GivenPart {
            from: None,
            to: None,
            reason: "CHANGEOVER".to_owned(),
        }]),
        comment: None,
        confirm: None,
    };
    let ctx = crate::harness::by_the_program(&server.app);
    confirm_downtime(&ctx, (&stop.machine, stop.from.0), &said)
        .await
        .expect("classified");
    let mut november = plant();
    november["planned_stop"] = json!([{"line": "L1", "from": "2026-11-10T07:00", "to": "2026-11-10T12:00", "name": "Cleaning"}, {"line": "L1", "from": "2026-11-11T07:00", "to": "2026-11-11T08:00", "name": "Cleaning"}]);
    server.set_up(november).await;
    catch_up(&server.app).await.expect("roll-ups");
    compare_cells(&server, now, all, "October and November").await;

    // A planned stop written for the past, a rate from a past day on, another threshold.
    let mut changed = plant();
    changed["planned_stop"] = json!([{"line": "L1", "from": "2026-10-13T07:00", "to": "2026-10-13T12:00", "name": "Maintenance"}]);
    changed["rate"][0]["units"] = json!(50);
    changed["rate"][0]["from"] = json!("2026-10-20T00:00");
    server.set_up(changed.clone()).await;
    compare(&server, now, all, "another plant, cells not made again").await;
    catch_up(&server.app).await.expect("roll-ups");
    compare_cells(&server, now, all, "a planned stop and a rate").await;
    changed["line"][0]["minor_stop_s"] = json!(900);
    changed["machine"][0]["silence_s"] = json!(60);
    server.set_up(changed).await;
    compare(&server, now, all, "other rules, cells not made again").await;
    catch_up(&server.app).await.expect("roll-ups");
    compare_cells(&server, now, all, "other rules").await;
    assert_eq!(made_to(&server).await, made, "everything is made again");
}

/// A machine that stands says so every few seconds; what it said months ago stays as it is.
async fn a_machine_that_stands_for_months_costs_nothing(place: &Place) {
    let from = at("2026-08-05T00:00:00Z");
    let hands = Hands::at(from);
    let server = Server::with(place, hands.clock(), plant()).await;
    let (_, key) = server.key("gateway", true, false).await;
    let heartbeat = |n: i64, at: TsMs| state(&format!("h{n}"), "M1", at, MachineState::Stopped);
    let now = TsMs(from.0 + 90 * DAY_MS);
    hands.set(now);
    let items: Vec<_> = (0..90 * 24 * 6)
        .map(|n| heartbeat(n, TsMs(from.0 + n * 10 * MINUTE_MS)))
        .collect();
    for batch in items.chunks(4000) {
        server.ingest(&key, batch).await;
    }
    catch_up(&server.app).await.expect("roll-ups");
    let line = server.app.plant.get().lines[0].id;
    let before = rollup::state(&mut server.snapshot().await, line)
        .await
        .expect("a state");
    assert!(before.due.is_empty() && before.made.is_some());
    server.ingest(&key, &[heartbeat(-1, now)]).await;
    let after = rollup::state(&mut server.snapshot().await, line)
        .await
        .expect("a state");
    assert_eq!(
        after, before,
        "{}: nothing is to be made again",
        place.engine
    );
}

async fn long_windows_are_put_together_from_quarters(place: &Place) {
    let from = at("2026-02-20T00:00:00Z");
    let days = 250;
    let now = TsMs(from.0 + days * DAY_MS);
    let server = Server::with(place, Hands::at(now).clock(), plant()).await;
    let (source, _) = server.key("gateway", true, false).await;
    let mut rng = chance(77);
    let few = scene(&server, source, from, days * 24, 900);
    let mut sent = facts(&mut rng, &few);
    sent.shuffle(&mut rng);
    let late = sent.split_off(895);
    let store = async |batch: &[ms5_floor::domain::fact::Fact]| {
        server.store(source, batch).await;
        catch_up(&server.app).await.expect("roll-ups");
    };
    store(&sent).await;
    let plant = server.app.plant.get();
    let site = plant.site.as_ref().expect("a site");
    let quarters = |window: Span| {
        cells::pieces(site, &plant.lines[0], window, Some(now))
            .cells
            .quarters
    };
    let all = Span::clamped(from, now);
    let of_two = quarters(all);
    let half_a_year = [at("2026-03-31T22:00:00Z"), at("2026-09-30T22:00:00Z")];
    assert!(
        of_two.from() <= half_a_year[0] + DurMs(DAY_MS)
            && of_two.to() + DurMs(DAY_MS) >= half_a_year[1],
        "April to September is two quarters: {of_two:?}"
    );
    compare_cells(&server, now, all, place.engine).await;
    for fact in late {
        store(std::slice::from_ref(&fact)).await;
        for _ in 0..6 {
            let mut edge =
                |from: i64, to: i64| rng.random_range(from * 1440..to * 1440) * MINUTE_MS;
            let (left, right) = (edge(-2, 60), edge(200, days + 2));
            let window = Span::clamped(TsMs(from.0 + left), TsMs(from.0 + right));
            compare(&server, now, window, &format!("after {fact:?}")).await;
        }
    }
}
