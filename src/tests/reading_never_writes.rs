//! Reading never writes: whatever is asked of the server, no table changes, and on SQLite not even a statement that
//! would write is run.

use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::{small_plant, state};
use axum::http::{Method, StatusCode};
use ms5_floor::api::analysis::AnalysisOfLine;
use ms5_floor::api::andon::{GetActiveAndonEvents, GetAndonDashboardData, GetAndonEventHistory};
use ms5_floor::api::downtime::{
    GetActiveDowntime, GetDowntimeEvents, GetDowntimeStatistics, ReasonsForLine,
};
use ms5_floor::domain::machine_state::MachineState::{Running, Stopped};
use ms5_floor::domain::rights::PermissionSet;
use ms5_floor::server::db::{Db, Tx};
use ms5_floor::server::services::board::board;
use ms5_floor::server::services::line::line;
use ms5_floor::server::services::oee::calculate_oee;
use serde_json::json;
use server_fn::ServerFn;
use std::collections::BTreeMap;

on_both! { figures_pages_and_streams_leave_every_table_as_it_was }

/// Every table with all its rows as text.
async fn content(db: &Db) -> BTreeMap<String, Vec<String>> {
    let mut out = BTreeMap::new();
    match db {
        Db::Sqlite { read, .. } => {
            let names =
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
            let names: Vec<String> = sqlx::query_scalar(names)
                .fetch_all(read)
                .await
                .expect("names");
            for name in names {
                let columns =
                    format!("SELECT 'quote(\"' || name || '\")' FROM pragma_table_info('{name}')");
                let columns = sqlx::query_scalar(sqlx::AssertSqlSafe(columns))
                    .fetch_all(read)
                    .await;
                let columns: Vec<String> = columns.expect("columns");
                let rows = format!(
                    "SELECT {} FROM {name} ORDER BY 1",
                    columns.join(" || '|' || ")
                );
                let rows = sqlx::query_scalar(sqlx::AssertSqlSafe(rows))
                    .fetch_all(read)
                    .await;
                out.insert(name, rows.expect("rows"));
            }
        }
        Db::Postgres(pool) => {
            let names = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'";
            let names: Vec<String> = sqlx::query_scalar(names)
                .fetch_all(pool)
                .await
                .expect("names");
            for name in names {
                let rows = format!("SELECT t::text FROM {name} t ORDER BY 1");
                let rows = sqlx::query_scalar(sqlx::AssertSqlSafe(rows))
                    .fetch_all(pool)
                    .await;
                out.insert(name, rows.expect("rows"));
            }
        }
    }
    out
}

/// Rows that the writing connection of SQLite ever changed. PostgreSQL is asked over connections that may not write.
async fn changes(db: &Db) -> i64 {
    match db {
        Db::Sqlite { write, .. } => sqlx::query_scalar("SELECT total_changes()")
            .fetch_one(write)
            .await
            .expect("a count"),
        Db::Postgres(_) => 0,
    }
}

/// The same database, on connections whose writes the engine refuses where it can.
async fn without_the_right_to_write(place: &Place, server: Server) -> Server {
    if !server.app.db.is_shared() {
        return server;
    }
    let url = format!("{}?options[default_transaction_read_only]=on", place.url);
    let db = Db::open(&url).await.expect("the database");
    let refused = db.begin().await.expect("a transaction");
    let Tx::Postgres(mut tx) = refused else {
        panic!("PostgreSQL")
    };
    let write = sqlx::query("DELETE FROM fact").execute(&mut *tx).await;
    assert!(
        write.is_err_and(|e| e.to_string().contains("read-only")),
        "the engine refuses writes"
    );
    Server::on(place, db, server.app.clock.clone(), Some(server.everything)).await
}

