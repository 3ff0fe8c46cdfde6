//! Who has which duty, and who stands in.

use super::unknown;
use crate::domain::andon::{Duty, Roster, Substitute, Weekdays};
use crate::domain::day::LocalDay;
use crate::domain::ids::{LineId, PersonId};
use crate::server::db::{Tx, writing};

/// A duty.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct DutyRow {
    /// Its number.
    pub id: i64,
    /// Its name, by which ladders call it.
    pub name: String,
    /// Who has it.
    pub person_id: i64,
    /// Only on this line.
    pub line_id: Option<i64>,
    /// Only in shifts of this name.
    pub shift: Option<String>,
    /// Bit 0 Monday to bit 6 Sunday.
    pub days: i64,
    /// From which day on.
    pub from_day: Option<i64>,
    /// Up to and with which day.
    pub until_day: Option<i64>,
    /// On holidays as well.
    pub holidays: i64,
    /// Counts its changes.
    pub version: i64,
}

/// Somebody stands in for somebody.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SubstituteRow {
    /// Its number.
    pub id: i64,
    /// Who is away.
    pub person_id: i64,
    /// Who stands in.
    pub by_id: i64,
    /// The first day.
    pub from_day: i64,
    /// The last day.
    pub until_day: i64,
    /// Counts its changes.
    pub version: i64,
}

impl DutyRow {
    /// The row of a duty.
    #[must_use]
    pub fn of(id: i64, duty: &Duty, version: i64) -> Self {
        Self {
            id,
            name: duty.name.clone(),
            person_id: duty.person.0,
            line_id: duty.line.map(|line| line.0),
            shift: duty.shift.clone(),
            days: duty.days.bits(),
            from_day: duty.from.map(|day| day.0),
            until_day: duty.until.map(|day| day.0),
            holidays: i64::from(duty.holidays),
            version,
        }
    }

    /// The duty.
    ///
    /// # Errors
    /// Weekdays that there are not.
    pub fn duty(&self) -> sqlx::Result<Duty> {
        Ok(Duty {
            name: self.name.clone(),
            person: PersonId(self.person_id),
            line: self.line_id.map(LineId),
            shift: self.shift.clone(),
            days: Weekdays::new(self.days).ok_or_else(|| unknown("set of weekdays", self.days))?,
            from: self.from_day.map(LocalDay),
            until: self.until_day.map(LocalDay),
            holidays: self.holidays != 0,
        })
    }
}

impl SubstituteRow {
    /// The row of a substitute.
    #[must_use]
    pub const fn of(id: i64, one: Substitute, version: i64) -> Self {
        Self {
            id,
            person_id: one.person.0,
            by_id: one.by.0,
            from_day: one.from.0,
            until_day: one.until.0,
            version,
        }
    }

    /// The substitute.
    #[must_use]
    pub const fn substitute(&self) -> Substitute {
        Substitute {
            person: PersonId(self.person_id),
            by: PersonId(self.by_id),
            from: LocalDay(self.from_day),
            until: LocalDay(self.until_day),
        }
    }
}

/// All duties and substitutes as they are stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RosterRows {
    /// The duties.
    pub duties: Vec<DutyRow>,
    /// The substitutes.
    pub substitutes: Vec<SubstituteRow>,
}

impl RosterRows {
    /// The roster.
    ///
    /// # Errors
    /// Something stored that no duty can be.
    pub fn roster(&self) -> sqlx::Result<Roster> {
        let duties: sqlx::Result<Vec<Duty>> = self.duties.iter().map(DutyRow::duty).collect();
        Ok(Roster {
            duties: duties?,
            substitutes: self
                .substitutes
                .iter()
                .map(SubstituteRow::substitute)
                .collect(),
        })
    }
}

/// All duties and substitutes.
///
/// # Errors
/// The engine's, or a stored value that is not known.
pub async fn all_in(tx: &mut Tx) -> sqlx::Result<Roster> {
    rows_in(tx).await?.roster()
}

/// The same as they are stored.
///
/// # Errors
/// The engine's.
pub async fn rows_in(tx: &mut Tx) -> sqlx::Result<RosterRows> {
    const DUTIES: &str =
        "SELECT id, name, person_id, line_id, shift, days, from_day, until_day, holidays, version
        FROM duty ORDER BY name, id";
    const SUBSTITUTES: &str = "SELECT id, person_id, by_id, from_day, until_day, version FROM substitute ORDER BY from_day, id";
    writing!(tx, |conn| Ok(RosterRows {
        duties: sqlx::query_as(DUTIES).fetch_all(&mut *conn).await?,
        substitutes: sqlx::query_as(SUBSTITUTES).fetch_all(conn).await?,
    }))
}

