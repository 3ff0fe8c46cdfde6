//! Roles that are given somewhere, as the fields of a form say it.

use super::fields::Fields;
use crate::domain::rights::Reach;
use crate::server::auth::rights::Roles;
use crate::server::db::people::GivenRow;
use crate::server::db::roles::RoleRow;
use crate::server::plant::Plant;

/// The number of no role and no area.
const NONE: i64 = 0;

/// A place as a form names it: `site`, `area:3`, `line:5`.
pub fn place(reach: Reach) -> String {
    match reach {
        Reach::Site => "site".to_owned(),
        Reach::Area(id) => format!("area:{}", id.0),
        Reach::Line(id) => format!("line:{}", id.0),
    }
}

/// The places that a form offers: everywhere, the areas, the lines.
pub fn places(plant: &Plant) -> Vec<(String, String)> {
    let mut out = vec![("site".to_owned(), "everywhere".to_owned())];
    for line in &plant.lines {
        let area = (
            place(Reach::Area(line.area_id)),
            format!("in {}", line.area),
        );
        if !out.contains(&area) {
            out.push(area);
        }
    }
    let line =
        |l: &crate::server::plant::Line| (place(Reach::Line(l.id)), format!("on {}", l.name));
    out.extend(plant.lines.iter().map(line));
    out
}

/// The roles that a form offers.
pub fn options(roles: &Roles) -> Vec<(String, String)> {
    let option = |r: &RoleRow| (r.id.to_string(), r.name.clone());
    roles.rows.iter().map(option).collect()
}

/// The roles that a form gives; those it does not name are none. One that cannot be read becomes a role that there is not:
/// it is named with whatever else is wrong.
pub fn given(fields: &Fields) -> Vec<GivenRow> {
    let mut out = Vec::new();
    for (role, place) in fields.all("role").zip(fields.all("where")) {
        if role.is_empty() {
            continue;
        }
        let (kind, id) = place.split_once(':').unwrap_or((place, ""));
        let id = id.parse::<i64>().ok();
        let (area_id, line_id) = match (kind, id) {
            ("site", None) => (None, None),
            ("area", Some(id)) => (Some(id), None),
            ("line", Some(id)) => (None, Some(id)),
            _ => (Some(NONE), None),
        };
        out.push(GivenRow {
            person_id: 0,
            role_id: role.parse().unwrap_or(NONE),
            area_id,
            line_id,
        });
    }
    out
}
