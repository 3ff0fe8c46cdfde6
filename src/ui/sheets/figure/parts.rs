//! The time behind a figure, part by part.

use super::Which;
use crate::domain::account::Account;
use crate::domain::figure::{Figure, Why};
use crate::domain::loss::{Loss, LossKind, LossTree};
use crate::domain::time::DurMs;
use crate::ui::format;
use crate::ui::sheets::table::{number, table, words};
use leptos::prelude::*;

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

pub(super) fn parts_table(which: Which, account: &Account) -> AnyView {
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
