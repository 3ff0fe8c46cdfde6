//! What a call says, in words. Pure: a view, the time, the site's clock.

use crate::api::andon::{CallView, Outcome, Told};
use crate::domain::andon::{Channel, Status};
use crate::domain::local_time::LocalTime;
use crate::domain::time::{DAY_MS, DurMs, HOUR_MS, MINUTE_MS, TsMs};
use crate::ui::format;

/// So many of those who were told are named.
const NAMED: usize = 8;

/// A call as it is seen at a moment.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    /// The call.
    pub call: &'a CallView,
    /// The present.
    pub now: TsMs,
    /// The site's clock.
    pub clock: &'a LocalTime,
}

/// Where: `Bagger · Bagger head`.
#[must_use]
pub fn place(seen: Seen<'_>) -> String {
    let CallView { line, machine, .. } = seen.call;
    machine.as_ref().map_or_else(
        || line.name.clone(),
        |machine| format!("{} · {}", line.name, machine.name),
    )
}

/// How long it waits, or how long ago it was over, short enough for a number that is read from afar: `12:34`, `1:02 h`,
/// `2 d 3 h`.
#[must_use]
pub fn timer(seen: Seen<'_>) -> String {
    let CallView { call, status, .. } = seen.call;
    let since = if status.is_open() {
        call.since()
    } else {
        call.made().at
    };
    length(seen.now - since)
}

/// The same of a length.
#[must_use]
pub fn length(waits: DurMs) -> String {
    match waits.0 {
        HOUR_MS..DAY_MS => {
            let minutes = waits.0 / MINUTE_MS;
            format!("{}:{:02} h", minutes / 60, minutes % 60)
        }
        _ => format::stopwatch(waits),
    }
}

/// What somebody is called for, and to how many other calls.
#[must_use]
pub fn called(view: &CallView, others: usize) -> String {
    let mut out = format!("You are called: {}", view.call.kind.words());
    if let Some(machine) = &view.machine {
        out = format!("{out}, {}", machine.name);
    }
    out = format!("{out}, {}", view.line.name);
    match others {
        0 => out,
        1 => format!("{out}, and to one more call"),
        more => format!("{out}, and to {more} more calls"),
    }
}

/// Who takes care of it.
#[must_use]
pub fn brief(view: &CallView) -> String {
    let by = &view.call.made().by;
    match view.status {
        Status::Raised if view.call.handed_back.is_some() => {
            format!("{by} cannot come: nobody comes yet")
        }
        Status::Raised if view.call.reopened > 0 => format!("Reopened by {by}: nobody comes yet"),
        Status::Raised => "Nobody comes yet".to_owned(),
        Status::Acknowledged => format!("{by} is coming"),
        Status::Arrived => format!("{by} is there"),
        status => format!("{} by {by}", status.words()),
    }
}

/// Who takes care of it, and when they are there: first what is read from afar, also where a long name is cut off.
#[must_use]
pub fn who(seen: Seen<'_>) -> String {
    let call = &seen.call.call;
    let by = &call.made().by;
    match (seen.call.status, call.eta) {
        (Status::Acknowledged, Some(eta)) if eta > seen.now => {
            format!("Comes in {}: {by}", format::stopwatch(eta - seen.now))
        }
        (Status::Acknowledged, Some(eta)) => {
            format!("{} late: {by}", format::stopwatch(seen.now - eta))
        }
        _ => brief(seen.call),
    }
}

/// What happens next when nobody does anything.
#[must_use]
pub fn next(seen: Seen<'_>) -> String {
    if !seen.call.status.is_open() {
        let until = seen.call.reopen_until.filter(|until| *until >= seen.now);
        return until.map_or_else(
            || "Too late to be reopened".to_owned(),
            |until| format!("Can be reopened until {}", seen.clock.clock(until)),
        );
    }
    let Some(next) = &seen.call.next else {
        return "Nobody else will be called".to_owned();
    };
    let left = next.at - seen.now;
    let when = if left.0 > 0 {
        format!("in {}", format::stopwatch(left))
    } else {
        "now".to_owned()
    };
    format!("Next {when}, level {}: {}", next.level, some(&next.who))
}

/// Whether the line stands because of it.
#[must_use]
pub fn stands(seen: Seen<'_>) -> String {
    let CallView {
        call, restarted, ..
    } = seen.call;
    let words = match (call.line_stopped, restarted) {
        (true, None) => "Line stopped",
        (true, Some(_)) => "Runs again",
        (false, _) => "",
    };
    words.to_owned()
}

/// Who called, how often, and what they said.
#[must_use]
pub fn more(seen: Seen<'_>) -> String {
    let CallView {
        call, raises, text, ..
    } = seen.call;
    let mut out = format!(
        "Called by {} at {}",
        call.raised.by,
        seen.clock.clock(call.raised.at)
    );
    if *raises > 1 {
        out = format!("{out}, {raises} times");
    }
    if !text.is_empty() {
        out = format!("{out}: {text}");
    }
    out
}

/// How much is known of whether somebody heard: the less the better.
const fn doubt(outcome: Outcome) -> usize {
    match outcome {
        Outcome::Sent | Outcome::Waiting | Outcome::Merged => 0,
        Outcome::Shown => 1,
        Outcome::Failed => 2,
    }
}

/// Who was told, by what and when; on whose screens it only stands, so that nobody knows whether they look; and who is not
/// reached. Each person stands where the least doubt is: by what else they are not reached is for the desk.
#[must_use]
pub fn told(seen: Seen<'_>) -> String {
    let all = &seen.call.told;
    if all.is_empty() {
        return "Nobody was told yet".to_owned();
    }
    let one = |told: &Told| {
        let outcome = match told.outcome {
            Outcome::Shown | Outcome::Failed => return told.who.clone(),
            // Whether it arrived nobody knows: what bounces later goes to the sender's mailbox.
            Outcome::Sent if told.via == Channel::Email => ", to the mail server",
            Outcome::Sent => "",
            Outcome::Waiting => ", on its way",
            Outcome::Merged => ", in a summary",
        };
        let (via, at) = (told.via.words(), seen.clock.clock(told.at));
        format!("{} ({via} {at}{outcome})", told.who)
    };
    let mut parts = Vec::new();
    for (most, words) in ["Told", "On their screens", "Not reached"]
        .iter()
        .enumerate()
    {
        let mut names: Vec<String> = Vec::new();
        for told in all.iter().filter(|told| doubt(told.outcome) == most) {
            let surer = |other: &Told| other.who == told.who && doubt(other.outcome) < most;
            let name = one(told);
            if !all.iter().any(surer) && !names.contains(&name) {
                names.push(name);
            }
        }
        if !names.is_empty() {
            parts.push(format!("{words}: {}", some(&names)));
        }
    }
    parts.join(". ")
}

/// The first of them.
fn some(all: &[String]) -> String {
    let named = all.get(..NAMED).unwrap_or(all).join(", ");
    match all.len().saturating_sub(NAMED) {
        0 => named,
        others => format!("{named} and {others} others"),
    }
}

/// How long ago the last call was over.
#[must_use]
pub fn last_over(at: TsMs, now: TsMs, clock: &LocalTime) -> String {
    let ago = format::duration(DurMs((now - at).0.max(0)));
    format!("The last one was over at {}, {ago} ago", clock.clock(at))
}
