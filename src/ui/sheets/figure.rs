//! The account behind a figure: the time it comes from, part by part, the pieces, the ideal rates, the formula with the
//! numbers in it.

use super::Drawn;
use super::table::{Cell, Fact, caution, facts, note, number, table, words};
use crate::api::oee::{RateUsed, Whose};
use crate::domain::account::Account;
use crate::domain::figure::{Figure, Why};
use crate::domain::loss::{Loss, LossKind, LossTree};
use crate::domain::reliability::{MeanTime, Reliability};
use crate::domain::time::DurMs;
use crate::ui::format;
use leptos::prelude::*;

/// Which figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// OEE.
    Oee,
    /// A.
    Availability,
    /// P.
    Performance,
    /// Q.
    Quality,
}

impl Which {
    /// In the order of the page.
    pub const ALL: [Self; 4] = [
        Self::Oee,
        Self::Availability,
        Self::Performance,
        Self::Quality,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Oee => "OEE",
            Self::Availability => "Availability",
            Self::Performance => "Performance",
            Self::Quality => "Quality",
        }
    }

    /// Its value.
    #[must_use]
    pub fn of(self, account: &Account) -> Figure {
        match self {
            Self::Oee => account.oee(),
            Self::Availability => account.availability(),
            Self::Performance => account.performance(),
            Self::Quality => account.quality(),
        }
    }

    /// Its target among those of A, P, Q and OEE.
    #[must_use]
    pub const fn target(self, targets: [f64; 4]) -> f64 {
        let [a, p, q, oee] = targets;
        match self {
            Self::Oee => oee,
            Self::Availability => a,
            Self::Performance => p,
            Self::Quality => q,
        }
    }
}

/// A length of time to the second, a part of a whole.
fn time(d: DurMs) -> String {
    format::clocked((d.0 + 500).div_euclid(1000))
}

fn ideal_ms(ns: crate::domain::rate::IdealNs) -> DurMs {
    DurMs(ns.0.div_euclid(1_000_000))
}

/// The formula in words, and with the numbers in it.
fn formula(which: Which, a: &Account) -> (&'static str, String) {
    let (good, all) = (time(ideal_ms(a.ideal_good)), time(ideal_ms(a.ideal_total)));
    let (known, run) = (time(a.known()), time(a.run_time()));
    match which {
        Which::Oee => (
            "OEE = ideal time of the good pieces ÷ planned time of which something is known",
            format!("{good} ÷ {known}"),
        ),
        Which::Availability => (
            "Availability = run time ÷ planned time of which something is known",
            format!("{run} ÷ {known}"),
        ),
        Which::Performance => (
            "Performance = ideal time of all pieces ÷ run time",
            format!("{all} ÷ {run}"),
        ),
        Which::Quality => (
            "Quality = ideal time of the good pieces ÷ ideal time of all pieces",
            format!("{good} ÷ {all}"),
        ),
    }
}

/// The whole that a figure is a share of, in parts that add up to it: its name, its leaves by name and time.
fn parts(which: Which, account: &Account) -> (&'static str, Vec<(&'static str, DurMs)>) {
    let leaves = LossTree::of(account).planned_leaves();
    let of = |kinds: &[LossKind], name: &'static str| {
        let inside = leaves.iter().filter(|(l, _)| kinds.contains(&l.kind()));
        (name, inside.map(|(_, t)| *t).sum::<DurMs>())
    };
    let single = |wanted: &[Loss]| {
        let mut out: Vec<(&'static str, DurMs)> = wanted
            .iter()
            .filter_map(|w| leaves.iter().find(|(l, _)| l == w))
            .map(|(l, t)| (l.words(), *t))
            .collect();
        out.retain(|(_, t)| *t != DurMs::ZERO);
        out
    };
    let quality = [Loss::StartUp, Loss::Scrap, Loss::Rework, Loss::Ungraded];
    let performance = [Loss::MinorStops, Loss::Speed, Loss::Unrated];
    let availability = [
        Loss::Unplanned,
        Loss::Changeover,
        Loss::Starved,
        Loss::Blocked,
        Loss::Unknown,
    ];
    match which {
        Which::Oee => {
            let all: Vec<Loss> = availability
                .into_iter()
                .chain(performance)
                .chain(quality)
                .chain([Loss::Good])
                .collect();
            ("Planned production time", single(&all))
        }
        Which::Availability => {
            let mut out = single(&availability);
            out.push(("Run time", account.run_time()));
            ("Planned production time", out)
        }
        Which::Performance => {
            let mut out = single(&performance);
            let made = account.run_time() - out.iter().map(|(_, t)| *t).sum::<DurMs>();
            out.push(("Ideal time of all pieces", made));
            ("Run time", out)
        }
        Which::Quality => {
            let mut out = single(&quality);
            out.push(of(&[LossKind::Good], "Good output at the ideal rate"));
            ("Ideal time of all pieces", out)
        }
    }
}

