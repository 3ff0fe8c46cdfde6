//! A database of its own for every test.

use ms5_floor::server::db::{Db, migrate};
use serde_json::json;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// Where the tests find a PostgreSQL in which they may make databases.
const POSTGRES: &str = "MS5_TEST_POSTGRES";

/// A database that one test has for itself.
#[derive(Debug)]
pub struct Place {
    /// The engine's name, for messages.
    pub engine: &'static str,
    /// Its address.
    pub url: String,
    folder: TempDir,
}

impl Place {
    /// A file that goes away with the test.
    pub fn sqlite() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        Self {
            engine: "SQLite",
            url,
            folder,
        }
    }

    /// A new database on the server of the tests.
    pub async fn postgres() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = postgres_server();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!(
            "ms5_{}_{number}_{}",
            std::process::id(),
            uuid::Uuid::now_v7().simple()
        );
        statement(&server, format!("CREATE DATABASE {name}")).await;
        let (base, _) = server
            .rsplit_once('/')
            .expect("the server's address ends with a database");
        Self {
            engine: "PostgreSQL",
            url: format!("{base}/{name}"),
            folder: TempDir::new().expect("a temporary folder"),
        }
    }

    /// The same database under another address.
    pub fn over(&self, url: String) -> Self {
        Self {
            engine: self.engine,
            url,
            folder: TempDir::new().expect("a temporary folder"),
        }
    }

    /// Opens it with its schema up to date.
    pub async fn open(&self) -> Db {
        let db = Db::open(&self.url)
            .await
            .unwrap_or_else(|e| panic!("{}: {e}", self.engine));
        migrate::migrate(&db)
            .await
            .unwrap_or_else(|e| panic!("{}: {e}", self.engine));
        db
    }

    /// The folder of a compiled browser side with nothing in it but its manifest.
    pub fn site(&self) -> std::path::PathBuf {
        let site = self.folder.path().join("site");
        std::fs::create_dir_all(&site).expect("the site's folder");
        let manifest = json!({"build": "test-build", "js": "/pkg/a.js", "wasm": "/pkg/a.wasm", "css": "/pkg/a.css"});
        std::fs::write(site.join("manifest.json"), manifest.to_string()).expect("the manifest");
        site
    }

    /// Drops the database of a test that went well; after a failure it stays for a look.
    pub async fn remove(self) {
        let (_, name) = self.url.rsplit_once('/').expect("a name");
        statement(
            &postgres_server(),
            format!("DROP DATABASE {name} WITH (FORCE)"),
        )
        .await;
    }
}

fn postgres_server() -> String {
    std::env::var(POSTGRES).unwrap_or_else(|_| {
        panic!(
            "run `cargo xtask test`, or set {POSTGRES} to a PostgreSQL where databases may be made"
        )
    })
}

async fn statement(server: &str, sql: String) {
    use sqlx::Connection;
    let mut conn = sqlx::PgConnection::connect(server)
        .await
        .unwrap_or_else(|e| panic!("{POSTGRES}: {e}"));
    let query = sqlx::query(sqlx::AssertSqlSafe(sql));
    query
        .execute(&mut conn)
        .await
        .unwrap_or_else(|e| panic!("{POSTGRES}: {e}"));
    conn.close()
        .await
        .unwrap_or_else(|e| panic!("{POSTGRES}: {e}"));
}
