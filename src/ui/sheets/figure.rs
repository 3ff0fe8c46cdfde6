//! The account behind a figure: the time it comes from, part by part, the pieces, the ideal rates, the formula with the
//! numbers in it.

mod parts;
mod pieces;
mod related;

use super::Drawn;
use super::table::{caution, facts, note};
use crate::api::oee::Whose;
use crate::domain::account::Account;
use crate::domain::figure::{Figure, Why};
use crate::domain::time::DurMs;
use crate::ui::format;
use leptos::prelude::*;
use parts::parts_table;
use pieces::{pieces_table, rates_table};
use related::related;

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
        Why::NotPermitted => "you may not see it".to_owned(),
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
