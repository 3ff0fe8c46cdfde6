//! Machines that depend on each other: buffers between them, changeovers and breaks for all of them.

use super::calendar::{DaySchedule, Slot};
use super::chance::{Purpose, stream};
use super::model::{Line, Machine};
use super::plan::{self, Job};
use super::record::{Cause, FaultSpan, Reading, Run};
use super::unit::{Around, Order, Unit};
use super::wear::Wear;
use crate::domain::machine_state::MachineState;

/// The set-up works with the old product's settings for this long; by then the last counts are reported.
const PRODUCT_KNOWN_AFTER_S: i64 = 120;

/// Where a chain stands in the plant.
pub(super) struct Place<'a> {
    pub seed: u64,
    pub line: &'static Line,
    pub line_index: usize,
    pub machines: &'static [Machine],
    /// The place of its first machine in the plant.
    pub first: usize,
    pub plan: &'a DaySchedule,
    /// Age of the line's block at the day's start.
    pub age: i64,
}

/// Pieces between two machines.
#[derive(Clone, Copy, Debug, Default)]
struct Buffer {
    level: u32,
    room: u32,
    seen: (u32, u32),
}

/// A changeover going on.
#[derive(Clone, Copy, Debug)]
struct Changeover {
    job: usize,
    /// When the set-up ends; unknown while the line runs empty.
    until: Option<i64>,
    /// When the new product is known.
    known: Option<i64>,
}

struct Chain<'a> {
    place: Place<'a>,
    units: Vec<Unit>,
    buffers: Vec<Buffer>,
    jobs: Vec<Job>,
    next_job: usize,
    changeover: Option<Changeover>,
}

/// The day of every machine of a chain.
pub(super) fn run(place: Place<'_>) -> Vec<Run> {
    let plan = place.plan;
    let (len, end) = (plan.day.span().len().0 / 1000, plan.end());
    let mut chain = Chain::new(place);
    chain.load_job(0, 0);
    let mut worked = 0;
    for &(from, to, slot) in &plan.slots {
        if slot == Slot::Off {
            chain.rest(from, to);
            continue;
        }
        for now in from..to {
            if now % 60 == 0 {
                for unit in &mut chain.units {
                    unit.refresh(now, worked);
                }
            }
            let order = chain.order(now, slot);
            chain.step(now, order);
            worked += i64::from(slot == Slot::Work);
        }
    }
    chain.finish(len, end)
}

impl<'a> Chain<'a> {
    fn new(place: Place<'a>) -> Self {
        let Place {
            seed,
            machines,
            first,
            plan,
            ..
        } = place;
        let unit = |(i, machine)| {
            let index = first + i;
            let rng = stream(seed, Purpose::Machine, plan.day.number(), index as u64);
            let wear = Wear::new(seed, machine, index, place.line_index, plan, place.age);
            Unit::new(
                machine,
                (seed, index as u64),
                rng,
                wear,
                (plan.night, plan.end()),
            )
        };
        let units: Vec<_> = machines.iter().enumerate().map(unit).collect();
        let buffers = machines
            .iter()
            .map(|m| Buffer {
                room: m.buffer,
                ..Buffer::default()
            })
            .collect();
        let jobs = plan::jobs(seed, place.line, machines, first, plan);
        Self {
            place,
            units,
            buffers,
            jobs,
            next_job: 1,
            changeover: None,
        }
    }

    /// Puts a job's product on every machine.
    fn load_job(&mut self, job: usize, now: i64) {
        let Some(job) = self.jobs.get(job) else {
            return;
        };
        for unit in &mut self.units {
            unit.set_up(&self.place.line.products[job.product]);
            unit.run.products.push((now, job.product, job.name.clone()));
        }
    }

    /// Time outside the shifts: nobody is there.
    fn rest(&mut self, from: i64, to: i64) {
        for unit in &mut self.units {
            unit.step(
                from,
                Order::Stand(Cause::NotScheduled),
                Around {
                    before: None,
                    enough: 0,
                    last: true,
                    room: None,
                    wide: 0,
                },
            );
            let seconds = usize::try_from(to - from).unwrap_or(0);
            unit.run
                .counts
                .extend(std::iter::repeat_n(unit.made, seconds));
            let minutes = ((from + 59) / 60..(to + 59) / 60).count();
            unit.run.speed.extend(std::iter::repeat_n(0.0, minutes));
            if unit.machine.drift.is_some() {
                unit.run
                    .temperature
                    .extend(std::iter::repeat_n(23.0, minutes));
                unit.run.worn.extend(std::iter::repeat_n(0.0, minutes));
            }
        }
    }

    /// What the line wants in this second.
    fn order(&mut self, now: i64, slot: Slot) -> Order {
        match slot {
            Slot::Off => return Order::Stand(Cause::NotScheduled),
            Slot::Maintenance => return Order::Stand(Cause::Maintenance),
            Slot::Clean => {
                if self.changeover.take().is_some() {
                    // What was being set up is not made today.
                    self.units.iter_mut().for_each(|u| u.done = false);
                }
                return Order::Empty(Cause::Clean);
            }
            Slot::Work | Slot::Break => {}
        }
        if self.changeover.is_none()
            && slot == Slot::Work
            && self.jobs.get(self.next_job).is_some_and(|j| j.from <= now)
        {
            self.changeover = Some(Changeover {
                job: self.next_job,
                until: None,
                known: None,
            });
            self.next_job += 1;
        }
        match self.change_over(now) {
            Some(order) => order,
            None if slot == Slot::Break => Order::Pause,
            None => Order::Run,
        }
    }

