//! Schema versions: forward only, the same numbers on both engines.

use super::{Db, OpenError, reading};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use std::borrow::Cow;

/// One version: its name and its text for SQLite and for PostgreSQL.
struct Version {
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! versions {
    ($($file:literal),* $(,)?) => {
        &[$(Version {
            name: $file,
            sqlite: include_str!(concat!("../../../migrations/sqlite/", $file, ".sql")),
            postgres: include_str!(concat!("../../../migrations/postgres/", $file, ".sql")),
        }),*]
    };
}

/// Every version, in order; the first is number 1.
const VERSIONS: &[Version] = versions![
    "0001_plant",
    "0002_facts",
    "0003_calendar",
    "0004_reasons",
    "0005_rollup",
    "0006_refold",
    "0007_made_in_silence",
    "0008_people",
    "0009_quarters",
    "0010_andon",
    "0011_delivery",
    "0012_first_pages",
    "0013_moved_sessions",
    "0014_numbers_of_devices",
    "0015_andon_reads",
    "0016_not_by_address",
    "0017_folded_names",
    "0018_given_back_and_tested",
    "0019_andon_auto_places",
    "0020_andon_rounds",
];

/// Brings the schema up to date, adds the reasons and roles that every plant starts with, and lets rows of older programs be
/// found on the audit trail.
///
/// # Errors
/// [`OpenError::Newer`] when the database was made by a newer program; the engine's own errors.
pub async fn migrate(db: &Db) -> Result<(), OpenError> {
    let known = i64::try_from(VERSIONS.len()).unwrap_or(i64::MAX);
    let found = version(db).await.unwrap_or(0);
    if found > known {
        return Err(OpenError::Newer { found, known });
    }
    match db {
        Db::Sqlite { write, .. } => migrator(|v| v.sqlite).run(write).await?,
        Db::Postgres(pool) => migrator(|v| v.postgres).run(pool).await?,
    }
    super::reasons::seed(db).await?;
    super::roles::seed(db).await?;
    super::audit::fold_old(db).await?;
    Ok(())
}

/// The version of the database's schema.
///
/// # Errors
/// The engine's, also when there is no schema yet.
pub async fn version(db: &Db) -> sqlx::Result<i64> {
    reading!(db, |pool| {
        sqlx::query_scalar("SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations")
            .fetch_one(pool)
            .await
    })
}

fn migrator(text: impl Fn(&Version) -> &'static str) -> Migrator {
    let list = VERSIONS.iter().zip(1_i64..).map(|(version, number)| {
        let name = Cow::Borrowed(version.name);
        let sql = sqlx::SqlSafeStr::into_sql_str(text(version));
        Migration::new(number, name, MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(list.collect())
}
