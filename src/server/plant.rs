//! The plant model in memory, with what the fold and the figures ask of it.

mod calendar;
mod rates;
mod reasons;

pub use rates::{Rate, Rates};
pub use reasons::{Reason, Reasons};

use super::db::plant::{FaultRow, PlantRows};
use super::db::{Db, Tx, plant as rows, settings};
use crate::domain::calendar::{LineCalendar, ShiftPattern};
use crate::domain::dated::Dated;
use crate::domain::fold::FoldRules;
use crate::domain::ids::{AreaId, LineId, MachineId, ProductId, ReasonId};
use crate::domain::part::LossRules;
use crate::domain::plant::{Coupling, FaultOrigin};
use crate::domain::rate::IdealRate;
use crate::domain::reason::{Cause, DOWNSTREAM_STOP, UPSTREAM_STOP};
use crate::domain::rights::Place;
use crate::domain::target::Targets;
use crate::domain::time::{DurMs, TsMs};
use calendar::Calendars;
use jiff::tz::TimeZone;
use rates::Changeovers;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

/// The site.
#[derive(Clone, Debug)]
pub struct Site {
    /// Full name.
    pub name: String,
    /// Its time zone.
    pub zone: TimeZone,
    /// Its data come from the simulator.
    pub simulated: bool,
}

/// A line.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its id.
    pub id: LineId,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its area's name.
    pub area: String,
    /// Its area.
    pub area_id: AreaId,
    /// How its machines depend on each other.
    pub coupling: Coupling,
    /// What is asked of it, by the instant from which it holds.
    pub targets: Dated<TsMs, Targets>,
    /// How its stops are judged.
    pub rules: LossRules,
    /// When its shifts start; without shifts its machines say when they are scheduled.
    pub calendar: LineCalendar,
    /// Its machines in the order of flow.
    pub machines: Vec<Machine>,
}

impl Line {
    /// What is asked of it at an instant.
    #[must_use]
    pub fn target_at(&self, at: TsMs) -> Targets {
        self.targets.at_or_first(at).copied().unwrap_or_default()
    }

    /// Where it stands.
    #[must_use]
    pub const fn place(&self) -> Place {
        Place {
            line: self.id,
            area: self.area_id,
        }
    }

    /// The machine that sets the pace: the one marked so, else the first.
    #[must_use]
    pub fn pacing(&self) -> Option<&Machine> {
        self.pacing_among(|_| true)
    }

    /// The one of some of its machines that sets their pace.
    pub(super) fn pacing_among(&self, some: impl Fn(&Machine) -> bool) -> Option<&Machine> {
        let mut there = self.machines.iter().filter(|m| some(m));
        let first = there.clone().next();
        there.find(|m| m.pacing).or(first)
    }

    /// The machine whose output leaves the line: the one marked so, else the last.
    #[must_use]
    pub fn output(&self) -> Option<&Machine> {
        self.output_among(|_| true)
    }

    /// The one of some of its machines whose output leaves them.
    pub(super) fn output_among(&self, some: impl Fn(&Machine) -> bool) -> Option<&Machine> {
        let mut there = self.machines.iter().filter(|m| some(m));
        let last = there.clone().next_back();
        there.find(|m| m.output).or(last)
    }
}

/// A machine.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Its id.
    pub id: MachineId,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Sets the pace of its line.
    pub pacing: bool,
    /// Its output leaves the line.
    pub output: bool,
    /// When it came to the plant; 0: it was there when the plant was set up.
    pub since: TsMs,
    /// What the fold needs to know.
    pub rules: FoldRules,
    /// The causes that its faults point to.
    pub causes: HashMap<String, Cause>,
}

/// A product.
#[derive(Clone, Debug)]
pub struct Product {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What is counted.
    pub unit: String,
}

/// The whole model.
#[derive(Debug, Default)]
pub struct Plant {
    /// Which version of the stored model this is.
    pub version: i64,
    /// The site; `None` before one was set up.
    pub site: Option<Site>,
    /// Lines in their fixed order.
    pub lines: Vec<Line>,
    /// Why machines stand.
    pub reasons: Reasons,
    products: HashMap<ProductId, Product>,
    product_codes: HashMap<String, ProductId>,
    machine_codes: HashMap<String, MachineId>,
    places: HashMap<MachineId, (usize, usize)>,
    rates: Rates,
    changeovers: Changeovers,
    patterns: HashMap<String, Arc<ShiftPattern>>,
    faults: HashMap<MachineId, HashMap<String, String>>,
}

