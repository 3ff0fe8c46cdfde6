//! The program: reads the command line, does what it says, tells in one line why it could not.

use clap::Parser;
use ms5_floor::server::command::Cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("ms5-floor: {why}");
            ExitCode::FAILURE
        }
    }
}
