//! What machines do to calls: they call by themselves, by rule, and when they run again the calls about their stop know it.

use super::directory::Directory;
use super::stand::{Standing, standing};
use super::steps::Around;
use crate::domain::andon::{Act, AutoPlace, AutoRule, Shows, Stand, Wanted, wanted};
use crate::domain::machine_state::TimeBucket;
use crate::domain::part::Part;
use crate::domain::target::target;
use crate::domain::time::{DAY_MS, DurMs, MINUTE_MS, Span, TsMs};
use crate::server::auth::Caller;
use crate::server::auth::guard::entry;
use crate::server::db::andon::calls::{self, StoredCall};
use crate::server::db::andon::ended::{self, Ended};
use crate::server::db::andon::events::{RESTART, STAND};
use crate::server::db::andon::{autos, events};
use crate::server::db::notify;
use crate::server::plant::{Line, Machine, Plant, Site};
use crate::server::services::andon::{Doer, Raise, act_in, is_called, raise};
use crate::server::services::error::ServiceError;
use crate::server::services::window::{Focus, LineData, MachineData, focus, read, read_time};
use crate::server::state::App;

/// Who closes a call whose machine runs again.
const RUNS_AGAIN: &str = "machine runs again";
/// Who notes that it stands once more.
const STANDS_AGAIN: &str = "machine stands again";
/// Who closes a call that nobody closed while it could be reopened.
const NOBODY_REOPENED: &str = "nobody reopened it";

/// A resolved call waits for its machine to run again for so long. One that is gone from the plant never does.
const RUNS_WITHIN: DurMs = DurMs(7 * DAY_MS);

/// Longer than any shift: what was over before then ended before the shift began whose pieces are counted.
const BEFORE_THE_SHIFT: DurMs = DurMs(2 * DAY_MS);

/// Where a rule holds, and the rule with its number.
type Placed = (AutoPlace, (i64, AutoRule));

/// What is looked at: with or without the pieces that machines made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// Whether they stand: a few rows.
    Stops,
    /// The pieces of the shift as well.
    Pieces,
}

/// What a look at the machines came to.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// How many calls changed.
    pub changed: usize,
    /// Why a line could not be looked at, though others could; the last reason.
    pub failed: Option<ServiceError>,
}

/// Looks at every machine once: raises what rules want, notes which machines stand or run again, and closes what is over.
///
/// # Errors
/// The database's. What was not done is done the next time.
pub(super) async fn look(app: &App, depth: Depth) -> Result<Looked, ServiceError> {
    let plant = app.plant.get();
    let mut looked = Looked::default();
    let Some(site) = plant.site.as_ref() else {
        return Ok(looked);
    };
    let mut tx = app.db.snapshot().await?;
    let mut rules = autos::all_in(&mut tx).await?;
    rules.retain(|(_, (_, rule))| rule.on);
    let going_on = calls::going_on_in(&mut tx).await?;
    let counts = |(_, (_, rule)): &Placed| !rule.evidence.is_of_stop();
    let depth = if rules.iter().any(counts) {
        depth
    } else {
        Depth::Stops
    };
    let ended = match depth {
        Depth::Stops => Ended::default(),
        Depth::Pieces => ended::since_in(&mut tx, app.clock.now() - BEFORE_THE_SHIFT).await?,
    };
    drop(tx);
    let people = Directory::load(&app.db).await?;
    for line in &plant.lines {
        let own = going_on.iter().filter(|call| call.spot.line == line.id);
        let own: Vec<&StoredCall> = own.collect();
        if rules.is_empty() && own.is_empty() {
            continue;
        }
        let around = (site, line, depth);
        match look_at(app, &plant, &people, around, (&rules, &ended, &own)).await {
            Ok(changed) => looked.changed += changed,
            Err(error) if error.is_of_one() => looked.failed = Some(error),
            Err(error) => return Err(error),
        }
    }
    Ok(looked)
}

