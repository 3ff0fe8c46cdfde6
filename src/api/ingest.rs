//! What machines and connectors send to `POST /api/v1/ingest`, and what they are told.
//!
//! ```json
//! {"items": [
//!   {"id": "7f3a", "machine": "BAG1", "at": "2026-11-23T10:00:00Z", "kind": "state", "state": "stopped", "fault": "F44"},
//!   {"id": "7f3b", "machine": "BAG1", "at": 1795428060000, "kind": "count", "good": 12, "scrap": 1}
//! ]}
//! ```

use crate::domain::fact::Channel;
use crate::domain::machine_state::MachineState;
use crate::domain::time::TsMs;
use serde::{Deserialize, Serialize};

/// The largest body of one batch in bytes.
pub const MAX_BATCH_BYTES: usize = 1024 * 1024;
/// The most items in one batch.
pub const MAX_BATCH_ITEMS: usize = 5_000;

/// What an item tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// `state`, optional `fault`: the machine went into a state.
    State,
    /// `good`, `scrap`, `rework`, `ungraded`, optional `product`: pieces made since the last report.
    Count,
    /// `channel`, `value`: the reading of an absolute counter.
    Counter,
    /// `code`, `active`: a fault bit was set or cleared.
    Fault,
    /// `product` and/or `job`: another product or job is on the machine.
    Product,
    /// `name`, `value`, optional `unit`: a free measurement.
    Measurement,
}

/// When: epoch milliseconds, or RFC 3339 text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum At {
    /// Epoch milliseconds.
    Ms(TsMs),
    /// RFC 3339, such as `2026-11-23T10:00:00.5Z`.
    Text(String),
}

/// One item of a batch. Which fields belong to it is told by its kind; a field that does not is an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Made by the sender, at most 100 characters, kept and used again on a retry.
    pub id: String,
    /// The machine's code.
    pub machine: String,
    /// When it happened.
    pub at: At,
    /// What it tells.
    pub kind: ItemKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<MachineState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scrap: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rework: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ungraded: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

impl Item {
    /// An item with nothing but its head; the fields of its kind are filled in by the caller.
    #[must_use]
    pub fn new(id: String, machine: String, at: TsMs, kind: ItemKind) -> Self {
        Self {
            id,
            machine,
            at: At::Ms(at),
            kind,
            state: None,
            fault: None,
            good: None,
            scrap: None,
            rework: None,
            ungraded: None,
            product: None,
            job: None,
            channel: None,
            value: None,
            code: None,
            active: None,
            name: None,
            unit: None,
        }
    }
}

/// A batch as it is sent; each item is read by itself, so that a wrong one does not refuse the others.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Batch {
    /// At most 5,000 items.
    pub items: Vec<Item>,
}

/// What became of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ItemStatus {
    /// Stored for good.
    Accepted,
    /// Stored before, with the same content.
    Duplicate,
    /// Not stored as a fact; kept in quarantine with the reason.
    Rejected,
}

/// The answer to one item, in the order of the batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ItemResult {
    /// The sender's id; empty when the item had none that could be read.
    pub id: String,
    /// What became of it.
    pub status: ItemStatus,
    /// Why it was rejected, for programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Why it was rejected, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// The answer to a batch, given after everything accepted is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct BatchAnswer {
    /// How many were stored.
    pub accepted: usize,
    /// How many were known already.
    pub duplicate: usize,
    /// How many were put into quarantine.
    pub rejected: usize,
    /// Item by item.
    pub results: Vec<ItemResult>,
}
