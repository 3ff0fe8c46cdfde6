//! `/admin/andon/rehearse`: who would be called.

use super::lines;
use crate::api::andon::{EscalationTree, Rung, RungCall};
use crate::domain::andon::{CallKind, Priority, Trigger};
use crate::domain::day::Moment;
use crate::domain::time::TsMs;
use crate::server::auth::Ctx;
use crate::server::calendar::{date_and_time, moment};
use crate::server::http::Shared;
use crate::server::http::desk::answer::{asked_for, refused, wrong_or};
use crate::server::http::desk::fields::zone;
use crate::server::http::desk::shown;
use crate::server::services::andon::{Rehearsal, get_escalation_tree};
use crate::server::services::error::{ServiceError, field};
use crate::ui::desk::andon::rehearse::{self as pages, Answer, Asked, Whom};
use crate::ui::desk::andon::steps::waits_for;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use jiff::tz::TimeZone;
use serde::Deserialize;

/// The route.
pub fn router(shared: &Shared) -> Router {
    Router::new()
        .route("/admin/andon/rehearse", get(show))
        .with_state(shared.clone())
}

/// What is asked, as the address says it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Question {
    line: String,
    at: String,
    kind: String,
    priority: String,
}

impl Question {
    /// Nothing was asked yet.
    fn is_blank(&self) -> bool {
        [&self.line, &self.at, &self.kind, &self.priority]
            .iter()
            .all(|text| text.is_empty())
    }

    fn read(&self, zone: &TimeZone) -> Result<Rehearsal<'_>, ServiceError> {
        let mut wrong = Vec::new();
        let at = Moment::parse(&self.at).and_then(|m| moment(zone, m));
        if at.is_none() {
            wrong.push(field(
                "at",
                "must be a day and time such as 2026-07-06T14:30",
            ));
        }
        let kind = CallKind::from_name(&self.kind);
        if kind.is_none() {
            wrong.push(field("kind", "does not exist"));
        }
        let priority = Priority::from_name(&self.priority);
        if priority.is_none() {
            wrong.push(field("priority", "does not exist"));
        }
        match (at, kind, priority) {
            (Some(at), Some(kind), Some(priority)) => Ok(Rehearsal {
                line: &self.line,
                at,
                kind,
                priority,
            }),
            _ => Err(ServiceError::Invalid(wrong)),
        }
    }
}

async fn show(
    State(shared): State<Shared>,
    ctx: Ctx,
    Query(mut asked): Query<Question>,
) -> Response {
    let plant = ctx.app().plant.get();
    let zone = zone(ctx.app());
    // Whoever asks nothing sees what is asked most: who would be called now.
    let blank = asked.is_blank();
    if blank {
        let first = plant.lines.iter().find(|line| ctx.sees(line));
        asked = Question {
            line: first.map_or_else(String::new, |line| line.code.clone()),
            at: date_and_time(&zone, ctx.now()).replace(' ', "T"),
            kind: CallKind::Maintenance.name().to_owned(),
            priority: Priority::High.name().to_owned(),
        };
    }
    let found = match asked.read(&zone) {
        _ if blank && asked.line.is_empty() => Ok(None),
        Ok(call) => get_escalation_tree(&ctx, call).await.map(Some),
        Err(error) => Err(error),
    };
    let ((status, wrong), tree) = match found {
        Ok(tree) => (asked_for(), tree),
        Err(error) => match wrong_or(&shared, &ctx, "call", error).await {
            Ok(again) => (again, None),
            Err(answer) => return answer,
        },
    };
    let answer = match tree {
        Some(tree) => match answer(&ctx, &zone, &asked, tree).await {
            Ok(answer) => Some(answer),
            Err(error) => return refused(&shared, &ctx, error).await,
        },
        None => None,
    };
    let form = Asked {
        line: asked.line,
        at: asked.at,
        kind: asked.kind,
        priority: asked.priority,
    };
    let inside = pages::rehearse(&form, lines(&plant), &wrong, answer);
    let names = ("Who would be called?", "/admin/andon");
    shown(&shared, &ctx, names, status, inside)
}

async fn answer(
    ctx: &Ctx,
    zone: &TimeZone,
    asked: &Question,
    tree: EscalationTree,
) -> Result<Answer, ServiceError> {
    let plant = ctx.app().plant.get();
    let line = plant.line(&asked.line);
    let line = line.map_or(asked.line.as_str(), |l| l.name.as_str());
    let kind = CallKind::from_name(&asked.kind).map_or("", CallKind::words);
    let priority = Priority::from_name(&asked.priority).map_or("", Priority::words);
    let rung = |rung: Rung| pages::Rung {
        at: rung
            .at
            .map_or_else(String::new, |at| clock(zone, tree.at, at)),
        waits_for: Trigger::ALL
            .into_iter()
            .find(|t| t.words() == rung.waits_for)
            .map_or(rung.waits_for, |t| waits_for(t, rung.after)),
        level: rung.level,
        calls: rung.calls.into_iter().map(whom).collect(),
    };
    Ok(Answer {
        about: format!(
            "{kind}, {}, on {line}, {}",
            priority.to_lowercase(),
            weekday_and_time(zone, tree.at)
        ),
        rule: match tree.rule {
            Some(id) => (
                format!("rule {id}"),
                Some(format!("/admin/andon/rules/{id}")),
            ),
            None => ("no rule holds: the steps of its priority".to_owned(), None),
        },
        shift: tree.shift.map_or_else(
            || "Outside every shift".to_owned(),
            |s| format!("Shift {s}"),
        ),
        rungs: tree.rungs.into_iter().map(rung).collect(),
    })
}

fn whom(call: RungCall) -> Whom {
    Whom {
        who: call.who,
        nobody: call.nobody,
        via: call.via,
        cannot: call.cannot.into_iter().map(|c| (c.via, c.why)).collect(),
    }
}

/// `02:15:00`, with the day when it is another one.
fn clock(zone: &TimeZone, start: TsMs, at: TsMs) -> String {
    let text = |at: TsMs, format: &str| {
        jiff::Timestamp::from_millisecond(at.0).map_or_else(
            |_| String::new(),
            |t| t.to_zoned(zone.clone()).strftime(format).to_string(),
        )
    };
    let time = if at.0 % 60_000 == 0 {
        "%H:%M"
    } else {
        "%H:%M:%S"
    };
    if text(start, "%F") == text(at, "%F") {
        text(at, time)
    } else {
        text(at, &format!("%a {time}"))
    }
}

fn weekday_and_time(zone: &TimeZone, at: TsMs) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(
        |_| String::new(),
        |t| {
            let local = t.to_zoned(zone.clone());
            local.strftime("%A %-d %B %Y %H:%M").to_string()
        },
    )
}
