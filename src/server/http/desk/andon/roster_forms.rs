//! Duties and substitutes as the fields of forms hold them, and back.

use super::chosen;
use crate::api::andon::roster::{DutyBody, DutyView, SubstituteBody, SubstituteView};
use crate::domain::andon::Weekdays;
use crate::domain::day::LocalDay;
use crate::domain::plant::FieldError;
use crate::server::http::desk::fields::Fields;
use crate::server::services::error::{ServiceError, field};
use crate::ui::desk::andon::roster::{DutyForm, SubstituteForm};

/// The form of a duty as it is.
pub fn of_duty(view: &DutyView) -> DutyForm {
    let day = |day: Option<LocalDay>| day.map_or_else(String::new, |d| d.to_string());
    let on = (0..7).filter(|n| view.days.bits() >> n & 1 == 1);
    DutyForm {
        action: format!("/admin/roster/duties/{}", view.id),
        version: Some(view.version),
        name: view.name.clone(),
        person: view.person.id.to_string(),
        line: view
            .line
            .as_ref()
            .map_or_else(String::new, |l| l.code.clone()),
        shift: view.shift.clone().unwrap_or_default(),
        days: on.map(|n| n.to_string()).collect(),
        from: day(view.from),
        until: day(view.until),
        holidays: view.holidays,
    }
}

/// The form of a duty to be: on every day.
pub fn new_duty() -> DutyForm {
    DutyForm {
        action: "/admin/roster/duties".to_owned(),
        days: (0..7).map(|n| n.to_string()).collect(),
        ..DutyForm::default()
    }
}

/// The form of a duty as it was sent.
pub fn sent_duty(action: String, fields: &Fields) -> DutyForm {
    let text = |name| fields.one(name).to_owned();
    let version = fields.one("version");
    DutyForm {
        action,
        version: (!version.is_empty()).then(|| fields.number("version")),
        name: text("name"),
        person: text("person"),
        line: text("line"),
        shift: text("shift"),
        days: fields.all("days").map(str::to_owned).collect(),
        from: text("from"),
        until: text("until"),
        holidays: !fields.one("holidays").is_empty(),
    }
}

fn day(name: &str, text: &str, wrong: &mut Vec<FieldError>) -> Option<LocalDay> {
    let day = LocalDay::parse(text.trim());
    if day.is_none() && !text.trim().is_empty() {
        wrong.push(field(name, "must be a day, YYYY-MM-DD"));
    }
    day
}

fn person(name: &str, text: &str, wrong: &mut Vec<FieldError>) -> i64 {
    text.trim().parse().unwrap_or_else(|_| {
        wrong.push(field(name, "must be chosen"));
        0
    })
}

/// What the form of a duty says; everything in it that cannot be read.
///
/// # Errors
/// All of it at once.
pub fn duty(form: &DutyForm) -> Result<DutyBody, ServiceError> {
    let mut wrong = Vec::new();
    let who = person("person", &form.person, &mut wrong);
    let from = day("from", &form.from, &mut wrong);
    let until = day("until", &form.until, &mut wrong);
    let bit = |n: &String| n.parse::<u32>().ok().filter(|n| *n < 7).map(|n| 1_i64 << n);
    let bits = form.days.iter().filter_map(bit).fold(0, |a, b| a | b);
    let days = Weekdays::new(bits);
    if days.is_none() {
        wrong.push(field("days", "at least one day"));
    }
    if form.name.trim().is_empty() {
        wrong.push(field("name", "must have 1 to 100 characters"));
    }
    match days {
        Some(days) if wrong.is_empty() => Ok(DutyBody {
            name: form.name.clone(),
            person: who,
            line: chosen(&form.line),
            shift: chosen(&form.shift),
            days,
            from,
            until,
            holidays: form.holidays,
            version: form.version.unwrap_or_default(),
        }),
        _ => Err(ServiceError::Invalid(wrong)),
    }
}

/// The form of somebody who stands in, as it is.
pub fn of_substitute(view: &SubstituteView) -> SubstituteForm {
    SubstituteForm {
        action: format!("/admin/roster/substitutes/{}", view.id),
        version: Some(view.version),
        person: view.person.id.to_string(),
        by: view.by.id.to_string(),
        from: view.from.to_string(),
        until: view.until.to_string(),
    }
}

/// The form of somebody who stands in, to be.
pub fn new_substitute() -> SubstituteForm {
    SubstituteForm {
        action: "/admin/roster/substitutes".to_owned(),
        ..SubstituteForm::default()
    }
}

/// The form of somebody who stands in, as it was sent.
pub fn sent_substitute(action: String, fields: &Fields) -> SubstituteForm {
    let text = |name| fields.one(name).to_owned();
    let version = fields.one("version");
    SubstituteForm {
        action,
        version: (!version.is_empty()).then(|| fields.number("version")),
        person: text("person"),
        by: text("by"),
        from: text("from"),
        until: text("until"),
    }
}

/// What the form of somebody who stands in says; everything in it that cannot be read.
///
/// # Errors
/// All of it at once.
pub fn substitute(form: &SubstituteForm) -> Result<SubstituteBody, ServiceError> {
    let mut wrong = Vec::new();
    let who = person("person", &form.person, &mut wrong);
    let by = person("by", &form.by, &mut wrong);
    let mut must = |name: &str, text: &str| {
        let found = day(name, text, &mut wrong);
        if text.trim().is_empty() {
            wrong.push(field(name, "must be a day, YYYY-MM-DD"));
        }
        found.unwrap_or_default()
    };
    let (from, until) = (must("from", &form.from), must("until", &form.until));
    if !wrong.is_empty() {
        return Err(ServiceError::Invalid(wrong));
    }
    Ok(SubstituteBody {
        person: who,
        by,
        from,
        until,
        version: form.version.unwrap_or_default(),
    })
}
