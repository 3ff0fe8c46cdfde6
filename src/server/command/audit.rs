//! `ms5-floor audit`.

use super::Failure;
use crate::server::config::DatabaseArgs;
use crate::server::db::{Db, migrate};
use crate::server::services::audit::verify;
use clap::Subcommand;

/// The audit trail.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Follow the chain of the trail; ends badly and names the first row that was changed, removed or put in
    Verify(Verify),
}

/// `ms5-floor audit verify`.
#[derive(Debug, clap::Args)]
pub struct Verify {
    /// What an earlier run said about the last row: the trail up to it must still be the same
    #[arg(long, value_name = "NUMBER:HASH", value_parser = noted)]
    noted: Option<String>,
    #[command(flatten)]
    database: DatabaseArgs,
}

fn noted(text: &str) -> Result<String, &'static str> {
    let sound = text.split_once(':').is_some_and(|(seq, hash)| {
        seq.parse::<i64>().is_ok()
            && hash.len() == 64
            && hash.chars().all(|c| c.is_ascii_hexdigit())
    });
    if sound {
        Ok(text.to_lowercase())
    } else {
        Err("is not NUMBER:HASH as an earlier run wrote it")
    }
}

impl Audit {
    /// Does it.
    pub async fn run(self) -> Result<(), Failure> {
        let Self::Verify(Verify { noted, database }) = self;
        let db = Db::open(&database.resolve()?).await?;
        migrate::migrate(&db).await?;
        let followed = verify(&db, noted.as_deref()).await;
        db.close().await;
        let whole = followed??;
        println!(
            "{} rows, the chain holds; last row {}",
            whole.rows, whole.last
        );
        Ok(())
    }
}
