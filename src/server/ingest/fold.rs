//! Keeps the stored timeline equal to a fresh fold of the stored facts, by folding as little as possible.
//!
//! Facts that come in order are folded on from the machine's head in memory. Facts that come a little late are folded
//! again from a base kept in memory; later ones from the last stored checkpoint before them, up to the point where the
//! fold's memory is what it was before, because from there on nothing can differ.

use crate::domain::fact::{Fact, FactKey};
use crate::domain::fold::{FoldRules, Folded, Head};
use crate::domain::ids::MachineId;
use crate::domain::time::{Span, TsMs};
use crate::server::db::timeline::{self, Checkpoint, Replaced, Rows};
use crate::server::db::{Tx, facts};
use std::collections::HashMap;

/// After this many facts the base moves up to the head's neighbourhood.
const TAIL: usize = 256;

/// A time after every fact.
const END: TsMs = TsMs(i64::MAX);

/// What is remembered of one machine: the head, and the facts since `base`.
#[derive(Clone, Debug, Default)]
struct Memory {
    base: Head,
    tail: Vec<(FactKey, Fact)>,
    head: Head,
}

/// What is remembered of all machines.
#[derive(Clone, Debug, Default)]
pub struct Heads(HashMap<MachineId, Memory>);

impl Heads {
    /// Forgets everything; heads are read again from the database when they are needed.
    pub fn forget(&mut self) {
        self.0.clear();
    }

    /// Takes in facts of one machine that were just appended, and adds the rows that change to `rows`. Returns until
    /// when the timeline may have changed.
    ///
    /// # Errors
    /// The engine's. What is remembered of the machine is then wrong, and must be forgotten.
    pub async fn take_in(
        &mut self,
        tx: &mut Tx,
        machine: MachineId,
        rules: &FoldRules,
        new: Vec<Fact>,
        rows: &mut Rows,
    ) -> sqlx::Result<TsMs> {
        let until = self.fold_in(tx, machine, rules, new, rows).await?;
        self.tell_count(machine, rules, rows);
        Ok(until)
    }

    async fn fold_in(
        &mut self,
        tx: &mut Tx,
        machine: MachineId,
        rules: &FoldRules,
        new: Vec<Fact>,
        rows: &mut Rows,
    ) -> sqlx::Result<TsMs> {
        let mut new: Vec<(FactKey, Fact)> = new.into_iter().map(|f| (f.key(), f)).collect();
        new.sort_by(|a, b| a.0.cmp(&b.0));
        let (Some((first, _)), Some((last, _))) = (new.first(), new.last()) else {
            return Ok(TsMs(i64::MIN));
        };
        let (first, changed) = (first.clone(), Span::clamped(first.at, last.at));
        let Some(memory) = self.0.get_mut(&machine) else {
            let (memory, until) = refold(tx, machine, rules, changed, rows).await?;
            self.0.insert(machine, memory);
            return Ok(until);
        };
        let mut folded = Folded::default();
        if memory.head.is_before(&first) {
            for (_, fact) in &new {
                memory.head.apply(fact, rules, &mut folded);
            }
            memory.tail.append(&mut new);
        } else if memory.base.is_before(&first) {
            memory.tail.append(&mut new);
            memory.tail.sort_by(|a, b| a.0.cmp(&b.0));
            timeline::clear(tx, machine, after(&memory.base)).await?;
            memory.head = memory.base.clone();
            folded = restate(&memory.base);
            for (_, fact) in &memory.tail {
                memory.head.apply(fact, rules, &mut folded);
            }
        } else {
            let until;
            (*memory, until) = refold(tx, machine, rules, changed, rows).await?;
            return Ok(until);
        }
        memory.trim(rules);
        rows.add(machine, folded)?;
        Ok(END)
    }

    /// When a machine with a cycle gap last counted, as its head has it now.
    fn tell_count(&self, machine: MachineId, rules: &FoldRules, rows: &mut Rows) {
        let counted = self.0.get(&machine).and_then(|m| m.head.counted);
        if let (Some(at), Some(_)) = (counted, rules.cycle_gap) {
            rows.counted(machine, at);
        }
    }

    /// Folds a machine's facts anew from the first one, because the rules of its fold changed.
    ///
    /// # Errors
    /// The engine's.
    pub async fn rebuild(
        &mut self,
        tx: &mut Tx,
        machine: MachineId,
        rules: &FoldRules,
        rows: &mut Rows,
    ) -> sqlx::Result<()> {
        let all = Span::clamped(TsMs(i64::MIN), END);
        timeline::clear(
            tx,
            machine,
            Replaced {
                transitions: all,
                minutes: all,
                checkpoints: all,
            },
        )
        .await?;
        let (memory, _) =
            refold(tx, machine, rules, Span::clamped(TsMs(i64::MIN), END), rows).await?;
        self.0.insert(machine, memory);
        self.tell_count(machine, rules, rows);
        Ok(())
    }
}

