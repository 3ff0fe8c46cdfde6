//! Where the time of a window went, and the ratios that follow (ISO 22400-2; the loss model of DESIGN 4).
//!
//! ```text
//! PPT = run + minor stops + unplanned stops + changeover + starved + blocked + unknown
//! RT  = run + minor stops            known = PPT - unknown
//! A = RT / known    P = N / RT    Q = G / N    OEE = G / known
//! N = sum of ideal cycle time * pieces          G = the same over good pieces
//! OOE = G / (known + planned stops)     TEEP = G / (calendar - unknown)     utilisation = known / (calendar - unknown)
//! NEE = (RT + changeover) / known * P * Q
//! ```
//! N and G hold pieces of known time only: those made while nothing was heard stand beside them, as their time does.
//!
//! Accounts of disjoint windows or of several machines add up; ratios are always taken after adding. OOE and TEEP also
//! hold what was made in planned stops, TEEP what was made outside every shift.

mod minute;

pub use minute::{MadeIn, MinuteCount};

use super::fact::Counts;
use super::figure::{Figure, Why};
use super::rate::{IdealNs, IdealRate};
use super::time::DurMs;
use serde::{Deserialize, Serialize};
use std::iter::Sum;
use std::ops::AddAssign;

/// From this many expected pieces on, performance is worth a look.
const ENOUGH_PIECES: f64 = 30.0;

