//! From an item as it was sent to a fact, or to the reason why it is none.

use crate::api::ingest::{At, Item, ItemKind};
use crate::domain::fact::{Counts, Fact, FactKind};
use crate::domain::ids::{MachineId, ProductId, SourceId};
use crate::domain::rights::{Permission, Rights};
use crate::domain::time::{DAY_MS, DurMs, MINUTE_MS, TsMs};
use crate::server::db::facts::NewFact;
use crate::server::plant::Plant;

/// Items older than this need a key that may backfill.
pub const MAX_AGE: DurMs = DurMs(7 * DAY_MS);
/// Items further ahead than this need a key that may backfill; clocks differ a little.
pub const MAX_AHEAD: DurMs = DurMs(2 * MINUTE_MS);
/// Nothing is older than this, whatever the key may do: it is a clock that was never set, and every figure since then would
/// have to be kept.
pub const MEMORY: DurMs = DurMs(10 * 366 * DAY_MS);
/// The most pieces that one item can report, and the largest counter reading.
pub const MAX_PIECES: i64 = 1_000_000_000_000;
/// The code of what is refused because the sender may not send for the line.
pub const FORBIDDEN_LINE: &str = "forbidden_line";
/// The longest id, code, job or name in bytes.
const MAX_TEXT: usize = 100;

/// Why an item is not a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The sender's id, as far as it could be read.
    pub id: String,
    /// For programs.
    pub code: &'static str,
    /// For people.
    pub detail: String,
}

/// What an item is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Door<'a> {
    /// Who sends.
    pub source: SourceId,
    /// Whether any age is allowed.
    pub may_backfill: bool,
    /// What the sender may do, and on which lines.
    pub rights: &'a Rights,
    /// The plant model.
    pub plant: &'a Plant,
    /// Now.
    pub now: TsMs,
}

impl Door<'_> {
    /// Reads one item from its JSON text.
    ///
    /// # Errors
    /// The reason why it is not a fact.
    pub fn check(&self, text: &str) -> Result<NewFact, Refusal> {
        let item: Item = serde_json::from_str(text).map_err(|e| Refusal {
            id: readable_id(text),
            code: "malformed_item",
            detail: printable(&e.to_string()),
        })?;
        self.check_item(&item)
    }

    /// Reads one item that was made in this program.
    ///
    /// # Errors
    /// The reason why it is not a fact.
    pub fn check_item(&self, item: &Item) -> Result<NewFact, Refusal> {
        self.fact(item).map_err(|(code, detail)| Refusal {
            id: clip(&item.id),
            code,
            detail: printable(&detail),
        })
    }

    fn fact(&self, item: &Item) -> Result<NewFact, (&'static str, String)> {
        text("id", Some(&item.id))?;
        let machine = self.plant.machine_id(&item.machine);
        let machine = machine.ok_or_else(|| {
            (
                "unknown_machine",
                format!("machine: '{}' is not known", item.machine),
            )
        })?;
        if !self.may_send_of(machine) {
            let problem = format!(
                "machine: the key may not send for the line of '{}'",
                item.machine
            );
            return Err((FORBIDDEN_LINE, problem));
        }
        let at = self.instant(&item.at)?;
        let kind = self.kind(item)?;
        let body = serde_json::to_string(&kind).map_err(|e| ("malformed_item", e.to_string()))?;
        Ok(NewFact {
            fact: Fact {
                source: self.source,
                item: item.id.clone(),
                machine,
                at,
                kind,
            },
            body,
        })
    }

    fn may_send_of(&self, machine: MachineId) -> bool {
        let line = self.plant.machine(machine).map(|(line, _)| line);
        line.is_some_and(|line| self.rights.at(Permission::IngestWrite, line.place()))
    }

    fn instant(&self, at: &At) -> Result<TsMs, (&'static str, String)> {
        let at = match at {
            At::Ms(at) => *at,
            At::Text(text) => {
                let parsed = text.parse::<jiff::Timestamp>();
                let parsed = parsed
                    .map_err(|e| ("invalid_value", format!("at: not an RFC 3339 time: {e}")))?;
                TsMs(parsed.as_millisecond())
            }
        };
        // Beyond the years 1970 to 2200 a value is not a time but a mistake in the unit.
        if !(0..7_258_118_400_000).contains(&at.0) {
            return Err((
                "invalid_value",
                format!("at: {} is not a time in epoch milliseconds", at.0),
            ));
        }
        if self.now - at > MEMORY {
            return Err((
                "too_long_ago",
                "at: more than 10 years ago; is the sender's clock set?".to_owned(),
            ));
        }
        if !self.may_backfill && self.now - at > MAX_AGE {
            return Err((
                "too_old",
                "at: more than 7 days ago; the key may not backfill".to_owned(),
            ));
        }
        if !self.may_backfill && at - self.now > MAX_AHEAD {
            return Err((
                "too_far_ahead",
                "at: more than 2 minutes in the future".to_owned(),
            ));
        }
        Ok(at)
    }

    fn kind(&self, item: &Item) -> Result<FactKind, (&'static str, String)> {
        self.only_own_fields(item)?;
        match item.kind {
            ItemKind::State => {
                let state = item.state.ok_or_else(|| missing("state"))?;
                if state == crate::domain::machine_state::MachineState::NoData
                    && item.fault.is_some()
                {
                    return Err((
                        "invalid_value",
                        "fault: a machine without data has no known fault".to_owned(),
                    ));
                }
                Ok(FactKind::State {
                    state,
                    fault: text("fault", item.fault.as_ref())?,
                })
            }
            ItemKind::Count => {
                let of = |name: &str, n: Option<i64>| pieces(name, n.unwrap_or(0));
                let counts = Counts {
                    good: of("good", item.good)?,
                    scrap: of("scrap", item.scrap)?,
                    rework: of("rework", item.rework)?,
                    ungraded: of("ungraded", item.ungraded)?,
                };
                if [item.good, item.scrap, item.rework, item.ungraded]
                    .iter()
                    .all(Option::is_none)
                {
                    return Err(missing("good"));
                }
                Ok(FactKind::Count {
                    counts,
                    product: self.product(item.product.as_ref())?,
                })
            }
            ItemKind::Counter => {
                let channel = item.channel.ok_or_else(|| missing("channel"))?;
                let value = item.value.ok_or_else(|| missing("value"))?;
                Ok(FactKind::Counter {
                    channel,
                    value: whole("value", value)?,
                })
            }
            ItemKind::Fault => {
                let code = text("code", item.code.as_ref())?.ok_or_else(|| missing("code"))?;
                Ok(FactKind::Fault {
                    code,
                    active: item.active.ok_or_else(|| missing("active"))?,
                })
            }
            ItemKind::Product => {
                let (product, job) = (
                    self.product(item.product.as_ref())?,
                    text("job", item.job.as_ref())?,
                );
                if product.is_none() && job.is_none() {
                    return Err(missing("product"));
                }
                Ok(FactKind::Product { product, job })
            }
            ItemKind::Measurement => {
                let name = text("name", item.name.as_ref())?.ok_or_else(|| missing("name"))?;
                let value = item.value.ok_or_else(|| missing("value"))?;
                Ok(FactKind::Measurement {
                    name,
                    value,
                    unit: text("unit", item.unit.as_ref())?,
                })
            }
        }
    }

    /// A field of another kind is a mistake of the sender: what it meant would be lost in silence.
    fn only_own_fields(&self, item: &Item) -> Result<(), (&'static str, String)> {
        use ItemKind::{Count, Counter, Fault, Measurement, Product, State};
        let fields: [(&str, bool, &[ItemKind]); 14] = [
            ("state", item.state.is_some(), &[State]),
            ("fault", item.fault.is_some(), &[State]),
            ("good", item.good.is_some(), &[Count]),
            ("scrap", item.scrap.is_some(), &[Count]),
            ("rework", item.rework.is_some(), &[Count]),
            ("ungraded", item.ungraded.is_some(), &[Count]),
            ("product", item.product.is_some(), &[Count, Product]),
            ("job", item.job.is_some(), &[Product]),
            ("channel", item.channel.is_some(), &[Counter]),
            ("value", item.value.is_some(), &[Counter, Measurement]),
            ("code", item.code.is_some(), &[Fault]),
            ("active", item.active.is_some(), &[Fault]),
            ("name", item.name.is_some(), &[Measurement]),
            ("unit", item.unit.is_some(), &[Measurement]),
        ];
        match fields
            .iter()
            .find(|(_, given, kinds)| *given && !kinds.contains(&item.kind))
        {
            Some((name, ..)) => Err((
                "unexpected_field",
                format!("{name}: does not belong to this kind of item"),
            )),
            None => Ok(()),
        }
    }

    fn product(&self, code: Option<&String>) -> Result<Option<ProductId>, (&'static str, String)> {
        let Some(code) = code else { return Ok(None) };
        let id = self.plant.product_id(code);
        id.map(Some)
            .ok_or_else(|| ("unknown_product", format!("product: '{code}' is not known")))
    }
}

