//! Appends what is new in a group of batches, and says of every item what became of it.

use super::check::Refusal;
use super::tell::item_of;
use super::writer::Checked;
use crate::api::ingest::{ItemResult, ItemStatus};
use crate::domain::fact::Fact;
use crate::domain::ids::{MachineId, Seq, SourceId};
use crate::domain::time::TsMs;
use crate::server::db::Tx;
use crate::server::db::facts::{self, NewFact};
use crate::server::db::quarantine::Held;
use crate::server::plant::Plant;
use std::collections::{BTreeMap, HashMap};

/// What one sender sent at once.
#[derive(Clone, Copy)]
pub(super) struct Batch<'a> {
    pub source: SourceId,
    pub items: &'a [Checked],
}

impl<'a> Batch<'a> {
    fn facts(self) -> impl Iterator<Item = &'a NewFact> {
        self.items.iter().filter_map(|item| item.as_ref().ok())
    }
}

/// What is new in a group of batches.
#[derive(Default)]
pub(super) struct Fresh {
    /// Batch by batch, item by item.
    pub results: Vec<Vec<ItemResult>>,
    pub added: usize,
    pub by_machine: BTreeMap<MachineId, Vec<Fact>>,
    pub held: Vec<Held>,
}

fn result(id: &str, status: ItemStatus) -> ItemResult {
    ItemResult {
        id: id.to_owned(),
        status,
        code: None,
        detail: None,
    }
}

fn refusal(refusal: &Refusal) -> ItemResult {
    let (code, detail) = (Some(refusal.code.to_owned()), Some(refusal.detail.clone()));
    ItemResult {
        id: refusal.id.clone(),
        status: ItemStatus::Rejected,
        code,
        detail,
    }
}

fn same_content(a: &NewFact, b: &NewFact) -> bool {
    a.fact.machine == b.fact.machine && a.fact.at == b.fact.at && a.body == b.body
}

/// What is already known under an identity.
enum Known<'a> {
    /// It stands earlier in the same group.
    Here(&'a NewFact),
    /// It was stored before.
    Stored(facts::StoredIdentity),
}

impl Known<'_> {
    fn is_same(&self, new: &NewFact) -> bool {
        match self {
            Self::Here(first) => same_content(first, new),
            Self::Stored(s) => {
                s.machine_id == new.fact.machine.0 && s.at_ms == new.fact.at.0 && s.body == new.body
            }
        }
    }
}

/// Appends what is new in the group and answers every item.
pub(super) async fn append(
    tx: &mut Tx,
    group: &[Batch<'_>],
    plant: &Plant,
    before: Seq,
    now: TsMs,
) -> sqlx::Result<Fresh> {
    let mut first: HashMap<(SourceId, &str), &NewFact> = HashMap::new();
    let mut unique: Vec<&NewFact> = Vec::new();
    for new in group.iter().copied().flat_map(Batch::facts) {
        first
            .entry((new.fact.source, new.fact.item.as_str()))
            .or_insert_with(|| {
                unique.push(new);
                new
            });
    }
    let added = facts::append(tx, &unique, now).await?;
    let stored = if added == unique.len() {
        HashMap::new()
    } else {
        stored_before(tx, &unique, before).await?
    };
    let mut fresh = Fresh {
        added,
        ..Fresh::default()
    };
    for Batch { source, items } in group {
        let mut answers = Vec::with_capacity(items.len());
        for item in *items {
            answers.push(match item {
                Err((why, text)) => {
                    fresh.held.push(held(*source, why, text));
                    refusal(why)
                }
                Ok(new) => {
                    let identity = (new.fact.source, new.fact.item.as_str());
                    let known = match (stored.get(&identity), first.get(&identity)) {
                        (Some(s), _) => Some(Known::Stored(s.clone())),
                        (None, Some(f)) if !std::ptr::eq(*f, new) => Some(Known::Here(f)),
                        _ => None,
                    };
                    answer(new, known, (*source, plant), &mut fresh)
                }
            });
        }
        fresh.results.push(answers);
    }
    Ok(fresh)
}

fn answer(
    new: &NewFact,
    known: Option<Known<'_>>,
    (source, plant): (SourceId, &Plant),
    fresh: &mut Fresh,
) -> ItemResult {
    match known {
        None => {
            fresh
                .by_machine
                .entry(new.fact.machine)
                .or_default()
                .push(new.fact.clone());
            result(&new.fact.item, ItemStatus::Accepted)
        }
        Some(known) if known.is_same(new) => result(&new.fact.item, ItemStatus::Duplicate),
        Some(_) => {
            let why = Refusal {
                id: new.fact.item.clone(),
                code: "conflict",
                detail: "id: already stored with another content".to_owned(),
            };
            let text = serde_json::to_string(&item_of(&new.fact, plant)).unwrap_or_default();
            fresh.held.push(held(source, &why, &text));
            refusal(&why)
        }
    }
}

fn held(source: SourceId, why: &Refusal, text: &str) -> Held {
    Held {
        source,
        item: why.id.clone(),
        code: why.code,
        detail: why.detail.clone(),
        text: text.to_owned(),
    }
}

/// Which of these identities were stored before this transaction, and with what.
async fn stored_before<'a>(
    tx: &mut Tx,
    unique: &[&'a NewFact],
    before: Seq,
) -> sqlx::Result<HashMap<(SourceId, &'a str), facts::StoredIdentity>> {
    let mut by_source: BTreeMap<SourceId, Vec<&'a str>> = BTreeMap::new();
    for new in unique {
        by_source
            .entry(new.fact.source)
            .or_default()
            .push(&new.fact.item);
    }
    let mut out = HashMap::new();
    for (source, items) in by_source {
        let rows = facts::find(tx, source, &items).await?;
        let mut rows: HashMap<String, _> = rows
            .into_iter()
            .filter(|r| r.seq <= before.0)
            .map(|r| (r.item_id.clone(), r))
            .collect();
        out.extend(
            items
                .into_iter()
                .filter_map(|item| Some(((source, item), rows.remove(item)?))),
        );
    }
    Ok(out)
}
