//! The tree of reasons in memory, in the order in which it is shown.

use crate::domain::ids::ReasonId;
use crate::domain::reason::{Category, Cause};
use crate::server::db::reasons::ReasonRow;
use std::collections::HashMap;

/// A reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Its id.
    pub id: ReasonId,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The group above it.
    pub parent: Option<ReasonId>,
    /// What it means.
    pub category: Category,
    /// It and everything above it may be given.
    pub active: bool,
    /// It is no group.
    pub leaf: bool,
    /// How many groups stand above it.
    pub depth: usize,
}

impl Reason {
    /// As the arithmetic needs it.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        Cause {
            reason: self.id,
            category: self.category,
        }
    }

    /// Whether it may be given to a stop: a leaf that is active.
    #[must_use]
    pub const fn may_be_given(&self) -> bool {
        self.leaf && self.active
    }
}

/// All reasons.
#[derive(Clone, Debug, Default)]
pub struct Reasons {
    list: Vec<Reason>,
    places: HashMap<ReasonId, usize>,
    codes: HashMap<String, usize>,
}

impl Reasons {
    /// The tree of these rows, which stand in their fixed order.
    ///
    /// # Errors
    /// A category that is not known.
    pub fn from_rows(rows: &[ReasonRow]) -> sqlx::Result<Self> {
        let mut below: HashMap<Option<i64>, Vec<&ReasonRow>> = HashMap::new();
        for row in rows {
            below.entry(row.parent_id).or_default().push(row);
        }
        let mut out = Self::default();
        // The next one stands last; what a group holds goes on top of what comes after the group.
        let mut next: Vec<(&ReasonRow, usize, bool)> = Vec::new();
        let tops = below.get(&None).into_iter().flatten().rev();
        next.extend(tops.map(|row| (*row, 0, true)));
        while let Some((row, depth, above)) = next.pop() {
            let children = below.get(&Some(row.id)).map_or(&[][..], Vec::as_slice);
            let active = above && row.active != 0;
            out.push(row, (depth, active, children.is_empty()))?;
            next.extend(children.iter().rev().map(|c| (*c, depth + 1, active)));
        }
        Ok(out)
    }

    fn push(
        &mut self,
        row: &ReasonRow,
        (depth, active, leaf): (usize, bool, bool),
    ) -> sqlx::Result<()> {
        let category = Category::from_name(&row.category).ok_or_else(|| {
            sqlx::Error::Decode(format!("category '{}' is not known", row.category).into())
        })?;
        let (id, place) = (ReasonId(row.id), self.list.len());
        self.places.insert(id, place);
        self.codes.insert(row.code.clone(), place);
        self.list.push(Reason {
            id,
            code: row.code.clone(),
            name: row.name.clone(),
            parent: row.parent_id.map(ReasonId),
            category,
            active,
            leaf,
            depth,
        });
        Ok(())
    }

    /// All of them, each group before what it holds.
    #[must_use]
    pub fn all(&self) -> &[Reason] {
        &self.list
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, id: ReasonId) -> Option<&Reason> {
        self.list.get(*self.places.get(&id)?)
    }

    /// The one with this code.
    #[must_use]
    pub fn by_code(&self, code: &str) -> Option<&Reason> {
        self.list.get(*self.codes.get(code)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_stands_before_what_it_holds_and_hides_it_when_it_is_not_active() {
        let row = |id: i64, parent_id, active| ReasonRow {
            id,
            code: format!("R{id}"),
            name: String::new(),
            parent_id,
            category: "unplanned".into(),
            active,
        };
        let rows = [
            row(1, None, 1),
            row(2, None, 0),
            row(3, Some(2), 1),
            row(4, Some(1), 1),
            row(5, Some(4), 1),
            row(6, Some(1), 0),
        ];
        let reasons = Reasons::from_rows(&rows).expect("a tree");
        let shown: Vec<_> = reasons
            .all()
            .iter()
            .map(|r| (r.id.0, r.depth, r.may_be_given()))
            .collect();
        assert_eq!(
            shown,
            [
                (1, 0, false),
                (4, 1, false),
                (5, 2, true),
                (6, 1, false),
                (2, 0, false),
                (3, 1, false)
            ]
        );
        assert_eq!(
            reasons.by_code("R5").map(|r| r.parent),
            Some(Some(ReasonId(4)))
        );
    }
}
