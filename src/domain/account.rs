//! Where the time of a window went, and the ratios that follow (ISO 22400-2; DESIGN of the loss model in `lib.rs`).
//!
//! ```text
//! PPT = run + minor stops + unplanned stops + changeover + waiting + unknown
//! RT  = run + minor stops            known = PPT - unknown
//! A = RT / known    P = N / RT    Q = G / N    OEE = G / known
//! N = sum of ideal cycle time * pieces          G = the same over good pieces
//! ```
//! Accounts of disjoint windows or of several machines add up; ratios are always taken after adding.

use super::fact::Counts;
use super::figure::{Figure, Why};
use super::ids::ProductId;
use super::machine_state::TimeBucket;
use super::shift::{Planned, Schedule};
use super::time::{DurMs, Span, TsMs};
use super::timeline::Interval;
use serde::{Deserialize, Serialize};
use std::ops::AddAssign;

/// `units` pieces in `per_ms` milliseconds: the ideal rate of a product on a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdealRate {
    units: i64,
    per_ms: i64,
}

impl IdealRate {
    /// `units` pieces in `per_ms` milliseconds, or `None` unless both are above 0.
    #[must_use]
    pub fn new(units: i64, per_ms: i64) -> Option<Self> {
        (units > 0 && per_ms > 0).then_some(Self { units, per_ms })
    }

    /// The ideal time of `n` pieces, to the nearest nanosecond.
    #[must_use]
    pub fn time_of(self, n: i64) -> IdealNs {
        let ns = i128::from(n) * i128::from(self.per_ms) * 1_000_000;
        let units = i128::from(self.units);
        IdealNs(i64::try_from((ns + units / 2).div_euclid(units)).unwrap_or(i64::MAX))
    }

    /// Pieces per millisecond.
    #[must_use]
    pub fn per_ms(self) -> f64 {
        self.units as f64 / self.per_ms as f64
    }

    /// Milliseconds per piece: the ideal cycle time.
    #[must_use]
    pub fn cycle_ms(self) -> f64 {
        self.per_ms as f64 / self.units as f64
    }
}

/// Ideal time in nanoseconds: fine enough that sums over minutes equal the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdealNs(pub i64);

impl IdealNs {
    /// The same in seconds.
    #[must_use]
    pub fn secs(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl AddAssign for IdealNs {
    /// A counter gone mad must not turn a sum negative: it stays at the largest value, 292 years.
    fn add_assign(&mut self, o: Self) {
        self.0 = self.0.saturating_add(o.0);
    }
}

/// Pieces made in one minute, with what they were and whether the machine said that it was off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MinuteCount {
    /// The start of the minute.
    pub minute: TsMs,
    /// The product, if known.
    pub product: Option<ProductId>,
    /// Made while the machine said "planned stop" or "not scheduled".
    pub off: bool,
    /// How many.
    pub counts: Counts,
}

/// Where the time of a window went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Time outside every shift, or in which the machine said that nobody wants it.
    pub not_scheduled: DurMs,
    /// Breaks and planned stops.
    pub planned: DurMs,
    /// Running.
    pub run: DurMs,
    /// Stops and waits shorter than the line's threshold: lost speed, not lost availability.
    pub minor: DurMs,
    /// Unplanned stops.
    pub unplanned: DurMs,
    /// Changeover.
    pub changeover: DurMs,
    /// Starved or blocked.
    pub waiting: DurMs,
    /// No data.
    pub unknown: DurMs,
    /// Pieces made in planned production time.
    pub counts: Counts,
    /// Pieces made outside it; they are not part of any ratio.
    pub unscheduled: Counts,
    /// Ideal time of all pieces with a known rate: N.
    pub ideal_total: IdealNs,
    /// Ideal time of the good ones: G.
    pub ideal_good: IdealNs,
    /// Pieces in planned production time whose ideal rate is not known.
    pub unrated: i64,
}

impl AddAssign for Account {
    fn add_assign(&mut self, o: Self) {
        self.not_scheduled += o.not_scheduled;
        self.planned += o.planned;
        self.run += o.run;
        self.minor += o.minor;
        self.unplanned += o.unplanned;
        self.changeover += o.changeover;
        self.waiting += o.waiting;
        self.unknown += o.unknown;
        self.counts += o.counts;
        self.unscheduled += o.unscheduled;
        self.ideal_total += o.ideal_total;
        self.ideal_good += o.ideal_good;
        self.unrated += o.unrated;
    }
}