/// Looks at the machines of one line; how many calls changed.
async fn look_at(
    app: &App,
    plant: &Plant,
    people: &Directory,
    (site, line, depth): (&Site, &Line, Depth),
    (rules, ended, own): (&[Placed], &Ended, &[&StoredCall]),
) -> Result<usize, ServiceError> {
    let seen = Seen::of(app, site, line, depth).await?;
    let mut changed = 0;
    for machine in &line.machines {
        let Some(data) = seen.data.machine(machine.id) else {
            continue;
        };
        let stands = standing(site, line, machine, data, seen.now);
        let shows = |id: i64, rule: &AutoRule| {
            let counts = !rule.evidence.is_of_stop();
            let over = counts.then(|| ended.last(machine.id, &rule.names(id)));
            seen.shows(plant, data, stands.as_ref(), over)
        };
        let here = rules
            .iter()
            .filter(|(at, _)| at.covers(line.id, machine.id));
        let here: Vec<(i64, AutoRule)> = here.map(|(_, rule)| rule.clone()).collect();
        for want in wanted(&here, shows, seen.now) {
            let by = (want, stands.as_ref());
            changed += usize::from(call(app, plant, people, (line, machine), by).await?);
        }
    }
    for stored in own {
        changed += usize::from(settled(app, plant, people, stored, &seen).await?);
    }
    Ok(changed)
}

/// A line as it was seen at one moment.
struct Seen<'a> {
    site: &'a Site,
    line: &'a Line,
    now: TsMs,
    focus: Focus,
    depth: Depth,
    data: LineData,
}

impl<'a> Seen<'a> {
    async fn of(
        app: &App,
        site: &'a Site,
        line: &'a Line,
        depth: Depth,
    ) -> Result<Self, ServiceError> {
        let now = app.clock.now();
        let focus = focus(site, line, now);
        let data = match depth {
            Depth::Stops => {
                let moment = Span::clamped(now - DurMs(1), now);
                let mut tx = app.db.snapshot().await?;
                read_time(&mut tx, site, line, None, moment, now).await?
            }
            Depth::Pieces => {
                let window = Span::clamped(focus.horizon.from(), focus.horizon.to().max(now));
                read(&app.db, site, line, window, now).await?
            }
        };
        Ok(Self {
            site,
            line,
            now,
            focus,
            depth,
            data,
        })
    }

    /// The machine that a call is about; of a call about the line, or about a machine that is gone, the one that sets the
    /// pace.
    fn machine(&self, stored: &StoredCall) -> Option<&'a Machine> {
        let mut machines = self.line.machines.iter();
        let own = machines.find(|machine| Some(machine.id) == stored.spot.machine);
        own.or_else(|| self.line.pacing())
    }

    /// The stop in which the machine of a call is now.
    fn stands(&self, stored: &StoredCall) -> Option<Standing> {
        let machine = self.machine(stored)?;
        let data = self.data.machine(machine.id)?;
        standing(self.site, self.line, machine, data, self.now)
    }

    /// Whether a call without a stop is about this one: the line stands because of it, or the machine stands for longer
    /// than it does many times a shift.
    fn is_about(&self, stored: &StoredCall, stands: &Standing) -> bool {
        stored.call.line_stopped || self.now - stands.stop >= self.line.rules.minor_stop
    }

    /// What a machine shows to a rule. `over`: `None` where the rule counts no pieces, else when its last call about the
    /// machine was over, if there was one.
    fn shows(
        &self,
        plant: &Plant,
        data: &MachineData,
        stands: Option<&Standing>,
        over: Option<Option<TsMs>>,
    ) -> Shows {
        let (line, horizon) = (self.line, self.focus.horizon);
        // Whoever mended it is called anew for what went wrong since. Pieces are counted by the minute: the one in which the
        // call was over goes with what was before, so that no piece calls twice.
        let anew = over.flatten().map(|at| at.minute() + DurMs(MINUTE_MS));
        let from = anew.map_or(horizon.from(), |anew| anew.max(horizon.from()));
        let past = Span::clamped(from, horizon.to().min(self.now));
        let (mut good, mut judged, mut behind) = (0, 0, None);
        // The shift that is over is nobody's any more.
        if over.is_some() && self.depth == Depth::Pieces && horizon.to() >= self.now {
            let counts = self.data.machine_account(plant, line, data, past).counts;
            (good, judged) = (counts.good, counts.total() - counts.ungraded);
            let rate = |product, at| plant.rate(data.id, product, at);
            let schedule = &self.data.schedule;
            let wanted = target(past, &data.intervals, schedule, &line.targets, rate);
            behind = wanted.map(|wanted| wanted - (counts.good + counts.ungraded) as f64);
        }
        Shows {
            stand: stands
                .map(|s| s.stand.clone())
                .or_else(|| planned_stand(data)),
            counted_since: past.from(),
            good,
            judged,
            behind,
        }
    }
}

