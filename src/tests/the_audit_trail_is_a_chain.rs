//! The audit trail is a chain without gaps, whoever writes at once; whatever is done to it afterwards is found; what cannot
//! be put on record is not done; what is taken out of it is on record, too, and harmless in a spreadsheet.

use crate::browser::{Browser, add_person, text};
use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::small_plant;
use axum::http::{Method, StatusCode, header};
use ms5_floor::server::db::audit::{self, AuditRow, mark};
use ms5_floor::server::db::{Db, Tx, people, settings};
use ms5_floor::server::plant::Plant;
use ms5_floor::server::services::audit::{Broken, Fault, verify};
use ms5_floor::server::services::people::set_disabled;
use serde_json::json;
use std::process::{Command, Output};

on_both! {
    whatever_is_done_to_the_trail_is_named,
    rows_taken_off_the_end_are_missed,
    what_cannot_be_put_on_record_is_not_done,
    many_who_write_at_once_leave_no_gap,
    the_page_finds_pages_and_checks,
    the_file_computes_nothing_and_is_on_record,
    the_command_ends_badly_and_names_the_row,
}

async fn server(place: &Place) -> Server {
    let hands = Hands::at(at("2026-07-06T10:00:00Z"));
    Server::with(place, hands.clock(), small_plant()).await
}

fn row(n: i64) -> AuditRow {
    AuditRow {
        at_ms: 1_783_332_000_000 + n,
        actor_kind: "program".to_owned(),
        actor: "ms5-floor".to_owned(),
        action: "test.row".to_owned(),
        target: format!("row:{n}"),
        ..AuditRow::default()
    }
}

/// Adds rows in one transaction.
async fn add(db: &Db, rows: impl Iterator<Item = AuditRow>) {
    let mut tx = db.begin().await.expect("a transaction");
    for row in rows {
        audit::add(&mut tx, &row).await.expect("a row");
    }
    tx.commit().await.expect("a commit");
}

/// Somebody with the password of the database.
async fn tamper(db: &Db, statement: &'static str) {
    let mut tx = db.begin().await.expect("a transaction");
    let done = match &mut tx {
        Tx::Sqlite(tx) => sqlx::raw_sql(statement).execute(&mut **tx).await.map(drop),
        Tx::Postgres(tx) => sqlx::raw_sql(statement).execute(&mut **tx).await.map(drop),
    };
    done.unwrap_or_else(|e| panic!("{statement}: {e}"));
    tx.commit().await.expect("a commit");
}

async fn found(db: &Db) -> Option<(i64, Fault)> {
    let verdict = verify(db, None).await.expect("a look");
    verdict.err().map(|Broken { seq, fault }| (seq, fault))
}

const SWAP: &str =
    "UPDATE audit SET seq = -8 WHERE seq = 8; UPDATE audit SET seq = 8 WHERE seq = 9;
    UPDATE audit SET seq = 9 WHERE seq = -8";

async fn whatever_is_done_to_the_trail_is_named(place: &Place) {
    let db = place.open().await;
    // More than are read at once.
    add(&db, (1..=1010).map(row)).await;
    assert_eq!(found(&db).await, None);
    for (changed, back, expected) in [
        (
            "UPDATE audit SET target = 'row:x' WHERE seq = 5",
            "UPDATE audit SET target = 'row:5' WHERE seq = 5",
            (5, Fault::Altered),
        ),
        (
            "UPDATE audit SET at_ms = at_ms + 1 WHERE seq = 1005",
            "UPDATE audit SET at_ms = at_ms - 1 WHERE seq = 1005",
            (1005, Fault::Altered),
        ),
        (
            "CREATE TABLE aside AS SELECT * FROM audit WHERE seq = 7; DELETE FROM audit WHERE seq = 7",
            "INSERT INTO audit SELECT * FROM aside; DROP TABLE aside",
            (7, Fault::Missing),
        ),
        (
            "CREATE TABLE aside AS SELECT * FROM audit WHERE seq = 7; UPDATE aside SET seq = 1011;
            INSERT INTO audit SELECT * FROM aside",
            "DELETE FROM audit WHERE seq = 1011; DROP TABLE aside",
            (1011, Fault::Altered),
        ),
        (
            "CREATE TABLE aside AS SELECT * FROM audit WHERE seq = 7; UPDATE aside SET seq = -7;
            INSERT INTO audit SELECT * FROM aside",
            "DELETE FROM audit WHERE seq = -7; DROP TABLE aside",
            (-7, Fault::Foreign),
        ),
        (SWAP, SWAP, (8, Fault::Altered)),
    ] {
        tamper(&db, changed).await;
        assert_eq!(found(&db).await, Some(expected), "{changed}");
        tamper(&db, back).await;
        assert_eq!(found(&db).await, None, "{back}");
    }
    db.close().await;
}

