//! Other figures of the same time, which help to read one.

use super::{Which, time};
use crate::domain::figure::Figure;
use crate::domain::reliability::{MeanTime, Reliability};
use crate::domain::time::DurMs;
use crate::ui::format;
use crate::ui::sheets::Drawn;
use crate::ui::sheets::table::Fact;

/// A mean time with what is known about how sure it is.
fn mean(name: &'static str, what: &str, mean: MeanTime) -> Fact {
    let length = |ms: f64| format::stop_length(DurMs(format::whole(ms)));
    let (value, note) = match mean {
        MeanTime::Mean {
            mean_ms,
            low_ms,
            high_ms,
            n,
        } => (
            length(mean_ms),
            format!(
                "{what}; of {n}, 95 % sure between {} and {}",
                length(low_ms),
                length(high_ms)
            ),
        ),
        MeanTime::AtLeast { low_ms } => (
            format!("at least {}", length(low_ms)),
            format!("{what}; no failure, 95 % sure"),
        ),
        MeanTime::None => ("–".to_owned(), format!("{what}; nothing to judge by")),
    };
    Fact { name, value, note }
}

fn fact(name: &'static str, figure: Figure, note: impl Into<String>) -> Fact {
    let note = note.into();
    Fact {
        name,
        value: figure.percent(),
        note: figure
            .why()
            .map_or(note.clone(), |why| format!("{note}; {}", why.words())),
    }
}

/// The figures around one.
pub(super) fn related(which: Which, drawn: &Drawn<'_>) -> Vec<Fact> {
    let a = &drawn.analysis.account;
    let reliability = Reliability::of(a);
    let count = |name, n: i64, note: &str| Fact {
        name,
        value: format::count(n),
        note: note.to_owned(),
    };
    match which {
        Which::Oee => vec![
            fact(
                "Coverage",
                a.coverage(),
                format!(
                    "known {} of planned {}",
                    time(a.known()),
                    time(a.planned_production())
                ),
            ),
            fact(
                "OEE at least",
                a.oee_at_least(),
                "whatever was made in time without data, or has no rate or grade",
            ),
            fact("OOE", a.ooe(), "planned stops count as time, too"),
            fact("TEEP", a.teep(), "of all the time there is"),
            fact("NEE", a.nee(), "set-up is no loss (ISO 22400-2)"),
            fact(
                "Utilisation",
                a.utilisation(),
                "planned production of all known time",
            ),
            fact(
                "Asset OEE",
                drawn.analysis.assets.oee(),
                "the sum over all machines",
            ),
        ],
        Which::Availability => vec![
            mean("MTBF", "operating time between failures", reliability.mtbf),
            mean("MTTF", "run time to failure", reliability.mttf),
            mean("MTTR", "time to repair", reliability.mttr),
            count("Failures", a.failures, "stops with a breakdown, not minor"),
            count("Waits", a.waits, "starved or blocked, not minor"),
            count("Changeovers", a.changeovers, "that began here"),
        ],
        Which::Performance => vec![
            Fact {
                name: "Throughput",
                value: a.throughput().value().map_or_else(
                    || "–".to_owned(),
                    |n| format!("{} an hour", format::pieces(n)),
                ),
                note: "pieces in an hour of run time".to_owned(),
            },
            fact(
                "Rate coverage",
                a.rate_coverage(),
                "pieces with an ideal rate of all pieces",
            ),
            count("Minor stops", a.minor_stops, "under the line's threshold"),
        ],
        Which::Quality => vec![
            fact(
                "First-pass yield",
                a.first_pass_yield(),
                "good at first pass of all pieces",
            ),
            count(
                "Start-up rejects",
                a.start_up,
                "of the scrap, made while starting up",
            ),
        ],
    }
}
