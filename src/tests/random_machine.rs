//! Random machines over ten hours: states with faults and products, reasons that somebody gave, counts, shifts with
//! breaks and planned stops, and every rule of a line. Lengths come from small sets too, so that edges meet.

use ms5_floor::domain::account::{Account, MadeIn, MinuteCount};
use ms5_floor::domain::fact::Counts;
use ms5_floor::domain::ids::{ProductId, ReasonId};
use ms5_floor::domain::machine_state::{MachineState, TimeBucket};
use ms5_floor::domain::part::{Given, LossRules, Part, parts};
use ms5_floor::domain::rate::IdealRate;
use ms5_floor::domain::reason::{Category, Cause};
use ms5_floor::domain::reckon::{MachineWindow, Reckoning, planned_production, reckon};
use ms5_floor::domain::shift::{PlannedStop, Schedule, ShiftInstance};
use ms5_floor::domain::time::{DurMs, MINUTE_MS, Span, TsMs};
use ms5_floor::domain::timeline::Interval;
use proptest::prelude::*;
use proptest::sample::select;

/// How long a case is.
pub const MINUTES: i64 = 600;

/// The start of minute `n`.
pub fn minute(n: i64) -> TsMs {
    TsMs(n * MINUTE_MS)
}

/// A machine over ten hours, with everything that an account is computed from.
#[derive(Clone, Debug)]
pub struct Case {
    pub intervals: Vec<Interval>,
    pub given: Vec<Given>,
    pub minutes: Vec<MinuteCount>,
    pub schedule: Schedule,
    pub rules: LossRules,
    pub first_fact: Option<TsMs>,
    pub rates: [(i64, i64); 2],
}

impl Case {
    /// Products 1 and 2 have an ideal rate, product 3 has none.
    fn rate(&self, product: Option<ProductId>) -> Option<IdealRate> {
        let place = usize::try_from(product?.0 - 1).ok()?;
        let (units, per_ms) = *self.rates.get(place)?;
        IdealRate::new(units, per_ms)
    }

    /// Its time in parts. Fault F1 points to an unplanned stop, F2 to waiting, F3 to nothing.
    pub fn parts(&self) -> Vec<Part> {
        parts(
            &self.intervals,
            &self.given,
            self.rules,
            |fault| match fault {
                "F1" => Some(cause(91, Category::Unplanned)),
                "F2" => Some(cause(92, Category::Starved)),
                _ => None,
            },
        )
    }

    fn window<'a>(&'a self, parts: &'a [Part]) -> MachineWindow<'a> {
        MachineWindow {
            parts,
            minutes: &self.minutes,
            schedule: &self.schedule,
            rules: self.rules,
            first_fact: self.first_fact,
            there: Span::EVER,
            counted_elsewhere: false,
        }
    }

    /// By product and by reason.
    pub fn reckon(&self, window: Span) -> Reckoning {
        let parts = self.parts();
        let machine = self.window(&parts);
        reckon(window, &machine, |product, _| self.rate(product))
    }

    /// Its stretches of planned production.
    pub fn planned_production(&self, window: Span) -> Vec<Span> {
        planned_production(window, &self.window(&self.parts()))
    }

    /// The sum of it.
    pub fn account(&self, window: Span) -> Account {
        self.reckon(window).account()
    }

    /// The same, with the quality of every piece reported and the rate of every product known.
    pub fn told_in_full(mut self) -> Self {
        for one in &mut self.minutes {
            one.counts.ungraded = 0;
            one.product = one.product.filter(|p| p.0 < 3).or(Some(ProductId(1)));
        }
        self
    }
}

fn cause(reason: i64, category: Category) -> Cause {
    Cause {
        reason: ReasonId(reason),
        category,
    }
}

/// Intervals without gap from random lengths; they may begin after and end before the window.
fn intervals() -> impl Strategy<Value = Vec<Interval>> {
    let length = prop_oneof![
        1..90_000_i64,
        60_000..1_500_000_i64,
        Just(300_000),
        Just(60_000)
    ];
    // On full minutes all edges of states meet those of shifts and windows.
    let on_minutes = any::<bool>();
    let fault = select(vec![None, None, Some("F1"), Some("F2"), Some("F3")]);
    // Running more often than by chance, so that short stops lie between two runs.
    let state = prop_oneof![
        Just(MachineState::Running),
        select(MachineState::ALL.to_vec())
    ];
    let product = select(vec![None, Some(1), Some(2), Some(3)]);
    let one = (length, state, fault, product);
    let list = prop::collection::vec(one, 0..60);
    (-200_000..400_000_i64, list, any::<bool>(), on_minutes).prop_map(
        |(start, list, open, full)| {
            let fit = |ms: i64| {
                if full {
                    (ms / MINUTE_MS).max(i64::from(ms > 0)) * MINUTE_MS
                } else {
                    ms
                }
            };
            let mut at = TsMs(fit(start));
            let interval =
                |(length, state, fault, product): (i64, MachineState, Option<&str>, _)| {
                    let span = Span::clamped(at, at + DurMs(fit(length)));
                    at = span.to();
                    Interval {
                        span,
                        state,
                        fault: fault
                            .filter(|_| state.bucket() == TimeBucket::Unplanned)
                            .map(str::to_owned),
                        product: Option::map(product, ProductId),
                        open: false,
                    }
                };
            let mut list: Vec<Interval> = list.into_iter().map(interval).collect();
            if let Some(last) = list.last_mut() {
                last.open = open;
            }
            list
        },
    )
}

