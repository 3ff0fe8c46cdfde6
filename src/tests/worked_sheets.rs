//! Published and hand-computed sheets; and what is told when a part of the time or of the quality is not known.

use crate::hand_made::{Floor, minutes, pieces, rate};
use ms5_floor::domain::account::{Account, add_counts};
use ms5_floor::domain::fact::Counts;
use ms5_floor::domain::figure::{Figure, Why};
use ms5_floor::domain::machine_state::MachineState::{NoData, Running, Stopped};

fn to_four_digits(figure: Figure) -> String {
    figure
        .value()
        .map_or_else(|| format!("{figure:?}"), |v| format!("{v:.4}"))
}

fn all(a: &Account) -> [String; 4] {
    [a.availability(), a.performance(), a.quality(), a.oee()].map(to_four_digits)
}

/// The example of vorne.com/learn/tools/oee-calculator: 480 min, 60 min of breaks, 47 min down, 60 pieces a minute,
/// 19,271 pieces, 423 of them rejected.
#[test]
fn the_sheet_of_a_well_known_vendor() {
    let sheet = Floor::new(&[(200, Running), (47, Stopped), (233, Running)])
        .shift(0, 480, &[(120, 150), (300, 330)])
        .made(100, pieces(10_000, 423))
        .made(400, pieces(19_271 - 10_423, 0))
        .rated(60)
        .account(0, 480);
    assert_eq!(sheet.planned_production(), minutes(420));
    assert_eq!(sheet.run_time(), minutes(373));
    assert_eq!(all(&sheet), ["0.8881", "0.8611", "0.9780", "0.7479"]);
    let product = [sheet.availability(), sheet.performance(), sheet.quality()]
        .into_iter()
        .filter_map(Figure::value)
        .product::<f64>();
    assert!(
        (product - sheet.oee().value().expect("OEE")).abs() < 1e-12,
        "OEE = A x P x Q"
    );
}

#[test]
fn a_second_sheet() {
    let mut sheet = Account {
        run: minutes(405),
        unplanned: minutes(30),
        ..Account::default()
    };
    add_counts(&mut sheet, pieces(675, 25), rate(2), false);
    assert_eq!(all(&sheet), ["0.9310", "0.8642", "0.9643", "0.7759"]);
}

#[test]
fn pieces_of_unknown_quality_make_quality_and_oee_unknown_but_not_a_times_p() {
    let mut sheet = Account {
        run: minutes(10),
        unplanned: minutes(10),
        ..Account::default()
    };
    add_counts(&mut sheet, pieces(10, 0), rate(2), false);
    add_counts(
        &mut sheet,
        Counts {
            ungraded: 1,
            ..Counts::default()
        },
        rate(2),
        false,
    );
    let why = Figure::Unknown(Why::QualityNotReported);
    assert_eq!([sheet.quality(), sheet.oee()], [why; 2]);
    assert_eq!(sheet.availability_performance(), Figure::Known(0.275));
}

#[test]
fn time_without_data_is_neither_run_nor_loss() {
    let sheet = Floor::new(&[(60, Running), (60, NoData), (60, Stopped)])
        .shift(0, 180, &[])
        .made(10, pieces(60, 0))
        .account(0, 180);
    assert_eq!((sheet.unknown, sheet.known()), (minutes(60), minutes(120)));
    assert_eq!(to_four_digits(sheet.coverage()), "0.6667");
    assert_eq!(all(&sheet), ["0.5000", "1.0000", "1.0000", "0.5000"]);
}
