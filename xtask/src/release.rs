//! One file that needs nothing beside it.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::browser::Profile;
use crate::step::size;
use crate::workspace::Workspace;
use crate::{server, site};

pub fn run(workspace: &Workspace) -> Result<ExitCode> {
    site::build(workspace, Profile::Release)?;
    let program = server::build(workspace, server::Kind::Embedded)?;
    let bytes = fs::metadata(&program)
        .with_context(|| format!("reading {}", program.display()))?
        .len();
    println!("{} {}", workspace.shown(&program), size(bytes));
    Ok(ExitCode::SUCCESS)
}
