//! `ms5-floor migrate`.

use super::Failure;
use crate::server::config::DatabaseArgs;
use crate::server::db::{Db, migrate};

/// Brings the schema up to date.
pub async fn run(args: DatabaseArgs) -> Result<(), Failure> {
    let db = Db::open(&args.resolve()?).await?;
    migrate::migrate(&db).await?;
    println!("schema version {}", migrate::version(&db).await?);
    db.close().await;
    Ok(())
}
