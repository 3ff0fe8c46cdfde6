//! Availability, performance, quality, OEE: each with the time behind it, or the reason why it is not known.

use super::Figures;
use crate::api::line::Part;
use crate::domain::account::Account;
use crate::domain::figure::{Figure, Why};
use crate::domain::target::Targets;
use crate::ui::format;
use leptos::prelude::*;

/// Under this share of known time a figure is flagged.
const ENOUGH: f64 = 0.95;

/// A figure as it is shown.
#[derive(Clone, Debug, PartialEq)]
struct Shown {
    name: &'static str,
    value: String,
    /// The time behind it.
    behind: String,
    /// What one must know to read it right.
    caution: Option<String>,
    /// What it should be.
    target: String,
}

/// Planned time, and how it is called when a part of it is unknown.
fn of_planned(account: &Account) -> String {
    let known = format::duration(account.known());
    if account.unknown.0 == 0 {
        format!("{known} planned")
    } else {
        format!("{known} known")
    }
}

/// Why a figure is not known, and for how many pieces when that is what it hangs on.
fn reason(why: Why, account: &Account) -> String {
    let pieces = match why {
        Why::NoIdealRate => account.unrated,
        Why::QualityNotReported => account.counts.ungraded,
        _ => return why.words().to_owned(),
    };
    format!(
        "{}: {} of {} pieces",
        why.words(),
        format::count(pieces),
        format::count(account.counts.total())
    )
}

fn shown(name: &'static str, figure: Figure, account: &Account, behind: String) -> Shown {
    Shown {
        name,
        value: figure.percent(),
        behind: figure.why().map_or(behind, |why| reason(why, account)),
        caution: None,
        target: String::new(),
    }
}

fn availability(account: &Account) -> Shown {
    let run = format::duration(account.run_time());
    shown(
        "Availability",
        account.availability(),
        account,
        format!("run {run} of {}", of_planned(account)),
    )
}

fn performance(account: &Account) -> Shown {
    let figure = account.performance();
    let behind = format!(
        "{} pieces are {} at the ideal rate, of {} run",
        format::count(account.counts.total()),
        format::ideal(account.ideal_total),
        format::duration(account.run_time())
    );
    let fast = figure.value().is_some_and(|p| p > 1.0);
    Shown {
        caution: fast.then(|| {
            "Above 100 %: faster than the ideal rate on file. The rate, or the counter, wants a look.".to_owned()
        }),
        ..shown("Performance", figure, account, behind)
    }
}

fn quality(account: &Account) -> Shown {
    let (good, all) = (account.counts.good, account.counts.total());
    let behind = format!(
        "{} good of {} pieces",
        format::count(good),
        format::count(all)
    );
    shown("Quality", account.quality(), account, behind)
}

fn oee(account: &Account) -> Shown {
    let figure = account.oee();
    let behind = format!(
        "good pieces worth {} in {}",
        format::ideal(account.ideal_good),
        of_planned(account)
    );
    let least = account.oee_at_least();
    let at_least = || format!("at least {}", least.percent());
    let caution = match (figure, account.coverage()) {
        (Figure::Unknown(why), _) => {
            let product = (why == Why::QualityNotReported).then(|| {
                let product = account.availability_performance().percent();
                format!("Availability × performance: {product}")
            });
            let certain = least
                .value()
                .filter(|least| *least > 0.0)
                .map(|_| at_least());
            let told: Vec<String> = product.into_iter().chain(certain).collect();
            (!told.is_empty()).then(|| told.join("; "))
        }
        (Figure::Known(_), Figure::Known(coverage)) if coverage < ENOUGH => Some(format!(
            "Known for {} of planned time; {}",
            format::whole_percent(coverage),
            at_least()
        )),
        _ => None,
    };
    Shown {
        caution,
        ..shown("OEE", figure, account, behind)
    }
}

/// How a figure is shown, and which target is its own.
type FigureOf = (fn(&Account) -> Shown, fn(&Targets) -> f64);

fn with_target((shown, target): FigureOf, account: &Account, targets: &Targets) -> Shown {
    Shown {
        target: format!("target {}", format::whole_percent(target(targets))),
        ..shown(account)
    }
}

const fn figure_of(part: Part) -> FigureOf {
    match part {
        Part::Availability => (availability, |t| t.availability),
        Part::Performance => (performance, |t| t.performance),
        Part::Quality => (quality, |t| t.quality),
        _ => (oee, |t| t.oee),
    }
}

/// What stands on a figure that opens its account.
pub fn summary(part: Part, of: &Figures<'_>) -> AnyView {
    let figure = with_target(figure_of(part), of.main(), of.targets);
    view! {
        <span class="figure-name">{figure.name}</span>
        <span class="figure-value">
            <span>{figure.value}</span>
            " "
            <small>{figure.target}</small>
        </span>
        <span class="figure-behind">{figure.behind}</span>
        <span class="caution">{figure.caution}</span>
        <span class="open-word">"The account"</span>
    }
    .into_any()
}

