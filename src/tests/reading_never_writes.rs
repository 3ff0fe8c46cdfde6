//! Reading never writes: whatever is asked of the server, no table changes, and on SQLite not even a statement that
//! would write is run.

use crate::harness::{Hands, Place, Server, at, small_plant, state};
use axum::http::StatusCode;
use ms5_floor::domain::machine_state::MachineState::{Running, Stopped};
use ms5_floor::server::db::Db;
use ms5_floor::server::services::board::board;
use ms5_floor::server::services::line::line;
use ms5_floor::server::services::oee::calculate_oee;
use serde_json::json;
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

/// What the engine itself counts: SQLite the rows its writing connection ever changed, PostgreSQL the transactions
/// that were given a number because they wrote.
async fn writes(db: &Db) -> i64 {
    match db {
        Db::Sqlite { write, .. } => {
            sqlx::query_scalar("SELECT total_changes()")
                .fetch_one(write)
                .await
        }
        Db::Postgres(pool) => {
            let next = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint";
            sqlx::query_scalar(next).fetch_one(pool).await
        }
    }
    .expect("a count")
}

async fn figures_pages_and_streams_leave_every_table_as_it_was(place: &Place) {
    let server = Server::with(
        place,
        Hands::at(at("2026-07-06T10:00:00Z")).clock(),
        small_plant(),
    )
    .await;
    let (_, key) = server.key("engineer", false, true).await;
    let items = [
        state("a", "M1", at("2026-07-06T08:00:00Z"), Running),
        state("b", "M1", at("2026-07-06T09:00:00Z"), Stopped),
        state("c", "M9", at("2026-07-06T09:00:00Z"), Stopped),
        json!({"id": "d", "machine": "M1", "at": "2026-07-06T08:30:00Z", "kind": "count", "good": 9, "product": "P1"}),
    ];
    assert_eq!(server.ingest(&key, &items).await.accepted, 3);
    let (before, written) = (content(&server.app.db).await, writes(&server.app.db).await);
    assert_eq!(before["fact"].len(), 3);
    assert_eq!(before["quarantine"].len(), 1);

    let (from, to) = (at("2026-07-06T07:00:00Z").0, at("2026-07-06T10:00:00Z").0);
    for _ in 0..3 {
        assert_eq!(board(&server.app).await.expect("a board").tiles.len(), 1);
        server.app.board.forget().await;
        line(&server.app, "L1", None).await.expect("a line");
        line(&server.app, "L1", Some((from, to)))
            .await
            .expect("a line over a window");
        calculate_oee(&server.app, "L1", from, to)
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
        writes(&server.app.db).await,
        written,
        "{}: the engine counts a write",
        place.engine
    );
    assert_eq!(content(&server.app.db).await, before, "{}", place.engine);
}
