//! What the calls of a stretch of time add up to: how long people waited, what it cost, how much the site was called.

use super::list::{range, unknown};
use super::lost::{cases_of, planned_while};
use crate::api::andon::Named;
use crate::api::andon::statistics::{
    AndonStatistics, LoadView, LongOpen, PlaceView, SummaryRow, TalkerView,
};
use crate::domain::andon::load::{STALE_AFTER, Talker};
use crate::domain::andon::summary::{Group, REPEAT_WITHIN};
use crate::domain::andon::{
    Breakdown, CallKind, Case, Load, Lost, LostTime, OpenCall, PlannedOfLines, Raised, Spot,
    Summary, longest_open,
};
use crate::domain::ids::LineId;
use crate::domain::time::{DAY_MS, DurMs, Span, TsMs};
use crate::server::auth::Ctx;
use crate::server::db::Tx;
use crate::server::db::andon::calls::{self, StoredCall, Wanted};
use crate::server::db::andon::events;
use crate::server::plant::{Line, Plant};
use crate::server::services::error::{ServiceError, invalid};
use std::collections::{BTreeMap, HashMap};

/// The longest window: any three months, also with the hour by which clocks are put back.
pub(super) const LONGEST: DurMs = DurMs(93 * DAY_MS + 3_600_000);
/// The most calls that are named as open for longest.
const MOST_OPEN: usize = 10;
/// Calls that are read at once.
const AT_ONCE: i64 = 1_000;

/// Which calls are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Of<'a> {
    /// Only those of this line, by code.
    pub line: Option<&'a str>,
    /// Only those of this kind.
    pub kind: Option<CallKind>,
    /// Raised from here on, epoch milliseconds; usually 30 days before `to`.
    pub from: Option<i64>,
    /// And before here; usually now.
    pub to: Option<i64>,
}

/// What the calls of a stretch of time add up to.
///
/// # Errors
/// An unknown line, one out of reach, a stretch that cannot be, the engine's.
pub async fn get_andon_statistics(ctx: &Ctx, of: Of<'_>) -> Result<AndonStatistics, ServiceError> {
    let (plant, now) = (ctx.app().plant.get(), ctx.now());
    let line = of
        .line
        .map(|code| plant.line(code).ok_or_else(|| unknown("line", code)));
    let line = line.transpose()?;
    line.map(|line| ctx.reach(line)).transpose()?;
    let asked = range(of.from, of.to, now)?;
    if asked.len() > LONGEST {
        let words = format!("must be at most {} days before 'to'", LONGEST.0 / DAY_MS);
        return Err(invalid("from", words));
    }
    // Nothing was raised in the time to come: there are no ten minutes without calls in it.
    let end = (now + DurMs(1)).max(asked.from());
    let window = Span::clamped(asked.from(), asked.to().min(end));
    let seen = |spot: Spot| {
        let found = plant.lines.iter().find(|l| l.id == spot.line);
        found.is_some_and(|l| ctx.sees(l)) && line.is_none_or(|l| l.id == spot.line)
    };
    let mut tx = ctx.app().db.snapshot().await?;
    // Calls before the window tell which of those in it came back.
    let before = Span::clamped(TsMs((window.from() - REPEAT_WITHIN).0.max(0)), window.to());
    let mut stored = raised_in(&mut tx, before, line, of.kind).await?;
    stored.retain(|call| seen(call.spot));
    let mut open = calls::going_on_in(&mut tx).await?;
    open.retain(|call| seen(call.spot) && of.kind.is_none_or(|k| k == call.call.kind));
    // What was called for before still costs what is planned in the window.
    let of_line = line.map(|line| line.id);
    let mut over = calls::over_since_in(&mut tx, before.from(), window.from(), of_line).await?;
    over.retain(|call| seen(call.spot) && of.kind.is_none_or(|k| k == call.call.kind));
    let waited = cases_of(&mut tx, stored.iter().chain(&open).chain(&over)).await?;
    let planned = match &plant.site {
        Some(site) => {
            let waited = (window, waited.as_slice());
            planned_while(&mut tx, &plant, site, waited, now).await?
        }
        None => PlannedOfLines::new(),
    };
    let raises = events::raises_in(&mut tx, window).await?;
    let known: HashMap<i64, &StoredCall> =
        stored.iter().chain(&open).map(|c| (c.id.0, c)).collect();
    // A raise may have joined a call that began before the window and is over.
    let missing = raises.iter().filter(|(id, _)| !known.contains_key(id));
    let ids: Vec<_> = missing
        .map(|(id, _)| crate::domain::ids::CallId(*id))
        .collect();
    let older = calls::of_ids_in(&mut tx, &ids).await?;
    let older = older
        .iter()
        .filter(|call| seen(call.spot) && of.kind.is_none_or(|kind| kind == call.call.kind));
    let known: HashMap<i64, &StoredCall> = known
        .into_iter()
        .chain(older.map(|call| (call.id.0, call)))
        .collect();
    let raised: Vec<Raised> = raises
        .iter()
        .filter_map(|(id, at)| Some(raise_of(known.get(id)?, TsMs(*at))))
        .collect();
    let cases: Vec<Case> = stored.iter().map(case).collect();
    let going_on: Vec<(i64, Case)> = open.iter().map(|c| (c.id.0, case(c))).collect();
    let longest = longest_open(going_on.iter().map(|(id, c)| (*id, c)), now, MOST_OPEN);
    let view = View { plant: &plant };
    let breakdown = Breakdown::of(window, &cases);
    let lost = LostTime::of(window, &waited, &planned, now);
    let load = Load::of(window, &raised);
    Ok(AndonStatistics {
        window,
        now,
        all: breakdown.all,
        lost: lost.all,
        by_kind: view.by_kind(&breakdown, &lost),
        by_line: view.by_line(&breakdown, &lost),
        by_shift: breakdown.by_shift.into_iter().map(by_shift).collect(),
        by_hour: breakdown.by_hour.iter().map(by_hour).collect(),
        load: view.load(load, raised.len()),
        longest_open: view.longest(longest, &open),
    })
}

