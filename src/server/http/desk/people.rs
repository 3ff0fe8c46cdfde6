//! `/admin/people`: who is there, and what they may do.

use super::answer::{Again, asked_for, refused};
use super::fields::{Fields, Said, local, zone};
use super::given::{given, options, place, places};
use super::posted::Posted;
use super::{Shared, shown};
use crate::domain::ids::PersonId;
use crate::domain::rights::Permission;
use crate::domain::time::TsMs;
use crate::server::auth::Ctx;
use crate::server::auth::rights::{Roles, reach};
use crate::server::services::error::ServiceError;
use crate::server::services::people::{self, Change, NewPerson, Person, describe};
use crate::ui::desk::once::Once;
use crate::ui::desk::people as pages;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};

const HERE: &str = "/admin/people";

/// The routes.
pub fn router(shared: &Shared) -> Router {
    Router::new()
        .route("/admin/people", get(list).post(add))
        .route("/admin/people/new", get(new))
        .route("/admin/people/{id}", get(show).post(change))
        .route("/admin/people/{id}/disabled", post(disable))
        .route("/admin/people/{id}/sessions/end", post(end_sessions))
        .route("/admin/people/{id}/password", post(reset_password))
        .route("/admin/people/{id}/badge", post(set_badge))
        .route("/admin/people/{id}/pin", post(set_pin))
        .route("/admin/people/{id}/code", post(clear_code))
        .route("/admin/people/{id}/provider", post(set_provider))
        .with_state(shared.clone())
}

async fn list(State(shared): State<Shared>, ctx: Ctx, Query(asked): Query<Said>) -> Response {
    let (found, roles) = match people::list(&ctx, &asked.find).await {
        Ok(found) => found,
        Err(error) => return refused(&shared, &ctx, error).await,
    };
    let (plant, zone) = (ctx.app().plant.get(), zone(ctx.app()));
    let row = |person: Person| {
        let Person { row, given } = person;
        let ways = [
            (row.password.is_some(), "password"),
            (row.has_badge != 0, "badge"),
            (row.pin.is_some(), "PIN"),
            (row.totp.is_some(), "second factor"),
            (row.oidc_subject.is_some(), "provider"),
        ];
        let ways: Vec<&str> = ways
            .iter()
            .filter(|(is, _)| *is)
            .map(|(_, words)| *words)
            .collect();
        pages::Row {
            href: format!("{HERE}/{}", row.id),
            roles: given.iter().map(|g| describe(&plant, &roles, g)).collect(),
            ways_in: ways.join(", "),
            seen: row
                .seen_ms
                .map_or_else(|| "never".to_owned(), |ms| local(&zone, TsMs(ms))),
            state: match (row.disabled, row.demo) {
                (0, 0) => "",
                (0, _) => "demonstration",
                _ => "disabled",
            },
            login: row.login,
            name: row.name,
        }
    };
    let may_add = ctx.caller().rights.on_site(Permission::UserWrite);
    let rows = found.into_iter().map(row).collect();
    let inside = pages::list(rows, &asked.find, may_add, asked.words());
    shown(&shared, &ctx, ("People", HERE), StatusCode::OK, inside)
}

/// The form as it was sent.
fn sent(ctx: &Ctx, roles: &Roles, login: &str, fields: &Fields) -> pages::Names {
    let text = |name| fields.one(name).to_owned();
    let pairs = fields.all("role").zip(fields.all("where"));
    let pairs = pairs.filter(|(role, _)| !role.is_empty());
    pages::Names {
        login: login.to_owned(),
        name: text("name"),
        email: text("email"),
        is_own: false,
        given: pairs
            .map(|(role, place)| (role.to_owned(), place.to_owned()))
            .collect(),
        roles: options(roles),
        places: places(&ctx.app().plant.get()),
    }
}

async fn new(State(shared): State<Shared>, ctx: Ctx) -> Response {
    new_page(&shared, &ctx, &Fields::default(), true, asked_for()).await
}

