//! Who is called: people with their roles and duties, and the rules that name them.

use crate::domain::andon::{
    CallFacts, Ladder, Limit, Recipient, ReopenWithin, Roster, Rule, Slot, ladder_for, pick,
};
use crate::domain::day::LocalDay;
use crate::domain::ids::PersonId;
use crate::domain::time::{DurMs, Span, TsMs};
use crate::server::auth::rights::{Roles, reach};
use crate::server::calendar;
use crate::server::db::Db;
use crate::server::db::andon::{roster, rules};
use crate::server::db::people::{self, GivenRow, PersonRow};
use crate::server::plant::{Line, Site};
use std::collections::{BTreeMap, BTreeSet};

/// Everybody who may be called, and by which rules, as it was when it was read.
#[derive(Clone, Debug)]
pub struct Directory {
    people: Vec<PersonRow>,
    given: Vec<GivenRow>,
    roles: Roles,
    roster: Roster,
    rules: Vec<Rule>,
    /// For how long calls may be reopened.
    pub reopen: ReopenWithin,
    /// How often one person may be told.
    pub limit: Limit,
}

/// Somebody whom a step calls, or a role or duty that nobody has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// Who; `None`: nobody.
    pub person: Option<PersonId>,
    /// Who, in words.
    pub who: String,
}

impl Directory {
    /// Reads it. Not to be done within a transaction: it takes a connection of its own.
    ///
    /// # Errors
    /// The engine's, or a stored value that is not known.
    pub async fn load(db: &Db) -> sqlx::Result<Self> {
        let mut people = people::all(db).await?;
        people.retain(|p| p.disabled == 0);
        tell_apart(&mut people);
        let given = people::given(db).await?;
        let roles = Roles::load(db).await?;
        let mut tx = db.snapshot().await?;
        Ok(Self {
            people,
            given,
            roles,
            roster: roster::all_in(&mut tx).await?,
            rules: rules::all_in(&mut tx).await?,
            reopen: rules::reopen_within_in(&mut tx).await?,
            limit: rules::quiet_limit_in(&mut tx).await?,
        })
    }

    /// The rules for ladders.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The roster of those who may sign in: nobody else has a duty, and who is away for somebody else is replaced by nobody.
    #[must_use]
    pub fn roster(&self) -> Roster {
        let there = |id: PersonId| self.person(id).is_some();
        let mut roster = self.roster.clone();
        roster.duties.retain(|duty| there(duty.person));
        for one in roster.substitutes.iter_mut().filter(|s| !there(s.by)) {
            one.by = one.person;
        }
        roster
    }

    /// The ladder of a call, and the number of the rule that gives it.
    #[must_use]
    pub fn ladder(&self, facts: CallFacts<'_>) -> (Option<i64>, Ladder) {
        let rule = pick(&self.rules, facts).map(|rule| rule.id);
        (rule, ladder_for(&self.rules, facts))
    }

    /// Somebody who may sign in, under the name by which calls tell them from all others.
    #[must_use]
    pub fn person(&self, id: PersonId) -> Option<&PersonRow> {
        self.people.iter().find(|p| p.person() == id)
    }

    /// Whom a step at a line calls at a moment, each person once; roles and duties that nobody has stand there as such.
    #[must_use]
    pub fn called(&self, site: &Site, line: &Line, to: &[Recipient], at: TsMs) -> Vec<Called> {
        let mut seen = BTreeSet::new();
        let mut out = Vec::new();
        for recipient in to {
            let mut found = self.of(site, line, recipient, at);
            if found.is_empty() {
                out.push(Called {
                    person: None,
                    who: self.words(recipient),
                });
            }
            found.retain(|called| called.person.is_none_or(|p| seen.insert(p)));
            out.extend(found);
        }
        out
    }

    fn of(&self, site: &Site, line: &Line, to: &Recipient, at: TsMs) -> Vec<Called> {
        match to {
            Recipient::Role(code) => self.with_role(line, code),
            Recipient::Person(id) => self.named(*id, None).into_iter().collect(),
            Recipient::Duty(name) => {
                let on_duty = self.roster.on_duty(name, &slot(site, line, at));
                let called = on_duty
                    .into_iter()
                    .filter_map(|one| self.named(one.person, one.instead_of));
                called.collect()
            }
        }
    }

    fn with_role(&self, line: &Line, code: &str) -> Vec<Called> {
        let Some(role) = self.roles.by_code(code) else {
            return vec![];
        };
        let here = |given: &&GivenRow| {
            given.role_id == role.id && reach(given.area_id, given.line_id).covers(line.place())
        };
        let holders: BTreeSet<i64> = self
            .given
            .iter()
            .filter(here)
            .map(|g| g.person_id)
            .collect();
        let people = self.people.iter().filter(|p| holders.contains(&p.id));
        people
            .map(|p| Called {
                person: Some(p.person()),
                who: p.name.clone(),
            })
            .collect()
    }

    fn named(&self, id: PersonId, instead_of: Option<PersonId>) -> Option<Called> {
        let person = self.person(id)?;
        let away = instead_of.and_then(|other| self.person(other));
        let who = away.map_or_else(
            || person.name.clone(),
            |away| format!("{} (for {})", person.name, away.name),
        );
        Some(Called {
            person: Some(id),
            who,
        })
    }

    /// A role or duty in words.
    #[must_use]
    pub fn words(&self, to: &Recipient) -> String {
        match to {
            Recipient::Role(code) => {
                let role = self.roles.by_code(code);
                role.map_or_else(|| code.clone(), |role| role.name.clone())
            }
            Recipient::Duty(name) => format!("on duty: {name}"),
            Recipient::Person(id) => self
                .person(*id)
                .map_or_else(|| format!("person {}", id.0), |p| p.name.clone()),
        }
    }
}

/// Puts the login behind the name of everybody whose name somebody else of them has, too: people are known by their number, and
/// whoever reads must not take one for the other.
pub fn tell_apart(people: &mut [PersonRow]) {
    let mut bearers: BTreeMap<String, usize> = BTreeMap::new();
    for person in people.iter() {
        *bearers.entry(person.name.clone()).or_default() += 1;
    }
    for person in people {
        if bearers.get(&person.name).is_some_and(|n| *n > 1) {
            person.name = format!("{} ({})", person.name, person.login);
        }
    }
}

/// The shift of a line that runs at a moment, as rosters see it; outside every shift the moment itself.
#[must_use]
pub fn slot(site: &Site, line: &Line, at: TsMs) -> Slot {
    let shift = calendar::shift_at(site, line, at);
    let day = shift
        .as_ref()
        .and_then(|shift| LocalDay::parse(&shift.day))
        .or_else(|| calendar::local_day(&site.zone, at))
        .unwrap_or_default();
    Slot {
        line: line.id,
        holiday: line.calendar.holidays.contains(&day),
        span: shift
            .as_ref()
            .map_or_else(|| Span::clamped(at, at + DurMs(1)), |shift| shift.span),
        shift: shift.map(|shift| shift.name),
        day,
    }
}
