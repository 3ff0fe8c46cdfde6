//! The colour of a loss, as the name that classes are made from.

use crate::domain::loss::Loss;

/// `down`, `slow`, `planned`, `no-data`, or `run` for what is no loss.
#[must_use]
pub const fn loss_tone(loss: Loss) -> &'static str {
    match loss {
        Loss::Good | Loss::Ungraded | Loss::Unrated => "run",
        Loss::Unplanned | Loss::StartUp | Loss::Scrap | Loss::Rework => "down",
        Loss::Changeover | Loss::PlannedStops | Loss::NotScheduled => "planned",
        Loss::MinorStops | Loss::Speed | Loss::Starved | Loss::Blocked => "slow",
        Loss::Unknown => "no-data",
    }
}