/// The planned stop that a machine is in. It is no loss, so it is not among the stops that are.
fn planned_stand(data: &MachineData) -> Option<Stand> {
    let planned = |part: &&Part| {
        let off = matches!(part.bucket, TimeBucket::Planned | TimeBucket::NotScheduled);
        off && part.run.open
    };
    let part = data.parts.last().filter(planned)?;
    Some(Stand {
        since: part.since,
        bucket: part.bucket,
        fault: None,
        origin: None,
    })
}

/// Raises what a rule wants, once for what it is about.
async fn call(
    app: &App,
    plant: &Plant,
    people: &Directory,
    (line, machine): (&Line, &Machine),
    (want, stands): (Wanted, Option<&Standing>),
) -> Result<bool, ServiceError> {
    // Of one stop a machine calls once, also when a break lay in it.
    let stands = stands.filter(|_| want.of_stop);
    let since = stands.map_or(want.since, |s| s.stop);
    let fault = stands.and_then(|s| s.stand.fault.as_deref());
    let text = fault.map_or_else(String::new, |code| plant.fault_text(machine.id, code));
    let (name, before) = (want.name(), want.name_before());
    let wanted = Raise {
        line,
        machine: Some(machine),
        kind: want.kind,
        priority: want.priority,
        line_stopped: None,
        text: &text,
        unless_since: Some(since),
        // Whoever called since a stop began called for that stop; since counting began they called for anything, also other
        // rules: a stop that called maintenance is no word about pieces.
        unless_by: (!want.of_stop).then_some([name.as_str(), before.as_str()]),
    };
    // Looked at without holding anything up: most of the time somebody called already.
    if is_called(&mut app.db.snapshot().await?, wanted).await? {
        return Ok(false);
    }
    let by = program(app, name.clone());
    Ok(raise(app, plant, people, wanted, by).await?.is_some())
}

/// The program itself, under the name of what made it do something.
fn program(app: &App, name: String) -> Doer {
    let caller = Caller::nobody(String::new(), String::new());
    Doer {
        name,
        person: None,
        device: None,
        entry: entry(&caller, app.clock.now(), "", ""),
    }
}