fn parts_table(which: Which, account: &Account) -> AnyView {
    let (name, parts) = parts(which, account);
    let times: Vec<DurMs> = parts.iter().map(|(_, t)| *t).collect();
    let whole: DurMs = times.iter().copied().sum();
    let share = |t: DurMs| Figure::ratio(t.0, whole.0, Why::NotScheduled).percent();
    let seconds = format::closing_seconds(&times);
    let rows = parts.iter().zip(&seconds).map(|((name, t), s)| {
        vec![
            words(*name),
            number(format::clocked(*s)).ms(t.0).class("number part"),
            number(share(*t)),
        ]
    });
    let foot = vec![
        words(name),
        number(format::clocked(seconds.iter().sum()))
            .ms(whole.0)
            .class("number whole"),
        number(share(whole)),
    ];
    table(
        "The time behind it",
        &["Part", "#h:mm:ss", "#Share"],
        rows.collect(),
        vec![foot],
    )
}

fn pieces_table(a: &Account) -> AnyView {
    let c = a.counts;
    let kinds = [
        ("Good", c.good),
        ("Scrap", c.scrap),
        ("Rework", c.rework),
        ("Quality not reported", c.ungraded),
        ("Made while nothing was heard", a.in_unknown.total()),
    ];
    let all = a.pieces();
    let share = |n: i64| Figure::ratio(n, all, Why::NoOutput).percent();
    let rows = kinds
        .into_iter()
        .filter(|(_, n)| *n != 0)
        .map(|(name, n)| vec![words(name), number(format::count(n)), number(share(n))]);
    let foot = vec![
        words("All pieces"),
        number(format::count(all)),
        number(share(all)),
    ];
    table(
        "Pieces in planned production time",
        &["Kind", "#Pieces", "#Share"],
        rows.collect(),
        vec![foot],
    )
}

fn rate_cells(drawn: &Drawn<'_>, rate: &RateUsed) -> Vec<Cell> {
    let speed = rate.per_minute.map_or_else(
        || "none on file".to_owned(),
        |n| format!("{} a minute", format::per_minute(n)),
    );
    let since = rate.valid_from.map_or_else(
        || "since ever".to_owned(),
        |at| format!("since {}", drawn.site.clock.date(at)),
    );
    let source = if rate.source.is_empty() {
        "source not named".to_owned()
    } else {
        rate.source.replace('_', " ")
    };
    vec![
        words(rate.product.clone()).beneath(Some(rate.machine.clone())),
        number(speed),
        words(source).beneath(Some(since)),
        number(format::count(rate.pieces)),
    ]
}

fn rates_table(drawn: &Drawn<'_>) -> AnyView {
    let rates = &drawn.analysis.rates;
    if rates.is_empty() {
        return note("Nothing was made, so no ideal rate was used.");
    }
    let rows = rates.iter().map(|r| rate_cells(drawn, r)).collect();
    table(
        "Ideal rates used",
        &["Product", "#Ideal rate", "Where it comes from", "#Pieces"],
        rows,
        vec![],
    )
}

/// A mean time with what is known about how sure it is.
fn mean(name: &'static str, what: &str, mean: MeanTime) -> Fact {
    let length = |ms: f64| format::stop_length(DurMs(format::whole(ms)));
    let (value, note) = match mean {
        MeanTime::Mean {
            mean_ms,
            low_ms,
            high_ms,
            n,
        } => (
            length(mean_ms),
            format!(
                "{what}; of {n}, 95 % sure between {} and {}",
                length(low_ms),
                length(high_ms)
            ),
        ),
        MeanTime::AtLeast { low_ms } => (
            format!("at least {}", length(low_ms)),
            format!("{what}; no failure, 95 % sure"),
        ),
        MeanTime::None => ("–".to_owned(), format!("{what}; nothing to judge by")),
    };
    Fact { name, value, note }
}

