//! One event as one line.

use super::fields::Fields;
use crate::domain::time::TsMs;
use serde_json::Value;
use std::fmt::Write;
use tracing::Level;

/// What an event says.
pub struct Said {
    /// How grave it is.
    pub level: Level,
    /// The module that says it.
    pub target: &'static str,
    /// What it says.
    pub fields: Fields,
}

/// An event with everything around it.
pub struct Line<'a> {
    at: String,
    level: Level,
    target: &'a str,
    message: String,
    fields: Vec<(&'a str, &'a Value)>,
}

impl<'a> Line<'a> {
    /// What was said at `at` inside of spans that carry `carried`; what the event itself says comes first.
    pub fn new(at: TsMs, said: &'a Said, carried: &'a [(&'static str, Value)]) -> Self {
        let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let (mut message, mut fields) = (String::new(), Vec::new());
        for (name, value) in &said.fields.0 {
            if *name == "message" {
                message = plain(value);
            } else {
                fields.push((*name, value));
            }
        }
        for (name, value) in carried {
            if !fields.iter().any(|(known, _)| known == name) {
                fields.push((*name, value));
            }
        }
        Self {
            at: format!("{at:.3}"),
            level: said.level,
            target: said.target,
            message,
            fields,
        }
    }

    /// For people: `2026-11-23T10:00:00.000Z  INFO ms5_floor::server::http: done status=200 ms=3`.
    pub fn text(&self) -> String {
        let mut out = format!("{} {:>5} {}: ", self.at, self.level.as_str(), self.target);
        // What is said may come from outside; a line stays a line.
        out.extend(self.message.chars().flat_map(visible));
        for (name, value) in &self.fields {
            // Writing into a string cannot fail.
            let _ = write!(out, " {name}={}", shown(value));
        }
        out.push('\n');
        out
    }

    /// For programs: the same as one JSON object.
    pub fn json(&self) -> String {
        let text = |text: &str| Value::String(text.to_owned()).to_string();
        let mut out = format!(
            "{{\"time\":{},\"level\":{},\"target\":{},\"message\":{}",
            text(&self.at),
            text(self.level.as_str()),
            text(self.target),
            text(&self.message)
        );
        for (name, value) in &self.fields {
            let _ = write!(out, ",{}:{value}", text(name));
        }
        out.push_str("}\n");
        out
    }
}

/// Line breaks and other control characters, escaped.
fn visible(c: char) -> Vec<char> {
    if c.is_control() {
        c.escape_debug().collect()
    } else {
        vec![c]
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// A word as it is, anything else in quotation marks.
fn shown(value: &Value) -> String {
    match value.as_str() {
        Some(text)
            if text.is_empty()
                || text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '"') =>
        {
            format!("{text:?}")
        }
        Some(text) => text.to_owned(),
        None => value.to_string(),
    }
}
