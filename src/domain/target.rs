//! What should have been made: the ideal rate of the product, times the target OEE, over planned time.
//!
//! ```text
//! target(window) = target OEE * sum over planned stretches of (ideal rate of the product then * length)
//! ```

use super::ids::ProductId;
use super::rate::IdealRate;
use super::shift::{Planned, Schedule};
use super::time::{Span, TsMs};
use super::timeline::Interval;

/// Pieces that should have been made in `window`.
///
/// The product of each moment is that of the interval which covers it; after the last interval the last product goes
/// on. Moments without a product, or with one that has no rate, ask for nothing: `None` when there was planned time and
/// none of it had a rate.
#[must_use]
pub fn target(
    window: Span,
    intervals: &[Interval],
    schedule: &Schedule,
    target_oee: f64,
    rate: impl Fn(Option<ProductId>, TsMs) -> Option<IdealRate>,
) -> Option<f64> {
    let mut pieces = 0.0;
    let mut planned_ms = 0;
    let mut rated_ms = 0;
    let mut add = |span: Span, product: Option<ProductId>| {
        planned_ms += span.len().0;
        if let Some(rate) = rate(product, span.from()) {
            rated_ms += span.len().0;
            pieces += rate.per_ms() * span.len().0 as f64 * target_oee;
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
        // 90 ms at 1 per 10 ms, 50 ms at 2 per 10 ms; then the last product goes on for 50 ms.
        assert_eq!(
            target(span(0, 150), &intervals, &schedule, 0.5, rate),
            Some((9.0 + 10.0) * 0.5)
        );
        assert_eq!(
            target(span(0, 200), &intervals, &schedule, 1.0, rate),
            Some(9.0 + 20.0)
        );
        assert_eq!(
            target(span(300, 400), &intervals, &schedule, 1.0, rate),
            Some(0.0),
            "nothing is planned"
        );
        assert_eq!(
            target(span(0, 100), &intervals, &schedule, 1.0, |_, _| None),
            None,
            "no rate, no target"
        );
    }
}