impl Account {
    /// Planned production time, PPT (ISO: planned busy time).
    #[must_use]
    pub fn planned_production(&self) -> DurMs {
        self.run + self.minor + self.unplanned + self.changeover + self.waiting + self.unknown
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

    /// All time of the window.
    #[must_use]
    pub fn calendar(&self) -> DurMs {
        self.not_scheduled + self.planned + self.planned_production()
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
            Figure::Unknown(Why::NoOutput)
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
}

/// What [`account`] needs to know about one machine. `intervals` must reach `minor_stop` beyond the window on both
/// sides, so that a stop cut by the window's edge is judged by its whole length.
pub struct MachineWindow<'a> {
    /// The state intervals, in order, without gap.
    pub intervals: &'a [Interval],
    /// The counts by minute.
    pub minutes: &'a [MinuteCount],
    /// When production was planned.
    pub schedule: &'a Schedule,
    /// Stops and waits shorter than this are minor.
    pub minor_stop: DurMs,
    /// The time of the machine's first fact: without a calendar, nothing was scheduled before.
    pub first_fact: Option<TsMs>,
}

/// Whether a bucket is one whose short intervals are minor stops.
const fn may_be_minor(bucket: TimeBucket) -> bool {
    matches!(bucket, TimeBucket::Unplanned | TimeBucket::Waiting)
}

/// For each interval: the length of the whole stop it is part of (adjacent stops and waits are one stop).
#[must_use]
pub fn stop_lengths(intervals: &[Interval]) -> Vec<DurMs> {
    let mut out = vec![DurMs::ZERO; intervals.len()];
    let mut start = 0;
    while start < intervals.len() {
        let mut end = start + 1;
        if may_be_minor(intervals[start].state.bucket()) {
            while end < intervals.len()
                && may_be_minor(intervals[end].state.bucket())
                && intervals[end - 1].span.to() == intervals[end].span.from()
            {
                end += 1;
            }
        }
        let length: DurMs = intervals[start..end].iter().map(|i| i.span.len()).sum();
        out[start..end].fill(length);
        start = end;
    }
    out
}

/// The account of one machine over `window`. Every millisecond of the window lands in exactly one bucket.
///
/// `rate` tells the ideal rate of a product at an instant.
#[must_use]
pub fn account(
    window: Span,
    machine: &MachineWindow<'_>,
    rate: impl Fn(Option<ProductId>, TsMs) -> Option<IdealRate>,
) -> Account {
    let mut out = Account::default();
    let lengths = stop_lengths(machine.intervals);
    let cuts = machine.schedule.cut(window);
    let by_signal = matches!(machine.schedule, Schedule::BySignal);
    let started = if by_signal {
        machine.first_fact.unwrap_or(window.to())
    } else {
        window.from()
    };
    // What no interval covers (the future, or nothing stored) is unknown; track how much was placed.
    for (cut, planned) in &cuts {
        let mut placed = DurMs::ZERO;
        let mut rest = *cut;
        if by_signal {
            let before = Span::clamped(cut.from(), cut.to().min(started));
            out.not_scheduled += before.len();
            placed += before.len();
            rest = Span::clamped(cut.from().max(started).min(cut.to()), cut.to());
        }
        for (interval, stop) in overlapping(machine.intervals, &lengths, rest) {
            let Some(part) = interval.span.intersect(rest) else {
                continue;
            };
            let len = part.len();
            placed += len;
            let slot = match (planned, interval.state.bucket()) {
                (Planned::Off, _) => &mut out.not_scheduled,
                (Planned::Break, _) => &mut out.planned,
                (Planned::Production, TimeBucket::NotScheduled) => &mut out.not_scheduled,
                (Planned::Production, TimeBucket::Planned) => &mut out.planned,
                (Planned::Production, TimeBucket::Run) => &mut out.run,
                (Planned::Production, TimeBucket::Changeover) => &mut out.changeover,
                (Planned::Production, TimeBucket::Unknown) => &mut out.unknown,
                (Planned::Production, TimeBucket::Unplanned | TimeBucket::Waiting)
                    if stop < machine.minor_stop =>
                {
                    &mut out.minor
                }
                (Planned::Production, TimeBucket::Unplanned) => &mut out.unplanned,
                (Planned::Production, TimeBucket::Waiting) => &mut out.waiting,
            };
            *slot += len;
        }
        let unplaced = cut.len() - placed;
        *match planned {
            Planned::Off => &mut out.not_scheduled,
            Planned::Break => &mut out.planned,
            Planned::Production => &mut out.unknown,
        } += unplaced;
    }
    for minute in machine.minutes.iter().filter(|m| window.contains(m.minute)) {
        let wanted = !minute.off && machine.schedule.at(minute.minute) == Planned::Production;
        if wanted {
            add_counts(&mut out, minute.counts, rate(minute.product, minute.minute));
        } else {
            out.unscheduled += minute.counts;
        }
    }
    out
}

/// Books pieces of one product with their ideal time.
pub fn add_counts(out: &mut Account, counts: Counts, rate: Option<IdealRate>) {
    out.counts += counts;
    match rate {
        Some(rate) => {
            out.ideal_total += rate.time_of(counts.total());
            out.ideal_good += rate.time_of(counts.good);
        }
        None => out.unrated += counts.total(),
    }
}

/// The intervals that may overlap `span`, found by bisection.
fn overlapping<'a>(
    intervals: &'a [Interval],
    lengths: &'a [DurMs],
    span: Span,
) -> impl Iterator<Item = (&'a Interval, DurMs)> {
    let first = intervals.partition_point(|i| i.span.to() <= span.from());
    intervals[first..]
        .iter()
        .zip(lengths[first..].iter().copied())
        .take_while(move |(i, _)| i.span.from() < span.to())
}
