//! Shifts as instants. Local rules are expanded by the server; here they are stretches of time.

use super::time::{DurMs, Span, TsMs};
use serde::{Deserialize, Serialize};

/// One shift on one day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShiftInstance {
    /// Its name.
    pub name: String,
    /// The crew that works it, where the calendar names crews.
    pub crew: Option<String>,
    /// The production day it belongs to, `YYYY-MM-DD`: the local day of its start.
    pub day: String,
    /// From start to end.
    pub span: Span,
    /// Breaks inside it, in order, without overlap.
    pub breaks: Vec<Span>,
    /// Planned stops that touch it, in order, without overlap: maintenance, meetings, no orders.
    pub stops: Vec<PlannedStop>,
}

/// A stop that was planned beforehand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedStop {
    /// When.
    pub span: Span,
    /// What for.
    pub name: String,
}

impl ShiftInstance {
    /// The stretches of planned production: the shift less its breaks and planned stops.
    #[must_use]
    pub fn working(&self) -> Vec<Span> {
        let production =
            |(span, what): (Span, Planned)| (what == Planned::Production).then_some(span);
        self.cut().into_iter().filter_map(production).collect()
    }

    /// The shift cut into stretches with what is planned in each; they tile it. A break wins over a planned stop.
    fn cut(&self) -> Vec<(Span, Planned)> {
        let breaks = self.breaks.iter().map(|b| (*b, Planned::Break));
        let mut out = vec![(self.span, Planned::Production)];
        let stops = self.stops.iter().map(|s| {
            (
                s.span,
                Planned::Stop {
                    since: s.span.from(),
                },
            )
        });
        for (span, what) in stops.chain(breaks) {
            out = out
                .into_iter()
                .flat_map(|piece| lay_over(piece, span, what))
                .collect();
        }
        out
    }
}

/// Lays `over` on a piece: what is left of the piece before it, the overlap, what is left after it.
fn lay_over((piece, was): (Span, Planned), over: Span, what: Planned) -> Vec<(Span, Planned)> {
    let Some(middle) = piece.intersect(over) else {
        return vec![(piece, was)];
    };
    let before = (Span::clamped(piece.from(), middle.from()), was);
    let after = (Span::clamped(middle.to(), piece.to()), was);
    [before, (middle, what), after]
        .into_iter()
        .filter(|(span, _)| !span.is_empty())
        .collect()
}

/// When a line is planned to produce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// By a shift calendar: these shifts overlap the window, in order.
    Calendar(Vec<ShiftInstance>),
    /// No calendar: all time counts in which the machine does not say that it is off, from its first fact on.
    BySignal,
    /// The line went over to a calendar, or from one: each stretch of time with its own schedule, one after the other.
    Turning(Vec<(Span, Schedule)>),
}

/// What the calendar says about a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planned {
    /// Planned production.
    Production,
    /// A break inside a shift.
    Break,
    /// A planned stop inside a shift.
    Stop {
        /// When the whole planned stop begins.
        since: TsMs,
    },
    /// Outside every shift.
    Off,
}

impl Schedule {
    /// Cuts `window` into stretches of one kind of schedule.
    #[must_use]
    pub fn pieces(&self, window: Span) -> Vec<(Span, &Self)> {
        match self {
            Self::Turning(pieces) => pieces
                .iter()
                .filter_map(|(span, schedule)| Some((span.intersect(window)?, schedule)))
                .collect(),
            one => vec![(window, one)],
        }
    }

    /// Cuts `window` into stretches with what the calendar says about each; they tile the window.
    #[must_use]
    pub fn cut(&self, window: Span) -> Vec<(Span, Planned)> {
        if window.is_empty() {
            return vec![];
        }
        let shifts = match self {
            Self::Calendar(shifts) => shifts,
            Self::BySignal => return vec![(window, Planned::Production)],
            Self::Turning(_) => {
                let pieces = self.pieces(window).into_iter();
                return pieces.flat_map(|(span, one)| one.cut(span)).collect();
            }
        };
        let mut out = Vec::new();
        let mut at = window.from();
        let first = shifts.partition_point(|s| s.span.to() <= window.from());
        for shift in shifts[first..]
            .iter()
            .take_while(|s| s.span.from() < window.to())
        {
            let mut push = |span: Span, what: Planned| {
                if let Some(span) = span.intersect(window) {
                    out.push((span, what));
                }
            };
            push(Span::clamped(at, shift.span.from()), Planned::Off);
            if shift.breaks.is_empty() && shift.stops.is_empty() {
                push(shift.span, Planned::Production);
            } else {
                shift
                    .cut()
                    .into_iter()
                    .for_each(|(span, what)| push(span, what));
            }
            at = at.max(shift.span.to());
        }
        if at < window.to() {
            out.push((Span::clamped(at, window.to()), Planned::Off));
        }
        out
    }

    /// Cuts `window` into shifts and the time without a shift calendar, in order; the time between shifts is left out.
    #[must_use]
    pub fn shifts<'a>(&'a self, window: Span) -> Vec<(Span, Option<&'a ShiftInstance>)> {
        let mut out = Vec::new();
        for (piece, schedule) in self.pieces(window) {
            match schedule {
                Self::Calendar(shifts) => {
                    let inside = |s: &'a ShiftInstance| Some((piece.intersect(s.span)?, Some(s)));
                    out.extend(shifts.iter().filter_map(inside));
                }
                Self::BySignal => out.push((piece, None)),
                // Pieces are of one kind.
                Self::Turning(_) => {}
            }
        }
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
            ..ShiftInstance::default()
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
