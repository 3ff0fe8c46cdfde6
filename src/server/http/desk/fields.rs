//! Fields of a form as they were sent: names may come several times.

use crate::domain::time::TsMs;
use crate::server::state::App;
use jiff::tz::TimeZone;
use serde::Deserialize;

/// The fields in their order.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first of this name, or nothing.
    pub fn one(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map_or("", |(_, value)| value.as_str())
    }

    /// All of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    /// A number, 0 when there is none: no row has that number or version.
    pub fn number(&self, name: &str) -> i64 {
        self.one(name).parse().unwrap_or_default()
    }
}

/// What became of the form before, by the word in the address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Said {
    /// The word.
    pub said: String,
    /// What is looked for.
    pub find: String,
}

impl Said {
    /// In words. The address may hold anything: only these are shown.
    pub fn words(&self) -> Option<&'static str> {
        Some(match self.said.as_str() {
            "saved" => "Saved.",
            "added" => "Added.",
            "set" => "Set.",
            "removed" => "Removed.",
            "disabled" => "Disabled. They are signed out everywhere.",
            "enabled" => "They may sign in again.",
            "out" => "They are signed out everywhere.",
            _ => return None,
        })
    }
}

/// The clock of the site.
pub fn zone(app: &App) -> TimeZone {
    app.plant
        .get()
        .site
        .as_ref()
        .map_or(TimeZone::UTC, |s| s.zone.clone())
}

/// An instant by the clock of the site: `2026-07-06 14:30:05`.
pub fn local(zone: &TimeZone, at: TsMs) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(
        |_| at.0.to_string(),
        |at| {
            at.to_zoned(zone.clone())
                .strftime("%Y-%m-%d %H:%M:%S")
                .to_string()
        },
    )
}
