//! Stops as people list and count them: whole, with their parts; and where their time goes by hour.

use super::local_time::LocalTime;
use super::machine_state::TimeBucket;
use super::part::{LossRules, Part, Run, speaker};
use super::reckon::{Lost, is_lost, overlapping};
use super::shift::{Planned, Schedule};
use super::time::{DurMs, HOUR_MS, Span, TsMs};

/// A whole stop, or wait, or changeover, of one machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stop<'a> {
    /// From its start to its end.
    pub run: Run,
    /// Its parts, in order; never empty.
    pub parts: &'a [Part],
    /// What the machine did before, without gap.
    pub before: Option<&'a Part>,
    /// What it did after.
    pub after: Option<&'a Part>,
}

/// The stops among a machine's parts, in order.
#[must_use]
pub fn stops(parts: &[Part]) -> Vec<Stop<'_>> {
    let mut out = Vec::new();
    let mut first = 0;
    while first < parts.len() {
        let run = parts[first].run;
        let same = |p: &&Part| p.run == run && p.bucket.is_loss();
        let len = parts[first..].iter().take_while(same).count();
        if len == 0 {
            first += 1;
            continue;
        }
        let before = first.checked_sub(1).and_then(|i| parts.get(i));
        out.push(Stop {
            run,
            parts: &parts[first..first + len],
            before: before.filter(|p| p.span.to() == run.span.from()),
            after: parts.get(first + len),
        });
        first += len;
    }
    out
}

impl Stop<'_> {
    /// The loss that it is counted under: a breakdown wherever there is one in it, else that of its first part.
    #[must_use]
    pub fn bucket(&self) -> TimeBucket {
        speaker(self.parts).bucket
    }

    /// Whether it is counted as a minor stop.
    #[must_use]
    pub fn is_minor(&self, rules: LossRules) -> bool {
        speaker(self.parts).is_minor(rules)
    }

    /// Whether it is counted at all: it began in planned production.
    #[must_use]
    pub fn is_counted(&self, schedule: &Schedule) -> bool {
        schedule.at(self.run.span.from()) == Planned::Production
    }

    /// How much of its time is lost.
    #[must_use]
    pub fn lost(&self, schedule: &Schedule) -> DurMs {
        lost(self.run.span, self.parts, schedule)
            .iter()
            .map(|(span, _)| span.len())
            .sum()
    }
}

/// The stretches of `window` whose time is lost, with the part that each belongs to. Together they are the time of
/// [`Reckoning::losses`](super::reckon::Reckoning::losses).
#[must_use]
pub fn lost<'a>(window: Span, parts: &'a [Part], schedule: &Schedule) -> Vec<(Span, &'a Part)> {
    let mut out = Vec::new();
    for (cut, planned) in schedule.cut(window) {
        for part in overlapping(parts, cut) {
            if let Some(span) = part.span.intersect(cut)
                && is_lost(part, planned)
            {
                out.push((span, part));
            }
        }
    }
    out
}

/// Adds what is lost in `window`, and the stops that began there, to the local hours of the day.
pub fn add_by_hour(
    window: Span,
    parts: &[Part],
    schedule: &Schedule,
    clock: &LocalTime,
    hours: &mut [Lost; 24],
) {
    for (span, _) in lost(window, parts, schedule) {
        let mut from = span.from();
        while from < span.to() {
            let local = from + clock.offset_at(from);
            let next = from + DurMs(HOUR_MS - local.0.rem_euclid(HOUR_MS));
            let to = next.min(span.to());
            hours[hour_of(local)].time += to - from;
            from = to;
        }
    }
    for stop in stops(parts) {
        let from = stop.run.span.from();
        if window.contains(from) && stop.is_counted(schedule) {
            hours[hour_of(from + clock.offset_at(from))].stops += 1;
        }
    }
}

fn hour_of(local: TsMs) -> usize {
    usize::try_from(local.0.div_euclid(HOUR_MS).rem_euclid(24)).unwrap_or(0)
}

