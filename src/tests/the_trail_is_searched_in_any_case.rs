//! Who looks for somebody on the audit trail types the name as they like: letters beyond ASCII, and rows of older programs,
//! are found on both engines alike, on the page and in the file.

use crate::andon_scene::{number, run};
use crate::browser::{Browser, text};
use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::small_plant;
use ms5_floor::server::db::audit::{self, AuditRow, Wanted};
use ms5_floor::server::db::{Db, migrate};
use ms5_floor::server::services::audit::{Fault, verify};

on_both! {
    a_name_is_found_in_whatever_case_it_is_typed,
    rows_of_an_older_program_are_found_too,
}

async fn add(db: &Db, actor: &str, target: &str) {
    let row = AuditRow {
        at_ms: at("2026-07-06T10:00:00Z").0,
        actor_kind: "person".to_owned(),
        actor: actor.to_owned(),
        action: "test.row".to_owned(),
        target: target.to_owned(),
        ..AuditRow::default()
    };
    let mut tx = db.begin().await.expect("a transaction");
    audit::add(&mut tx, &row).await.expect("a row");
    tx.commit().await.expect("a commit");
}

/// The actors of the rows that are found.
async fn found(db: &Db, actor: &str, action: &str, target: &str) -> Vec<String> {
    let wanted = Wanted {
        actor: actor.to_owned(),
        action: action.to_owned(),
        target: target.to_owned(),
        ..Wanted::default()
    };
    let rows = audit::find(db, &wanted, 100).await.expect("the trail");
    rows.into_iter().map(|row| row.actor).collect()
}

async fn a_name_is_found_in_whatever_case_it_is_typed(place: &Place) {
    let hands = Hands::at(at("2026-07-06T10:00:00Z"));
    let server = Server::with(place, hands.clock(), small_plant()).await;
    let db = &server.app.db;
    add(db, "Mesut Özil", "machine:Öffner").await;
    add(db, "Σοφία Παππας", "machine:50%_Größe").await;
    for (actor, action, target, expected) in [
        ("özil", "", "", "Mesut Özil"),
        ("ÖZIL", "", "", "Mesut Özil"),
        ("sut ö", "TEST", "öff", "Mesut Özil"),
        ("ΠΑΠΠΑΣ", "", "", "Σοφία Παππας"),
        ("", "Test.R", "50%_GRÖSSE", "Σοφία Παππας"),
    ] {
        let got = found(db, actor, action, target).await;
        assert_eq!(got, [expected], "{}: {actor} {target}", place.engine);
    }
    for (actor, target) in [("ozil", ""), ("özil", "größe"), ("", "50_")] {
        let got = found(db, actor, "test", target).await;
        assert!(got.is_empty(), "{}: {actor} {target}", place.engine);
    }
    let mut admin = Browser::of(&server, "ada", "admin").await;
    for path in ["/admin/audit", "/admin/audit.csv"] {
        let asked = format!("{path}?actor=%C3%B6zil&action=TEST");
        let shown = text(&admin.get(&asked).await);
        assert!(shown.contains("Mesut Özil"), "{path}: {shown}");
        assert!(!shown.contains("Παππας"), "{path}: {shown}");
    }
}

async fn rows_of_an_older_program_are_found_too(place: &Place) {
    let db = place.open().await;
    for n in 0..3 {
        add(&db, &format!("Mesut Özil {n}"), "machine:M1").await;
    }
    run(
        &db,
        "UPDATE audit SET actor_folded = NULL, target_folded = NULL".to_owned(),
    )
    .await;
    // Until then at least what both engines fold alike.
    assert_eq!(found(&db, "MESUT", "", "m1").await.len(), 3);
    migrate::migrate(&db).await.expect("migrated");
    assert_eq!(
        found(&db, "özil", "", "").await.len(),
        3,
        "{}",
        place.engine
    );
    let left = "SELECT COUNT(*) FROM audit WHERE actor_folded IS NULL OR target_folded IS NULL";
    assert_eq!(number(&db, left).await, 0);
    let whole = verify(&db, None).await.expect("a look");
    assert!(whole.is_ok(), "{}: the chain holds", place.engine);
    // Who hides a row from those who look for it is found.
    let hide = "UPDATE audit SET actor_folded = 'nobody' WHERE seq = 2";
    run(&db, hide.to_owned()).await;
    let broken = verify(&db, None)
        .await
        .expect("a look")
        .expect_err("hidden");
    assert_eq!((broken.seq, broken.fault), (2, Fault::Altered));
    db.close().await;
}
