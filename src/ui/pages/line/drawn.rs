//! Parts of the page that the server draws: they change with the figures, not by the second, so no browser needs to load
//! the code that makes them. They travel with the line, whole.

mod account;
mod elsewhere;
mod figures;
mod output;
mod ribbons;

use crate::api::board::HourBar;
use crate::api::line::Part;
use crate::domain::account::Account;
use crate::domain::local_time::LocalTime;
use crate::domain::target::Targets;
use crate::domain::time::{Span, TsMs};
use leptos::prelude::*;
pub use ribbons::{Ribbon, RibbonPart};

/// What the parts are drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Figures<'a> {
    /// The line's code.
    pub code: &'a str,
    /// The site's clock over the stretch of time.
    pub clock: &'a LocalTime,
    /// The stretch of time, also where it reaches past now.
    pub horizon: Span,
    /// Line account; `None` for machines side by side.
    pub line: Option<&'a Account>,
    /// The sum over the machines.
    pub assets: &'a Account,
    /// What is asked of the line.
    pub targets: &'a Targets,
    /// What each machine did.
    pub ribbons: &'a [Ribbon],
    /// Output by hour.
    pub hours: &'a [HourBar],
    /// The largest loss of each of these hours in words; empty for a long window.
    pub losses: &'a [Option<String>],
    /// When the line was last heard.
    pub heard: Option<TsMs>,
}

impl Figures<'_> {
    /// The account that stands for the line.
    fn main(&self) -> &Account {
        self.line.unwrap_or(self.assets)
    }
}

/// All parts, in the order of [`Part::ALL`].
#[must_use]
pub fn drawn(of: &Figures<'_>) -> Vec<String> {
    Part::ALL.into_iter().map(|part| one(part, of)).collect()
}

/// One part, as HTML.
#[must_use]
pub fn one(part: Part, of: &Figures<'_>) -> String {
    match part {
        Part::Oee | Part::Availability | Part::Performance | Part::Quality => {
            figures::summary(part, of).to_html()
        }
        Part::Notes => figures::notes(of).to_html(),
        Part::Elsewhere => elsewhere::elsewhere(of).to_html(),
        Part::Ribbons => ribbons::ribbons(of).to_html(),
        Part::States => ribbons::table(of.ribbons).to_html(),
        Part::OutputHead => output::head(of).to_html(),
        Part::OutputChart => output::chart(of),
        Part::Output => output::table(of).to_html(),
        Part::Time => account::table(of.main()).to_html(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_travels_in_its_place() {
        for (place, part) in Part::ALL.into_iter().enumerate() {
            assert_eq!(part as usize, place, "{part:?}");
        }
    }

    #[test]
    fn what_somebody_typed_is_text_in_every_part() {
        const TYPED: &str = "<script>alert(1)</script>";
        let (from, to) = (TsMs(0), TsMs(60_000));
        let ribbons = [Ribbon {
            machine: TYPED.to_owned(),
            parts: vec![RibbonPart {
                span: Span::clamped(from, to),
                state: crate::domain::machine_state::MachineState::Stopped,
                cause: Some(TYPED.to_owned()),
            }],
        }];
        let hours = [HourBar {
            span: Span::clamped(from, to),
            actual: Some(1),
            target: None,
            running: false,
        }];
        let drawn = drawn(&Figures {
            code: TYPED,
            clock: &LocalTime::default(),
            horizon: Span::clamped(from, to),
            line: None,
            assets: &Account::default(),
            targets: &Targets::default(),
            ribbons: &ribbons,
            hours: &hours,
            losses: &[Some(TYPED.to_owned())],
            heard: Some(TsMs(86_400_000 * 3)),
        });
        assert_eq!(drawn.len(), Part::ALL.len());
        let html = drawn.concat();
        assert!(html.matches("&lt;script").count() >= 3, "{html}");
        assert!(!html.contains("<script"), "{html}");
    }
}
