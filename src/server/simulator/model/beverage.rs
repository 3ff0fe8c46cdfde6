//! The beverage hall: a bottling line whose machines depend on each other, labellers and palletisers that do not.

use super::{
    Drift, Fault, Line, MON_FRI, Machine, Minor, PLAIN, Product, Shift, fault, jam, minor, mode,
    prompt, unexplained,
};
use crate::domain::machine_state::MachineState;
use crate::domain::plant::Coupling;

/// Buffers hold one to three minutes of the filler's output; machines before and behind the filler are faster the
/// farther they stand from it, so that it is seldom kept waiting.
const BOTTLING_MACHINES: &[Machine] = &[
    Machine {
        code: "DEPAL1",
        name: "Depalletiser and rinser",
        speed_pct: 125,
        pace: 0.98,
        buffer: 1200,
        minors_per_h: 1.2,
        faults: &[
            fault("D01", "Layer pad stuck").because("MAT_JAM"),
            fault("D02", "Fallen bottles at infeed").because("MAT_JAM"),
            fault("D03", "Pallet supply empty").because("MAT_SHORTAGE"),
            fault("D04", "Rinser water pressure low").because("MECH_FAULT"),
            fault("D05", "Sweep arm overload").because("MOTOR_FAIL"),
        ],
        modes: &[
            mode("D01", 14.0, 1.2, 7.0),
            mode("D04", 70.0, 1.3, 11.0),
            mode("D05", 110.0, 1.8, 22.0),
        ],
        minors: &[
            minor("D02", 0.6, 35.0),
            Minor {
                state: MachineState::Starved,
                ..minor("D03", 0.25, 50.0)
            },
            jam(0.15, 30.0),
        ],
        ..PLAIN
    },
    Machine {
        code: "FILL1",
        name: "Filler 1",
        pacing: true,
        pace: 0.945,
        scrap: 0.009,
        buffer: 400,
        minors_per_h: 3.0,
        prompts_per_h: 0.3,
        faults: &[
            fault("L01", "Main bearing overheated").because("BEARING_FAIL"),
            fault("L02", "Filling valve fault").because("MECH_FAULT"),
            fault("L03", "Product tank level low").because("MAT_SHORTAGE"),
            fault("L04", "CO2 pressure low").because("MAT_SHORTAGE"),
            fault("L05", "Bottle burst").because("MAT_QUALITY"),
            fault("L06", "Fill height out of limits").because("QUALITY_ISSUE"),
            fault("L07", "Starwheel overload").because("MOTOR_FAIL"),
            prompt("L20", "Take a sample"),
        ],
        modes: &[
            // About once in three weeks of three shifts; foretold by the bearing's temperature.
            mode("L01", 330.0, 6.0, 190.0),
            mode("L02", 14.0, 1.3, 9.0),
            mode("L03", 18.0, 1.0, 8.0),
            mode("L04", 60.0, 1.1, 10.0),
            mode("L07", 60.0, 1.8, 21.0),
            unexplained(36.0, 7.0),
        ],
        minors: &[
            minor("L05", 0.45, 45.0),
            minor("L06", 0.3, 30.0),
            jam(0.25, 25.0),
        ],
        prompts: &["L20"],
        drift: Some(Drift {
            mode: 0,
            sensor: "bearing_temperature",
            healthy_c: 52.0,
            rise_c: 34.0,
            speed_loss: 0.09,
        }),
        ..PLAIN
    },
    Machine {
        code: "CAP1",
        name: "Capper 1",
        speed_pct: 108,
        scrap: 0.002,
        buffer: 600,
        minors_per_h: 1.8,
        faults: &[
            fault("C01", "Cap chute empty").because("MAT_SHORTAGE"),
            fault("C02", "Cap jam in sorter").because("MAT_JAM"),
            fault("C03", "Torque out of limits").because("QUALITY_ISSUE"),
            fault("C04", "Head overload").because("MOTOR_FAIL"),
        ],
        modes: &[
            mode("C02", 14.0, 1.2, 7.0),
            mode("C03", 48.0, 1.4, 9.0),
            mode("C04", 120.0, 1.9, 24.0),
        ],
        minors: &[
            minor("C01", 0.5, 30.0),
            Minor {
                chatters: true,
                ..minor("C02", 0.3, 30.0)
            },
            jam(0.2, 25.0),
        ],
        ..PLAIN
    },
    Machine {
        code: "LABEL1",
        name: "Labeller 1",
        speed_pct: 115,
        scrap: 0.003,
        buffer: 900,
        minors_per_h: 2.0,
        faults: &[
            fault("B01", "Label web break").because("MAT_QUALITY"),
            fault("B02", "Label reel empty").because("MAT_SHORTAGE"),
            fault("B03", "Glue temperature low").because("ELEC_FAULT"),
            fault("B04", "Label misaligned").because("QUALITY_ISSUE"),
        ],
        modes: &[mode("B01", 11.0, 1.1, 7.0), mode("B03", 75.0, 1.2, 14.0)],
        minors: &[
            minor("B02", 0.4, 70.0),
            minor("B04", 0.4, 25.0),
            jam(0.2, 25.0),
        ],
        ..PLAIN
    },
    Machine {
        code: "PACK1",
        name: "Case packer and palletiser",
        output: true,
        speed_pct: 122,
        pace: 0.98,
        scrap: 0.001,
        minors_per_h: 1.6,
        faults: &[
            fault("P01", "Case erector jam").because("MAT_JAM"),
            fault("P02", "No cases").because("MAT_SHORTAGE"),
            fault("P03", "Gripper lost bottle").because("MECH_FAULT"),
            fault("P04", "Pallet change fault").because("MECH_FAULT"),
            fault("P05", "Full pallets not taken away").because("DOWNSTREAM_STOP"),
        ],
        modes: &[
            mode("P01", 12.0, 1.2, 7.0),
            mode("P04", 40.0, 1.3, 9.0),
            mode("P03", 60.0, 1.4, 12.0),
        ],
        minors: &[
            minor("P02", 0.35, 45.0),
            Minor {
                state: MachineState::Blocked,
                ..minor("P05", 0.35, 60.0)
            },
            jam(0.3, 30.0),
        ],
        ..PLAIN
    },
];