fn fact(name: &'static str, figure: Figure, note: impl Into<String>) -> Fact {
    let note = note.into();
    Fact {
        name,
        value: figure.percent(),
        note: figure
            .why()
            .map_or(note.clone(), |why| format!("{note}; {}", why.words())),
    }
}

fn related(which: Which, drawn: &Drawn<'_>) -> Vec<Fact> {
    let a = &drawn.analysis.account;
    let reliability = Reliability::of(a);
    let count = |name, n: i64, note: &str| Fact {
        name,
        value: format::count(n),
        note: note.to_owned(),
    };
    match which {
        Which::Oee => vec![
            fact(
                "Coverage",
                a.coverage(),
                format!(
                    "known {} of planned {}",
                    time(a.known()),
                    time(a.planned_production())
                ),
            ),
            fact(
                "OEE at least",
                a.oee_at_least(),
                "whatever was made in time without data, or has no rate or grade",
            ),
            fact("OOE", a.ooe(), "planned stops count as time, too"),
            fact("TEEP", a.teep(), "of all the time there is"),
            fact("NEE", a.nee(), "set-up is no loss (ISO 22400-2)"),
            fact(
                "Utilisation",
                a.utilisation(),
                "planned production of all known time",
            ),
            fact(
                "Asset OEE",
                drawn.analysis.assets.oee(),
                "the sum over all machines",
            ),
        ],
        Which::Availability => vec![
            mean("MTBF", "operating time between failures", reliability.mtbf),
            mean("MTTF", "run time to failure", reliability.mttf),
            mean("MTTR", "time to repair", reliability.mttr),
            count("Failures", a.failures, "stops with a breakdown, not minor"),
            count("Waits", a.waits, "starved or blocked, not minor"),
            count("Changeovers", a.changeovers, "that began here"),
        ],
        Which::Performance => vec![
            Fact {
                name: "Throughput",
                value: a.throughput().value().map_or_else(
                    || "–".to_owned(),
                    |n| format!("{} an hour", format::pieces(n)),
                ),
                note: "pieces in an hour of run time".to_owned(),
            },
            fact(
                "Rate coverage",
                a.rate_coverage(),
                "pieces with an ideal rate of all pieces",
            ),
            count("Minor stops", a.minor_stops, "under the line's threshold"),
        ],
        Which::Quality => vec![
            fact(
                "First-pass yield",
                a.first_pass_yield(),
                "good at first pass of all pieces",
            ),
            count(
                "Start-up rejects",
                a.start_up,
                "of the scrap, made while starting up",
            ),
        ],
    }
}

/// What one must know to read the figure right.
fn cautions(which: Which, a: &Account) -> Vec<AnyView> {
    let mut out = vec![];
    let fast = a.performance().value().is_some_and(|p| p > 1.0);
    if fast && matches!(which, Which::Performance | Which::Oee) {
        out.push(caution(
            "Performance is above 100 %: the machine made pieces faster than the ideal rate on file. Either the rate is \
             too low for what the machine can do, or the counter counts more than pieces, or pieces were made while the \
             machine did not report that it ran.",
        ));
    }
    if a.unknown > DurMs::ZERO && matches!(which, Which::Availability | Which::Oee) {
        out.push(note(format!(
            "For {} of the planned time there are no data. It is neither run nor loss: the figure is about the rest.",
            format::duration(a.unknown)
        )));
    }
    if !a.in_unknown.is_zero() && which != Which::Availability {
        out.push(note(format!(
            "{} pieces were told that were made while nothing was heard, worth {} at the ideal rates. Nobody knows when, so \
             the figure holds neither them nor that time.",
            format::count(a.in_unknown.total()),
            format::ideal(a.ideal_in_unknown)
        )));
    }
    if let Some(why) = which.of(a).why() {
        out.push(caution(format!("Not known: {}.", explained(why, a))));
    }
    out
}

/// Why a figure is not known, and what can be done.
pub fn explained(why: Why, a: &Account) -> String {
    match why {
        Why::NotScheduled => "no production was planned in this stretch of time".to_owned(),
        Why::NoData => "nothing was heard in all the planned time".to_owned(),
        Why::NoRunTime => "the machine did not run".to_owned(),
        Why::NoOutput => "nothing was made".to_owned(),
        Why::QualityNotReported => format!(
            "quality was not reported for {} of {} pieces; availability × performance is {}",
            format::count(a.counts.ungraded),
            format::count(a.counts.total()),
            a.availability_performance().percent()
        ),
        Why::NoIdealRate => format!(
            "{} of {} pieces have no ideal rate on file",
            format::count(a.unrated),
            format::count(a.counts.total())
        ),
    }
}

