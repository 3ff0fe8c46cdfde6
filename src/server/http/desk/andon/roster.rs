//! `/admin/roster`: who is on duty, who stands in, when nobody is.

use super::roster_forms as forms;
use super::{lines, shifts};
use crate::api::andon::roster::{DutyView, GapView, SubstituteView};
use crate::domain::andon::GapRun;
use crate::domain::day::LocalDay;
use crate::domain::ids::LineId;
use crate::server::auth::Ctx;
use crate::server::calendar::local_day;
use crate::server::http::Shared;
use crate::server::http::desk::answer::{Again, asked_for, refused};
use crate::server::http::desk::fields::{Said, zone};
use crate::server::http::desk::posted::Posted;
use crate::server::http::desk::shown;
use crate::server::services::andon::{roster, rules};
use crate::server::services::error::{ServiceError, not_found};
use crate::ui::desk::andon::roster::{
    self as pages, DutyForm, GapLine, Offers, Page, SubstituteForm, Week, weekdays,
};
use crate::ui::desk::choose::said;
use crate::ui::desk::field::Wrong;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use leptos::prelude::{AnyView, ElementChild, IntoAny, view};
use serde::Deserialize;
use std::collections::BTreeSet;

const HERE: &str = "/admin/roster";
const TITLE: (&str, &str) = ("Roster", HERE);
/// How many stretches of days a line of gaps names; the rest is counted.
const MOST_STRETCHES: usize = 4;

/// The routes.
pub fn router(shared: &Shared) -> Router {
    Router::new()
        .route("/admin/roster", get(show))
        .route("/admin/roster/duties", post(add_duty))
        .route(
            "/admin/roster/duties/{id}",
            get(show_duty).post(change_duty),
        )
        .route("/admin/roster/duties/{id}/remove", post(remove_duty))
        .route("/admin/roster/substitutes", post(add_substitute))
        .route(
            "/admin/roster/substitutes/{id}",
            get(show_substitute).post(change_substitute),
        )
        .route(
            "/admin/roster/substitutes/{id}/remove",
            post(remove_substitute),
        )
        .with_state(shared.clone())
}

/// Which week of which line.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    line: String,
    on: String,
    said: String,
}

/// A form that was sent and what is wrong with it.
#[derive(Default)]
struct Sent {
    duty: Option<(DutyForm, Wrong)>,
    substitute: Option<(SubstituteForm, Wrong)>,
}

async fn show(State(shared): State<Shared>, ctx: Ctx, Query(asked): Query<Asked>) -> Response {
    let word = Said {
        said: asked.said.clone(),
        ..Said::default()
    };
    let (status, _) = asked_for();
    match page(&ctx, &asked, Sent::default()).await {
        Ok(page) => {
            let inside = pages::roster(page, word.words());
            shown(&shared, &ctx, TITLE, status, inside)
        }
        Err(error) => refused(&shared, &ctx, error).await,
    }
}

async fn page(ctx: &Ctx, asked: &Asked, sent: Sent) -> Result<Page, ServiceError> {
    let found = roster::all(ctx).await?;
    let gaps = roster::gaps(ctx).await?;
    Ok(Page {
        week: week(ctx, asked).await?,
        gaps: gaps.into_iter().map(gap_line).collect(),
        duties: found.duties.iter().map(duty_line).collect(),
        substitutes: found.substitutes.iter().map(substitute_line).collect(),
        duty: sent
            .duty
            .unwrap_or_else(|| (forms::new_duty(), Wrong::default())),
        substitute: sent
            .substitute
            .unwrap_or_else(|| (forms::new_substitute(), Wrong::default())),
        offers: offers(ctx).await?,
    })
}

async fn offers(ctx: &Ctx) -> Result<Offers, ServiceError> {
    let plant = ctx.app().plant.get();
    let held = roster::all(ctx).await?.duties;
    let called = rules::all(ctx).await?.rules;
    let mut duties: BTreeSet<String> = held.into_iter().map(|d| d.name).collect();
    let named = called.iter().flat_map(|rule| rule.steps.duties());
    duties.extend(named.map(str::to_owned));
    let people = roster::everybody(ctx).await?;
    Ok(Offers {
        people: people
            .into_iter()
            .map(|p| (p.id.to_string(), p.name))
            .collect(),
        lines: lines(&plant),
        shifts: shifts(&plant),
        duties: duties.into_iter().collect(),
    })
}

async fn week(ctx: &Ctx, asked: &Asked) -> Result<Option<Week>, ServiceError> {
    let plant = ctx.app().plant.get();
    let line = plant.line(&asked.line).or(plant.lines.first());
    let Some(line) = line.filter(|_| plant.site.is_some()) else {
        return Ok(None);
    };
    let today = local_day(&zone(ctx.app()), ctx.now());
    let day = LocalDay::parse(&asked.on).or(today).unwrap_or_default();
    let found = roster::week(ctx, &line.code, day).await?;
    Ok(Some(Week {
        line: line.code.clone(),
        monday: found.monday,
        label: format!(
            "{}: {} to {}",
            line.name,
            long(found.monday),
            long(found.monday.plus(6))
        ),
        rows: found.rows,
    }))
}

