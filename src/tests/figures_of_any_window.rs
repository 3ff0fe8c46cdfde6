//! The API of figures: history adds up to the whole however it is cut, weeks and months follow the site's calendar, the
//! plant is the sum of its lines; and whatever cannot be asked is refused by name.

mod asking;
mod calendar;
mod sums;

use crate::chance::{chance, facts};
use crate::harness::{Hands, Place, Server, at};
use crate::windows_add_up::{plant, scene};
use ms5_floor::domain::time::{DAY_MS, TsMs};

const DAYS: i64 = 30;

/// The plant with random facts over thirty days from the first of October, seen at their end.
async fn server(place: &Place) -> (Server, TsMs) {
    let from = at("2026-10-01T00:00:00Z");
    let hands = Hands::at(TsMs(from.0 + DAYS * DAY_MS));
    let server = Server::with(place, hands.clock(), plant()).await;
    let (source, _) = server.key("gateway", true, false).await;
    let scene = scene(&server, source, from, DAYS * 24, 1500);
    let sent = facts(&mut chance(3), &scene);
    server.store(source, &sent).await;
    (server, from)
}
