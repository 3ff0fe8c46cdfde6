//! Which machines' facts must be folded anew. Written in the transaction that changes the rules, cleared in the one that
//! folded: a program that ends in between finds them when it starts again.

use super::{Db, Tx, reading, writing};
use crate::domain::ids::MachineId;

const DUE: &str = "SELECT machine_id FROM refold_due ORDER BY machine_id";

/// Says that a machine's facts must be folded anew.
///
/// # Errors
/// The engine's.
pub async fn ask(tx: &mut Tx, machine: MachineId) -> sqlx::Result<()> {
    const SQL: &str = "INSERT INTO refold_due (machine_id) VALUES ($1) ON CONFLICT DO NOTHING";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(machine.0)
        .execute(conn)
        .await
        .map(drop))
}

/// Whether there is such a machine.
///
/// # Errors
/// The engine's.
pub async fn is_due(db: &Db) -> sqlx::Result<bool> {
    let due: Vec<i64> = reading!(db, |pool| sqlx::query_scalar(DUE).fetch_all(pool).await?);
    Ok(!due.is_empty())
}

/// Takes the first of them: whoever commits this has folded it.
///
/// # Errors
/// The engine's.
pub async fn take_one(tx: &mut Tx) -> sqlx::Result<Option<MachineId>> {
    const SQL: &str =
        "DELETE FROM refold_due WHERE machine_id = (SELECT MIN(machine_id) FROM refold_due)
        RETURNING machine_id";
    let due: Option<i64> = writing!(tx, |conn| sqlx::query_scalar(SQL)
        .fetch_optional(conn)
        .await?);
    Ok(due.map(MachineId))
}
