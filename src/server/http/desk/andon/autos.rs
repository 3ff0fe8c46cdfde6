//! The part of `/admin/andon` that says by what machines call by themselves, and the page of a new rule.

use super::rule_form;
use super::rules::{Sent, back_to_list, list_page};
use crate::api::andon::rules::{AutoBody, AutoView};
use crate::domain::andon::{AutoRule, CallKind, Evidence, Priority};
use crate::domain::plant::{FaultOrigin, FieldError};
use crate::server::auth::Ctx;
use crate::server::http::Shared;
use crate::server::http::desk::answer::{Again, asked_for, refused};
use crate::server::http::desk::fields::Fields;
use crate::server::http::desk::posted::Posted;
use crate::server::http::desk::shown;
use crate::server::plant::Plant;
use crate::server::services::andon::{autos, rules};
use crate::server::services::error::{ServiceError, field, not_found};
use crate::ui::desk::andon::auto::{self, AutoForm};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

const HERE: &str = "/admin/andon";

/// The routes.
pub fn router(shared: &Shared) -> Router {
    Router::new()
        .route("/admin/andon/auto", post(add))
        .route("/admin/andon/auto/new", get(new))
        .route("/admin/andon/auto/{id}", post(change))
        .route("/admin/andon/auto/{id}/remove", post(remove))
        .with_state(shared.clone())
}

/// The form of a rule as it is.
pub(super) fn form_of(view: &AutoView) -> AutoForm {
    let line = view.line.as_ref().map(|code| format!("line:{code}"));
    let machine = view.machine.as_ref().map(|code| format!("machine:{code}"));
    let place = line.or(machine).unwrap_or_default();
    AutoForm::of((view.id, view.version), place, &view.rule)
}

/// Where a rule may hold, beside everywhere: each line, and behind it its machines.
pub(super) fn places(plant: &Plant) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for line in &plant.lines {
        out.push((format!("line:{}", line.code), line.name.clone()));
        for machine in &line.machines {
            let words = format!("{}, {}", line.name, machine.name);
            out.push((format!("machine:{}", machine.code), words));
        }
    }
    out
}

