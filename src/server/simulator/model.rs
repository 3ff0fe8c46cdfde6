//! The plant behind the simulator: its nameplates, its faults with the lives of their causes, and what the
//! definition that others see ([`super::plant::plant`]) does not tell.

pub(super) mod bagger;
pub(super) mod bakery;
pub(super) mod beverage;

use crate::domain::machine_state::MachineState;
use crate::domain::plant::{Coupling, FaultKind, FaultOrigin};

/// A product.
#[derive(Debug)]
pub(super) struct Product {
    pub code: &'static str,
    pub name: &'static str,
    /// Pieces a minute of the machine that sets the pace, at its best.
    pub per_min: u32,
    /// Scrap compared with the usual: 1 is usual.
    pub scrap: f64,
    /// Frequency of minor stops compared with the usual: 1 is usual.
    pub minors: f64,
}

/// What a fault bit means.
#[derive(Debug)]
pub(super) struct Fault {
    pub code: &'static str,
    pub text: &'static str,
    pub kind: FaultKind,
    /// Where the trouble is.
    pub origin: FaultOrigin,
    /// The reason that it points to.
    pub reason: Option<&'static str>,
}

impl Fault {
    /// The same, pointing to a reason.
    pub(super) const fn because(self, reason: &'static str) -> Self {
        Self {
            reason: Some(reason),
            ..self
        }
    }

    /// The same, told of a machine behind.
    pub(super) const fn behind(self) -> Self {
        Self {
            origin: FaultOrigin::Downstream,
            ..self
        }
    }
}

/// A fault bit that stops the machine.
pub(super) const fn fault(code: &'static str, text: &'static str) -> Fault {
    Fault {
        code,
        text,
        kind: FaultKind::Fault,
        origin: FaultOrigin::Internal,
        reason: None,
    }
}

/// A request to the operator.
pub(super) const fn prompt(code: &'static str, text: &'static str) -> Fault {
    Fault {
        code,
        text,
        kind: FaultKind::Prompt,
        origin: FaultOrigin::Internal,
        reason: None,
    }
}

/// Plain information.
pub(super) const fn status(code: &'static str, text: &'static str) -> Fault {
    Fault {
        code,
        text,
        kind: FaultKind::Status,
        origin: FaultOrigin::Internal,
        reason: None,
    }
}

/// A way to break down: Weibull lives in hours of planned production, lognormal repairs.
#[derive(Debug)]
pub(super) struct Mode {
    /// The fault bit; `None`: the machine stands and does not say why.
    pub code: Option<&'static str>,
    /// Characteristic life in hours of planned production.
    pub scale_h: f64,
    /// Shape of the life: 1 is pure chance, above 1 is wear.
    pub shape: f64,
    /// Median repair in minutes.
    pub repair_min: f64,
    /// Spread of the logarithm of the repair.
    pub sigma: f64,
}

/// A breakdown with the usual spread of repairs.
pub(super) const fn mode(code: &'static str, scale_h: f64, shape: f64, repair_min: f64) -> Mode {
    Mode {
        code: Some(code),
        scale_h,
        shape,
        repair_min,
        sigma: 0.55,
    }
}

/// A longer stop that the machine does not explain: someone has to.
pub(super) const fn unexplained(scale_h: f64, minutes: f64) -> Mode {
    Mode {
        code: None,
        scale_h,
        shape: 1.0,
        repair_min: minutes,
        sigma: 0.4,
    }
}

/// A kind of minor stop: 10 to 120 seconds.
#[derive(Debug)]
pub(super) struct Minor {
    /// The fault bit, if it sets one.
    pub code: Option<&'static str>,
    /// Its share among the machine's minor stops.
    pub weight: f64,
    /// Median length in seconds.
    pub median_s: f64,
    /// What the machine says it is doing: it may wait for something outside the line.
    pub state: MachineState,
    /// The bit is set and cleared several times before it stays away.
    pub chatters: bool,
}

/// A minor stop that sets a fault bit.
pub(super) const fn minor(code: &'static str, weight: f64, median_s: f64) -> Minor {
    Minor {
        code: Some(code),
        weight,
        median_s,
        state: MachineState::Stopped,
        chatters: false,
    }
}

/// A minor stop without any bit.
pub(super) const fn jam(weight: f64, median_s: f64) -> Minor {
    Minor {
        code: None,
        weight,
        median_s,
        state: MachineState::Stopped,
        chatters: false,
    }
}

