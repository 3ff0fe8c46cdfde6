//! Where permissions hold: on the whole site, in an area, on a line.

use super::permission::{Permission, PermissionSet};
use crate::domain::ids::{AreaId, LineId};
use serde::{Deserialize, Serialize};

/// Where a role was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Reach {
    /// Everywhere.
    Site,
    /// On the lines of an area, also on those that come later.
    Area(AreaId),
    /// On a line.
    Line(LineId),
}

/// A line and the area that it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: LineId,
    /// Its area.
    pub area: AreaId,
}

impl Reach {
    /// Whether it reaches a line.
    #[must_use]
    pub fn covers(self, place: Place) -> bool {
        match self {
            Self::Site => true,
            Self::Area(area) => area == place.area,
            Self::Line(line) => line == place.line,
        }
    }
}

/// Permissions with where they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// What.
    pub set: PermissionSet,
    /// Where.
    pub reach: Reach,
}

/// Everything that somebody may do. Grants add up; nothing denies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights(pub Vec<Grant>);

impl Rights {
    /// These permissions everywhere.
    #[must_use]
    pub fn everywhere(set: PermissionSet) -> Self {
        let reach = Reach::Site;
        Self(vec![Grant { set, reach }])
    }

    /// The same without these permissions, wherever they are held.
    #[must_use]
    pub fn without(&self, set: PermissionSet) -> Self {
        let less = |grant: &Grant| Grant {
            set: grant.set.without(set),
            ..*grant
        };
        Self(self.0.iter().map(less).collect())
    }

    /// Whether `permission` is held anywhere.
    #[must_use]
    pub fn anywhere(&self, permission: Permission) -> bool {
        self.0.iter().any(|g| g.set.has(permission))
    }

    /// Whether `permission` is held on the whole site.
    #[must_use]
    pub fn on_site(&self, permission: Permission) -> bool {
        self.0
            .iter()
            .any(|g| g.reach == Reach::Site && g.set.has(permission))
    }

    /// Whether `permission` is held on a line.
    #[must_use]
    pub fn at(&self, permission: Permission, place: Place) -> bool {
        self.0
            .iter()
            .any(|g| g.set.has(permission) && g.reach.covers(place))
    }

    /// What is held anywhere.
    #[must_use]
    pub fn union(&self) -> PermissionSet {
        self.0
            .iter()
            .fold(PermissionSet::NONE, |sum, g| sum.and(g.set))
    }

    /// What is held on the whole site.
    #[must_use]
    pub fn site_wide(&self) -> PermissionSet {
        let site = self.0.iter().filter(|g| g.reach == Reach::Site);
        site.fold(PermissionSet::NONE, |sum, g| sum.and(g.set))
    }

    /// Whether it holds at every place all that `grant` would add: nobody hands out more than they have.
    #[must_use]
    pub fn covers(&self, grant: Grant) -> bool {
        let held = self
            .0
            .iter()
            .filter(|g| g.reach == Reach::Site || g.reach == grant.reach);
        held.fold(PermissionSet::NONE, |sum, g| sum.and(g.set))
            .covers(grant.set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HERE: Place = Place {
        line: LineId(1),
        area: AreaId(10),
    };
    const NEXT: Place = Place {
        line: LineId(2),
        area: AreaId(10),
    };
    const FAR: Place = Place {
        line: LineId(3),
        area: AreaId(20),
    };

    fn grant(set: PermissionSet, reach: Reach) -> Grant {
        Grant { set, reach }
    }

    #[test]
    fn a_role_holds_where_it_was_given() {
        let set = PermissionSet::of(&[Permission::DowntimeWrite]);
        let may =
            |reach, place| Rights(vec![grant(set, reach)]).at(Permission::DowntimeWrite, place);
        let on = |reach| [HERE, NEXT, FAR].map(|place| may(reach, place));
        assert_eq!(on(Reach::Site), [true, true, true]);
        assert_eq!(on(Reach::Area(AreaId(10))), [true, true, false]);
        assert_eq!(on(Reach::Line(LineId(1))), [true, false, false]);
    }

    fn any_reach() -> impl Strategy<Value = Reach> {
        prop_oneof![
            Just(Reach::Site),
            (10_i64..=20).prop_map(|a| Reach::Area(AreaId(a))),
            (1_i64..=3).prop_map(|l| Reach::Line(LineId(l))),
        ]
    }

    fn any_grant() -> impl Strategy<Value = Grant> {
        let some = proptest::sample::subsequence(Permission::ALL, 0..=Permission::ALL.len());
        (some, any_reach()).prop_map(|(list, reach)| grant(PermissionSet::of(&list), reach))
    }

    proptest! {
        #[test]
        fn one_more_grant_never_takes_anything_away(
            grants in proptest::collection::vec(any_grant(), 0..5),
            more in any_grant(),
        ) {
            let less = Rights(grants.clone());
            let mut grants = grants;
            grants.push(more);
            let all = Rights(grants);
            for permission in Permission::ALL {
                for place in [HERE, NEXT, FAR] {
                    prop_assert!(all.at(*permission, place) || !less.at(*permission, place));
                }
                // What holds on the site holds on every line, what holds on a line holds somewhere.
                prop_assert!(!all.on_site(*permission) || all.at(*permission, FAR));
                prop_assert!(all.anywhere(*permission) == all.union().has(*permission));
            }
            prop_assert!(all.covers(more));
        }
    }
}
