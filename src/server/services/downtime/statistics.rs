//! Figures of stops. Times and counts are those of the accounts: they come from the same reckoning.

use super::{Scope, range, reason_name};
use crate::api::downtime::{
    DowntimeOfCategory, DowntimeOfMachine, DowntimeOfReason, DowntimeOfShift, DowntimeStatistics,
    DowntimeSums,
};
use crate::domain::account::Account;
use crate::domain::downtime::{add_by_hour, lost, mean_and_median, stops};
use crate::domain::ids::ReasonId;
use crate::domain::local_time::LocalTime;
use crate::domain::machine_state::TimeBucket;
use crate::domain::reckon::{Lost, MachineWindow, reckon};
use crate::domain::reliability::Reliability;
use crate::domain::time::{DAY_MS, DurMs, Span};
use crate::server::auth::Ctx;
use crate::server::calendar;
use crate::server::plant::{Line, Plant};
use crate::server::services::error::{ServiceError, invalid, not_found};
use crate::server::services::window::{LineData, MachineData, read_time};
use std::collections::BTreeMap;

/// The longest window: any three months, also with the hour by which clocks are put back. Lengths, shifts and hours of the
/// day take every single stop.
const LONGEST: DurMs = DurMs(93 * DAY_MS);

/// What is lost, with the lengths of the stops that ended.
#[derive(Default)]
struct Sums {
    lost: Lost,
    lengths: Vec<DurMs>,
}

impl Sums {
    fn into_view(self) -> DowntimeSums {
        let (mean_ms, median_ms) = mean_and_median(self.lengths).unzip();
        DowntimeSums {
            lost: self.lost,
            mean_ms,
            median_ms,
        }
    }
}

/// Everything that is added up, over all machines.
#[derive(Default)]
struct Totals {
    all: Sums,
    categories: BTreeMap<(TimeBucket, bool), Sums>,
    reasons: BTreeMap<Option<ReasonId>, Lost>,
    machines: Vec<DowntimeOfMachine>,
    shifts: Vec<(Option<String>, Lost)>,
    hours: [Lost; 24],
    account: Account,
}

/// Figures of the stops in a window, of all machines, of a line's or of one.
///
/// # Errors
/// An unknown line or machine, a window that cannot be, or the database's.
pub async fn get_downtime_statistics(
    ctx: &Ctx,
    (line, machine): (Option<&str>, Option<&str>),
    (from, to): (Option<i64>, Option<i64>),
) -> Result<DowntimeStatistics, ServiceError> {
    let app = ctx.app();
    let (plant, now) = (app.plant.get(), app.clock.now());
    let scope = Scope::of(ctx, &plant, line, machine)?;
    let asked = range(from, to, now)?;
    if asked.len() > LONGEST {
        let days = LONGEST.0 / DAY_MS;
        return Err(invalid(
            "from",
            format!("must be at most {days} days before 'to'"),
        ));
    }
    let window = Span::clamped(asked.from().min(now), asked.to().min(now));
    let site = plant.site.as_ref().ok_or_else(|| not_found("site", ""))?;
    let clock = calendar::local_time(&site.zone, window);
    let mut totals = Totals::default();
    for line in scope.lines {
        let data = read_time(
            &mut app.db.snapshot().await?,
            site,
            line,
            scope.machine,
            window,
            now,
        )
        .await?;
        for machine in &data.machines {
            totals.add_machine(&plant, line, &data, machine, &clock);
        }
    }
    Ok(totals.into_view(&plant, window))
}

