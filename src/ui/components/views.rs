//! The views of a line, as links.

use leptos::prelude::*;

/// A view of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// As it is now; live.
    #[default]
    Now,
    /// Where the time went.
    Losses,
    /// The stops behind it.
    Stops,
    /// Row by row.
    History,
    /// Two periods.
    Compare,
}

impl View {
    const ALL: [Self; 5] = [
        Self::Now,
        Self::Losses,
        Self::Stops,
        Self::History,
        Self::Compare,
    ];

    /// Its name in addresses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Losses => "losses",
            Self::Stops => "stops",
            Self::History => "history",
            Self::Compare => "compare",
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Now => "Now",
            Self::Losses => "Losses",
            Self::Stops => "Stops",
            Self::History => "History",
            Self::Compare => "Compare",
        }
    }

    /// The permission without which it is not offered, if the line's own does not do.
    const fn needs(self) -> Option<&'static str> {
        match self {
            Self::Now | Self::Stops => None,
            Self::Losses | Self::History | Self::Compare => Some("analytics:read"),
        }
    }

    /// The view that an address names. Absent: now.
    #[must_use]
    pub fn from_name(name: Option<&str>) -> Option<Self> {
        match name {
            None => Some(Self::Now),
            Some(name) => Self::ALL.into_iter().find(|v| v.name() == name),
        }
    }
}

/// Links to the views of a line; `address` makes the address of one.
pub fn views(shown: View, address: impl Fn(View) -> String) -> AnyView {
    let links: Vec<AnyView> = View::ALL
        .into_iter()
        .map(|view| {
            let current = (view == shown).then_some("page");
            view! {
                <a class="view-link" href=address(view) aria-current=current data-needs=view.needs()>
                    {view.word()}
                </a>
            }
            .into_any()
        })
        .collect();
    view! { <nav class="views" aria-label="Views of the line">{links}</nav> }.into_any()
}
