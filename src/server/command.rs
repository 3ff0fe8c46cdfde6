//! What the program can be told to do. Each command is one file.

mod audit;
mod key;
mod migrate;
mod replay;
mod rights;
mod serve;
mod simulate;
mod user;

use clap::{Parser, Subcommand};
use std::error::Error;

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "ms5-floor", version, about, long_about = None)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve pages, the live stream and ingest
    Serve(Box<super::config::ServeArgs>),
    /// Bring the database's schema up to date
    Migrate(super::config::DatabaseArgs),
    /// Run the simulated plant: history, live, truth
    #[command(subcommand)]
    Simulate(simulate::Simulate),
    /// Send a recording through ingest
    Replay(replay::Replay),
    /// Make keys for those who send data
    #[command(subcommand)]
    Key(key::Key),
    /// Show who may do what by default, as the README does
    Rights(rights::Rights),
    /// List people; get in again when nobody can
    #[command(subcommand)]
    User(user::User),
    /// Check the audit trail
    #[command(subcommand)]
    Audit(audit::Audit),
}

/// Shows that a command asks, which somebody typed on this machine. Only commands, which stand below this module, make one.
#[derive(Debug)]
pub struct TypedHere(());

impl TypedHere {
    const fn here() -> Self {
        Self(())
    }
}

/// Why a command ended badly, as one line for the person who typed it.
pub type Failure = Box<dyn Error + Send + Sync>;

impl Cli {
    /// Does what was asked.
    ///
    /// # Errors
    /// Why it could not be done.
    pub fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Serve(args) => wait(serve::run(*args)),
            Command::Migrate(args) => wait(migrate::run(args)),
            Command::Simulate(command) => command.run(),
            Command::Replay(replay) => replay.run(),
            Command::Key(command) => wait(command.run()),
            Command::Rights(command) => command.run(),
            Command::User(command) => wait(command.run()),
            Command::Audit(command) => wait(command.run()),
        }
    }
}

/// Runs a command that waits for the network or the database.
fn wait(task: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(task)
}