/// Mean and median of lengths.
#[must_use]
pub fn mean_and_median(mut lengths: Vec<DurMs>) -> Option<(f64, f64)> {
    lengths.sort();
    let middle = lengths.len() / 2;
    let upper = lengths.get(middle)?.0 as f64;
    let median = if lengths.len() % 2 == 1 {
        upper
    } else {
        f64::midpoint(lengths[middle - 1].0 as f64, upper)
    };
    let total: DurMs = lengths.iter().copied().sum();
    Some((total.0 as f64 / lengths.len() as f64, median))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::machine_state::MachineState::{Changeover, Running, Starved, Stopped};
    use crate::domain::part::parts;
    use crate::domain::reckon::{MachineWindow, reckon};
    use crate::domain::shift::ShiftInstance;
    use crate::domain::timeline::Interval;

    const MIN: i64 = 60_000;

    fn span(from: i64, to: i64) -> Span {
        Span::clamped(TsMs(from * MIN), TsMs(to * MIN))
    }

    fn day() -> (Vec<Part>, Schedule, LossRules) {
        let list = [
            (0, 10, Running),
            (10, 40, Stopped),
            (40, 70, Starved),
            (70, 100, Running),
            (100, 102, Stopped),
            (102, 110, Changeover),
            (110, 200, Running),
            (200, 300, Stopped),
        ];
        let interval = |(from, to, state)| Interval {
            span: span(from, to),
            state,
            fault: None,
            product: None,
            open: to == 300,
        };
        let shift = ShiftInstance {
            span: span(5, 250),
            breaks: vec![span(30, 50)],
            ..ShiftInstance::default()
        };
        let rules = LossRules::minor(DurMs(5 * MIN));
        let parts = parts(&list.map(interval), &[], rules, |_| None);
        (parts, Schedule::Calendar(vec![shift]), rules)
    }

    #[test]
    fn a_stop_is_one_from_its_first_part_to_its_last() {
        let (parts, schedule, rules) = day();
        let found = stops(&parts);
        let spans: Vec<Span> = found.iter().map(|s| s.run.span).collect();
        assert_eq!(
            spans,
            [span(10, 70), span(100, 102), span(102, 110), span(200, 300)]
        );
        assert_eq!(found[0].parts.len(), 2);
        assert_eq!(
            found[0].lost(&schedule),
            DurMs(40 * MIN),
            "20 of 60 minutes are a break"
        );
        assert_eq!(found[0].before.map(|p| p.state), Some(Running));
        assert!(found[1].is_minor(rules) && !found[0].is_minor(rules));
        assert!(found[3].run.open && found[3].after.is_none());
    }

    #[test]
    fn the_time_lost_by_hour_is_the_time_of_the_losses() {
        let (parts, schedule, rules) = day();
        let clock = LocalTime {
            steps: vec![(TsMs(0), HOUR_MS / 2)],
        };
        let machine = MachineWindow {
            parts: &parts,
            minutes: &[],
            schedule: &schedule,
            rules,
            first_fact: None,
            there: Span::EVER,
            counted_elsewhere: false,
        };
        for window in [span(0, 300), span(15, 35), span(65, 245), span(101, 101)] {
            let mut hours = [Lost::default(); 24];
            add_by_hour(window, &parts, &schedule, &clock, &mut hours);
            let losses = reckon(window, &machine, |_, _| None).losses;
            let mut by_reason = Lost::default();
            losses.into_values().for_each(|l| by_reason += l);
            let mut by_hour = Lost::default();
            hours.into_iter().for_each(|l| by_hour += l);
            assert_eq!(by_hour, by_reason, "{window:?}");
        }
        let mut hours = [Lost::default(); 24];
        add_by_hour(span(0, 300), &parts, &schedule, &clock, &mut hours);
        assert_eq!(
            hours[0],
            Lost {
                time: DurMs(20 * MIN),
                stops: 1
            },
            "half past is the full hour of this clock"
        );
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_the_two_in_the_middle() {
        let of = |list: &[i64]| mean_and_median(list.iter().map(|n| DurMs(*n)).collect());
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[9, 1, 2]), Some((4.0, 2.0)));
        assert_eq!(of(&[1, 2, 4, 9]), Some((4.0, 3.0)));
    }
}