    /// Goes on with the changeover, if there is one.
    fn change_over(&mut self, now: i64) -> Option<Order> {
        let mut change = self.changeover?;
        if change.until.is_none() && self.units.iter().all(|u| u.done) {
            change.until = Some(now + self.jobs[change.job].setup_s);
            change.known = Some(now + PRODUCT_KNOWN_AFTER_S);
        }
        if change.known.is_some_and(|known| known <= now) {
            change.known = None;
            self.load_job(change.job, now);
        }
        let over = change.until.is_some_and(|until| until <= now);
        self.changeover = (!over).then_some(change);
        (!over).then_some(Order::Empty(Cause::Changeover))
    }

    /// One second of all machines, from the last to the first, so that room made is room used.
    fn step(&mut self, now: i64, order: Order) {
        for i in (0..self.units.len()).rev() {
            let around = self.around(i);
            let before = self.units[i].waits_upstream();
            let (taken, put) = self.units[i].step(now, order, around);
            if i > 0 {
                self.buffers[i - 1].level -= taken;
            }
            if i + 1 < self.units.len() {
                let buffer = &mut self.buffers[i];
                buffer.level += put;
                buffer.seen = (
                    buffer.seen.0.min(buffer.level),
                    buffer.seen.1.max(buffer.level),
                );
            }
            if before != self.units[i].waits_upstream() {
                self.blame(i);
            }
        }
        for unit in &mut self.units {
            unit.run.counts.push(unit.made);
        }
    }

    fn around(&self, i: usize) -> Around {
        // The machine that sets the pace goes on as soon as it can; faster ones wait until it is worth a start.
        let share = if self.units[i].machine.pacing { 8 } else { 2 };
        let before = i.checked_sub(1).map(|up| self.buffers[up]);
        let behind = (i + 1 < self.units.len()).then_some(self.buffers[i]);
        Around {
            before: before.map(|b| b.level),
            enough: before.map_or(0, |b| b.room / share),
            last: i.checked_sub(1).is_none_or(|up| self.units[up].done),
            room: behind.map(|b| b.room - b.level),
            wide: behind.map_or(0, |b| b.room / share),
        }
    }

    /// Writes down which machine a waiting one waits for: the first on the way that does not itself wait so.
    fn blame(&mut self, i: usize) {
        let Some(upstream) = self.units[i].waits_upstream() else {
            return;
        };
        let at_fault = |j: &usize| self.units[*j].waits_upstream() != Some(upstream);
        let culprit = if upstream {
            (0..i).rev().find(at_fault)
        } else {
            (i + 1..self.units.len()).find(at_fault)
        };
        if let Some(last) = self.units[i].run.changes.last_mut() {
            last.waits_for = culprit;
        }
    }

    /// The day is over: what is left in the buffers is thrown away, counters stay, bits that follow from the states
    /// are set.
    fn finish(mut self, len: i64, end: i64) -> Vec<Run> {
        let down: Vec<Vec<(i64, i64)>> = self
            .units
            .iter()
            .map(|u| {
                u.run
                    .stretches(len)
                    .filter(|(c, _)| c.cause == Cause::Breakdown)
                    .map(|(c, to)| (c.at, to))
                    .collect()
            })
            .collect();
        for (i, unit) in self.units.iter_mut().enumerate() {
            let total = usize::try_from(len + 1).unwrap_or(0);
            let run = &mut unit.run;
            // `counts` were pushed after each second; a reading is what stood before it.
            run.counts.insert(0, Reading::default());
            run.counts.resize(total, unit.made);
            (run.buffer, run.left) = (self.buffers[i].seen, self.buffers[i].level);
            let later = down.get(i + 1).map_or(&[][..], Vec::as_slice);
            if let Some(companions) = &unit.machine.companions {
                let bits = derived(run, companions, later, len, end);
                run.faults.extend(bits);
            }
            run.settle_faults();
        }
        self.units.into_iter().map(|u| u.run).collect()
    }
}

/// Bits that follow from the states of this machine and the next.
fn derived(
    run: &Run,
    bits: &super::model::Companions,
    next_down: &[(i64, i64)],
    len: i64,
    end: i64,
) -> Vec<FaultSpan> {
    let mut out = Vec::new();
    for (change, to) in run.stretches(len) {
        let (from, to) = (change.at, to.min(end - 1));
        match change.state {
            MachineState::Running => out.push(FaultSpan {
                code: bits.running,
                from,
                to,
            }),
            MachineState::Changeover => out.push(FaultSpan {
                code: bits.batch,
                from,
                to,
            }),
            MachineState::Blocked => {
                let overlaps = next_down.iter().map(|d| (d.0.max(from), d.1.min(to)));
                out.extend(overlaps.filter(|(a, b)| a < b).map(|(from, to)| FaultSpan {
                    code: bits.downstream,
                    from,
                    to,
                }));
            }
            _ => {}
        }
    }
    out
}