impl Memory {
    /// Moves the base up when the tail has grown long.
    fn trim(&mut self, rules: &FoldRules) {
        if self.tail.len() > TAIL {
            let mut dropped = Folded::default();
            for (_, fact) in self.tail.drain(..self.tail.len() - TAIL / 2) {
                self.base.apply(&fact, rules, &mut dropped);
            }
        }
    }
}

/// What a fold that starts from `head` replaces.
fn after(head: &Head) -> Replaced {
    let from = |at: Option<TsMs>| Span::clamped(at.unwrap_or(TsMs(i64::MIN)), END);
    Replaced {
        transitions: from(head.since),
        minutes: from(head.last.as_ref().map(|l| l.at.minute())),
        checkpoints: from(head.last.as_ref().map(|l| TsMs(l.at.0.saturating_add(1)))),
    }
}

/// The rows of the interval and the minute that are open at `head`.
fn restate(head: &Head) -> Folded {
    let mut folded = Folded::default();
    if let Some(transition) = head.transition() {
        folded.transitions.insert(transition.from, transition);
    }
    folded.minutes.extend(
        head.minute
            .iter()
            .map(|m| ((m.minute, m.product, m.made_in), m.counts)),
    );
    folded
}

/// Folds from the last checkpoint at or before the start of `changed`. Stops early at a checkpoint after it where the fold's memory is
/// exactly what was stored; the rest of the timeline is then right as it stands. Returns that point with the memory.
async fn refold(
    tx: &mut Tx,
    machine: MachineId,
    rules: &FoldRules,
    changed: Span,
    rows: &mut Rows,
) -> sqlx::Result<(Memory, TsMs)> {
    let start = timeline::checkpoint_before(tx, machine, changed.from()).await?;
    let (mut position, base) =
        start.map_or_else(|| (TsMs(i64::MIN), Head::default()), |c| (c.at, c.head));
    let mut head = base.clone();
    let mut folded = restate(&head);
    let mut memory = Memory {
        base: base.clone(),
        tail: Vec::new(),
        head: Head::default(),
    };
    loop {
        let next = timeline::checkpoint_after(tx, machine, position).await?;
        let until = next.as_ref().map_or(END, |c| c.at);
        let mut facts: Vec<(FactKey, Fact)> = facts::between(tx, machine, position, until)
            .await?
            .into_iter()
            .map(|f| (f.key(), f))
            .collect();
        facts.sort_by(|a, b| a.0.cmp(&b.0));
        memory.base = head.clone();
        for (_, fact) in &facts {
            head.apply(fact, rules, &mut folded);
        }
        memory.tail = facts;
        match next {
            None => {
                timeline::clear(tx, machine, after(&base)).await?;
                rows.add(machine, folded)?;
                break;
            }
            Some(same) if same.head == head && same.at > changed.to() => {
                clear_up_to(tx, machine, &base, &same, &mut folded).await?;
                rows.add(machine, folded)?;
                let until = same.at;
                return Ok((latest(tx, machine, rules, same).await?, until));
            }
            Some(other) => position = other.at,
        }
    }
    memory.head = head;
    memory.trim(rules);
    Ok((memory, END))
}

/// Limits a re-fold to what lies before a checkpoint that did not change. The row of the interval open there is left
/// alone: facts after the checkpoint may have explained or cut it.
async fn clear_up_to(
    tx: &mut Tx,
    machine: MachineId,
    base: &Head,
    same: &Checkpoint,
    folded: &mut Folded,
) -> sqlx::Result<()> {
    let open = same.head.since.unwrap_or(same.at);
    folded.transitions.retain(|from, _| *from < open);
    let whole = after(base);
    let stretch = Replaced {
        transitions: Span::clamped(whole.transitions.from(), open),
        minutes: Span::clamped(whole.minutes.from(), same.at),
        checkpoints: Span::clamped(whole.checkpoints.from(), same.at),
    };
    timeline::clear(tx, machine, stretch).await
}

/// The memory of a machine whose timeline is right: from its last checkpoint on.
async fn latest(
    tx: &mut Tx,
    machine: MachineId,
    rules: &FoldRules,
    known: Checkpoint,
) -> sqlx::Result<Memory> {
    let last = timeline::checkpoint_before(tx, machine, END)
        .await?
        .unwrap_or(known);
    let mut tail: Vec<(FactKey, Fact)> = facts::between(tx, machine, last.at, END)
        .await?
        .into_iter()
        .map(|f| (f.key(), f))
        .collect();
    tail.sort_by(|a, b| a.0.cmp(&b.0));
    let (mut head, mut ignored) = (last.head.clone(), Folded::default());
    for (_, fact) in &tail {
        head.apply(fact, rules, &mut ignored);
    }
    let mut memory = Memory {
        base: last.head,
        tail,
        head,
    };
    memory.trim(rules);
    Ok(memory)
}
