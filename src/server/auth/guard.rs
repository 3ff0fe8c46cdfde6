//! The one guard: it alone makes a [`Ctx`].

use super::access::{Need, is_known, need_of};
use super::caller::{Caller, Denial, Who};
use super::walls::Wall;
use crate::domain::rights::Permission;
use crate::domain::time::TsMs;
use crate::server::command::TypedHere;
use crate::server::db::audit::AuditRow;
use crate::server::plant::{Line, Plant};
use crate::server::services::error::{ServiceError, not_found};
use crate::server::state::App;
use axum::http::request::Parts;
use leptos::prelude::use_context;
use server_fn::ServerFn;
use std::sync::Arc;

/// The longest reason that is kept, in characters.
pub const LONGEST_REASON: usize = 500;

/// A reason as a program sends it beside what it asks for. Forms are cut to what is kept; a program is told.
///
/// # Errors
/// What is wrong with it: it is no text, or it is too long.
pub fn reason(sent: &[u8]) -> Result<String, String> {
    let text = std::str::from_utf8(sent).map_err(|_| "is not UTF-8".to_owned())?;
    let text = text.trim_matches(' ');
    if text.chars().any(char::is_control) {
        return Err("holds control characters".to_owned());
    }
    if text.chars().count() > LONGEST_REASON {
        return Err(format!("is longer than {LONGEST_REASON} characters"));
    }
    Ok(text.to_owned())
}

/// Leave to do one thing: who, what they may, and the server to do it with.
#[derive(Clone, Debug)]
pub struct Ctx {
    app: App,
    caller: Arc<Caller>,
    need: Need,
    why: String,
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not known who they are.
    Unknown,
    /// They lack a permission.
    Lacks(Permission),
    /// They must choose a password of their own first.
    MustChange,
    /// The path knows other methods; the router says which.
    OtherMethod,
    /// The route is not in the table: a mistake of ours.
    NotInTable,
}

impl From<Refusal> for ServiceError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unknown | Refusal::MustChange => Self::Unauthenticated,
            Refusal::Lacks(permission) => Self::Forbidden {
                permission,
                place: None,
            },
            Refusal::NotInTable | Refusal::OtherMethod => Self::Forbidden {
                permission: Permission::SystemConfig,
                place: None,
            },
        }
    }
}

/// Lets a caller through to a route, or says why not.
///
/// # Errors
/// The refusal.
pub fn admit(app: &App, caller: &Arc<Caller>, method: &str, path: &str) -> Result<Ctx, Refusal> {
    let Some(need) = need_of(method, path) else {
        if is_known(path) {
            return Err(Refusal::OtherMethod);
        }
        tracing::error!(method, path, "a route is not in the table of access");
        return Err(Refusal::NotInTable);
    };
    let shows = caller.device.as_ref().and_then(|d| d.bound_to.as_deref());
    let by_wall = shows.map(|page| Wall::of(page).and_then(|wall| wall.need_of(method, path)));
    let need = by_wall.flatten().unwrap_or(need);
    let ctx = Ctx {
        app: app.clone(),
        caller: Arc::clone(caller),
        need,
        why: caller.why.clone(),
    };
    let lacks = |permission| {
        if caller.is_somebody() {
            caller.denied(Denial::Lacks(permission), "");
            Err(Refusal::Lacks(permission))
        } else {
            Err(Refusal::Unknown)
        }
    };
    match need {
        Need::Anyone => Ok(ctx),
        _ if caller.must_change && path != "/account/password" => Err(Refusal::MustChange),
        Need::Person if caller.person().is_some() => Ok(ctx),
        Need::Person => {
            // Nobody at all is denied nothing: they are asked who they are, and so is who stands at a tablet.
            let at_wall = caller.device.as_ref().is_some_and(|d| d.bound_to.is_some());
            if at_wall || matches!(caller.who, Who::Key { .. }) {
                caller.denied(Denial::NoPerson, "");
            }
            Err(Refusal::Unknown)
        }
        // A wall reads what its page asks for, and no more.
        Need::Line(permission) | Need::Either(permission, _) | Need::Site(permission)
            if by_wall == Some(None) =>
        {
            lacks(permission)
        }
        // The desk is for people, whatever a key may.
        Need::Line(permission) | Need::Either(permission, _) | Need::Site(permission)
            if path.starts_with("/admin/") && matches!(caller.who, Who::Key { .. }) =>
        {
            lacks(permission)
        }
        Need::Line(permission) if caller.rights.anywhere(permission) => Ok(ctx),
        Need::Either(one, other)
            if caller.rights.anywhere(one) || caller.rights.anywhere(other) =>
        {
            Ok(ctx)
        }
        Need::Site(permission) if caller.rights.on_site(permission) => Ok(ctx),
        Need::Line(permission) | Need::Either(permission, _) | Need::Site(permission) => {
            lacks(permission)
        }
    }
}

/// The database did not say who asks. A page is drawn all the same: it tells so, and tries again by itself.
#[derive(Clone, Copy, Debug)]
pub struct Unidentified;

/// Leave for the server function `F`, called over HTTP or by a page that is being drawn.
///
/// # Errors
/// The refusal; the database's absence; outside a request there is nobody.
pub fn here<F: ServerFn>() -> Result<Ctx, ServiceError> {
    let app = use_context::<App>();
    let parts = use_context::<Parts>();
    if parts
        .as_ref()
        .is_some_and(|p| p.extensions.get::<Unidentified>().is_some())
    {
        return Err(sqlx::Error::PoolTimedOut.into());
    }
    let caller = parts.and_then(|p| p.extensions.get::<Arc<Caller>>().cloned());
    let (Some(app), Some(caller)) = (app, caller) else {
        return Err(ServiceError::Unauthenticated);
    };
    Ok(admit(&app, &caller, "*", F::PATH)?)
}

