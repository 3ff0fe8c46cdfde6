//! From parts and counts to accounts: what a machine did in a window, by product and by reason.

use super::account::{Account, MadeIn, MinuteCount, add_counts, add_in_unknown};
use super::ids::{ProductId, ReasonId};
use super::machine_state::TimeBucket;
use super::part::{LossRules, Part, speaker};
use super::rate::IdealRate;
use super::shift::{Planned, Schedule};
use super::time::{DurMs, MINUTE_MS, Span, TsMs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::AddAssign;

/// What is needed of one machine. `parts` must hold the whole stops that the window touches, reach `minor_stop` beyond
/// its end, and `start_up` before its start.
#[derive(Clone, Copy)]
pub struct MachineWindow<'a> {
    /// Its time, in order, without gap.
    pub parts: &'a [Part],
    /// Its counts by minute.
    pub minutes: &'a [MinuteCount],
    /// When production was planned.
    pub schedule: &'a Schedule,
    /// How stops are judged.
    pub rules: LossRules,
    /// The time of the machine's first fact: without a calendar, nothing was scheduled before.
    pub first_fact: Option<TsMs>,
    /// When it is there: time before and after is no time of its own.
    pub there: Span,
    /// The counts are those of the machine whose output leaves the line: in what time of this machine they were made,
    /// its own parts tell.
    pub counted_elsewhere: bool,
}

/// Time lost to a reason, and the stops that began there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Lost {
    /// How long.
    pub time: DurMs,
    /// How many stops.
    pub stops: i64,
}

impl AddAssign for Lost {
    fn add_assign(&mut self, o: Self) {
        self.time += o.time;
        self.stops += o.stops;
    }
}

/// Which loss, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LossKey {
    /// The bucket that holds the time.
    pub bucket: TimeBucket,
    /// It is part of a minor stop.
    pub minor: bool,
    /// The reason; `None`: nobody gave one, and no fault points to one.
    pub reason: Option<ReasonId>,
}

/// What a machine did in a window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reckoning {
    /// By product; `None`: not known.
    pub products: BTreeMap<Option<ProductId>, Account>,
    /// Stops by reason. Their time is that of the accounts' minor, unplanned, changeover, starved and blocked.
    pub losses: BTreeMap<LossKey, Lost>,
}

impl Reckoning {
    /// The sum over the products.
    #[must_use]
    pub fn account(&self) -> Account {
        self.products.values().copied().sum()
    }

    fn of(&mut self, product: Option<ProductId>) -> &mut Account {
        self.products.entry(product).or_default()
    }
}

impl AddAssign<&Self> for Reckoning {
    fn add_assign(&mut self, o: &Self) {
        for (product, account) in &o.products {
            *self.of(*product) += *account;
        }
        for (key, lost) in &o.losses {
            *self.losses.entry(*key).or_default() += *lost;
        }
    }
}

/// The account of one machine over `window`. Every millisecond of the window in which the machine is there lands in exactly
/// one bucket.
///
/// `rate` tells the ideal rate of a product at an instant.
#[must_use]
pub fn account(
    window: Span,
    machine: &MachineWindow<'_>,
    rate: impl Fn(Option<ProductId>, TsMs) -> Option<IdealRate>,
) -> Account {
    reckon(window, machine, rate).account()
}

/// The same by product and by reason.
#[must_use]
pub fn reckon(
    window: Span,
    machine: &MachineWindow<'_>,
    rate: impl Fn(Option<ProductId>, TsMs) -> Option<IdealRate>,
) -> Reckoning {
    let mut out = Reckoning::default();
    let Some(window) = window.intersect(machine.there) else {
        return out;
    };
    for (stretch, schedule) in machine.schedule.pieces(window) {
        let started = started(machine, schedule, stretch, window);
        for (cut, planned) in schedule.cut(stretch) {
            let begins = started.clamp(cut.from(), cut.to());
            out.of(None).not_scheduled += begins - cut.from();
            book_time(machine, Span::clamped(begins, cut.to()), planned, &mut out);
        }
    }
    book_stops(window, machine, &mut out);
    book_counts(window, machine, rate, &mut out);
    out.products
        .retain(|_, account| *account != Account::default());
    out
}

