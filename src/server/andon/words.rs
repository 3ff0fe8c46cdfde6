//! What people are told of calls.

use super::steps::{Around, Why};
use crate::domain::andon::{Channel, Priority, Status, Step, Trigger};
use crate::domain::time::{DurMs, HOUR_MS, MINUTE_MS, TsMs};
use crate::server::calendar;
use crate::server::db::andon::calls::StoredCall;
use crate::server::delivery::{Message, Urgency};

/// Where a call is about.
fn place(around: Around<'_>, call: &StoredCall) -> String {
    let machine = call.spot.machine.and_then(|id| {
        let machines = &around.line.machines;
        machines.iter().find(|machine| machine.id == id)
    });
    match machine {
        Some(machine) => format!("{}, {}", around.line.name, machine.name),
        None => around.line.name.clone(),
    }
}

/// In one line: what for, where, how urgent.
pub(super) fn title(around: Around<'_>, call: &StoredCall) -> String {
    let (kind, priority) = (call.call.kind.words(), call.call.priority.words());
    let place = place(around, call);
    format!("{kind}: {place} ({})", priority.to_lowercase())
}

fn clock(around: Around<'_>, at: TsMs) -> String {
    calendar::date_and_time(&around.site.zone, at)
}

/// That somebody calls, as a step tells it.
pub(super) fn raised(around: Around<'_>, call: &StoredCall, step: &Step, why: Why<'_>) -> Message {
    let raised = &call.call.raised;
    let mut lines = vec![format!(
        "Called at {} by {}.",
        clock(around, raised.at),
        raised.by
    )];
    if let Some(reopened) = &call.call.reopened_last {
        let at = clock(around, reopened.at);
        lines.push(format!("Reopened at {at} by {}.", reopened.by));
    }
    let back = call.call.handed_back.as_ref();
    if let Some(back) = back.filter(|_| call.call.status() == Status::Raised) {
        let at = clock(around, back.at);
        lines.push(format!(
            "{} took it, and cannot come: given back at {at}.",
            back.by
        ));
        if !call.note.is_empty() {
            lines.push(call.note.clone());
        }
    }
    if call.call.line_stopped {
        lines.push("The line stands.".to_owned());
    }
    if !call.text.is_empty() {
        lines.push(call.text.clone());
    }
    match why {
        Why::ByHand(name) => {
            let after = clocked(around.now - call.call.since());
            let level = step.level;
            lines.push(format!("Level {level}: sent up by {name} after {after}."));
        }
        Why::Due(_) if step.trigger == Trigger::Raised => {}
        Why::Due(_) => lines.push(waited(around, call, step)),
    }
    let urgency = match call.call.priority {
        Priority::Low => Urgency::Normal,
        Priority::Medium | Priority::High | Priority::Critical => Urgency::High,
    };
    Message {
        title: title(around, call),
        text: lines.join("\n"),
        link: link(call),
        urgency,
        call: Some(call.id.0),
    }
}

/// `0:20`, `7:30`, `1:05:00`; a clock that was set back shows nothing below zero.
fn clocked(passed: DurMs) -> String {
    let (hours, rest) = (passed.0.max(0) / HOUR_MS, passed.0.max(0) % HOUR_MS);
    let (minutes, seconds) = (rest / MINUTE_MS, rest % MINUTE_MS / 1000);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// For how long a step waits: in minutes where they are whole.
fn length(after: DurMs) -> String {
    let minutes = after.0 / MINUTE_MS;
    match (minutes, after.0 % MINUTE_MS) {
        (1, 0) => "1 minute".to_owned(),
        (2.., 0) => format!("{minutes} minutes"),
        (0, ms) if ms % 1000 == 0 => format!("{} seconds", ms / 1000),
        _ => clocked(after),
    }
}

/// Why somebody further up is called.
fn waited(around: Around<'_>, call: &StoredCall, step: &Step) -> String {
    let length = length(step.after);
    let level = step.level;
    let taken = call.call.acknowledged.as_ref();
    let why = match (step.trigger, taken) {
        (Trigger::NotArrived, Some(taken)) => {
            let at = clock(around, taken.at);
            format!("{} took it at {at} and is not there", taken.by)
        }
        (Trigger::NotResolved, Some(taken)) => {
            format!("not resolved in {length}; {} took it", taken.by)
        }
        (Trigger::NotResolved, None) => format!("not resolved in {length}"),
        _ => format!("nobody took it in {length}"),
    };
    format!("Level {level}: {why}.")
}

/// That a call is over, for those who were woken.
pub(super) fn over(around: Around<'_>, call: &StoredCall) -> Message {
    let made = call.call.made();
    let status = call.call.status().words().to_lowercase();
    let mut text = format!(
        "{} at {} by {}: there is nothing to do.",
        call.call.status().words(),
        clock(around, made.at),
        made.by
    );
    if !call.note.is_empty() {
        text += &format!("\n{}", call.note);
    }
    Message {
        title: format!("Over, {status}: {}", title(around, call)),
        text,
        link: link(call),
        urgency: Urgency::Normal,
        call: Some(call.id.0),
    }
}

/// Several calls in one message: the first lines of each.
pub(super) fn summary(titles: &[String]) -> Message {
    let title = match titles.len() {
        1 => "One more call".to_owned(),
        n => format!("{n} more calls"),
    };
    Message {
        title,
        text: titles.join("\n"),
        link: "/andon".to_owned(),
        urgency: Urgency::High,
        call: None,
    }
}

fn link(call: &StoredCall) -> String {
    format!("/andon/history?call={}", call.id.0)
}

/// Whether something wakes people, so that they are not told by it that they could have slept on.
pub(super) const fn wakes(channel: Channel) -> bool {
    matches!(channel, Channel::Voice)
}
