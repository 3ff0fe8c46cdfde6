//! What the figures of a line are computed from, over a window of time.

mod fetch;

pub use fetch::{read, read_all, read_in, read_stop_in, read_time, read_times};

use crate::domain::account::{Account, MinuteCount};
use crate::domain::classification::Classification;
use crate::domain::ids::MachineId;
use crate::domain::part::Part;
use crate::domain::plant::Coupling;
use crate::domain::reckon::{MachineWindow, account, planned_production, reckon};
use crate::domain::shift::{Schedule, ShiftInstance};
use crate::domain::time::{DAY_MS, DurMs, MINUTE_MS, Span, TsMs};
use crate::domain::timeline::{Interval, Transition};
use crate::server::calendar;
use crate::server::plant::{Line, Machine, Plant, Site};
use crate::server::rollup::read::LineSums;

/// One machine over a window.
#[derive(Clone, Debug)]
pub struct MachineData {
    /// Which.
    pub id: MachineId,
    /// State intervals, with the whole stops that the window's edges cut.
    pub intervals: Vec<Interval>,
    /// The same cut by causes, with the stops that they belong to.
    pub parts: Vec<Part>,
    /// The transitions behind them, uncut.
    pub transitions: Vec<Transition>,
    /// What people said about its stops.
    pub said: Vec<Classification>,
    /// Counts by minute, inside the window.
    pub minutes: Vec<MinuteCount>,
    /// When its timeline begins.
    pub first: Option<TsMs>,
    /// When it was last heard.
    pub heard: Option<TsMs>,
}

impl MachineData {
    /// When it is there: from when it came to the plant on, and as long before as it was heard.
    #[must_use]
    pub fn there(&self, line: &Line) -> Span {
        let machine = line.machines.iter().find(|m| m.id == self.id);
        let came = machine.map_or(Span::EVER.from(), |m| m.since);
        Span::clamped(
            self.first.map_or(came, |first| came.min(first)),
            Span::EVER.to(),
        )
    }
}

/// A line over a window.
#[derive(Clone, Debug)]
pub struct LineData {
    /// The window; it never reaches past now.
    pub window: Span,
    /// When production was planned in it and until the end of the running shift.
    pub schedule: Schedule,
    /// Its machines in the order of flow.
    pub machines: Vec<MachineData>,
}

/// The stretch that a line's live figures are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Focus {
    /// The shift that runs now, or the last one that ended within a day; `None` without a calendar.
    pub shift: Option<ShiftInstance>,
    /// From its start to its end, or the last 24 hours.
    pub horizon: Span,
}

/// What a line's live figures are about at `now`.
#[must_use]
pub fn focus(site: &Site, line: &Line, now: TsMs) -> Focus {
    let last_day = Span::clamped(TsMs((now - DurMs(DAY_MS)).minute().0 + MINUTE_MS), now);
    let shift = calendar::shift_at(site, line, now)
        .or_else(|| calendar::shifts(site, line, last_day).pop());
    let horizon = shift.as_ref().map_or(last_day, |s| s.span);
    Focus { shift, horizon }
}

impl LineData {
    /// The data of one machine.
    #[must_use]
    pub fn machine(&self, id: MachineId) -> Option<&MachineData> {
        self.machines.iter().find(|m| m.id == id)
    }

    /// The account of one machine over `window`, which lies inside the data's.
    #[must_use]
    pub fn machine_account(
        &self,
        plant: &Plant,
        line: &Line,
        data: &MachineData,
        window: Span,
    ) -> Account {
        let rate = |product, at| plant.rate(data.id, product, at);
        account(window, &self.inputs(line, data, &data.minutes), rate)
    }

