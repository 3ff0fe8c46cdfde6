//! What somebody may do, read from the database.

use super::access::{Need, need_of_address};
use crate::domain::ids::{AreaId, LineId, PersonId};
use crate::domain::rights::{Grant, PermissionSet, Reach, Rights};
use crate::server::db::people::{GivenRow, PersonRow};
use crate::server::db::roles::{PartRow, RoleRow};
use crate::server::db::{Db, people, roles};
use crate::server::plant::Plant;
use std::collections::HashMap;

/// All roles, with what each holds in the end.
#[derive(Clone, Debug, Default)]
pub struct Roles {
    /// As they are stored.
    pub rows: Vec<RoleRow>,
    /// Which includes which.
    pub parts: Vec<PartRow>,
    whole: HashMap<i64, PermissionSet>,
}

/// The permissions that a role's own row names. A name that this program does not know is of a newer one: it allows nothing
/// here.
#[must_use]
pub fn own(row: &RoleRow) -> PermissionSet {
    let known = row.permissions.split_whitespace();
    known.fold(PermissionSet::NONE, |set, name| {
        set.and(PermissionSet::from_names(name).unwrap_or_default())
    })
}

impl Roles {
    /// Roles from their rows.
    #[must_use]
    pub fn new(rows: Vec<RoleRow>, parts: Vec<PartRow>) -> Self {
        let mut whole: HashMap<i64, PermissionSet> = rows.iter().map(|r| (r.id, own(r))).collect();
        // Sets only grow, so this ends, also when roles include each other in a ring.
        loop {
            let mut grown = false;
            for part in &parts {
                let more = whole.get(&part.part_id).copied().unwrap_or_default();
                let held = whole.entry(part.role_id).or_default();
                grown |= !held.covers(more);
                *held = held.and(more);
            }
            if !grown {
                break;
            }
        }
        Self { rows, parts, whole }
    }

    /// Reads them.
    ///
    /// # Errors
    /// The engine's.
    pub async fn load(db: &Db) -> sqlx::Result<Self> {
        let (rows, parts) = roles::all(db).await?;
        Ok(Self::new(rows, parts))
    }

    /// Everything that a role holds, with what it includes.
    #[must_use]
    pub fn set(&self, role: i64) -> PermissionSet {
        self.whole.get(&role).copied().unwrap_or_default()
    }

    /// The role of this code.
    #[must_use]
    pub fn by_code(&self, code: &str) -> Option<&RoleRow> {
        self.rows.iter().find(|r| r.code == code)
    }

    /// The role of this number.
    #[must_use]
    pub fn by_id(&self, id: i64) -> Option<&RoleRow> {
        self.rows.iter().find(|r| r.id == id)
    }

    /// What these roles allow together.
    #[must_use]
    pub fn rights(&self, given: &[GivenRow]) -> Rights {
        let grant = |row: &GivenRow| Grant {
            set: self.set(row.role_id),
            reach: reach(row.area_id, row.line_id),
        };
        Rights(given.iter().map(grant).collect())
    }

    /// The first page of somebody with these roles, for [`landing`]: that of the first of them.
    #[must_use]
    pub fn first_page(&self, given: &[GivenRow]) -> String {
        let mut held = self
            .rows
            .iter()
            .filter(|r| given.iter().any(|g| g.role_id == r.id));
        held.next()
            .map_or_else(|| "/".to_owned(), |r| r.first_page.clone())
    }
}

/// What stands in a role's first page for the line that somebody is limited to.
const LINE: &str = "{line}";

/// Where somebody is led who may see neither the first page of their role, nor the board, nor a line: to the first of these.
const ELSEWHERE: [&str; 9] = [
    "/andon",
    "/admin/people",
    "/admin/roles",
    "/admin/andon",
    "/admin/devices",
    "/admin/keys",
    "/admin/audit",
    "/admin/roster",
    "/admin/channels",
];

/// The page that somebody sees first: that of their role, with the one line that all their roles are limited to where it
/// asks for one. Who is limited to none sees the board; who may not see that page sees the first that they may see, and be
/// it their own account.
#[must_use]
pub fn landing(page: &str, rights: &Rights, plant: &Plant) -> String {
    let own = of_role(page, rights, plant);
    let lines = plant
        .lines
        .iter()
        .map(|line| format!("/lines/{}", line.code));
    let elsewhere = ELSEWHERE.map(str::to_owned);
    let mut pages = [own, "/".to_owned()]
        .into_iter()
        .chain(lines)
        .chain(elsewhere);
    pages
        .find(|page| opens(page, rights, plant))
        .unwrap_or_else(|| "/account".to_owned())
}

