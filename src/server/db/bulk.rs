//! Statements that write many rows at once: `INSERT … VALUES (…), (…)` in a few fixed sizes, so that the text is
//! static and the engine keeps it prepared.

/// Rows in one statement, largest first.
const SIZES: [usize; 4] = [128, 32, 8, 1];

/// An `INSERT` of any number of rows.
pub struct Bulk {
    texts: [String; SIZES.len()],
}

impl Bulk {
    /// `head` ends before `VALUES`; every row has `columns` values; `tail` follows the rows.
    #[must_use]
    pub fn new(head: &str, columns: usize, tail: &str) -> Self {
        let text = |rows: usize| {
            let row = |r: usize| {
                let marks: Vec<String> = (1..=columns)
                    .map(|c| format!("${}", r * columns + c))
                    .collect();
                format!("({})", marks.join(", "))
            };
            let rows: Vec<String> = (0..rows).map(row).collect();
            format!("{head} VALUES {} {tail}", rows.join(", "))
        };
        Self {
            texts: SIZES.map(text),
        }
    }

    /// Cuts `rows` into pieces, each with the statement that writes it.
    pub fn pieces<'a, T>(
        &'static self,
        mut rows: &'a [T],
    ) -> impl Iterator<Item = (&'static str, &'a [T])> {
        std::iter::from_fn(move || {
            let size = SIZES.iter().position(|size| rows.len() >= *size)?;
            let (piece, rest) = rows.split_at(SIZES[size]);
            rows = rest;
            Some((self.texts[size].as_str(), piece))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::LazyLock;

    static PAIRS: LazyLock<Bulk> =
        LazyLock::new(|| Bulk::new("INSERT INTO t (a, b)", 2, "ON CONFLICT DO NOTHING"));

    #[test]
    fn pieces_cover_all_rows_in_order() {
        let rows: Vec<usize> = (0..170).collect();
        let pieces: Vec<(&str, &[usize])> = PAIRS.pieces(&rows).collect();
        assert_eq!(
            pieces.iter().map(|p| p.1.len()).collect::<Vec<_>>(),
            [128, 32, 8, 1, 1]
        );
        assert_eq!(
            pieces.iter().flat_map(|p| p.1).copied().collect::<Vec<_>>(),
            rows
        );
        assert_eq!(
            pieces[4].0,
            "INSERT INTO t (a, b) VALUES ($1, $2) ON CONFLICT DO NOTHING"
        );
    }
}