impl Ctx {
    /// Leave for a command that somebody typed on the machine; nobody else can show that.
    #[must_use]
    pub fn of_the_program(app: &App, _: &TypedHere) -> Self {
        use crate::domain::rights::{PermissionSet, Rights};
        let mut caller = Caller::nobody(String::new(), String::new());
        caller.rights = Rights::everywhere(PermissionSet::all());
        Self {
            app: app.clone(),
            caller: Arc::new(caller),
            need: Need::Anyone,
            why: String::new(),
        }
    }

    /// The same leave, used for a reason: it goes on the record with what is done.
    #[must_use]
    pub fn because(mut self, why: &str) -> Self {
        self.why = why.trim().chars().take(LONGEST_REASON).collect();
        self
    }

    /// The server.
    #[must_use]
    pub const fn app(&self) -> &App {
        &self.app
    }

    /// Who asks.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> TsMs {
        self.app.clock.now()
    }

    /// The line of this code, if the leave reaches it.
    ///
    /// # Errors
    /// No such line; the permission is not held there.
    pub fn line<'p>(&self, plant: &'p Plant, code: &str) -> Result<&'p Line, ServiceError> {
        let line = plant.line(code).ok_or_else(|| not_found("line", code))?;
        self.reach(line)?;
        Ok(line)
    }

    /// Checks that the leave reaches a line.
    ///
    /// # Errors
    /// The permission is not held there.
    pub fn reach(&self, line: &Line) -> Result<(), ServiceError> {
        match self.need {
            Need::Line(permission) => self.also(permission, line),
            Need::Either(_, other) if self.holds(other, line) => Ok(()),
            Need::Either(one, _) => self.also(one, line),
            Need::Anyone | Need::Person | Need::Site(_) => Ok(()),
        }
    }

    /// Whether the leave reaches a line, for lists that leave out what it does not reach.
    #[must_use]
    pub fn sees(&self, line: &Line) -> bool {
        match self.need {
            Need::Line(permission) => self.holds(permission, line),
            Need::Either(one, other) => self.holds(one, line) || self.holds(other, line),
            Need::Anyone | Need::Person | Need::Site(_) => true,
        }
    }

    /// Whether it reaches every line.
    #[must_use]
    pub fn sees_all(&self) -> bool {
        match self.need {
            Need::Line(permission) => self.holds_everywhere(permission),
            Need::Either(one, other) => self.holds_everywhere(one) || self.holds_everywhere(other),
            Need::Anyone | Need::Person | Need::Site(_) => true,
        }
    }

    /// Whether one more permission is held on a line, for what is left out where it is not.
    #[must_use]
    pub fn holds(&self, permission: Permission, line: &Line) -> bool {
        self.caller.rights.at(permission, line.place())
    }

    /// Whether one more permission is held on every line.
    #[must_use]
    pub fn holds_everywhere(&self, permission: Permission) -> bool {
        self.caller.rights.on_site(permission)
    }

    /// Asks for one more permission on a line.
    ///
    /// # Errors
    /// It is not held there.
    pub fn also(&self, permission: Permission, line: &Line) -> Result<(), ServiceError> {
        if self.caller.rights.at(permission, line.place()) {
            return Ok(());
        }
        Err(self.forbidden(permission, Some(line.name.clone())))
    }

    /// Asks for one more permission on the whole site.
    ///
    /// # Errors
    /// It is not held there.
    pub fn also_on_site(&self, permission: Permission) -> Result<(), ServiceError> {
        if self.caller.rights.on_site(permission) {
            return Ok(());
        }
        Err(self.forbidden(permission, None))
    }

    fn forbidden(&self, permission: Permission, place: Option<String>) -> ServiceError {
        self.caller.denied(
            Denial::Lacks(permission),
            place.as_deref().unwrap_or_default(),
        );
        ServiceError::Forbidden { permission, place }
    }

    /// A row for the audit trail: who, when, from where, and what was done to what.
    #[must_use]
    pub fn entry(&self, action: &str, target: impl Into<String>) -> AuditRow {
        AuditRow {
            why: self.why.clone(),
            ..entry(&self.caller, self.now(), action, target)
        }
    }
}

/// A row for the audit trail about what the program does itself.
#[must_use]
pub fn by_the_program(now: TsMs, action: &str, target: impl Into<String>) -> AuditRow {
    let program = Caller::nobody(String::new(), String::new());
    entry(&program, now, action, target)
}

/// A row for the audit trail about a caller.
#[must_use]
pub fn entry(caller: &Caller, now: TsMs, action: &str, target: impl Into<String>) -> AuditRow {
    let (kind, id) = caller.kind();
    let by_program = !caller.is_somebody() && caller.address.is_empty();
    AuditRow {
        at_ms: now.0,
        actor_kind: if by_program { "program" } else { kind }.to_owned(),
        actor_id: id,
        actor: if by_program {
            "ms5-floor"
        } else {
            caller.name()
        }
        .to_owned(),
        device: caller
            .device
            .as_ref()
            .map_or_else(String::new, |d| d.name.clone()),
        address: caller.address.clone(),
        request: caller.request.clone(),
        action: action.to_owned(),
        target: target.into(),
        ..AuditRow::default()
    }
}
