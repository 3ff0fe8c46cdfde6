//! Statements that write many rows at once: `INSERT … VALUES (…), (…)` in a few fixed sizes, so that the text is
//! static and the engine keeps it prepared.

use super::Tx;

/// Rows in one statement, largest first. Each statement is a walk to the engine and back: the small groups of senders
/// who post one event at a time take one, larger ones a few.
const SIZES: [usize; 20] = [
    256, 128, 64, 32, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1,
];

/// One statement in every size.
type Texts = [String; SIZES.len()];

/// A statement over any number of rows.
pub struct Bulk {
    sqlite: Texts,
    postgres: Texts,
}

impl Bulk {
    /// `head` ends before `VALUES`; every row has `columns` values; `tail` follows the rows. Neither may hold
    /// placeholders.
    #[must_use]
    pub fn new(head: &str, columns: usize, tail: &str) -> Self {
        let text = |rows: usize, mark: &dyn Fn(usize) -> String| {
            let row = |r: usize| {
                let marks: Vec<String> = (1..=columns).map(|c| mark(r * columns + c)).collect();
                format!("({})", marks.join(", "))
            };
            let rows: Vec<String> = (0..rows).map(row).collect();
            format!("{head} VALUES {} {tail}", rows.join(", "))
        };
        Self {
            // For SQLite `$n` is a name, and for each value all names are searched: with hundreds of values that takes
            // longer than writing them.
            sqlite: SIZES.map(|rows| text(rows, &|_| "?".to_owned())),
            postgres: SIZES.map(|rows| text(rows, &|n| format!("${n}"))),
        }
    }

    /// Cuts `rows` into pieces, each with the statement that writes it on the engine of `tx`.
    pub fn pieces<'a, T>(
        &'static self,
        tx: &Tx,
        rows: &'a [T],
    ) -> impl Iterator<Item = (&'static str, &'a [T])> + use<'a, T> {
        pieces(
            match tx {
                Tx::Sqlite(_) => &self.sqlite,
                Tx::Postgres(_) => &self.postgres,
            },
            rows,
        )
    }
}

fn pieces<'a, T>(
    texts: &'static Texts,
    mut rows: &'a [T],
) -> impl Iterator<Item = (&'static str, &'a [T])> {
    std::iter::from_fn(move || {
        let size = SIZES.iter().position(|size| rows.len() >= *size)?;
        let (piece, rest) = rows.split_at(SIZES[size]);
        rows = rest;
        Some((texts[size].as_str(), piece))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::LazyLock;

    static PAIRS: LazyLock<Bulk> =
        LazyLock::new(|| Bulk::new("INSERT INTO t (a, b)", 2, "ON CONFLICT DO NOTHING"));

    #[test]
    fn pieces_cover_all_rows_in_order() {
        let rows: Vec<usize> = (0..523).collect();
        let pieces: Vec<(&str, &[usize])> = pieces(&PAIRS.postgres, &rows).collect();
        assert_eq!(
            pieces.iter().map(|p| p.1.len()).collect::<Vec<_>>(),
            [256, 256, 11]
        );
        assert_eq!(
            pieces.iter().flat_map(|p| p.1).copied().collect::<Vec<_>>(),
            rows
        );
        assert_eq!(
            PAIRS.postgres[SIZES.len() - 2],
            "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4) ON CONFLICT DO NOTHING"
        );
    }

    #[test]
    fn values_have_no_names_on_sqlite() {
        assert_eq!(
            PAIRS.sqlite[SIZES.len() - 2],
            "INSERT INTO t (a, b) VALUES (?, ?), (?, ?) ON CONFLICT DO NOTHING"
        );
    }
}
