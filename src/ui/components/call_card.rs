//! A call: what for, where, for how long, who comes, what happens next. The same thing stands in the same place in every
//! card, on a wall, a tablet and a telephone; the style sheet decides how large, and what a wall leaves out.

use super::call_acts::call_acts;
use super::kind_icon::kind_icon;
use super::places::{Place, places};
use super::words::words;
use crate::api::andon::CallView;
use crate::domain::local_time::LocalTime;
use crate::ui::calls::{Calls, Open, Seen, more, next, place, stands, timer, told, who};
use crate::ui::clock::Clock;
use leptos::prelude::*;

/// The cards of these calls, each drawn once.
pub fn cards(calls: Calls, open: Vec<Open>) -> Vec<Place> {
    let place = |open: Open| Place::new(open.id.to_string(), move || card(calls, &open));
    open.into_iter().map(place).collect()
}

/// Those that are resolved and wait to be closed, below the open ones.
pub fn resolved(calls: Calls, of: impl Fn() -> Vec<Open> + Send + Sync + 'static) -> AnyView {
    view! {
        <section class="resolved-calls">
            <h2>"Resolved, to be closed"</h2>
            <ul class="calls">{places(move || cards(calls, of()))}</ul>
        </section>
    }
    .into_any()
}

/// By what calls know the reader of a page, as the document around it says.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug)]
pub struct Is(pub String);

fn reader() -> String {
    #[cfg(feature = "ssr")]
    let is = use_context::<Is>().map(|Is(is)| is);
    #[cfg(not(feature = "ssr"))]
    let is = document()
        .body()
        .and_then(|body| body.get_attribute("data-is"));
    is.unwrap_or_default()
}

/// Whether the reader is the one of this letter and number.
fn is(reader: &str, letter: char, number: Option<i64>) -> bool {
    number.is_some_and(|number| {
        let name = format!("{letter}{number}");
        reader.split(' ').any(|one| one == name)
    })
}

/// What a card looks like: how far the call is, how urgent, whether the line stands, whether it can be reopened, whether the
/// reader raised or took it.
fn look(view: &CallView, clock: Clock, reader: &str) -> String {
    let late = view
        .reopen_until
        .is_some_and(|until| clock.or(until) > until);
    let stands = view.call.line_stopped && view.restarted.is_none();
    let (status, priority) = (view.status.name(), view.call.priority.name());
    let own = is(reader, 'p', view.raised_person) || is(reader, 'd', view.raised_device);
    let mine = is(reader, 'p', view.taken_person);
    format!(
        "call {status} {priority}{}{}{}{}",
        if stands { " stands" } else { "" },
        if late { " late" } else { "" },
        if own { " own" } else { "" },
        if mine { " mine" } else { "" }
    )
}

/// A call and what can be done with it.
fn card(calls: Calls, open: &Open) -> AnyView {
    let clock = expect_context::<Clock>();
    let id = open.id;
    let call = open.view.clone();
    let say = |class: &'static str, what: fn(Seen<'_>) -> String| {
        let call = call.clone();
        words(class, move || {
            calls.board.with(|board| {
                let utc = LocalTime::default();
                let local = board.site.as_ref().map_or(&utc, |s| &s.clock);
                let now = clock.or(board.now);
                call.with(|call| {
                    what(Seen {
                        call,
                        now,
                        clock: local,
                    })
                })
            })
        })
    };
    let kind = call.with_untracked(|c| c.call.kind);
    let shown = call.clone();
    let reader = reader();
    let class = move || shown.with(|view| look(view, clock, &reader));
    let sheet = format!("call-{id}");
    let (opens, closes) = (sheet.clone(), sheet.clone());
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
                <div class="call-body">
                    {say("call-timer", timer)}
                    <div class="call-side">
                        {say("call-who", who)}
                        {say("call-next", next)}
                        {say("call-more", more)}
                        {say("call-told", told)}
                    </div>
                </div>
                <button class="button call-open needs-script" type="button" popovertarget=opens data-needs="andon:acknowledge">
                    "Answer"
                </button>
            </div>
            <div class="call-sheet" id=sheet popover="auto">
                <h3 class="call-sheet-name">{kind.words()} ", " {say("", place)}</h3>
                {call_acts(calls, id)}
                <button class="button call-close" type="button" popovertarget=closes popovertargetaction="hide">
                    "Close"
                </button>
            </div>
        </li>
    }
    .into_any()
}
