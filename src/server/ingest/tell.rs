//! The way back: a fact as the item that tells it.

use crate::api::ingest::{Item, ItemKind};
use crate::domain::fact::{Fact, FactKind};
use crate::domain::ids::ProductId;
use crate::server::plant::Plant;

/// The item that [`Door::check`](super::check::Door::check) reads as this fact, for as long as the plant knows its
/// machine and product.
#[must_use]
pub fn item_of(fact: &Fact, plant: &Plant) -> Item {
    let machine = plant.machine(fact.machine).map(|(_, m)| m.code.clone());
    let code_of = |id: &ProductId| plant.product(*id).map(|p| p.code.clone());
    let kind = match &fact.kind {
        FactKind::State { .. } => ItemKind::State,
        FactKind::Fault { .. } => ItemKind::Fault,
        FactKind::Product { .. } => ItemKind::Product,
        FactKind::Count { .. } => ItemKind::Count,
        FactKind::Counter { .. } => ItemKind::Counter,
        FactKind::Measurement { .. } => ItemKind::Measurement,
    };
    let id = fact.item.clone();
    let mut item = Item::new(id, machine.unwrap_or_default(), fact.at, kind);
    match &fact.kind {
        FactKind::State { state, fault } => {
            item.state = Some(*state);
            item.fault.clone_from(fault);
        }
        FactKind::Fault { code, active } => {
            item.code = Some(code.clone());
            item.active = Some(*active);
        }
        FactKind::Product { product, job } => {
            item.product = product.as_ref().and_then(code_of);
            item.job.clone_from(job);
        }
        FactKind::Count { counts, product } => {
            item.good = Some(counts.good);
            item.scrap = Some(counts.scrap);
            item.rework = Some(counts.rework);
            item.ungraded = Some(counts.ungraded);
            item.product = product.as_ref().and_then(code_of);
        }
        FactKind::Counter { channel, value } => {
            item.channel = Some(*channel);
            item.value = Some(*value as f64);
        }
        FactKind::Measurement { name, value, unit } => {
            item.name = Some(name.clone());
            item.value = Some(*value);
            item.unit.clone_from(unit);
        }
    }
    item
}
