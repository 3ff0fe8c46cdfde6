//! Both engines have the same schema versions, going forward only; a program that is older than its database says so.

use crate::harness::Place;
use ms5_floor::server::db::{Db, OpenError, migrate};
use std::collections::BTreeSet;
use std::path::Path;

on_both! {
    migrating_twice_is_fine,
    a_newer_database_is_refused,
}

fn files(engine: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("migrations")
        .join(engine);
    let entries =
        std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    entries
        .map(|e| {
            e.expect("an entry")
                .file_name()
                .into_string()
                .expect("a name")
        })
        .collect()
}

#[test]
fn both_engines_have_the_same_versions_numbered_without_a_gap() {
    let (sqlite, postgres) = (files("sqlite"), files("postgres"));
    assert_eq!(sqlite, postgres);
    assert!(!sqlite.is_empty());
    for (number, name) in (1..).zip(&sqlite) {
        assert!(
            name.starts_with(&format!("{number:04}_")) && name.ends_with(".sql"),
            "{name}"
        );
    }
}

#[tokio::test]
async fn every_file_is_part_of_the_program() {
    let place = Place::sqlite();
    let db = place.open().await;
    let known = migrate::version(&db).await.expect("a version");
    assert_eq!(
        usize::try_from(known).expect("a number"),
        files("sqlite").len()
    );
}

async fn migrating_twice_is_fine(place: &Place) {
    let db = place.open().await;
    let first = migrate::version(&db).await.expect("a version");
    migrate::migrate(&db)
        .await
        .unwrap_or_else(|e| panic!("{}: {e}", place.engine));
    assert_eq!(
        migrate::version(&db).await.expect("a version"),
        first,
        "{}",
        place.engine
    );
    db.close().await;
    let again = place.open().await;
    assert_eq!(
        migrate::version(&again).await.expect("a version"),
        first,
        "{}",
        place.engine
    );
}

async fn a_newer_database_is_refused(place: &Place) {
    let db = place.open().await;
    let known = migrate::version(&db).await.expect("a version");
    const NEWER: &str =
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        VALUES (99, 'from the future', TRUE, $1, 0)";
    let checksum: &[u8] = b"x";
    match &db {
        Db::Sqlite { write, .. } => sqlx::query(NEWER)
            .bind(checksum)
            .execute(write)
            .await
            .map(drop),
        Db::Postgres(pool) => sqlx::query(NEWER)
            .bind(checksum)
            .execute(pool)
            .await
            .map(drop),
    }
    .expect("the row");
    let refused = migrate::migrate(&db).await.expect_err("a newer database");
    assert!(
        matches!(refused, OpenError::Newer { found: 99, known: k } if k == known),
        "{refused:?}"
    );
    let line = refused.to_string();
    let wanted =
        format!("schema version 99, this program knows only {known}; start a newer program");
    assert!(line.contains(&wanted), "{}: {line}", place.engine);
    assert!(!line.contains('\n'), "one line: {line}");
}
