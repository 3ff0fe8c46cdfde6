//! `/account/reached`: how people are reached when somebody calls for help.

use super::Shared;
use super::account::{when, wrong_fields};
use super::desk::answer::{Again, asked_for, refused, wrong_or};
use super::desk::page_with;
use super::desk::posted::Posted;
use crate::domain::andon::Channel;
use crate::domain::time::TsMs;
use crate::server::auth::Ctx;
use crate::server::services::account::{self, NewAddress};
use crate::server::services::andon::channels::Tested;
use crate::server::services::reached::{self, NewDevice, Way};
use crate::ui::desk::andon::channels::gone;
use crate::ui::desk::reached::{self as pages, DeviceLine, Reached, SCRIPT, Test};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

const TITLE: (&str, &str) = ("How you are reached", "/account/reached");

/// The routes.
pub fn router(shared: &Shared) -> Router {
    Router::new()
        .route("/account/reached", get(show))
        .route("/account/reached/email", post(set_email))
        .route("/account/reached/phone", post(set_phone))
        .route("/account/reached/devices", post(add_device))
        .route("/account/reached/devices/remove", post(remove_device))
        .route("/account/reached/test/{name}", post(test))
        .with_state(shared.clone())
}

/// What was just done, in the address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Done {
    said: String,
}

impl Done {
    /// In words; anything else says nothing.
    fn words(&self) -> Option<&'static str> {
        match self.said.as_str() {
            "email" => Some("The address is saved."),
            "phone" => Some("The number is saved."),
            "on" => Some("Push is on. Send yourself a test."),
            "removed" => Some("That device takes no messages any more."),
            _ => None,
        }
    }
}

/// What somebody typed, or what was done: the rest of the page is read.
#[derive(Default)]
struct Typed {
    said: Option<&'static str>,
    email: Option<String>,
    phone: Option<String>,
    label: String,
    tested: Option<(Channel, Vec<Tested>)>,
}

async fn show(State(shared): State<Shared>, ctx: Ctx, Query(done): Query<Done>) -> Response {
    let typed = Typed {
        said: done.words(),
        ..Typed::default()
    };
    drawn(&shared, &ctx, asked_for(), typed).await
}

async fn drawn(shared: &Shared, ctx: &Ctx, (status, wrong): Again, typed: Typed) -> Response {
    let own = match reached::own(ctx).await {
        Ok(own) => own,
        Err(error) => return refused(shared, ctx, error).await,
    };
    let label_of = |address: &str| {
        let device = own.devices.iter().find(|d| d.id.to_string() == address);
        device.map_or_else(|| address.to_owned(), |d| d.label.clone())
    };
    let outcome = |(channel, t): (Channel, Tested)| match t.outcome {
        Ok(said) => Ok(format!(
            "{} {}: {said}",
            gone(channel),
            label_of(&t.address)
        )),
        Err(why) => Err(format!("Not sent to {}: {why}", label_of(&t.address))),
    };
    let tested = typed.tested.into_iter();
    let tested = tested.flat_map(|(channel, all)| all.into_iter().map(move |t| (channel, t)));
    let tested = tested.map(outcome).collect();
    let device = |d: &crate::server::db::contacts::SubscriptionRow| DeviceLine {
        id: d.id,
        label: d.label.clone(),
        since: when(shared, TsMs(d.created_ms)),
        used: d
            .used_ms
            .map_or_else(|| "never".to_owned(), |at| when(shared, TsMs(at))),
    };
    let test = |way: &Way| Test {
        name: way.channel.name(),
        words: way.channel.words(),
        cannot: way.reaches.clone().err(),
    };
    let page = Reached {
        said: typed.said,
        tested,
        phone: typed.phone.or(own.phone).unwrap_or_default(),
        login: own.row.login,
        email: typed
            .email
            .unwrap_or_else(|| own.row.email.trim().to_owned()),
        has_password: own.row.password.is_some(),
        has_code: own.row.totp.is_some(),
        push_key: own.push_key,
        label: typed.label,
        is_shared: ctx.caller().device.is_some(),
        devices: own.devices.iter().map(device).collect(),
        tests: own.ways.iter().map(test).collect(),
    };
    let inside = pages::reached(page, &wrong);
    let inside = (inside, Some(SCRIPT));
    page_with(shared, Some(ctx.caller()), TITLE, status, inside)
}

async fn set_email(posted: Posted) -> Response {
    let text = |name| posted.fields.one(name).to_owned();
    let wanted = NewAddress {
        email: text("email"),
        password: text("password"),
        code: text("code"),
    };
    let typed = Typed {
        email: Some(wanted.email.clone()),
        ..Typed::default()
    };
    let why = match account::change_address(&posted.ctx, wanted).await {
        Ok(()) => return Redirect::to("/account/reached?said=email").into_response(),
        Err(why) => why,
    };
    let drawn = |again| drawn(&posted.shared, &posted.ctx, again, typed);
    match wrong_fields(why, "password") {
        Ok(again) => drawn(again).await,
        Err(error) => posted.again("email", error, drawn).await,
    }
}

async fn set_phone(posted: Posted) -> Response {
    let phone = posted.fields.one("phone");
    match reached::set_phone(&posted.ctx, phone).await {
        Ok(()) => Redirect::to("/account/reached?said=phone").into_response(),
        Err(error) => {
            let typed = Typed {
                phone: Some(phone.to_owned()),
                ..Typed::default()
            };
            let drawn = |again| drawn(&posted.shared, &posted.ctx, again, typed);
            posted.again("phone", error, drawn).await
        }
    }
}

async fn add_device(posted: Posted) -> Response {
    let text = |name| posted.fields.one(name).to_owned();
    let new = NewDevice {
        endpoint: text("endpoint"),
        p256dh: text("p256dh"),
        auth: text("auth"),
        label: text("label"),
    };
    match reached::add_device(&posted.ctx, &new).await {
        Ok(()) => Redirect::to("/account/reached?said=on").into_response(),
        Err(error) => {
            let typed = Typed {
                label: new.label,
                ..Typed::default()
            };
            let drawn = |again| drawn(&posted.shared, &posted.ctx, again, typed);
            posted.again("device", error, drawn).await
        }
    }
}

async fn remove_device(posted: Posted) -> Response {
    // No device has the number 0.
    let id = posted.fields.one("device").parse().unwrap_or_default();
    let done = reached::remove_device(&posted.ctx, id).await;
    posted.on_to("/account/reached?said=removed", done).await
}

async fn test(State(shared): State<Shared>, ctx: Ctx, Path(name): Path<String>) -> Response {
    match reached::test(&ctx, &name).await {
        Ok(tested) => {
            let typed = Typed {
                tested: Channel::from_name(&name).map(|channel| (channel, tested)),
                ..Typed::default()
            };
            drawn(&shared, &ctx, asked_for(), typed).await
        }
        Err(error) => match wrong_or(&shared, &ctx, "test", error).await {
            Ok(again) => drawn(&shared, &ctx, again, Typed::default()).await,
            Err(answer) => answer,
        },
    }
}