/// Reasons in order of their start; some reach into the next one.
fn given() -> impl Strategy<Value = Vec<Given>> {
    let one = (
        0..MINUTES * MINUTE_MS,
        proptest::option::of(1..1_200_000_i64),
        1..6_i64,
        select(Category::ALL.to_vec()),
    );
    prop::collection::vec(one, 0..12).prop_map(|mut list| {
        list.sort_by_key(|(from, ..)| *from);
        list.into_iter()
            .map(|(from, length, reason, category)| Given {
                from: TsMs(from),
                to: length.map(|l| TsMs(from + l)),
                cause: cause(reason, category),
            })
            .collect()
    })
}

fn minutes() -> impl Strategy<Value = Vec<MinuteCount>> {
    let counts = (0..50_i64, 0..5_i64, 0..3_i64, 0..2_i64);
    let one = (
        0..MINUTES,
        select(vec![None, Some(1), Some(2), Some(3)]),
        select(MadeIn::ALL.to_vec()),
        counts,
    );
    prop::collection::vec(one, 0..80).prop_map(|list| {
        let count = |(n, product, made_in, (good, scrap, rework, ungraded)): (
            i64,
            Option<i64>,
            MadeIn,
            (i64, i64, i64, i64),
        )| MinuteCount {
            minute: minute(n),
            product: product.map(ProductId),
            made_in,
            counts: Counts {
                good,
                scrap,
                rework,
                ungraded,
            },
        };
        let mut list: Vec<MinuteCount> = list.into_iter().map(count).collect();
        list.sort_by_key(|m| m.minute);
        list
    })
}

fn schedule() -> impl Strategy<Value = Schedule> {
    let stretches = || prop::collection::vec((0..150_i64, 0..40_i64), 0..3);
    let shift = (1..200_i64, 0..120_i64, stretches(), stretches());
    let calendar = prop::collection::vec(shift, 0..4).prop_map(|list| {
        let mut at = -30;
        let shift = |(length, gap, breaks, stops): (i64, i64, Vec<_>, Vec<_>)| {
            let span = Span::clamped(minute(at + gap), minute(at + gap + length));
            at += gap + length;
            let within = |(from, len): (i64, i64)| {
                Span::clamped(
                    span.from() + DurMs(from * MINUTE_MS),
                    span.from() + DurMs((from + len) * MINUTE_MS),
                )
            };
            // Breaks may overlap and may lie at the shift's edge.
            let mut breaks: Vec<Span> = breaks
                .into_iter()
                .filter_map(|b| within(b).intersect(span))
                .collect();
            breaks.sort_by_key(|b| b.from());
            // Planned stops do not overlap each other; they may begin before the shift and end after it.
            let mut stops: Vec<Span> = stops
                .into_iter()
                .map(|(from, len): (i64, i64)| within((from - 20, len)))
                .collect();
            stops.sort_by_key(|s| s.from());
            let mut free = TsMs(i64::MIN);
            stops.retain(|s| {
                let fits = s.from() >= free && s.intersect(span).is_some();
                free = if fits { s.to() } else { free };
                fits
            });
            let planned = |span| PlannedStop {
                span,
                name: "Maintenance".to_owned(),
            };
            ShiftInstance {
                name: "S".to_owned(),
                day: "d".to_owned(),
                span,
                breaks,
                stops: stops.into_iter().map(planned).collect(),
                ..ShiftInstance::default()
            }
        };
        Schedule::Calendar(list.into_iter().map(shift).collect())
    });
    // A line that went over to a calendar, or from one.
    let turning = (0..MINUTES, any::<bool>(), calendar.clone()).prop_map(|(at, back, calendar)| {
        let (a, b) = if back {
            (calendar, Schedule::BySignal)
        } else {
            (Schedule::BySignal, calendar)
        };
        let at = minute(at);
        Schedule::Turning(vec![
            (Span::clamped(TsMs(i64::MIN), at), a),
            (Span::clamped(at, TsMs(i64::MAX)), b),
        ])
    });
    prop_oneof![
        Just(Schedule::BySignal),
        calendar.clone(),
        calendar,
        turning
    ]
}

prop_compose! {
    fn rules()(
        minor in select(vec![0, 1, 60_000, 300_000, 900_000]), debounce in select(vec![0, 0, 2, 30_000, 60_001]),
        start_up in select(vec![0, 1, 60_000, 600_000, 3_600_000]),
    ) -> LossRules {
        LossRules { minor_stop: DurMs(minor), debounce: DurMs(debounce), start_up: DurMs(start_up) }
    }
}

prop_compose! {
    /// Any machine.
    pub fn case()(
        intervals in intervals(), given in given(), minutes in minutes(), schedule in schedule(), rules in rules(),
        first in proptest::option::weighted(0.9, -5..MINUTES),
        rates in [(1..200_i64, 1..90_000_i64), (1..200_i64, 1..90_000_i64)],
    ) -> Case {
        Case { intervals, given, minutes, schedule, rules, first_fact: first.map(minute), rates }
    }
}
