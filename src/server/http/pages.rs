//! Pages and server functions: Leptos behind axum.

use super::Shared;
use super::assets::get_plain;
use super::security::page_policy;
use crate::api::error::RequestId;
use crate::app::{App as Pages, ShellOptions, shell};
use crate::server::auth::Caller;
use crate::server::config::Transport;
use crate::ui::desk::person::Reader;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use leptos::config::LeptosOptions;
use leptos::prelude::{provide_context, use_context};
use leptos_axum::{AxumRouteListing, LeptosRoutes, ResponseOptions, generate_route_list};
use std::sync::{Arc, LazyLock};

/// The routes of `app.rs`, found once: while they are being looked for, no page anywhere in the process loads anything, and
/// one that is drawn just then would wait for good.
static ROUTES: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| generate_route_list(Pages));

/// The routes of `app.rs`, the server functions, the plain files of the site, and "not found" for everything else.
pub fn router(shared: &Shared) -> Router {
    // Named one by one: what registers itself while the program is linked may be left out by the linker.
    server_fn::axum::register_explicit::<crate::api::board::Board>();
    server_fn::axum::register_explicit::<crate::api::line::Line>();
    server_fn::axum::register_explicit::<crate::api::live::SignedIn>();
    server_fn::axum::register_explicit::<crate::api::analysis::AnalysisOfLine>();
    server_fn::axum::register_explicit::<crate::api::sheet::SheetOfLine>();
    server_fn::axum::register_explicit::<crate::api::oee::CalculateOee>();
    server_fn::axum::register_explicit::<crate::api::oee::CalculateRealTimeOee>();
    server_fn::axum::register_explicit::<crate::api::oee::GetOeeHistory>();
    server_fn::axum::register_explicit::<crate::api::oee::GetOeeTrends>();
    server_fn::axum::register_explicit::<crate::api::oee::GetOeeDashboardData>();
    server_fn::axum::register_explicit::<crate::api::downtime::GetDowntimeEvents>();
    server_fn::axum::register_explicit::<crate::api::downtime::GetDowntimeEvent>();
    server_fn::axum::register_explicit::<crate::api::downtime::GetDowntimeStatistics>();
    server_fn::axum::register_explicit::<crate::api::downtime::GetActiveDowntime>();
    server_fn::axum::register_explicit::<crate::api::downtime::ReasonsForLine>();
    server_fn::axum::register_explicit::<crate::api::downtime::ConfirmDowntime>();
    server_fn::axum::register_explicit::<crate::api::andon::GetAndonDashboardData>();
    server_fn::axum::register_explicit::<crate::api::andon::GetActiveAndonEvents>();
    server_fn::axum::register_explicit::<crate::api::andon::GetAndonEvent>();
    server_fn::axum::register_explicit::<crate::api::andon::GetAndonEventHistory>();
    server_fn::axum::register_explicit::<crate::api::andon::CreateAndonEvent>();
    server_fn::axum::register_explicit::<crate::api::andon::AcknowledgeAndonEvent>();
    server_fn::axum::register_explicit::<crate::api::andon::HandBackAndonEvent>();
    server_fn::axum::register_explicit::<crate::api::andon::ArriveAndonEvent>();
    server_fn::axum::register_explicit::<crate::api::andon::ResolveAndonEvent>();
    server_fn::axum::register_explicit::<crate::api::andon::CloseAndonEvent>();
    server_fn::axum::register_explicit::<crate::api::andon::CancelAndonEvent>();
    server_fn::axum::register_explicit::<crate::api::andon::ReopenAndonEvent>();
    server_fn::axum::register_explicit::<crate::api::andon::EscalateAndonEvent>();
    server_fn::axum::register_explicit::<crate::api::andon::statistics::GetAndonStatistics>();
    server_fn::axum::register_explicit::<crate::api::andon::statistics::GetEscalationTree>();
    super::request::keep_tasks_within_requests();
    let options = LeptosOptions::builder().output_name("ms5-floor").build();
    let routes = ROUTES.clone();
    let (context, page) = (provide(shared), page(shared));
    let fallback = {
        let (context, page) = (provide(shared), self::page(shared));
        let render = leptos_axum::render_app_async_with_context(context, page);
        move |State(shared): State<Shared>, request: Request| {
            missing(shared, request, render.clone())
        }
    };
    Router::new()
        .leptos_routes_with_context(&options, routes, context, page)
        .with_state(options)
        .merge(
            Router::new()
                .fallback(get(fallback))
                .with_state(shared.clone()),
        )
}

/// Whether what is drawn at a route tells by itself that the database is away, and shows its figures when it is back.
pub fn keeps_trying(matched: &str) -> bool {
    matches!(matched, "/" | "/andon" | "/lines/{code}")
}

/// What pages and server functions find in their context.
fn provide(shared: &Shared) -> impl Fn() + Clone + Send + Sync + 'static {
    let app = shared.app.clone();
    move || {
        provide_context(app.clone());
        if let Some(id) = super::request_id() {
            provide_context(RequestId(id));
        }
    }
}

/// The document around a page, with the policy that allows its own scripts and no others.
fn page(shared: &Shared) -> impl Fn() -> leptos::prelude::AnyView + Clone + Send + Sync + 'static {
    use leptos::prelude::IntoAny;
    let names = shared.site.manifest.clone();
    let transport = shared.transport;
    move || {
        if let (Some(response), Some(nonce)) =
            (use_context::<ResponseOptions>(), leptos::nonce::use_nonce())
            && let Ok(policy) = HeaderValue::from_str(&page_policy(&nonce))
        {
            response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
        }
        let names = names.clone();
        shell(ShellOptions {
            js: names.js,
            wasm: names.wasm,
            css: names.css,
            build: names.build,
            plain_http: transport == Transport::PlainHttp,
            reader: reader(),
        })
        .into_any()
    }
}

/// Whoever looks at the page that is being drawn.
fn reader() -> Reader {
    let extensions = use_context::<Parts>().map(|parts| parts.extensions);
    let caller = extensions.and_then(|e| e.get::<Arc<Caller>>().cloned());
    caller.map_or_else(Reader::default, |caller| Reader {
        signed: super::desk::signed(&caller),
        device: caller.device.as_ref().map(|d| d.name.clone()),
        shared: caller.device.as_ref().is_some_and(|d| d.bound_to.is_none()),
        may: caller.rights.union().names(),
        is: known_as(&caller),
    })
}

/// By what calls know whoever asks.
fn known_as(caller: &Caller) -> String {
    let person = caller.person().map(|id| format!("p{}", id.0));
    let device = caller.device.as_ref().map(|d| format!("d{}", d.id.0));
    let both: Vec<String> = person.into_iter().chain(device).collect();
    both.join(" ")
}

/// A plain file of the site if there is one of that name, else the page that says "not found".
async fn missing<F, R>(shared: Shared, request: Request, render: F) -> Response
where
    F: FnOnce(Request) -> R,
    R: Future<Output = Response>,
{
    let is_read = request.method() == Method::GET || request.method() == Method::HEAD;
    if is_read
        && let Ok(file) = get_plain(&shared.site, request.uri().path(), request.headers()).await
    {
        return file;
    }
    if request.uri().path().starts_with("/api/") {
        return super::problem::not_found(format!(
            "path '{}' does not exist",
            request.uri().path()
        ))
        .into_response();
    }
    let mut response = render(request).await;
    *response.status_mut() = axum::http::StatusCode::NOT_FOUND;
    response
}