/// The calls of a line or of all that were raised in a stretch of time.
pub(super) async fn raised_in(
    tx: &mut Tx,
    raised: Span,
    line: Option<&Line>,
    kind: Option<CallKind>,
) -> sqlx::Result<Vec<StoredCall>> {
    let only = line.map(|line| [line.id]);
    let mut wanted = Wanted {
        raised,
        lines: only.as_ref().map(<[_; 1]>::as_slice),
        machine: None,
        kind,
        priority: None,
        status: None,
        escalated: None,
        after: None,
    };
    let mut out: Vec<StoredCall> = Vec::new();
    loop {
        let read = calls::find_in(tx, &wanted, AT_ONCE).await?;
        let more = i64::try_from(read.len()).is_ok_and(|n| n == AT_ONCE);
        wanted.after = read.last().map(|c| (c.call.raised.at, c.id));
        out.extend(read);
        if !more {
            return Ok(out);
        }
    }
}

/// A call with what is asked about it; without the rounds before the present one.
pub(super) fn case(stored: &StoredCall) -> Case {
    Case {
        spot: stored.spot,
        shift: stored.shift.clone(),
        hour: stored.hour,
        escalated: stored.escalated,
        stop: stored.stop,
        restarted: stored.restarted,
        rounds: vec![],
        call: stored.call.clone(),
    }
}

fn raise_of(stored: &StoredCall, at: TsMs) -> Raised {
    let over = stored
        .call
        .resolved
        .as_ref()
        .or(stored.call.cancelled.as_ref());
    Raised {
        at,
        spot: stored.spot,
        kind: stored.call.kind,
        over: over.map(|stamp| stamp.at),
    }
}

fn by_shift(group: Group<Option<String>>) -> SummaryRow {
    let code = group.of.unwrap_or_default();
    SummaryRow {
        name: if code.is_empty() {
            "Outside every shift".to_owned()
        } else {
            code.clone()
        },
        code,
        summary: group.summary,
        lost: None,
    }
}

