//! Views of a line that the server draws and the browser only shows: they stand still until they are asked for again.
//! All that is chosen in them stands in their address.

pub mod address;
pub mod compare;
pub mod figure;
pub mod frame;
pub mod history;
pub mod losses;
pub mod say;
pub mod stops;
pub mod table;
pub mod waiting;

use crate::api::analysis::Analysis;
use crate::api::board::SiteView;
use crate::ui::components::views::View;
use address::Address;
use figure::Which;
use leptos::prelude::*;
use stops::Stops;
use waiting::Calls;

/// The fields of an address that say which stretch of time and whose it is; they go along from view to view.
pub const CHOSEN: [&str; 9] = [
    "period", "on", "from", "to", "shift", "crew", "product", "machine", "by",
];

/// What a view is drawn from.
#[derive(Clone, Copy)]
pub struct Drawn<'a> {
    /// The line's name.
    pub line: &'a str,
    /// The site, with its clock over all that is shown.
    pub site: &'a SiteView,
    /// The page's address.
    pub address: &'a Address,
    /// The figures.
    pub analysis: &'a Analysis,
    /// The machine whose stops are the line's, by code.
    pub pacing: Option<&'a str>,
    /// What its calls for help cost.
    pub calls: Calls,
}

/// The accounts of the four figures, for the live page.
#[must_use]
pub fn accounts(drawn: &Drawn<'_>) -> Vec<String> {
    let html = |which| figure::opened(which, drawn).to_html();
    Which::ALL.into_iter().map(html).collect()
}

/// A whole view but the live one.
#[must_use]
pub fn view(view: View, drawn: &Drawn<'_>, stops: Option<Stops>) -> String {
    let inside = match view {
        View::Now | View::Losses => losses::view(drawn),
        View::Stops => stops.map(|s| stops::view(drawn, &s)).into_any(),
        View::History => history::view(drawn),
        View::Compare => compare::view(drawn),
    };
    frame::around(view, drawn, inside).to_html()
}
