//! A fact that comes days late: how soon it is stored, and how soon figures come from roll-ups again.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::ask::{Asker, Times};
use super::chance::Chance;
use super::plant::MACHINES_PER_LINE;
use super::send;
use super::story::Stretch;
use crate::bench::floor::Server;
use crate::bench::http::Connection;
use crate::stop;

const DAY: i64 = 86_400_000;
const LATE: i64 = 3 * DAY;
const FACTS: usize = 20;
/// How closely it is watched.
const POLL: Duration = Duration::from_millis(20);
const BOUND: Duration = Duration::from_secs(60);

/// From sending until the answer, and until roll-ups are made again.
pub fn facts(
    server: &Server,
    asker: &mut Asker<'_>,
    key: &str,
    lines: usize,
    shifts: &[Stretch],
    now: i64,
) -> Result<(Times, Times)> {
    let mut chance = Chance::new(4);
    let (mut answered, mut made) = (Times::default(), Times::default());
    let mut posting = Connection::open(server.port)?;
    // The last shift that ended so long ago; of a very short year, the first.
    let ended = shifts.iter().rev().find(|s| s.to <= now - LATE);
    let Some(shift) = ended.or(shifts.first()) else {
        return Ok((answered, made));
    };
    for _ in 0..FACTS {
        // Not a full second: no other fact is of this moment.
        let at = chance.between(shift.from / 1_000, shift.to / 1_000) * 1_000 + 7;
        let late = send::late_stop(chance.place(lines), chance.place(MACHINES_PER_LINE), at);
        let sent = Instant::now();
        send::post(&mut posting, key, &[late])?;
        answered.add(sent);
        while !asker.caught_up()? {
            ensure!(sent.elapsed() < BOUND, "roll-ups are not made again");
            stop::pause(POLL)?;
        }
        made.add(sent);
    }
    Ok((answered, made))
}