fn by_hour(group: &Group<u8>) -> SummaryRow {
    let hour = group.of;
    SummaryRow {
        code: hour.to_string(),
        name: format!("{hour:02}:00 – {:02}:00", (hour + 1) % 24),
        summary: group.summary,
        lost: None,
    }
}

/// What the calls raised in a window add up to, and what those cost that waited in it: of some there is only one of both.
fn both<K: Ord + Copy>(
    raised: &[Group<K>],
    lost: &[(K, Lost)],
) -> BTreeMap<K, (Summary, Option<Lost>)> {
    let none = || (Summary::of_none(), None);
    let mut out: BTreeMap<K, (Summary, Option<Lost>)> = BTreeMap::new();
    for group in raised {
        out.entry(group.of).or_insert_with(none).0 = group.summary;
    }
    for (key, lost) in lost {
        out.entry(*key).or_insert_with(none).1 = Some(*lost);
    }
    out
}

/// Numbers of the plant as names.
struct View<'a> {
    plant: &'a Plant,
}

impl View<'_> {
    fn line(&self, id: LineId) -> Option<Named> {
        let line = self.plant.lines.iter().find(|l| l.id == id)?;
        Some(Named {
            code: line.code.clone(),
            name: line.name.clone(),
        })
    }

    fn place(&self, spot: Spot) -> Option<PlaceView> {
        let machine = spot.machine.and_then(|id| self.plant.machine(id));
        Some(PlaceView {
            line: self.line(spot.line)?,
            machine: machine.map(|(_, m)| Named {
                code: m.code.clone(),
                name: m.name.clone(),
            }),
        })
    }

    fn by_kind(&self, breakdown: &Breakdown, lost: &LostTime) -> Vec<SummaryRow> {
        let both = both(&breakdown.by_kind, &lost.by_kind).into_iter();
        let row = |(kind, (summary, lost)): (CallKind, (Summary, Option<Lost>))| SummaryRow {
            code: kind.name().to_owned(),
            name: kind.words().to_owned(),
            summary,
            lost,
        };
        both.map(row).collect()
    }

    fn by_line(&self, breakdown: &Breakdown, lost: &LostTime) -> Vec<SummaryRow> {
        let both = both(&breakdown.by_line, &lost.by_line).into_iter();
        let row = |(line, (summary, lost)): (LineId, (Summary, Option<Lost>))| {
            let line = self.line(line)?;
            Some(SummaryRow {
                code: line.code,
                name: line.name,
                summary,
                lost,
            })
        };
        both.filter_map(row).collect()
    }

    fn load(&self, load: Load, raises: usize) -> LoadView {
        let chatter: BTreeMap<(Spot, CallKind), i64> = load
            .chatter
            .iter()
            .map(|c| ((c.spot, c.kind), c.raises))
            .collect();
        let talker = |t: &Talker| {
            Some(TalkerView {
                place: self.place(t.spot)?,
                kind: t.kind,
                share: t.share,
                chatter: chatter.get(&(t.spot, t.kind)).copied().unwrap_or_default(),
            })
        };
        LoadView {
            raises: i64::try_from(raises).unwrap_or(i64::MAX),
            top: load.top.iter().filter_map(talker).collect(),
            chatter: chatter.values().sum(),
            per_ten_minutes: load.per_ten_minutes,
            too_many: load.too_many,
            peak: load.peak,
            floods: load.floods,
            of_top: load.of_top,
        }
    }

    fn longest(&self, longest: Vec<OpenCall>, open: &[StoredCall]) -> Vec<LongOpen> {
        let view = |one: OpenCall| {
            let stored = open.iter().find(|c| c.id.0 == one.id)?;
            Some(LongOpen {
                id: one.id,
                place: self.place(stored.spot)?,
                kind: stored.call.kind,
                priority: stored.call.priority,
                status: stored.call.status(),
                since: one.since,
                age: one.age,
                stale: one.age > STALE_AFTER,
            })
        };
        longest.into_iter().filter_map(view).collect()
    }
}
