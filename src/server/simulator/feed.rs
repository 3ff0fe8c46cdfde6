//! A day's record as ingest items.
//!
//! States, faults and products are told at the whole second at which they change. Counters are read 0.1 s before the
//! end of a second, so that a reading never stands at the same instant as a change and the pieces made before a
//! change are told before it. The id of an item is made of what it tells and when: telling a stretch again, coarser
//! or finer, repeats ids with the same content.

use super::DayRun;
use super::Sampling;
use super::model::{Line, Machine};
use super::plant::each_machine;
use super::record::{Change, Reading, Run};
use crate::api::ingest::{At, Item, ItemKind};
use crate::domain::fact::Channel;
use crate::domain::machine_state::MachineState;
use crate::domain::time::TsMs;

/// Seconds between a machine's signs of life when nothing else happens, in live operation.
const LIVE_HEARTBEAT_S: i64 = 60;
/// Signs of life in history come this much earlier than silence would count as no data, in seconds.
const HEARTBEAT_MARGIN_S: i64 = 20;
/// Counters are read this long after the start of a second, in milliseconds.
const READ_AT_MS: i64 = 900;

impl DayRun {
    /// What the machines report in the part of `[from, to)` that lies in this day, in order of time.
    #[must_use]
    pub fn items(&self, from: TsMs, to: TsMs, sampling: Sampling) -> Vec<Item> {
        let mut out: Vec<(i64, usize, u8, Item)> = Vec::new();
        for (place, ((line, machine), run)) in each_machine().zip(&self.runs).enumerate() {
            let mut teller = Teller::new(self, line, machine, run);
            match sampling {
                Sampling::History => {
                    teller.tell(0, teller.len, sampling);
                    teller.keep_alive();
                }
                Sampling::Live => {
                    // A second more on both sides: readings do not stand on whole seconds.
                    let second = |at: TsMs| (at - self.span.from()).0.div_euclid(1000);
                    teller.tell(
                        (second(from) - 1).max(0),
                        (second(to) + 2).min(teller.len),
                        sampling,
                    );
                }
            }
            let told = teller
                .out
                .into_iter()
                .filter(|(at, ..)| from.0 <= *at && *at < to.0);
            out.extend(told.map(|(at, rank, item)| (at, place, rank, item)));
        }
        // Items are large: sort small keys and move each item once. What stands at the same place keeps its order.
        out.sort_by_cached_key(|(at, place, rank, _)| (*at, *place, *rank));
        out.into_iter().map(|(.., item)| item).collect()
    }

    /// State, product, active faults and counters of every machine at `at`, which must lie in this day.
    pub(super) fn snapshot(&self, at: TsMs) -> Vec<Item> {
        let second = (at - self.span.from()).0.div_euclid(1000);
        let mut out = Vec::new();
        for ((line, machine), run) in each_machine().zip(&self.runs) {
            let mut teller = Teller::new(self, line, machine, run);
            if let Some((_, product, job)) = run.product_at(second) {
                teller.product(second, *product, job);
            }
            if let Some(change) = run.at(second) {
                teller.state(second, change);
            }
            for fault in run
                .faults
                .iter()
                .filter(|f| f.from <= second && second < f.to)
            {
                teller.fault(second, fault.code, true);
            }
            let known = usize::try_from(second)
                .ok()
                .and_then(|s| run.counts.get(s))
                .copied()
                .unwrap_or_default();
            let ms = teller.ms(second);
            teller.counter(ms, Channel::Good, known.good);
            teller.counter(ms, Channel::Scrap, known.scrap);
            out.extend(teller.out.into_iter().map(|(.., item)| item));
        }
        for item in &mut out {
            // The truth of the second in which `at` lies, told at `at`.
            item.at = At::Ms(at);
            item.id = format!("snapshot-{}-{}", item.id, at.0);
        }
        out
    }
}

/// Tells what one machine did.
struct Teller<'a> {
    start_ms: i64,
    len: i64,
    line: &'static Line,
    machine: &'static Machine,
    run: &'a Run,
    /// When, order within the instant, item.
    out: Vec<(i64, u8, Item)>,
}

impl<'a> Teller<'a> {
    fn new(day: &DayRun, line: &'static Line, machine: &'static Machine, run: &'a Run) -> Self {
        let (start_ms, len) = (day.span.from().0, day.span.len().0 / 1000);
        Self {
            start_ms,
            len,
            line,
            machine,
            run,
            out: Vec::new(),
        }
    }

    fn ms(&self, second: i64) -> i64 {
        self.start_ms + second * 1000
    }

    fn push(
        &mut self,
        ms: i64,
        rank: u8,
        what: &str,
        kind: ItemKind,
        fill: impl FnOnce(&mut Item),
    ) {
        let code = self.machine.code;
        let mut item = Item::new(
            format!("{code}-{what}-{ms}"),
            code.to_owned(),
            TsMs(ms),
            kind,
        );
        fill(&mut item);
        self.out.push((ms, rank, item));
    }

    fn product(&mut self, second: i64, product: usize, job: &str) {
        let code = self.line.products[product].code;
        self.push(self.ms(second), 0, "product", ItemKind::Product, |item| {
            item.product = Some(code.to_owned());
            item.job = Some(job.to_owned());
        });
    }

    fn state(&mut self, second: i64, change: &Change) {
        self.push(self.ms(second), 1, "state", ItemKind::State, |item| {
            item.state = Some(change.state);
            item.fault = change.fault.map(str::to_owned);
        });
    }

