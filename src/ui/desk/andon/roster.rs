//! Rosters: a week at a glance, when nobody is on a duty, who has which, who stands in.

mod forms;

pub use forms::{DutyForm, Offers, SubstituteForm, duty_form, substitute_form};

use crate::api::andon::roster::{WeekCell, WeekRow};
use crate::domain::andon::Weekdays;
use crate::domain::day::LocalDay;
use crate::ui::desk::choose::said;
use crate::ui::desk::field::Wrong;
use crate::ui::desk::list::{Act, Cell, Entry, List};
use leptos::prelude::*;

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// A duty, in words.
#[derive(Clone, Debug, Default)]
pub struct DutyLine {
    /// Its number.
    pub id: i64,
    /// As seen by whoever asks.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// Who has it.
    pub person: String,
    /// Where.
    pub place: String,
    /// When.
    pub when: Vec<String>,
}

/// Somebody stands in, in words.
#[derive(Clone, Debug, Default)]
pub struct SubstituteLine {
    /// Its number.
    pub id: i64,
    /// As seen by whoever asks.
    pub version: i64,
    /// Who is away.
    pub person: String,
    /// Who stands in.
    pub by: String,
    /// When.
    pub when: String,
}

/// A gap, in words.
#[derive(Clone, Debug, Default)]
pub struct GapLine {
    /// The duty's name.
    pub duty: String,
    /// The line, and the shift.
    pub place: String,
    /// How many shifts or days.
    pub count: String,
    /// On which days.
    pub when: Vec<String>,
    /// Why.
    pub why: String,
}

/// A week.
#[derive(Clone, Debug, Default)]
pub struct Week {
    /// The line's code.
    pub line: String,
    /// Its Monday.
    pub monday: LocalDay,
    /// In words.
    pub label: String,
    /// Its rows.
    pub rows: Vec<WeekRow>,
}

/// What the page shows.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The week; none: there is no line.
    pub week: Option<Week>,
    /// The gaps of the weeks ahead.
    pub gaps: Vec<GapLine>,
    /// The duties.
    pub duties: Vec<DutyLine>,
    /// Who stands in.
    pub substitutes: Vec<SubstituteLine>,
    /// The form that adds a duty, and what is wrong with it.
    pub duty: (DutyForm, Wrong),
    /// The form that adds a substitute, and what is wrong with it.
    pub substitute: (SubstituteForm, Wrong),
    /// What forms offer.
    pub offers: Offers,
}

/// The page.
#[must_use]
pub fn roster(page: Page, done: Option<&str>) -> AnyView {
    let offers = &page.offers;
    let week = page.week.map(|week| self::week(week, &offers.lines));
    let (duty, wrong_duty) = &page.duty;
    let (substitute, wrong_substitute) = &page.substitute;
    view! {
        {said(done)} {wrong_duty.summary()} {wrong_substitute.summary()} {week} {gaps(page.gaps)}
        <div class="desk-beside">
            <div class="desk-column">{duties(page.duties)} {substitutes(page.substitutes)}</div>
            <div class="desk-column">
                {duty_form(duty, offers, wrong_duty)}
                {substitute_form(substitute, offers, wrong_substitute)}
            </div>
        </div>
    }
    .into_any()
}

