//! The doors, where people sign in, sign on and set up: how often one client may knock, and what it is told when that is
//! too often.

use super::Shared;
use super::desk::page;
use super::limit::{Knocks, Limit, Ticks};
use super::next::Next;
use super::problem;
use crate::server::auth::caller::Caller;
use crate::server::auth::guard::entry;
use crate::server::auth::merged;
use crate::server::config::{Network, Transport};
use crate::server::services::sign_in::Refused;
use crate::ui::desk::sign_in as pages;
use axum::Router;
use axum::extract::{ConnectInfo, Form, FromRequest, MatchedPath, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use governor::Quota;
use serde::Deserialize;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;

/// One client knocks so often at once; a shift's change behind one address fits in.
const KNOCKS: NonZeroU32 = NonZeroU32::new(100).unwrap();
/// And then so often a second.
const KNOCKS_PER_S: NonZeroU32 = NonZeroU32::new(5).unwrap();
/// More than a form of the doors holds.
const LONGEST_FORM: usize = 4096;

/// The limit of a server's doors. Whoever asks through a proxy is believed to be whom it says if the proxy is one of `named`;
/// one that ends TLS runs on the same machine as a rule, and is believed then without being named.
#[must_use]
pub fn doors(transport: Transport, named: &[Network], ticks: Ticks) -> Arc<Limit> {
    let here = [
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    ]
    .map(Network::of);
    let here = here
        .into_iter()
        .filter(|_| transport == Transport::BehindProxy);
    let proxies = named.iter().copied().chain(here).collect();
    let quota = Quota::per_second(KNOCKS_PER_S).allow_burst(KNOCKS);
    Arc::new(Limit::new(quota, proxies, ticks))
}

/// Puts the limit on the doors among `routes`.
pub(super) fn limited(shared: &Shared, routes: Router<Shared>) -> Router<Shared> {
    by(shared, routes, Knocks::Sent)
}

/// The same, also for who only looks: where the path itself is what one guesses.
pub(super) fn limited_with_looks(shared: &Shared, routes: Router<Shared>) -> Router<Shared> {
    by(shared, routes, Knocks::All)
}

fn by(shared: &Shared, routes: Router<Shared>, knocks: Knocks) -> Router<Shared> {
    let to_told = shared.clone();
    shared.doors.on(routes, knocks, move |request, seconds| {
        let shared = to_told.clone();
        async move { too_often(&shared, request, seconds).await }
    })
}

/// What was typed at the sign-in page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Typed {
    login: String,
    next: String,
}

/// A person sees the page again, with the words; a program gets a problem. Neither costs a look into the database: on the
/// trail it is a row a minute.
async fn too_often(shared: &Shared, request: Request, seconds: u32) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let client = shared
        .doors
        .client(peer.map(|c| c.0.ip()), request.headers());
    let id = super::request_id().unwrap_or_default();
    let caller = Caller::nobody(client.to_string(), id);
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("", MatchedPath::as_str);
    let row = entry(&caller, shared.app.clock.now(), "denied.often", route);
    if let Err(error) = merged::on_record(&shared.app, row).await {
        tracing::warn!(%error, "too many knocks could not be put on the trail");
    }
    if !wants_page(request.headers()) {
        return problem::too_often(seconds).into_response();
    }
    let said = format!("Too many tries from here. Wait {seconds} s, then try again.");
    let path = request.uri().path().to_owned();
    let (title, inside) = match path.as_str() {
        "/sign-in" => {
            let typed = typed(request).await;
            let inside = pages::sign_in(pages::SignIn {
                next: Next::parse(&typed.next).path().to_owned(),
                login: typed.login,
                problem: Some(said),
                ..pages::SignIn::default()
            });
            ("Sign in", inside)
        }
        "/sign-in/code" => ("Second factor", pages::code(Some(said))),
        // These have no page of their own.
        "/sign-in/demonstration" | "/sign-in/provider" => {
            ("Sign in", pages::again(said, "/sign-in".to_owned()))
        }
        _ => ("Too many tries", pages::again(said, path)),
    };
    let status = StatusCode::TOO_MANY_REQUESTS;
    come_back(page(shared, None, (title, ""), status, inside), seconds)
}

/// What was typed, as far as it is short enough to be looked at.
async fn typed(request: Request) -> Typed {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|l| l.to_str().ok()?.parse::<usize>().ok());
    if length.is_none_or(|bytes| bytes > LONGEST_FORM) {
        return Typed::default();
    }
    let form = Form::<Typed>::from_request(request, &()).await;
    form.map_or_else(|_| Typed::default(), |form| form.0)
}

fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|a| a.to_str().ok());
    accept.is_some_and(|a| a.contains("text/html"))
}

/// The answer, with when to come back.
pub(super) fn come_back(mut response: Response, seconds: u32) -> Response {
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// The answer to a refusal, with when to come back if there is a time for it.
pub(super) fn refusal(response: Response, refused: &Refused) -> Response {
    match refused.come_back_s() {
        Some(seconds) => come_back(response, seconds),
        None => response,
    }
}