/// The stretches of `window` that are planned production, in order, without overlap. Together they are as long as
/// [`Account::planned_production`] of the same machine and window.
#[must_use]
pub fn planned_production(window: Span, machine: &MachineWindow<'_>) -> Vec<Span> {
    let mut out = Vec::new();
    let Some(window) = window.intersect(machine.there) else {
        return out;
    };
    for (stretch, schedule) in machine.schedule.pieces(window) {
        let started = started(machine, schedule, stretch, window);
        for (cut, planned) in schedule.cut(stretch) {
            let cut = Span::clamped(started.clamp(cut.from(), cut.to()), cut.to());
            let parts = overlapping(machine.parts, cut);
            let parts = parts.filter_map(|part| Some((part, part.span.intersect(cut)?)));
            match planned {
                Planned::Off | Planned::Break => {}
                Planned::Stop { since } => {
                    let stood = parts.filter(|(part, _)| stood_before(part, since));
                    out.extend(stood.map(|(_, span)| span));
                }
                Planned::Production => {
                    let mut from = cut.from();
                    let off = |part: &Part| {
                        matches!(part.bucket, TimeBucket::Planned | TimeBucket::NotScheduled)
                    };
                    for (_, span) in parts.filter(|(part, _)| off(part)) {
                        out.push(Span::clamped(from, span.from()));
                        from = span.to();
                    }
                    out.push(Span::clamped(from, cut.to()));
                }
            }
        }
    }
    out.retain(|span| !span.is_empty());
    out
}

/// From when on a stretch of one kind of schedule counts: without a calendar a machine is scheduled from its first fact on.
fn started(machine: &MachineWindow<'_>, schedule: &Schedule, stretch: Span, window: Span) -> TsMs {
    match schedule {
        Schedule::BySignal => machine.first_fact.unwrap_or(window.to()),
        Schedule::Calendar(_) | Schedule::Turning(_) => stretch.from(),
    }
}

/// Books the time of one stretch of the schedule. What no part covers (the future, or nothing stored) is unknown.
fn book_time(machine: &MachineWindow<'_>, stretch: Span, planned: Planned, out: &mut Reckoning) {
    let mut placed = DurMs::ZERO;
    for part in overlapping(machine.parts, stretch) {
        let Some(span) = part.span.intersect(stretch) else {
            continue;
        };
        placed += span.len();
        book_part(machine.rules, part, span, planned, out);
    }
    let unplaced = stretch.len() - placed;
    if unplaced > DurMs::ZERO {
        let account = out.of(None);
        *match planned {
            Planned::Off => &mut account.not_scheduled,
            Planned::Break | Planned::Stop { .. } => &mut account.planned,
            Planned::Production => &mut account.unknown,
        } += unplaced;
    }
}

/// A machine that stood before the planned stop began goes on standing for its own reason.
fn stood_before(part: &Part, since: TsMs) -> bool {
    part.bucket == TimeBucket::Unplanned && part.since < since
}

/// Whether the time of a part is lost under what is planned: booked as minor, unplanned, changeover, starved or blocked.
#[must_use]
pub fn is_lost(part: &Part, planned: Planned) -> bool {
    let counts = match planned {
        Planned::Off | Planned::Break => false,
        Planned::Stop { since } => stood_before(part, since),
        Planned::Production => true,
    };
    counts && part.bucket.is_loss()
}

fn book_part(rules: LossRules, part: &Part, span: Span, planned: Planned, out: &mut Reckoning) {
    let account = out.of(part.product);
    let slot = match planned {
        Planned::Off => &mut account.not_scheduled,
        Planned::Break => &mut account.planned,
        Planned::Stop { since } if !stood_before(part, since) => &mut account.planned,
        Planned::Production | Planned::Stop { .. } => match part.bucket {
            TimeBucket::NotScheduled => &mut account.not_scheduled,
            TimeBucket::Planned => &mut account.planned,
            TimeBucket::Run => &mut account.run,
            TimeBucket::Unknown => &mut account.unknown,
            bucket => {
                let minor = part.is_minor(rules);
                let key = LossKey {
                    bucket,
                    minor,
                    reason: part.reason,
                };
                out.losses.entry(key).or_default().time += span.len();
                let account = out.of(part.product);
                match bucket {
                    _ if minor => &mut account.minor,
                    TimeBucket::Changeover => &mut account.changeover,
                    TimeBucket::Starved => &mut account.starved,
                    TimeBucket::Blocked => &mut account.blocked,
                    _ => &mut account.unplanned,
                }
            }
        },
    };
    *slot += span.len();
}

