//! `/admin/andon`: who is called when, and what holds for all calls; by what machines call by themselves stands on the same page.

use super::{autos, rule_form};
use crate::api::andon::rules::{AutoView, DefaultView, GeneralView, RuleView, RulesView};
use crate::domain::andon::{CallKind, Ladder, Limit, Priority, Recipient, ReopenWithin, Step};
use crate::domain::plant::FieldError;
use crate::domain::time::{DurMs, HOUR_MS};
use crate::server::andon::Directory;
use crate::server::auth::Ctx;
use crate::server::http::Shared;
use crate::server::http::desk::answer::{Again, asked_for, refused};
use crate::server::http::desk::fields::{Fields, Said};
use crate::server::http::desk::posted::Posted;
use crate::server::http::desk::shown;
use crate::server::plant::Plant;
use crate::server::services::andon::{roster, rules};
use crate::server::services::error::{ServiceError, field};
use crate::ui::desk::andon::auto::{self, AutoForm};
use crate::ui::desk::andon::rule::{RuleForm, rule};
use crate::ui::desk::andon::rules as pages;
use crate::ui::desk::andon::steps::{self, minutes};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

const HERE: &str = "/admin/andon";

/// The routes.
pub fn router(shared: &Shared) -> Router {
    Router::new()
        .route("/admin/andon", get(list).post(change_general))
        .route("/admin/andon/rules", post(add))
        .route("/admin/andon/rules/new", get(new))
        .route("/admin/andon/rules/{id}", get(show).post(change))
        .route("/admin/andon/rules/{id}/remove", post(remove))
        .with_state(shared.clone())
}

async fn list(State(shared): State<Shared>, ctx: Ctx, Query(asked): Query<Said>) -> Response {
    list_page(&shared, &ctx, None, asked_for(), asked.words()).await
}

