//! The independent machines of the bakery packing hall: slicers and tray packers.

use super::{
    Fault, Line, MON_FRI, MON_SAT, Machine, Minor, Mode, PLAIN, Product, Shift, fault, jam, minor,
    mode, prompt, unexplained,
};
use crate::domain::plant::Coupling;

const SLICER_FAULTS: &[Fault] = &[
    fault("S01", "Blade drive overload").because("MOTOR_FAIL"),
    fault("S02", "Blade tension lost").because("MECH_FAULT"),
    fault("S03", "Infeed belt tracking").because("BELT_BREAK"),
    fault("S04", "Clip applicator jam").because("MAT_JAM"),
    fault("S05", "Bag supply empty").because("MAT_SHORTAGE"),
    fault("S06", "Crust jam at blades").because("MAT_JAM"),
    fault("S07", "Guard open").because("OTHER"),
    prompt("S20", "Refill bag magazine"),
    prompt("S21", "Clear crumb tray"),
];

const SLICER_MODES: &[Mode] = &[
    mode("S01", 40.0, 1.6, 18.0),
    mode("S02", 30.0, 2.4, 12.0),
    mode("S03", 18.0, 1.3, 7.0),
    mode("S04", 13.0, 1.2, 6.0),
    unexplained(40.0, 7.0),
];

const SLICER_MINORS: &[Minor] = &[
    Minor {
        chatters: true,
        ..minor("S06", 0.4, 30.0)
    },
    minor("S05", 0.3, 40.0),
    minor("S07", 0.1, 25.0),
    jam(0.2, 25.0),
];

const SLICER: Machine = Machine {
    pace: 0.945,
    scrap: 0.011,
    minors_per_h: 3.0,
    prompts_per_h: 0.4,
    faults: SLICER_FAULTS,
    modes: SLICER_MODES,
    minors: SLICER_MINORS,
    prompts: &["S20", "S21"],
    ..PLAIN
};

const TRAY_FAULTS: &[Fault] = &[
    fault("T01", "Sealing head temperature").because("ELEC_FAULT"),
    fault("T02", "Tray denester jam").because("MAT_JAM"),
    fault("T03", "Film break").because("MAT_QUALITY"),
    fault("T04", "Gripper vacuum low").because("MECH_FAULT"),
    fault("T05", "Robot pick fault").because("MECH_FAULT"),
    fault("T06", "Double tray").because("MAT_JAM"),
    fault("T07", "Misplaced product").because("QUALITY_ISSUE"),
    prompt("T20", "Change film reel"),
    prompt("T21", "Refill trays"),
];

const TRAY_MODES: &[Mode] = &[
    mode("T01", 18.0, 1.5, 11.0),
    mode("T03", 7.5, 1.2, 8.0),
    mode("T04", 14.0, 1.7, 10.0),
    mode("T05", 17.0, 1.1, 14.0),
    mode("T02", 7.0, 1.1, 6.0),
    unexplained(25.0, 7.0),
];

const TRAY_MINORS: &[Minor] = &[
    minor("T06", 0.35, 30.0),
    Minor {
        chatters: true,
        ..minor("T07", 0.35, 25.0)
    },
    jam(0.3, 30.0),
];

const TRAY: Machine = Machine {
    pace: 0.905,
    scrap: 0.016,
    minors_per_h: 6.0,
    prompts_per_h: 0.5,
    faults: TRAY_FAULTS,
    modes: TRAY_MODES,
    minors: TRAY_MINORS,
    prompts: &["T20", "T21"],
    ..PLAIN
};

/// Two slicers side by side, Monday to Saturday.
pub(crate) const SLICERS: Line = Line {
    code: "L-SLC1",
    name: "Slicer Line 1",
    area: "BAKERY",
    coupling: Coupling::Parallel,
    target_oee: 0.8,
    minor_stop_s: 300,
    shifts: &[
        Shift {
            name: "Slicer early",
            days: MON_SAT,
            start: "06:00",
            end: "14:00",
            breaks: &[("10:00", "10:30", "Breakfast")],
        },
        Shift {
            name: "Slicer late",
            days: MON_SAT,
            start: "14:00",
            end: "22:00",
            breaks: &[("18:00", "18:30", "Dinner")],
        },
    ],
    machines: &[
        Machine {
            code: "SLC1",
            name: "Slicer 1",
            output: true,
            ..SLICER
        },
        Machine {
            code: "SLC2",
            name: "Slicer 2",
            output: true,
            minors_per_h: 4.2,
            ..SLICER
        },
    ],
    products: &[
        Product {
            code: "CIAB-300",
            name: "Sliced ciabatta 300 g",
            per_min: 48,
            scrap: 1.0,
            minors: 1.0,
        },
        Product {
            code: "BRIO-450",
            name: "Brioche loaf 450 g",
            per_min: 40,
            scrap: 1.3,
            minors: 1.2,
        },
    ],
    run_h: 5.0,
    changeover_min: 15.0,
    clean_s: 30 * 60,
    maintenance_s: 90 * 60,
};

/// Two tray packers side by side, Monday to Friday.
pub(crate) const TRAYS: Line = Line {
    code: "L-TRAY1",
    name: "Tray Line 1",
    area: "BAKERY",
    coupling: Coupling::Parallel,
    target_oee: 0.65,
    minor_stop_s: 180,
    shifts: &[
        Shift {
            name: "Tray early",
            days: MON_FRI,
            start: "06:00",
            end: "14:00",
            breaks: &[("08:30", "08:45", "Coffee"), ("11:30", "12:00", "Lunch")],
        },
        Shift {
            name: "Tray late",
            days: MON_FRI,
            start: "14:00",
            end: "22:00",
            breaks: &[("16:00", "16:15", "Coffee"), ("18:30", "19:00", "Dinner")],
        },
    ],
    machines: &[
        Machine {
            code: "TRAY1",
            name: "Tray packer 1",
            output: true,
            ..TRAY
        },
        Machine {
            code: "TRAY2",
            name: "Tray packer 2",
            output: true,
            ..TRAY
        },
    ],
    products: &[
        Product {
            code: "BUN-6",
            name: "Burger buns, tray of 6",
            per_min: 30,
            scrap: 1.0,
            minors: 1.0,
        },
        Product {
            code: "HOTDOG-4",
            name: "Hot dog rolls, tray of 4",
            per_min: 36,
            scrap: 1.0,
            minors: 1.0,
        },
        Product {
            code: "MINI-12",
            name: "Mini rolls, tray of 12",
            per_min: 22,
            scrap: 1.4,
            minors: 1.3,
        },
    ],
    run_h: 4.0,
    changeover_min: 22.0,
    clean_s: 30 * 60,
    maintenance_s: 120 * 60,
};