/// Adds a duty; number and version of `row` are not looked at.
///
/// # Errors
/// The engine's.
pub async fn add_duty(tx: &mut Tx, row: &DutyRow) -> sqlx::Result<i64> {
    const SQL: &str =
        "INSERT INTO duty (name, person_id, line_id, shift, days, from_day, until_day, holidays, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1) RETURNING id";
    writing!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(&row.name)
            .bind(row.person_id)
            .bind(row.line_id)
            .bind(&row.shift)
            .bind(row.days)
            .bind(row.from_day)
            .bind(row.until_day)
            .bind(row.holidays)
            .fetch_one(conn)
            .await
    })
}

/// Changes a duty that is as the caller saw it; `false` when somebody else changed it meanwhile.
///
/// # Errors
/// The engine's.
pub async fn change_duty(tx: &mut Tx, row: &DutyRow) -> sqlx::Result<bool> {
    const SQL: &str = "UPDATE duty SET name = $3, person_id = $4, line_id = $5, shift = $6, days = $7, from_day = $8,
            until_day = $9, holidays = $10, version = version + 1
        WHERE id = $1 AND version = $2";
    let rows = writing!(tx, |conn| sqlx::query(SQL)
        .bind(row.id)
        .bind(row.version)
        .bind(&row.name)
        .bind(row.person_id)
        .bind(row.line_id)
        .bind(&row.shift)
        .bind(row.days)
        .bind(row.from_day)
        .bind(row.until_day)
        .bind(row.holidays)
        .execute(conn)
        .await?
        .rows_affected());
    Ok(rows == 1)
}

/// Removes a duty that is as the caller saw it; `false` when somebody else changed it meanwhile.
///
/// # Errors
/// The engine's.
pub async fn remove_duty(tx: &mut Tx, id: i64, version: i64) -> sqlx::Result<bool> {
    const SQL: &str = "DELETE FROM duty WHERE id = $1 AND version = $2";
    let rows = writing!(tx, |conn| sqlx::query(SQL)
        .bind(id)
        .bind(version)
        .execute(conn)
        .await?
        .rows_affected());
    Ok(rows == 1)
}

/// Adds a substitute; number and version of `row` are not looked at.
///
/// # Errors
/// The engine's.
pub async fn add_substitute(tx: &mut Tx, row: &SubstituteRow) -> sqlx::Result<i64> {
    const SQL: &str = "INSERT INTO substitute (person_id, by_id, from_day, until_day, version)
        VALUES ($1, $2, $3, $4, 1) RETURNING id";
    writing!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(row.person_id)
            .bind(row.by_id)
            .bind(row.from_day)
            .bind(row.until_day)
            .fetch_one(conn)
            .await
    })
}

/// Changes a substitute that is as the caller saw it; `false` when somebody else changed it meanwhile.
///
/// # Errors
/// The engine's.
pub async fn change_substitute(tx: &mut Tx, row: &SubstituteRow) -> sqlx::Result<bool> {
    const SQL: &str =
        "UPDATE substitute SET person_id = $3, by_id = $4, from_day = $5, until_day = $6,
            version = version + 1
        WHERE id = $1 AND version = $2";
    let rows = writing!(tx, |conn| sqlx::query(SQL)
        .bind(row.id)
        .bind(row.version)
        .bind(row.person_id)
        .bind(row.by_id)
        .bind(row.from_day)
        .bind(row.until_day)
        .execute(conn)
        .await?
        .rows_affected());
    Ok(rows == 1)
}

/// Removes a substitute that is as the caller saw it; `false` when somebody else changed it meanwhile.
///
/// # Errors
/// The engine's.
pub async fn remove_substitute(tx: &mut Tx, id: i64, version: i64) -> sqlx::Result<bool> {
    const SQL: &str = "DELETE FROM substitute WHERE id = $1 AND version = $2";
    let rows = writing!(tx, |conn| sqlx::query(SQL)
        .bind(id)
        .bind(version)
        .execute(conn)
        .await?
        .rows_affected());
    Ok(rows == 1)
}
