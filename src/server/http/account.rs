//! `/account`: what people change about their own way in.

use super::Shared;
use super::desk::answer::{Again, asked_for, on_to, refused};
use super::desk::{self, page};
use super::sign_in::{said, status};
use super::visitor::{Visitor, WAITS, store};
use crate::domain::time::TsMs;
use crate::server::auth::Ctx;
use crate::server::auth::caller::Who;
use crate::server::auth::session::{self, Held, Waiting};
use crate::server::auth::totp;
use crate::server::calendar::date_and_time;
use crate::server::db::people::PersonRow;
use crate::server::services::account::{self, NewPassword, NewPin, OwnSession};
use crate::server::services::error::{ServiceError, field};
use crate::server::services::reached::{self, Reached};
use crate::server::services::sign_in::Refused;
use crate::ui::desk::account::{self as pages, Account, Factor, SessionLine};
use crate::ui::desk::field::Wrong;
use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use jiff::tz::TimeZone;
use serde::Deserialize;
use tower_sessions::Session;

/// The routes.
pub fn router(shared: &Shared) -> Router {
    Router::new()
        .route("/account", get(show))
        .route(
            "/account/password",
            get(show_password).post(change_password),
        )
        .route("/account/pin", get(show_pin).post(change_pin))
        .route("/account/code", get(show_code))
        .route("/account/code/begin", post(begin_code))
        .route("/account/code/on", post(turn_code_on))
        .route("/account/code/off", post(turn_code_off))
        .route("/account/sessions/end", post(end_session))
        .route("/account/sessions/end-all", post(end_all))
        .with_state(shared.clone())
}

/// What was just done, in the address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Done {
    said: String,
}

impl Done {
    /// In words; anything else says nothing.
    fn words(&self) -> Option<&'static str> {
        match self.said.as_str() {
            "password" => Some(
                "The password is changed. You are signed out everywhere else. Your devices go on to take messages: look under 'How you are reached' whether all of them are yours.",
            ),
            "pin" => Some("The PIN is set. It holds on shared tablets."),
            "code-on" => Some("The second factor is on. You are signed out everywhere else."),
            "code-off" => Some("The second factor is off. You are signed out everywhere else."),
            "session" => Some("That session has ended."),
            _ => None,
        }
    }
}

/// `2026-07-06 14:05` on the site's clocks.
pub fn when(shared: &Shared, at: TsMs) -> String {
    let plant = shared.app.plant.get();
    let zone = plant
        .site
        .as_ref()
        .map_or(TimeZone::UTC, |s| s.zone.clone());
    date_and_time(&zone, at)
}

async fn show(State(shared): State<Shared>, ctx: Ctx, Query(done): Query<Done>) -> Response {
    let read = async {
        Ok::<_, ServiceError>((
            account::own(&ctx).await?,
            account::own_sessions(&ctx).await?,
            reached::own(&ctx).await?,
        ))
    };
    let (own, sessions, reached) = match read.await {
        Ok(read) => read,
        Err(error) => return refused(&shared, &ctx, error).await,
    };
    let line = |s: OwnSession| SessionLine {
        mark: s.mark,
        address: s.held.address,
        program: s.held.agent,
        since: when(&shared, s.held.since),
        seen: when(&shared, s.seen),
        this: s.this,
    };
    let inside = pages::account(Account {
        said: done.words(),
        name: own.row.name,
        login: own.row.login,
        roles: own.roles,
        has_password: own.row.password.is_some(),
        has_pin: own.row.pin.is_some(),
        code_is_on: own.row.totp.is_some(),
        reached: ways(&reached),
        sessions: sessions.into_iter().map(line).collect(),
    });
    page(
        &shared,
        Some(ctx.caller()),
        ("Your account", "/account"),
        StatusCode::OK,
        inside,
    )
}

/// The channels by which somebody is reached, in words.
fn ways(reached: &Reached) -> Vec<String> {
    let reaching = reached.ways.iter().filter(|way| way.reaches.is_ok());
    reaching
        .map(|way| way.channel.words().to_lowercase())
        .collect()
}

async fn show_password(State(shared): State<Shared>, ctx: Ctx) -> Response {
    password_page(&shared, &ctx, asked_for())
}

