//! What should have been made: the ideal rate of the product, times the target OEE, over planned time.
//!
//! ```text
//! target(window) = target OEE * sum over planned stretches of (ideal rate of the product then * length)
//! ```

use super::dated::Dated;
use super::ids::ProductId;
use super::rate::IdealRate;
use super::shift::{Planned, Schedule};
use super::time::{Span, TsMs};
use super::timeline::Interval;
use serde::{Deserialize, Serialize};

/// What is asked of a line, as shares above 0 and at most 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Targets {
    /// A.
    pub availability: f64,
    /// P.
    pub performance: f64,
    /// Q.
    pub quality: f64,
    /// OEE: the share of the ideal output that is asked for. Not the product of the others: plants set it by itself.
    pub oee: f64,
}

impl Default for Targets {
    /// What good plants reach, and 85 % of OEE as usual.
    fn default() -> Self {
        Self {
            availability: 0.9,
            performance: 0.95,
            quality: 0.98,
            oee: 0.85,
        }
    }
}

/// Pieces that should have been made in `window`, by the targets of each moment.
///
/// The product of each moment is that of the interval which covers it; after the last interval the last product goes
/// on. Moments without a product, or with one that has no rate, ask for nothing: `None` when there was planned time and
/// none of it had a rate.
#[must_use]
pub fn target(
    window: Span,
    intervals: &[Interval],
    schedule: &Schedule,
    targets: &Dated<TsMs, Targets>,
    rate: impl Fn(Option<ProductId>, TsMs) -> Option<IdealRate>,
) -> Option<f64> {
    let mut pieces = 0.0;
    let mut planned_ms = 0;
    let mut rated_ms = 0;
    let mut add = |span: Span, product: Option<ProductId>| {
        planned_ms += span.len().0;
        if let Some(rate) = rate(product, span.from()) {
            rated_ms += span.len().0;
            let ends = targets.changes(span.from(), span.to()).chain([span.to()]);
            let mut from = span.from();
            for to in ends {
                let asked = targets.at_or_first(from).copied().unwrap_or_default().oee;
                pieces += rate.per_ms() * (to - from).0 as f64 * asked;
                from = to;
            }
        }
    };
    for (cut, what) in schedule.cut(window) {
        if what != Planned::Production {
            continue;
        }
        let first = intervals.partition_point(|i| i.span.to() <= cut.from());
        let mut covered_to = cut.from();
        for interval in intervals[first..]
            .iter()
            .take_while(|i| i.span.from() < cut.to())
        {
            if let Some(part) = interval.span.intersect(cut) {
                covered_to = part.to();
                if !interval.state.is_off() {
                    add(part, interval.product);
                }
            }
        }
        if covered_to < cut.to() {
            add(
                Span::clamped(covered_to, cut.to()),
                intervals.last().and_then(|i| i.product),
            );
        }
    }
    (planned_ms == 0 || rated_ms > 0).then_some(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::machine_state::MachineState;
    use crate::domain::shift::ShiftInstance;

    fn span(from: i64, to: i64) -> Span {
        Span::clamped(TsMs(from), TsMs(to))
    }

    fn interval(from: i64, to: i64, product: i64) -> Interval {
        let span = span(from, to);
        Interval {
            span,
            state: MachineState::Running,
            fault: None,
            product: Some(ProductId(product)),
            open: false,
        }
    }

    #[test]
    fn follows_product_changes_and_leaves_breaks_out() {
        let rate = |p: Option<ProductId>, _| p.and_then(|p| IdealRate::new(p.0, 10));
        let intervals = [interval(0, 100, 1), interval(100, 150, 2)];
        let shift = ShiftInstance {
            name: String::new(),
            day: String::new(),
            span: span(0, 200),
            breaks: vec![span(50, 60)],
            ..ShiftInstance::default()
        };
        let schedule = Schedule::Calendar(vec![shift]);
        let asks = |oee| {
            let targets = Targets {
                oee,
                ..Targets::default()
            };
            Dated::new(vec![(TsMs(0), targets)])
        };
        // 90 ms at 1 per 10 ms, 50 ms at 2 per 10 ms; then the last product goes on for 50 ms.
        assert_eq!(
            target(span(0, 150), &intervals, &schedule, &asks(0.5), rate),
            Some((9.0 + 10.0) * 0.5)
        );
        assert_eq!(
            target(span(0, 200), &intervals, &schedule, &asks(1.0), rate),
            Some(9.0 + 20.0)
        );
        assert_eq!(
            target(span(300, 400), &intervals, &schedule, &asks(1.0), rate),
            Some(0.0),
            "nothing is planned"
        );
        assert_eq!(
            target(span(0, 100), &intervals, &schedule, &asks(1.0), |_, _| None),
            None,
            "no rate, no target"
        );
    }
    #[test]
    fn pieces_before_a_change_are_asked_by_the_old_target() {
        let asks = |oee| Targets {
            oee,
            ..Targets::default()
        };
        let targets = Dated::new(vec![(TsMs(0), asks(0.5)), (TsMs(60), asks(1.0))]);
        let rate = |_, _| IdealRate::new(1, 10);
        let intervals = [interval(0, 100, 1)];
        let wanted = |window| target(window, &intervals, &Schedule::BySignal, &targets, rate);
        assert_eq!(wanted(span(0, 100)), Some(6.0 * 0.5 + 4.0));
        assert_eq!(wanted(span(0, 60)), Some(3.0));
        assert_eq!(wanted(span(60, 100)), Some(4.0));
    }
}