/// Declares [`Account`] together with the sum over all its fields, so that none can be forgotten.
macro_rules! account {
    ($($(#[$doc:meta])* $name:ident: $kind:ty),* $(,)?) => {
        /// Where the time of a window went, and what was made in it.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
        pub struct Account {
            $($(#[$doc])* pub $name: $kind,)*
        }

        impl AddAssign for Account {
            fn add_assign(&mut self, o: Self) {
                $(self.$name += o.$name;)*
            }
        }
    };
}

account! {
    /// Time outside every shift, or in which the machine said that nobody wants it.
    not_scheduled: DurMs,
    /// Breaks and planned stops.
    planned: DurMs,
    /// Running.
    run: DurMs,
    /// Stops and waits shorter than the line's threshold: lost speed, not lost availability.
    minor: DurMs,
    /// Unplanned stops.
    unplanned: DurMs,
    /// Changeover.
    changeover: DurMs,
    /// Waiting for what comes before.
    starved: DurMs,
    /// Waiting for what comes after.
    blocked: DurMs,
    /// No data.
    unknown: DurMs,
    /// Pieces made in known planned production time.
    counts: Counts,
    /// Those of the scrapped ones that were made while starting up.
    start_up: i64,
    /// Pieces made outside it; they are part of no ratio but OOE and TEEP.
    unscheduled: Counts,
    /// Pieces told here that were made while nothing was heard; they are part of no ratio.
    in_unknown: Counts,
    /// Ideal time of all pieces with a known rate: N.
    ideal_total: IdealNs,
    /// Ideal time of the good ones: G.
    ideal_good: IdealNs,
    /// Ideal time of those for rework.
    ideal_rework: IdealNs,
    /// Ideal time of those scrapped while starting up.
    ideal_start_up: IdealNs,
    /// Ideal time of those whose quality nobody reported.
    ideal_ungraded: IdealNs,
    /// Ideal time of good pieces made in planned stops.
    ideal_planned: IdealNs,
    /// Ideal time of good pieces made outside every shift.
    ideal_off: IdealNs,
    /// Ideal time of all pieces with a known rate that were made while nothing was heard.
    ideal_in_unknown: IdealNs,
    /// Pieces in planned production time whose ideal rate is not known.
    unrated: i64,
    /// The same of those made outside it.
    unrated_off: i64,
    /// Stops with a breakdown in them that are not minor and began here in planned production time.
    failures: i64,
    /// Such stops that ended here.
    repairs: i64,
    /// How long the breakdowns in those that ended took, also before the window.
    repair: DurMs,
    /// Minor stops that began here.
    minor_stops: i64,
    /// Waits without a breakdown that are not minor and began here.
    waits: i64,
    /// Changeovers without a breakdown that began here.
    changeovers: i64,
}

impl Sum for Account {
    fn sum<I: Iterator<Item = Self>>(list: I) -> Self {
        let mut out = Self::default();
        list.for_each(|one| out += one);
        out
    }
}

impl Account {
    /// Planned production time, PPT (ISO: planned busy time).
    #[must_use]
    pub fn planned_production(&self) -> DurMs {
        self.run + self.minor + self.unplanned + self.changeover + self.waiting() + self.unknown
    }

    /// Planned production time about which something is known.
    #[must_use]
    pub fn known(&self) -> DurMs {
        self.planned_production() - self.unknown
    }

    /// Run time, RT: minor stops are part of it.
    #[must_use]
    pub fn run_time(&self) -> DurMs {
        self.run + self.minor
    }

    /// Starved or blocked.
    #[must_use]
    pub fn waiting(&self) -> DurMs {
        self.starved + self.blocked
    }

    /// Scheduled time (ISO: planned operation time): planned production time and planned stops.
    #[must_use]
    pub fn scheduled(&self) -> DurMs {
        self.planned_production() + self.planned
    }

    /// All time of the window.
    #[must_use]
    pub fn calendar(&self) -> DurMs {
        self.not_scheduled + self.planned + self.planned_production()
    }

    /// All pieces that were told of planned production: those made in known time and those made while nothing was heard.
    #[must_use]
    pub const fn pieces(&self) -> i64 {
        self.counts.total() + self.in_unknown.total()
    }

    /// Known time over planned production time.
    #[must_use]
    pub fn coverage(&self) -> Figure {
        Figure::ratio(
            self.known().0,
            self.planned_production().0,
            Why::NotScheduled,
        )
    }

    fn no_known_time(&self) -> Option<Why> {
        if self.planned_production() == DurMs::ZERO {
            Some(Why::NotScheduled)
        } else if self.known() == DurMs::ZERO {
            Some(Why::NoData)
        } else {
            None
        }
    }

    /// Why there are no pieces in known time.
    fn no_output(&self) -> Why {
        if self.in_unknown.is_zero() {
            Why::NoOutput
        } else {
            Why::NoData
        }
    }

    /// `A = RT / known`.
    #[must_use]
    pub fn availability(&self) -> Figure {
        match self.no_known_time() {
            Some(why) => Figure::Unknown(why),
            None => Figure::ratio(self.run_time().0, self.known().0, Why::NotScheduled),
        }
    }

    /// `P = N / RT`. It may exceed 1; it is not clamped.
    #[must_use]
    pub fn performance(&self) -> Figure {
        if let Some(why) = self.no_known_time() {
            Figure::Unknown(why)
        } else if self.run_time() == DurMs::ZERO {
            Figure::Unknown(Why::NoRunTime)
        } else if self.unrated > 0 {
            Figure::Unknown(Why::NoIdealRate)
        } else {
            Figure::Known(self.ideal_total.0 as f64 / (self.run_time().0 as f64 * 1e6))
        }
    }

    /// `Q = G / N`, weighted by ideal time.
    #[must_use]
    pub fn quality(&self) -> Figure {
        if self.counts.total() == 0 {
            Figure::Unknown(self.no_output())
        } else if self.counts.ungraded > 0 {
            Figure::Unknown(Why::QualityNotReported)
        } else if self.unrated > 0 {
            Figure::Unknown(Why::NoIdealRate)
        } else {
            Figure::ratio(self.ideal_good.0, self.ideal_total.0, Why::NoOutput)
        }
    }

    /// `OEE = G / known`. Defined, and 0, when the machine never ran.
    #[must_use]
    pub fn oee(&self) -> Figure {
        if let Some(why) = self.no_known_time() {
            Figure::Unknown(why)
        } else if self.counts.ungraded > 0 {
            Figure::Unknown(Why::QualityNotReported)
        } else if self.unrated > 0 {
            Figure::Unknown(Why::NoIdealRate)
        } else {
            Figure::Known(self.ideal_good.0 as f64 / (self.known().0 as f64 * 1e6))
        }
    }

    /// `A * P = N / known`: how far OEE can be told without knowing quality.
    #[must_use]
    pub fn availability_performance(&self) -> Figure {
        if let Some(why) = self.no_known_time() {
            Figure::Unknown(why)
        } else if self.unrated > 0 {
            Figure::Unknown(Why::NoIdealRate)
        } else {
            Figure::Known(self.ideal_total.0 as f64 / (self.known().0 as f64 * 1e6))
        }
    }

    /// `G / PPT`: the OEE that is certain whatever happened in the time without data, and whatever the pieces were worth
    /// that have no ideal rate or no grade.
    #[must_use]
    pub fn oee_at_least(&self) -> Figure {
        match self.no_known_time() {
            Some(why) => Figure::Unknown(why),
            None => ideal_share(
                self.ideal_good,
                self.planned_production(),
                Why::NotScheduled,
            ),
        }
    }

    /// `OOE = G / (known + planned stops)`, with what was made in planned stops.
    #[must_use]
    pub fn ooe(&self) -> Figure {
        self.of_more_time(self.known() + self.planned, self.ideal_planned)
    }

    /// `TEEP = G / (calendar - unknown)`, with whatever was made, scheduled or not.
    #[must_use]
    pub fn teep(&self) -> Figure {
        self.of_more_time(
            self.calendar() - self.unknown,
            self.ideal_planned + self.ideal_off,
        )
    }

    fn of_more_time(&self, time: DurMs, more: IdealNs) -> Figure {
        if self.planned_production() > DurMs::ZERO && self.known() == DurMs::ZERO {
            Figure::Unknown(Why::NoData)
        } else if self.counts.ungraded > 0 || self.unscheduled.ungraded > 0 {
            Figure::Unknown(Why::QualityNotReported)
        } else if self.unrated > 0 || self.unrated_off > 0 {
            Figure::Unknown(Why::NoIdealRate)
        } else {
            ideal_share(self.ideal_good + more, time, Why::NotScheduled)
        }
    }

    /// `NEE = (RT + changeover) / known * P * Q`: the effectiveness net of set-up (ISO 22400-2).
    #[must_use]
    pub fn nee(&self) -> Figure {
        match (self.oee(), self.availability()) {
            // Without run time P and Q have no value, and nothing was made.
            (Figure::Known(oee), Figure::Known(0.0)) => Figure::Known(oee),
            (Figure::Known(oee), Figure::Known(a)) => {
                let busy = self.run_time() + self.changeover;
                Figure::Known(oee / a * (busy.0 as f64 / self.known().0 as f64))
            }
            (Figure::Unknown(why), _) | (_, Figure::Unknown(why)) => Figure::Unknown(why),
        }
    }

    /// `utilisation = known / (calendar - unknown)`: the share of all time in which production was planned.
    #[must_use]
    pub fn utilisation(&self) -> Figure {
        Figure::ratio(
            self.known().0,
            (self.calendar() - self.unknown).0,
            Why::NoData,
        )
    }

    /// First-pass yield: good at first pass of all pieces.
    #[must_use]
    pub fn first_pass_yield(&self) -> Figure {
        if self.counts.ungraded > 0 {
            Figure::Unknown(Why::QualityNotReported)
        } else {
            Figure::ratio(self.counts.good, self.counts.total(), self.no_output())
        }
    }

    /// Pieces in an hour of run time; of both, only what is known.
    #[must_use]
    pub fn throughput(&self) -> Figure {
        match self.no_known_time() {
            Some(why) => Figure::Unknown(why),
            None if self.run_time() == DurMs::ZERO => Figure::Unknown(Why::NoRunTime),
            None => {
                Figure::Known(self.counts.total() as f64 * 3_600_000.0 / self.run_time().0 as f64)
            }
        }
    }

    /// How many pieces the run time had room for at the mean ideal cycle time of what was made; `None` when nothing with
    /// a known rate was made, so that no cycle time can be told.
    #[must_use]
    pub fn expected_pieces(&self) -> Option<f64> {
        let rated = self.counts.total() - self.unrated;
        (rated > 0 && self.ideal_total > IdealNs::default()).then(|| {
            let cycle_ns = self.ideal_total.0 as f64 / rated as f64;
            self.run_time().0 as f64 * 1e6 / cycle_ns
        })
    }

    /// Whether too few pieces could have been made for performance to mean much: one piece more or less, finished just
    /// before or after the window's edge, would move it by more than a thirtieth. Also when that cannot be told.
    #[must_use]
    pub fn few_pieces(&self) -> bool {
        self.expected_pieces()
            .is_none_or(|pieces| pieces < ENOUGH_PIECES)
    }

    /// The share of pieces in planned production time whose ideal rate is known.
    #[must_use]
    pub fn rate_coverage(&self) -> Figure {
        Figure::ratio(
            self.counts.total() - self.unrated,
            self.counts.total(),
            self.no_output(),
        )
    }
}

/// Ideal time over a length of time.
fn ideal_share(ideal: IdealNs, time: DurMs, why: Why) -> Figure {
    if time == DurMs::ZERO {
        Figure::Unknown(why)
    } else {
        Figure::Known(ideal.0 as f64 / (time.0 as f64 * 1e6))
    }
}

/// The ideal time of pieces: the whole is the sum of its parts, so that quality losses close to the nanosecond.
fn ideal_parts(counts: Counts, rate: IdealRate) -> [IdealNs; 4] {
    [counts.good, counts.scrap, counts.rework, counts.ungraded].map(|n| rate.time_of(n))
}

/// Books pieces of one product that were made while nothing was heard.
pub fn add_in_unknown(out: &mut Account, counts: Counts, rate: Option<IdealRate>) {
    out.in_unknown += counts;
    for ideal in rate.into_iter().flat_map(|rate| ideal_parts(counts, rate)) {
        out.ideal_in_unknown += ideal;
    }
}

/// Books pieces of one product with their ideal time. Rejects of a machine that starts up are counted as such.
pub fn add_counts(out: &mut Account, counts: Counts, rate: Option<IdealRate>, starting_up: bool) {
    out.counts += counts;
    if starting_up {
        out.start_up += counts.scrap;
    }
    match rate {
        Some(rate) => {
            let [good, scrap, rework, ungraded] = ideal_parts(counts, rate);
            out.ideal_total += good + scrap + rework + ungraded;
            out.ideal_good += good;
            out.ideal_rework += rework;
            out.ideal_ungraded += ungraded;
            if starting_up {
                out.ideal_start_up += scrap;
            }
        }
        None => out.unrated += counts.total(),
    }
}
