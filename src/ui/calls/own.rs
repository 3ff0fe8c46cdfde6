//! Which of the calls are for whoever looks at the page: the rule names them, and their screen is what it calls them by.

use super::{Calls, called};
use crate::api::andon::CallView;
use crate::domain::andon::Status;
use crate::domain::time::TsMs;
use leptos::prelude::*;

/// What the reader of a page is called for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// In words.
    pub words: String,
    /// Since when the first of these calls waits.
    pub since: TsMs,
}

/// Whether a call waits for somebody, and `reader` was called to it by their screen. Whom it called before it was reopened is
/// called by it again only when the ladder says so again.
fn is_for(view: &CallView, reader: i64) -> bool {
    let since = view.call.since();
    let again = |at: TsMs| view.call.reopened == 0 || at >= since;
    view.status == Status::Raised
        && view
            .told
            .iter()
            .any(|told| told.person == Some(reader) && again(told.at))
}

impl Calls {
    /// What `reader`, the number of a person, is called for: the most urgent of these calls, and how many others there are.
    pub fn own(self, reader: i64) -> Option<Own> {
        self.open.with(|open| {
            let mut own = open
                .iter()
                .filter(|o| o.view.with(|view| is_for(view, reader)));
            let first = own.next()?;
            let others = own.count();
            first.view.with(|view| {
                Some(Own {
                    words: called(view, others),
                    since: view.call.since(),
                })
            })
        })
    }

    /// How many calls nobody has taken yet.
    pub fn waiting(self) -> usize {
        let is_raised = |view: &CallView| view.status == Status::Raised;
        self.open
            .with(|open| open.iter().filter(|o| o.view.with(is_raised)).count())
    }
}