/// Counts stops at their start, and repairs at their end, if the stop began in planned production time.
fn book_stops(window: Span, machine: &MachineWindow<'_>, out: &mut Reckoning) {
    let parts = machine.parts;
    let mut at = parts.partition_point(|p| p.run.span.to() < window.from());
    while let Some(first) = parts.get(at).filter(|p| p.span.from() <= window.to()) {
        let run = first.run;
        let same = parts[at..]
            .iter()
            .take_while(|p| p.run == run && p.bucket.is_loss());
        let stop = &parts[at..at + same.count()];
        at += stop.len().max(1);
        if stop.is_empty()
            || first.span.from() != run.span.from()
            || machine.schedule.at(run.span.from()) != Planned::Production
        {
            continue;
        }
        let spoken = speaker(stop);
        let minor = spoken.is_minor(machine.rules);
        if window.contains(run.span.from()) {
            let account = out.of(spoken.product);
            *match spoken.bucket {
                _ if minor => &mut account.minor_stops,
                TimeBucket::Unplanned => &mut account.failures,
                TimeBucket::Changeover => &mut account.changeovers,
                _ => &mut account.waits,
            } += 1;
            let key = LossKey {
                bucket: spoken.bucket,
                minor,
                reason: spoken.reason,
            };
            out.losses.entry(key).or_default().stops += 1;
        }
        // An end at the window's start belongs to the window before.
        let ended = !run.open && window.from() < run.span.to() && run.span.to() <= window.to();
        // A stop that ran into silence may still go on: nobody has seen it mended.
        let silent = parts
            .get(at)
            .is_some_and(|next| next.bucket == TimeBucket::Unknown);
        if ended && !silent && !minor && spoken.bucket == TimeBucket::Unplanned {
            let breakdown = stop.iter().filter(|p| p.bucket == TimeBucket::Unplanned);
            let account = out.of(spoken.product);
            account.repairs += 1;
            account.repair += breakdown.map(|p| p.span.len()).sum();
        }
    }
}

fn book_counts(
    window: Span,
    machine: &MachineWindow<'_>,
    rate: impl Fn(Option<ProductId>, TsMs) -> Option<IdealRate>,
    out: &mut Reckoning,
) {
    let starts = start_ups(window, machine);
    let first = machine
        .minutes
        .partition_point(|m| m.minute < window.from());
    for minute in machine.minutes[first..]
        .iter()
        .take_while(|m| m.minute < window.to())
    {
        let planned = machine.schedule.at(minute.minute);
        let rate = rate(minute.product, minute.minute);
        let account = out.of(minute.product);
        let made_in = made_in(machine, minute, planned);
        if made_in == MadeIn::UnknownTime {
            add_in_unknown(account, minute.counts, rate);
            continue;
        }
        if made_in == MadeIn::KnownTime && planned == Planned::Production {
            let starting_up = starts.iter().any(|s| s.contains(minute.minute));
            add_counts(account, minute.counts, rate, starting_up);
            continue;
        }
        account.unscheduled += minute.counts;
        let Some(rate) = rate else {
            account.unrated_off += minute.counts.total();
            continue;
        };
        *match planned {
            Planned::Off => &mut account.ideal_off,
            Planned::Production | Planned::Break | Planned::Stop { .. } => {
                &mut account.ideal_planned
            }
        } += rate.time_of(minute.counts.good);
    }
}

/// In what time of the machine the pieces of a minute were made. What is made in time without data is set against no time.
fn made_in(machine: &MachineWindow<'_>, minute: &MinuteCount, planned: Planned) -> MadeIn {
    let silent = |reach: DurMs| {
        let span = Span::clamped(minute.minute, minute.minute + reach);
        planned == Planned::Production
            && overlapping(machine.parts, span).all(|p| p.bucket == TimeBucket::Unknown)
    };
    if !machine.counted_elsewhere {
        let nothing_known = minute.made_in == MadeIn::KnownTime && silent(DurMs(MINUTE_MS));
        return if nothing_known {
            MadeIn::UnknownTime
        } else {
            minute.made_in
        };
    }
    // The minutes of another machine are not cut where this one's time is: each goes with its first instant.
    let instant = DurMs(1);
    let first = Span::clamped(minute.minute, minute.minute + instant);
    let off = |p: &Part| matches!(p.bucket, TimeBucket::Planned | TimeBucket::NotScheduled);
    match minute.made_in {
        MadeIn::UnknownTime => MadeIn::UnknownTime,
        _ if silent(instant) => MadeIn::UnknownTime,
        _ if overlapping(machine.parts, first).any(off) => MadeIn::OffTime,
        _ => MadeIn::KnownTime,
    }
}

/// The stretches in which the machine starts up: after a changeover, after a time off, after the start of a shift.
fn start_ups(window: Span, machine: &MachineWindow<'_>) -> Vec<Span> {
    let length = machine.rules.start_up;
    if length == DurMs::ZERO {
        return vec![];
    }
    let reach = Span::clamped(window.from() - length, window.to());
    let mut ends: Vec<TsMs> = overlapping(machine.parts, reach)
        .filter(|p| p.bucket.starts_up_after() && !p.run.open)
        .map(|p| p.run.span.to())
        .collect();
    let cuts = machine.schedule.cut(reach);
    ends.extend(
        cuts.iter()
            .filter(|(_, what)| *what == Planned::Off)
            .map(|(span, _)| span.to()),
    );
    ends.into_iter()
        .map(|end| Span::clamped(end, end + length))
        .collect()
}

/// The parts that overlap `span`, found by bisection.
pub(super) fn overlapping(parts: &[Part], span: Span) -> impl Iterator<Item = &Part> {
    let first = parts.partition_point(|p| p.span.to() <= span.from());
    parts[first..]
        .iter()
        .take_while(move |p| p.span.from() < span.to())
}