    /// All that the line is accounted for: each machine, and the line itself where it has an account of its own, in as
    /// many pieces as other machines set its pace or end it; with the machine whose ideal rates hold.
    fn accounted<'a>(
        &'a self,
        line: &'a Line,
    ) -> impl Iterator<Item = (Option<MachineId>, MachineWindow<'a>, MachineId)> {
        let machines = self
            .machines
            .iter()
            .map(|m| (Some(m.id), self.inputs(line, m, &m.minutes), m.id));
        let own = self.line_inputs(line).into_iter();
        machines.chain(own.map(|(inputs, pacing)| (None, inputs, pacing)))
    }

    /// What the line and its machines did in `window`, which lies inside the data's.
    #[must_use]
    pub fn sums(&self, plant: &Plant, line: &Line, window: Span) -> LineSums {
        let mut sums = LineSums::of_line(line);
        for (whose, inputs, rated_as) in self.accounted(line) {
            let reckoned = reckon(window, &inputs, |product, at| {
                plant.rate(rated_as, product, at)
            });
            *sums.of(whose) += &reckoned;
        }
        sums
    }

    /// When the machine that sets the line's pace was planned to produce in `window`, which lies inside the data's: stretches
    /// in order, without overlap.
    #[must_use]
    pub fn planned_production(&self, line: &Line, window: Span) -> Vec<Span> {
        let pacing = line.pacing().and_then(|m| self.machine(m.id));
        pacing.map_or_else(Vec::new, |data| {
            planned_production(window, &self.inputs(line, data, &[]))
        })
    }

    fn inputs<'a>(
        &'a self,
        line: &Line,
        data: &'a MachineData,
        minutes: &'a [MinuteCount],
    ) -> MachineWindow<'a> {
        MachineWindow {
            parts: &data.parts,
            minutes,
            schedule: &self.schedule,
            rules: line.rules,
            first_fact: data.first,
            there: data.there(line),
            counted_elsewhere: false,
        }
    }

    /// The pacing machine's time with the pieces that leave the line, as long as these two machines are the same; nothing
    /// for machines side by side.
    fn line_inputs(&self, line: &Line) -> Vec<(MachineWindow<'_>, MachineId)> {
        if line.coupling == Coupling::Parallel {
            return vec![];
        }
        let from = |m: &MachineData| m.there(line).from();
        let mut cuts: Vec<TsMs> = self.machines.iter().map(from).collect();
        cuts.sort();
        cuts.dedup();
        let ends = cuts.iter().skip(1).copied().chain([Span::EVER.to()]);
        let piece = |(since, until): (&TsMs, TsMs)| {
            let there = |m: &Machine| self.machine(m.id).is_some_and(|m| from(m) <= *since);
            let pacing = self.machine(line.pacing_among(there)?.id)?;
            let output = self.machine(line.output_among(there)?.id)?;
            let inputs = MachineWindow {
                there: Span::clamped(*since, until),
                counted_elsewhere: pacing.id != output.id,
                ..self.inputs(line, pacing, &output.minutes)
            };
            Some((inputs, pacing.id))
        };
        cuts.iter().zip(ends).filter_map(piece).collect()
    }

    /// The sum over the machines: asset OEE.
    #[must_use]
    pub fn asset_account(&self, plant: &Plant, line: &Line, window: Span) -> Account {
        let mut sum = Account::default();
        for machine in &self.machines {
            sum += self.machine_account(plant, line, machine, window);
        }
        sum
    }

    /// The time of the machine that sets the pace and the pieces that leave the line, at the pacing machine's ideal
    /// rate: line OEE. `None` for machines side by side.
    #[must_use]
    pub fn line_account(&self, plant: &Plant, line: &Line, window: Span) -> Option<Account> {
        let pieces = self.line_inputs(line);
        let of_piece = |(inputs, pacing): &(MachineWindow<'_>, MachineId)| {
            account(window, inputs, |product, at| {
                plant.rate(*pacing, product, at)
            })
        };
        (!pieces.is_empty()).then(|| pieces.iter().map(of_piece).sum())
    }

    /// The machines whose pieces are the line's: the last of a serial line, all of a parallel one.
    pub fn counted<'a>(&'a self, line: &'a Line) -> impl Iterator<Item = &'a MachineData> {
        let output = match line.coupling {
            Coupling::Serial => line.output().map(|m| m.id),
            Coupling::Parallel => None,
        };
        self.machines
            .iter()
            .filter(move |m| output.is_none_or(|id| m.id == id))
    }

    /// The machines whose ideal rate is the line's: the pacing one of a serial line, all of a parallel one.
    pub fn paced<'a>(&'a self, line: &'a Line) -> impl Iterator<Item = &'a MachineData> {
        let pacing = match line.coupling {
            Coupling::Serial => line.pacing().map(|m| m.id),
            Coupling::Parallel => None,
        };
        self.machines
            .iter()
            .filter(move |m| pacing.is_none_or(|id| m.id == id))
    }
}

/// Since when the machine is in the state of its last interval, as far back as the data reach.
#[must_use]
pub fn since(data: &MachineData) -> Option<TsMs> {
    let last = data.intervals.last()?;
    let same = data
        .intervals
        .iter()
        .rev()
        .take_while(|i| i.state == last.state);
    let first = same.last()?;
    // The first interval is cut at the window's edge; its transition is not. What was concluded from silence or from
    // missing counts has none.
    let mut before = data.transitions.iter().rev();
    let uncut = before
        .find(|t| t.from <= first.span.from())
        .filter(|t| t.state == first.state);
    Some(uncut.map_or(first.span.from(), |t| t.from))
}
