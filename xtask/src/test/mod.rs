use std::process::ExitCode;
use anyhow::Result;
use clap::Args;
use crate::workspace::Workspace;
#[derive(Args)]
pub struct Options {}
pub fn run(_w: &Workspace, _o: &Options) -> Result<ExitCode> { Ok(ExitCode::SUCCESS) }
