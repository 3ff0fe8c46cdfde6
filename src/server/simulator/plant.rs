//! The plant as others see it: the definition to put before the first item is sent.

use super::model::{LINES, Line, Machine, Shift, units_per_min};
use crate::domain::plant::{
    AreaDef, BreakDef, FaultDef, LineDef, MachineDef, PlantDef, ProductDef, RateDef, ShiftDef,
    SiteDef,
};
use crate::domain::target::Targets;

/// The simulated site.
pub const SITE: &str = "MS5-DEMO";
/// Its time zone.
pub const ZONE: &str = "Europe/Rome";

/// The whole simulated plant.
#[must_use]
pub fn plant() -> PlantDef {
    let areas = [
        ("BAKERY", "Bakery packing hall"),
        ("BEVERAGE", "Beverage hall"),
    ];
    PlantDef {
        site: SiteDef {
            code: SITE.to_owned(),
            name: "MS5 demo plant".to_owned(),
            zone: ZONE.to_owned(),
            simulated: true,
        },
        areas: areas
            .map(|(code, name)| AreaDef {
                code: code.to_owned(),
                name: name.to_owned(),
            })
            .to_vec(),
        shifts: LINES
            .iter()
            .flat_map(|line| {
                line.shifts
                    .iter()
                    .enumerate()
                    .map(|(n, s)| shift_def(line, n, s))
            })
            .collect(),
        lines: LINES.iter().map(|line| line_def(line)).collect(),
        machines: each_machine()
            .map(|(line, machine)| machine_def(line, machine))
            .collect(),
        products: LINES
            .iter()
            .flat_map(|line| line.products)
            .map(|p| ProductDef {
                code: p.code.to_owned(),
                name: p.name.to_owned(),
                unit: "pieces".to_owned(),
            })
            .collect(),
        rates: each_machine()
            .flat_map(|(line, machine)| rate_defs(line, machine))
            .collect(),
        faults: each_machine()
            .flat_map(|(_, machine)| fault_defs(machine))
            .collect(),
        holidays: vec![],
        exceptions: vec![],
        planned_stops: vec![],
        changeover_targets: vec![],
        reasons: vec![],
    }
}

/// Every machine with its line, in the order of the plant.
pub(super) fn each_machine() -> impl Iterator<Item = (&'static Line, &'static Machine)> {
    LINES
        .into_iter()
        .flat_map(|line| line.machines.iter().map(move |machine| (line, machine)))
}

/// A line has as many crews as shifts, and each goes over to the next shift every Monday.
fn shift_def(line: &Line, place: usize, shift: &Shift) -> ShiftDef {
    let crews = ["Crew A", "Crew B", "Crew C"]
        .iter()
        .take(line.shifts.len());
    let mut crews: Vec<String> = crews.map(|c| (*c).to_owned()).collect();
    let turns = place.min(crews.len());
    crews.rotate_left(turns);
    let pause = |(start, end, name): &(&str, &str, &str)| BreakDef {
        start: (*start).to_owned(),
        end: (*end).to_owned(),
        name: (*name).to_owned(),
    };
    ShiftDef {
        name: shift.name.to_owned(),
        days: shift.days.to_vec(),
        start: shift.start.to_owned(),
        end: shift.end.to_owned(),
        breaks: shift.breaks.iter().map(pause).collect(),
        cycle_weeks: 1,
        anchor: Some("2026-01-05".to_owned()),
        crews,
        ..ShiftDef::default()
    }
}

fn line_def(line: &Line) -> LineDef {
    let targets = Targets::default();
    LineDef {
        code: line.code.to_owned(),
        name: line.name.to_owned(),
        area: line.area.to_owned(),
        coupling: line.coupling,
        target_availability: targets.availability,
        target_performance: targets.performance,
        target_quality: targets.quality,
        target_oee: line.target_oee,
        targets_from: None,
        minor_stop_s: line.minor_stop_s,
        debounce_s: 0,
        start_up_s: 600,
        shifts: line.shifts.iter().map(|s| s.name.to_owned()).collect(),
        shifts_from: None,
    }
}

fn machine_def(line: &Line, machine: &Machine) -> MachineDef {
    MachineDef {
        code: machine.code.to_owned(),
        name: machine.name.to_owned(),
        line: line.code.to_owned(),
        pacing: machine.pacing,
        output: machine.output,
        silence_s: machine.silence_s,
        counter_max: None,
        cycle_gap_s: None,
    }
}

fn rate_defs(line: &'static Line, machine: &'static Machine) -> impl Iterator<Item = RateDef> {
    line.products.iter().map(move |product| RateDef {
        machine: machine.code.to_owned(),
        product: product.code.to_owned(),
        units: i64::from(units_per_min(machine, product)),
        per_s: 60,
        unit: None,
        from: None,
        source: if machine.speed_pct == 100 {
            "Nameplate, confirmed by time study (simulated)".to_owned()
        } else {
            format!(
                "Nameplate: {} % of the line's pace (simulated)",
                machine.speed_pct
            )
        },
    })
}

fn fault_defs(machine: &'static Machine) -> impl Iterator<Item = FaultDef> {
    machine.faults.iter().map(|fault| FaultDef {
        machine: machine.code.to_owned(),
        code: fault.code.to_owned(),
        text: fault.text.to_owned(),
        kind: fault.kind,
        origin: fault.origin,
        reason: fault.reason.map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::simulator::model::Mode;
    use std::collections::HashSet;

    #[test]
    fn the_plant_is_well_formed_and_large_enough() {
        let plant = plant();
        assert_eq!(plant.problems(), []);
        assert!(plant.machines.len() >= 14 && plant.lines.len() == 6 && plant.areas.len() == 2);
        assert_eq!(
            plant.rates.len(),
            each_machine()
                .map(|(line, _)| line.products.len())
                .sum::<usize>()
        );
        let shifts: HashSet<_> = plant.shifts.iter().map(|s| &s.name).collect();
        assert_eq!(shifts.len(), plant.shifts.len(), "shift names are unique");
    }

    #[test]
    fn every_code_that_may_be_sent_is_in_the_catalogue() {
        for (_, machine) in each_machine() {
            let known: HashSet<_> = machine.faults.iter().map(|f| f.code).collect();
            let modes = machine.modes.iter().filter_map(|m: &Mode| m.code);
            let minors = machine.minors.iter().filter_map(|m| m.code);
            let prompts = machine.prompts.iter().copied();
            let mut used: Vec<_> = modes.chain(minors).chain(prompts).collect();
            if let Some(c) = &machine.companions {
                used.extend([
                    c.guard.0,
                    c.guard.1,
                    c.reset,
                    c.estop.1,
                    c.downstream,
                    c.running,
                    c.ready,
                    c.batch,
                ]);
                used.extend(c.estop.0);
            }
            for code in used {
                assert!(known.contains(code), "{code} of {}", machine.code);
            }
        }
    }
}
