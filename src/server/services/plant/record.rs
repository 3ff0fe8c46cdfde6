//! What a definition changed, for the record. A definition may tell a part of the plant only, and what it tells may have been
//! so before: the rows of the stored model that were, and those that became, say what happened.

use crate::server::db::plant::PlantRows;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

/// So many rows stand on record one by one; the others are counted.
const MOST: usize = 100;

/// Rows by table and text, so that what is the same in two models is found.
type Rows = BTreeMap<(&'static str, String), Value>;

/// The rows that were and are not any more, and those that became: `{"rows": [{"table", "row"}], "more"}`.
///
/// # Errors
/// A row that cannot be told as JSON.
pub(super) fn changed(before: &PlantRows, after: &PlantRows) -> sqlx::Result<(Value, Value)> {
    let (before, after) = (rows(before)?, rows(after)?);
    Ok((beside(&before, &after), beside(&after, &before)))
}

/// The rows that another model does not have.
fn beside(rows: &Rows, other: &Rows) -> Value {
    let mut own = rows.iter().filter(|(key, _)| !other.contains_key(*key));
    let told: Vec<Value> = own
        .by_ref()
        .take(MOST)
        .map(|((table, _), row)| json!({"table": table, "row": row}))
        .collect();
    json!({"rows": told, "more": own.count()})
}

fn rows(model: &PlantRows) -> sqlx::Result<Rows> {
    let names = Names::of(model);
    let mut out = Rows::new();
    let calendar = &model.calendar;
    names.add(&mut out, "site", model.site.as_slice())?;
    names.add(&mut out, "line", &model.lines)?;
    names.add(&mut out, "machine", &model.machines)?;
    names.add(&mut out, "product", &model.products)?;
    names.add(&mut out, "fault_code", &model.faults)?;
    names.add(&mut out, "reason", &model.reasons)?;
    names.add(&mut out, "shift_pattern", &calendar.patterns)?;
    names.add(&mut out, "shift_rule", &calendar.rules)?;
    names.add(&mut out, "line_calendar", &calendar.lists)?;
    names.add(&mut out, "holiday", &calendar.holidays)?;
    names.add(&mut out, "calendar_exception", &calendar.exceptions)?;
    names.add(&mut out, "planned_stop", &calendar.stops)?;
    names.add(&mut out, "ideal_rate", &model.rates)?;
    names.add(&mut out, "line_target", &model.targets)?;
    names.add(&mut out, "changeover_target", &model.changeovers)?;
    Ok(out)
}

/// The codes behind the numbers of a model. A number keeps its code for good.
struct Names<'m> {
    lines: HashMap<i64, &'m str>,
    machines: HashMap<i64, &'m str>,
    products: HashMap<i64, &'m str>,
    reasons: HashMap<i64, &'m str>,
    shifts: HashMap<i64, &'m str>,
}

impl<'m> Names<'m> {
    fn of(model: &'m PlantRows) -> Self {
        let patterns = model.calendar.patterns.iter();
        Self {
            lines: model.lines.iter().map(|r| (r.id, &*r.code)).collect(),
            machines: model.machines.iter().map(|r| (r.id, &*r.code)).collect(),
            products: model.products.iter().map(|r| (r.id, &*r.code)).collect(),
            reasons: model.reasons.iter().map(|r| (r.id, &*r.code)).collect(),
            shifts: patterns.map(|r| (r.id, &*r.name)).collect(),
        }
    }

    /// Adds rows of a table, with the codes of what they name by number.
    fn add<T: Serialize>(
        &self,
        out: &mut Rows,
        table: &'static str,
        rows: &[T],
    ) -> sqlx::Result<()> {
        let named = [
            ("line_id", "line", &self.lines),
            ("machine_id", "machine", &self.machines),
            ("product_id", "product", &self.products),
            ("from_product", "from", &self.products),
            ("to_product", "to", &self.products),
            ("reason_id", "reason", &self.reasons),
            ("parent_id", "parent", &self.reasons),
            ("shift_id", "shift", &self.shifts),
        ];
        for row in rows {
            let mut row =
                serde_json::to_value(row).map_err(|e| sqlx::Error::Encode(Box::new(e)))?;
            for (number, name, codes) in named {
                let code = row[number].as_i64().and_then(|id| codes.get(&id));
                if let Some(code) = code {
                    row[name] = Value::from(*code);
                }
            }
            out.insert((table, row.to_string()), row);
        }
        Ok(())
    }
}
