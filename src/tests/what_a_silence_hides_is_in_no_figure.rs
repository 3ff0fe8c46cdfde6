//! Pieces that a counter tells after a silence were made in it: they are in the total and in no figure of known time; for
//! machine and line, from the timeline and from roll-ups, in whatever order the facts came.

use crate::chance::chance;
use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::two_shifts;
use ms5_floor::api::oee::LineOee;
use ms5_floor::domain::account::Account;
use ms5_floor::domain::fact::{Channel, Fact, FactKind};
use ms5_floor::domain::figure::Figure;
use ms5_floor::domain::ids::SourceId;
use ms5_floor::domain::machine_state::MachineState::{self, PlannedStop, Running};
use ms5_floor::domain::time::{HOUR_MS, MINUTE_MS, TsMs};
use ms5_floor::server::rollup::make::catch_up;
use ms5_floor::server::services::analysis::analysis;
use ms5_floor::server::services::oee::calculate_oee;
use rand::seq::SliceRandom;
use serde_json::json;

on_both! {
    a_half_known_morning_is_judged_by_its_known_half,
    the_line_is_judged_by_the_known_time_of_the_machine_that_sets_its_pace,
}

/// Half the ideal speed of M1.
const A_MINUTE: i64 = 30;

/// What a machine says, second by second of the morning.
struct Told<'a> {
    server: &'a Server,
    source: SourceId,
    from: TsMs,
    facts: Vec<Fact>,
}

impl Told<'_> {
    fn say(&mut self, machine: &str, second: i64, kind: FactKind) {
        self.facts.push(Fact {
            source: self.source,
            item: format!("{:05}", self.facts.len()),
            machine: self.server.machine(machine),
            at: TsMs(self.from.0 + second * 1000),
            kind,
        });
    }

    fn state(&mut self, machine: &str, minute: i64, state: MachineState) {
        let kind = FactKind::State { state, fault: None };
        self.say(machine, minute * 60, kind);
    }

    fn product(&mut self, machine: &str) {
        let kind = FactKind::Product {
            product: Some(self.server.product("P1")),
            job: None,
        };
        self.say(machine, 0, kind);
    }

    /// The readings in the middle of each of these minutes.
    fn readings(&mut self, machine: &str, minutes: std::ops::Range<i64>) {
        for minute in minutes {
            let kind = FactKind::Counter {
                channel: Channel::Good,
                value: minute * A_MINUTE,
            };
            self.say(machine, minute * 60 + 30, kind);
        }
    }
}

/// Line L1 at nine in the morning of a Monday, with a key.
async fn morning(place: &Place) -> (Server, Hands, SourceId, TsMs) {
    let from = at("2026-07-06T06:00:00+02:00");
    let hands = Hands::at(TsMs(from.0 + 3 * HOUR_MS));
    let mut plant = two_shifts();
    for machine in plant["machine"].as_array_mut().expect("machines") {
        machine["silence_s"] = json!(120);
    }
    let server = Server::with(place, hands.clock(), plant).await;
    let (source, _) = server.key("gateway", true, false).await;
    (server, hands, source, from)
}

async fn store(server: &Server, source: SourceId, mut facts: Vec<Fact>) {
    facts.shuffle(&mut chance(31));
    for batch in facts.chunks(50) {
        server.store(source, batch).await;
    }
}

async fn figures(server: &Server, from: TsMs) -> LineOee {
    calculate_oee(
        &crate::harness::by_the_program(&server.app),
        "L1",
        from.0,
        from.0 + 3 * HOUR_MS,
    )
    .await
    .expect("figures")
}

fn line(oee: &LineOee) -> Account {
    oee.line.as_ref().expect("a line").account
}

