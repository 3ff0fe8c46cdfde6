//! A rule as the fields of a form hold it, and back.

use super::{chosen, lines, shifts};
use crate::api::andon::rules::{RuleBody, RuleView};
use crate::domain::andon::{CallKind, Channel, Ladder, Priority, Recipient, Step, Trigger};
use crate::domain::ids::PersonId;
use crate::domain::plant::FieldError;
use crate::domain::time::{DurMs, MINUTE_MS};
use crate::server::auth::Ctx;
use crate::server::db::roles;
use crate::server::http::desk::fields::Fields;
use crate::server::services::andon::roster;
use crate::server::services::andon::rules;
use crate::server::services::error::{ServiceError, field};
use crate::ui::desk::andon::rule::RuleForm;
use crate::ui::desk::andon::steps::{Callable, StepFields, minutes};
use std::collections::BTreeSet;

/// The most steps that are looked for in a form: more than a ladder may have, so that too many are told.
const MOST_STEPS: usize = 40;

/// A recipient as forms hold it.
fn written(to: &Recipient) -> String {
    match to {
        Recipient::Role(code) => format!("role:{code}"),
        Recipient::Duty(name) => format!("duty:{name}"),
        Recipient::Person(id) => format!("person:{}", id.0),
    }
}

fn recipient(text: &str) -> Option<Recipient> {
    let (kind, name) = text.split_once(':')?;
    Some(match kind {
        "role" => Recipient::Role(name.to_owned()),
        "duty" => Recipient::Duty(name.to_owned()),
        "person" => Recipient::Person(PersonId(name.parse().ok()?)),
        _ => return None,
    })
}

/// A step that calls nobody yet.
fn empty() -> StepFields {
    StepFields {
        after: "0".to_owned(),
        level: "0".to_owned(),
        via: vec![Channel::Screen.name().to_owned()],
        ..StepFields::default()
    }
}

/// The steps of a ladder as forms hold them.
fn steps_of(ladder: &Ladder) -> Vec<StepFields> {
    let step = |step: &Step| StepFields {
        trigger: step.trigger.name().to_owned(),
        after: minutes(step.after),
        level: step.level.to_string(),
        to: step.to.iter().map(written).collect(),
        via: step.via.iter().map(|v| v.name().to_owned()).collect(),
    };
    ladder.steps().iter().map(step).collect()
}

/// The form of a rule as it is.
pub fn of(view: &RuleView) -> RuleForm {
    RuleForm {
        action: format!("/admin/andon/rules/{}", view.id),
        version: Some(view.version),
        kind: view.kind.map_or("", CallKind::name).to_owned(),
        priority: view.priority.map_or("", Priority::name).to_owned(),
        line: view.line.clone().unwrap_or_default(),
        shift: view.shift.clone().unwrap_or_default(),
        steps: steps_of(&view.steps),
        ..RuleForm::default()
    }
}

/// The steps that hold for calls of a priority without a rule; of calls of all kinds those recipients that every kind calls: whom
/// only some of them need is not called by the others.
fn by_default(kind: Option<CallKind>, priority: Priority) -> Vec<StepFields> {
    let kinds = kind.map_or_else(|| CallKind::ALL.to_vec(), |kind| vec![kind]);
    let ladders = kinds
        .into_iter()
        .map(|kind| Ladder::by_default(kind, priority));
    let mut of_kinds = ladders.map(|ladder| steps_of(&ladder));
    let mut steps = of_kinds.next().unwrap_or_default();
    for others in of_kinds {
        for (step, other) in steps.iter_mut().zip(&others) {
            step.to.retain(|to| other.to.contains(to));
        }
    }
    steps
}

/// The form of a rule to be: as what holds without it.
pub fn new(kind: &str, priority: &str) -> RuleForm {
    let kind = CallKind::from_name(kind);
    let known = Priority::from_name(priority);
    let steps = known.map_or_else(
        || {
            vec![StepFields {
                trigger: Trigger::Raised.name().to_owned(),
                ..empty()
            }]
        },
        |priority| by_default(kind, priority),
    );
    RuleForm {
        action: "/admin/andon/rules".to_owned(),
        kind: kind.map_or("", CallKind::name).to_owned(),
        priority: known.map_or("", Priority::name).to_owned(),
        steps,
        ..RuleForm::default()
    }
}

