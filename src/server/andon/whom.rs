//! Whom the steps of a ladder reach at one place and time. Whoever calls and whoever rehearses ask the same.

use crate::domain::andon::{Recipient, Roster, Slot};
use crate::domain::ids::PersonId;
use crate::domain::rights::Place;
use crate::server::auth::rights::reach;
use crate::server::db::andon::roster;
use crate::server::db::people::{self, GivenRow, PersonRow};
use crate::server::db::roles::{self, RoleRow};
use crate::server::db::Tx;

/// Somebody whom a step calls, or the role, duty or person for whom nobody is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// Who; none: nobody is reached.
    pub person: Option<PersonId>,
    /// In words: a name, perhaps for whom they stand in; or what nobody has then.
    pub who: String,
    /// They belong to the demonstration: they are told on the screen only.
    pub demo: bool,
}

/// Everybody, with what they have and when.
#[derive(Clone, Debug)]
pub struct Directory {
    people: Vec<PersonRow>,
    given: Vec<GivenRow>,
    roles: Vec<RoleRow>,
    roster: Roster,
}

impl Directory {
    /// As a transaction sees it.
    ///
    /// # Errors
    /// The engine's, or something stored that cannot be read.
    pub async fn load(tx: &mut Tx) -> sqlx::Result<Self> {
        let people = people::all_in(tx).await?;
        let there = |id: PersonId| people.iter().any(|p| p.person() == id && p.disabled == 0);
        let mut roster = roster::all_in(tx).await?;
        roster.duties.retain(|duty| there(duty.person));
        for one in &mut roster.substitutes {
            if !there(one.by) {
                // Whoever is away is replaced by nobody then.
                one.by = one.person;
            }
        }
        Ok(Self {
            given: people::all_given_in(tx).await?,
            roles: roles::all_in(tx).await?.0,
            roster,
            people,
        })
    }

    /// The roster, without those who are not let in any more.
    #[must_use]
    pub const fn roster(&self) -> &Roster {
        &self.roster
    }

    /// The person of this number, if they are let in.
    fn there(&self, id: PersonId) -> Option<&PersonRow> {
        let found = self.people.iter().find(|p| p.person() == id);
        found.filter(|p| p.disabled == 0)
    }

    /// The name of a person, however they are.
    #[must_use]
    pub fn name(&self, id: PersonId) -> String {
        let found = self.people.iter().find(|p| p.person() == id);
        found.map_or_else(|| format!("person {}", id.0), |p| p.name.clone())
    }

    /// A recipient in words, whoever it is at the time.
    #[must_use]
    pub fn words(&self, to: &Recipient) -> String {
        match to {
            Recipient::Role(code) => self.role_name(code),
            Recipient::Duty(name) => format!("duty {name}"),
            Recipient::Person(id) => self.name(*id),
        }
    }

    fn role_name(&self, code: &str) -> String {
        let found = self.roles.iter().find(|r| r.code == code);
        found.map_or_else(|| format!("role {code}"), |r| r.name.clone())
    }

    /// Whom these recipients are in a shift at a place, each once: people first, in the order of the recipients, then
    /// whatever nobody has.
    #[must_use]
    pub fn called(&self, to: &[Recipient], place: Place, slot: &Slot) -> Vec<Called> {
        let mut people: Vec<Called> = Vec::new();
        let mut nobody: Vec<Called> = Vec::new();
        for recipient in to {
            let found = match recipient {
                Recipient::Role(code) => self.with_role(code, place),
                Recipient::Duty(name) => self.on_duty(name, slot),
                Recipient::Person(id) => self.there(*id).map(called).into_iter().collect(),
            };
            if found.is_empty() {
                nobody.push(Called {
                    person: None,
                    who: self.words(recipient),
                    demo: false,
                });
            }
            for one in found {
                if people.iter().all(|p| p.person != one.person) {
                    people.push(one);
                }
            }
        }
        people.extend(nobody);
        people
    }

    /// Everybody who was given a role where it reaches the place.
    fn with_role(&self, code: &str, place: Place) -> Vec<Called> {
        let role = self.roles.iter().find(|r| r.code == code).map(|r| r.id);
        let holds = |person: &&PersonRow| {
            self.given.iter().any(|g| {
                g.person_id == person.id
                    && Some(g.role_id) == role
                    && reach(g.area_id, g.line_id).covers(place)
            })
        };
        let there = self.people.iter().filter(|p| p.disabled == 0);
        there.filter(holds).map(called).collect()
    }

    fn on_duty(&self, name: &str, slot: &Slot) -> Vec<Called> {
        let on = self.roster.on_duty(name, slot).into_iter();
        on.filter_map(|on| {
            let mut one = called(self.there(on.person)?);
            if let Some(away) = on.instead_of {
                one.who = format!("{} for {}", one.who, self.name(away));
            }
            Some(one)
        })
        .collect()
    }
}

fn called(person: &PersonRow) -> Called {
    Called {
        person: Some(person.person()),
        who: person.name.clone(),
        demo: person.demo != 0,
    }
}
