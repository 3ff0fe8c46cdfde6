//! Who would be called: the same rule, the same steps, the same roster and the same addresses as for a call that is real.

use crate::api::andon::{Cannot, EscalationTree, Rung, RungCall};
use crate::domain::andon::{
    Call, CallFacts, CallKind, Channel, Due, Ladder, Priority, Stamp, Step,
};
use crate::domain::time::TsMs;
use crate::server::andon::Directory;
use crate::server::andon::directory::{Called, slot};
use crate::server::andon::reached::{Way, ways_to};
use crate::server::auth::Ctx;
use crate::server::db::Tx;
use crate::server::delivery::Channels;
use crate::server::plant::{Line, Site};
use crate::server::services::error::{ServiceError, not_found};

/// A call that nobody raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rehearsal<'a> {
    /// On which line: its code.
    pub line: &'a str,
    /// When.
    pub at: TsMs,
    /// What for.
    pub kind: CallKind,
    /// How urgent.
    pub priority: Priority,
}

/// Who would be called for such a call, when, and by what; and who cannot be reached, and why.
///
/// # Errors
/// An unknown line, one out of reach, the engine's.
pub async fn get_escalation_tree(
    ctx: &Ctx,
    call: Rehearsal<'_>,
) -> Result<EscalationTree, ServiceError> {
    let plant = ctx.app().plant.get();
    let line = ctx.line(&plant, call.line)?;
    let site = plant.site.as_ref().ok_or_else(|| not_found("site", ""))?;
    let people = Directory::load(&ctx.app().db).await?;
    let shift = slot(site, line, call.at).shift;
    let (rule, ladder) = people.ladder(CallFacts {
        kind: call.kind,
        priority: call.priority,
        line: line.id,
        shift: shift.as_deref(),
    });
    let raised = Stamp {
        at: call.at,
        by: String::new(),
    };
    let sample = Call::raise(call.kind, call.priority, false, raised);
    let mut chain = Chain {
        tx: ctx.app().db.snapshot().await?,
        channels: &ctx.app().channels,
        people: &people,
        site,
        line,
    };
    let mut rungs = Vec::new();
    for (due, step) in in_order(&ladder, &sample) {
        // Those on duty are those of the shift in which the step comes.
        let at = due.unwrap_or(call.at + step.after);
        rungs.push(chain.rung(due, step, at).await?);
    }
    Ok(EscalationTree {
        at: call.at,
        rule,
        shift,
        rungs,
    })
}

/// The steps in the order in which they come if nobody does anything, then those that wait for somebody to take the call.
fn in_order<'a>(ladder: &'a Ladder, call: &Call) -> Vec<(Option<TsMs>, &'a Step)> {
    let due = ladder.due(call);
    let steps = ladder.steps();
    let timed = due
        .iter()
        .filter_map(|Due { at, step }| Some((Some(*at), steps.get(*step)?)));
    let rest = steps
        .iter()
        .enumerate()
        .filter(|(n, _)| due.iter().all(|d| d.step != *n))
        .map(|(_, step)| (None, step));
    timed.chain(rest).collect()
}

struct Chain<'a> {
    tx: Tx,
    channels: &'a Channels,
    people: &'a Directory,
    site: &'a Site,
    line: &'a Line,
}

impl Chain<'_> {
    async fn rung(
        &mut self,
        due: Option<TsMs>,
        step: &Step,
        at: TsMs,
    ) -> Result<Rung, ServiceError> {
        let mut calls = Vec::new();
        for called in self.people.called(self.site, self.line, &step.to, at) {
            calls.push(self.call(called, &step.via).await?);
        }
        if step.via.contains(&Channel::Webhook) {
            calls.push(self.receivers());
        }
        Ok(Rung {
            at: due,
            after: step.after,
            waits_for: step.trigger.words().to_owned(),
            level: step.level,
            calls,
        })
    }

    async fn call(&mut self, called: Called, via: &[Channel]) -> Result<RungCall, ServiceError> {
        let mut out = RungCall {
            nobody: called.person.is_none(),
            who: called.who,
            via: vec![],
            cannot: vec![],
        };
        if let Some(person) = called.person {
            let ways = ways_to(&mut self.tx, self.channels, self.people, via, person).await?;
            for Way { channel, why_not } in ways {
                match why_not {
                    None => out.via.push(channel),
                    Some(why) => out.cannot.push(Cannot {
                        via: channel,
                        why: why.words().to_owned(),
                    }),
                }
            }
        }
        Ok(out)
    }

    /// Other programs, which are told once a step whomever it calls.
    fn receivers(&self) -> RungCall {
        let name = Channel::Webhook.name();
        let names = self.channels.get(name).map(|c| c.addresses());
        match names.filter(|names| !names.is_empty()) {
            Some(names) => RungCall {
                who: names.join(", "),
                nobody: false,
                via: vec![Channel::Webhook],
                cannot: vec![],
            },
            None => RungCall {
                who: "Other programs".to_owned(),
                nobody: true,
                via: vec![],
                cannot: vec![Cannot {
                    via: Channel::Webhook,
                    why: "it is not set up".to_owned(),
                }],
            },
        }
    }
}
