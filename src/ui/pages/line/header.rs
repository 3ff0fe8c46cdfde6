//! Which line, which stretch of time, what it does now.

use super::model::LineModel;
use crate::api::line::{LineView, WindowKind};
use crate::domain::time::{DAY_MS, DurMs, MINUTE_MS, Span, TsMs};
use crate::ui::clock::Clock;
use crate::ui::components::state_chip::{StateChip, StateNow};
use crate::ui::components::views::{View, views};
use crate::ui::components::words::words;
use leptos::prelude::*;
use std::sync::Arc;

/// The stretch of time in words.
fn window_words(view: &LineView) -> String {
    let clock = &view.site.clock;
    let span = view.horizon;
    match &view.kind {
        WindowKind::Shift(name) => format!(
            "{name} {} – {}",
            clock.clock(span.from()),
            clock.clock(span.to())
        ),
        WindowKind::LastDay => "The last 24 hours".to_owned(),
        WindowKind::Chosen if clock.day(span.from()) == span => clock.date(span.from()),
        WindowKind::Chosen => {
            let (first, last) = (clock.date(span.from()), clock.date(span.to()));
            let (from, to) = (clock.clock(span.from()), clock.clock(span.to()));
            if first == last {
                format!("{first} {from} – {to}")
            } else {
                format!("{first} {from} – {last} {to}")
            }
        }
    }
}

/// The page of a line over a stretch of time.
pub fn address(code: &str, span: Span) -> String {
    format!("/lines/{code}?from={}&to={}", span.from().0, span.to().0)
}

/// Wider than this the page does not go by itself: a ribbon of years says nothing.
const WIDEST: DurMs = DurMs(35 * DAY_MS);

/// Ways to other stretches of time: as long, before and after; and back to now.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ways {
    before: String,
    after: Option<String>,
    now: Option<String>,
    closer: Option<String>,
    wider: String,
}

fn ways(view: &LineView) -> Ways {
    let minute = |at: TsMs| TsMs(at.0 - at.0.rem_euclid(MINUTE_MS));
    let span = Span::clamped(minute(view.horizon.from()), minute(view.horizon.to()));
    let code = &view.tile.code;
    let chosen = view.kind == WindowKind::Chosen;
    let after = Span::clamped(span.to(), span.to() + span.len());
    let around = |len: i64| {
        let middle = span.from().0 + span.len().0 / 2;
        let from = TsMs((middle - len / 2).max(0));
        Span::clamped(minute(from), minute(from + DurMs(len)))
    };
    Ways {
        closer: (span.len().0 >= 4 * MINUTE_MS).then(|| address(code, around(span.len().0 / 2))),
        wider: address(code, around((span.len().0 * 2).min(WIDEST.0))),
        before: address(code, Span::clamped(span.from() - span.len(), span.from())),
        after: (chosen && after.from() < view.now).then(|| address(code, after)),
        now: chosen.then(|| format!("/lines/{code}")),
    }
}

/// A way, as long as it leads anywhere: its class, its words, a sign after them.
fn way(
    (class, name, sign): (&'static str, &'static str, Option<&'static str>),
    to: impl Fn() -> Option<String> + Send + Sync + 'static,
) -> AnyView {
    link(class, name, sign, Arc::new(to))
}

fn link(
    class: &'static str,
    name: &'static str,
    sign: Option<&'static str>,
    to: Arc<dyn Fn() -> Option<String> + Send + Sync>,
) -> AnyView {
    let drawn = move |href: String| {
        view! {
            <a class=class href=href>
                {name}
                {sign.map(|sign| view! { <span aria-hidden="true">{sign}</span> })}
            </a>
        }
    };
    view! { {move || to().map(drawn)} }.into_any()
}

/// The head of the page.
#[component]
pub fn LineHeader(model: LineModel) -> impl IntoView {
    let present = expect_context::<Clock>();
    let name = model.part(|v| v.tile.name.clone());
    let window = model.part(window_words);
    let ways = model.part(ways);
    let simulated = model.part(|v| v.site.simulated);
    let product = model.part(|v| v.tile.product.clone());
    let detail = model.part(|v| v.tile.detail.clone());
    let state = model.part(|v| StateNow {
        condition: v.tile.condition,
        since: v.tile.since,
        at: v.now,
    });
    let tone = move || format!("now-panel {}", state.get().condition.tone().class());
    let time = Memo::new(move |_| model.view.with(|v| v.site.clock.clock(present.or(v.now))));
    let tabs = model.view.with_untracked(|v| {
        let line = format!("/lines/{}", v.tile.code);
        let chosen = (v.kind == WindowKind::Chosen).then(|| address(&v.tile.code, v.horizon));
        views(View::Now, |to| match (to, &chosen) {
            (View::Now, _) => line.clone(),
            (to, Some(chosen)) => format!("{chosen}&view={}", to.name()),
            (to, None) => format!("{line}?view={}", to.name()),
        })
    });

    view! {
        <header class="page-head line-head">
            <a class="button back" href="/">
                <span aria-hidden="true">"‹"</span>
                "Board"
            </a>
            <div class="line-title">
                <h1 tabindex="-1">{words("", move || name.get())}</h1>
                <p class="muted">
                    {words("", move || product.get().unwrap_or_default())}
                    {move || simulated.get().then(|| view! { " " <span class="tag">"simulated plant"</span> })}
                </p>
            </div>
            <div class=tone>
                <StateChip state=state />
                <span class="now-detail">{move || detail.get()}</span>
            </div>
            <span class="key-figure clock">
                <b>{words("", move || time.get())}</b>
            </span>
            {tabs}
        </header>
        <nav class="window-nav" aria-label="Stretch of time">
            <a class="button" href=move || ways.get().before>
                <span aria-hidden="true">"‹"</span>
                "Earlier"
            </a>
            <strong>{words("window-words", move || window.get())}</strong>
            {way(("button", "Later", Some("›")), move || ways.get().after)}
            {way(("button", "Now", None), move || ways.get().now)}
            <span class="picks">
                {way(("pick", "Zoom in", None), move || ways.get().closer)}
                <a class="pick" href=move || ways.get().wider>
                    "Zoom out"
                </a>
            </span>
        </nav>
    }
    .into_any()
}
