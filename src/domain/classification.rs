//! What people said about stops. Nothing of it is ever changed: what is said later holds instead, for the time that both
//! are about. So a fact that comes late may move, cut or join stops, and every reason stays with its time.

use super::ids::ReasonId;
use super::part::{Given, run_at};
use super::reason::Cause;
use super::time::{Span, TsMs};
use super::timeline::Interval;

/// What somebody said about one stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classification {
    /// Its number; a later one has a higher number. The version of a stop is that of the last one about it.
    pub id: i64,
    /// The stop as it was then: its start.
    pub from: TsMs,
    /// Its end; `None` when it had not ended.
    pub to: Option<TsMs>,
    /// The reasons given to parts of it, in order, without overlap. What they leave open is left to the guess.
    pub reasons: Vec<Given>,
    /// The reasons are held to be right, be they given or guessed.
    pub confirmed: bool,
    /// In words; empty: nothing to say.
    pub comment: String,
    /// Who said it.
    pub author: String,
    /// When it was said.
    pub made: TsMs,
}

impl Classification {
    /// The time that it is about. Of a stop that had not ended: up to the end of the stop that was seen when it was said,
    /// and in any case up to then.
    #[must_use]
    pub fn cover(&self, intervals: &[Interval]) -> Span {
        let to = self.to.unwrap_or_else(|| {
            let seen = run_at(intervals, TsMs(self.made.0 - 1));
            seen.map_or(self.made, |run| run.span.to()).max(self.made)
        });
        Span::clamped(self.from, to)
    }

    /// The reason given at `at`, when it is about that time.
    #[must_use]
    pub fn reason_at(&self, at: TsMs) -> Option<ReasonId> {
        let holds = |g: &&Given| g.from <= at && g.to.is_none_or(|to| at < to);
        self.reasons.iter().find(holds).map(|g| g.cause.reason)
    }
}

/// The last of them about any of `span`. They stand in the order of their numbers.
#[must_use]
pub fn last_about<'a>(
    said: &'a [Classification],
    intervals: &[Interval],
    span: Span,
) -> Option<&'a Classification> {
    said.iter()
        .rev()
        .find(|c| c.cover(intervals).intersect(span).is_some())
}

/// The reasons in force, in order and without overlap, each with its end. `said` stands in the order of numbers.
#[must_use]
pub fn in_force(said: &[Classification], intervals: &[Interval]) -> Vec<Given> {
    let mut out: Vec<Given> = Vec::new();
    for one in said {
        let cover = one.cover(intervals);
        out = out
            .into_iter()
            .flat_map(|given| outside(given, cover))
            .collect();
        out.extend(one.reasons.iter().filter_map(|given| {
            let to = given.to.unwrap_or(cover.to());
            piece(given.from, to, given.cause)
        }));
    }
    out.sort_by_key(|given| given.from);
    out
}

fn piece(from: TsMs, to: TsMs, cause: Cause) -> Option<Given> {
    let to = Some(to).filter(|to| from < *to)?;
    Some(Given {
        from,
        to: Some(to),
        cause,
    })
}

/// What is left of a reason outside `cover`.
fn outside(given: Given, cover: Span) -> impl Iterator<Item = Given> {
    let to = given.to.unwrap_or(given.from);
    let before = piece(given.from, to.min(cover.from()), given.cause);
    let after = piece(given.from.max(cover.to()), to, given.cause);
    before.into_iter().chain(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::machine_state::MachineState::{self, Running, Stopped};
    use crate::domain::reason::Category;

    fn intervals(list: &[(i64, i64, MachineState)]) -> Vec<Interval> {
        let last = list.len() - 1;
        let interval = |(n, (from, to, state)): (usize, &(i64, i64, MachineState))| Interval {
            span: Span::clamped(TsMs(*from), TsMs(*to)),
            state: *state,
            fault: None,
            product: None,
            open: n == last,
        };
        list.iter().enumerate().map(interval).collect()
    }

    fn given(from: i64, to: Option<i64>, reason: i64) -> Given {
        Given {
            from: TsMs(from),
            to: to.map(TsMs),
            cause: Cause {
                reason: ReasonId(reason),
                category: Category::Unplanned,
            },
        }
    }

    fn said(id: i64, from: i64, to: Option<i64>, made: i64, reasons: Vec<Given>) -> Classification {
        Classification {
            id,
            from: TsMs(from),
            to: to.map(TsMs),
            reasons,
            confirmed: true,
            comment: String::new(),
            author: "a".into(),
            made: TsMs(made),
        }
    }

    #[test]
    fn what_is_said_later_holds_for_the_time_that_both_are_about() {
        let time = intervals(&[(0, 10, Running), (10, 50, Stopped), (50, 60, Running)]);
        let list = [
            said(1, 10, Some(30), 70, vec![given(10, Some(30), 1)]),
            said(2, 20, Some(50), 71, vec![given(40, Some(50), 2)]),
        ];
        assert_eq!(
            in_force(&list, &time),
            [given(10, Some(20), 1), given(40, Some(50), 2)],
            "between 20 and 40 the later one says nothing"
        );
        let span = |a, b| Span::clamped(TsMs(a), TsMs(b));
        assert_eq!(
            last_about(&list, &time, span(10, 20)).map(|c| c.id),
            Some(1)
        );
        assert_eq!(
            last_about(&list, &time, span(10, 50)).map(|c| c.id),
            Some(2)
        );
        assert_eq!(last_about(&list, &time, span(0, 10)).map(|c| c.id), None);
    }

    #[test]
    fn said_of_a_stop_that_lasts_it_holds_to_its_end_wherever_late_facts_put_its_start() {
        let list = [said(1, 10, None, 30, vec![given(10, None, 1)])];
        for start in [5, 10, 15, 29] {
            let time = intervals(&[(0, start, Running), (start, 90, Stopped)]);
            assert_eq!(in_force(&list, &time), [given(10, Some(90), 1)]);
        }
        // A late fact ends the stop before it was said, and another one began: that is the one which was seen.
        let time = intervals(&[
            (0, 20, Stopped),
            (20, 25, Running),
            (25, 40, Stopped),
            (40, 50, Running),
            (50, 60, Stopped),
        ]);
        assert_eq!(in_force(&list, &time), [given(10, Some(40), 1)]);
        // It ran again, and nobody knew.
        let time = intervals(&[(0, 20, Stopped), (20, 80, Running), (80, 90, Stopped)]);
        assert_eq!(in_force(&list, &time), [given(10, Some(30), 1)]);
    }
}