/// `6 July 2026`.
fn long(day: LocalDay) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let (year, month, day) = day.civil();
    let month = usize::try_from(month - 1).ok().and_then(|m| MONTHS.get(m));
    format!("{day} {} {year}", month.copied().unwrap_or_default())
}

/// `Sat 28 November`, or from one to another.
fn stretch((first, last): (LocalDay, LocalDay)) -> String {
    let short = |day: LocalDay| {
        let words = long(day);
        let name = day.weekday_name().get(..3).unwrap_or_default();
        format!("{name} {}", words.rsplit_once(' ').map_or("", |(w, _)| w))
    };
    if first == last {
        short(first)
    } else {
        format!("{} – {}", short(first), short(last))
    }
}

fn gap_line(gap: GapView) -> GapLine {
    let run = GapRun {
        duty: gap.duty,
        line: LineId(0),
        shift: None,
        away: vec![],
        days: gap.days,
    };
    let stretches = run.stretches();
    let rest = stretches.len().saturating_sub(MOST_STRETCHES);
    let mut when: Vec<String> = stretches
        .into_iter()
        .take(MOST_STRETCHES)
        .map(stretch)
        .collect();
    if rest > 0 {
        when.push(format!("and {rest} more"));
    }
    let why = match gap.away.as_slice() {
        [] => "nobody has it".to_owned(),
        [one] => format!("{one} is away, and nobody stands in"),
        several => format!("{} are away, and nobody stands in", several.join(", ")),
    };
    let (place, one) = match gap.shift {
        Some(shift) => (format!("{}, {shift}", gap.line.name), "shift"),
        None => (format!("{}, outside shifts", gap.line.name), "day"),
    };
    let count = match run.days.len() {
        1 => format!("1 {one}"),
        n => format!("{n} {one}s"),
    };
    GapLine {
        duty: run.duty,
        place,
        count,
        when,
        why,
    }
}

fn duty_line(duty: &DutyView) -> pages::DutyLine {
    let mut when = vec![weekdays(duty.days)];
    let bounds = match (duty.from, duty.until) {
        (None, None) => None,
        (Some(from), None) => Some(format!("from {}", long(from))),
        (None, Some(until)) => Some(format!("until {}", long(until))),
        (Some(from), Some(until)) if from == until => Some(format!("on {}", long(from))),
        (Some(from), Some(until)) => Some(format!("{} to {}", long(from), long(until))),
    };
    when.extend(bounds);
    if duty.holidays {
        when.push("on holidays as well".to_owned());
    }
    let line = duty.line.as_ref().map_or("every line", |l| l.name.as_str());
    pages::DutyLine {
        id: duty.id,
        version: duty.version,
        name: duty.name.clone(),
        person: duty.person.name.clone(),
        place: match &duty.shift {
            Some(shift) => format!("{line}, {shift}"),
            None => line.to_owned(),
        },
        when,
    }
}

fn substitute_line(one: &SubstituteView) -> pages::SubstituteLine {
    pages::SubstituteLine {
        id: one.id,
        version: one.version,
        person: one.person.name.clone(),
        by: one.by.name.clone(),
        when: if one.from == one.until {
            long(one.from)
        } else {
            format!("{} to {}", long(one.from), long(one.until))
        },
    }
}

/// Back to the roster when it is done, else the roster with what is wrong.
async fn back(
    posted: &Posted,
    word: &str,
    done: Result<(), ServiceError>,
    with: impl FnOnce(Wrong) -> Sent,
) -> Response {
    let (shared, ctx) = (&posted.shared, &posted.ctx);
    let Err(error) = done else {
        return Redirect::to(&format!("{HERE}?said={word}")).into_response();
    };
    let drawn = |(status, wrong): Again| async move {
        match page(ctx, &Asked::default(), with(wrong)).await {
            Ok(page) => shown(shared, ctx, TITLE, status, pages::roster(page, None)),
            Err(error) => refused(shared, ctx, error).await,
        }
    };
    posted.again("roster", error, drawn).await
}

async fn add_duty(posted: Posted) -> Response {
    let form = forms::sent_duty("/admin/roster/duties".to_owned(), &posted.fields);
    let done = match forms::duty(&form) {
        Ok(body) => roster::add_duty(&posted.ctx, &body).await.map(drop),
        Err(error) => Err(error),
    };
    let with = |wrong| Sent {
        duty: Some((form, wrong)),
        ..Sent::default()
    };
    back(&posted, "added", done, with).await
}

async fn remove_duty(Path(id): Path<i64>, posted: Posted) -> Response {
    let version = posted.fields.number("version");
    let done = roster::remove_duty(&posted.ctx, id, version).await;
    let with = |wrong| Sent {
        duty: Some((forms::new_duty(), wrong)),
        ..Sent::default()
    };
    back(&posted, "removed", done, with).await
}

