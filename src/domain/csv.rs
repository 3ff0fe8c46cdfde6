//! Cells of files that people open in a spreadsheet.

/// The text of a cell. A spreadsheet takes what begins like a formula for one and computes it, whoever wrote it: an
/// apostrophe in front keeps it a text.
#[must_use]
pub fn cell(text: &str) -> String {
    if text.starts_with([
        '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ]) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_begins_like_a_formula_is_a_text() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\u{ff1d}1"] {
            assert_eq!(cell(formula), format!("'{formula}"));
        }
        for text in ["", "Line 4", "a=b", "'=1"] {
            assert_eq!(cell(text), text);
        }
    }

    proptest! {
        #[test]
        fn no_cell_begins_like_a_formula(text in any::<String>()) {
            prop_assert!(!cell(&text).starts_with(['=', '+', '-', '@', '\t', '\r']));
            prop_assert!(cell(&text).ends_with(&text));
        }
    }
}
