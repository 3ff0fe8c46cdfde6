//! The address of a line's page: what is chosen stands in it, so that a link shows the same.

use crate::api::analysis::Choice;
use std::fmt::Write;

/// A line's address, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    code: String,
    fields: Vec<(String, String)>,
}

impl Address {
    /// The address of `code` with a query such as `view=losses&period=day`. Empty values say nothing and are left out, so
    /// that a form may send them.
    #[must_use]
    pub fn parse(code: &str, query: &str) -> Self {
        let pair = |field: &str| {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            (decoded(name), decoded(value))
        };
        let fields = query.trim_start_matches('?').split('&').map(pair);
        Self {
            code: code.to_owned(),
            fields: fields
                .filter(|(name, value)| !name.is_empty() && !value.trim().is_empty())
                .collect(),
        }
    }

    /// The line.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The value of a field, if it is there.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The same with a field set.
    #[must_use]
    pub fn with(&self, name: &str, value: impl std::fmt::Display) -> Self {
        let mut out = self.without(&[name]);
        out.fields.push((name.to_owned(), format!("{value}")));
        out
    }

    /// The same without some fields.
    #[must_use]
    pub fn without(&self, names: &[&str]) -> Self {
        let mut out = self.clone();
        out.fields.retain(|(n, _)| !names.contains(&n.as_str()));
        out
    }

    /// Only some of its fields.
    #[must_use]
    pub fn only(&self, names: &[&str]) -> Self {
        let mut out = self.clone();
        out.fields.retain(|(n, _)| names.contains(&n.as_str()));
        out
    }

    /// Its fields, in order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }

    /// As it stands in a link.
    #[must_use]
    pub fn href(&self) -> String {
        format!("/lines/{}{}", encoded(&self.code), self.query())
    }

    /// Its fields as the query of any page.
    #[must_use]
    pub fn query(&self) -> String {
        let mut out = String::new();
        for (i, (name, value)) in self.fields.iter().enumerate() {
            out.push(if i == 0 { '?' } else { '&' });
            out.push_str(&encoded(name));
            out.push('=');
            out.push_str(&encoded(value));
        }
        out
    }

    /// A whole number.
    ///
    /// # Errors
    /// The field's name, when it is something else.
    pub fn whole(&self, name: &'static str) -> Result<Option<i64>, &'static str> {
        let text = self.get(name);
        text.map(|text| text.parse().map_err(|_| name)).transpose()
    }

    /// What the analysis is asked for.
    ///
    /// # Errors
    /// The name of a field that should be a number and is not.
    pub fn choice(&self) -> Result<Choice, &'static str> {
        let text = |name: &str| self.get(name).map(str::to_owned);
        Ok(Choice {
            period: text("period"),
            on: text("on"),
            from: self.whole("from")?,
            to: self.whole("to")?,
            shift: text("shift"),
            crew: text("crew"),
            product: text("product"),
            machine: text("machine"),
            by: text("by"),
            than_from: self.whole("than_from")?,
            than_to: self.whole("than_to")?,
        })
    }
}

/// Text as it stands in a link.
#[must_use]
pub fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let hex = (*byte == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
        let escaped = hex
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(match (escaped, byte) {
            (Some(byte), _) => byte,
            (None, b'+') => b' ',
            (None, byte) => *byte,
        });
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_it_was_written() {
        let address = Address::parse("L 1/a", "view=losses&product=750%20g+%26c&machine=&on");
        assert_eq!(address.get("product"), Some("750 g &c"));
        assert_eq!(address.get("machine"), None, "empty says nothing");
        assert_eq!(
            address.href(),
            "/lines/L%201%2Fa?view=losses&product=750%20g%20%26c"
        );
        let query = address.href();
        let query = query.split_once('?').map_or("", |(_, q)| q);
        assert_eq!(Address::parse("L 1/a", query), address);
        assert_eq!(decoded("100%"), "100%");
        assert_eq!(decoded("%zz%C3%A4"), "%zzä");
    }

    #[test]
    fn a_bound_that_is_no_number_is_named() {
        assert_eq!(Address::parse("L1", "from=x").choice(), Err("from"));
        assert_eq!(
            Address::parse("L1", "from=60000").with("from", 5).href(),
            "/lines/L1?from=5"
        );
    }

    proptest::proptest! {
        #[test]
        fn any_query_is_read_and_comes_back_from_its_link(code in ".{0,20}", query in ".{0,80}") {
            let address = Address::parse(&code, &query);
            let href = address.href();
            let (path, query) = href.split_once('?').unwrap_or((href.as_str(), ""));
            proptest::prop_assert!(href.bytes().all(|b| b.is_ascii_graphic()));
            proptest::prop_assert_eq!(decoded(path.strip_prefix("/lines/").unwrap_or_default()), code.clone());
            proptest::prop_assert_eq!(Address::parse(&code, query), address.clone());
            // A bound that is no number is named, nothing else.
            if let Err(field) = address.choice() {
                proptest::prop_assert!(["from", "to", "than_from", "than_to"].contains(&field));
            }
        }

        #[test]
        fn any_text_comes_back_from_a_link(text in ".{0,80}") {
            proptest::prop_assert_eq!(decoded(&encoded(&text)), text);
        }
    }
}
