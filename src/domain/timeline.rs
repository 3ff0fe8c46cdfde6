//! The timeline of a machine: which state it was in, when, with which product.

use super::ids::ProductId;
use super::machine_state::MachineState;
use super::time::{DurMs, Span, TsMs};
use serde::{Deserialize, Serialize};

/// The start of a state interval. The interval ends where the next one starts, so a list of transitions tiles time
/// without gap or overlap by construction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// When it starts.
    pub from: TsMs,
    /// The state.
    pub state: MachineState,
    /// The fault held to be its cause, in the machine's own code.
    pub fault: Option<String>,
    /// The product on the machine.
    pub product: Option<ProductId>,
}

/// A stretch of time in one state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    /// When.
    pub span: Span,
    /// The state.
    pub state: MachineState,
    /// The fault held to be its cause.
    pub fault: Option<String>,
    /// The product on the machine.
    pub product: Option<ProductId>,
    /// Whether it had not ended when we looked.
    pub open: bool,
}

/// What was last heard of a machine, for judging the end of its timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hearing {
    /// The time of its latest fact.
    pub last: Option<TsMs>,
    /// Silence longer than this makes its state unknown; `None`: silence means no change.
    pub max_silence: Option<DurMs>,
    /// When it last counted; asked for only of a machine with a `cycle_gap`.
    pub counted: Option<TsMs>,
    /// Running without a count for longer than this is standing since the last one.
    pub cycle_gap: Option<DurMs>,
    /// Now.
    pub now: TsMs,
}

impl Hearing {
    /// When a machine that runs since `since` began to stand, because it counted nothing for too long.
    fn stands_from(&self, since: TsMs) -> Option<TsMs> {
        let gap = self.cycle_gap?;
        let from = self.counted.map_or(since, |counted| counted.max(since));
        (self.now - from > gap).then_some(from)
    }
}

/// The intervals that tile `window`, from transitions in order of time. The last transition at or before the window's
/// start must be among them, if there is one.
///
/// Before the first transition the state is `NoData`. After `hearing.now` there is nothing: the window is cut there.
/// When the machine has been silent for longer than it may, the time since it was last heard is `NoData`. When it runs and
/// has counted nothing for longer than its cycle gap, it is `Idle` since the last count.
#[must_use]
pub fn intervals(transitions: &[Transition], window: Span, hearing: Hearing) -> Vec<Interval> {
    let window = Span::clamped(window.from(), window.to().min(hearing.now));
    let silent_from = match (hearing.last, hearing.max_silence) {
        (Some(last), Some(max)) if hearing.now - last > max => Some(last),
        _ => None,
    };
    let mut out: Vec<Interval> = Vec::with_capacity(transitions.len() + 2);
    let mut push = |from: TsMs, to: TsMs, like: Option<&Transition>, open: bool| {
        if let Some(span) = Span::clamped(from, to).intersect(window) {
            out.push(Interval {
                span,
                state: like.map_or(MachineState::NoData, |t| t.state),
                fault: like.and_then(|t| t.fault.clone()),
                product: like.and_then(|t| t.product),
                open: open && span.to() == window.to(),
            });
        }
    };
    let first = transitions.first().map_or(window.to(), |t| t.from);
    push(window.from(), first, None, transitions.is_empty());
    for (i, transition) in transitions.iter().enumerate() {
        let next = transitions.get(i + 1);
        let end = next.map_or(hearing.now, |n| n.from);
        let runs = next.is_none() && transition.state == MachineState::Running;
        let stands_from = Some(transition.from).filter(|_| runs);
        match (
            silent_from,
            stands_from.and_then(|since| hearing.stands_from(since)),
        ) {
            (Some(silent), _) if next.is_none() => {
                push(transition.from, silent, Some(transition), false);
                // What the fold will make of the silence when the machine speaks again.
                let unknown = Transition {
                    from: silent.max(transition.from),
                    state: MachineState::NoData,
                    fault: None,
                    product: transition.product,
                };
                push(unknown.from, end, Some(&unknown), true);
            }
            (_, Some(from)) => {
                let idle = Transition {
                    from,
                    state: MachineState::Idle,
                    ..transition.clone()
                };
                push(transition.from, from, Some(transition), false);
                push(from, end, Some(&idle), true);
            }
            _ => push(transition.from, end, Some(transition), next.is_none()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(from: i64, state: MachineState) -> Transition {
        Transition {
            from: TsMs(from),
            state,
            fault: None,
            product: None,
        }
    }

    fn hearing(last: i64, max: Option<i64>, now: i64) -> Hearing {
        Hearing {
            last: Some(TsMs(last)),
            max_silence: max.map(DurMs),
            counted: None,
            cycle_gap: None,
            now: TsMs(now),
        }
    }

    #[test]
    fn tiles_the_window_from_no_data_to_the_open_end() {
        let list = [at(10, MachineState::Running), at(30, MachineState::Stopped)];
        let got = intervals(
            &list,
            Span::clamped(TsMs(0), TsMs(100)),
            hearing(30, None, 50),
        );
        let plain: Vec<_> = got
            .iter()
            .map(|i| (i.span.from().0, i.span.to().0, i.state, i.open))
            .collect();
        assert_eq!(
            plain,
            [
                (0, 10, MachineState::NoData, false),
                (10, 30, MachineState::Running, false),
                (30, 50, MachineState::Stopped, true)
            ]
        );
    }

    #[test]
    fn a_machine_that_counts_nothing_for_too_long_stands_since_its_last_count() {
        let window = Span::clamped(TsMs(0), TsMs(100));
        let states = |list: &[Transition], counted, now| -> Vec<_> {
            let hearing = Hearing {
                counted: Some(TsMs(counted)),
                cycle_gap: Some(DurMs(30)),
                ..hearing(now, None, now)
            };
            let got = intervals(list, window, hearing);
            got.iter()
                .map(|i| (i.span.from().0, i.span.to().0, i.state))
                .collect()
        };
        let runs = [at(0, MachineState::Running)];
        assert_eq!(states(&runs, 20, 50), [(0, 50, MachineState::Running)]);
        let stands = [(0, 20, MachineState::Running), (20, 51, MachineState::Idle)];
        assert_eq!(states(&runs, 20, 51), stands);
        let stopped = [at(0, MachineState::Stopped)];
        assert_eq!(states(&stopped, 20, 51), [(0, 51, MachineState::Stopped)]);
    }

    #[test]
    fn a_machine_silent_for_too_long_is_unknown_since_it_was_last_heard() {
        let list = [at(0, MachineState::Running)];
        let window = Span::clamped(TsMs(0), TsMs(100));
        let still = intervals(&list, window, hearing(20, Some(30), 50));
        assert_eq!(still.len(), 1, "30 ms of silence are allowed");
        let silent = intervals(&list, window, hearing(20, Some(30), 51));
        let plain: Vec<_> = silent
            .iter()
            .map(|i| (i.span.from().0, i.span.to().0, i.state))
            .collect();
        assert_eq!(
            plain,
            [
                (0, 20, MachineState::Running),
                (20, 51, MachineState::NoData)
            ]
        );
    }
}