/// What one must know of the four figures, and the other way to look at the same time.
pub fn notes(of: &Figures<'_>) -> AnyView {
    let account = of.main();
    let label = if of.line.is_some() {
        "Line OEE: the time of the machine that sets the pace, the pieces that left the line."
    } else {
        "Asset OEE: all machines side by side."
    };
    let coverage = account.coverage().value().map(|known| {
        let class = (known < ENOUGH).then_some("caution");
        let only = if known < ENOUGH { " only" } else { "" };
        let known = format::whole_percent(known);
        view! { <span class=class>{format!("Data for {known} of planned time{only}.")}</span> }
    });
    let unheard = (!account.in_unknown.is_zero()).then(|| {
        let made = format::count(account.in_unknown.total());
        view! { <span>{format!("{made} pieces made while nothing was heard, in no figure.")}</span> }
    });
    let asset = of.line.map(|_| {
        let assets = of.assets;
        view! {
            <span>
                "Asset OEE, the sum over the machines: " <b>{assets.oee().percent()}</b>
                {assets.oee().why().map(|why| format!(" ({})", why.words()))}
                {format!(
                    " (A {}, P {}, Q {})",
                    assets.availability().percent(),
                    assets.performance().percent(),
                    assets.quality().percent(),
                )}
            </span>
        }
    });
    view! {
        <p class="figure-notes">
            <span>{label}</span>
            {coverage}
            {unheard}
            {asset}
        </p>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fact::Counts;
    use crate::domain::rate::IdealNs;
    use crate::domain::time::{DurMs, HOUR_MS};

    const FOUR: [Part; 4] = [
        Part::Oee,
        Part::Availability,
        Part::Performance,
        Part::Quality,
    ];

    fn account() -> Account {
        Account {
            run: DurMs(6 * HOUR_MS),
            unplanned: DurMs(2 * HOUR_MS),
            counts: Counts {
                good: 900,
                scrap: 100,
                ..Counts::default()
            },
            ideal_total: IdealNs(5 * HOUR_MS * 1_000_000),
            ideal_good: IdealNs(4 * HOUR_MS * 1_000_000),
            ..Account::default()
        }
    }

    #[test]
    fn each_figure_shows_the_time_behind_it() {
        let a = availability(&account());
        assert_eq!(
            (a.value.as_str(), a.behind.as_str()),
            ("75.0 %", "run 6 h 00 min of 8 h 00 min planned")
        );
        assert_eq!(quality(&account()).behind, "900 good of 1,000 pieces");
        let oee = oee(&account());
        assert_eq!((oee.value.as_str(), oee.caution), ("50.0 %", None));
    }

    #[test]
    fn each_figure_shows_its_own_target() {
        let targets = Targets {
            availability: 0.91,
            performance: 0.92,
            quality: 0.93,
            oee: 0.71,
        };
        let shown = FOUR.map(|part| {
            let shown = with_target(figure_of(part), &account(), &targets);
            (shown.name, shown.target)
        });
        assert_eq!(
            shown.map(|(name, target)| format!("{name}: {target}")),
            [
                "OEE: target 71 %",
                "Availability: target 91 %",
                "Performance: target 92 %",
                "Quality: target 93 %",
            ]
        );
    }

    #[test]
    fn what_is_not_known_says_why() {
        let ungraded = Account {
            counts: Counts {
                ungraded: 1_000,
                ..Counts::default()
            },
            ..account()
        };
        let oee = oee(&ungraded);
        assert_eq!(
            (oee.value.as_str(), oee.behind.as_str()),
            ("–", "quality not reported: 1,000 of 1,000 pieces")
        );
        assert_eq!(
            oee.caution.as_deref(),
            Some("Availability × performance: 62.5 %; at least 50.0 %")
        );
        let unrated = Account {
            unrated: 1,
            ..account()
        };
        let oee = super::oee(&unrated);
        assert_eq!(
            (oee.behind.as_str(), oee.caution.as_deref()),
            ("no ideal rate: 1 of 1,000 pieces", Some("at least 50.0 %"))
        );
        assert_eq!(availability(&Account::default()).behind, "not scheduled");
    }

    #[test]
    fn little_coverage_and_impossible_speed_are_flagged() {
        let half_known = Account {
            unknown: DurMs(8 * HOUR_MS),
            ..account()
        };
        assert_eq!(
            oee(&half_known).caution.as_deref(),
            Some("Known for 50 % of planned time; at least 25.0 %")
        );
        assert_eq!(
            availability(&half_known).behind,
            "run 6 h 00 min of 8 h 00 min known"
        );
        let fast = Account {
            ideal_total: IdealNs(7 * HOUR_MS * 1_000_000),
            ..account()
        };
        assert!(performance(&fast).caution.is_some());
        assert!(performance(&account()).caution.is_none());
    }
}
