//! THE table of what each route needs. Whoever adds a route adds a line here, or the route is refused.

use crate::domain::rights::Permission;
use crate::domain::rights::Permission as P;

/// What somebody needs to be let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing: what it shows says nothing about the plant.
    Anyone,
    /// To have signed in.
    Person,
    /// The permission on some line at least; the service then asks for the line in question.
    Line(Permission),
    /// One of these on some line at least; the service then asks for the line in question, and whether the second is enough.
    Either(Permission, Permission),
    /// The permission on the whole site.
    Site(Permission),
}

use Need::{Anyone, Either, Line, Person, Site};

/// A route: method (`*`: any), path as it is registered, and what it needs.
pub type Entry = (&'static str, &'static str, Need);

/// Every route.
pub const ACCESS: &[Entry] = &[
    // pages
    ("GET", "/", Line(P::DashboardRead)),
    ("GET", "/andon", Line(P::AndonRead)),
    ("GET", "/lines/{code}", Line(P::LineRead)),
    ("POST", "/lines/{code}/stops", Line(P::DowntimeWrite)),
    // server functions
    ("*", "/api/board", Line(P::DashboardRead)),
    ("*", "/api/line", Line(P::LineRead)),
    ("*", "/api/signed_in", Anyone),
    ("*", "/api/sheet", Line(P::LineRead)),
    ("*", "/api/analysis", Line(P::AnalyticsRead)),
    ("*", "/api/calculate_oee", Line(P::OeeRead)),
    ("*", "/api/calculate_real_time_oee", Line(P::OeeRead)),
    ("*", "/api/get_oee_history", Line(P::OeeRead)),
    ("*", "/api/get_oee_trends", Line(P::OeeRead)),
    ("*", "/api/get_oee_dashboard_data", Line(P::OeeRead)),
    ("*", "/api/downtime", Line(P::DowntimeRead)),
    ("*", "/api/downtime_event", Line(P::DowntimeRead)),
    ("*", "/api/downtime_statistics", Line(P::DowntimeRead)),
    ("*", "/api/downtime_active", Line(P::DowntimeRead)),
    ("*", "/api/downtime_reasons", Line(P::DowntimeRead)),
    ("*", "/api/downtime_confirm", Line(P::DowntimeWrite)),
    ("*", "/api/andon_board", Line(P::AndonRead)),
    ("*", "/api/andon_active", Line(P::AndonRead)),
    ("*", "/api/andon_event", Line(P::AndonRead)),
    ("*", "/api/andon", Line(P::AndonRead)),
    ("*", "/api/andon_create", Line(P::AndonCreate)),
    ("*", "/api/andon_statistics", Line(P::AndonRead)),
    ("*", "/api/andon_escalation", Line(P::AndonRead)),
    ("*", "/api/andon_acknowledge", Line(P::AndonAcknowledge)),
    ("*", "/api/andon_hand_back", Line(P::AndonAcknowledge)),
    ("*", "/api/andon_arrive", Line(P::AndonAcknowledge)),
    ("*", "/api/andon_resolve", Line(P::AndonResolve)),
    ("*", "/api/andon_close", Line(P::AndonResolve)),
    // Whoever called may take the call back while nobody has taken it.
    (
        "*",
        "/api/andon_cancel",
        Either(P::AndonResolve, P::AndonCreate),
    ),
    ("*", "/api/andon_reopen", Line(P::AndonResolve)),
    ("*", "/api/andon_escalate", Line(P::AndonCreate)),
    // REST
    ("POST", "/api/v1/ingest", Line(P::IngestWrite)),
    ("PUT", "/api/v1/plant", Site(P::LineWrite)),
    ("GET", "/api/v1/quarantine", Site(P::IngestReview)),
    (
        "POST",
        "/api/v1/quarantine/{id}/retry",
        Site(P::IngestReview),
    ),
    ("DELETE", "/api/v1/quarantine/{id}", Site(P::IngestReview)),
    ("GET", "/api/v1/oee", Line(P::OeeRead)),
    ("GET", "/api/v1/oee/{line}", Line(P::OeeRead)),
    ("GET", "/api/v1/oee/{line}/now", Line(P::OeeRead)),
    ("GET", "/api/v1/oee/{line}/history", Line(P::OeeRead)),
    ("GET", "/api/v1/oee/{line}/trends", Line(P::OeeRead)),
    ("GET", "/api/v1/downtime", Line(P::DowntimeRead)),
    ("GET", "/api/v1/downtime/statistics", Line(P::DowntimeRead)),
    ("GET", "/api/v1/downtime/active", Line(P::DowntimeRead)),
    ("GET", "/api/v1/downtime/reasons", Line(P::DowntimeRead)),
    (
        "GET",
        "/api/v1/downtime/{machine}/{start}",
        Line(P::DowntimeRead),
    ),
    (
        "POST",
        "/api/v1/downtime/{machine}/{start}/confirm",
        Line(P::DowntimeWrite),
    ),
    ("GET", "/api/v1/andon", Line(P::AndonRead)),
    ("POST", "/api/v1/andon", Line(P::AndonCreate)),
    ("GET", "/api/v1/andon/board", Line(P::AndonRead)),
    ("GET", "/api/v1/andon/active", Line(P::AndonRead)),
    ("GET", "/api/v1/andon/calls/{id}", Line(P::AndonRead)),
    (
        "POST",
        "/api/v1/andon/calls/{id}/acknowledge",
        Line(P::AndonAcknowledge),
    ),
    (
        "POST",
        "/api/v1/andon/calls/{id}/hand_back",
        Line(P::AndonAcknowledge),
    ),
    (
        "POST",
        "/api/v1/andon/calls/{id}/arrive",
        Line(P::AndonAcknowledge),
    ),
    (
        "POST",
        "/api/v1/andon/calls/{id}/resolve",
        Line(P::AndonResolve),
    ),
    (
        "POST",
        "/api/v1/andon/calls/{id}/close",
        Line(P::AndonResolve),
    ),
    (
        "POST",
        "/api/v1/andon/calls/{id}/cancel",
        Either(P::AndonResolve, P::AndonCreate),
    ),
    (
        "POST",
        "/api/v1/andon/calls/{id}/reopen",
        Line(P::AndonResolve),
    ),
    // Whoever may call for help may also say that nobody came.
    (
        "POST",
        "/api/v1/andon/calls/{id}/escalate",
        Line(P::AndonCreate),
    ),
    ("GET", "/api/v1/andon/statistics", Line(P::AndonRead)),
    ("GET", "/api/v1/andon/escalation", Line(P::AndonRead)),
    ("GET", "/api/v1/andon/rules", Site(P::AndonConfigure)),
    ("POST", "/api/v1/andon/rules", Site(P::AndonConfigure)),
    ("GET", "/api/v1/andon/rules/{id}", Site(P::AndonConfigure)),
    ("PUT", "/api/v1/andon/rules/{id}", Site(P::AndonConfigure)),
    (
        "DELETE",
        "/api/v1/andon/rules/{id}",
        Site(P::AndonConfigure),
    ),
    ("POST", "/api/v1/andon/auto", Site(P::AndonConfigure)),
    ("PUT", "/api/v1/andon/auto/{id}", Site(P::AndonConfigure)),
    ("DELETE", "/api/v1/andon/auto/{id}", Site(P::AndonConfigure)),
    ("PUT", "/api/v1/andon/general", Site(P::AndonConfigure)),
    ("GET", "/api/v1/andon/roster", Site(P::AndonConfigure)),
    ("GET", "/api/v1/andon/roster/gaps", Site(P::AndonConfigure)),
    ("GET", "/api/v1/andon/roster/week", Site(P::AndonConfigure)),
    (
        "POST",
        "/api/v1/andon/roster/duties",
        Site(P::AndonConfigure),
    ),
    (
        "PUT",
        "/api/v1/andon/roster/duties/{id}",
        Site(P::AndonConfigure),
    ),
    (
        "DELETE",
        "/api/v1/andon/roster/duties/{id}",
        Site(P::AndonConfigure),
    ),
    (
        "POST",
        "/api/v1/andon/roster/substitutes",
        Site(P::AndonConfigure),
    ),
    (
        "PUT",
        "/api/v1/andon/roster/substitutes/{id}",
        Site(P::AndonConfigure),
    ),
    (
        "DELETE",
        "/api/v1/andon/roster/substitutes/{id}",
        Site(P::AndonConfigure),
    ),
    ("GET", "/api/v1/live", Line(P::DashboardRead)),
    ("GET", "/api/v1/openapi.json", Anyone),
    // files and operations
    ("GET", "/pkg/{*file}", Anyone),
    ("GET", "/health/live", Anyone),
    ("GET", "/health/ready", Anyone),
    ("GET", "/health/rollups", Site(P::SystemMonitor)),
    ("GET", "/trust", Anyone),
    ("GET", "/trust/authority.crt", Anyone),
    // getting in and out
    ("GET", "/sign-in", Anyone),
    ("POST", "/sign-in", Anyone),
    ("GET", "/sign-in/code", Anyone),
    ("POST", "/sign-in/code", Anyone),
    ("POST", "/sign-in/demonstration", Anyone),
    ("POST", "/sign-in/provider", Anyone),
    ("GET", "/sign-in/provider/back", Anyone),
    ("POST", "/sign-out", Anyone),
    ("GET", "/set-up/{token}", Anyone),
    ("POST", "/set-up/{token}", Anyone),
    // people, roles, the audit trail
    ("GET", "/admin/people", Site(P::UserRead)),
    ("POST", "/admin/people", Site(P::UserWrite)),
    ("GET", "/admin/people/new", Site(P::UserWrite)),
    ("GET", "/admin/people/{id}", Site(P::UserRead)),
    ("POST", "/admin/people/{id}", Site(P::UserWrite)),
    ("POST", "/admin/people/{id}/disabled", Site(P::UserDelete)),
    (
        "POST",
        "/admin/people/{id}/sessions/end",
        Site(P::UserDelete),
    ),
    ("POST", "/admin/people/{id}/password", Site(P::UserWrite)),
    ("POST", "/admin/people/{id}/badge", Site(P::UserWrite)),
    ("POST", "/admin/people/{id}/pin", Site(P::UserWrite)),
    ("POST", "/admin/people/{id}/code", Site(P::UserWrite)),
    ("POST", "/admin/people/{id}/provider", Site(P::UserWrite)),
    ("GET", "/admin/roles", Site(P::UserRead)),
    ("POST", "/admin/roles", Site(P::RoleWrite)),
    ("POST", "/admin/roles/new", Site(P::RoleWrite)),
    ("GET", "/admin/roles/{id}", Site(P::UserRead)),
    ("POST", "/admin/roles/{id}", Site(P::RoleWrite)),
    ("POST", "/admin/roles/{id}/remove", Site(P::RoleWrite)),
    ("GET", "/admin/audit", Site(P::AuditRead)),
    ("GET", "/admin/audit.csv", Site(P::AuditRead)),
    // calls for help: what came of them, rules, rosters, channels
    ("GET", "/andon/history", Line(P::AndonRead)),
    ("GET", "/andon/statistics", Line(P::AndonRead)),
    ("GET", "/admin/andon", Site(P::AndonConfigure)),
    ("POST", "/admin/andon", Site(P::AndonConfigure)),
    ("POST", "/admin/andon/auto", Site(P::AndonConfigure)),
    ("GET", "/admin/andon/auto/new", Site(P::AndonConfigure)),
    ("POST", "/admin/andon/auto/{id}", Site(P::AndonConfigure)),
    (
        "POST",
        "/admin/andon/auto/{id}/remove",
        Site(P::AndonConfigure),
    ),
    ("POST", "/admin/andon/rules", Site(P::AndonConfigure)),
    ("GET", "/admin/andon/rules/new", Site(P::AndonConfigure)),
    ("GET", "/admin/andon/rules/{id}", Site(P::AndonConfigure)),
    ("POST", "/admin/andon/rules/{id}", Site(P::AndonConfigure)),
    (
        "POST",
        "/admin/andon/rules/{id}/remove",
        Site(P::AndonConfigure),
    ),
    ("GET", "/admin/andon/rehearse", Site(P::AndonConfigure)),
    ("GET", "/admin/roster", Site(P::AndonConfigure)),
    ("POST", "/admin/roster/duties", Site(P::AndonConfigure)),
    ("GET", "/admin/roster/duties/{id}", Site(P::AndonConfigure)),
    ("POST", "/admin/roster/duties/{id}", Site(P::AndonConfigure)),
    (
        "POST",
        "/admin/roster/duties/{id}/remove",
        Site(P::AndonConfigure),
    ),
    ("POST", "/admin/roster/substitutes", Site(P::AndonConfigure)),
    (
        "GET",
        "/admin/roster/substitutes/{id}",
        Site(P::AndonConfigure),
    ),
    (
        "POST",
        "/admin/roster/substitutes/{id}",
        Site(P::AndonConfigure),
    ),
    (
        "POST",
        "/admin/roster/substitutes/{id}/remove",
        Site(P::AndonConfigure),
    ),
    ("GET", "/admin/channels", Site(P::AndonConfigure)),
    (
        "POST",
        "/admin/channels/{name}/test",
        Site(P::AndonConfigure),
    ),
    // links in messages about calls
    ("GET", "/andon/take/{token}", Person),
    ("POST", "/andon/take/{token}", Person),
    // one's own way in
    ("GET", "/account", Person),
    ("GET", "/account/password", Person),
    ("POST", "/account/password", Person),
    ("GET", "/account/pin", Person),
    ("POST", "/account/pin", Person),
    ("GET", "/account/code", Person),
    ("POST", "/account/code/begin", Person),
    ("POST", "/account/code/on", Person),
    ("POST", "/account/code/off", Person),
    ("GET", "/account/reached", Person),
    ("POST", "/account/reached/email", Person),
    ("POST", "/account/reached/phone", Person),
    ("POST", "/account/reached/devices", Person),
    ("POST", "/account/reached/devices/remove", Person),
    ("POST", "/account/reached/test/{name}", Person),
    ("POST", "/account/sessions/end", Person),
    ("POST", "/account/sessions/end-all", Person),
    // shared tablets and walls
    ("GET", "/admin/devices", Site(P::KioskManage)),
    ("POST", "/admin/devices", Site(P::KioskManage)),
    ("POST", "/admin/devices/{id}/link", Site(P::KioskManage)),
    ("POST", "/admin/devices/{id}/revoke", Site(P::KioskManage)),
    ("GET", "/admin/keys", Site(P::ApiKeyManage)),
    ("POST", "/admin/keys", Site(P::ApiKeyManage)),
    ("POST", "/admin/keys/{id}/revoke", Site(P::ApiKeyManage)),
    ("GET", "/device/{token}", Anyone),
    ("POST", "/device/{token}", Anyone),
    ("GET", "/sign-on", Anyone),
    ("POST", "/sign-on", Anyone),
];