async fn a_half_known_morning_is_judged_by_its_known_half(place: &Place) {
    let (server, hands, source, from) = morning(place).await;
    let mut told = Told {
        server: &server,
        source,
        from,
        facts: vec![],
    };
    for machine in ["M1", "M2"] {
        told.product(machine);
        told.state(machine, 0, Running);
        // From half a minute before seven to eight o'clock nothing is heard.
        told.readings(machine, 0..60);
        told.state(machine, 120, Running);
        told.readings(machine, 120..180);
        told.state(machine, 180, Running);
    }
    let facts = told.facts;
    store(&server, source, facts).await;
    let judge = |oee: &LineOee, when: &str| {
        let known = (2 * HOUR_MS - MINUTE_MS / 2) as f64;
        for (account, whose) in [(line(oee), "line"), (oee.machines[0].account, "machine")] {
            let what = format!("{} {when}: {whose}", place.engine);
            assert_eq!(account.unknown.0, HOUR_MS + MINUTE_MS / 2, "{what}");
            assert_eq!(account.in_unknown.good, 61 * A_MINUTE, "{what}");
            assert_eq!(
                account.ideal_in_unknown.0,
                61 * A_MINUTE * 1_000_000_000,
                "{what}"
            );
            assert_eq!(account.counts.good, 118 * A_MINUTE, "{what}");
            assert_eq!(account.pieces(), 179 * A_MINUTE, "{what}: all pieces");
            let ideal = (118 * A_MINUTE * 1000) as f64;
            assert_eq!(account.oee(), Figure::Known(ideal / known), "{what}");
        }
    };
    judge(&figures(&server, from).await, "from the timeline");
    let app = &server.app;
    let sheet = analysis(
        &crate::harness::by_the_program(app),
        "L1",
        &ms5_floor::api::analysis::Choice::default(),
    )
    .await
    .map(|a| a.account.in_unknown.good);
    assert_eq!(sheet.ok(), Some(61 * A_MINUTE), "{}", place.engine);
    let page = server.get("/lines/L1", None).await;
    let page = String::from_utf8_lossy(&page.body).into_owned();
    assert!(
        page.contains("1,830 pieces made while nothing was heard"),
        "{}: {page}",
        place.engine
    );
    hands.set(TsMs(from.0 + 40 * 24 * HOUR_MS));
    catch_up(app).await.expect("roll-ups");
    judge(&figures(&server, from).await, "from roll-ups");
}

async fn the_line_is_judged_by_the_known_time_of_the_machine_that_sets_its_pace(place: &Place) {
    let (server, hands, source, from) = morning(place).await;
    let mut told = Told {
        server: &server,
        source,
        from,
        facts: vec![],
    };
    // The filler runs for an hour, is silent for an hour, stands on purpose for half an hour, and runs again; the packer
    // takes a planned stop of its own and empties the belts all the time.
    told.product("M1");
    told.state("M1", 0, Running);
    told.readings("M1", 0..60);
    told.state("M1", 60, Running);
    told.state("M1", 120, PlannedStop);
    told.readings("M1", 120..150);
    told.state("M1", 150, Running);
    told.readings("M1", 150..180);
    told.state("M1", 180, Running);
    told.product("M2");
    told.state("M2", 0, Running);
    told.readings("M2", 0..30);
    told.state("M2", 30, PlannedStop);
    told.readings("M2", 30..50);
    told.state("M2", 50, Running);
    told.readings("M2", 50..180);
    let facts = told.facts;
    store(&server, source, facts).await;
    let judge = |oee: &LineOee, when: &str| {
        let (what, a) = (format!("{} {when}", place.engine), line(oee));
        let minutes = |n: i64| n * MINUTE_MS;
        assert_eq!(
            [a.run.0, a.planned.0, a.unknown.0],
            [minutes(90), minutes(30), minutes(60)],
            "{what}"
        );
        // The first reading is where counting starts.
        assert_eq!(a.counts.good, 89 * A_MINUTE, "{what}");
        assert_eq!(a.in_unknown.good, 60 * A_MINUTE, "{what}");
        assert_eq!(a.unscheduled.good, 30 * A_MINUTE, "{what}");
        let own = oee.machines[1].account;
        assert_eq!(
            own.unscheduled.good,
            20 * A_MINUTE,
            "{what}: the packer's own"
        );
        assert_eq!(own.in_unknown.good, 0, "{what}: the packer's own");
    };
    judge(&figures(&server, from).await, "from the timeline");
    hands.set(TsMs(from.0 + 40 * 24 * HOUR_MS));
    catch_up(&server.app).await.expect("roll-ups");
    judge(&figures(&server, from).await, "from roll-ups");
}
