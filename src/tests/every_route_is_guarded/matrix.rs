//! Everybody gets what the matrix of rights gives them, from every route, and whatever they are denied is on record.

use super::asks::{Ask, whole_table};
use super::{Door, start};
use crate::cast::Actor;
use crate::harness::{Place, Server};
use axum::body::to_bytes;
use axum::http::{StatusCode, header};
use axum::response::Response;
use ms5_floor::domain::ids::LineId;
use ms5_floor::domain::rights::{DEFAULT_ROLES, Permission, PermissionSet, sets};
use ms5_floor::server::auth::access::Need;
use ms5_floor::server::db::audit;

on_both! {
    everybody_gets_what_the_matrix_gives_them_and_denials_are_on_record,
}

/// What somebody who asks gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Got {
    /// They are let in, whatever comes of it.
    In,
    /// They are asked who they are.
    SayWho,
    /// They lack something.
    Lacks(Permission),
}

fn expected(server: &Server, ask: &Ask, actor: &Actor) -> Got {
    let plant = server.app.plant.get();
    let on_line = |permission| match ask.line {
        Some(code) => actor
            .rights
            .at(permission, plant.line(code).expect("a line").place()),
        None => actor.rights.anywhere(permission),
    };
    match ask.need {
        Need::Anyone => Got::In,
        Need::Person if actor.is_person() => Got::In,
        _ if !actor.is_somebody() => Got::SayWho,
        Need::Person => Got::SayWho,
        Need::Line(permission) | Need::Either(permission, _) | Need::Site(permission)
            if actor.is_key() && ask.route.starts_with("/admin/") =>
        {
            Got::Lacks(permission)
        }
        Need::Line(permission) if on_line(permission) => Got::In,
        Need::Either(one, other) if on_line(one) || on_line(other) => Got::In,
        Need::Site(permission) if actor.rights.on_site(permission) => Got::In,
        Need::Line(permission) | Need::Either(permission, _) | Need::Site(permission) => {
            Got::Lacks(permission)
        }
    }
}

/// What came back, read against what was expected.
async fn got(response: Response, expected: Got) -> Got {
    let status = response.status();
    let location = response
        .headers()
        .get(header::LOCATION)
        .and_then(|h| h.to_str().ok())
        .unwrap_or_default();
    let to_sign_in = status == StatusCode::SEE_OTHER && location.starts_with("/sign-in");
    let told = status == StatusCode::SEE_OTHER && location.contains("said=forbidden");
    assert!(!status.is_server_error(), "{status}");
    match (status, expected) {
        (StatusCode::UNAUTHORIZED, _) => Got::SayWho,
        (_, Got::SayWho | Got::Lacks(_)) if to_sign_in => Got::SayWho,
        // A form of a page leads back to it, and the page says so.
        (_, Got::Lacks(permission)) if told => Got::Lacks(permission),
        (StatusCode::FORBIDDEN, expected) => {
            let body = to_bytes(response.into_body(), 1 << 20)
                .await
                .expect("a body");
            let text = String::from_utf8_lossy(&body).into_owned();
            match expected {
                Got::Lacks(permission) if text.contains(permission.name()) => {
                    Got::Lacks(permission)
                }
                other => {
                    panic!("403 that does not name what is missing; expected {other:?}: {text}")
                }
            }
        }
        // A stream never ends: its body is not looked at.
        _ => Got::In,
    }
}

/// Everybody of the walk.
async fn everybody(server: &Server) -> Vec<Actor> {
    let line: LineId = server.app.plant.get().line("L1").expect("L1").id;
    let mut all = vec![Actor::nobody()];
    for role in DEFAULT_ROLES {
        all.push(Actor::person(server, role.code, None).await);
        all.push(Actor::person(server, role.code, Some(line)).await);
    }
    all.push(Actor::key(server, "everything", PermissionSet::all(), None).await);
    all.push(Actor::key(server, "everything on L1", PermissionSet::all(), Some(line)).await);
    all.push(Actor::key(server, "sender", sets::SEND, None).await);
    all.push(Actor::wall(server, "/lines/L1", line).await);
    all
}

async fn everybody_gets_what_the_matrix_gives_them_and_denials_are_on_record(place: &Place) {
    let server = start(place).await;
    let door = Door::of(&server);
    let everybody = everybody(&server).await;
    let mut wrong = Vec::new();
    let mut denials: Vec<(String, String, String)> = Vec::new();
    for ask in whole_table() {
        for actor in &everybody {
            let wanted = expected(&server, &ask, actor);
            let answer = got(door.ask(&server, &ask, actor).await, wanted).await;
            if answer != wanted {
                wrong.push(format!(
                    "{} {} as {}: {answer:?}, not {wanted:?}",
                    ask.method, ask.path, actor.name
                ));
            }
            if let Got::Lacks(permission) = wanted {
                let name = actor
                    .name
                    .trim_start_matches("key ")
                    .replace("wall", "Wall");
                denials.push((name, ask.route.to_owned(), permission.name().to_owned()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", place.engine, wrong.join("\n"));
    let mut on_record = Vec::new();
    let mut last = 0;
    loop {
        let rows = audit::after(&server.app.db, last, 500).await.expect("rows");
        let Some(newest) = rows.last() else { break };
        last = newest.seq;
        let denied = rows.into_iter().filter(|row| row.action == "denied");
        on_record.extend(denied.map(|row| (row.actor, row.target, row.was)));
    }
    // The same denial again within a minute is counted, not written down again.
    denials.sort();
    denials.dedup();
    on_record.sort();
    on_record.dedup();
    assert!(denials.len() > 100, "{} denials", denials.len());
    assert_eq!(
        denials, on_record,
        "{}: every denial is on record",
        place.engine
    );
}
