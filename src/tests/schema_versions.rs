//! Both engines have the same schema versions, going forward only; a program that is older than its database says so.

use crate::harness::{Place, at};
use ms5_floor::domain::part::LossRules;
use ms5_floor::domain::shift::Schedule;
use ms5_floor::domain::time::{DurMs, Span};
use ms5_floor::server::calendar::{schedule, shifts};
use ms5_floor::server::db::{Db, OpenError, migrate, roles, rollup};
use ms5_floor::server::plant::Plant;
use std::collections::BTreeSet;
use std::path::Path;

on_both! {
    migrating_twice_is_fine,
    a_newer_database_is_refused,
    a_plant_of_the_second_version_is_kept,
    roles_that_a_site_left_alone_get_the_new_first_pages,
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

/// Runs a script of several statements.
async fn script(db: &Db, text: &'static str) {
    match db {
        Db::Sqlite { write, .. } => sqlx::raw_sql(text).execute(write).await.map(drop),
        Db::Postgres(pool) => sqlx::raw_sql(text).execute(pool).await.map(drop),
    }
    .unwrap_or_else(|e| panic!("{e}: {text}"));
}

async fn a_plant_of_the_second_version_is_kept(place: &Place) {
    macro_rules! version {
        ($file:literal) => {
            if place.url.starts_with("sqlite") {
                include_str!(concat!("../../migrations/sqlite/", $file))
            } else {
                include_str!(concat!("../../migrations/postgres/", $file))
            }
        };
    }
    const ROWS: &str = "
        INSERT INTO site (code, name, zone, simulated) VALUES ('T', 'Test works', 'Europe/Rome', 0);
        INSERT INTO area (site_id, code, name, position) VALUES (1, 'A', 'Hall', 0);
        INSERT INTO shift_pattern (name, days, start_min, end_min, breaks) VALUES
            ('Early', 31, 360, 840, '[[600,630]]'), ('Late', 31, 840, 1320, '[]');
        INSERT INTO line (area_id, code, name, position, coupling, target_oee, minor_stop_ms) VALUES
            (1, 'L1', 'Line 1', 0, 'serial', 0.7, 300000), (1, 'L2', 'Line 2', 1, 'serial', 0.8, 180000);
        INSERT INTO line_shift (line_id, shift_id) VALUES (1, 2), (1, 1);
        INSERT INTO machine (line_id, code, name, position, pacing, output) VALUES (1, 'M1', 'Filler', 0, 1, 1);
        INSERT INTO product (code, name) VALUES ('P1', 'Product 1');
        INSERT INTO ideal_rate (machine_id, product_id, valid_from, units, per_ms, origin) VALUES
            (1, 1, 0, 60, 60000, 'Nameplate');";
    let db = Db::open(&place.url).await.expect("a database");
    script(&db, version!("0001_plant.sql")).await;
    script(&db, version!("0002_facts.sql")).await;
    script(&db, ROWS).await;
    script(&db, version!("0003_calendar.sql")).await;
    script(&db, version!("0004_reasons.sql")).await;
    script(&db, version!("0005_rollup.sql")).await;
    script(
        &db,
        "INSERT INTO rollup_state (line_id, made_from, made_to) VALUES (1, 0, 9)",
    )
    .await;
    script(&db, version!("0006_refold.sql")).await;
    script(&db, version!("0007_made_in_silence.sql")).await;
    let plant = Plant::load(&db).await.expect("the plant");
    let site = plant.site.as_ref().expect("a site");
    let line = plant.line("L1").expect("the line");
    let mut snapshot = db.snapshot().await.expect("a snapshot");
    let made = rollup::state(&mut snapshot, line.id)
        .await
        .expect("a state");
    assert_eq!(
        made.made, None,
        "cells that were reckoned otherwise are gone"
    );
    drop(snapshot);
    let day = Span::clamped(
        at("2020-01-06T00:00:00+01:00"),
        at("2020-01-07T00:00:00+01:00"),
    );
    let told: Vec<_> = shifts(site, line, day)
        .into_iter()
        .map(|s| (s.name, s.span, s.breaks.len()))
        .collect();
    let span = |from, to| Span::clamped(at(from), at(to));
    assert_eq!(
        told,
        [
            (
                "Early".to_owned(),
                span("2020-01-06T06:00:00+01:00", "2020-01-06T14:00:00+01:00"),
                1
            ),
            (
                "Late".to_owned(),
                span("2020-01-06T14:00:00+01:00", "2020-01-06T22:00:00+01:00"),
                0
            ),
        ],
        "{}",
        place.engine
    );
    assert_eq!(line.target_at(day.from()).oee, 0.7, "{}", place.engine);
    assert_eq!(
        line.rules,
        LossRules::minor(DurMs(300_000)),
        "{}",
        place.engine
    );
    let other = plant.line("L2").expect("the line");
    assert_eq!(
        schedule(site, other, day),
        Schedule::BySignal,
        "{}",
        place.engine
    );
    let (machine, product) = (
        plant.machine_id("M1").expect("M1"),
        plant.product_id("P1").expect("P1"),
    );
    let rate = plant
        .rate_in_force(machine, product, day.from())
        .expect("a rate");
    assert_eq!(
        (rate.source.as_str(), rate.unit.as_str()),
        ("Nameplate", "pieces"),
        "{}",
        place.engine
    );
}

async fn roles_that_a_site_left_alone_get_the_new_first_pages(place: &Place) {
    let db = place.open().await;
    // As an older program left it, with a role of the site's own that begins with the board, too.
    script(
        &db,
        "DELETE FROM _sqlx_migrations WHERE description = '0012_first_pages';
        UPDATE role SET first_page = '/';
        UPDATE role SET first_page = '/admin/people' WHERE code = 'admin';
        UPDATE role SET first_page = '/lines/L1' WHERE code = 'quality';
        INSERT INTO role (code, name, permissions, first_page, seeded, version)
            VALUES ('setter', 'Setter', 'line:read', '/', 0, 1);",
    )
    .await;
    let pages = async || {
        let (rows, _) = roles::all(&db).await.expect("roles");
        rows.into_iter()
            .map(|r| (r.code, r.first_page, r.version))
            .collect::<Vec<_>>()
    };
    let before = pages().await;
    migrate::migrate(&db).await.expect("migrated");
    for ((code, was, version), (_, is, counted)) in before.into_iter().zip(pages().await) {
        let expected = match code.as_str() {
            "operator" => "/lines/{line}",
            "maintenance" => "/lines/{line}?view=stops",
            _ => was.as_str(),
        };
        assert_eq!(is, expected, "{}: {code}", place.engine);
        assert_eq!(counted - version, i64::from(is != was), "{code}");
    }
    // What a site chose stays.
    script(
        &db,
        "DELETE FROM _sqlx_migrations WHERE description = '0012_first_pages';
        UPDATE role SET first_page = '/lines/L1' WHERE code IN ('operator', 'maintenance')",
    )
    .await;
    let chosen = pages().await;
    migrate::migrate(&db).await.expect("migrated");
    assert_eq!(pages().await, chosen, "{}", place.engine);
}