impl Totals {
    fn add_machine(
        &mut self,
        plant: &Plant,
        line: &Line,
        data: &LineData,
        machine: &MachineData,
        clock: &LocalTime,
    ) {
        let of_machine = MachineWindow {
            parts: &machine.parts,
            minutes: &[],
            schedule: &data.schedule,
            rules: line.rules,
            first_fact: machine.first,
            there: machine.there(line),
            counted_elsewhere: false,
        };
        let reckoning = reckon(data.window, &of_machine, |_, _| None);
        let account = reckoning.account();
        let mut own = Sums::default();
        for (key, lost) in reckoning.losses {
            own.lost += lost;
            self.all.lost += lost;
            let category = self.categories.entry((key.bucket, key.minor)).or_default();
            category.lost += lost;
            *self.reasons.entry(key.reason).or_default() += lost;
        }
        for stop in stops(&machine.parts) {
            let run = stop.run;
            let counts = data.window.contains(run.span.from()) && stop.is_counted(&data.schedule);
            if counts && !run.open {
                let key = (stop.bucket(), stop.is_minor(line.rules));
                let category = self.categories.entry(key).or_default();
                for sums in [&mut own, &mut self.all, category] {
                    sums.lengths.push(run.span.len());
                }
            }
        }
        self.add_shifts(data, machine);
        add_by_hour(
            data.window,
            &machine.parts,
            &data.schedule,
            clock,
            &mut self.hours,
        );
        self.account += account;
        if let Some((_, known)) = plant.machine(machine.id) {
            self.machines.push(DowntimeOfMachine {
                line: line.code.clone(),
                machine: known.code.clone(),
                name: known.name.clone(),
                sums: own.into_view(),
                reliability: Reliability::of(&account),
            });
        }
    }

    fn add_shifts(&mut self, data: &LineData, machine: &MachineData) {
        let all = stops(&machine.parts);
        for (span, shift) in data.schedule.shifts(data.window) {
            let shift = shift.map(|s| s.name.as_str());
            let same = |(name, _): &(Option<String>, Lost)| name.as_deref() == shift;
            let place = self.shifts.iter().position(same).unwrap_or_else(|| {
                self.shifts
                    .push((shift.map(str::to_owned), Lost::default()));
                self.shifts.len() - 1
            });
            let sum = &mut self.shifts[place].1;
            let stretches = lost(span, &machine.parts, &data.schedule);
            sum.time += stretches.iter().map(|(span, _)| span.len()).sum();
            let first = all.partition_point(|s| s.run.span.from() < span.from());
            let begun = all[first..]
                .iter()
                .take_while(|s| s.run.span.from() < span.to());
            for _ in begun.filter(|s| s.is_counted(&data.schedule)) {
                sum.stops += 1;
            }
        }
    }

    fn into_view(self, plant: &Plant, window: Span) -> DowntimeStatistics {
        let by_category = self.categories.into_iter();
        let by_shift = self.shifts.into_iter();
        DowntimeStatistics {
            window,
            all: self.all.into_view(),
            by_category: by_category
                .map(|((bucket, minor), sums)| DowntimeOfCategory {
                    bucket,
                    minor,
                    sums: sums.into_view(),
                })
                .collect(),
            by_time: pareto(plant, &self.reasons, |lost| lost.time.0),
            by_count: pareto(plant, &self.reasons, |lost| lost.stops),
            by_machine: self.machines,
            by_shift: by_shift
                .map(|(shift, lost)| DowntimeOfShift { shift, lost })
                .collect(),
            by_hour: self.hours.to_vec(),
            reliability: Reliability::of(&self.account),
        }
    }
}

/// The reasons with something to show, the largest first, with their shares.
fn pareto(
    plant: &Plant,
    reasons: &BTreeMap<Option<ReasonId>, Lost>,
    size: impl Fn(&Lost) -> i64,
) -> Vec<DowntimeOfReason> {
    let mut rows: Vec<(Option<ReasonId>, Lost)> = reasons
        .iter()
        .filter(|(_, lost)| size(lost) > 0)
        .map(|(reason, lost)| (*reason, *lost))
        .collect();
    rows.sort_by_key(|(reason, lost)| (std::cmp::Reverse(size(lost)), *reason));
    let total: i64 = rows.iter().map(|(_, lost)| size(lost)).sum();
    let mut sum = 0;
    let row = |(reason, lost): (Option<ReasonId>, Lost)| {
        sum += size(&lost);
        DowntimeOfReason {
            reason: reason.and_then(|id| reason_name(plant, id)),
            lost,
            share: size(&lost) as f64 / total as f64,
            cumulative: sum as f64 / total as f64,
        }
    };
    rows.into_iter().map(row).collect()
}
