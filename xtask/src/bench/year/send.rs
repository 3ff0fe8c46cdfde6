//! Sends the year through the door: connections of their own, each for its lines, shift after shift.

use std::thread;

use anyhow::{Context, Result, anyhow, ensure};

use super::plant;
use super::story::{Story, Stretch};
use crate::bench::floor::{Server, bearer};
use crate::bench::http::{Connection, request};
use crate::stop;

/// Gateways that post at the same time, at most.
const GATEWAYS: usize = 10;
/// What one request may hold.
const BATCH: usize = 4_000;

/// Sends what all lines tell of `shifts` up to `until`; returns how many facts that were.
pub fn year(
    server: &Server,
    key: &str,
    lines: usize,
    shifts: &[Stretch],
    until: i64,
) -> Result<usize> {
    let gateways = GATEWAYS.min(lines);
    thread::scope(|scope| {
        let send = |gateway: usize| {
            let mut stories: Vec<Story> =
                (gateway..lines).step_by(gateways).map(Story::new).collect();
            let mut connection = Connection::open(server.port)?;
            let mut sent = 0;
            for shift in shifts {
                for story in &mut stories {
                    for batch in story.shift(*shift, until).chunks(BATCH) {
                        post(&mut connection, key, batch)?;
                        sent += batch.len();
                    }
                }
                stop::check()?;
            }
            anyhow::Ok(sent)
        };
        let senders: Vec<_> = (0..gateways)
            .map(|gateway| scope.spawn(move || send(gateway)))
            .collect();
        let mut sent = 0;
        for sender in senders {
            sent += sender
                .join()
                .map_err(|_| anyhow!("a sender came to grief"))??;
        }
        Ok(sent)
    })
}

/// Posts items, all of which must be taken.
pub fn post(connection: &mut Connection, key: &str, items: &[String]) -> Result<()> {
    let body = format!("{{\"items\":[{}]}}", items.join(","));
    let bearer = bearer(key);
    let post = request(
        "POST",
        "/api/v1/ingest",
        &[("Authorization", &bearer)],
        &body,
    );
    let answer = connection.ask(&post).context("sending a batch")?;
    let expected = format!("{{\"accepted\":{},", items.len());
    ensure!(
        answer.status == 200 && answer.body.starts_with(expected.as_bytes()),
        "a batch was not taken: {} {}",
        answer.status,
        String::from_utf8_lossy(answer.body.get(..300).unwrap_or(answer.body))
    );
    Ok(())
}

/// A stop of a minute that nobody has told yet.
pub fn late_stop(line: usize, of_line: usize, at: i64) -> String {
    let code = plant::machine(line, of_line);
    format!(
        "{{\"id\":\"{code}-late{at}\",\"machine\":\"{code}\",\"at\":{at},\"kind\":\"state\",\"state\":\"stopped\",\"fault\":\"F9\"}}"
    )
}

/// A piece made just now.
pub fn piece(line: usize, of_line: usize, at: i64) -> String {
    let code = plant::machine(line, of_line);
    format!(
        "{{\"id\":\"{code}-now{at}\",\"machine\":\"{code}\",\"at\":{at},\"kind\":\"count\",\"good\":1}}"
    )
}
