//! What a query asks, read field by field, so that everything that is wrong with it is told at once.

use super::problem::{Problem, invalid};
use crate::domain::plant::FieldError;
use std::str::FromStr;

/// A field that is wrong, and how.
pub fn wrong(field: &str, problem: impl Into<String>) -> FieldError {
    FieldError {
        field: field.to_owned(),
        problem: problem.into(),
    }
}

/// What is wrong with a query, gathered so that all of it is told at once.
#[derive(Default)]
pub struct Gathered(Vec<FieldError>);

impl Gathered {
    /// The value, or a stand-in that [`Gathered::refuse`] keeps from being used.
    pub fn take<T: Default>(&mut self, read: Result<T, FieldError>) -> T {
        read.unwrap_or_else(|wrong| {
            self.0.push(wrong);
            T::default()
        })
    }

    /// Nothing is wrong.
    ///
    /// # Errors
    /// 422, naming every wrong field.
    pub fn refuse(self) -> Result<(), Problem> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(invalid(self.0))
        }
    }
}

/// An instant as a query gives it.
///
/// # Errors
/// What is wrong with the field.
pub fn instant(field: &str, text: Option<&str>) -> Result<i64, FieldError> {
    let text = text.ok_or_else(|| wrong(field, "is missing"))?;
    if let Ok(ms) = text.parse::<i64>() {
        return Ok(ms);
    }
    let at: jiff::Timestamp = text.parse().map_err(|e| {
        wrong(
            field,
            format!("is neither epoch milliseconds nor RFC 3339: {e}"),
        )
    })?;
    Ok(at.as_millisecond())
}

/// An instant that may be left out.
///
/// # Errors
/// What is wrong with the field.
pub fn instant_if_given(field: &str, text: Option<&str>) -> Result<Option<i64>, FieldError> {
    text.map(|text| instant(field, Some(text))).transpose()
}

/// A whole number that may be left out.
///
/// # Errors
/// What is wrong with the field.
pub fn number_if_given<T: FromStr>(
    field: &str,
    text: Option<&str>,
) -> Result<Option<T>, FieldError> {
    let read = |text: &str| text.parse::<T>();
    let wrong = |_| wrong(field, "must be a whole number, not too large");
    text.map(read).transpose().map_err(wrong)
}

/// Yes or no, which may be left out.
///
/// # Errors
/// What is wrong with the field.
pub fn choice_if_given(field: &str, text: Option<&str>) -> Result<Option<bool>, FieldError> {
    let wrong = |_| wrong(field, "must be true or false");
    text.map(str::parse::<bool>).transpose().map_err(wrong)
}

/// One of the words that there are; it may be left out.
///
/// # Errors
/// What is wrong with the field.
pub fn word_if_given<T: Copy>(
    field: &str,
    text: Option<&str>,
    (all, name): (&[T], fn(T) -> &'static str),
) -> Result<Option<T>, FieldError> {
    let Some(text) = text else {
        return Ok(None);
    };
    let found = all.iter().copied().find(|one| name(*one) == text);
    found.map(Some).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|one| name(*one)).collect();
        wrong(field, format!("must be one of {}", names.join(", ")))
    })
}

/// What must be given.
///
/// # Errors
/// It is missing.
pub fn given<T>(field: &str, value: Option<T>) -> Result<Option<T>, FieldError> {
    match value {
        Some(value) => Ok(Some(value)),
        None => Err(wrong(field, "is missing")),
    }
}