/// What a route needs; `None` for one that is not in the table.
#[must_use]
pub fn need_of(method: &str, path: &str) -> Option<Need> {
    need_in(ACCESS, method, path)
}

/// What a route needs by a table; `None` for one that is not in it.
#[must_use]
pub fn need_in(table: &[Entry], method: &str, path: &str) -> Option<Need> {
    // A HEAD is a GET whose body is not sent.
    let method = if method == "HEAD" { "GET" } else { method };
    let of = |(m, p, _): &&Entry| (*m == "*" || *m == method) && *p == path;
    table.iter().find(of).map(|(_, _, need)| *need)
}

/// What a page needs by its address, without what stands after a `?`; `None` for one that is not in the table.
#[must_use]
pub fn need_of_address(path: &str) -> Option<Need> {
    let fits = |route: &str| {
        let (mut names, mut parts) = (route.split('/'), path.split('/'));
        loop {
            match (names.next(), parts.next()) {
                (None, None) => return true,
                (Some(name), Some(part)) if name == part => {}
                (Some(name), Some(part)) if name.starts_with('{') && !part.is_empty() => {}
                _ => return false,
            }
        }
    };
    let by_name = || {
        let page = ACCESS.iter().find(|(m, p, _)| *m == "GET" && fits(p));
        page.map(|(_, _, need)| *need)
    };
    need_of("GET", path).or_else(by_name)
}

/// Whether a path is in the table, with any method.
#[must_use]
pub fn is_known(path: &str) -> bool {
    ACCESS.iter().any(|(_, p, _)| *p == path)
}
