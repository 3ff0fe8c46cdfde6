//! The model of a plant (ISA-95 equipment hierarchy): site, areas, lines, machines; products and their ideal rates.
//!
//! [`PlantDef`] is how a plant is written down: in a TOML mapping, in the simulator, in `PUT /api/v1/plant`. Codes
//! are the names; applying a definition again changes what differs and leaves the rest. History is not restated in
//! silence: a changed shift holds from the next local day on, a changed rate or target from now on, unless the
//! definition says `from`. What is written for a day of the past (holidays, exceptions, planned stops) restates it.

mod line;
mod overlap;
mod rates;
mod reasons;
mod shifts;
mod texts;

pub use line::{Coupling, LineDef};
pub use rates::{ChangeoverTargetDef, RateDef};
pub use reasons::ReasonDef;
pub use shifts::{BreakDef, ExceptionDef, HolidayDef, PlannedStopDef, ShiftDef};

use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// The longest silence and gap in seconds.
const LONGEST_S: i64 = 366 * 86_400;
/// The largest counter reading, as at the door of ingest.
const LARGEST_READING: i64 = 1_000_000_000_000;

/// A whole plant as written down by a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PlantDef {
    /// The site.
    pub site: SiteDef,
    /// Areas of the site.
    #[serde(default, rename = "area")]
    pub areas: Vec<AreaDef>,
    /// Shift patterns, named by lines.
    #[serde(default, rename = "shift")]
    pub shifts: Vec<ShiftDef>,
    /// Lines.
    #[serde(default, rename = "line")]
    pub lines: Vec<LineDef>,
    /// Machines, in the order of the flow within their line.
    #[serde(default, rename = "machine")]
    pub machines: Vec<MachineDef>,
    /// Products.
    #[serde(default, rename = "product")]
    pub products: Vec<ProductDef>,
    /// Ideal rates of products on machines.
    #[serde(default, rename = "rate")]
    pub rates: Vec<RateDef>,
    /// Days on which no shift starts.
    #[serde(default, rename = "holiday", skip_serializing_if = "Vec::is_empty")]
    pub holidays: Vec<HolidayDef>,
    /// Days of lines that are not like their week.
    #[serde(default, rename = "exception", skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<ExceptionDef>,
    /// Maintenance, meetings, times without orders.
    #[serde(
        default,
        rename = "planned_stop",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub planned_stops: Vec<PlannedStopDef>,
    /// How long changeovers should take.
    #[serde(
        default,
        rename = "changeover_target",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub changeover_targets: Vec<ChangeoverTargetDef>,
    /// What the fault codes of machines mean.
    #[serde(default, rename = "fault")]
    pub faults: Vec<FaultDef>,
    /// Reasons for stops, besides those that every plant starts with or in place of them.
    #[serde(default, rename = "reason")]
    pub reasons: Vec<ReasonDef>,
}

/// A site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SiteDef {
    /// Short name.
    pub code: String,
    /// Full name.
    pub name: String,
    /// IANA time zone, such as `Europe/Rome`.
    pub zone: String,
    /// Whether its data come from the simulator; every screen then says so.
    #[serde(default)]
    pub simulated: bool,
}

/// An area of the site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AreaDef {
    /// Short name.
    pub code: String,
    /// Full name.
    pub name: String,
}

/// A machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MachineDef {
    /// Short name, unique in the plant.
    pub code: String,
    /// Full name.
    pub name: String,
    /// The line's code.
    pub line: String,
    /// Sets the pace of a serial line (its constraint).
    #[serde(default)]
    pub pacing: bool,
    /// Its output is what leaves a serial line.
    #[serde(default)]
    pub output: bool,
    /// After this many seconds without any fact its state is unknown; absent: silence means no change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silence_s: Option<i64>,
    /// The largest reading of its counters before they start again at 0; absent: a falling counter was reset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counter_max: Option<i64>,
    /// Its usual time between two counts, at most, in seconds: without a count for longer it is idle since the last one,
    /// and one that counts without having told a state runs. For machines that give counts and no state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cycle_gap_s: Option<i64>,
}

/// A product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ProductDef {
    /// Short name.
    pub code: String,
    /// Full name.
    pub name: String,
    /// What is counted: pieces, cartons, bottles.
    #[serde(default = "default_unit")]
    pub unit: String,
}

fn default_unit() -> String {
    "pieces".to_owned()
}

/// What a fault bit is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Something is wrong.
    #[default]
    Fault,
    /// A request to the operator.
    Prompt,
    /// Plain information.
    Status,
}

/// Where the trouble is that a fault tells of. In the order in which active faults are held to be the cause of a stop.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FaultOrigin {
    /// In the machine itself.
    #[default]
    Internal,
    /// Before it.
    Upstream,
    /// Behind it.
    Downstream,
}

impl FaultOrigin {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Internal, Self::Upstream, Self::Downstream];

    /// Its name for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Internal => "In the machine",
            Self::Upstream => "Before it",
            Self::Downstream => "Behind it",
        }
    }

    /// Its name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Upstream => "upstream",
            Self::Downstream => "downstream",
        }
    }

    /// The origin with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|o| o.name() == name)
    }
}

