//! The SQLite file holds second factors and secrets: no other account of the machine reads it, nor what stands beside it.

use ms5_floor::server::db::{Db, migrate};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

fn mode(path: &Path) -> u32 {
    let of = fs::metadata(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    of.permissions().mode() & 0o777
}

async fn open(file: &Path) -> Db {
    let db = Db::open(&format!("sqlite://{}", file.display())).await;
    let db = db.expect("a database");
    migrate::migrate(&db).await.expect("its schema");
    db
}

#[tokio::test]
async fn a_file_is_made_for_one_account_and_one_that_was_open_is_closed() {
    let given = TempDir::new().expect("a folder");
    let folder = given.path().join("var");
    let file = folder.join("floor.db");
    let files = ["floor.db", "floor.db-wal", "floor.db-shm"].map(|name| folder.join(name));
    let db = open(&file).await;
    assert_eq!(mode(&folder), 0o700);
    for file in &files {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
    db.close().await;

    // As an older program left them, in a folder that somebody else made.
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).expect("changed");
    fs::set_permissions(&file, Permissions::from_mode(0o644)).expect("changed");
    let older = open(&file).await;
    for file in &files {
        fs::set_permissions(file, Permissions::from_mode(0o644)).expect("changed");
    }
    // While another program has it open: what is written and not folded in yet is closed, too.
    let db = open(&file).await;
    for file in &files {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
    assert_eq!(mode(&folder), 0o755, "the folder is whose it is");
    db.close().await;
    older.close().await;
}