const LABELLER_FAULTS: &[Fault] = &[
    fault("E01", "Label web break").because("MAT_QUALITY"),
    fault("E02", "Label reel empty").because("MAT_SHORTAGE"),
    fault("E03", "Print head fault").because("ELEC_FAULT"),
    fault("E04", "Bottle gap too small").because("MAT_JAM"),
    fault("E05", "Code not readable").because("QUALITY_ISSUE"),
    prompt("E20", "Change ribbon"),
];

const LABELLER: Machine = Machine {
    pace: 0.955,
    scrap: 0.009,
    minors_per_h: 2.6,
    prompts_per_h: 0.25,
    faults: LABELLER_FAULTS,
    modes: &[
        mode("E01", 16.0, 1.2, 7.0),
        mode("E03", 36.0, 1.5, 12.0),
        mode("E05", 34.0, 1.0, 6.5),
    ],
    minors: &[
        minor("E02", 0.4, 60.0),
        minor("E04", 0.4, 20.0),
        jam(0.2, 20.0),
    ],
    prompts: &["E20"],
    ..PLAIN
};

const PALLETISER_FAULTS: &[Fault] = &[
    fault("Z01", "Layer former jam").because("MAT_JAM"),
    fault("Z02", "Pallet dispenser empty").because("MAT_SHORTAGE"),
    fault("Z03", "Light curtain interrupted").because("SENSOR_FAIL"),
    fault("Z04", "Hoist drive fault").because("MOTOR_FAIL"),
    fault("Z05", "Stretch film break").because("MAT_QUALITY"),
    prompt("Z20", "Refill pallets"),
];

const PALLETISER: Machine = Machine {
    pace: 0.915,
    scrap: 0.004,
    minors_per_h: 4.2,
    prompts_per_h: 0.3,
    faults: PALLETISER_FAULTS,
    modes: &[
        mode("Z01", 7.5, 1.2, 8.0),
        mode("Z04", 55.0, 2.0, 32.0),
        mode("Z05", 10.0, 1.1, 7.0),
        unexplained(30.0, 7.0),
    ],
    minors: &[
        minor("Z02", 0.35, 60.0),
        minor("Z03", 0.4, 25.0),
        jam(0.25, 30.0),
    ],
    prompts: &["Z20"],
    ..PLAIN
};

