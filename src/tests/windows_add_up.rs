//! The figures of the API add up: a window cut into pieces gives the same account as the whole, wherever it is cut and
//! whenever it is asked for; and both are what the pure arithmetic gives for all facts.

use crate::chance::{Scene, chance, facts};
use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::small_plant;
use ms5_floor::domain::account::{Account, MinuteCount};
use ms5_floor::domain::fact::Fact;
use ms5_floor::domain::fold::fold;
use ms5_floor::domain::ids::SourceId;
use ms5_floor::domain::part::parts;
use ms5_floor::domain::reckon::{MachineWindow, account};
use ms5_floor::domain::time::{DurMs, HOUR_MS, MINUTE_MS, Span, TsMs};
use ms5_floor::domain::timeline::{Hearing, intervals};
use ms5_floor::server::calendar;
use ms5_floor::server::services::oee::calculate_oee;
use rand::Rng;
use serde_json::{Value, json};

on_both! { a_window_is_the_sum_of_its_pieces }

/// Two lines, one with a calendar and one without, and four machines of which some may not be silent for long.
pub fn plant() -> Value {
    let mut plant = small_plant();
    plant["shift"] = json!([
        {"name": "Early", "days": [1, 2, 3, 4, 5], "start": "06:00", "end": "14:00", "breaks": [{"start": "09:00", "end": "09:20"}]},
        {"name": "Night", "days": [1, 2, 3, 4, 5], "start": "22:00", "end": "04:00", "breaks": [{"start": "00:30", "end": "01:00"}]},
    ]);
    plant["line"][0]["shifts"] = json!(["Early", "Night"]);
    plant["line"]
        .as_array_mut()
        .expect("lines")
        .push(json!({"code": "L2", "name": "Line 2", "area": "A", "coupling": "parallel"}));
    plant["machine"][0]["silence_s"] = json!(600);
    plant["machine"].as_array_mut().expect("machines").extend([
        json!({"code": "M3", "name": "Press", "line": "L2", "silence_s": 60}),
        json!({"code": "M4", "name": "Saw", "line": "L2", "cycle_gap_s": 900}),
    ]);
    for machine in ["M2", "M3", "M4"] {
        let rate = json!({"machine": machine, "product": "P1", "units": 7, "per_s": 60});
        plant["rate"].as_array_mut().expect("rates").push(rate);
    }
    plant
}

/// What the pure arithmetic gives for one machine, from all its facts.
fn pure(server: &Server, code: &str, sent: &[Fact], window: Span, now: TsMs) -> Account {
    let plant = server.app.plant.get();
    let machine = server.machine(code);
    let (line, known) = plant.machine(machine).expect("the machine");
    let mine: Vec<Fact> = sent
        .iter()
        .filter(|f| f.machine == machine)
        .cloned()
        .collect();
    let (head, folded) = fold(&mine, &known.rules);
    let transitions: Vec<_> = folded.transitions.into_values().collect();
    let hearing = Hearing {
        last: head.last.map(|l| l.at),
        max_silence: known.rules.max_silence,
        counted: head.counted,
        cycle_gap: known.rules.cycle_gap,
        now,
    };
    let reach = DurMs(400 * 24 * HOUR_MS);
    let wide = Span::clamped(window.from() - reach, window.to() + reach);
    let minutes: Vec<MinuteCount> = folded
        .minutes
        .into_iter()
        .map(|((minute, product, made_in), counts)| MinuteCount {
            minute,
            product,
            made_in,
            counts,
        })
        .collect();
    let site = plant.site.as_ref().expect("a site");
    let of_machine = MachineWindow {
        parts: &parts(
            &intervals(&transitions, wide, hearing),
            &[],
            line.rules,
            |_| None,
        ),
        minutes: &minutes,
        schedule: &calendar::schedule(site, line, wide),
        rules: line.rules,
        first_fact: transitions.first().map(|t| t.from),
        there: Span::EVER,
        counted_elsewhere: false,
    };
    account(
        Span::clamped(window.from(), window.to().min(now)),
        &of_machine,
        |p, at| plant.rate(machine, p, at),
    )
}

/// Facts of a sender about all machines and products of [`plant`].
pub fn scene(server: &Server, source: SourceId, from: TsMs, hours: i64, facts: usize) -> Scene {
    Scene {
        sources: vec![source],
        machines: ["M1", "M2", "M3", "M4"].map(|m| server.machine(m)).to_vec(),
        products: vec![server.product("P1"), server.product("P2")],
        from,
        hours,
        facts,
    }
}

async fn a_window_is_the_sum_of_its_pieces(place: &Place) {
    let from = at("2026-07-05T20:00:00Z");
    let hands = Hands::at(from);
    let server = Server::with(place, hands.clock(), plant()).await;
    let (source, _) = server.key("gateway", true, false).await;
    let mut rng = chance(11);
    let scene = scene(&server, source, from, 30, 900);
    let sent = facts(&mut rng, &scene);
    for batch in sent.chunks(300) {
        server.store(source, batch).await;
    }
    let minute = |n: i64| TsMs(from.0 + n * MINUTE_MS);
    for case in 0..40 {
        // Also in the middle of the facts, as if the later ones came from clocks that run ahead, and long after.
        let now = TsMs(minute(rng.random_range(60..45 * 60)).0 + rng.random_range(0..MINUTE_MS));
        hands.set(now);
        let (a, b) = (
            rng.random_range(-120..40 * 60),
            rng.random_range(-120..40 * 60),
        );
        let window = Span::clamped(minute(a.min(b)), minute(a.max(b) + 1));
        let mut cuts: Vec<TsMs> = (0..rng.random_range(1..5))
            .map(|_| minute(rng.random_range(a.min(b)..=a.max(b))))
            .collect();
        cuts.extend([window.from(), window.to()]);
        cuts.sort();
        cuts.dedup();
        for line in ["L1", "L2"] {
            let what = format!(
                "{}, case {case}, {line}, {window:?} cut at {cuts:?}, asked at {now:?}",
                place.engine
            );
            let whole = calculate_oee(
                &crate::harness::by_the_program(&server.app),
                line,
                window.from().0,
                window.to().0,
            )
            .await
            .expect(&what);
            let mut sums = vec![Account::default(); whole.machines.len() + 2];
            for pair in cuts.windows(2) {
                let part = calculate_oee(
                    &crate::harness::by_the_program(&server.app),
                    line,
                    pair[0].0,
                    pair[1].0,
                )
                .await
                .expect(&what);
                sums[0] += part.assets.account;
                sums[1] += part.line.map(|l| l.account).unwrap_or_default();
                for (sum, machine) in sums[2..].iter_mut().zip(&part.machines) {
                    *sum += machine.account;
                }
            }
            assert_eq!(
                sums[0], whole.assets.account,
                "{what}: assets (sum of pieces, whole)"
            );
            assert_eq!(
                sums[1],
                whole.line.map(|l| l.account).unwrap_or_default(),
                "{what}: line (sum of pieces, whole)"
            );
            for (sum, machine) in sums[2..].iter().zip(&whole.machines) {
                assert_eq!(
                    *sum, machine.account,
                    "{what}: {} (sum of pieces, whole)",
                    machine.code
                );
                let pure = pure(&server, &machine.code, &sent, window, now);
                assert_eq!(
                    machine.account, pure,
                    "{what}: {} (served, pure)",
                    machine.code
                );
                assert_eq!(
                    machine.account.calendar(),
                    Span::clamped(window.from(), window.to().min(now)).len()
                );
            }
        }
    }
}