/// Whether a page lets these rights in, by the table of access.
fn opens(page: &str, rights: &Rights, plant: &Plant) -> bool {
    let path = page.split(['?', '#']).next().unwrap_or_default();
    let holds = |permission| match path.strip_prefix("/lines/") {
        Some(code) => plant
            .line(code)
            .is_some_and(|line| rights.at(permission, line.place())),
        None => rights.anywhere(permission),
    };
    match need_of_address(path) {
        Some(Need::Line(permission)) => holds(permission),
        Some(Need::Either(one, other)) => holds(one) || holds(other),
        Some(Need::Site(permission)) => rights.on_site(permission),
        Some(Need::Anyone | Need::Person) => true,
        None => false,
    }
}

/// The page of a role, as [`landing`] tells.
fn of_role(page: &str, rights: &Rights, plant: &Plant) -> String {
    if !page.contains(LINE) {
        return page.to_owned();
    }
    let mut reaches = rights.0.iter().map(|grant| grant.reach);
    let line = match reaches.next() {
        Some(Reach::Line(id)) if reaches.all(|reach| reach == Reach::Line(id)) => {
            plant.lines.iter().find(|line| line.id == id)
        }
        _ => None,
    };
    line.map_or_else(|| "/".to_owned(), |line| page.replace(LINE, &line.code))
}

/// Where something holds: on a line, in an area, or on the whole site.
#[must_use]
pub fn reach(area: Option<i64>, line: Option<i64>) -> Reach {
    match (line, area) {
        (Some(line), _) => Reach::Line(LineId(line)),
        (None, Some(area)) => Reach::Area(AreaId(area)),
        (None, None) => Reach::Site,
    }
}

/// A person with what they may do.
#[derive(Clone, Debug)]
pub struct Known {
    /// Who.
    pub row: PersonRow,
    /// What they may do.
    pub rights: Rights,
    /// The first page of their role, for [`landing`].
    pub first_page: String,
}

/// Reads what is known of a person.
///
/// # Errors
/// The engine's.
pub async fn known(db: &Db, id: PersonId) -> sqlx::Result<Option<Known>> {
    let Some(row) = people::by_id(db, id).await? else {
        return Ok(None);
    };
    let given = people::given_to(db, id).await?;
    let roles = Roles::load(db).await?;
    Ok(Some(Known {
        row,
        rights: roles.rights(&given),
        first_page: roles.first_page(&given),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rights::Permission;

    fn role(id: i64, permissions: &str) -> RoleRow {
        RoleRow {
            id,
            code: id.to_string(),
            name: String::new(),
            permissions: permissions.to_owned(),
            first_page: "/".to_owned(),
            seeded: 0,
            version: 1,
        }
    }

    const fn part(role_id: i64, part_id: i64) -> PartRow {
        PartRow { role_id, part_id }
    }

    #[test]
    fn a_role_holds_what_it_includes_also_in_a_ring() {
        let rows = vec![
            role(1, "line:read"),
            role(2, "oee:read"),
            role(3, "job:read"),
            role(4, ""),
        ];
        let roles = Roles::new(rows, vec![part(1, 2), part(2, 3), part(3, 1)]);
        let ring = PermissionSet::of(&[
            Permission::LineRead,
            Permission::OeeRead,
            Permission::JobRead,
        ]);
        for id in 1..=3 {
            assert_eq!(roles.set(id), ring);
        }
        assert_eq!(roles.set(4), PermissionSet::NONE);
    }

    #[test]
    fn a_name_of_a_newer_program_allows_nothing() {
        let set = own(&role(1, "line:read rocket:launch oee:read"));
        assert_eq!(
            set,
            PermissionSet::of(&[Permission::LineRead, Permission::OeeRead])
        );
    }

    proptest::proptest! {
        #[test]
        fn roles_that_include_each_other_in_any_way_hold_what_can_be_reached(
            sets in proptest::collection::vec(0..Permission::ALL.len(), 6),
            parts in proptest::collection::vec((0..8_i64, 0..8_i64), 0..20),
        ) {
            let name = |i: &usize| Permission::ALL[*i].name();
            let rows = sets.iter().zip(0..).map(|(i, id)| role(id, name(i)));
            let rows: Vec<RoleRow> = rows.collect();
            let included = parts.iter().map(|(role, of)| part(*role, *of));
            let roles = Roles::new(rows.clone(), included.collect());
            for row in &rows {
                // Walked instead of grown.
                let (mut seen, mut open) = (vec![row.id], vec![row.id]);
                while let Some(at) = open.pop() {
                    for (_, to) in parts.iter().filter(|(from, _)| *from == at) {
                        if !seen.contains(to) {
                            seen.push(*to);
                            open.push(*to);
                        }
                    }
                }
                let held = rows.iter().filter(|r| seen.contains(&r.id));
                let all = held.fold(PermissionSet::NONE, |set, r| set.and(own(r)));
                proptest::prop_assert_eq!(roles.set(row.id), all);
            }
        }
    }
}
