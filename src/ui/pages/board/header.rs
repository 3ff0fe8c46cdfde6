//! The head of the board: where and when on the left, how it goes on the right.

use super::model::BoardModel;
use crate::api::board::ShiftView;
use crate::ui::clock::Clock;
use crate::ui::components::words::words;
use crate::ui::live::Live;
use leptos::prelude::*;

/// The shift, if all lines that are in one are in it from and to the same time. Lines may call it differently; then it
/// has no name.
fn common_shift(model: BoardModel) -> Option<ShiftView> {
    let mut common: Option<ShiftView> = None;
    for slot in model.tiles.get() {
        match (slot.tile.with(|t| t.shift.clone()), &mut common) {
            (None, _) => {}
            (Some(shift), None) => common = Some(shift),
            (Some(shift), Some(other)) if shift.span != other.span => return None,
            (Some(shift), Some(other)) => {
                if shift.name != other.name {
                    "Shift".clone_into(&mut other.name);
                }
            }
        }
    }
    common
}

/// The head of the board.
#[component]
pub fn BoardHeader(model: BoardModel) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let calls = expect_context::<Live>().calls;
    let name = move || {
        model.site.with(|s| {
            s.as_ref()
                .map_or_else(|| "MS5 Floor".to_owned(), |s| s.name.clone())
        })
    };
    let simulated = move || {
        let simulated = model.site.with(|s| s.as_ref().is_some_and(|s| s.simulated));
        simulated.then(|| view! { <span class="tag">"simulated plant"</span> })
    };
    let shift = Memo::new(move |_| common_shift(model));
    let shift_words = move || {
        let ShiftView { name, span } = shift.get()?;
        model.site.with(|s| {
            let local = &s.as_ref()?.clock;
            Some(format!(
                "{name} {} – {}",
                local.clock(span.from()),
                local.clock(span.to())
            ))
        })
    };
    let time = Memo::new(move |_| {
        let now = clock.or(model.read_at.get());
        model.site.with(|s| s.as_ref().map(|s| s.clock.clock(now)))
    });
    let why = move || {
        model
            .oee
            .get()
            .why()
            .map(|why| view! { <small>{why.words()}</small> })
    };
    let lines = move || format!("{} of {}", model.running(), model.tiles.with(Vec::len));

    view! {
        <header class="page-head">
            <h1 tabindex="-1">{words("", name)}</h1>
            <span class="muted shift">{shift_words}</span>
            {simulated}
            <div class="key-figures" class:unseen=move || model.site.with(Option::is_none)>
                <span class="key-figure">
                    "OEE "
                    <b>{words("", move || model.oee.get().percent())}</b>
                    {why}
                </span>
                <span class="key-figure">"lines running " <b>{words("", lines)}</b></span>
                <a class="key-figure open-calls" href="/andon" data-needs="andon:read">
                    "open calls " <b>{words("", move || calls.open.with(Vec::len).to_string())}</b>
                </a>
                <span class="key-figure clock"><b>{words("", move || time.get().unwrap_or_default())}</b></span>
            </div>
        </header>
    }
    .into_any()
}