fn password_page(shared: &Shared, ctx: &Ctx, (status, wrong): Again) -> Response {
    let login = match &ctx.caller().who {
        Who::Person { login, .. } => login.as_str(),
        _ => "",
    };
    let inside = pages::password(login, ctx.caller().must_change, &wrong);
    page(
        shared,
        Some(ctx.caller()),
        ("Change password", "/account/password"),
        status,
        inside,
    )
}

/// What is wrong with a form, as far as its fields are; anything else is not a matter of the form.
pub(super) fn wrong_fields(refused: Refused, wrong_is: &str) -> Result<Again, ServiceError> {
    let code = status(Some(&refused));
    match refused {
        Refused::Failed(ServiceError::Invalid(fields)) => Ok((code, Wrong(fields))),
        Refused::Failed(error) => Err(error),
        Refused::Wrong => Ok((code, Wrong(vec![field(wrong_is, "is not right")]))),
        wait @ (Refused::Wait(_) | Refused::Busy) => {
            Ok((code, Wrong(vec![field(wrong_is, said(&wait))])))
        }
    }
}

/// The session goes on with what the person may now, under a new id.
async fn go_on(shared: &Shared, session: &Session, row: &PersonRow) -> Result<(), Refused> {
    let held = session::held(session)
        .await
        .map_err(store)?
        .unwrap_or_default();
    let held = Held {
        version: row.version,
        waiting: None,
        ..held
    };
    goes_on(shared, session, &held).await
}

/// The session holds something else, if it was not ended meanwhile.
async fn goes_on(shared: &Shared, session: &Session, held: &Held) -> Result<(), Refused> {
    let goes_on = session::go_on(&shared.app, session, held).await;
    if goes_on.map_err(store)? {
        Ok(())
    } else {
        Err(ServiceError::Unauthenticated.into())
    }
}

#[derive(Debug, Deserialize)]
struct PasswordForm {
    old: String,
    password: String,
    again: String,
}

async fn change_password(
    State(shared): State<Shared>,
    ctx: Ctx,
    session: Session,
    Form(form): Form<PasswordForm>,
) -> Response {
    let wanted = NewPassword {
        old: form.old,
        new: form.password,
        again: form.again,
    };
    let changed = async {
        let row = account::change_password(&ctx, wanted).await?;
        go_on(&shared, &session, &row).await
    };
    match changed.await {
        Ok(()) => Redirect::to("/account?said=password").into_response(),
        Err(why) => match wrong_fields(why, "old") {
            Ok(again) => password_page(&shared, &ctx, again),
            Err(error) => refused(&shared, &ctx, error).await,
        },
    }
}

async fn show_pin(State(shared): State<Shared>, ctx: Ctx) -> Response {
    pin_page(&shared, &ctx, asked_for()).await
}

async fn pin_page(shared: &Shared, ctx: &Ctx, (status, wrong): Again) -> Response {
    match account::own(ctx).await {
        Ok(own) => {
            let inside = pages::pin(&own.row.login, own.row.password.is_some(), &wrong);
            let names = ("PIN for shared tablets", "/account/pin");
            page(shared, Some(ctx.caller()), names, status, inside)
        }
        Err(error) => refused(shared, ctx, error).await,
    }
}

#[derive(Debug, Deserialize)]
struct PinForm {
    proof: String,
    pin: String,
    again: String,
}

async fn change_pin(
    State(shared): State<Shared>,
    ctx: Ctx,
    session: Session,
    Form(form): Form<PinForm>,
) -> Response {
    let wanted = NewPin {
        proof: form.proof,
        pin: form.pin,
        again: form.again,
    };
    let changed = async {
        let row = account::change_pin(&ctx, wanted).await?;
        go_on(&shared, &session, &row).await
    };
    match changed.await {
        Ok(()) => Redirect::to("/account?said=pin").into_response(),
        Err(why) => match wrong_fields(why, "proof") {
            Ok(again) => pin_page(&shared, &ctx, again).await,
            Err(error) => refused(&shared, &ctx, error).await,
        },
    }
}

/// The second factor that the session waits for, if it does not wait too long already.
async fn begun(shared: &Shared, session: &Session) -> Result<Option<String>, Refused> {
    let held = session::held(session).await.map_err(store)?;
    let now = shared.app.clock.now();
    Ok(match held.and_then(|h| h.waiting) {
        Some(Waiting::Factor { secret, since }) if now - since <= WAITS => Some(secret),
        _ => None,
    })
}

