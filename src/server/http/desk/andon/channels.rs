//! `/admin/channels`: by what people are told, and a test of each.

use crate::domain::andon::Channel;
use crate::domain::time::TsMs;
use crate::server::auth::Ctx;
use crate::server::calendar::date_and_time;
use crate::server::db::channel_tests::TestRow;
use crate::server::db::deliveries::FailedRow;
use crate::server::http::Shared;
use crate::server::http::desk::answer::{asked_for, refused, wrong_or};
use crate::server::http::desk::fields::{local, zone};
use crate::server::http::desk::shown;
use crate::server::services::andon::channels::{self, ChannelState, Tested, late_since};
use crate::ui::desk::andon::channels::{self as pages, ChannelCard, FailureLine, TestLine, gone};
use crate::ui::format;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use jiff::tz::TimeZone;

const TITLE: (&str, &str) = ("Channels", "/admin/channels");

/// The routes.
pub fn router(shared: &Shared) -> Router {
    Router::new()
        .route("/admin/channels", get(show))
        .route("/admin/channels/{name}/test", post(test))
        .with_state(shared.clone())
}

async fn show(State(shared): State<Shared>, ctx: Ctx) -> Response {
    let (status, _) = asked_for();
    list(&shared, &ctx, status, None, None).await
}

/// The page; with what became of a test that was just sent, or why it was not.
async fn list(
    shared: &Shared,
    ctx: &Ctx,
    status: StatusCode,
    tested: Option<(&str, &[Tested])>,
    problem: Option<String>,
) -> Response {
    let found = match channels::all(ctx).await {
        Ok(found) => found,
        Err(error) => return refused(shared, ctx, error).await,
    };
    let (zone, now) = (zone(ctx.app()), ctx.now());
    let cards = found.into_iter().map(|state| {
        let of_this = tested.filter(|(name, _)| *name == state.channel.name());
        card(state, of_this.map(|(_, tested)| tested), &zone, now)
    });
    let inside = pages::channels(cards.collect(), problem);
    shown(shared, ctx, TITLE, status, inside)
}

fn card(state: ChannelState, tested: Option<&[Tested]>, zone: &TimeZone, now: TsMs) -> ChannelCard {
    let time = |ms: i64| local(zone, TsMs(ms));
    let mut facts = Vec::new();
    if !state.receivers.is_empty() {
        facts.push(("Receivers", state.receivers.join(", ")));
    }
    if let Some(row) = &state.row {
        let last = row.last_sent_ms.map_or_else(|| "never".to_owned(), time);
        facts.push((last_gone(state.channel), last));
        facts.push(("Waiting", format::count(row.waiting)));
        facts.push(("Failed for good", format::count(row.failed)));
    } else if state.is_set_up {
        facts.push((last_gone(state.channel), "never".to_owned()));
    }
    let is_broken = state.is_broken();
    let tests = state
        .tests
        .iter()
        .map(|row| test_line(row, state.channel, zone));
    let tests = tests.collect();
    let late = state.row.as_ref().and_then(|row| late_since(row, now));
    let outcome = |t: &Tested| match &t.outcome {
        Ok(said) => Ok(format!("{} {}: {said}", gone(state.channel), t.address)),
        Err(why) => Err(format!("Not sent to {}: {why}", t.address)),
    };
    ChannelCard {
        channel: state.channel,
        is_set_up: state.is_set_up,
        facts,
        is_broken,
        tests,
        late: late.map(|at| date_and_time(zone, at)),
        test: state.to_oneself,
        failures: state
            .failures
            .iter()
            .map(|row| failure(row, state.channel, zone))
            .collect(),
        tested: tested.unwrap_or_default().iter().map(outcome).collect(),
    }
}

/// What is known of the last message that was taken.
const fn last_gone(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "Last handed to the mail server",
        _ => "Last sent",
    }
}

fn test_line(row: &TestRow, channel: Channel, zone: &TimeZone) -> TestLine {
    // To people a test goes only to whoever had it sent.
    let to = if channel == Channel::Webhook {
        format!(" to {}", row.receiver)
    } else {
        String::new()
    };
    TestLine {
        at: local(zone, TsMs(row.at_ms)),
        what: if row.taken != 0 {
            format!("Test{to} was taken: {}", row.said)
        } else {
            format!("Test{to} failed: {}", row.said)
        },
        by: row.by_whom.clone(),
    }
}

fn failure(row: &FailedRow, channel: Channel, zone: &TimeZone) -> FailureLine {
    FailureLine {
        at: local(zone, TsMs(row.at_ms)),
        whom: row.person.clone().unwrap_or_else(|| row.address.clone()),
        title: row.title.clone(),
        why: row.detail.clone(),
        state: match row.state.as_str() {
            "waiting" => "is tried again",
            "sent" if channel == Channel::Email => "handed to the mail server later",
            "sent" => "sent later",
            "void" => "not needed any more",
            _ => "given up",
        },
    }
}

async fn test(State(shared): State<Shared>, ctx: Ctx, Path(name): Path<String>) -> Response {
    match channels::test(&ctx, &name).await {
        Ok(tested) => {
            let (status, _) = asked_for();
            list(&shared, &ctx, status, Some((&name, &tested)), None).await
        }
        Err(error) => match wrong_or(&shared, &ctx, "channel", error).await {
            Ok((status, wrong)) => {
                let words = wrong.of("channel").unwrap_or_default();
                let words = format!("No test over {name}: {words}.");
                list(&shared, &ctx, status, None, Some(words)).await
            }
            Err(answer) => answer,
        },
    }
}
