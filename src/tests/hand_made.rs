//! A machine made by hand, in minutes: states one after the other, shifts, pieces. Stops under five minutes are minor,
//! a piece of an unknown product takes a minute at best.

use ms5_floor::domain::account::{Account, MadeIn, MinuteCount};
use ms5_floor::domain::fact::Counts;
use ms5_floor::domain::ids::{ProductId, ReasonId};
use ms5_floor::domain::machine_state::MachineState;
use ms5_floor::domain::part::{Given, LossRules, parts};
use ms5_floor::domain::rate::IdealRate;
use ms5_floor::domain::reason::{Category, Cause};
use ms5_floor::domain::reckon::{MachineWindow, Reckoning, reckon};
use ms5_floor::domain::shift::{PlannedStop, Schedule, ShiftInstance};
use ms5_floor::domain::time::{DurMs, MINUTE_MS, Span, TsMs};
use ms5_floor::domain::timeline::Interval;

pub fn minutes(n: i64) -> DurMs {
    DurMs(n * MINUTE_MS)
}

pub fn span(from: i64, to: i64) -> Span {
    Span::clamped(TsMs(from * MINUTE_MS), TsMs(to * MINUTE_MS))
}

pub fn pieces(good: i64, scrap: i64) -> Counts {
    Counts {
        good,
        scrap,
        ..Counts::default()
    }
}

/// So many pieces a minute.
pub fn rate(units: i64) -> Option<IdealRate> {
    IdealRate::new(units, MINUTE_MS)
}

/// One machine and its calendar.
#[derive(Clone, Debug)]
pub struct Floor {
    intervals: Vec<Interval>,
    given: Vec<Given>,
    made: Vec<MinuteCount>,
    shifts: Vec<ShiftInstance>,
    rules: LossRules,
    rates: Vec<(Option<ProductId>, IdealRate)>,
}

impl Floor {
    /// A machine that goes through these states from minute 0 on, so many minutes each.
    pub fn new(states: &[(i64, MachineState)]) -> Self {
        let mut at = 0;
        let interval = |(length, state): &(i64, MachineState)| {
            let span = span(at, at + length);
            at += length;
            Interval {
                span,
                state: *state,
                fault: None,
                product: None,
                open: false,
            }
        };
        Self {
            intervals: states.iter().map(interval).collect(),
            given: vec![],
            made: vec![],
            shifts: vec![],
            rules: LossRules::minor(minutes(5)),
            rates: rate(1).map(|rate| (None, rate)).into_iter().collect(),
        }
    }

    /// These intervals instead.
    pub fn intervals(mut self, intervals: Vec<Interval>) -> Self {
        self.intervals = intervals;
        self
    }

    /// The last state has not ended.
    pub fn open(mut self) -> Self {
        if let Some(last) = self.intervals.last_mut() {
            last.open = true;
        }
        self
    }

    /// A shift, after the shifts before it.
    pub fn shift(mut self, from: i64, to: i64, breaks: &[(i64, i64)]) -> Self {
        self.shifts.push(ShiftInstance {
            name: "S".to_owned(),
            day: "d".to_owned(),
            span: span(from, to),
            breaks: breaks.iter().map(|(from, to)| span(*from, *to)).collect(),
            ..ShiftInstance::default()
        });
        self
    }

    /// A planned stop in the last shift.
    pub fn planned_stop(mut self, from: i64, to: i64) -> Self {
        let shift = self.shifts.last_mut().expect("a shift");
        shift.stops.push(PlannedStop {
            span: span(from, to),
            name: "Maintenance".to_owned(),
        });
        self
    }

    /// From here on the machine has a product, until the next one.
    pub fn product(mut self, from: i64, product: i64) -> Self {
        let from = TsMs(from * MINUTE_MS);
        let mut cut = Vec::new();
        for interval in self.intervals {
            let span = interval.span;
            let after = Span::clamped(span.from().max(from), span.to().max(from));
            let before = Span::clamped(span.from(), span.to().min(from));
            for (span, product) in [
                (before, interval.product),
                (after, Some(ProductId(product))),
            ] {
                if !span.is_empty() {
                    cut.push(Interval {
                        span,
                        product,
                        ..interval.clone()
                    });
                }
            }
        }
        self.intervals = cut;
        self
    }

    /// Somebody gave a reason for these minutes.
    pub fn reason(mut self, from: i64, to: i64, reason: i64, category: Category) -> Self {
        let cause = Cause {
            reason: ReasonId(reason),
            category,
        };
        let span = span(from, to);
        self.given.push(Given {
            from: span.from(),
            to: Some(span.to()),
            cause,
        });
        self
    }

    /// Pieces made in a minute, of what is on the machine then.
    pub fn made(mut self, minute: i64, counts: Counts) -> Self {
        let minute = TsMs(minute * MINUTE_MS);
        let on = self.intervals.iter().find(|i| i.span.contains(minute));
        self.made.push(MinuteCount {
            minute,
            product: on.and_then(|i| i.product),
            made_in: if on.is_some_and(|i| i.state.is_off()) {
                MadeIn::OffTime
            } else {
                MadeIn::KnownTime
            },
            counts,
        });
        self
    }

    /// Pieces of an unknown product in a minute at best.
    pub fn rated(mut self, units: i64) -> Self {
        self.rates = rate(units).map(|rate| (None, rate)).into_iter().collect();
        self
    }

    /// Pieces of this product in a minute at best.
    pub fn product_rated(mut self, product: i64, units: i64) -> Self {
        self.rates
            .extend(rate(units).map(|rate| (Some(ProductId(product)), rate)));
        self
    }

    /// Stops under so many minutes are minor.
    pub fn minor_under(mut self, n: i64) -> Self {
        self.rules.minor_stop = minutes(n);
        self
    }

    /// Stops under so many minutes between two runs are flicker.
    pub fn debounced_under(mut self, n: i64) -> Self {
        self.rules.debounce = minutes(n);
        self
    }

    /// For so many minutes it starts up.
    pub fn starting_up_for(mut self, n: i64) -> Self {
        self.rules.start_up = minutes(n);
        self
    }

    /// What it did from one minute to another; without a shift, all its time counts.
    pub fn reckon(&self, from: i64, to: i64) -> Reckoning {
        let schedule = if self.shifts.is_empty() {
            Schedule::BySignal
        } else {
            Schedule::Calendar(self.shifts.clone())
        };
        let machine = MachineWindow {
            parts: &parts(&self.intervals, &self.given, self.rules, |_| None),
            minutes: &self.made,
            schedule: &schedule,
            rules: self.rules,
            first_fact: self.intervals.first().map(|i| i.span.from()),
            there: Span::EVER,
            counted_elsewhere: false,
        };
        reckon(span(from, to), &machine, |product, _| {
            let known = self.rates.iter().find(|(p, _)| *p == product);
            known.map(|(_, rate)| *rate)
        })
    }

    /// The sum of it.
    pub fn account(&self, from: i64, to: i64) -> Account {
        self.reckon(from, to).account()
    }
}