async fn factor_page(
    shared: &Shared,
    ctx: &Ctx,
    session: &Session,
    (status, wrong): Again,
) -> Response {
    let read = async {
        let own = account::own(ctx).await?;
        let secret = begun(shared, session).await?;
        Ok::<_, Refused>(match secret {
            _ if own.row.totp.is_some() => Factor::On(own.row.login),
            None => Factor::Off,
            Some(secret) => match totp::for_authenticator(&secret, &own.row.login) {
                Some((_, picture)) => Factor::Begun {
                    login: own.row.login,
                    secret,
                    picture,
                },
                None => Factor::Off,
            },
        })
    };
    match read.await {
        Ok(factor) => {
            let inside = pages::factor(factor, &wrong);
            page(
                shared,
                Some(ctx.caller()),
                ("Second factor", "/account/code"),
                status,
                inside,
            )
        }
        Err(Refused::Failed(error)) => refused(shared, ctx, error).await,
        Err(_) => Redirect::to("/account").into_response(),
    }
}

async fn show_code(State(shared): State<Shared>, ctx: Ctx, session: Session) -> Response {
    factor_page(&shared, &ctx, &session, asked_for()).await
}

async fn begin_code(State(shared): State<Shared>, session: Session) -> Response {
    let begin = async {
        let held = session::held(&session)
            .await
            .map_err(store)?
            .unwrap_or_default();
        let waiting = Waiting::Factor {
            secret: totp::new_secret(),
            since: shared.app.clock.now(),
        };
        let held = Held {
            waiting: Some(waiting),
            ..held
        };
        goes_on(&shared, &session, &held).await
    };
    match begin.await {
        Ok(()) => Redirect::to("/account/code").into_response(),
        Err(Refused::Failed(error)) => desk::failed(&shared, error),
        Err(_) => Redirect::to("/account").into_response(),
    }
}

#[derive(Debug, Deserialize)]
struct CodeForm {
    code: String,
    password: String,
}

async fn turn_code_on(
    State(shared): State<Shared>,
    ctx: Ctx,
    session: Session,
    Form(form): Form<CodeForm>,
) -> Response {
    let done = async {
        let Some(secret) = begun(&shared, &session).await? else {
            return Ok("/account/code");
        };
        let row = account::turn_code_on(&ctx, &secret, (&form.code, form.password)).await?;
        go_on(&shared, &session, &row).await?;
        Ok("/account?said=code-on")
    };
    match done.await {
        Ok(to) => Redirect::to(to).into_response(),
        Err(why) => match wrong_fields(why, "password") {
            Ok(again) => factor_page(&shared, &ctx, &session, again).await,
            Err(error) => refused(&shared, &ctx, error).await,
        },
    }
}

async fn turn_code_off(
    State(shared): State<Shared>,
    ctx: Ctx,
    session: Session,
    Form(form): Form<CodeForm>,
) -> Response {
    let done = async {
        let row = account::turn_code_off(&ctx, (&form.code, form.password)).await?;
        go_on(&shared, &session, &row).await
    };
    match done.await {
        Ok(()) => Redirect::to("/account?said=code-off").into_response(),
        Err(why) => match wrong_fields(why, "password") {
            Ok(again) => factor_page(&shared, &ctx, &session, again).await,
            Err(error) => refused(&shared, &ctx, error).await,
        },
    }
}

#[derive(Debug, Deserialize)]
struct EndForm {
    session: String,
}

async fn end_session(
    State(shared): State<Shared>,
    ctx: Ctx,
    Form(form): Form<EndForm>,
) -> Response {
    let done = account::end_session(&ctx, &form.session).await;
    on_to(&shared, &ctx, "/account?said=session", done).await
}

async fn end_all(
    State(shared): State<Shared>,
    ctx: Ctx,
    session: Session,
    headers: HeaderMap,
) -> Response {
    let visitor = Visitor::new(ctx.clone(), session, &headers);
    let done = async {
        account::end_all_sessions(&ctx).await?;
        visitor.leave().await
    };
    match done.await {
        Ok(()) => Redirect::to("/sign-in").into_response(),
        Err(Refused::Failed(error)) => desk::failed(&shared, error),
        Err(_) => Redirect::to("/sign-in").into_response(),
    }
}