fn week(week: Week, lines: &[(String, String)]) -> AnyView {
    let to = |monday: LocalDay| {
        let line = crate::ui::sheets::address::encoded(&week.line);
        format!("/admin/roster?line={line}&on={monday}")
    };
    let option = |(code, name): (String, String)| {
        let selected = code == week.line;
        view! {
            <option value=code selected=selected>
                {name}
            </option>
        }
    };
    let options: Vec<_> = lines.iter().cloned().map(option).collect();
    let head = |(n, name): (i64, &&'static str)| {
        let (_, month, day) = week.monday.plus(n).civil();
        view! { <th scope="col">{format!("{name} {day}.{month}.")}</th> }
    };
    let heads: Vec<_> = (0..).zip(&DAYS).map(head).collect();
    let row = |row: WeekRow| {
        let shift = row.shift.unwrap_or_else(|| "outside shifts".to_owned());
        let cells: Vec<_> = row.days.into_iter().map(cell).collect();
        view! {
            <tr>
                <th scope="row">
                    {row.duty} <span class="beneath">{shift}</span>
                </th>
                {cells}
            </tr>
        }
    };
    let none = week.rows.is_empty();
    let rows: Vec<_> = week.rows.into_iter().map(row).collect();
    let table = if none {
        view! {
            <p class="list-empty">
                "Nobody has a duty on this line, and no rule calls one. Roles are called whatever the roster says."
            </p>
        }
        .into_any()
    } else {
        view! {
            <div class="table-box" tabindex="0" role="region" aria-label="On duty, by day">
                <table class="table roster-week">
                    <thead>
                        <tr>
                            <th scope="col">"Duty"</th>
                            {heads}
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
        .into_any()
    };
    view! {
        <section class="panel week">
            <div class="week-head">
                <h2>{week.label}</h2>
                <div class="acts">
                    <a class="button" href=to(week.monday.plus(-7))>
                        <span aria-hidden="true">"‹"</span>
                        "Earlier"
                    </a>
                    <a class="button" href=to(week.monday.plus(7))>
                        "Later"
                        <span aria-hidden="true">"›"</span>
                    </a>
                </div>
                <form class="choice" method="get" action="/admin/roster">
                    <input type="hidden" name="on" value=week.monday.to_string() />
                    // Holds its label: the form below has a field of this name, and an id stands once on a page.
                    <label class="field">
                        <span>"Line"</span>
                        <select name="line">{options}</select>
                    </label>
                    <button class="button" type="submit">
                        "Show"
                    </button>
                </form>
            </div>
            {table}
        </section>
    }
    .into_any()
}

fn cell(cell: WeekCell) -> AnyView {
    let holiday = cell
        .holiday
        .then(|| view! { <span class="beneath">"holiday"</span> });
    if !cell.takes_place {
        return view! { <td class="no-shift">"–" {holiday}</td> }.into_any();
    }
    if cell.who.is_empty() {
        let words = if cell.needed { "nobody" } else { "–" };
        return view! { <td class:gap-cell=cell.needed>{words} {holiday}</td> }.into_any();
    }
    let who = |name: String| view! { <span class="line-of">{name}</span> };
    let who: Vec<_> = cell.who.into_iter().map(who).collect();
    view! { <td>{who} {holiday}</td> }.into_any()
}

fn gaps(lines: Vec<GapLine>) -> AnyView {
    let entry = |gap: GapLine| Entry {
        name: gap.duty,
        cells: vec![
            Cell::words(gap.place),
            Cell::lines(gap.when).beneath(gap.count),
            Cell::words(gap.why),
        ],
        ..Entry::default()
    };
    let list = List {
        caption: "Gaps in the coming four weeks".to_owned(),
        columns: vec!["Duty", "Where", "Days", "Why"],
        rows: lines.into_iter().map(entry).collect(),
        empty: "None: every duty that a rule calls has somebody in every shift of the coming four weeks, and outside of them.",
    };
    view! { <div id="gaps">{list.draw()}</div> }.into_any()
}

fn duties(lines: Vec<DutyLine>) -> AnyView {
    let entry = |duty: DutyLine| Entry {
        name: duty.name,
        href: Some(format!("/admin/roster/duties/{}", duty.id)),
        cells: vec![
            Cell::words(duty.person),
            Cell::words(duty.place),
            Cell::lines(duty.when),
        ],
        acts: vec![Act {
            action: format!("/admin/roster/duties/{}/remove", duty.id),
            words: "Remove",
            carries: Some(("version", duty.version.to_string())),
            sure: "They are not called for it any more, from now on.",
        }],
        ..Entry::default()
    };
    List {
        caption: "Duties".to_owned(),
        columns: vec!["Duty", "Who", "Where", "When"],
        rows: lines.into_iter().map(entry).collect(),
        empty: "None yet. A duty is a name that rules call, such as maintenance; the roster says who has it when.",
    }
    .draw()
}

fn substitutes(lines: Vec<SubstituteLine>) -> AnyView {
    let entry = |one: SubstituteLine| Entry {
        name: one.person,
        href: Some(format!("/admin/roster/substitutes/{}", one.id)),
        cells: vec![Cell::words(one.by), Cell::words(one.when)],
        acts: vec![Act {
            action: format!("/admin/roster/substitutes/{}/remove", one.id),
            words: "Remove",
            carries: Some(("version", one.version.to_string())),
            sure: "Whoever was away has their duties themselves again.",
        }],
        ..Entry::default()
    };
    List {
        caption: "Away".to_owned(),
        columns: vec!["Who", "Stands in", "Days"],
        rows: lines.into_iter().map(entry).collect(),
        empty: "Nobody is away.",
    }
    .draw()
}

/// Weekdays in words: `Every day`, `Mon–Fri`, `Mon, Wed, Sat`.
#[must_use]
pub fn weekdays(days: Weekdays) -> String {
    let has = |n: i64| days.bits() >> n & 1 == 1;
    if days == Weekdays::ALL {
        return "Every day".to_owned();
    }
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for n in (0..7).filter(|n| has(*n)) {
        let n = usize::try_from(n).unwrap_or_default();
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == n => *last = n,
            _ => runs.push((n, n)),
        }
    }
    let words = |(first, last): (usize, usize)| match last - first {
        0 => DAYS[first].to_owned(),
        1 => format!("{}, {}", DAYS[first], DAYS[last]),
        _ => format!("{}–{}", DAYS[first], DAYS[last]),
    };
    runs.into_iter().map(words).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekdays_are_told_in_few_words() {
        for (bits, words) in [
            (127, "Every day"),
            (0b001_1111, "Mon–Fri"),
            (0b110_0000, "Sat, Sun"),
            (0b010_0101, "Mon, Wed, Sat"),
            (0b111_0001, "Mon, Fri–Sun"),
        ] {
            assert_eq!(weekdays(Weekdays::new(bits).expect("days")), words);
        }
    }
}
