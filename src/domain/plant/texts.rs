//! What may stand in any text of a definition.

use super::{FieldError, PlantDef};
use serde_json::Value;

/// The longest text in characters.
const LONGEST: usize = 500;

/// Looks at each text of the definition, whatever field it stands in.
pub(super) fn check(def: &PlantDef, found: &mut Vec<FieldError>) {
    if let Ok(value) = serde_json::to_value(def) {
        look_at("", &value, found);
    }
}

fn look_at(field: &str, value: &Value, found: &mut Vec<FieldError>) {
    match value {
        // PostgreSQL cannot hold NUL in text; no other control character stands in a name either.
        Value::String(text) if text.contains(char::is_control) => {
            found.push(FieldError::new(field, "must not hold control characters"));
        }
        Value::String(text) if text.chars().count() > LONGEST => found.push(FieldError::new(
            field,
            format!("must have at most {LONGEST} characters"),
        )),
        Value::Array(list) => {
            for (i, item) in list.iter().enumerate() {
                look_at(&format!("{field}[{i}]"), item, found);
            }
        }
        Value::Object(fields) => {
            for (name, item) in fields {
                let dot = if field.is_empty() { "" } else { "." };
                look_at(&format!("{field}{dot}{name}"), item, found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_text_that_no_database_holds_is_named_wherever_it_stands() {
        let def = json!({
            "site": {"code": "T", "name": "T\u{0}", "zone": "UTC"},
            "shift": [{"name": "Early", "days": [1], "start": "06:00", "end": "14:00",
                "breaks": [{"start": "09:00", "end": "09:15", "name": "Tea\u{7}"}]}],
            "product": [{"code": "P", "name": "x".repeat(LONGEST + 1)}, {"code": "Q", "name": "ä".repeat(LONGEST)}],
        });
        let def: PlantDef = serde_json::from_value(def).expect("a definition");
        let mut fields: Vec<String> = def.problems().into_iter().map(|p| p.field).collect();
        fields.sort();
        assert_eq!(
            fields,
            ["product[0].name", "shift[0].breaks[0].name", "site.name"]
        );
    }
}
