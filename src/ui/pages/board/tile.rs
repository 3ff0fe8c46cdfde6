//! A line on the board. The same thing stands in the same place in every tile.

use crate::api::andon::CallView;
use crate::api::board::{Progress, Tile};
use crate::domain::condition::{Condition, Tone};
use crate::domain::time::TsMs;
use crate::ui::calls::{Open, brief};
use crate::ui::clock::Clock;
use crate::ui::components::drawn::drawn;
use crate::ui::components::state_chip::{StateChip, StateNow};
use crate::ui::components::words::words;
use crate::ui::format;
use crate::ui::live::Live;
use leptos::prelude::*;

/// Further behind than this share of the target, the distance is worth a colour.
const BEHIND: f64 = 0.05;

/// Made against target at one moment.
#[derive(Clone, Debug, PartialEq)]
struct Hero {
    actual: String,
    of: String,
    pace: Option<String>,
    behind: bool,
}

impl Hero {
    /// `heard`: whether anything was ever heard of the line.
    fn of(
        progress: Option<Progress>,
        condition: Condition,
        heard: bool,
        at: TsMs,
        now: TsMs,
    ) -> Self {
        let progress = progress.filter(|_| heard);
        let Some(progress) = progress else {
            let of = match condition {
                _ if !heard => "never heard",
                Condition::NoData => "not known",
                _ => "not scheduled now",
            };
            return Self {
                actual: "–".to_owned(),
                of: of.to_owned(),
                pace: None,
                behind: false,
            };
        };
        let actual = format::count(progress.actual);
        // Of a silent line the last count is known, and not how far it is now.
        if condition == Condition::NoData {
            let of = "when last heard".to_owned();
            return Self {
                actual,
                of,
                pace: None,
                behind: false,
            };
        }
        let Some(target) = progress.target_at(at, now) else {
            return Self {
                actual,
                of: "made; no ideal rate".to_owned(),
                pace: None,
                behind: false,
            };
        };
        let of = format!("of {} by now", format::pieces(target));
        let distance = progress.actual - format::whole(target);
        let pace = match distance {
            0 => "on target".to_owned(),
            d if d < 0 => format!("▼ {} behind", format::count(-d)),
            d => format!("▲ {} ahead", format::count(d)),
        };
        Self {
            actual,
            of,
            pace: Some(pace),
            behind: (progress.actual as f64) < target * (1.0 - BEHIND),
        }
    }
}