async fn add_substitute(posted: Posted) -> Response {
    let form = forms::sent_substitute("/admin/roster/substitutes".to_owned(), &posted.fields);
    let done = match forms::substitute(&form) {
        Ok(body) => roster::add_substitute(&posted.ctx, &body).await.map(drop),
        Err(error) => Err(error),
    };
    let with = |wrong| Sent {
        substitute: Some((form, wrong)),
        ..Sent::default()
    };
    back(&posted, "added", done, with).await
}

async fn remove_substitute(Path(id): Path<i64>, posted: Posted) -> Response {
    let version = posted.fields.number("version");
    let done = roster::remove_substitute(&posted.ctx, id, version).await;
    let with = |wrong| Sent {
        substitute: Some((forms::new_substitute(), wrong)),
        ..Sent::default()
    };
    back(&posted, "removed", done, with).await
}

/// A page with one form on it.
async fn form_page(
    shared: &Shared,
    ctx: &Ctx,
    title: &str,
    (status, wrong): Again,
    done: Option<&str>,
    form: AnyView,
) -> Response {
    let inside = view! {
        {said(done)} {wrong.summary()} {form}
        <p>
            <a class="button" href="/admin/roster">
                "Back to the roster"
            </a>
        </p>
    };
    shown(shared, ctx, (title, HERE), status, inside.into_any())
}

async fn duty_page(
    shared: &Shared,
    ctx: &Ctx,
    id: i64,
    sent: Option<DutyForm>,
    again: Again,
    done: Option<&str>,
) -> Response {
    let found = async {
        let all = roster::all(ctx).await?.duties;
        let one = all.into_iter().find(|d| d.id == id);
        let one = one.ok_or_else(|| not_found("duty", &id.to_string()))?;
        Ok::<_, ServiceError>((forms::of_duty(&one), offers(ctx).await?))
    };
    match found.await {
        Ok((form, offers)) => {
            let form = sent.unwrap_or(form);
            let inside = pages::duty_form(&form, &offers, &again.1);
            form_page(shared, ctx, "A duty", again, done, inside).await
        }
        Err(error) => refused(shared, ctx, error).await,
    }
}

async fn show_duty(
    State(shared): State<Shared>,
    ctx: Ctx,
    Path(id): Path<i64>,
    Query(asked): Query<Said>,
) -> Response {
    duty_page(&shared, &ctx, id, None, asked_for(), asked.words()).await
}

async fn change_duty(Path(id): Path<i64>, posted: Posted) -> Response {
    let form = forms::sent_duty(format!("/admin/roster/duties/{id}"), &posted.fields);
    let done = match forms::duty(&form) {
        Ok(body) => roster::change_duty(&posted.ctx, id, &body).await,
        Err(error) => Err(error),
    };
    let Err(error) = done else {
        return Redirect::to(&format!("/admin/roster/duties/{id}?said=saved")).into_response();
    };
    // Whoever looked at something older gets to see what it is now.
    let stale = matches!(error, ServiceError::Conflict(_));
    let sent = Some(form).filter(|_| !stale);
    let drawn = |again| duty_page(&posted.shared, &posted.ctx, id, sent, again, None);
    posted.again("duty", error, drawn).await
}

async fn substitute_page(
    shared: &Shared,
    ctx: &Ctx,
    id: i64,
    sent: Option<SubstituteForm>,
    again: Again,
    done: Option<&str>,
) -> Response {
    let found = async {
        let all = roster::all(ctx).await?.substitutes;
        let one = all.into_iter().find(|s| s.id == id);
        let one = one.ok_or_else(|| not_found("substitute", &id.to_string()))?;
        Ok::<_, ServiceError>((forms::of_substitute(&one), offers(ctx).await?))
    };
    match found.await {
        Ok((form, offers)) => {
            let form = sent.unwrap_or(form);
            let inside = pages::substitute_form(&form, &offers, &again.1);
            form_page(shared, ctx, "Away", again, done, inside).await
        }
        Err(error) => refused(shared, ctx, error).await,
    }
}

async fn show_substitute(
    State(shared): State<Shared>,
    ctx: Ctx,
    Path(id): Path<i64>,
    Query(asked): Query<Said>,
) -> Response {
    substitute_page(&shared, &ctx, id, None, asked_for(), asked.words()).await
}

async fn change_substitute(Path(id): Path<i64>, posted: Posted) -> Response {
    let form = forms::sent_substitute(format!("/admin/roster/substitutes/{id}"), &posted.fields);
    let done = match forms::substitute(&form) {
        Ok(body) => roster::change_substitute(&posted.ctx, id, &body).await,
        Err(error) => Err(error),
    };
    let Err(error) = done else {
        return Redirect::to(&format!("/admin/roster/substitutes/{id}?said=saved")).into_response();
    };
    let stale = matches!(error, ServiceError::Conflict(_));
    let sent = Some(form).filter(|_| !stale);
    let drawn = |again| substitute_page(&posted.shared, &posted.ctx, id, sent, again, None);
    posted.again("substitute", error, drawn).await
}