/// Bits that come with a stop besides its cause.
#[derive(Debug)]
pub(super) struct Companions {
    /// A guard opened for the repair, and the prompt to close it.
    pub guard: (&'static str, &'static str),
    /// The prompt that a reset will do.
    pub reset: &'static str,
    /// Emergency-stop bits, and the prompt to release them.
    pub estop: (&'static [&'static str], &'static str),
    /// Set while the machine behind is down and this one waits.
    pub downstream: &'static str,
    /// Set while the machine runs.
    pub running: &'static str,
    /// Set while the machine is ready and stands.
    pub ready: &'static str,
    /// Set when a product run is complete, until the next one starts.
    pub batch: &'static str,
}

/// A bearing that wears out: its temperature and the loss of speed foretell one of the modes.
#[derive(Debug)]
pub(super) struct Drift {
    /// The index of the mode in the machine's list.
    pub mode: usize,
    /// What the sensor is called.
    pub sensor: &'static str,
    /// Temperature of the healthy bearing at full speed, °C.
    pub healthy_c: f64,
    /// How much hotter it is when it fails, °C.
    pub rise_c: f64,
    /// Share of the speed that is lost when it fails.
    pub speed_loss: f64,
}

/// A machine.
#[derive(Debug)]
pub(super) struct Machine {
    pub code: &'static str,
    pub name: &'static str,
    pub pacing: bool,
    pub output: bool,
    /// Longest silence in seconds before its state is unknown.
    pub silence_s: Option<i64>,
    /// Its best speed in percent of the product's pace: the V-curve of a line.
    pub speed_pct: u32,
    /// Usual speed as a share of the best.
    pub pace: f64,
    /// Usual share of scrap.
    pub scrap: f64,
    /// Room for pieces between this machine and the next.
    pub buffer: u32,
    /// Minor stops in an hour of running.
    pub minors_per_h: f64,
    /// Prompts in an hour of running.
    pub prompts_per_h: f64,
    pub faults: &'static [Fault],
    pub modes: &'static [Mode],
    pub minors: &'static [Minor],
    /// Prompts that show up while it runs and do not stop it.
    pub prompts: &'static [&'static str],
    pub companions: Option<Companions>,
    pub drift: Option<Drift>,
}

/// What most machines have in common; a machine is written as what differs.
pub(super) const PLAIN: Machine = Machine {
    code: "",
    name: "",
    pacing: false,
    output: false,
    silence_s: Some(300),
    speed_pct: 100,
    pace: 0.97,
    scrap: 0.0,
    buffer: 0,
    minors_per_h: 2.0,
    prompts_per_h: 0.0,
    faults: &[],
    modes: &[],
    minors: &[],
    prompts: &[],
    companions: None,
    drift: None,
};

/// A shift: name, days of its start (1 Monday), local start and end, breaks.
#[derive(Debug)]
pub(super) struct Shift {
    pub name: &'static str,
    pub days: &'static [u8],
    pub start: &'static str,
    pub end: &'static str,
    /// Start, end, name.
    pub breaks: &'static [(&'static str, &'static str, &'static str)],
}

/// A line.
#[derive(Debug)]
pub(super) struct Line {
    pub code: &'static str,
    pub name: &'static str,
    pub area: &'static str,
    pub coupling: Coupling,
    pub target_oee: f64,
    pub minor_stop_s: i64,
    /// Its shifts of a day follow each other without a gap, within the production day.
    pub shifts: &'static [Shift],
    pub machines: &'static [Machine],
    pub products: &'static [Product],
    /// Hours of planned production between changeovers.
    pub run_h: f64,
    /// Median changeover in minutes.
    pub changeover_min: f64,
    /// The clean at the end of each production day, in seconds.
    pub clean_s: i64,
    /// Planned maintenance at the start of each block of 28 days, in seconds.
    pub maintenance_s: i64,
}

impl Line {
    /// The machines that depend on each other: the whole line, or each machine by itself.
    pub(super) fn chains(&self) -> Vec<&'static [Machine]> {
        match self.coupling {
            Coupling::Serial => vec![self.machines],
            Coupling::Parallel => self.machines.chunks(1).collect(),
        }
    }
}

/// The best speed of a machine with a product, pieces a minute.
pub(super) const fn units_per_min(machine: &Machine, product: &Product) -> u32 {
    product.per_min * machine.speed_pct / 100
}

/// Every line, in the order of the plant.
pub(super) const LINES: [&Line; 6] = [
    &bagger::LINE,
    &bakery::SLICERS,
    &bakery::TRAYS,
    &beverage::BOTTLING,
    &beverage::LABELLING,
    &beverage::PALLETISING,
];

/// Every day of the week.
pub(super) const ALL_WEEK: &[u8] = &[1, 2, 3, 4, 5, 6, 7];
/// Monday to Saturday.
pub(super) const MON_SAT: &[u8] = &[1, 2, 3, 4, 5, 6];
/// Monday to Friday.
pub(super) const MON_FRI: &[u8] = &[1, 2, 3, 4, 5];
