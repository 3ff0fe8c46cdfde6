//! The plant model: written from a definition, read as rows.

use super::reasons::ReasonRow;
use super::{Db, Tx, reading, writing};
use crate::domain::ids::{LineId, MachineId, ProductId};
use crate::domain::plant::{
    AreaDef, Coupling, FaultDef, FaultKind, LineDef, MachineDef, ProductDef, SiteDef,
};
use crate::domain::time::TsMs;

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct SiteRow {
    pub code: String,
    pub name: String,
    pub zone: String,
    pub simulated: i64,
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct LineRow {
    pub id: i64,
    pub code: String,
    pub name: String,
    pub area: String,
    pub coupling: String,
    pub target_oee: f64,
    pub minor_stop_ms: i64,
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ShiftRow {
    pub line_id: i64,
    pub name: String,
    pub days: i64,
    pub start_min: i64,
    pub end_min: i64,
    pub breaks: String,
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct MachineRow {
    pub id: i64,
    pub line_id: i64,
    pub code: String,
    pub name: String,
    pub pacing: i64,
    pub output: i64,
    pub max_silence_ms: Option<i64>,
    pub counter_max: Option<i64>,
    pub cycle_gap_ms: Option<i64>,
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ProductRow {
    pub id: i64,
    pub code: String,
    pub name: String,
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct RateRow {
    pub machine_id: i64,
    pub product_id: i64,
    pub valid_from: i64,
    pub units: i64,
    pub per_ms: i64,
    pub origin: String,
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct FaultRow {
    pub machine_id: i64,
    pub code: String,
    pub text: String,
    pub kind: String,
    pub origin: String,
    pub reason_id: Option<i64>,
}

/// Every row of the model.
#[derive(Clone, Debug)]
pub struct PlantRows {
    pub site: Option<SiteRow>,
    pub lines: Vec<LineRow>,
    pub shifts: Vec<ShiftRow>,
    pub machines: Vec<MachineRow>,
    pub products: Vec<ProductRow>,
    pub rates: Vec<RateRow>,
    pub faults: Vec<FaultRow>,
    pub reasons: Vec<ReasonRow>,
}

/// Reads the whole model; it is small and kept in memory.
///
/// # Errors
/// The engine's.
pub async fn load(db: &Db) -> sqlx::Result<PlantRows> {
    const SITE: &str = "SELECT code, name, zone, simulated FROM site ORDER BY id LIMIT 1";
    const LINES: &str =
        "SELECT l.id, l.code, l.name, a.name AS area, l.coupling, l.target_oee, l.minor_stop_ms
        FROM line l JOIN area a ON a.id = l.area_id ORDER BY a.position, l.position, l.id";
    const SHIFTS: &str = "SELECT ls.line_id, s.name, s.days, s.start_min, s.end_min, s.breaks
        FROM line_shift ls JOIN shift_pattern s ON s.id = ls.shift_id ORDER BY ls.line_id, s.start_min";
    const MACHINES: &str =
        "SELECT id, line_id, code, name, pacing, output, max_silence_ms, counter_max, cycle_gap_ms
        FROM machine ORDER BY line_id, position, id";
    const PRODUCTS: &str = "SELECT id, code, name FROM product ORDER BY id";
    const RATES: &str = "SELECT machine_id, product_id, valid_from, units, per_ms, origin
        FROM ideal_rate ORDER BY machine_id, product_id, valid_from";
    const FAULTS: &str = "SELECT machine_id, code, text, kind, origin, reason_id FROM fault_code";
    const REASONS: &str =
        "SELECT id, code, name, parent_id, category, active FROM reason ORDER BY position, id";
    reading!(db, |pool| {
        Ok(PlantRows {
            site: sqlx::query_as(SITE).fetch_optional(pool).await?,
            lines: sqlx::query_as(LINES).fetch_all(pool).await?,
            shifts: sqlx::query_as(SHIFTS).fetch_all(pool).await?,
            machines: sqlx::query_as(MACHINES).fetch_all(pool).await?,
            products: sqlx::query_as(PRODUCTS).fetch_all(pool).await?,
            rates: sqlx::query_as(RATES).fetch_all(pool).await?,
            faults: sqlx::query_as(FAULTS).fetch_all(pool).await?,
            reasons: sqlx::query_as(REASONS).fetch_all(pool).await?,
        })
    })
}

/// Writes the site and returns its number.
///
/// # Errors
/// The engine's.
pub async fn put_site(tx: &mut Tx, site: &SiteDef) -> sqlx::Result<i64> {
    const SQL: &str = "INSERT INTO site (code, name, zone, simulated) VALUES ($1, $2, $3, $4)
        ON CONFLICT (code) DO UPDATE SET name = excluded.name, zone = excluded.zone, simulated = excluded.simulated
        RETURNING id";
    writing!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(&site.code)
            .bind(&site.name)
            .bind(&site.zone)
            .bind(i64::from(site.simulated))
            .fetch_one(conn)
            .await
    })
}

/// Writes an area and returns its number.
///
/// # Errors
/// The engine's.
pub async fn put_area(tx: &mut Tx, site: i64, position: i64, area: &AreaDef) -> sqlx::Result<i64> {
    const SQL: &str = "INSERT INTO area (site_id, code, name, position) VALUES ($1, $2, $3, $4)
        ON CONFLICT (code) DO UPDATE SET site_id = excluded.site_id, name = excluded.name, position = excluded.position
        RETURNING id";
    writing!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(site)
            .bind(&area.code)
            .bind(&area.name)
            .bind(position)
            .fetch_one(conn)
            .await
    })
}

/// Writes a shift pattern and returns its number. `days` has bit 0 for Monday; `breaks` is JSON.
///
/// # Errors
/// The engine's.
pub async fn put_shift(
    tx: &mut Tx,
    name: &str,
    days: i64,
    (start_min, end_min): (i64, i64),
    breaks: &str,
) -> sqlx::Result<i64> {
    const SQL: &str = "INSERT INTO shift_pattern (name, days, start_min, end_min, breaks) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (name) DO UPDATE SET days = excluded.days, start_min = excluded.start_min,
            end_min = excluded.end_min, breaks = excluded.breaks
        RETURNING id";
    writing!(tx, |conn| {
        let query = sqlx::query_scalar(SQL)
            .bind(name)
            .bind(days)
            .bind(start_min)
            .bind(end_min);
        query.bind(breaks).fetch_one(conn).await
    })
}

/// Writes a line and returns its id.
///
/// # Errors
/// The engine's.
pub async fn put_line(
    tx: &mut Tx,
    area: i64,
    position: i64,
    line: &LineDef,
) -> sqlx::Result<LineId> {
    const SQL: &str = "INSERT INTO line (area_id, code, name, position, coupling, target_oee, minor_stop_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (code) DO UPDATE SET area_id = excluded.area_id, name = excluded.name,
            position = excluded.position, coupling = excluded.coupling, target_oee = excluded.target_oee,
            minor_stop_ms = excluded.minor_stop_ms
        RETURNING id";
    let coupling = match line.coupling {
        Coupling::Serial => "serial",
        Coupling::Parallel => "parallel",
    };
    let id: i64 = writing!(tx, |conn| {
        let query = sqlx::query_scalar(SQL)
            .bind(area)
            .bind(&line.code)
            .bind(&line.name)
            .bind(position);
        query
            .bind(coupling)
            .bind(line.target_oee)
            .bind(line.minor_stop_s * 1000)
            .fetch_one(conn)
            .await?
    });
    Ok(LineId(id))
}

/// Makes these the shifts of a line.
///
/// # Errors
/// The engine's.
pub async fn put_line_shifts(tx: &mut Tx, line: LineId, shifts: &[i64]) -> sqlx::Result<()> {
    writing!(tx, |conn| {
        sqlx::query("DELETE FROM line_shift WHERE line_id = $1")
            .bind(line.0)
            .execute(conn)
            .await?;
    });
    for shift in shifts {
        writing!(tx, |conn| {
            let query = sqlx::query("INSERT INTO line_shift (line_id, shift_id) VALUES ($1, $2)");
            query.bind(line.0).bind(shift).execute(conn).await?;
        });
    }
    Ok(())
}

/// Writes a machine and returns its id.
///
/// # Errors
/// The engine's.
pub async fn put_machine(
    tx: &mut Tx,
    line: LineId,
    position: i64,
    machine: &MachineDef,
) -> sqlx::Result<MachineId> {
    const SQL: &str = "INSERT INTO machine
            (line_id, code, name, position, pacing, output, max_silence_ms, counter_max, cycle_gap_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (code) DO UPDATE SET line_id = excluded.line_id, name = excluded.name,
            position = excluded.position, pacing = excluded.pacing, output = excluded.output,
            max_silence_ms = excluded.max_silence_ms, counter_max = excluded.counter_max,
            cycle_gap_ms = excluded.cycle_gap_ms
        RETURNING id";
    let id: i64 = writing!(tx, |conn| {
        let query = sqlx::query_scalar(SQL)
            .bind(line.0)
            .bind(&machine.code)
            .bind(&machine.name)
            .bind(position);
        let query = query
            .bind(i64::from(machine.pacing))
            .bind(i64::from(machine.output));
        query
            .bind(machine.silence_s.map(|s| s * 1000))
            .bind(machine.counter_max)
            .bind(machine.cycle_gap_s.map(|s| s * 1000))
            .fetch_one(conn)
            .await?
    });
    Ok(MachineId(id))
}

/// Writes a product and returns its id.
///
/// # Errors
/// The engine's.
pub async fn put_product(tx: &mut Tx, product: &ProductDef) -> sqlx::Result<ProductId> {
    const SQL: &str = "INSERT INTO product (code, name) VALUES ($1, $2)
        ON CONFLICT (code) DO UPDATE SET name = excluded.name RETURNING id";
    let id: i64 = writing!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(&product.code)
            .bind(&product.name)
            .fetch_one(conn)
            .await?
    });
    Ok(ProductId(id))
}

/// Writes a rate that holds from `valid_from` on.
///
/// # Errors
/// The engine's.
pub async fn put_rate(tx: &mut Tx, rate: &RateRow) -> sqlx::Result<()> {
    const SQL: &str =
        "INSERT INTO ideal_rate (machine_id, product_id, valid_from, units, per_ms, origin)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (machine_id, product_id, valid_from) DO UPDATE
        SET units = excluded.units, per_ms = excluded.per_ms, origin = excluded.origin";
    writing!(tx, |conn| {
        let query = sqlx::query(SQL)
            .bind(rate.machine_id)
            .bind(rate.product_id)
            .bind(rate.valid_from);
        query
            .bind(rate.units)
            .bind(rate.per_ms)
            .bind(&rate.origin)
            .execute(conn)
            .await
            .map(drop)
    })
}

/// The rate in force last.
///
/// # Errors
/// The engine's.
pub async fn latest_rate(
    tx: &mut Tx,
    machine: MachineId,
    product: ProductId,
) -> sqlx::Result<Option<RateRow>> {
    const SQL: &str =
        "SELECT machine_id, product_id, valid_from, units, per_ms, origin FROM ideal_rate
        WHERE machine_id = $1 AND product_id = $2 ORDER BY valid_from DESC LIMIT 1";
    writing!(tx, |conn| sqlx::query_as(SQL)
        .bind(machine.0)
        .bind(product.0)
        .fetch_optional(conn)
        .await)
}

/// Writes the meaning of a fault code.
///
/// # Errors
/// The engine's.
pub async fn put_fault(tx: &mut Tx, machine: MachineId, fault: &FaultDef) -> sqlx::Result<()> {
    const SQL: &str = "INSERT INTO fault_code (machine_id, code, text, kind, origin, reason_id)
        VALUES ($1, $2, $3, $4, $5, (SELECT id FROM reason WHERE code = $6))
        ON CONFLICT (machine_id, code) DO UPDATE SET text = excluded.text, kind = excluded.kind,
            origin = excluded.origin, reason_id = excluded.reason_id";
    let kind = match fault.kind {
        FaultKind::Fault => "fault",
        FaultKind::Prompt => "prompt",
        FaultKind::Status => "status",
    };
    writing!(tx, |conn| {
        let query = sqlx::query(SQL)
            .bind(machine.0)
            .bind(&fault.code)
            .bind(&fault.text);
        let query = query.bind(kind).bind(fault.origin.name());
        query.bind(&fault.reason).execute(conn).await.map(drop)
    })
}

/// When the rates of a plant that never had one begin to hold: before everything.
pub const SINCE_EVER: TsMs = TsMs(0);
