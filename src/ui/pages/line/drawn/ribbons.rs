//! What each machine did over the stretch of time, as a ribbon a machine.
//!
//! State is told by colour and by height: running lies low and calm, a stop stands out, a plan is a thin line.

use super::Figures;
use crate::domain::local_time::LocalTime;
use crate::domain::machine_state::MachineState;
use crate::domain::time::{DurMs, Span, TsMs};
use crate::ui::charts::axis::ticks;
use crate::ui::components::hatch;
use crate::ui::components::shape::{condition_of, still};
use crate::ui::format;
use leptos::prelude::*;

/// One machine's states over the window.
#[derive(Clone, Debug, PartialEq)]
pub struct Ribbon {
    /// The machine's name.
    pub machine: String,
    /// Its states, in order, tiling the window up to now.
    pub parts: Vec<RibbonPart>,
}

impl Ribbon {
    /// The same for those who may not see why a machine stood.
    #[must_use]
    pub fn without_causes(&self) -> Self {
        let mut plain = self.clone();
        plain.parts.iter_mut().for_each(|part| part.cause = None);
        plain
    }
}

/// A stretch of a ribbon.
#[derive(Clone, Debug, PartialEq)]
pub struct RibbonPart {
    /// When.
    pub span: Span,
    /// The state.
    pub state: MachineState,
    /// Its cause in words.
    pub cause: Option<String>,
}

/// Parts a ribbon shows at most; a longer one is drawn by what prevails in each of as many cells.
const MOST_PARTS: i64 = 500;
const MOST_TICKS: i64 = 9;

/// The parts to draw. What is narrower than a hair is drawn with its neighbours, as the state that prevails.
fn visible(parts: &[RibbonPart], horizon: Span) -> Vec<RibbonPart> {
    if i64::try_from(parts.len()).is_ok_and(|n| n <= MOST_PARTS) {
        return parts.to_vec();
    }
    let cell = (horizon.len().0 / MOST_PARTS).max(1);
    let mut out: Vec<RibbonPart> = Vec::new();
    let (mut from, mut first) = (horizon.from(), 0);
    while from < horizon.to() && first < parts.len() {
        let span = Span::clamped(from, (from + DurMs(cell)).min(horizon.to()));
        // Of each state the time, and where it began.
        let mut times = [(0, 0); MachineState::ALL.len()];
        for (i, part) in parts.iter().enumerate().skip(first) {
            if part.span.from() >= span.to() {
                break;
            }
            if let Some(shared) = part.span.intersect(span) {
                let state = MachineState::ALL.iter().position(|s| *s == part.state);
                if let Some(entry) = state.and_then(|state| times.get_mut(state)) {
                    if entry.0 == 0 {
                        entry.1 = i;
                    }
                    entry.0 += shared.len().0;
                }
            }
            if part.span.to() <= span.to() {
                first = i + 1;
            }
        }
        let times = MachineState::ALL.into_iter().zip(times);
        let most = times.max_by_key(|(_, (time, _))| *time);
        if let Some((state, (_, i))) = most.filter(|(_, (time, _))| *time > 0) {
            match out.last_mut() {
                Some(last) if last.state == state && last.span.to() == span.from() => {
                    last.span = Span::clamped(last.span.from(), span.to());
                }
                _ => out.push(RibbonPart {
                    span,
                    state,
                    cause: parts.get(i).and_then(|p| p.cause.clone()),
                }),
            }
        }
        from = span.to();
    }
    out
}

/// How high a state stands, in percent of the ribbon.
const fn height(state: MachineState) -> u8 {
    match state {
        MachineState::Stopped | MachineState::Idle | MachineState::NoData => 100,
        MachineState::Starved | MachineState::Blocked => 78,
        MachineState::Running | MachineState::Changeover => 50,
        MachineState::PlannedStop => 28,
        MachineState::NotScheduled => 10,
    }
}

fn words(part: &RibbonPart, clock: &LocalTime) -> String {
    let mut text = format!(
        "{} {} – {} ({})",
        part.state.word(),
        clock.clock(part.span.from()),
        clock.clock(part.span.to()),
        format::stop_length(part.span.len())
    );
    if let Some(cause) = &part.cause {
        text.push_str(": ");
        text.push_str(cause);
    }
    text
}

/// One machine's ribbon. Drawn in percent of its box, so that no text is ever stretched.
fn ribbon_svg(parts: &[RibbonPart], horizon: Span, clock: &LocalTime) -> impl IntoView + use<> {
    let at = |at: TsMs| (at - horizon.from()).0;
    let whole = horizon.len().0;
    let rects: Vec<_> = visible(parts, horizon)
        .into_iter()
        .map(|part| {
            let high = height(part.state);
            let fill = (part.state == MachineState::NoData).then_some(hatch::UNKNOWN);
            view! {
                <rect
                    class=format!("rib rib-{}", part.state.name())
                    fill=fill
                    x=format::share(at(part.span.from()), whole)
                    width=format::share(part.span.len().0, whole)
                    y=format!("{}%", 100 - high)
                    height=format!("{high}%")
                >
                    <title>{words(&part, clock)}</title>
                </rect>
            }
        })
        .collect();
    view! {
        <svg class="ribbon" aria-hidden="true">
            {rects}
        </svg>
    }
}

