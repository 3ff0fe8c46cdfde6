//! Everybody gets what the matrix of rights gives them, from every route, and whatever they are denied is on record.

use super::asks::{Ask, Seeds, whole_table};
use super::{Door, start};
use crate::cast::Actor;
use crate::harness::{Place, Server};
use axum::body::to_bytes;
use axum::http::{Method, StatusCode, header};
use axum::response::Response;
use ms5_floor::domain::ids::{AreaId, LineId};
use ms5_floor::domain::rights::Permission as P;
use ms5_floor::domain::rights::{DEFAULT_ROLES, Permission, PermissionSet, sets};
use ms5_floor::server::auth::access::Need;
use ms5_floor::server::auth::walls::Wall;
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
    /// A wall is led back to its page.
    LedBack,
}

/// Whether a wall that asks for this is led back to the page to which it is bound: it asks for another one.
fn leads_back(ask: &Ask, bound_to: &str) -> bool {
    let serves_pages = !["/api/", "/health/", "/pkg/"]
        .iter()
        .any(|p| ask.route.starts_with(p));
    let path = ask.path.split('?').next();
    ask.method == Method::GET
        && serves_pages
        && ask.route != "/device/{token}"
        && path != bound_to.split('?').next()
}

fn expected(server: &Server, ask: &Ask, actor: &Actor) -> Got {
    let plant = server.app.plant.get();
    let on_line = |permission| match ask.line {
        Some(code) => actor
            .rights
            .at(permission, plant.line(code).expect("a line").place()),
        None => actor.rights.anywhere(permission),
    };
    let mut need = ask.need;
    if let Some(page) = actor.bound_to() {
        if leads_back(ask, page) {
            return Got::LedBack;
        }
        if let Need::Line(permission) | Need::Site(permission) = need {
            let wall = Wall::of(page).expect("a page of walls");
            match wall.need_of(ask.method.as_str(), ask.route) {
                Some(of_wall) => need = of_wall,
                None => return Got::Lacks(permission),
            }
        }
    }
    match need {
        Need::Anyone => Got::In,
        Need::Person if actor.is_person() => Got::In,
        _ if !actor.is_somebody() => Got::SayWho,
        Need::Person => Got::SayWho,
        Need::Line(permission) | Need::Either(permission, _) | Need::Site(permission)
            if actor.is_key() && ask.route.starts_with("/admin/") =>
        {
            Got::Lacks(permission)
        }
        // A stream that tells of a line's page needs what the page needs.
        Need::Line(permission)
            if on_line(permission) && ask.route == "/api/v1/live" && !on_line(P::LineRead) =>
        {
            Got::Lacks(P::LineRead)
        }
        Need::Line(permission) if on_line(permission) => Got::In,
        Need::Either(one, _) if on_line(one) => Got::In,
        // The lesser one is enough for what is one's own, and no call here is.
        Need::Either(one, other) if on_line(other) => {
            if ask.of_call {
                Got::Lacks(one)
            } else {
                Got::In
            }
        }
        Need::Site(permission) if actor.rights.on_site(permission) => Got::In,
        Need::Line(permission) | Need::Either(permission, _) | Need::Site(permission) => {
            Got::Lacks(permission)
        }
    }
}

/// What came back, read against what was expected.
async fn got(response: Response, (ask, expected): (&Ask, Got)) -> Got {
    let status = response.status();
    let location = response
        .headers()
        .get(header::LOCATION)
        .and_then(|h| h.to_str().ok())
        .unwrap_or_default();
    let to_sign_in = status == StatusCode::SEE_OTHER && location.starts_with("/sign-in");
    let to_sign_on = status == StatusCode::SEE_OTHER && location.starts_with("/sign-on");
    let told = status == StatusCode::SEE_OTHER && location.contains("said=forbidden");
    assert!(!status.is_server_error(), "{status}");
    if status == StatusCode::SEE_OTHER
        && expected == Got::LedBack
        && !location.starts_with("/sign-")
    {
        return Got::LedBack;
    }
    match (status, expected) {
        (StatusCode::UNAUTHORIZED, _) => Got::SayWho,
        (_, Got::SayWho | Got::Lacks(_)) if to_sign_in => Got::SayWho,
        // At a shared tablet somebody who signs on may be let in.
        (_, Got::SayWho | Got::Lacks(_)) if to_sign_on => expected,
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
        _ => {
            // Who is let in gets as far as what there is.
            let missed = [
                StatusCode::NOT_FOUND,
                StatusCode::METHOD_NOT_ALLOWED,
                StatusCode::BAD_REQUEST,
            ];
            assert!(
                !ask.of_call || !missed.contains(&status),
                "{} {}: {status}",
                ask.method,
                ask.path
            );
            Got::In
        }
    }
}

/// Everybody of the walk.
async fn everybody(server: &Server) -> Vec<Actor> {
    let plant = server.app.plant.get();
    let here = plant.line("L1").expect("L1");
    let (line, area): (LineId, AreaId) = (here.id, here.area_id);
    let mut all = vec![Actor::nobody()];
    for role in DEFAULT_ROLES {
        all.push(Actor::person(server, role.code, None).await);
        all.push(Actor::person(server, role.code, Some(line)).await);
    }
    for role in ["admin", "engineer", "operator"] {
        all.push(Actor::person_in(server, role, area).await);
    }
    let tablet = Actor::tablet(server, "Tablet", line).await;
    for role in ["admin", "operator"] {
        all.push(tablet.with(server, role).await);
    }
    all.push(tablet);
    all.push(Actor::key(server, "everything", PermissionSet::all(), None).await);
    all.push(Actor::key(server, "everything on L1", PermissionSet::all(), Some(line)).await);
    all.push(Actor::key(server, "sender", sets::SEND, None).await);
    all.push(Actor::wall(server, "/lines/L1", Some(line)).await);
    all.push(Actor::wall(server, "/", None).await);
    all.push(Actor::wall(server, "/andon", None).await);
    all
}

async fn everybody_gets_what_the_matrix_gives_them_and_denials_are_on_record(place: &Place) {
    let server = start(place).await;
    let door = Door::of(&server);
    let everybody = everybody(&server).await;
    let mut wrong = Vec::new();
    let mut denials: Vec<(String, String, String)> = Vec::new();
    let seeds = Seeds::sow(&server).await;
    for ask in whole_table(seeds) {
        for actor in &everybody {
            let wanted = expected(&server, &ask, actor);
            let answer = got(door.ask(&server, &ask, actor).await, (&ask, wanted)).await;
            if answer != wanted {
                wrong.push(format!(
                    "{} {} as {}: {answer:?}, not {wanted:?}",
                    ask.method, ask.path, actor.name
                ));
            }
            let lacks = match (wanted, ask.need) {
                (Got::Lacks(permission), _) => Some(permission.name()),
                // Nobody at all is denied nothing, and neither is a tablet on which nobody is.
                (Got::SayWho, Need::Person) if actor.is_key() || actor.bound_to().is_some() => {
                    Some("person")
                }
                _ => None,
            };
            if let Some(lacks) = lacks {
                let name = actor.name.trim_start_matches("key ").to_owned();
                denials.push((name, ask.route.to_owned(), lacks.to_owned()));
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
