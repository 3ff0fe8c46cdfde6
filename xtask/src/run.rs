//! `cargo xtask run`: from a fresh clone to a live dashboard.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;

use crate::browser::Profile;
use crate::plant::{self, Plan, Plant};
use crate::step::seconds;
use crate::workspace::Workspace;
use crate::{server, site, stop};

const POLL: Duration = Duration::from_millis(200);

#[derive(Args)]
pub struct Options {
    /// Build as shipped: slow to compile, quick to load
    #[arg(long)]
    pub release: bool,
    #[arg(long, default_value_t = 3000, value_parser = clap::value_parser!(u16).range(1..))]
    pub port: u16,
    /// Days of simulated history
    #[arg(long, default_value_t = 30)]
    pub days: u32,
    /// Start the server alone
    #[arg(long)]
    pub no_simulator: bool,
}

impl Options {
    /// Builds both sides.
    pub fn build(&self, workspace: &Workspace) -> Result<Plan> {
        let (profile, kind) = match self.release {
            false => (Profile::Dev, server::Kind::Dev),
            true => (Profile::Release, server::Kind::Release),
        };
        site::build(workspace, profile)?;
        let program = server::build(workspace, kind)?;
        Ok(Plan::new(
            workspace,
            program,
            self.port,
            (!self.no_simulator).then_some(self.days),
        ))
    }
}

pub fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let start = Instant::now();
    plant::port_is_free(options.port, "cargo xtask run")?;
    let plan = options.build(workspace)?;
    plan.prepare()?;
    let mut plant = Plant::start(&plan)?;
    println!(
        "\nMS5 Floor runs at {} after {}. {}\nCtrl-C stops it.\n",
        plan.address(),
        seconds(start.elapsed()),
        plan.how_to_get_in()
    );
    while !stop::asked() {
        plant.check()?;
        std::thread::sleep(POLL);
    }
    println!("stopping");
    Ok(ExitCode::SUCCESS)
}
