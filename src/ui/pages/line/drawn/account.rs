//! Where the planned time went: the loss tree, from good output down to what is not known.

use crate::domain::account::Account;
use crate::domain::loss::LossTree;
use crate::domain::time::DurMs;
use crate::ui::components::hatch;
use crate::ui::format;
use crate::ui::loss_tone::loss_tone;
use leptos::prelude::*;

/// One kind of time.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    name: &'static str,
    class: &'static str,
    time: DurMs,
}

const fn part(name: &'static str, class: &'static str, time: DurMs) -> Part {
    Part { name, class, time }
}

/// The parts of planned production time; they add up to it.
fn parts(account: &Account) -> Vec<Part> {
    let mut leaves = LossTree::of(account).planned_leaves();
    // What was won stands first, also where nothing was.
    if let Some(won) = leaves.pop() {
        leaves.insert(0, won);
    }
    let there = leaves.into_iter().filter(|(_, time)| *time != DurMs::ZERO);
    there
        .map(|(loss, time)| part(loss.words(), loss_tone(loss), time))
        .collect()
}

/// The account as a table with a bar a row.
pub fn table(account: &Account) -> AnyView {
    let whole = account.planned_production();
    let row = |part: Part| {
        let share = format::share(part.time.0, whole.0);
        let fill = (part.class == "no-data").then_some(hatch::UNKNOWN);
        let class = format!("part-bar part-{}", part.class);
        view! {
            <tr>
                <th scope="row">{part.name}</th>
                <td class="number">{format::duration(part.time)}</td>
                <td class="bar-cell">
                    <svg class="part-track" aria-hidden="true">
                        <rect class=class fill=fill width=share height="100%"></rect>
                    </svg>
                </td>
            </tr>
        }
    };
    let rows: Vec<_> = parts(account).into_iter().map(row).collect();
    let outside = format!(
        "Besides: planned stops {}, not scheduled {}.",
        format::duration(account.planned),
        format::duration(account.not_scheduled)
    );
    view! {
        <table class="table account">
            <caption>"Where the planned time went"</caption>
            <thead class="unseen">
                <tr>
                    <th scope="col">"Part"</th>
                    <th scope="col">"Time"</th>
                    <th scope="col">"Share"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
            <tfoot>
                <tr>
                    <th scope="row">"Planned production time"</th>
                    <td class="number">{format::duration(whole)}</td>
                    <td></td>
                </tr>
            </tfoot>
        </table>
        <p class="panel-note">{outside}</p>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fact::Counts;
    use crate::domain::rate::IdealNs;

    #[test]
    fn the_parts_add_up_to_planned_production_time() {
        let graded = Account {
            run: DurMs(1_000),
            minor: DurMs(20),
            unplanned: DurMs(300),
            changeover: DurMs(4),
            starved: DurMs(50),
            unknown: DurMs(6),
            ideal_total: IdealNs(900_000_000),
            ideal_good: IdealNs(850_000_000),
            ..Account::default()
        };
        let ungraded = Account {
            counts: Counts {
                ungraded: 5,
                ..Counts::default()
            },
            ..graded
        };
        let fast = Account {
            ideal_total: IdealNs(1_200_000_000),
            ..graded
        };
        let unrated = Account {
            unrated: 1,
            ..graded
        };
        for account in [graded, ungraded, fast, unrated] {
            let sum: DurMs = parts(&account).into_iter().map(|p| p.time).sum();
            assert_eq!(sum, account.planned_production());
        }
    }
}