/// Five coupled machines, three shifts, Monday to Friday.
pub(crate) const BOTTLING: Line = Line {
    code: "L-BOT1",
    name: "Bottling Line 1",
    area: "BEVERAGE",
    coupling: Coupling::Serial,
    target_oee: 0.7,
    minor_stop_s: 300,
    shifts: &[
        Shift {
            name: "Bottling early",
            days: MON_FRI,
            start: "06:00",
            end: "14:00",
            breaks: &[("10:00", "10:30", "Breakfast")],
        },
        Shift {
            name: "Bottling late",
            days: MON_FRI,
            start: "14:00",
            end: "22:00",
            breaks: &[("18:00", "18:30", "Dinner")],
        },
        Shift {
            name: "Bottling night",
            days: MON_FRI,
            start: "22:00",
            end: "06:00",
            breaks: &[("02:00", "02:30", "Night meal")],
        },
    ],
    machines: BOTTLING_MACHINES,
    products: &[
        Product {
            code: "WATER-500",
            name: "Still water 500 ml",
            per_min: 400,
            scrap: 1.0,
            minors: 1.0,
        },
        Product {
            code: "COLA-500",
            name: "Cola 500 ml",
            per_min: 360,
            scrap: 1.3,
            minors: 1.1,
        },
        Product {
            code: "TEA-1000",
            name: "Lemon iced tea 1 l",
            per_min: 240,
            scrap: 1.1,
            minors: 1.0,
        },
    ],
    run_h: 5.5,
    changeover_min: 24.0,
    clean_s: 45 * 60,
    maintenance_s: 180 * 60,
};

/// Two labellers, two shifts that start an hour later than the others.
pub(crate) const LABELLING: Line = Line {
    code: "L-LAB2",
    name: "Labelling Line 2",
    area: "BEVERAGE",
    coupling: Coupling::Parallel,
    target_oee: 0.85,
    minor_stop_s: 300,
    shifts: &[
        Shift {
            name: "Labelling early",
            days: MON_FRI,
            start: "07:00",
            end: "15:00",
            breaks: &[("11:00", "11:30", "Lunch")],
        },
        Shift {
            name: "Labelling late",
            days: MON_FRI,
            start: "15:00",
            end: "23:00",
            breaks: &[("19:00", "19:30", "Dinner")],
        },
    ],
    machines: &[
        Machine {
            code: "LAB21",
            name: "Labeller 2.1",
            output: true,
            ..LABELLER
        },
        Machine {
            code: "LAB22",
            name: "Labeller 2.2",
            output: true,
            ..LABELLER
        },
    ],
    products: &[
        Product {
            code: "JUICE-250",
            name: "Orange juice 250 ml glass",
            per_min: 180,
            scrap: 1.0,
            minors: 1.0,
        },
        Product {
            code: "SYRUP-700",
            name: "Elderflower syrup 700 ml",
            per_min: 120,
            scrap: 1.2,
            minors: 1.0,
        },
    ],
    run_h: 5.0,
    changeover_min: 15.0,
    clean_s: 20 * 60,
    maintenance_s: 60 * 60,
};

/// Two palletisers; Saturday mornings only early.
pub(crate) const PALLETISING: Line = Line {
    code: "L-PAL1",
    name: "Palletising Line 1",
    area: "BEVERAGE",
    coupling: Coupling::Parallel,
    target_oee: 0.75,
    minor_stop_s: 240,
    shifts: &[
        Shift {
            name: "Palletising early",
            days: super::MON_SAT,
            start: "06:00",
            end: "14:00",
            breaks: &[("09:00", "09:20", "Coffee"), ("12:00", "12:30", "Lunch")],
        },
        Shift {
            name: "Palletising late",
            days: MON_FRI,
            start: "14:00",
            end: "22:00",
            breaks: &[("17:30", "18:00", "Dinner")],
        },
    ],
    machines: &[
        Machine {
            code: "PAL1",
            name: "Palletiser 1",
            output: true,
            ..PALLETISER
        },
        // Heard only when something changes: for it, silence means no change.
        Machine {
            code: "PAL2",
            name: "Palletiser 2",
            output: true,
            silence_s: None,
            ..PALLETISER
        },
    ],
    products: &[
        Product {
            code: "CASE-12",
            name: "Cases of 12 x 500 ml",
            per_min: 20,
            scrap: 1.0,
            minors: 1.0,
        },
        Product {
            code: "CASE-6",
            name: "Cases of 6 x 1 l",
            per_min: 16,
            scrap: 1.0,
            minors: 1.1,
        },
    ],
    run_h: 4.5,
    changeover_min: 16.0,
    clean_s: 20 * 60,
    maintenance_s: 60 * 60,
};