/// For which calls a rule holds, in words.
fn holds_for(plant: &Plant, rule: &RuleView) -> String {
    let line = rule.line.as_ref().map(|code| {
        let line = plant.line(code);
        format!("on {}", line.map_or(code.as_str(), |l| l.name.as_str()))
    });
    let parts = [
        rule.kind.map(|k| k.words().to_owned()),
        rule.priority.map(|p| p.words().to_lowercase()),
        line,
        rule.shift.as_ref().map(|s| format!("in shift {s}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        "Every call".to_owned()
    } else {
        parts.join(", ")
    }
}

fn step_lines(people: &Directory, ladder: &Ladder) -> Vec<(String, String)> {
    let line = |step: &Step| {
        let word = |to: &Recipient| people.words(to);
        let whom: Vec<String> = step.to.iter().map(word).collect();
        steps::line(step.trigger, step.after, step.level, &whom, &step.via)
    };
    ladder.steps().iter().map(line).collect()
}

/// The steps of the default ladders of a priority: what is the same for several kinds of calls stands there once, and says for
/// which kinds if not for all.
fn default_lines<'a>(
    people: &Directory,
    defaults: impl Iterator<Item = &'a DefaultView>,
) -> Vec<(String, String)> {
    let mut lines: Vec<(usize, (String, String), Vec<&str>)> = Vec::new();
    for one in defaults {
        for (n, line) in step_lines(people, &one.steps).into_iter().enumerate() {
            let kind = one.kind.words();
            match lines.iter_mut().find(|l| l.0 == n && l.1 == line) {
                Some((_, _, kinds)) => kinds.push(kind),
                None => lines.push((n, line, vec![kind])),
            }
        }
    }
    lines.sort_by_key(|(n, ..)| *n);
    let words = |(_, (when, whom), kinds): (usize, (String, String), Vec<&str>)| {
        if kinds.len() == CallKind::ALL.len() {
            return (when, whom);
        }
        (format!("{when} · {}", kinds.join(", ")), whom)
    };
    lines.into_iter().map(words).collect()
}

fn general_form(general: &GeneralView) -> pages::GeneralForm {
    let ReopenWithin(reopen) = general.reopen;
    pages::GeneralForm {
        version: general.version,
        reopen: minutes(DurMs(reopen.0 / 60)),
        calls: general.quiet.calls.to_string(),
        within: minutes(general.quiet.within),
    }
}

/// What was sent by one of the forms of the list.
pub(super) enum Sent {
    General(pages::GeneralForm),
    Auto(AutoForm),
}

pub(super) async fn list_page(
    shared: &Shared,
    ctx: &Ctx,
    sent: Option<Sent>,
    (status, wrong): Again,
    done: Option<&str>,
) -> Response {
    let found = async {
        let people = Directory::load(&ctx.app().db).await?;
        let gaps = roster::gaps(ctx).await?.len();
        Ok::<_, ServiceError>((rules::all(ctx).await?, people, gaps))
    };
    let (found, people, gaps) = match found.await {
        Ok(found) => found,
        Err(error) => return refused(shared, ctx, error).await,
    };
    let plant = ctx.app().plant.get();
    let RulesView {
        rules,
        defaults,
        autos: found_autos,
        general,
    } = found;
    let line = |rule: &RuleView| pages::RuleLine {
        id: rule.id,
        version: rule.version,
        holds_for: holds_for(&plant, rule),
        steps: step_lines(&people, &rule.steps),
    };
    let default = |priority: Priority| pages::DefaultLine {
        name: priority.name(),
        words: priority.words(),
        steps: default_lines(&people, defaults.iter().filter(|d| d.priority == priority)),
    };
    let auto_form = |one: &AutoView| {
        let form = match &sent {
            Some(Sent::Auto(form)) if form.id == one.id => form.clone(),
            _ => autos::form_of(one),
        };
        (form, auto::words(&one.rule.evidence).1)
    };
    let page = pages::Page {
        rules: rules.iter().map(line).collect(),
        defaults: Priority::ALL.map(default).to_vec(),
        autos: found_autos.iter().map(auto_form).collect(),
        places: autos::places(&plant),
        general: match &sent {
            Some(Sent::General(form)) => form.clone(),
            _ => general_form(&general),
        },
        gaps,
    };
    let inside = pages::rules(page, &wrong, done);
    shown(shared, ctx, ("Call rules", HERE), status, inside)
}

async fn change_general(posted: Posted) -> Response {
    let fields = &posted.fields;
    let done = match read_general(fields) {
        Ok(to) => rules::change_general(&posted.ctx, &to).await,
        Err(error) => Err(error),
    };
    let text = |name| fields.one(name).to_owned();
    let sent = Sent::General(pages::GeneralForm {
        version: fields.number("version"),
        reopen: text("reopen"),
        calls: text("calls"),
        within: text("within"),
    });
    back_to_list(&posted, sent, done).await
}

fn read_general(fields: &Fields) -> Result<GeneralView, ServiceError> {
    let mut wrong: Vec<FieldError> = Vec::new();
    let hours = rule_form::duration(fields.one("reopen")).map(|d| DurMs(d.0.saturating_mul(60)));
    if hours.is_none() {
        wrong.push(field("reopen", "must be hours"));
    }
    let calls: Option<u32> = fields.one("calls").trim().parse().ok();
    if calls.is_none() {
        wrong.push(field("calls", "must be 1 to 1,000"));
    }
    let within = rule_form::duration(fields.one("within"));
    if within.is_none() {
        wrong.push(field("within", "must be minutes"));
    }
    match (hours, calls, within) {
        (Some(reopen), Some(calls), Some(within)) => Ok(GeneralView {
            version: fields.number("version"),
            reopen: ReopenWithin(reopen.min(DurMs(HOUR_MS * 1_000_000))),
            quiet: Limit { calls, within },
        }),
        _ => Err(ServiceError::Invalid(wrong)),
    }
}

/// Back to the list when it is done, else the list with what is wrong.
pub(super) async fn back_to_list(
    posted: &Posted,
    sent: Sent,
    done: Result<(), ServiceError>,
) -> Response {
    match done {
        Ok(()) => Redirect::to("/admin/andon?said=saved").into_response(),
        Err(error) => {
            // Whoever looked at something older gets to see what it is now.
            let stale = matches!(error, ServiceError::Conflict(_));
            let sent = Some(sent).filter(|_| !stale);
            let drawn = |again| list_page(&posted.shared, &posted.ctx, sent, again, None);
            posted.again("settings", error, drawn).await
        }
    }
}

async fn rule_page(
    shared: &Shared,
    ctx: &Ctx,
    form: RuleForm,
    (status, wrong): Again,
    done: Option<&str>,
) -> Response {
    let title = if form.version.is_some() {
        "A call rule"
    } else {
        "Add a call rule"
    };
    match rule_form::offered(ctx, form).await {
        Ok(form) => shown(
            shared,
            ctx,
            (title, HERE),
            status,
            rule(&form, &wrong, done),
        ),
        Err(error) => refused(shared, ctx, error).await,
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct From {
    kind: String,
    priority: String,
}

async fn new(State(shared): State<Shared>, ctx: Ctx, Query(from): Query<From>) -> Response {
    let form = rule_form::new(&from.kind, &from.priority);
    rule_page(&shared, &ctx, form, asked_for(), None).await
}

async fn show(
    State(shared): State<Shared>,
    ctx: Ctx,
    Path(id): Path<i64>,
    Query(asked): Query<Said>,
) -> Response {
    match rules::one(&ctx, id).await {
        Ok(view) => {
            let form = rule_form::of(&view);
            rule_page(&shared, &ctx, form, asked_for(), asked.words()).await
        }
        Err(error) => refused(&shared, &ctx, error).await,
    }
}

async fn add(posted: Posted) -> Response {
    let (shared, ctx, fields) = (&posted.shared, &posted.ctx, &posted.fields);
    let form = rule_form::sent("/admin/andon/rules".to_owned(), fields);
    if fields.one("then") == "step" {
        return rule_page(shared, ctx, form, asked_for(), None).await;
    }
    let done = match rule_form::body(&form) {
        Ok(body) => rules::add(ctx, &body).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(_) => Redirect::to("/admin/andon?said=added").into_response(),
        Err(error) => {
            let drawn = |again| rule_page(shared, ctx, form, again, None);
            posted.again("rule", error, drawn).await
        }
    }
}

async fn change(Path(id): Path<i64>, posted: Posted) -> Response {
    let (shared, ctx, fields) = (&posted.shared, &posted.ctx, &posted.fields);
    let href = format!("/admin/andon/rules/{id}");
    let form = rule_form::sent(href.clone(), fields);
    if fields.one("then") == "step" {
        return rule_page(shared, ctx, form, asked_for(), None).await;
    }
    let done = match rule_form::body(&form) {
        Ok(body) => rules::change(ctx, id, &body).await,
        Err(error) => Err(error),
    };
    let Err(error) = done else {
        return Redirect::to(&format!("{href}?said=saved")).into_response();
    };
    let stale = matches!(error, ServiceError::Conflict(_));
    let drawn = |again| async move {
        // Whoever looked at something older gets to see what it is now.
        let form = match rules::one(ctx, id).await {
            Ok(view) if stale => rule_form::of(&view),
            _ => form,
        };
        rule_page(shared, ctx, form, again, None).await
    };
    posted.again("rule", error, drawn).await
}

async fn remove(Path(id): Path<i64>, posted: Posted) -> Response {
    let version = posted.fields.number("version");
    match rules::remove(&posted.ctx, id, version).await {
        Ok(()) => Redirect::to("/admin/andon?said=removed").into_response(),
        Err(error) => {
            let drawn = |again| list_page(&posted.shared, &posted.ctx, None, again, None);
            posted.again("rule", error, drawn).await
        }
    }
}
