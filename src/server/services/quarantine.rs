//! What becomes of items that were held back at the door.

use crate::server::auth::Ctx;
use crate::server::db::quarantine::HeldRow;
use crate::server::db::{audit, quarantine};

/// Takes an item out of quarantine, on record as `action` with the item as it was sent.
///
/// # Errors
/// The engine's; the item stays then.
pub async fn release(ctx: &Ctx, held: &HeldRow, action: &str) -> sqlx::Result<()> {
    let mut row = ctx.entry(action, format!("quarantine:{}", held.id));
    row.was.clone_from(&held.item);
    row.why = format!("{} of {}: {}", held.item_id, held.source, held.code);
    let mut tx = ctx.app().db.begin().await?;
    quarantine::release(&mut tx, held.id).await?;
    audit::add(&mut tx, &row).await?;
    tx.commit().await
}