async fn new_page(
    shared: &Shared,
    ctx: &Ctx,
    fields: &Fields,
    with_password: bool,
    (status, wrong): Again,
) -> Response {
    match Roles::load(&shared.app.db).await {
        Ok(roles) => {
            let names = sent(ctx, &roles, fields.one("login"), fields);
            let inside = pages::new(&names, with_password, &wrong);
            shown(shared, ctx, ("Add a person", HERE), status, inside)
        }
        Err(error) => refused(shared, ctx, error.into()).await,
    }
}

async fn add(posted: Posted) -> Response {
    let (shared, ctx, fields) = (&posted.shared, &posted.ctx, &posted.fields);
    let with_password = !fields.one("with_password").is_empty();
    let text = |name| fields.one(name).to_owned();
    let new = NewPerson {
        login: text("login"),
        name: text("name"),
        email: text("email"),
        given: given(fields),
        with_password,
    };
    match people::add(ctx, new).await {
        Ok(made) => match made.password {
            Some(password) => {
                let words = format!("{} was added. Their first password:", fields.one("name"));
                let inside = password_once(words, password, &made.id.0.to_string());
                shown(shared, ctx, ("Added", HERE), StatusCode::OK, inside)
            }
            None => Redirect::to(&format!("{HERE}/{}?said=added", made.id.0)).into_response(),
        },
        Err(error) => {
            let drawn = |again| new_page(shared, ctx, fields, with_password, again);
            posted.again("person", error, drawn).await
        }
    }
}

async fn show(
    State(shared): State<Shared>,
    ctx: Ctx,
    Path(id): Path<i64>,
    Query(asked): Query<Said>,
) -> Response {
    person_page(
        &shared,
        &ctx,
        PersonId(id),
        None,
        asked_for(),
        asked.words(),
    )
    .await
}

/// The page of a person: as they are, or with what was sent and what is wrong with it.
async fn person_page(
    shared: &Shared,
    ctx: &Ctx,
    id: PersonId,
    sent_fields: Option<&Fields>,
    (status, wrong): Again,
    done: Option<&str>,
) -> Response {
    let (Person { row, given }, roles) = match people::one(ctx, id).await {
        Ok(found) => found,
        Err(error) => return refused(shared, ctx, error).await,
    };
    let is_reader = ctx.caller().person() == Some(id);
    let names = match sent_fields {
        // One's own address is not in the form's hands.
        Some(fields) if is_reader => pages::Names {
            email: row.email.clone(),
            is_own: true,
            ..sent(ctx, &roles, &row.login, fields)
        },
        Some(fields) => sent(ctx, &roles, &row.login, fields),
        None => pages::Names {
            login: row.login.clone(),
            name: row.name.clone(),
            email: row.email.clone(),
            is_own: is_reader,
            given: given
                .iter()
                .map(|g| (g.role_id.to_string(), place(reach(g.area_id, g.line_id))))
                .collect(),
            roles: options(&roles),
            places: places(&ctx.app().plant.get()),
        },
    };
    let rights = &ctx.caller().rights;
    let person = pages::Person {
        href: format!("{HERE}/{}", row.id),
        version: row.version,
        names,
        disabled: row.disabled != 0,
        demo: row.demo != 0,
        has_password: row.password.is_some(),
        has_pin: row.pin.is_some(),
        has_badge: row.has_badge != 0,
        has_code: row.totp.is_some(),
        issuer: row.oidc_issuer.unwrap_or_default(),
        subject: row.oidc_subject.unwrap_or_default(),
        not_by_address: row.not_by_address != 0,
        is_reader,
        may_change: rights.on_site(Permission::UserWrite),
        may_disable: rights.on_site(Permission::UserDelete),
    };
    let inside = pages::person(&person, &wrong, done);
    shown(shared, ctx, (&row.name, HERE), status, inside)
}

