//! Figures row by row, and where they are going.

use super::Whose;
use crate::domain::account::Account;
use crate::domain::figure::Figure;
use crate::domain::time::Span;
use serde::{Deserialize, Serialize};

/// How a history is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Local hours, cut at the edges of shifts.
    Hour,
    /// Shifts.
    Shift,
    /// Production days.
    Day,
    /// ISO weeks, Monday to Sunday.
    Week,
    /// Months.
    Month,
    /// Products.
    Product,
    /// Crews.
    Crew,
    /// Machines.
    Machine,
}

impl By {
    /// Every way.
    pub const ALL: [Self; 8] = [
        Self::Hour,
        Self::Shift,
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Product,
        Self::Crew,
        Self::Machine,
    ];

    /// Its name in addresses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Shift => "shift",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Product => "product",
            Self::Crew => "crew",
            Self::Machine => "machine",
        }
    }

    /// The way with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.name() == name)
    }
}

/// One row of a history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct HistoryRow {
    /// Its name: "Early, 23 Nov", a product, a crew.
    pub name: String,
    /// When, for rows that are stretches of time.
    pub span: Option<Span>,
    /// A.
    pub availability: Figure,
    /// P.
    pub performance: Figure,
    /// Q.
    pub quality: Figure,
    /// OEE.
    pub oee: Figure,
    /// Where the time went.
    pub account: Account,
    /// The window, or the present, cuts the stretch: it is not the whole hour, shift, day, week or month.
    pub cut: bool,
}

impl HistoryRow {
    /// A row of an account.
    #[must_use]
    pub fn new(name: String, span: Option<Span>, account: Account) -> Self {
        Self {
            name,
            span,
            availability: account.availability(),
            performance: account.performance(),
            quality: account.quality(),
            oee: account.oee(),
            account,
            cut: false,
        }
    }
}

/// Figures row by row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct History {
    /// The window, cut at now.
    pub window: Span,
    /// How it is cut.
    pub by: By,
    /// Whose figures these are.
    pub whose: Whose,
    /// The rows, oldest first; kinds of things by planned time, longest first.
    pub rows: Vec<HistoryRow>,
    /// How many rows there are in all; `rows` may be a page of them.
    pub total: usize,
}

/// Where OEE is going.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Direction {
    /// Fewer than eight rows with a figure.
    TooFew {
        /// How many there are.
        n: usize,
    },
    /// Mann-Kendall finds no trend at the 5 % level.
    NoTrend {
        /// Two-sided p-value.
        p: f64,
    },
    /// A trend.
    Trend {
        /// Theil-Sen slope: change of OEE a row, 1.0 for 100 points.
        slope: f64,
        /// Two-sided p-value.
        p: f64,
    },
}

/// A history and where it is going.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Trends {
    /// The rows. Those that are cut are no part of the trends.
    pub history: History,
    /// Of OEE.
    pub oee: Direction,
    /// Of availability.
    pub availability: Direction,
    /// Of performance.
    pub performance: Direction,
    /// Of quality.
    pub quality: Direction,
}
