//! What browsers can be made to do to a site: sessions planted or stolen, forms sent by other sites, frames, scripts of
//! others, redirects, caches, bodies without end.

mod other_sites;
mod pages;
mod sessions;

use crate::browser::add_person;
use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::small_plant;

/// A plant with an administrator and an operator.
async fn served(place: &Place) -> (Server, Hands) {
    let hands = Hands::at(at("2026-07-06T10:00:00Z"));
    let server = Server::with(place, hands.clock(), small_plant()).await;
    add_person(&server, "ada", "admin").await;
    add_person(&server, "maria", "operator").await;
    (server, hands)
}
