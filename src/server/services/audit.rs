//! The audit trail for those who read it: search, export, and whether its chain still holds.

use super::error::ServiceError;
use crate::server::auth::Ctx;
use crate::server::db::Db;
use crate::server::db::audit::{self, AuditRow, GENESIS, Wanted, mark};
use serde_json::json;

/// Rows that are read at once while the chain is followed or exported.
const PAGE: i64 = 1000;

/// What is wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not there.
    Missing,
    /// It is not what was written: it was changed, or stands where another one stood.
    Altered,
    /// It has a number that no row can have.
    Foreign,
}

/// The first row with which something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("row {seq} of the audit trail {}", .fault.words())]
pub struct Broken {
    /// Its number.
    pub seq: i64,
    /// What is wrong.
    pub fault: Fault,
}

impl Fault {
    const fn words(self) -> &'static str {
        match self {
            Self::Missing => "is missing",
            Self::Altered => "is not as it was written",
            Self::Foreign => "does not belong to it",
        }
    }
}

/// A chain that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// How many rows it has.
    pub rows: i64,
    /// The mark of the last one; whoever keeps it elsewhere can tell later whether the trail up to it is still the same.
    pub last: String,
}

/// Follows the chain, row by row from the first.
#[derive(Clone, Debug)]
pub struct Chain {
    rows: i64,
    previous: Vec<u8>,
    marks: Vec<(i64, String)>,
}

impl Chain {
    /// A chain in which these marks must be met.
    #[must_use]
    pub fn new(marks: &[String]) -> Self {
        let number = |mark: &String| mark.split_once(':').and_then(|(seq, _)| seq.parse().ok());
        let marks = marks
            .iter()
            .map(|m| (number(m).unwrap_or(i64::MAX), m.trim().to_owned()));
        Self {
            rows: 0,
            previous: GENESIS.to_vec(),
            marks: marks.collect(),
        }
    }

    /// The next row.
    ///
    /// # Errors
    /// The first row with which something is wrong.
    pub fn follow(&mut self, row: &AuditRow) -> Result<(), Broken> {
        let next = self.rows + 1;
        let broken = |seq, fault| Err(Broken { seq, fault });
        if row.seq < next {
            return broken(row.seq, Fault::Foreign);
        }
        if row.seq > next {
            return broken(next, Fault::Missing);
        }
        let mark = mark(row.seq, &row.hash);
        let meets = self
            .marks
            .iter()
            .all(|(seq, wanted)| *seq != row.seq || *wanted == mark);
        if !meets || row.chained(&self.previous) != row.hash {
            return broken(row.seq, Fault::Altered);
        }
        self.rows = row.seq;
        self.previous.clone_from(&row.hash);
        Ok(())
    }

    /// There are no more rows.
    ///
    /// # Errors
    /// A mark is of a row that never came: the end is gone.
    pub fn end(self) -> Result<Whole, Broken> {
        if self.marks.iter().any(|(seq, _)| *seq > self.rows) {
            let seq = self.rows + 1;
            let fault = Fault::Missing;
            return Err(Broken { seq, fault });
        }
        Ok(Whole {
            rows: self.rows,
            last: mark(self.rows, &self.previous),
        })
    }
}

/// Follows the whole chain. `noted` is the mark of a row that somebody wrote down earlier.
///
/// # Errors
/// The engine's.
pub async fn verify(db: &Db, noted: Option<&str>) -> sqlx::Result<Result<Whole, Broken>> {
    // Read first: rows that are added meanwhile come after it.
    let kept = audit::last_mark(db).await?;
    let marks: Vec<String> = kept.into_iter().chain(noted.map(str::to_owned)).collect();
    let mut chain = Chain::new(&marks);
    let mut after = i64::MIN;
    loop {
        let rows = audit::after(db, after, PAGE).await?;
        let Some(last) = rows.last() else {
            return Ok(chain.end());
        };
        let since = after;
        after = last.seq;
        if let Err(broken) = rows.iter().try_for_each(|row| chain.follow(row)) {
            return Ok(Err(broken));
        }
        // No hash covers what is searched instead of the names; it follows from them.
        if let Some(seq) = audit::hidden(db, since, after).await? {
            let fault = Fault::Altered;
            return Ok(Err(Broken { seq, fault }));
        }
    }
}

/// The same for a page.
///
/// # Errors
/// The engine's.
pub async fn verify_here(ctx: &Ctx) -> Result<Result<Whole, Broken>, ServiceError> {
    Ok(verify(&ctx.app().db, None).await?)
}

/// The newest rows of those wanted.
///
/// # Errors
/// The engine's.
pub async fn find(ctx: &Ctx, wanted: &Wanted, limit: i64) -> Result<Vec<AuditRow>, ServiceError> {
    Ok(audit::find(&ctx.app().db, wanted, limit).await?)
}