const fn whose_words(whose: Whose) -> &'static str {
    match whose {
        Whose::Line => {
            "Line: the time of the machine that sets the pace, the pieces that left the line."
        }
        Whose::Assets => "Assets: the sum over all machines.",
        Whose::Machine => "One machine: its own time, its own pieces.",
    }
}

/// The account behind a figure.
pub fn opened(which: Which, drawn: &Drawn<'_>) -> AnyView {
    let analysis = drawn.analysis;
    let a = &analysis.account;
    let (in_words, in_numbers) = formula(which, a);
    let result = which.of(a).percent();
    let until = drawn.site.clock.clock(analysis.window.to());
    let whose = format!(
        "{} {}, up to {until}.",
        whose_words(analysis.whose),
        analysis.label
    );
    let mut tables = vec![parts_table(which, a)];
    if which != Which::Availability {
        tables.push(pieces_table(a));
        tables.push(rates_table(drawn));
    }
    let losses = drawn
        .address
        .only(&super::CHOSEN)
        .with("view", "losses")
        .href();
    view! {
        <div class="opened">
            <p class="formula">
                {in_words} <br />
                <b class="numbers">{format!("{in_numbers} = {result}")}</b>
            </p>
            {cautions(which, a)}
            <div class="opened-columns">
                {tables}
            </div>
            {facts(related(which, drawn))}
            {note(whose)}
            <p class="opened-ways">
                <a class="button" href=losses>
                    "Where the time went"
                </a>
            </p>
        </div>
    }
    .into_any()
}

/// Why a figure is not known; of OEE also what is certain all the same.
pub fn unknown(which: Which, a: &Account) -> Option<String> {
    let why = which.of(a).why()?.words();
    let least = a.oee_at_least();
    let certain = which == Which::Oee && least.value().is_some_and(|least| least > 0.0);
    Some(if certain {
        format!("{why}, at least {}", least.percent())
    } else {
        why.to_owned()
    })
}

/// The figure with its value, and its account to open.
pub fn figure_panel(which: Which, drawn: &Drawn<'_>) -> AnyView {
    let analysis = drawn.analysis;
    let figure = which.of(&analysis.account);
    let target = format!(
        "target {}",
        format::whole_percent(which.target(analysis.targets))
    );
    let unknown = unknown(which, &analysis.account)
        .map(|why| view! { <span class="figure-behind">{why}</span> });
    let (_, numbers) = formula(which, &analysis.account);
    let behind = figure
        .value()
        .map(|_| view! { <span class="figure-behind">{numbers}</span> });
    let hatched = if figure.why().is_some() {
        "panel figure not-known"
    } else {
        "panel figure"
    };
    view! {
        <section class=hatched>
            <details class="account-of" data-figure=which.name()>
                <summary>
                    <span class="figure-name">{which.name()}</span>
                    <span class="figure-value">{figure.percent()} " " <small>{target}</small></span>
                    {unknown}
                    {behind}
                    <span class="open-word">"The account"</span>
                </summary>
                {opened(which, drawn)}
            </details>
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rate::IdealNs;

    #[test]
    fn the_parts_of_every_figure_add_up_to_its_whole() {
        let account = Account {
            run: DurMs(100_000),
            minor: DurMs(2_000),
            unplanned: DurMs(30_500),
            changeover: DurMs(4_001),
            unknown: DurMs(6_499),
            ideal_total: IdealNs(90_000_333_000),
            ideal_good: IdealNs(85_000_000_100),
            ideal_start_up: IdealNs(1_000_000_007),
            ..Account::default()
        };
        let sum = |which| {
            let (_, parts) = parts(which, &account);
            parts.into_iter().map(|(_, t)| t).sum::<DurMs>()
        };
        assert_eq!(sum(Which::Oee), account.planned_production());
        assert_eq!(sum(Which::Availability), account.planned_production());
        assert_eq!(sum(Which::Performance), account.run_time());
        assert_eq!(sum(Which::Quality).0, account.ideal_total.0 / 1_000_000);
        let names: Vec<&str> = parts(Which::Oee, &account).1.iter().map(|p| p.0).collect();
        assert!(names.contains(&"No data") && !names.contains(&"Starved"));
    }
}
