//! The rival of ingest: the rows that a server stored, inserted again by nothing but SQLite.
//!
//! `raw-sqlite STORED SCRATCH BATCH` copies the table `fact` with its indexes from the database STORED into a new file
//! SCRATCH: one transaction for BATCH rows, one prepared statement, flushed to disk at each commit. Reading is not
//! part of the time. A program of its own, so that `cargo xtask` need not compile SQLite.
//!
//! `raw-sqlite STORED` tells what each table takes with its indexes, in bytes.

use std::env;
use std::error::Error;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, params};

struct Fact {
    source: i64,
    item: String,
    machine: i64,
    at: i64,
    body: String,
    received: i64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [stored] = arguments.as_slice() {
        println!("{{{}}}", sizes(stored)?.join(", "));
        return Ok(());
    }
    let [stored, scratch, batch] = arguments.as_slice() else {
        return Err("usage: raw-sqlite STORED [SCRATCH BATCH]".into());
    };
    let stored = Connection::open_with_flags(stored, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let facts = facts(&stored)?;
    let mut scratch = Connection::open(scratch)?;
    prepare(&scratch, &stored)?;
    let before = processor_time();
    let time = insert(&mut scratch, &facts, batch.parse()?)?;
    let processor = processor_time().saturating_sub(before);
    let kept: i64 = scratch.query_row("SELECT count(*) FROM fact", [], |row| row.get(0))?;
    if usize::try_from(kept)? != facts.len() {
        return Err(format!("{kept} of {} rows were kept", facts.len()).into());
    }
    println!(
        "{{\"rows\": {kept}, \"seconds\": {}, \"processor\": {}}}",
        time.as_secs_f64(),
        processor.as_secs_f64()
    );
    Ok(())
}

fn sizes(stored: &str) -> rusqlite::Result<Vec<String>> {
    let stored = Connection::open_with_flags(stored, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let sql = "SELECT s.tbl_name, SUM(d.pgsize) FROM dbstat AS d
        JOIN sqlite_schema AS s ON s.name = d.name WHERE d.aggregate = TRUE GROUP BY s.tbl_name";
    let mut statement = stored.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        let (table, bytes): (String, i64) = (row.get(0)?, row.get(1)?);
        Ok(format!("\"{table}\": {bytes}"))
    })?;
    rows.collect()
}

/// What the kernel has counted for this process's only thread; zero where it does not count.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|word| word.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}

fn facts(stored: &Connection) -> rusqlite::Result<Vec<Fact>> {
    let sql =
        "SELECT source_id, item_id, machine_id, at_ms, body, received_ms FROM fact ORDER BY seq";
    let mut statement = stored.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        Ok(Fact {
            source: row.get(0)?,
            item: row.get(1)?,
            machine: row.get(2)?,
            at: row.get(3)?,
            body: row.get(4)?,
            received: row.get(5)?,
        })
    })?;
    rows.collect()
}

/// The same table, the same indexes, the same settings as the server's.
fn prepare(scratch: &Connection, stored: &Connection) -> rusqlite::Result<()> {
    scratch.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    scratch.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    scratch.pragma_update(None, "synchronous", "FULL")?;
    scratch.pragma_update(None, "temp_store", "MEMORY")?;
    scratch.pragma_update(None, "cache_size", -16_000)?;
    let sql = "SELECT sql FROM sqlite_schema WHERE tbl_name = 'fact' AND sql IS NOT NULL ORDER BY rootpage";
    let mut statement = stored.prepare(sql)?;
    let texts: Vec<String> = statement
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    scratch.execute_batch(&texts.join(";"))
}

fn insert(scratch: &mut Connection, facts: &[Fact], batch: usize) -> rusqlite::Result<Duration> {
    let start = Instant::now();
    for piece in facts.chunks(batch.max(1)) {
        let transaction = scratch.transaction()?;
        {
            let mut statement = transaction.prepare_cached(
                "INSERT INTO fact (source_id, item_id, machine_id, at_ms, body, received_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            for fact in piece {
                statement.execute(params![
                    fact.source,
                    fact.item,
                    fact.machine,
                    fact.at,
                    fact.body,
                    fact.received
                ])?;
            }
        }
        transaction.commit()?;
    }
    Ok(start.elapsed())
}
