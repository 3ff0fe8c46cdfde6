//! Who has which duty, and who stands in.

use super::unknown;
use crate::domain::andon::{Duty, Roster, Substitute, Weekdays};
use crate::domain::day::LocalDay;
use crate::domain::ids::{LineId, PersonId};
use crate::server::db::{Tx, writing};

#[derive(sqlx::FromRow)]
struct DutyRow {
    name: String,
    person_id: i64,
    line_id: Option<i64>,
    shift: Option<String>,
    days: i64,
    from_day: Option<i64>,
    until_day: Option<i64>,
    holidays: i64,
}

#[derive(sqlx::FromRow)]
struct SubstituteRow {
    person_id: i64,
    by_id: i64,
    from_day: i64,
    until_day: i64,
}

/// All duties and substitutes.
///
/// # Errors
/// The engine's, or a stored value that is not known.
pub async fn all_in(tx: &mut Tx) -> sqlx::Result<Roster> {
    const DUTIES: &str = "SELECT name, person_id, line_id, shift, days, from_day, until_day, holidays FROM duty ORDER BY id";
    const SUBSTITUTES: &str =
        "SELECT person_id, by_id, from_day, until_day FROM substitute ORDER BY id";
    let duty = |row: DutyRow| {
        Ok(Duty {
            name: row.name,
            person: PersonId(row.person_id),
            line: row.line_id.map(LineId),
            shift: row.shift,
            days: Weekdays::new(row.days).ok_or_else(|| unknown("set of weekdays", row.days))?,
            from: row.from_day.map(LocalDay),
            until: row.until_day.map(LocalDay),
            holidays: row.holidays != 0,
        })
    };
    let substitute = |row: SubstituteRow| Substitute {
        person: PersonId(row.person_id),
        by: PersonId(row.by_id),
        from: LocalDay(row.from_day),
        until: LocalDay(row.until_day),
    };
    let (duties, substitutes): (Vec<DutyRow>, Vec<SubstituteRow>) = writing!(tx, |conn| {
        let duties = sqlx::query_as(DUTIES).fetch_all(&mut *conn).await?;
        (duties, sqlx::query_as(SUBSTITUTES).fetch_all(conn).await?)
    });
    Ok(Roster {
        duties: duties.into_iter().map(duty).collect::<sqlx::Result<_>>()?,
        substitutes: substitutes.into_iter().map(substitute).collect(),
    })
}
