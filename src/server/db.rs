//! The databases: SQLite in one file, or PostgreSQL for several nodes.
//!
//! **Invariant.** SQL stands only in this module and below, as static text that both engines read alike; where they
//! cannot, both texts stand next to each other at the query. Columns are `i64`, `f64`, text, bool and bytes only.

pub mod andon;
pub mod attempts;
pub mod audit;
mod bulk;
pub mod calendar;
pub mod channel_tests;
pub mod classifications;
pub mod contacts;
pub mod deliveries;
pub mod devices;
pub mod facts;
pub mod failure;
pub mod keys;
pub mod migrate;
pub mod notify;
pub mod people;
pub mod plant;
pub mod quarantine;
pub mod rates;
pub mod reasons;
pub mod refold;
pub mod roles;
pub mod rollup;
pub mod sessions;
pub mod settings;
pub mod sources;
pub mod statement;
pub mod stretches;
pub mod timeline;

use super::private_file;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, Transaction};
use std::io::ErrorKind;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

/// An open database.
#[derive(Clone, Debug)]
pub enum Db {
    /// One file. One connection writes, so writers queue fairly; readers see the last commit without waiting.
    Sqlite {
        /// The one connection that writes.
        write: SqlitePool,
        /// Read-only connections.
        read: SqlitePool,
    },
    /// A server shared by any number of nodes.
    Postgres(PgPool),
}

