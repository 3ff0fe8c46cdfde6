//! Ideal rates and targets by the instant from which they hold, and the wanted length of changeovers.

use super::{Tx, writing};
use crate::domain::ids::{LineId, MachineId, ProductId};
use crate::domain::target::Targets;
use crate::domain::time::{DurMs, TsMs};

#[derive(Clone, Debug, serde::Serialize, sqlx::FromRow)]
pub struct RateRow {
    pub machine_id: i64,
    pub product_id: i64,
    pub valid_from: i64,
    pub units: i64,
    pub per_ms: i64,
    pub unit: String,
    pub origin: String,
}

#[derive(Clone, Debug, serde::Serialize, sqlx::FromRow)]
pub struct TargetRow {
    pub line_id: i64,
    pub valid_from: i64,
    pub availability: f64,
    pub performance: f64,
    pub quality: f64,
    pub oee: f64,
}

#[derive(Clone, Debug, serde::Serialize, sqlx::FromRow)]
pub struct ChangeoverRow {
    pub line_id: i64,
    pub from_product: i64,
    pub to_product: i64,
    pub target_ms: i64,
}

pub(super) const RATES: &str =
    "SELECT machine_id, product_id, valid_from, units, per_ms, unit, origin
    FROM ideal_rate ORDER BY machine_id, product_id, valid_from";
pub(super) const TARGETS: &str =
    "SELECT line_id, valid_from, availability, performance, quality, oee
    FROM line_target ORDER BY line_id, valid_from";
pub(super) const CHANGEOVERS: &str =
    "SELECT line_id, from_product, to_product, target_ms FROM changeover_target";

/// Forgets the rates of a product on a machine, to write them anew.
///
/// # Errors
/// The engine's.
pub async fn clear_rates(tx: &mut Tx, machine: MachineId, product: ProductId) -> sqlx::Result<()> {
    const SQL: &str = "DELETE FROM ideal_rate WHERE machine_id = $1 AND product_id = $2";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(machine.0)
        .bind(product.0)
        .execute(conn)
        .await
        .map(drop))
}

/// Writes a rate that holds from `valid_from` on.
///
/// # Errors
/// The engine's.
pub async fn put_rate(tx: &mut Tx, rate: &RateRow) -> sqlx::Result<()> {
    const SQL: &str =
        "INSERT INTO ideal_rate (machine_id, product_id, valid_from, units, per_ms, unit, origin)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (machine_id, product_id, valid_from) DO UPDATE
        SET units = excluded.units, per_ms = excluded.per_ms, unit = excluded.unit, origin = excluded.origin";
    writing!(tx, |conn| {
        let query = sqlx::query(SQL)
            .bind(rate.machine_id)
            .bind(rate.product_id)
            .bind(rate.valid_from);
        query
            .bind(rate.units)
            .bind(rate.per_ms)
            .bind(&rate.unit)
            .bind(&rate.origin)
            .execute(conn)
            .await
            .map(drop)
    })
}

/// Forgets the targets of a line, to write them anew.
///
/// # Errors
/// The engine's.
pub async fn clear_targets(tx: &mut Tx, line: LineId) -> sqlx::Result<()> {
    const SQL: &str = "DELETE FROM line_target WHERE line_id = $1";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(line.0)
        .execute(conn)
        .await
        .map(drop))
}

/// Writes the targets of a line from an instant on.
///
/// # Errors
/// The engine's.
pub async fn put_targets(
    tx: &mut Tx,
    line: LineId,
    from: TsMs,
    targets: Targets,
) -> sqlx::Result<()> {
    const SQL: &str =
        "INSERT INTO line_target (line_id, valid_from, availability, performance, quality, oee)
        VALUES ($1, $2, $3, $4, $5, $6)";
    writing!(tx, |conn| {
        let query = sqlx::query(SQL).bind(line.0).bind(from.0);
        query
            .bind(targets.availability)
            .bind(targets.performance)
            .bind(targets.quality)
            .bind(targets.oee)
            .execute(conn)
            .await
            .map(drop)
    })
}

/// Writes how long a changeover should take.
///
/// # Errors
/// The engine's.
pub async fn put_changeover(
    tx: &mut Tx,
    line: LineId,
    (from, to): (ProductId, ProductId),
    target: DurMs,
) -> sqlx::Result<()> {
    const SQL: &str =
        "INSERT INTO changeover_target (line_id, from_product, to_product, target_ms) VALUES ($1, $2, $3, $4)
        ON CONFLICT (line_id, from_product, to_product) DO UPDATE SET target_ms = excluded.target_ms";
    writing!(tx, |conn| sqlx::query(SQL)
        .bind(line.0)
        .bind(from.0)
        .bind(to.0)
        .bind(target.0)
        .execute(conn)
        .await
        .map(drop))
}