fn missing(field: &str) -> (&'static str, String) {
    ("missing_field", format!("{field}: is missing"))
}

fn text(field: &str, value: Option<&String>) -> Result<Option<String>, (&'static str, String)> {
    match value {
        Some(v) if v.is_empty() || v.len() > MAX_TEXT => Err((
            "invalid_value",
            format!("{field}: must have 1 to {MAX_TEXT} bytes"),
        )),
        // PostgreSQL cannot hold NUL in text; no other control character stands in a name either.
        Some(v) if v.contains(char::is_control) => Err((
            "invalid_value",
            format!("{field}: must not hold control characters"),
        )),
        other => Ok(other.cloned()),
    }
}

fn pieces(field: &str, n: i64) -> Result<i64, (&'static str, String)> {
    if (0..=MAX_PIECES).contains(&n) {
        Ok(n)
    } else {
        Err((
            "invalid_value",
            format!("{field}: must be 0 to {MAX_PIECES}"),
        ))
    }
}

/// A counter reading: PLC gateways often send whole numbers as floats.
fn whole(field: &str, value: f64) -> Result<i64, (&'static str, String)> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "checked to be whole and within range"
    )]
    if value.fract() == 0.0 && (0.0..=MAX_PIECES as f64).contains(&value) {
        Ok(value as i64)
    } else {
        Err((
            "invalid_value",
            format!("{field}: must be a whole number from 0 to {MAX_PIECES}"),
        ))
    }
}

/// The id of an item that is otherwise not readable, so that the sender can tell which one it was.
fn readable_id(text: &str) -> String {
    #[derive(serde::Deserialize)]
    struct OnlyId {
        id: String,
    }
    serde_json::from_str::<OnlyId>(text)
        .map(|o| clip(&o.id))
        .unwrap_or_default()
}

fn clip(text: &str) -> String {
    let text: String = text.chars().take(MAX_TEXT).collect();
    printable(&text)
}

/// What a sender wrote, in a form that every database can hold and every screen can show.
fn printable(text: &str) -> String {
    let shown = |c: char| {
        if c.is_control() {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    };
    text.chars().map(shown).collect()
}