/// A transaction.
pub enum Tx {
    /// On SQLite; one that writes was begun `IMMEDIATE`: it never fails half-way for want of the write lock.
    Sqlite(Transaction<'static, Sqlite>),
    /// On PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
}

/// Runs the same body on the pool that reads, whichever engine it is.
macro_rules! reading {
    ($db:expr, |$pool:ident| $body:expr) => {
        match $db {
            $crate::server::db::Db::Sqlite { read: $pool, .. } => $body,
            $crate::server::db::Db::Postgres($pool) => $body,
        }
    };
}

/// Runs the same body on the connection of a transaction, whichever engine it is.
macro_rules! writing {
    ($tx:expr, |$conn:ident| $body:expr) => {
        match $tx {
            $crate::server::db::Tx::Sqlite(tx) => {
                let $conn = &mut **tx;
                $body
            }
            $crate::server::db::Tx::Postgres(tx) => {
                let $conn = &mut **tx;
                $body
            }
        }
    };
}

/// Runs a statement that deletes some rows from before a moment, in transactions of their own, until it finds none.
macro_rules! forget {
    ($db:expr, $sql:expr, $before:expr) => {
        loop {
            let mut tx = $db.begin().await?;
            let gone = $crate::server::db::writing!(&mut tx, |conn| sqlx::query($sql)
                .bind($before.0)
                .execute(conn)
                .await?
                .rows_affected());
            tx.commit().await?;
            if gone == 0 {
                return Ok(());
            }
        }
    };
}

pub(crate) use {forget, reading, writing};

/// Why a database could not be opened or brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is neither a SQLite file nor a PostgreSQL server.
    #[error("database: '{0}' is neither sqlite://FILE nor postgres://USER@HOST/NAME")]
    Address(String),
    /// The program is older than the database.
    #[error(
        "database: it has schema version {found}, this program knows only {known}; start a newer program"
    )]
    Newer {
        /// What the database has.
        found: i64,
        /// What this program has.
        known: i64,
    },
    /// The folder of the file could not be made.
    #[error("database: cannot make the folder {0}: {1}")]
    Folder(String, std::io::Error),
    /// The file could not be made.
    #[error("database: cannot make the file {0}: {1}")]
    File(String, std::io::Error),
    /// The engine said no.
    #[error("database: {0}")]
    Engine(#[from] sqlx::Error),
    /// A migration failed.
    #[error("database: migration failed: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

/// Identifies "the transaction that appends facts" among PostgreSQL's advisory locks.
const APPEND_LOCK: i64 = 0x4d53_3566_6163_7473;

/// Statements that SQLite's writing connection keeps prepared.
const WRITER_STATEMENTS: usize = 256;

/// Makes the file, and the folder if there is none, for the account of the program alone: second factors and the secrets of
/// sessions are in it. SQLite gives the files beside it the mode of the file; what older programs left open is closed.
fn keep_to_ourselves(file: &Path) -> Result<(), OpenError> {
    if let Some(folder) = file.parent().filter(|f| !f.as_os_str().is_empty()) {
        private_file::make_folder(folder)
            .map_err(|e| OpenError::Folder(folder.display().to_string(), e))?;
    }
    private_file::make(file).map_err(|e| OpenError::File(file.display().to_string(), e))?;
    for beside in ["", "-wal", "-shm"] {
        let mut name = file.as_os_str().to_owned();
        name.push(beside);
        let name = Path::new(&name);
        match private_file::close(name) {
            Ok(false) => {}
            Ok(true) => {
                tracing::warn!(file = %name.display(), "other accounts could read the database; they cannot any more");
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            // Of another account, which lets us write: it says who may read it.
            Err(error) => {
                tracing::warn!(file = %name.display(), %error, "other accounts may read the database");
            }
        }
    }
    Ok(())
}

impl Db {
    /// Opens `sqlite://FILE` (made when absent) or `postgres://…`, without touching the schema.
    ///
    /// # Errors
    /// When the address is of neither form or the engine cannot be reached.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(url)?;
            let pool = PgPoolOptions::new()
                .max_connections(16)
                .acquire_timeout(Duration::from_secs(5))
                // All that we ask takes milliseconds: to start workers, or to compile a statement, takes longer than it saves.
                .after_connect(|connection, _| {
                    Box::pin(async move {
                        sqlx::raw_sql("SET max_parallel_workers_per_gather = 0; SET jit = off")
                            .execute(connection)
                            .await
                            .map(drop)
                    })
                });
            return Ok(Self::Postgres(pool.connect_with(options).await?));
        }
        let Some(path) = url.strip_prefix("sqlite://").filter(|p| !p.is_empty()) else {
            return Err(OpenError::Address(url.to_owned()));
        };
        keep_to_ourselves(Path::new(path))?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5))
            .pragma("temp_store", "MEMORY")
            .pragma("cache_size", "-16000");
        let writer = options
            .clone()
            // Statements over many rows are prepared in each size.
            .statement_cache_capacity(WRITER_STATEMENTS)
            .create_if_missing(true)
            .auto_vacuum(SqliteAutoVacuum::Incremental)
            .journal_mode(SqliteJournalMode::Wal)
            // What is acknowledged survives a power cut, not only a crash of the program.
            .synchronous(SqliteSynchronous::Full);
        let pool = || {
            SqlitePoolOptions::new()
                .idle_timeout(None)
                .max_lifetime(None)
                // A file in this process does not hang up.
                .test_before_acquire(false)
        };
        let write = pool().max_connections(1).connect_with(writer).await?;
        let readers = std::thread::available_parallelism()
            .map_or(4, |n| n.get() * 2)
            .try_into()
            .unwrap_or(4);
        let read = pool()
            .max_connections(readers)
            .connect_with(options.read_only(true))
            .await?;
        Ok(Self::Sqlite { write, read })
    }

    /// Begins a transaction that may write.
    ///
    /// # Errors
    /// When the engine cannot begin one.
    pub async fn begin(&self) -> sqlx::Result<Tx> {
        Ok(match self {
            Self::Sqlite { write, .. } => Tx::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Begins a transaction that only reads: everything read in it is of one moment.
    ///
    /// # Errors
    /// When the engine cannot begin one.
    pub async fn snapshot(&self) -> sqlx::Result<Tx> {
        Ok(match self {
            Self::Sqlite { read, .. } => Tx::Sqlite(read.begin().await?),
            Self::Postgres(pool) => Tx::Postgres(
                pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    .await?,
            ),
        })
    }

    /// Begins the one transaction at a time that appends facts: their sequence numbers are then in commit order, so
    /// that a stream which resumes after a number misses nothing.
    ///
    /// # Errors
    /// When the engine cannot begin one.
    pub async fn begin_append(&self) -> sqlx::Result<Tx> {
        let mut tx = self.begin().await?;
        if let Tx::Postgres(tx) = &mut tx {
            sqlx::query("SELECT pg_advisory_xact_lock($1)")
                .bind(APPEND_LOCK)
                .execute(&mut **tx)
                .await?;
        }
        Ok(tx)
    }

    /// Whether other nodes may write to the same database.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Asks the database for a trivial answer.
    ///
    /// # Errors
    /// When it does not give one.
    pub async fn ping(&self) -> sqlx::Result<()> {
        reading!(self, |pool| sqlx::query("SELECT 1")
            .execute(pool)
            .await
            .map(drop))
    }

    /// Closes all connections; the last writer folds SQLite's log into the file.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { write, read } => {
                read.close().await;
                write.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Tx {
    /// Makes the transaction's changes durable and visible.
    ///
    /// # Errors
    /// When the engine could not commit; nothing was changed then.
    pub async fn commit(self) -> sqlx::Result<()> {
        let begun = std::time::Instant::now();
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        super::metrics::committed(begun.elapsed());
        Ok(())
    }
}