fn axis_svg(horizon: Span, clock: &LocalTime) -> impl IntoView + use<> {
    let marks: Vec<_> = ticks(horizon, clock, MOST_TICKS)
        .into_iter()
        .enumerate()
        .map(|(i, tick)| {
            // Where there is little room, every second label makes way.
            let class = if i % 2 == 0 { "label" } else { "label between" };
            let x = format::share((tick.at - horizon.from()).0, horizon.len().0);
            let anchor = match tick.at {
                at if at == horizon.from() => "start",
                at if at == horizon.to() => "end",
                _ => "middle",
            };
            view! {
                <line class="grid" x1=x.clone() x2=x.clone() y1="0" y2="5"></line>
                <text class=class x=x y="19" text-anchor=anchor>
                    {tick.label}
                </text>
            }
        })
        .collect();
    view! {
        <svg class="ribbon-axis" aria-hidden="true">
            {marks}
        </svg>
    }
}

/// The time that a machine spent in a state.
fn spent(ribbon: &Ribbon, state: MachineState) -> Option<DurMs> {
    let parts = || ribbon.parts.iter().filter(|part| part.state == state);
    parts().next()?;
    Some(parts().map(|part| part.span.len()).sum())
}

/// The states that occur, in the order of their codes.
fn states(ribbons: &[Ribbon]) -> Vec<MachineState> {
    let occurs = |state: &MachineState| ribbons.iter().any(|r| spent(r, *state).is_some());
    MachineState::ALL.into_iter().filter(occurs).collect()
}

/// The time in each state, machine by machine.
pub fn table(ribbons: &[Ribbon]) -> AnyView {
    let states = states(ribbons);
    let head: Vec<_> = states
        .iter()
        .map(|state| view! { <th scope="col" class="number">{state.word()}</th> })
        .collect();
    let body: Vec<_> = ribbons
        .iter()
        .map(|ribbon| {
            let cells: Vec<_> = states
                .iter()
                .map(|state| {
                    let time = spent(ribbon, *state);
                    let time = time.map_or("–".to_owned(), format::duration);
                    view! { <td class="number">{time}</td> }
                })
                .collect();
            view! {
                <tr>
                    <th scope="row">{ribbon.machine.clone()}</th>
                    {cells}
                </tr>
            }
        })
        .collect();
    view! {
        <table class="table">
            <caption class="unseen">"Time in each state, by machine"</caption>
            <thead>
                <tr>
                    <th scope="col">"Machine"</th>
                    {head}
                </tr>
            </thead>
            <tbody>{body}</tbody>
        </table>
    }
    .into_any()
}

fn legend(ribbons: &[Ribbon]) -> impl IntoView + use<> {
    let items: Vec<_> = states(ribbons)
        .into_iter()
        .map(|state| {
            let high = height(state);
            let fill = (state == MachineState::NoData).then_some(hatch::UNKNOWN);
            view! {
                <span class="legend-item">
                    <svg class="key" aria-hidden="true">
                        <rect
                            class=format!("rib rib-{}", state.name())
                            fill=fill
                            width="100%"
                            y=format!("{}%", 100 - high)
                            height=format!("{high}%")
                        ></rect>
                    </svg>
                    {still(condition_of(state))}
                    {state.word()}
                </span>
            }
        })
        .collect();
    view! { <p class="legend">{items}</p> }
}

/// The ribbons with their legend and their axis.
pub fn ribbons(of: &Figures<'_>) -> AnyView {
    let row = |ribbon: &Ribbon| {
        view! {
            <span class="ribbon-name">{ribbon.machine.clone()}</span>
            {ribbon_svg(&ribbon.parts, of.horizon, of.clock)}
        }
    };
    let rows: Vec<_> = of.ribbons.iter().map(row).collect();
    view! {
        {legend(of.ribbons)}
        <div class="ribbons">
            {rows} <span></span> {axis_svg(of.horizon, of.clock)}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_ribbon_is_drawn_by_what_prevails_and_still_covers_its_time() {
        let state = |i: i64| {
            if i % 4 == 0 {
                MachineState::Stopped
            } else {
                MachineState::Running
            }
        };
        let parts: Vec<_> = (0..10_000)
            .map(|i| RibbonPart {
                span: Span::clamped(TsMs(i * 10), TsMs(i * 10 + 10)),
                state: if i < 5_000 {
                    state(i)
                } else {
                    MachineState::NoData
                },
                cause: None,
            })
            .collect();
        let horizon = Span::clamped(TsMs(0), TsMs(100_000));
        let drawn = visible(&parts, horizon);
        assert!(drawn.len() <= 500);
        assert_eq!(
            drawn.iter().map(|p| p.span.len()).sum::<DurMs>(),
            horizon.len()
        );
        assert_eq!(drawn.first().map(|p| p.state), Some(MachineState::Running));
        assert_eq!(drawn.last().map(|p| p.state), Some(MachineState::NoData));
        assert_eq!(
            visible(&parts[..400], horizon).len(),
            400,
            "a short one is drawn as it is"
        );
    }
}
