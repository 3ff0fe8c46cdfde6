//! `ms5-floor user`. Whoever can run these commands can read and write the database anyway; what they do is on record.

use super::{Failure, TypedHere};
use crate::server::auth::Ctx;
use crate::server::auth::rights::Roles;
use crate::server::clock::Clock;
use crate::server::config::DatabaseArgs;
use crate::server::db::{Db, migrate, people};
use crate::server::services::people::describe;
use crate::server::services::set_up::new_admin_link;
use crate::server::state::App;
use clap::Subcommand;
use jiff::Timestamp;

/// People.
#[derive(Debug, Subcommand)]
pub enum User {
    /// List everybody with their roles
    List(DatabaseArgs),
    /// When nobody can get in any more: make a link that adds one more administrator, once, within an hour
    Link(DatabaseArgs),
}

impl User {
    /// Does it.
    pub async fn run(self) -> Result<(), Failure> {
        match self {
            Self::List(database) => list(database).await,
            Self::Link(database) => link(database).await,
        }
    }
}

async fn list(database: DatabaseArgs) -> Result<(), Failure> {
    let db = Db::open(&database.resolve()?).await?;
    migrate::migrate(&db).await?;
    let plant = crate::server::plant::Plant::load(&db).await?;
    let (rows, given, roles) = (
        people::all(&db).await?,
        people::given(&db).await?,
        Roles::load(&db).await?,
    );
    db.close().await;
    for row in rows {
        let of = given.iter().filter(|g| g.person_id == row.id);
        let roles: Vec<String> = of.map(|g| describe(&plant, &roles, g)).collect();
        let seen = row
            .seen_ms
            .and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let seen = seen.map_or_else(
            || "never".to_owned(),
            |at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        );
        let state = match (row.disabled, row.demo) {
            (0, 0) => "",
            (0, _) => "\tdemonstration",
            _ => "\tdisabled",
        };
        println!(
            "{}\t{}\t{}\t{seen}{state}",
            row.login,
            row.name,
            roles.join(", ")
        );
    }
    Ok(())
}

async fn link(database: DatabaseArgs) -> Result<(), Failure> {
    let db = Db::open(&database.resolve()?).await?;
    migrate::migrate(&db).await?;
    let (app, writing) = App::start(db, Clock::system(), "").await?;
    let path = new_admin_link(&Ctx::of_the_program(&app, &TypedHere::here())).await?;
    let db = app.db.clone();
    drop(app);
    writing.await?;
    db.close().await;
    println!("open within an hour, once, at the address of the server: {path}");
    Ok(())
}