/// The form as it was sent, without steps that are none; with one more if that was asked for.
pub fn sent(action: String, fields: &Fields) -> RuleForm {
    let text = |name: &str| fields.one(name).to_owned();
    let step = |n: usize| {
        let name = |field: &str| format!("steps[{n}].{field}");
        let all = |field: &str| {
            let name = name(field);
            let all = fields.all(&name).filter(|v| !v.is_empty());
            all.map(str::to_owned).collect()
        };
        StepFields {
            trigger: text(&name("trigger")),
            after: text(&name("after")),
            level: text(&name("level")),
            to: all("to"),
            via: all("via"),
        }
    };
    let mut steps: Vec<StepFields> = (0..MOST_STEPS)
        .map(step)
        .filter(|step| !step.trigger.is_empty())
        .collect();
    if fields.one("then") == "step" {
        steps.push(empty());
    }
    let version = fields.one("version");
    RuleForm {
        action,
        version: (!version.is_empty()).then(|| fields.number("version")),
        kind: text("kind"),
        priority: text("priority"),
        line: text("line"),
        shift: text("shift"),
        steps,
        ..RuleForm::default()
    }
}

/// Fills in what a form offers.
///
/// # Errors
/// The engine's.
pub async fn offered(ctx: &Ctx, mut form: RuleForm) -> Result<RuleForm, ServiceError> {
    let plant = ctx.app().plant.get();
    let (roles, _) = roles::all(&ctx.app().db).await?;
    let everybody = roster::everybody(ctx).await?;
    let held = roster::all(ctx).await?.duties;
    let named = rules::all(ctx).await?.rules;
    let mut duties: BTreeSet<String> = held.into_iter().map(|d| d.name).collect();
    duties.extend(
        named
            .iter()
            .flat_map(|r| r.steps.duties())
            .map(str::to_owned),
    );
    form.lines = lines(&plant);
    form.shifts = shifts(&plant);
    form.callable = Callable {
        roles: roles
            .into_iter()
            .map(|r| (format!("role:{}", r.code), r.name))
            .collect(),
        duties: duties
            .into_iter()
            .map(|name| (format!("duty:{name}"), name))
            .collect(),
        people: everybody
            .into_iter()
            .map(|p| (format!("person:{}", p.id), p.name))
            .collect(),
    };
    Ok(form)
}

/// What the form says; everything in it that cannot be read.
///
/// # Errors
/// All of it at once.
pub fn body(form: &RuleForm) -> Result<RuleBody, ServiceError> {
    let mut wrong: Vec<FieldError> = Vec::new();
    let kind = chosen(&form.kind).map(|name| CallKind::from_name(&name));
    if kind == Some(None) {
        wrong.push(field("kind", "does not exist"));
    }
    let priority = chosen(&form.priority).map(|name| Priority::from_name(&name));
    if priority == Some(None) {
        wrong.push(field("priority", "does not exist"));
    }
    let steps = form.steps.iter().enumerate();
    let steps = steps
        .filter_map(|(n, fields)| step(n, fields, &mut wrong))
        .collect();
    if !wrong.is_empty() {
        return Err(ServiceError::Invalid(wrong));
    }
    Ok(RuleBody {
        kind: kind.flatten(),
        priority: priority.flatten(),
        line: chosen(&form.line),
        shift: chosen(&form.shift),
        steps,
        version: form.version.unwrap_or_default(),
    })
}

fn step(n: usize, fields: &StepFields, wrong: &mut Vec<FieldError>) -> Option<Step> {
    let mut refuse = |name: &str, problem: &str| {
        wrong.push(field(&format!("steps[{n}].{name}"), problem));
    };
    let trigger = Trigger::from_name(&fields.trigger);
    if trigger.is_none() {
        refuse("trigger", "does not exist");
    }
    let after = duration(&fields.after);
    if after.is_none() {
        refuse("after", "must be minutes, 0 to 10080");
    }
    let level: Option<u8> = fields.level.trim().parse().ok();
    if level.is_none() {
        refuse("level", "must be 0 to 9");
    }
    let to: Option<Vec<Recipient>> = fields.to.iter().map(|t| recipient(t)).collect();
    if to.is_none() {
        refuse("to", "cannot be read");
    }
    let via: Option<Vec<Channel>> = fields.via.iter().map(|v| Channel::from_name(v)).collect();
    if via.is_none() {
        refuse("via", "cannot be read");
    }
    Some(Step {
        trigger: trigger?,
        after: after?,
        level: level?,
        to: to?,
        via: via?,
    })
}

/// Minutes that somebody typed.
pub fn duration(text: &str) -> Option<DurMs> {
    let minutes: f64 = text.trim().replace(',', ".").parse().ok()?;
    let ms = minutes * MINUTE_MS as f64;
    (ms.is_finite() && ms.abs() < 1e12).then(|| DurMs(crate::ui::format::whole(ms)))
}
