//! The plant model: written from a definition, read as rows.

use super::calendar::{self, CalendarRows};
use super::rates::{self, ChangeoverRow, RateRow, TargetRow};
use super::reasons::ReasonRow;
use super::{Db, Tx, reading, writing};
use crate::domain::ids::{LineId, MachineId, ProductId};
use crate::domain::plant::{
    AreaDef, Coupling, FaultDef, FaultKind, LineDef, MachineDef, ProductDef, SiteDef,
};
use crate::domain::time::TsMs;

#[derive(Clone, Debug, serde::Serialize, sqlx::FromRow)]
pub struct SiteRow {
    pub code: String,
    pub name: String,
    pub zone: String,
    pub simulated: i64,
}

#[derive(Clone, Debug, serde::Serialize, sqlx::FromRow)]
pub struct LineRow {
    pub id: i64,
    pub code: String,
    pub name: String,
    pub area: String,
    /// Its area's number.
    pub area_id: i64,
    pub coupling: String,
    pub minor_stop_ms: i64,
    pub debounce_ms: i64,
    pub start_up_ms: i64,
}

#[derive(Clone, Debug, serde::Serialize, sqlx::FromRow)]
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
    pub since_ms: i64,
}

#[derive(Clone, Debug, serde::Serialize, sqlx::FromRow)]
pub struct ProductRow {
    pub id: i64,
    pub code: String,
    pub name: String,
    pub unit: String,
}

#[derive(Clone, Debug, serde::Serialize, sqlx::FromRow)]
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
    pub machines: Vec<MachineRow>,
    pub products: Vec<ProductRow>,
    pub faults: Vec<FaultRow>,
    pub reasons: Vec<ReasonRow>,
    pub calendar: CalendarRows,
    pub rates: Vec<RateRow>,
    pub targets: Vec<TargetRow>,
    pub changeovers: Vec<ChangeoverRow>,
}

const SITE: &str = "SELECT code, name, zone, simulated FROM site ORDER BY id LIMIT 1";
const LINES: &str = "SELECT l.id, l.code, l.name, a.name AS area, a.id AS area_id, l.coupling, l.minor_stop_ms, l.debounce_ms, l.start_up_ms
    FROM line l JOIN area a ON a.id = l.area_id ORDER BY a.position, l.position, l.id";
const MACHINES: &str =
    "SELECT id, line_id, code, name, pacing, output, max_silence_ms, counter_max, cycle_gap_ms, since_ms
    FROM machine ORDER BY line_id, position, id";
const PRODUCTS: &str = "SELECT id, code, name, unit FROM product ORDER BY id";
const FAULTS: &str = "SELECT machine_id, code, text, kind, origin, reason_id FROM fault_code";
const REASONS: &str =
    "SELECT id, code, name, parent_id, category, active FROM reason ORDER BY position, id";

/// Every row, by whatever `$on` runs queries on.
macro_rules! every_row {
    ($on:expr) => {
        PlantRows {
            site: sqlx::query_as(SITE).fetch_optional($on).await?,
            lines: sqlx::query_as(LINES).fetch_all($on).await?,
            machines: sqlx::query_as(MACHINES).fetch_all($on).await?,
            products: sqlx::query_as(PRODUCTS).fetch_all($on).await?,
            faults: sqlx::query_as(FAULTS).fetch_all($on).await?,
            reasons: sqlx::query_as(REASONS).fetch_all($on).await?,
            calendar: CalendarRows {
                patterns: sqlx::query_as(calendar::PATTERNS).fetch_all($on).await?,
                rules: sqlx::query_as(calendar::RULES).fetch_all($on).await?,
                lists: sqlx::query_as(calendar::LISTS).fetch_all($on).await?,
                holidays: sqlx::query_as(calendar::HOLIDAYS).fetch_all($on).await?,
                exceptions: sqlx::query_as(calendar::EXCEPTIONS).fetch_all($on).await?,
                stops: sqlx::query_as(calendar::STOPS).fetch_all($on).await?,
            },
            rates: sqlx::query_as(rates::RATES).fetch_all($on).await?,
            targets: sqlx::query_as(rates::TARGETS).fetch_all($on).await?,
            changeovers: sqlx::query_as(rates::CHANGEOVERS).fetch_all($on).await?,
        }
    };
}

/// Reads the whole model; it is small and kept in memory.
///
/// # Errors
/// The engine's.
pub async fn load(db: &Db) -> sqlx::Result<PlantRows> {
    reading!(db, |pool| Ok(every_row!(pool)))
}

/// Reads the whole model, as a transaction sees it.
///
/// # Errors
/// The engine's.
pub async fn load_in(tx: &mut Tx) -> sqlx::Result<PlantRows> {
    writing!(tx, |conn| Ok(every_row!(&mut *conn)))
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
    const SQL: &str = "INSERT INTO line (area_id, code, name, position, coupling, minor_stop_ms, debounce_ms, start_up_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (code) DO UPDATE SET area_id = excluded.area_id, name = excluded.name,
            position = excluded.position, coupling = excluded.coupling, minor_stop_ms = excluded.minor_stop_ms,
            debounce_ms = excluded.debounce_ms, start_up_ms = excluded.start_up_ms
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
            .bind(line.minor_stop_s * 1000)
            .bind(line.debounce_s * 1000)
            .bind(line.start_up_s * 1000)
            .fetch_one(conn)
            .await?
    });
    Ok(LineId(id))
}

/// Writes a machine and returns its id. One that is new is there from `since` on.
///
/// # Errors
/// The engine's.
pub async fn put_machine(
    tx: &mut Tx,
    line: LineId,
    position: i64,
    machine: &MachineDef,
    since: TsMs,
) -> sqlx::Result<MachineId> {
    const SQL: &str = "INSERT INTO machine
            (line_id, code, name, position, pacing, output, max_silence_ms, counter_max, cycle_gap_ms, since_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
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
            .bind(since.0)
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
    const SQL: &str = "INSERT INTO product (code, name, unit) VALUES ($1, $2, $3)
        ON CONFLICT (code) DO UPDATE SET name = excluded.name, unit = excluded.unit RETURNING id";
    let id: i64 = writing!(tx, |conn| {
        sqlx::query_scalar(SQL)
            .bind(&product.code)
            .bind(&product.name)
            .bind(&product.unit)
            .fetch_one(conn)
            .await?
    });
    Ok(ProductId(id))
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