impl Plant {
    /// Reads the model as it is stored now.
    ///
    /// # Errors
    /// The engine's, or a stored value that cannot be read.
    pub async fn load(db: &Db) -> sqlx::Result<Self> {
        let version = stored_version(db).await?;
        let rows = rows::load(db).await?;
        Self::from_rows(version, rows)
    }

    /// Reads the model as a transaction sees it.
    ///
    /// # Errors
    /// The engine's, or a stored value that cannot be read.
    pub async fn load_in(tx: &mut Tx) -> sqlx::Result<Self> {
        let version = stored_version_in(tx).await?;
        let rows = rows::load_in(tx).await?;
        Self::from_rows(version, rows)
    }

    fn from_rows(version: i64, rows: PlantRows) -> sqlx::Result<Self> {
        let mut plant = Self {
            version,
            reasons: Reasons::from_rows(&rows.reasons)?,
            ..Self::default()
        };
        if let Some(site) = rows.site {
            let zone = TimeZone::get(&site.zone).map_err(|e| sqlx::Error::Decode(Box::new(e)))?;
            plant.site = Some(Site {
                name: site.name,
                zone,
                simulated: site.simulated != 0,
            });
        }
        let ids: Vec<LineId> = rows.lines.iter().map(|l| LineId(l.id)).collect();
        let mut calendars = Calendars::from_rows(&rows.calendar, &ids)?;
        plant.rates = rates::rates(rows.rates);
        plant.changeovers = rates::changeovers(&rows.changeovers);
        let patterns = calendars.patterns.into_values();
        plant.patterns = patterns.map(|p| (p.name.clone(), p)).collect();
        let mut catalogues: HashMap<i64, Catalogue> = HashMap::new();
        for fault in rows.faults {
            let catalogue = catalogues.entry(fault.machine_id).or_default();
            catalogue.take_in(&fault, &plant.reasons);
            plant
                .faults
                .entry(MachineId(fault.machine_id))
                .or_default()
                .insert(fault.code, fault.text);
        }
        for row in rows.lines {
            let machines = rows
                .machines
                .iter()
                .filter(|m| m.line_id == row.id)
                .map(|m| {
                    let catalogue = catalogues.remove(&m.id).unwrap_or_default();
                    Machine {
                        id: MachineId(m.id),
                        code: m.code.clone(),
                        name: m.name.clone(),
                        pacing: m.pacing != 0,
                        output: m.output != 0,
                        since: TsMs(m.since_ms),
                        rules: FoldRules {
                            max_silence: m.max_silence_ms.map(DurMs),
                            counter_max: m.counter_max,
                            not_causes: catalogue.not_causes,
                            origins: catalogue.origins,
                            cycle_gap: m.cycle_gap_ms.map(DurMs),
                        },
                        causes: catalogue.causes,
                    }
                });
            let machines: Vec<Machine> = machines.collect();
            plant.lines.push(Line {
                id: LineId(row.id),
                code: row.code,
                name: row.name,
                area: row.area,
                area_id: AreaId(row.area_id),
                coupling: if row.coupling == "parallel" {
                    Coupling::Parallel
                } else {
                    Coupling::Serial
                },
                targets: rates::targets(&rows.targets, LineId(row.id)),
                rules: LossRules {
                    minor_stop: DurMs(row.minor_stop_ms),
                    debounce: DurMs(row.debounce_ms),
                    start_up: DurMs(row.start_up_ms),
                },
                calendar: calendars.lines.remove(&LineId(row.id)).unwrap_or_default(),
                machines,
            });
        }
        for (l, line) in plant.lines.iter().enumerate() {
            for (m, machine) in line.machines.iter().enumerate() {
                plant.places.insert(machine.id, (l, m));
                plant.machine_codes.insert(machine.code.clone(), machine.id);
            }
        }
        for row in rows.products {
            plant
                .product_codes
                .insert(row.code.clone(), ProductId(row.id));
            plant.products.insert(
                ProductId(row.id),
                Product {
                    code: row.code,
                    name: row.name,
                    unit: row.unit,
                },
            );
        }
        Ok(plant)
    }

    /// The line with this code.
    #[must_use]
    pub fn line(&self, code: &str) -> Option<&Line> {
        self.lines.iter().find(|l| l.code == code)
    }