async fn rows_taken_off_the_end_are_missed(place: &Place) {
    let db = place.open().await;
    add(&db, (1..=5).map(row)).await;
    let noted = verify(&db, None)
        .await
        .expect("a look")
        .expect("it holds")
        .last;
    tamper(&db, "DELETE FROM audit WHERE seq > 3").await;
    assert_eq!(found(&db).await, Some((4, Fault::Missing)));
    // Even by somebody who also changes where the end is kept once more: a mark that was noted elsewhere tells.
    let rows = audit::after(&db, 0, 10).await.expect("rows");
    let mut tx = db.begin().await.expect("a transaction");
    settings::put(&mut tx, "audit_last", &mark(3, &rows[2].hash))
        .await
        .expect("a mark");
    tx.commit().await.expect("a commit");
    assert_eq!(found(&db).await, None);
    let verdict = verify(&db, Some(&noted)).await.expect("a look");
    assert_eq!(
        verdict.map_err(|b| (b.seq, b.fault)),
        Err((4, Fault::Missing))
    );
    db.close().await;
}

async fn what_cannot_be_put_on_record_is_not_done(place: &Place) {
    let server = server(place).await;
    let mut admin = Browser::of(&server, "ada", "admin").await;
    let id = add_person(&server, "max", "viewer").await;
    let db = &server.app.db;
    let before = people::all(db).await.expect("people");
    tamper(db, "ALTER TABLE audit RENAME TO audit_away").await;
    let failed = set_disabled(&crate::harness::by_the_program(&server.app), id, true).await;
    assert!(failed.is_err());
    for (path, form) in [
        (
            format!("/admin/people/{}/disabled", id.0),
            vec![("disabled", "yes")],
        ),
        (format!("/admin/people/{}/password", id.0), vec![]),
        (
            "/admin/people".to_owned(),
            vec![("login", "new"), ("name", "New")],
        ),
        (
            "/admin/roles/new".to_owned(),
            vec![("code", "new"), ("name", "New")],
        ),
    ] {
        let answer = admin.post(&path, &form).await;
        assert!(answer.status.is_server_error(), "{path}: {}", answer.status);
    }
    let mut plant = small_plant();
    plant["line"][0]["name"] = json!("Another name");
    let everything = Some(server.everything.as_str());
    let put = server
        .send(Method::PUT, "/api/v1/plant", everything, &plant)
        .await;
    assert!(put.status.is_server_error(), "{}", put.status);
    let stored = Plant::load(db).await.expect("a plant");
    assert_eq!(stored.line("L1").expect("a line").name, "Line 1");
    let file = admin.get("/admin/audit.csv").await;
    assert!(file.status.is_server_error(), "no export without a record");
    tamper(db, "ALTER TABLE audit_away RENAME TO audit").await;
    assert_eq!(people::all(db).await.expect("people"), before);
    assert_eq!(found(db).await, None);
    let done = set_disabled(&crate::harness::by_the_program(&server.app), id, true).await;
    done.expect("it goes on");
}

