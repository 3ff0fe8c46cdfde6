//! What becomes of items that were held back at the door.

use crate::server::auth::Ctx;
use crate::server::db::audit::{self, AuditRow};
use crate::server::db::quarantine::{self, HeldRow};

/// What goes on record when an item leaves quarantine by `action`: with the item as it was sent.
#[must_use]
pub fn leaves(ctx: &Ctx, held: &HeldRow, action: &str) -> AuditRow {
    let mut row = ctx.entry(action, format!("quarantine:{}", held.id));
    row.was.clone_from(&held.item);
    row.why = format!("{} of {}: {}", held.item_id, held.source, held.code);
    row
}

/// Takes an item out of quarantine, on record as `action` with the item as it was sent.
///
/// # Errors
/// The engine's; the item stays then.
pub async fn release(ctx: &Ctx, held: &HeldRow, action: &str) -> sqlx::Result<()> {
    let row = leaves(ctx, held, action);
    let mut tx = ctx.app().db.begin().await?;
    quarantine::release(&mut tx, held.id).await?;
    audit::add(&mut tx, &row).await?;
    tx.commit().await
}