async fn figures_pages_and_streams_leave_every_table_as_it_was(place: &Place) {
    let server = Server::with(
        place,
        Hands::at(at("2026-07-06T10:00:00Z")).clock(),
        small_plant(),
    )
    .await;
    let key = server.key_that_may("engineer", PermissionSet::all()).await;
    let items = [
        state("a", "M1", at("2026-07-06T08:00:00Z"), Running),
        state("b", "M1", at("2026-07-06T09:00:00Z"), Stopped),
        state("c", "M9", at("2026-07-06T09:00:00Z"), Stopped),
        json!({"id": "d", "machine": "M1", "at": "2026-07-06T08:30:00Z", "kind": "count", "good": 9, "product": "P1"}),
    ];
    assert_eq!(server.ingest(&key, &items).await.accepted, 3);
    let stop = format!(
        "/api/v1/downtime/M1/{}/confirm",
        at("2026-07-06T09:00:00Z").0
    );
    let said = json!({"version": 0, "reasons": [{"reason": "MAT_JAM"}]});
    let said = server.send(Method::POST, &stop, None, &said).await;
    assert_eq!(said.status, StatusCode::OK, "{said:?}");
    let call = json!({"machine": "M1", "kind": "stop"});
    let call = server
        .send(Method::POST, "/api/v1/andon", None, &call)
        .await;
    assert_eq!(call.status, StatusCode::OK, "{call:?}");
    let call = format!("/api/v1/andon/calls/{}", call.json()["call"]["id"]);
    let server = without_the_right_to_write(place, server).await;
    let (before, written) = (content(&server.app.db).await, changes(&server.app.db).await);
    assert_eq!(before["fact"].len(), 3);
    assert_eq!(before["quarantine"].len(), 1);
    assert_eq!(before["given_reason"].len(), 1);

    let (from, to) = (at("2026-07-06T07:00:00Z").0, at("2026-07-06T10:00:00Z").0);
    for _ in 0..3 {
        assert_eq!(
            board(&crate::harness::by_the_program(&server.app))
                .await
                .expect("a board")
                .tiles
                .len(),
            1
        );
        server.app.board.forget().await;
        line(&crate::harness::by_the_program(&server.app), "L1", None)
            .await
            .expect("a line");
        line(
            &crate::harness::by_the_program(&server.app),
            "L1",
            Some((from, to)),
        )
        .await
        .expect("a line over a window");
        calculate_oee(&crate::harness::by_the_program(&server.app), "L1", from, to)
            .await
            .expect("OEE");
        for path in [
            "/",
            "/nowhere",
            "/health/live",
            "/health/ready",
            "/api/v1/quarantine",
            &format!("/api/v1/oee/L1?from={from}&to={to}"),
            &format!("/api/v1/oee/L9?from={from}&to={to}"),
            &format!("/api/v1/oee/L1/history?from={from}&to={to}&by=hour"),
            &format!("/api/v1/oee/L1/trends?from={from}&to={to}"),
            &format!("/api/v1/oee?from={from}&to={to}"),
            "/api/v1/oee/L1/now",
            "/api/v1/openapi.json",
            &format!("{}?code=L1", AnalysisOfLine::PATH),
            &format!("/api/v1/downtime?from={from}&to={to}"),
            &format!("/api/v1/downtime/statistics?from={from}&to={to}"),
            "/api/v1/downtime/active",
            &stop.replace("/confirm", ""),
            "/api/v1/downtime/reasons?line=L1",
            &format!("{}?filter[line]=L1", GetDowntimeEvents::PATH),
            &format!("{}?line=L1", GetDowntimeStatistics::PATH),
            GetActiveDowntime::PATH,
            &format!("{}?line=L1", ReasonsForLine::PATH),
            "/api/v1/andon",
            "/api/v1/andon/active?line=L1",
            "/api/v1/andon/board",
            &call,
            GetAndonDashboardData::PATH,
            &format!("{}?line=L1", GetActiveAndonEvents::PATH),
            &format!("{}?filter[line]=L1", GetAndonEventHistory::PATH),
        ] {
            let answer = server.get(path, Some(&key)).await;
            assert_ne!(
                answer.status,
                StatusCode::INTERNAL_SERVER_ERROR,
                "{path}: {answer:?}"
            );
        }
    }
    assert_eq!(
        changes(&server.app.db).await,
        written,
        "{}: the engine counts a write",
        place.engine
    );
    assert_eq!(content(&server.app.db).await, before, "{}", place.engine);
}