    fn fault(&mut self, second: i64, code: &str, active: bool) {
        let what = format!("fault-{code}-{}", if active { "on" } else { "off" });
        self.push(self.ms(second), 2, &what, ItemKind::Fault, |item| {
            item.code = Some(code.to_owned());
            item.active = Some(active);
        });
    }

    fn counter(&mut self, ms: i64, channel: Channel, value: u32) {
        let what = if channel == Channel::Good {
            "good"
        } else {
            "scrap"
        };
        self.push(ms, 4, what, ItemKind::Counter, |item| {
            item.channel = Some(channel);
            item.value = Some(f64::from(value));
        });
    }

    fn measurement(&mut self, second: i64, name: &str, value: f32, unit: &str) {
        self.push(self.ms(second), 5, name, ItemKind::Measurement, |item| {
            item.name = Some(name.to_owned());
            item.value = Some((f64::from(value) * 10.0).round() / 10.0);
            item.unit = Some(unit.to_owned());
        });
    }

    /// Everything of the seconds `[from, to)`.
    fn tell(&mut self, from: i64, to: i64, sampling: Sampling) {
        let run = self.run;
        for (at, product, job) in run.products.iter().filter(|p| (from..to).contains(&p.0)) {
            self.product(*at, *product, job);
        }
        let first = run.changes.partition_point(|c| c.at < from);
        for change in run.changes[first..].iter().take_while(|c| c.at < to) {
            self.state(change.at, change);
        }
        for fault in &run.faults {
            if (from..to).contains(&fault.from) {
                self.fault(fault.from, fault.code, true);
            }
            if (from..to).contains(&fault.to) {
                self.fault(fault.to, fault.code, false);
            }
        }
        self.tell_counters(from, to, sampling);
        self.tell_measurements(from, to, sampling);
        if sampling == Sampling::Live {
            for second in (from..to).filter(|s| s % LIVE_HEARTBEAT_S == 0) {
                if let Some(change) = run.at(second).filter(|c| c.at != second) {
                    self.state(second, change);
                }
            }
        }
    }

    fn before(&self, second: i64) -> Reading {
        usize::try_from(second)
            .ok()
            .and_then(|s| self.run.counts.get(s))
            .copied()
            .unwrap_or_default()
    }

    /// Reads both counters at the end of `second`, and tells those that moved since the end of `since`, except those
    /// that moved since the end of `told`: they have been told already.
    fn read(&mut self, second: i64, since: i64, told: i64) {
        let [now, then, told] = [second, since, told].map(|s| self.before(s + 1));
        let ms = self.ms(second) + READ_AT_MS;
        if now.good != then.good && now.good == told.good {
            self.counter(ms, Channel::Good, now.good);
        }
        if now.scrap != then.scrap && now.scrap == told.scrap {
            self.counter(ms, Channel::Scrap, now.scrap);
        }
    }

    fn tell_counters(&mut self, from: i64, to: i64, sampling: Sampling) {
        if from == 0 {
            // The counters are reset at the start of the day.
            self.counter(self.ms(0), Channel::Good, 0);
            self.counter(self.ms(0), Channel::Scrap, 0);
        }
        for second in from..to {
            if second % 60 == 59 {
                self.read(second, second - 60, second);
            } else if sampling == Sampling::Live && second % 2 == 1 {
                self.read(second, second - 2, second);
            }
        }
        // What was made before a planned stop belongs to the time before it.
        let run = self.run;
        let first = run.changes.partition_point(|c| c.at <= from);
        for change in run.changes[first..]
            .iter()
            .take_while(|c| c.at <= to)
            .filter(|c| c.state.is_off())
        {
            let last = change.at - 1;
            let told = if sampling == Sampling::Live && last % 2 == 1 {
                last - 2
            } else {
                last
            };
            if last % 60 != 59 {
                self.read(last, last - last % 60 - 1, told);
            }
        }
    }

    fn tell_measurements(&mut self, from: i64, to: i64, sampling: Sampling) {
        let every = if sampling == Sampling::Live { 60 } else { 600 };
        let run = self.run;
        for second in (from..to).filter(|s| s % every == 0) {
            let Ok(minute) = usize::try_from(second / 60) else {
                continue;
            };
            if run
                .at(second)
                .is_none_or(|c| c.state == MachineState::NotScheduled)
            {
                continue;
            }
            if let Some(speed) = run.speed.get(minute) {
                self.measurement(second, "speed", *speed, "1/min");
            }
            if let (Some(value), Some(drift)) = (run.temperature.get(minute), &self.machine.drift) {
                self.measurement(second, drift.sensor, *value, "°C");
            }
        }
    }

    /// Repeats the state wherever the machine would otherwise be silent for too long.
    fn keep_alive(&mut self) {
        let Some(silence) = self.machine.silence_s else {
            return;
        };
        let every = silence - HEARTBEAT_MARGIN_S;
        let mut heard: Vec<i64> = self
            .out
            .iter()
            .map(|(ms, ..)| (ms - self.start_ms) / 1000)
            .collect();
        heard.push(self.len);
        heard.sort_unstable();
        for pair in heard.windows(2) {
            let mut at = pair[0] + every;
            while at < pair[1] {
                if let Some(change) = self.run.at(at) {
                    self.state(at, change);
                }
                at += every;
            }
        }
    }
}