/// A rule that looks at what has this name, as every plant starts with it.
fn begun(when: &str) -> Option<AutoRule> {
    let mut defaults = AutoRule::defaults().into_iter();
    let rule = defaults.find(|rule| auto::words(&rule.evidence).0 == when)?;
    Some(AutoRule { on: true, ..rule })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct From {
    when: String,
}

async fn new(State(shared): State<Shared>, ctx: Ctx, Query(from): Query<From>) -> Response {
    let Some(rule) = begun(&from.when) else {
        let missing = not_found("automatic rule", &from.when);
        return refused(&shared, &ctx, missing).await;
    };
    let form = AutoForm::of((0, 0), String::new(), &rule);
    new_page(&shared, &ctx, &form, &rule.evidence, asked_for())
}

fn new_page(
    shared: &Shared,
    ctx: &Ctx,
    form: &AutoForm,
    looks_at: &Evidence,
    (status, wrong): Again,
) -> Response {
    let places = places(&ctx.app().plant.get());
    let inside = auto::new(form, auto::words(looks_at).1, &places, &wrong);
    let title = "Add what machines call for";
    shown(shared, ctx, (title, HERE), status, inside)
}

/// What was sent for a rule, over what it is or begins as.
fn sent(id: i64, fields: &Fields, known: &AutoRule) -> AutoForm {
    let text = |name: &str| fields.one(&format!("{name}-{id}")).to_owned();
    let mut form = AutoForm::of((id, fields.number("version")), text("place"), known);
    form.on = !text("on").is_empty();
    (form.kind, form.priority) = (text("kind"), text("priority"));
    for (name, value) in &mut form.given {
        *value = text(name);
    }
    form
}

async fn add(posted: Posted) -> Response {
    let (shared, ctx, fields) = (&posted.shared, &posted.ctx, &posted.fields);
    let Some(rule) = begun(fields.one("when")) else {
        let missing = not_found("automatic rule", fields.one("when"));
        return posted.refused(missing).await;
    };
    let form = sent(0, fields, &rule);
    let done = match read(&form, &rule.evidence) {
        Ok(body) => autos::add(ctx, &body).await.map(drop),
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => Redirect::to("/admin/andon?said=added#auto").into_response(),
        Err(error) => {
            let page = |again| new_page(shared, ctx, &form, &rule.evidence, again);
            let drawn = |again| std::future::ready(page(again));
            posted.again("rule", numbered(0, error), drawn).await
        }
    }
}

async fn change(Path(id): Path<i64>, posted: Posted) -> Response {
    let (ctx, fields) = (&posted.ctx, &posted.fields);
    let known = match rules::all(ctx).await {
        Ok(all) => all.autos.into_iter().find(|a| a.id == id),
        Err(error) => return posted.refused(error).await,
    };
    let Some(known) = known else {
        let missing = not_found("automatic rule", &id.to_string());
        return posted.refused(missing).await;
    };
    let form = sent(id, fields, &known.rule);
    let done = match read(&form, &known.rule.evidence) {
        Ok(body) => autos::change(ctx, id, &body).await,
        Err(error) => Err(error),
    };
    let done = done.map_err(|error| numbered(id, error));
    back_to_list(&posted, Sent::Auto(form), done).await
}

async fn remove(Path(id): Path<i64>, posted: Posted) -> Response {
    let version = posted.fields.number("version");
    match autos::remove(&posted.ctx, id, version).await {
        Ok(()) => Redirect::to("/admin/andon?said=removed#auto").into_response(),
        Err(error) => {
            let drawn = |again| list_page(&posted.shared, &posted.ctx, None, again, None);
            posted.again("rule", error, drawn).await
        }
    }
}

/// Fields under the names that they have on the page, where each rule has its form.
fn numbered(id: i64, error: ServiceError) -> ServiceError {
    let ServiceError::Invalid(fields) = error else {
        return error;
    };
    let on_page = |f: FieldError| {
        let name = match f.field.as_str() {
            "than" => "minutes",
            "share" => "percent",
            "line" | "machine" => "place",
            other => other,
        };
        field(&format!("{name}-{id}"), f.problem)
    };
    ServiceError::Invalid(fields.into_iter().map(on_page).collect())
}

fn read(form: &AutoForm, known: &Evidence) -> Result<AutoBody, ServiceError> {
    let mut wrong: Vec<FieldError> = Vec::new();
    let text = |name: &str| {
        let found = form.given.iter().find(|(n, _)| *n == name);
        found.map_or("", |(_, value)| value.trim())
    };
    let code = |of: &str| form.place.strip_prefix(of).map(str::to_owned);
    let mut number = |name: &'static str| -> i64 {
        text(name).parse().unwrap_or_else(|_| {
            wrong.push(field(name, "must be a whole number"));
            0
        })
    };
    let evidence = match known {
        Evidence::FaultClass { .. } => {
            let prefixes = text("prefixes").split(',').map(str::trim);
            let prefixes = prefixes.filter(|p| !p.is_empty()).map(str::to_owned);
            Evidence::FaultClass {
                prefixes: prefixes.collect(),
                origin: FaultOrigin::from_name(text("origin")),
            }
        }
        Evidence::StopLonger { .. } => {
            let than = rule_form::duration(text("minutes"));
            if than.is_none() {
                wrong.push(field("minutes", "must be minutes"));
            }
            Evidence::StopLonger {
                than: than.unwrap_or_default(),
            }
        }
        Evidence::QualityUnder { .. } => {
            let min_pieces = number("min_pieces");
            let percent: Result<f64, _> = text("percent").replace(',', ".").parse();
            if percent.is_err() {
                wrong.push(field("percent", "must be a percentage"));
            }
            Evidence::QualityUnder {
                share: percent.unwrap_or_default() / 100.0,
                min_pieces,
            }
        }
        Evidence::CountBehind { .. } => Evidence::CountBehind {
            pieces: number("pieces"),
        },
    };
    let (line, machine) = (code("line:"), code("machine:"));
    if !form.place.is_empty() && line.is_none() && machine.is_none() {
        wrong.push(field("place", "does not exist"));
    }
    let kind = CallKind::from_name(&form.kind);
    if kind.is_none() {
        wrong.push(field("kind", "does not exist"));
    }
    let priority = Priority::from_name(&form.priority);
    if priority.is_none() {
        wrong.push(field("priority", "does not exist"));
    }
    match (kind, priority) {
        (Some(kind), Some(priority)) if wrong.is_empty() => Ok(AutoBody {
            version: form.version,
            line,
            machine,
            rule: AutoRule {
                on: form.on,
                evidence,
                kind,
                priority,
            },
        }),
        _ => Err(ServiceError::Invalid(wrong)),
    }
}
