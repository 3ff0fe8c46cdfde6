//! What events and spans carry, as values.

use serde_json::{Value, json};
use std::fmt::{Debug, Write};
use std::time::Duration;
use tracing::Event;
use tracing::field::{Field, Visit};

/// Fields in the order in which they were given; a field that is given again has the new value.
#[derive(Clone, Debug, Default)]
pub struct Fields(pub Vec<(&'static str, Value)>);

impl Fields {
    fn set(&mut self, name: &'static str, value: Value) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field.name(), json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field.name(), json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field.name(), json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field.name(), json!(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field.name(), json!(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = String::new();
        // A value that cannot be shown is an empty one.
        let _ = write!(text, "{value:?}");
        self.set(field.name(), Value::String(text));
    }
}

/// A statement that the driver tells of.
#[derive(Debug, Default)]
pub struct Statement {
    /// Its text, with placeholders where values go.
    pub sql: String,
    /// How long it took, rows and all.
    pub took: Duration,
    rows: u64,
    changed: u64,
}

/// The longest piece of a statement's text in a line, in characters.
const LONGEST: usize = 400;

impl Statement {
    /// `None` when the event is of another kind.
    pub fn of(event: &Event<'_>) -> Option<Self> {
        let mut statement = Self::default();
        event.record(&mut statement);
        (!statement.sql.is_empty()).then_some(statement)
    }

    /// What a line tells of it; the text only when it was slow, for whoever looks for the cause.
    pub fn told(&self, name: String, is_slow: bool) -> Fields {
        let mut fields = Fields::default();
        let message = if is_slow {
            "a slow statement"
        } else {
            "a statement"
        };
        fields.set("message", json!(message));
        fields.set("statement", Value::String(name));
        fields.set("ms", json!(self.took.as_micros() as f64 / 1_000.0));
        fields.set("rows", json!(self.rows));
        fields.set("changed", json!(self.changed));
        if is_slow {
            let words: Vec<&str> = self.sql.split_whitespace().collect();
            let text: String = words.join(" ").chars().take(LONGEST).collect();
            fields.set("text", Value::String(text));
        }
        fields
    }
}

impl Visit for Statement {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            // The whole text, or empty when the summary is the whole text.
            "db.statement" if !value.is_empty() => value.clone_into(&mut self.sql),
            "summary" if self.sql.is_empty() => value.clone_into(&mut self.sql),
            _ => {}
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "rows_returned" => self.rows = value,
            "rows_affected" => self.changed = value,
            _ => {}
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "elapsed_secs" {
            self.took = Duration::try_from_secs_f64(value).unwrap_or_default();
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}