/// The meaning of a machine's fault code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FaultDef {
    /// The machine's code.
    pub machine: String,
    /// The code as the machine sends it.
    pub code: String,
    /// What it means.
    pub text: String,
    /// What it is.
    #[serde(default)]
    pub kind: FaultKind,
    /// Where the trouble is.
    #[serde(default)]
    pub origin: FaultOrigin,
    /// The code of the reason that it points to. Absent: of an upstream or downstream fault, that another machine stands;
    /// of an internal one, none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Something wrong with a definition, by the path of the field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// Where, such as `line[2].area`.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
}

impl FieldError {
    fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            problem: problem.into(),
        }
    }
}

/// Minutes after midnight of a local `HH:MM`.
#[must_use]
pub fn minutes_of_day(text: &str) -> Option<i64> {
    let (h, m) = text.split_once(':')?;
    let (h, m): (u8, u8) = (h.parse().ok()?, m.parse().ok()?);
    (h < 24 && m < 60).then(|| i64::from(h) * 60 + i64::from(m))
}

/// A code is what stands in addresses: letters, digits, `-`, `_`, `.`; at most 40.
#[must_use]
pub fn is_code(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 40
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

impl PlantDef {
    /// Everything that is wrong with the definition by itself; whether the zone exists is for the server to say.
    #[must_use]
    pub fn problems(&self) -> Vec<FieldError> {
        let mut found = Vec::new();
        self.check_codes(&mut found);
        self.check_references(&mut found);
        self.check_values(&mut found);
        texts::check(self, &mut found);
        shifts::check(self, &mut found);
        rates::check(self, &mut found);
        if found.is_empty() {
            overlap::check(self, &mut found);
        }
        self.check_reasons(&mut found);
        found
    }

    fn check_codes(&self, found: &mut Vec<FieldError>) {
        let lists: [(&str, Vec<&str>); 4] = [
            ("area", self.areas.iter().map(|a| a.code.as_str()).collect()),
            ("line", self.lines.iter().map(|l| l.code.as_str()).collect()),
            (
                "machine",
                self.machines.iter().map(|m| m.code.as_str()).collect(),
            ),
            (
                "product",
                self.products.iter().map(|p| p.code.as_str()).collect(),
            ),
        ];
        if !is_code(&self.site.code) {
            found.push(FieldError::new(
                "site.code",
                "must be 1 to 40 letters, digits, '-', '_' or '.'",
            ));
        }
        for (list, codes) in lists {
            let mut seen = HashSet::new();
            for (i, code) in codes.into_iter().enumerate() {
                if !is_code(code) {
                    found.push(FieldError::new(
                        format!("{list}[{i}].code"),
                        "must be 1 to 40 letters, digits, '-', '_' or '.'",
                    ));
                }
                if !seen.insert(code) {
                    found.push(FieldError::new(
                        format!("{list}[{i}].code"),
                        format!("'{code}' is given twice"),
                    ));
                }
            }
        }
    }

    fn check_references(&self, found: &mut Vec<FieldError>) {
        let areas: HashSet<_> = self.areas.iter().map(|a| &a.code).collect();
        let lines: HashSet<_> = self.lines.iter().map(|l| &l.code).collect();
        let machines: HashSet<_> = self.machines.iter().map(|m| &m.code).collect();
        let mut want = |known: bool, field: String, code: &str| {
            if !known {
                found.push(FieldError::new(field, format!("'{code}' is not defined")));
            }
        };
        for (i, line) in self.lines.iter().enumerate() {
            want(
                areas.contains(&line.area),
                format!("line[{i}].area"),
                &line.area,
            );
        }
        for (i, machine) in self.machines.iter().enumerate() {
            want(
                lines.contains(&machine.line),
                format!("machine[{i}].line"),
                &machine.line,
            );
        }
        for (i, fault) in self.faults.iter().enumerate() {
            want(
                machines.contains(&fault.machine),
                format!("fault[{i}].machine"),
                &fault.machine,
            );
        }
    }

    fn check_values(&self, found: &mut Vec<FieldError>) {
        line::check(self, found);
        for (i, machine) in self.machines.iter().enumerate() {
            let lengths = [
                ("silence_s", machine.silence_s),
                ("cycle_gap_s", machine.cycle_gap_s),
            ];
            for (field, seconds) in lengths {
                if seconds.is_some_and(|s| !(1..=LONGEST_S).contains(&s)) {
                    found.push(FieldError::new(
                        format!("machine[{i}].{field}"),
                        "must be above 0 and at most a year",
                    ));
                }
            }
            if machine
                .counter_max
                .is_some_and(|c| !(1..=LARGEST_READING).contains(&c))
            {
                found.push(FieldError::new(
                    format!("machine[{i}].counter_max"),
                    format!("must be 1 to {LARGEST_READING}"),
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests;
