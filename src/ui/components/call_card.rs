//! A call: what for, where, for how long, who comes, what happens next. The same thing stands in the same place in every
//! card, on a wall, a tablet and a telephone; the style sheet decides how large, and what a wall leaves out.

use super::call_acts::call_acts;
use super::kind_icon::kind_icon;
use super::places::Place;
use super::words::words;
use crate::domain::local_time::LocalTime;
use crate::ui::calls::{Calls, Open, Seen, more, next, place, stands, timer, told, who};
use crate::ui::clock::Clock;
use leptos::prelude::*;

/// The cards of these calls, each drawn once.
pub fn cards(calls: Calls, open: Vec<Open>) -> Vec<Place> {
    let place = |open: Open| Place::new(open.id.to_string(), move || card(calls, &open));
    open.into_iter().map(place).collect()
}

/// A call and what can be done with it.
fn card(calls: Calls, open: &Open) -> AnyView {
    let clock = expect_context::<Clock>();
    let id = open.id;
    let call: RwSignal<_> = open.view.clone().into();
    let say = move |class: &'static str, what: fn(Seen<'_>) -> String| {
        words(class, move || {
            calls.board.with(|board| {
                let utc = LocalTime::default();
                let local = board.site.as_ref().map_or(&utc, |s| &s.clock);
                let now = clock.or(board.now);
                call.with(|call| what(Seen { call, now, clock: local }))
            })
        })
    };
    let kind = call.with_untracked(|c| c.call.kind);
    let class = move || call.with(|c| format!("call {} {}", c.status.name(), c.call.priority.name()));
    let sheet = format!("call-{id}");
    view! {
        <li class=class>
            <div class="call-face">
                <div class="call-head">
                    {kind_icon(kind)}
                    <span class="call-kind">{kind.words()}</span>
                    {say("call-stands", stands)}
                    {say("call-priority", |seen| seen.call.call.priority.words().to_owned())}
                </div>
                <h2>{say("call-place", place)}</h2>
                {say("call-timer", timer)}
                {say("call-who", who)}
                {say("call-next", next)}
                {say("call-more", more)}
                {say("call-told", told)}
                <button class="button call-open needs-script" type="button" popovertarget=sheet.clone() data-needs="andon:acknowledge">
                    "Answer"
                </button>
            </div>
            <div class="call-sheet" id=sheet.clone() popover="auto">
                <h3 class="call-sheet-name">{kind.words()} ", " {say("", place)}</h3>
                {call_acts(calls, id)}
                <button class="button call-close" type="button" popovertarget=sheet popovertargetaction="hide">
                    "Close"
                </button>
            </div>
        </li>
    }
    .into_any()
}