/// Puts an export on record before its first row leaves.
///
/// # Errors
/// The engine's; nothing may be exported then.
pub async fn export_begins(ctx: &Ctx, wanted: &Wanted) -> Result<(), ServiceError> {
    let mut row = ctx.entry("audit.export", "audit");
    row.became = json!({
        "from_ms": wanted.from,
        "to_ms": wanted.to,
        "actor": wanted.actor,
        "action": wanted.action,
        "target": wanted.target,
    })
    .to_string();
    let mut tx = ctx.app().db.begin().await?;
    audit::add(&mut tx, &row).await?;
    tx.commit().await?;
    Ok(())
}

/// The next rows of an export, newest first, and what to ask for after them; none when it is done.
///
/// # Errors
/// The engine's.
pub async fn export_goes_on(
    ctx: &Ctx,
    wanted: &Wanted,
) -> Result<Option<(Vec<AuditRow>, Wanted)>, ServiceError> {
    let rows = find(ctx, wanted, PAGE).await?;
    Ok(rows.last().map(|r| r.seq).map(|seq| {
        let before = Some(seq);
        let wanted = wanted.clone();
        (rows, Wanted { before, ..wanted })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn trail(length: i64) -> Vec<AuditRow> {
        let mut previous = GENESIS.to_vec();
        let row = |seq| {
            let mut row = AuditRow {
                seq,
                at_ms: seq * 1000,
                action: "person.change".to_owned(),
                target: format!("person:{}", seq % 3),
                ..AuditRow::default()
            };
            row.hash = row.chained(&previous);
            previous.clone_from(&row.hash);
            row
        };
        (1..=length).map(row).collect()
    }

    fn check(rows: &[AuditRow], marks: &[String]) -> Result<Whole, Broken> {
        let mut chain = Chain::new(marks);
        rows.iter().try_for_each(|row| chain.follow(row))?;
        chain.end()
    }

    fn broken(rows: &[AuditRow]) -> Option<(i64, Fault)> {
        check(rows, &[]).err().map(|b| (b.seq, b.fault))
    }

    proptest! {
        #[test]
        fn the_first_row_that_was_touched_is_named(length in 3_i64..12, at in 0_usize..100) {
            let whole = trail(length);
            let at = at % (whole.len() - 1);
            let seq = at as i64 + 1;
            prop_assert_eq!(broken(&whole), None);

            let mut changed = whole.clone();
            changed[at].target.push('x');
            prop_assert_eq!(broken(&changed), Some((seq, Fault::Altered)));

            // Even with a hash that fits: the next row's hash covers the old one.
            let previous = if at == 0 { GENESIS.to_vec() } else { whole[at - 1].hash.clone() };
            changed[at].hash = changed[at].chained(&previous);
            prop_assert_eq!(broken(&changed), Some((seq + 1, Fault::Altered)));

            let mut removed = whole.clone();
            removed.remove(at);
            prop_assert_eq!(broken(&removed), Some((seq, Fault::Missing)));

            let mut inserted = whole.clone();
            inserted.insert(at, whole[at].clone());
            for (n, row) in inserted.iter_mut().enumerate() {
                row.seq = n as i64 + 1;
            }
            prop_assert_eq!(broken(&inserted).map(|b| b.1), Some(Fault::Altered));
            prop_assert!(broken(&inserted).is_some_and(|b| b.0 <= seq + 1));

            let mut swapped = whole.clone();
            swapped.swap(at, at + 1);
            swapped[at].seq = seq;
            swapped[at + 1].seq = seq + 1;
            prop_assert_eq!(broken(&swapped), Some((seq, Fault::Altered)));
        }
    }

    #[test]
    fn an_end_that_is_gone_and_a_trail_that_was_made_anew_are_found_by_a_mark() {
        let whole = trail(5);
        let noted = vec![mark(5, &whole[4].hash)];
        let seal = check(&whole, &noted).expect("it holds");
        assert_eq!((seal.rows, &seal.last), (5, &noted[0]));
        let gone = check(&whole[..3], &noted).expect_err("two rows are gone");
        assert_eq!((gone.seq, gone.fault), (4, Fault::Missing));
        let mut anew = whole;
        anew[1].target.push('x');
        let mut previous = GENESIS.to_vec();
        for row in &mut anew {
            row.hash = row.chained(&previous);
            previous.clone_from(&row.hash);
        }
        assert_eq!(broken(&anew), None, "the chain alone cannot tell");
        let found = check(&anew, &noted).expect_err("the mark can");
        assert_eq!((found.seq, found.fault), (5, Fault::Altered));
    }
}
