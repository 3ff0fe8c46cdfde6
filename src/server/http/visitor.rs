//! Somebody at a door with a browser: what its session holds before and after.

use super::Shared;
use super::next::Next;
use crate::domain::ids::DeviceId;
use crate::domain::time::{DurMs, MINUTE_MS};
use crate::server::auth::Ctx;
use crate::server::auth::identify::rights_at;
use crate::server::auth::rights::{Roles, landing};
use crate::server::auth::session::{self, Held, Waiting};
use crate::server::db::people::{self, PersonRow};
use crate::server::services::error::ServiceError;
use crate::server::services::sign_in::{Refused, is_unchanged};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use tower_sessions::Session;

/// What a browser tells about itself.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    pub(super) ctx: Ctx,
    pub(super) session: Session,
    agent: String,
}

impl Visitor {
    pub(super) fn new(ctx: Ctx, session: Session, headers: &HeaderMap) -> Self {
        let agent = headers
            .get(header::USER_AGENT)
            .and_then(|h| h.to_str().ok());
        let agent = agent.unwrap_or_default().chars().take(200).collect();
        Self {
            ctx,
            session,
            agent,
        }
    }

    /// What the session knew before, as far as it stays: the device.
    pub(super) async fn before(&self) -> Result<Held, Refused> {
        let held = session::held(&self.session).await.map_err(store)?;
        let mut held = held.unwrap_or_default();
        held.person = None;
        held.waiting = None;
        Ok(held)
    }

    /// Holds who signed in, under a new id. Whose password was changed in this moment is not in, nor who stands at a device
    /// that was revoked or got a new link in this moment.
    pub(super) async fn enter(&self, shared: &Shared, row: &PersonRow) -> Result<(), Refused> {
        let held = Held {
            person: Some(row.person()),
            since: shared.app.clock.now(),
            version: row.version,
            address: self.ctx.caller().address.clone(),
            agent: self.agent.clone(),
            ..self.before().await?
        };
        self.hold(&held).await?;
        if is_unchanged(&self.ctx, row).await? {
            return Ok(());
        }
        self.leave().await?;
        Err(Refused::Wrong)
    }

    /// What the session of a device that just came knows.
    pub(super) fn held_by(&self, shared: &Shared, device: DeviceId) -> Held {
        Held {
            since: shared.app.clock.now(),
            device: Some(device),
            address: self.ctx.caller().address.clone(),
            agent: self.agent.clone(),
            ..Held::default()
        }
    }

    /// Forgets who signed in; a device stays.
    pub(super) async fn leave(&self) -> Result<(), Refused> {
        let left = self.before().await?;
        let app = self.ctx.app();
        let done = if left.device.is_some() {
            // What was ended meanwhile is left, too.
            session::hold(app, &self.session, &left).await.map(drop)
        } else {
            session::end(app, &self.session).await
        };
        // Streams of other tabs end at once.
        app.people.forget();
        done.map_err(store)
    }

    /// Holds what the second half of a sign-in needs to know.
    pub(super) async fn wait(&self, waiting: Waiting) -> Result<(), Refused> {
        let held = Held {
            waiting: Some(waiting),
            address: self.ctx.caller().address.clone(),
            agent: self.agent.clone(),
            ..self.before().await?
        };
        self.hold(&held).await
    }

    /// Holds this, unless the session of the device was ended in this moment.
    async fn hold(&self, held: &Held) -> Result<(), Refused> {
        let held = session::hold(self.ctx.app(), &self.session, held).await;
        if held.map_err(store)? {
            Ok(())
        } else {
            Err(Refused::Wrong)
        }
    }
}

/// The store of sessions failed.
pub(super) fn store(error: tower_sessions::session::Error) -> Refused {
    Refused::Failed(ServiceError::Database(session::into_sqlx(error)))
}

/// A sign-in that waits for its second half holds for so long.
pub(super) const WAITS: DurMs = DurMs(10 * MINUTE_MS);

/// Leads to where they wanted to go, or to the first page of their role as far as they may see it where they are.
pub(super) async fn lead_on(
    shared: &Shared,
    visitor: &Visitor,
    (row, next): (&PersonRow, &Next),
) -> Result<Response, Refused> {
    if row.must_change != 0 {
        return Ok(Redirect::to("/account/password").into_response());
    }
    let roles = Roles::load(&shared.app.db).await?;
    let given = people::given_to(&shared.app.db, row.person()).await?;
    let device = visitor.ctx.caller().device.as_ref();
    let (page, rights) = (
        roles.first_page(&given),
        rights_at(device, roles.rights(&given)),
    );
    let first = landing(&page, &rights, &shared.app.plant.get());
    Ok(Redirect::to(next.or(&first)).into_response())
}