/// A line, as a link to its page.
#[component]
pub fn TileCard(tile: RwSignal<Tile>) -> impl IntoView {
    let present = expect_context::<Clock>();
    let state = Signal::derive(move || {
        tile.with(|t| StateNow {
            condition: t.condition,
            since: t.since,
            at: t.at,
        })
    });
    let calls = expect_context::<Live>().calls;
    let code = tile.with_untracked(|t| t.code.clone());
    // The first is the most urgent one.
    let first = move |say: fn(&CallView, TsMs) -> String| {
        let now = tile.with(|t| present.or(t.at));
        let of = |open: &Open| {
            open.view
                .with(|v| (v.line.code == code).then(|| say(v, now)))
        };
        calls
            .open
            .with(|open| open.iter().find_map(of))
            .unwrap_or_default()
    };
    let first_waits = first.clone();
    let waits = move || first_waits(|v, now| format::stopwatch(now - v.call.since()));
    let help = Memo::new(move |_| first(|v, _| format!("{} · {}", v.call.kind.words(), brief(v))));
    let class = move || {
        let called = if help.with(String::is_empty) {
            ""
        } else {
            " help"
        };
        tile.with(|t| format!("tile {}{called}", t.condition.tone().class()))
    };
    let address = tile.with_untracked(|t| format!("/lines/{}", t.code));
    let hero = Memo::new(move |_| {
        tile.with(|t| {
            let heard = t.heard.is_some();
            Hero::of(t.progress, t.condition, heard, t.at, present.or(t.at))
        })
    });
    // Who comes when help is called, else the reason if there is one, else what runs.
    let detail = Memo::new(move |_| {
        tile.with(|t| {
            let help = help.get();
            if !help.is_empty() {
                // The call has taken the place of the state, which is worth a word unless all is well.
                return Some(match t.condition.tone() {
                    Tone::Calm => help,
                    _ => format!("{} · {help}", t.condition.word()),
                });
            }
            let silent = t.heard.filter(|_| t.condition == Condition::NoData);
            let silence = silent.map(|heard| {
                format!(
                    "not heard for {}",
                    format::duration(present.or(t.at) - heard)
                )
            });
            t.detail.clone().or(silence).or_else(|| t.product.clone())
        })
    });
    let hours = Memo::new(move |_| tile.with(|t| t.hours.clone()));
    let oee = move || tile.with(|t| t.oee.percent());
    let why = move || tile.with(|t| t.oee.why().map_or("", |why| why.words()).to_owned());
    let down = move || tile.with(|t| t.down.map_or_else(|| "–".to_owned(), format::duration));
    let age = Memo::new(move |_| {
        tile.with(|t| {
            t.heard.map_or_else(
                || "never heard".to_owned(),
                |heard| format::age(present.or(t.at) - heard),
            )
        })
    });

    view! {
        <a class=class href=address>
            <header class="tile-head">
                <h2 class="tile-name">{words("", move || tile.with(|t| t.name.clone()))}</h2>
                <StateChip state=state />
                <span class="state help-called">
                    <svg class="shape filled" viewBox="0 0 16 16" aria-hidden="true">
                        <path d="M8 1l7 7l-7 7l-7-7z" />
                    </svg>
                    "Help called"
                    {words("state-time", waits)}
                </span>
            </header>
            <div class="hero">
                <p class="hero-line">
                    {words("actual", move || hero.with(|h| h.actual.clone()))}
                    " "
                    {words("of", move || hero.with(|h| h.of.clone()))}
                </p>
                <p class="pace" class:behind=move || hero.with(|h| h.behind)>
                    {words("", move || hero.with(|h| h.pace.clone().unwrap_or_default()))}
                </p>
                <p class="detail">{words("", move || detail.get().unwrap_or_default())}</p>
            </div>
            {drawn(hours)}
            <p class="tile-foot">
                <span>"OEE " <b>{words("", oee)}</b>" "{words("why", why)}</span>
                <span>"down " <b>{words("", down)}</b></span>
                {words("age", move || age.get())}
            </p>
        </a>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(actual: i64, target: Option<f64>) -> Option<Progress> {
        Some(Progress {
            actual,
            target,
            target_per_h: 3_600.0,
            grows_until: TsMs(10_000),
        })
    }

    fn hero(progress: Option<Progress>, condition: Condition, now: i64) -> Hero {
        Hero::of(progress, condition, true, TsMs(0), TsMs(now))
    }

    #[test]
    fn the_target_moves_on_until_the_break() {
        let of = |now| hero(progress(100, Some(100.0)), Condition::Running, now).of;
        assert_eq!(of(0), "of 100 by now");
        assert_eq!(of(4_000), "of 104 by now");
        assert_eq!(of(99_000), "of 110 by now");
    }

    #[test]
    fn how_far_a_silent_line_is_nobody_knows() {
        let silent = hero(progress(100, Some(100.0)), Condition::NoData, 9_000);
        assert_eq!(
            (silent.actual.as_str(), silent.of.as_str()),
            ("100", "when last heard")
        );
        assert_eq!((silent.pace, silent.behind), (None, false));
    }

    #[test]
    fn the_distance_is_said_in_pieces_and_coloured_only_when_it_is_far() {
        let at = |actual| hero(progress(actual, Some(10_000.0)), Condition::Running, 0);
        assert_eq!(at(10_000).pace.as_deref(), Some("on target"));
        assert_eq!(
            (at(9_900).pace.as_deref(), at(9_900).behind),
            (Some("▼ 100 behind"), false)
        );
        assert_eq!(
            (at(9_400).pace.as_deref(), at(9_400).behind),
            (Some("▼ 600 behind"), true)
        );
        assert_eq!(at(10_020).pace.as_deref(), Some("▲ 20 ahead"));
    }

    #[test]
    fn what_is_not_known_is_not_zero() {
        assert_eq!(hero(None, Condition::NoData, 0).actual, "–");
        let made = progress(0, Some(10.0));
        let never = Hero::of(made, Condition::NoData, false, TsMs(0), TsMs(0));
        assert_eq!(
            (never.actual.as_str(), never.of.as_str()),
            ("–", "never heard")
        );
        assert_eq!(hero(progress(5, None), Condition::Running, 0).pace, None);
    }
}
