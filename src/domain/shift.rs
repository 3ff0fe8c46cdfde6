//! Shifts as instants. Local rules are expanded by the server; here they are stretches of time.

use super::time::{DurMs, Span, TsMs};
use serde::{Deserialize, Serialize};

/// One shift on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShiftInstance {
    /// Its name.
    pub name: String,
    /// The production day it belongs to, `YYYY-MM-DD`: the local day of its start.
    pub day: String,
    /// From start to end.
    pub span: Span,
    /// Breaks inside it, in order, without overlap.
    pub breaks: Vec<Span>,
}

impl ShiftInstance {
    /// The stretches of planned production: the shift less its breaks.
    #[must_use]
    pub fn working(&self) -> Vec<Span> {
        let mut out = Vec::with_capacity(self.breaks.len() + 1);
        let mut from = self.span.from();
        for pause in &self.breaks {
            if pause.from() > from {
                out.push(Span::clamped(from, pause.from()));
            }
            from = from.max(pause.to());
        }
        if from < self.span.to() {
            out.push(Span::clamped(from, self.span.to()));
        }
        out
    }
}

/// When a line is planned to produce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// By a shift calendar: these shifts overlap the window, in order.
    Calendar(Vec<ShiftInstance>),
    /// No calendar: all time counts in which the machine does not say that it is off, from its first fact on.
    BySignal,
}

/// What the calendar says about a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planned {
    /// Planned production.
    Production,
    /// A break inside a shift.
    Break,
    /// Outside every shift.
    Off,
}

impl Schedule {
    /// Cuts `window` into stretches with what the calendar says about each; they tile the window.
    #[must_use]
    pub fn cut(&self, window: Span) -> Vec<(Span, Planned)> {
        let Self::Calendar(shifts) = self else {
            return if window.is_empty() {
                vec![]
            } else {
                vec![(window, Planned::Production)]
            };
        };
        let mut out = Vec::new();
        let mut at = window.from();
        let mut push = |from: TsMs, to: TsMs, what: Planned| {
            if let Some(span) = Span::clamped(from, to).intersect(window) {
                out.push((span, what));
            }
        };
        for shift in shifts {
            push(at, shift.span.from(), Planned::Off);
            let mut inner = at.max(shift.span.from());
            for pause in &shift.breaks {
                push(inner, pause.from(), Planned::Production);
                push(inner.max(pause.from()), pause.to(), Planned::Break);
                inner = inner.max(pause.to());
            }
            push(inner, shift.span.to(), Planned::Production);
            at = at.max(shift.span.to());
        }
        push(at, window.to(), Planned::Off);
        out
    }

    /// What the calendar says about an instant.
    #[must_use]
    pub fn at(&self, at: TsMs) -> Planned {
        self.cut(Span::clamped(at, at + DurMs(1)))
            .first()
            .map_or(Planned::Off, |(_, what)| *what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: i64, to: i64) -> Span {
        Span::clamped(TsMs(from), TsMs(to))
    }

    #[test]
    fn a_calendar_tiles_the_window() {
        let shift = |from, to, breaks| ShiftInstance {
            name: "s".into(),
            day: "d".into(),
            span: span(from, to),
            breaks,
        };
        let schedule = Schedule::Calendar(vec![
            shift(10, 50, vec![span(20, 25)]),
            shift(50, 80, vec![]),
        ]);
        let cut = schedule.cut(span(0, 100));
        assert_eq!(
            cut,
            vec![
                (span(0, 10), Planned::Off),
                (span(10, 20), Planned::Production),
                (span(20, 25), Planned::Break),
                (span(25, 50), Planned::Production),
                (span(50, 80), Planned::Production),
                (span(80, 100), Planned::Off),
            ]
        );
        assert_eq!(schedule.at(TsMs(22)), Planned::Break);
        assert_eq!(
            schedule.cut(span(22, 24)),
            vec![(span(22, 24), Planned::Break)]
        );
        assert_eq!(Schedule::BySignal.at(TsMs(5)), Planned::Production);
    }
}