/// Notes when the machine of a call stands, runs again or stands once more, and closes a call that is resolved and only
/// waited for that, or for somebody to reopen it as long as that is possible: the screens show no call for ever.
async fn settled(
    app: &App,
    plant: &Plant,
    people: &Directory,
    stored: &StoredCall,
    seen: &Seen<'_>,
) -> Result<bool, ServiceError> {
    let is_open = stored.call.status().is_open();
    let stands = seen.stands(stored);
    let unplanned = stands.as_ref().filter(|s| s.is_unplanned());
    let ties = unplanned.filter(|s| is_open && stored.stop.is_none() && seen.is_about(stored, s));
    // What ran for a moment while somebody mended it did not run again.
    let again = unplanned.filter(|s| stored.restarted.is_some() && s.stop <= until(stored, seen));
    let restarted = match stored.restarted {
        _ if again.is_some() => None,
        Some(at) => Some(at),
        None => restart(app, stored, seen, stands.as_ref()).await?,
    };
    let may_run = seen.now - until(stored, seen) < RUNS_WITHIN;
    let waits = stored.stop.is_some() && restarted.is_none() && may_run;
    let too_late = stored.call.reopen_until(people.reopen);
    let closes = if is_open || waits {
        None
    } else if stored.call.line_stopped && restarted.is_some() {
        Some(RUNS_AGAIN)
    } else {
        too_late
            .filter(|until| seen.now > *until)
            .map(|_| NOBODY_REOPENED)
    };
    let runs = restarted.filter(|_| stored.restarted.is_none());
    let once_more = stands_once_more(app, stored, seen, unplanned, again.is_some()).await?;
    let changes = runs.is_some() || ties.is_some() || again.is_some() || once_more.is_some();
    if closes.is_none() && !changes {
        return Ok(false);
    }
    let mut tx = app.db.begin_append().await?;
    let Some(mut call) = calls::by_id_in(&mut tx, stored.id).await? else {
        return Ok(false);
    };
    // Whoever did something meanwhile is looked at the next time.
    if call.version != stored.version {
        return Ok(false);
    }
    if changes {
        call.restarted = restarted;
        call.stop = call.stop.or(ties.map(|s| s.stop));
        calls::put(&mut tx, &mut call).await?;
        // That it runs again after a stop that was too short to be noted is no news: so it stands there already.
        let known = events::of_machine_in(&mut tx, call.id).await?;
        let runs = runs.filter(|_| known.as_deref() != Some(RESTART));
        let noted = [
            once_more.map(|s| (s.stop, STAND, STANDS_AGAIN)),
            runs.map(|at| (at, RESTART, RUNS_AGAIN)),
        ];
        for (at, what, who) in noted.into_iter().flatten() {
            events::add(&mut tx, call.id, (at, what), (who, None), "").await?;
        }
        notify::calls(&mut tx, call.version).await?;
    }
    if let Some(why) = closes {
        let around = Around::of(app, plant, &call, people, seen.now)?;
        let by = program(app, why.to_owned());
        act_in(&mut tx, around, call, (Act::Close, ""), by).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// The stop that is to be noted because the machine of a call stands once more: it has lasted for longer than the line stops
/// many times a shift, and the last that was noted of the machine in this round is that it ran again. A shorter one is in the
/// fields of the call while it lasts, and in the timeline; noted each time, such stops would bury what people did.
async fn stands_once_more<'s>(
    app: &App,
    stored: &StoredCall,
    seen: &Seen<'_>,
    unplanned: Option<&'s Standing>,
    is_new: bool,
) -> Result<Option<&'s Standing>, ServiceError> {
    let lasts = |s: &Standing| {
        s.stop <= until(stored, seen) && seen.now - s.stop >= seen.line.rules.minor_stop
    };
    // Only a stop that began in this round, and is not the one that the call is about, comes after a run: of most calls
    // nothing needs to be read.
    let is_other = |s: &Standing| s.stop > stored.call.since() && stored.stop != Some(s.stop);
    let Some(stands) = unplanned.filter(|s| lasts(s) && (is_new || is_other(s))) else {
        return Ok(None);
    };
    let known = events::of_machine_in(&mut app.db.snapshot().await?, stored.id).await?;
    Ok(Some(stands).filter(|_| known.as_deref() == Some(RESTART)))
}

/// Until when the trouble of a call lasted: until it was resolved, or until now.
fn until(stored: &StoredCall, seen: &Seen<'_>) -> TsMs {
    let resolved = stored.call.resolved.as_ref();
    resolved.map_or(seen.now, |stamp| stamp.at.min(seen.now))
}

/// When the machine of a call ran again for good: when the run began in which it is now or was when the call was resolved,
/// or the first one after that, not before the round began. `None`: it still stands, or the call is about no stop.
async fn restart(
    app: &App,
    stored: &StoredCall,
    seen: &Seen<'_>,
    stands: Option<&Standing>,
) -> Result<Option<TsMs>, ServiceError> {
    let Some((stop, machine)) = stored.stop.zip(seen.machine(stored)) else {
        return Ok(None);
    };
    let (since, until) = (stored.call.since().max(stop), until(stored, seen));
    let data = seen.data.machine(machine.id);
    let last = data.and_then(|data| data.parts.last());
    let still = stands.is_some_and(|s| s.stop <= until)
        || (stored.call.status().is_open() && last.is_some_and(|p| p.bucket != TimeBucket::Run));
    if still || since >= seen.now {
        return Ok(None);
    }
    let window = Span::clamped(since, seen.now);
    let mut tx = app.db.snapshot().await?;
    let (site, line) = (seen.site, seen.line);
    let data = read_time(&mut tx, site, line, Some(machine.id), window, seen.now).await?;
    let parts = data.machine(machine.id).map(|data| data.parts.as_slice());
    let run = run_at_or_after(parts.unwrap_or_default(), until);
    Ok(run.map(|from| from.max(since)))
}

/// When the run began that goes on at `at`, or the first one after it.
fn run_at_or_after(parts: &[Part], at: TsMs) -> Option<TsMs> {
    let mut began = None;
    for (n, part) in parts.iter().enumerate() {
        if part.bucket != TimeBucket::Run {
            began = None;
            continue;
        }
        let from = *began.get_or_insert(part.span.from());
        // Of what goes on at the last moment that is known nothing lies behind it.
        if part.span.to() > at || n + 1 == parts.len() {
            return Some(from);
        }
    }
    None
}
