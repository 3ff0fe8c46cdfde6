//! Rosters, as programs send and see them.

use super::Named;
use crate::domain::andon::Weekdays;
use crate::domain::day::LocalDay;
use serde::{Deserialize, Serialize};

/// A duty to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DutyBody {
    /// Its name, by which rules call it: 1 to 100 characters.
    pub name: String,
    /// The number of who has it.
    pub person: i64,
    /// Only on this line, by code.
    #[serde(default)]
    pub line: Option<String>,
    /// Only in shifts of this name.
    #[serde(default)]
    pub shift: Option<String>,
    /// The weekdays on which the shift starts: bit 0 Monday to bit 6 Sunday; 127 is every day.
    pub days: Weekdays,
    /// From which day on.
    #[serde(default)]
    pub from: Option<LocalDay>,
    /// Up to and with which day.
    #[serde(default)]
    pub until: Option<LocalDay>,
    /// On holidays as well.
    #[serde(default)]
    pub holidays: bool,
    /// As the caller saw it; not looked at for a new one.
    #[serde(default)]
    pub version: i64,
}

/// Somebody stands in, to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SubstituteBody {
    /// The number of who is away.
    pub person: i64,
    /// The number of who stands in.
    pub by: i64,
    /// The first day.
    pub from: LocalDay,
    /// The last day.
    pub until: LocalDay,
    /// As the caller saw it; not looked at for a new one.
    #[serde(default)]
    pub version: i64,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = RosterPerson))]
pub struct PersonView {
    /// Their number.
    pub id: i64,
    /// Their name.
    pub name: String,
}

/// A duty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DutyView {
    /// Its number.
    pub id: i64,
    /// Counts its changes.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// Who has it.
    pub person: PersonView,
    /// Only on this line.
    pub line: Option<Named>,
    /// Only in shifts of this name.
    pub shift: Option<String>,
    /// On which weekdays.
    pub days: Weekdays,
    /// From which day on.
    pub from: Option<LocalDay>,
    /// Up to and with which day.
    pub until: Option<LocalDay>,
    /// On holidays as well.
    pub holidays: bool,
}

/// Somebody stands in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SubstituteView {
    /// Its number.
    pub id: i64,
    /// Counts its changes.
    pub version: i64,
    /// Who is away.
    pub person: PersonView,
    /// Who stands in.
    pub by: PersonView,
    /// The first day.
    pub from: LocalDay,
    /// The last day.
    pub until: LocalDay,
}

/// The whole roster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct RosterView {
    /// The duties, by name.
    pub duties: Vec<DutyView>,
    /// Who stands in, by day.
    pub substitutes: Vec<SubstituteView>,
}

/// Nobody is on a duty that a rule calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct GapView {
    /// The duty's name.
    pub duty: String,
    /// The line.
    pub line: Named,
    /// The shift's name; `None`: the time of these days outside every shift, on days without shifts all of it.
    pub shift: Option<String>,
    /// Who has the duty then, but is away, and everybody who would stand in is away too; empty: nobody has it.
    pub away: Vec<String>,
    /// The days on which these shifts start, in order, each once.
    pub days: Vec<LocalDay>,
}

/// Who is on duty on a line in a week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = RosterWeek))]
pub struct WeekView {
    /// The line.
    pub line: Named,
    /// Its Monday.
    pub monday: LocalDay,
    /// A row for each duty and shift.
    pub rows: Vec<WeekRow>,
}

/// A duty in shifts of one name, over a week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = RosterWeekRow))]
pub struct WeekRow {
    /// The duty's name.
    pub duty: String,
    /// The shift's name; `None`: outside every shift.
    pub shift: Option<String>,
    /// Monday to Sunday.
    pub days: Vec<WeekCell>,
}

/// A duty in one shift.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = RosterWeekCell))]
pub struct WeekCell {
    /// The shift takes place.
    pub takes_place: bool,
    /// The day is a holiday.
    pub holiday: bool,
    /// A rule calls this duty then.
    pub needed: bool,
    /// Who is on it, perhaps for whom; none: nobody.
    pub who: Vec<String>,
}