/// Back to the person's page, or the page again with what is wrong.
async fn answer(
    posted: &Posted,
    (id, said): (PersonId, &str),
    sent: Option<&Fields>,
    done: Result<(), ServiceError>,
) -> Response {
    match done {
        Ok(()) => Redirect::to(&format!("{HERE}/{}?said={said}", id.0)).into_response(),
        Err(error) => {
            // Whoever looked at something older gets to see what it is now.
            let stale = matches!(error, ServiceError::Conflict(_));
            let sent = sent.filter(|_| !stale);
            let drawn = |again| person_page(&posted.shared, &posted.ctx, id, sent, again, None);
            posted.again("person", error, drawn).await
        }
    }
}

async fn change(Path(id): Path<i64>, posted: Posted) -> Response {
    let (id, fields) = (PersonId(id), &posted.fields);
    let to = Change {
        version: fields.number("version"),
        name: fields.one("name").to_owned(),
        email: fields.one("email").to_owned(),
        given: given(fields),
    };
    let done = people::change(&posted.ctx, id, to).await;
    answer(&posted, (id, "saved"), Some(fields), done).await
}

async fn disable(Path(id): Path<i64>, posted: Posted) -> Response {
    let (id, disabled) = (PersonId(id), posted.fields.one("disabled") == "yes");
    let done = people::set_disabled(&posted.ctx, id, disabled).await;
    let said = if disabled { "disabled" } else { "enabled" };
    answer(&posted, (id, said), None, done).await
}

async fn end_sessions(Path(id): Path<i64>, posted: Posted) -> Response {
    let id = PersonId(id);
    let done = people::end_sessions(&posted.ctx, id).await;
    answer(&posted, (id, "out"), None, done).await
}

async fn reset_password(Path(id): Path<i64>, posted: Posted) -> Response {
    // Where the old one is asked.
    if posted.ctx.caller().person() == Some(PersonId(id)) {
        return Redirect::to("/account/password").into_response();
    }
    match people::reset_password(&posted.ctx, PersonId(id)).await {
        Ok(password) => {
            let inside = password_once("The new password:".to_owned(), password, &id.to_string());
            let names = ("New password", HERE);
            shown(&posted.shared, &posted.ctx, names, StatusCode::OK, inside)
        }
        Err(error) => answer(&posted, (PersonId(id), ""), None, Err(error)).await,
    }
}

/// The page that shows a password, this once.
fn password_once(words: String, secret: String, id: &str) -> leptos::prelude::AnyView {
    Once {
        words,
        secret,
        note: "Whoever signs in with it chooses a password of their own.",
        on: format!("{HERE}/{id}"),
    }
    .draw()
}

/// What a form sets, or nothing when it removes.
fn set_to<'a>(fields: &'a Fields, name: &str) -> (Option<&'a str>, &'static str) {
    if fields.one("clear").is_empty() {
        let value = fields.one(name);
        (Some(value), "set")
    } else {
        (None, "removed")
    }
}

async fn set_badge(Path(id): Path<i64>, posted: Posted) -> Response {
    let (number, said) = set_to(&posted.fields, "badge");
    let done = people::set_badge(&posted.ctx, PersonId(id), number).await;
    answer(&posted, (PersonId(id), said), None, done).await
}

async fn set_pin(Path(id): Path<i64>, posted: Posted) -> Response {
    let (pin, said) = set_to(&posted.fields, "pin");
    let done = people::set_pin(&posted.ctx, PersonId(id), pin).await;
    answer(&posted, (PersonId(id), said), None, done).await
}

async fn clear_code(Path(id): Path<i64>, posted: Posted) -> Response {
    let done = people::clear_code(&posted.ctx, PersonId(id)).await;
    answer(&posted, (PersonId(id), "removed"), None, done).await
}

async fn set_provider(Path(id): Path<i64>, posted: Posted) -> Response {
    let (issuer, said) = set_to(&posted.fields, "issuer");
    let of = issuer.map(|issuer| (issuer, posted.fields.one("subject")));
    let done = people::set_provider(&posted.ctx, PersonId(id), of).await;
    answer(&posted, (PersonId(id), said), None, done).await
}
