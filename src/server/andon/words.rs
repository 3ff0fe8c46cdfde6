//! What people are told of calls.

use super::steps::Around;
use crate::domain::andon::{Channel, Priority, Status, Step, Trigger};
use crate::domain::time::TsMs;
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
pub(super) fn raised(around: Around<'_>, call: &StoredCall, step: &Step) -> Message {
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
    if step.trigger != Trigger::Raised {
        lines.push(waited(around, call, step));
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

/// Why somebody further up is called.
fn waited(around: Around<'_>, call: &StoredCall, step: &Step) -> String {
    let minutes = step.after.secs() / 60.0;
    let level = step.level;
    let taken = call.call.acknowledged.as_ref();
    let why = match (step.trigger, taken) {
        (Trigger::NotArrived, Some(taken)) => {
            let at = clock(around, taken.at);
            format!("{} took it at {at} and is not there", taken.by)
        }
        (Trigger::NotResolved, Some(taken)) => {
            format!("not resolved in {minutes:.0} minutes; {} took it", taken.by)
        }
        (Trigger::NotResolved, None) => format!("not resolved in {minutes:.0} minutes"),
        _ => format!("nobody took it in {minutes:.0} minutes"),
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
