//! Reasons in a definition: those that every plant starts with may be changed, others added.

use super::{FieldError, PlantDef, is_code};
use crate::domain::reason::{Category, DEFAULT_REASONS, is_above_itself};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// A reason for stops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReasonDef {
    /// Short name.
    pub code: String,
    /// Full name.
    pub name: String,
    /// The code of the group above it; empty at the top.
    #[serde(default)]
    pub parent: String,
    /// What it means for the loss model.
    pub category: Category,
    /// It may be given. One that is not stays with the stops that have it.
    #[serde(default = "yes")]
    pub active: bool,
}

const fn yes() -> bool {
    true
}

impl PlantDef {
    pub(super) fn check_reasons(&self, found: &mut Vec<FieldError>) {
        let defaults = DEFAULT_REASONS.iter().map(|r| r.code);
        let known: HashSet<&str> = defaults
            .chain(self.reasons.iter().map(|r| r.code.as_str()))
            .collect();
        let mut seen = HashSet::new();
        for (i, reason) in self.reasons.iter().enumerate() {
            if !is_code(&reason.code) {
                found.push(FieldError::new(
                    format!("reason[{i}].code"),
                    "must be 1 to 40 letters, digits, '-', '_' or '.'",
                ));
            }
            if !seen.insert(reason.code.as_str()) {
                found.push(FieldError::new(
                    format!("reason[{i}].code"),
                    format!("'{}' is given twice", reason.code),
                ));
            }
            if reason.name.trim().is_empty() {
                found.push(FieldError::new(
                    format!("reason[{i}].name"),
                    "must not be empty",
                ));
            }
            if !reason.parent.is_empty() && !known.contains(reason.parent.as_str()) {
                found.push(FieldError::new(
                    format!("reason[{i}].parent"),
                    format!("'{}' is not defined", reason.parent),
                ));
            }
        }
        for (i, fault) in self.faults.iter().enumerate() {
            if let Some(reason) = &fault.reason
                && !known.contains(reason.as_str())
            {
                found.push(FieldError::new(
                    format!("fault[{i}].reason"),
                    format!("'{reason}' is not defined"),
                ));
            }
        }
        let defaults = DEFAULT_REASONS.iter().map(|r| (r.code, r.parent));
        found.extend(self.reasons_above_themselves(defaults));
    }

    /// The reasons of the definition that would stand above themselves in the tree, laid over the parents known `before`.
    pub fn reasons_above_themselves<'a>(
        &'a self,
        before: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Vec<FieldError> {
        let own = self
            .reasons
            .iter()
            .map(|r| (r.code.as_str(), r.parent.as_str()));
        let parents: HashMap<&str, &str> = before.chain(own).collect();
        let parent = |code: &str| parents.get(code).copied().filter(|p| !p.is_empty());
        let circles = self.reasons.iter().enumerate();
        circles
            .filter(|(_, reason)| is_above_itself(&reason.code, parent))
            .map(|(i, _)| {
                FieldError::new(
                    format!("reason[{i}].parent"),
                    "must not lead back to the reason itself",
                )
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(reasons: &serde_json::Value) -> Vec<String> {
        let def = serde_json::json!({
            "site": {"code": "T", "name": "T", "zone": "UTC"},
            "reason": reasons,
        });
        let def: PlantDef = serde_json::from_value(def).expect("a definition");
        def.problems().into_iter().map(|p| p.field).collect()
    }

    #[test]
    fn what_is_wrong_with_a_reason_is_named() {
        let reason = |code: &str, parent: &str| serde_json::json!({"code": code, "name": "n", "parent": parent, "category": "unplanned"});
        assert!(
            problems(&serde_json::json!([
                reason("GLUE", "MATERIAL"),
                reason("GLUE_DRY", "GLUE")
            ]))
            .is_empty()
        );
        assert_eq!(
            problems(&serde_json::json!([
                reason("A", "NOWHERE"),
                reason("A", ""),
                reason("a b", "")
            ])),
            ["reason[0].parent", "reason[1].code", "reason[2].code"]
        );
        assert_eq!(
            problems(&serde_json::json!([reason("MATERIAL", "MAT_JAM")])),
            ["reason[0].parent"],
            "a group under its own reason"
        );
    }
}