async fn many_who_write_at_once_leave_no_gap(place: &Place) {
    let db = place.open().await;
    // A second program on the same database, as PostgreSQL allows and SQLite must survive.
    let other = Db::open(&place.url).await.expect("a second opening");
    let writers = (0..16).map(|w| {
        let db = if w % 2 == 0 {
            db.clone()
        } else {
            other.clone()
        };
        tokio::spawn(async move {
            for n in 0..10 {
                add(&db, std::iter::once(row(w * 100 + n))).await;
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.expect("a writer");
    }
    let whole = verify(&db, None).await.expect("a look").expect("it holds");
    assert_eq!(whole.rows, 160);
    other.close().await;
    db.close().await;
}

async fn the_page_finds_pages_and_checks(place: &Place) {
    let server = server(place).await;
    let mut admin = Browser::of(&server, "ada", "admin").await;
    let mut hostile = row(0);
    hostile.target = "row:<script>alert(1)</script>".to_owned();
    hostile.became = "{\"a\":\"<img src=x>\"}".to_owned();
    add(
        &server.app.db,
        std::iter::once(hostile).chain((1..=120).map(row)),
    )
    .await;
    let page = text(&admin.get("/admin/audit?action=test&actor=FLOOR").await);
    assert!(
        page.contains("row:120") && page.contains("row:21<") && !page.contains("row:20<"),
        "{page}"
    );
    assert!(!page.contains("session.sign_in"));
    let (_, rest) = page
        .split_once("href=\"/admin/audit?actor=")
        .expect("a way to older rows");
    let older = rest
        .split('"')
        .next()
        .expect("an address")
        .replace("&amp;", "&");
    let page = text(&admin.get(&format!("/admin/audit?actor={older}")).await);
    assert!(
        page.contains("row:20<") && !page.contains("row:21<"),
        "{page}"
    );
    assert!(
        !page.contains("<script>alert") && !page.contains("<img src=x"),
        "{page}"
    );
    let page = text(
        &admin
            .get("/admin/audit?to=2026-07-06T11:59&action=test")
            .await,
    );
    assert!(page.contains("Nothing is on record"), "{page}");
    let wrong = admin.get("/admin/audit?from=soon").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(&wrong).contains("from: must be"));

    assert!(text(&admin.get("/admin/audit?verify=yes").await).contains("The chain holds"));
    tamper(
        &server.app.db,
        "UPDATE audit SET actor = 'somebody else' WHERE seq = 9",
    )
    .await;
    let page = text(&admin.get("/admin/audit?verify=yes").await);
    assert!(
        page.contains("row 9 of the audit trail is not as it was written"),
        "{page}"
    );
}

async fn the_file_computes_nothing_and_is_on_record(place: &Place) {
    let server = server(place).await;
    let mut admin = Browser::of(&server, "ada", "admin").await;
    let mut viewer = Browser::of(&server, "vic", "viewer").await;
    assert_eq!(
        viewer.get("/admin/audit.csv").await.status,
        StatusCode::FORBIDDEN
    );
    let traps = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"];
    let hostile = traps.iter().map(|trap| AuditRow {
        target: (*trap).to_owned(),
        actor: format!("{trap}, \"quoted\"\nand more"),
        ..row(0)
    });
    add(&server.app.db, hostile.chain((10..2010).map(row))).await;
    let file = admin.get("/admin/audit.csv?action=test").await;
    assert_eq!(
        file.headers[header::CONTENT_TYPE],
        "text/csv; charset=utf-8"
    );
    let mut reader = csv::Reader::from_reader(file.body.as_slice());
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("a file");
    assert_eq!(rows.len(), 2006, "more than are read at once");
    for cell in rows.iter().flatten() {
        assert!(
            !cell.starts_with(['=', '+', '-', '@', '\t', '\r']),
            "{cell}"
        );
    }
    assert!(rows.iter().any(|r| &r[8] == "'=cmd|' /C calc'!A0"));
    let newest = audit::find(&server.app.db, &audit::Wanted::default(), 1).await;
    let exported = newest.expect("rows").remove(0);
    assert_eq!(
        (exported.action.as_str(), exported.actor.as_str()),
        ("audit.export", "ada Tester")
    );
    assert!(
        exported.became.contains("\"action\":\"test\""),
        "{}",
        exported.became
    );
}

fn run(place: &Place, what: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ms5-floor"))
        .args(what)
        .args(["--database", &place.url])
        .output()
        .expect("the program runs")
}

async fn the_command_ends_badly_and_names_the_row(place: &Place) {
    let server = server(place).await;
    add_person(&server, "ada", "admin").await;
    add(&server.app.db, (1..=5).map(row)).await;
    let out = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();
    let good = run(place, &["audit", "verify"]);
    assert!(
        good.status.success() && out(&good).contains("the chain holds"),
        "{good:?}"
    );
    let last = out(&good)
        .trim()
        .rsplit(' ')
        .next()
        .expect("a mark")
        .to_owned();
    assert!(
        run(place, &["audit", "verify", "--noted", &last])
            .status
            .success()
    );

    let listed = run(place, &["user", "list"]);
    assert!(
        out(&listed).contains("ada\tada Tester\tAdministrator"),
        "{listed:?}"
    );
    let link = run(place, &["user", "link"]);
    assert!(
        link.status.success() && out(&link).contains("/set-up/"),
        "{link:?}"
    );
    assert!(
        run(place, &["audit", "verify", "--noted", &last])
            .status
            .success(),
        "rows came after it"
    );

    tamper(
        &server.app.db,
        "UPDATE audit SET target = 'x' WHERE seq = 3",
    )
    .await;
    let bad = run(place, &["audit", "verify"]);
    assert_eq!(bad.status.code(), Some(1));
    let said = String::from_utf8_lossy(&bad.stderr).into_owned();
    assert!(
        said.contains("row 3 of the audit trail is not as it was written"),
        "{said}"
    );
}
