//! The front door of the repository: `cargo xtask run`, `test`, `bench`, `matrix`, `release`, `watch`.
//!
//! One module, one idea. `toolchain` makes the compiler able to target the browser, `browser` compiles and binds
//! the WASM, `site` puts the hashed files together, `server` compiles the program, `plant` keeps it and the
//! simulator running. A new command is one file, one line in [`Task`] and one in [`perform`].

mod bench;
mod browser;
mod compress;
mod css;
mod debian;
mod matrix;
mod node;
mod plant;
mod process;
mod python;
mod release;
mod run;
mod server;
mod site;
mod snip;
mod stamp;
mod step;
mod stop;
mod test;
mod toolchain;
mod watch;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, runs and tests MS5 Floor")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Set up, build, and start the dashboard with a simulated plant
    Run(run::Options),
    /// Everything that CI runs: format, lints, unit, integration and browser tests, size budgets
    Test(test::Options),
    /// The budgets of the design, measured: ingest, start, memory, sizes, event to pixel, a year
    Bench(bench::Options),
    /// Write the table of permissions and roles into the README
    Matrix,
    /// One self-contained file: the server with the compiled site inside
    Release,
    /// Like `run`, and builds and restarts whenever a source file changes
    Watch(run::Options),
}

fn perform(task: Task, workspace: &Workspace) -> Result<ExitCode> {
    match task {
        Task::Run(options) => run::run(workspace, &options),
        Task::Test(options) => test::run(workspace, &options),
        Task::Bench(options) => bench::run(workspace, &options),
        Task::Matrix => matrix::run(workspace),
        Task::Release => release::run(workspace),
        Task::Watch(options) => watch::run(workspace, &options),
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = stop::listen()
        .and_then(|()| Workspace::find())
        .and_then(|workspace| perform(arguments.task, &workspace));
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