    /// A machine and its line.
    #[must_use]
    pub fn machine(&self, id: MachineId) -> Option<(&Line, &Machine)> {
        let (l, m) = self.places.get(&id)?;
        let line = self.lines.get(*l)?;
        Some((line, line.machines.get(*m)?))
    }

    /// The id behind a machine's code.
    #[must_use]
    pub fn machine_id(&self, code: &str) -> Option<MachineId> {
        self.machine_codes.get(code).copied()
    }

    /// The id behind a product's code.
    #[must_use]
    pub fn product_id(&self, code: &str) -> Option<ProductId> {
        self.product_codes.get(code).copied()
    }

    /// A product.
    #[must_use]
    pub fn product(&self, id: ProductId) -> Option<&Product> {
        self.products.get(&id)
    }

    /// The ideal rate of a product on a machine at an instant.
    #[must_use]
    pub fn rate(
        &self,
        machine: MachineId,
        product: Option<ProductId>,
        at: TsMs,
    ) -> Option<IdealRate> {
        Some(self.rate_in_force(machine, product?, at)?.ideal)
    }

    /// The ideal rate of a product on a machine at an instant, with its source and from when on it holds.
    #[must_use]
    pub fn rate_in_force(&self, machine: MachineId, product: ProductId, at: TsMs) -> Option<&Rate> {
        self.rates.get(&(machine, product))?.at(at)
    }

    /// All ideal rates.
    #[must_use]
    pub fn rates(&self) -> &Rates {
        &self.rates
    }

    /// How long the changeover from one product to another should take on a line.
    #[must_use]
    pub fn changeover_target(&self, line: LineId, from: ProductId, to: ProductId) -> Option<DurMs> {
        self.changeovers.get(&(line, from, to)).copied()
    }

    /// The shift with this name, as it was, is and will be.
    #[must_use]
    pub fn pattern(&self, name: &str) -> Option<&ShiftPattern> {
        self.patterns.get(name).map(|p| &**p)
    }

    /// The names of all shifts, in order.
    #[must_use]
    pub fn shift_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.patterns.keys().cloned().collect();
        names.sort();
        names
    }

    /// What a fault code means; the code itself when the catalogue does not know it.
    #[must_use]
    pub fn fault_text(&self, machine: MachineId, code: &str) -> String {
        self.faults
            .get(&machine)
            .and_then(|f| f.get(code))
            .cloned()
            .unwrap_or_else(|| code.to_owned())
    }
}

/// What a machine's fault codes mean for the fold and for the guess.
#[derive(Default)]
struct Catalogue {
    not_causes: BTreeSet<String>,
    origins: BTreeMap<String, FaultOrigin>,
    causes: HashMap<String, Cause>,
}

impl Catalogue {
    fn take_in(&mut self, fault: &FaultRow, reasons: &Reasons) {
        if fault.kind != "fault" {
            self.not_causes.insert(fault.code.clone());
        }
        let origin = FaultOrigin::from_name(&fault.origin).unwrap_or_default();
        if origin != FaultOrigin::Internal {
            self.origins.insert(fault.code.clone(), origin);
        }
        let own = fault.reason_id.and_then(|id| reasons.get(ReasonId(id)));
        let reason = own.or_else(|| match origin {
            FaultOrigin::Internal => None,
            FaultOrigin::Upstream => reasons.by_code(UPSTREAM_STOP),
            FaultOrigin::Downstream => reasons.by_code(DOWNSTREAM_STOP),
        });
        if let Some(reason) = reason {
            self.causes.insert(fault.code.clone(), reason.cause());
        }
    }
}

/// The version of the stored model.
///
/// # Errors
/// The engine's.
pub async fn stored_version(db: &Db) -> sqlx::Result<i64> {
    Ok(number(settings::get(db, settings::PLANT_VERSION).await?))
}

/// The version of the stored model, as a transaction sees it.
///
/// # Errors
/// The engine's.
pub async fn stored_version_in(tx: &mut Tx) -> sqlx::Result<i64> {
    Ok(number(settings::get_in(tx, settings::PLANT_VERSION).await?))
}

fn number(text: Option<String>) -> i64 {
    text.and_then(|v| v.parse().ok()).unwrap_or(0)
}

/// The model that everyone on this node sees; it is replaced as a whole.
#[derive(Debug, Default)]
pub struct CurrentPlant(RwLock<Arc<Plant>>);

impl CurrentPlant {
    /// The model as it is now.
    #[must_use]
    pub fn get(&self) -> Arc<Plant> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the model.
    pub fn set(&self, plant: Plant) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(plant);
    }
}
